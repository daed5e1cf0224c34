"""Options and settings that make no sense are refused in words, by their name: exit 2, or 3 for data, never 1."""

import json

import pytest

from toolkit.cli.main import run

REFUSED = {
    ("optimize", "--set", "objective.kind=[]"): "objective.kind is not a known kind",
    ("optimize", "--set", "objective.kind={a=1}"): "objective.kind is not a known kind",
    ("optimize", "--set", "about.title=[1]"): "about.title must be text",
    ("optimize", "--set", "universe.assets={gold=1}"): "universe.assets must be a list",
    ("optimize", "--set", "objective.risk_aversion=true"): "objective.risk_aversion must be a number, not true",
    ("optimize", "--set", "solver.time_limit=1e308"): "solver.time_limit must be a number within 1e15",
    ("optimize", "--set", "costs.fee=nan"): "costs.fee must be a finite number",
    ("optimize", "--set", "costs.sites=[{name='a', fee=true}]"): "must be a number, not true",
    ("optimize", "--set", "ledger.every=month"): "'ledger' is not a table",
    ("optimize", "--set", "rebalance.every=decade"): "rebalance.every",
    ("optimize", "--budget", "100.000"): "may be 100 or 100000",
    ("optimize", "--budget", "100,000"): "may be 100 or 100000",
    ("optimize", "--total", "100.000"): "may be 100 or 100000",
    ("shock", "gallium", "--cap", "1.250"): "may be 1.25 or 1250",
    ("shock", "gallium", "--elasticity", "low:high"): "is not a number",
    ("optimize", "--budget", "much"): "is not a number",
    ("optimize", "--budget", "inf"): "--budget must be a finite number",
    ("optimize", "--budget", "1e308"): "--budget must be a finite number",
    ("optimize", "--budget", "1e-300"): "--budget must be a finite number within 1e+15, not 1e-300",
    ("optimize", "--total", "nan"): "--total must be a finite number",
    ("optimize", "--currency", "EURO1"): "is no currency",
    ("optimize", "--seed", "9" * 30): "--seed must be",
    ("optimize", "x" * 300): "longer than the name of a file",
    ("optimize", "x" * 300 + ".toml"): "longer than the name of a file",
    ("exposure", "x" * 300): "too long",
    ("report", "x" * 300): "too long",
    ("shock", "gallium", "--premium", "inf"): "--premium must be a finite number",
    ("shock", "gallium", "--premium", "1e6"): "--premium must be a finite number within 1000",
    ("shock", "gallium", "--elasticity", "1e308"): "--elasticity must be a finite number within 1000",
    ("shock", "gallium", "--elasticity", "0.2:nan"): "--elasticity must be a finite number",
    ("shock", "gallium", "--loss", "1e-300"): "--loss must be a finite number",
    ("supply", "gallium", "--trade-parameter", "1e15"): "--trade-parameter must be a finite number within 1000",
    ("controls", "tungsten", "--size", f"{'9' * 30}kg"): "--size must be a finite number",
    ("controls", "tungsten", "--size", f"30x{'9' * 30}"): "--size must be a finite number",
    ("shock", "gallium", "--cap", "nan"): "--cap must be a finite number",
    ("config", "show", "--as-of", "never"): "is not a date",
    ("strategies", "list", "--as-of", "2026-13-01"): "is not a date",
}


@pytest.mark.parametrize("command", REFUSED, ids=lambda command: " ".join(command)[:60])
def test_an_option_that_makes_no_sense_is_refused(command, capsys):
    assert run([*command, "--json"]) == 2
    out, err = capsys.readouterr()
    told = json.loads(out)["error"]["message"]
    assert REFUSED[command] in told
    assert "^[" not in told
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "text",
    ["[data]\noffline = true", "[web]\nport = 1", "[plugins]", "[owner]\ncurency = 'EUR'", "[output]\nlanguage = 'English'"],
)
def test_settings_that_nothing_reads_are_refused(tmp_path, text, capsys):
    file = tmp_path / "config.toml"
    file.write_text(text)
    assert run(["config", "show", "--config", str(file)]) == 2
    told = capsys.readouterr().err
    assert "is not a known key" in told or "must be a language such as en" in told
    assert "^[" not in told


def test_a_cap_that_is_no_multiple_of_a_price_is_refused(tmp_path, capsys):
    lots = tmp_path / "lots.csv"
    lots.write_text("asset,quantity\ngallium,5\n")
    assert run(["exposure", str(lots), "--cap", "1e6"]) == 2
    assert "--cap must be a finite number within 1000" in capsys.readouterr().err


def test_quantities_and_prices_beyond_any_amount_are_refused(tmp_path, capsys):
    lots, prices = tmp_path / "lots.csv", tmp_path / "prices.csv"
    lots.write_text("asset,quantity\ngallium,1e308\n")
    prices.write_text("date,gold\n" + "".join(f"2026-{month:02d}-28,1e300\n" for month in range(1, 11)))
    for command in (["optimize", "--holdings", str(lots)], ["exposure", str(lots)]):
        assert run(command) == 3
        assert "within 1e15" in capsys.readouterr().err
    assert run(["optimize", "--prices", str(prices)]) == 3
    assert "prices.csv" in capsys.readouterr().err


def test_a_strategy_of_a_long_name_has_a_run(tmp_path, capsys):
    file = tmp_path / f"{'ü' * 120}.toml"
    file.write_text(
        '[about]\ntitle = "t"\nidea = "i"\nsource = "s"\n[universe]\nassets = ["gold"]\n[objective]\nkind = "equal_weight"\n'
    )
    assert run(["optimize", str(file), "--no-report", "--out", str(tmp_path / "out")]) == 0, capsys.readouterr().err
    assert len(list((tmp_path / "out/runs").iterdir())) == 1
