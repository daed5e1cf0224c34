"""A block of every kind, whose words are all different, for what must hold in every format."""

from __future__ import annotations

import dataclasses
import itertools
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from toolkit.report import document as d
from toolkit.report.charts.theme import TOKENS, layer, specification
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.text import NONE, Text, name, strong, text


def bars(width: int) -> str:
    """The specification of a small chart."""
    layers = [layer("bar", [{"a": 1}, {"a": 3}], {"x": "a:Q"}, color=TOKENS["data"])]
    return specification(layers, Formats(), width=width, height=40)


def blocks(before: str = "") -> tuple[d.Block, ...]:
    """One of every kind; each word is a name and begins with `before`."""
    numbers = itertools.count()

    def word() -> str:
        return f"{before}w{next(numbers)}e"

    def t(*refs: str) -> Text:
        return text(dataclasses.replace(name(word()), refs=refs))

    def table(**options: Any) -> d.Table:
        columns = (d.Column(word(), "left"), d.Column(word()))
        return d.Table("caption", columns, (d.Row((t(), t("S1")), total=True), d.Row((t(), text(NONE)), gauge=0.25)), **options)

    def chart() -> d.Chart:
        return d.Chart((d.Drawing(bars, (328,)), d.Drawing(bars, (680,), 680)), word())

    def figure() -> d.Figure:
        return d.Figure(t(), t(), (d.Paragraph(t()), chart()), (("on", "legend"),), t(), table(stacks=False))

    bar = d.Bar(t(), (text(strong(word())),), 1.7, 0.1, 0.4, hollow=True)
    states = (d.State("on", word(), word()), None, d.State("suspended", word(), word(), "brief", urgent=True))
    other = (None, d.State("whitelist", word(), word()), None)
    matrix_columns = tuple((word(), "short") for _ in states)
    date = d.Date("2026-11-27", word(), word(), t(), t("S2"), word(), "next", confirmed=False)
    return (
        d.Heading(t()),
        d.Paragraph(t("A1"), "answer"),
        d.KeyFigures((d.KeyFigure(word(), t(), t()),)),
        d.Status(((word(), t()),)),
        figure(),
        table(gauge=word()),
        d.BarTable("caption", word(), (d.Column(word()),), (bar, d.Bar(t(), (t(),), None, total=True)), ((0.4, word()),)),
        chart(),
        d.Matrix(
            "caption",
            "corner",
            matrix_columns,
            (d.Line(word(), t(), states), d.Line(word(), t(), other), d.Line(word(), t(), reason=t())),
        ),
        d.Calendar((date,)),
        d.Notes((("A1", t()), ("", t())), assumed=True),
        d.Panel((t(), t())),
        d.Columns((figure(),)),
        d.Panels((d.SmallMultiple(t(), t(), d.Chart((d.Drawing(bars, (320,)),), word())),), (("line", "legend"),)),
    )


def document(*content: d.Block, subject: str = "subject", title: str = "Title") -> d.Document:
    """A document of these blocks in one section."""
    section = d.Section("all", "Section", content)
    return d.Document(title, "en", "2026-11-24", "24\u00a0November\u00a02026", subject, (section,), "run-1")


def kinds() -> set[str]:
    """Every kind of block that a document may hold."""
    return {kind.kind for kind in typing.get_args(d.Block)}


def words(block: object, before: str = "") -> Iterator[str]:
    """The numbered words of a block, wherever in it they stand."""
    if isinstance(block, str):
        if block.startswith(f"{before}w") and block.endswith("e"):
            yield block
    elif isinstance(block, (tuple, Mapping)):
        for item in block:
            yield from words(item, before)
    elif dataclasses.is_dataclass(block):
        for field in dataclasses.fields(block):
            yield from words(getattr(block, field.name), before)
