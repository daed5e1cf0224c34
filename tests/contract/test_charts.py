"""Every chart is valid Vega-Lite: the specifications of whole reports, held against the schema that altair ships."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.lots import HEADER, TWELVE
from tests.records import as_document
from tests.subjects import backtest, holdings, market, proposal, with_parts
from toolkit.records.frontier import FrontierPoint
from toolkit.report import charts
from toolkit.report.charts import bars, frontier
from toolkit.report.charts.theme import layer, specification
from toolkit.report.document import Drawing
from toolkit.report.i18n.formats import Formats

POINTS = [
    FrontierPoint(target=expected, risk_aversion=1.0, volatility=volatility, expected=expected, cost=0.02, weights={}, cash=1.0)
    for volatility, expected in ((0.1, 0.02), (0.2, 0.05))
]


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft7Validator:
    altair = importlib.util.find_spec("altair")
    assert altair is not None
    assert altair.origin is not None
    found = next(Path(altair.origin).parent.glob("vegalite/v*/schema/vega-lite-schema.json"))
    return jsonschema.Draft7Validator({**json.loads(found.read_text()), "$ref": "#/definitions/TopLevelLayerSpec"})


@pytest.fixture(scope="module")
def specifications(tmp_path_factory) -> dict[str, list[str]]:
    """Chart -> its specifications in reports on a proposal, on holdings and on the market."""
    held = holdings(tmp_path_factory.mktemp("held") / "lots.csv", "\n".join((HEADER, *TWELVE)))
    reports = (
        (with_parts(proposal()), "full"),
        (with_parts(proposal()), "allocation"),
        (held, "full"),
        (held, "exposure"),
        (market(), "full"),
        (backtest(), "backtest"),
    )
    found: dict[str, list[str]] = {}
    for subject, name in reports:
        document, _ = as_document(dict(subject.record), subject.parts, name=name)
        for drawing in drawings(document):
            found.setdefault(drawing.build.__module__, []).append(drawing.spec)
    turning = [frontier._spec(POINTS, POINTS[1:], against, ("one", "two")) for against in ("expected", "cost")]
    return {
        **found,
        frontier.__name__: turning,
        bars.__name__: [
            bars._spec((("gold", ("60%",), 0.6, 0.4, 0.7, False, True),), ("share",), ((0.7, "limit"),), Formats()),
            bars._weights_spec("held", [("gold", 0.6), ("cash", 0.4)], Formats()),
        ],
    }


def drawings(block: object) -> Iterator[Drawing]:
    if isinstance(block, Drawing):
        yield block
    elif isinstance(block, tuple):
        for item in block:
            yield from drawings(item)
    elif is_dataclass(block):
        for field in fields(block):
            yield from drawings(getattr(block, field.name))


def one_of_a_kind(node: Any) -> Any:
    """A specification with the last row of data of each kind: its fields, and the types of their values."""
    if isinstance(node, dict):
        return {
            key: [*{tuple((name, type(value)) for name, value in row.items()): row for row in inner}.values()]
            if key == "values" and isinstance(inner, list) and all(isinstance(row, dict) for row in inner)
            else one_of_a_kind(inner)
            for key, inner in node.items()
        }
    return [*map(one_of_a_kind, node)] if isinstance(node, list) else node


def test_every_specification_is_valid(schema, specifications):
    for chart, written in specifications.items():
        for spec in {*written}:
            assert schema.is_valid(one_of_a_kind(json.loads(spec))), chart


def test_every_chart_is_among_them(specifications):
    folder = Path(charts.__file__).parent
    makers = {path.stem for path in folder.glob("*.py") if "\ndef _spec(" in path.read_text(encoding="utf-8")}
    assert {name.rpartition(".")[2] for name in specifications} == makers


def test_a_word_that_is_none_of_the_language_is_found(schema):
    for style in ({"colour": "#000001"}, {"strokeWidth": "thick"}):
        spec = specification([layer("bar", [{"a": 1}], {"x": "a:Q"}, **style)], Formats(), width=100, height=30)
        assert not schema.is_valid(json.loads(spec))
