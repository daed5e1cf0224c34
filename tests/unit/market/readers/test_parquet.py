"""Parquet files are judged by their footer, and what polars panics at is refused in words."""

from __future__ import annotations

import contextlib
import io
import random
from datetime import date

import polars as pl
import pytest

from toolkit.core.errors import DataError
from toolkit.market.readers import parquet
from toolkit.market.readers.contents import MAX_BYTES
from toolkit.market.readers.parquet import Footer
from toolkit.market.readers.tabular import read_table


def written(frame: pl.DataFrame, **options) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, **options)
    return buffer.getvalue()


def prices(rows: int = 50) -> pl.DataFrame:
    days = pl.date_range(date(2020, 1, 1), date(2026, 1, 1), "1d", eager=True).head(rows)
    return pl.DataFrame({"date": days, "gold": [float(i + 1) for i in range(rows)], "note": ["x"] * rows})


@pytest.mark.parametrize("rows_a_group", [None, 7])
def test_the_footer_tells_rows_columns_and_size(rows_a_group):
    footer = Footer.of(written(prices(), row_group_size=rows_a_group))
    assert footer is not None
    assert (footer.rows, footer.columns) == (50, 3)
    assert 50 * 12 <= footer.size < 20_000


def test_a_small_file_of_many_rows_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(parquet, "run", lambda *_: pytest.fail("it was read"))
    content = written(pl.select(date=pl.lit("2026-01-31"), gold=pl.repeat(1.0, 4_000_000)), compression="zstd")
    assert len(content) < 100_000
    with pytest.raises(DataError, match="at most 3,000,000 are read"):
        read_table(io.BytesIO(content))


def test_long_text_in_few_bytes_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(parquet, "run", lambda *_: pytest.fail("it was read"))
    content = written(pl.DataFrame({"date": ["2026-01-31"], "gold": ["1" * (MAX_BYTES + 1)]}), compression="zstd")
    assert len(content) < 100_000
    with pytest.raises(DataError, match="bytes"):
        read_table(io.BytesIO(content))


def test_damaged_files_are_refused_in_words():
    whole, rng = written(prices()), random.Random(3)
    for _ in range(30):  # 0.2 s each
        content = bytearray(whole)
        for _ in range(rng.randint(1, 12)):
            content[rng.randrange(4, len(content) - 4)] = rng.randrange(256)
        with contextlib.suppress(DataError):  # anything else, a panic of polars first of all, fails
            read_table(io.BytesIO(bytes(content)))


@pytest.mark.parametrize(
    "content", [b"PAR1", b"PAR1PAR1PAR1", b"PAR1" + b"\xff" * 8 + b"PAR1", b"PAR1\x15\x00\x06\x00\x00\x00PAR1"]
)
def test_what_has_no_footer_is_no_parquet(content):
    assert Footer.of(content) is None
    with pytest.raises(DataError, match="not a whole Parquet file"):
        read_table(io.BytesIO(content))
