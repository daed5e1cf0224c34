"""Opening and lots of an exposure report: what can be stopped, in words and figures that close, whatever the file holds."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from datetime import date

import pytest

from tests.blocks import figures, rows, table_of
from tests.lots import HEADER, TWELVE, ask_of, findings_of
from tests.records import report
from tests.subjects import HOSTILE, context, proposal
from tests.subjects import holdings as subjects_holdings
from toolkit.app import subjects
from toolkit.app.holdings.exposure import ExposureRequest
from toolkit.app.languages import language
from toolkit.app.report.theme import theme
from toolkit.records.run import Run
from toolkit.report.compose import ReportDefinition, compose
from toolkit.report.document import Chart, Figure, Heading, KeyFigures, Notes, Paragraph
from toolkit.report.formats.html import render
from toolkit.report.i18n.text import plain
from toolkit.report.topics.allocation import document
from toolkit.report.topics.holdings import LOT_ROWS, holdings, holdings_answer, reach, sums, terms
from toolkit.report.topics.method import file


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    return ask_of(tmp_path_factory.mktemp("held"), *TWELVE)


@pytest.fixture(scope="module")
def found(ask):
    return findings_of(ask)


def opening(found):
    heading, paragraph, following, figures, *_, status = holdings_answer.build(found)
    assert isinstance(heading, Heading)
    assert isinstance(paragraph, Paragraph)
    assert isinstance(figures, KeyFigures)
    return plain(heading.text), f"{plain(paragraph.text)} {plain(following.text)}", figures, status


def number(cell) -> float:
    return float(plain(cell).replace(",", ""))


def test_every_lot_is_in_one_reach_and_the_sums_close(found):
    exposure = found.exposure
    parts = sums(exposure.lots)
    held = [lot for lot in exposure.lots if lot.status != "planned"]
    assert sum(part.lots for part in parts.values()) == len(held) < len(exposure.lots)
    assert sum(part.value for part in parts.values()) == pytest.approx(exposure.value)
    totals = {row.name: row.value for row in exposure.deliveries}
    assert parts["order"].value == pytest.approx(totals["open_order_at_risk"])
    assert parts["safe"].value == pytest.approx(totals["stored_safe"])
    where = {lot.lot_id: reach(lot) for lot in exposure.lots}
    assert (where["DY-0"], where["TB-1"], where["IN-2"], where["GX-1"]) == ("unsettled", "unsettled", "unknown", "safe")


def test_the_opening_says_what_a_control_may_stop_as_the_terminal_does(ask, found):
    exposure = ask.record.to_json()["exposure"]
    heading, paragraph, figures, _ = opening(found)
    assert heading == (
        f"An export control may stop {found.money(exposure['at_risk']['value'])} of {found.money(exposure['value'])}; "
        f"{found.money(exposure['deliveries'][0]['value'])} is stored outside the country of origin"
    )
    assert "In 3 days, 27 November 2026".replace(" ", "\u00a0") in paragraph.replace(" ", "\u00a0")
    named = [lot for lot in exposure["lots"] if lot["asset"] in ("gallium", "germanium") and lot["status"] != "planned"]
    share = sum(lot["value"] or 0.0 for lot in named if lot["export_from"] == "CHN") / exposure["value"]
    assert (
        f"The lots hold gallium and germanium ({100 * share:.1f}% of value); this suspension concerns resale to the US, "
        "not delivery to Germany." in paragraph
    )
    assert [plain(item.value) for item in figures.items] == [
        found.money(exposure["at_risk"]["value"]),
        found.money(exposure["resale_restricted"]["value"]),
        found.money(found.parts.exit.total.sale),
    ]


def test_the_rows_of_the_bar_add_up_to_its_total(found):
    figure = next(block for block in holdings_answer.build(found) if isinstance(block, Figure))
    *rows, planned = figure.data.rows
    assert [plain(cell) for cell in planned.cells[:2]] == ["Planned, not owned, in no total", "1"]
    values = [number(row.cells[2]) for row in rows]
    assert sum(values[:-1]) == pytest.approx(values[-1], abs=3)
    assert sum(number(row.cells[1]) for row in rows[:-1]) == number(rows[-1].cells[1]) == 11
    chart = next(block for block in figure.body if isinstance(block, Chart))
    drawn = sum(float(amount.replace(",", "")) for amount in re.findall(r"€([\d,]+)", chart.told))
    assert drawn == pytest.approx(values[-1], abs=len(TWELVE))


def test_each_lot_says_whether_it_can_be_stopped(found):
    rows = table_of(holdings.build(found)[0]).rows
    marked = [plain(row.cells[0]).startswith("▲") for row in rows]
    assert marked == sorted(marked, reverse=True)
    assert 0 < sum(marked) < len(marked)
    lots = {plain(row.cells[0]).removeprefix("▲ "): [plain(cell) for cell in row.cells] for row in rows}
    assert lots["GE-2"][-2] == "yes: it needs a licence"
    assert lots["GE-2"][6] == "No.\u00a023/2023"
    assert lots["GA-1"][-2] == "no: outside its origin"
    assert lots["DY-0"][-2] == "yes, when it is to leave the country"
    assert lots["TB-1"][-2] == "unknown: it may have left its origin"
    assert lots["IN-2"][-2] == "not known: the export law of its origin is not covered by the ledger"
    assert lots["GX-1"][3:5] == ["–", "–"]
    price = next(p for p in found.exposure.prices if p.asset == "germanium")
    assert lots["GE-2"][3].startswith(f"{price.price:,.0f} ± ")
    assert lots["RE-1"][3].startswith("○ ")  # an average of a year
    assert lots["IN-2"][1] == "Indium, metal, origin unknown"


@pytest.mark.parametrize(
    ("rows", "heading"),
    [
        ((TWELVE[0],), r"Nothing of €[\d,]+ can be stopped by an export control that the ledger knows"),
        ((TWELVE[11],), "Nothing in the file can be stopped by an export control that the ledger knows"),
        ((TWELVE[10],), r"An export control may stop €(\d+) of €\1"),
        ((TWELVE[3],), r"An export control may stop €([\d,]+) of €\1"),
        (
            (TWELVE[11].replace("stored", "ordered").replace("Frankfurt", ""),),
            "An export control may stop one lot without a price",
        ),
        (
            (TWELVE[3], TWELVE[11].replace("stored", "ordered").replace("Frankfurt", "")),
            r"An export control may stop €([\d,]+) of €\1, and one lot without a price",
        ),
    ],
)
def test_small_files(tmp_path, rows, heading):
    found = findings_of(ask_of(tmp_path, *rows))
    told, paragraph, figures, _ = opening(found)
    assert re.fullmatch(heading, told)
    assert "– of value" not in paragraph + "".join(plain(item.note) for item in figures.items)
    assert holdings.build(found)


def test_the_opening_says_how_many_lots_are_in_none_of_its_figures(tmp_path):
    words = "One of them has no price and is in no total."
    assert words in opening(findings_of(ask_of(tmp_path, TWELVE[0], TWELVE[11])))[1]
    assert words not in opening(findings_of(ask_of(tmp_path, TWELVE[0])))[1]


@pytest.mark.parametrize(
    ("lots", "title"),
    [
        ((TWELVE[0], TWELVE[11].replace("stored", "ordered").replace("Frankfurt", "")), "2\xa0kg gallium, bought for €600"),
        ((TWELVE[3], TWELVE[11].replace("stored", "ordered").replace("Frankfurt", "")), "3\xa0kg germanium, worth €"),
        ((TWELVE[0], TWELVE[11].replace("Frankfurt", "Shanghai")), "2\xa0kg gallium, bought for €600"),
    ],
)
def test_a_lot_without_a_price_is_not_worth_a_dash(tmp_path, lots, title):
    told = [plain(figure.title) for figure in holdings.build(findings_of(ask_of(tmp_path, *lots))) if hasattr(figure, "title")]
    assert any(title in words for words in told)
    assert "€0" not in "".join(told)


def test_a_plan_without_a_price_is_not_worth_nothing(tmp_path):
    plan = TWELVE[11].replace("stored", "planned").replace("2022-02-20", "")
    assert "One more lot, without a price, is only planned" in opening(findings_of(ask_of(tmp_path, TWELVE[0], plan)))[1]


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ((TWELVE[11].replace("stored", "planned").replace("2022-02-20", ""),), "All that the file lists is only planned"),
        ((), "The file lists no lots of metal"),
    ],
)
def test_a_file_without_metal_that_is_held_has_no_figures_of_nothing(tmp_path, rows, title):
    """An empty file had three figures '0 (no lots without a price)' and five sections that blamed the data."""
    found = findings_of(ask_of(tmp_path, *rows))
    heading, *others = holdings_answer.build(found)
    assert plain(heading.text) == title
    assert not any(isinstance(block, KeyFigures) for block in others)
    shown = compose(found, ReportDefinition("Exposure", ("holdings-answer", "resale", "exit", "whatif", "calendar")))
    assert rows or [one.name for one in shown.sections] == ["holdings-answer", "calendar"]


def test_five_hundred_lots_stay_readable(tmp_path):
    cells = TWELVE[1].split(",")
    rows = [",".join([f"L{i:03d}", *cells[1:4], str(1 + i / 100), *cells[5:]]) for i in range(500)]
    ask = ask_of(tmp_path, *rows)
    found = findings_of(ask)
    figure = holdings.build(found)[0]
    shown = table_of(figure).rows
    assert len(shown) == LOT_ROWS + 1
    assert plain(shown[-1].cells[0]) == "470 further lots"
    values = sorted((lot["value"] for lot in ask.record.to_json()["exposure"]["lots"]), reverse=True)
    assert number(shown[-1].cells[4]) == pytest.approx(sum(values[LOT_ROWS:]), abs=1)
    assert len(figure.data.rows) == 500
    page = render(
        compose(found, ReportDefinition("Exposure", ("holdings-answer", "holdings", "resale", "exit"))), theme(), found.say
    )
    assert len(page.encode()) < 300_000


def test_hostile_names_stay_inside_their_spans(tmp_path):
    rows = [row.split(",") for row in TWELVE[:4]]
    for row, evil in zip(rows, HOSTILE, strict=True):
        row[0], row[10], row[12], row[16] = evil, f"{evil} here" if row[11] == "stored" else "", evil, evil
    found = findings_of(ask_of(tmp_path, *(",".join(row) for row in rows)))
    shown = [span for row in table_of(holdings.build(found)[0]).rows for span in row.cells[0] if span.style != "warn"]
    assert {span.style for span in shown} == {"name"}
    assert max(len(span.text) for span in shown) <= 40
    page = render(
        compose(found, ReportDefinition("Exposure", ("holdings-answer", "holdings", "resale", "exit"))), theme(), found.say
    )
    assert "<script>" not in page
    body = re.sub(r"<bdi>.*?</bdi>|<svg.*?</svg>", "", page, flags=re.DOTALL)
    assert not any(evil in body for evil in HOSTILE[1:])


def test_a_page_for_several_subjects_leaves_out_what_is_about_another(found):
    both = compose(found, ReportDefinition("Webinar", ("answer", "holdings-answer", "exposure", "holdings", "limits")))
    assert [section.name for section in both.sections] == ["holdings-answer", "holdings"]
    one = compose(found, ReportDefinition("Allocation", ("answer", "exposure")))
    assert [section.name for section in one.sections] == ["exposure"]


def test_an_origin_that_no_lot_has_is_said_once(tmp_path):
    unknown = [TWELVE[i].replace("CHN", "unknown") for i in (0, 2)]
    for lots, once in ((unknown, True), ((*unknown, TWELVE[4]), False)):
        figure = next(f for f in holdings.build(findings_of(ask_of(tmp_path, *lots))) if "largest" in plain(f.title))
        told = [plain(row.cells[1]) for row in table_of(figure).rows]
        assert ("The file names no origin" in plain(figure.sub)) is once
        assert any("origin unknown" in words for words in told) is not once


def test_headers_and_columns_stay_as_a_file_has_them(tmp_path):
    """The column status is no status of a solver."""
    header = HEADER.replace("status", "order status").replace("certificate", "coa")
    (notes,) = file.build(findings_of(ask_of(tmp_path, TWELVE[0], header=header), "de"))
    told = " ".join(plain(words) for _, words in notes.items)
    assert "„order status“ als status" in told
    assert "Löser" not in told


def test_how_the_file_was_read_is_on_the_page(found):
    """Every note and every warning of the record, each once."""
    (notes,) = file.build(found)
    record = found.record
    assert len(notes.items) == len(record.warnings) + len(record.notes) > 0
    shown = " ".join(plain(words) for _, words in notes.items)
    for words in (*record.warnings, *record.notes):
        assert plain(found.sentence(words)) in shown


def test_what_a_sale_costs_stands_on_the_first_screen(found):
    figures = {item.label: item for item in opening(found)[2].items}
    total = found.parts.exit.total
    assert plain(figures["Lost in a sale today"].value) == found.money(total.sale)
    note, products = plain(figures["Lost in a sale today"].note), found.parts.exit.products
    most = max(products, key=lambda product: product.sale)
    assert found.money(total.value) in note
    assert f"most in {most.name.split()[0].casefold()}: {found.money(most.sale)}" in note.casefold()


def test_a_suspension_names_lots_of_the_forms_that_its_notice_names(tmp_path):
    row = "X-1,germanium,{form},5N,5,kg,2026-01-20,3400,EUR,CHN,DEU,stored,,,,,"
    told = {form: opening(findings_of(ask_of(tmp_path, row.format(form=form))))[1] for form in ("metal", "nitride")}
    assert "The lots hold germanium" in told["metal"]
    assert "The lots hold" not in told["nitride"]


def test_the_source_line_names_whose_prices_the_values_rest_on(found):
    """It called a dealer's prices, averages of a year and last observed prices the last estimated price."""

    def source(of):
        return next(told for figure in figures(holdings.build(of)) if (told := plain(figure.source)).startswith("Source: lots"))

    assert "at estimated prices" in source(found)
    prices = found.exposure.prices
    bid = replace(prices[0], kind="quote", price_from="dealer", source="kontor (dealer_bid)", basis="dealer_bid_ask")
    own = replace(prices[1], kind="quote", price_from="own_price", source="mine.csv", basis="own_quote")
    exposure = found.exposure.model_copy(update={"prices": (bid, own)})
    changed = replace(found, record=found.record.model_copy(update={"exposure": exposure}))
    assert source(changed).startswith(
        "Source: lots of the file at a dealer’s prices\xa0(kontor) and at own prices of a day\xa0(mine.csv); notices"
    )


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("en", "Price from kontor (between a dealer’s bid and ask), 20\xa0Nov\xa02026: Gallium."),
        ("de", "Preis aus kontor (zwischen Geld und Brief des Händlers), 20.11.2026: Gallium."),
    ],
)
def test_a_price_between_bid_and_ask_names_the_dealer_and_not_one_side(lang, told):
    """It was named `kontor (dealer_bid) (dealer)`."""
    record = copy.deepcopy(proposal())
    of_dealer = {"price_source": "kontor (dealer_bid)", "price_from": "dealer", "basis": "dealer_bid_ask"}
    gallium = next(p for p in record["positions"] if p["asset"] == "gallium")
    gallium |= {**of_dealer, "price_date": "2026-11-20", "name": "Gallium"}
    shown = next(one for one in document(Run.model_validate(record), language(lang)).sections if one.name == "allocation")
    notes = [plain(words) for block in shown.blocks if isinstance(block, Notes) for _, words in block.items]
    assert told in notes


