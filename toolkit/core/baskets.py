"""The market baskets: which listed series stand for precious metals, base metals, energy and the dollar."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DOLLAR = "dollar"
DOLLAR_SERIES = "currency:USD"
"""Name of the exchange rate among the series; no asset key has a colon."""
MEMBERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "precious_metals": ("gold", "silver", "platinum", "palladium"),
        "base_metals": ("aluminium", "copper", "lead", "nickel", "tin", "zinc"),
        "energy": ("brent", "natural_gas_us"),
        DOLLAR: (DOLLAR_SERIES,),
    }
)
"""Name of an observed factor -> its series; a factor is built from those that exist."""
