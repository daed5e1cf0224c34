"""`toolkit strategies check`: every fault of a strategy at once, in its file and where it meets the data."""

import json

import pytest

FILE = """
[about]
title = "Faulty"
idea = "y"
source = "z"
[universe]
assets = ["gallium", "gold", "tungsten"]
[objective]
kind = "risk_parity"
budgets = {galium = 2}
"""
TERMS = {
    "of nowhere": 'kind = "country_exposure"\ncountry = "MCO"\nupper = 0.4',
    "no factor": 'kind = "factor_exposure"\nfactor = "gld"\nupper = 0.4',
    "no metal": 'kind = "linear"\nexpression = "galium <= 0.3"',
    "no scenario": 'kind = "scenario_loss"\nscenario = "nope"\nupper = 0.1',
}
FINE = '[[constraint]]\nname = "fine"\nkind = "turnover"\nupper = 0.1\n'


def test_every_fault_of_the_terms_is_told_at_once(toolkit, tmp_path):
    file = tmp_path / "faulty.toml"
    file.write_text(FILE + "".join(f'[[constraint]]\nname = "{n}"\n{body}\n' for n, body in TERMS.items()) + FINE)
    result = toolkit("strategies", "check", str(file), "--json")
    assert result.returncode == 2
    error = json.loads(result.stdout)["error"]
    keys = {fault["key"] for fault in error["details"]["faults"]}
    assert keys == {*(f"constraint {name!r}" for name in TERMS), "objective"}
    assert "gallium" in error["hint"]


CAP = '[[constraint]]\nname = "cap"\nkind = "bounds"\nupper = 0.4\n'


@pytest.mark.parametrize(("kind", "rest", "fault"), [
    ("max_return", "", "needs a forecast of returns"),
    ("hierarchical_risk_parity", CAP, "cannot hold constraints: 'cap'"),
    ("equal_weight", f"{CAP}soft = 0.1", "no unit in which a soft limit"),
])  # fmt: skip
def test_what_optimize_refuses_is_a_fault(kind, rest, fault, toolkit, tmp_path):
    file = tmp_path / "refused.toml"
    file.write_text(f'[about]\ntitle = "x"\n[universe]\nassets = ["gold", "silver"]\n[objective]\nkind = "{kind}"\n{rest}\n')
    for command in (("strategies", "check"), ("optimize", "--no-report")):
        result = toolkit(*command, str(file))
        assert result.returncode == 2
        assert fault in result.stderr


def test_a_strategy_without_a_fault(toolkit):
    result = toolkit("strategies", "check", "physical-basket")
    assert result.returncode == 0, result.stderr
    assert "no fault" in result.stdout


def test_own_assets_are_checked_on_their_prices(toolkit, tmp_path):
    months = [f"{2023 + i // 12}-{i % 12 + 1:02d}-28,{100 + i * 7 % 11},{20 + i % 5}" for i in range(40)]
    (tmp_path / "prices.csv").write_text("\n".join(["date,ALFA,BETA", *months]))
    (tmp_path / "assets.csv").write_text("asset,sector\nALFA,utilities\n")
    cap = '[[constraint]]\nname = "cap"\nkind = "group"\ngroups = ["utilitees"]\nupper = 0.3\n'
    file = tmp_path / "mine.toml"
    prices = ("--prices", str(tmp_path / "prices.csv"), "--prices-currency", "EUR")
    shipped = toolkit("strategies", "show", "minimum-risk").stdout
    file.write_text(shipped.replace("[universe]", '[universe]\nfile = "assets.csv"') + cap)
    found = toolkit("strategies", "check", str(file), *prices)
    assert found.returncode == 2
    assert "unknown group 'utilitees'" in found.stderr
    assert "Did you mean 'utilities'?" in found.stderr
    file.write_text(file.read_text().replace("utilitees", "utilities"))
    assert toolkit("strategies", "check", str(file), *prices).returncode == 0
