"""Findings of the second order: what they say stays on the page, and their tables are one click away."""

from __future__ import annotations

from dataclasses import replace

from toolkit.report.document import Block, Columns, Figure, Table


def folded(*figures: Figure | None) -> tuple[Block, ...]:
    """Figures as titles with closed tables, side by side where there are several; what is None is left out.

    Args:
        figures: Each shows one table and nothing else.
    """
    closed = tuple(_closed(figure) for figure in figures if figure is not None)
    return (Columns(closed),) if len(closed) > 1 else closed


def _closed(figure: Figure) -> Figure:
    (table,) = figure.body
    return replace(figure, body=(), data=table if isinstance(table, Table) else None)
