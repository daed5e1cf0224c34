"""Warnings of series that a store has and that an answer does not use."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from toolkit.core.messages import message
from toolkit.core.remarks import Remark
from toolkit.supply.tariff import tariff_code, tariff_codes

if TYPE_CHECKING:
    from toolkit.app.context import Context
    from toolkit.records.store import UnusedSeries

IMPORTED = message(
    "To value at them, write them to a file and add it with `toolkit data import`: then they are prices of the day."
)
BY_CODE = message(
    "`toolkit flows SERIES` shows them; `toolkit data import FILE` keeps those of a code that counts one material."
)
DIFFERING = message("Where the two differ, import the right one again under the source of the wrong one, with --correct.")
NAMED = message("Name them as the product is named: `toolkit data import FILE` reads the names of metals and forms.")

_METAL = re.compile(r"^[^:]*:|/\d+$")
"""What a source puts around a metal in the name of its series."""
_CODE = re.compile(r"hs(\d{6,10})")


def unused_remarks(context: Context, assets: Collection[str]) -> Iterator[Remark]:
    """A warning for each source and reason, and a note where those of another source are newer.

    Args:
        context: The store, and the day.
        assets: What the answer is about; ``komis:gallium`` and ``hs811292`` are about gallium.
    """
    about = {*assets}
    unused = [one for one in context.unused_series if about & {one.asset, *_materials(context, one.asset)}]
    if not unused:
        return
    from toolkit.market.store.merge import REPLACING_OBSERVATIONS  # noqa: PLC0415  # where one is in use

    def alike(one: UnusedSeries) -> tuple[str, str, str, str, str]:
        return one.table, one.source, one.reason, one.kind, one.used or ""

    for (table, name, reason, kind, used), group in groupby(sorted(unused, key=alike), alike):
        named = tuple(one.asset for one in group)
        source = context.snapshot.source(name)
        told = {"assets": list(named), "source": name if source.own else source.title, "kind": kind}
        match table, reason:
            case "flows", "unknown_name":
                text = message("Flows of {assets} from {source} in the store are not used: a code is no metal.", **told)
                yield Remark("data", text, BY_CODE, named)
            case "flows", _:
                text = message(
                    "Flows of {assets} from {source} in the store are not used: another source has newer ones.", **told
                )
                yield Remark("note", text, "", named)
            case _, "unknown_name":
                text = message("Prices of {assets} from {source} in the store are not used: no product has that name.", **told)
                yield Remark("data", text, NAMED, named)
            case _, "short":
                text = message(
                    "Prices of {assets} from {source} in the store ({kind}) are not used: they are fewer than {enough}, and "
                    "the series in their place is in {used}.",
                    **told, enough=REPLACING_OBSERVATIONS, used=used,
                )  # fmt: skip
                yield Remark("data", text, IMPORTED, named)
            case _, "same_day":
                text = message(
                    "Prices of {assets} from {source} in the store are not used: another of your files, which is used, has a "
                    "price of the same day.",
                    **told,
                )  # fmt: skip
                yield Remark("data", text, DIFFERING, named)
            case _, "other_source":
                text = message(
                    "Prices of {assets} from {source} in the store are not used: another source has newer ones.", **told
                )
                yield Remark("note", text, "", named)


def _materials(context: Context, series: str) -> Collection[str]:
    """The metals that the name of a series of a source speaks of: those of its tariff code, or the one behind its prefix."""
    if (code := _CODE.fullmatch(series)) is None:
        return (_METAL.sub("", series),)
    found = tariff_code(tariff_codes(context.snapshot["tariff_codes"]), code[1])
    return () if found is None else found.assets
