"""Laws of local numbers and dates: a table written in any locale reads to its values or is a question, for holdings and prices alike."""

from __future__ import annotations

import io
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.examples import QUICK
from tests.holdings_files import parsed
from toolkit.core.errors import DataError, FrameError
from toolkit.market.readers.columns import amounts
from toolkit.market.readers.prices import read_prices
from toolkit.market.readers.tabular import read_table

TODAY = date(2026, 11, 24)
MARKS = {
    "en": (",", "."),
    "de": (".", ","),
    "ch": ("’", "."),
    "ch '": ("'", "."),
    "fr": ("\u202f", ","),
    "si": (" ", "."),
    "plain": ("", "."),
    "bare": ("", ","),
}
"""Locale -> thousands separator and decimal mark."""

numbers = st.lists(
    st.decimals(min_value="0.001", max_value=9_999_999, allow_nan=False, places=3).map(lambda d: d.normalize()),
    min_size=1,
    max_size=6,
)


def written(value, locale, money=""):
    thousands, mark = MARKS[locale]
    whole, _, rest = f"{value:f}".partition(".")
    return f"{int(whole):,}".replace(",", thousands) + (f"{mark}{rest}" if rest else "") + money


def of_prices(texts):
    """Values of a column of prices, or None where it is asked about."""
    try:
        table = read_table(
            io.BytesIO("\n".join(["date;gold", *(f"2026-01-{i:02d};{t}" for i, t in enumerate(texts, 1))]).encode())
        )
        return amounts(table, ["gold"], money=["gold"]).values["gold"].to_list()
    except FrameError:
        return None


def of_holdings(texts):
    """Values of a column of quantities, or None."""
    try:
        return (
            parsed("\n".join(["lot_id;asset;Menge (kg)", *(f"{i};gold;{t}" for i, t in enumerate(texts))]))
            .holdings()
            .frame["quantity"]
            .to_list()
        )
    except DataError:
        return None


@QUICK
@given(numbers, st.sampled_from(list(MARKS)), st.sampled_from(["", " €", " EUR"]))
def test_what_is_written_in_a_locale_reads_to_the_same_or_is_asked(values, locale, money):
    texts = [written(value, locale, money) for value in values]
    found = of_prices(texts)
    if found is not None:
        assert found == [float(value) for value in values]
    else:  # asked only where no number settles the mark
        bare = [text.removesuffix(money) for text in texts]
        assert any(len(text) - max(text.rfind(","), text.rfind(".")) == 4 for text in bare)
        assert all(text.count(",") + text.count(".") <= 1 for text in bare)
    assert of_holdings([written(value, locale) for value in values]) == of_prices([written(value, locale) for value in values])


@QUICK
@given(st.lists(st.from_regex(r"[0-9]{1,3}([.,' ][0-9]{2,3}){0,3}", fullmatch=True), min_size=1, max_size=4))
@example(["1.234", "12,5"])
@example(["1,234"])
@example(["1.234,5", "1,234.5"])
def test_both_readers_read_any_text_alike(texts):
    texts = [text if float(text.translate(str.maketrans("", "", ".,' ")) or 0) else "5" for text in texts]
    assert of_prices(texts) == of_holdings(texts)


FORMS = {
    "iso": "%Y-%m-%d",
    "de": "%d.%m.%Y",
    "gb": "%d/%m/%Y",
    "us": "%m/%d/%Y",
    "digits": "%Y%m%d",
    "words": "%d %B %Y",
    "slashes": "%Y/%m/%d",
}


@QUICK
@given(
    st.lists(st.dates(min_value=date(2001, 1, 1), max_value=date(2026, 1, 1)), min_size=1, max_size=6, unique=True),
    st.sampled_from(list(FORMS)),
)
def test_dates_of_a_locale_read_to_the_same_or_are_asked(days, form):
    texts = [day.strftime(FORMS[form]) for day in days]
    is_open = form in ("gb", "us") and all(day.day <= 12 for day in days) and any(day.day != day.month for day in days)
    content = "date;gold\n" + "".join(f"{text};5\n" for text in texts)
    lots = parsed("lot_id;asset;quantity;purchase_date\n" + "".join(f"{i};gallium;1;{text}\n" for i, text in enumerate(texts)))
    if is_open:
        assert {question.name for question in lots.questions} == {"dates"}
        with pytest.raises(FrameError, match="cannot be told apart"):
            read_prices(io.BytesIO(content.encode()), today=TODAY)
        return
    assert [row["purchase_date"] for row in lots.rows] == days
    assert read_prices(io.BytesIO(content.encode()), today=TODAY).frame["date"].to_list() == sorted(days)


def test_the_number_of_a_day_in_a_spreadsheet_is_no_date():
    with pytest.raises(FrameError, match="not a date"):
        read_prices(io.BytesIO(b"date,gold\n45000,5\n45001,5\n"), today=TODAY)


def test_a_mark_that_others_decided_is_told():
    read = read_prices(io.BytesIO(b"date;gold\n2026-01-31;1.234\n2026-02-28;1.250,5\n"), today=TODAY)
    assert read.frame["price"].to_list() == [1234.0, 1250.5]
    assert "Numbers such as 1.234 are read as 1234" in " ".join(read.reading)
