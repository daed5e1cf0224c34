import pytest

from toolkit.core.errors import SpecError
from toolkit.market.readers.cells import amount, number


@pytest.mark.parametrize("text", ["100000", "100.000,00", "100,000.00", "1e5", "100 000", "100'000.0", "+100000"])
def test_a_number_of_one_reading_is_read(text):
    assert number("--budget", text) == 100_000


@pytest.mark.parametrize(
    ("text", "value"), [("0,5", 0.5), ("0.500", 0.5), ("12,25", 12.25), ("-1,5", -1.5), ("1.000.000", 1e6)]
)
def test_the_mark_of_decimals_is_that_of_the_writer(text, value):
    assert number("--cap", text) == value


@pytest.mark.parametrize("text", ["100.000", "100,000", "-1.250", "1.000e2"])
def test_a_number_of_two_readings_is_refused_with_both(text):
    with pytest.raises(SpecError, match="may be") as refused:
        number("--budget", text)
    small, large = refused.value.hint.removeprefix("Write ").removesuffix(".").split(" or ")
    assert float(large) == 1000 * float(small)


def test_a_reading_beyond_what_the_option_can_be_is_none():
    assert number("--premium", "2.500", 1000) == 2.5


@pytest.mark.parametrize("text", ["", "much", "5 kg", "1,2,3"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(SpecError, match="is not a number"):
        number("--budget", text)


@pytest.mark.parametrize("text", ["5²", "14³", "3¹²"])
def test_a_raised_digit_is_none_of_the_number(text):
    found = amount(text)
    assert found is not None
    assert (found.readings["."], found.after[:1]) == (float(text.rstrip("¹²³")), "*")
