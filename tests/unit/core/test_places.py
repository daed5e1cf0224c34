"""A place is understood when everything in it points at one country; whatever else is unknown."""

import pytest

from toolkit.core.places import is_place, is_us_state, place, place_of_delivery, words_beside


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("China", "CHN"),
        ("CN", "CHN"),
        ("Shanghai warehouse", "CHN"),
        ("SHANGHAI BONDED WAREHOUSE", "CHN"),
        ("Baoding", "CHN"),
        ("Shenzhen, VR China", "CHN"),
        ("Hongkong", "HKG"),
        ("Kowloon", "HKG"),
        ("Kowloon, Hong Kong, China", "HKG"),
        ("Macao", "MAC"),
        ("Lager Frankfurt", "DEU"),
        ("Frankfurt (Oder)", "DEU"),
        ("Zollfreilager Zürich", "CHE"),
        ("Zollfreilager Zuerich AG", "CHE"),
        ("Freilager ZH", "CHE"),
        ("Zürcher Freilager AG", "CHE"),
        ("Genf", "CHE"),
        ("Rotterdam", "NLD"),
        ("Singapore Freeport", "SGP"),
        ("Luxembourg freeport", "LUX"),
        ("Le Freeport Luxembourg", "LUX"),
        ("Le Freeport Singapore", "SGP"),
        ("Lager St. Pölten", "AUT"),
        ("Taiwan", "TWN"),
        ("Birmingham UK", "GBR"),
        ("Atlanta, Georgia", "USA"),
        ("Chinatown New York", "USA"),
        ("Baltimore, MD", "USA"),
        ("Boston, US", "USA"),
        ("Boston, GB", "GBR"),
        ("Cambridge MA", "USA"),
        ("Perth, AU", "AUS"),
    ],
)
def test_a_place_is_understood(text: str, code: str) -> None:
    assert place(text).country == code


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        *(
            (terms, None)
            for terms in ("DAP Boston", "CIF main port Europe", "cip Hinterdorf", "frei Haus Boston", "EXW Olen, DAP Jena")
        ),
        *(
            (terms, "none")
            for terms in (None, "", "DAP", "DAP (Incoterms® 2020)", "EXW Boston", "FCA Shanghai", "ex works Olen")
        ),
        *((terms, "none") for terms in ("ab Werk Olen", "frei Haus", "30 Tage netto")),
        *(
            (terms, "DEU")
            for terms in ("DAP Jena", "CIF main port Hamburg", "Incoterms 2020: DDP Jena", "frei Haus Jena", "DAT DE")
        ),
        *(("DAP Boston, US", "USA"), ("cpt Osaka", "JPN"), ("CIF Shanghai", "CHN")),
    ],
)
def test_terms_of_arrival_name_the_place_of_arrival(terms: str | None, code: str | None) -> None:
    found = place_of_delivery(terms)
    assert (found.country if found else "none") == code


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", " ", "-", "N/A", "no", "in", "unbekannt", "🙂", "x" * 300, "Hamburg " * 60, "\x1b[31m"),
        *("Tresor zu Hause", "Lager DE", "home", "Birmingham", "Georgia warehouse", "Le Freeport"),
        *(
            "China Freilager Hamburg",
            "Hong Kong → Hamburg",
            "Taiwan, China",
            "Germany/China",
            "London, Ontario",
            "Frankfurt CN",
        ),
        *("Hamburg?", "via Rotterdam", "from China", "outside China", "ship for Hamburg", "Lager Hamburg oder München"),
    ],
)
def test_two_countries_a_doubt_or_no_known_name_leave_a_place_unknown(text: str | None) -> None:
    assert place(text).country is None


def test_the_words_are_kept_as_written() -> None:
    assert place("  Lager Frankfurt ").text == "Lager Frankfurt"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("", True),
        ("cif Rotterdam", True),
        ("main ports", True),
        ("CIF Rotterdam 99.99%", False),
        ("$ Rotterdam", False),
        ("Rotterdam 5", False),
        ("Hinterdorf", False),
        ("cif Hinterdorf", False),
    ],
)
def test_places_and_terms_of_delivery_are_nothing_else(text: str, plain: bool) -> None:
    assert is_place(text) is plain


def test_words_beside_a_place_are_those_of_no_name() -> None:
    assert words_beside("Zollfreilager Zürich, Tor Nord") == ["zollfreilager", "tor", "nord"]
    assert words_beside("Hong Kong Airport cargo") == ["airport", "cargo"]
    assert words_beside("Rotterdam") == []


def test_states_of_the_usa_are_known_in_either_case() -> None:
    assert [is_us_state(word) for word in ("MA", "ma", "Ma", "DE", "ZZ", "")] == [True, True, True, True, False, False]


def test_a_code_of_another_country_contradicts_a_name() -> None:
    assert place("Hamburg CN").country is None
    assert place("HAMBURG CHN PORT").country == "DEU"  # in a text of capitals three letters are a word
    assert place("HAMBURG CN").country is None
    assert place("Hamburg GmbH NL").country is None
    assert place("Baltimore, MD US").country == "USA"
