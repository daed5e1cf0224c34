"""Costs of a way out, and the day from which a sale is free of tax."""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.core.errors import SpecError
from toolkit.holdings.exit import ExitTerms
from toolkit.holdings.holding_period import RULES, WITHOUT_PERIOD, holding_rule, tax_law


def test_the_worked_example_of_the_field():
    # A dealer's resale spread of 14.75 % off his own price, storage of 1.25 % a year plus 19 % VAT, three years.
    terms = ExitTerms(purchase=0.0, sale=0.1475, storage=0.0125 * 1.19)
    assert terms.required_rise(3) == pytest.approx(0.225, abs=5e-4)


@pytest.mark.parametrize(("spread", "storage", "years"), [(0.15, 0.015, 3), (0.2, 0.0, 1), (0.0, 0.02, 5), (0.02, 0.005, 0)])
def test_a_sale_after_the_rise_returns_what_went_in(spread, storage, years):
    value = 1000.0
    rise = ExitTerms(spread / 2, spread / 2, storage).required_rise(years)
    went_in = value * (1 + spread / 2) + years * storage * value
    assert value * (1 + rise) * (1 - spread / 2) == pytest.approx(went_in)


def test_half_spreads_and_a_whole_spread_are_the_same_rise_on_another_base():
    middle, spread, storage, years = 100.0, 0.15, 0.015, 3
    ask, bid = middle * (1 + spread / 2), middle * (1 - spread / 2)
    dealer = ExitTerms(0.0, 1 - bid / ask, storage * middle / ask)
    assert dealer.required_rise(years) == pytest.approx(ExitTerms(spread / 2, spread / 2, storage).required_rise(years))


def test_nothing_lost_needs_no_rise_and_a_sale_for_nothing_is_refused():
    assert ExitTerms(0.0, 0.0, 0.0).required_rise(5) == 0.0
    with pytest.raises(SpecError, match="fractions"):
        ExitTerms(0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("bought", "free"),
    [
        (date(2024, 3, 14), date(2025, 3, 15)),
        (date(2024, 2, 29), date(2025, 3, 1)),
        (date(2023, 2, 28), date(2024, 2, 29)),
        (date(2025, 12, 31), date(2027, 1, 1)),
    ],
)
def test_a_sale_is_free_once_more_than_a_year_has_passed(bought, free):
    assert RULES["DEU"].free_from(bought) == free


def test_the_rule_names_its_law_and_what_was_not_checked():
    told = RULES["DEU"].note(1000.0)
    assert all(words in told for words in ("Sec. 23", "1,000 EUR", "not checked against the text"))
    assert "EUR" not in RULES["DEU"].note(None)
    assert "USA" not in RULES


@pytest.mark.parametrize(
    ("country", "bought", "free"),
    [
        ("AUT", date(2024, 3, 14), date(2025, 3, 15)),
        ("AUT", date(2024, 2, 29), date(2025, 3, 1)),
        ("CHE", date(2024, 3, 14), date(2024, 3, 14)),
    ],
)
def test_other_countries_have_their_own_clock(country, bought, free):
    assert RULES[country].free_from(bought) == free
    assert holding_rule(country, "company") is None
    assert holding_rule(country, "private", 3) != RULES[country]


def test_every_law_names_its_source_and_is_no_advice():
    for rule in RULES.values():
        assert rule.note(None).endswith("Not advice.")
    cited = {"DEU": "Sec. 23", "AUT": "Sec. 31 EStG 1988", "CHE": "Art. 16 para 3", "USA": "Sec. 408(m)", "GBR": "HS293"}
    assert {*cited} == {*RULES, *WITHOUT_PERIOD}
    for country, words in cited.items():
        law = tax_law(country, "private")
        assert law is not None
        assert words in law
        assert tax_law(country, "company") is None
    assert tax_law("FRA", "private") is None


def test_a_country_without_a_period_has_no_clock_whatever_is_known_of_its_law():
    for country in (*WITHOUT_PERIOD, "FRA"):
        assert holding_rule(country, "private") is None
