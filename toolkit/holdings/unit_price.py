"""Price of one kg of a product in its traded form, and a quotation of the same form in Europe beside it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass

from toolkit.controls.purity import grades_apart
from toolkit.core.messages import message
from toolkit.core.remarks import Remark
from toolkit.returns.quotes import BUNDLED

STALE_PRICE_DAYS = 62
"""A price older than this is warned of: two months, so that a monthly one is still awaited."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """A price of the same form in Europe on one day, which belongs to no series; money is for one kg.

    Attributes:
        low, high: In the reporting currency, equal where one price was quoted.
        multiple: Their middle over the price that is used.
        told: Both prices, which is used and why, in a sentence; empty where they are nearly the same.
        date: Day of the quotation.
        basis: Basis of the price.
        source: Key of the source.
    """

    low: float
    high: float
    date: dt.date
    basis: str
    source: str
    multiple: float
    told: str

    def remark(self, asset: str) -> tuple[Remark, ...]:
        """The remark on a holding or order of `asset`, where the prices differ."""
        remedy = message("Ask a dealer for a price, and bring it with --prices.")
        return (Remark("data", self.told, remedy, (asset,)),) if self.told else ()


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """The price of one kg of a product in its traded form.

    Attributes:
        price: In the reporting currency.
        standard_error: Of `price` on its date; 0 where it is taken as it is.
        price_today_se: Of `price` as that of today (`toolkit.returns.price_errors`): two outcomes of three lie within it.
        price_today_low, price_today_high: Between which 95 % of prices of today would lie.
        kind: ``filtered`` (level behind noisy prints), ``last_print``, ``annual_average`` or ``quote`` (own price of a day).
        date: The day that the last print, or the year of the average, ends.
        basis: Price basis, or the name of the annual series.
        purity: That it is for, as stated; None where none is, or any.
        place: Where it is paid, ISO-3 or ``Europe``; None where its source does not say.
        status: How an annual average was looked up; empty for others.
        in_europe: What was quoted there, for an annual average of elsewhere; None where nothing was.
        price_from: Whose it is, in the words of `toolkit.returns.quotes`.
        quoted: The price before conversion, in `quoted_currency`.
        asset: Key of the product.
        form: Traded form.
        quoted_currency: Currency of `quoted`.
        rate_date: Day of the exchange rate.
        source: Key of the source.
    """

    asset: str
    form: str
    price: float
    standard_error: float
    price_today_se: float
    price_today_low: float
    price_today_high: float
    kind: str
    date: dt.date
    basis: str
    quoted: float
    quoted_currency: str
    rate_date: dt.date | None
    source: str
    purity: str | None = None
    place: str | None = None
    status: str = ""
    in_europe: Quotation | None = None
    price_from: str = BUNDLED


@dataclass(frozen=True, slots=True)
class LotPrice:
    """The price of one kg of a lot: that of its form in the nearest grade.

    Attributes:
        price: Of that grade.
        nines: By which the lot is purer than what the price is for, negative where it is less pure; 0 in one grade.
    """

    price: UnitPrice
    nines: int

    def standard_error(self, grade_step: float) -> float:
        """Standard error as the price of today in the reporting currency, with that of another grade.

        Args:
            grade_step: Standard deviation of the logarithm of the price of a grade over that of one with a nine less.
        """
        return math.hypot(self.price.price_today_se, self.price.price * grade_step * self.nines)


def lot_price(prices: Iterable[UnitPrice], asset: str, form: str, purity: str | None) -> LotPrice | None:
    """The price of a lot, None where its form has none; of two grades as near, the first of `prices`.

    Args:
        prices: Of products, and of the forms and grades that the user has prices of.
        asset: Key of the metal.
        form: Of the lot.
        purity: Of the lot, as stated; one that is not stated is that of the first price.
    """
    found = (LotPrice(one, grades_apart(one.purity, purity)) for one in prices if (one.asset, one.form) == (asset, form))
    return min(found, key=lambda one: abs(one.nines), default=None)
