"""Origin variants: a product from one country and from elsewhere, each an asset of its own.

Offers of one product are the same metal: they share its loadings and its own risk, so they are
perfectly correlated. They differ in cost, in the countries of their supply, and in the export controls that apply to them.
Lots from elsewhere than China are such an asset too where a limit is on controls or on countries: they can be kept and sold;
purchases are of the product of any origin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial
from types import MappingProxyType

import numpy as np
import polars as pl

from toolkit.app.allocation.inputs import Inputs
from toolkit.controls.coverage import export_law
from toolkit.controls.ledger import CHINA, ControlLedger
from toolkit.core.assets import Asset, Universe
from toolkit.core.countries import UNKNOWN_ORIGIN
from toolkit.core.errors import GapError, SpecError, did_you_mean
from toolkit.core.forecast import AssetRisk, FactorRegression, FloatArray, Forecast
from toolkit.core.messages import Message, message
from toolkit.core.remarks import note
from toolkit.strategy.model import OTHER_ORIGIN, OfferSpec
from toolkit.supply.concentration import SupplyShares

EXTRATERRITORIAL = "extraterritorial"
NOTHING: Mapping[str, Sequence[str]] = MappingProxyType({})
LEAST_SUPPLY = 1e-9
"""Supply outside the named origins below this part of the world's is none."""


