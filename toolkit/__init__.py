"""Portfolio and tangible-asset analysis for strategic metals.

The sentence of the design: a `Market` (prices, supply, controls: each row dated twice) and a `Strategy` (a TOML file)
go in; `factors` makes a `Forecast`, `optimize` an `Allocation`; `report` shows it. All of that is pure. Files, clocks
and the terminal exist only at the rim: `data`, `app`, `cli`.
"""

__version__ = "0.1.0"
