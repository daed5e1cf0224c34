"""Risk: the factor model, what is believed of each asset, the risk of a proposal; and `toolkit factors --json`."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from toolkit.records.base import Day, Named, Record, Rows, Sentence
from toolkit.records.fields import DataUsed, DayAsked, SourceId, StandardError, TermName
from toolkit.records.sources import StrategyTitle
from toolkit.records.supply import StageConcentration


class Risk(Record):
    """Risk of the proposal over a year; fractions of wealth, losses positive."""

    volatility: float
    """A year."""
    cvar_95: float | None
    """Mean loss of the worst twentieth, over the horizon of `cvar_method`."""
    cvar_method: Sentence
    """What the tail is read from, in words."""
    diversification_ratio: float | None
    """Weighted mean of the volatilities over the volatility of all."""
    systematic: float | None
    """Fraction of the variance that named factors bring."""
    factor_shares: Mapping[str, float] | None
    """Fraction of the variance by named factor and of the rest, `specific`."""
    measures: Mapping[str, float | None]
    """Measures over the scenarios of the strategy, by name; empty without scenarios."""
    contributions_of: str
    """Measure whose parts `risk_contributions` are."""
    tail: Literal["normal", "scenarios"]
    """What `cvar_95` is read from: a normal distribution around zero, or the scenarios of the strategy."""


class Estimate(Record):
    """A figure and its standard error."""

    value: float
    """A year, as a fraction."""
    error: StandardError


class ExpectedReturn(Record):
    """Expected return of the proposal."""

    value: float
    """A year, as a fraction."""
    error: StandardError
    horizon: str
    """Of the figures, in words."""
    assets: Mapping[str, Estimate]
    """By asset."""


class Concentration(Record):
    """How the supply behind the value is concentrated."""

    hhi: float | None
    """Herfindahl-Hirschman index, 0 to 1, weighted by value."""
    n_minus_1: float | None
    """Fraction of supply left without the largest producer, weighted by value."""


class Exposures(Record):
    """What stands behind the value, as fractions of wealth."""

    country: Mapping[str, float]
    """By ISO-3 code of the country of supply."""
    country_other: float
    """Behind which no country stands by name."""
    country_unknown: float | int
    """Whose supply is not known."""
    controlled: float | None
    """Under an export control; null where the strategy does not look."""
    concentration: Concentration
    """Of the supply."""
    factors: Mapping[str, float]
    """Loading of the whole on each named factor."""


class Scenario(Record):
    """The loss in one scenario."""

    name: Sentence
    """Of the factor that falls, or of the shock."""
    kind: str
    """factor or shock."""
    loss: float
    """Fraction of wealth; below zero is a gain."""
    method: Sentence
    """What it rests on, in words."""
    factor: str | None = None
    """Name of the factor that falls; missing for a shock."""
    deviations: float | None = None
    """Size of its fall, in standard deviations a year."""
    size: float | None = None
    """Size of its fall, as a fraction."""
    probability: float | None = None
    """Of a shock within the horizon; missing for a factor, null where scenarios are a path that shocks stand beside."""


class CorrectedVolatility(Record):
    """Volatility of a price a year, as fractions, as it was seen and behind the noise."""

    raw: float
    """Of the prices as they are."""
    corrected: float
    """Of the prices behind the noise."""
    without_history: float | None
    """The same without yearly prices of decades; null where there are none."""
    low: float
    """Lower end of the 68 % interval of `corrected`."""
    high: float
    """Upper end of it."""
    noise: float
    """Standard deviation of one print around the level, in log points."""
    first: Day
    """Day of the first price."""
    last: Day
    """Day of the last price."""


class AssetVolatility(CorrectedVolatility):
    """Volatility of an asset in a proposal."""

    used: float
    """In the covariance."""
    observations: int
    """Number of price changes."""
    model: str
    """How prices observe the level."""


class AssetSupply(StageConcentration):
    """Concentration of the supply of an asset."""

    source: str
    """Title of the source."""
    source_id: SourceId


class AssetModel(Named):
    """What the model believes of an asset."""

    form: str | None
    """Traded form."""
    spread: float
    """Round trip between buying and selling, as a fraction."""
    storage: float
    """A year, as a fraction of value."""
    terms: str
    """What both rest on: assumption, published_fee, given, mixed."""
    volatility: AssetVolatility
    """As printed, corrected and used."""
    loadings: Mapping[str, float]
    """On each named factor."""
    loading_errors: Mapping[str, float | None] | None
    """Their standard errors."""
    specific_volatility: float | None
    """What factors do not explain, a year, as a fraction."""
    supply: AssetSupply | None
    """Its concentration; null where no shares are known."""


class Correlation(Record):
    """Correlation of two assets."""

    assets: Rows[str]
    """Keys of both."""
    periods: int
    """Periods in which both changed."""
    observed: float | None
    """Rank correlation of the printed changes, -1 to 1."""
    low: float | None
    """Lower end of its 95 % interval."""
    high: float | None
    """Upper end of its 95 % interval."""
    forecast: float | None
    """Correlation that risk figures use, -1 to 1."""


class PairRisk(Correlation):
    """Correlation of two assets, and what the volatility of the whole owes to it."""

    volatility: float
    """A year, with the observed correlation of this pair in place of the one that is used."""


class CorrelationRisk(Record):
    """How far the volatility of the proposal rests on correlations."""

    low: float | None
    """Lower end of its 95 % interval by the errors of correlations alone; null where these are not known."""
    high: float | None
    """Upper end of it."""
    pairs: Rows[PairRisk]
    """Three whose observed correlation would change it most, the largest change first."""


class Factor(Record):
    """A named factor."""

    name: TermName
    members: Rows[str]
    """Series that it is made from."""
    against: Rows[str]
    """Series that it is measured against."""
    volatility: float
    """A year, as a fraction."""
    return_12m: float | None
    """Compounded return of the last twelve months, as a fraction."""
    last: Day | None
    """End of its last period."""


class Loading(Record):
    """Sensitivity of an asset to a factor."""

    loading: float
    """Return of the asset for one of the factor."""
    error: StandardError
    t: float | None
    """Loading over its error."""


class FactorAsset(Named, CorrectedVolatility):
    """How an asset was observed and what the regression found."""

    observation: str
    """How prices observe the level."""
    rhythm: str
    """Frequency of its prices."""
    basis: str
    """Basis of the price series."""
    observations: int
    """Number of prices."""
    changes: int
    """Number of price changes."""
    gaps: int
    """Periods without a price."""
    missing: float
    """Fraction of periods without a price."""
    volatility_from: str
    """Where the volatility is taken from if the history is short."""
    comovement_from: str
    """Where the loadings are taken from if the history is short."""
    own_weight: float
    """Weight of the own history against that of its group, 0 to 1."""
    forecast: float
    """Volatility in the covariance."""
    fit: float | None
    """Fraction of the variance that named factors explain."""
    loadings: Mapping[str, Loading]
    """By factor."""

    @property
    def volatility(self) -> AssetVolatility:
        """The volatility as a proposal has it."""
        return AssetVolatility.from_objects(self, used=self.forecast, observations=self.changes, model=self.observation)


class FactorTests(Record):
    """How many loadings are distinguishable from zero."""

    estimates: int
    """Different loadings that were estimated."""
    significant: int
    """Those beyond the threshold."""
    threshold: float
    """Absolute t-statistic."""


class FactorModel(Record):
    """The factor regression of a run."""

    factors: Rows[Factor]
    """In the order of the strategy; none of a covariance without named factors."""
    assets: Rows[FactorAsset]
    """In the order of the universe."""
    tests: FactorTests
    """Of all loadings together."""


class FactorReturn(Record):
    """Return of a factor in a period."""

    date: Day
    """Last day of the period."""
    factor: str
    """Name of the factor."""
    value: float
    """As a fraction."""


class Bias(Record):
    """Size of outcomes in units of a forecast of risk; above 1 it was too low."""

    what: str
    """portfolios of prices without measurement error, or single noisy prices."""
    horizon_months: int
    """Of an outcome."""
    statistic: float
    """Root mean square of the standardised outcomes."""
    error: float | None
    """Its standard error; null below two dates."""
    median: float
    """The same from the median outcome."""
    outcomes: int
    """Standardised outcomes, all dates together."""
    dates: int
    """Dates they begin at."""
    assets: Rows[str]
    """Keys of what was scored."""
    first: Day = Field(alias="from")
    """First day on which an outcome begins."""
    last: Day = Field(alias="to")
    """Last day on which one ends."""


class Factors(FactorModel, schema="factors"):
    """The factor model of a strategy and how its forecasts did: `toolkit factors`."""

    schema_version: str
    """Of this object."""
    as_of: DayAsked
    strategy: StrategyTitle
    """Whose model it is."""
    currency: str
    """Of the risk."""
    periods_per_year: float
    """Of the returns."""
    covariance: str
    """Kind of the covariance."""
    factor_returns: Rows[FactorReturn]
    """Oldest first; periods in which a factor has no member with a change are left out."""
    correlations: Rows[Correlation]
    """Pair by pair."""
    bias: Rows[Bias]
    """Of past forecasts, one a kind of outcome."""
    notes: Rows[Sentence]
    """On prices and risk."""
    data: DataUsed
