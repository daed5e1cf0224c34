"""Terminal, report and JSON show one figure where they show one quantity: they are made of one record."""

from __future__ import annotations

import contextlib
import csv
import functools
import io
import itertools
import json
import math
import random
import re
from collections import Counter
from datetime import date, timedelta

import pytest

from tests.lots import HEADER, TWELVE
from tests.subjects import AS_OF, HOLDINGS, factors, in_json, proposal
from toolkit.app.answers import answered
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.holdings.exposure import ExposureRequest
from toolkit.app.subjects import holdings, market
from toolkit.cli.main import run
from toolkit.holdings.exposure import IN_TRANSIT, STORED
from toolkit.report.topics.factors import document

DAY = "2026-11-24"
GOLD = "AU-1,gold,metal,999.9,0.1,kg,2025-01-10,90000,EUR,AUS,DEU,stored,,,,,"


@pytest.fixture(scope="module")
def lots(tmp_path_factory):
    file = tmp_path_factory.mktemp("lots") / "lots.csv"
    file.write_text("\n".join([HEADER, *TWELVE, GOLD]))
    return str(file)


@pytest.fixture(scope="module")
def subject(lots):
    return in_json(holdings(ExposureRequest(lots, Context(resolve({}, file=None), date.fromisoformat(DAY)))))


@pytest.fixture(scope="module")
def answer(told):
    """What `toolkit exposure` says of the lots."""
    return told["exposure"][0]


def test_the_error_of_prices_beside_the_proof_is_that_of_the_same_lots_held(tmp_path, capsys):
    assert run(["optimize", "--as-of", DAY, "--json"]) in (0, None)
    proposed = json.loads(capsys.readouterr().out)
    held = [row for row in proposed["positions"] if row["quantity"]]
    file = tmp_path / "held.csv"
    file.write_text("\n".join(["metal,quantity,unit", *(f"{row['asset']},{row['quantity']},kg" for row in held)]))
    assert run(["exposure", str(file), "--as-of", DAY, "--json"]) in (0, None)
    assert json.loads(capsys.readouterr().out)["value_se"] == pytest.approx(proposed["value_se"], rel=1e-6)
    assert run(["optimize", "--as-of", DAY]) in (0, None)
    told = " ".join(capsys.readouterr().out.split())
    most, off = re.search(r"better by more than ([\d,]+) EUR a year, .* prices alone is ([\d,]+) EUR", told).groups()
    assert int(most) == math.ceil(proposed["solver"]["lots_gap_value"])
    assert int(off.replace(",", "")) == round(proposed["value_se"])


def test_metals_of_exchanges_are_not_multiplied(answer, subject, capsys):
    part = subject.parts["whatif"]
    assert next(metal["state"] for metal in part["metals"] if metal["asset"] == "gold") == "precious"
    gold = next(lot["value"] for lot in answer["lots"] if lot["asset"] == "gold")
    held = sum(lot["value"] or 0 for lot in answer["lots"] if lot["delivery"] in (*STORED, IN_TRANSIT))
    most = part["money"]["held"][-1]
    assert most["high"] <= (held - gold) * (most["multiples"]["high"] - 1)
    for metal in ("gold", "silver", "platinum", "nickel", "tin", "Au"):
        assert run(["shock", metal, "--as-of", DAY]) == 2
        assert "trades on an exchange" in capsys.readouterr().err
    assert run(["shock", "gold", "--elasticity", "0.9", "--loss", "0.1", "--as-of", DAY]) in (0, None)


def test_one_shock_has_one_band(answer, lots, capsys):
    """`shock` and `exposure` multiply by the same figures for the same loss."""
    assert run(["shock", "gallium", "--loss", "0.3", "--as-of", DAY, "--json"]) in (0, None)
    told = json.loads(capsys.readouterr().out)
    low, _, median, _, high = (level["multiple"] for level in told["asked"]["levels"])
    asked = ExposureRequest(lots, Context(resolve({}, file=None), date.fromisoformat(DAY)), loss=0.3)
    part = in_json(holdings(asked)).parts["whatif"]
    gallium = next(metal for metal in part["metals"] if metal["asset"] == "gallium")
    (band,) = [band for band in gallium["bands"] if band["loss"] == 0.3]
    assert [band["loss"] for band in gallium["bands"]] == [0.2, 0.3, 0.5]
    assert (band["low"], band["central"], band["high"]) == (low, median, high)
    assert [row["loss"] for row in part["money"]["held"]] == [0.2, 0.3, 0.5]
    price = next(p for p in answer["prices"] if p["asset"] == "gallium")
    assert told["asked"]["price"]["price"] == price["price"]
    assert told["largest_observed"] == part["largest_observed"]


