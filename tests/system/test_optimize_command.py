"""The main job as a user runs it."""

import csv
import gzip
import json
import re
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from toolkit.core.frames import TABLES
from toolkit.market.package import bundled_folder, read_table

REPOSITORY = Path(__file__).resolve().parents[2]


def bundled(table: str) -> list[dict[str, str]]:
    with (REPOSITORY / "toolkit" / "market" / "bundled" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def proposal(stored_run):
    return stored_run[0]


def test_the_default_basket_is_broad_and_holds_its_limits_by_independent_arithmetic(proposal):
    held = {p["asset"]: p for p in proposal["positions"] if p["weight"] > 0}
    assert len(held) >= 8
    wealth = proposal["budget"] - proposal["costs"]["entry"]
    weights = {key: p["value"] / wealth for key, p in held.items()}
    assert max(weights.values()) <= 0.20
    assert sum(weights.get(key, 0) for key in ("gold", "silver", "platinum")) <= 0.30
    # Control states as a lawyer would list them for delivery to Germany, tungsten bars on the safe side.
    controlled = {"gallium", "germanium", "antimony", "bismuth", "tellurium", "molybdenum", "tungsten"}
    share = sum(w for key, w in weights.items() if key in controlled)
    assert share <= 0.50
    assert proposal["exposures"]["controlled"] == pytest.approx(share, abs=1e-9)
    # Country shares straight from the table: newest period, the stage of the product, or the mines where it has no figure.
    stage = {row["asset"]: row["stage"] for row in bundled("products")}
    china = 0.0
    for key, weight in weights.items():
        known = [row for row in bundled("shares") if row["asset"] == key]
        rows = [row for row in known if row["stage"] == stage[key]] or known
        newest = max(row["period_end"] for row in rows)
        china += weight * sum(float(r["share"]) for r in rows if r["period_end"] == newest and r["country"] == "CHN")
    assert china <= 0.50
    assert proposal["exposures"]["country"]["CHN"] == pytest.approx(china, abs=1e-6)
    assert proposal["cash"]["weight"] <= 0.05
    for position in held.values():
        assert float(position["lots"]).is_integer()
        assert position["lots"] * position["lot_size"] == pytest.approx(position["quantity"], abs=1e-9)
    spent = sum(p["value"] for p in held.values()) + proposal["cash"]["value"] + proposal["costs"]["entry"]
    assert spent == pytest.approx(proposal["budget"], abs=0.005)
    spread = {row["asset"]: float(row["spread"]) for row in bundled("products")}
    costs = sum(p["value"] * spread[key] / 2 for key, p in held.items())
    assert proposal["costs"]["entry"] == pytest.approx(costs, abs=0.06)


def test_the_answer_says_what_it_is_worth(proposal):
    assert proposal["status"] == "feasible"
    assert max(proposal["solver"]["kkt"].values()) <= 1e-6
    assert 0 <= proposal["solver"]["lots_gap"] <= 1e-3
    assert sum(proposal["risk_contributions"].values()) == pytest.approx(1, abs=1e-9)
    assert {"hafnium", "rhenium", "neodymium"} <= {row["asset"] for row in proposal["left_out"]}
    assert any("never interpolated" in note for note in proposal["notes"])
    assert proposal["periods_per_year"] == 12
    noisy = [p for p in proposal["positions"] if p["basis"] == "customs_unit_value"]
    assert len(noisy) == 8
    assert all(p["price_se"] > 0 for p in noisy)
    assert all(p["price_se"] == 0 for p in proposal["positions"] if p["basis"] == "monthly_average")


def test_the_text_names_holdings_costs_exposure_and_the_report(toolkit):
    result = toolkit("optimize")
    assert result.returncode == 0
    for word in ("Gold bar", "Cash", "volatility", "Trading cost", "Under export control", "for delivery to Germany", "China"):
        assert word in " ".join(result.stdout.split())
    assert max(map(len, result.stdout.splitlines())) <= 80
    report = next(line for line in result.stderr.splitlines() if line.startswith("report: ")).removeprefix("report: ")
    assert "<html" in Path(report).read_text(encoding="utf-8")


def test_nothing_known_later_changes_a_byte(toolkit, tmp_path):
    rng, rows = np.random.default_rng(1), []
    for year in (2022, 2023, 2024, 2025):
        for month in range(1, 13):
            for asset, level in (("gold", 60_000), ("silver", 800), ("copper", 8)):
                rows.append((f"{year}-{month:02d}-28", asset, round(float(level * np.exp(rng.normal(0, 0.05))), 4)))

    def write(name: str, change: bool) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        text = "date,asset,price,known_from\n"
        for day, asset, price in rows:
            known = f"{day[:8]}28" if day < "2025-06-01" else "2025-09-01"
            later = day > "2025-06-30" or known > "2025-06-30"
            text += f"{day},{asset},{price * 7 if change and later else price},{known}\n"
        (folder / "p.csv").write_text(text)
        return folder

    plain, poisoned = (
        toolkit("optimize", "minimum-risk", "--prices", "p.csv", "--as-of", "2025-06-30", "--json", cwd=write(name, change))
        for name, change in (("plain", False), ("poisoned", True))
    )
    assert plain.returncode == 0, plain.stdout
    assert plain.stdout == poisoned.stdout


FIGURES = ("price", "price_low", "price_high", "rate", "quantity", "value", "unit_value_median", "political_stability")


@pytest.mark.parametrize(("day", "commands"), [
    ("2025-06-30", (("optimize", "--no-report"), ("optimize", "us-ban-returns", "--no-report"), ("supply", "antimony"))),
    ("2024-06-30", (("supply",), ("controls", "gallium", "--to", "USA"), ("data", "show", "prices_annual"))),
])  # fmt: skip
def test_rows_known_later_change_no_byte_whatever_table_they_are_in(toolkit, tmp_path, day, commands):
    """A package whose later rows are gone, and one whose later figures are poisoned, give the bytes of the bundled one."""
    later = pl.col("known_from") > date.fromisoformat(day)

    def package(name: str, *, poison: bool) -> Path:
        folder = tmp_path / name
        shutil.copytree(bundled_folder(), folder)
        for entry in json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))["resources"]:
            path = folder / entry["path"]
            rows = read_table(path, TABLES[entry["name"]])
            if not poison:
                rows = rows.filter(~later)
            else:
                names = [column for column in FIGURES if column in rows.columns]
                rows = rows.with_columns(pl.when(later).then(pl.col(column) * 7).otherwise(column) for column in names)
                if entry["name"] == "shares":  # the world still has its hundred percent, each country the share of another
                    group = ["asset", "stage", "period_start", "source"]
                    rows = rows.with_columns(pl.when(later).then(pl.col("share").reverse().over(group)).otherwise("share"))
            if path.suffix == ".parquet":
                rows.write_parquet(path)
            else:
                path.write_bytes((gzip.compress if path.suffix == ".gz" else bytes)(rows.write_csv().encode()))
        return folder

    plain = [toolkit(*command, "--as-of", day, "--json") for command in commands]
    assert [one.returncode for one in plain] == [0] * len(commands)
    for name, poison in (("gone", False), ("poisoned", True)):
        other = str(package(name, poison=poison))
        for command, one in zip(commands, plain, strict=True):
            assert toolkit(*command, "--as-of", day, "--json", "--data", other).stdout == one.stdout, (name, command)


