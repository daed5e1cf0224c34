"""Names that command a terminal, hide, look like markup or end a page: in prices, holdings, strategies, events and options."""

import csv
import io
import json
import unicodedata
from pathlib import Path

import pytest

from toolkit.cli.main import run

NAMES = {
    "bell": "a\x07b",
    "escape": "a\x1b]0;owned\x07b\x1b[31m",
    "closing tag": "x[/b]",
    "markup": "[red]x",
    "emoji": ":smile:",
    "override": "invoice\u202efdp",
    "zero width": "in\u200bvisible",
    "line feed": "two\nlines",
    "no XML": "x\ufffey",
    "page": "</title><script>alert(1)</script>",
    "long": "x" * 300,
}
UNSEEN = {
    key: name for key, name in NAMES.items() if key == "long" or any(unicodedata.category(c).startswith("C") for c in name)
}
SEEN = " ".join(name for key, name in NAMES.items() if key not in UNSEEN)
TOGETHER = " ".join(name for key, name in NAMES.items() if key != "long")
STRATEGY = """
[about]
title = {title}
idea = {title}
source = {title}
[universe]
assets = "all"
[forecast]
covariance = {{kind = "sample"}}
[objective]
kind = "min_risk"
[[constraint]]
name = {title}
kind = "bounds"
upper = 0.9
"""


@pytest.fixture
def ran(capsys):
    def call(*arguments):
        code = run(list(arguments))
        told = capsys.readouterr()
        for stream in (told.out, told.err):
            hidden = {c for c in stream if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cf", "Cs")}
            assert not hidden, (arguments, hidden)
        assert "Traceback" not in told.err
        assert code != 1, told.err
        return code, told.out, told.err

    return call


def _prices(name):
    rows = io.StringIO()
    writer = csv.writer(rows)
    writer.writerow(["date", name, "other"])
    for month in range(30):
        year, number = 2023 + month // 12, month % 12 + 1
        writer.writerow([f"{year}-{number:02d}-15", 100 + 7 * (month % 5) + month, 50 + 3 * (month % 4)])
    Path("prices.csv").write_text(rows.getvalue(), encoding="utf-8", newline="")


OPTIONS = ("--prices", "prices.csv", "--as-of", "2025-12-31", "--currency", "USD")


@pytest.mark.parametrize("name", UNSEEN.values(), ids=UNSEEN)
def test_a_name_that_cannot_be_seen_is_refused(ran, name):
    _prices(name)
    code, _, err = ran("optimize", "equal-weight", *OPTIONS)
    assert code == 3
    assert "a name with control characters" in err


def test_an_asset_and_a_strategy_may_have_any_name(ran):
    _prices(SEEN)
    Path("mine.toml").write_text(STRATEGY.format(title=json.dumps(TOGETHER + NAMES["long"])), encoding="utf-8")
    code, out, err = ran("optimize", "mine.toml", *OPTIONS, "--verbose")
    assert code == 0, err
    assert SEEN.split()[0] in out
    page = next(Path("out/runs").glob("*/report.html")).read_text(encoding="utf-8")
    assert "<script>alert" not in page
    code, out, _ = ran("optimize", "mine.toml", *OPTIONS, "--json", "--no-report")
    assert {p["name"] for p in json.loads(out)["positions"]} == {SEEN, "other"}
    for command in (
        ["factors", "mine.toml", *OPTIONS[:4]],
        ["report", "last", "--format", "md"],
        ["strategies", "show", "mine.toml"],
    ):
        assert ran(*command)[0] in (0, 2, 3)
    assert ran("strategies", "check", "mine.toml")[0] == 0


def test_lots_may_have_any_name_and_place(ran):
    rows = io.StringIO()
    writer = csv.writer(rows)
    header = "lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status"
    writer.writerow(header.split(","))
    for name in NAMES.values():
        writer.writerow([name, "gallium", "metal", name, 2, "kg", "2024-05-01", 400, "EUR", "DEU", name, "stored"])
    Path("lots.csv").write_text(rows.getvalue(), encoding="utf-8", newline="")
    assert ran("exposure", "lots.csv")[0] == 3
    code, out, _ = ran("holdings", "map", "lots.csv", "--json")
    sets = [word for one in json.loads(out)["questions"] for word in ("--set", f"{one['name']}=no_meaning")]
    assert ran("holdings", "map", "lots.csv", "--write", *sets)[0] == 0
    code, out, _ = ran("exposure", "lots.csv", "--json")
    assert code == 0
    assert len(json.loads(out)["lots"]) == len(NAMES)
    assert ran("report", "lots.csv")[0] == 0


@pytest.mark.parametrize("name", [TOGETHER, NAMES["long"]], ids=["together", "long"])
def test_an_option_may_hold_any_text(ran, name):
    for arguments in (
        ["controls", name], ["controls", "gallium", "--to", name], ["controls", "gallium", "--form", name], ["flows", name],
        ["event", name], ["shock", name], ["supply", name], ["optimize", name], ["strategies", "show", name],
        ["optimize", "--set", name], ["optimize", "--set", f"constraint.{name}.upper=1"], ["optimize", "--as-of", name],
        ["optimize", "--destination", name], ["optimize", "--currency", name], ["report", name], ["exposure", name],
        ["optimize", "--holdings", name], ["optimize", "--prices", name], ["optimize", "--config", name], ["data", "list", "--data", name],
    ):  # fmt: skip
        assert ran(*arguments)[0] in (2, 3), arguments
        assert ran(*arguments, "--json")[0] in (2, 3), arguments


@pytest.mark.parametrize("text", ["a\x00b", "half \udce9"])
def test_a_path_that_no_system_has_is_refused(ran, text):
    for option in ("--prices", "--holdings", "--config", "--data"):
        assert ran("optimize", option, text)[0] in (2, 3)
        assert ran("optimize", option, text, "--json")[0] in (2, 3)
    for command in ("report", "exposure"):
        assert ran(command, text)[0] in (2, 3)


@pytest.mark.parametrize("name", [TOGETHER, NAMES["long"]], ids=["together", "long"])
def test_an_own_event_may_say_anything(ran, name):
    text = json.dumps(name)
    Path("events.toml").write_text(
        f"[[event]]\nevent_id = {text}\nkind = 'control'\ninstrument = 'ban'\nstanding = 'official'\nannounced = 2026-01-05\n"
        f"effective = 2026-01-05\nauthority = {text}\norigin = 'CHN'\nmetals = ['gallium']\nforms = ['any']\ncitation = {text}\nscope = {text}\n",
        encoding="utf-8",
    )
    for command in (["controls", "gallium", "--to", "DEU"], ["upcoming"], ["event", name]):
        assert ran(*command, "--events", "events.toml")[0] in (0, 2, 3)
