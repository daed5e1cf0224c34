"""Every accepted spelling of a country is one country; nothing else is any."""

from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from toolkit.core.countries import (
    CUSTOMS_CHINA,
    Country,
    country,
    country_hint,
    country_names,
    country_or,
    customs_area,
    nearest_countries,
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CHN", "CHN"),
        ("cn", "CHN"),
        ("China", "CHN"),
        ("VR China", "CHN"),
        ("P.R. China", "CHN"),
        ("PRC", "CHN"),
        ("Volksrepublik China", "CHN"),
        ("中国", "CHN"),
        ("Hongkong", "HKG"),
        ("Hong Kong SAR China", "HKG"),
        ("Macao", "MAC"),
        ("Taiwan, Province of China", "TWN"),
        ("Holland", "NLD"),
        ("UK", "GBR"),
        ("uk", "GBR"),
        ("USA", "USA"),
        ("U.S.A.", "USA"),
        ("Südkorea", "KOR"),
        ("SUEDKOREA", "KOR"),
        ("Sudkorea", "KOR"),
        ("Republic of Korea", "KOR"),
        ("Russland", "RUS"),
        ("DR Kongo", "COD"),
        ("Österreich", "AUT"),
        ("Oesterreich", "AUT"),
        ("\uff24\uff25", "DEU"),
        (" deutschland ", "DEU"),
        ("Bosnia and Herzegovina", "BIH"),
        ("Bosnien und Herzegowina", "BIH"),
        ("Kosovo", "XKX"),
        ("ドイツ", "DEU"),
    ],
)
def test_a_country_is_read_in_every_usual_spelling(text: str, code: str) -> None:
    assert country(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Korea, Republik", "KOR"), ("Korea, Republic of", "KOR"), ("Korea, Rep.", "KOR"), ("Korea, Dem. People's Rep.", "PRK"),
        ("Korea, Demokratische Volksrepublik", "PRK"), ("Congo, Democratic Republic of the", "COD"), ("Congo, Rep.", "COG"),
        ("Congo, Dem. Rep.", "COD"), ("Kongo, Demokratische Republik", "COD"), ("Iran, Islamic Republic of", "IRN"),
        ("China, Volksrepublik", "CHN"), ("China, People's Republic of", "CHN"), ("China, Hong Kong SAR", "HKG"),
        ("Hong Kong SAR, China", "HKG"), ("Taiwan, Province of China", "TWN"), ("Tanzania, United Republic of", "TZA"),
        ("Moldova, Republic of", "MDA"), ("Bolivia, Plurinational State of", "BOL"),
        ("China, Republic of", None), ("Korea, ", None), ("Frankfurt, Germany", None), ("China, Taiwan", None),
    ],
)  # fmt: skip
def test_what_a_country_is_may_stand_behind_its_name(text: str, code: str | None) -> None:
    assert country(text) == code


@pytest.mark.parametrize(
    "text",
    ["", " ", "-", "N/A", "NA", "unknown", "XXX", "EUR", "EU", "GER", "CHI", "UAS", "DDR", "OTH", "WLD", "Korea", "Kongo",
     "Republik China", "🙂", "x" * 300, "\x07", "China und Deutschland", "Eurozone", "UN"],
)  # fmt: skip
def test_what_is_no_country_or_could_be_two_is_none(text: str) -> None:
    assert country(text) is None


@pytest.mark.parametrize(
    ("text", "first"),
    [("GER", "DEU"), ("CHI", "CHN"), ("UAS", "USA"), ("Germny", "DEU"), ("Kongo", "COD"), ("Korea", "KOR"), ("NA", "NAM")],
)
def test_the_nearest_countries_are_offered(text: str, first: str) -> None:
    assert nearest_countries(text)[0] == first
    assert country_hint(text).startswith(f"Did you mean {first} (")


@pytest.mark.parametrize("text", ["EUR", "XXX", "", "🙂", "Boston"])
def test_where_nothing_is_near_the_hint_says_how_a_country_is_written(text: str) -> None:
    assert country_hint(text).startswith("Write an ISO 3166 code")


def test_chile_and_switzerland_are_offered_beside_china() -> None:
    assert nearest_countries("CHI") == ("CHN", "CHL", "CHE")


def test_every_name_and_code_of_every_country_reads_as_itself_or_is_openly_ambiguous() -> None:
    for language in ("en", "de"):
        names = country_names(language)
        assert len(names) > 240
        wrong = {name: country(name) for code, name in names.items() if country(name) != code}
        assert not wrong
    assert all(country(code) == code for code in country_names("en"))


def test_the_regions_of_china_are_not_outside_it() -> None:
    assert {"CHN", "HKG", "MAC"} == CUSTOMS_CHINA
    assert customs_area("HKG") == customs_area("CHN") == CUSTOMS_CHINA
    assert customs_area("DEU") == {"DEU"}


def test_the_type_takes_any_spelling_and_gives_the_code() -> None:
    assert TypeAdapter(Country).validate_python("Japan") == "JPN"
    adapter = TypeAdapter(Annotated[str, country_or()])
    assert adapter.validate_python("Deutschland") == "DEU"
    with pytest.raises(ValidationError, match="is no country: 'UAS'") as refused:
        adapter.validate_python("UAS")
    (fault,) = refused.value.errors()
    assert fault["type"] == "country"
    assert fault["ctx"] == {"given": "'UAS'", "error": "is no country: 'UAS'", "hint": country_hint("UAS")}
    assert fault["ctx"]["error"].to_json() == {"said": "is no country: {given!r:s}", "with": {"given": "UAS"}}


def test_of_a_long_text_the_error_shows_its_beginning() -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Annotated[str, country_or()]).validate_python("x" * 61)
    (fault,) = refused.value.errors()
    assert fault["ctx"]["given"] == repr("x" * 60)
    assert fault["ctx"]["error"] == f"is no country: {'x' * 60!r}"
    assert fault["ctx"]["hint"].startswith("Write an ISO 3166 code")


def test_words_beside_countries_stand_as_they_are() -> None:
    adapter = TypeAdapter(Annotated[str, country_or("unknown", "any")])
    assert [adapter.validate_python(text) for text in ("unknown", "any", "japan")] == ["unknown", "any", "JPN"]
    with pytest.raises(ValidationError, match="is no country: 'Any'"):
        adapter.validate_python("Any")


def test_a_hint_names_the_countries_by_code_and_english_name() -> None:
    assert country_hint("Korea") == "Did you mean KOR (South Korea) or PRK (North Korea)?"


@pytest.mark.parametrize(
    ("text", "codes"),
    [("Austrlia", ("AUS", "AUT")), ("Irak n", ("IRN", "IRQ", "IRL")), ("Peruu", ("PER",)), ("Guinee", ("GIN",))],
)
def test_at_most_three_are_offered_the_nearest_first(text: str, codes: tuple[str, ...]) -> None:
    assert nearest_countries(text) == codes