def test_what_the_terminal_prints_is_what_the_object_holds(answer, lots, capsys):
    assert run(["exposure", lots, "--as-of", DAY]) in (0, None)
    out = capsys.readouterr().out
    figures = [f"{answer['value']:,.0f}", *(f"{lot['value']:,.0f}" for lot in answer["lots"] if lot["value"])]
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
    from tests.records import report

    page = report(subject.record, subject.parts, name="exposure", lang=lang, format="md").decode()
    exposure = subject.record["exposure"]
    yearly = {price["asset"] for price in exposure["prices"] if price["kind"] == "annual_average"}
    assert yearly == {"rhenium", "hafnium", "dysprosium", "terbium"}
    share = (
        sum(lot["value"] or 0 for lot in exposure["lots"] if lot["asset"] in yearly and lot["status"] != "planned")
        / exposure["value"]
    )
    words = {"en": "of value is priced at an average of a year", "de": "des Werts sind zum Jahresdurchschnitt bewertet"}
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
    assert re.search(r"s to read, estimate and solve, .* s to write", verbose.err)  # the solver alone takes a part of the first


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


COMMANDS = {
    "optimize": ("optimize", "--no-report"),
    "rebalanced": ("optimize", "--no-report", "--holdings", "held.csv"),
    "exposure": ("exposure", "lots.csv"),
    "shock": ("shock", "gallium", "--loss", "0.3"),
    "event": ("event", "EV020"),
    "controls": ("controls", "gallium"),
    "frontier": ("frontier",),
    "flows": ("flows",),
    "supply": ("supply",),
}
FIGURE = re.compile(r"(?<![\w.,/-])[+-]?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?:\s?(%))?(?![\w/-]|[,.]\d)")
LEGENDS = {
    "event": ("1 m", "3 m", "6 m", "12 m"),
    "factors": ("68% interval", "a t-statistic of 2 or more", "A forecast that is right has 1.00", "Fewer than 20 dates"),
    "shock": ("90 % low", "68 % low", "68 % high", "90 % high", "Bars are 90%"),
    "supply": ("10,000", "EU list 2023", "US list 2025", "WGI 2024"),
}
"""Constants in headings and legends, which are figures of no answer."""
SPOKEN = ("can be stopped", "at risk")
"""What the terminal calls a row of the object."""
SHARED = ("optimize", "rebalanced", "exposure", "flows", "upcoming")
"""Commands whose blocks are those of reports: tests/contract/test_consistency.py asks the same of those."""
BLOCKS_OF_REPORTS = {"event": "Three months after"}
"""How the first block begins that is one of reports: tests/contract/test_consistency.py asks the same of those."""
SCALES = {"supply": (1, 10_000)}
"""What a number without a per cent sign is multiplied by: an index of 10,000."""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """(object, lines of the terminal, folder) of each command; a line is as wide as its table."""
    folder = tmp_path_factory.mktemp("told")
    (folder / "lots.csv").write_text("\n".join([HEADER, *TWELVE, GOLD]))
    (folder / "held.csv").write_text(HOLDINGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HOME", str(folder))
        patch.setenv("COLUMNS", "3000")

        def asked(*arguments: str) -> str:
            with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()):
                assert run([*arguments, "--as-of", DAY]) in (0, None)
            return out.getvalue()

        found = {
            name: (json.loads(asked(*command, "--json")), asked(*command).splitlines(), folder)
            for name, command in COMMANDS.items()
        }
    lines = answered(lambda say: document(factors(AS_OF), say), "terminal", "en", width=3000, bold=False).splitlines()
    return {**found, "factors": (factors(AS_OF).to_json(), lines, folder)}


def numbers(node, tags=frozenset()):
    """(number, words that name its row) of every number of an object; a list is a count of its rows too."""
    if isinstance(node, dict):
        own = {value.casefold().replace("_", " ") for value in node.values() if isinstance(value, str) and len(value) < 60}
        inner = {str(key).casefold() for value in node.values() if isinstance(value, dict) for key in value}
        for key, value in node.items():
            yield from numbers(value, tags | own | inner | {str(key).casefold().replace("_", " ")})
    elif isinstance(node, list):
        yield float(len(node)), tags
        for value in node:
            yield from numbers(value, tags)
    elif isinstance(node, int | float) and not isinstance(node, bool):
        yield float(node), tags
    elif isinstance(node, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", node):
        yield float(node[:4]), tags


def texts(node):
    if isinstance(node, dict):
        for value in node.values():
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)
    elif isinstance(node, str):
        yield node


