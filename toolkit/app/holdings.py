"""What is held today: lots in a file of the user, or the positions of a stored run."""

from __future__ import annotations

import glob
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from toolkit.app.inputs import Inputs
from toolkit.app.lots import instruments_of, read_lots
from toolkit.app.origins import UNKNOWN_ORIGIN, key_of_lot
from toolkit.app.request import Request
from toolkit.app.runs import RECORD, read_stored, stored_runs
from toolkit.core.errors import GapError, SpecError
from toolkit.core.said import said
from toolkit.factors.forecast import FloatArray
from toolkit.strategy.model import Strategy

LAST = "last"


def held_today(
    request: Request, strategy: Strategy, inputs: Inputs, prices: FloatArray
) -> tuple[FloatArray, float, tuple[str, ...]]:
    """Units held today, (n,), the budget, and notes.

    Raises:
        SpecError: when the holdings are worth more than the budget that was asked for, or there is no such run.
        GapError: when they list what the strategy cannot hold.
    """
    universe, budget = inputs.universe, request.settings.config.owner.budget
    if request.holdings is None:
        return np.zeros(len(universe)), budget, ()
    run = _stored_run(request, strategy)
    mass, notes = _of_lots(request.holdings, inputs) if run is None else _of_run(run)
    outside = sorted(set(mass) - set(universe.keys))
    if outside:
        raise GapError(
            f"the holdings list {', '.join(outside)}, which the strategy cannot hold or which has no price.",
            hint="Take them out of the file, or use a strategy whose universe has them.",
            details={"assets": outside},
        )
    held = np.array([mass.get(key, 0.0) for key in universe.keys])
    worth = float(held @ prices)
    if worth > budget:
        if request.budget_given:
            raise SpecError(
                f"the holdings are worth {worth:,.0f}, more than the budget of {budget:,.0f}.", hint="Raise --budget."
            )
        budget = float(np.ceil(worth))
    return held, budget, notes


def _of_lots(file: str, inputs: Inputs) -> tuple[dict[str, float], tuple[str, ...]]:
    """Units by asset: stored and travelling lots count, orders and plans do not.

    Raises:
        GapError: for a lot in a form that is not the traded one: it is another good, at another price.
    """
    listed = instruments_of(inputs.prices.filter(pl.col("asset").is_in(inputs.own)), inputs.ledger)
    holdings = read_lots(file, inputs.ledger, inputs.products, inputs.snapshot.as_of, instruments=listed)
    owned = holdings.frame.filter(pl.col("status").is_in(["stored", "in_transit"]))
    traded = {(asset.key, asset.form) for asset in inputs.products}
    other = [
        f"{row['lot_id']} ({row['asset']} {row['form']})"
        for row in owned.iter_rows(named=True)
        if row["form"] is not None and (row["asset"], row["form"]) not in traded
    ]
    if other:
        raise GapError(
            f"{holdings.name}: no price is known for the form of {', '.join(other)}.",
            hint="Take these lots out of the file: only the traded form of a metal can be weighed.",
            details={"lots": other},
        )
    mass: dict[str, float] = {}
    guessed: set[tuple[str, str]] = set()
    for asset, origin, kg in (
        owned.group_by("asset", "origin_country", maintain_order=True).agg(pl.coalesce("mass", "quantity").sum()).iter_rows()
    ):
        key = key_of_lot(inputs.universe, asset, origin)
        mass[key] = mass.get(key, 0.0) + kg
        if key != asset and origin == UNKNOWN_ORIGIN:
            guessed.add((asset, key))
    return mass, holdings.notes + tuple(
        said("Lots of {asset} of unknown origin count as {offer}.", asset=asset, offer=key) for asset, key in sorted(guessed)
    )


def _of_run(run: Mapping[str, Any]) -> tuple[dict[str, float], tuple[str, ...]]:
    """Units by asset as a stored run proposed them."""
    units = {row["asset"]: float(row["quantity"]) for row in run["positions"] if row["quantity"]}
    return units, (said("Held today is what run {run} proposed, as if it had been bought.", run=run["run_id"]),)


def _stored_run(request: Request, strategy: Strategy) -> Mapping[str, Any] | None:
    """The run that the holdings name; None where they name a file.

    Raises:
        SpecError: for the last run where there is none of this strategy up to the day that is asked about.
    """
    named = request.holdings or ""
    runs = Path(request.settings.config.output.folder) / "runs"
    if named != LAST:
        file = runs / named / RECORD
        if Path(named).exists() or named == "-" or not file.is_file():
            return None
        run = read_stored(runs / named) or {}
        if "positions" not in run:
            raise SpecError(f"run {named!r} has no answer, so nothing is held by it.", hint="Name another run, or a file.")
        return run
    for folder in reversed(stored_runs(runs, f"*-{glob.escape(strategy.name)}-*")):
        run = read_stored(folder) or {}
        if "positions" in run and run["strategy"]["name"] == strategy.name and run["as_of"] <= request.as_of.isoformat():
            return run
    raise SpecError(
        f"no run of {strategy.name!r} up to {request.as_of} is stored in {runs}.",
        hint="Give --holdings FILE, or run the strategy once without it.",
    )
