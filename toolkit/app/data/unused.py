"""Warnings of series that a fetch stored and that an answer does not use."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from toolkit.core.messages import message
from toolkit.core.remarks import Remark

if TYPE_CHECKING:
    from toolkit.app.context import Context
    from toolkit.records.store import UnusedSeries

IMPORTED = message(
    "To value at them, write them to a file and add it with `toolkit data import`: then they are prices of the day."
)
NAMED = message("Name them as the product is named: `toolkit data import FILE` reads the names of metals and forms.")

_METAL = re.compile(r"^[^:]*:|/\d+$")
"""What a source puts around a metal in the name of its series."""


def unused_remarks(context: Context, assets: Collection[str]) -> Iterator[Remark]:
    """A warning for each source and reason, and a note where the prices of another source are newer.

    Args:
        context: The store, and the day.
        assets: What the answer is about; ``komis:gallium`` is about gallium.
    """
    about = {*assets}
    unused = [one for one in context.unused_prices if {one.asset, _METAL.sub("", one.asset)} & about]
    if not unused:
        return
    from toolkit.market.store.merge import ENOUGH  # noqa: PLC0415  # an extra

    def alike(one: UnusedSeries) -> tuple[str, str, str, str]:
        return one.source, one.reason, one.kind, one.used or ""

    for (name, reason, kind, used), group in groupby(sorted(unused, key=alike), alike):
        series = tuple(group)
        told = {"assets": [one.asset for one in series], "source": context.snapshot.source(name).title, "kind": kind}
        named = tuple(one.asset for one in series)
        if reason == "unknown_name":
            text = message("Prices of {assets} from {source} in the store are not used: no product has that name.", **told)
            yield Remark("data", text, NAMED, named)
        elif reason == "short":
            text = message(
                "Prices of {assets} from {source} in the store ({kind}) are not used: they are fewer than {enough}, and the "
                "series in their place is in {used}.",
                **told, enough=ENOUGH, used=used,
            )  # fmt: skip
            yield Remark("data", text, IMPORTED, named)
        else:
            text = message("Prices of {assets} from {source} in the store are not used: another source has newer ones.", **told)
            yield Remark("note", text, "", named)
