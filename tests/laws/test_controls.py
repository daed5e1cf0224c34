"""Laws of the control ledger: the state is a function of the date, of nothing else, and never of the future."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from toolkit.controls.events import COUNTING
from toolkit.controls.ledger import ControlLedger
from toolkit.controls.periods import control_periods
from toolkit.controls.upcoming import upcoming
from toolkit.core.frames import TABLES
from toolkit.market.package import bundled_folder, read_table

FIRST, LAST = date(2009, 1, 1), date(2027, 12, 31)
FORMS = [
    ("gallium", "metal"),
    ("germanium", "oxide"),
    ("antimony", "oxide"),
    ("indium", "metal"),
    ("indium", "phosphide"),
    ("tungsten", "metal"),
    ("dysprosium", "oxide"),
    ("holmium", "metal"),
    ("neodymium", "oxide"),
    ("graphite", "natural flake"),
    ("silver", "metal"),
    ("rhenium", "metal"),
]
CONTROLS, SCOPES = (read_table(bundled_folder() / f"{name}.csv", TABLES[name]) for name in ("controls", "control_scopes"))
LEDGER = ControlLedger.of(CONTROLS, SCOPES)
NAMES = {"assets": LEDGER.assets, "forms": LEDGER.forms}

days = st.dates(FIRST, LAST)
forms = st.sampled_from(FORMS)
destinations = st.sampled_from([None, "DEU", "USA", "JPN"])
users = st.sampled_from(["civil", "military", "listed"])


def filtered(as_of: date) -> ControlLedger:
    """The ledger built from nothing but what was published by `as_of`."""
    known = pl.col("known_from") <= as_of
    return ControlLedger.of(CONTROLS.filter(known), SCOPES.filter(known), **NAMES)


def row(frame: pl.DataFrame, **values) -> pl.DataFrame:
    """One row with the columns and types of `frame`."""
    return pl.DataFrame([dict.fromkeys(frame.columns) | values], schema=frame.schema, orient="row")


def event(event_id: str, announced: date, **values) -> pl.DataFrame:
    return row(
        CONTROLS,
        **{
            "event_id": event_id,
            "kind": "control",
            "instrument": "ban",
            "direction": "tighten",
            "standing": "official",
            "announced": announced,
            "announced_precision": "day",
            "effective": announced,
            "authority": "Ministry",
            "origin": "CHN",
            "number": "No. 1",
            "destination": "all",
            "end_user": "all",
            "metals": "gallium",
            "coverage": "acts_on",
            "dual_use": True,
            "citation": "gazette",
            "source": "test",
            "confidence": "test",
            "known_from": announced,
        }
        | values,
    )


@given(seed=st.integers(0, 2**32 - 1), form=forms, on=days, destination=destinations, user=users)
def test_the_order_of_rows_changes_nothing(seed, form, on, destination, user):
    shuffled = ControlLedger.of(
        CONTROLS.sample(fraction=1, shuffle=True, seed=seed), SCOPES.sample(fraction=1, shuffle=True, seed=seed + 1)
    )
    question = {"on": on, "destination": destination, "end_user": user}
    assert shuffled.state(*form, **question) == LEDGER.state(*form, **question)
    assert upcoming(shuffled, on=on) == upcoming(LEDGER, on=on)


@given(form=forms, on=days, later=st.integers(0, 900), destination=destinations, user=users)
def test_what_was_not_published_yet_changes_nothing(form, on, later, destination, user):
    question = {"on": on, "destination": destination, "end_user": user}
    then = filtered(on + timedelta(days=later))
    assert then.state(*form, **question) == LEDGER.state(*form, **question)
    assert LEDGER.known(on).state(*form, **question) == LEDGER.state(*form, **question)
    assert upcoming(then, on=on) == upcoming(LEDGER, on=on)


LICENCES = [e.event_id for e in LEDGER.events if e.is_law and e.instrument in COUNTING and e.origin == "CHN"]


@given(
    target=st.sampled_from(LICENCES),
    relation=st.sampled_from(["suspends", "repeals", "replaces", "extends", "builds_on"]),
    instrument=st.sampled_from(["ban", "suspension", "licence", "repeal"]),
    delay=st.integers(0, 800),
    before=st.integers(1, 900),
    length=st.integers(0, 400),
    form=forms,
    destination=destinations,
)
@example("EV037a", "extends", "licence", 0, 1, 0, ("gallium", "metal"), None)  # a licence on the ban on all that needs one
def test_a_future_event_changes_nothing_before_its_announcement(
    target, relation, instrument, delay, before, length, form, destination
):
    announced = LEDGER[target].known_from + timedelta(days=delay)
    new = event(
        "ZZ1", announced, acts_on=target, relation=relation, instrument=instrument, ends=announced + timedelta(days=length)
    )
    ledger = ControlLedger.of(pl.concat([CONTROLS, new]), SCOPES)
    on = announced - timedelta(days=before)
    assert ledger.state(*form, on=on, destination=destination) == LEDGER.state(*form, on=on, destination=destination)
    assert upcoming(ledger, on=on) == upcoming(LEDGER, on=on)
    assert ledger.state(*form, on=announced, destination=destination).headline  # whatever it acts on, there is a state
    past = {"until": announced - timedelta(days=1), "destination": destination}
    assert control_periods(ledger, [form], **past).equals(control_periods(LEDGER, [form], **past))


@given(
    target=st.sampled_from(LICENCES),
    delay=st.integers(0, 700),
    wait=st.integers(0, 60),
    length=st.integers(0, 400),
    after=st.integers(1, 400),
    form=forms,
    destination=destinations,
)
def test_suspension_plus_expiry_restores_the_earlier_state_exactly(target, delay, wait, length, after, form, destination):
    announced = LEDGER[target].known_from + timedelta(days=delay)
    first = announced + timedelta(days=wait)
    last = first + timedelta(days=length)
    pause = event("ZZ1", announced, acts_on=target, relation="suspends", instrument="suspension", effective=first, ends=last)
    ledger = ControlLedger.of(pl.concat([CONTROLS, pause]), SCOPES)
    on = last + timedelta(days=after)

    def restored(book: ControlLedger):
        found = book.state(*form, on=on, destination=destination)
        # The day on which a measure first applied or came back is history, not state: all else is as if nothing had happened.
        plain = tuple(replace(m, status_since=date.min, since=None) for m in found.measures)
        return replace(found, measures=plain, elsewhere=())

    assert restored(ledger) == restored(LEDGER)


@given(target=st.sampled_from(LICENCES), delay=st.integers(0, 700), length=st.integers(0, 400), form=forms)
def test_a_suspension_takes_out_of_force_and_nothing_else(target, delay, length, form):
    """On a day inside it the target is suspended; no other measure of its own changes its status."""
    announced = LEDGER[target].known_from + timedelta(days=delay)
    on = announced + timedelta(days=length)
    assume(LEDGER.chronology.status(LEDGER[target], on, known=on) == "in_force")
    pause = event("ZZ1", announced, acts_on=target, relation="suspends", instrument="suspension", ends=on)
    ledger = ControlLedger.of(pl.concat([CONTROLS, pause]), SCOPES)
    assert ledger.chronology.status(ledger[target], on, known=on) == "suspended"
    for other in LEDGER.events:
        if other.event_id != target and other.known_from <= on:
            assert ledger.chronology.status(ledger[other.event_id], on, known=on) == (
                LEDGER.chronology.status(other, on, known=on)
            )
    controlled = LEDGER.is_controlled(*form, on=on)
    assert controlled or not ledger.is_controlled(*form, on=on), "a suspension never controls a form"


@given(
    form=forms,
    on=days,
    kind=st.sampled_from(["policy", "practice", "market"]),
    standing=st.sampled_from(["official", "reported", "claimed"]),
    instrument=st.sampled_from(["ban", "licence", "de_facto_stop"]),
    relation=st.sampled_from(["suspends", "extends", "repeals", "claims_extension"]),
)
def test_what_is_not_law_never_changes_the_law(form, on, kind, standing, instrument, relation):
    target = "EV020"
    on = max(on, LEDGER[target].known_from)
    other = event(
        "ZZ1", on, kind=kind, standing=standing, instrument=instrument, relation=relation, acts_on=target, coverage="acts_on"
    )
    ledger = ControlLedger.of(pl.concat([CONTROLS, other]), SCOPES)
    before, after = (book.state(*form, on=on) for book in (LEDGER, ledger))

    def law(found):
        return [replace(m, acted_on_by=()) for m in found.measures if m.is_law]

    assert law(after) == law(before)
    assert (after.listed, after.uncertain) == (before.listed, before.uncertain)
    assert after.is_controlled(COUNTING) == before.is_controlled(COUNTING)
    if before.listed:
        assert after.headline == before.headline


@given(form=forms, on=days, destination=destinations, user=users)
def test_headline_listing_and_counts_agree(form, on, destination, user):
    found = LEDGER.state(*form, on=on, destination=destination, end_user=user)
    assert any(m.counts for m in found.measures) == found.is_controlled(COUNTING)
    assert found.listed or not found.is_controlled(COUNTING)
    practice = {m.instrument for m in found.measures if m.status == "reported"}
    assert found.listed == (found.headline not in {"not_listed", "not_covered", *practice})
    assert all(m.until is None or m.until >= on for m in found.measures)
    assert all(change.date >= on for change in found.next_changes)
    parts = {part.removesuffix("_uncertain") for part in found.headline.split("+")}
    assert bool(parts & {"ban", "licence"}) <= found.is_controlled(COUNTING)


@pytest.mark.parametrize("as_of", sorted(CONTROLS["known_from"].unique()))
def test_the_ledger_of_every_day_on_which_something_was_published_is_valid(as_of):
    known = LEDGER.known(as_of)
    assert filtered(as_of).known(as_of).events == known.events
    assert not [event for event in known.events if event.kind == "practice" and event.ends and event.ends > as_of]
