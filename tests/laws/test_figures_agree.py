"""Terminal, report and JSON show one figure where they show one quantity: they are made of one record."""

from __future__ import annotations

import json
import math
import random
from datetime import date, timedelta

import pytest

from tests.lots import HEADER, TWELVE
from toolkit.app.config import resolve
from toolkit.app.exposure import ExposureRequest
from toolkit.app.subjects import holdings
from toolkit.cli.main import run
from toolkit.supply.exposure import IN_TRANSIT, STORED

DAY = "2026-11-24"
GOLD = "AU-1,gold,metal,999.9,0.1,kg,2025-01-10,90000,EUR,AUS,DEU,stored,,,,,"


@pytest.fixture(scope="module")
def lots(tmp_path_factory):
    file = tmp_path_factory.mktemp("lots") / "lots.csv"
    file.write_text("\n".join([HEADER, *TWELVE, GOLD]))
    return str(file)


@pytest.fixture(scope="module")
def subject(lots):
    return holdings(ExposureRequest(lots, resolve({}, file=None), date.fromisoformat(DAY)))


@pytest.fixture
def answer(lots, capsys):
    assert run(["exposure", lots, "--as-of", DAY, "--json"]) in (0, None)
    return json.loads(capsys.readouterr().out)


def test_the_stop_of_the_exposure_command_is_that_of_the_report(answer, subject):
    told, part = answer["shock"], subject.parts["whatif"]
    at = next(i for i, band in enumerate(part["shown"]) if band["loss"] == told["band"]["loss"])
    for case, row in told["replacement"].items():
        assert row["stored_gain"] == pytest.approx(part["money"]["held"][at][case], abs=0.01)
        assert row["order_cost"] + row["planned_cost"] == pytest.approx(part["money"]["coming"][at][case], abs=0.01)
        assert row["cost"] == pytest.approx(part["money"]["whole"][at][case], abs=0.01)
        assert row["multiple"] == pytest.approx(part["shown"][at][case])
        assert row["order_undelivered"] == pytest.approx(part["undelivered"])
    assert told["largest_observed"] == part["largest_observed"]
    assert told["country"] == part["country"]


def test_metals_of_exchanges_are_not_multiplied(answer, lots, capsys):
    assert "gold" in answer["shock"]["still"]
    gold = next(lot["value"] for lot in answer["lots"] if lot["asset"] == "gold")
    held = sum(lot["value"] or 0 for lot in answer["lots"] if lot["delivery"] in (*STORED, IN_TRANSIT))
    gain = answer["shock"]["replacement"]["high"]["stored_gain"]
    assert gain <= (held - gold) * (answer["shock"]["band"]["high"] - 1)
    for metal in ("gold", "silver", "platinum", "nickel", "tin", "Au"):
        assert run(["shock", metal, "--as-of", DAY]) == 2
        assert "trades on an exchange" in capsys.readouterr().err
    assert run(["shock", "gold", "--elasticity", "0.9", "--loss", "0.1", "--as-of", DAY]) in (0, None)


def test_one_shock_has_one_band(answer, capsys):
    """`shock` and `exposure` multiply by the same figures for the same loss."""
    assert run(["shock", "gallium", "--as-of", DAY, "--json"]) in (0, None)
    told = json.loads(capsys.readouterr().out)
    for case, row in answer["shock"]["replacement"].items():
        assert told["cases"][case]["multiple"] == row["multiple"]
    price = next(p for p in answer["prices"] if p["asset"] == "gallium")
    assert told["price"]["price"] == price["price"]
    assert told["largest_observed"] == answer["shock"]["largest_observed"]


def test_what_the_terminal_prints_is_what_the_object_holds(answer, lots, capsys):
    assert run(["exposure", lots, "--as-of", DAY]) in (0, None)
    out = capsys.readouterr().out
    figures = [f"{row[key]:,.0f}" for row in answer["shock"]["replacement"].values() for key in ("stored_gain", "order_cost")]
    figures += [f"{answer['value']:,.2f}", *(f"{total['value']:,.2f}" for total in answer["deliveries"] if total["lots"])]
    figures += [f"{price['price']:,.2f}" for price in answer["prices"]]
    assert [figure for figure in figures if figure not in out] == []
    for change in answer["next_changes"]:
        assert change["date"] in out


def test_dates_ahead_of_the_report_are_those_of_upcoming_and_of_the_exposure(answer, subject, capsys):
    assert run(["upcoming", "--within", "400d", "--as-of", DAY, "--json"]) in (0, None)
    rows = json.loads(capsys.readouterr().out)["upcoming"]
    ahead = {row["date"] for row in rows}
    assert ahead == {row["date"] for row in subject.record["upcoming"] if row["status"] == "ahead"}
    named = {row["date"] for row in rows if {"gallium", "germanium"} & set(row["metals"].split(";"))}
    assert "2026-11-27" in named
    assert named <= {row["date"] for row in answer["next_changes"]} <= ahead
    assert answer["next_changes"] == subject.record["exposure"]["next_changes"]


