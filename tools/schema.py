"""The JSON schemas of the records, written to docs/schema/ by `python -m tools.schema`."""

from __future__ import annotations

import ast
import inspect
import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from toolkit.records.answers.backtest import Backtest
from toolkit.records.answers.controls import Calendar, ControlledItems, MetalControls, ProductControls
from toolkit.records.answers.explanation import ExplainedRun
from toolkit.records.answers.frontier import EfficientFrontier
from toolkit.records.answers.holdings import HoldingsCheck
from toolkit.records.answers.ledger import AddedEvent, LedgerReview
from toolkit.records.answers.lists import DataList, Doctor, PackageCheck, PriceCheck, SettingsList, StrategyCheck, StrategyList
from toolkit.records.answers.sweep import Sweep
from toolkit.records.base import Record
from toolkit.records.conflict import Conflict
from toolkit.records.exposure import Exposure
from toolkit.records.factors import Factors
from toolkit.records.fetch import Fetch
from toolkit.records.findings import Parts
from toolkit.records.run import Run
from toolkit.records.store import Compacted, Differences, Exported, Imported, QueryResult, Verified

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "schema"
PUBLISHED: Mapping[str, type[Record]] = {
    "run": Run,
    "conflict": Conflict,
    "findings": Parts,
    "exposure": Exposure,
    "fetch": Fetch,
    "data-verify": Verified,
    "data-compact": Compacted,
    "data-diff": Differences,
    "data-query": QueryResult,
    "data-export": Exported,
    "data-import": Imported,
    "backtest": Backtest,
    "sweep": Sweep,
    "controls": MetalControls,
    "controls-products": ProductControls,
    "controls-items": ControlledItems,
    "upcoming": Calendar,
    "config": SettingsList,
    "strategies": StrategyList,
    "strategies-check": StrategyCheck,
    "data": DataList,
    "data-validate": PackageCheck,
    "data-validate-prices": PriceCheck,
    "doctor": Doctor,
    "factors": Factors,
    "frontier": EfficientFrontier,
    "holdings-check": HoldingsCheck,
    "ledger-add": AddedEvent,
    "ledger-review": LedgerReview,
    "optimize-explain": ExplainedRun,
}
"""Record by the name of its file."""


def schemas() -> Iterator[tuple[Path, str]]:
    """Path and text of every schema."""
    for name, model in PUBLISHED.items():
        yield FOLDER / f"{name}.json", json.dumps(_described(model), ensure_ascii=False, indent=1) + "\n"


def _described(model: type[Record]) -> dict[str, Any]:
    """The schema of a record; the text below each field of a class is its description."""
    schema = model.model_json_schema(by_alias=True)
    described = {one.__name__: one for one in _records(Record)}
    for name, table in ((model.__name__, schema), *schema.get("$defs", {}).items()):
        for base in reversed(described[name].__mro__):
            for field, words in _texts(base) if base in described.values() else ():
                key = described[name].model_fields[field].alias or field
                table["properties"][key]["description"] = words
        for field in table["properties"].values():
            field.pop("title", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _records(base: type[Record]) -> Iterator[type[Record]]:
    for one in base.__subclasses__():
        yield one
        yield from _records(one)


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
