from typing import Annotated, Literal

import pytest
from pydantic import Field

from toolkit.core.decode import Spec, decode, read_toml
from toolkit.core.errors import SpecError


class Inner(Spec):
    upper: float = Field(ge=0)


class Outer(Spec):
    inner: Inner
    count: int = 1


def test_every_fault_is_told_at_once_with_the_nearest_key():
    with pytest.raises(SpecError) as refused:
        decode(Outer, {"inner": {"uper": 1}, "count": "many"}, file="x.toml")
    error = refused.value
    keys = {fault["key"] for fault in error.details["faults"]}
    assert keys == {"inner.upper", "inner.uper", "count"}
    assert "'upper'" in error.hint
    assert error.message.startswith("x.toml:")


class Fast(Spec):
    kind: Literal["fast"] = "fast"
    half_life: float = 1.0


class Slow(Spec):
    kind: Literal["slow"] = "slow"
    slow: float = Field(default=0.5, le=1)
    share: dict[str, Annotated[float, Field(le=1)]] | str = "all"


class Chosen(Spec):
    pace: Annotated[Fast | Slow, Field(discriminator="kind")]


@pytest.mark.parametrize(
    ("pace", "key", "hint"),
    [
        ({"kind": "fast", "half_lif": 2}, "pace.half_lif", "Did you mean 'half_life'?"),
        ({"kind": "slow", "slow": 20}, "pace.slow", "20 % is 0.2."),
        ({"kind": "slow", "slow": "20%"}, "pace.slow", "20 % is 0.2."),
        ({"kind": "slow", "slow": "12,5 %"}, "pace.slow", "12.5 % is 0.125."),
        ({"kind": "slow", "share": {"GLD": 70}}, "pace.share.GLD", "70 % is 0.7."),
        ({"kind": "slow", "share": {"GLD": 700}}, "pace.share.GLD", ""),
    ],
)
def test_the_kind_of_a_table_is_no_key_and_per_cent_have_their_fraction(pace, key, hint):
    with pytest.raises(SpecError) as refused:
        decode(Chosen, {"pace": pace}, file="x.toml")
    assert refused.value.details["faults"][0]["key"] == key
    assert refused.value.hint == hint


def test_infinity_and_nan_are_refused():
    for value in (float("nan"), float("inf")):
        with pytest.raises(SpecError, match="finite"):
            decode(Inner, {"upper": value}, file="x.toml")


@pytest.mark.parametrize(
    ("content", "word"), [(b"\xff\xfe", "UTF-8"), (b"a = ", "not valid TOML"), (b"a = 1\na = 2", "not valid TOML")]
)
def test_unreadable_files_are_refused_by_name(tmp_path, content, word):
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(SpecError, match=word) as refused:
        read_toml(path)
    assert "broken.toml" in refused.value.message


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(SpecError, match="does not exist"):
        read_toml(tmp_path / "no.toml")
    with pytest.raises(SpecError, match="folder"):
        read_toml(tmp_path)


@pytest.mark.parametrize(
    ("value", "word"),
    [(True, "not true"), (1e308, "within 1e15"), (10**400, "within 1e15"), ([True], "a number"), ({}, "a number")],
)
def test_a_number_is_one_and_within_limits(value, word):
    with pytest.raises(SpecError, match=word) as refused:
        decode(Outer, {"inner": {"upper": value}}, file="x.toml")
    assert [fault["key"] for fault in refused.value.details["faults"]] == ["inner.upper"]


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 5000, "a = " + "[" * 40 + "]" * 40, "[" + "a." * 5000 + "a]", "a = " + "1" * 5000]
)
def test_what_is_nested_too_deep_or_has_too_many_digits_is_refused(tmp_path, text):
    path = tmp_path / "deep.toml"
    path.write_text(text)
    with pytest.raises(SpecError, match="not valid TOML"):
        read_toml(path)
