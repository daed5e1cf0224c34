"""What is used of a metal, what can be ordered of it, and applications for licences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from toolkit.core.forecast import FloatArray

DAYS_OF: Mapping[str, float] = {"week": 7.0, "month": 365.25 / 12, "quarter": 365.25 / 4, "year": 365.25}
"""Period -> days; a need of ``once`` is of its first day alone."""


@dataclass(frozen=True, slots=True)
class Need:
    """A row of needs.

    Attributes:
        row: In its file.
        asset: Key of the metal.
        form: That can be used; other forms cannot.
        purity: That is needed at least, as written; None for any.
        site: Where it is used, as written.
        country: Of the site, ISO-3.
        kg: Contained metal in a period.
        period: A key of `DAYS_OF`, or ``once``.
        start: First day; None for tomorrow.
        until: Last day; None for no end.
        safety: Weeks of use that shall be there.
        missing_cost: Money that a month without the metal costs; None where that is not told.
        currency: Of it.
    """

    row: int
    asset: str
    form: str
    purity: str | None
    site: str
    country: str
    kg: float
    period: str = "month"
    start: date | None = None
    until: date | None = None
    safety: float = 0.0
    missing_cost: float | None = None
    currency: str | None = None

    @property
    def good(self) -> tuple[str, str, str | None, str]:
        """What rows of one need have in common: metal, form, purity and site."""
        return self.asset, self.form, self.purity, self.site

    @property
    def kg_a_month(self) -> float:
        """What a month of use takes, kg; of a need of once all of it."""
        return self.kg * (1.0 if self.period == "once" else DAYS_OF["month"] / DAYS_OF[self.period])

    @property
    def last(self) -> date | None:
        """Its last day; None for no end."""
        return self.start if self.period == "once" else self.until

    def overlaps(self, other: Need) -> bool:
        """Whether both tell how much of the same is used on some day: one of them is too many, or they add up."""
        if self.good != other.good or "once" in (self.period, other.period):
            return False
        first, last = max(self.start or date.min, other.start or date.min), min(self.until or date.max, other.until or date.max)
        return first <= last

    def daily(self, today: date, horizon: int) -> FloatArray:
        """(horizon,) kg on each day after today; what was needed before is not made up for."""
        found = np.zeros(horizon)
        first = max((self.start - today).days if self.start else 1, 1)
        if self.period == "once":
            if self.start is not None and 1 <= (self.start - today).days <= horizon:
                found[first - 1] = self.kg
            return found
        last = min((self.until - today).days if self.until else horizon, horizon)
        found[first - 1 : max(last, 0)] = self.kg / DAYS_OF[self.period]
        return found


@dataclass(frozen=True, slots=True)
class Quote:
    """An offer of a supplier.

    Attributes:
        row: In its file.
        key: Its name, by which it is cited.
        asset: Key of the metal.
        form: Form that is offered.
        purity: As written; None where it says none.
        price: Of a kg of the good, in `currency`.
        currency: Of `price` and `freight`.
        origin: Country that the metal comes from, ISO-3 or ``unknown``.
        lead: Days from the order to the arrival, without those of a licence.
        least, most: kg of the good at this price; None for no limit.
        lot: kg of the good in which it is sold.
        freight: Of a kg, to the site; None where it is not told.
        duty: Fraction of the price.
        terms: Of delivery, as written.
        valid_until: Last day; None where it says none.
        counterparty: Who offers it.
        refusal: Who bears a refused licence: ``buyer`` or ``seller``; None where that is not told.
    """

    row: int
    key: str
    asset: str
    form: str
    purity: str | None
    price: float
    currency: str
    origin: str
    lead: float
    least: float | None = None
    most: float | None = None
    lot: float = 1.0
    freight: float | None = None
    duty: float = 0.0
    terms: str | None = None
    valid_until: date | None = None
    counterparty: str | None = None
    refusal: Literal["buyer", "seller"] | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """An application for an export licence, and what was agreed of the order.

    Attributes:
        row: In its file.
        lot_id: Of the order that it is for; None for one of the past.
        filed: Its day; None where it is not filed yet.
        outcome: What became of it.
        decided: Day of the decision; None while it waits, or where that is not told.
        papers: Which it has, or ``all``; None where that is not told.
        refusal: Who bears a refused licence; None where that is not told.
        price_basis: What the price follows, as written.
    """

    row: int
    lot_id: str | None
    filed: date | None
    outcome: Literal["approved", "refused", "pending", "not_filed"]
    decided: date | None = None
    papers: frozenset[str] | None = None
    refusal: Literal["buyer", "seller"] | None = None
    price_basis: str | None = None

    @property
    def days(self) -> float | None:
        """From the application to its approval."""
        known = self.outcome == "approved" and self.decided is not None and self.filed is not None
        return float((self.decided - self.filed).days) if known and self.decided and self.filed else None
