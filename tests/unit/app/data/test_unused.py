"""Series that a fetch stored and an answer does not use are warnings of it."""

from datetime import date

import polars as pl
import pytest

from tests.stores import FETCHED, days, prices
from toolkit.app.allocation.inputs import priced_market
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.data.unused import unused_remarks
from toolkit.app.definitions import find
from toolkit.app.holdings.exposure import ExposureRequest, expose
from toolkit.market.market import Source
from toolkit.market.store.store import Store
from toolkit.strategy.decode import load_strategy

AS_OF = date(2026, 6, 10)


@pytest.fixture
def context(tmp_path) -> Context:
    store = Store.open(tmp_path / "store", create=True)
    few = prices("gallium", dict.fromkeys(days(date(2026, 5, 1), 5), 900.0), currency="EUR", source="somewhere")
    named = prices("komis:indium", dict.fromkeys(days(date(2026, 5, 1), 30), 300.0), source="komis")
    for source, rows in (("somewhere", few), ("komis", named)):
        store.append({"prices": rows}, source=source, fetched_at=FETCHED, described=[Source(source, source, "free")])
    return Context(resolve({"data.path": str(store.path)}, environment={}), AS_OF, today=AS_OF)


def flows(asset, source):
    told = {"reporter": "CHN", "partner": "WLD", "direction": "export", "asset": asset, "hs_code": asset.removeprefix("hs")}
    of = {"value": 1.0, "currency": "USD", "quantity": 1.0, "basis": "reported", "source": source}
    return pl.DataFrame({"date": [date(2026, 4, 30)], **told, **of, "known_from": [date(2026, 6, 1)]})


def test_flows_by_code_and_tables_that_no_answer_reads_are_told_too(context):
    store = context.store
    energy = pl.DataFrame(
        {"date": [date(2026, 4, 30)], "asset": "brent", "price": 70.0, "currency": "USD", "unit": "bbl", "source": "eia",
         "known_from": [date(2026, 5, 15)]}
    )  # fmt: skip
    rows = {"comtrade": {"flows": flows("hs811292", "comtrade")}, "eia": {"energy": energy}}
    for source, tables in rows.items():
        store.append(tables, source=source, fetched_at=FETCHED, described=[Source(source, source, "free")])
    fresh = context.on(AS_OF)
    found = {(one.table, one.asset): (one.reason, one.kind) for one in fresh.unused_series if one.table != "prices"}
    assert found == {
        ("flows", "hs811292"): ("unknown_name", "CHN export"), ("energy", "brent"): ("not_read", "USD per bbl"),
    }  # fmt: skip
    remarks = {remark.assets: remark for remark in unused_remarks(fresh, ["gallium"])}
    assert remarks["hs811292",].kind == "data"
    assert "toolkit flows" in remarks["hs811292",].remedy
    assert ("hs811292",) not in {remark.assets for remark in unused_remarks(fresh, ["gold"])}


def told(remarks):
    return {
        remark.text.values["source"]: (remark.kind, bool(remark.remedy))
        for remark in remarks
        if "source" in getattr(remark.text, "values", {})
    }


def test_a_series_that_is_too_short_is_a_warning_of_an_allocation(context):
    remarks = priced_market(context).inputs(load_strategy(find("strategies", "physical-basket").path, ())).notes
    assert told(remarks) == {"somewhere": ("data", True), "komis": ("data", True)}
    [short] = [remark for remark in remarks if remark.assets == ("gallium",)]
    assert "EUR per kg" in short.text
    assert "24" in short.text


def test_it_is_one_of_an_exposure_too(context, tmp_path):
    (tmp_path / "lots.csv").write_text("asset,quantity,unit\ngallium,10,kg\nindium,1,kg\n")
    answer = expose(ExposureRequest(str(tmp_path / "lots.csv"), context))
    assert {*told(answer.remarks)} == {"somewhere", "komis"}
    (tmp_path / "lots.csv").write_text("asset,quantity,unit\ngold,1,kg\n")
    assert not told(expose(ExposureRequest(str(tmp_path / "lots.csv"), context)).remarks)


def test_before_they_were_known_nothing_is_said(context):
    assert context.on(date(2026, 4, 1)).unused_series == ()
