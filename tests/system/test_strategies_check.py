"""`toolkit strategies check`: every fault of a strategy at once, in its file and where it meets the data."""

import json

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


def test_a_strategy_without_a_fault(toolkit):
    result = toolkit("strategies", "check", "physical-basket")
    assert result.returncode == 0, result.stderr
    assert "no fault" in result.stdout
