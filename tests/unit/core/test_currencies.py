import pytest
from pydantic import TypeAdapter, ValidationError

from toolkit.core.currencies import RATED, Currency, currency, currency_hint


@pytest.mark.parametrize(
    ("text", "code"),
    [(code.lower(), code) for code in RATED]
    + [
        ("Yen", "JPY"),
        ("円", "JPY"),
        ("€", "EUR"),
        ("Euro", "EUR"),
        ("$", "USD"),
        ("Schweizer Franken", "CHF"),
        ("brl", "BRL"),
    ],
)
def test_codes_in_any_case_signs_and_names(text, code):
    assert currency(f" {text} ") == code


@pytest.mark.parametrize("text", ["", "EU", "XYZ", "JPX", "¥", "Taler", "kg", "EURO ZONE", "GBp", "GBX", "ZAc"])
def test_what_is_no_currency_is_none(text):
    assert currency(text) is None
    with pytest.raises(ValidationError):
        TypeAdapter(Currency).validate_python(text)


def test_hints_name_the_nearest_or_all_that_have_a_rate():
    assert "'JPY'" in currency_hint("JPX")
    assert all(code in currency_hint("qqqq") for code in RATED)
    assert currency_hint("¥") == "Write JPY or CNY."
    assert currency_hint("GBX") == "GBX is a hundredth of GBP: divide the prices by 100 and write GBP."


def test_the_error_of_a_text_that_is_no_currency_tells_it_and_a_way_out():
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Currency).validate_python("Taler" * 20)
    (error,) = caught.value.errors()
    told = "Taler" * 12
    assert (error["type"], error["msg"]) == ("currency", f"is no currency: {told!r}")
    assert str(error["ctx"]["error"]) == f"is no currency: {told!r}"
    assert error["ctx"]["hint"] == currency_hint("Taler" * 20)
    assert currency_hint("Taler").endswith("Write an ISO 4217 code, as EUR.")
