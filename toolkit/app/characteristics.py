"""Characteristics of supply as known when each period began, and their returns."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from toolkit.app.assumptions import companion_scale
from toolkit.app.controls.own_events import ledger_of, products_of
from toolkit.controls.chronology import DAY
from toolkit.core.assets import Asset, Universe
from toolkit.core.errors import GapError
from toolkit.market.market import Snapshot
from toolkit.returns.observed_returns import Returns
from toolkit.risk_model.characteristics import Exposures
from toolkit.risk_model.supply_characteristics import NAMES, supply_characteristics

METAL = "metal"
TRADED_FORMS = {"graphite_flake": "natural flake"}
"""Form, in the words of the notices, of the priced materials that are no products; the others are refined metal."""


def compared(snapshot: Snapshot, series: tuple[str, ...]) -> Universe:
    """The assets among `series` that have characteristics of supply, sorted.

    Products, and base metals and materials of which production shares are known. Energy has no characteristic here, and an
    intermediate such as ammonium paratungstate is the same metal again.
    """
    products = {asset.key: asset for asset in products_of(snapshot)}
    others = {
        key: Asset(key=key, name=key, form=TRADED_FORMS.get(key, METAL)) for key in snapshot["shares"]["asset"].unique().sort()
    }
    known = others | products
    return Universe(tuple(known[key] for key in sorted(series) if key in known))


def period_starts(dates: tuple[date, ...]) -> tuple[date, ...]:
    """The day on which each period began: the end of the month before, or the trading day before.

    Args:
        dates: Last dates of the periods, ascending. They are months if each is the last day of one.
    """
    if all((day + DAY).day == 1 for day in dates):
        return tuple(day.replace(day=1) - DAY for day in dates)
    return (dates[0] - DAY, *dates[:-1])


def supply_exposures(snapshot: Snapshot, changes: Returns, *, destination: str) -> Exposures:
    """Control pressure, N-1, import drop and companion share of every compared asset when each period began.

    Each is what could be known on that day: by `known_from`, whatever the day of the snapshot.

    Args:
        snapshot: The market as known today.
        changes: The periods and the series; only their dates and names are read.
        destination: ISO-3 code of the buyer's country. Its imports are used; where they are not among the flows,
            those of the reporter with the most rows.

    Raises:
        GapError: when no series can be compared.
    """
    universe = compared(snapshot, changes.series)
    if not len(universe):
        raise GapError(
            "no price series is of a metal whose supply is known: there is nothing to compare.",
            hint="Name the columns of the price file by metal (gallium, copper).",
        )
    currency = dict(snapshot["prices"].unique("asset").select("asset", "currency").iter_rows())
    starts = period_starts(changes.dates)
    frame = supply_characteristics(
        universe,
        starts,
        ledger=ledger_of(snapshot, universe),
        shares=snapshot["shares"],
        flows=snapshot["flows"],
        metals=snapshot["metals"],
        scale=companion_scale(snapshot),
        destination=destination,
        reporter=_reporter(snapshot["flows"], destination),
    )
    # The frame is a full grid, sorted by date, asset and name.
    cube = frame["value"].fill_null(float("nan")).to_numpy().reshape(len(starts), len(universe), len(NAMES))
    values = cube[:, :, [sorted(NAMES).index(name) for name in NAMES]]
    return Exposures(starts, universe.keys, NAMES, np.asarray(values), tuple(currency[key] for key in universe.keys))


def _reporter(flows: pl.DataFrame, destination: str) -> str:
    """ISO-3 code of the country whose imports are used."""
    counts = flows["reporter"].value_counts().sort("count", "reporter", descending=[True, False])
    return destination if destination in counts["reporter"] or counts.is_empty() else counts["reporter"][0]
