"""Covariance estimators, a family a file. Each spec is its own TOML table and ends in a `FactorForm`."""

from typing import Annotated

from pydantic import Field

from toolkit.factors.covariance.ewma import EwmaCovariance
from toolkit.factors.covariance.factor import FactorCovariance
from toolkit.factors.covariance.form import CovarianceInputs, FactorForm
from toolkit.factors.covariance.ledoit_wolf import LedoitWolfCovariance
from toolkit.factors.covariance.sample import SampleCovariance

CovarianceSpec = Annotated[
    FactorCovariance | SampleCovariance | LedoitWolfCovariance | EwmaCovariance, Field(discriminator="kind")
]
"""What `covariance = {kind = ...}` of a strategy may be."""

__all__ = [
    "CovarianceInputs",
    "CovarianceSpec",
    "EwmaCovariance",
    "FactorCovariance",
    "FactorForm",
    "LedoitWolfCovariance",
    "SampleCovariance",
]
