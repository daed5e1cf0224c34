"""A small sweep on prices of a file, for tests."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import toolkit as tk
from toolkit.app.allocation.request import Request
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.prices import PriceFiles
from toolkit.app.sweeps.run import SweepRequest
from toolkit.app.sweeps.tasks import SweepTask, TaskData, contents
from toolkit.app.versions import versions

KEYS = ("GLD", "SLV", "CPER")
AS_OF = date(2023, 12, 31)


def price_file(folder: Path) -> Path:
    """Month ends of three years."""
    dates = pl.date_range(date(2021, 1, 31), AS_OF, "1mo", eager=True).dt.month_end()
    rng = np.random.default_rng(3)
    paths = np.round(100 * np.exp(rng.normal(0.004, 0.05, (len(dates), len(KEYS))).cumsum(axis=0)), 6)
    file = folder / "prices.csv"
    pl.DataFrame({"date": dates, **dict(zip(KEYS, paths.T, strict=True))}).write_csv(file)
    return file


def strategy(most: float = 0.6) -> tk.Strategy:
    """Least risk with an upper bound."""
    forecast = tk.ForecastSpec(covariance=tk.SampleCovariance())
    return tk.Strategy(objective=tk.MinRisk(), forecast=forecast, constraints=[tk.Bounds(upper=most)])


def tasks(folder: Path, *most: float) -> list[SweepTask]:
    """One for each upper bound, all on the same file."""
    settings, prices = resolve({}, file=None), PriceFiles((str(price_file(folder)),), "EUR", only=True)
    data = TaskData(settings, AS_OF, AS_OF, prices, contents(settings, prices))
    return [SweepTask(data, strategy(one), date(2023, 6, 30), None, False, 0, versions()) for one in most]


def request(folder: Path, store: Path, *, of: Any = None, **more: Any) -> SweepRequest:
    """A sweep over starts, of least risk or of a strategy that is named."""
    prices = PriceFiles((str(price_file(folder)),), "EUR", only=True)
    asked = Request(of or strategy(), Context(resolve({}, file=None), AS_OF, None, AS_OF), prices=prices)
    return SweepRequest(asked, store, **more)
