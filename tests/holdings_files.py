"""Names and a ledger for tests of holdings files, and a file as a stranger keeps it."""

from __future__ import annotations

import io
from datetime import date

from toolkit.app.holdings.names import LotNames
from toolkit.controls.ledger import ControlLedger
from toolkit.core.assets import Asset, Universe
from toolkit.core.frames import ControlEvents, ControlScopes
from toolkit.market.readers.holdings.lots import ReadFile
from toolkit.market.readers.holdings.read import parse

TODAY = date(2026, 11, 24)
PRODUCTS = Universe(
    (
        Asset("gallium", "Gallium ingot", element="Ga", form="metal", group="technology_metals", unit="kg"),
        Asset("germanium", "Germanium ingot", element="Ge", form="metal", group="technology_metals", unit="kg"),
        Asset("neodymium", "Neodymium oxide", element="Nd", form="oxide", group="rare_earths", unit="kg"),
        Asset("gold", "Gold bar", element="Au", form="metal", group="precious_metals", unit="kg"),
        Asset("silver", "Silver bar", element="Ag", form="metal", group="precious_metals", unit="kg"),
    )
)
LEDGER = ControlLedger.of(
    ControlEvents.create_empty(),
    ControlScopes.create_empty(),
    assets=(*PRODUCTS.keys, "cobalt"),
    forms=("metal", "oxide", "battery", "metal powder"),
)
NAMES = LotNames(LEDGER, PRODUCTS, ("GLD", "Ge"))

GERMAN = """Los;Metall;Form;Reinheit;Menge;Einheit;Kaufdatum;Einzelpreis;Währung;Herkunft;Lagerort;Status;Lagergebühr;Bemerkung
A-1;Gallium;Barren;99,99 %;12,5;kg;05.11.2024;580,00;EUR;China;Frankfurt;gelagert;1,5 %;gut
A-2;Silberbarren;;999;1.234,5;g;14.09.2025;1,05;EUR;Mexiko;Zürich;gelagert;;
A-3;Nd;Oxid;99,5 %;0,25;t;20.01.2026;64.500,00;USD;;Shanghai;bestellt;;"zwei; Teile"
A-4;Gold;;;10;Unzen;;;;unbekannt;;;;
"""


def parsed(content: bytes | str, client: str | None = None, **answers: str) -> ReadFile:
    """The file as far as it can be read; of a client, their lots."""
    raw = content.encode() if isinstance(content, str) else content
    return parse(io.BytesIO(raw), names=NAMES, today=TODAY, client=client, answers=answers)


def asked(read: ReadFile) -> dict[str, str | None]:
    """What is open of a file: header or text -> the answer that is proposed."""
    return {question.name: question.proposed for question in read.questions}


def confirmed(content: bytes | str, client: str | None = None, **answers: str) -> ReadFile:
    """The file with every proposal taken, all else ignored or of no meaning but for what is answered."""
    raw = content.encode() if isinstance(content, str) else content
    given = dict(answers)
    for _ in range(3):
        read = parse(io.BytesIO(raw), names=NAMES, today=TODAY, client=client, answers=given)
        kinds = {"column": "ignore", "text": "no_meaning"}
        given |= {one.name: one.proposed or kinds.get(one.about, one.answers[0]) for one in read.questions}
    return read
