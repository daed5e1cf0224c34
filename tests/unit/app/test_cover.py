"""`cover`: an optics maker with three sites, recomputed by other code; laws of orders; what is wrong is told."""

import math
from datetime import date, timedelta

import highspy
import numpy as np
import pytest

from tests.subjects import context
from toolkit.app.cover import CoverRequest, QuotationLines, SupplyCase, cover, fraction, shares_of
from toolkit.app.holdings.names import LotNames
from toolkit.core.errors import DataError, FrameError, SpecError
from toolkit.market.readers.holdings.read import parse
from toolkit.optimize.replenishment import order_plan
from toolkit.records.cover import CoverAnswer

DAY = date(2026, 11, 24)
LOTS = """lot_id,asset,form,purity,quantity,unit,origin,location,status,delivery date,destination,purchase_price,currency
GA-1,gallium,metal,99.99 %,90,kg,China,Jena,stored,,,500,EUR
GA-2,gallium,metal,99.99 %,120,kg,China,,ordered,2027-01-20,DEU,520,EUR
GA-3,gallium,metal,99.99 %,60,kg,China,,ordered,2027-02-20,DEU,520,EUR
GA-4,gallium,oxide,,50,kg,China,Jena,stored,,,100,EUR
GE-1,germanium,metal,5N,180,kg,Belgium,Jena,stored,,,2500,EUR
GE-2,germanium,metal,5N,90,kg,Japan,Osaka,stored,,,2500,EUR
GE-3,germanium,metal,3N,70,kg,China,Jena,stored,,,2500,EUR
GE-4,germanium,metal,5N,90,kg,Belgium,"Wien, Austria",stored,,,2500,EUR
IN-1,indium,metal,4N,10,kg,KOR,Jena,stored,,,300,EUR
"""
NEEDS = """asset,form,purity,quantity,unit,period,site,safety,missing_cost,currency
gallium,metal,4N,400,kg,year,Jena,,90000,EUR
germanium,metal,4N,500,kg,year,Jena,,,
germanium,metal,4N,300,kg,year,"Wien, Austria",,,
germanium,metal,4N,400,kg,year,"Osaka, Japan",,,
"""
QUOTES = """quote,asset,form,purity,price,currency,unit,least,lot_size,origin_country,lead_time,freight,terms,valid_until,counterparty,refusal
Q-1,gallium,metal,99.99 %,900,EUR,kg,10,5,China,45,10,CIF,2026-12-31,Alpha,buyer
Q-2,gallium,metal,6N,1450,USD,kg,25,5,Japan,40,,DAP Jena,2027-01-15,Nippon,seller
Q-3,germanium,metal,5N,3200,EUR,kg,5,5,Belgium,25,5,FCA,2026-12-20,Umico,
Q-4,germanium,metal,5N,3150,EUR,kg,5,5,Belgium,25,5,FCA,2026-11-20,Late,
Q-5,germanium,metal,3N,1000,EUR,kg,5,5,Canada,25,5,FCA,2026-12-20,Weak,
"""
APPLIED = "order,filed,outcome,decided\nGA-3,2026-10-01,refused,2026-11-01\n"


