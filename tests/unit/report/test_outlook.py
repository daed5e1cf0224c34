"""Scenarios, their tail, offers by origin, parts of costs and kinds of cautions: figures of the record and no others."""

from __future__ import annotations

import copy
import html
from datetime import date

import pytest

from tests.blocks import rows
from tests.records import partial_findings, report_html
from toolkit.app.allocation.request import Request
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.languages import language
from toolkit.app.optimize import optimize
from toolkit.report.document import Notes
from toolkit.report.findings import HELD
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.measures import SQUARES
from toolkit.report.i18n.origins import by_product
from toolkit.report.i18n.text import plain
from toolkit.report.markers import NORMAL, SHOCKS
from toolkit.report.topics.allocation import allocation
from toolkit.report.topics.controls import offers
from toolkit.report.topics.factors import falls, risk, shocks, tail
from toolkit.report.topics.method import cautions
from toolkit.risk_measures import measures

FMT = Formats()
DE = language("de")


def test_scenarios_stand_with_loss_probability_and_what_they_rest_on(records):
    record = records["shocks"]
    run = partial_findings(record)
    figure = shocks(run)
    told = {name: (chance, loss) for name, chance, loss, _ in rows(figure)}
    for s in (s for s in record["scenarios"] if s["kind"] == "shock"):
        assert told[s["name"]] == (FMT.percent(s["probability"], 0), FMT.number(100 * s["loss"], 1))
    notes = figure.body[1]
    assert isinstance(notes, Notes)
    assert len(notes.items) == len(record["scenario_notes"]) > 5
    assert any("Base rate of new controls" in plain(words) for _, words in notes.items)
    assert not set(record["scenario_notes"]) & set(record["warnings"])


def test_what_scenarios_rest_on_is_told_once(pages):
    assert pages["shocks"].count("Base rate of new controls") == 1
    assert pages["shocks"].count("Views weigh") == 1


def test_the_tail_names_its_measures_and_leaves_squares_out(records):
    record = records["shocks"]
    figure = tail(partial_findings(record))
    shown = {value for _, value in rows(figure)}
    kept = {key: value for key, value in record["risk"]["measures"].items() if key not in SQUARES}
    assert len(figure.body[0].rows) == len(kept)
    assert shown == {FMT.number(100 * value, 1) for value in kept.values()}
    assert record["risk"]["cvar_method"] in plain(figure.sub)
    assert FMT.percent(record["risk"]["cvar_95"]) in plain(figure.title)


def test_every_measure_of_the_toolkit_has_words(records):
    record = copy.deepcopy(records["shocks"])
    record["risk"]["measures"] = dict.fromkeys(measures(), 0.1)
    words = [name for name, _ in rows(tail(partial_findings(record)))]
    assert len(words) == len(set(words))
    assert not any("_" in word for word in words)


def test_a_tail_of_scenarios_makes_no_assumption_of_a_normal_year(records):
    drawn, normal = partial_findings(records["shocks"]), partial_findings(records["normal"])
    assert drawn.rests_on(SHOCKS).refs
    assert not drawn.rests_on(NORMAL).refs
    assert normal.rests_on(NORMAL).refs
    assert not normal.rests_on(SHOCKS).refs
    assert tail(normal) is shocks(normal) is None


def test_scenarios_on_a_path_have_no_probability_and_keep_their_notes(records):
    record = copy.deepcopy(records["shocks"])
    for s in record["scenarios"]:
        s["probability"] = None
    assert all(chance == "–" for _, chance, _, _ in rows(shocks(partial_findings(record))))
    record["scenarios"] = [s for s in record["scenarios"] if s["kind"] == "factor"]
    figures = [figure for figure in risk.build(partial_findings(record)) if figure.kind == "figure"]
    assert isinstance(figures[-1].body[-1], Notes)


def test_offers_are_called_by_origin_and_judged_by_it(records):
    record = records["origins"]
    run = partial_findings(record)
    assert not run.unjudged
    table = {row[0]: row[1:] for row in rows(offers(run))}
    for p in (p for p in record["positions"] if p["offer_of"]):
        place = "from China" if p["origin"] == "CHN" else "not from China"
        weight, own, reach = table[f"{p['offer_of'].capitalize()} {place}"]
        assert weight == (FMT.percent(p["weight"]) if p["weight"] > HELD else "–")
        assert own.startswith("licence (No.") if p["origin"] else own == "none: not from China"
        assert reach == ("–" if p["origin"] else "no clause that the ledger knows")


def test_clauses_that_reach_goods_made_abroad_are_named(records):
    record = copy.deepcopy(records["origins"])
    state = next(row for row in record["controls"] if row["asset"] == "gallium")
    clause = {**state["measures"][0], "instrument": "extraterritorial", "number": "No. 61 of 2025", "status": "suspended"}
    state["measures"].append({**clause, "counts": False})
    table = {row[0]: row[1:] for row in rows(offers(partial_findings(record)))}
    assert table["Gallium not from China"][-1].startswith("No.\u00a061/2025 (suspended)")
    assert table["Gallium from China"][-1] == "–"
    assert table["Germanium not from China"][-1] == "no clause that the ledger knows"


def test_offers_share_one_price_series(records):
    record = records["origins"]
    products = {p["offer_of"] or p["asset"] for p in record["positions"]}
    run = partial_findings(record)
    merged = by_product(run.proposal.assets, run.offers)
    assert {run.head(row).text.casefold() for row in merged} == {key.casefold() for key in products}


def test_no_key_of_an_offer_is_shown(pages):
    assert "_not_CHN" not in pages["origins"]
    assert "not from China" in pages["origins"]