@dataclass(frozen=True, slots=True)
class OriginVariants:
    """A universe whose offered products are replaced by their offers, in place; all arrays are over the n of it.

    Attributes:
        universe: The offers, and the assets that are not offered by origin.
        source: (n,) position of each in the universe before.
        level: (n,) price of a unit over that of the product: 1 + the premium that a sale regains.
        premium: (n,) part of the purchase price that no sale regains, as a fraction of `level`.
        held: Keys of those that are held and not offered.
    """

    universe: Universe
    source: tuple[int, ...]
    level: FloatArray
    premium: FloatArray
    held: tuple[str, ...] = ()

    @classmethod
    def of(cls, universe: Universe, specs: Sequence[OfferSpec], held: Mapping[str, Sequence[str]] = NOTHING) -> OriginVariants:
        """The universe with its offers and with what is held of other origins; without any, the universe as it is.

        Args:
            universe: The products.
            specs: The offers of the strategy.
            held: Product that is not offered by origin -> countries of its lots that are assets of their own beside it.

        Raises:
            SpecError: for an offer of what the universe does not hold, with the nearest names.
        """
        for spec in specs:
            if spec.asset not in universe:
                hint = did_you_mean(spec.asset, universe.keys)
                raise SpecError("universe.offer: {asset!r:s} is not among the assets.", hint=hint, asset=spec.asset)
        if not specs and not held:
            return cls(universe, tuple(range(len(universe))), np.ones(len(universe)), np.zeros(len(universe)))
        assets: list[Asset] = []
        source: list[int] = []
        level: list[float] = []
        premium: list[float] = []
        lots: list[Asset] = []
        for i, asset in enumerate(universe):
            own = [spec for spec in specs if spec.asset == asset.key]
            origins = tuple(spec.origin for spec in own if spec.origin != OTHER_ORIGIN)
            for spec in own:
                assets.append(_offer(asset, spec, origins))
                source.append(i)
                level.append(1.0 + spec.regained)
                premium.append((spec.premium - spec.regained) / (1.0 + spec.regained))
            if not own:
                origins = tuple(sorted(held.get(asset.key, ())))
                lots += (own := [_from(asset, origin) for origin in origins])
                assets += [asset, *own]
                source += [i] * (1 + len(own))
                level += [1.0] * (1 + len(own))
                premium += [0.0] * (1 + len(own))
        keys = tuple(asset.key for asset in lots)
        return cls(Universe(tuple(assets)), tuple(source), np.array(level), np.array(premium), keys)

    @property
    def any(self) -> bool:
        """Whether anything is offered by origin."""
        return any(asset.offer_of is not None for asset in self.universe)

    def forecast(self, forecast: Forecast) -> Forecast:
        """The forecast of the offers: the product's own risk becomes a factor that its offers share.

        Covariance = S Sigma S', S the (n, m) selection of each offer's product: offers of one product correlate perfectly.
        """
        if not self.any:
            return forecast
        at, keys = list(self.source), self.universe.keys
        shared = [i for i in dict.fromkeys(at) if at.count(i) > 1]
        rows = forecast.loadings[at]
        own = np.array([[float(i == j) for j in shared] for i in at])
        k, more = len(forecast.factors), len(shared)
        F = np.zeros((k + more, k + more))
        F[:k, :k] = forecast.factor_cov
        F[range(k, k + more), range(k, k + more)] = forecast.specific_var[shared]
        specific = np.where(own.any(axis=1), 0.0, forecast.specific_var[at])
        errors = forecast.loading_errors
        return replace(
            forecast,
            assets=keys,
            factors=(*forecast.factors, *(f"residual_{forecast.assets[i]}" for i in shared)),
            loadings=np.hstack([rows, own]),
            factor_cov=F,
            specific_var=specific,
            expected=forecast.expected[at],
            correlation_errors=forecast.correlation_errors and forecast.correlation_errors.take(np.array(at)),
            risk_records=cache(partial(self._risks, forecast.risk_records)),
            levels=tuple(
                forecast.levels[i]._replace(
                    asset=key,
                    price=forecast.levels[i].price * scale,
                    standard_error=forecast.levels[i].standard_error * scale,
                    raw=forecast.levels[i].raw * scale,
                )
                for i, key, scale in zip(at, keys, self.level, strict=True)
            ),
            loading_errors=None if errors is None else errors[at],
            expected_cov=None if forecast.expected_cov is None else forecast.expected_cov[np.ix_(at, at)],
            coverage=None if forecast.coverage is None else partial(self._coverage, forecast.coverage, forecast.assets),
            model=None if forecast.model is None else self._model(forecast.model),
            printed=None if forecast.printed is None else forecast.printed[:, at],
        )

    def _risks(self, risks: Callable[[], tuple[AssetRisk, ...]]) -> tuple[AssetRisk, ...]:
        """One an offer, as its product's."""
        products = risks()
        return tuple(replace(products[i], asset=key) for i, key in zip(self.source, self.universe.keys, strict=True))

    def _coverage(self, coverage: Callable[[], pl.DataFrame], assets: Sequence[str]) -> pl.DataFrame:
        """One row an offer, as its product's."""
        products = coverage()
        frame = pl.DataFrame({"offer": self.universe.keys, "asset": [assets[i] for i in self.source]})
        joined = frame.join(products, on="asset", how="left", maintain_order="left")
        return joined.with_columns(asset=pl.col("offer")).select(products.columns)

    def _model(self, model: FactorRegression) -> FactorRegression:
        names = [asset.offer_of or asset.key for asset in self.universe]
        at = [model.assets.index(name) for name in names if name in model.assets]
        keys = [key for key, name in zip(self.universe.keys, names, strict=True) if name in model.assets]
        return replace(
            model,
            assets=tuple(keys),
            loadings=model.loadings[at],
            errors=model.errors[at],
            fit=model.fit[at],
            periods=tuple(model.periods[i] for i in at),
        )

    def supply(self, supply: Mapping[str, SupplyShares], as_of: date) -> dict[str, SupplyShares]:
        """Shares of supply by asset: an offer from one country is all from there, of ``other`` the rest of the world.

        Raises:
            GapError: for an offer from elsewhere of what nobody else is known to produce.
        """
        found = dict(supply)
        for asset in self.universe:
            if asset.offer_of is None:
                continue
            base = supply.get(asset.offer_of)
            if asset.origin is not None:
                found[asset.key] = _from_one(asset, asset.origin, base, as_of)
            elif base is not None:
                found[asset.key] = _from_elsewhere(asset, base)
        return found

    def production(self, production: Mapping[str, float], supply: Mapping[str, SupplyShares]) -> dict[str, float]:
        """Production by asset in kg a year: of an offer, what its origin produces; what is held is sold where any origin is."""
        found = dict(production)
        for asset in self.universe:
            if asset.offer_of is None or asset.offer_of not in supply or asset.offer_of not in production:
                continue
            base = supply[asset.offer_of]
            part = base.share(asset.origin) if asset.origin else 1.0 - sum(base.share(origin) for origin in asset.outside)
            part = 1.0 if asset.key in self.held else part
            if part > LEAST_SUPPLY:
                found[asset.key] = production[asset.offer_of] * part
        return found

    def inputs(self, inputs: Inputs) -> Inputs:
        """The inputs with offers in place of their products, and notes on what the offers rest on."""
        if not self.any:
            return inputs
        on = inputs.snapshot.as_of
        notes = _notes(self, inputs.ledger, on, inputs.products)
        unknown = tuple(
            key for key, i in zip(self.universe.keys, self.source, strict=True) if inputs.universe.keys[i] in inputs.unknown
        )
        return replace(
            inputs,
            universe=self.universe,
            supply=self.supply(inputs.supply, on),
            unknown=unknown,
            further=(*inputs.further, *map(note, notes)),
        )


