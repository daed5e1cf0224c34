"""Holding period after which a private sale is free of income tax, where the law of the owner's country has one."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from toolkit.core.messages import Message, message


@dataclass(frozen=True, slots=True)
class HoldingRule:
    """A period after which a private sale is free of tax.

    Attributes:
        country: ISO-3 code of the country whose law it is.
        years: The sale is free once more than this lies between purchase and sale.
    """

    country: str
    years: int

    def note(self, exemption: float | None) -> Message:
        """The rule with its legal basis and what of it was checked.

        Args:
            exemption: EUR below which the gains of a year stay free, all or nothing; None where no limit was known.
        """
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
"""By the owner's country; for a country without an entry no rule is bundled, which is not the same as no tax."""
