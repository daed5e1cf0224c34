"""Holding period after which a sale is free of income tax: by law for private persons, else as the owner says."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from toolkit.core.messages import Message, message


@dataclass(frozen=True, slots=True)
class HoldingRule:
    """A period after which a sale is free of tax.

    Attributes:
        country: ISO-3 code of the country whose law it is; None for a period that the owner sets.
        years: The sale is free once more than this lies between purchase and sale.
    """

    country: str | None
    years: int

    def note(self, exemption: float | None) -> Message:
        """The rule with its legal basis and what of it was checked.

        Args:
            exemption: EUR below which the gains of a year stay free, all or nothing; None where no limit was known.
        """
        if self.country is None:
            return message(
                "A sale counts as tax-free once more than {years} years lie between purchase and sale, as owner.tax_free_after "
                "says; the law was not looked up. Not advice.",
                years=self.years,
            )
        if exemption is None:
            return message(
                "German income tax on private disposals (Sec. 23 para 1 no. 2 EStG): a sale is tax-free once more than {years} "
                "year lies between purchase and sale. Before that a gain is taxed; a limit below which the gains of a year "
                "stay free is not known to this data. The period is ten years where the metal earned income. Not advice.",
                years=self.years,
            )
        return message(
            "German income tax on private disposals (Sec. 23 para 1 no. 2 EStG): a sale is tax-free once more than {years} "
            "year lies between purchase and sale. Before that a gain is taxed, unless all such gains of the year stay "
            "below {exemption:,.0f} EUR, all or nothing (a limit not checked against the text). The period is ten years where "
            "the metal earned income. Not advice.",
            years=self.years,
            exemption=exemption,
        )

    def free_from(self, bought: date) -> date:
        """The first day on which a sale is free.

        A period of years ends on the day of the same number, or with the month that lacks it; the sale must come later.
        """
        year = bought.year + self.years
        last = min(bought.day, calendar.monthrange(year, bought.month)[1])
        return date(year, bought.month, last) + timedelta(days=1)


RULES: Mapping[str, HoldingRule] = MappingProxyType({"DEU": HoldingRule(country="DEU", years=1)})
"""Of private persons, by country; for a country without an entry no rule is bundled, which is not the same as no tax."""
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
