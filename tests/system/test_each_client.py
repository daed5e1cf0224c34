"""A report for each client of a file: every one has a page, a PDF and a mail, and none holds a cell of another."""

from __future__ import annotations

import email
import json
import re
from email import policy
from pathlib import Path

import pytest

from tests.lots import HEADER, TWELVE
from tests.system.test_clients import DAY, OF_CLIENTS, cells_of
from tests.workbooks import xlsx
from toolkit.cli.main import run

CLIENTS = ("Weissbach", "Krummholz", "Tannhauser")
MOVES = """date,kind,lot,asset,quantity,unit,price,total,currency,fees,location,client
2024-03-12,buy,WB-71,gallium,17.393,kg,413.47,,EUR,31.71,Frankfurt,Weissbach
2024-09-05,buy,KH-83,germanium,4.1713,kg,2057.59,,EUR,23.83,Zürich,Krummholz
2025-06-30,sell,WB-71,gallium,6.1379,kg,787.37,,EUR,27.11,Frankfurt,weissbach
2025-10-01,storage,KH-83,,,,,58.37,EUR,,Zürich,Krummholz
2026-02-01,buy,TH-95,indium,21.739,kg,397.53,,EUR,17.47,Frankfurt,Tannhauser
"""
"""Movements of three clients, one of whom is written in two ways: no two have a name or a number in common."""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def each(capsys, *words: str, code: int = 0) -> dict:
    """What the command prints."""
    assert (run(["report", *words, "--each-client", *DAY, "--json", "--quiet"]) or 0) == code
    return json.loads(capsys.readouterr().out)


def words_of(file: str) -> str:
    """All that can be read of a file; of a mail each part of it."""
    path = Path(file)
    if path.suffix != ".eml":
        return path.read_text(encoding="utf-8", errors="replace")
    parts = email.message_from_bytes(path.read_bytes(), policy=policy.default).walk()
    return "\n".join(part.get_content() for part in parts if part.get_content_maintype() == "text")


def numbers_joined(words: str) -> str:
    return re.sub(r"(?<=\d)[.,'\u202f\u00a0 ](?=\d)", "", words)


def test_no_file_of_one_client_holds_a_cell_of_another(folder, capsys):
    (folder / "all.csv").write_text(OF_CLIENTS, encoding="utf-8")
    found = each(capsys, "all.csv", "--report", "full", "--lang", "de")
    assert tuple(one["client"] for one in found["clients"]) == CLIENTS
    cells = {client: cells_of(client) for client in CLIENTS}
    for one in found["clients"]:
        assert {Path(file).suffix for file in one["files"]} >= {".html", ".eml"}
        for file in one["files"]:
            told = numbers_joined(words_of(file))
            seen = {
                client: {cell for cell in own if re.search(rf"(?<![\w.]){cell}(?!\w)", told)} for client, own in cells.items()
            }
            mine = seen.pop(one["client"])
            assert Path(file).suffix == ".pdf" or len(mine) > 3
            assert not any(seen.values()), (file, seen)


def test_no_file_of_the_movements_of_one_client_holds_a_cell_of_another(folder, capsys):
    (folder / "moves.csv").write_text(MOVES, encoding="utf-8")
    found = each(capsys, "moves.csv", "--report", "full", "--format", "html")
    assert [one["client"] for one in found["clients"]] == list(CLIENTS)
    rows = [line.split(",") for line in MOVES.splitlines()[1:]]
    common = {*rows[0]} & {"EUR", "kg"} | {"buy", "sell", "storage", "gallium", "germanium", "indium", "Frankfurt", "Zürich"}
    cells = {
        name: {cell.replace(".", "") for row in rows if row[-1].casefold() == name.casefold() for cell in row if cell} - common
        for name in CLIENTS
    }
    for one in found["clients"]:
        (file,) = one["files"]
        told = numbers_joined(words_of(file))
        for other in set(CLIENTS) - {one["client"]}:
            theirs = {cell for cell in cells[other] if not re.fullmatch(r"\d{4}-\d\d-\d\d", cell)}
            assert not [cell for cell in theirs if re.search(rf"(?<![\w.]){re.escape(cell)}(?!\w)", told, re.I)]
    by_name = {one["client"]: one for one in found["clients"]}
    assert run(["performance", "moves.csv", "--client", "Weissbach", *DAY, "--json"]) in (0, None)
    alone = json.loads(capsys.readouterr().out)["whole"]
    assert by_name["Weissbach"]["gain"] == alone["gain"]["total"]
    assert by_name["Weissbach"]["value"] == pytest.approx(alone["value"], abs=0.01)


