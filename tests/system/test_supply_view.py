"""`supply` as a user runs it: two tables that fit, the words that must stand beside the figures, exit codes."""

from __future__ import annotations

import json

import pytest

TODAY = ("--as-of", "2026-11-24")


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    "arguments",
    [
        TODAY,
        ("gallium", *TODAY),
        ("antimony", *TODAY),
        ("copper", *TODAY),
        ("--as-of", "2016-12-31"),
        ("In", "--as-of", "2024-01-01"),
    ],
)
def test_everything_fits_eighty_columns(called, arguments):
    code, out, err = called("supply", *arguments)
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80


def test_one_row_a_product_in_both_tables(called, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    _, out, _ = called("supply", *TODAY)
    rows = {
        metal: [line for line in out.splitlines() if line.startswith(f"{metal} ")] for metal in ("Gallium", "Terbium", "Gold")
    }
    assert {metal: len(found) for metal, found in rows.items()} == {"Gallium": 3, "Terbium": 3, "Gold": 2}, out
    concentration, won, official = rows["Gallium"]
    assert concentration.split() == ["Gallium", "China", "99%", "of", "refining", "1%", "9,804", "5,202", "1.30", "2025"]
    assert won.split()[1] == "by-product"
    assert official.split()[:6] == ["Gallium", "3.9", "5.1", "3.7", "both", "reached"]
    assert "HREEs 5.1" in words(rows["Terbium"][2])


@pytest.mark.parametrize("arguments", [(), ("gallium",)])
def test_the_words_that_must_stand_beside_the_figures(called, arguments):
    _, out, _ = called("supply", *arguments, *TODAY)
    for text in (
        "SR 1.0 and EI 2.8",
        "rests on 2016-2020 and is blind to controls of China since 2023-08",
        "a trade parameter of 1.3 for China over that without, in world supply: our scenario, not an EU figure",
        "WGI 2024",
        "USGS Mineral Commodity Summaries 2026",
    ):
        assert text in words(out)


def test_a_single_metal_shows_every_stage_its_producers_its_host_and_every_study(called, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    _, out, _ = called("supply", "rhenium", *TODAY)
    told = words(out)
    assert "Chile 49% of refining" in told
    assert "of mining" in told
    assert "Refining, 2016-2020: Chile 49.0%" in told
    assert "Scored at the stage refining, because it is a by-product" in told
    assert "Rhenium by-product molybdenite roasting from porphyry copper" in told
    assert "yes (added back 2025) 75%" in told
    assert [year for year in ("2023", "2020", "2017", "2014") if f"{year} Rhenium" not in told] == []


@pytest.mark.parametrize(("language", "told"), [("en", "had another method"), ("de", "hatte eine andere Methode")])
def test_a_study_of_another_method_is_not_measured_by_the_thresholds_of_today(called, language, told):
    _, out, _ = called("supply", "--as-of", "2016-12-31", "--lang", language)
    assert told in words(out)
    assert "both reached" not in out
    assert "reaches both" not in words(out)


def test_a_report_of_a_day_before_the_present_method_is_written(called, tmp_path):
    code, _, err = called("report", "--report", "full", "--as-of", "2016-12-31", "--format", "md", "--out", str(tmp_path))
    assert (code, [line for line in err.splitlines() if line.startswith("error")]) == (0, [])


def test_the_trade_parameter_and_its_country_are_options(called):
    code, out, _ = called("supply", "W", "--trade-parameter", "1.5", *TODAY)
    assert code == 0
    assert "a trade parameter of 1.5 for China" in words(out)
    assert "At mining the study itself has t = 1.1 for China: the ratio starts there." in words(out)
    _, out, _ = called("supply", "tungsten", "--trade-parameter", "1.05", *TODAY)
    assert "no scenario of more" in words(out)
    code, out, _ = called("supply", "cobalt", "--origin", "COD", "--json", *TODAY)
    assert code == 0
    data = json.loads(out)
    assert data["scenario"]["country"] == "COD"
    stages = {
        stage["stage"]: stage["scenario_ratio"]
        for stage in [data["metals"][0]["scored"], *data["metals"][0]["other_stages"]]
        if stage
    }
    assert stages["extraction"] > 1.1
    assert stages["processing"] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("galium",), 3, "gallium"),
        (("uranium",), 3, "--as-of"),
        (("gallium", "--origin", "Chima"), 2, "CHN"),
        (("gallium", "--trade-parameter", "0"), 2, "positive"),
    ],
)
def test_errors_name_the_remedy_and_have_their_code(called, arguments, code, told):
    got, out, _ = called("supply", *arguments, *TODAY, "--json")
    assert got == code
    assert told in json.loads(out)["error"]["hint"]


def test_the_same_question_gives_the_same_bytes(called):
    first = called("supply", "--json", *TODAY)
    assert first == called("supply", "--json", *TODAY)
    assert len(json.loads(first[1])["metals"]) > 10