def test_the_bundled_market_of_an_earlier_day_uses_what_was_known_then(toolkit):
    record = json.loads(toolkit("optimize", "--json", "--no-report", "--as-of", "2025-06-30").stdout)
    assert all(entry["known_from"] <= "2025-06-30" for entry in record["data"])
    sources = {entry["source_id"] for entry in record["data"] if entry["table"] == "shares"}
    assert sources == {"usgs_mcs_2025", "world_mining_data", "eu_crm_2023"}
    assert record["exposures"]["country"]["CHN"] <= 0.5


GOOD = "date,gold,silver\n" + "".join(
    f"20{20 + i // 12}-{i % 12 + 1:02d}-28,{60_000 + (i * 7) % 11 * 600},{800 + (i * 3) % 5 * 40}\n" for i in range(48)
)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["optimize", "no-such"], 2, ["no strategy", "no-such"]),
        (["optimize", "minimum-rsik"], 2, ["minimum-risk"]),
        (["optimize", "bad.toml"], 2, ["bad.toml", "objective.kind", "min_risk"]),
        (["optimize", "--set", "objective.risk_aversoin=5"], 2, ["risk_aversion"]),
        (["optimize", "--budget", "-5"], 2, ["budget"]),
        (["optimize", "--budget", "nan"], 2, ["budget"]),
        (["optimize", "--as-of", "31.12.2025"], 2, ["--as-of"]),
        (["optimize", "--currency", "Zloty"], 2, ["currency"]),
        (["optimize", "--currency", "SEX"], 2, ["SEK"]),
        (["optimize", "--no-such-option"], 2, []),
        (["optimize", "--data", "nowhere"], 3, ["nowhere"]),
        (["optimize", "--config", "nowhere.toml"], 2, ["nowhere.toml"]),
        (["optimize", "--prices", "nowhere.csv"], 3, ["nowhere.csv"]),
        (["optimize", "--as-of", "2011-06-30"], 3, ["2011-06-30"]),
        (["optimize", "--budget", "2000", "--set", "constraint.any metal.upper=0.01"], 5, ["any metal", "--set"]),
        (["optimize", "--set", "constraint.under export control.upper=0.1"], 5, ["under export control", "--set"]),
        (["optimize", "physical-basket", "--prices", "good.csv", "--prices-only"], 3, ["gallium"]),
        (["optimize", "physical-basket", "--prices-only"], 2, ["--prices"]),
        (["optimize", "minimum-risk", "--prices", "cash.csv"], 3, ["cash"]),
        (["optimize", "minimum-risk", "--prices", "one.csv"], 3, ["gold"]),
    ],
)
def test_refusals_name_the_cause_and_write_nothing_but_the_report_of_a_conflict(toolkit, tmp_path, arguments, code, words):
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "good.csv").write_text(GOOD)
    (folder / "cash.csv").write_text(GOOD.replace("silver", "cash"))
    (folder / "one.csv").write_text("date,gold\n2024-01-31,1\n")
    (folder / "bad.toml").write_text('[about]\ntitle="t"\nidea="i"\nsource="s"\n[objective]\nkind="min_rsk"\n')
    # A conflict is an answer, and has a report; nothing else leaves a trace.
    before = sorted([*(p.name for p in folder.iterdir()), *(["out"] if code == 5 else [])])
    result = toolkit(*arguments, "--json", cwd=folder)
    assert result.returncode == code, result.stdout + result.stderr
    error = json.loads(result.stdout)["error"] if code != 2 or result.stdout else {"message": result.stderr, "hint": ""}
    text = json.dumps(error, ensure_ascii=False)
    assert "Traceback" not in result.stdout + result.stderr
    for word in words:
        assert word in text
    assert sorted(p.name for p in folder.iterdir()) == before
    plain = toolkit(*arguments, cwd=folder)
    assert plain.returncode == code
    assert plain.stdout == ""
    assert plain.stderr


