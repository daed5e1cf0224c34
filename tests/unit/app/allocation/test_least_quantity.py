"""No purchase below the least quantity of its quotation: in lots, in any quantity, and beside what is held."""

from __future__ import annotations

import pytest

from tests.subjects import context
from toolkit.app.allocation.request import Request
from toolkit.app.optimize import optimize
from toolkit.app.prices import PriceFiles

QUOTES = """Date,Metal,Price USD/kg,MOQ
2026-11-20,Gallium,1450,{gallium} kg
2026-11-20,Indium,610,{indium} kg
"""
HELD = "asset,quantity kg,location,origin_country\ngallium,5,Frankfurt,unknown\n"


def proposal(strategy: str, prices: str, **options):
    return optimize(Request(strategy, context(), prices=PriceFiles((prices,)), **options)).record.to_json()


def bought(record) -> dict[str, float]:
    return {order["asset"]: order["quantity"] for order in record["orders"] if order["side"] == "buy"}


@pytest.fixture
def quoted(tmp_path):
    def of(**least: float) -> str:
        file = tmp_path / "quotes.csv"
        file.write_text(QUOTES.format(**least), encoding="utf-8")
        return str(file)

    return of


@pytest.mark.parametrize("strategy", ["physical-basket", "minimum-risk", "equal-weight"])
@pytest.mark.parametrize("least", [1, 8, 30])
def test_what_is_bought_is_bought_in_the_least_quantity_or_more(strategy, least, quoted):
    record = proposal(strategy, prices=quoted(gallium=least, indium=least), total=100_000.0)
    found = bought(record)
    assert {"gallium", "indium"} & {*found} or least > 1
    assert all(found.get(key, least) >= least * (1 - 1e-6) for key in ("gallium", "indium"))


def test_the_least_quantity_is_one_of_the_purchase_beside_what_is_held(quoted, tmp_path):
    (tmp_path / "held.csv").write_text(HELD, encoding="utf-8")
    options = {"holdings": str(tmp_path / "held.csv"), "total": 300_000.0}
    free = bought(proposal("equal-weight", prices=quoted(gallium=0.001, indium=1), **options))
    assert 0 < free["gallium"] < 30
    record = proposal("equal-weight", prices=quoted(gallium=30, indium=1), **options)
    assert "gallium" not in bought(record)
    assert any("least quantity" in remark["text"] for remark in record["remarks"])
