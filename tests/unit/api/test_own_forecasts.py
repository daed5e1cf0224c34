"""Own scenarios and own expected returns by date: used by name, without look-ahead, and refused where they say too little."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

import toolkit as tk

DAYS = pl.date_range(date(2021, 1, 31), date(2026, 5, 31), "1mo", eager=True).dt.month_end()
NAMES = ["AAA", "BBB", "CCC"]
RNG = np.random.default_rng(1)
RETURNS = tk.frame(RNG.normal(0.005, 0.05, (len(DAYS), 3)), names=NAMES, dates=DAYS)
OUTCOMES = RNG.standard_t(5, (400, 3)) * [0.02, 0.03, 0.04]
ODDS = RNG.dirichlet(np.ones(400))
PATH = tk.frame(RNG.normal(0.003, 0.05, (60, 3)), names=["CCC", "AAA", "BBB"], dates=DAYS[:60])


def least(measure: str, scenarios: object, returns: pl.DataFrame = RETURNS) -> tuple[dict[str, float], tk.Run]:
    run = tk.optimize(tk.Strategy(objective=tk.MinRisk(measure=measure)), returns=returns, scenarios=scenarios)
    return dict(run.weights.select("asset", "weight").iter_rows()), run


def worst_twentieth(weights: np.ndarray) -> float:
    """Mean loss of the worst twentieth of the weighted outcomes, from its definition (Rockafellar and Uryasev 2002)."""
    losses = -(OUTCOMES @ weights)
    return min(level + ODDS @ np.maximum(losses - level, 0.0) / 0.05 for level in losses)


def test_the_tail_is_that_of_own_scenarios_with_their_probabilities():
    frame = tk.frame(OUTCOMES, names=NAMES).with_columns(probability=ODDS).select("probability", *reversed(NAMES))
    found, run = least("cvar", tk.OwnScenarios(values=frame, periods_per_year=12))
    weights = np.array([found[name] for name in NAMES])
    ours = worst_twentieth(weights)
    assert run.record["risk"]["cvar_95"] == pytest.approx(ours, abs=1e-9)
    for i, j in ((0, 1), (1, 2), (2, 0)):  # no exchange of two makes it less
        for step in (0.002, -0.002):
            assert worst_twentieth(weights + step * (np.eye(3)[i] - np.eye(3)[j])) >= ours - 1e-9
    alike, _ = least("cvar", tk.OwnScenarios(values=frame.drop("probability"), periods_per_year=12))
    assert max(abs(alike[name] - found[name]) for name in NAMES) > 0.01


def test_own_scenarios_tell_the_tail_where_the_objective_reads_none():
    _, run = least("variance", PATH)
    assert (run.record["risk"]["cvar_method"], run.record["risk"]["tail"]) == ("60 own scenarios over a month", "scenarios")
    with pytest.raises(tk.DataError, match="nothing is given for AAA"):
        least("variance", PATH.drop("AAA"))


def test_a_drawdown_is_that_of_own_periods_in_order():
    found, run = least("max_drawdown", tk.OwnScenarios(values=PATH, ordered=True))
    path = np.cumsum(PATH.select(NAMES).to_numpy() @ [found[name] for name in NAMES])
    peaks = np.maximum.accumulate(np.append(0.0, path))[1:]
    assert run.record["risk"]["measures"]["max_drawdown"] == pytest.approx((peaks - path).max(), abs=1e-6)
    with pytest.raises(tk.SpecError, match="consecutive periods"):
        least("max_drawdown", PATH)


def test_scenarios_are_the_same_from_every_form_and_file(tmp_path):
    csv, german, sheet = tmp_path / "s.csv", tmp_path / "de.csv", tmp_path / "s.xlsx"
    PATH.write_csv(csv)
    rows = [[f"{row[0]:%d.%m.%Y}", *(f"{cell:.17f}".replace(".", ",") for cell in row[1:])] for row in PATH.iter_rows()]
    german.write_text("\n".join(";".join(row) for row in [["Datum", *PATH.columns[1:]], *rows]), encoding="utf-8")
    PATH.write_excel(sheet)
    expected, run = least("cvar", PATH)
    assert any("60 of your own" in note and "12 a year" in note for note in run.record["scenario_notes"])
    of_pandas = tk.to_pandas(PATH).set_index("date")
    for given in (of_pandas, tk.OwnScenarios(values=of_pandas), csv, str(german), sheet):
        assert least("cvar", given)[0] == pytest.approx(expected, abs=1e-9)
    unnamed = tmp_path / "pandas.csv"
    tk.to_pandas(PATH.drop("date")).to_csv(unnamed)
    assert least("cvar", tk.OwnScenarios(file=str(unnamed), periods_per_year=12))[0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (PATH.drop("AAA"), "nothing is given for AAA"),
        (PATH.with_columns(pl.col("AAA") * 100), "'AAA' are no simple returns"),
        (PATH.with_columns(pl.col(NAMES).abs() * 100), "'AAA' are no simple returns"),
        (PATH.with_columns(AAA=pl.lit(-1.01)), "'AAA' are no simple returns"),
        (PATH.with_columns(AAA=pl.when(pl.col("date") > DAYS[1]).then("AAA")), "'AAA' has no number in scenario 1"),
        (PATH.with_columns(AAA=pl.lit("x")), "'AAA' has no number in scenario 1"),
        (PATH.drop("date"), "needs `periods_per_year`"),
        (PATH.sample(20, seed=1), "needs `periods_per_year`"),
        (PATH.gather_every(2), "needs `periods_per_year`"),
        (PATH.with_columns(probability=0.1), "add up to 6"),
        (PATH.with_columns(prob=1 / 60), "adds up to 1 as probabilities do"),
        (PATH.select(NAMES).to_numpy(), "names of their columns"),
    ],
    ids=["missing", "per cent", "gains in per cent", "below all", "empty", "text", "undated", "chosen", "holes", "not one", "misnamed", "array"],
)  # fmt: skip
def test_scenarios_that_say_too_little_are_refused(frame, told):
    with pytest.raises(tk.ToolkitError, match=told):
        least("cvar", frame)


def test_the_returns_of_one_noisy_metal_are_none_in_per_cent():
    noisy = PATH.with_columns(AAA=pl.when(pl.col("AAA") > 0).then(1.5).otherwise(-0.6))
    assert least("cvar", noisy)[0]["AAA"] < 0.1


def test_a_path_has_no_holes_and_no_probabilities():
    for frame in (PATH.filter(pl.col("date").dt.year() != 2022), PATH.reverse(), PATH.with_columns(probability=1 / 60)):
        with pytest.raises(tk.SpecError, match=r"consecutive periods|in order have none"):
            tk.OwnScenarios(values=frame, ordered=True)


def test_scenarios_of_another_period_are_warned_of():
    assert not any("your own" in text for text in least("cvar", PATH)[1].warnings)
    of_days = least("cvar", tk.OwnScenarios(values=PATH, periods_per_year=252))[1]
    assert any("times those of the forecast: AAA, BBB, CCC" in text for text in of_days.warnings)
    one = least("cvar", PATH.with_columns(pl.col("BBB") * 4))[1]
    assert any(text.endswith("times those of the forecast: BBB.") for text in one.warnings)


RANK = tk.Strategy(name="rank", objective=tk.MaxReturn(), constraints=[tk.Bounds(upper=1.0)])


def signals(*rows: tuple[str, float, float, float]) -> pl.DataFrame:
    """Rows of a date, an asset and a return."""
    return pl.DataFrame(
        [{"date": date.fromisoformat(day), "asset": name, "return": value}
         for day, *values in rows for name, value in zip(NAMES, values, strict=True)]
    )  # fmt: skip


DATED = signals(("2024-06-30", 0.1, 0.0, 0.0), ("2024-09-15", 0.0, 0.1, 0.0), ("2025-01-31", 0.0, 0.0, 0.1))


def held(found: tk.Backtest) -> dict[date, str]:
    """Date -> what most is in at its end, after the trades of the date."""
    rows = found.weights.filter(pl.col("strategy") == "rank").drop("strategy").to_dicts()
    return {row["date"]: next((name for name in NAMES if row.get(name, 0.0) > 0.5), "cash") for row in rows}


def test_a_decision_of_the_past_knows_own_returns_up_to_its_day():
    found = held(tk.backtest(RANK, returns=RETURNS, expected=DATED, start="2024-04-30", baselines=False))
    changes = {
        day: name for (_, last), (day, name) in zip([*found.items()], [*found.items()][1:], strict=False) if name != last
    }
    # Known on the last day of June, September, January; traded at the next price.
    assert changes == {date(2024, 7, 31): "AAA", date(2024, 10, 31): "BBB", date(2025, 2, 28): "CCC"}
    later = DATED.with_columns(pl.when(pl.col("date") > date(2024, 9, 30)).then(-pl.col("return")).otherwise("return"))
    other = held(tk.backtest(RANK, returns=RETURNS, expected=later, start="2024-04-30", baselines=False))
    assert {day: name for day, name in other.items() if day <= date(2025, 1, 31)} == {
        day: name for day, name in found.items() if day <= date(2025, 1, 31)
    }
    assert other != found


def test_optimize_takes_the_newest_of_each_asset_up_to_its_day(tmp_path):
    csv = tmp_path / "e.csv"
    DATED.with_columns(error=0.02).write_csv(csv)
    alone = DATED.filter((pl.col("date") < date(2025, 1, 1)) | (pl.col("asset") == "CCC"))
    for given in (DATED, tk.to_pandas(DATED), csv, tk.OwnReturns(file=str(csv))):
        for day, best in (("2024-09-14", "AAA"), ("2024-09-15", "BBB"), ("2026-05-31", "CCC")):
            run = tk.optimize(RANK, returns=RETURNS, expected=given, as_of=day)
            assert run.weights.sort("weight")["asset"][-1] == best
    assert tk.frontier(RANK, returns=RETURNS, expected=DATED, points=3).points["expected"].max() == pytest.approx(0.1)
    told = tk.optimize(RANK, returns=RETURNS, expected=alone)
    values = {name: one["value"] for name, one in told.record["expected_return"]["assets"].items()}
    assert values == {"AAA": 0.0, "BBB": 0.1, "CCC": 0.1}
    assert "Own expected returns: of 2024-09-15, 2025-01-31." in told.record["notes"]
    assert tk.optimize(RANK, returns=RETURNS, expected=csv).record["expected_return"]["assets"]["AAA"]["error"] == 0.02
    with pytest.raises(tk.DataError, match="none is known on 2024-06-29"):
        tk.optimize(RANK, returns=RETURNS, expected=DATED, as_of="2024-06-29")


WIDE = DATED.pivot("asset", index="date", values="return")


def test_a_column_an_asset_is_a_row_an_asset(tmp_path):
    csv, holes = tmp_path / "wide.csv", WIDE.with_columns(BBB=pl.when(pl.col("date") < date(2025, 1, 1)).then("BBB"))
    holes.write_csv(csv)
    spec = tk.OwnReturns(values=DATED)
    for given in (WIDE, tk.to_pandas(WIDE).set_index("date"), DATED.rename({"return": "expected_return"})):
        assert tk.OwnReturns(values=given) == spec
    for given in (holes, tk.to_pandas(holes), csv):  # an empty cell says nothing: the newest before it counts
        run = tk.optimize(RANK, returns=RETURNS, expected=given)
        values = {name: one["value"] for name, one in run.record["expected_return"]["assets"].items()}
        assert values == {"AAA": 0.0, "BBB": 0.1, "CCC": 0.1}
    with pytest.raises(tk.DataError, match="not a finite number"):
        tk.OwnReturns(values=WIDE.with_columns(AAA=float("nan")))


VIEWS = pl.DataFrame(
    [
        ("2024-06-30", "AAA - BBB", 0.5), ("2024-06-30", "AAA - CCC", 0.5),
        ("2024-09-15", "AAA - BBB", -0.9), ("2025-01-31", "AAA - CCC", -1.9),
    ],
    schema=["date", "expression", "value"], orient="row",
).with_columns(error=0.01)  # fmt: skip
PRIOR = {"kind": "zero", "tau": 1.0}


def test_views_count_from_their_date_until_a_later_one_of_the_same_portfolio():
    of_views = tk.ViewsReturns(views=VIEWS, prior=PRIOR)
    rank = RANK.model_copy(update={"forecast": tk.ForecastSpec(returns=of_views)})
    asked = {"returns": RETURNS, "start": "2024-07-31", "baselines": False}
    run = tk.backtest(rank, **asked)
    found = held(run)
    changes = [day for (_, last), (day, name) in zip([*found.items()], [*found.items()][1:], strict=False) if name != last]
    assert [found[day] for day in changes] == ["AAA", "BBB", "CCC"]  # known on the last of July, September, January
    assert changes == [date(2024, 8, 31), date(2024, 10, 31), date(2025, 2, 28)]
    assert held(tk.backtest(RANK, expected=of_views, **asked)) == found
    later = VIEWS.with_columns(pl.when(pl.col("date") > "2024-10-01").then(-pl.col("value")).otherwise("value"))
    other = held(tk.backtest(RANK, expected=tk.ViewsReturns(views=later, prior=PRIOR), **asked))
    assert {day: name for day, name in other.items() if day < date(2025, 2, 28)} == {
        day: name for day, name in found.items() if day < date(2025, 2, 28)
    }
    assert other != found
    assert not any("your own" in one for one in run.warnings)
    undated = tk.ViewsReturns(views=VIEWS.drop("date")[:2], prior=PRIOR)
    assert any("Expected returns of rank are your own" in one for one in tk.backtest(RANK, expected=undated, **asked).warnings)


def test_a_view_is_that_of_its_day_and_before_the_first_the_prior_stands_alone(tmp_path):
    of_views = tk.ViewsReturns(views=VIEWS, prior=PRIOR)
    now = VIEWS.filter(pl.col("date") > "2024-07-01").drop("date")
    alone = tk.ViewsReturns(views=now, prior=PRIOR)
    dated, bare = (tk.optimize(RANK, returns=RETURNS, expected=one).record for one in (of_views, alone))
    assert dated["expected_return"]["assets"] == bare["expected_return"]["assets"]
    assert "Views: of 2024-09-15, 2025-01-31." in dated["notes"]
    with pytest.raises(tk.SpecError, match="every expected return is zero"):
        tk.optimize(RANK, returns=RETURNS, expected=of_views, as_of="2024-06-29")
    strategy = tk.Strategy(name="v", objective=tk.MaxReturn(), forecast=tk.ForecastSpec(returns=of_views))
    (tmp_path / "v.toml").write_text(strategy.to_toml(), encoding="utf-8")
    assert tk.load_strategy(tmp_path / "v.toml").fingerprint == strategy.fingerprint
    with pytest.raises(tk.SpecError, match="2024-06-30 AAA - BBB stands twice"):
        tk.ViewsReturns(views=pl.concat([VIEWS, VIEWS]))


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (pl.concat([DATED, DATED[:1]]), "AAA stands twice"),
        (DATED.with_columns(pl.lit("soon").alias("date")), "'soon' is no date"),
        (DATED.with_columns(pl.lit(None, pl.Float64).alias("return")), "not a finite number"),
        (DATED.filter(pl.col("asset") != "BBB"), "nothing is given for BBB"),
        (DATED.rename({"return": "alpha"}), "columns alpha"),
    ],
    ids=["twice", "no date", "empty", "missing", "column"],
)
def test_dated_returns_that_say_too_little_are_refused(frame, told):
    with pytest.raises(tk.DataError, match=told):
        tk.optimize(RANK, returns=RETURNS, expected=frame)


def test_a_backtest_warns_of_own_numbers_without_a_date():
    asked = {"returns": RETURNS, "start": "2025-06-30", "baselines": False}
    undated = {"AAA": 0.1, "BBB": 0.0, "CCC": 0.0}
    assert any("Expected returns of rank are your own" in one for one in tk.backtest(RANK, expected=undated, **asked).warnings)
    assert not any("your own" in one for one in tk.backtest(RANK, expected=DATED, **asked).warnings)
    of_scenarios = tk.ForecastSpec(scenarios=tk.OwnScenarios(values=PATH), returns=tk.OwnReturns(values=undated))
    both = tk.Strategy(name="both", objective=tk.MinRisk(measure="cvar"), forecast=of_scenarios)
    assert any("Expected returns and Scenarios of both" in one for one in tk.backtest(both, **asked).warnings)


def test_a_strategy_with_own_numbers_is_read_from_its_text(tmp_path):
    spec = tk.ForecastSpec(scenarios=tk.OwnScenarios(values=PATH), returns=tk.OwnReturns(values=DATED))
    strategy = tk.Strategy(name="both", objective=tk.MinRisk(measure="cvar"), forecast=spec)
    file = tmp_path / "both.toml"
    file.write_text(strategy.to_toml(), encoding="utf-8")
    assert tk.load_strategy(file).fingerprint == strategy.fingerprint
