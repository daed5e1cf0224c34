"""Holding periods are for private persons: a company and a trust have none unless they set one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.holdings.exposure import ExposureRequest
from toolkit.app.report.render import report
from toolkit.app.subjects import holdings
from toolkit.core.errors import SpecError

DAY = date(2026, 12, 1)
LOTS = """lot_id,asset,form,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status,paid
a,gallium,metal,12,kg,2024-01-10,600,EUR,CHN,Frankfurt,stored,
b,germanium,metal,5,kg,2026-01-10,2600,EUR,CHN,Frankfurt,stored,
c,indium,metal,9,kg,2025-12-20,300,EUR,KOR,Frankfurt,stored,
4711,gallium,metal,40,kg,2026-10-01,600,EUR,CHN,,ordered,no
"""


def subject_of(folder: Path, **owner: object):
    """A report of four lots for an owner."""
    file = folder / "lots.csv"
    file.write_text(LOTS)
    settings = resolve({f"owner.{key}": value for key, value in owner.items()}, file=None)
    return holdings(ExposureRequest(str(file), Context(settings, DAY)))


def tax_of(subject):
    """Its lots by the clock of the tax."""
    return subject.parts.exit.tax


@pytest.mark.parametrize("kind", ["company", "trust"])
def test_no_clock_for_who_is_no_private_person(tmp_path, kind):
    subject = subject_of(tmp_path, kind=kind)
    tax = tax_of(subject)
    assert (tax.years, tax.kind) == (None, kind)
    assert all(lot.free_from is None for lot in tax.lots)
    lang = {"company": "en", "trust": "de"}[kind]
    page = report(subject.record, subject.parts, name="full", lang=lang, format="html").decode()
    assert "EStG" not in page
    assert "tax-free in Germany" not in page
    assert "steuerfrei ist" not in page


def test_a_company_may_set_a_period_of_its_own(tmp_path):
    tax = tax_of(subject_of(tmp_path, kind="company", tax_free_after="2"))
    assert (tax.years, tax.by_law) == (2, False)
    assert {lot.lot_id: lot.free_from for lot in tax.lots}["a"] == "2026-01-11"


def test_private_persons_have_the_period_of_the_law(tmp_path):
    tax = tax_of(subject_of(tmp_path))
    assert (tax.years, tax.by_law, tax.kind) == (1, True, "private")


def test_what_has_not_arrived_has_gained_nothing(tmp_path):
    gains = {lot.lot_id: lot.gain for lot in tax_of(subject_of(tmp_path)).lots}
    assert gains["4711"] is None
    assert gains["a"] is not None


def test_an_unknown_kind_is_refused():
    with pytest.raises(SpecError, match=r"owner\.kind"):
        resolve({"owner.kind": "firm"}, file=None)