@pytest.mark.parametrize("command", [*(one for one in COMMANDS if one not in SHARED), "factors"])
def test_every_figure_of_the_terminal_is_one_of_the_object(told, command):
    """In a row of a table it is a figure of what the row names, in a sentence one of the whole object."""
    answer, lines, _ = told[command]
    found = list(numbers(answer))
    rows = {tag for _, tags in found for tag in tags if len(tag) > 2}
    kept = {text for words in texts(answer) for text in (words, words.replace("_", " ")) if re.search(r"\d", text)}
    kept |= set(LEGENDS.get(command, ()))
    # A list in a sentence is joined by the language of the terminal.
    phrases = sorted({phrase.replace(" and ", ", ") for phrase in kept}, key=len, reverse=True)
    missing, shown = [], 0
    shared = BLOCKS_OF_REPORTS.get(command)
    for line in itertools.takewhile(lambda line: shared is None or not line.startswith(shared), lines):
        words = line.casefold().replace(*SPOKEN)
        named = {row for row in rows if re.search(rf"(?<!\w){re.escape(row)}(?!\w)", words)}
        sentence = line.rstrip().endswith((".", ":", ")"))
        own = [number for number, tags in found if sentence or not named or tags & named]
        bare = line.replace(" and ", ", ").replace("%-", "% ")  # a range
        bare = re.sub(
            r"No\. \d+(?: of |/)\d{4}(?: para \d+)?|limbs? [\d()]+(?:, [\d()]+)?|\(\d\)|\d+ of \d+ indices", " ", bare
        )
        for phrase in phrases:
            bare = bare.replace(phrase, " ")
        for figure in FIGURE.finditer(bare):
            digits, percent = figure[1].replace(",", ""), figure[2]
            shown += 1
            half = 0.5 * 10 ** -len(digits.partition(".")[2]) * (1 + 1e-9)
            scales = (100,) if percent else SCALES.get(command, (1,))
            if not any(abs(abs(number) * scale - float(digits)) <= half for number in own for scale in scales):
                missing.append((figure[0], line.strip()))
    assert missing == [], "\n".join(map(str, missing))
    assert shown or command == "controls"


def test_a_run_is_the_same_on_stdout_in_its_folder_and_in_its_orders(told):
    for command in ("optimize", "rebalanced"):
        answer, _, folder = told[command]
        (stored,) = folder.rglob(f"{answer['run_id']}/run.json")
        assert json.loads(stored.read_text(encoding="utf-8")) == answer
        with (stored.parent / "orders.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == len(answer["orders"]) > 0
        for row, order in zip(rows, answer["orders"], strict=True):
            for key, value in order.items():
                if isinstance(value, int | float):
                    assert float(row[key]) == pytest.approx(value, abs=1e-9), (command, order["asset"], key)


def test_commands_and_reports_hold_one_figure_of_one_quantity(told, subject):
    """Between commands, and between a command and the parts of a report of the same day."""
    brief = in_json(market(Context(resolve({}, file=None), date.fromisoformat(DAY))))
    run_, exposure, parts = told["optimize"][0], told["exposure"][0], brief.parts
    compared = Counter()

    def same(name, first, second):
        for row in first.keys() & second.keys():
            compared[name] += 1
            assert first[row] == second[row] or first[row] == pytest.approx(second[row], rel=1e-6), (name, row)

    def column(rows, *keys, by="asset"):
        return {row[by]: functools.reduce(lambda found, key: found[key], keys, row) for row in rows}

    for key in ("price", "standard_error", "date"):
        same(f"exposure {key}", column(exposure["prices"], key), column(parts["changes"]["prices"], key))
    same("optimize price", column(run_["positions"], "price"), column(exposure["prices"], "price"))
    same("shock", {"gallium": told["shock"][0]["asked"]["price"]["price"]}, column(exposure["prices"], "price"))
    same("controls", {"gallium": told["controls"][0]["headline"]}, column(run_["controls"], "headline"))
    same("controls of lots", column(exposure["lots"], "headline"), column(subject.record["exposure"]["lots"], "headline"))
    for key in ("top_share", "n_minus_1", "hhi"):
        scored = column(told["supply"][0]["metals"], "scored", key)
        same(f"supply {key}", scored, column(parts["supply"]["metals"], "scored", key))
        same(f"optimize {key}", scored, {row["asset"]: row["supply"][key] for row in run_["assets"] if row["supply"]})
    for partner in ("WLD", "CHN"):
        series, of_report = (
            {flow["asset"]: one for flow in flows for one in flow["partners"] if one["partner"] == partner}
            for flows in (told["flows"][0]["flows"], parts["flows"]["flows"])
        )
        for keys in (("latest",), ("on_year", "value")):
            found, shown = (
                {metal: functools.reduce(lambda row, key: row[key], keys, one) for metal, one in each.items()}
                for each in (series, of_report)
            )
            same(f"flows {partner} {keys[0]}", found, shown)
    for key in ("volatility", "return_12m"):
        same(
            f"factors {key}",
            column(told["factors"][0]["factors"], key, by="name"),
            column(run_["factor_model"]["factors"], key, by="name"),
        )
    cases = {(one["event_id"], one["asset"]): one for one in parts["history"]["cases"]}
    told_of = {
        (one["event_id"], one["asset"]): one for one in told["event"][0]["asked"]["cases"] if one["zero"] == "announcement"
    }
    for row in cases.keys() & told_of.keys():
        first, second = ({one["horizon"]: one["adjusted"] for one in case[row]["reactions"]} for case in (cases, told_of))
        same("event", first, second)
    assert len(compared) == 20, compared
