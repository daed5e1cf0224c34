"""Deliveries under export control: the days that a licence takes, and bans that come before the metal does."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np

from toolkit.holdings.cover import TAIL, LicenceDelay

LICENCE, BAN = ("licence",), ("ban",)
"""Instruments that delay, and that stop, a delivery."""


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Whether and when what is bought arrives.

    Attributes:
        controlled: Asset, day and instruments -> whether one of them is in force on the export of the asset that day.
        delay: Distribution of the days from an order to its arrival.
        drawn: Which of them: the median, the ninth decile, or a draw for each order.
        seed: Of the draws; that of one order does not depend on other orders.
    """

    controlled: Callable[[str, date, tuple[str, ...]], bool]
    delay: LicenceDelay
    drawn: Literal["median", "tail", "drawn"] = "median"
    seed: int = 0

    def arrives(self, asset: str, ordered: date) -> date:
        """The day on which an order arrives unless a ban stops it; the same day where no licence is needed."""
        if not self.controlled(asset, ordered, LICENCE):
            return ordered
        return ordered + timedelta(days=round(self.delay.quantile(self._probability(asset, ordered))))

    def is_banned(self, asset: str, day: date) -> bool:
        """Whether a ban stops deliveries of an asset on a day."""
        return self.controlled(asset, day, BAN)

    def _probability(self, asset: str, ordered: date) -> float:
        if self.drawn == "median":
            return 0.5
        if self.drawn == "tail":
            return TAIL
        draws = np.random.default_rng([self.seed, ordered.toordinal(), zlib.crc32(asset.encode())])
        return float(np.clip(draws.random(), 1e-6, 1 - 1e-6))
