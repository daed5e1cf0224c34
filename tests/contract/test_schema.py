"""The published JSON schemas: current, and every figure says what it is."""

import dataclasses
import importlib
import inspect
import json
import pkgutil
import typing

import jsonschema
import pytest

from tests.unit.report.kinds import blocks, document
from toolkit.records.base import Record
from toolkit.records.published import published
from toolkit.report import document as d
from toolkit.report import topics
from toolkit.report.formats.data import as_data
from tools.schema import FOLDER, schemas


def test_no_other_schema_is_published():
    assert {path.name for path in FOLDER.iterdir()} == {path.name for path, _ in schemas()}


def test_every_answer_that_has_a_document_is_published():
    """A record that a command shows on the terminal is dumped by `--json` too."""
    unpublished = set()
    for info in pkgutil.iter_modules(topics.__path__, "toolkit.report.topics."):
        for function in vars(importlib.import_module(info.name)).values():
            hints = typing.get_type_hints(function) if inspect.isfunction(function) else {}
            shown = next(iter(hints.values()), None) if hints.get("return") is d.Document else None
            if isinstance(shown, type) and issubclass(shown, Record) and shown.schema_name is None:
                unpublished.add(shown.__name__)
    assert unpublished == {"StoreCheck"}, "a part of the answer to `data validate`; name the file: schema="


@pytest.mark.parametrize("name", published())
def test_every_field_says_what_it_is(name):
    schema = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    tables = {schema["title"]: schema, **schema.get("$defs", {})}
    silent = [
        f"{title}.{key}"
        for title, table in tables.items()
        for key, field in table["properties"].items()
        if not field.get("description")
    ]
    assert not silent
    assert schema["additionalProperties"] is True


def test_every_kind_of_block_is_in_the_schema_of_reports_and_keeps_to_it():
    schema = json.loads((FOLDER / "report.json").read_text(encoding="utf-8"))
    valid = jsonschema.Draft202012Validator(schema)
    told = as_data(document(*blocks()))
    valid.validate(told)
    valid.validate(as_data(dataclasses.replace(document(), sections=(d.Section("s", "S", d.Missing("no data.")),))))
    kinds = {schema["$defs"][kind.__name__]["properties"]["kind"]["const"] for kind in typing.get_args(d.Block)}
    assert kinds == {block["kind"] for block in told["sections"][0]["blocks"]}
    for block in told["sections"][0]["blocks"]:
        for key in block:
            changed = {**told, "sections": [{**told["sections"][0], "blocks": [{k: v for k, v in block.items() if k != key}]}]}
            with pytest.raises(jsonschema.ValidationError):
                valid.validate(changed)
