"""Countries as people write them: ISO 3166 codes and names in English, German, Chinese and Japanese, from CLDR (babel).

One reading for every option, file and setting. What is no country is refused with the nearest ones; nothing is guessed.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from toolkit.core.errors import nearest
from toolkit.core.messages import message

UNKNOWN_ORIGIN = "unknown"
"""Country of a lot whose origin nobody states."""
_CODES = """
ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR BHR BHS BIH BLM BLR BLZ BMU
BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG COK COL COM CPV CRI CUB CUW CXR CYM CYP CZE DEU DJI DMA
DNK DOM DZA ECU EGY ERI ESH ESP EST ETH FIN FJI FLK FRA FRO FSM GAB GBR GEO GGY GHA GIB GIN GLP GMB GNB GNQ GRC GRD GRL GTM
GUF GUM GUY HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR JPN KAZ KEN KGZ KHM KIR KNA KOR KWT
LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR MCO MDA MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ
MUS MWI MYS MYT NAM NCL NER NFK NGA NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN PCN PER PHL PLW PNG POL PRI PRK PRT PRY PSE PYF
QAT REU ROU RUS RWA SAU SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD STP SUR SVK SVN SWE SWZ SXM SYC SYR TCA TCD
TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR UMI URY USA UZB VAT VCT VEN VGB VIR VNM VUT WLF WSM XKX YEM ZAF
ZMB ZWE
"""
CODES = frozenset(_CODES.split())
"""ISO 3166-1 alpha-3 of today, and XKX, the code in use for Kosovo."""

LANGUAGES = ("en", "de", "fr", "it", "es", "zh", "ja")
"""Languages in which names of countries are read; codes are read in all."""

CUSTOMS_CHINA = frozenset({"CHN", "HKG", "MAC"})
"""China and its special administrative regions. Both are under its sovereignty, and whether goods may leave them without a
licence of the mainland is not settled by the ledger: metal in Hong Kong or Macau is therefore not called outside China."""


def customs_area(code: str) -> frozenset[str]:
    """ISO-3 codes of the countries whose exports count as those of `code`."""
    return CUSTOMS_CHINA if code in CUSTOMS_CHINA else frozenset({code})


EXAMPLE = message("Write an ISO 3166 code (DEU, DE) or a name in English or German (Germany, Deutschland).")

_MISSING = frozenset({"na"})
"""Spellings that stand for "not available" far more often than for a country; Namibia is read as NAM or by its name."""

_VARIANTS = """
ARE Emirates;Emirate;UAE;VAE
BLR Weißrussland;Belarussland
BOL Plurinational State of Bolivia
BRN Brunei
CHN PRC;PR China;P.R. China;P.R.C.;VR China;V.R. China;VRC;People's Republic of China;Peoples Republic of China
CHN Volksrepublik China;Mainland China;Festlandchina;Festland China;China Mainland;China PR
CIV Ivory Coast;Elfenbeinküste;Cote d'Ivoire
COD DRC;DR Congo;D.R. Congo;DR Kongo;Democratic Republic of the Congo;Democratic Republic of Congo;Congo DR
COD Dem. Rep. Congo;Dem. Rep. of the Congo;Dem. Republik Kongo
COD Demokratische Republik Kongo;Kongo DR;Congo Kinshasa;Kongo Kinshasa;Zaire
COG Rep. Congo;Rep. of the Congo;Republic of the Congo;Republik Kongo;Congo Brazzaville;Kongo Brazzaville
CPV Cape Verde;Kap Verde;Kapverden
CZE Czech Republic;Tschechische Republik;Tschechei
DEU Bundesrepublik Deutschland;BRD;Federal Republic of Germany;FRG
FSM Federated States of Micronesia
GBR Great Britain;Britain;Großbritannien;England;Scotland;Schottland;Wales;Northern Ireland;Nordirland;U.K.
GBR United Kingdom of Great Britain and Northern Ireland
HKG Hong Kong;Hongkong;Hong Kong SAR;Hongkong SAR;Hong Kong China;Hongkong China;SVR Hongkong;HK SAR;HKSAR
IRN Islamic Republic of Iran;Islamic Rep. Iran;Islamische Republik Iran
KOR South Korea;Republic of Korea;Rep. Korea;Rep. of Korea;Korea Republic of;Korea South;Republik Korea;ROK;Korea Süd;S. Korea
LAO Lao PDR;Lao People's Democratic Republic
MAC Macau;Macao;Macao SAR;Macau SAR;Macau China;Macao China
MDA Moldova;Republic of Moldova;Republik Moldau;Moldau;Moldawien
MKD Macedonia;Republic of North Macedonia;Republik Nordmazedonien;Mazedonien
MMR Burma;Birma
NLD Holland;The Netherlands
PRK Demokratische Volksrepublik Korea;Dem. People's Rep. Korea;Dem. People's Rep. of Korea
PRK North Korea;DPRK;Democratic People's Republic of Korea;Korea North
PSE Palestine;Palästina
RUS Russian Federation;Russische Föderation
SAU KSA;Kingdom of Saudi Arabia;Saudiarabien
SWZ Swaziland;Swasiland
SYR Syrian Arab Republic
TLS East Timor;Osttimor
TUR Turkey;Türkiye;Turkiye
TWN Taiwan Province of China;Taiwan ROC;Chinese Taipei
TZA United Republic of Tanzania;Vereinigte Republik Tansania
USA U.S.A.;U.S.;United States of America;Vereinigte Staaten von Amerika;The States
VAT Vatican;Vatikan;Holy See
VEN Bolivarian Republic of Venezuela;Bolivarische Republik Venezuela
VNM Viet Nam
XKX Kosovo
"""
_AMBIGUOUS: Mapping[str, tuple[str, ...]] = {
    "congo": ("COD", "COG"),
    "kongo": ("COD", "COG"),
    "korea": ("KOR", "PRK"),
    "republic of china": ("TWN", "CHN"),
    "republik china": ("TWN", "CHN"),
    "america": ("USA",),
    "amerika": ("USA",),
    "na": ("NAM",),
}
"""Ambiguous names (of several countries, or of more than a country), and the codes that the error offers for each."""

_JOINING = frozenset({"and", "und", "the", "die", "der"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_DROPPED = str.maketrans(dict.fromkeys(".'"))


@functools.lru_cache(maxsize=1 << 16)  # the cells of a file are asked about several times
def fold(text: str) -> str:
    """A spelling without case, diacritics, punctuation and joining words; the same for ``P.R. China`` and ``pr china``."""
    if text.isascii():
        plain = text.lower().translate(_DROPPED)
    else:
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
        plain = "".join(mark for mark in plain if not unicodedata.combining(mark) and mark not in ".'’")
    words = re.sub(r"[\W_]+", " ", plain).split()
    return " ".join(word for word in words if word not in _JOINING) or " ".join(words)


@functools.lru_cache(maxsize=4096)  # a ledger asks for the same few names thousands of times
def foldings(name: str) -> tuple[str, ...]:
    """`fold` of a name as it stands and with German umlauts written out (Südkorea: sudkorea, suedkorea)."""
    written_out = unicodedata.normalize("NFC", name).casefold().translate(_UMLAUTS)
    return tuple(dict.fromkeys((fold(name), fold(written_out))))


@functools.cache
def _two_letters() -> Mapping[str, str]:
    """ISO alpha-2 -> alpha-3."""
    from babel.core import get_global  # noqa: PLC0415  (70 ms that a question in codes need not pay)

    aliases = get_global("territory_aliases")
    return {aliases[code][0]: code for code in sorted(CODES) if code in aliases} | {"XK": "XKX"}


@functools.cache
def country_names(language: str) -> Mapping[str, str]:
    """ISO-3 code -> name of the country in a language of CLDR."""
    from babel import Locale  # noqa: PLC0415

    territories = Locale.parse(language).territories
    return {code: str(territories[two]) for two, code in _two_letters().items()}


@functools.cache
def spellings() -> Mapping[str, str]:
    """Folded spelling -> ISO-3 code. A spelling of two countries is none."""
    found: dict[str, set[str]] = {}

    def add(name: str, code: str) -> None:
        for spelling in foldings(name):
            found.setdefault(spelling, set()).add(code)

    for two, code in (*_two_letters().items(), ("UK", "GBR")):
        add(two, code)
        add(code, code)
    for language in LANGUAGES:
        for code, name in country_names(language).items():
            add(name, code)
            add(re.sub(r"^(SAR|Sonderverwaltungsregion) | SAR China$|\(.*\)", "", name), code)
    for line in _VARIANTS.strip().splitlines():
        code, _, names = line.partition(" ")
        for name in names.split(";"):
            add(name, code)
    return {
        spelling: codes.copy().pop()
        for spelling, codes in sorted(found.items())
        if len(codes) == 1 and spelling not in _AMBIGUOUS and spelling not in _MISSING
    }


def country(text: str) -> str | None:
    """The ISO 3166 alpha-3 code of the country that a text names, None where it names none.

    Statistics and customs write what a country is behind its name: ``Korea, Republic of``.
    """
    name, _, what = text.partition(",")
    return text if text in CODES else spellings().get(fold(text)) or (spellings().get(fold(f"{what} {name}")) if what else None)


def nearest_countries(text: str) -> tuple[str, ...]:
    """At most three ISO-3 codes that are closest to a text, closest first; none where nothing is near.

    A short text is compared with codes and the beginnings of names (CHI: China, Chile), a longer one with names of its first
    letter: Boston is no slip of Estonia.
    """
    word = fold(text)[:60]
    if word in _AMBIGUOUS:
        return _AMBIGUOUS[word]
    codes = sorted(CODES - {"XKX"})
    if not re.fullmatch(r"[a-z]{2,3}", word):
        others = {fold(name) for language in LANGUAGES[2:] for name in country_names(language).values()}
        offered = {fold(name) for language in LANGUAGES[:2] for name in country_names(language).values()}
        names = [name for name in spellings() if len(name) > 3 and name[:1] == word[:1] and name not in others - offered]
        return tuple(dict.fromkeys(spellings()[name] for name in nearest(word, names, n=6)))[:3]
    english, german = country_names("en"), country_names("de")
    code = word.upper()
    swapped = [code[0] + code[:0:-1]] if code[0] + code[:0:-1] in codes else []
    begins = [c for c in codes if any(fold(names[c]).startswith(word) for names in (english, german))]
    typed = [c for c in codes if c[0] == code[0] and len(code) == 3 and (c[1] == code[1] or c[2] == code[2])]
    both = [c for c in typed if c in begins]
    return tuple(dict.fromkeys((*swapped, *sorted(both, key=_by_weight), *begins, *typed)))[:3]


def _by_weight(code: str) -> tuple[bool, str]:
    """The country whose controls the toolkit is about comes first."""
    return code not in CUSTOMS_CHINA, code


def country_hint(text: str) -> str:
    """The hint of an error for a text that is no country."""
    english = country_names("en")
    near = [message("{code:s} ({country})", code=code, country=english[code]) for code in nearest_countries(text)]
    return message("Did you mean {names: or }?", names=near) if near else EXAMPLE


def country_or(*words: str) -> AfterValidator:
    """A validator of pydantic: the ISO-3 code of a country in any accepted spelling, or one of `words` as it stands."""

    def read(text: str) -> str:
        code = text if text in words else country(text)
        if code is None:
            told = message("is no country: {given!r:s}", given=text[:60])
            raise PydanticCustomError(
                "country", "is no country: {given}", {"given": repr(text[:60]), "error": told, "hint": country_hint(text)}
            )
        return code

    return AfterValidator(read)


Country = Annotated[str, country_or()]
"""The type of a country in strategies and settings: any accepted spelling goes in, the ISO-3 code comes out."""
