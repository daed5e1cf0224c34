"""The page on own control events says what the code reads, and its files do what it says."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from tests.subjects import context
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.controls.answers import controls
from toolkit.market.readers.events import KEYS, MOST_EVENTS

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
DAY = date(2026, 11, 25)


@pytest.fixture
def ask(tmp_path):
    """The ledger with the file of the page in a format."""

    def asked(kind, day=DAY):
        (text,) = re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
        path = tmp_path / f"own.{kind}"
        path.write_text(text, encoding="utf-8")
        return Context(resolve({}, environment={}), day, str(path))

    return asked


def test_the_table_has_every_key():
    rows = re.findall(r"^\| (`.*?`) \|", PAGE, re.MULTILINE)
    assert sorted(key for row in rows for key in re.findall(r"`(\w+)`", row)) == sorted(KEYS)
    assert f"At most {MOST_EVENTS:,} events" in PAGE


@pytest.mark.parametrize("kind", ["toml", "csv"])
def test_the_files_of_the_page_change_what_they_say(ask, kind):
    inputs, without = ask(kind), context(DAY)
    assert inputs.own == ("EV063", "own-1")
    assert "EV063, own-1" in inputs.notes[0]
    for form in ("metal", "oxide"):
        assert controls(without, "neodymium", form, {"destination": "DEU"}, DAY).headline == "not_listed"
        found = controls(inputs, "neodymium", form, {"destination": "DEU"}, DAY)
        assert found.headline == "licence"
        assert [m.source_id for m in found.measures if m.event_id == "own-1"] == ["user"]
    later = date(2026, 12, 31)
    route = {"destination": "USA"}
    assert controls(ask(kind, later), "gallium", None, route, later).headline == "licence+ban_suspended"


def test_both_formats_are_the_same_events(ask):
    one, other = ask("toml"), ask("csv")
    assert one.events is not None
    assert other.events is not None
    assert one.events.events.equals(other.events.events)
    assert one.events.scopes.equals(other.events.scopes)
