"""One file with a lot in every delivery state: terminal, page, Markdown and JSON say the same of each, in English and German.

What is not known is nowhere drawn as clean: not in a row, not in a total, not in a picture.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.holdings.exposure import ExposureRequest, expose
from toolkit.app.languages import language
from toolkit.app.report.render import report
from toolkit.app.subjects import holdings, holdings_of
from toolkit.holdings.exposure import DELIVERIES, PLANS
from toolkit.report.formats.terminal import terminal
from toolkit.report.topics.holdings import document

DAY = date(2026, 12, 1)
HEADER = "lot_id,asset,form,quantity,unit,origin_country,location,status,destination,end_user"
LOTS = {
    "stored_safe": "gallium,metal,1,kg,CHN,Frankfurt,stored,,",
    "stored_at_origin": "gallium,metal,2,kg,CHN,Shanghai,stored,,",
    "stored_place_unknown": "gallium,metal,3,kg,CHN,,stored,,",
    "in_transit": "gallium,metal,4,kg,CHN,,in_transit,,",
    "open_order_at_risk": "gallium,metal,5,kg,CHN,,ordered,,",
    "may_not_return": "gallium,metal,15,kg,CHN,Frankfurt,lent,,",
    "open_order_clear": "indium,metal,6,kg,CHN,,ordered,,",
    "open_order_not_covered": "indium,metal,7,kg,KOR,,ordered,,",
    "planned_at_risk": "gallium,metal,8,kg,CHN,,planned,,",
    "planned_clear": "indium,metal,9,kg,CHN,,planned,,",
    "planned_not_covered": "indium,metal,10,kg,JPN,,planned,,",
}
"""One lot a state; its id is the state."""
UNKNOWN = {
    "open_order_not_covered",
    "planned_not_covered",
    "at_origin_not_covered",
    "in_transit_not_covered",
    "to_usa_not_covered",
    "origin_not_covered",
}
MORE = {
    "at_origin_not_covered": "indium,metal,11,kg,JPN,Osaka,stored,,",
    "in_transit_not_covered": "indium,metal,12,kg,USA,,in_transit,,",
    "to_usa_not_covered": "indium,metal,13,kg,FRA,,ordered,USA,",
    "origin_not_covered": "indium,metal,14,kg,unknown,,ordered,,",
}
"""Lots in the same states of which nothing is known, by the export law of where they come from."""
TERMS = {
    "en": {
        "stored_safe": "no: outside its origin",
        "stored_at_origin": "yes, when it is to leave the country",
        "stored_place_unknown": "unknown: its place is not clear",
        "in_transit": "unknown: it may have left its origin",
        "open_order_at_risk": "yes: it needs a licence",
        "open_order_clear": "no: nothing in force on it",
        "open_order_not_covered": "not known: the export law of its origin is not covered by the ledger",
        "may_not_return": "not known: it is not in your hands",
        "planned_at_risk": "yes: it needs a licence",
        "planned_clear": "no: nothing in force on it",
        "planned_not_covered": "not known: the export law of its origin is not covered by the ledger",
    },
    "de": {
        "stored_safe": "nein: schon außer Landes",
        "open_order_clear": "nein: keine geltende Maßnahme",
        "open_order_not_covered": "nicht bekannt: Das Ausfuhrrecht",
        "may_not_return": "nicht bekannt: Es ist nicht in Ihrer Hand",
        "planned_clear": "nein: keine geltende Maßnahme",
        "planned_not_covered": "nicht bekannt: Das Ausfuhrrecht",
    },
}
CLEAN = {"en": ("no: nothing in force on it",), "de": ("nein: keine geltende Maßnahme",)}
NOT_COVERED = {"en": "not known: the export law of its origin is not covered", "de": "nicht bekannt: Das Ausfuhrrecht"}


def request_of(folder, rows: dict[str, str]) -> ExposureRequest:
    file = folder / "lots.csv"
    file.write_text("\n".join((HEADER, *(f"{lot},{row}" for lot, row in rows.items()))) + "\n", encoding="utf-8")
    return ExposureRequest(str(file), Context(resolve({}, file=None), DAY))


@pytest.fixture(scope="module")
def asked(tmp_path_factory) -> ExposureRequest:
    return request_of(tmp_path_factory.mktemp("states"), {**LOTS, **MORE})


@pytest.fixture(scope="module")
def answer(asked):
    return expose(asked)


@pytest.fixture(scope="module")
def subject(asked):
    return holdings(asked)


def by_id(answer) -> dict[str, Any]:
    return {lot["lot_id"]: lot for lot in answer.to_json()["lots"]}


def test_every_state_has_a_lot_and_each_lot_its_state(answer):
    found = by_id(answer)
    assert {*LOTS} == {*DELIVERIES, *PLANS}
    assert {lot: found[lot]["delivery"] for lot in LOTS} == {lot: lot for lot in LOTS}


def test_json_and_totals_keep_the_unknown_apart(answer):
    found = answer.to_json()
    lots = {lot["lot_id"]: lot for lot in found["lots"]}
    assert {
        lot for lot, one in lots.items() if one["headline"] == "not_covered" and one["delivery"] != "stored_safe"
    } == UNKNOWN
    assert all(lots[lot]["coverage"] in ("partial", "pointer") for lot in UNKNOWN)
    clear = next(total for total in found["deliveries"] if total["name"] == "open_order_clear")
    assert clear["lots"] == 1
    assert clear["value"] == pytest.approx(lots["open_order_clear"]["value"])
    held = [lots[lot]["value"] for lot in UNKNOWN if not lot.startswith("planned")]
    assert found["not_covered"]["value"] == pytest.approx(sum(held))
    assert sum(total["value"] for total in found["deliveries"]) == pytest.approx(found["value"])


@pytest.mark.parametrize("lang", ["en", "de"])
def test_terminal_says_the_state_of_each_lot(asked, answer, lang):
    say, subject = language(lang), holdings_of(answer, asked)
    text = re.sub(r"\s+", " ", terminal(document(subject.record, subject.parts, answer.reading, say), say, width=400))
    for lot, words in TERMS[lang].items():
        assert re.search(rf"{lot} .*?{re.escape(words)}", text), (lot, words)


@pytest.mark.parametrize("lang", ["en", "de"])
@pytest.mark.parametrize("kind", ["html", "md", "email", "json"])
@pytest.mark.parametrize("name", ["exposure", "full"])
def test_no_format_draws_the_unknown_as_clean(subject, lang, kind, name):
    page = report(subject.record, subject.parts, name=name, lang=lang, format=kind)
    text = page.decode() if isinstance(page, bytes) else page
    assert NOT_COVERED[lang] in text.replace("\u00a0", " ") or kind == "email"
    for row in re.findall(r"<tr\b.*?</tr>|^\|.*\|$", text, re.DOTALL | re.MULTILINE):
        if any(lot in row for lot in UNKNOWN):
            assert not any(words in row for words in CLEAN[lang]), row


def test_two_lots_of_one_file_to_two_destinations_have_two_laws(tmp_path):
    """A company in Germany with sites in Boston and Osaka: the owner's country decided both."""
    rows = {
        "boston": "gallium,metal,40,kg,CHN,,ordered,USA,",
        "osaka": "gallium,metal,40,kg,CHN,,ordered,Japan,",
        "army": "gallium,metal,40,kg,CHN,,ordered,JPN,military",
        "home": "gallium,metal,40,kg,CHN,,ordered,,",
    }
    asked = request_of(tmp_path, rows)
    lots = by_id(expose(asked))
    assert {lot: one["headline"] for lot, one in lots.items()} == {
        "boston": "ban", "osaka": "licence", "army": "ban", "home": "licence",
    }  # fmt: skip
    assert {lot: (one["destination"], one["end_user"]) for lot, one in lots.items()} == {
        "boston": ("USA", "civil"), "osaka": ("JPN", "civil"), "army": ("JPN", "military"), "home": ("DEU", "civil"),
    }  # fmt: skip
    subject = holdings(asked)
    page = report(subject.record, subject.parts, name="exposure", lang="en", format="html").decode()
    stops = {}
    for row in re.findall(r"<tr\b.*?</tr>", page, re.DOTALL):
        plain = re.sub(r"<[^>]+>", " ", row)
        stops |= {lot: plain for lot in rows if re.search(rf"\b{lot}\b", plain) and "gallium" in plain.lower()}
    assert "may not leave its origin" in stops["boston"]
    assert "may not leave its origin" in stops["army"]
    assert "needs a licence" in stops["osaka"]


def test_what_may_not_go_where_it_is_used_covers_nothing(tmp_path):
    rows = {
        "here": "germanium,metal,5,kg,CHN,Frankfurt,stored,,",
        "there": "germanium,metal,7,kg,CHN,Frankfurt,stored,USA,military",
    }
    asked = request_of(tmp_path, rows)
    (cover,) = [one for one in expose(asked).to_json()["cover"] if one["asset"] == "germanium"]
    assert cover["stored"] == 5
