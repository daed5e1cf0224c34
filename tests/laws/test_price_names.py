"""Law of names in price files: what names a metal is the metal, told apart from what a strategy holds unnamed, or refused."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import QUICK
from tests.subjects import context
from toolkit.app.holdings.names import LotNames
from toolkit.app.prices import PriceFiles, read_own
from toolkit.core.errors import DataError
from toolkit.market.readers.tabular import table_of

DAY = date(2026, 11, 24)
DAYS = pl.date_range(date(2024, 5, 1), date(2026, 10, 1), "1mo", eager=True).dt.month_end()
WORDS = {
    "antimony": ("Antimony", "Antimon", "Sb", "锑锭", "Antimoine", "Antimoni", "ANTIMONY", "SMM Antimony", "Antimonpreis"),
    "gallium": ("Gallium", "Ga", "金属镓", "Galium", "Galio", "Rohgallium", "GalliumUSD"),
    "tin": ("Tin", "Zinn", "Sn", "锡", "Étain", "Estaño", "Stagno", "LME Tin"),
}
NEUTRAL = (
    "",
    "99.99%",
    "4N",
    "CIF Rotterdam",
    "Rotterdam",
    "du main ports",
    "DDP US",
    "spot",
    "Preis",
    "ex VAT",
    "netto",
    "FOB China $/t",
)
OTHER = (
    "incl. 13 % VAT",
    "brutto",
    "3M",
    "Mar-26",
    "premium EU",
    "CIF bid",
    "DDP inkl. MwSt.",
    "FOB China c/lb",
    "II",
    "trioxide",
    "China",
)
SEPARATORS = (" ", ", ", "_", "/", " - ", "-", " | ", "\u00a0", ";")
headers = st.tuples(
    st.sampled_from([(key, word) for key, words in WORDS.items() for word in words]),
    st.lists(st.sampled_from((*NEUTRAL, *OTHER)), max_size=3),
    st.sampled_from(SEPARATORS),
    st.booleans(),
)


def own(name: str, *, wide: bool):
    prices = [100.0 + 3 * (i * 7 % 5) for i in range(len(DAYS))]
    frame = pl.DataFrame({"date": DAYS, name: prices} if wide else {"date": DAYS, "asset": [name] * len(DAYS), "price": prices})
    files = PriceFiles((table_of(frame, "mine.csv"),), only=True, accept=("levels",))
    return read_own(files, context(DAY).snapshot, LotNames(context(DAY).ledger, context(DAY).products), "USD")


@QUICK
@given(headers, st.booleans())
def test_no_series_that_names_a_metal_is_held_unnamed_under_another_name(header, wide):
    (key, word), more, separator, behind = header
    name = separator.join(filter(None, (word, *more) if behind else (*more, word)))
    try:
        found = own(name, wide=wide)
    except DataError:
        return
    assert {*found.assets} - {*found.apart} <= {key}
    if key in found.assets:
        assert not {*more} & {*OTHER}


@pytest.mark.parametrize(
    "name", ["SPY", "Goldman Sachs", "SAP AG", "Latin America", "MSCI Argentina", "Rio Tinto", "BRK C", "Copper"]
)
def test_what_names_no_metal_is_held_as_it_is(name):
    assert own(name, wide=True).apart == ()


@pytest.mark.parametrize("name", ["Gold Fields", "Lithium Americas", "Antimony trioxide", "Gallium 6N China", "XAU/USD"])
def test_a_share_a_form_and_a_place_are_no_price_of_the_metal(name):
    assert own(name, wide=True).apart == (name,)


@pytest.mark.parametrize(
    "words",
    ["Rotterdam", "CFR Rotterdam", "Rotterdam in-whs", "excl. VAT", "(zzgl. 19 % MwSt.)", "netto", "DDP Hamburg ex VAT"],
)
def test_the_port_of_the_trade_and_words_that_prices_are_without_tax_are_no_part_of_a_name(words):
    found = own(f"Antimony 99.65% {words}", wide=True)
    assert found.assets == ("antimony",)
    assert found.apart == ()
