"""`toolkit data validate`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from toolkit.cli.options import Common, with_common
from toolkit.cli.terminal import show

if TYPE_CHECKING:
    from toolkit.app.prices import PriceFiles


@with_common
def validate(*, common: Common) -> None:
    """Check every table against its contract, its keys and its sums; with --prices, a price file and its quality."""
    if (files := common.price_files()) is not None:
        _validate_prices(files, common)
        return
    from toolkit.app.config import resolve
    from toolkit.app.data.places import package_folder
    from toolkit.core.errors import FrameError
    from toolkit.core.frames import TABLES
    from toolkit.market.package import validate_package
    from toolkit.report.answers.lists import package_check

    folder = package_folder(resolve(common.settings(), file=common.config))
    faults = validate_package(folder)
    if faults:
        raise FrameError(
            f"{folder}: {len(faults)} faults: " + "; ".join(str(fault) for fault in faults) + ".",
            hint="Mend the rows that are named and run it again.",
            details={"faults": [str(fault) for fault in faults]},
        )
    record = {"package": str(folder), "tables": sorted(TABLES), "faults": []}
    context = common.context()
    if context.store is not None:
        from toolkit.app.data.quality import stored_quality
        from toolkit.app.data.store import check_contracts, verify
        from toolkit.report.answers.data.fetch import store_check

        verified, tables, findings = verify(context), check_contracts(context), stored_quality(context)
        told = [finding.to_json() for finding in findings]
        record["store"] = {"verified": verified.to_json(), "tables": tables, "quality": told}
        show(common, lambda: record, lambda say: store_check(verified, tables, findings, say))
        return
    show(common, lambda: record, lambda say: package_check(str(folder), len(TABLES), common.day(), say))


def _validate_prices(files: PriceFiles, common: Common) -> None:
    """Coverage, gaps, stale runs, outliers and unit jumps of price files; what `optimize` refuses is refused."""
    from toolkit.app.lots import LotNames
    from toolkit.app.prices import read_own
    from toolkit.market.quality import findings, quality
    from toolkit.report.answers.lists import quality as document

    context = common.context()
    own = read_own(files, context.snapshot, LotNames(context.ledger, context.products), masses=False)
    table_of, quotes = quality(own.file.frame, as_of=common.day()), own.file.quotes
    of_reading = (f"{remark.text} {remark.remedy}".strip() for remark in own.reading)
    told = (*of_reading, *findings(table_of))
    rows, of_day = (
        [{key: str(value) if isinstance(value, date) else value for key, value in row.items()} for row in frame.to_dicts()]
        for frame in (table_of, quotes)
    )
    record = {
        "file": own.name, "shape": own.file.shape, "quality": rows, "quotes": of_day, "findings": list(told), "faults": [],
    }  # fmt: skip
    show(common, lambda: record, lambda say: document(table_of.to_dicts(), quotes.to_dicts(), told, common.day(), say))
