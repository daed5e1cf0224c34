"""What a line above a list of prices may say without a question."""

from __future__ import annotations

import pytest

from toolkit.market.layouts.texts import is_plain_title


@pytest.mark.parametrize(
    "title",
    [
        "Alle Preise in EUR zzgl. MwSt.", "Preise zzgl. gesetzl. MwSt.", "Preise zuzüglich der gesetzlichen Mehrwertsteuer",
        "EUR/kg, ohne MwSt", "nicht inkl. MwSt.", "MwSt. nicht enthalten", "Nettopreise", "Prices in USD excl. VAT",
        "Prices net of VAT", "Prices not incl. VAT", "VAT excluded", "Prices plus 19 % VAT", "Price list No. 47/2026",
    ],
)  # fmt: skip
def test_a_title_of_prices_without_tax_asks_nothing(title):
    assert is_plain_title(title)


@pytest.mark.parametrize(
    "title",
    [
        "Tax: 19 %", "Prices, tax", "Prices incl. tax", "VAT free for traders", "Preise MwSt", "Nettopreise, 19 % MwSt",
        "Umsatzsteuer: 19 %", "no prices", "not in EUR", "Preise nicht in EUR", "inkl. Versand",
    ],
)  # fmt: skip
def test_a_title_that_leaves_the_tax_open_or_denies_something_asks(title):
    assert not is_plain_title(title)
