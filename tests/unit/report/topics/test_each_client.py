"""The advisor's table of all clients."""

import pytest

from toolkit.app.languages import language
from toolkit.app.report.render import FORMATS
from toolkit.records.each_client import ClientReport, EachClient
from toolkit.report.formats.brand import Brand
from toolkit.report.formats.markdown import markdown
from toolkit.report.topics.each_client import document


def client(name: str, gain: float | None, *files: str) -> ClientReport:
    return ClientReport(client=name, value=1000.0, gain=gain, at_risk=0, next_change=None, files=files, error=None, hint=None)


@pytest.mark.parametrize(("second", "told"), [(-40.0, "+60"), (None, "–")])
def test_the_gain_of_all_is_the_sum_where_each_is_known(second, told):
    found = EachClient(
        as_of="2026-12-03", file="k.csv", currency="EUR", report="all", table="clients.html",
        clients=(client("A", 100.0), client("B", second)), unread=(), phrases={},
    )  # fmt: skip
    page = markdown(document(found, language("en")), language("en"))
    (row,) = [line for line in page.splitlines() if line.startswith("| ") and "All" in line]
    assert [cell.strip(" *") for cell in row.strip("| ").split("|")] == ["All", "2,000", told, "0", "–", "–"]


def test_the_files_of_a_client_are_links_on_the_page_and_names_elsewhere():
    one = client("A", 100.0, "/tmp/x/meier-söhne-1a.html", "C:\\x\\meier-söhne-1a.pdf")
    found = EachClient(
        as_of="2026-12-03", file="k.csv", currency="EUR", report="all", table="clients.html", clients=(one,), unread=(), phrases={},
    )  # fmt: skip
    told = document(found, language("en"))
    assert "meier-söhne-1a.html, meier-söhne-1a.pdf" in markdown(told, language("en"))
    page = FORMATS["html"].make(told, language("en"), Brand()).decode()
    for name in ("meier-söhne-1a.html", "meier-söhne-1a.pdf"):
        assert f'<a href="./{name}"><bdi>{name}</bdi></a>' in page