def test_who_is_barred_is_not_narrowed_to_military_buyers_when_a_country_is_barred(tmp_path):
    row = "GE-1,germanium,metal,5N,6,kg,2023-05-02,1350,EUR,CHN,Frankfurt,stored,,,,,"
    ask = ask_of(tmp_path, row, as_of=date(2026, 11, 28))
    answers = {(one.destination, one.end_user): one.answer for one in ask.record.exposure.lots[0].answers}
    assert answers["USA", "civil"] == "no"
    figures = next(block for block in holdings_answer.build(findings_of(ask)) if isinstance(block, KeyFigures))
    notes = [plain(item.note) for item in figures.items]
    assert not any("military" in note for note in notes)
    assert any("100.0% of value, barred from some buyers" in note for note in notes)


@pytest.mark.parametrize("owner", ["USA", "DEU"])
def test_a_ban_that_returned_by_its_date_is_told_in_the_opening_and_among_the_duties_of_who_it_binds(tmp_path, owner):
    """The matrix of a short report has no column of the ban to the US; it left it out for an owner in the US as well."""
    (path := tmp_path / "lots.csv").write_text("asset,quantity,origin_country,location\ngallium,5,CHN,Frankfurt\n")
    ask = subjects.holdings(ExposureRequest(str(path), context(date(2026, 11, 28), owner)))
    page = report(ask.record.to_json(), ask.parts.to_json(), name="exposure", lang="en").decode()
    plain_page = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page).replace("\xa0", " "))
    assert "In force since 28 November 2026 by the dates of the acts; whether that was extended after" in plain_page
    assert ("this suspension concerns resale to the US" in plain_page) == (owner == "DEU")
    assert ("ban by dates since 28 Nov 2026, unconfirmed" in plain_page) == (owner == "USA")
    assert ("No. 23/2023 since 1 Aug 2023" in plain_page) == (owner == "DEU")


