"""Laws of price files: the shape, the order of rows, the format and the separator carry no meaning."""

from __future__ import annotations

import io
import random
import re
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import QUICK, SOLVED
from toolkit.core.errors import DataError
from toolkit.core.frames import Prices
from toolkit.market.layouts.headers import stated_in
from toolkit.market.layouts.prices import SIDES, key_of
from toolkit.market.layouts.texts import is_derived
from toolkit.market.readers.cells import RAISED
from toolkit.market.readers.price_checks import HIGHEST_PRICE, JUMPS, LOWEST
from toolkit.market.readers.prices import read_prices

TODAY = date(2026, 11, 24)


def is_a_name_alone(text: str) -> bool:
    """Whether a header says no more than a name: no currency or unit (`a/g`), field, sum, change (`a[%`) or footnote (`a*`)."""
    said = text.lower() in SIDES or key_of(text) is not None or stated_in(text).name != text
    said |= any(is_derived(part) for part in (text, *re.split(r"[\W_]+", text)) if part)
    return bool(text) and not (said or re.search(rf"[/_%*{RAISED}]", text))


names = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp"), exclude_characters="?*~≈†‡¹²³→"), min_size=1, max_size=12
).map(str.strip).filter(is_a_name_alone) | st.sampled_from(
    ["=cmd()", "<script>", "+1", "row", "what", "*", "^.*$", "^a$", "a,b;c", 'say "hi"']
)
prices = st.floats(min_value=LOWEST, max_value=HIGHEST_PRICE, allow_nan=False)
days = st.dates(min_value=date(1990, 1, 1), max_value=TODAY)


@st.composite
def grids(draw) -> pl.DataFrame:
    """A wide frame: unique dates, unique asset names, some cells missing, at least one price."""
    dates = draw(st.lists(days, min_size=1, max_size=8, unique=True))
    assets = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    cells = {a: draw(st.lists(st.none() | prices, min_size=len(dates), max_size=len(dates))) for a in assets}
    cells[assets[0]][0] = draw(prices)
    return pl.DataFrame({"date": dates, **{a: pl.Series(values, dtype=pl.Float64) for a, values in cells.items()}})


def read(content: bytes):
    return read_prices(io.BytesIO(content), today=TODAY, accept={JUMPS})


def csv(frame: pl.DataFrame, separator: str = ",") -> bytes:
    return frame.write_csv(separator=separator, quote_style="non_numeric").encode()


def parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def long(grid: pl.DataFrame) -> pl.DataFrame:
    return grid.unpivot(index="date", variable_name="asset", value_name="price").drop_nulls("price")


@given(grids())
def test_both_shapes_give_the_same_frame(grid):
    wide = read(csv(grid)).frame
    Prices.validate(wide)
    assert read(csv(long(grid))).frame.equals(wide)


@given(grids())
@SOLVED  # Parquet is read in a process of its own
def test_both_formats_give_the_same_frame(grid):
    wide = read(csv(grid)).frame
    assert read(parquet(grid)).frame.equals(wide)
    assert read(parquet(long(grid))).frame.equals(wide)


@given(grids(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_means_nothing(grid: pl.DataFrame, rng: random.Random):
    order = rng.sample(range(grid.height), grid.height)
    shuffled = grid[order][["date", *rng.sample(grid.columns[1:], grid.width - 1)]]
    first, second = read(csv(grid)), read(csv(shuffled))
    assert first.frame.equals(second.frame)
    assert set(first.notes) == set(second.notes)


@given(grids())
def test_byte_order_mark_and_line_ends_mean_nothing(grid):
    plain = csv(grid)
    assert read(b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n")).frame.equals(read(plain).frame)


@given(
    st.lists(
        st.tuples(days, st.decimals(min_value="0.01", max_value="99999", places=2)),
        min_size=1,
        max_size=8,
        unique_by=lambda c: c[0],
    )
)
def test_semicolons_with_decimal_commas_mean_the_same(cells):
    plain = "date,gold\n" + "".join(f"{day},{price}\n" for day, price in cells)
    german = plain.replace(",", ";").replace(".", ",")
    assert read(german.encode()).frame.equals(read(plain.encode()).frame)


@given(grids(), st.integers(min_value=1, max_value=4000))
def test_one_price_of_the_future_poisons_the_file(grid, ahead):
    late = pl.concat([grid, grid.head(1).with_columns(date=pl.lit(TODAY + timedelta(ahead)))])
    with pytest.raises(DataError) as caught:
        read(csv(late))
    assert (caught.value.details["rule"], caught.value.details["rows"]) == ("future", [late.height + 1])


@given(
    st.binary(max_size=300) | st.text(max_size=300).map(str.encode) | st.text('date,;0.1\n"-as\r', max_size=200).map(str.encode)
)
@QUICK
def test_any_bytes_are_read_or_refused_in_words(content):
    try:
        file = read(content)
    except DataError as error:
        refusal = error
    else:
        Prices.validate(file.frame)
        return
    assert "stdin" in refusal.message
    assert refusal.hint
