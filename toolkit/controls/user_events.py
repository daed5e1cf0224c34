"""Events of a user merged into the bundled ledger, and marked as such."""

from __future__ import annotations

import polars as pl

from toolkit.core.text import OWN_MARK
from toolkit.market.market import USER


def merge_user_events(
    events: pl.DataFrame, scopes: pl.DataFrame, own_events: pl.DataFrame, own_scopes: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The tables `controls` and `control_scopes` with a user's rows in them; `ControlLedger.of` checks the result.

    An own event with a bundled id takes its place: that is how a date is overridden. The scopes of such an event stay unless
    own scopes for it are given. An own scope may name a group (``rare_earths``): it is spelled out into the members that the
    bundled scopes give for the group.

    Args:
        events: Table `controls`.
        scopes: Table `control_scopes`.
        own_events: Rows of the same columns as `events`; their `source` is set to ``user`` and their titles are marked.
        own_scopes: Rows of the same columns as `scopes`; their `source` is set to ``user``.
    """
    title = pl.when(pl.col("number") == "none").then(pl.col("authority")).otherwise(pl.coalesce("number", "authority"))
    mine = own_events.with_columns(source=pl.lit(USER), number=title + pl.lit(OWN_MARK)).select(events.columns)
    members = scopes.filter(pl.col("group").is_not_null()).select("group", member="asset").unique()
    spelled = (
        own_scopes.with_columns(source=pl.lit(USER))
        .join(members, left_on="asset", right_on="group", how="left", maintain_order="left_right")
        .with_columns(
            group=pl.when(pl.col("member").is_not_null()).then(pl.col("asset")).otherwise(pl.col("group")),
            asset=pl.coalesce("member", "asset"),
        )
        .select(scopes.columns)
    )
    kept = events.filter(~pl.col("event_id").is_in(mine["event_id"].implode()))
    named = spelled.select("asset", "form").rows()
    everything = [asset for asset, form in named if form == "any"]
    # That no notice names a form is no longer so where an own event does.
    denied = (pl.col("certainty") == "not_named") & (
        pl.col("asset").is_in(everything)
        | pl.concat_str("asset", pl.lit("/"), "form").is_in([f"{asset}/{form}" for asset, form in named])
    )
    kept_scopes = scopes.filter(~pl.col("event_id").is_in(spelled["event_id"].implode()) & ~denied)
    return pl.concat([kept, mine]), pl.concat([kept_scopes, spelled])