def test_an_order_from_a_country_whose_law_the_ledger_lacks_is_not_called_beyond_reach(tmp_path):
    """ "no: nothing in force on it" stood beside an order from Chile, of whose export law the ledger holds nothing."""
    rows = [
        "RE-1,rhenium,metal,99.9 %,2,kg,2026-05-02,1350,EUR,CHL,Frankfurt,ordered,,,,,",
        "IN-1,indium,metal,4N,2,kg,2026-05-02,350,EUR,CHN,Frankfurt,ordered,,,,,",
        "HF-1,hafnium,metal,99.9 %,2,kg,2026-05-02,3350,EUR,FRA,Frankfurt,ordered,,,,,",
        "AG-1,silver,metal,999,2,kg,2026-05-02,1350,EUR,CHN,Frankfurt,ordered,,,,,",
        "CO-1,cobalt,metal,,2,kg,2026-05-02,45,EUR,COD,Frankfurt,ordered,,,,,",
    ]
    found = holdings.build(findings_of(ask_of(tmp_path, *rows)))
    told = {plain(row.cells[0]): plain(row.cells[-2]) for row in table_of(found[0]).rows}
    assert told["RE-1"] == "not known: the export law of its origin is not covered by the ledger"
    assert told["IN-1"] == "no: nothing in force on it"
    assert told["HF-1"].startswith("no: ")
    assert told["AG-1"] == "no, if its exporter is on the list"
    assert told["▲ CO-1"] == "yes, beyond the quota of its origin"


