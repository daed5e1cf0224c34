"""Chinese customs: the CSV that a user downloads from the statistics site of the General Administration of Customs."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Literal

import polars as pl

from toolkit.core.countries import country
from toolkit.market.sources.base import DataSource, Query, SeriesResult, end_of_month
from toolkit.market.sources.client import FetchError
from toolkit.records.store import Use

HEADINGS = MappingProxyType(
    {"month": "数据年月", "code": "商品编码", "partner": "贸易伙伴名称", "quantity": "第一数量", "unit": "第一计量单位"}
)
MONEY = MappingProxyType({"美元": "USD", "人民币": "CNY"})
MASSES = MappingProxyType({"千克": 1.0, "克": 0.001, "吨": 1000.0})
EXPORT, IMPORT = ":export", ":import"


class Gacc(DataSource):
    """General Administration of Customs of China: a file of the user's, in GB18030 or UTF-8, by month, code and partner.

    The site is behind a check that a person passes, so a file is downloaded by hand: a series is its path, with ``:export`` or
    ``:import`` behind it, because the file does not say so. Rows of several ways of trade or places are added up.
    """

    kind: Literal["gacc"] = "gacc"
    title: ClassVar[str] = "General Administration of Customs of China, statistics"
    url: ClassVar[str] = "http://stats.customs.gov.cn/"
    terms: ClassVar[str] = "official statistics; cite the source; no bulk redistribution"
    use: ClassVar[Use] = "never"
    rhythm_days: ClassVar[int] = 0
    begins_anew: ClassVar[bool] = True
    table: ClassVar[str] = "flows"

    def accepts(self, series: str) -> bool:
        """A path with the direction behind it."""
        return series.endswith((EXPORT, IMPORT))

    def one(self, series: str, query: Query) -> SeriesResult:
        """The flows of a file."""
        path, _, direction = series.rpartition(":")
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise FetchError("not_found", f"{path}: {error.strerror}") from None
        rows, unknown, currency = _rows(content)
        columns = {"date": pl.Date, "hs_code": pl.String, "partner": pl.String, "value": pl.Float64, "quantity": pl.Float64}
        counted = pl.DataFrame(rows, schema=columns, orient="row")
        # Partners that are no country are in the total alone.
        frames = [counted.drop_nulls("partner"), counted.with_columns(partner=pl.lit("WLD"))]
        flows = pl.concat(frames).group_by("date", "hs_code", "partner", maintain_order=True).sum().with_columns(
            reporter=pl.lit("CHN"), direction=pl.lit(direction), asset="hs" + pl.col("hs_code"), currency=pl.lit(currency),
            basis=pl.lit("reported"), source=pl.lit(self.kind), known_from=pl.lit(query.client.today),
        )  # fmt: skip
        partial = f"partners that are no country: {', '.join(sorted(unknown))}" if unknown else None
        return self.result(series, {"flows": flows}, query.client, [path], partial=partial)


def _rows(content: bytes) -> tuple[list[tuple[date, str, str | None, float, float]], set[str], str]:
    """Month, code, partner (null for what is no country), value and kg of each row; those names; the currency."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
    # The last cell of a line is money: what is left of it where the file was cut off is a number, too.
    if not text.endswith("\n"):
        raise FetchError("cut_off", "the last line does not end")
    reader = csv.DictReader(io.StringIO(text))
    heads = {(name or "").strip(): name for name in reader.fieldnames or ()}
    missing = [heading for heading in HEADINGS.values() if heading not in heads]
    money = next((heading for heading in MONEY if heading in heads), None)
    if missing or money is None:
        raise FetchError("format", f"no column {', '.join(missing) or ' or '.join(MONEY)}")
    rows: list[tuple[date, str, str | None, float, float]] = []
    unknown: set[str] = set()
    for row in reader:
        cells = {key: (row[heads[heading]] or "").strip() for key, heading in (*HEADINGS.items(), ("value", money))}
        if not cells["code"]:
            continue
        mass = MASSES.get(cells["unit"])
        if mass is None:
            raise FetchError("format", f"quantity in {cells['unit']!r}")
        partner = country(cells["partner"])
        if partner is None:
            unknown.add(cells["partner"])
        value, quantity = (float(cells[key].replace(",", "") or 0) for key in ("value", "quantity"))
        rows.append((end_of_month(cells["month"]), cells["code"], partner, value, quantity * mass))
    return rows, unknown, MONEY[money]
