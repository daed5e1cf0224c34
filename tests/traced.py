"""Records whose numbers remember where they stand, so that a figure on a page can be traced to the JSON it was made of.

Every number of a record becomes a `Traced` one with the path of its leaf, ``positions[gallium].weight``; arithmetic keeps the
formula, ``Σorders[].cost``. Behind the words that `Formats` writes of it stands a character for private use, by which
`marked` finds the figure again wherever the words went.
"""

from __future__ import annotations

import operator
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from toolkit.report.i18n.formats import Formats

KEYS = ("lot_id", "asset", "name", "destination")
"""What names a row of a list, in the order in which it is looked for."""
MAPS = (
    "weights",
    "risk_contributions",
    "country",
    "factors",
    "factor_shares",
    "loadings",
    "loading_errors",
    "phrases",
    "assets",
    "countries",
    "rates",
    "held_unpriced",
    "vat",
    "measures",
    "relaxation",
    "limits",
)
"""Objects whose keys are names of rows.

"""
FIGURES = ("number", "percent", "share", "limit", "plain_number", "significant", "points", "money", "price", "quantity")
DATES = ("long_date", "short_date", "month")


@dataclass(frozen=True)
class Shown:
    """A figure as a page shows it: the function that asked for it, the formula, the number and the words."""

    by: str
    formula: str
    value: Any
    text: str


class Traced:
    """A number or a date that knows its formula."""

    formula: str


def _operation(sign: str, compute: Callable[[Any, Any], Any], *, swapped: bool = False) -> Callable[[Any, Any], Any]:
    def operation(self: Any, other: Any) -> Any:
        if not isinstance(other, (int, float)):
            return NotImplemented
        left, right = (other, self) if swapped else (self, other)
        result = compute(_bare(left), _bare(right))
        return traced(result, _written(sign, left, right))

    return operation


def _written(sign: str, left: Any, right: Any) -> str:
    first, second = (value.formula if isinstance(value, Traced) else f"{value:g}" for value in (left, right))
    if first == "0" and sign == "/":
        return first
    if second == "0" and sign == "-":
        return first
    if sign == "+":
        terms = {pattern(term).removeprefix("Σ") for term in (first, second) if term != "0"}
        if len(terms) == 1:
            return f"Σ{terms.pop()}"
    return f"({first}{sign}{second})"


def _bare(value: Any) -> Any:
    return float(value) if isinstance(value, float) else int(value)


class TracedFloat(float, Traced):
    """A traced fraction, amount or rate."""


class TracedInt(int, Traced):
    """A traced count."""


class TracedText(str, Traced):
    """A traced date."""


for _sign, _name in (("+", "add"), ("-", "sub"), ("*", "mul"), ("/", "truediv")):
    for _class in (TracedFloat, TracedInt):
        setattr(_class, f"__{_name}__", _operation(_sign, getattr(operator, _name)))
        setattr(_class, f"__r{_name}__", _operation(_sign, getattr(operator, _name), swapped=True))
for _class in (TracedFloat, TracedInt):
    _class.__neg__ = lambda self: traced(-_bare(self), f"-{self.formula}")
    _class.__abs__ = lambda self: traced(abs(_bare(self)), self.formula)


MARKS = re.compile("[\U000f0000-\U0010fffd]")
_figures: dict[Shown, str] = {}
_by_mark: dict[str, Shown] = {}


def marked(text: str) -> list[Shown]:
    """The figures in a text."""
    return [_by_mark[mark] for mark in MARKS.findall(text)]


def bare(text: str) -> str:
    """A text as a reader sees it."""
    return MARKS.sub("", text)


def traced(value: Any, path: str = "") -> Any:
    """The value with its path on every number and every date in it."""
    if isinstance(value, dict):
        row = path.rpartition(".")[2] in MAPS
        return {
            key: traced(item, f"{path}[{key}]" if row else f"{path}.{key}" if path else str(key)) for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [traced(item, f"{path}[{_key(item, i)}]") for i, item in enumerate(value)]
    if isinstance(value, bool):
        return value
    kind = {float: TracedFloat, int: TracedInt}.get(type(value))
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", value):
        kind = TracedText
    if kind is None:
        return value
    made = kind(value)
    made.formula = path
    return made


def traced_record(record: Any, value: Any) -> Any:
    """A record of `toolkit.records` whose numbers and dates are those of the traced JSON it was read from."""
    if isinstance(value, Traced):
        return value
    if isinstance(record, BaseModel):
        for name, field in type(record).model_fields.items():
            if (key := field.alias or name) in value:
                record.__dict__[name] = traced_record(record.__dict__[name], value[key])
        for key, extra in (record.model_extra or {}).items():
            record.model_extra[key] = traced_record(extra, value[key])
        return record
    if is_dataclass(record) and isinstance(value, Mapping):
        made = object.__new__(type(record))
        for field in fields(record):
            object.__setattr__(made, field.name, traced_record(getattr(record, field.name), value[field.name]))
        return made
    if isinstance(record, Mapping):
        return {key: traced_record(item, value[key]) for key, item in record.items()}
    if isinstance(record, tuple | list):
        return type(record)(traced_record(item, part) for item, part in zip(record, value, strict=True))
    return record


def _key(item: Any, place: int) -> str:
    return next((item[key] for key in KEYS if isinstance(item, dict) and isinstance(item.get(key), str)), str(place))


def pattern(formula: str) -> str:
    """A formula with its rows and powers of ten left out: ``positions[].weight``."""
    return re.sub(r"/1e-\d+", "/1e-n", re.sub(r"\[[^\]]*\]", "[]", formula))


@contextmanager
def figures() -> Iterator[list[Shown]]:
    """Every figure that is written meanwhile."""
    shown: list[Shown] = []
    inside = [False]

    def wrapped(write: Callable[..., str]) -> Callable[..., str]:
        def writing(self: Formats, value: Any, *args: Any, **options: Any) -> str:
            if value is None or inside[0]:
                return write(self, value, *args, **options)
            inside[0] = True
            try:
                text = write(self, value, *args, **options)
            finally:
                inside[0] = False
            figure = Shown(_asker(), value.formula if isinstance(value, Traced) else "", value, text)
            mark = _figures.setdefault(figure, chr(0xF0000 + len(_figures)))
            _by_mark[mark] = figure
            shown.append(figure)
            return text + mark

        return writing

    with pytest.MonkeyPatch.context() as patch:
        for name in (*FIGURES, *DATES):
            patch.setattr(Formats, name, wrapped(getattr(Formats, name)))
        yield shown


def _asker() -> str:
    """The function of a section or a piece that asks for a figure."""
    frame = sys._getframe(2)
    while frame.f_back is not None:
        code = frame.f_code
        file = code.co_filename.replace("\\", "/")
        if (
            "/toolkit/report/" in file
            and not file.endswith(("document.py", "findings.py", "formats.py", "language.py"))
            and "<" not in code.co_name
        ):
            return f"{file.rsplit('/', 1)[-1].removesuffix('.py')}.{code.co_name}"
        frame = frame.f_back
    return ""
