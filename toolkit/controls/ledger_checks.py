"""Checks of a control ledger beyond the columns of its tables: an error names file, row and remedy."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import polars as pl

from toolkit.controls.events import (
    CERTAINTIES,
    COVERAGES,
    END_USER_WORDS,
    END_USERS,
    EUROPEAN_UNION,
    INSTRUMENTS,
    KINDS,
    PRECISIONS,
    RELATIONS,
    STANDINGS,
)
from toolkit.core.errors import FrameError, did_you_mean
from toolkit.core.messages import message, sentence
from toolkit.core.text import words
from toolkit.core.trade_names import metal_hint

ROW = "row"
HEADER_ROWS = 1
DESTINATIONS = rf"^(all|([A-Z]{{3}}|{EUROPEAN_UNION})(;([A-Z]{{3}}|{EUROPEAN_UNION}))*)$"
ORIGIN = rf"^([A-Z]{{3}}|{EUROPEAN_UNION})$"
EVENTS, SCOPES, ITEMS = "controls.csv", "control_scopes.csv", "control_items.csv"


def numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the row number a person sees in the file: the header is row 1."""
    return frame.with_row_index(ROW, offset=HEADER_ROWS + 1)


def _refuse(file: str, rule: str, bad: pl.DataFrame, what: str, remedy: str, /, **values: Any) -> None:
    """Raises `FrameError` for the rows in `bad`, if there are any; `what` and `remedy` are templates."""
    if bad.is_empty():
        return
    rows = bad[ROW].to_list()
    where = message("row {row:d}", row=rows[0])
    if len(rows) > 1:
        where = message("row {row:d} and {n} more", row=rows[0], n=len(rows) - 1)
    subject = bad["event_id"][0] or message("no id")
    raise FrameError(
        "{file:s}, {where} ({subject}): {what}.",
        hint=sentence(remedy, values),
        details={"file": file, "rule": rule, "count": len(rows), "rows": rows[:10]},
        file=str(file),
        where=where,
        subject=subject,
        what=sentence(what, values),
    )


def _no_source(file: str, frame: pl.DataFrame, column: str) -> None:
    missing = pl.col(column).is_null() | (pl.col(column).str.strip_chars() == "")
    remedy = message("Say where the fact comes from; a fact without a source cannot be shown.")
    _refuse(file, "source", frame.filter(missing), "the column {column:s} is empty", remedy, column=column)


def _in_vocabulary(file: str, frame: pl.DataFrame, column: str, known: Iterable[str]) -> None:
    known = tuple(known)
    bad = frame.filter(pl.col(column).is_not_null() & ~pl.col(column).is_in(known))
    if not bad.is_empty():
        word = bad[column][0]
        _refuse(file, column, bad, "{column:s} {word!r:s} is not known", did_you_mean(word, known), column=column, word=word)


def check_events(frame: pl.DataFrame, file: str = EVENTS) -> None:
    """Check ids, sources, vocabulary and the order of dates of the `controls` table.

    Raises:
        FrameError: for the first rule that is broken, with the rows that break it.
    """
    events = numbered(frame)
    twice = events.filter(pl.col("event_id").is_duplicated())
    _refuse(file, "unique_id", twice, "the id is used by more than one event", "Give every event its own event_id.")
    for column in ("source", "citation"):
        _no_source(file, events, column)
    for column, known in (
        ("kind", KINDS),
        ("standing", STANDINGS),
        ("announced_precision", PRECISIONS),
        ("coverage", COVERAGES),
        ("relation", RELATIONS),
        ("end_user", ("all", *END_USERS, *END_USER_WORDS)),
    ):
        _in_vocabulary(file, events, column, known)
    _in_vocabulary(file, events.filter(pl.col("kind") == "control"), "instrument", INSTRUMENTS)
    # Policy may speak of blocs; what stops goods at a border must match the country of a buyer.
    goods = events.filter(pl.col("kind").is_in(["control", "practice"]))
    lost = goods.filter(~pl.col("destination").str.contains(DESTINATIONS))
    remedy = message("Write 'all', or ISO 3166 alpha-3 codes (or EU) with ';' between them.")
    _refuse(file, "destination", lost, "its destination would match no buyer", remedy)
    nowhere = goods.filter(pl.col("origin").is_null() | ~pl.col("origin").str.contains(ORIGIN))
    _refuse(file, "origin", nowhere, "its origin is no jurisdiction", "Write ISO 3166 alpha-3, or EU for the European Union.")
    backwards = events.filter(pl.col("ends") < pl.col("effective"))
    if not backwards.is_empty():
        _refuse(
            file,
            "ends_after_effect",
            backwards,
            "it ends on {ends:%Y-%m-%d}, before it takes effect on {effective:%Y-%m-%d}",
            "Correct one of the two dates; ends is the last day, inclusive.",
            ends=backwards["ends"][0],
            effective=backwards["effective"][0],
        )
    early = events.filter(pl.col("known_from") < pl.col("announced"))
    _refuse(
        file, "known_after_announced", early, "it is known before it was announced", "Set known_from to announced or later."
    )
    loose = events.filter(pl.col("acts_on").is_null() != pl.col("relation").is_null())
    _refuse(file, "relation", loose, "acts_on and relation go together", "Fill both columns or neither.")
    needs = events.filter((pl.col("coverage") == "acts_on") & pl.col("acts_on").is_null())
    _refuse(file, "coverage", needs, "it covers what it acts on, but acts on nothing", "Fill acts_on, or change coverage.")
    _check_references(events, file)