def test_of_many_price_lists_the_first_lines_are_told(toolkit, tmp_path):
    for month in range(1, 11):
        text = f"Stand: 28.{month:02}.2026\nMetall;Ankauf EUR/kg;Verkauf EUR/kg\ngold;{100000 + month},0;{104000 + month},0\n"
        (tmp_path / f"{month:02}.csv").write_text(text, encoding="utf-8")
    command = ("optimize", "minimum-risk", "--prices", ".", "--no-report", "--set", "constraint.any metal.upper=1")
    result = toolkit(*command, cwd=tmp_path)
    told = [line for line in result.stderr.splitlines() if line.startswith("prices: ")]
    assert len(told) == 6
    assert told[0].startswith("prices: gold: the dealer asks 104,010.00 and pays 100,010.00 EUR a kg on 2026-10-28")
    assert told[-1] == "prices: 7 more: --verbose."
    assert len([line for line in toolkit(*command, "--verbose", cwd=tmp_path).stderr.splitlines() if "prices: " in line]) == 12


def test_prices_come_from_standard_input_too(toolkit):
    result = toolkit("optimize", "minimum-risk", "--prices", "-", "--json", "--no-report", stdin=GOOD)
    assert result.returncode == 0, result.stdout
    record = json.loads(result.stdout)
    assert {p["asset"] for p in record["positions"]} == {"gold", "silver"}
    assert sum(p["weight"] for p in record["positions"]) == pytest.approx(1)


def test_limits_that_contradict_are_told_with_the_series_that_were_set_aside(toolkit):
    head, *rows = GOOD.splitlines()
    rows = [f"{head},Antimony brutto,note", *(f"{row},{17 + i % 3},ok" for i, row in enumerate(rows))]
    options = ("--prices", "-", "--prices-only", "--no-report", "--set", "constraint.any metal.upper=0.2")
    result = toolkit("optimize", "minimum-risk", *options, stdin="\n".join(rows))
    assert result.returncode == 5, result.stderr
    assert 'prices: Columns that are not read: "note".' in result.stderr
    assert "held only where a strategy names them" in result.stderr
    assert result.stderr.index("Antimony brutto") < result.stderr.index("contradict")


def test_strict_turns_warnings_into_an_exit_code(toolkit):
    result = toolkit("optimize", "--no-report", "--strict", "--quiet")
    assert result.returncode == 7
    assert result.stderr == ""


def test_a_strategy_that_ends_mostly_in_cash_says_so_loudly(toolkit):
    result = toolkit("optimize", "--no-report", "--set", "constraint.cash.upper=1.0")
    assert result.returncode == 0
    assert "MOSTLY CASH" in result.stderr


