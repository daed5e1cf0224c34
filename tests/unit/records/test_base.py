"""What all records have in common: dataclasses of the domain inside, sentences, and nothing that reads one as a table."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pytest
from pydantic import Field, ValidationError

from toolkit.core.messages import Message, message
from toolkit.records.base import Day, Record, Rows, Sentence, Unwritten, sentences


@dataclass(frozen=True, slots=True)
class Bought:
    day: date | None
    price: float | None
    told: str = ""


class Answer(Record):
    rows: Rows[Bought]
    by_name: Mapping[str, Sentence]
    day: Day
    beside: Unwritten[Rows[Sentence]] = ()


ONE = Bought(date(2026, 1, 2), 1 / 3, message("one {n}", n=1))


def answer() -> Answer:
    return Answer(rows=(ONE,), by_name={"a": message("two")}, day="2026-01-03", beside=(message("three"),))


def test_a_dataclass_is_an_object_of_the_json_and_comes_back_from_it():
    told = json.loads(json.dumps(answer().to_json()))
    assert told["rows"] == [{"day": "2026-01-02", "price": 0.333333333333, "told": "one 1"}]
    assert Answer.model_validate(told).rows == (Bought(date(2026, 1, 2), 0.333333333333, "one 1"),)


def test_figures_of_the_domain_stay_exact_and_those_of_the_json_are_rounded():
    assert answer().rows[0].price == 1 / 3


def test_sentences_are_found_anywhere_in_a_record():
    assert list(sentences(answer())) == ["one 1", "two", "three"]
    assert all(isinstance(one, Message) for one in sentences(answer()))


def test_what_is_not_finite_is_null_and_no_zero_has_a_sign():
    told = answer().model_copy(update={"rows": (Bought(None, math.nan), Bought(None, -math.inf), Bought(None, -0.0))})
    assert str([row["price"] for row in told.to_json()["rows"]]) == "[None, None, 0.0]"


def test_what_stands_beside_the_json_is_not_in_it():
    assert "beside" not in answer().to_json()
    assert "beside" not in Answer.model_json_schema()["properties"]


@pytest.mark.parametrize("changed", [{"day": "soon"}, {"rows": [{"day": "2026-01-02"}]}, {"rows": [{"day": 1, "price": "?"}]}])
def test_other_types_are_refused(changed):
    with pytest.raises(ValidationError):
        Answer.model_validate({**answer().to_json(), **changed})


class Purchase(Record):
    day: Day = Field(alias="from")
    price: float
    name: str = ""


def test_fields_come_from_the_first_object_that_has_them_and_what_is_given_comes_first():
    other = Bought(date(2026, 5, 6), 2.0)
    assert Purchase.from_objects(ONE, other, name="x").to_json() == {"from": "2026-01-02", "price": 0.333333333333, "name": "x"}
    assert Purchase.from_objects(ONE, price=4.0).to_json() == {"from": "2026-01-02", "price": 4.0}
    with pytest.raises(ValidationError, match="price"):
        Purchase.from_objects(object(), **{"from": "2026-01-02"})
