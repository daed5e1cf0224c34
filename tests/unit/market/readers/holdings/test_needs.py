"""Lists of needs, quotations and applications for licences: read by exact words, asked about, or refused with row and remedy."""

import io
from datetime import date

import pytest

from tests.holdings_files import NAMES, TODAY
from toolkit.core.errors import DataError, FrameError, SpecError
from toolkit.market.layouts.unconfirmed import Unconfirmed
from toolkit.market.needs import DAYS_OF, Application, Need, Quote
from toolkit.market.readers.holdings.read import parse

QUOTE = "quote,asset,form,purity,price,currency,unit,least,lot_size,origin_country,lead_time,freight,duty,valid_until,refusal\n"


def read(of: str, text: str, **answers: str):
    return parse(io.BytesIO(text.encode()), names=NAMES, today=TODAY, of=of, answers=answers)


def faults(of: str, text: str) -> list[tuple[str, str, int]]:
    return [(one.rule, one.column, one.row) for one in read(of, text).faults]


def test_needs_in_english_and_german_are_the_same():
    english = read(
        "needs", "asset,purity,quantity,unit,period,site,safety,missing_cost,currency\nGa,4N,400,kg,year,Jena,2,9,EUR\n"
    )
    german = read(
        "needs",
        "Metall;Reinheit;Verbrauch;Einheit;Zeitraum;Werk;Sicherheitsbestand Wochen;Stillstandskosten;Währung\n"
        "Gallium;4N;400;kg;Jahr;Jena;2;9;EUR\n",
    )
    expected = Need(2, "gallium", "metal", "4N", "Jena", "DEU", 400.0, "year", None, None, 2.0, 9.0, "EUR")
    assert not german.questions
    assert english.rows == german.rows == [expected]


def test_a_need_in_grams_a_week_from_a_day_on():
    (one,) = read(
        "needs", "metal,consumption,uom,per,from,until,plant\nGermanium,500,g,week,2027-01-01,2027-06-30,Japan\n"
    ).rows
    assert (one.kg, one.period, one.start, one.until, one.country) == (0.5, "week", date(2027, 1, 1), date(2027, 6, 30), "JPN")
    daily = one.daily(date(2026, 12, 30), 10)
    assert daily.tolist() == [0.0, *[0.5 / 7] * 9]


@pytest.mark.parametrize("header", ["Bedarf kg/Monat", "Verbrauch (kg pro Monat)", "demand kg/month"])
def test_a_header_that_says_a_month_is_of_a_month_and_of_no_other_period(header):
    (one,) = read("needs", f"Metall;{header};Werk\nGallium;4;Jena\n").rows
    assert (one.kg, one.period) == (4.0, "month")
    assert faults("needs", f"Metall;{header};Zeitraum\nGallium;4;Jahr\n") == [("two_periods", "period", 2)]
    assert read("needs", "Metall;Bedarf kg/Woche\nGallium;4\n", **{"Bedarf kg/Woche": "quantity kg", "period": "week"}).rows


def test_a_week_in_the_header_is_asked_about():
    with pytest.raises(DataError):
        read("needs", "Metall;Bedarf kg/Woche\nGallium;4\n").raise_open()


def test_days_of_a_need():
    once = Need(2, "gallium", "metal", None, "", "", 5.0, "once", date(2027, 1, 3))
    assert once.daily(date(2027, 1, 1), 4).tolist() == [0.0, 5.0, 0.0, 0.0]
    assert not once.daily(date(2027, 1, 3), 4).any()  # what was needed today is not made up for
    ended = Need(2, "gallium", "metal", None, "", "", 1.0, "week", None, date(2027, 1, 3))
    assert (ended.daily(date(2027, 1, 1), 4) > 0).tolist() == [True, True, False, False]
    assert sum(Need(2, "gallium", "metal", None, "", "", 12.0, "year").daily(date(2027, 1, 1), 365)) == pytest.approx(
        12 * 365 / DAYS_OF["year"]
    )


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("Ga,-4,month,,,Jena,,", ("positive", "quantity")),
        ("Ga,4,fortnight,,,Jena,,", ("unknown_period", "period")),
        ("Ga,4,month,2027-05-01,2027-04-01,Jena,,", ("order", "until")),
        ("Ga,4,once,,,Jena,,", ("empty", "start")),
        ("Ga,4,month,,,Nowhere upon Nothing,,", ("place", "site")),
        ("Ga,4,month,,,Jena,,90000", ("empty", "missing_cost")),
        ("Ga,4,month,,,Jena,-1,", ("positive", "safety")),
        ("unobtainium,4,month,,,Jena,,", ("unknown_asset", "asset")),
        ("Ga,4,month,soon,,Jena,,", ("date", "start")),
        ("GLD,4,month,,,Jena,,", ("metal", "asset")),
    ],
)
def test_what_a_need_cannot_be(row, fault):
    found = faults("needs", f"asset,quantity,period,from,until,site,safety,missing_cost\n{row}\n")
    assert [(rule, column) for rule, column, _ in found] == [fault]


