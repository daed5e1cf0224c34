"""The factor model of a run, and `toolkit factors --json`."""

from collections.abc import Mapping

from pydantic import Field

from toolkit.records.base import Day, Named, Record, Rows, Sentence
from toolkit.records.fields import DataUsed, DayAsked, StandardError, TermName
from toolkit.records.risk import CorrectedVolatility, Correlation
from toolkit.records.sources import StrategyTitle


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
    """In the order of the strategy."""
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


class CharacteristicPremium(Record):
    """What a characteristic of supply earned, a year for one standard deviation more."""

    name: str
    """Of the characteristic."""
    premium: float | None
    """As a fraction."""
    error: StandardError
    t: float | None
    """Premium over its error; null for too few periods."""
    months: int
    """Number of periods."""


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


class Factors(Record, schema="factors"):
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
    factors: Rows[Factor]
    """In the order of the strategy; none of a covariance without named factors."""
    assets: Rows[FactorAsset]
    """In the order of the universe."""
    tests: FactorTests
    """Of all loadings together."""
    factor_returns: Rows[FactorReturn]
    """Oldest first; periods in which a factor has no member with a change are left out."""
    characteristics: Rows[CharacteristicPremium]
    """Empty where nothing could be compared: a note says why."""
    correlations: Rows[Correlation]
    """Pair by pair."""
    bias: Rows[Bias]
    """Of past forecasts, one a kind of outcome."""
    notes: Rows[Sentence]
    """On prices and risk, then on characteristics."""
    characteristic_notes: Rows[Sentence] = Field((), exclude=True)
    """The last of them, which are on characteristics; not written."""
    data: DataUsed
