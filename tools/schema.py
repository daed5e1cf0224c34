"""The JSON schemas of the records and of reports, written to docs/schema/ by `python -m tools.schema`."""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from toolkit.records.base import Record
from toolkit.records.published import published
from tools.document_schema import document_schema

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "schema"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> Iterator[tuple[Path, str]]:
    """Path and text of every schema."""
    told = {name: _described(model) for name, model in published().items()}
    told["report"] = {"$schema": DIALECT, **document_schema(_attributes)}
    for name, schema in told.items():
        yield FOLDER / f"{name}.json", json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


def _described(model: type[Record]) -> dict[str, Any]:
    """The schema of a record; the text below each field of a class, or beside it in its docstring, is its description."""
    schema = model.model_json_schema(by_alias=True)
    described = {one.__name__: one for one in _tables(model)}
    for name, table in ((model.__name__, schema), *schema.get("$defs", {}).items()):
        kind = described[name]
        texts: dict[str, str] = {}
        for base in reversed(kind.__mro__):
            texts |= dict(_attributes(base) if is_dataclass(base) else _texts(base) if issubclass(base, Record) else ())
        aliases = {} if is_dataclass(kind) else {field: info.alias for field, info in kind.model_fields.items() if info.alias}
        for field, words in texts.items():
            if (key := aliases.get(field, field)) in table["properties"]:
                table["properties"][key]["description"] = words
        table["description"] = inspect.cleandoc(kind.__doc__ or "").partition("\n\nAttributes:")[0]
        for field in table["properties"].values():
            field.pop("title", None)
            if words := field.pop("description", None):
                field["description"] = words
    return {"$schema": DIALECT, **schema}


def _tables(kind: Any) -> Iterator[Any]:
    """A record, and the records and dataclasses in its fields."""
    seen, waiting = set[Any](), [kind]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if isinstance(one, type) and is_dataclass(one):
            yield one
            waiting += get_type_hints(one).values()
        elif isinstance(one, type) and not get_args(one) and issubclass(one, Record):
            yield one
            waiting += (field.annotation for field in one.model_fields.values())
        else:
            waiting += (part for part in get_args(one) if not isinstance(part, str))


def _attributes(kind: Any) -> Iterator[tuple[str, str]]:
    """Attributes of a dataclass with what its docstring says of them; one text may stand for several names."""
    section = inspect.cleandoc(kind.__doc__ or "").partition("\nAttributes:\n")[2]
    for entry in re.split(r"\n(?=    \w)", f"\n{section}"):
        names, _, words = entry.partition(":")
        yield from ((name.strip(), " ".join(words.split())) for name in names.split(","))


def _texts(model: type[Record]) -> Iterator[tuple[str, str]]:
    """Fields of a class with the texts that stand below them."""
    (found,) = ast.parse(inspect.getsource(model)).body
    body = found.body if isinstance(found, ast.ClassDef) else []
    for field, text in itertools.pairwise(body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                yield name, " ".join(words.split())


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path, text in schemas():
        path.write_text(text, encoding="utf-8")
