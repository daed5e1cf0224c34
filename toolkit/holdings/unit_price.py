"""Price of one kg of a product in its traded form, and a quotation of the same form in Europe beside it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

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
        standard_error: Of `price`; 0 where it is taken as it is.
        kind: ``filtered`` (level behind noisy prints), ``last_print``, ``annual_average`` or ``quote`` (own price of a day).
        date: The day that the last print, or the year of the average, ends.
        basis: Price basis, or the name of the annual series.
        region: Where it is paid, in the words of `REGIONS`; None where its source does not say.
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
    kind: str
    date: dt.date
    basis: str
    quoted: float
    quoted_currency: str
    rate_date: dt.date | None
    source: str
    region: str | None = None
    status: str = ""
    in_europe: Quotation | None = None
    price_from: str = BUNDLED
