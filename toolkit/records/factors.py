"""The factor model of a run."""

from collections.abc import Mapping

from toolkit.records.base import Day, Named, Record, Rows


class Factor(Record):
    """A named factor."""

    name: str
    """As the strategy names it."""
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
    error: float | None
    """Standard error."""
    t: float | None
    """Loading over its error."""


class FactorAsset(Named):
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
    first: Day
    """Day of the first price."""
    last: Day
    """Day of the last price."""
    own_weight: float
    """Weight of the own history against that of its group, 0 to 1."""
    raw: float
    """Volatility of the prices as they are, a year, as a fraction."""
    corrected: float
    """Volatility behind the noise."""
    without_history: float | None
    """The same without yearly prices of decades; null where there are none."""
    low: float
    """Lower end of the 68 % interval of `corrected`."""
    high: float
    """Upper end of it."""
    forecast: float
    """Volatility in the covariance."""
    noise: float
    """Standard deviation of one print around the level, in log points."""
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
