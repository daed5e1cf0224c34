"""Covariance estimators, a family a file. Each spec is its own TOML table and ends in a `FactorForm`."""

from typing import Annotated

from pydantic import Field

from toolkit.factors.covariance.blend import BlendCovariance
from toolkit.factors.covariance.dynamic import DynamicCovariance
from toolkit.factors.covariance.ewma import EwmaConstantCorrelationCovariance, EwmaCovariance
from toolkit.factors.covariance.factor import FactorCovariance, NamedFactors
from toolkit.factors.covariance.form import CovarianceInputs, FactorForm
from toolkit.factors.covariance.ledoit_wolf import LedoitWolfCovariance
from toolkit.factors.covariance.nonlinear import NonlinearShrinkageCovariance
from toolkit.factors.covariance.oas import OasCovariance
from toolkit.factors.covariance.sample import SampleCovariance
from toolkit.factors.covariance.statistical import PcaCovariance, PoetCovariance

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
    "FactorForm",
    "LedoitWolfCovariance",
    "NamedFactors",
    "NonlinearShrinkageCovariance",
    "OasCovariance",
    "PcaCovariance",
    "PoetCovariance",
    "SampleCovariance",
]