def test_no_factor_and_no_holding_falls_by_more_than_all_of_itself():
    """Energy is so volatile that two deviations are more than its price: a fall is one of the logarithm."""
    from tests.subjects import proposal

    record = proposal()
    volatility = {factor["name"]: factor["volatility"] for factor in record["factor_model"]["factors"]}
    phrases = record["phrases"]
    falls = [row for row in record["scenarios"] if row["kind"] == "factor"]
    assert falls
    for row in falls:
        size = phrases[row["method"]]["with"]["size"]
        assert 0 < size < 1
        # The size is twice the volatility that the same record shows of the factor.
        assert size == pytest.approx(1 - math.exp(-2 * volatility[row["name"].removesuffix(" falls")]), abs=1e-6)
        assert row["loss"] < 1


@pytest.mark.parametrize("lang", ["en", "de"])
def test_a_report_says_what_is_priced_at_averages_of_a_year_and_cites_their_source(subject, lang):
    from toolkit.app.report import report

    page = report(subject.record, subject.parts, name="exposure", lang=lang, format="md").decode()
    exposure = subject.record["exposure"]
    yearly = {price["asset"] for price in exposure["prices"] if price["kind"] == "annual_average"}
    assert yearly == {"rhenium", "hafnium", "dysprosium", "terbium"}
    share = sum(lot["value"] or 0 for lot in exposure["lots"] if lot["asset"] in yearly) / exposure["value"]
    words = {"en": "of value is priced at an average of a year", "de": "des Werts sind mit einem Jahresdurchschnitt bewertet"}
    line = next(line for line in page.splitlines() if words[lang] in line)
    assert f"{100 * share:.0f}" in line
    cited = {entry["source_id"] for entry in subject.record["data"] if entry["table"] == "prices_annual"}
    assert cited == {price["source"] for price in exposure["prices"] if price["asset"] in yearly}


def test_every_command_warns_five_times_at_most_with_what_to_do_and_the_most_money_first(lots, tmp_path, monkeypatch, capsys):
    """One typed record: the terminal, the object and `--strict` speak of the same warnings, and notes are none."""
    monkeypatch.chdir(tmp_path)
    for command in (["exposure", lots], ["optimize", "--no-report"]):
        run([*command, "--as-of", DAY, "--json"])
        captured = capsys.readouterr()
        told, record = captured.err, json.loads(captured.out)
        warnings = [row for row in record["remarks"] if row["kind"] != "note"]
        assert record["warnings"] == [row["text"] for row in warnings]
        assert record["notes"] == [row["text"] for row in record["remarks"] if row["kind"] == "note"]
        assert not set(record["warnings"]) & set(record["notes"])
        amounts = [math.inf if row["money"] is None else row["money"] for row in warnings]
        assert amounts == sorted(amounts, reverse=True)
        shown = [line for line in told.splitlines() if line.startswith("warning: ")]
        assert shown == [f"warning: {row['text']} {row['remedy'] or ''}".strip() for row in warnings[:5]]
        assert all(row["remedy"] or ": bought at" in row["text"] for row in warnings)
        assert "note:" not in told
        assert run([*command, "--as-of", DAY, "--quiet", "--strict"]) == 7
        capsys.readouterr()
        run([*command, "--as-of", DAY, "--verbose"])
        verbose = capsys.readouterr()
        assert [text for text in record["warnings"] if f"warning: {text}" not in verbose.err] == []


def test_strict_passes_where_only_notes_are_told(tmp_path, monkeypatch, capsys):
    """Own prices of shares to the day, with the costs of a broker: how risk is made is noted, and nothing is weak."""
    monkeypatch.chdir(tmp_path)
    last, rng = date.fromisoformat(DAY), random.Random(3)
    days = [day for i in range(400, -1, -1) if (day := last - timedelta(days=i)).weekday() < 5]
    prices, rows = [100.0, 50.0], []
    for day in days:
        prices = [price * math.exp(0.01 * rng.gauss(0, 1)) for price in prices]
        rows.append(f"{day},{prices[0]:.4f},{prices[1]:.4f}")
    (tmp_path / "shares.csv").write_text("\n".join(["date,AAA,BBB", *rows]))
    command = ["optimize", "equal-weight", "--prices", "shares.csv", "--prices-only", "--prices-currency", "EUR", "--no-report"]
    costs = ["--set", "costs.fee=5", "--as-of", DAY, "--json", "--strict"]
    assert run([*command, *costs]) in (0, None)
    record = json.loads(capsys.readouterr().out)
    assert record["warnings"] == []
    assert record["notes"]
