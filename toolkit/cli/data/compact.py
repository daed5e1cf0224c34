"""`toolkit data compact`."""

from __future__ import annotations

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import show


@without_prices
def compact(*, common: Common) -> None:
    """Merge small files of a store; no row changes, every version stays."""
    from toolkit.app.data.store import compact as ask
    from toolkit.report.topics.data import compacted as document

    answer = ask(common.context())
    show(common, answer, document)