def _offer(asset: Asset, spec: OfferSpec, origins: tuple[str, ...]) -> Asset:
    """The offer as an asset; ``gallium_CHN`` and ``gallium_not_CHN``."""
    if spec.origin != OTHER_ORIGIN:
        return _from(asset, spec.origin)
    key, name = f"{asset.key}_not_{'_'.join(origins)}", f"{asset.name} (not {', '.join(origins)})"
    return replace(asset, key=key, name=name, offer_of=asset.key, outside=origins)


def _from(asset: Asset, origin: str) -> Asset:
    """The product from one country."""
    return replace(asset, key=f"{asset.key}_{origin}", name=f"{asset.name} ({origin})", offer_of=asset.key, origin=origin)


def _from_one(asset: Asset, origin: str, base: SupplyShares | None, as_of: date) -> SupplyShares:
    own = SupplyShares(asset.key, asset.stage or "", "strategy", as_of, as_of, as_of, (origin,), (1.0,), 0.0)
    if base is None:
        return own
    return replace(base, asset=asset.key, countries=own.countries, shares=own.shares, other=0.0, elsewhere={})


def _from_elsewhere(asset: Asset, base: SupplyShares) -> SupplyShares:
    shares = zip(base.countries, base.shares, strict=True)
    rest = [(country, share) for country, share in shares if country not in asset.outside]
    total = sum(share for _, share in rest) + base.other
    if total <= LEAST_SUPPLY or not rest:
        raise GapError(
            "no producer of {offer_of} outside {outside} is known.",
            hint="Name the country of the other offer in place of 'other'.",
            details={"asset": asset.offer_of},
            offer_of=asset.offer_of,
            outside=[*asset.outside],
        )
    return replace(
        base,
        asset=asset.key,
        countries=tuple(country for country, _ in rest),
        shares=tuple(share / total for _, share in rest),
        other=base.other / total,
        elsewhere={},
    )


def key_of_lot(universe: Universe, asset: str, origin: str) -> str:
    """The key under which a lot of a product is held: that of the offer from its origin, else of the product.

    A lot of unknown origin counts as the first offer: where China is named first, as the one that the limits are about. Where
    only lots that are held are told apart by origin, others count as the product.

    Args:
        universe: Products and offers.
        asset: Key of the product.
        origin: ISO-3 code of the lot's origin, or ``unknown``.
    """
    offers = [offer for offer in universe if offer.offer_of == asset]
    if not offers:
        return asset
    if asset in universe:
        return next((offer.key for offer in offers if offer.origin == origin), asset)
    if origin == UNKNOWN_ORIGIN:
        return offers[0].key
    fits = [offer.key for offer in offers if offer.origin == origin or (offer.outside and origin not in offer.outside)]
    return fits[0] if fits else asset


