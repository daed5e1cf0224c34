"""The run object: `run.json` of a stored run, and what `toolkit optimize --json` prints (`schema_version` 2)."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from toolkit.holdings.lots import Lot
from toolkit.records.base import Record, Rows, Sentence
from toolkit.records.controls import ControlState, MeasureSpells
from toolkit.records.dates import Upcoming
from toolkit.records.evidence import StrategyEvidence
from toolkit.records.factors import (
    AssetModel,
    Correlation,
    CorrelationRisk,
    ExpectedReturn,
    Exposures,
    FactorModel,
    Risk,
    Scenario,
)
from toolkit.records.fields import (
    AsOf,
    Client,
    Currency,
    DataBySource,
    NotesBeside,
    OwnEvents,
    OwnLedger,
    Phrases,
    Remarks,
    SchemaVersion,
    Warnings,
)
from toolkit.records.limits import Constraint, Costs, Objective, Rebalancing, Solver
from toolkit.records.positions import AtLastPrices, Before, Caps, Cash, LeftOut, Money, Order, Position, Relaxed
from toolkit.records.sources import About, Owner, Rate, Review, StrategyName, Vat


class Run(Record, schema="run"):
    """A proposal and everything that it rests on. Money is in `currency`, weights are fractions of wealth after costs."""

    kind: ClassVar[str] = "run"
    schema_version: SchemaVersion = 2
    run_id: str
    """Derived from everything that went in."""
    holdings_notes: Rows[Sentence]
    """How the holdings were read."""
    as_of: AsOf
    strategy: StrategyName
    """Which one was run."""
    currency: Currency
    budget: float
    """Money to place, what is held included."""
    periods_per_year: float
    """Periods of the forecast in a year."""
    status: str
    """optimal, optimal_inaccurate or feasible."""
    objective: Objective
    """What was minimised."""
    solver: Solver
    """How it was solved."""
    positions: Rows[Position]
    """Every asset of the universe."""
    orders: Rows[Order]
    """What is bought, sold and kept."""
    lots: Rows[Lot]
    """What is held after the orders."""
    value_se: float | None = None
    """One standard error of the value of the positions, by those of their prices as prices of today alone."""
    at_last_prices: AtLastPrices
    """The proposal at the last observed prices."""
    expected_return: ExpectedReturn | None
    """Null where the strategy expects none."""
    ledger: Review
    """How far the control ledger is complete."""
    money: Money
    """Where the budget comes from."""
    cash: Cash
    """What is not placed."""
    risk: Risk
    """Of the proposal."""
    risk_contributions: Mapping[str, float]
    """Fraction of the risk by asset; they add up to 1."""
    constraints: Rows[Constraint]
    """Every named limit."""
    limits_hold_from: float | None = None
    """A larger budget at which all limits hold that gave way to whole lots, not at each beyond it; null where none did, or none
    is found."""
    exposures: Exposures
    """Countries, controls, factors."""
    scenarios: Rows[Scenario]
    """The loss in each."""
    scenario_notes: Rows[Sentence]
    """What the scenarios of the strategy rest on."""
    costs: Costs
    """Of the trades and of holding."""
    vat: Vat
    """By law of the owner's country."""
    data: DataBySource
    warnings: Warnings
    notes: NotesBeside
    remarks: Remarks
    versions: Mapping[str, str]
    """Of the toolkit and of the libraries behind the numbers."""
    seed: int
    """Of whatever was random."""
    owner: Owner
    """For whom it is."""
    about: About
    """What the strategy says of itself."""
    assets: Rows[AssetModel]
    """What the model believes of each asset."""
    relaxed: Relaxed
    """The optimum if metals were divisible."""
    controls: Rows[ControlState]
    """State of every product for the owner's country."""
    timeline: Rows[MeasureSpells]
    """Periods of every official measure."""
    before: Before | None
    """What is held today; null for a start in cash."""
    caps: Caps
    """The tightest upper limits."""
    upcoming: Rows[Upcoming]
    """Dated events of the past and ahead."""
    rates: Rows[Rate]
    """Exchange rates that were used."""
    left_out: Rows[LeftOut]
    """Products without a price."""
    held_unpriced: Mapping[str, float]
    """Quantity held of products without a price, in their unit."""
    factor_model: FactorModel | None
    """Null where the covariance has no factors."""
    correlations: Rows[Correlation]
    """The most correlated first."""
    correlation_risk: CorrelationRisk | None = None
    """What the volatility owes to them; null where nothing is held or no changes were observed."""
    phrases: Phrases
    evidence: StrategyEvidence | None = None
    """What past prices say of the strategy as it is; null where it was changed, or nothing was known on the day."""
    rebalancing: Rebalancing | None = None
    """By the strategy; null where it has no table for it."""
    own_events: OwnEvents = ()
    own_ledger: OwnLedger = None
    client: Client = None

    def missing_rows(self) -> Iterator[str]:
        """Keys that other keys ask for: of assets where tables and lists go by them, of factors where loadings do."""
        assets = [one.asset for one in self.positions]
        by_asset: dict[str, Mapping[str, Any]] = {
            "risk_contributions": self.risk_contributions,
            "relaxed.weights": self.relaxed.weights,
        }
        if self.expected_return is not None:
            by_asset["expected_return.assets"] = self.expected_return.assets
        by_asset["assets"] = {row.asset: row for row in self.assets}
        if self.factor_model is not None:
            by_asset["factor_model.assets"] = {row.asset: row for row in self.factor_model.assets}
        for path, table in by_asset.items():
            yield from (f"{path}.{one}" for one in assets if one not in table)
        model = self.factor_model
        for row in () if model is None else model.assets:
            missing = (one.name for one in model.factors if one.name not in row.loadings) if model else ()
            yield from (f"factor_model.assets.{row.asset}.loadings.{one}" for one in missing)