def test_all_faults_at_once():
    text = "asset,quantity,period\nGa,-4,month\nunobtainium,4,fortnight\n"
    with pytest.raises(FrameError) as raised:
        read("needs", text).raise_open()
    assert "positive" in str(raised.value)
    assert "unobtainium" in str(raised.value)


def test_a_quotation():
    (one,) = read("quotes", QUOTE + "Q-1,Ga,ingot,99.99 %,900,EUR,kg,10,5,China,6 weeks,10,3 %,2026-12-31,seller\n").rows
    assert one == Quote(
        2, "Q-1", "gallium", "metal", "99.99 %", 900.0, "EUR", "CHN", 42.0, 10.0, None, 5.0, 10.0, 0.03, None, date(2026, 12, 31),
        None, "seller",
    )  # fmt: skip


def test_a_price_of_a_tonne_or_a_gram_is_that_of_a_kg():
    tonne, gram = (
        read("quotes", QUOTE + f"Q-1,Germanium,,,{price},EUR,{unit},2,1,Austria,30,5,,,\n").rows[0]
        for price, unit in ((90_000, "t"), (0.09, "g"))
    )
    assert (tonne.price, tonne.least, tonne.lot, tonne.freight) == (90.0, 2000.0, 1000.0, 0.005)
    assert gram.price == pytest.approx(90.0)
    assert (gram.least, gram.lot) == pytest.approx((0.002, 0.001))


def test_german_quotations_with_weeks_in_the_header():
    (one,) = read(
        "quotes",
        "Angebot;Metall;Angebotspreis EUR/kg;Mindestmenge;Gebindegröße;Herkunftsland;Lieferzeit (Wochen);Lieferant;Gültig bis\n"
        "A-7;Germanium;3.200,50;5;5;Belgien;4;Umico;20.12.2026\n",
    ).rows
    assert (one.price, one.lead, one.origin, one.counterparty) == (3200.5, 28.0, "BEL", "Umico")


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("Q,Ga,,,,EUR,kg,,,China,30,,,,", ("empty", "price")),
        ("Q,Ga,,,900,EUR,kg,,,China,,,,,", ("empty", "lead_time")),
        ("Q,Ga,,,900,EUR,kg,,,China,-30,,,,", ("positive", "lead_time")),
        ("Q,Ga,,,900,EUR,kg,,,China,3 moons,,,,", ("unit", "lead_time")),
        ("Q,Ga,,,900,,kg,,,China,30,,,,", ("empty", "currency")),
        ("Q,Ga,,,900,EUR,kg,0,,China,30,,,,", ("positive", "least")),
        ("Q,Ga,,,900,EUR,kg,,,China,30,,,,somebody", ("unknown_refusal", "refusal")),
        ("Q,Ga,,,900,EUR,kg,,,Ex-China,30,,,,", ("origin_country", "origin_country")),
    ],
)
def test_what_a_quotation_cannot_be(row, fault):
    assert [(rule, column) for rule, column, _ in faults("quotes", f"{QUOTE}{row}\n")] == [fault]


def test_applications():
    found = read(
        "licences",
        "order,filed,outcome,decided\nGA-2,2026-10-01,pending,\n,2026-01-10,granted,2026-03-20\n,2026-02-10,rejected,\n",
    )
    assert found.rows == [
        Application(2, "GA-2", date(2026, 10, 1), "pending"),
        Application(3, None, date(2026, 1, 10), "approved", date(2026, 3, 20)),
        Application(4, None, date(2026, 2, 10), "refused"),
    ]
    assert [one.days for one in found.rows] == [None, 69.0, None]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("A,2027-10-01,pending,", ("future", "filed")),
        ("A,2026-10-01,pending,2026-11-01", ("outcome", "decided")),
        ("A,2026-10-01,approved,2026-09-01", ("order", "decided")),
        ("A,,approved,", ("empty", "filed")),
        ("A,2026-10-01,perhaps,", ("unknown_outcome", "outcome")),
    ],
)
def test_what_an_application_cannot_be(row, fault):
    assert [(rule, column) for rule, column, _ in faults("licences", f"lot,filed,outcome,decided\n{row}\n")] == [fault]


def test_dates_of_two_readings_are_asked_about_once():
    text = "lot,filed,outcome\nA,03/04/2026,approved\nB,05/06/2026,approved\n"
    with pytest.raises(Unconfirmed):
        read("licences", text).raise_open()
    assert [one.filed for one in read("licences", text, dates="month").rows] == [date(2026, 3, 4), date(2026, 5, 6)]


def test_a_column_that_nobody_knows_is_asked_about():
    text = "asset,quantity,Kostenstelle\nGa,4,4711\n"
    with pytest.raises(Unconfirmed):
        read("needs", text).raise_open()
    assert read("needs", text, Kostenstelle="ignore").rows[0].kg == 4.0


def test_a_file_without_a_column_that_it_needs():
    with pytest.raises(DataError, match="lead_time"):
        read("quotes", "quote,asset,price,currency\nQ,Ga,900,EUR\n")
    with pytest.raises(SpecError):
        read("wishes", "asset,quantity\nGa,4\n")
