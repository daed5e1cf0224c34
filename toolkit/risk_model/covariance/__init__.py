"""Covariance estimators, a family a file. Each spec is its own TOML table and ends in a `StructuredCovariance`."""

from typing import Annotated

from pydantic import Field

from toolkit.risk_model.covariance.blend import BlendCovariance
from toolkit.risk_model.covariance.dynamic import DynamicCovariance
from toolkit.risk_model.covariance.ewma import EwmaConstantCorrelationCovariance, EwmaCovariance
from toolkit.risk_model.covariance.factor import FactorCovariance, NamedFactors
from toolkit.risk_model.covariance.form import CovarianceInputs, StructuredCovariance
from toolkit.risk_model.covariance.ledoit_wolf import LedoitWolfCovariance
from toolkit.risk_model.covariance.nonlinear import NonlinearShrinkageCovariance
from toolkit.risk_model.covariance.oas import OasCovariance
from toolkit.risk_model.covariance.sample import SampleCovariance
from toolkit.risk_model.covariance.statistical import PcaCovariance, PoetCovariance

CovarianceSpec = Annotated[
    FactorCovariance
    | SampleCovariance
    | LedoitWolfCovariance
    | NonlinearShrinkageCovariance
    | OasCovariance
    | EwmaCovariance
    | EwmaConstantCorrelationCovariance
    | PcaCovariance
    | PoetCovariance
    | DynamicCovariance
    | BlendCovariance,
    Field(discriminator="kind"),
]
"""What `covariance = {kind = ...}` of a strategy may be."""

__all__ = [
    "BlendCovariance",
    "CovarianceInputs",
    "CovarianceSpec",
    "DynamicCovariance",
    "EwmaConstantCorrelationCovariance",
    "EwmaCovariance",
    "FactorCovariance",
    "LedoitWolfCovariance",
    "NamedFactors",
    "NonlinearShrinkageCovariance",
    "OasCovariance",
    "PcaCovariance",
    "PoetCovariance",
    "SampleCovariance",
    "StructuredCovariance",
]
