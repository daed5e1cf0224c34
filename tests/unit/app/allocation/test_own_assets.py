"""Groups and terms of own assets: from a file and from the strategy, in limits, lots and costs."""

from __future__ import annotations

from datetime import date
from itertools import product

import cvxpy as cp
import numpy as np
import polars as pl
import pytest

import toolkit as tk
from tests.workbooks import xlsx
from toolkit.app.strategies.own_files import read_own_assets, with_own_files
from toolkit.core.assets import Asset, Universe
from toolkit.optimize.constraints.base import ConstraintData
from toolkit.optimize.constraints.bounds import Group

NAMES = ["ALFA", "BETA", "CORA", "DELT", "ECHO", "FOXT", "GOLF", "HOTL", "INDI", "JULI"]
SECTORS = ["utilities"] * 4 + ["technology"] * 3 + ["health"] * 3
LOTS = [1, 1, 10, 1, 1, 10, 1, 1, 1, 100]
SPREADS = [0.001, 0.001, 0.002, 0.001, 0.0005, 0.004, 0.001, 0.001, 0.002, 0.006]
BUDGET = 100_000
CAP = 0.3


@pytest.fixture(scope="module")
def levels():
    rng = np.random.default_rng(7)
    volatility = np.array([0.006, 0.007, 0.008, 0.009, 0.012, 0.013, 0.014, 0.011, 0.012, 0.015])
    sector = rng.normal(0, 0.006, (750, 3))[:, [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]]
    returns = 0.0003 + rng.normal(0, 0.008, (750, 1)) + sector + rng.normal(0, 1, (750, 10)) * volatility
    first = np.array([81.3, 142.5, 37.2, 55.9, 410.0, 18.75, 96.4, 230.1, 64.8, 12.35])
    return np.round(first * np.exp(np.cumsum(returns, axis=0)), 4)


@pytest.fixture(scope="module")
def prices(levels):
    days = pl.date_range(date(2023, 8, 1), date(2026, 10, 30), "1d", eager=True)
    weekdays = days.filter(days.dt.weekday() < 6)[-len(levels) :]
    return tk.frame(levels, names=NAMES, dates=weekdays)


@pytest.fixture
def file(tmp_path):
    rows = zip(NAMES, SECTORS, LOTS, SPREADS, strict=True)
    lines = [f"{name};{name.title()} AG;{group};{lot};{str(spread).replace('.', ',')};" for name, group, lot, spread in rows]
    path = tmp_path / "assets.csv"
    path.write_text("\n".join(["Asset;Name;Sector;Lot_size;Spread;Fee", *lines]).replace("ECHO AG;", "ECHO;") + "9,5\n")
    return path


def run(prices, universe, *constraints, budget: float = BUDGET, **parts):
    strategy = tk.Strategy(
        universe=universe,
        objective=tk.MinRisk(),
        constraints=constraints,
        forecast=tk.ForecastSpec(covariance=tk.SampleCovariance()),
        **parts,
    )
    return tk.optimize(strategy, prices=prices, prices_currency=None if prices is None else "EUR", budget=budget).record


def test_a_cap_of_a_sector_binds_and_the_weights_are_those_of_the_quadratic_program(prices, levels, file):
    record = run(prices, tk.UniverseSpec(file=str(file)), tk.Group(groups=["utilities"], upper=CAP))
    weights = {p["asset"]: p["weight"] for p in record["positions"]}
    assert sum(weights.get(name, 0.0) for name in NAMES[:4]) == pytest.approx(CAP, abs=1e-6)
    w = cp.Variable(10, nonneg=True)
    covariance = np.cov(levels[1:] / levels[:-1] - 1, rowvar=False)
    limits = [cp.sum(w) == 1, cp.sum(w[:4]) <= CAP]
    cp.Problem(cp.Minimize(cp.quad_form(w, covariance * 252, assume_PSD=True)), limits).solve(
        solver="CLARABEL", tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11
    )
    assert w.value is not None
    assert [weights.get(name, 0.0) for name in NAMES] == pytest.approx(w.value.tolist(), abs=1e-5)
    assert {p["group"] for p in record["positions"]} == {*SECTORS}
    assert {p["name"] for p in record["positions"]} == {f"{name.title()} AG" for name in NAMES}


