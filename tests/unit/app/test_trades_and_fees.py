"""Fees are paid for trades, and only for trades: not for the dust of a solver, nor for the cent a value is rounded to."""

from datetime import date

import pytest

from toolkit.app.allocation.request import Request
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.optimize import optimize
from toolkit.core.errors import SpecError

DAY = date(2026, 11, 24)
HEAD = '[about]\ntitle = "t"\nidea = "i"\nsource = "s"\n'
BASKET = HEAD + '[universe]\nassets = ["gallium", "germanium", "antimony", "tungsten", "gold", "silver", "platinum"]\n'
NO_CASH = '[[constraint]]\nname = "cash"\nkind = "cash"\nupper = 0\n'
HELD = """lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status
a,gold,metal,999.9,0.1,kg,2024-01-10,60000,EUR,unknown,DE,stored
b,germanium,metal,5N,3,kg,2024-01-10,1500,EUR,CHN,DE,stored
c,silver,metal,999,15,kg,2024-01-10,800,EUR,unknown,DE,stored
"""


@pytest.fixture
def asked(tmp_path):
    def run(text, holdings=None, *overrides):
        strategy = tmp_path / "own.toml"
        strategy.write_text(text)
        file = None
        if holdings is not None:
            (tmp_path / "held.csv").write_text(holdings)
            file = str(tmp_path / "held.csv")
        settings = resolve({}, file=None)
        total = None if file is None else 100_000.0
        request = Request(
            strategy=str(strategy), context=Context(settings, DAY), holdings=file, total=total, overrides=overrides
        )
        return optimize(request).record.to_json()

    return run


def limit(record, name):
    return next(c for c in record["constraints"] if c["name"] == name)


@pytest.mark.parametrize("fee", [25, 500, 12_000])
def test_dust_is_no_trade_and_the_recorded_cash_holds_its_limit(asked, fee):
    text = BASKET + f'[objective]\nkind = "min_risk"\n[costs]\nfee = {fee}\n' + NO_CASH
    record = asked(text)
    traded = [p for p in record["positions"] if p["cost"] > 0]
    assert all(p["value"] > 1 for p in traded)
    assert record["cash"]["weight"] == pytest.approx(0, abs=1e-6)
    assert limit(record, "cash")["value"] == pytest.approx(record["cash"]["weight"], abs=1e-9)


def test_fees_beyond_the_budget_are_told(asked):
    text = BASKET + '[objective]\nkind = "equal_weight"\n[costs]\nfee = 15000\n'
    with pytest.raises(SpecError, match="entry costs exceed the budget"):
        asked(text)


def test_lots_that_stay_pay_nothing(asked):
    keep = '[[constraint]]\nname = "keep"\nkind = "no_trade"\nassets = ["germanium", "gold", "silver"]\n'
    cash = '[[constraint]]\nname = "cash"\nkind = "cash"\nlower = 0.38\n[[constraint]]\nname = "lots"\nkind = "lots"\n'
    text = (
        HEAD + '[universe]\nassets = ["gallium", "germanium", "antimony", "gold", "silver"]\n[objective]\nkind = "min_risk"\n'
    )
    record = asked(text + "[costs]\nfee = 500\n" + keep + cash, HELD)
    assert record["costs"]["entry"] == 0
    assert record["cash"]["weight"] >= 0.38
    assert limit(record, "cash")["value"] == pytest.approx(record["cash"]["weight"], abs=1e-6)


def test_what_is_kept_keeps_its_value_where_others_are_traded(asked):
    """Germanium is neither bought nor sold, though weights are of the wealth that other trades leave."""
    text = BASKET + '[objective]\nkind = "min_risk"\nrisk_aversion = 0.3\n[costs]\nholding_period = "1 year"\n'
    floor = '[[constraint]]\nname = "gallium"\nkind = "bounds"\nassets = ["gallium"]\nlower = 0.1\n'
    cash = '[[constraint]]\nname = "cash"\nkind = "cash"\nupper = 0.29\n'
    record = asked(text + floor + cash, HELD)
    by_asset = {p["asset"]: p for p in record["positions"]}
    kept = [p for p in by_asset.values() if p["previous_weight"] > 0 and p["cost"] == 0]
    assert [p["asset"] for p in kept] == ["germanium"]
    for p in kept:
        assert p["value"] == pytest.approx(p["previous_weight"] * record["budget"], abs=0.05)


