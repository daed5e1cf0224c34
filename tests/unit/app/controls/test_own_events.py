"""A user's own events over the bundled ones."""

from __future__ import annotations

from datetime import date

import polars as pl

from toolkit.app.controls.own_events import merge_user_events
from toolkit.controls.ledger import ControlLedger
from toolkit.market.market import USER


def amended(tables, own_events, own_scopes):
    events, scopes = merge_user_events(tables["controls"], tables["control_scopes"], own_events, own_scopes)
    return events, ControlLedger.of(events, scopes)


def test_an_official_extension_added_by_the_user_keeps_the_ban_suspended(tables, frames):
    longer = {"event_id": "MY1", "instrument": "suspension", "relation": "extends", "acts_on": "EV063", "coverage": "acts_on"}
    longer |= {"announced": date(2026, 11, 26), "effective": date(2026, 11, 26), "ends": date(2027, 11, 27)}
    events, ledger = amended(tables, *frames(longer, scopes=[]))
    found = ledger.state("gallium", "metal", on=date(2026, 11, 28), destination="USA")
    assert found.headline == "licence+ban_suspended"
    assert next(m for m in found.measures if m.event_id == "EV037b").until == date(2027, 11, 27)
    assert events.filter(source=USER)["event_id"].to_list() == ["MY1"]


def test_an_own_row_overrides_a_date_and_stays_visible_as_own(tables, frames):
    own = tables["controls"].filter(pl.col("event_id") == "EV020").with_columns(effective=pl.lit(date(2023, 9, 1)))
    _, ledger = amended(tables, own, frames({"event_id": "X"}, scopes=[])[1])
    assert not ledger.is_controlled("gallium", "metal", on=date(2023, 8, 31))
    found = ledger.state("gallium", "metal", on=date(2023, 9, 1))
    assert {m.source_id for m in found.measures if m.event_id == "EV020"} == {"user"}


def test_a_group_is_spelled_out_into_the_members_the_data_give(tables, frames):
    own, scopes = frames({"event_id": "MY1"}, scopes=[{"event_id": "MY1", "asset": "rare_earths", "form": "oxide"}])
    _, ledger = amended(tables, own, scopes)
    on = date(2020, 2, 1)
    assert ledger.is_controlled("neodymium", "oxide", on=on)
    assert ledger.is_controlled("yttrium", "oxide", on=on)
    assert not ledger.is_controlled("gallium", "oxide", on=on)
    assert {s.group for s in ledger.scopes if s.event_id == "MY1"} == {"rare_earths"}
