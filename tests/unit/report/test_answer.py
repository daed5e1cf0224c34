"""The answer of a run: heading, sentences, key figures, in English and German, and what is marked as derived."""

from __future__ import annotations

import copy

from tests.records import partial_findings
from toolkit.app.languages import language
from toolkit.core.text import half_up
from toolkit.report.document import Paragraph
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import plain
from toolkit.report.markers import NORMAL, SHOCKS, UNCERTAIN
from toolkit.report.topics.allocation import answer
from toolkit.report.topics.measures import unconfirmed

NB, THIN = "\u00a0", "\u202f"


def told(record, code="en"):
    """Heading, paragraph with what changes next, {label: (value, note)}, {label: words}."""
    heading, paragraph, following, figures, *_, status = answer.build(partial_findings(record, language=language(code)))
    return (
        plain(heading.text),
        f"{plain(paragraph.text)} {plain(following.text)}",
        {item.label: (plain(item.value), plain(item.note)) for item in figures.items},
        {label: plain(words) for label, words in status.items},
    )


def test_a_start_in_cash_says_what_to_buy_and_what_that_means(records):
    record = records["normal"]
    heading, paragraph, figures, status = told(record)
    volatility, costs = f"{100 * record['risk']['volatility']:.1f}%", record["costs"]
    held = Language().number_word(sum(p["weight"] > 0 for p in record["positions"]))
    loss = record["risk"]["cvar_95"]
    money = f"€{loss * (record['budget'] - costs['entry']):,.0f}"
    placed = sum(p["value"] for p in record["positions"])
    controlled = f"{100 * record['exposures']['controlled']:.1f}%"
    assert heading == (
        f"Buy {held} products for €{placed:,.0f}; {controlled} is under Chinese export control; a bad year costs {money}"
    )
    assert f"places €{placed:,.0f} of €100,000 in {held} products" in paragraph
    below = " ".join(plain(block.text) for block in answer.build(partial_findings(record)) if isinstance(block, Paragraph))
    assert "At the last observed prices one limit of five is broken." in below
    assert "No return is forecast" in below
    none = [p["asset"] for p in record["positions"] if not (p["weight"] or p["previous_weight"] or p["outside"])]
    assert ("Weighed and not bought: " in below) == bool(none)
    assert figures["Under export control"][0] == controlled
    assert figures["Loss in a bad year"] == (
        money,
        f"{100 * loss:.1f}% of value, the mean of the worst year in twenty; volatility {volatility} a year",
    )
    assert status["Unconfirmed facts in this report"] == str(len(unconfirmed(partial_findings(record))))


def test_a_change_is_told_against_today_in_both_languages(records):
    record = records["moved"]
    was, now = (f"{100 * value:.1f}" for value in (record["before"]["volatility"], record["risk"]["volatility"]))
    falls = float(now) < float(was)
    sides = {order["side"] for order in record["orders"]} - {"keep"}
    assert told(record)[0].startswith("Buy " if "buy" in sides else "Sell ")
    assert ("; sell " in told(record)[0]) == (sides == {"buy", "sell"})
    assert f"volatility {'falls' if falls else 'rises'} from {was}% to {now}% a year" in told(record)[0]
    heading, _, figures, _ = told(record, "de")
    verb, was, now = "sinkt" if falls else "steigt", was.replace(".", ","), now.replace(".", ",")
    assert f"die Volatilität {verb} von {was}{THIN}% auf {now}{THIN}% im Jahr" in heading
    assert "Handelskosten" in figures
    assert set(figures).isdisjoint(told(record)[2])


def test_equal_volatilities_neither_rise_nor_fall(records):
    record = copy.deepcopy(records["moved"])
    record["before"]["volatility"] = record["risk"]["volatility"] + 1e-5
    assert "; volatility stays at " in told(record)[0]


def test_nothing_bought_is_no_sentence_on_products(records):
    heading, paragraph, figures, _ = told(records["cash"])
    assert heading == "All of the €100,000 stays in cash"
    assert paragraph.startswith("Nothing is bought: €100,000 is kept as cash, without metal risk")
    assert "Trading costs" not in paragraph
    assert figures["Trading cost"] == ("€0", "nothing is traded at a spread")


