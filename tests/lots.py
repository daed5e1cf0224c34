"""Holdings files for tests, and the subjects that they become."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from tests.subjects import AS_OF, confirmed, context
from toolkit.app.holdings.exposure import ExposureRequest, expose
from toolkit.app.languages import language
from toolkit.app.subjects import holdings_record
from toolkit.app.topics import Ask
from toolkit.app.topics.exit import exit_
from toolkit.app.topics.resale import resale
from toolkit.holdings.unit_price import UnitPrice
from toolkit.records.findings import Parts
from toolkit.report.findings import Findings

HEADER = (
    "lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status,custody,"
    "certificate,spread,storage_fee,vat_state"
)
TWELVE = (
    "GA-1,gallium,metal,99.99 %,12,kg,2024-03-14,420,EUR,CHN,Frankfurt,stored,collective,COA,0.1475,0.0125,customs_warehouse",
    "GA-2,gallium,metal,99.99 %,4,kg,2026-01-20,980,EUR,CHN,Frankfurt,stored,,,,,",
    "GE-1,germanium,metal,5N,6,kg,2023-05-02,1350,EUR,CHN,Zug,stored,,,,,",
    "GE-2,germanium,metal,5N,3,kg,2026-09-30,4300,EUR,CHN,,ordered,,,,,",
    "IN-1,indium,metal,99.99 %,20,kg,2025-12-10,340,EUR,KOR,Frankfurt,stored,,,,,",
    "IN-2,indium,metal,99.99 %,10,kg,2026-10-15,520,USD,unknown,,ordered,,,,,",
    "HF-1,hafnium,metal,99.9 %,3,kg,2024-09-01,3400,EUR,FRA,Frankfurt,stored,,,,,",
    "RE-1,rhenium,metal,99.9 %,2000,g,2025-02-11,1.45,EUR,CHL,Frankfurt,stored,,,,,",
    "DY-0,dysprosium,oxide,99.5 %,50,kg,2025-12-28,218,EUR,CHN,CHN,stored,,,,,",
    "DY-1,dysprosium,oxide,99.5 %,5,kg,,,,CHN,,planned,,,,,",
    "TB-1,terbium,oxide,99.99 %,1,kg,2026-08-20,1300,EUR,CHN,,in_transit,,,,,",
    "GX-1,gallium,oxide,99.99 %,2,kg,2022-02-20,300,EUR,unknown,Frankfurt,stored,,,,,",
)
"""Every delivery, known and unknown origin, own terms and none, an order in dollars, a form without a price."""


def ask_of(folder: Path, *rows: str, country: str = "DEU", as_of: date = AS_OF, header: str = HEADER) -> Ask:
    """What parts are asked about a file of these rows."""
    file = folder / "lots.csv"
    file.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    known = context(as_of, country)
    confirmed(file, known)
    record = holdings_record(expose(request := ExposureRequest(str(file), known)), request)
    return Ask(known, tuple(record.weights), record)


def parts_of(ask: Ask) -> dict[str, Any]:
    """The parts that speak of lots."""
    found = {part.name: part.find(ask) for part in (exit_, resale)}
    return {name: part for name, part in found.items() if part is not None}


def findings_of(ask: Ask, lang: str = "en") -> Findings:
    """Findings on a file, with the parts that speak of lots."""
    return Findings.of(ask.record, Parts.model_validate(parts_of(ask)), language(lang))


def lot_rows(*rows: dict[str, Any]) -> pl.DataFrame:
    """A frame of lots, each a kilogram of gallium from China in Frankfurt where its row says nothing else."""
    base = {
        "asset": "gallium", "form": "metal", "purity": "99.99 %", "size": None, "status": "stored", "mass": 1.0,
        "origin_country": "CHN", "location": "Frankfurt", "certificate": None, "destination": None, "end_user": None,
        "client": None,
    }  # fmt: skip
    words = ("certificate", "location", "purity", "size", "destination", "end_user")
    filled = [{"lot_id": f"L{at}", **base, **row} for at, row in enumerate(rows)]
    return pl.DataFrame(filled, schema_overrides=dict.fromkeys(words, pl.String))


def price_of(asset: str, price: float, form: str = "metal", purity: str | None = None, error: float = 0.0) -> UnitPrice:
    """A price of one kg of a form and grade."""
    return UnitPrice(
        asset=asset, form=form, price=price, standard_error=error, price_today_se=error,
        price_today_low=price - 2 * error, price_today_high=price + 2 * error, kind="quote", date=AS_OF, basis="own_quote", quoted=price,
        quoted_currency="EUR", rate_date=None, source="test", purity=purity,
    )  # fmt: skip
