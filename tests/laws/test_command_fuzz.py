"""Damaged and random inputs of every kind hold the contract, and so does every input that once did not (tests/corpus)."""

import csv
import json
import os
import random
import shlex

import pytest

from tools.fuzz import CORPUS, KINDS, SLOW, Case, called, fault, impossible, kept

CASES = int(os.environ.get("TOOLKIT_FUZZ", "10"))
"""Of each kind, a fifth of those that take seconds: the same in every run, so few do; thousands of new ones by `make fuzz`."""


@pytest.mark.parametrize("kind", KINDS)
def test_damage_has_an_exit_code_of_the_contract(kind):
    count = -(-CASES // 5) if kind in SLOW else CASES
    cases = (KINDS[kind](random.Random(f"{kind} {seed}")) for seed in range(count))
    faulty = {shlex.join(case.command)[:200]: found for case in cases if (found := fault(case))}
    assert not faulty


@pytest.mark.parametrize(("code", "message", "case"), [pytest.param(*row, id=shlex.join(row[2].command)) for row in kept()])
def test_a_case_of_the_corpus_has_its_exit_code_and_message(code, message, case, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert "?" not in (code, message), "say in tests/corpus/cases.csv what is right"
    found, out, err = called(case)
    assert found == int(code), err
    lines = [line.removeprefix("error: ").removeprefix("warning: ") for line in (*err.splitlines(), *out.splitlines())]
    assert any(line.startswith(message) for line in lines), (out, err)


def test_every_file_of_the_corpus_has_a_line():
    with (CORPUS / "cases.csv").open(encoding="utf-8", newline="") as lines:
        words = {word for row in csv.DictReader(lines) for word in shlex.split(row["command"])}
    assert {path.name for path in CORPUS.iterdir()} - {"cases.csv"} <= words


def test_a_fault_is_found():
    case = Case(("optimize", "equal-weight", "--no-report", "--as-of", "2026-11-24"))
    assert not fault(case)
    assert fault(Case(("config", "show", "--help"))).startswith("no JSON object")
    answer = json.loads(called(Case((*case.command, "--json")))[1])
    assert not impossible(answer)
    assert impossible({**answer, "budget": 90.0}) == "values, cash and costs do not add up to the budget"
    first, *others = answer["constraints"]
    assert impossible({**answer, "constraints": [{**first, "slack": -0.1, "soft": None}, *others]}) == "a limit is broken"
    assert impossible({**answer, "status": 3}) == "the answer: status must be text, not 3."
