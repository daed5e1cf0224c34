"""China's list of dual-use items beside the ledger: what it names is not called free, and it overrules no checked row."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from toolkit.controls.dual_use_list import LIST, goods
from toolkit.controls.ledger import ControlLedger
from toolkit.core.errors import DataError
from toolkit.core.size import PieceSize

TODAY = date(2026, 12, 1)


@pytest.fixture(scope="module")
def of_law(tables):
    return [tables[name] for name in ("controls", "control_scopes", "control_items")]


@pytest.fixture(scope="module")
def followed(tables):
    return sorted({*tables["products"]["asset"], *tables["metals"]["asset"]})


def gaps(ledger, rows):
    """Metal and form of goods that the list names and the ledger calls not listed."""
    found = set()
    for row in rows.filter(~pl.col("secondary")).iter_rows(named=True):
        for form in goods(row["form"]) if row["asset"] in ledger.assets else ():
            try:
                state = ledger.state(row["asset"], form, on=TODAY, destination="DEU")
            except DataError:
                assert form == "compound", "only which of several compounds is meant is asked for"
                continue
            if not any(
                m.is_law and m.instrument == "licence" and m.status in ("in_force", "suspended") for m in state.measures
            ):
                found.add((row["asset"], form))
    return found


def test_nothing_that_the_list_names_is_called_free(tables, of_law, followed):
    ledger = ControlLedger.of(*of_law, tables["dual_use_list"], assets=followed)
    assert gaps(ledger, tables["dual_use_list"]) == set()


def test_the_ledger_alone_leaves_gaps_that_the_list_finds(tables, of_law, followed):
    found = gaps(ControlLedger.of(*of_law, assets=followed), tables["dual_use_list"])
    assert {("tungsten", "metal powder"), ("zirconium", "metal powder"), ("magnesium", "metal powder")} <= found
    assert not any(metal == "hafnium" for metal, _ in found)


def test_what_the_list_adds_says_which_row_it_is_and_that_it_was_read_from_a_compilation(tables, of_law):
    ledger = ControlLedger.of(*of_law, tables["dual_use_list"])
    found = ledger.state("tungsten", "metal powder", on=TODAY, destination="DEU")
    assert found.headline == "licence_uncertain"
    assert "71 (1C111.b.1.f)" in found.note
    assert "read from a compilation" in found.note
    assert "official text" in found.note
    before = ledger.known(date(2025, 12, 30)).state("tungsten", "metal powder", on=date(2025, 12, 30), destination="DEU")
    assert before.headline == "whitelist", "known from the catalogue of 2026 on"


def test_a_row_that_was_checked_against_a_notice_stands(tables, of_law):
    with_list, without = (ControlLedger.of(*of_law, *more) for more in ((tables["dual_use_list"],), ()))
    bar = PieceSize.parse("30x700")
    for metal, form, piece in (
        ("tungsten", "metal", {"size": bar}),  # 1C117.c of the list has words on missiles that No. 10 of 2025 has not
        ("antimony", "oxide", {"purity": 0.995}),
        ("molybdenum", "metal", {}),
        ("gallium", "metal", {}),
        ("dysprosium", "oxide", {}),
    ):
        states = [ledger.state(metal, form, on=TODAY, destination="DEU", **piece) for ledger in (with_list, without)]
        assert states[0] == states[1], metal
    assert all(scope.event_id == LIST for scope in {*with_list.scopes} - {*without.scopes})


def test_secondary_elements_and_what_notices_name_add_nothing(tables, of_law):
    ledger = ControlLedger.of(*of_law, tables["dual_use_list"])
    assert not any(row["secondary"] for row in ledger.list_rows)
    assert not any(row["asset"] in ("dysprosium", "terbium") for row in ledger.list_rows if goods(row["form"]))
    assert {row["control_code"] for row in ledger.list_adds("hafnium", TODAY)} >= {"1C231"}
    assert ledger.list_adds("hafnium", date(2025, 12, 30)) == ()
