"""`controls`, `upcoming`, `exposure`, `shock` and `event` as a user runs them: output, JSON shape, exit codes."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from toolkit.report.formats.terminal import as_line
from toolkit.report.i18n.formats import NBSP, TerminalFormats
from toolkit.report.i18n.text import text

TODAY = ("--as-of", "2026-11-24")
CONTRACT = {
    "metal",
    "form",
    "origin",
    "destination",
    "end_user",
    "as_of",
    "headline",
    "listed",
    "measures",
    "next_changes",
    "note",
}
MEASURE = {"event_id", "instrument", "standing", "since", "until", "number", "authority", "metals", "scope", "source"}
LOTS = (
    "lot_id,asset,form,purity,quantity,unit,purchase_date,purchase_price,currency,origin_country,location,status,certificate\n"
    "L1,gallium,metal,99.99 %,5,kg,2024-02-01,300,EUR,CHN,Frankfurt,stored,CoA 1\n"
    "L2,germanium,metal,5N,1,kg,2026-08-01,4000,EUR,CHN,,ordered,\n"
)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("day", "headline"),
    [
        ("2023-07-31", "not_listed"),
        ("2026-11-24", "licence+ban_suspended"),
        ("2026-11-28", "ban"),
    ],
)
def test_gallium_to_the_united_states(as_json, day, headline):
    found = as_json("controls", "gallium", "--to", "USA", "--as-of", day)
    assert set(found) >= CONTRACT
    assert (found["headline"], found["form"], found["form_basis"]) == (headline, "metal", "traded")
    assert (found["origin"], found["destination"], found["end_user"], found["as_of"]) == ("CHN", "USA", "civil", day)
    assert all(set(measure) >= MEASURE for measure in found["measures"])
    traded = [form for form in found["forms"] if form["traded"]]
    assert [form["headline"] for form in traded] == [headline]


BY_DATES = "in force since 2026-11-28 by the dates of the acts; whether the suspension was extended"


@pytest.mark.parametrize(
    ("metal", "day", "told"), [("gallium", "2026-11-27", 0), ("antimony", "2026-11-28", 1), ("", "2026-11-28", 1)]
)
def test_what_is_in_force_by_a_date_after_the_last_review_says_that_no_act_was_seen(called, metal, day, told):
    code, out, _ = called("controls", *metal.split(), "--to", "USA", "--as-of", day)
    assert code == 0
    assert " ".join(out.split()).count(f"No. 46/2024 para 2: {BY_DATES}") == told


def test_a_state_stands_beside_the_days_of_that_state(called):
    """A suspended ban since the day of the ban, and a licence with it since the day of the licence, were periods that never were."""
    _, out, _ = called("controls", "gallium", "--to", "USA", "--as-of", "2026-11-27", "--format", "markdown")
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in out.replace("\xa0", " ").replace("\\_", "_").splitlines()
        if line[:1] == "|"
    ]
    (ban,) = [row for row in rows if row[2:3] == ["suspended"]]
    assert ban[3:5] == ["9 Nov 2025", "27 Nov 2026"]
    (oxide,) = [row for row in rows if row[0] == "oxide"]
    assert oxide[1:4] == ["licence + ban (suspended)", "9 Nov 2025", "27 Nov 2026"]


def test_indium_by_form(as_json):
    metal = as_json("controls", "indium", "--form", "metal", *TODAY)
    assert (metal["headline"], metal["listed"]) == ("not_listed", False)
    assert metal["note"].startswith("People think")
    phosphide = as_json("controls", "In", "--form", "phosphide", *TODAY)
    assert phosphide["headline"] == "licence"
    assert [m["since"] for m in phosphide["measures"] if m["counts"]] == ["2025-02-04"]
    assert phosphide["forms"] == []


def test_a_metal_that_no_notice_names(as_json):
    found = as_json("controls", "neodymium", *TODAY)
    assert (found["headline"], found["listed"]) == ("not_listed", False)
    assert found["note"]


@pytest.mark.parametrize(
    ("asked", "headline"),
    [
        (("hafnium",), "licence"),
        (("hafnium", "--to", "USA", "--end-user", "military"), "ban"),
        (("hafnium", "--as-of", "2024-11-20"), "licence"),
        (("bismuth", "--purity", "5N"), "licence"),
        (("bismuth", "--purity", "5N", "--as-of", "2024-12-05"), "licence_uncertain"),
        (("bismuth", "--purity", "99.9 %", "--as-of", "2024-12-05"), "not_listed"),
        (("tungsten", "--size", "30x700"), "whitelist"),
        (("tungsten", "--size", "150x150x100"), "licence"),
        (("tungsten",), "licence_above_size"),
        (("rhenium",), "licence_above_size"),
        (("rhenium", "--size", "25kg"), "licence_uncertain"),
        (("rhenium", "--size", "1kg"), "not_listed"),
        (("zirconium",), "licence_uncertain"),
        (("nickel", "--form", "powder"), "licence_uncertain"),
        (("magnesium",), "licence_uncertain"),
        (("beryllium",), "licence"),
    ],
)
def test_what_the_unified_list_names(as_json, asked, headline):
    """An order of Chinese hafnium was called clear, its resale free, military use in the US allowed."""
    found = as_json("controls", *asked, *(() if "--as-of" in asked else TODAY))
    assert found["headline"] == headline
    assert headline in ("whitelist", "not_listed") or found["note"] or "bismuth" in asked


def test_all_products(as_json, called):
    found = as_json("controls", *TODAY)["products"]
    assert {"gallium", "gold", "dysprosium"} <= {state["metal"] for state in found}
    code, out, _ = called("controls", *TODAY)
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("controls", "galium"), 3, "gallium"),
        (("controls", "gallium", "--form", "oxyde"), 3, "oxide"),
        (("controls", "gallium", "--to", "UAS"), 2, "USA"),
        (("controls", "gallium", "--to", "EUR"), 2, "ISO 3166"),
        (("controls", "gallium", "--origin", "CHI"), 2, "CHN"),
        (("controls", "gallium", "--destination", "GER"), 2, "DEU"),
        (("optimize", "--destination", "GER"), 2, "DEU"),
        (("controls", "gallium", "--end-user", "navvy"), 3, "military"),
        (("controls", "gallium", "--purity", "pure"), 2, "4N"),
        (("controls", "--form", "metal"), 2, "METAL"),
        (("controls", "gallium", "--item", "8112"), 2, "--item"),
        (("controls", "--item", "81"), 2, "four digits"),
        (("upcoming", "--within", "soon"), 2, "90d"),
        (("exposure", "missing.csv"), 3, "path"),
        (("shock", "galium"), 3, "gallium"),
        (("shock", "gallium", "--loss", "1"), 2, "0.5"),
        (("shock", "gallium", "--elasticity", "x"), 2, "0.25:0.7"),
        (("event", "EV999"), 3, "EV0"),
        (("event", "46/2024"), 3, "EV037b"),
    ],
)
def test_errors_name_the_remedy_and_have_their_code(called, arguments, code, told):
    got, out, _ = called(*arguments, *TODAY, "--json")
    assert got == code
    error = json.loads(out)["error"]
    assert error["message"]
    assert told in error["hint"]


def test_items_by_code_and_by_words(as_json):
    by_code = as_json("controls", "--item", "8112929010", *TODAY)["items"]
    assert [(row["item"], row["status"]) for row in by_code] == [("gallium metal", "in_force")]
    assert as_json("controls", "--item", "8112.9290", *TODAY)["items"]
    assert {row["metals"] for row in as_json("controls", "--item", "indium phosphide", *TODAY)["items"]} == {"indium"}
    assert as_json("controls", "--item", "unobtainium", *TODAY)["items"] == []
    assert as_json("controls", "--item", "8112929010", "--as-of", "2023-07-02")["items"] == []


def test_the_calendar_of_today(as_json, called):
    found = as_json("upcoming", "--within", "90d", *TODAY)
    ahead = {row["date"]: row for row in found["upcoming"]}
    assert {day: ahead[day]["standing"] for day in ("2026-11-27", "2027-01-10")} == {
        "2026-11-27": "official",
        "2027-01-10": "claimed",
    }
    assert ahead["2027-01-01"]["confidence"].startswith("verified")
    lapsed = {row["event_id"]: (row["date"], row["what"]) for row in found["lapsed"]}
    assert {day for day, _ in lapsed.values()} == {"2026-11-09", "2026-11-10"}
    assert "unless the claimed extension holds (MOFCOM, to 2027-01-10" in lapsed["EV062"][1]
    code, out, _ = called("upcoming", *TODAY)
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80


def test_the_review_of_the_ledger(as_json, called):
    found = as_json("ledger", "review", *TODAY)
    assert (found["as_of"], found["reviewed_to"], found["days_since"]) == ("2026-11-24", "2026-10-08", 47)
    assert {row["event_id"] for row in found["ended"]} == {"EV062", "EV098", "EV115b"}
    assert {row["event_id"] for row in found["claims"]} == {"EV089"}
    assert "EV015" in {row["event_id"] for row in found["unchecked"]}
    code, out, _ = called("ledger", "review", *TODAY)
    assert code == 0
    assert "47 days after the last reviewed day" in out
    shown = " ".join(out.split())
    notices = [as_line(text(TerminalFormats().notices(row["title"]))).replace(NBSP, " ") for row in found["unconfirmed"]]
    assert notices
    assert [notice for notice in notices if notice not in shown] == []


@pytest.mark.parametrize(("within", "code"), [("1d", 0), ("3d", 8)])
def test_an_alert_is_an_exit_code(called, within, code):
    for more in ((), ("--json",)):
        assert called("upcoming", "--within", within, "--alert", *TODAY, *more)[0] == code
        assert called("upcoming", "--within", within, *TODAY, *more)[0] == 0


def test_own_events_are_visibly_own(as_json, called):
    Path("own.csv").write_text("event_id,ends\nEV063,2027-03-31\n", encoding="utf-8")
    found = as_json("controls", "gallium", "--to", "USA", "--as-of", "2026-12-31", "--events", "own.csv")
    assert (found["headline"], found["own_events"]) == ("licence+ban_suspended", ["EV063"])
    code, out, _ = called("controls", "gallium", "--to", "USA", "--as-of", "2026-12-31", "--events", "own.csv")
    assert code == 0
    assert "Your own events, not checked: EV063" in out
    Path("bad.csv").write_text("event_id,ends\nEV063,2024-01-01\n", encoding="utf-8")
    code, out, _ = called("upcoming", *TODAY, "--events", "bad.csv", "--json")
    assert code == 3
    error = json.loads(out)["error"]
    assert (error["details"]["file"], error["details"]["rows"]) == ("bad.csv", [2])


def test_exposure_table_and_object(as_json, called):
    Path("lots.csv").write_text(LOTS, encoding="utf-8")
    found = as_json("exposure", "lots.csv", *TODAY)
    deliveries = {total["name"]: total["value"] for total in found["deliveries"]}
    assert sum(deliveries.values()) == pytest.approx(found["value"])
    assert deliveries["stored_safe"] > 0
    assert deliveries["open_order_at_risk"] > 0
    assert found["open_at_risk"]["value"] == pytest.approx(deliveries["open_order_at_risk"])
    code, out, err = called("exposure", "lots.csv", *TODAY, "--use", "Ga=2")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    assert "is stored outside the country of origin" in " ".join(out.split())
    assert "warning: gallium" in err
    assert called("exposure", "lots.csv", *TODAY, "--quiet", "--strict")[0] == 7


@pytest.mark.parametrize("day", ["2026-11-24", "2026-11-29"])
def test_what_a_review_says_of_ended_suspensions_is_in_the_language_of_the_reader(called, day):
    told = {language: called("ledger", "review", "--as-of", day, "--lang", language)[1] for language in ("en", "de")}
    told = {language: " ".join(out.split()) for language, out in told.items()}
    ended = told["en"].count("ended by its text on")
    assert ended == told["de"].count("endete nach ihrem Text am") == (3 if day == "2026-11-24" else 4)
    assert ("wieder in Kraft seit 2026-11-28 nach den Daten der Bekanntmachungen" in told["de"]) == (day == "2026-11-29")
    assert "by its text" not in told["de"]


def test_shock_prints_band_formula_and_outside_check(called):
    code, out, _ = called("shock", "gallium", "--loss", "0.5", "--elasticity", "0.25:0.7", *TODAY)
    assert code == 0
    for words in ("x2.7", "x16", "(1 - loss) ^ (-1 / e)", "+150%", "no forecasts"):
        assert words in out
    assert max(map(len, out.splitlines())) <= 80


def test_event_with_and_without_a_series(as_json, called):
    found = as_json("event", "EV020", *TODAY)
    cases = {(case["asset"], case["zero"]): case for case in found["asked"]["cases"]}
    gallium = cases["gallium", "announcement"]
    assert [r["horizon"] for r in gallium["reactions"]] == [1, 3, 6, 12]
    assert gallium["form_named"]
    assert not cases["indium", "announcement"]["form_named"]
    assert {point["asset"] for point in found["points"]} == {"gallium", "germanium"}
    assert sum(len(point["between"]) for point in found["points"]) == 3
    assert all(row["n"] == row["up"] + row["down"] + row["none"] for row in found["summary"])
    assert sum(row["none"] for row in found["summary"]) > 0
    assert not {"nickel", "tin", "aluminium"} & set(found["benchmark"])
    rare = as_json("event", "EV056", *TODAY)
    assert rare["asked"]["cases"] == []
    assert "holmium" in rare["asked"]["without_series"]
    code, out, _ = called("event", "57/2025", *TODAY)
    assert code == 0
    assert "no other series is put in its place" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80


def test_event_knows_no_price_of_the_future(as_json):
    found = as_json("event", "EV020", "--as-of", "2023-12-31")
    gallium = next(case for case in found["asked"]["cases"] if case["asset"] == "gallium" and case["zero"] == "announcement")
    known = {r["horizon"]: r["change"] for r in gallium["reactions"]}
    assert known[1] is not None
    assert (known[6], known[12]) == (None, None)


def test_holdings_come_from_stdin(as_json, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LOTS.encode()), "utf-8"))
    assert [lot["lot_id"] for lot in as_json("exposure", "-", *TODAY)["lots"]] == ["L1", "L2"]
