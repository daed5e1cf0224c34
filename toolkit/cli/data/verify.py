"""`toolkit data verify`."""

from __future__ import annotations

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import show


@without_prices
def verify(*, common: Common) -> None:
    """Read every file of a store again and hold it against its hash: data of all versions, and logs."""
    from toolkit.app.data.store import verify as ask
    from toolkit.report.topics.data import verified as document

    answer = ask(common.context())
    show(common, answer, document)
