"""Rebalancing what a run proposed, on the same data, trades nothing: whatever the strategy, the currency and what was held."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from toolkit.app.allocation.request import Request
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.optimize import optimize

DAY = date(2026, 11, 24)
MONEY = {"EUR": 1e5, "USD": 1e5, "GBP": 1e5, "CHF": 1e5, "JPY": 17e6, "CNY": 8e5}
"""A budget in each currency, of a like amount."""
LOTS = """lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,paid,currency,origin_country,location,status
GA,gallium,metal,4N,3,kg,2024-01-03,500,,EUR,CHN,DEU,stored
IN,indium,metal,4N,6,kg,2025-12-01,400,,USD,KOR,DEU,stored
AU,gold,metal,999.9,100,g,2025-02-11,100,,EUR,unknown,DEU,stored
GE,germanium,metal,5N,2,kg,2026-10-03,3000,30 %,EUR,CHN,,ordered
"""
STRATEGIES = (
    "control-pressure-views", "equal-weight", "ex-china", "few-holdings", "hierarchical-risk-parity", "maximum-diversification",
    "minimum-risk", "physical-basket", "risk-parity",
)  # fmt: skip
"""Those that answer within two seconds."""


@settings(max_examples=2, suppress_health_check=list(HealthCheck))  # each example is two whole runs
@given(strategy=st.sampled_from(STRATEGIES), currency=st.sampled_from(sorted(MONEY)), owned=st.booleans())
@example(strategy="ex-china", currency="EUR", owned=True)
def test_rebalancing_what_a_run_proposed_trades_nothing(tmp_path_factory, strategy, currency, owned):
    """Of ex-china, another choice of lots was better once its costs used up the cash that was too much before."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "lots.csv").write_text(LOTS, "utf-8")
    asked = resolve({"owner.currency": currency, "owner.budget": MONEY[currency], "output.folder": str(folder)})
    held = str(folder / "lots.csv") if owned else None
    first = optimize(Request(strategy, Context(asked, DAY), holdings=held, budget_given=True))
    first.save(report=False)
    again = optimize(Request(strategy, Context(asked, DAY), holdings="last")).record.to_json()
    assert [(row["asset"], row["side"]) for row in again["orders"] if row["side"] != "keep"] == []
    assert again["cash"]["value"] == pytest.approx(first.record.to_json()["cash"]["value"], abs=0.01 * len(again["positions"]))
    assert (again["costs"]["entry"], again["money"]["owed"]) == (0, 0)
