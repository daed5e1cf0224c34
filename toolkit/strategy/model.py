"""The frozen `Strategy` and its parts: the data model of `strategies/NAME.toml`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from operator import eq
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from toolkit.core.assets import Asset
from toolkit.core.countries import country_or
from toolkit.core.decode import Several, Spec, faults_of, raise_faults
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.core.messages import message
from toolkit.core.text import repeated
from toolkit.optimize.benchmark import HELD
from toolkit.optimize.constraints.base import GROUPS_OF_METALS, Constraint, limits_beyond_whole
from toolkit.optimize.constraints.bounds import FullyInvested
from toolkit.optimize.costs import COST_ITEMS
from toolkit.optimize.objectives.base import Objective
from toolkit.optimize.solvers.solve import SolverSpec
from toolkit.risk_model.covariance import CovarianceSpec
from toolkit.risk_model.expected_returns import ReturnsSpec
from toolkit.risk_model.expected_returns.zero import ZeroReturns
from toolkit.strategy.encode import strategy_toml
from toolkit.strategy.scenarios import Period, ScenariosSpec, ShockSpec, ViewSpec, months  # noqa: F401  (others know `months` from here)

Figure = Literal[
    "volatility",
    "growth",
    "return_over_volatility",
    "return_over_tail",
    "utility",
    "tail_loss",
    "drawdown",
    "diversification",
    "unequal_risk",
    "largest_risk",
    "largest_tail",
    "group_risk",
]
"""Names of `toolkit.backtest.refutation.FIGURES`."""


class RefutedSpec(Spec):
    """One way in which a strategy would be refuted, of which `toolkit strategies evidence` tells whether it came true.

    A `figure` refutes it where it is not better than that of the strategy `against`, or is `above` or `below` a number. What no
    prices can tell `needs` something else, in words. No number of a proposal depends on it.

    Attributes:
        figure: Of what was held at past prices, net of costs where it is of returns: `volatility`, `growth`,
            `return_over_volatility`, `return_over_tail` (mean loss of the worst twentieth of months), `utility` (return less
            1.5 times variance), `tail_loss` (worst tenth), `drawdown`, `diversification` (volatility over the mean of its
            metals'), `unequal_risk` (sum of squared shares of risk), `largest_risk` (share of one metal), `largest_tail` (equal
            parts of the tail loss that one metal brings), `group_risk` (share of `groups`).
        against: A shipped strategy, or a baseline: `equal-weight`, `sample-minimum-risk`, `gold-only`, `held`.
        above: Refuted above it.
        below: Refuted below it.
        groups: Of `group_risk`.
        years: Of month ends, at least, before anything is said.
        until: Day before which nothing is said.
        needs: What would have to be known.
    """

    figure: Figure | None = None
    against: str | None = Field(default=None, min_length=1)
    above: float | None = None
    below: float | None = None
    groups: Several[str] = ()
    years: float = Field(default=0.0, ge=0)
    until: date | None = None
    needs: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _says_one_thing(self) -> RefutedSpec:
        if (self.figure is None) == (self.needs is None):
            raise ValueError(message("states a figure, or what it needs"))
        if self.figure is not None and (self.against is None) == (self.above is None and self.below is None):
            raise ValueError(message("holds its figure against a strategy, or against numbers (above, below)"))
        if (self.figure == "group_risk") != bool(self.groups):
            raise ValueError(message("has groups for group_risk, and for nothing else"))
        return self


def _unused(value: object) -> bool:
    return not value


class About(Spec):
    """What the strategy says of itself: a title at least; those that are shipped say all of it."""

    title: str = Field(min_length=1)
    idea: str = ""
    source: str = ""
    refuted_by: str | None = None
    refuted: Several[RefutedSpec] = Field(default=(), exclude=True)


OTHER_ORIGIN = "other"


class OfferSpec(Spec):
    """A product from one country, or from ``other`` countries than its other offers, at a premium over its price.

    Premiums are the user's: the toolkit knows none. `resale_premium` is what a sale regains of it; by default nothing of a
    premium, and all of a discount.
    """

    asset: str = Field(min_length=1)
    origin: Annotated[str, country_or(OTHER_ORIGIN)]
    premium: float = Field(default=0.0, gt=-1)
    resale_premium: float | None = Field(default=None, gt=-1)

    @property
    def regained(self) -> float:
        """The premium at a sale."""
        return min(self.premium, 0.0) if self.resale_premium is None else self.resale_premium

    @model_validator(mode="after")
    def _no_gain_from_premiums(self) -> OfferSpec:
        if self.regained > self.premium:
            raise ValueError(
                message(
                    "resale_premium {regained:g} is above premium {premium:g}: a gain is no premium",
                    regained=self.regained,
                    premium=self.premium,
                )
            )
        return self


class OwnAsset(Spec):
    """Group and terms of trade of one asset of your own prices; what is left out is as without it.

    Of a metal that the toolkit knows all but `name` and `group` may be given, in place of the dealer's usual terms.
    """

    asset: str = Field(min_length=1)
    name: str | None = Field(default=None, min_length=1)
    group: str | None = Field(default=None, min_length=1)
    lot_size: float | None = Field(default=None, gt=0)
    spread: float | None = Field(default=None, ge=0, lt=1)
    storage: float | None = Field(default=None, ge=0, lt=1)
    fee: float | None = Field(default=None, ge=0)

    @field_validator("group")
    @classmethod
    def _is_no_group_of_metals(cls, group: str | None) -> str | None:
        if group in GROUPS_OF_METALS:
            raise ValueError(
                message(
                    "{group!r:s} is a group of metals: choose another name, a limit may be on `groups` of both", group=group
                )
            )
        return group

    def over(self, asset: Asset) -> Asset:
        """The asset with what is stated here in place of what it had."""
        given = {key: value for key, value in self if key != "asset" and value is not None}
        priced = {"spread", "storage", "fee"} & {*given}
        own = {"lot_size", "spread", "storage"} <= {*given} or (priced and asset.terms == "unknown")
        return replace(asset, **given, terms="given" if own else asset.terms)


class UniverseSpec(Spec):
    """Which assets may be held: keys or ``all``, or whole groups, less `exclude`; and those offered by origin.

    `own` states groups (sectors) and terms of your own assets. They may stand in a `file` (CSV, Parquet, a sheet) with a column
    `asset` and any of `name`, `group` or `sector`, `lot_size`, `spread`, `storage` and `fee`.
    """

    assets: Several[str] | Literal["all"] | None = None
    groups: Several[str] = ()
    exclude: Several[str] = ()
    offer: Several[OfferSpec] = Field(default=(), exclude_if=_unused)
    own: Several[OwnAsset] = Field(default=(), exclude_if=_unused)
    file: str | None = Field(default=None, min_length=1, exclude_if=_unused)

    @property
    def own_groups(self) -> tuple[str, ...]:
        """The groups of own assets, in order of first appearance."""
        return tuple(dict.fromkeys(own.group for own in self.own if own.group is not None))

    @model_validator(mode="after")
    def _own_assets_are_unique(self) -> UniverseSpec:
        if twice := sorted(repeated(own.asset for own in self.own)):
            raise ValueError(message("{twice} stands twice in `own`", twice=twice))
        spelt: dict[str, str] = {}
        for group in (*GROUPS_OF_METALS, *self.own_groups):
            if (first := spelt.setdefault(group.casefold(), group)) != group:
                raise ValueError(
                    message(
                        "the groups {first!r:s} and {group!r:s} differ in capitals alone: write them alike",
                        first=first,
                        group=group,
                    )
                )
        return self

    @model_validator(mode="after")
    def _offers_are_unique(self) -> UniverseSpec:
        for asset in dict.fromkeys(offer.asset for offer in self.offer):
            origins = [offer.origin for offer in self.offer if offer.asset == asset]
            if len(set(origins)) < len(origins):
                raise ValueError(message("{asset!r:s} is offered twice from one origin", asset=asset))
            if origins == [OTHER_ORIGIN]:
                raise ValueError(
                    message(
                        "{asset!r:s} is offered from 'other' alone: name the origin it is not from in an offer of its own",
                        asset=asset,
                    )
                )
        return self

    @property
    def names_assets(self) -> bool:
        """True where the strategy itself lists what it holds."""
        return self.assets is not None and self.assets != "all"


class ForecastSpec(Spec):
    """How risk and return are estimated, and the joint outcomes that measures of the tail are read from."""

    covariance: CovarianceSpec | None = None
    returns: ReturnsSpec = ZeroReturns()
    observation: Literal["latent", "raw"] = "latent"
    lookback: Period | None = None
    scenarios: ScenariosSpec | None = Field(default=None, exclude_if=_unused)


class VatSpec(Spec):
    """Value added tax on purchases of a private buyer, who does not recover it.

    The rates are the user's: the toolkit knows no tax law. In a customs warehouse the tax is not due before the metal
    leaves it, and does not count. `rates` by asset or element go before `rate`: investment gold is exempt in the EU.
    """

    state: Literal["customs_warehouse", "paid"]
    rate: float | None = Field(default=None, ge=0, lt=1)
    rates: dict[str, Annotated[float, Field(ge=0, lt=1)]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _state_alone(cls, data: Any) -> Any:
        return {"state": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _paid_at_some_rate(self) -> VatSpec:
        if self.state == "paid" and self.rate is None:
            raise ValueError(message('needs a rate: in Germany {{state = "paid", rate = 0.19, rates = {{gold = 0}}}}'))
        return self


class SiteSpec(Spec):
    """A place of storage with a fixed charge a year, once if anything is stored there: everything, or `assets` and `groups`."""

    name: str = Field(min_length=1)
    fee: float = Field(ge=0)
    assets: Several[str] = ()
    groups: Several[str] = ()


Part = Annotated[float, Field(ge=0, lt=1)]
Amount = Annotated[float, Field(ge=0)]
BY_ASSET = {
    "spread": "spreads", "storage": "storages", "fee": "fees", "borrow": "borrows", "impact": "impacts", "volume": "volumes",
}  # fmt: skip
"""Column of a file of costs -> key of the table."""


class CostsSpec(Spec):
    """Costs in the objective. Without the table they are paid and shown, and not optimized.

    Money is in the reporting currency: `fee` a trade and `fee_per_lot` for each lot bought or sold; `storage_per_kg`,
    `storage_per_lot` and the charges of `sites` a year, beside the storage that is a share of the value. `borrow` is the fee
    a year of what is borrowed to sell it short, as a fraction of its value. `impact` is the
    prefactor of the square-root law of market impact, `volumes` the turnover of a day by asset or element.

    `spreads`, `storages`, `fees`, `borrows` and `impacts` are the same by asset or element, in place of the dealer's usual
    terms and of what counts for all. They may stand in a `file` (CSV, Parquet, a sheet): a column of names, and columns
    `spread`, `storage`, `fee`, `borrow`, `impact` and `volume`.
    """

    holding_period: Period = "3 years"
    include: tuple[Literal["spread", "storage", "fees"], ...] = COST_ITEMS
    fee: float = Field(default=0.0, ge=0)
    # Keys that are not used leave the fingerprint of a strategy as it was before they existed.
    fee_per_lot: float = Field(default=0.0, ge=0, exclude_if=_unused)
    storage_per_kg: float = Field(default=0.0, ge=0, exclude_if=_unused)
    storage_per_lot: float = Field(default=0.0, ge=0, exclude_if=_unused)
    sites: Several[SiteSpec] = Field(default=(), exclude_if=_unused)
    vat: VatSpec | None = Field(default=None, exclude_if=_unused)
    borrow: float = Field(default=0.0, ge=0, lt=1, exclude_if=_unused)
    impact: float = Field(default=0.0, ge=0, exclude_if=_unused)
    volumes: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict, exclude_if=_unused)
    spreads: dict[str, Part] = Field(default_factory=dict, exclude_if=_unused)
    storages: dict[str, Part] = Field(default_factory=dict, exclude_if=_unused)
    fees: dict[str, Amount] = Field(default_factory=dict, exclude_if=_unused)
    borrows: dict[str, Part] = Field(default_factory=dict, exclude_if=_unused)
    impacts: dict[str, Amount] = Field(default_factory=dict, exclude_if=_unused)
    file: str | None = Field(default=None, min_length=1, exclude_if=_unused)

    def with_table(self, columns: Mapping[str, Sequence[Any]], name: str) -> CostsSpec:
        """The same with the costs by asset of its file; a cost that the strategy states by the same name goes before.

        Args:
            columns: Names of assets or elements, and a column a cost; an empty cell is the cost of all.
            name: Of the file, for messages.

        Raises:
            SpecError: for another column, and a name that stands twice.
        """
        first, *others = columns
        names, update = [str(cell) for cell in columns[first]], dict[str, Any](file=None)
        if twice := sorted(repeated(names)):
            raise SpecError("{name:s}: {twice} stands twice.", hint="Give each asset or element once.", name=name, twice=twice)
        for column in others:
            key = BY_ASSET.get(column.strip().lower())
            if key is None:
                raise SpecError(
                    "{name:s}: unknown column {column!r:s}.",
                    hint=did_you_mean(column, BY_ASSET),
                    name=name,
                    column=column,
                )
            given = {one: cell for one, cell in zip(names, columns[column], strict=True) if cell is not None}
            update[key] = {**given, **getattr(self, key)}
        try:
            return type(self).model_validate({**self.model_dump(exclude_unset=True), **update})
        except ValidationError as error:
            raise_faults(faults_of(error, type(self), "costs"), name)
            raise

    @model_validator(mode="after")
    def _sites_are_unique(self) -> CostsSpec:
        for name in repeated(site.name for site in self.sites):
            raise ValueError(message("two sites are named {name!r:s}", name=name))
        return self


class RebalanceSpec(Spec):
    """When a strategy is looked at again, what may be sold then, and what becomes of orders that cannot be carried out.

    `sell` is ``free``; ``beyond_hold``, only what exceeds the `hold_upper` of a limit, down to it; or ``never``. With
    `new_money_first` nothing else is sold while there is money to place. A move of what is held is expected to last `horizon`,
    over which its whole cost is charged; with `band`, its gain must be larger than `band` times what it may be wrong by at
    `confidence`. Both are charged to sales alone, so that new money is placed as if nothing were held; ``band = 0`` charges
    neither.

    A decision is made with the prices of the last day of each period and traded at the next. `delay` is that of the licence
    which a purchase under export control waits for: its median, its ninth decile, or a draw for each order. A ban before the
    arrival makes an order fail: what was paid for it is ``returned``, or is ``stuck`` until the ban ends.
    """

    every: Literal["day", "week", "month", "quarter", "year", "never"] = "month"
    threshold: float = Field(default=0.0, ge=0, lt=1)
    sell: Literal["free", "beyond_hold", "never"] = Field(default="free", exclude_if=partial(eq, "free"))
    new_money_first: bool = Field(default=False, exclude_if=_unused)
    horizon: Period = Field(default="1 year", exclude_if=partial(eq, "1 year"))
    band: float = Field(default=1.0, ge=0, le=10, exclude_if=partial(eq, 1.0))
    confidence: float = Field(default=0.8, ge=0.5, lt=1, exclude_if=partial(eq, 0.8))
    on_infeasible: Literal["hold", "stop"] = "hold"
    delay: Literal["none", "median", "tail", "drawn"] = "none"
    on_ban: Literal["stuck", "returned"] = "stuck"


FULLY_INVESTED = "fully invested"


def names_cash(objective: object, target: object, constraints: Sequence[tuple[type[Constraint] | None, object]]) -> bool:
    """Whether a strategy says itself how much cash there may be; a target to track does, by what its weights leave over.

    One without cash says that there is none where few holdings or none that are small follow it: with some in cash they would
    follow it more closely.

    Args:
        objective: Its kind.
        target: That it tracks.
        constraints: Model and name of each; None for a kind that is not known.
    """
    if any((kind and kind.on_cash) or name == FULLY_INVESTED for kind, name in constraints):
        return True
    leaves = target == HELD
    if isinstance(target, Mapping):
        leaves = sum(weight for weight in target.values() if isinstance(weight, int | float)) < 1 - 1e-9
    return objective == "track" and (leaves or not any(kind and kind.on_holdings for kind, _ in constraints))


FRACTIONS = message("Limits are fractions of the whole: 0.05 is five per cent.")
"""The hint on a limit that no weight reaches."""


def beyond_whole(value: float) -> str:
    """The fault of a limit below zero or above the whole where no weight may be negative."""
    if value < 0:
        return message("{value:g} is below 0, and no constraint lets a weight be negative", value=value)
    return message("{value:g} is above 1, and no constraint lets a weight be negative", value=value)


class Strategy(Spec):
    """What we intend: frozen, comparable, and the same text gives the same fingerprint.

    In Python `name` and `about` may be left out, and a strategy that says nothing of cash is fully invested, as in a file.
    """

    name: str = "own"
    about: About = About(title="Own strategy", idea="Stated in Python.", source="The user.")
    universe: UniverseSpec = UniverseSpec()
    forecast: ForecastSpec = ForecastSpec()
    objective: Objective
    constraints: Several[Constraint] = Field(default=(), validate_default=True)
    scenarios: Several[ShockSpec] = Field(default=(), exclude_if=_unused)
    views: Several[ViewSpec] = Field(default=(), exclude_if=_unused)
    costs: CostsSpec | None = None
    rebalance: RebalanceSpec | None = Field(default=None, exclude_if=_unused)
    solver: SolverSpec = SolverSpec()

    @field_validator("constraints")
    @classmethod
    def _fully_invested(cls, constraints: tuple[Constraint, ...], info: ValidationInfo) -> tuple[Constraint, ...]:
        objective = info.data.get("objective")
        stated = [(type(one), one.name) for one in constraints]
        if objective is None or names_cash(objective.kind, getattr(objective, "target", None), stated):
            return constraints
        return (*constraints, FullyInvested(name=FULLY_INVESTED))

    @model_validator(mode="after")
    def _names_are_unique(self) -> Strategy:
        for what, parts in (("constraints", self.constraints), ("scenarios", self.scenarios)):
            for name in repeated(part.name for part in parts):
                raise ValueError(message("two {what} are named {name!r:s}", what=what, name=name))
        for name, key, value in limits_beyond_whole(self.constraints):
            raise ValueError(
                message(
                    "constraint {name!r:s}.{key:s}: {beyond_whole}. {fractions}",
                    name=name,
                    key=key,
                    beyond_whole=beyond_whole(value),
                    fractions=FRACTIONS,
                )
            )
        return self

    def to_toml(self) -> str:
        """The text of a file that says the same: `toolkit.strategy.decode.decode_strategy` reads this strategy from it."""
        return strategy_toml(self)

    def canonical(self) -> dict[str, Any]:
        """The strategy as JSON-ready data with every default written out; the name and the prose are left out."""
        data = self.model_dump(mode="json", exclude={"name", "about", "objective", "constraints"})
        data["objective"] = self.objective.model_dump(mode="json")
        data["constraints"] = [constraint.model_dump(mode="json") for constraint in self.constraints]
        return data

    @property
    def fingerprint(self) -> str:
        """Hash of what the strategy does: prose, order of keys and comments do not change it."""
        text = json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
