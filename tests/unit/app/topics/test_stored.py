"""Checks of the series of a store that a report uses: those of its assets and its currencies, and no others."""

from datetime import date

import polars as pl

from tests.stores import FETCHED, days, prices, rates
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.topics.part import Ask
from toolkit.app.topics.prices import stored
from toolkit.market.store.store import Store
from toolkit.records.prices import StoredChecks

AS_OF = date(2026, 6, 10)


def asked(folder, *assets):
    context = Context(resolve({"data.path": str(folder)}, environment={}), AS_OF, today=AS_OF)
    return stored.find(Ask(context, assets, {}))


def test_series_of_the_assets_and_currencies_are_checked(tmp_path):
    store = Store.open(tmp_path / "s", create=True)
    month = days(date(2026, 5, 1), 30)
    jump = prices("gallium", {day: 9.0 if i < 20 else 900.0 for i, day in enumerate(month)})
    stale = prices("indium", dict.fromkeys(month, 300.0))
    store.append({"prices": pl.concat([jump, stale])}, source="dealer", fetched_at=FETCHED)
    for quote in ("USD", "JPY"):
        store.append(
            {"fx": rates({day: 1.1 + i / 1000 for i, day in enumerate(month)}, quote)}, source="ecb", fetched_at=FETCHED
        )
    found = StoredChecks.model_validate(asked(store.path, "gallium"))
    assert found.series == 2  # gallium, and dollars per euro
    assert {(one.asset, one.rule, one.action) for one in found.findings} >= {("gallium", "unit_jump", "accepted")}
    assert {one.asset for one in found.findings} == {"gallium"}
    both = StoredChecks.model_validate(asked(store.path, "gallium", "indium"))
    assert ("indium", "stale_run") in {(one.asset, one.rule) for one in both.findings}
    assert asked(store.path, "hafnium") is None


def test_without_a_store_there_is_no_such_part():
    context = Context(resolve({}, environment={}), AS_OF, today=AS_OF)
    assert stored.find(Ask(context, ("gallium",), {})) is None
