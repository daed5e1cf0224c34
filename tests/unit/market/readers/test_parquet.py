"""Parquet files within limits are read by a process of their own, and what polars panics at is refused in words."""

from __future__ import annotations

import io
from datetime import date

import polars as pl
import pytest

from toolkit.core.errors import DataError
from toolkit.market.readers.contents import MAX_BYTES, MAX_COLUMNS
from toolkit.market.readers.tabular import read_table


def written(frame: pl.DataFrame, **options) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, **options)
    return buffer.getvalue()


def prices(rows: int = 50) -> pl.DataFrame:
    days = pl.date_range(date(2020, 1, 1), date(2026, 1, 1), "1d", eager=True).head(rows)
    return pl.DataFrame({"date": days, "gold": [float(i + 1) for i in range(rows)], "note": ["x"] * rows})


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (pl.select(date=pl.lit("2026-01-31"), gold=pl.repeat(1.0, 4_000_000)), "at most 3,000,000 are read"),
        (pl.DataFrame({"date": ["2026-01-31"], "gold": ["1" * (MAX_BYTES + 1)]}), "bytes; at most"),
        (pl.DataFrame({f"c{i}": [1] for i in range(MAX_COLUMNS + 1)}), "columns; at most"),
    ],
    ids=["rows", "text", "columns"],
)
def test_a_small_file_that_is_large_when_read_is_refused(frame, says):
    content = written(frame, compression="zstd")
    assert len(content) < 2_000_000
    with pytest.raises(DataError, match=says):
        read_table(io.BytesIO(content))


@pytest.mark.parametrize(
    "content", [b"PAR1", b"PAR1PAR1PAR1", b"PAR1" + b"\xff" * 8 + b"PAR1", b"PAR1\x15\x00\x06\x00\x00\x00PAR1"]
)
def test_what_has_no_footer_is_no_parquet(content):
    with pytest.raises(DataError, match="not a whole Parquet file"):
        read_table(io.BytesIO(content))
