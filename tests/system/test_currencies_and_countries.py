"""Money in yen and countries in any spelling, through whole commands."""

import json

import pytest

DAY = ("--as-of", "2026-11-24")
QUIET = ("--quiet", "--json", *DAY)
LOTS = """lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status
GA,gallium,metal,4N,10,kg,2024-03-11,60000,jpy,CHN,DEU,stored
SB,antimony,metal,99.65,1000,kg,2024-07-02,12,EUR,CHN,,ordered
"""


@pytest.fixture
def lots(tmp_path):
    path = tmp_path / "lots.csv"
    path.write_text(LOTS, encoding="utf-8")
    return str(path)


def test_the_shipped_budget_is_converted_and_said(toolkit):
    ran = toolkit("optimize", "--no-report", "--json", *DAY, "--currency", "jpy")
    assert ran.returncode == 0, ran.stderr
    record = json.loads(ran.stdout)
    rate = next(row for row in record["rates"] if (row["base"], row["quote"]) == ("USD", "JPY"))["rate"]
    assert record["currency"] == "JPY"
    assert record["budget"] == float(f"{record['budget']:.1e}")  # two significant digits
    assert 100_000 * 0.9 * rate < record["budget"] < 100_000 * 1.4 * rate
    assert "100,000 EUR" in ran.stderr
    again = json.loads(
        toolkit("optimize", "--no-report", *QUIET, "--currency", "JPY", "--budget", str(record["budget"])).stdout
    )
    assert again["positions"] == record["positions"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("optimize", "--currency", "JPX"),
        ("exposure", "lots.csv", "--currency", "JPX"),
        ("optimize", "--prices", "p.csv", "--prices-currency", "JPX"),
    ],
)
def test_what_is_no_currency_is_refused_with_the_nearest(toolkit, tmp_path, arguments):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "lots.csv").write_text(LOTS, encoding="utf-8")
    (tmp_path / "work" / "p.csv").write_text("date,gold\n2026-10-01,100\n", encoding="utf-8")
    ran = toolkit(*arguments)
    assert ran.returncode == 2, ran.stderr
    assert "'JPX'" in ran.stderr
    assert "'JPY'" in ran.stderr


def test_holdings_and_their_report_in_yen_are_those_in_euro_at_the_rate(toolkit, lots, tmp_path):
    yen, euro = (json.loads(toolkit("exposure", lots, *QUIET, "--currency", code).stdout) for code in ("JPY", "EUR"))
    rate = yen["value"] / euro["value"]
    for one, other in zip(yen["lots"], euro["lots"], strict=True):
        assert one["value"] == pytest.approx(other["value"] * rate)
    cost = {row["lot_id"]: row["cost"] for row in yen["purchases"]}
    assert cost["GA"] == pytest.approx(600_000)
    ran = toolkit("report", lots, "--format", "json", *QUIET, "--currency", "yen")
    assert ran.returncode == 0, ran.stderr
    text = next((tmp_path / "work" / "out" / "reports").rglob("*.json")).read_text(encoding="utf-8")
    assert "JPY" in text


def test_every_spelling_of_a_country_gives_the_same_run(toolkit):
    found = set()
    for spelling in ("JPN", "jp", "Japan", "日本"):
        ran = toolkit("optimize", "equal-weight", "--no-report", *QUIET, "--destination", spelling)
        assert ran.returncode == 0, ran.stderr
        found.add(json.loads(ran.stdout)["run_id"])
    for limit in ("CHN", "China", "VR China"):
        ran = toolkit("optimize", "--no-report", *QUIET, "--set", f"constraint.any country of supply.country={limit}")
        assert ran.returncode == 0, ran.stderr
        found.add(json.loads(ran.stdout)["run_id"])
    assert len(found) == 2