def test_one_client_that_fails_ends_no_other_and_the_exit_code_says_so(folder, capsys):
    rows = [f"{row},{'Ann' if i < 3 else 'Bob'}" for i, row in enumerate(TWELVE[:6])]
    broken = ",".join(["X-1", "gallium", "metal", "4N", "viel", *rows[0].split(",")[5:-1], "Cyr"])
    (folder / "all.csv").write_text("\n".join([f"{HEADER},Kunde", rows[0], broken, *rows[1:]]))
    found = each(capsys, "all.csv", "--format", "md", code=3)
    told = {one["client"]: one for one in found["clients"]}
    assert list(told) == ["Ann", "Cyr", "Bob"]
    assert "viel" in told["Cyr"]["error"]
    assert not told["Cyr"]["files"]
    table = Path(found["table"]).read_text(encoding="utf-8")
    for name in ("Ann", "Bob"):
        assert told[name]["error"] is None
        assert told[name]["value"] > 0
        (file,) = told[name]["files"]
        assert "viel" not in words_of(file)
        assert Path(file).name.partition(".")[0] in table
    assert "Cyr" in table


def test_names_that_are_no_file_names_have_files_of_their_own_and_two_cases_are_one_client(folder, capsys):
    names = ["../../etc/passwd", "CON", "Müller & Co", "Müller Co", "MÜLLER CO", "***", "稀土", "x" * 200]
    rows = [f"{TWELVE[0].replace('GA-1', f'L{i}')},{name}" for i, name in enumerate(names)]
    (folder / "all.csv").write_text("\n".join([f"{HEADER},Kunde", *rows]), encoding="utf-8")
    found = each(capsys, "all.csv", "--format", "md")
    told = {one["client"]: one for one in found["clients"]}
    assert list(told) == [name for name in names if name != "MÜLLER CO"]
    assert told["Müller Co"]["value"] == pytest.approx(2 * told["CON"]["value"])
    files = [file for one in found["clients"] for file in one["files"]]
    assert len({file.casefold() for file in files}) == len(names) - 1
    assert {Path(file).parent for file in files} == {Path(found["table"]).parent}
    assert all(len(Path(file).name.encode()) < 200 for file in files)
    assert each(capsys, "all.csv", "--format", "md") == found


def test_a_sheet_for_each_client_is_a_report_for_each(folder, capsys):
    head = HEADER.split(",")
    sheets = {name: [head, *(row.split(",") for row in own)] for name, own in (("Bob", TWELVE[6:]), ("Ann", TWELVE[:6]))}
    (folder / "book.xlsx").write_bytes(xlsx(sheets))
    found = each(capsys, "book.xlsx", "--format", "md")
    assert [one["client"] for one in found["clients"]] == ["Bob", "Ann"]
    for one, other in zip(found["clients"], ("Ann", "Bob"), strict=True):
        assert not re.search(rf"\b{other}\b", words_of(one["files"][0]))
    assert [each(capsys, f"{book}", "--format", "md")["clients"] for book in ("book.xlsx#*",)] == [found["clients"]]
    broken = {**sheets, "Cyr": [head, ["X-1", "gallium", "metal", "4N", "viel", *TWELVE[0].split(",")[5:]]]}
    (folder / "book.xlsx").write_bytes(xlsx(broken))
    again = each(capsys, "book.xlsx", "--format", "md", code=3)
    assert [(one["client"], one["error"] is None) for one in again["clients"]] == [("Bob", True), ("Ann", True), ("Cyr", False)]
    (folder / "book.xlsx").write_bytes(xlsx({**sheets, "Notes": [["Call", "Ann"], ["and", "Bob"]]}))
    assert each(capsys, "book.xlsx", "--format", "md")["unread"] == ["Notes"]
    (folder / "book.xlsx").write_bytes(xlsx({**sheets, "Archiv": sheets["Ann"]}))
    each(capsys, "book.xlsx", code=3)


@pytest.mark.parametrize(
    "words",
    [
        ("last",),
        (),
        ("all.csv", "--client", "Ann"),
        ("all.csv", "--out", "-"),
        ("none.csv",),
        ("plain.csv",),
        ("all.csv", "--report", "x.pdf"),
        ("all.csv", "--report", "nosuch"),
        ("all.csv", "--format", "docx"),
        ("all.csv", "--lang", "xx"),
    ],
)
def test_what_has_no_clients_is_refused(folder, capsys, words):
    (folder / "all.csv").write_text(OF_CLIENTS, encoding="utf-8")
    (folder / "plain.csv").write_text("\n".join([HEADER, TWELVE[0]]))
    each(capsys, *words, code=2)
    assert not (folder / "out").exists()