def test_broken_limits_are_counted_in_the_heading(records):
    record = copy.deepcopy(records["normal"])
    limits = [c for c in record["constraints"] if c["value"] is not None]
    limits[0]["slack"] = -0.01
    assert len(limits) == 5
    assert told(record)[0].endswith("; one limit of five is broken")
    limits[1]["slack"] = -0.01
    assert told(record)[0].endswith("; two limits of five are broken")
    assert told(record, "de")[0].endswith("von fünf Grenzen sind verletzt")


def test_a_suspension_that_ends_names_its_last_day_the_day_after_and_where_resale_is_touched(records):
    record = records["normal"]
    ends = next(r for r in record["upcoming"] if r["instrument"] == "suspension" and r["status"] == "ahead")
    assert ends["date"] == "2026-11-27"
    paragraph = told(record)[1]
    assert f"In{NB}3{NB}days, 27{NB}November{NB}2026: last day on which the ban to the US on " in paragraph
    assert f"in force again from 28{NB}November{NB}2026 unless that is extended" in paragraph
    assert "this suspension concerns resale to the US, not delivery to Germany." in paragraph


def test_without_a_dated_change_the_paragraph_says_how_far_it_looked(records):
    paragraph = told({**records["normal"], "upcoming": [], "evidence": None, "rebalancing": None})[1]
    assert paragraph.endswith("No official change of a control is dated within 120 days.")


def test_what_rests_on_an_assumption_is_derived(records):
    run = partial_findings(records["normal"])
    _, paragraph, _, figures, *_ = answer.build(run)
    assert not any(span.style in ("assumption", "derived") for span in paragraph.text)
    # Tungsten is held, and its form is controlled only in part.
    assert run.rests_on(UNCERTAIN).refs[0] in figures.items[0].note[-1].refs
    values = {item.label: item.value[0].style for item in figures.items}
    assert values == {"Under export control": "derived", "Loss in a bad year": "derived", "Trading cost": "derived"}
    assert figures.items[1].note[-1].refs == run.rests_on(NORMAL, SHOCKS).refs


def test_a_share_under_control_without_uncertain_forms_is_data(records):
    record = copy.deepcopy(records["normal"])
    for row in record["controls"]:
        row |= {"uncertain": False, "headline": row["headline"].removesuffix("_uncertain")}
    figures = answer.build(partial_findings(record))[3]
    assert figures.items[0].value[0].style == "plain"


def test_break_even_is_the_rise_at_the_end_of_the_holding_period(subjects):
    subject = subjects["normal"]
    figures = answer.build(partial_findings(subject.record, subject.parts))[3]
    (found,) = [item for item in figures.items if item.label == "Break-even after 3 years"]
    exit_ = subject.parts["exit"]
    assert exit_["years"] == 3
    assert plain(found.value) == f"+{100 * exit_['total']['rise'][exit_['horizons'].index(3)]:.1f}%"
    assert f"trading costs €{half_up(subject.record['costs']['entry'], 0)}" in plain(found.note)


def test_the_basket_is_one_bar_with_a_name_a_part_what_is_controlled_first(records):
    record = records["normal"]
    found = partial_findings(record)
    figure = answer.build(found)[4]
    (chart,) = figure.body
    rank = {"controlled": 0, "unsettled": 1, "plain": 2}
    held = sorted(found.held, key=lambda p: (rank[found.standing(p.product)], -p.weight))
    assert chart.told.rstrip(".").split("; ") == [
        *(f"{found.head(p).text} {100 * p.weight:.1f}%" for p in held),
        f"Cash {100 * record['cash']['weight']:.1f}%",
    ]
    assert [mark for mark, _ in figure.legend] == ["on", "uncertain", "plain", "cash"]


def test_products_that_no_ledger_knows_are_not_drawn_as_free(records):
    figure = answer.build(partial_findings(records["tiny"]))[4]
    assert "plain" not in {mark for mark, _ in figure.legend}
    assert dict(figure.legend)["whitelist"] == "unknown to the ledger"


def test_what_changes_next_says_how_much_of_the_value_it_names(records):
    record = records["normal"]
    row = next(r for r in record["upcoming"] if r["date"] == "2026-11-27" and r["status"] == "ahead")
    metals = {metal.strip() for metal in row["metals"].split(";")}
    share = sum(p["weight"] for p in record["positions"] if p["asset"] in metals)
    assert f"({100 * share:.1f}% of value)" in told(record)[1]
