"""Currencies as people write them: ISO 4217 codes in any case, signs and names; one reading wherever one is asked for."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from toolkit.core.countries import foldings
from toolkit.core.errors import did_you_mean
from toolkit.core.messages import message, together

RATED = ("EUR", "USD", "JPY", "GBP", "CHF", "CNY", "KRW", "CAD", "AUD", "SEK")
"""Currencies of the bundled exchange rates, which hints offer for a text that is no currency."""

_NAMES = {
    "EUR": "euro;euros",
    "USD": "us dollar;us-dollar;dollar;dollars;us$",
    "CHF": "franken;schweizer franken;swiss franc;swiss francs;fr;sfr",
    "GBP": "pfund sterling;pound sterling;british pound",
    "JPY": "yen;japanese yen;円",
    "CNY": "rmb;renminbi;yuan;元",
}
_SPELLINGS = {spelling: code for code, names in _NAMES.items() for name in names.split(";") for spelling in foldings(name)}
_SIGNS = {"€": "EUR", "$": "USD", "us$": "USD", "£": "GBP", "円": "JPY", "元": "CNY"}
_TWO = ("¥", "￥")
MINOR_UNITS = {"GBp": "GBP", "GBX": "GBP", "ZAc": "ZAR", "ILA": "ILS", "USc": "USD", "USX": "USD"}
"""What listed instruments, and metals by the pound, are quoted in on some exchanges: a hundredth of which currency."""


def currency(text: str) -> str | None:
    """The ISO 4217 code that a code, sign or name stands for; None for other text, an ambiguous sign, and pence (``GBp``)."""
    word = text.strip()
    if word in MINOR_UNITS:
        return None
    if word.upper() in RATED:
        return word.upper()
    if word.casefold() in _SIGNS:
        return _SIGNS[word.casefold()]
    spellings = foldings(word)
    found = next((_SPELLINGS[spelling] for spelling in spellings if spelling in _SPELLINGS), None)
    if found is None and len(spellings[0]) == 3:
        from babel.numbers import list_currencies  # noqa: PLC0415  (only an unusual code pays for it)

        code = spellings[0].upper()
        return code if code in list_currencies() else None
    return found


def currency_hint(text: str) -> str:
    """The hint of an error for a text that is no currency."""
    if text.strip() in _TWO:
        return message("Write JPY or CNY.")
    if whole := MINOR_UNITS.get(text.strip()):
        return message(
            "{part} is a hundredth of {whole}: divide the prices by 100 and write {whole}.", part=text.strip(), whole=whole
        )
    return together(did_you_mean(text.strip()[:60], RATED), message("Write an ISO 4217 code, as EUR."))


def _read(text: str) -> str:
    code = currency(text)
    if code is None:
        told = message("is no currency: {given!r:s}", given=text[:60])
        raise PydanticCustomError(
            "currency", "is no currency: {given}", {"given": repr(text[:60]), "error": told, "hint": currency_hint(text)}
        )
    return code


Currency = Annotated[str, AfterValidator(_read)]
"""The type of a currency in strategies and settings: any accepted spelling goes in, the ISO 4217 code comes out."""