def is_controlled(ledger: ControlLedger, asset: Asset, on: date, destination: str, instruments: tuple[str, ...]) -> bool:
    """Whether a measure of the asset's origin is in force on it; an unknown origin counts as China.

    Measures bind exports from their own country: no Chinese one counts for lots that are not from China, and what another
    country controls is not known where it is not named.

    Args:
        ledger: The control ledger.
        asset: A product or an offer.
        on: Day of knowledge and of the status.
        destination: ISO-3 code of the country of import.
        instruments: Kinds of measures that count.
    """
    if asset.form is None or CHINA in asset.outside:
        return False
    key, origin = asset.offer_of or asset.key, asset.origin or CHINA
    return ledger.is_controlled(key, asset.form, on=on, destination=destination, origin=origin, instruments=instruments)


def export_laws(ledger: ControlLedger, assets: Iterable[Asset], on: date, destination: str) -> dict[str, str]:
    """Export law that assets leave under on their way to a destination (ISO-3, or EU) -> how far it is in the ledger.

    What is not told apart by origin counts as an export of China. Inside the European Union nothing is exported.

    Args:
        ledger: The control ledger.
        assets: Products and offers; of one from nowhere in particular no law is known, and none is named.
        on: Day of knowledge.
        destination: ISO-3 code of the country of import.
    """
    places = sorted({asset.origin or CHINA for asset in assets if asset.form is not None and CHINA not in asset.outside})
    return {
        export_law(place): ledger.coverage(place, on=on) for place in places if export_law(place) != export_law(destination)
    }


def _notes(offers: OriginVariants, ledger: ControlLedger, on: date, products: Universe) -> tuple[str, ...]:
    """Notes on the offers: premiums given by the user, unproven origins, extraterritorial clauses."""
    chosen = [asset for asset in offers.universe if asset.offer_of is not None]
    premiums = [
        message("{asset} {premium:+.0%}", asset=asset.key, premium=offers.level[i] * (1 + offers.premium[i]) - 1)
        for i, asset in enumerate(offers.universe)
        if asset.offer_of is not None and asset.key not in offers.held
    ]
    notes = [message("Premiums over the price of the product are the strategy's assumption: {premiums}.", premiums=premiums)]
    notes = notes if premiums else []
    abroad = [asset for asset in chosen if CHINA in asset.outside or asset.origin not in (None, CHINA)]
    if abroad:
        assets, measures = [asset.key for asset in abroad], _reaching_abroad(ledger, abroad, on, products)
        if measures:
            notes.append(
                message(
                    "{assets}: controls on Chinese exports do not count for lots from elsewhere, and what "
                    "reaches goods made abroad is not counted: {measures}. The origin is as offered: it takes a certificate.",
                    assets=assets,
                    measures=measures,
                )
            )
        else:
            notes.append(
                message(
                    "{assets}: controls on Chinese exports do not count for lots from elsewhere. The origin is as offered: "
                    "it takes a certificate.",
                    assets=assets,
                )
            )
    return tuple(notes)


def _reaching_abroad(ledger: ControlLedger, abroad: Sequence[Asset], on: date, products: Universe) -> list[Message]:
    """Numbers and status of the extraterritorial measures on these products that the ledger knows."""
    told: dict[Message, None] = {}
    for asset in abroad:
        if asset.form is None or asset.offer_of not in products:
            continue
        state = ledger.state(asset.offer_of or asset.key, asset.form, on=on)
        for measure in state.measures:
            if measure.is_law and measure.instrument == EXTRATERRITORIAL:
                act, status = measure.number or measure.authority, measure.status.replace("_", " ")
                told[message("{act} ({status})", act=act, status=status)] = None
    return list(told)
