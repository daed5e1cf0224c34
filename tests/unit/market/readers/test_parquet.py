"""Parquet files within limits are read by a process of their own, and what polars panics at is refused in words."""

from __future__ import annotations

import io

import polars as pl
import pytest

from toolkit.core.errors import DataError
from toolkit.market.readers.contents import MAX_BYTES, MAX_COLUMNS
from toolkit.market.readers.tabular import read_table


def written(frame: pl.DataFrame, **options) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, **options)
    return buffer.getvalue()


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