def test_holdings_are_the_starting_point(toolkit, tmp_path):
    folder = tmp_path / "held"
    folder.mkdir()
    (folder / "h.csv").write_text(
        "lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status\n"
        "L1,gallium,metal,99.99 %,10,kg,2024-02-01,400,EUR,unknown,Frankfurt,stored\n"
        "L2,germanium,metal,99.999 %,2,kg,2024-02-01,1500,EUR,unknown,Frankfurt,ordered\n"
    )
    record = json.loads(
        toolkit("optimize", "--holdings", "h.csv", "--budget", "80000", "--json", "--no-report", cwd=folder).stdout
    )
    gallium, germanium = (next(p for p in record["positions"] if p["asset"] == key) for key in ("gallium", "germanium"))
    assert gallium["previous_weight"] == pytest.approx(10 * gallium["price"] / record["budget"], rel=1e-6)
    assert germanium["previous_weight"] == pytest.approx(2 * germanium["price"] / record["budget"], rel=1e-6)
    assert germanium["ordered_quantity"] == 2  # what is ordered arrives
    traded = abs(gallium["quantity"] - 10) * gallium["price"]
    assert gallium["cost"] == pytest.approx(traded * 0.075, abs=0.011)
    assert toolkit("optimize", "--holdings", "h.csv", "--total", "5000", cwd=folder).returncode == 2


def test_of_many_holdings_the_largest_are_shown_and_the_others_summed_up(toolkit, tmp_path):
    n, days, rng = 60, 300, np.random.default_rng(2)
    prices = 100 * np.exp(np.cumsum(0.01 * rng.standard_normal((days, n)), axis=0))
    names = [f"L{i:04d}" for i in range(n)]
    dates = pl.date_range(date(2025, 9, 4), date(2026, 6, 30), eager=True)[-days:]
    pl.DataFrame({"date": dates} | {name: prices[:, i] for i, name in enumerate(names)}).write_csv(tmp_path / "listed.csv")
    (tmp_path / "own.csv").write_text(
        "asset,quantity,unit\n" + "".join(f"{name},{5 + i},unit\n" for i, name in enumerate(names[:50]))
    )
    (tmp_path / "equal.toml").write_text(
        '[about]\ntitle = "Equal"\nidea = "All alike."\nsource = "DeMiguel (2009)"\nrefuted_by = "Less volatile mixes."\n\n'
        '[universe]\nassets = "all"\n\n[objective]\nkind = "equal_weight"\n'
    )
    asked = ["optimize", "equal.toml", "--prices", "listed.csv", "--prices-only", "--as-of", "2026-06-30", "--no-report"]
    asked += ["--holdings", "own.csv"]
    shown = toolkit(*asked, cwd=tmp_path, COLUMNS="200")
    record = json.loads(toolkit(*asked, "--json", cwd=tmp_path).stdout)
    lines = shown.stdout.splitlines()
    assert sum(line.startswith("L0") and "unit" in line for line in lines) == 20
    weights, *_, orders = (line.split()[2:] for line in lines if line.startswith("40 others"))
    share = sum(sorted(p["weight"] for p in record["positions"])[:-20])
    assert float(weights[1].rstrip("%")) == pytest.approx(100 * share, abs=0.06)
    assert float(orders[0].replace(",", "")) == pytest.approx(
        sum(sorted(row["value"] for row in record["orders"])[:-20]), abs=1
    )
    assert f"The 20 largest of {len(record['orders'])} orders; orders.csv of the run has all." in " ".join(shown.stdout.split())
    # All stand in the object and in the files of the run.
    assert len(record["positions"]) == n
    assert any("not stated and count as nothing (assets: 60)" in text for text in record["notes"])
    assert not any("L0029" in text for text in record["warnings"])


def test_a_strategy_that_tracks_tells_its_tracking_error(toolkit):
    done = toolkit("optimize", "few-holdings", "--as-of", "2026-11-24", "--no-report", "--json")
    error = json.loads(done.stdout)["objective"]["value"] ** 0.5
    assert error > 0.01
    told = toolkit("optimize", "few-holdings", "--as-of", "2026-11-24", "--no-report").stdout
    assert f"Tracking error {error:.1%} a year" in " ".join(told.split())
    assert "Tracking error" not in toolkit("optimize", "equal-weight", "--as-of", "2026-11-24", "--no-report").stdout


def test_the_default_page_is_read_in_a_quarter_of_an_hour(stored_run):
    """It had 3,141 words with its tables; those behind a marker, a label for a phone and a caption count too."""
    page = (stored_run[1] / "report.html").read_text(encoding="utf-8")
    bare = re.sub(r"<(style|script|svg|title)\b.*?</\1>", " ", page, flags=re.DOTALL)
    bare = re.sub(r'<span class="(?:lb|brief)[^"]*"[^>]*>.*?</span>', " ", bare)
    words = [word for word in re.sub(r"<[^>]*>", " ", bare).split() if re.search(r"\w", word)]
    assert 1_500 < len(words) <= 2_600
