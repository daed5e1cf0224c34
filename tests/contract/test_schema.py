"""The published JSON schemas: current, and every figure says what it is."""

import json

import pytest

from tools.schema import FOLDER, PUBLISHED, schemas


def test_the_published_schemas_are_those_of_the_records():
    """Written again by `python -m tools.schema`."""
    written = dict(schemas())
    assert {path.name for path in FOLDER.iterdir()} == {path.name for path in written}
    for path, text in written.items():
        assert path.read_text(encoding="utf-8") == text, path


@pytest.mark.parametrize("name", PUBLISHED)
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
