"""Tariff codes and the materials counted under each: one, or several in one total."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from toolkit.core.messages import message, together
from toolkit.core.text import words

SUBHEADING = 6
"""Digits of a subheading of the Harmonized System: the finest that is the same in every country."""


@dataclass(frozen=True, slots=True)
class TariffCode:
    """One subheading: see `toolkit.core.frames.TariffCodes` for the columns."""

    hs_code: str
    title: str
    assets: tuple[str, ...]
    others: tuple[str, ...]
    note: str | None
    citation: str
    source: str

    @property
    def mixed(self) -> bool:
        """Whether more than one material is counted under the code."""
        return len(self.assets) + len(self.others) > 1

    @property
    def caution(self) -> str:
        """The warning that the total is of several materials; empty for a code of one."""
        if not self.mixed:
            return ""
        told = message(
            "HS {code} counts {materials} together: its total cannot show that trade in one of them stops.",
            code=self.hs_code,
            materials=(*self.assets, *self.others),
        )
        return together(told, self.note) if self.note else told


def tariff_codes(table: pl.DataFrame) -> tuple[TariffCode, ...]:
    """The codes of a table with the contract of `toolkit.core.frames.TariffCodes`, sorted."""
    return tuple(
        TariffCode(
            hs_code=row["hs_code"],
            title=row["title"],
            assets=words(row["assets"]),
            others=words(row["others"]),
            note=row["note"],
            citation=row["citation"],
            source=row["source"],
        )
        for row in table.sort("hs_code").iter_rows(named=True)
    )


def tariff_code(codes: Collection[TariffCode], hs_code: str) -> TariffCode | None:
    """The subheading that `hs_code` is or lies under; None when it is not in the table."""
    return next((code for code in codes if code.hs_code == hs_code[:SUBHEADING]), None)


def mixed_code(codes: Collection[TariffCode], hs_code: str) -> TariffCode | None:
    """The code, when it is a subheading of several materials. National lines of more digits are not judged: they are finer."""
    found = tariff_code(codes, hs_code)
    return found if found is not None and found.mixed and len(hs_code) == SUBHEADING else None


def sole_asset(codes: Collection[TariffCode], hs_code: str) -> str | None:
    """The asset that a code counts and nothing else; None otherwise."""
    found = tariff_code(codes, hs_code)
    return found.assets[0] if found is not None and len(found.assets) == 1 and not found.mixed else None
