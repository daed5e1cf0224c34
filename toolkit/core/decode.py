"""Strict decoding of TOML: unknown keys are errors with a suggestion, and one error names every fault."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextvars import ContextVar
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast, dataclass_transform, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from toolkit.core.errors import SpecError, did_you_mean
from toolkit.core.limits import LARGEST
from toolkit.core.messages import Message, message, named, together
from toolkit.core.text import cleaned

DEEPEST = 20
"""Levels of tables and lists in a file; the deepest that anything reads is five."""
LONGEST_SHOWN = 60
"""Characters of a faulty value in a message."""


if TYPE_CHECKING:
    from collections.abc import Sequence as Several

    GivenT = TypeVar("GivenT")
    Given = GivenT | Any
else:

    class Given:
        """What may be given as a frame, a series or tables too, of whatever library, and is read before it is validated."""

        def __class_getitem__(cls, kind: Any) -> Any:
            return kind

    class Several:
        """Entries in order: any sequence is accepted, and kept as a tuple."""

        def __class_getitem__(cls, entry: Any) -> Any:
            return tuple[entry, ...]


_VALIDATING: ContextVar[bool] = ContextVar("validating", default=False)
"""Whether a model is made inside the validation of another, which collects the faults."""


@dataclass_transform(kw_only_default=True, field_specifiers=(Field,))
class SpecMeta(type(BaseModel)):
    """Type of `Spec`: what is made in Python has the errors of a file; tables in tables keep their own, with their path."""

    @property
    def __signature__(self) -> Signature:
        """The keys, as an editor completes them: those that need none first, and no `kind`, which the class says."""
        fields = {name: field for name, field in cast("type[BaseModel]", self).model_fields.items() if name != "kind"}
        unnamed = hasattr(self, "_usual_name")
        found = [
            Parameter(
                name,
                Parameter.POSITIONAL_OR_KEYWORD if field.kw_only is False else Parameter.KEYWORD_ONLY,
                default=(
                    field.get_default(call_default_factory=True)
                    if not field.is_required()
                    else None
                    if unnamed and name == "name"
                    else Parameter.empty
                ),
                annotation=field.annotation,
            )
            for name, field in fields.items()
        ]
        return Signature(sorted(found, key=lambda one: (one.kind, one.default is not Parameter.empty)))

    @__signature__.setter
    def __signature__(self, value: Any) -> None:  # pydantic sets one of its own where it completes a class
        pass

    if not TYPE_CHECKING:  # a type checker takes the keys from the fields

        def __call__(self, *subject: Any, **keys: Any) -> Any:
            """An object of the class.

            Raises:
                SpecError: that names every fault.
            """
            if _VALIDATING.get():
                return super().__call__(*subject, **keys)
            if subject and self.__init__ is BaseModel.__init__:
                raise SpecError(
                    "{name:s} takes every value with its key.",
                    hint=did_you_mean("", cast("type[BaseModel]", self).model_fields),
                    name=self.__name__,
                )
            inside = _VALIDATING.set(True)
            try:
                return super().__call__(*subject, **keys)
            except ValidationError as error:
                raise_faults(faults_of(error, cast("type[BaseModel]", self), ""), self.__name__)
                raise
            finally:
                _VALIDATING.reset(inside)


class Spec(BaseModel, metaclass=SpecMeta):
    """Base of everything that a user writes in TOML: frozen, no unknown keys, numbers finite and within `LARGEST`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)

    @classmethod
    def model_validate(cls, *args: Any, **keys: Any) -> Self:
        """As of pydantic: `ValidationError` with the path of each fault, also of those in tables."""
        inside = _VALIDATING.set(True)
        try:
            return super().model_validate(*args, **keys)
        finally:
            _VALIDATING.reset(inside)

    @model_validator(mode="before")
    @classmethod
    def _numbers_are_numbers(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        # A series of pandas with names is a table.
        data = {key: dict(value.items()) if _is_series(value) else value for key, value in data.items()}
        faults = [
            InitErrorDetails(
                type=PydanticCustomError("value_error", "is no value", {"error": fault}), loc=(name,), input=data[name]
            )
            for name, field in cls.model_fields.items()
            if name in data and (fault := _fault(data[name], field.annotation)) is not None
        ]
        if faults:
            raise ValidationError.from_exception_data(cls.__name__, faults)
        return data


def _is_series(value: Any) -> bool:
    named = getattr(value, "ndim", None) == 1 and hasattr(value, "items")
    return named and all(isinstance(key, str) for key, _ in value.items())


def _fault(value: Any, annotation: Any) -> Message | None:
    """The fault of an object that stands for a list, or of the numbers in a value; a table that is a `Spec` checks its own."""
    if isinstance(value, Spec):
        listed = any(get_origin(kind) is tuple for kind in (annotation, *get_args(annotation)))
        return message("must be a list: write [ ] around it") if listed else None
    accepted = set(_types_in(annotation))
    if Any in accepted or any(isinstance(kind, type) and issubclass(kind, Spec) for kind in accepted):
        return None
    for number in _leaves(value):
        if isinstance(number, bool):
            if bool not in accepted and accepted & {int, float}:
                return message("must be a number, not true") if number else message("must be a number, not false")
        elif isinstance(number, int | float) and LARGEST < abs(number) != math.inf:
            return message("must be a number within 1e15")
    return None


def _types_in(annotation: Any) -> Iterator[Any]:
    """Every type that an annotation names, at any depth."""
    arguments = get_args(annotation)
    if not arguments:
        yield annotation
    for argument in arguments:
        yield from _types_in(argument)


def _leaves(value: Any) -> Iterator[Any]:
    """The values at the ends of tables and lists."""
    if isinstance(value, Mapping | list | tuple):
        for entry in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(entry)
    else:
        yield value


SpecT = TypeVar("SpecT", bound=BaseModel)

_PER_CENT = re.compile(r"\s*([-+]?\d+(?:[.,]\d+)?)\s*%\s*")
_LITERALS = re.compile(r"'([^']*)'")

BRANCHES = ("str", "float", "int", "bool")
"""Branches of a union that are no table, as pydantic names them."""


PHRASES: Mapping[str, Message] = {
    "missing": message("is required"),
    "float_type": message("must be a number"),
    "float_parsing": message("must be a number"),
    "int_type": message("must be a whole number"),
    "int_parsing": message("must be a whole number"),
    "int_from_float": message("must be a whole number"),
    "string_type": message("must be text"),
    "bool_type": message("must be true or false"),
    "bool_parsing": message("must be true or false"),
    "finite_number": message("must be a finite number"),
    "string_too_short": message("must not be empty"),
    "list_type": message("must be a list"),
    "tuple_type": message("must be a list"),
    "dict_type": message("must be a table"),
    "model_type": message("must be a table"),
    "model_attributes_type": message("must be a table"),
}
"""Kind of an error of pydantic -> what the value must be."""
LIMITS: Mapping[str, Callable[[str], Message]] = {
    "gt": lambda limit: message("must be above {gt:s}", gt=limit),
    "ge": lambda limit: message("must be at least {ge:s}", ge=limit),
    "lt": lambda limit: message("must be below {lt:s}", lt=limit),
    "le": lambda limit: message("must be at most {le:s}", le=limit),
}
"""The same of a limit, by its name in the context of the error."""


def read_toml(path: Path) -> dict[str, Any]:
    """The parsed file.

    Raises:
        SpecError: when it is missing, not UTF-8 or not TOML; the message names file and line.
    """
    try:
        return parse_toml(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SpecError("{file:s} does not exist.", file=str(path)) from None
    except IsADirectoryError:
        raise SpecError("{file:s} is a folder, not a file.", file=str(path)) from None
    except UnicodeDecodeError:
        raise SpecError("{file:s} is not UTF-8 text.", hint="Save it as UTF-8.", file=str(path)) from None
    except OSError as error:
        raise SpecError("{file:s} cannot be read: {error:s}.", file=str(path), error=error.strerror or error) from None
    except ValueError as error:
        raise SpecError("{file:s} is not valid TOML: {error:s}.", file=str(path), error=str(error)) from None


def parse_toml(text: str) -> dict[str, Any]:
    """The data of a TOML text, cleaned.

    Raises:
        ValueError: for what is no TOML, or is nested deeper than `DEEPEST`.
    """
    too_deep = f"tables or lists are nested deeper than {DEEPEST} levels"
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise ValueError(too_deep) from None
    level: list[Any] = [data]
    for _ in range(DEEPEST):
        level = [
            entry
            for value in level
            if isinstance(value, dict | list)
            for entry in (value.values() if isinstance(value, dict) else value)
        ]
    if any(isinstance(value, dict | list) for value in level):
        raise ValueError(too_deep)
    return cleaned(data)


def shown(value: Any) -> str:
    """Text of a faulty value for a message, at most `LONGEST_SHOWN` characters."""
    text = " ".join(repr(value).split())
    if isinstance(value, str) and len(text) <= LONGEST_SHOWN:
        return message("{name!r:s}", name=value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models inside an annotation: optional, in a tuple, or itself."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _key_path(model: type[BaseModel], location: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[type[BaseModel], ...]]:
    """The keys of a pydantic location, and the models of the table that the last of them stands in.

    pydantic names the branch of a union beside them, by its type or by the `kind` of a table.
    """
    path: tuple[Any, ...] = ()
    around: tuple[type[BaseModel], ...] = ()
    inside: tuple[type[BaseModel], ...] = (model,)
    for step in location:
        of_kind = tuple(one for one in inside if "kind" in one.model_fields and one.model_fields["kind"].default == step)
        if len(inside) > 1 and of_kind:
            inside = of_kind
        elif "[" not in str(step) and step not in BRANCHES:
            path = (*path, step)
            if not isinstance(step, int):  # an entry of a list has no key of its own
                fields = [one.model_fields[step] for one in inside if step in one.model_fields]
                around, inside = inside, tuple(found for field in fields for found in _models_in(field.annotation))
    return path, around


def faults_of(error: ValidationError, model: type[BaseModel], where: str) -> list[dict[str, str]]:
    """Each fault of a pydantic error, in the terms of the TOML that was decoded: `key` (its path), `message`, `hint`.

    Args:
        error: As raised by `model`.
        model: The model that was decoded into; its fields are offered for an unknown key.
        where: Key path of the decoded table inside the file; empty for the whole file.
    """
    found = []
    for item in error.errors(include_url=False):
        path, around = _key_path(model, item["loc"])
        key = ".".join([where, *map(str, path)] if where else map(str, path))
        hint = ""
        if item["type"] == "extra_forbidden":
            told = message("is not a known key")
            fields = [field.alias or name for one in around for name, field in one.model_fields.items()]
            hint = did_you_mean(str(path[-1]), tuple(fields))
        elif item["type"] == "union_tag_invalid":
            context = item.get("ctx", {})
            tag, tags = str(context.get("tag")), [t.strip(" '") for t in str(context.get("expected_tags")).split(",")]
            told, hint = message("is not a known kind: {given:s}", given=shown(tag)), did_you_mean(tag, tags)
        elif item["type"] == "union_tag_not_found":
            told = message("needs a `kind`")
        elif (said := (context := item.get("ctx", {})).get("error")) is not None:
            told, hint = said.args[0] if isinstance(said, Exception) and said.args else said, context.get("hint", "")
        else:
            told = PHRASES.get(item["type"], item["msg"][0].lower() + item["msg"][1:])
            for name in LIMITS.keys() & context.keys():
                told = LIMITS[name](f"{context[name]:g}")
            if item["type"] == "literal_error":
                known = _LITERALS.findall(context["expected"])
                told = message("must be {names: or }", names=named(known))
                hint = did_you_mean(item["input"], known) if isinstance(item["input"], str) else ""
            most = context.get("le", context.get("lt")) or -context.get("ge", context.get("gt", 0))
            if most in (1, 2, 10) and isinstance(item["input"], int | float) and abs(item["input"]) <= 100 * most:
                hint = message("{given:s} % is {share:s}.", given=f"{item['input']:g}", share=f"{item['input'] / 100:g}")
            if item["type"] == "float_parsing" and (share := _PER_CENT.fullmatch(str(item["input"]))):
                given = share[1].replace(",", ".")
                hint = message("{given:s} % is {share:s}.", given=given, share=f"{float(given) / 100:g}")
            if item["type"] != "missing":
                told = message("{told}, not {given:s}", told=told, given=shown(item["input"]))
        found.append({"key": key, "message": told, "hint": hint})
    return found


def raise_faults(faults: list[dict[str, str]], file: str) -> None:
    """Raise one `SpecError` that names every fault; an empty list raises nothing."""
    if not faults:
        return
    told = [
        message("{key:s} {fault}", key=fault["key"], fault=fault["message"]) if fault["key"] else fault["message"]
        for fault in faults
    ]
    hint = together(*(fault["hint"] for fault in faults))
    raise SpecError("{file:s}: {told:; }.", hint=hint, details={"faults": faults}, file=file, told=told)


def decode(model: type[SpecT], data: Mapping[str, Any], *, file: str, where: str = "") -> SpecT:
    """`data` as a `model`.

    Args:
        model: A `Spec`.
        data: The parsed table.
        file: The file, for messages.
        where: Key path of `data` inside the file, for messages.

    Raises:
        SpecError: with every fault: key path, what is wrong, nearest valid key.
    """
    try:
        return model.model_validate(dict(data))
    except ValidationError as error:
        raise_faults(faults_of(error, model, where), file)
        raise


def less(spec: SpecT, absent: Collection[str]) -> SpecT:
    """The model with absent names out of its assets and of its values by name; a target that has no other stays."""
    changed: dict[str, Any] = {}
    for key, value in spec:
        if isinstance(value, Mapping) and any(name in absent for name in value):
            kept = {name: one for name, one in value.items() if name not in absent}
            changed |= {key: kept} if kept or key not in ("target", "benchmark") else {}
        elif key == "assets" and isinstance(value, tuple):
            changed[key] = tuple(name for name in value if name not in absent)
    return spec.model_copy(update=changed) if changed else spec


def names_nothing(before: BaseModel, after: BaseModel) -> bool:
    """Whether the assets of a model were all absent, and it has no groups: it would speak of everything."""
    return bool(getattr(before, "assets", None)) and not getattr(after, "assets", None) and not getattr(after, "groups", None)