def file(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("cover")


def answered(folder, lots=LOTS, needs=NEEDS, quotes=None, licences=None, **asked) -> CoverAnswer:
    more = {} if quotes is None else {"quotes": [file(folder, "quotes.csv", quotes)]}
    more |= {} if licences is None else {"licences": file(folder, "licences.csv", licences)}
    held = None if lots is None else file(folder, "lots.csv", lots)
    return cover(CoverRequest(held, file(folder, "needs.csv", needs), context(DAY), **more, **asked))


@pytest.fixture(scope="module")
def story(folder) -> CoverAnswer:
    return answered(folder, quotes=QUOTES, licences=APPLIED)


def need(found: CoverAnswer, key: str):
    return next(one for one in found.needs if one.key == key)


class TestStory:
    def test_metal_goes_where_it_serves(self, story):
        lots = {one.key: one.lots for one in story.needs}
        assert lots == {
            "gallium": ("GA-1",),
            "germanium Jena": ("GE-1",),
            "germanium Osaka, Japan": ("GE-2",),
            "germanium Wien, Austria": ("GE-4",),
        }
        why = {one.lot_id: one.why for one in story.uncounted}
        assert why == {"GA-4": "form", "GE-3": "purity", "IN-1": "unused"}

    def test_days_of_cover_are_stock_over_use(self, story):
        assert need(story, "gallium").days == pytest.approx(90 / (400 / 365.25))
        assert need(story, "germanium Osaka, Japan").days == pytest.approx(90 / (400 / 365.25))

    def test_a_refused_order_never_comes_and_the_others_need_a_licence(self, story):
        found = {one.lot_id: (one.licence, one.chance) for one in need(story, "gallium").arriving}
        assert found["GA-3"] == ("never", 0.0)
        assert found["GA-2"][0] == "licence"
        assert 0 < found["GA-2"][1] < 1

    def test_probabilities_are_those_of_another_simulation(self, story):
        """By the text of docs/cover.md alone: a mixture of two reports, ten applications each, one refusal of one's own."""
        rng, draws = np.random.default_rng(8), 200_000
        reports = np.array([0.135, 0.5])
        prior_refusal = 1 - reports  # marginal probability of one refusal under each report
        believed = prior_refusal / prior_refusal.sum()
        rate = reports[rng.choice(2, size=draws, p=believed)]
        chance = rng.beta(10 * rate, 10 * (1 - rate) + 1)
        assert story.approval == pytest.approx(chance.mean(), abs=0.005)
        sigma = math.log(180 / 76.5) / 1.2815515655446004
        licence = np.where(rng.random(draws) < chance, np.ceil(76.5 * np.exp(sigma * rng.standard_normal(draws))), np.inf)
        days = (date(2027, 1, 20) - DAY).days
        delivery = np.ceil(days * np.exp(math.log(1.5) / 1.2815515655446004 * rng.standard_normal(draws)))
        arrives = np.maximum(delivery, licence)
        gallium, daily, horizon = need(story, "gallium"), 400 / 365.25, round(365.25)
        stop = np.where(arrives <= math.floor(90 / daily) + 1, math.floor(210 / daily) + 1, math.floor(90 / daily) + 1)
        told = [gallium.stop_early, gallium.stop_middle, gallium.stop_late]
        quantiles = np.quantile(stop, [0.05, 0.5, 0.95], method="inverted_cdf")
        assert told == [(DAY + timedelta(days=int(day))).isoformat() for day in quantiles]
        came = arrives <= horizon
        assert next(one.chance for one in gallium.arriving if one.lot_id == "GA-2") == pytest.approx(came.mean(), abs=0.035)
        # Missing is the largest excess of need over supply up to the end, or before the order came.
        total = daily * horizon
        before = np.where(came, np.maximum(daily * (np.minimum(arrives, horizon) - 1) - 90, 0), 0)
        missing = np.maximum(before, total - np.where(came, 210, 90))
        assert gallium.missing == pytest.approx(missing.mean(), rel=0.03)
        assert gallium.missing_cost == pytest.approx(gallium.missing * 90000 * 12 / 400, rel=1e-6)

    def test_quotations_side_by_side(self, story):
        found = {one.quote: one for one in story.quotes if one.need != "germanium Osaka, Japan"}
        assert {key: one.why for key, one in found.items()} == {
            "Q-1": None, "Q-2": None, "Q-3": None, "Q-4": "expired", "Q-5": "purity",
        }  # fmt: skip
        assert {one.need for one in story.quotes if one.quote == "Q-3"} == {
            f"germanium {site}" for site in ("Jena", "Osaka, Japan", "Wien, Austria")
        }
        assert found["Q-1"].per_kg == 910
        assert not found["Q-2"].with_freight
        assert found["Q-1"].licence == "licence"
        assert found["Q-1"].risk == pytest.approx((1 - found["Q-1"].chance) * 90000 * 12 / 400)
        assert found["Q-3"].licence == "none"

    def test_orders_are_told_by_other_draws_and_their_stop_is_that_of_another_simulation(self, story):
        plan = story.plan
        assert plan is not None
        (line,) = [one for one in plan.orders if one.need == "gallium"]
        assert line.quote == "Q-2"  # the licence of the other arrives too late, if at all
        assert line.quantity % 5 == 0
        rng, draws = np.random.default_rng(4), 100_000
        arrives = np.ceil(40 * np.exp(math.log(1.5) / 1.2815515655446004 * rng.standard_normal(draws)))
        daily = 400 / 365.25
        runs_out = math.floor(90 / daily) + 1
        enough = 90 + line.quantity >= daily * round(365.25)
        stops = (arrives > runs_out).mean() if enough else 1.0
        after = next(one.after for one in plan.reached if one.need == "gallium")
        assert after <= stops + 0.02  # an order of the past may come beside it
        assert after <= 0.05 or plan.status != "met"

    def test_orders_are_those_of_another_program(self, folder):
        """Lots, what is missing and whether it stops, for each draw and stretch between two arrivals, by HiGHS itself."""
        files = [file(folder, f"{name}.csv", text) for name, text in (("lots", LOTS), ("needs", NEEDS), ("quotes", QUOTES))]
        lines = QuotationLines(SupplyCase(CoverRequest(*files[:2], context(DAY), quotes=files[2:])))
        (one,) = (lines._problem(group) for group in lines.case.groups if group.key == "gallium")
        found = order_plan([one])
        offers, draws, days = one.offers, len(one.supply.days), len(one.need)
        kg, used = np.array([offered.kg for offered in offers]), np.cumsum(one.need)
        model, inf, count = highspy.Highs(), highspy.kHighsInf, len(offers)
        model.setOptionValue("output_flag", False)
        model.setOptionValue("mip_rel_gap", 1e-5)

        def column(cost, most, *, whole=True):
            model.addVar(0, most)
            model.changeColCost(model.getNumCol() - 1, cost)
            if whole:
                model.changeColIntegrality(model.getNumCol() - 1, highspy.HighsVarType.kInteger)

        for offered in offers:
            comes, held = np.isfinite(offered.days), np.clip(days - offered.days, 0, None)
            paid = offered.price * (comes.mean() if offered.refunded else 1.0)
            worth = one.credit * offered.kg * (offered.days <= days).mean()
            column(paid + offered.carrying * held.mean() - worth, 1000)
        for at in range(count):
            column(0.0, 1)
            model.addRow(0, inf, 2, [at, count + at], [1, -offers[at].least])
            model.addRow(-inf, 0, 2, [at, count + at], [1, -1000])
        ends = []
        for s in range(draws):
            there = one.supply.stock + sum(
                weight * (np.arange(1, days + 1) >= day) for weight, day in zip(one.supply.kg, one.supply.days[s], strict=True)
            )
            ends.append(there[-1])
            column((one.missing_cost - one.credit) / draws, inf, whole=False)
            column(0.0, 1)
            missing, stops = 2 * count + 2 * s, 2 * count + 2 * s + 1
            eves = {days, *(int(offered.days[s]) - 1 for offered in offers if 1 < offered.days[s] <= days)}
            eves |= {int(day) - 1 for day in one.supply.days[s] if 1 < day <= days}
            for t in eves:
                where = [at for at in range(count) if offers[at].days[s] <= t]
                lacks = used[t - 1] - there[t - 1]
                model.addRow(lacks, inf, len(where) + 1, [*where, missing], [*kg[where], 1.0])
                model.addRow(lacks, inf, len(where) + 1, [*where, stops], [*kg[where], used[-1]])
        rows = [2 * count + 2 * s + 1 for s in range(draws)]
        model.addRow(-inf, math.floor(one.probability * draws + 1e-9), draws, rows, [1.0] * draws)
        model.run()
        beside = -one.credit * float(np.mean(np.array(ends) - used[-1]))
        assert found.cost == pytest.approx(model.getInfo().objective_function_value + beside, rel=2e-3)

    def test_what_is_there_is_shared_among_needs_to_the_gram(self, folder):
        found = answered(folder)
        assert sum(one.stock + one.on_order for one in found.needs if one.asset == "germanium") == pytest.approx(180 + 90 + 90)

    def test_money_and_quantities_add_up(self, story):
        per_kg = {one.quote: one.per_kg for one in story.quotes}
        assert story.plan.spent == pytest.approx(sum(one.quantity * per_kg[one.quote] for one in story.plan.orders))
        for one in story.plan.orders:
            assert one.cost == pytest.approx(one.quantity * per_kg[one.quote])

    def test_a_stop_of_exports_is_never_better(self, story):
        for one in story.needs:
            for case in one.scenarios:
                assert case.missing >= one.missing - 1e-9

    def test_dates_ahead_are_in_order_and_not_past(self, story):
        days = [one.day for one in story.ahead]
        assert days == sorted(days)
        assert days[0] >= DAY.isoformat()
        assert {"order", "stop", "expires"} <= {one.key for one in story.ahead}

    def test_the_same_question_has_the_same_bytes(self, folder, story):
        again = answered(folder, quotes=QUOTES, licences=APPLIED)
        assert again.to_json() == story.to_json()


class TestOrders:
    @pytest.fixture(scope="class")
    @staticmethod
    def tight(folder) -> CoverAnswer:
        return answered(folder, quotes=QUOTES, budget=60_000.0)

    def test_a_budget_is_not_passed(self, tight):
        assert tight.plan.status == "budget"
        assert 0 < tight.plan.spent <= 60_000.0

    def test_more_money_misses_no_more(self, folder, tight):
        more = answered(folder, quotes=QUOTES, budget=600_000.0)
        for less, rich in zip(tight.plan.reached, more.plan.reached, strict=True):
            assert rich.after <= less.after + 0.01

    def test_what_the_money_buys_is_told_by_need(self, tight):
        before = {one.key: one for one in tight.needs}
        bought = {
            one.need: sum(line.quantity for line in tight.plan.orders if line.need == one.need) for one in tight.plan.reached
        }
        assert any(bought.values())
        for one in tight.plan.reached:
            less = before[one.need].missing - one.missing
            assert (less > 0) == (bought[one.need] > 0)
            assert less <= bought[one.need] + 1e-9
        gallium = next(one for one in tight.plan.reached if one.need == "gallium")
        assert gallium.missing_cost == pytest.approx(gallium.missing * 90000 * 12 / 400, rel=1e-6)

    def test_what_cannot_be_kept_is_told_beside_the_cheapest_orders(self, folder):
        """The probability asked for is out of reach: nobody is sold the least one at any price."""
        lots = "lot_id,asset,purity,quantity,origin,location\n1,gallium,4N,62,Japan,Germany\n"
        needs = "asset,purity,quantity,until,site,missing_cost,currency\ngallium,4N,30,2027-06-01,Germany,90000,EUR\n"
        quotes = (
            "quote,asset,purity,price,currency,least,origin_country,lead_time,freight,refusal\n"
            "G,gallium,4N,1000,EUR,10,Japan,56,0,seller\nB,gallium,4N,1120,EUR,10,Japan,70,0,seller\n"
        )
        plans = {
            asked: answered(folder, lots, needs, quotes, months=7, probability=asked).plan for asked in (0.5, 0.3, 0.24, 0.05)
        }
        assert [plans[asked].status for asked in plans] == ["met", "met", "met", "impossible"]
        ordered = {asked: [(line.quote, line.quantity) for line in plan.orders] for asked, plan in plans.items()}
        assert ordered[0.5] == ordered[0.3] == ordered[0.05]  # the cheapest, which keeps the stricter one already
        assert plans[0.05].spent < plans[0.05].spent_nearest < plans[0.24].spent  # what nothing prevents is worth no order
        assert 0.05 < plans[0.24].reached[0].after <= 0.24 < plans[0.05].reached[0].nearest < plans[0.05].reached[0].after

    def test_a_limit_on_a_supplier_that_no_order_can_hold_is_named(self, folder):
        found = answered(folder, quotes=QUOTES, shares={"Umico": 0.0})
        assert found.plan.status == "impossible"
        assert found.plan.loosened == ("Umico",)

    def test_nothing_is_ordered_where_nothing_is_missing(self, folder):
        needs = "asset,quantity,unit,period\ngallium,1,kg,year\n"
        found = answered(folder, needs=needs, quotes=QUOTES)
        assert found.plan.status == "met"
        assert found.plan.orders == ()
        assert need(found, "gallium").days is None

    def test_safety_is_for_what_is_used_after_the_days_asked_about(self, folder):
        """A single need on the last day, with two weeks of safety, was to be there fifteen times; it comes once."""
        quotes = "quote,asset,price,currency,least,origin_country,lead_time,refusal\nB,gallium,1000,EUR,1,Japan,20,seller\n"
        for more, kg in (("", 100), ("gallium,50,once,2027-06-02,2,500000,EUR\n", 150)):
            needs = (
                f"asset,quantity,period,start,safety,missing_cost,currency\ngallium,100,once,2027-05-26,2,500000,EUR\n{more}"
            )
            found = answered(folder, "lot_id,asset,quantity\n1,indium,1\n", needs, quotes, months=6)
            assert sum(line.quantity for line in found.plan.orders) == kg, more

    def test_a_price_break_is_one_of_its_rows(self, folder):
        quotes = (
            "quote,asset,price,currency,least,most,origin_country,lead_time\n"
            "B,gallium,1000,EUR,1,99,Japan,20\nB,gallium,700,EUR,100,,Japan,20\n"
        )
        found = answered(folder, quotes=quotes, needs="asset,quantity\ngallium,30\n")
        (line,) = found.plan.orders
        assert line.cost == pytest.approx(700 * line.quantity)

    def test_a_quotation_serves_every_need_that_it_is_pure_enough_for(self, folder):
        """Neither need alone buys the least quantity; together they do, and both are kept running."""
        needs = "asset,purity,quantity,site\ngallium,6N,4,Jena\ngallium,4N,5,Dresden\n"
        quotes = (
            "quote,asset,purity,price,currency,least,origin_country,lead_time\n"
            "A,gallium,6N,1000,EUR,1,Japan,20\nB,gallium,6N,600,EUR,80,Japan,20\n"
        )
        lots = "lot_id,asset,purity,quantity,origin,location\n1,gallium,6N,20,China,Jena\n2,gallium,4N,25,China,Jena\n"
        found = answered(folder, lots=lots, needs=needs, quotes=quotes)
        assert found.plan.status == "met"
        assert {(one.quote, one.need) for one in found.plan.orders} == {("B", "gallium 6N Jena"), ("B", "gallium 4N Dresden")}
        assert sum(one.quantity for one in found.plan.orders) >= 80
        assert all(one.quantity < 80 for one in found.plan.orders)
        assert all(one.after <= 0.05 for one in found.plan.reached)

    def test_a_need_that_no_quotation_serves_is_named(self, folder):
        found = answered(folder, lots=None, needs="asset,quantity\ngallium,3\nindium,3\n", quotes=QUOTES)
        assert found.plan.unserved == ("indium",)
        assert found.plan.status == "impossible"

    def test_the_prices_of_one_quotation_arrive_together(self, folder):
        quotes = (
            "quote,asset,price,currency,least,most,origin_country,lead_time\n"
            "B,gallium,1000,EUR,1,99,China,20\nB,gallium,700,EUR,100,,China,20\n"
        )
        first, second = answered(folder, quotes=quotes, needs="asset,quantity\ngallium,30\n").quotes
        assert 0 < first.chance < 1
        assert (first.chance, first.expected) == (second.chance, second.expected)
        assert (first.least, second.least) == (1, 100)

    def test_each_supplier_has_a_file(self, folder):
        header, first, second = QUOTES.splitlines()[:3]
        both = [file(folder, f"{name}.csv", f"{header}\n{row}\n") for name, row in (("alpha", first), ("nippon", second))]
        asked = {"holdings": None, "needs": file(folder, "needs.csv", NEEDS), "context": context(DAY)}
        told = {one.quote: one for one in cover(CoverRequest(quotes=both, **asked)).quotes}
        assert [*told] == ["alpha.csv Q-1", "nippon.csv Q-2"]
        alone = {one.quote: one for one in cover(CoverRequest(quotes=[file(folder, "q.csv", QUOTES)], **asked)).quotes}
        assert [one.per_kg for one in told.values()] == [alone[key].per_kg for key in ("Q-1", "Q-2")]
        with pytest.raises(DataError, match=r"two files of quotations are called 'alpha.csv'"):
            cover(CoverRequest(quotes=[both[0], both[0]], **asked))

    def test_a_remark_is_asked_about_and_its_row_may_be_left_out(self, folder):
        lines = QUOTES.splitlines()[:3]
        rows = [f"{line},{said}" for line, said in zip(lines, ("remark", "ask again", "withdrawn"), strict=True)]
        name = file(folder, "remarks.csv", "\n".join(rows) + "\n")
        answers = {"of": "quotes", "ask again": "no_meaning", "withdrawn": "not_mine"}
        names, today = LotNames(context(DAY).ledger, context(DAY).products), DAY
        asked = parse(name, names=names, today=today, of="quotes").questions
        assert {one.name: one.answers for one in asked} == dict.fromkeys(("ask again", "withdrawn"), ("no_meaning", "not_mine"))
        assert [one.key for one in parse(name, names=names, today=today, answers=answers).rows] == ["Q-1"]

    def test_what_cannot_be_kept_is_ordered_unless_a_month_without_it_has_a_price(self, folder):
        """Nothing is there: it stops tomorrow, and the orders decide when it starts again and for how long."""
        header, quotes = "asset,purity,quantity,site,missing_cost,currency\n", QUOTES.splitlines()[:3]
        near, cheap = (
            answered(folder, lots=None, needs=f"{header}gallium,4N,20,Jena,{cost}\n", quotes="\n".join(quotes)).plan
            for cost in (",", "100,EUR")
        )
        assert near.status == cheap.status == "impossible"
        assert near.reached[0].before == near.reached[0].after == 1.0
        sure = sum(line.quantity for line in near.orders if line.quote == "Q-2")  # the other waits for a licence that few get
        days = 366 - 40 * 1.5  # nine in ten arrive within this
        assert sure >= 20 * days / (365.25 / 12)
        assert near.reached[0].missing < 20 * 12 - sure + 1e-6 + 20 * 2
        assert (cheap.orders, cheap.spent) == ((), 0.0)
        assert cheap.spent_nearest == pytest.approx(near.spent, rel=0.05)

    def test_without_holdings(self, folder):
        found = answered(folder, lots=None, needs="asset,quantity\ngallium,30\n")
        assert need(found, "gallium").stop_early == (DAY + timedelta(days=1)).isoformat()
        assert [one.key for one in found.ahead] == ["stops"]  # in all draws: not one that may come


class TestWrong:
    def test_all_rows_of_needs_at_once(self, folder):
        needs = "asset,form,quantity,unit,period,missing_cost,currency\nGallium,,1,kg,month,,\nGallium,,2,kg,year,9,THB\n"
        with pytest.raises(FrameError) as raised:
            answered(folder, needs=needs)
        assert "another row" in str(raised.value)
        assert "exchange rate" in str(raised.value)

    def test_rows_that_follow_each_other_are_no_overlap(self, folder):
        needs = "asset,quantity,from,until\ngallium,10,,2027-01-31\ngallium,20,2027-02-01,\n"
        found = need(answered(folder, needs=needs), "gallium")
        assert 10 < found.kg_a_month < 20

    def test_a_quotation_in_a_currency_without_a_rate_is_a_fault(self, folder):
        quotes = "quote,asset,price,currency,lead_time\nX,gallium,900,THB,30\n"
        with pytest.raises(FrameError, match=r"without an exchange rate of the day in row 2 \('X'\)"):
            answered(folder, quotes=quotes, needs="asset,quantity\ngallium,30\n")

    def test_a_quotation_delivered_to_a_place_serves_the_sites_of_its_country_alone(self, folder):
        rows = {"A": "DAP Jena", "B": "CIF Rotterdam", "C": "FCA Jena", "D": "ddp osaka", "E": "DAP", "F": "EXW Tokyo"}
        quotes = "quote,asset,price,currency,origin_country,lead_time,terms\n" + "".join(
            f"{key},germanium,2500,EUR,Japan,30,{terms}\n" for key, terms in rows.items()
        )
        sites = "asset,quantity,site\ngermanium,30,Jena\ngermanium,20,Osaka\n"
        served = [(one.quote, one.need) for one in answered(folder, quotes=quotes, needs=sites).quotes]
        both = {"Jena", "Osaka"}
        expected = {"A": {"Jena"}, "B": {"Jena"}, "C": both, "D": {"Osaka"}, "E": both, "F": both}
        assert sorted(served) == sorted((key, f"germanium {site}") for key, sites in expected.items() for site in sites)
        header, _, row = QUOTES.splitlines()[:3]
        (one,) = answered(folder, quotes=f"{header}\n{row}\n", needs="asset,quantity,site\ngallium,30,Osaka\n").quotes
        assert (one.need, one.why) == (None, "delivered")

    def test_a_quotation_delivered_to_a_place_of_an_unknown_country_serves_none(self, folder):
        header, rows = "quote,asset,price,currency,lead_time,terms\n", ("DAP Boston", "CIF Hinterdorf", "DAP (Incoterms 2020)")
        quotes = header + "".join(f"{at},gallium,900,EUR,30,{terms}\n" for at, terms in enumerate((*rows, '"DAP Boston, US"')))
        found = answered(folder, quotes=quotes, needs='asset,quantity,site\ngallium,30,Jena\ngallium,9,"Boston, USA"\n').quotes
        assert {(one.quote, one.need, one.why) for one in found} == {
            ("0", None, "destination"), ("1", None, "destination"), ("2", "gallium Jena", None),
            ("2", "gallium Boston, USA", None), ("3", "gallium Boston, USA", None),
        }  # fmt: skip

    def test_a_quotation_of_which_no_whole_lot_can_be_bought_says_so(self, folder):
        header = "quote,asset,price,currency,least,most,lot_size,origin_country,lead_time\n"
        quotes = header + "X,gallium,900,EUR,7,8,5,Japan,30\nY,gallium,900,EUR,7,10,5,Japan,30\n"
        found = answered(folder, quotes=quotes, needs="asset,quantity\ngallium,30\n").quotes
        assert [one.why for one in found] == ["lots", None]

    def test_a_price_far_from_the_known_one_is_warned_of_by_name(self, folder):
        quotes = (
            "quote,asset,price,currency,origin_country,lead_time\nX,gallium,0.9,EUR,Japan,30\nY,gallium,1100,EUR,Japan,30\n"
        )
        told = [str(one) for one in answered(folder, quotes=quotes, needs="asset,quantity\ngallium,30\n").warnings]
        assert [one.split(":")[0] for one in told if "offered at" in one] == ["X"]
        assert any("price of one g" in one for one in told)

    def test_stock_and_orders_of_two_sites_of_one_country_are_shared(self, folder):
        """Each has its own stock; what lies elsewhere, and what is ordered, by what they lack."""
        lots = (
            "lot_id,asset,purity,quantity,origin,location,status,delivery date\nA,gallium,4N,12,Japan,Jena,stored,\n"
            "B,gallium,4N,6,Japan,Dresden,stored,\nC,gallium,4N,30,Japan,Hamburg,stored,\nD,gallium,4N,40,Japan,,ordered,2027-02-01\n"
        )
        found = answered(folder, lots, "asset,quantity,site\ngallium,10,Jena\ngallium,5,Dresden\n")
        jena, dresden = need(found, "gallium Jena"), need(found, "gallium Dresden")
        lack = [10 * 366 / (365.25 / 12) - 12, 5 * 366 / (365.25 / 12) - 6]
        assert jena.lots == ("A", "C")
        assert dresden.lots == ("B", "C")
        assert [jena.stock, dresden.stock] == pytest.approx(
            [12 + 30 * lack[0] / sum(lack), 6 + 30 * lack[1] / sum(lack)], rel=1e-3
        )
        (first,), (second,) = jena.arriving, dresden.arriving
        assert first.kg + second.kg == pytest.approx(40)
        assert (first.lot_id, first.chance, first.expected) == (second.lot_id, second.chance, second.expected)
        assert [one.subject for one in found.ahead if one.key == "due"] == ["D"]

    def test_what_the_most_demanding_need_leaves_serves_the_others(self, folder):
        lots = "lot_id,asset,purity,quantity,origin,location\nA,gallium,7N,500,Japan,Jena\n"
        found = answered(folder, lots, "asset,purity,quantity,site\ngallium,7N,1,Jena\ngallium,4N,30,Jena\n")
        best, other = need(found, "gallium 7N"), need(found, "gallium 4N")
        assert best.stock + other.stock == pytest.approx(500)
        assert (best.days, best.probability) == (None, 0.0)
        assert best.stock == pytest.approx(12, abs=0.1) or other.days is None
        assert answered(folder, lots, "asset,purity,quantity\ngallium,7N,1\n").needs[0].stock == 500

    def test_what_never_comes_takes_no_place_of_what_does(self, folder):
        lots = "lot_id,asset,purity,quantity,origin,status,delivery date\nA,gallium,7N,20,China,ordered,2027-01-15\n"
        lots += "B,gallium,7N,20,Japan,ordered,2027-02-15\n"
        needs = "asset,purity,quantity\ngallium,7N,1\ngallium,4N,30\n"
        found = answered(folder, lots, needs, licences="order,filed,outcome\nA,2026-10-01,refused\n")
        assert {one.lot_id: round(one.kg) for one in need(found, "gallium 7N").arriving} == {"A": 12, "B": 12}

    def test_what_is_ordered_without_its_freight_is_warned_of(self, folder):
        header = "quote,asset,price,currency,origin_country,lead_time,terms,freight\n"
        rows = {"EXW Olen,": True, "FCA,": True, ",": True, "EXW Olen,0": False, "DAP Jena,": False}
        for terms, warned in rows.items():
            found = answered(
                folder, quotes=f"{header}A,gallium,900,EUR,Japan,30,{terms}\n", needs="asset,quantity\ngallium,30\n"
            )
            assert found.plan is not None
            assert found.plan.orders
            assert any("without freight" in str(one) for one in found.warnings) == warned

    def test_who_else_makes_it_is_a_country_and_an_application_that_is_late_is_filed_today(self, folder):
        found = answered(folder, needs="asset,quantity\ntungsten,30\ngallium,30\n")
        made = [one.country for one in need(found, "tungsten").producers]
        assert len(made) == 5
        assert "OTH" not in made
        late = [one for one in need(found, "gallium").arriving if one.file_by and one.file_by < DAY.isoformat()]
        assert late
        assert {one.subject: one.day for one in found.ahead if one.key == "file"} == {
            one.lot_id: DAY.isoformat() for one in late
        }

    def test_a_missing_month_costs_what_it_says_whenever_the_need_is(self, folder):
        header = "asset,form,quantity,unit,period,start,until,missing_cost,currency\n"
        seasonal = (
            "gallium,metal,3,kg,month,,2027-02-21,90000,EUR\ngallium,metal,24,kg,quarter,2027-02-22,2027-05-21,60000,EUR\n"
        )
        found = answered(folder, None, header + seasonal + "gallium,oxide,10,kg,once,2027-03-01,,7000,EUR\n", months=24)
        season, once = need(found, "gallium metal"), need(found, "gallium oxide")
        first, second = ((day - start).days * 12 / 365.25 for day, start in (
            (date(2027, 2, 21), DAY), (date(2027, 5, 21), date(2027, 2, 21)),
        ))  # fmt: skip
        assert season.missing == pytest.approx(first * 3 + second * 8)
        assert season.missing_cost == pytest.approx(first * 90000 + second * 60000)
        assert once.missing_cost == pytest.approx(7000)
        assert once.days == pytest.approx((date(2027, 3, 1) - DAY).days - 1)  # those before its day

    def test_a_need_that_begins_after_the_days_asked_about_is_warned_of(self, folder):
        rows = "gallium,5,once,2028-06-01\nindium,5,month,2028-01-01\ngallium,5,month,\n"
        told = answered(folder, needs="asset,quantity,period,start\n" + rows).warnings
        assert any("gallium (2028-06-01), indium (2028-01-01)" in str(one) for one in told)

    def test_a_need_whose_days_are_over_is_warned_of(self, folder):
        rows = "gallium,5,once,2026-06-01,\nindium,5,month,,2026-06-01\ngallium,5,month,,\n"
        found = answered(folder, needs="asset,quantity,period,start,until\n" + rows)
        (told,) = [str(one) for one in found.warnings if "days are over" in str(one)]
        assert "gallium (2026-06-01), indium (2026-06-01)" in told

    @pytest.mark.parametrize(("name", "hint"), [("Nipon", "Nippon"), ("Belguim", "Belgium"), ("CHL", "China")])
    def test_a_limit_on_a_name_that_no_quotation_has(self, folder, name, hint):
        with pytest.raises(SpecError, match="neither origin nor supplier") as raised:
            answered(folder, quotes=QUOTES, shares={name: 0.5})
        assert hint in raised.value.hint

    def test_an_application_for_a_lot_that_is_not_there(self, folder):
        with pytest.raises(FrameError, match=r"the holdings do not have in row 2 \('GA-33'\)") as raised:
            answered(folder, licences="order,filed,outcome\nGA-33,2026-10-01,pending\n,2026-10-01,pending\n")
        assert "GA-3" in str(raised.value)

    def test_faults_are_told_in_the_words_of_their_file(self, folder):
        quotes = "quote,asset,price,currency,unit,lead_time,price_is\nA,gallium,-3,EUR,kg,-4,\nB,gallium,3,EUR,kg,4,foo\n"
        with pytest.raises(FrameError) as raised:
            answered(folder, quotes=quotes)
        told = str(raised.value)
        assert "purchase" not in told
        assert "leave the cell empty" not in told
        assert "holdings check" not in told
        assert "--set of=quotes" in told
        with pytest.raises(FrameError) as raised:
            answered(folder, needs="asset,quantity,period\ngallium,-3,month\ngallium,3,fortnight\n")
        told = str(raised.value)
        assert "sale" not in told
        assert "Write week, month, quarter, year or once." in told

    def test_no_need(self, folder):
        with pytest.raises(DataError, match="no need"):
            answered(folder, needs="asset,quantity\n")

    @pytest.mark.parametrize("asked", [{"months": 0}, {"months": 61}, {"probability": 1.0}, {"budget": 0.0}])
    def test_options(self, folder, asked):
        with pytest.raises(SpecError):
            answered(folder, **asked)

    @pytest.mark.parametrize("text", ["5 kg", "120%", "-1", "x", "nan"])
    def test_shares(self, text):
        with pytest.raises(SpecError):
            fraction("--share", text)
        with pytest.raises(SpecError):
            shares_of([text])

    def test_shares_by_country(self):
        assert shares_of(["China=50%", "Nippon Metals=0.3"]) == {"CHN": 0.5, "Nippon Metals": 0.3}

    def test_papers_and_terms_of_an_order_are_told_with_it(self, folder):
        told = "order,filed,outcome,papers,refusal,price basis\nGA-2,,not filed,contract; test report,seller,Fastmarkets\n"
        found = answered(folder, licences=told + "GA-3,2026-10-01,pending,all,,\n")
        orders = {one.lot_id: one for one in need(found, "gallium").arriving}
        assert orders["GA-2"].lacking == ("end_use", "importer", "identity")
        assert (orders["GA-2"].refusal, orders["GA-2"].price_basis) == ("seller", "Fastmarkets")
        assert orders["GA-2"].file_by is not None
        assert orders["GA-3"].lacking == ()
        assert {one.key for one in found.papers} >= {*orders["GA-2"].lacking, "contract", "specification"}
        assert all(one.source for one in found.papers)

    def test_own_applications_stand_beside_what_the_reports_expect(self, folder):
        rows = "".join(f",2026-01-{day:02d},approved,2026-03-{day:02d}\n" for day in range(1, 21))
        own = answered(folder, licences=f"order,filed,outcome,decided\n{rows},2025-01-01,approved,2026-01-01\n").calibration
        assert own is not None
        assert (own.decided, own.approved, own.timed, own.within) == (21, 21, 21, 20)
        # By the reports alone, recomputed: half of the draws each of two rates with the weight of ten applications.
        rng = np.random.default_rng(1)
        rate = np.array([0.135, 0.5])[rng.integers(0, 2, 200_000)]
        expected = rng.binomial(21, rng.beta(10 * rate, 10 * (1 - rate)))
        assert [own.low, own.high] == pytest.approx(np.quantile(expected, [0.05, 0.95]), abs=1)
        assert answered(folder).calibration is None

    def test_a_paper_that_is_not_known_is_a_fault(self, folder):
        with pytest.raises(FrameError, match="papers"):
            answered(folder, licences="order,filed,outcome,papers\nGA-2,2026-10-01,pending,horoscope\n")

    def test_a_need_without_a_period_says_that_it_is_of_a_month(self, folder):
        found = answered(folder, needs="asset,quantity\ngallium,30\n")
        assert any("that of a month" in str(one) for one in found.notes)

    def test_an_undated_order_is_not_counted_on_and_that_is_a_warning(self, folder):
        lots = LOTS.replace("ordered,2027-01-20", "ordered,")
        found = answered(folder, lots=lots)
        assert {one.lot_id: one.why for one in found.uncounted}["GA-2"] == "due"
        assert any("GA-2" in str(one) for one in found.warnings)


def test_metal_in_the_country_of_use_has_no_border_to_cross(folder):
    """Of Chinese origin, in the USA, on a day on which none of it may be sent there."""
    needs = file(folder, "usa.csv", "asset,form,purity,quantity,unit,period,site\nantimony,metal,99.65%,250,kg,month,USA\n")
    for place, stock in (("USA", 800), ("Rotterdam", 0)):
        held = file(
            folder, "home.csv", f"asset,form,purity,quantity,unit,location,origin\nantimony,metal,99.65%,800,kg,{place},China\n"
        )
        found = cover(CoverRequest(held, needs, context(date(2026, 12, 3))))
        assert found.needs[0].stock == pytest.approx(stock)
        assert [one.why for one in found.uncounted] == ([] if stock else ["withheld"])


def test_quantities_beside_a_price_of_a_pound_say_their_unit(folder):
    header = "quote,asset,form,purity,price,currency,{unit},least,lead_time,origin_country\n"
    row = "D-1,antimony,metal,99.65%,14.80,USD,lb,2204.6,56,Vietnam\n"
    needs = "asset,form,purity,quantity,unit,period,site\nantimony,metal,99.65%,250,kg,month,Jena\n"
    found = answered(folder, None, needs, quotes=header.format(unit="price unit") + row)
    assert found.quotes[0].per_kg == pytest.approx(14.80 / 0.45359237 / 1.16, rel=0.1)
    with pytest.raises(DataError, match="quantities without a unit"):
        answered(folder, None, needs, quotes=header.format(unit="price_is") + row)
