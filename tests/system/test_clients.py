"""Files of clients: another content has another path, and a name is on page and path, whatever it holds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import toolkit as tk
from tests.lots import HEADER, TWELVE
from tests.workbooks import xlsx
from toolkit.cli.main import run

DAY = ("--as-of", "2026-11-24")
HOSTILE = (
    "../../etc/passwd",
    "CON",
    "a/b\\c:d*e?f",
    "<script>alert(1)</script>",
    "Müller & Söhne GmbH",
    "稀土",
    "x" * 120,
    "\u202egnp.exe",
)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(capsys, *arguments: str) -> Path:
    assert run([*arguments, *DAY, "--json"]) in (0, None)
    return Path(json.loads(capsys.readouterr().out)["path"])


def test_files_of_one_name_are_two_reports_and_the_same_file_is_one(folder, capsys):
    for client, lots in (("c1", TWELVE[:2]), ("c2", TWELVE[2:4])):
        (folder / client).mkdir()
        (folder / client / "holdings.csv").write_text("\n".join([HEADER, *lots]))
    first, second, again = (
        written(capsys, "report", f"{client}/holdings.csv", "--format", "md") for client in ("c1", "c2", "c1")
    )
    assert first == again != second
    assert "gallium" in first.read_text().casefold()
    assert "germanium" in second.read_text().casefold()


def test_a_report_for_another_country_is_another_path(folder, capsys):
    here, there = (written(capsys, "report", "--format", "md", "--destination", country) for country in ("DEU", "USA"))
    assert here.parent != there.parent


@pytest.mark.parametrize("name", HOSTILE)
def test_a_client_is_on_the_page_and_in_the_path(name, folder, capsys):
    (folder / "lots.csv").write_text("\n".join([HEADER, TWELVE[0]]))
    path = written(capsys, "report", "lots.csv", "--format", "html", "--client", name)
    assert path.is_relative_to(folder / "out" / "reports")
    assert len(path.relative_to(folder / "out" / "reports").parts) == 2
    assert len(path.parent.name.encode()) < 200
    page = path.read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "\u202e" not in page
    shown = name.replace("\u202e", "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert shown in page


@pytest.mark.parametrize("name", ["", "  ", "../..", "\x00", "y" * 121])
def test_a_name_that_says_nothing_is_refused(name, folder, capsys):
    (folder / "lots.csv").write_text("\n".join([HEADER, TWELVE[0]]))
    assert run(["report", "lots.csv", "--client", name, *DAY]) == 2
    assert "--client" in capsys.readouterr().err


def test_a_run_is_for_a_client_and_its_report_too(folder, capsys):
    assert run(["optimize", "equal-weight", "--client", "Ann & Co", *DAY, "--json"]) in (0, None)
    record = json.loads(capsys.readouterr().out)
    assert record["client"] == "Ann & Co"
    assert record["run_id"].startswith("2026-11-24-ann-co-equal-weight-")
    assert "Ann &amp; Co" in (folder / "out" / "runs" / record["run_id"] / "report.html").read_text(encoding="utf-8")
    assert run(["report", "last", "--client", "Someone else"]) == 2


def asked(capsys, *arguments: str, code: int = 0) -> dict:
    assert (run([*arguments, *DAY, "--json"]) or 0) == code
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def list_of_clients(folder) -> str:
    """Twelve lots: of Ann what was the first six, of Bob the others."""
    rows = [f"{row},{'Ann' if i < 6 else 'Bob'}" for i, row in enumerate(TWELVE)]
    (folder / "all.csv").write_text("\n".join([f"{HEADER},Kunde", *rows]))
    (folder / "ann.csv").write_text("\n".join([HEADER, *TWELVE[:6]]))
    return "all.csv"


def test_one_list_of_clients_is_summed_by_client_and_of_one_only_their_lots_are_told(list_of_clients, capsys):
    every, alone = asked(capsys, "exposure", list_of_clients), asked(capsys, "exposure", "ann.csv")
    ann = asked(capsys, "exposure", list_of_clients, "--client", "ann")
    assert [(one["client"], one["held"]["lots"]) for one in every["clients"]] == [("Ann", 6), ("Bob", 5)]
    assert sum(one["held"]["value"] for one in every["clients"]) == pytest.approx(every["value"])
    for key in ("value", "at_risk", "deliveries", "prices"):
        assert ann[key] == alone[key]
    assert every["clients"][0]["held"]["value"] == pytest.approx(alone["value"])
    assert every["clients"][0]["at_risk"]["value"] == pytest.approx(alone["at_risk"]["value"])
    assert every["warnings"][0].startswith('The lots are of "Ann", "Bob", and every figure is of all of them')
    assert "Bob" not in json.dumps(ann)
    assert not alone["clients"]
    frame = tk.exposure(list_of_clients, as_of="2026-11-24", client="Ann").clients
    assert frame.select("name", "lots").rows() == [("Ann", 6)]


def sheets_of(folder: Path, *, hidden: tuple[str, ...] = (), **lots: list[str]) -> str:
    rows = {name: [HEADER.split(","), *(row.split(",") for row in own)] for name, own in lots.items()}
    (folder / "book.xlsx").write_bytes(xlsx(rows, hidden=hidden))
    return "book.xlsx#*"


def test_a_sheet_for_each_client_is_a_list_of_them(list_of_clients, folder, capsys):
    listed = asked(capsys, "exposure", list_of_clients)
    book = sheets_of(folder, hidden=("Archiv",), Bob=TWELVE[6:], Leer=[], Ann=TWELVE[:6], Archiv=TWELVE)
    read = asked(capsys, "exposure", book)
    for key in ("value", "at_risk", "deliveries", "clients", "prices"):
        assert read[key] == listed[key]
    assert {lot["lot_id"]: lot["client"] for lot in read["lots"]} == {
        f"{lot['client']} {lot['lot_id']}": lot["client"] for lot in listed["lots"]
    }
    assert "book.xlsx: each of these sheets is read as one client's: Ann, Bob." in read["notes"]
    assert len({*read["notes"]}) == len(read["notes"])
    ann = asked(capsys, "exposure", book, "--client", "ann")
    assert ann["value"] == asked(capsys, "exposure", "ann.csv")["value"]
    assert "Bob" not in json.dumps(ann)
    assert asked(capsys, "exposure", book, "--client", "Anne", code=3)["error"]["hint"] == "Did you mean 'Ann'?"
    plan = ("optimize", "equal-weight", "--budget", "1000", "--no-report", "--holdings")
    bought = [[{**row, "lot_ids": ()} for row in asked(capsys, *plan, file)["orders"]] for file in (book, list_of_clients)]
    assert [(row["asset"], row["quantity"]) for row in bought[0]] == [(row["asset"], row["quantity"]) for row in bought[1]]


@pytest.mark.parametrize("name", ["Archiv 2025", "Vorlage", "Bestand", "Übersicht", "Q3 2025", "Tabelle1", "Depot"])
def test_a_sheet_that_may_hold_the_lots_of_another_again_is_never_summed(name, folder, capsys):
    lots = TWELVE if name == "Depot" else TWELVE[:2]
    book = sheets_of(folder, **{"Ann": TWELVE[:6], "Bob": TWELVE[6:], name: lots})
    told = asked(capsys, "exposure", book, code=3)["error"]
    assert told["message"] == f"book.xlsx: sheets that may not be one client's: {name!r}."
    assert "book.xlsx#*" in asked(capsys, "exposure", "book.xlsx", code=3)["error"]["hint"]
    assert asked(capsys, "holdings", "check", book, code=3)["error"]["hint"] == "Name one, as book.xlsx#SHEET."
    book = sheets_of(folder, hidden=(name,), **{"Ann": TWELVE[:6], "Bob": TWELVE[6:], name: lots})
    assert [one["client"] for one in asked(capsys, "exposure", book)["clients"]] == ["Ann", "Bob"]


@pytest.mark.parametrize(
    ("sheets", "odd"),
    [
        ({"Ann": TWELVE[:3], "Ann (2)": TWELVE[:3]}, "'Ann (2)'"),
        ({"Ann": TWELVE[:3], "Bob": TWELVE[6:], "Ann neu": TWELVE[:4]}, "'Ann neu'"),
        ({"Januar": TWELVE[:3], "Februar": TWELVE[:4]}, "'Februar', 'Januar'"),
        ({"Ann": TWELVE[:3], "Ann 2": TWELVE[3:6]}, None),
        ({"Ann": TWELVE[:3], "Mai": TWELVE[:3]}, None),
    ],
)
def test_a_copy_of_a_sheet_and_a_sheet_a_month_are_not_summed(sheets, odd, folder, capsys):
    told = asked(capsys, "exposure", sheets_of(folder, **sheets), code=3 if odd else 0)
    assert (told["error"]["message"] if odd else None) == (odd and f"book.xlsx: sheets that may not be one client's: {odd}.")


def test_a_sheet_without_a_header_of_lots_is_named_and_any_name_of_a_sheet_is_read(folder, capsys):
    """The lots of a sheet below another header were left out of every sum without a word."""
    rows = {"Kunde #7": TWELVE[:3], "Bob ": TWELVE[6:8]}
    cells = {name: [HEADER.split(","), *(row.split(",") for row in own)] for name, own in rows.items()}
    (folder / "book.xlsx").write_bytes(xlsx({**cells, "Öz": [["Was", "Wieviel"], ["gallium", 5]]}))
    every = asked(capsys, "exposure", "book.xlsx#*")
    assert {lot["client"] for lot in every["lots"]} == {"Kunde #7", "Bob"}
    assert "book.xlsx: sheets that are hidden or have no header of lots are not read: Öz." in every["notes"]
    assert "Öz" not in json.dumps(asked(capsys, "exposure", "book.xlsx#*", "--client", "Bob"))


def test_clients_by_a_column_of_several_sheets_are_found_by_their_name(folder, capsys):
    header = [*HEADER.split(","), "client"]
    rows = {"Europa": (0, "Ann", 1, "Bob"), "Schweiz": (2, "Ann")}
    cells = {
        name: [header, *([*TWELVE[at].split(","), client] for at, client in zip(own[::2], own[1::2], strict=True))]
        for name, own in rows.items()
    }
    (folder / "book.xlsx").write_bytes(xlsx(cells))
    ann = asked(capsys, "exposure", "book.xlsx#*", "--client", "ann")
    assert [lot["lot_id"].split()[0] for lot in ann["lots"]] == ["Europa", "Schweiz"]
    assert "Bob" not in json.dumps(ann)
    assert asked(capsys, "exposure", "book.xlsx#*", "--client", "Anne", code=3)["error"]["hint"] == "Did you mean 'Ann'?"
    assert not [note for note in asked(capsys, "exposure", "book.xlsx#*")["notes"] if "one client's" in note]


def test_a_page_of_clients_says_whose_every_lot_is_and_that_of_one_nothing_of_the_others(list_of_clients, capsys):
    every = written(capsys, "report", list_of_clients, "--report", "full", "--lang", "de").read_text(encoding="utf-8")
    ann = written(capsys, "report", list_of_clients, "--client", "Ann").read_text(encoding="utf-8")
    for words in ("Kunden: ", "jede Zahl gilt für alle zusammen", "Wert nach Kunden", "GA-1 (Ann)", "RE-1 (Bob)"):
        assert words in every
    assert "Bob" not in ann
    assert "GA-1 (Ann)" not in ann
    assert "RE-1" not in ann


def test_an_order_without_a_price_is_worth_something_to_its_client(folder, capsys):
    rows = ("gallium,,1,kg,CHN,Hanau,stored,Ann", "antimony,oxide,5,kg,CHN,,ordered,Bob")
    (folder / "two.csv").write_text("asset,form,quantity,unit,origin,location,status,client\n" + "\n".join(rows))
    assert run(["exposure", "two.csv", *DAY]) in (0, None)
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("Bob"))
    assert line.split("1")[1].split() == ["no", "price", "-", "no", "price"]
    page = written(capsys, "report", "two.csv", "--report", "full").read_text(encoding="utf-8")
    assert page.count("no price</") == 2


def test_a_check_says_whose_every_lot_is(list_of_clients, capsys):
    assert run(["holdings", "check", list_of_clients, *DAY]) in (0, None)
    assert "(Ann)" in capsys.readouterr().out


def test_a_listed_instrument_is_named_with_its_client(folder, capsys):
    (folder / "own.csv").write_text("date,GLD\n2026-11-20,250\n2026-11-23,251\n")
    (folder / "two.csv").write_text("client,asset,quantity,location\nAnn,gallium,1,Frankfurt\nBob,GLD,50,\n")
    own = ("--prices", "own.csv", "--prices-currency", "EUR", *DAY)
    assert run(["exposure", "two.csv", *own]) in (0, None)
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("row 3 (Bob)"))
    assert "GLD" in line
    assert asked(capsys, "exposure", "two.csv", *own[:-2])["instruments"][0]["client"] == "Bob"


def test_orders_for_several_clients_are_warned_of_and_those_of_one_are_from_their_lots(list_of_clients, capsys):
    plan = ("optimize", "equal-weight", "--budget", "1000", "--holdings", list_of_clients, "--no-report")
    every, ann = asked(capsys, *plan), asked(capsys, *plan, "--client", "Ann")
    assert [text for text in every["warnings"] if text.startswith("The lots are of")]
    assert not [text for text in ann["warnings"] if text.startswith("The lots are of")]
    alone = asked(capsys, *plan[:-2], "ann.csv", "--no-report")
    assert ann["orders"] == alone["orders"]
    assert (
        tk.optimize("equal-weight", budget=1000, holdings=list_of_clients, client="Ann", as_of="2026-11-24").record["orders"]
        == (alone["orders"])
    )
    assert asked(capsys, *plan, "--client", "Anne", code=3)["error"]["hint"] == "Did you mean 'Ann'?"


def test_a_frontier_from_the_lots_of_a_client_is_that_of_their_own_file(list_of_clients, capsys):
    plan = ("frontier", "physical-basket", "--points", "3", "--total", "500000", "--holdings")
    ann, alone = asked(capsys, *plan, list_of_clients, "--client", "Ann"), asked(capsys, *plan, "ann.csv")
    assert ann["points"] == alone["points"]
    assert asked(capsys, *plan, list_of_clients)["points"] != alone["points"]


def test_the_last_run_is_that_of_the_same_client(folder, capsys):
    plan = ("optimize", "equal-weight", "--no-report")
    ann = asked(capsys, *plan, "--client", "Ann")["run_id"]
    for other in ((), ("--client", "Bob")):
        told = asked(capsys, *plan, "--holdings", "last", *other, code=2)["error"]
        assert "a run of another --client is not taken" in told["hint"]
    assert (
        "was made for 'Ann', and not for 'Bob'"
        in asked(capsys, *plan, "--holdings", ann, "--client", "Bob", code=2)["error"]["message"]
    )
    asked(capsys, *plan, "--client", "Bob")
    again = asked(capsys, *plan, "--client", "Ann", "--holdings", "last", "--budget", "1000")
    assert [note for note in again["notes"] if ann in note]


OF_CLIENTS = """client;lot_id;metal;form;quantity_kg;status;location;origin;purchase_date;purchase_price;paid;certificate;currency
Weissbach;WEI-71;gallium;ingot;17,393;stored;Frankfurt;CHN;2024-05-03;613,47;;assay QX71;EUR
Weissbach;WEI-72;germanium;ingot;19,681;ordered;in transit from Shanghai;CHN;2026-09-14;2317,83;12841,37;;EUR
Krummholz;KRU-83;indium;ingot;113,257;stored;Zürich;KOR;2023-08-10;287,59;;assay ZK83;EUR
Krummholz;KRU-84;antimony;ingot;91,7383;ordered;in transit from Ningbo;CHN;2026-10-02;23,719;1517,29;;EUR
Tannhauser;TAN-95;tungsten;rod;41,719;stored;Wien;;2025-12-08;71,937;;assay WV95;EUR
Tannhauser;TAN-96;gallium;ingot;3,5471;ordered;in transit from Shanghai;CHN;2026-09-14;1051,61;2741,87;;EUR
"""
"""Lots of three clients: no two have a name, a number or a paper in common."""


def cells_of(client: str) -> set[str]:
    """What tells a client apart; of numbers the digits."""
    head, *rows = (line.split(";") for line in OF_CLIENTS.splitlines())
    told = {"client", "lot_id", "quantity_kg", "purchase_price", "paid", "certificate"}
    mine = (zip(head, row, strict=True) for row in rows if row[0] == client)
    return {cell.replace(",", "") for row in mine for name, cell in row if name in told and cell}


@pytest.mark.parametrize(("client", "language"), [("Weissbach", "en"), ("Krummholz", "de"), ("Tannhauser", "en")])
def test_no_answer_to_one_client_holds_a_cell_of_another(client, language, folder, capsys):
    (folder / "all.csv").write_text(OF_CLIENTS, encoding="utf-8")
    mine = ("--client", client, "--lang", language, *DAY)
    made = []
    for words in (
        ("exposure", "all.csv"), ("exposure", "all.csv", "--json"),
        ("optimize", "equal-weight", "--holdings", "all.csv", "--budget", "5000", "--explain"),
        ("report", "all.csv", "--report", "full"), ("report", "all.csv", "--format", "email"),
        ("report", "all.csv", "--format", "md"), ("report", "all.csv", "--format", "json"),
    ):  # fmt: skip
        assert run([*words, *mine]) in (0, None), words
        out = capsys.readouterr()
        made += [out.out, out.err]
    made += [path.read_text(encoding="utf-8", errors="replace") for path in (folder / "out").rglob("*") if path.is_file()]
    assert len(made) > 14
    told = [re.sub(r"(?<=\d)[.,'\u202f\u00a0 ](?=\d)", "", words) for words in made]
    found = {
        other: {cell for cell in cells_of(other) for words in told if re.search(rf"(?<![\w.]){cell}(?!\w)", words)}
        for other in ("Weissbach", "Krummholz", "Tannhauser")
    }
    assert len(found.pop(client)) > 4
    assert not any(found.values()), found


@pytest.mark.parametrize("wrong", ["question", "fault"])
def test_no_refusal_to_one_client_quotes_a_cell_of_another(wrong, folder, capsys):
    """A question about a column showed its first cells, whoever's they were."""
    head, *rows = OF_CLIENTS.splitlines()
    if wrong == "question":
        head, rows = f"{head};Kennwort", [f"{row};geheim {row[:3]}" for row in rows]
    else:
        rows[2] = rows[2].replace("113,257", "#REF!")
    (folder / "all.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    assert run(["exposure", "all.csv", "--client", "Tannhauser", *DAY, "--json"]) == 3
    told = "".join(capsys.readouterr()).replace(",", "")
    theirs = {*cells_of("Weissbach"), *cells_of("Krummholz"), "geheim Wei", "geheim Kru", "#REF!"}
    assert [cell for cell in theirs if cell in told] == []
