"""Orders that cost more than they move, sales by the share of the costs, cash below zero, and cash that is not said."""

from __future__ import annotations

from pathlib import Path

import pytest

import toolkit as tk

METALS = ["gold", "silver", "platinum", "tungsten", "gallium", "indium", "antimony", "tellurium"]
HELD = "asset,quantity,unit\ngold,0.1,kg\nsilver,4,kg\nplatinum,0.2,kg\ntungsten,40,kg\ngallium,8,kg\nindium,15,kg\n"
HELD += "antimony,500,kg\ntellurium,80,kg\n"
TWO = "asset,quantity,unit\ngold,0.2,kg\nsilver,6,kg\nplatinum,0.3,kg\nantimony,300,kg\ntellurium,50,kg\n"


def proposal(path: Path, held: str, costs: tk.CostsSpec, *limits: object) -> tk.Run:
    """What a strategy by weights proposes from what is held, with a limit on turnover of a hundredth."""
    path.write_text(held)
    strategy = tk.Strategy(
        objective=tk.MinRisk(),
        universe=tk.UniverseSpec(assets=METALS),
        constraints=[tk.Bounds(upper=0.5), tk.Turnover(upper=0.01), *limits],
        costs=costs,
    )
    return tk.optimize(strategy, as_of="2026-06-30", holdings=path)


@pytest.mark.parametrize("held", [HELD, TWO])
@pytest.mark.parametrize("limits", [(), (tk.Cardinality(upper=8),)])
@pytest.mark.parametrize("cash", [0.0, 0.05])
def test_no_order_costs_more_than_it_moves_and_cash_is_not_negative(tmp_path, held, limits, cash):
    run = proposal(tmp_path / "held.csv", held, tk.CostsSpec(fee=5.0), tk.Cash(upper=cash), *limits)
    traded = [order for order in run.orders.to_dicts() if order["side"] in ("buy", "sell")]
    assert traded
    assert [order["asset"] for order in traded if abs(order["value"]) <= order["cost"]] == []
    assert run.record["cash"]["value"] >= 0
    turnover = next(limit for limit in run.record["constraints"] if limit["kind"] == "turnover")
    assert turnover["slack"] >= -1e-6
    changes = [abs(row["weight"] - row["previous_weight"]) for row in run.record["positions"]]
    changes.append(abs(run.record["cash"]["weight"] - run.record["cash"]["previous_weight"]))
    assert 0.5 * sum(changes) <= turnover["value"] + 1e-9


def test_fees_that_make_small_trades_worthless_are_decisions(tmp_path):
    run = proposal(tmp_path / "held.csv", HELD, tk.CostsSpec(fee=400.0), tk.Cash(upper=0.05))
    assert all(abs(order["value"]) > order["cost"] for order in run.orders.to_dicts() if order["side"] in ("buy", "sell"))


def test_assets_are_not_sold_by_the_share_of_the_costs(tmp_path):
    run = proposal(tmp_path / "held.csv", HELD, tk.CostsSpec(fee_per_lot=20.0), tk.Cash(upper=0.05))
    traded = [order for order in run.orders.to_dicts() if order["side"] in ("buy", "sell")]
    assert len(traded) == 1  # one sale as large as the limit; before, a part of every holding was sold as well
    turnover = next(limit for limit in run.record["constraints"] if limit["kind"] == "turnover")
    assert turnover["value"] == pytest.approx(0.01, abs=1e-6)


@pytest.mark.parametrize(("upper", "told"), [(0.25, True), (0.5, False)])
def test_a_target_that_limits_keep_out_of_reach_says_how_far_and_why(upper, told):
    target = {"gold": 0.5, "silver": 0.3, "platinum": 0.2}
    strategy = tk.Strategy(
        objective=tk.Track(target=target), universe=tk.UniverseSpec(assets=[*target]), constraints=[tk.Bounds(upper=upper)]
    )
    warnings = [one for one in tk.optimize(strategy, as_of="2026-06-30").warnings if "target" in one]
    expected = "30% of the wealth is not where the target has it, 25% in cash: the target breaks 'bounds'."
    assert [one.partition(" Loosen")[0] for one in warnings] == ([expected] if told else [])