def test_a_square_has_no_linear_price(asked):
    soft = '[[constraint]]\nname = "x"\nkind = "risk_limit"\nmeasure = "variance"\nupper = 0.02\nsoft = 0.5\n'
    with pytest.raises(SpecError, match="price a limit on the volatility"):
        asked(BASKET + '[objective]\nkind = "min_risk"\n' + soft)


def test_a_confidence_needs_a_tail(asked):
    with pytest.raises(SpecError, match="'variance' has none"):
        asked(BASKET + '[objective]\nkind = "min_risk"\nconfidence = 0.9\n')


def test_an_origin_is_a_country(asked):
    text = BASKET + '[[universe.offer]]\nasset = "gallium"\norigin = "CHI"\n[objective]\nkind = "min_risk"\n'
    with pytest.raises(SpecError, match=r"origin is no country: 'CHI'\. Did you mean CHN"):
        asked(text)


def test_a_name_may_hold_any_sign(asked):
    text = BASKET + '[objective]\nkind = "min_risk"\n[[constraint]]\nname = "a. b = \'c\'"\nkind = "bounds"\nupper = 0.5\n'
    record = asked(text, None, "constraint.a. b = 'c'.upper=0.25")
    assert limit(record, "a. b = 'c'")["limit"] == 0.25


def test_a_square_is_told_as_one(asked):
    record = asked(BASKET + '[objective]\nkind = "min_risk"\nmeasure = "semivariance"\n' + NO_CASH)
    assert record["objective"]["value"] == pytest.approx(record["risk"]["measures"]["semivariance"], rel=1e-6)


OWN_TERMS = """lot_id,asset,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status,spread,storage_fee
a,germanium,10,kg,2024-01-10,1500,EUR,DEU,DE,stored,0.4,0.09
b,germanium,5,kg,2024-02-10,1500,EUR,DEU,DE,stored,,
c,gold,0.05,kg,2024-02-10,60000,EUR,unknown,DE,stored,,
"""


def test_what_is_held_is_sold_and_stored_at_the_terms_of_its_lots(asked):
    """A spread of 40 % in the file once cost the usual 15 % in the orders, without a word."""
    text = HEAD + '[universe]\nassets = ["germanium", "gold"]\n[objective]\nkind = "equal_weight"\n' + NO_CASH
    record = asked(text, OWN_TERMS)
    rates, held = {row["asset"]: row for row in record["assets"]}, {p["asset"]: p["value"] for p in record["positions"]}
    order = {row["asset"]: row for row in record["orders"]}
    assert order["germanium"]["side"] == "sell"
    own = (10 * 0.4 + 5 * 0.15) / 15
    assert order["germanium"]["cost"] == pytest.approx(order["germanium"]["value"] * own / 2)
    assert order["gold"]["cost"] == pytest.approx(order["gold"]["value"] * 0.02 / 2)
    assert record["costs"]["entry"] == pytest.approx(sum(row["cost"] for row in record["orders"]))
    assert record["costs"]["items"]["entry"]["spread"] == pytest.approx(record["costs"]["entry"])
    storage = held["germanium"] * (10 * 0.09 + 5 * 0.015) / 15 + held["gold"] * 0.005
    assert record["costs"]["holding_per_year"] == pytest.approx(storage)
    assert rates["germanium"]["spread"] == pytest.approx(own)
    assert any("a purchase takes the usual terms: a." in words for words in record["notes"])


def test_what_is_bought_of_a_metal_that_is_held_takes_the_usual_terms(asked):
    text = HEAD + '[universe]\nassets = ["germanium", "gold"]\n[objective]\nkind = "equal_weight"\n' + NO_CASH
    record = asked(text, OWN_TERMS.replace(",10,kg", ",2,kg").replace(",5,kg", ",2,kg"))
    order = next(row for row in record["orders"] if row["asset"] == "germanium")
    assert order["side"] == "buy"
    assert order["cost"] == pytest.approx(order["value"] * 0.15 / 2)
    held = {p["asset"]: p["value"] for p in record["positions"]}
    more = order["price"] * 2 * (0.09 - 0.015)
    assert record["costs"]["holding_per_year"] == pytest.approx(held["germanium"] * 0.015 + more + held["gold"] * 0.005)
