"""`toolkit data validate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.cli.options import Common, with_common
from toolkit.cli.terminal import show
from toolkit.core.messages import together

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
    from toolkit.records.lists import PackageCheck
    from toolkit.report.topics.data import package_check

    folder = package_folder(resolve(common.settings(), file=common.config))
    faults = validate_package(folder)
    if faults:
        raise FrameError(
            "{folder:s}: {n} faults: {faults:; }.",
            hint="Mend the rows that are named and run it again.",
            details={"faults": [str(fault) for fault in faults]},
            folder=str(folder),
            n=len(faults),
            faults=[str(fault) for fault in faults],
        )
    found, context = PackageCheck(package=str(folder), tables=tuple(sorted(TABLES)), faults=()), common.context()
    if context.store is not None:
        from toolkit.app.data.store import check_contracts, stored_quality, verify
        from toolkit.records.lists import StoreCheck
        from toolkit.report.topics.data import store_check

        store = StoreCheck(
            verified=verify(context), tables=check_contracts(context), quality=stored_quality(context),
            unused=context.unused_series,
        )  # fmt: skip
        found = found.model_copy(update={"store": store})
        show(common, found, lambda _, say: store_check(store, say))
        return
    show(common, found, lambda found, say: package_check(found, common.day(), say))


def _validate_prices(files: PriceFiles, common: Common) -> None:
    """Coverage, gaps, stale runs, outliers and unit jumps of price files; what `optimize` refuses is refused."""
    from toolkit.app.holdings.names import LotNames
    from toolkit.app.prices import of_no_product, read_own
    from toolkit.market.quality import findings, quality
    from toolkit.market.readers.price_checks import visible
    from toolkit.records.lists import PriceCheck, Quote, SeriesCheck
    from toolkit.report.topics.data import quality as document

    context = common.context()
    names, currency = LotNames(context.ledger, context.products), context.settings.config.owner.currency
    own = read_own(files, context.snapshot, names, currency, masses=False)
    day, frame = common.day(), own.file.frame
    newest = visible(frame, day).sort("date").group_by("asset").last().select("asset", "price", "currency", "unit")
    series = quality(frame, as_of=day).join(newest, on="asset", maintain_order="left")
    others = of_no_product(own.assets, (*context.products.keys, *context.snapshot["prices"]["asset"], *own.apart))
    told = (together(remark.text, remark.remedy) for remark in own.reading)
    found = PriceCheck(
        file=own.name,
        shape=own.file.shape,
        quality=tuple(map(SeriesCheck.model_validate, series.to_dicts())),
        quotes=tuple(map(Quote.model_validate, own.file.quotes.to_dicts())),
        findings=tuple(dict.fromkeys((*told, *others, *(remark.text for remark in own.notes), *findings(series)))),
        faults=(),
    )
    show(common, found, lambda found, say: document(found, day, say))
