"""Sentences that remember how they were made."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import date
from pathlib import PurePosixPath

import numpy as np
import pytest

from toolkit.core.errors import SpecError
from toolkit.core.messages import Message, few, first_names, message, phrases, retellable, together


def test_a_sentence_is_the_english_string_of_its_template():
    sentence = message(
        "{asset}: {share:.0%} since {day:%Y-%m}, {rate:.2f}", asset="gallium", share=0.123, day=date(2026, 7, 1), rate=2
    )
    assert sentence == "gallium: 12% since 2026-07, 2.00"
    assert {sentence} == {"gallium: 12% since 2026-07, 2.00"}
    assert json.dumps(sentence) == '"gallium: 12% since 2026-07, 2.00"'


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ("{x}", ["a", "b", "c"], "a, b, c"),
        ("{x:and}", ["a", "b", "c"], "a, b and c"),
        ("{x:or}", ["a", "b", "c"], "a, b or c"),
        ("{x:or}", ["a"], "a"),
        ("{x:and}", ["a"], "a"),
        ("{x:and}", [], ""),
        ("{x:; }", ("a", "b"), "a; b"),
        ("{x: and }", ["a", "b", "c"], "a and b and c"),
        ("{x!r}", ["a", "b"], "'a', 'b'"),
        ("{x!r}", "a", "'a'"),
        ("{x:.1f %}", 0.1234, "12.3 %"),
        ("{x:+.0f %}", -0.5, "-50 %"),
        ("{x:+.1f %}", np.float64(0.5), "+50.0 %"),
        ("{x:,}", 1234, "1,234"),
        ("{x:g}", 0.5, "0.5"),
        ("{x:g}", 0.1234567, "0.123457"),
        ("{x:,g}", 1234567.8, "1,234,568"),
        ("{x:,.2f}", 1234.565, "1,234.57"),
        ("{x:,.0f}", 116.5, "117"),
        ("{x:.2f}", 2.5, "2.50"),
        ("{x:and}", ["a, b"], "a, b"),
    ],
)
def test_places_are_written_as_their_specification_says(template, value, expected):
    assert message(template, x=value) == expected


def test_percent_with_a_gap_rounds_as_the_number_times_a_hundred():
    for share in (0.005, 0.015, 0.285, 1 / 3, -0.00049):
        assert message("{x:.0f %}", x=share) == f"{100 * share:.0f} %"


def test_what_it_is_made_of_is_json():
    inner = message("a median of {x:+.0%}", x=np.float64(0.25))
    sentence = message("{n} of {names}: {inner}, {days}", n=np.int64(3), names=("a", "b"), inner=inner, days=[date(2026, 1, 2)])
    assert sentence.to_json() == {
        "said": "{n} of {names}: {inner}, {days}",
        "with": {
            "n": 3,
            "names": ["a", "b"],
            "inner": {"said": "a median of {x:+.0%}", "with": {"x": 0.25}},
            "days": ["2026-01-02"],
        },
    }
    assert json.loads(json.dumps(sentence.to_json())) == sentence.to_json()
    assert type(sentence.to_json()["with"]["n"]) is int


def test_a_path_and_an_error_of_a_library_stand_as_they_are():
    told = message("{x}: {y}", x=PurePosixPath("a/b"), y=OSError("full")).to_json()
    assert told["with"] == {"x": "a/b", "y": "full"}


def test_copies_remember_too():
    sentence = message("{names:and} fell", names=["a", "b"])
    for twin in (copy.deepcopy(sentence), pickle.loads(pickle.dumps(sentence))):
        assert isinstance(twin, Message)
        assert (str(twin), twin.to_json()) == ("a and b fell", sentence.to_json())


def test_several_sentences_are_one_text_that_remembers_each():
    text = together(message("{n} fell.", n=2), "Words of the data {as they stand}.")
    assert text == "2 fell. Words of the data {as they stand}."
    assert isinstance(text, Message)
    assert text.to_json() == {
        "said": "{s0} {s1}",
        "with": {
            "s0": {"said": "{n} fell.", "with": {"n": 2}},
            "s1": {"said": "Words of the data {{as they stand}}.", "with": {}},
        },
    }


def test_nothing_and_a_single_sentence_are_themselves():
    assert together() == ""
    assert together("bare") == "bare"
    assert not isinstance(together("bare"), Message)


def test_phrases_are_those_that_remember():
    told = message("{n} fell.", n=2)
    assert phrases([told, "bare", told]) == {"2 fell.": told.to_json()}
    assert retellable(told) == told.to_json()
    assert retellable("bare") == "bare"


def test_a_sentence_of_several_that_were_put_together_is_said_once():
    shared = message("Mend it.")
    assert together(together(message("One."), shared), together(message("Two."), shared)) == "One. Mend it. Two."


def test_an_error_without_a_hint_has_no_second_sentence():
    error = SpecError("no {x}.", x=1)
    assert phrases([error.message, error.hint]) == {"no 1.": {"said": "no {x}.", "with": {"x": 1}}}


def test_a_long_list_names_its_first_and_counts_the_rest():
    assert first_names(["a", "b", "c"], 3) == ["a", "b", "c"]
    assert first_names(["a", "b", "c"], 2) == ["a", "b", "1 more"]
    assert first_names([*"abcdefg"]) == [*"abcde", "2 more"]
    assert phrases(first_names([*"abcdefg"])) == {"2 more": {"said": "{n} more", "with": {"n": 2}}}


def test_all_lots_of_a_file_are_one_word():
    assert few(["a", "b"], of=2) == ["every lot"]
    assert phrases(few(["a", "b"], of=2)) == {"every lot": {"said": "every lot", "with": {}}}
    assert few(["a"], of=1) == ["a"]
    assert few(["a", "b"], of=3) == ["a", "b"]
    assert few([*"abc"], 2, of=9) == ["a", "b", "1 more"]
    assert few([*"abcdefghi"]) == [*"abcdefgh", "1 more"]


def test_a_sentence_that_is_json_already_stays_and_a_word_is_no_list():
    inner = message("since {day}", day=date(2026, 1, 2)).to_json()
    told = message("{x} {y} {z} {yes}", x=inner, y="ab", z=None, yes=True).to_json()
    assert told["with"] == {"x": {"said": "since {day}", "with": {"day": "2026-01-02"}}, "y": "ab", "z": None, "yes": True}
    assert told["with"]["yes"] is True