def _check_references(events: pl.DataFrame, file: str) -> None:
    """Check that `acts_on` names events that exist, were known by then, and do not act on the event themselves."""
    acts = {row["event_id"]: words(row["acts_on"]) for row in events.iter_rows(named=True)}
    known = dict(zip(events["event_id"], events["known_from"], strict=True))

    def rows(ids: Collection[str]) -> pl.DataFrame:
        return events.filter(pl.col("event_id").is_in(list(ids)))

    for event_id, targets in acts.items():
        for target in targets:
            if target not in acts:
                remedy = did_you_mean(target, acts) or message("Add the event, or remove the reference.")
                _refuse(
                    file,
                    "acts_on",
                    rows([event_id]),
                    message("it acts on {target!r:s}, which is not in the ledger", target=target),
                    remedy,
                )
            elif known[target] > known[event_id]:
                what = message(
                    "it acts on {target:s}, which became known only on {known:%Y-%m-%d}", target=target, known=known[target]
                )
                _refuse(file, "acts_on", rows([event_id]), what, "Correct known_from of one of the two.")
    circle = _circle(acts)
    if circle:
        what = message("acts_on runs in a circle: {circle:s}", circle=" > ".join(circle))
        _refuse(file, "acyclic", rows(circle), what, "Remove one of these references: an event acts on earlier ones only.")


def _circle(acts: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """One circle of references, first id repeated at the end; empty when there is none."""
    done: set[str] = set()

    def walk(event_id: str, path: tuple[str, ...]) -> tuple[str, ...]:
        if event_id in path:
            return (*path[path.index(event_id) :], event_id)
        if event_id in done:
            return ()
        found = next((c for target in acts[event_id] if (c := walk(target, (*path, event_id)))), ())
        done.add(event_id)
        return found

    return next((circle for event_id in acts if (circle := walk(event_id, ()))), ())


def mentioned(events: pl.DataFrame) -> frozenset[str]:
    """Metals and groups in the `metals` column of the events, without what stands in brackets behind them."""
    return frozenset(name.split(" (")[0] for text in events["metals"] for name in words(text))


def check_scopes(frame: pl.DataFrame, events: pl.DataFrame, assets: Collection[str] = (), file: str = SCOPES) -> None:
    """Check metals, events, certainty and sources of the `control_scopes` table.

    A metal is known when it is in `assets`, or an event mentions it or the group that the row gives.

    Args:
        frame: The table `control_scopes`.
        events: The table `control_events`.
        assets: Further known asset keys.
        file: Name of the file, for messages.

    Raises:
        FrameError: for the first rule that is broken, with the rows that break it.
    """
    scopes = numbered(frame)
    _no_source(file, scopes, "source")
    _in_vocabulary(file, scopes, "certainty", CERTAINTIES)
    _in_vocabulary(file, scopes, "event_id", events["event_id"])
    twice = scopes.filter(pl.struct("event_id", "asset", "form").is_duplicated())
    _refuse(file, "unique_scope", twice, "the same event, metal and form occur twice", "Remove one of the rows.")
    known = sorted(mentioned(events) | set(assets))
    affirmed = scopes.filter(pl.col("certainty") != "not_named")
    unknown = affirmed.filter(~pl.col("asset").is_in(known) & ~pl.col("group").is_in(known).fill_null(value=False))
    if not unknown.is_empty():
        metal = unknown["asset"][0]
        _refuse(file, "asset", unknown, "unknown metal {metal!r:s}", metal_hint(metal, known), metal=metal)
    listing = events.filter(pl.col("coverage") == "listed")["event_id"]
    stray = affirmed.filter(~pl.col("event_id").is_in(listing.implode()))
    remedy = message("Set coverage of the event to 'listed', or remove the row.")
    _refuse(file, "coverage", stray, "it gives a form to an event whose coverage is not 'listed'", remedy)
    named = affirmed["event_id"].implode()
    empty = numbered(events).filter(pl.col("event_id").is_in(listing.implode()) & ~pl.col("event_id").is_in(named))
    what = message("its coverage is 'listed', but no row of the scopes gives a form")
    _refuse(EVENTS, "coverage", empty, what, "Add its forms to the scopes: controls name forms, not elements.")


def check_items(frame: pl.DataFrame, events: pl.DataFrame, file: str = ITEMS) -> None:
    """Check events, sources and uniqueness of the `control_items` table.

    Args:
        frame: The table `control_items`.
        events: The table `control_events`.
        file: Name of the file, for messages.

    Raises:
        FrameError: for the first rule that is broken, with the rows that break it.
    """
    items = numbered(frame)
    _no_source(file, items, "source")
    _in_vocabulary(file, items, "event_id", events["event_id"])
    twice = items.filter(pl.struct("notice", "item").is_duplicated())
    _refuse(file, "unique_item", twice, "the notice lists the item twice", "Remove one of the rows.")
