"""Damaged and random inputs of every kind hold the contract, and so does every input that once did not (tests/corpus)."""

import csv
import json
import os
import random
import re
import shlex
from dataclasses import replace

import pytest

from tests.unit.report.test_catalogues import ENGLISH
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


FILES = ("lots-", "prices-", "events-")
"""Beginnings of the names of the corpus whose errors are German, too."""
OF_FILES = [case for code, _, case in kept() if code == "3" and any(word.startswith(FILES) for word in case.command)]


@pytest.mark.parametrize("case", [pytest.param(case, id=shlex.join(case.command)) for case in OF_FILES])
def test_an_error_of_a_file_is_german_where_german_is_asked_for(case):
    code, _, err = called(replace(case, command=(*case.command, "--lang", "de")))
    assert (code, err[:8]) == (3, "Fehler: ")
    told = re.sub(r"„[^“]*“|\S+\.(csv|parquet)", "", err)
    assert not ENGLISH.findall(told), err


def test_several_faults_are_told_in_either_language_and_json_is_english(tmp_path):
    file = tmp_path / "bestand.csv"
    file.write_text("lot_id;asset;quantity;unit\nA;galium;12,5;kg\nB;gallium;viel;kg\nC;gallium;-1;Pfund\n", "utf-8")
    command = ("exposure", str(file), "--as-of", "2026-11-24")
    english = called(Case(command))[2]
    say = f"toolkit holdings map {file} --set 'galium=?' --set 'Pfund=?' --write"
    assert english == (
        "error: bestand.csv: 4 kinds of faults.\n"
        "- unknown asset in row 2 ('A': 'galium'). Did you mean 'gallium' or 'gadolinium' or 'germanium'?\n"
        "- not a number in row 3 ('B': 'viel'). "
        "Write a plain number such as 1234.5, without words; leave the cell empty where a value is missing.\n"
        "- a quantity that is not positive in row 4 ('C': '-1'). Give a quantity above zero. "
        "A sale is no lot: take it off the quantity of its lot, and leave its row out.\n"
        "- a unit that is not one mass in row 4 ('C': 'Pfund'). "
        "Write lb for the pound of 453.6 g, or give the mass in kg (a German Pfund is 0.5 kg).\n"
        "`toolkit holdings check FILE` tells every fault, and `toolkit holdings map FILE` how each column is read. "
        f"Where a known word is meant, say it once: {say}\n"
    )
    assert called(Case((*command, "--language=de")))[2] == (
        "Fehler: bestand.csv: 4 Arten von Fehlern.\n"
        "- unbekanntes Metall oder Wertpapier in Zeile 2 („A“: „galium“). Meinten Sie „gallium“ oder „gadolinium“ oder „germanium“?\n"
        "- keine Zahl in Zeile 3 („B“: „viel“). "
        "Schreiben Sie nur die Zahl, etwa 1234,5, ohne Wörter; lassen Sie die Zelle leer, wo ein Wert fehlt.\n"
        "- Menge nicht größer als null in Zeile 4 („C“: „-1“). Geben Sie eine Menge über null an. "
        "Ein Verkauf ist kein Posten: Ziehen Sie ihn von der Menge seines Postens ab und lassen Sie seine Zeile weg.\n"
        "- mehrdeutige Einheit in Zeile 4 („C“: „Pfund“). "
        "Schreiben Sie lb für das englische Pfund von 453,6 g, oder geben Sie die Masse in kg an "
        "(ein deutsches Pfund sind 0,5 kg).\n"
        "toolkit holdings check DATEI nennt jeden Fehler, toolkit holdings map DATEI, wie jede Spalte gelesen wird. "
        f"Ist ein bekanntes Wort gemeint, sagen Sie es einmal: {say}\n"
    )
    (tmp_path / "config.toml").write_text('[output]\nlanguage = "de"\n', "utf-8")
    configured = (*command, "--config", str(tmp_path / "config.toml"))
    assert called(Case(configured))[2].startswith("Fehler: bestand.csv: 4 Arten")
    assert called(Case((*configured, "--lang", "en")))[2] == english
    answer = json.loads(called(Case((*command, "--lang", "de", "--json")))[1])
    assert answer["error"]["message"].splitlines()[0] == "bestand.csv: 4 kinds of faults."
    # What cannot be told in German because no catalogue can be read is told in English.
    assert called(Case((*command, "--lang", "xx")))[2].startswith("error: reports are not written in 'xx'.")


def test_every_file_of_the_corpus_has_a_line():
    with (CORPUS / "cases.csv").open(encoding="utf-8", newline="") as lines:
        words = {word for row in csv.DictReader(lines) for word in shlex.split(row["command"])}
    assert {path.name for path in CORPUS.iterdir()} - {"cases.csv", "strangers", "strangers_2"} <= words


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
