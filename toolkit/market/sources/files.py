"""The user's own price files, here or at an address: CSV, workbooks, dealers' lists, and Parquet also at `https://` and `s3://`."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import ClassVar, Literal
from urllib.parse import urlsplit

import polars as pl

from toolkit.core.errors import DataError, FrameError
from toolkit.market.market import Source
from toolkit.market.readers.contents import ReadingEnded
from toolkit.market.readers.parquet import PARQUET, read_remote_parquet
from toolkit.market.readers.prices import PriceFile, read_prices
from toolkit.market.readers.tabular import table_of
from toolkit.market.readers.workbook import ZIP
from toolkit.market.sources.base import DataSource, Query, SeriesResult
from toolkit.market.sources.client import NO_END, Client, FetchError
from toolkit.records.store import Use

WEB = ("https://", "http://")
CLOUD = ("s3://", "gs://", "az://", "abfss://")
"""Beginnings of addresses that polars reads, with the settings and keys of the environment."""
IMPORT = "Correct the price or its unit; if it is meant: `toolkit data import FILE --accept ASSET`."


class Files(DataSource):
    """Files of prices in the shapes of `--prices`: a series is a path or an address.

    What a dealer asks and pays on a day are series of two sources, ``files (dealer_ask)`` and ``files (dealer_bid)``, as
    `toolkit data import` keeps them; they grow by a price with each list.
    """

    kind: Literal["files"] = "files"
    title: ClassVar[str] = "Files of the user"
    url: ClassVar[str] = ""
    terms: ClassVar[str] = "the user's own"
    use: ClassVar[Use] = "personal"
    rhythm_days: ClassVar[int] = 0
    begins_anew: ClassVar[bool] = True

    @property
    def description(self) -> Source:
        """The source as the market knows it: the user himself."""
        return replace(super().description, own=True)

    def accepts(self, series: str) -> bool:
        """Any path or address."""
        return bool(series.strip())

    def one(self, series: str, query: Query) -> SeriesResult:
        """The prices of a file."""
        client = query.client
        try:
            file = _read(series, client)
        except FetchError:
            raise
        except FrameError as error:
            hint = IMPORT if error.details.get("rule") == "jump" else error.hint
            raise FetchError("contract", f"{error.message} {hint}") from None
        except DataError as error:
            raise FetchError("not_data", f"{error.message} {error.hint}".strip()) from None
        if file is None:
            return self.unchanged(series, [series])
        rows = file.frame.with_columns(source=pl.lit(self.kind))
        quotes = file.quotes.with_columns(source=pl.format(f"{self.kind} ({{}})", "basis")).select(rows.columns)
        prices = pl.concat([rows, quotes]).with_columns(known_from=pl.max_horizontal("known_from", "date"))
        return self.result(series, {"prices": prices}, client, [series])


def _read(series: str, client: Client) -> PriceFile | None:
    """The prices of a file; None where its address says that it has not changed."""
    if not series.startswith((*WEB, *CLOUD)):
        return read_prices(series, today=client.today)
    name = PurePosixPath(urlsplit(series).path).name or "prices"
    if series.startswith(CLOUD):
        client.turn()
        try:
            rows = read_remote_parquet(series)
        except ReadingEnded as ended:
            raise FetchError("unreachable", str(ended)) from None
        return read_prices(table_of(rows, name), today=client.today)
    reply = client.get(series, kind="file", conditional="prices")
    if reply.unchanged:
        return None
    # Parquet and archives end in a table of what they hold.
    if not (reply.has_end or reply.content.startswith((PARQUET, ZIP)) or reply.content.endswith(b"\n")):
        raise FetchError("cut_off", NO_END)
    with tempfile.TemporaryDirectory() as folder:  # messages speak of the file by its name
        path = Path(folder) / name
        path.write_bytes(reply.content)
        return read_prices(path, today=client.today)