def test_lots_spreads_and_fees_of_the_file_are_traded_and_charged(prices, levels, file):
    record = run(prices, tk.UniverseSpec(file=str(file)), tk.Group(groups=["utilities"], upper=CAP), tk.Lots())
    terms = dict(zip(NAMES, zip(LOTS, SPREADS, levels[-1], strict=True), strict=True))
    assert len(record["positions"]) == 10
    for p in record["positions"]:
        lot, spread, price = terms[p["asset"]]
        assert p["lot_size"] == lot
        assert p["quantity"] == lot * p["lots"]
        assert p["value"] == pytest.approx(p["quantity"] * price, abs=0.006)
        assert p["cost"] == pytest.approx(spread / 2 * p["value"] + (9.5 if p["asset"] == "JULI" else 0.0), abs=0.006)
    assert sum(p["weight"] for p in record["positions"] if p["group"] == "utilities") <= CAP + 1e-9


def test_lots_of_few_assets_are_the_best_of_all_choices(prices, levels):
    own = [tk.OwnAsset(asset="ALFA", group="u", lot_size=5), tk.OwnAsset(asset="ECHO", lot_size=2, spread=0.01),
           tk.OwnAsset(asset="JULI", lot_size=40)]  # fmt: skip
    at, size, spread, budget = [0, 4, 9], np.array([5, 2, 40]), np.array([0.0, 0.01, 0.0]), 6_000.0
    universe = tk.UniverseSpec(assets=["ALFA", "ECHO", "JULI"], own=own)
    record = run(
        prices, universe, tk.Group(groups=["u"], upper=0.4), tk.Cash(upper=0.08), tk.Lots(), budget=budget,
        solver=tk.SolverSpec(gap=1e-6),
    )  # fmt: skip
    covariance = np.cov((levels[1:] / levels[:-1] - 1)[:, at], rowvar=False) * 252
    lot = levels[-1, at] * size
    best = (np.inf, ())
    for lots in product(*(range(int(budget // one) + 1) for one in lot)):
        value = np.array(lots) * lot
        wealth = budget - value @ spread / 2
        w = value / wealth
        if w.sum() <= 1 and w.sum() >= 0.92 - 1e-12 and w[0] <= 0.4:
            best = min(best, (w @ covariance @ w, lots))
    found = {p["asset"]: p["lots"] for p in record["positions"]}
    assert tuple(found.get(name, 0) for name in ("ALFA", "ECHO", "JULI")) == best[1]


def test_what_the_strategy_states_goes_before_the_file_and_costs_before_both(prices, file):
    universe = tk.UniverseSpec(file=str(file), own=[tk.OwnAsset(asset="ALFA", group="water", spread=0.01)])
    costs = tk.CostsSpec(spreads={"BETA": 0.02}, fees={"JULI": 3.0}, fee=1.0)
    record = run(prices, universe, tk.Group(groups=["water"], upper=0.02), costs=costs)
    spread = {a["asset"]: a["spread"] for a in record["assets"]}
    assert (spread["ALFA"], spread["BETA"], spread["CORA"]) == (0.01, 0.02, 0.002)
    position = {p["asset"]: p for p in record["positions"]}
    assert position["ALFA"]["weight"] == pytest.approx(0.02, abs=1e-6)
    assert position["JULI"]["cost"] == pytest.approx(0.003 * position["JULI"]["value"] + 3.0, abs=0.006)
    assert position["HOTL"]["cost"] == pytest.approx(0.0005 * position["HOTL"]["value"] + 1.0, abs=0.006)


def test_a_sector_may_be_the_universe_and_a_budget_of_risk(prices, levels, file):
    universe = tk.UniverseSpec(file=str(file), groups=["technology", "health"])
    strategy = tk.Strategy(
        universe=universe,
        objective=tk.RiskParity(by="group", budgets={"technology": 3, "health": 1}),
        forecast=tk.ForecastSpec(covariance=tk.SampleCovariance()),
    )
    positions = tk.optimize(strategy, prices=prices, prices_currency="EUR", budget=BUDGET).record["positions"]
    assert {p["asset"] for p in positions} == {*NAMES[4:]}
    w = np.array([{p["asset"]: p["weight"] for p in positions}[name] for name in NAMES[4:]])
    risks = w * (np.cov(levels[1:, 4:] / levels[:-1, 4:] - 1, rowvar=False) @ w)
    assert risks[:3].sum() / risks.sum() == pytest.approx(0.75, abs=1e-5)


def test_parquet_and_a_sheet_say_the_same_as_text(file, tmp_path):
    read = read_own_assets(file)
    table = pl.read_csv(file, separator=";", decimal_comma=True)
    table.write_parquet(tmp_path / "assets.parquet")
    (tmp_path / "assets.xlsx").write_bytes(
        xlsx({"Notes": [["a", "b"], [1, 2]], "Mine": [table.columns, *map(list, table.rows())]})
    )
    assert read[4] == tk.OwnAsset(asset="ECHO", name="Echo AG", group="technology", lot_size=1, spread=0.0005)
    assert read_own_assets(tmp_path / "assets.parquet") == read
    strategy = tk.Strategy(objective=tk.MinRisk(), universe=tk.UniverseSpec(file="assets.xlsx#Mine"))
    assert with_own_files(strategy, tmp_path).universe.own == read


def test_a_known_metal_takes_the_terms_of_its_dealer(file):
    file.write_text("asset,lot_size,spread\ngold,0.5,0.02\n")
    record = run(None, tk.UniverseSpec(assets=["gold", "silver"], file=str(file)), tk.Lots())
    position = {p["asset"]: p for p in record["positions"]}
    assert position["gold"]["lot_size"] == 0.5
    assert position["gold"]["cost"] == pytest.approx(0.01 * position["gold"]["value"], abs=0.006)
    assert position["gold"]["terms"] == "published_fee"  # its storage


def test_terms_that_are_all_stated_are_called_no_assumption(file):
    usual = "Lots, spreads and storage are assumptions"
    file.write_text("asset,lot_size,spread,storage\nindium,0.5,0.02,0.004\n")
    for assets, called in ((["indium", "antimony"], ["assumption", "given"]), (["indium"], ["given"])):
        record = run(None, tk.UniverseSpec(assets=assets, file=str(file)), tk.Lots())
        assert sorted(p["terms"] for p in record["positions"]) == called
        assert any(note.startswith(usual) for note in record["notes"]) == ("assumption" in called)


def test_a_group_of_own_assets_may_have_no_member_on_a_day():
    universe = Universe((Asset.unknown("ALFA"),))
    data = ConstraintData(universe=universe, budget=1.0, own_groups=("health",))
    assert not Group(name="cap", groups=["health"], upper=0.1).linear(data).coefficients.values.any()
    with pytest.raises(tk.SpecError, match="unknown group 'helth'"):
        Group(name="cap", groups=["helth"], upper=0.1).linear(data)


def test_sectors_that_differ_in_capitals_alone_are_refused_and_no_limit_misses_one_of_them(file, tmp_path):
    file.write_text("asset;sector\nALFA;Metals\nBETA;metals\n")
    strategy = tk.Strategy(objective=tk.MinRisk(), universe=tk.UniverseSpec(file=file.name))
    with pytest.raises(tk.SpecError, match=f"^{file.name}: the groups 'Metals' and 'metals' differ in capitals alone"):
        with_own_files(strategy, tmp_path)
    file.write_text("asset;sector\nBETA;metals\n")
    for group in ("Metals", "Precious_metals"):
        universe = {"own": [tk.OwnAsset(asset="ALFA", group=group)], "file": file.name}
        with pytest.raises(tk.SpecError, match="differ in capitals alone: write them alike"):
            with_own_files(tk.Strategy(objective=tk.MinRisk(), universe=tk.UniverseSpec(**universe)), tmp_path)


def test_a_share_of_a_file_may_have_a_percent_sign(file):
    file.write_text("asset;spread;storage;lot_size\nALFA;0,2 %;20%;\nBETA;0,1;;2,5\n")
    first, second = read_own_assets(file)
    assert (first.spread, first.storage) == pytest.approx((0.002, 0.2))
    assert (second.spread, second.storage, second.lot_size) == (0.1, None, 2.5)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("asset,sector,lot\nALFA,tech,3\n", "row 1: unknown column 'lot'"),
        ("name,sector\nALFA,tech\n", "no column 'asset'"),
        ("asset,sector,Group\nALFA,tech,tech\n", "row 1: two columns are 'group'"),
        ("asset,sector\nALFA,tech\n,tech\n", "no asset in row 3"),
        ("asset,sector\nALFA,tech\nALFA,x\n", "row 3: 'ALFA' stands twice"),
        ("asset,lot_size\nALFA,-3\n", r"row 2: lot_size must be above 0, not -3"),
        ("asset,spread\nALFA,0.1\nBETA,1.5\n", "row 3: spread must be below 1"),
        ("asset,spread\nALFA,0.2\n", "row 2: spread 0.2 may be a fraction or in per cent"),
        ("asset,storage\nALFA,1 %\nBETA,0.15\n", "row 3: storage 0.15 may be a fraction or in per cent"),
        ("asset,fee\nALFA,0.2 %\n", "not a number in row 2"),
        ("asset;lot_size\nALFA;1.000\n", "may mean decimals or thousands in row 2"),
        ("asset,sector\nALFA,rare_earths\n", "row 2: group 'rare_earths' is a group of metals"),
        ("asset,sector\nALPHA,tech\n", "'ALPHA' has no price"),
        ("asset,sector\ngold,tech\n", "name and group of gold are known"),
    ],
)
def test_what_are_no_own_assets_is_refused(prices, file, text, told):
    file.write_text(text)
    with pytest.raises(tk.ToolkitError, match=told):
        run(prices, tk.UniverseSpec(file=str(file)))


def test_money_that_tickets_and_counts_leave_idle_is_told_where_all_of_it_was_to_be_invested(prices):
    limits = (tk.Cardinality(upper=2), tk.MinTicket(value=0.1 * BUDGET), tk.Bounds(upper=0.4))
    told = "20% of the budget is not placed: whole lots, minimum tickets and the number of holdings leave no room."
    record = run(prices, tk.UniverseSpec(), *limits)
    assert record["cash"]["weight"] == pytest.approx(0.2)
    assert [remark["money"] for remark in record["remarks"] if remark["text"] == told] == [pytest.approx(0.2 * BUDGET)]
    stated = run(prices, tk.UniverseSpec(), *limits, tk.Cash(upper=0.2))
    assert not any("not placed" in warning for warning in stated["warnings"])


def held(prices, universe, folder, *constraints, **parts):
    (folder / "held.csv").write_text("asset,quantity\nALFA,211.37\nJULI,2090.5\nECHO,61.913\n", encoding="utf-8")
    strategy = tk.Strategy(
        universe=universe,
        objective=tk.MinRisk(),
        constraints=(tk.Bounds(lower=0.02, upper=0.4), *constraints),
        forecast=tk.ForecastSpec(covariance=tk.SampleCovariance()),
        **parts,
    )
    days = {"as_of": "2026-10-31", "holdings": folder / "held.csv", "budget": 100}
    return tk.optimize(strategy, prices=prices, prices_currency="EUR", currency="EUR", **days).record


def test_shares_are_sold_as_they_are_bought_in_any_part_where_no_whole_lots_are_asked_for(prices, tmp_path):
    """They were sold one by one, whatever their lot size: what was kept cost a half of the objective."""
    record = held(prices, tk.UniverseSpec(assets=NAMES), tmp_path)
    sold = {order["asset"]: order["quantity"] for order in record["orders"] if order["side"] == "sell"}
    assert sold
    assert all(quantity % 1 > 1e-6 for quantity in sold.values())
    assert record["objective"]["value"] == pytest.approx(record["relaxed"]["volatility"] ** 2, rel=1e-6)


def test_shares_are_sold_in_their_lots_and_the_gap_is_that_to_sales_of_any_part(prices, tmp_path):
    sizes = [tk.OwnAsset(asset=name, lot_size=0.5) for name in NAMES]
    record = held(prices, tk.UniverseSpec(assets=NAMES, own=sizes), tmp_path, tk.Lots())
    sold = [order for order in record["orders"] if order["side"] == "sell"]
    assert sold
    assert all(order["quantity"] / 0.5 == pytest.approx(round(order["quantity"] / 0.5), abs=1e-6) for order in sold)
    best, value = record["relaxed"]["volatility"] ** 2, record["objective"]["value"]
    assert record["solver"]["lots_gap"] >= (value - best * (1 + 1e-3)) / (best * (1 + 1e-3))


def test_what_ended_a_search_is_told_as_it_was(prices, tmp_path):
    """It was the time limit whatever it was: here whole pieces were set, and the search took no time at all."""
    sizes = [tk.OwnAsset(asset=name, lot_size=0.5) for name in NAMES]
    exact = tk.SolverSpec(gap=1e-5)
    in_pieces = held(prices, tk.UniverseSpec(assets=NAMES, own=sizes), tmp_path, tk.Lots(), solver=exact)["warnings"]
    assert [text for text in in_pieces if "whole pieces other quantities were not searched" in text]
    assert not [text for text in in_pieces if "time limit" in text]
    strategy = tk.Strategy(
        universe=tk.UniverseSpec(assets=NAMES),
        objective=tk.MaxDiversification(),
        constraints=(tk.Cardinality(upper=4),),
        forecast=tk.ForecastSpec(covariance=tk.SampleCovariance()),
        solver=tk.SolverSpec(time_limit=0.01),
    )
    short_of_work = tk.optimize(strategy, prices=prices, prices_currency="EUR", budget=BUDGET, as_of="2026-10-31").warnings
    assert [text for text in short_of_work if "the time limit of the solver ended the search" in text]
