"""Limits on where supply comes from and on what is under export control."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from toolkit.controls.coverage import PARTIAL, POINTER, uncovered_note
from toolkit.core.countries import Country, country_or
from toolkit.core.currencies import Currency
from toolkit.core.errors import DataError, did_you_mean
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import message
from toolkit.core.remarks import Remark
from toolkit.optimize.constraints.base import ConstraintData, DataNeeds, HoldLimited, LinearConstraint, LowerUpperLimited

DEFAULT_INSTRUMENTS = ("licence", "ban")


class CountryExposure(HoldLimited):
    """`lower`, `upper` of the value-weighted share of supply from `country` (`any`: each country by itself).

    A metal is counted at the stage of its form, or at `stage`; what is held of a named origin is supply of that country. The
    unnamed remainder of a statistic is many countries and counts for none; a metal whose shares are not yet known is left out,
    and named.
    """

    kind: Literal["country_exposure"] = "country_exposure"
    country: Annotated[str, country_or("any")] = Field(kw_only=False)
    stage: Literal["extraction", "processing"] | None = None

    @property
    def needs(self) -> DataNeeds:
        """Shares of supply."""
        return DataNeeds(countries=True, stages=() if self.stage is None else (self.stage,))

    def linear(self, data: ConstraintData) -> LinearConstraint | None:
        """One row a country."""
        shares: Mapping[str, FloatArray] = data.countries if self.stage is None else data.stages.get(self.stage, {})
        if not shares and data.unknown_supply:
            return None
        if self.country == "any":
            # A country that could not reach the limit even if everything were held in its worst metal needs no row.
            highest = {country: share.max(initial=0.0) for country, share in shares.items()}
            labels = tuple(c for c in sorted(shares) if self.lower or self.upper is None or highest[c] > self.upper)
            labels = labels or tuple(sorted(shares, key=lambda c: -highest[c])[:1])
        elif self.country in shares:
            labels = (self.country,)
        else:
            hint = did_you_mean(self.country, shares)
            raise DataError(
                "constraint {name!r:s}: no supply of these assets is known from {country}.",
                hint=hint,
                name=self.name,
                country=self.country,
            )
        coefficients = np.array([[*shares[label], 0.0] for label in labels])
        return LinearConstraint.of(labels, coefficients, self.lower, self.upper)

    def notes(self, data: ConstraintData) -> tuple[Remark, ...]:
        """Names the assets that the limit cannot speak about."""
        if not data.unknown_supply:
            return ()
        assets = data.unknown_supply
        text = message(
            "{name}: no country shares known for {assets}; the limit does not cover them.", name=self.name, assets=assets
        )
        return (Remark("data", text, message('Cap them by a limit of their own (kind = "bounds").'), tuple(assets)),)


class ControlExposure(HoldLimited):
    """`lower`, `upper` of the value whose traded form needs a licence or is banned for a destination.

    Whitelists of exporters, domestic quotas, frameworks and entity lists do not count. A form whose state is uncertain
    counts as controlled.
    """

    kind: Literal["control_exposure"] = "control_exposure"
    destination: Country | None = Field(default=None, kw_only=False)
    instruments: tuple[str, ...] = DEFAULT_INSTRUMENTS

    @property
    def needs(self) -> DataNeeds:
        """Export controls."""
        return DataNeeds(controls=(self.destination or "", self.instruments))

    def linear(self, data: ConstraintData) -> LinearConstraint | None:
        """One row: the controlled value."""
        if self.destination is None and self.instruments == DEFAULT_INSTRUMENTS:
            controlled = data.controlled
        else:
            controlled = data.controls_by.get((self.destination or "", self.instruments))
        return None if controlled is None else self.row(self.name, controlled)

    def coverage(self, data: ConstraintData) -> Mapping[str, str]:
        """Export law that it rests on (ISO-3, or EU) -> how far it is in the ledger: modelled, partial or pointer."""
        return data.export_laws.get(self.destination or "", {})

    def notes(self, data: ConstraintData) -> tuple[Remark, ...]:
        """Names the assets that the ledger cannot speak about, and the laws that are not, or only in part, in it."""
        laws = self.coverage(data)
        partial, pointer = ([law for law, found in laws.items() if found == kind] for kind in (PARTIAL, POINTER))
        found: list[Remark] = []
        if partial or pointer:
            text = message("{name}: {text}", name=self.name, text=uncovered_note(partial, pointer))
            found.append(Remark("law", text, message("Check the export law there before you rely on it.")))
        if assets := data.unknown_assets:
            text = message(
                "{name}: the control ledger does not know {assets}; they do not count.", name=self.name, assets=assets
            )
            remedy = message("Look up their controls, and cap them by a limit of their own.")
            found.append(Remark("law", text, remedy, tuple(assets)))
        return tuple(found)


class CurrencyExposure(LowerUpperLimited):
    """`lower`, `upper` of the value whose price is quoted in `currency` (ISO 4217); cash is in the reporting currency."""

    kind: Literal["currency_exposure"] = "currency_exposure"
    currency: Currency = Field(kw_only=False)

    def linear(self, data: ConstraintData) -> LinearConstraint:
        """One row: what is quoted in it."""
        quoted = data.currencies.get(self.currency)
        if quoted is None:
            known = ", ".join(sorted(data.currencies)) or "none"
            raise DataError(
                "constraint {name!r:s}: no price here is quoted in {currency}.",
                hint="Currencies of quotation: {known}.",
                name=self.name,
                currency=self.currency,
                known=known,
            )
        return self.row(self.currency, quoted)
