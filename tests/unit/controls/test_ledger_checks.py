"""Malformed ledgers are refused with file, row and remedy."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from toolkit.controls.ledger import ControlLedger
from toolkit.core.errors import FrameError

ACTING = {"relation": "builds_on"}


def refused(frames, *events, scopes=None, items=None, **kwargs) -> FrameError:
    with pytest.raises(FrameError) as error:
        ControlLedger.of(*frames(*events, scopes=scopes), items, **kwargs)
    assert error.value.hint, "every refusal says what to do"
    return error.value


@pytest.mark.parametrize(
    ("events", "rule", "row", "words"),
    [
        ([{"event_id": "A"}, {"event_id": "A"}], "unique_id", 2, "more than one"),
        ([{"event_id": "A"}, {"event_id": "B", "ends": date(2020, 1, 31)}], "ends_after_effect", 3, "2020-01-31"),
        ([{"event_id": "A", "source": " "}], "source", 2, "source is empty"),
        ([{"event_id": "A", "citation": ""}], "source", 2, "citation is empty"),
        ([{"event_id": "A", "kind": "controls"}], "kind", 2, "'controls'"),
        ([{"event_id": "A", "standing": "rumoured"}], "standing", 2, "'rumoured'"),
        ([{"event_id": "A", "instrument": "license"}], "instrument", 2, "'license'"),
        ([{"event_id": "A", "end_user": "police"}], "end_user", 2, "'police'"),
        ([{"event_id": "A", "destination": "US"}], "destination", 2, "match no buyer"),
        ([{"event_id": "A", "origin": "China"}], "origin", 2, "no jurisdiction"),
        ([{"event_id": "A", "relation": "suspend", "acts_on": "A"}], "relation", 2, "'suspend'"),
        ([{"event_id": "A", "acts_on": "A"}], "relation", 2, "go together"),
        ([{"event_id": "A", "coverage": "acts_on"}], "coverage", 2, "acts on nothing"),
        ([{"event_id": "A", "known_from": date(2019, 12, 31)}], "known_after_announced", 2, "before it was announced"),
        ([{"event_id": "A"}, {"event_id": "B", "acts_on": "C", **ACTING}], "acts_on", 3, "'C', which is not"),
        (
            [{"event_id": "A", "announced": date(2020, 1, 2)}, {"event_id": "B", "acts_on": "A", **ACTING}],
            "acts_on", 3, "only on 2020-01-02",
        ),
        ([{"event_id": "A", "acts_on": "A", **ACTING}], "acyclic", 2, "A > A"),
        (
            [{"event_id": "A"}, {"event_id": "B", "acts_on": "C", **ACTING}, {"event_id": "C", "acts_on": "A;B", **ACTING}],
            "acyclic", 3, "B > C > B",
        ),
    ],
)  # fmt: skip
def test_events(frames, events, rule, row, words):
    error = refused(frames, *events)
    assert error.details["file"] == "controls.csv"
    assert (error.details["rule"], error.details["rows"][0]) == (rule, row)
    assert f"controls.csv, row {row}" in error.message
    assert words in error.message


@pytest.mark.parametrize(
    ("scopes", "file", "rule", "words"),
    [
        ([{"event_id": "A", "asset": "galium"}], "control_scopes.csv", "asset", "unknown metal 'galium'"),
        ([{"event_id": "B"}], "control_scopes.csv", "event_id", "'B' is not known"),
        ([{"event_id": "A"}, {"event_id": "A"}], "control_scopes.csv", "unique_scope", "occur twice"),
        ([{"event_id": "A", "certainty": "maybe"}], "control_scopes.csv", "certainty", "'maybe'"),
        ([{"event_id": "A", "source": ""}], "control_scopes.csv", "source", "empty"),
        ([{"event_id": "A", "certainty": "not_named"}], "controls.csv", "coverage", "no row of the scopes"),
        ([], "controls.csv", "coverage", "no row of the scopes"),
    ],
)
def test_scopes(frames, scopes, file, rule, words):
    error = refused(frames, {"event_id": "A"}, scopes=scopes)
    assert (error.details["file"], error.details["rule"]) == (file, rule)
    assert words in error.message


def test_a_form_for_an_event_that_lists_none(frames):
    error = refused(frames, {"event_id": "A", "coverage": "dual_use_items"}, scopes=[{"event_id": "A"}])
    assert error.details["rule"] == "coverage"


def test_the_nearest_metal_is_named_and_the_file_is_the_callers(frames):
    scopes = [{"event_id": "A", "asset": "galium"}]
    error = refused(frames, {"event_id": "A"}, scopes=scopes, files=("mine.csv", "forms.csv", "items.csv"))
    assert "gallium" in error.hint
    assert error.message.startswith("forms.csv, row 2 (A)")


def test_a_metal_the_caller_knows_is_no_error(frames):
    ledger = ControlLedger.of(*frames({"event_id": "A"}, scopes=[{"event_id": "A", "asset": "galium"}]), assets=["galium"])
    assert ledger.is_controlled("galium", "metal", on=date(2020, 2, 1))


def test_items_of_an_unknown_event_or_twice(frames, tables):
    items = tables["control_items"].head(1)
    error = refused(frames, {"event_id": "A"}, items=items)
    assert error.details["file"] == "control_items.csv"
    twice = pl.concat([items, items]).with_columns(event_id=pl.lit("A"))
    assert refused(frames, {"event_id": "A"}, items=twice).details["rule"] == "unique_item"


def test_every_bad_row_is_counted(frames):
    error = refused(frames, *({"event_id": f"A{i}", "citation": ""} for i in range(12)))
    assert (error.details["count"], len(error.details["rows"])) == (12, 10)
