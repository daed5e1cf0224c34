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
    volatility: float | None
    """A year, as a fraction."""
    return_12m: float | None
    """Compounded return of the last twelve months, as a fraction."""
    last: Day | None
    """End of its last period."""


class Loading(Record):
    """Sensitivity of an asset to a factor."""

    loading: float | None
    """Return of the asset for one of the factor."""
    error: float | None
    """Standard error."""
    t: float | None
    """Loading over its error."""


class FactorAsset(Named):
    """How an asset was observed and what the regression found."""

    observation: str | None
    """How prices observe the level."""
    rhythm: str | None
    """Frequency of its prices."""
    basis: str | None
    """Basis of the price series."""
    observations: int | None
    """Number of prices."""
    changes: int | None
    """Number of price changes."""
    gaps: int | None
    """Periods without a price."""
    missing: float | None
    """Fraction of periods without a price."""
    volatility_from: str | None
    """Where the volatility is taken from if the history is short."""
    comovement_from: str | None
    """Where the loadings are taken from if the history is short."""
    first: Day | None
    """Day of the first price."""
    last: Day | None
    """Day of the last price."""
    own_weight: float | None
    """Weight of the own history against that of its group, 0 to 1."""
    raw: float | None
    """Volatility of the prices as they are, a year, as a fraction."""
    corrected: float | None
    """Volatility behind the noise."""
    without_history: float | None
    """Volatility taken where the history is too short."""
    low: float | None
    """Lower end of the interval of the volatility."""
    high: float | None
    """Upper end of the interval of the volatility."""
    forecast: float | None
    """Volatility in the covariance."""
    noise: float | None
    """Standard deviation of one print around the level, in log points."""
    fit: float | None
    """Fraction of the variance that named factors explain."""
    loadings: Mapping[str, Loading]
    """By factor."""


class FactorTests(Record):
    """How many loadings are distinguishable from zero."""

    estimates: int | None
    """Different loadings that were estimated."""
    significant: int | None
    """Those beyond the threshold."""
    threshold: float | None
    """Absolute t-statistic."""


class FactorModel(Record):
    """The factor regression of a run."""

    factors: Rows[Factor]
    """In the order of the strategy."""
    assets: Rows[FactorAsset]
    """In the order of the universe."""
    tests: FactorTests
    """Of all loadings together."""
