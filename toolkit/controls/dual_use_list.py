"""What China's list of dual-use items adds to the ledger: forms that no notice names, read from a compilation.

A row of the list adds nothing where a notice names its item: it finds gaps and overrules no row that was checked. What it adds
needs a licence by the act that issued the list. A threshold beyond what a lot states leaves a form uncertain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from toolkit.controls.events import Event, Scope
from toolkit.core.messages import message
from toolkit.core.text import words
from toolkit.core.trade_names import COMPOUNDS

LIST = "EV112"
"""Id of the act that issued the list, No. 51 of 2024."""
FORMS: Mapping[str, str] = {
    "metal": "metal", "powder": "metal powder", "alloy": "alloy", "oxide": "oxide", "compound": "compound", "ore": "ore",
    "magnet": "magnet", "target": "target", "wafer": "substrate",
}  # fmt: skip
"""Form in the words of the list -> form of goods that a lot can be; articles, equipment and technology are none."""
Row = Mapping[str, Any]


def goods(form: str) -> tuple[str, ...]:
    """The forms of goods that a form of the list means: powder of a compound is no metal powder."""
    first, *others = form.split("/")
    return tuple(FORMS[one] for one in ((first, *others) if first == "metal" else (first,)) if one in FORMS)


def added(listed: pl.DataFrame, items: pl.DataFrame | None, scopes: Iterable[Scope]) -> tuple[Row, ...]:
    """The rows of the list whose item no notice of the ledger names: by its control code, or by metal and form.

    Args:
        listed: Table `dual_use_list`.
        items: Table `control_items`; None takes no code as named.
        scopes: Forms that events name.
    """
    own = pl.DataFrame(schema={"event_id": pl.String, "control_code": pl.String}) if items is None else items
    of_notices = own.filter(pl.col("event_id") != LIST)
    codes = {code for text in of_notices["control_code"].drop_nulls() for code in words(text)}
    uncoded = {*of_notices["event_id"]} - {*of_notices.filter(pl.col("control_code").is_not_null())["event_id"]}
    named = {(s.asset, s.form) for s in scopes if s.event_id in uncoded and s.certainty != "not_named"}

    def is_new(row: Row) -> bool:
        forms = goods(row["form"])
        by_code = any(row["control_code"].startswith(code) for code in codes)
        return not (by_code or row["secondary"] or (forms and all((row["asset"], form) in named for form in forms)))

    return tuple(row for row in listed.sort("control_code", "number", "item").iter_rows(named=True) if is_new(row))


def scopes_added(rows: Sequence[Row], scopes: Collection[Scope], events: Iterable[Event]) -> tuple[Scope, ...]:
    """A scope for each metal and form of goods that rows of the list name and no dual-use licence of the ledger does.

    Args:
        rows: As `added` has them.
        scopes: Forms that events name.
        events: Of the ledger.
    """
    licences = {event.event_id for event in events if event.lists_dual_use and event.origin == "CHN"}
    if LIST not in licences:
        return ()
    named = {(s.asset, s.form) for s in scopes if s.event_id in licences and s.certainty != "not_named"}
    followed = {s.asset for s in scopes}
    found: dict[tuple[str, str, date], list[Row]] = {}
    for row in rows:
        for form in goods(row["form"]):
            own = {kind for asset, kind in named if asset == row["asset"]}
            vague = form == "compound" and COMPOUNDS & own  # which of its compounds is asked for by name
            if row["asset"] in followed and (row["asset"], form) not in named and not vague:
                found.setdefault((row["asset"], form, row["known_from"]), []).append(row)
    return tuple(
        _scope(asset, form, known, same) for (asset, form, known), same in sorted(found.items(), key=lambda one: one[0])
    )


def _scope(asset: str, form: str, known_from: date, rows: Sequence[Row]) -> Scope:
    open_ended = form == "compound" or all(row["thresholds"] for row in rows)
    items = tuple(dict.fromkeys(f"{row['number']} ({row['control_code']})" for row in rows))
    return Scope(
        event_id=LIST,
        asset=asset,
        form=form,
        group=None,
        purity_min=None,
        piece_mm_min=None,
        piece_kg_min=None,
        certainty="uncertain" if open_ended else "named",
        aliases=(),
        note=message(
            "Named by items {items:and} of the licence catalogue of 2026, read from a compilation: look them up in the "
            "official text; whether this piece is meant is not settled here.",
            items=items,
        ),
        source=rows[0]["source"],
        known_from=known_from,
    )
