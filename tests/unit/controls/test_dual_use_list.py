"""China's list of dual-use items beside the ledger: what it names is not called free, and it overrules no checked row."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from toolkit.controls.dual_use_list import LIST, added, goods, scopes_added
from toolkit.controls.events import Scope
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


def test_a_form_of_the_list_is_one_of_goods_or_none():
    """Powder of a compound is no metal powder, and an article is nothing that a lot can be."""
    assert [goods(form) for form in ("metal", "metal/powder", "compound/powder", "equipment", "metal/technology")] == [
        ("metal",), ("metal", "metal powder"), ("compound",), (), ("metal",),
    ]  # fmt: skip


ROW = {
    "asset": "gallium", "form": "metal", "control_code": "3C004.a", "number": 5, "item": "x", "secondary": False,
    "thresholds": None, "source": "compilation", "known_from": date(2026, 1, 1),
}  # fmt: skip


def listed(*rows: dict) -> pl.DataFrame:
    return pl.DataFrame([ROW | row for row in rows], infer_schema_length=None)


def codes(found) -> list[str]:
    return [row["control_code"] for row in found]


class TestAdded:
    items = pl.DataFrame(
        {"event_id": ["A", LIST, "B"], "control_code": ["3C004;1C117", "1C999", None]},
        schema={"event_id": pl.String, "control_code": pl.String},
    )

    def test_a_row_whose_code_a_notice_names_adds_nothing(self):
        rows = listed({"control_code": "1C999.a"}, {}, {"control_code": "1C117.b"}, {"control_code": "1C230"})
        assert codes(added(rows, self.items, ())) == ["1C230", "1C999.a"], "the list itself names no code"
        assert codes(added(rows, None, ())) == ["1C117.b", "1C230", "1C999.a", "3C004.a"]

    def test_a_row_of_a_secondary_element_adds_nothing(self):
        assert codes(added(listed({"control_code": "1C1", "secondary": True}), self.items, ())) == []

    def test_a_notice_without_codes_names_metals_and_forms(self, frames):
        _, scopes = frames({"event_id": "A"}, {"event_id": "B"})
        of = [Scope.from_row(row) for row in scopes.iter_rows(named=True)]
        rows = listed(
            {"control_code": "1C1"}, {"control_code": "1C2", "form": "oxide"}, {"control_code": "1C3", "form": "tool"}
        )
        assert codes(added(rows, self.items, of)) == ["1C2", "1C3"], "B names gallium metal and has no code"
        doubtful = [replace(one, certainty="not_named") for one in of]
        assert codes(added(rows, self.items, doubtful)) == ["1C1", "1C2", "1C3"]
        of_coded = [one for one in of if one.event_id == "A"]
        assert codes(added(rows, self.items, of_coded)) == ["1C1", "1C2", "1C3"]

    def test_rows_are_sorted_by_code_number_and_item(self):
        rows = listed({"number": 7}, {"item": "z"}, {"item": "a"}, {"control_code": "1C1", "number": 9})
        found = [(row["control_code"], row["number"], row["item"]) for row in added(rows, None, ())]
        assert found == [("1C1", 9, "x"), ("3C004.a", 5, "a"), ("3C004.a", 5, "z"), ("3C004.a", 7, "x")]


class TestScopesAdded:
    @pytest.fixture
    def of_list(self, frames):
        """Events and scopes of the list, which names tungsten carbide, and of a notice on gallium metal."""
        events, scopes = frames(
            {"event_id": LIST, "metals": "gallium;tungsten"}, {"event_id": "A", "metals": "gallium;tungsten"},
            scopes=[{"event_id": "A"}, {"event_id": LIST, "asset": "tungsten", "form": "carbide"}],
        )  # fmt: skip
        ledger = ControlLedger.of(events, scopes)
        return ledger.events, ledger.scopes

    def found(self, of_list, *rows):
        events, scopes = of_list
        return {(s.asset, s.form, s.certainty) for s in scopes_added([ROW | row for row in rows], scopes, events)}

    def test_what_a_licence_names_is_not_added(self, of_list):
        rows = {}, {"form": "oxide"}, {"asset": "tungsten"}, {"asset": "hafnium"}
        assert self.found(of_list, *rows) == {("gallium", "oxide", "named"), ("tungsten", "metal", "named")}

    def test_which_compound_is_meant_is_uncertain_and_asked_for_where_one_is_named(self, of_list):
        rows = {"form": "compound"}, {"form": "compound", "asset": "tungsten"}
        assert self.found(of_list, *rows) == {("gallium", "compound", "uncertain")}

    def test_a_threshold_in_each_row_is_uncertain(self, of_list):
        limited = {"form": "oxide", "thresholds": "99 %"}
        assert self.found(of_list, limited) == {("gallium", "oxide", "uncertain")}
        assert self.found(of_list, limited, {"form": "oxide"}) == {("gallium", "oxide", "named")}

    def test_a_scope_names_its_items_each_once_and_its_source(self, of_list):
        events, scopes = of_list
        rows = [ROW | {"form": "oxide"}, ROW | {"form": "oxide", "number": 9}, ROW | {"form": "oxide", "item": "y"}]
        (one,) = scopes_added(rows, scopes, events)
        assert (one.event_id, one.source, one.known_from) == (LIST, "compilation", date(2026, 1, 1))
        assert "items 5 (3C004.a) and 9 (3C004.a) of" in one.note

    def test_without_the_act_that_issued_it_the_list_adds_nothing(self, of_list):
        events, scopes = of_list
        assert scopes_added([ROW | {"form": "oxide"}], scopes, [one for one in events if one.event_id != LIST]) == ()