NOTHING_GIVEN = (
    "asset,quantity,unit,purchase_date\ngallium,12,kg,2024-11-05\nindium,25,kg,2025-03-03\nrhenium,3,kg,2025-02-17\n"
)


def test_a_lot_without_an_id_is_its_row_in_the_language_of_the_reader(tmp_path):
    held = subjects_holdings(tmp_path / "rows.csv", NOTHING_GIVEN)
    assert [lot["lot_id"] for lot in held.record["exposure"]["lots"]] == ["row 2", "row 3", "row 4"]
    for lang, own, other in (("en", "row 2", "Zeile 2"), ("de", "Zeile 2", "row 2")):
        page = report(held.record, held.parts, name="full", lang=lang).decode()
        assert own in page
        assert other not in page


def test_what_a_file_lacks_everywhere_is_said_in_one_word_and_forms_are_named(tmp_path):
    held = subjects_holdings(tmp_path / "rows.csv", NOTHING_GIVEN)
    told = [note for note in held.record["notes"] if "given" in note]
    assert "No origin given, taken as unknown: every lot." in told
    assert "No form given, taken as traded: gallium (metal), indium (metal), rhenium (metal)." in told
    some = NOTHING_GIVEN.replace("purchase_date", "purchase_date,origin_country").replace("2024-11-05", "2024-11-05,CHN")
    held = subjects_holdings(tmp_path / "some.csv", some.replace("-03-03", "-03-03,").replace("-02-17", "-02-17,"))
    assert "No origin given, taken as unknown: row 3, row 4." in held.record["notes"]