def test_parts_of_the_costs_have_their_lines(records):
    record = copy.deepcopy(records["origins"])
    entry = record["costs"]["entry"]
    vat, impact = round(0.15 * entry, 2), round(0.05 * entry, 2)
    record["costs"]["items"] = {
        "entry": {"spread": 0.4 * entry, "premium": 0.4 * entry, "vat": vat, "impact": impact, "fees": 0.0},
        "yearly": {"storage": 800.0, "sites": 240.0},
    }
    found = partial_findings(record)
    figures = [figure for block in allocation.build(found) for figure in getattr(block, "figures", (block,))]
    told = next(figure.data for figure in figures if getattr(figure, "data", None))
    steps = {plain(row.cells[0]): plain(row.cells[1]) for row in told.rows}
    amounts = {
        label: float(step.replace("\u2212", "-").replace(",", "")) for label, step in steps.items() if step[1:2].isdigit()
    }
    # Within a cent: the parts close.
    assert amounts["VAT"] == pytest.approx(-0.15 * entry, abs=0.01)
    assert amounts["Market impact"] == pytest.approx(-0.05 * entry, abs=0.01)
    assert "Fees" not in steps
    page = report_html(record)
    assert "half the dealer spread, VAT and market impact" in page


def test_warnings_come_first_by_money_and_notes_after_their_lead(records, pages):
    record = records["normal"]
    (found,) = cautions.build(partial_findings(record))
    told = [plain(words) for _, words in found.items]
    assert len(told) == len(record["warnings"]) + len(record["notes"])
    leads = [i for i, words in enumerate(told) if words.startswith("How the numbers were made.")]
    assert leads == [len(record["warnings"])], "\n".join(words[:60] for words in told)
    page = html.unescape(pages["normal"])
    assert "--prices" not in page
    assert "control_scopes" not in page
    assert page.count("Each has no monthly price") == 1
    before = {key: value for key, value in record.items() if key not in ("notes", "remarks")}
    (older,) = cautions.build(partial_findings({**before, "warnings": [*record["warnings"], *record["notes"]]}))
    assert len(older.items) == len(told)


def test_what_a_solver_leaves_of_nothing_is_no_holding(records):
    record = copy.deepcopy(records["normal"])
    idle = next(p for p in record["positions"] if p["weight"] == 0)
    before = partial_findings(record).held
    idle["weight"] = 1e-9
    assert [p.asset for p in partial_findings(record).held] == [p.asset for p in before]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("rate of 2026-06, of 2026-27 lists", "rate of Jun\u00a02026, of 2026-27 lists"),
        ("90 % interval of -5 % (-3 to 2)", "90% interval of −5% (−3 to 2)"),
        ("0.70 +/- 0.11, override `probability`", "0.70\u00a0±\u00a00.11, override probability"),
        ("x-3 and mid-2026", "x-3 and mid-2026"),
    ],
)
def test_sentences_of_the_run_are_written_as_the_page_writes(written, told):
    assert FMT.sentence(written) == told


def test_shares_of_risk_say_of_which_risk():
    """A strategy that minimises a tail has parts of the tail, and the page may not call them parts of the variance."""
    settings = resolve({}, file=None)
    for strategy, words in (("us-ban-returns", "average loss of the worst twentieth (CVaR 95%)"), ("minimum-risk", "variance")):
        record = optimize(Request(strategy=strategy, context=Context(settings, date(2026, 10, 2)))).record.to_json()
        assert sum(record["risk_contributions"].values()) == pytest.approx(1)
        assert f"Share of the risk of the whole, measured by {words}" in html.unescape(report_html(record))


def test_falls_are_those_of_the_record_the_costliest_first(records):
    record = records["normal"]
    found = {s["factor"]: s for s in record["scenarios"] if s["kind"] == "factor"}
    figure = falls(partial_findings(record))
    bars = figure.body[0].bars
    losses = sorted((s["loss"] for s in found.values()), reverse=True)
    assert [plain(bar.cells[2]) for bar in bars] == [FMT.percent(loss) for loss in losses]
    assert [bar.value is not None for bar in bars] == [loss > 0 for loss in losses]
    assert {plain(bar.label) for bar in bars} == {"Precious metals", "Base metals", "Energy", "The dollar", "The supply shock"}
    assert {plain(bar.cells[0]) for bar in bars} == {FMT.percent(s["size"], 0) for s in found.values()}
    assert "Each factor falls by 2 standard deviations of a year" in plain(figure.sub)
    worst = max(found.values(), key=lambda s: s["loss"])
    assert plain(falls(partial_findings(record)).title).endswith(f"costs most: {FMT.percent(worst['loss'])} of value")
    record = copy.deepcopy(record)
    for s in record["scenarios"]:
        s["loss"] = -0.1
    assert plain(falls(partial_findings(record)).title) == "No named factor would cost anything by falling"


@pytest.mark.parametrize(
    ("losses", "title"),
    [
        ((0.2, -0.1), "“a” would cost 20.0% of value; “b” would bring 10.0%"),
        ((0.2, 0.1), "“a” would cost 20.0% of value"),
        ((-0.05, -0.1), "“b” would bring 10.0%"),
        ((0.0, 0.0), "No scenario of the strategy would cost anything"),
    ],
)
def test_the_scenarios_are_summed_up_by_their_extremes(records, losses, title):
    record = copy.deepcopy(records["shocks"])
    shock = next(s for s in record["scenarios"] if s["kind"] == "shock")
    record["scenarios"] = [{**shock, "name": name, "loss": loss} for name, loss in zip("ab", losses, strict=True)]
    assert plain(shocks(partial_findings(record)).title) == title
