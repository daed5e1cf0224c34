import inspect
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, field_validator

from toolkit.core.decode import DEEPEST, Spec, decode, parse_toml, read_toml, shown
from toolkit.core.errors import SpecError
from toolkit.core.messages import Message, message


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


class Series:
    """What decode knows a pandas Series by: one dimension and items. It is no mapping."""

    ndim = 1

    def __init__(self, values: dict[Any, float]) -> None:
        self.values = values

    def items(self):
        return self.values.items()

    def __repr__(self) -> str:
        return f"Series({self.values})"


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


class Every(Spec):
    """A key of each type that a file has."""

    pace: Annotated[Fast | Slow, Field(discriminator="kind")] = Fast()
    mode: Literal["long", "short"] = "long"
    upper: float = Field(default=0, le=1)
    lower: float = Field(default=-1, ge=-1)
    between: float = Field(default=0.5, gt=0, lt=2)
    beyond: float = Field(default=-0.5, gt=-1)
    steps: int = Field(default=1, le=3)
    on: bool = True
    either: float | bool = 1.0
    names: tuple[str, ...] = ()
    table: dict[str, float] = Field(default_factory=dict)
    parts: tuple[Fast, ...] = ()
    text: str = Field(default="x", min_length=1)
    one: Fast | None = None
    anything: Any = None

    @field_validator("text")
    @classmethod
    def _not_two_lines(cls, value: str) -> str:
        if "|" in value:
            raise ValueError(message("must be one line"))
        return value


@pytest.mark.parametrize(
    ("key", "value", "told", "hint"),
    [
        ("pace", {"kind": "fats"}, "pace is not a known kind: 'fats'.", "Did you mean 'fast'?"),
        ("pace", {"kind": "slwo"}, "pace is not a known kind: 'slwo'.", "Did you mean 'slow'?"),
        ("pace", {}, "pace needs a `kind`.", ""),
        ("mode", "lnog", "mode must be 'long' or 'short', not 'lnog'.", "Did you mean 'long'?"),
        ("mode", 3, "mode must be 'long' or 'short', not 3.", ""),
        ("upper", 20, "upper must be at most 1, not 20.", "20 % is 0.2."),
        ("upper", 100, "upper must be at most 1, not 100.", "100 % is 1."),
        ("upper", 101, "upper must be at most 1, not 101.", ""),
        ("upper", [1], "upper must be a number, not [1].", ""),
        ("upper", "half", "upper must be a number, not 'half'.", ""),
        ("upper", True, "upper must be a number, not true.", ""),
        ("upper", False, "upper must be a number, not false.", ""),
        ("upper", 1e15, "upper must be at most 1, not 1000000000000000.0.", ""),
        ("upper", 1.1e15, "upper must be a number within 1e15.", ""),
        ("lower", -20, "lower must be at least -1, not -20.", "-20 % is -0.2."),
        ("lower", -101, "lower must be at least -1, not -101.", ""),
        ("between", 0, "between must be above 0, not 0.", ""),
        ("between", 2, "between must be below 2, not 2.", "2 % is 0.02."),
        ("between", 201, "between must be below 2, not 201.", ""),
        ("beyond", -20, "beyond must be above -1, not -20.", "-20 % is -0.2."),
        ("steps", 1.5, "steps must be a whole number, not 1.5.", ""),
        ("steps", "many", "steps must be a whole number, not 'many'.", ""),
        ("steps", 20, "steps must be at most 3, not 20.", ""),
        ("on", "perhaps", "on must be true or false, not 'perhaps'.", ""),
        ("names", "gallium", "names must be a list, not 'gallium'.", ""),
        ("names", Fast(), "names must be a list: write [ ] around it.", ""),
        ("parts", Fast(), "parts must be a list: write [ ] around it.", ""),
        ("parts", [{"half_life": "x"}], "parts.0.half_life must be a number, not 'x'.", ""),
        ("parts", [{"half_lif": 1}], "parts.0.half_lif is not a known key.", "Did you mean 'half_life'?"),
        ("one", Slow(), "one must be a table, not Slow(kind='slow', slow=0.5, share='all').", ""),
        ("one", 3, "one must be a table, not 3.", ""),
        ("table", [1], "table must be a table, not [1].", ""),
        ("table", {"a": True}, "table must be a number, not true.", ""),
        ("table", Series({1: 1.0}), "table must be a table, not Series({1: 1.0}).", ""),
        ("text", "", "text must not be empty, not ''.", ""),
        ("text", "a|b", "text must be one line.", ""),
        ("text", 5, "text must be text, not 5.", ""),
    ],
)
def test_a_fault_is_told_by_key_value_and_remedy(key, value, told, hint):
    with pytest.raises(SpecError) as refused:
        decode(Every, {key: value}, file="x.toml")
    assert (refused.value.message, refused.value.hint) == (f"x.toml: {told}", hint)
    (fault,) = refused.value.details["faults"]
    assert fault["key"] == told.split()[0]
    assert isinstance(fault["message"], Message)


