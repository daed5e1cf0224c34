"""Strict decoding of TOML: unknown keys are errors with a suggestion, and every fault is told at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from toolkit.core.errors import SpecError, did_you_mean
from toolkit.core.text import cleaned


class Spec(BaseModel):
    """Base of everything that a user writes in TOML: frozen, no unknown keys, no infinite numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


SpecT = TypeVar("SpecT", bound=BaseModel)

PHRASES = {
    "missing": "is required",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "finite_number": "must be a finite number",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
}


def read_toml(path: Path) -> dict[str, Any]:
    """The parsed file.

    Raises:
        SpecError: when it is missing, not UTF-8 or not TOML; the message names file and line.
    """
    try:
        return cleaned(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except FileNotFoundError:
        raise SpecError(f"{path} does not exist.", details={"file": str(path)}) from None
    except IsADirectoryError:
        raise SpecError(f"{path} is a folder, not a file.", details={"file": str(path)}) from None
    except UnicodeDecodeError:
        raise SpecError(f"{path} is not UTF-8 text.", hint="Save it as UTF-8.", details={"file": str(path)}) from None
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{path} is not valid TOML: {error}.", details={"file": str(path)}) from None


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models inside an annotation: optional, in a tuple, or itself."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _fields_at(model: type[BaseModel], path: tuple[Any, ...]) -> tuple[str, ...]:
    """The keys that are valid beside a faulty one: walks the models along the error's path."""
    current: Any = model
    for step in path:
        if isinstance(step, int):  # an entry of a list, which has no key of its own
            continue
        field = current.model_fields.get(step) if isinstance(current, type) and issubclass(current, BaseModel) else None
        if field is None:
            return ()
        current = next(_models_in(field.annotation), None)
    if isinstance(current, type) and issubclass(current, BaseModel):
        return tuple(field.alias or name for name, field in current.model_fields.items())
    return ()


def faults_of(error: ValidationError, model: type[BaseModel], where: str) -> list[dict[str, str]]:
    """Each fault of a pydantic error as `{key, message, hint}` in the words of a person who edits TOML."""
    found = []
    for item in error.errors(include_url=False):
        path = tuple(item["loc"])
        key = ".".join([where, *map(str, path)] if where else map(str, path))
        hint = ""
        if item["type"] == "extra_forbidden":
            message = "is not a known key"
            hint = did_you_mean(str(path[-1]), _fields_at(model, path[:-1]))
        elif item["type"] == "union_tag_invalid":
            context = item.get("ctx", {})
            tag, tags = str(context.get("tag")), [t.strip(" '") for t in str(context.get("expected_tags")).split(",")]
            message, hint = f"is not a known kind: {tag!r}", did_you_mean(tag, tags)
        elif item["type"] == "union_tag_not_found":
            message = "needs a `kind`"
        elif "hint" in (context := item.get("ctx", {})):
            message, hint = item["msg"], context["hint"]
        elif item["type"] in ("value_error", "assertion_error"):
            message = str(item.get("ctx", {}).get("error", item["msg"]))
        else:
            message = PHRASES.get(item["type"], item["msg"][0].lower() + item["msg"][1:])
            if item["type"] != "missing":
                message += f", not {item['input']!r}"
        found.append({"key": key, "message": message, "hint": hint})
    return found


def raise_faults(faults: list[dict[str, str]], file: str) -> None:
    """One `SpecError` that tells every fault; does nothing for an empty list."""
    if not faults:
        return
    told = "; ".join(f"{fault['key']} {fault['message']}".strip() for fault in faults)
    hint = " ".join(dict.fromkeys(fault["hint"] for fault in faults if fault["hint"]))
    raise SpecError(f"{file}: {told}.", hint=hint, details={"file": file, "faults": faults})


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
