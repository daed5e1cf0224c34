"""The Python API behind `import toolkit as tk`: a module per noun, over the same use cases as the commands."""

from toolkit.api.backtest import Backtest, backtest
from toolkit.api.controls import Controls, controls
from toolkit.api.exposure import Exposure, exposure
from toolkit.api.frames import frame
from toolkit.api.frontier import EfficientFrontier, frontier
from toolkit.api.market import Market, load_market
from toolkit.api.run import Run, optimize
from toolkit.api.runs import Runs, runs
from toolkit.api.strategy import load_strategy, terms
from toolkit.api.sweep import Futures, Sweep, futures, sweep
from toolkit.core.errors import (
    DataError,
    FrameError,
    GapError,
    Infeasible,
    NumericalFailure,
    SolveError,
    SpecError,
    ToolkitError,
    Unbounded,
)
from toolkit.optimize.constraints.bounds import Bounds, Cash, FullyInvested, Group
from toolkit.optimize.constraints.cardinality import Cardinality
from toolkit.optimize.constraints.contribution import RiskContribution
from toolkit.optimize.constraints.discrete import Lots, MinTicket
from toolkit.optimize.constraints.expected_return import ExpectedReturn
from toolkit.optimize.constraints.exposure import ControlExposure, CountryExposure, CurrencyExposure
from toolkit.optimize.constraints.factors import FactorExposure
from toolkit.optimize.constraints.leverage import Gross, Net
from toolkit.optimize.constraints.linear import Linear
from toolkit.optimize.constraints.no_trade import BuyOnly, KeepAtLeast, NoBuy, NoSell, NoTrade
from toolkit.optimize.constraints.risk import RiskLimit, ScenarioLoss, TrackingError
from toolkit.optimize.constraints.trading import Liquidity, Turnover
from toolkit.optimize.objectives.equal_weight import EqualWeight
from toolkit.optimize.objectives.hierarchical import HierarchicalRiskParity
from toolkit.optimize.objectives.max_return import MaxReturn
from toolkit.optimize.objectives.max_utility import MaxUtility
from toolkit.optimize.objectives.min_risk import MinRisk
from toolkit.optimize.objectives.ratio import MaxDiversification, MaxRatio
from toolkit.optimize.objectives.risk_parity import RiskParity
from toolkit.optimize.objectives.track import Track
from toolkit.risk_model.covariance.blend import BlendCovariance
from toolkit.risk_model.covariance.dynamic import DynamicCovariance
from toolkit.risk_model.covariance.ewma import EwmaConstantCorrelationCovariance, EwmaCovariance
from toolkit.risk_model.covariance.factor import FactorCovariance
from toolkit.risk_model.covariance.ledoit_wolf import LedoitWolfCovariance
from toolkit.risk_model.covariance.nonlinear import NonlinearShrinkageCovariance
from toolkit.risk_model.covariance.oas import OasCovariance
from toolkit.risk_model.covariance.own import OwnCovariance
from toolkit.risk_model.covariance.sample import SampleCovariance
from toolkit.risk_model.covariance.statistical import PcaCovariance, PoetCovariance
from toolkit.risk_model.expected_returns.equilibrium import EquilibriumReturns
from toolkit.risk_model.expected_returns.historical import HistoricalReturns
from toolkit.risk_model.expected_returns.own import OwnReturns
from toolkit.risk_model.expected_returns.views import ViewsReturns
from toolkit.risk_model.expected_returns.zero import ZeroReturns
from toolkit.strategy.model import (
    About,
    CostsSpec,
    ForecastSpec,
    OfferSpec,
    OwnAsset,
    RebalanceSpec,
    SiteSpec,
    SolverSpec,
    Strategy,
    UniverseSpec,
    VatSpec,
)
from toolkit.strategy.scenarios import HistoricalScenarios, Range, ShockSpec, SimulatedScenarios, ViewSpec

__all__ = [
    "About",
    "Backtest",
    "BlendCovariance",
    "Bounds",
    "BuyOnly",
    "Cardinality",
    "Cash",
    "ControlExposure",
    "Controls",
    "CostsSpec",
    "CountryExposure",
    "CurrencyExposure",
    "DataError",
    "DynamicCovariance",
    "EfficientFrontier",
    "EqualWeight",
    "EquilibriumReturns",
    "EwmaConstantCorrelationCovariance",
    "EwmaCovariance",
    "ExpectedReturn",
    "Exposure",
    "FactorCovariance",
    "FactorExposure",
    "ForecastSpec",
    "FrameError",
    "FullyInvested",
    "Futures",
    "GapError",
    "Gross",
    "Group",
    "HierarchicalRiskParity",
    "HistoricalReturns",
    "HistoricalScenarios",
    "Infeasible",
    "KeepAtLeast",
    "LedoitWolfCovariance",
    "Linear",
    "Liquidity",
    "Lots",
    "Market",
    "MaxDiversification",
    "MaxRatio",
    "MaxReturn",
    "MaxUtility",
    "MinRisk",
    "MinTicket",
    "Net",
    "NoBuy",
    "NoSell",
    "NoTrade",
    "NonlinearShrinkageCovariance",
    "NumericalFailure",
    "OasCovariance",
    "OfferSpec",
    "OwnAsset",
    "OwnCovariance",
    "OwnReturns",
    "PcaCovariance",
    "PoetCovariance",
    "Range",
    "RebalanceSpec",
    "RiskContribution",
    "RiskLimit",
    "RiskParity",
    "Run",
    "Runs",
    "SampleCovariance",
    "ScenarioLoss",
    "ShockSpec",
    "SimulatedScenarios",
    "SiteSpec",
    "SolveError",
    "SolverSpec",
    "SpecError",
    "Strategy",
    "Sweep",
    "ToolkitError",
    "Track",
    "TrackingError",
    "Turnover",
    "Unbounded",
    "UniverseSpec",
    "VatSpec",
    "ViewSpec",
    "ViewsReturns",
    "ZeroReturns",
    "backtest",
    "controls",
    "exposure",
    "frame",
    "frontier",
    "futures",
    "load_market",
    "load_strategy",
    "optimize",
    "runs",
    "sweep",
    "terms",
]