def test_a_key_inside_a_file_and_inside_python_is_told_with_its_place():
    with pytest.raises(SpecError, match=r"^x\.toml: strategy\.risk\.upper must be at most 1, not 30\."):
        decode(Every, {"upper": 30}, file="x.toml", where="strategy.risk")
    with pytest.raises(SpecError, match=r"^Every: upper must be at most 1, not 30\. 30 % is 0\.3\.$"):
        Every(upper=30)
    with pytest.raises(SpecError, match=r"^Every: parts\.0\.half_life must be a number"):
        Every(parts=[{"half_life": "x"}])
    with pytest.raises(SpecError, match=r"^Every takes every value with its key\. Known: anything, between"):
        Every(Fast())


def test_what_a_key_may_be_is_taken():
    taken = decode(Every, {"either": True, "anything": [True, 1e300], "table": Series({"GLD": 0.4}), "on": False}, file="x")
    assert (taken.either, taken.anything, taken.table, taken.on) == (True, [True, 1e300], {"GLD": 0.4}, False)
    assert decode(Every, {"one": Fast(half_life=2), "parts": [Fast()]}, file="x").one == Fast(half_life=2)


def test_an_editor_completes_the_keys_without_the_kind():
    assert str(inspect.signature(Fast)) == "(*, half_life: float = 1.0)"
    assert [*inspect.signature(Outer).parameters] == ["inner", "count"]
    assert inspect.signature(Outer).parameters["inner"].default is inspect.Parameter.empty


def test_a_fault_in_one_object_leaves_the_next_checked_by_itself():
    for _ in range(2):
        with pytest.raises(SpecError):
            Every(pace=Slow, upper=30)
        assert Every(upper=1).upper == 1


def test_a_long_value_is_shown_in_part():
    assert shown("y" * 58) == repr("y" * 58)
    assert shown("y" * 59) == f"{repr('y' * 59)[:60]}..."
    assert shown(10**59) == str(10**59)
    assert shown(10**60) == f"{10**59}..."
    assert shown("two\nlines") == repr("two\nlines")
    assert shown("short").to_json() == {"said": "{name!r:s}", "with": {"name": "short"}}


def test_tables_are_read_to_the_deepest_level_that_is_allowed():
    lists = DEEPEST - 1
    assert parse_toml(f"a = {'[' * lists}{']' * lists}")
    with pytest.raises(ValueError, match="nested deeper than 20 levels"):
        parse_toml(f"a = {'[' * (lists + 1)}{']' * (lists + 1)}")


def test_what_a_file_says_of_itself_is_told(tmp_path):
    bom = tmp_path / "bom.toml"
    bom.write_bytes("\ufeffname = 'Öl'".encode())
    assert read_toml(bom) == {"name": "Öl"}
    bom.write_bytes(b"a = '\xe4'")
    with pytest.raises(SpecError) as refused:
        read_toml(bom)
    assert str(refused.value) == f"{bom} is not UTF-8 text. Save it as UTF-8."
    for path, words in ((tmp_path, "is a folder, not a file."), (tmp_path / "no.toml", "does not exist.")):
        with pytest.raises(SpecError) as refused:
            read_toml(path)
        assert str(refused.value) == f"{path} {words}"
        assert refused.value.details == {"file": str(path)}
    with pytest.raises(SpecError) as refused:
        read_toml(tmp_path / ("x" * 300))
    assert str(refused.value) == f"{tmp_path / ('x' * 300)} cannot be read: File name too long."
