"""The advisor's table of all clients."""

import pytest

from toolkit.app.languages import language
from toolkit.records.each_client import ClientReport, EachClient
from toolkit.report.formats.markdown import markdown
from toolkit.report.topics.each_client import document


def client(name: str, gain: float | None) -> ClientReport:
    return ClientReport(client=name, value=1000.0, gain=gain, at_risk=0, next_change=None, files=(), error=None, hint=None)


@pytest.mark.parametrize(("second", "told"), [(-40.0, "+60"), (None, "–")])
def test_the_gain_of_all_is_the_sum_where_each_is_known(second, told):
    found = EachClient(
        as_of="2026-12-03", file="k.csv", currency="EUR", report="all", table="clients.html",
        clients=(client("A", 100.0), client("B", second)), unread=(), phrases={},
    )  # fmt: skip
    page = markdown(document(found, language("en")), language("en"))
    (row,) = [line for line in page.splitlines() if line.startswith("| ") and "All" in line]
    assert [cell.strip(" *") for cell in row.strip("| ").split("|")] == ["All", "2,000", told, "0", "–", "–"]
