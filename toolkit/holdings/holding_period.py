"""Holding period after which a sale is free of income tax, by law or by the owner; and the order in which lots are sold."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from toolkit.core.messages import Message, message


@dataclass(frozen=True, slots=True)
class HoldingRule:
    """A period after which a sale is free of tax.

    Attributes:
        country: ISO-3 code of the country whose law it is; None for a period that the owner sets.
        years: The sale is free once more than this lies between purchase and sale; with 0 it is free from the first day.
        law: What the law says, with its source and the day of that; None for a period that the owner sets.
        has_limit: Whether gains of a year below an amount are free, too, and the amount is in the data (``tax_exemption``).
    """

    country: str | None
    years: int
    law: Message | None = None
    has_limit: bool = False

    def note(self, exemption: float | None) -> Message:
        """The rule with its legal basis and what of it was checked.

        Args:
            exemption: EUR below which the gains of a year stay free, all or nothing; None where no limit was known.
        """
        if self.law is None:
            return message(
                "A sale counts as tax-free once more than {years} years lie between purchase and sale, as owner.tax_free_after "
                "says; the law was not looked up. Not advice.",
                years=self.years,
            )
        if not self.has_limit:
            return message("{law} Not advice.", law=self.law)
        if exemption is None:
            return message(
                "{law} A limit below which the gains of a year stay free is not known to this data. Not advice.", law=self.law
            )
        return message(
            "{law} Gains stay free, too, where all of the year stay below {exemption:,.0f} EUR, all or nothing (a limit not "
            "checked against the text). Not advice.",
            law=self.law,
            exemption=exemption,
        )

    def free_from(self, bought: date) -> date:
        """The first day on which a sale is free: that of the purchase, where no period is asked for.

        A period of years ends on the day of the same number, or with the month that lacks it; the sale must come later.
        """
        if not self.years:
            return bought
        year = bought.year + self.years
        last = min(bought.day, calendar.monthrange(year, bought.month)[1])
        return date(year, bought.month, last) + timedelta(days=1)


RULES: Mapping[str, HoldingRule] = MappingProxyType(
    {
        "DEU": HoldingRule(
            "DEU",
            1,
            message(
                "German income tax on private disposals (Sec. 23 para 1 no. 2 EStG): a sale is tax-free once more than one "
                "year lies between purchase and sale; before that a gain is taxed. The period is ten years where the metal "
                "earned income."
            ),
            has_limit=True,
        ),
        "AUT": HoldingRule(
            "AUT",
            1,
            message(
                "Austrian income tax on speculative transactions (Sec. 31 EStG 1988 as of BGBl. I 22/2012; income tax "
                "guidelines of the Ministry of Finance, margin nos. 6751 to 6754, 31 March 2023): a private sale of metal is "
                "tax-free once more than one year lies between the contracts of purchase and sale; before that a gain is "
                "taxed, unless all such gains of the year are at most 440 EUR. A loss counts against such gains of the year "
                "alone."
            ),
        ),
        "CHE": HoldingRule(
            "CHE",
            0,
            message(
                "Swiss direct federal tax (Art. 16 para 3 DBG, SR 642.11, read in secondary sources): gains on private assets "
                "are free from the first day, and losses do not count. Who trades as a business is taxed (Art. 18 DBG), by all "
                "circumstances of the case."
            ),
        ),
    }
)
"""Of private persons, by country; for a country without an entry no period is bundled, which is not the same as no tax."""
WITHOUT_PERIOD: Mapping[str, Message] = MappingProxyType(
    {
        "USA": message(
            "US federal income tax: no period frees a gain. Any metal is a collectible (Sec. 408(m) IRC, read in secondary "
            "sources): the gain of more than one year is taxed at 28 % at most, one of a shorter time as other income. No tax "
            "is computed by this rule."
        ),
        "GBR": message(
            "UK capital gains tax: no period frees a gain. A personal possession that is sold for at most 6,000 GBP is not "
            "charged, nor one with a limited life (HMRC helpsheet HS293, 6 April 2024). Whether metal of which pieces are not "
            "told apart is pooled and matched as securities are (purchases of the same day, of the 30 days after it, then a "
            "pool) was not looked up, so that no order of lots is taken for the rule, and no tax is computed by it."
        ),
    }
)
"""What is known of countries whose law names no period, or asks for more than lots say."""
PRIVATE = "private"
"""The kind of owner whose sales are private; gains of a company or a trust are not, whenever they are made."""


def holding_rule(country: str, kind: str, years: int | None = None) -> HoldingRule | None:
    """The period of an owner; None where no rule is known.

    Args:
        country: ISO-3 code of the owner's country.
        kind: private, company or trust.
        years: The period that the owner sets, in place of any by law.
    """
    if years is not None:
        return HoldingRule(None, years)
    return RULES.get(country) if kind == PRIVATE else None


def tax_law(country: str, kind: str) -> Message | None:
    """What the law of a country says of private sales, with its source; None where none is bundled, and for other owners.

    Args:
        country: ISO-3 code of the owner's country.
        kind: private, company or trust.
    """
    rule = holding_rule(country, kind)
    return rule.law if rule else WITHOUT_PERIOD.get(country) if kind == PRIVATE else None


FIFO, LIFO, HIGHEST_COST, LEAST_TAX, NAMED = "fifo", "lifo", "highest_cost", "least_tax", "named"
"""Orders in which lots are sold: one rule for movements that name no lot, `toolkit sell` and `optimize`."""


@dataclass(frozen=True, slots=True)
class LotOrder:
    """An order of lots.

    Attributes:
        by: ``fifo`` (the oldest first), ``lifo`` (the newest), ``highest_cost``, ``least_tax`` (what is free of tax, then the
            highest cost; the oldest where no rule is known) or ``named`` (those that are named, then the oldest).
        rule: Period after which a sale is free of tax; None where none is known.
        lots: Names of lots, in their order.
    """

    by: str
    rule: HoldingRule | None = None
    lots: tuple[str, ...] = ()

    def rank(self, lot: str, bought: date | None, unit_cost: Any, day: date) -> tuple[Any, ...]:
        """A key by which lots are sorted, the first to be sold first; of equal ones the oldest, then by name.

        Args:
            lot: Its name.
            bought: Day of the purchase; one that is not known is the last.
            unit_cost: Paid for a unit, in one unit and currency; None where it is not known, which is after what is.
            day: Of the sale.
        """
        age, dear = (bought or date.max).toordinal(), (unit_cost is None, -(unit_cost or 0))
        if self.by == HIGHEST_COST:
            return *dear, age, lot
        if self.by == LEAST_TAX and self.rule is not None:
            return bought is None or self.rule.free_from(bought) > day, *dear, age, lot
        if self.by == NAMED and lot in self.lots:
            return -1, self.lots.index(lot)
        return (-age if self.by == LIFO and bought is not None else age), lot
