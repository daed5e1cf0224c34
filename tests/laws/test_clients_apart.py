"""Nothing that is told of one client's lots says a word or a number of another's."""

from __future__ import annotations

import re

import pytest

from toolkit.cli.main import run

HEAD = (
    "client;lot_id;asset;quantity;unit;purchase_price;currency;purchase_date;location;status;origin_country;paid;arrival;remark"
)
ROWS = {
    "Familie Brandt": (
        "Familie Brandt;BR-1;gallium;61,37;kg;311,17;EUR;2024-02-01;Zürich;stored;DEU;;;",
        "Familie Brandt;BR-2;germanium;12,43;kg;1507,5;EUR;2026-10-01;;ordered;CHN;8123,47;2027-02-10;",
    ),
    "Optik Weber": (
        "Optik Weber;WE-71;indium;25,83;kg;333,37;USD;2026-09-09;;ordered;CHN;2.417;2027-03-03;",
        "Optik Weber;WE-72;antimony;507,3;kg;21,61;EUR;2025-05-05;Antwerpen;stored;TJK;;;pledged to Volksbank Kassel",
    ),
    "Okafor Ltd": (
        "Okafor Ltd;OK-791;tungsten;203,9;kg;55,73;GBP;2026-08-08;Hamburg;stored;VNM;;;",
        "Okafor Ltd;OK-792;gold;1,777;kg;61.234;EUR;2026-08-09;Wien;stored;AUT;;;",
    ),
}
PLAIN = {
    "kg",
    "EUR",
    "USD",
    "stored",
    "ordered",
    "CHN",
    "DEU",
    "gallium",
    "germanium",
    "gold",
    "indium",
    "antimony",
    "tungsten",
}
"""Cells that stand on every page: units, countries, and metals that notices name."""


def cells_of(client: str) -> set[str]:
    """What only the rows of a client say, numbers with either mark and grouped too."""
    texts = {cell for row in ROWS[client] for cell in row.split(";")} - PLAIN - {""}
    own = {cell for cell in texts if not re.fullmatch(r"\d{4}-\d{2}-\d{2}|[A-Z]{3}|Hamburg|Wien|Antwerpen|Zürich", cell)}
    numbers = {cell for cell in own if re.fullmatch(r"[\d.,]+", cell)}
    marked = {form for cell in numbers for form in (cell.replace(",", "."), cell.replace(".", ","))}
    return own | marked | {f"{cell[0]},{cell[1:]}" for cell in marked if re.fullmatch(r"\d{4}\.\d+", cell)}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("clients") / "clients.csv"
    path.write_text("\n".join([HEAD, *(row for rows in ROWS.values() for row in rows)]) + "\n", encoding="utf-8")
    assert run(["holdings", "map", str(path), "--set", "pledged to Volksbank Kassel=at_risk", "--write", "--json"]) in (0, None)
    return path


@pytest.mark.parametrize("lang", ["en", "de"])
@pytest.mark.parametrize("client", ROWS)
def test_no_page_of_a_client_holds_a_cell_of_another(client, lang, file, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    told = []
    for words in (("exposure",), ("exposure", "--json"), ("report", "--report", "full", "--format", "md")):
        command = [words[0], str(file), "--client", client, "--as-of", "2026-11-24", "--out", str(tmp_path), *words[1:]]
        assert run([*command, "--lang", lang] if "--json" not in words else command) in (0, None)
        captured = capsys.readouterr()
        told += [captured.out, captured.err]
    pages = [page.read_text(encoding="utf-8") for page in tmp_path.rglob("*.md")]
    assert pages
    others = set().union(*(cells_of(other) for other in ROWS if other != client)) - cells_of(client)
    whole = "\n".join([*told, *pages]).replace("\\", "")
    assert ROWS[client][0].split(";")[1] in whole
    found = {cell for cell in others if re.search(rf"(?<![\w.,]){re.escape(cell)}(?![\w]|[.,]\d)", whole)}
    assert found == set()


@pytest.mark.parametrize("wrong", ["question", "fault"])
def test_no_refusal_of_a_client_quotes_a_cell_of_another(wrong, file, tmp_path, monkeypatch, capsys):
    """A question about a column showed its first cells, whoever's they were."""
    monkeypatch.chdir(tmp_path)
    more = ["geheim Brandt", "geheim Weber", "geheim Okafor"]
    lines = [f"{row};{word}" for word, rows in zip(more, ROWS.values(), strict=True) for row in rows]
    if wrong == "fault":
        lines = [row for rows in ROWS.values() for row in rows]
        lines[2] = lines[2].replace("25,83", "#REF!")
    other = tmp_path / "other.csv"
    other.write_text("\n".join([f"{HEAD};Kennwort" if wrong == "question" else HEAD, *lines]) + "\n", encoding="utf-8")
    capsys.readouterr()
    assert run(["exposure", str(other), "--client", "Okafor Ltd", "--json"]) == 3
    told = capsys.readouterr()
    found = {cell for one in ("Familie Brandt", "Optik Weber") for cell in cells_of(one) if cell in told.out + told.err}
    assert found | {word for word in more[:2] if word in told.out + told.err} == set()
