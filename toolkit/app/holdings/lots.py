"""The lots of a holdings file, by the names of the ledger and of the user's own prices."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from functools import partial

import polars as pl

from toolkit.app.holdings.movements import stock_holdings
from toolkit.app.holdings.names import LESS_PURE, PRECIOUS, LotNames
from toolkit.app.holdings.sheets import AND, EVERY_SHEET, of_every_sheet, of_some_sheets
from toolkit.controls.ledger import ControlLedger
from toolkit.controls.purity import grades, grades_apart, purity_fraction
from toolkit.core.assets import Asset, Universe
from toolkit.core.messages import Message, few, message
from toolkit.core.places import place
from toolkit.holdings.holding_period import HoldingRule
from toolkit.market.layouts.layout import Layout
from toolkit.market.layouts.texts import is_grade, is_known_custody, is_paper, is_plain_place
from toolkit.market.readers.contents import file_and_sheet
from toolkit.market.readers.holdings.lots import Holdings
from toolkit.market.readers.holdings.read import parse
from toolkit.market.readers.tabular import Table


def read_lots(
    path: str | Table,
    ledger: ControlLedger,
    products: Universe,
    as_of: date,
    *,
    instruments: Collection[str] = (),
    client: str | None = None,
    layout: Layout | None = None,
    rule: HoldingRule | None = None,
) -> Holdings:
    """The lots of a holdings file on a day; a lot bought later is planned, and one that arrived later in transit.

    A file of movements is the stock of that day.

    Args:
        path: File of lots or of movements, or its cells; ``FILE.xlsx#*`` is every sheet of a workbook that is not hidden,
            each of one client, and ``FILE.xlsx#A+B`` these two of one owner.
        ledger: Metals and forms that are recognised.
        products: Products, for grades other than theirs.
        as_of: The day.
        instruments: Names of listed instruments that may be held.
        client: Whose lots are meant, where the file has a column of clients; None for all.
        layout: By which it is read; None for the one beside it.
        rule: Period after which a sale is free of tax, by which movements may choose the lot that is sold.

    Raises:
        DataError, FrameError: as `toolkit.market.readers.holdings.read.parse` and `ReadFile.holdings`.
    """
    file, sheet = ("", None) if isinstance(path, Table) else file_and_sheet(path)
    of_sheet = partial(
        read_lots, ledger=ledger, products=products, as_of=as_of, instruments=instruments, layout=layout, rule=rule
    )
    if sheet == EVERY_SHEET:
        return of_every_sheet(str(file), of_sheet, client)
    if sheet is not None and AND in sheet:
        return of_some_sheets(str(file), sheet, of_sheet, client)
    names = LotNames(ledger, products, tuple(instruments))
    read = parse(path, names=names, today=date.today(), client=client, layout=layout)
    holdings = read.holdings() if read.layout.of == "holdings" else stock_holdings(read, as_of, rule)
    later = (pl.col("purchase_date") > as_of).fill_null(value=False)
    away = [lot for lot, day in holdings.arrivals.items() if day > as_of]
    away = holdings.frame.filter(pl.col("lot_id").is_in(away) & ~later & (pl.col("status") == "stored"))["lot_id"].to_list()
    on_way = pl.when(pl.col("lot_id").is_in(away)).then(pl.lit("in_transit")).otherwise("status")
    status = pl.when(later).then(pl.lit("planned")).otherwise(on_way).alias("status")
    frame, notes, other_grade = _fine(holdings.frame.with_columns(status), products, fine=holdings.fine)
    if away:
        told = few(away, of=len(frame))
        notes.append(message("By the day of its arrival in the file, in transit on {as_of}: {lots}.", as_of=as_of, lots=told))
    return replace(holdings, frame=frame, notes=(*holdings.notes, *notes), other_grade=other_grade)


def with_known_texts(lots: pl.DataFrame) -> pl.DataFrame:
    """Lots whose texts are not asked about when they are read again: a place by its country, others where they are known."""
    places = {text: text if is_plain_place(text) else place(text).country for text in lots["location"].drop_nulls()}
    rules = {"custody": is_known_custody, "certificate": is_paper, "purity": is_grade}
    known = {key: [text for text in lots[key].drop_nulls().unique() if is_known(text)] for key, is_known in rules.items()}
    return lots.with_columns(
        pl.col("location").replace_strict(places, default=None, return_dtype=pl.String),
        *(pl.when(pl.col(key).is_in(texts)).then(key).alias(key) for key, texts in known.items()),
    )


def _fine(lots: pl.DataFrame, products: Universe, *, fine: bool) -> tuple[pl.DataFrame, list[Message], dict[str, int]]:
    """The lots with the fine mass of precious metals, notes, and the nines by which others are of another grade.

    Fineness counts from `LESS_PURE` below the product's on. With `fine`, masses are so already.
    """
    traded = {(asset.key, asset.form): asset for asset in products}
    gross: dict[str, float] = {}
    other_grade: dict[str, int] = {}
    unread: list[str] = []
    stated = lots.filter(pl.col("mass").is_not_null() & pl.col("purity").is_not_null())
    for lot_id, metal, form, purity in stated.select("lot_id", "asset", "form", "purity").iter_rows():
        product = traded.get((metal, form))
        if product is None or purity_fraction(product.purity) is None:
            continue
        found = _fraction(product, purity)
        if found is None and grades(purity) is None:
            unread.append(lot_id)
        elif product.group != PRECIOUS:
            other_grade |= {lot_id: nines} if (nines := grades_apart(product.purity, purity)) else {}
        elif (share := fine_share(product, purity)) < 1.0 and not fine:
            gross[lot_id] = share
    notes: list[Message] = []
    if unread:
        notes.append(
            message(
                "Purity not understood (write 99.99 %, 4N or 999.9), counted as that of the product: {lots}.",
                lots=few(unread, of=len(lots)),
            )
        )
    if gross:
        notes.append(message("Gross weight times fineness, the fine content, is what counts of {lots}.", lots=few([*gross])))
        factor = pl.col("lot_id").replace_strict(gross, default=1.0, return_dtype=pl.Float64)
        lots = lots.with_columns(mass=pl.col("mass") * factor)
    return lots, notes, other_grade


def _fraction(product: Asset, purity: str) -> float | None:
    """Part of a weight that is the metal, as stated; a bare 91.67 of a precious one is per cent."""
    found = purity_fraction(purity)
    if found is None and product.group == PRECIOUS:  # none is traded below a third
        found = next((share for share in [purity_fraction(f"{purity} %")] if share and share > 1 / 3), None)
    return found


def fine_share(product: Asset | None, purity: str | None) -> float:
    """Part of a gross weight that is fine metal: of a precious metal less pure than is traded its purity, else all.

    Args:
        product: In the form of the lot; None for another.
        purity: As stated.
    """
    if product is None or purity is None or product.group != PRECIOUS:
        return 1.0
    found, usual = _fraction(product, purity), purity_fraction(product.purity)
    return found if found is not None and usual is not None and found <= usual - LESS_PURE else 1.0
