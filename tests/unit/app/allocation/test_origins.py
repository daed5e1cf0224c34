"""Origin as a choice: offers of one product share its risk, and differ in premium, country and controls."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tests.subjects import context
from toolkit.app.allocation.origins import OriginVariants, key_of_lot
from toolkit.app.allocation.prepare import prepare
from toolkit.app.allocation.request import Request
from toolkit.core.assets import Asset, Universe
from toolkit.core.decode import decode
from toolkit.core.errors import GapError, SpecError
from toolkit.core.forecast import AssetRisk, Forecast, PriceLevel
from toolkit.optimize.allocate import allocate
from toolkit.strategy.model import OfferSpec, UniverseSpec
from toolkit.supply.concentration import SupplyShares

DAY = date(2026, 10, 15)
UNIVERSE = Universe(
    (
        Asset("gold", "Gold", element="Au", form="metal"),
        Asset("gallium", "Gallium", element="Ga", form="metal", stage="processing"),
    )
)
CHINESE, OTHER = OfferSpec(asset="gallium", origin="CHN"), OfferSpec(asset="gallium", origin="other", premium=0.25)
OFFERS = OriginVariants.of(UNIVERSE, (CHINESE, OTHER))
GALLIUM = SupplyShares("gallium", "processing", "usgs", DAY, DAY, DAY, ("CHN", "RUS", "JPN"), (0.9, 0.05, 0.03), 0.02)
SHIPPED = "origin-at-a-premium"


def forecast_of(universe):
    keys = universe.keys
    risks = tuple(AssetRisk(key, 0.3, 0.3, 0.3, 0.3, 0.0, 60, DAY, DAY, "as_is") for key in keys)
    levels = tuple(PriceLevel(key, 100.0, 2.0, 110.0, DAY, "EUR", "kg", "basis") for key in keys)
    rng = np.random.default_rng(3)
    return Forecast(
        assets=keys,
        factors=("market",),
        loadings=rng.normal(size=(len(keys), 1)),
        factor_cov=np.array([[0.02]]),
        specific_var=rng.uniform(0.01, 0.05, len(keys)),
        expected=rng.normal(size=len(keys)),
        periods_per_year=12.0,
        covariance="factor",
        risk_records=lambda: risks,
        levels=levels,
        loading_errors=np.full((len(keys), 1), 0.1),
        expected_cov=np.eye(len(keys)),
    )


def test_offers_are_assets_of_their_own_in_the_place_of_their_product():
    assert OFFERS.universe.keys == ("gold", "gallium_CHN", "gallium_not_CHN")
    assert [asset.name for asset in OFFERS.universe] == ["Gold", "Gallium (CHN)", "Gallium (not CHN)"]
    assert {asset.element for asset in OFFERS.universe} == {"Au", "Ga"}


def test_the_product_and_its_element_mean_all_offers_together():
    universe = OFFERS.universe
    assert universe.members("gallium") == universe.members("Ga") == (1, 2)
    assert universe.members("gallium_CHN") == (1,)


def test_offers_of_one_product_have_its_risk_and_correlate_perfectly():
    base = forecast_of(UNIVERSE)
    forecast = OFFERS.forecast(base)
    S = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    assert forecast.matrix == pytest.approx(S @ base.matrix @ S.T)
    assert forecast.matrix[1, 2] == pytest.approx(forecast.matrix[1, 1])
    assert forecast.named == base.named
    assert forecast.expected == pytest.approx(S @ base.expected)
    assert forecast.expected_cov == pytest.approx(S @ S.T)
    assert forecast.loading_errors is not None
    assert forecast.loading_errors[1:, 0] == pytest.approx(0.1)
    assert [risk.asset for risk in forecast.risks] == list(OFFERS.universe.keys)


def test_a_universe_without_offers_stays_what_it_was():
    base, offers = forecast_of(UNIVERSE), OriginVariants.of(UNIVERSE, ())
    assert offers.forecast(base) is base
    assert offers.universe == UNIVERSE
    assert "offer" not in UniverseSpec().model_dump(mode="json")


def test_a_single_offer_keeps_its_own_risk():
    base = forecast_of(UNIVERSE)
    forecast = OriginVariants.of(UNIVERSE, (CHINESE,)).forecast(base)
    assert forecast.factors == base.factors
    assert forecast.matrix == pytest.approx(base.matrix)


def test_price_is_what_a_sale_regains_and_the_rest_of_the_premium_is_lost():
    offers = OriginVariants.of(
        UNIVERSE, (CHINESE, OfferSpec(asset="gallium", origin="other", premium=0.32, resale_premium=0.1))
    )
    level = offers.forecast(forecast_of(UNIVERSE)).levels[2]
    assert (level.price, level.standard_error, level.raw) == pytest.approx((110.0, 2.2, 121.0))
    assert level.price * (1 + offers.premium[2]) == pytest.approx(132.0)
    discount = OriginVariants.of(UNIVERSE, (OfferSpec(asset="gallium", origin="CHN", premium=-0.2), OTHER))
    assert (discount.level[1], discount.premium[1]) == pytest.approx((0.8, 0.0))


def test_supply_of_an_offer_is_of_its_origin():
    supply = OFFERS.supply({"gallium": GALLIUM}, DAY)
    assert (supply["gallium_CHN"].countries, supply["gallium_CHN"].shares) == (("CHN",), (1.0,))
    other = supply["gallium_not_CHN"]
    assert other.countries == ("RUS", "JPN")
    assert (*other.shares, other.other) == pytest.approx((0.5, 0.3, 0.2))
    assert OFFERS.production({"gallium": 1000.0}, {"gallium": GALLIUM}) == {
        "gallium": 1000.0,
        "gallium_CHN": pytest.approx(900.0),
        "gallium_not_CHN": pytest.approx(100.0),
    }


def test_an_offer_from_elsewhere_needs_a_producer_elsewhere():
    alone = replace(GALLIUM, countries=("CHN",), shares=(1.0,), other=0.0)
    with pytest.raises(GapError, match="no producer of gallium outside CHN"):
        OFFERS.supply({"gallium": alone}, DAY)


def test_a_lot_is_held_under_the_offer_of_its_origin():
    universe = OFFERS.universe
    assert key_of_lot(universe, "gallium", "CHN") == "gallium_CHN"
    assert key_of_lot(universe, "gallium", "JPN") == "gallium_not_CHN"
    assert key_of_lot(universe, "gallium", "unknown") == "gallium_CHN"
    assert key_of_lot(universe, "gold", "CHE") == "gold"
    assert key_of_lot(OriginVariants.of(UNIVERSE, (CHINESE,)).universe, "gallium", "JPN") == "gallium"


@pytest.mark.parametrize(
    ("offers", "told"),
    [
        ([{"asset": "gallium", "origin": "other"}], "'gallium' is offered from 'other' alone"),
        ([{"asset": "gallium", "origin": "CHN"}] * 2, "offered twice from one origin"),
        ([{"asset": "gallium", "origin": "Chima"}], "offer.0.origin is no country"),
        ([{"asset": "gallium", "origin": "CHN", "premium": 0.1, "resale_premium": 0.2}], "a gain is no premium"),
        ([{"asset": "gallium", "origin": "CHN", "premium": float("nan")}], "must be a finite number"),
        ([{"asset": "gallium", "origin": "CHN", "premuim": 0.1}], "offer.0.premuim is not a known key"),
    ],
)
def test_what_is_no_offer_is_told(offers, told):
    with pytest.raises(SpecError, match=told):
        decode(UniverseSpec, {"offer": offers}, file="test", where="universe")


def test_an_offer_of_what_is_not_held_names_the_nearest():
    with pytest.raises(SpecError, match=r"'galium' is not among the assets.*'gallium'"):
        OriginVariants.of(UNIVERSE, (OfferSpec(asset="galium", origin="CHN"),))


def prepared(*overrides: str):
    """The problem of the shipped strategy without whole lots, and the positions of its offers of gallium."""
    problem = prepare(Request(SHIPPED, context(DAY), overrides=overrides)).problem
    return replace(problem, constraints=tuple(c for c in problem.constraints if c.kind != "lots"))


def solved(premium: float, *overrides: str) -> tuple[dict[str, float], float]:
    """Relaxed weights, and the shadow price of the cap on China, with gallium alone offered by origin."""
    offers = f"[{{asset='gallium', origin='CHN'}}, {{asset='gallium', origin='other', premium={premium}}}]"
    problem = prepared(f"universe.offer={offers}", *overrides)
    answer = allocate(problem)
    price = next(limit.shadow_price for limit in answer.limits if limit.name == "China")
    assert price is not None
    return dict(zip((*problem.universe.keys, "cash"), answer.continuous.x.tolist(), strict=True)), price


def test_lots_that_are_held_are_held_by_origin(tmp_path):
    lots = tmp_path / "lots.csv"
    head = "lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status"
    rows = [f"L{i},gallium,metal,99.99 %,{kg},kg,2024-05-0{i},300,EUR,{origin},Zug,stored"
            for i, (kg, origin) in enumerate(((2, "CHN"), (3, "JPN"), (4, "unknown")), 1)]  # fmt: skip
    lots.write_text("\n".join([head, *rows]), encoding="utf-8")
    found = prepare(Request(SHIPPED, context(DAY), holdings=str(lots)))
    held = dict(zip(found.problem.universe.keys, found.money.units, strict=True))
    assert "Lots of gallium count as gallium_CHN: their origin is unknown, or the place is not understood." in [
        note.text for note in found.inputs.notes
    ]
    assert (held["gallium_CHN"], held["gallium_not_CHN"], held["indium"]) == (6.0, 3.0, 0.0)


def test_controls_of_china_reach_chinese_lots_alone():
    problem = prepared()
    assert problem.data.controlled is not None
    controlled = dict(zip(problem.universe.keys, problem.data.controlled.tolist(), strict=True))
    assert [controlled[f"{metal}_CHN"] for metal in ("gallium", "germanium", "antimony")] == [1, 1, 1]
    assert [controlled[f"{metal}_not_CHN"] for metal in ("gallium", "germanium", "antimony")] == [0, 0, 0]


def test_clauses_that_reach_goods_made_abroad_are_told_where_there_are_any():
    offers = "[{asset='dysprosium', origin='CHN'}, {asset='dysprosium', origin='MYS', premium=3.91}]"
    overrides = (f"universe.offer={offers}", "universe.assets=['dysprosium', 'gold', 'silver']", "universe.groups=[]")
    notes = prepare(Request(SHIPPED, context(DAY), overrides=overrides)).inputs.notes
    notes = [note.text for note in notes]
    told = next(note for note in notes if note.startswith("dysprosium_MYS: controls"))
    assert "No. 61 of 2025 limbs 1(1) and 1(2) (suspended)" in told
    assert (
        "goods made abroad is not counted: No. 61 of 2025 limbs 1(1) and 1(2) (suspended), No. 61 of 2025 limb 1(3) (" in told
    )


def test_where_both_origins_are_held_the_cap_costs_the_premium_of_a_year():
    problem = prepared("constraint.China.upper=0.40", "constraint.needed.lower=0.2")
    answer = allocate(problem)
    weights = dict(zip(problem.universe.keys, answer.continuous.x[:-1], strict=True))
    assert min(weights["gallium_CHN"], weights["gallium_not_CHN"]) > 0.01
    china = next(limit for limit in answer.limits if limit.name == "China")
    assert china.shadow_price == pytest.approx(0.31 / 3, rel=1e-6)


def test_the_choice_turns_where_the_premium_of_a_year_is_the_shadow_price_of_the_cap():
    fewer = ("constraint.needed.lower=0.05",)
    weights, price = solved(10.0, *fewer)
    assert weights["gallium_not_CHN"] < 1e-6
    worth = 3 * price  # what three years without one more point of the cap are worth
    assert 0 < worth < 10
    dearer, same = solved(1.02 * worth, *fewer)
    assert dearer["gallium_not_CHN"] < 1e-6
    assert same == pytest.approx(price, rel=1e-4)
    cheaper, less = solved(0.98 * worth, *fewer)
    assert cheaper["gallium_not_CHN"] > 1e-4
    assert less <= price
