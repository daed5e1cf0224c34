"""Exchange rates that movements give themselves, beside those of the day."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date

from toolkit.holdings.movements import Stock

FAR_RATE = 0.1
"""Log points from the rate of the day, from which on an own exchange rate is not used."""


class OwnRates:
    """Exchange rates of movements: their own where they give one, else those of the day.

    Which way round a file writes them, as units of the reporting currency for one of the other or the reverse, is that in which
    all of them together are nearer the rates of their days.

    Args:
        stock: Of the movements.
        rate: Of a currency on a day, None where none is known.
        quote: The reporting currency.
    """

    def __init__(self, stock: Stock, rate: Callable[[str | None, date], float | None], quote: str) -> None:
        bought = [(one.rate, one.currency, one.bought) for one in stock.parts]
        bought += [(one.cost_rate, one.cost_currency, one.bought) for one in stock.left]
        moved = [(one.rate, one.currency, one.date) for one in (*stock.left, *stock.payments, *stock.moneys)]
        given = {one for one in (*bought, *moved) if one[0] is not None and one[1] not in (None, quote)}
        apart = {one: (math.log(own), math.log(of_day)) for one in given if (own := one[0]) and (of_day := rate(*one[1:]))}
        as_is, turned = (sum(abs(sign * own - of_day) for own, of_day in apart.values()) for sign in (1, -1))
        sign = 1 if as_is <= turned else -1
        self.rate = rate
        self.used = {one: math.exp(sign * own) for one, (own, of_day) in apart.items() if abs(sign * own - of_day) <= FAR_RATE}
        self.unused = {one[2] for one in given if one not in self.used}

    def __call__(self, own: float | None, currency: str | None, day: date) -> float | None:
        """The rate of a currency on a day, its own where that is used; None where none is known.

        Args:
            own: As its movement gives it; None for none.
            currency: That is converted.
            day: Of the movement.
        """
        return self.used.get((own, currency, day)) or self.rate(currency, day)
