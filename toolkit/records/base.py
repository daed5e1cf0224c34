"""What every record is: frozen, typed, open to further keys; and the types that its fields have in common.

A record is built by keywords, or by `model_validate` from its JSON or from an object with attributes of these names. A field
may hold a dataclass of the domain as it is: its fields are the keys of an object in the JSON.

A field is named as the key of the JSON, or has that key as its alias where the key is a word of Python or of pydantic. The
text below a field is its description in `docs/schema/`: unit and range of a figure, what a missing value means. A field with
a default may be missing in the JSON; any other is required, and null only where its type says so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from string import Formatter
from types import NoneType
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from toolkit.core.messages import Message, phrases
from toolkit.core.units import significant

T = TypeVar("T")
RecordT = TypeVar("RecordT", bound="Record")


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


def _month(text: str) -> str:
    date.fromisoformat(f"{text}-01")
    return text


def _phrase(value: Any) -> Any:
    match value:
        case Message():
            return _json(value.to_json())
        case {"said": str(template), "with": dict(values)}:
            for _, place, spec, _ in Formatter().parse(template):
                if place is not None and place not in values:
                    raise ValueError(f"has no value for {{{place}}}")
                if place is not None and (spec or "").startswith("%"):
                    _day(str(values[place]))
            for item in values.values():
                for one in item if isinstance(item, list) else (item,):
                    if isinstance(one, dict):
                        _phrase(one)
            return value
    raise ValueError("is no sentence with its values")


def _sentence(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    return value if isinstance(value, str) else check(value)


class _List(list[Any]):
    """A list whose entries are as in JSON: a record within another need not go through it again."""


class _Object(dict[str, Any]):
    """An object whose values are as in JSON."""


AS_IN_JSON = frozenset({str, int, bool, _List, _Object})
"""Types of what is written as it is."""


def _json(value: Any, lists: type[list[Any]] = list, objects: type[dict[str, Any]] = dict) -> Any:
    """A value as in JSON, in lists and objects of these types."""
    if value is None or type(value) in AS_IN_JSON:
        return value
    match value:
        case float():
            return significant(value)
        case date():
            return value.isoformat()
        case tuple() | list():  # most of what a large one holds are numbers, which need no other call
            return lists(significant(one) if type(one) is float else _json(one, lists, objects) for one in value)
        case dict():
            return objects(
                (key, significant(one) if type(one) is float else _json(one, lists, objects)) for key, one in value.items()
            )
    return value


Day = Annotated[str, AfterValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A day in ISO form, 2026-06-30."""
Month = Annotated[str, AfterValidator(_month), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}$"})]
"""A month in ISO form, 2026-06."""
Rows = tuple[T, ...]
"""A list of JSON, which is immutable here."""
Sentence = Annotated[str, WrapValidator(_sentence)]
"""A sentence in English; one that was not read from JSON may be a `toolkit.core.messages.Message`, with its template."""
Unwritten = Annotated[SkipJsonSchema[T], Field(exclude=True)]
"""What the document of an answer shows and its JSON does not have."""
PHRASE_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"said": {"type": "string"}, "with": {"type": "object"}},
    "required": ["said", "with"],
}
Phrase = Annotated[Any, AfterValidator(_phrase), WithJsonSchema({**PHRASE_SCHEMA})]
"""A sentence as `Message.to_json` writes it: an English template, `said`, and a value for each place, `with`."""


class Record(BaseModel):
    """Base of all records. It is built when it is first used: to import records costs no time.

    What a command dumps is published: `class Supply(Record, schema="supply")` has its JSON schema in `docs/schema/supply.json`.
    """

    schema_name: ClassVar[str | None] = None
    """Name of the file of its schema; None for a part of other records."""
    model_config = ConfigDict(
        extra="allow",
        frozen=True,
        allow_inf_nan=False,
        defer_build=True,
        serialize_by_alias=True,
        from_attributes=True,
    )

    def __init_subclass__(cls, *, schema: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.schema_name = schema

    @classmethod
    def __pydantic_init_subclass__(cls, *, schema: str | None = None, **kwargs: Any) -> None:
        """The same keyword comes here too."""

    @model_validator(mode="before")
    @classmethod
    def _as_in_json(cls, value: Any) -> Any:
        """Values as in JSON: days in ISO form, numbers at 12 significant digits, null for what is not finite."""
        if isinstance(value, dict):
            return _json(value, _List, _Object)
        if isinstance(value, Record):
            return value
        if type(value).__module__ == "builtins":
            return value
        keys = (field.alias or name for name, field in cls.model_fields.items())
        return _json({key: getattr(value, key) for key in keys if hasattr(value, key)}, _List, _Object)

    @classmethod
    def from_objects(cls, *sources: object, **given: Any) -> Self:
        """A record with the fields that are given; each other one is taken from the first object that has it."""
        keys = {name: field.alias or name for name, field in cls.model_fields.items()}
        found = {keys[name]: getattr(one, name) for one in reversed(sources) for name in keys if hasattr(one, name)}
        return cls(**{**found, **given})

    def to_json(self) -> dict[str, Any]:
        """The object of the JSON: keys that were not given stay absent."""
        return _json(self.model_dump(mode="json", exclude_unset=True))


_PLAIN = (str, float, int, bool, NoneType)
"""What holds no message."""


def sentences(value: Any) -> Iterator[Message]:
    """Every message anywhere in a record, in the order of its JSON."""
    if isinstance(value, Message):
        yield value
        return
    if isinstance(value, Record):
        inside = [item for _, item in value]
    elif is_dataclass(value):
        inside = [getattr(value, field.name) for field in fields(value)]
    elif isinstance(value, Mapping):
        inside = value.values()
    elif isinstance(value, list | tuple):
        inside = value
    else:
        return
    for item in inside:
        # Of a large record most are numbers and names, which are not worth a call.
        if type(item) not in _PLAIN:
            yield from sentences(item)


def given(record: BaseModel) -> dict[str, Any]:
    """The fields of a record that were given, by name."""
    return {name: getattr(record, name) for name in record.model_fields_set}


def with_phrases(record: RecordT) -> RecordT:
    """The record with templates and values of its messages in its field `phrases`."""
    return record.model_copy(update={"phrases": phrases(sentences(record))})


class Named(Record):
    """What names an asset in a table."""

    asset: str
    """Key of the product."""
    name: str
    """Its name."""
    element: str | None
    """Symbol of the element; null for what is none."""