def test_a_short_report_says_old_prices_old_sources_and_unknown_origins_once(tmp_path):
    held = subjects_holdings(tmp_path / "rows.csv", NOTHING_GIVEN)
    warned = " ".join(held.record["warnings"])
    assert all(words in warned for words in ("newer figures have been due", "days old", "Origin unknown"))
    short = report(held.record, held.parts, name="exposure", lang="en").decode()
    of_file = short.split('<section id="file"', 1)[1].split("</section>", 1)[0]
    assert not any(words in of_file for words in ("been due", "days old", "Origin unknown"))
    of_sources = re.sub("<[^>]+>", "", short.split('<section id="sources"', 1)[1])
    assert re.search(r"▲\xa0\d+ days late", of_sources)
    assert "lots of unknown origin are judged as if they came from China" in short
    assert "standard errors" in of_file


def test_the_lot_on_which_most_money_hangs_leads_though_its_form_has_no_price(tmp_path):
    """A lot of oxide that was paid in full counted as zero: a smaller one was called the largest at risk."""
    lots = (
        "4711,gallium,,40,kg,1250,EUR,2026-10-01,,ordered,CHN,15000",
        "4712,germanium,oxide,60,kg,1278,EUR,2026-10-10,,in_transit,CHN,",
        "S-1,gallium,,100,kg,300,EUR,2022-02-01,Zürich,stored,CHN,",
    )
    header = "lot_id,asset,form,quantity,unit,purchase_price,currency,purchase_date,location,status,origin_country,paid"
    run = findings_of(ask_of(tmp_path, *lots, header=header))
    listed = next(one for one in figures(holdings.build(run)) if "largest lot" in plain(one.title))
    assert plain(listed.title) == "The largest lot at risk is 60\xa0kg germanium, bought for €76,680"
    (figure,) = figures(terms.build(run))
    assert plain(figure.title) == "€91,680 is paid and €35,000 still owed for what has not arrived"
    assert [(lot.removeprefix("▲ "), *money) for lot, _, *money, _, _ in rows(figure)] == [
        ("4712", "76,680", "–"), ("4711", "15,000", "35,000"),
    ]  # fmt: skip


def test_without_an_order_nothing_is_said_of_orders(tmp_path):
    run = findings_of(ask_of(tmp_path, "GA-1,gallium,metal,99.99 %,12,kg,2024-03-14,420,EUR,CHN,Zürich,stored,,,,,"))
    assert terms.build(run) == ()
    titles = {one.title for one in compose(run, ReportDefinition("x", ("holdings", "terms"))).sections}
    assert "What hangs on the orders" not in titles
