"""Lots of several clients: what each holds, and that figures are of all of them."""

from __future__ import annotations

from datetime import date

from tests.lots import lot_rows, price_of
from toolkit.holdings.clients import by_client, summed
from toolkit.holdings.exposure import PortfolioExposure, lot_exposures


def portfolio(ledger, *rows: dict) -> PortfolioExposure:
    return PortfolioExposure.of(
        lot_exposures(lot_rows(*rows), [price_of("gallium", 1000.0)], ledger, on=date(2026, 11, 24), destination="DEU")
    )


def test_each_client_has_what_it_holds_of_all_and_what_of_its_own_may_be_stopped(ledger):
    whole = portfolio(
        ledger,
        {"client": "Meier", "mass": 1.0},
        {"client": "Huber", "mass": 4.0},
        {"client": "MEIER", "mass": 2.0, "status": "ordered"},
        {"client": None, "mass": 3.0},
    )
    found = by_client(whole)
    assert [one.client for one in found] == ["Huber", None, "Meier"]
    assert [(one.held.name, one.held.lots, one.held.value, one.held.share) for one in found] == [
        ("held", 1, 4000.0, 0.4),
        ("held", 1, 3000.0, 0.3),
        ("held", 2, 3000.0, 0.3),
    ]
    assert [(one.at_risk.value, one.at_risk.share) for one in found] == [(0.0, 0.0), (0.0, 0.0), (2000.0, 2 / 3)]


def test_clients_of_one_value_are_in_order_of_their_names(ledger):
    rows = ({"client": name} for name in ("Zorn", "Abel", None))
    assert [one.client for one in by_client(portfolio(ledger, *rows))] == [None, "Abel", "Zorn"]


def test_a_file_that_names_no_client_has_none(ledger):
    assert by_client(portfolio(ledger, {}, {})) == ()


def test_figures_of_several_clients_are_said_to_be_of_all():
    assert summed(["Meier", "MEIER", "Meier"]) == ()
    assert summed([None, None]) == ()
    assert summed([]) == ()
    (told,) = summed(["Zorn", None, "Abel", "abel"])
    assert told == (
        'The lots are of no client, "abel", "Zorn", and every figure is of all of them together; --client NAME takes those of one.'
    )
    names = told.to_json()["with"]["clients"]
    assert names[0] == {"said": "no client", "with": {}}
    assert names[2] == {"said": '"{client:s}"', "with": {"client": "Zorn"}}
