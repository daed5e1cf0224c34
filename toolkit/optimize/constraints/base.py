"""Base of all constraints: the data that a constraint reads, and the limits that it states."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from toolkit.core.assets import Universe
from toolkit.core.decode import Spec, less, names_nothing
from toolkit.core.errors import DataError, SpecError, did_you_mean
from toolkit.core.forecast import FloatArray, Forecast, read_only
from toolkit.core.messages import message
from toolkit.core.remarks import Remark
from toolkit.optimize.costs import TRADED
from toolkit.optimize.functions import ConvexConstraint
from toolkit.optimize.risk_contribution import RiskContributionLimit
from toolkit.optimize.rows import SparseRows
from toolkit.scenarios.sets import Scenarios


@dataclass(frozen=True, slots=True)
class ConstraintData:
    """What a constraint may read, aligned with the universe.

    Attributes:
        universe: The n assets, in the order of every array.
        budget: Money to place, in the reporting currency.
        countries: Country (ISO-3) -> (n,) share of the asset's supply from there, 0..1, at the stage of the asset.
            An asset whose shares are not known has zeros here and is named in `unknown_supply`.
        stages: Stage -> the same mapping at that stage, for constraints that name one.
        controlled: (n,) 1.0 where the traded form is under licence or ban for the owner's destination.
        controls_by: (destination, instruments) -> (n,), for constraints that ask another question.
        export_laws: Destination ("" for the owner's) -> export law that assets leave under (ISO-3, or EU) -> how far the
            ledger has it: modelled, partial or pointer.
        unknown_supply: Assets left out of country caps.
        unknown_assets: Assets the toolkit knows nothing of (the user's own columns).
        previous: (n,) value held today as a fraction of the budget.
        least_purchase: (n,) value of the smallest purchase, likewise, NaN where there are no lots; None for any.
        loadings: Named factor of the forecast -> (n,) loading of each asset. `Problem` fills this and the next two.
        unfitted: Named factor -> assets whose loading on it could not be fitted and is zero.
        least_wealth: Lower bound of the wealth after entry costs, as a fraction of the budget.
        forecast: Of the universe. `Problem` fills it as well.
        currencies: Currency -> (n,) 1.0 where the price is quoted in it; filled likewise.
        scenarios: Joint outcomes that measures of risk are read from; None where nothing asks for them.
        shocks: Name of a scenario -> (n,) return of each asset in it.
        exit_days: (n,) days it takes to sell, NaN where nobody knows.
        outside: Keys of what is held and not of the strategy's universe: limits on every single asset leave it out.
        least: (n + 1,) how far below zero the constraints let each weight go, cash last; zeros where nothing may be sold
            short or borrowed. `Problem` fills it.
        own_groups: Groups that the strategy states for its own assets; one may have no member here.
        wealth: After entry costs, as a fraction of the budget, where values are to be held as weights of it.
    """

    universe: Universe
    budget: float
    countries: Mapping[str, FloatArray] = field(default_factory=dict)
    stages: Mapping[str, Mapping[str, FloatArray]] = field(default_factory=dict)
    controlled: FloatArray | None = None
    controls_by: Mapping[tuple[str, tuple[str, ...]], FloatArray] = field(default_factory=dict)
    export_laws: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unknown_supply: tuple[str, ...] = ()
    unknown_assets: tuple[str, ...] = ()
    previous: FloatArray | None = None
    least_purchase: FloatArray | None = None
    loadings: Mapping[str, FloatArray] = field(default_factory=dict)
    unfitted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    least_wealth: float = 1.0
    forecast: Forecast | None = None
    currencies: Mapping[str, FloatArray] = field(default_factory=dict)
    scenarios: Scenarios | None = None
    shocks: Mapping[str, FloatArray] = field(default_factory=dict)
    exit_days: FloatArray | None = None
    outside: tuple[str, ...] = ()
    least: FloatArray | None = None
    own_groups: tuple[str, ...] = ()
    wealth: float | None = None

    def weights_of(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The least and the greatest weights that values, fractions of the budget, are of any wealth that costs may leave."""
        most = values / max(self.least_wealth, 1e-9)
        if self.wealth is not None:
            return values / self.wealth, values / self.wealth
        return np.minimum(values, most), np.maximum(values, most)

    @property
    def negative(self) -> NDArray[np.bool_]:
        """(n + 1,) whether a weight may be negative."""
        return np.zeros(len(self.universe) + 1, dtype=bool) if self.least is None else self.least < 0

    @property
    def groups(self) -> set[str]:
        """Names of groups that may be named, of which one may have no member here."""
        return {"other", *GROUPS_OF_METALS, *self.own_groups, *self.universe.groups}

    @property
    def held(self) -> FloatArray:
        """(n + 1,) weights held today, cash last."""
        previous = np.zeros(len(self.universe)) if self.previous is None else self.previous
        return read_only(np.append(previous, 1.0 - previous.sum()))


@dataclass(frozen=True, slots=True, eq=False)
class LinearConstraint:
    """Linear rows over (assets, cash): lower <= coefficients @ x <= upper.

    Attributes:
        labels: What each row speaks of ("gallium", "China", ...), m of them.
        coefficients: (m, n + 1) the rows; the last column is cash.
        lower, upper: (m,), infinite where a side is not limited.
    """

    labels: tuple[str, ...]
    coefficients: SparseRows
    lower: FloatArray
    upper: FloatArray

    @classmethod
    def of(
        cls, labels: tuple[str, ...], coefficients: SparseRows | FloatArray, lower: float | None, upper: float | None
    ) -> LinearConstraint:
        """Rows that share one pair of limits; None leaves a side open."""
        m = len(labels)
        return cls(
            labels,
            coefficients if isinstance(coefficients, SparseRows) else SparseRows.of(coefficients.reshape(m, -1)),
            np.full(m, -np.inf if lower is None else lower),
            np.full(m, np.inf if upper is None else upper),
        )

    @classmethod
    def of_assets(cls, at: Sequence[int], lower: FloatArray, upper: FloatArray, data: ConstraintData) -> LinearConstraint:
        """One row for each of the assets at some positions, with limits of its own.

        Args:
            at: m positions.
            lower: (m,).
            upper: (m,).
            data: Of the assets.
        """
        return cls(tuple(data.universe.keys[i] for i in at), SparseRows.unit(at, len(data.universe) + 1), lower, upper)


@dataclass(frozen=True, slots=True)
class HoldingCount:
    """How many of some assets are held.

    Attributes:
        members: (n,) 1.0 for each asset that is counted.
        fewest, most: Number of holdings; None for no limit.
    """

    members: FloatArray
    fewest: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class IntegerRequirements:
    """What a term asks of a whole-lot solution; all of it is relaxed in the continuous problem.

    Attributes:
        lots: Whole lots of each asset that is traded in lots.
        minimum: (n,) smallest fraction of the budget of a holding that is held at all.
        counts: Numbers of holdings.
        kept: (n,) true where the value held today stays as it is.
        least, greatest: (n,) bounds of the value held, as fractions of the budget.
    """

    lots: bool = False
    minimum: FloatArray | float = 0.0
    counts: tuple[HoldingCount, ...] = ()
    kept: NDArray[np.bool_] | bool = False
    least: FloatArray | float = 0.0
    greatest: FloatArray | float = np.inf

    @property
    def of_values(self) -> bool:
        """Whether all that is asked are bounds of values, which weights of a known wealth hold as well."""
        return not (self.lots or self.counts or np.any(self.minimum))

    @classmethod
    def merged(cls, asked: Sequence[IntegerRequirements]) -> IntegerRequirements:
        """What several terms ask together."""
        return cls(
            lots=any(d.lots for d in asked),
            minimum=reduce(np.maximum, (d.minimum for d in asked)),
            counts=tuple(count for d in asked for count in d.counts),
            kept=reduce(np.logical_or, (d.kept for d in asked)),
            least=reduce(np.maximum, (d.least for d in asked)),
            greatest=reduce(np.minimum, (d.greatest for d in asked)),
        )


@dataclass(frozen=True, slots=True)
class DataNeeds:
    """What a constraint or an objective reads beside the forecast; what nothing needs is not loaded.

    Attributes:
        returns: Expected returns that are not all zero.
        scenarios: Joint outcomes.
        holdings: The value held today.
        exit_days: Days that a sale takes.
        countries: Shares of supply by country, at the stage at which an asset is scored.
        stages: Stages of supply at which shares are read.
        controls: Destination ("" for the owner's) and instruments of the export controls that are asked for.
    """

    returns: bool = False
    scenarios: bool = False
    holdings: bool = False
    exit_days: bool = False
    countries: bool = False
    stages: tuple[str, ...] = ()
    controls: tuple[str, tuple[str, ...]] | None = None


class Term(Spec):
    """A constraint or an objective. In Python its subject (`Field(kw_only=False)`) may be given without the key."""

    if not TYPE_CHECKING:  # a type checker takes the keys from the fields

        def __init__(self, *subject: Any, **keys: Any) -> None:
            if type(self).model_fields["kind"].is_required():
                raise SpecError(
                    "{name:s} is no kind itself.",
                    hint="Give an object of a kind: tk.MinRisk(), tk.Bounds().",
                    name=type(self).__name__,
                )
            names = [name for name, field in type(self).model_fields.items() if field.kw_only is False]
            if len(subject) > len(names):
                kind = type(self).__name__
                raise SpecError(
                    message(
                        "{name:s} takes at most {n} without its key: {names:s}.",
                        name=kind,
                        n=len(names),
                        names=", ".join(names),
                    )
                    if names
                    else message("{name:s} takes every value with its key.", name=kind),
                    hint=did_you_mean("", type(self).model_fields),
                )
            super().__init__(**dict(zip(names, subject, strict=False)), **keys)


class Constraint(Term):
    """A named constraint: the base of every kind, one file each, found by looking in the folder.

    A kind is a subclass with `kind: Literal["name"] = "name"`, its keys as fields, and one or more of `linear`, `convex`,
    `risk_contributions` and `integer`. Solvers, certificates, conflicts, sensitivities and reports read nothing else.
    """

    relaxable: ClassVar[bool] = False
    """Whether a conflict may be resolved by relaxing its limits: `relaxed` then gives the new values of its keys."""
    on_cash: ClassVar[bool] = False
    """Whether it limits cash: a strategy without such a constraint is fully invested."""
    on_trades: ClassVar[bool] = False
    """Whether it is about what is traded or left over, and not about weights: prices that change later cannot break it."""
    on_holdings: ClassVar[bool] = False
    """Whether it is about single holdings or their number, so that one metal must not be split by origin."""
    ignorable: ClassVar[bool] = False
    """Whether weights that ignore it are accepted, because they hold it anyway or only whole lots can."""

    on_factors: ClassVar[bool] = False
    """Whether it is about factors of the covariance, so that an estimator without them cannot hold it."""

    of_dealer: ClassVar[bool] = False
    """Whether it is a term of trade of the dealer, which binds any strategy in the same market."""

    kind: Any  # each kind narrows it to its own literal
    if TYPE_CHECKING:  # a file states it, and Python may leave it out
        name: str = ""
    else:
        name: str = Field(min_length=1)

    if not TYPE_CHECKING:

        def __init__(self, *subject: Any, **keys: Any) -> None:
            usual = {} if type(self).model_fields["kind"].is_required() else {"name": self._usual_name(subject, keys)}
            super().__init__(*subject, **{**usual, **keys})

    @classmethod
    def _usual_name(cls, subject: Sequence[Any], keys: Mapping[str, Any]) -> str:
        """The kind, and what is limited: ``group GLD, SLV``, however it is given."""
        kind = cls.model_fields["kind"].default.replace("_", " ")
        named = [name for name, field in cls.model_fields.items() if field.kw_only is False][len(subject) :]
        given = (*subject, *(keys[name] for name in (*named, "groups") if keys.get(name) is not None))
        tables = (one.keys() if hasattr(one, "keys") else one for one in given)  # a series of pandas iterates its values
        several = (one if isinstance(one, Iterable) and not isinstance(one, str) else [one] for one in tables)
        return " ".join((kind, *(", ".join(map(str, one)) for one in several)))

    def linear(self, data: ConstraintData) -> LinearConstraint | None:  # noqa: ARG002
        """Linear rows; None where there are none."""
        return None

    def rows(self, data: ConstraintData) -> LinearConstraint | None:
        """Its linear rows where something is held: what has grown through a limit may stay."""
        return self.linear(data)

    def least(self, data: ConstraintData) -> Mapping[int, float]:  # noqa: ARG002
        """Position of each weight that may be negative because of it (n is cash) -> the least it may be."""
        return {}

    def opens(self, data: ConstraintData) -> frozenset[int]:  # noqa: ARG002
        """Positions of the weights that could be negative if it were relaxed by however little, and cannot because of it."""
        return frozenset()

    def convex(self, data: ConstraintData) -> ConvexConstraint | None:  # noqa: ARG002
        """The limit on a convex function of the weights; None where there is none."""
        return None

    def risk_contributions(self, data: ConstraintData) -> tuple[RiskContributionLimit, ...]:  # noqa: ARG002
        """Limits on contributions to risk."""
        return ()

    def integer(self, data: ConstraintData) -> IntegerRequirements | None:  # noqa: ARG002
        """What is required of whole lots; None where nothing is."""
        return None

    @property
    def needs(self) -> DataNeeds:
        """The data that it reads."""
        return DataNeeds()

    def coverage(self, data: ConstraintData) -> Mapping[str, str] | None:  # noqa: ARG002
        """How far the export laws that it rests on are in the ledger; None where it rests on none."""
        return None

    def notes(self, data: ConstraintData) -> tuple[Remark, ...]:  # noqa: ARG002
        """What a reader must know of how it was applied."""
        return ()

    def with_leftover_cash(self, cash: float) -> Constraint:  # noqa: ARG002
        """The constraint where whole lots leave at least `cash`, a fraction of wealth, over."""
        return self

    def relaxed(self, side: str, move: float, digits: int) -> Mapping[str, Any]:
        """New values of its keys when the limit on `side` is relaxed by `move`.

        Args:
            side: ``upper`` or ``lower``, as in the rows of the term.
            move: How far, in the unit of the rows; a number of holdings for what counts them.
            digits: Decimals of the new value, rounded outward so that the relaxed problem is feasible for certain.
        """
        raise NotImplementedError(f"{self.kind!r} is not relaxable: side {side}, move {move:g}, {digits} digits")

    def without(self, absent: Collection[str]) -> Constraint | None:
        """The constraint where the names in `absent` have no weight; None where it names nothing else."""
        found = less(self, absent)
        return None if names_nothing(self, found) else found

    def members(self, label: str, data: ConstraintData) -> tuple[int, ...]:
        """Positions of what `label` speaks of, as `Universe.members`; the error names this constraint."""
        try:
            return data.universe.members(label)
        except DataError as error:
            a_group = "groups" in type(self).model_fields and label in data.groups
            raise DataError(
                message("constraint {name!r:s}: {message}", name=self.name, message=error.message),
                hint=message('It is a group: write groups = ["{group:s}"].', group=label) if a_group else error.hint,
                details=error.details,
            ) from None

    def members_of(self, assets: Sequence[str], groups: Sequence[str], data: ConstraintData) -> FloatArray:
        """(n,) 1.0 for each of `assets` (keys or elements) and each member of `groups`, of which one may have none here.

        Args:
            assets: Names.
            groups: Names.
            data: Of the n assets.

        Raises:
            DataError: for an unknown asset; SpecError for an unknown group, with the nearest.
        """
        found = np.zeros(len(data.universe))
        found[[at for label in assets for at in self.members(label, data)]] = 1.0
        known = data.groups
        for group in groups:
            if group not in known:
                raise SpecError(
                    "constraint {name!r:s}: unknown group {group!r:s}.",
                    hint=did_you_mean(group, known),
                    name=self.name,
                    group=group,
                )
            found[[at for at, asset in enumerate(data.universe) if asset.group == group]] = 1.0
        return found


GROUPS_OF_METALS = frozenset({"technology_metals", "rare_earths", "precious_metals"})


def least_weights(constraints: Sequence[Constraint], data: ConstraintData) -> FloatArray:
    """(n + 1,) the least that any of the constraints lets each weight be, zero for a weight that none lets be negative."""
    least = np.zeros(len(data.universe) + 1)
    for constraint in constraints:
        for at, value in constraint.least(data).items():
            least[at] = min(least[at], value)
    return read_only(least)


LITTLE = 1e-9
"""By how much a limit is relaxed to see whether weights could be negative then."""
LARGEST_WEIGHT = 10.0
"""Largest limit on a weight that may be negative or borrowed for."""
Multiple = Annotated[float, Field(ge=-LARGEST_WEIGHT, le=LARGEST_WEIGHT)]


def outward(limit: float, side: str, move: float, digits: int) -> float:
    """`limit` moved by `move` away from the feasible side and rounded in that direction.

    To `digits` decimals, a small value to at most two more so that three of its digits stay: of 4, 0.14058 to 0.1406, 0.000412.
    """
    sign = 1.0 if side == "upper" else -1.0
    moved = sign * limit + move
    leading = int(np.floor(np.log10(abs(moved)))) if moved else 0
    unit = 10.0 ** min(digits + 2, max(digits, 2 - leading))
    # What rounding of the arithmetic added is forgiven: 0.3 that became 0.30000000000000004 stays 0.3.
    return float(sign * np.ceil(moved * unit - min(1e-3, 1e-9 * unit)) / unit) + 0.0


def _is_left_out(value: object) -> bool:
    return not value


class Relaxable(Constraint):
    """A constraint whose limits may give way: in the answer to a conflict, or for a price.

    With `soft = PRICE` a unit beyond the limit costs PRICE in the objective's own unit, and no answer is refused for it. With
    `gives_way` it is soft where whole lots of a small budget, or what is held, leave no answer.
    """

    relaxable: ClassVar[bool] = True

    soft: float | None = Field(default=None, gt=0)
    gives_way: bool = Field(default=False, exclude_if=_is_left_out)


class UpperLimited(Relaxable):
    """A constraint with an upper limit only, on something convex."""

    upper: float = Field(gt=0)

    @property
    def most(self) -> float:
        """No limit above it is meant where no weight may be negative."""
        return 1.0

    def relaxed(self, side: str, move: float, digits: int) -> Mapping[str, float]:
        """The limit."""
        return {"upper": outward(self.upper, side, move, digits)}


def check_limits(lower: float | None, upper: float | None) -> None:
    """Refuse limits that are none, or that nothing holds; `ValueError`, for models."""
    if lower is None and upper is None:
        raise ValueError(message("needs `lower`, `upper` or both"))
    if lower is not None and upper is not None and lower > upper:
        raise ValueError(message("lower {lower:s} is above upper {upper:s}", lower=f"{lower:g}", upper=f"{upper:g}"))


class LowerUpperLimited(Relaxable):
    """A constraint with a lower and an upper limit, as fractions of the budget; at least one is needed."""

    lower: float | None = Field(default=None, ge=0, le=1)
    upper: float | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _limits_make_sense(self) -> LowerUpperLimited:
        check_limits(self.lower, self.upper)
        return self

    def row(self, label: str, assets: FloatArray) -> LinearConstraint:
        """One row over the assets, (n,), and nothing of cash, within the two limits."""
        return LinearConstraint.of((label,), np.append(assets, 0.0), self.lower, self.upper)

    def relaxed(self, side: str, move: float, digits: int) -> Mapping[str, float]:
        """The limit on that side, which is there: its rows asked for this."""
        limit = getattr(self, side)
        moved = outward(limit, side, move, digits)
        # A long portfolio has weights between 0 and 1: there no limit beyond them is of use.
        return {side: moved if limit < 0 or limit > 1 else min(1.0, max(0.0, moved))}


HELD_BEYOND = 1.25
"""What is held may grow to so many times an upper limit before it is sold, where the strategy does not say otherwise."""


class HoldLimited(LowerUpperLimited):
    """A constraint whose `upper` stops purchases, and asks for a sale only beyond `hold_upper`.

    What has grown through `upper` stays, by default until it is a quarter above; with `hard = true` it is sold at once.
    """

    hold_upper: float | None = Field(default=None, gt=0, le=LARGEST_WEIGHT, exclude_if=_is_left_out)
    hard: bool = Field(default=False, exclude_if=_is_left_out)

    @model_validator(mode="after")
    def _holding_is_no_less(self) -> HoldLimited:
        if self.hold_upper is not None and (self.upper is None or self.hold_upper < self.upper or self.hard):
            raise ValueError(message("hold_upper is a limit above `upper`, of one that is not hard"))
        return self

    @property
    def most_held(self) -> float | None:
        """The limit beyond which something is sold; None where there is no upper one."""
        if self.upper is None or self.hard:
            return self.upper
        return HELD_BEYOND * self.upper if self.hold_upper is None else self.hold_upper

    def rows(self, data: ConstraintData) -> LinearConstraint | None:
        """Its rows, of which one that what is held exceeds has that for its upper limit, and `most_held` at the most.

        As shares of wealth after the costs of other trades, which are no less than those of the budget.
        """
        found, most = self.linear(data), self.most_held
        if found is None or most is None or most == self.upper or data.previous is None or not data.previous.any():
            return found
        held, grown = found.coefficients.matvec(data.held), self.grown(data)
        if not (grown | (held > found.upper)).any():
            return found
        stays = np.minimum(most, held / max(data.least_wealth, 1e-9))
        # What is at its limit but for the last digits of a solver has not grown, and may be bought as little as before.
        at_limit = np.maximum(found.upper, held)
        return replace(
            found, upper=np.where(held > found.upper + TRADED, stays, np.where(grown, np.maximum(at_limit, stays), at_limit))
        )

    def grown(self, data: ConstraintData) -> NDArray[np.bool_]:
        """(m,) of which rows nothing more is bought: what is held exceeds the limit, or would with the smallest purchase."""
        found = self.linear(data)
        if found is None or self.upper is None or data.previous is None:
            return np.zeros(0 if found is None else len(found.upper), dtype=bool)
        held = found.coefficients.matvec(data.held)
        if data.least_purchase is None:
            return held > found.upper + TRADED
        shares = found.coefficients.toarray()[:, :-1]
        smallest = np.where(shares > 0, shares * np.nan_to_num(data.least_purchase), np.inf).min(axis=1, initial=np.inf)
        is_held = (shares > 0) @ (data.previous > 0)
        return is_held & (held + np.where(np.isfinite(smallest), smallest, 0.0) > found.upper + TRADED)

    def relaxed(self, side: str, move: float, digits: int) -> Mapping[str, float]:
        """The limit on that side, with the limit of holding where that would be below it."""
        found = super().relaxed(side, move, digits)
        if side == "upper" and self.hold_upper is not None:
            return {**found, "hold_upper": max(self.hold_upper, found["upper"])}
        return found


class SignedLimits(LowerUpperLimited):
    """A constraint whose limits may be below zero or above one, where weights may be negative."""

    lower: Multiple | None = None
    upper: Multiple | None = None

    @property
    def lets_negative(self) -> bool:
        """Whether weights may be negative because of it."""
        return False

    def opens(self, data: ConstraintData) -> frozenset[int]:
        """Those that a limit at zero, or at all that is owned, keeps from it."""
        sides = {"lower": self.lower, "upper": self.upper}
        wider = {key: limit + (LITTLE if key == "upper" else -LITTLE) for key, limit in sides.items() if limit is not None}
        try:
            return frozenset(self.model_copy(update=wider).least(data)) - frozenset(self.least(data))
        except SpecError:  # metal cannot be sold short, whatever the limit
            return frozenset()


def limits_beyond_whole(constraints: Sequence[Constraint]) -> list[tuple[str, str, float]]:
    """Name, key and value of limits below zero or above one of a strategy in which no weight may be negative.

    There they limit nothing, and are per cent written for fractions.
    """
    if any(own.lets_negative for own in constraints if isinstance(own, SignedLimits)):
        return []
    signed = [own for own in constraints if isinstance(own, SignedLimits)]
    pairs = [(own.name, key, getattr(own, key)) for own in signed for key in ("lower", "upper")]
    found = [(name, key, value) for name, key, value in pairs if value is not None and not 0 <= value <= 1]
    one_sided = [own for own in constraints if isinstance(own, UpperLimited)]
    return found + [(own.name, "upper", own.upper) for own in one_sided if own.upper > own.most]
