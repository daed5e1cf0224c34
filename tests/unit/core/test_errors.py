"""What an error tells: the sentence, what to do, where."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from toolkit.core.errors import DataError, SpecError, did_you_mean, nearest, quoted
from toolkit.core.messages import Message, message


def test_an_error_tells_what_is_wrong_and_what_to_do_about_it():
    error = DataError("{file} has {n} rows.", hint="Give {most} at most.", n=3, most=2, file=Path("lots.csv"))
    assert (error.message, error.hint) == ("lots.csv has 3 rows.", "Give 2 at most.")
    assert str(error) == "lots.csv has 3 rows. Give 2 at most."
    assert error.args == ("lots.csv has 3 rows.",)
    assert error.details == {"file": "lots.csv"}
    assert isinstance(error.hint, Message)
    assert error.hint.template == "Give {most} at most."


def test_details_go_before_values_and_braces_without_values_are_text():
    error = SpecError("{file} of {n}.", details={"file": "other.csv", "rows": [2]}, file="lots.csv", n=1)
    assert error.details == {"file": "other.csv", "rows": [2]}
    assert SpecError("{a: 1} is no table.").details == {}
    assert str(SpecError("{a: 1} is no table.")) == "{a: 1} is no table."


def test_the_nearest_names_are_without_case_and_few():
    assert nearest("GALIUM", ["germanium", "Gallium", "tungsten"]) == ("Gallium", "germanium")
    assert nearest("lot-1", ["lot-2", "lot-3", "lot-4", "lot-5"], n=2) == ("lot-5", "lot-4")
    assert len(nearest("lot-1", ["lot-2", "lot-3", "lot-4", "lot-5"])) == 3
    assert nearest("abcde", ["abcxy"]) == ("abcxy",)
    assert nearest("abcde", ["abxyz"]) == ()


def test_a_hint_names_what_is_near_or_all_that_is_known():
    assert did_you_mean("galium", ["gallium", "W"]) == "Did you mean 'gallium'?"
    assert did_you_mean("x", ["tin", "gold", "tin"]) == "Known: gold, tin."
    assert did_you_mean("x", []) == ""
    assert did_you_mean("x", ["tin"]).to_json() == message("Known: {names:s}.", names="tin").to_json()


@pytest.mark.parametrize("setting", ["EK netto=price", "a", 'a "b"', "$HOME=x", "`id`", "a\\b", "it's", "wow!", "it's $5"])
def test_a_setting_survives_a_shell(setting):
    told = subprocess.run(["sh", "-c", f"printf %s {quoted(setting)}"], capture_output=True, text=True, check=True)
    assert told.stdout == setting


def test_a_setting_is_quoted_as_a_reader_knows_it():
    assert quoted("EK netto=price") == '"EK netto=price"'
    assert quoted("$5!") == "'$5!'"
