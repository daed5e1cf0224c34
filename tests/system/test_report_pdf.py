"""The report as PDF, by each of the programs that this machine has."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.records import as_document
from tests.subjects import HOSTILE, proposal, renamed, with_parts
from tests.system.browser import CHROMIUM
from toolkit.app.report import FORMATS
from toolkit.app.report.pdf import VARIABLE
from toolkit.core.errors import SpecError
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language

ENGINES = [
    pytest.param("chromium", marks=[pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no chromium")]),
    pytest.param(
        "weasyprint",
        marks=pytest.mark.skipif(importlib.util.find_spec("weasyprint") is None, reason="WeasyPrint is not installed"),
    ),
]
MOST = {"ordinary": 6, "hostile": 8}
"""Pages of a report: one more than by the program that makes more of them."""


@pytest.fixture(scope="module")
def report_documents() -> dict[str, tuple[Document, Language]]:
    """The report of the default strategy with everything found beside it, the same under hostile names, and its first sections."""
    run = with_parts(proposal())
    document, say = as_document(run.record, run.parts)
    return {
        "ordinary": (document, say),
        "hostile": as_document(renamed(dict(run.record), HOSTILE), run.parts),
        "brief": (replace(document, sections=document.sections[:3]), say),
    }


@pytest.fixture(scope="module")
def contents() -> dict[tuple[str, str], bytes]:
    """(program, name of a document) -> its PDF: each takes seconds, and is made once."""
    return {}


@pytest.fixture
def content(engine, name, report_documents, contents) -> bytes:
    if (engine, name) not in contents:
        contents[engine, name] = FORMATS["pdf"].make(*report_documents[name])
    return contents[engine, name]


@pytest.fixture
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(VARIABLE, str(CHROMIUM) if request.param == "chromium" else "")
    return request.param


def pages(content: bytes, folder: Path) -> list[str]:
    """The text of each page, by poppler."""
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext on the PATH")
    (folder / "report.pdf").write_bytes(content)
    told = subprocess.run(["pdftotext", "-layout", "report.pdf", "-"], cwd=folder, capture_output=True, check=True).stdout
    return told.decode().split("\f")[:-1]


@pytest.mark.parametrize(
    ("engine", "name"),
    [
        pytest.param(*engine.values, name, marks=engine.marks)
        for engine, name in zip(ENGINES, ("ordinary", "hostile"), strict=True)
    ],
    indirect=["engine"],
)
def test_every_page_has_its_foot_and_the_first_its_answer_and_matrix(name, content, tmp_path):
    assert content.startswith(b"%PDF-")
    sheets = pages(content, tmp_path)
    assert 4 <= len(sheets) <= MOST[name]
    for number, sheet in enumerate(sheets, start=1):
        foot = sheet.rstrip().splitlines()[-1]
        assert "As of 24 November 2026" in foot.replace("\u00a0", " ")
        assert f"Page {number} of {len(sheets)}" in foot.replace("\u00a0", " ")
    assert "Under export control" in sheets[0]
    assert "No. 46/2024" in sheets[0].replace("\u00a0", " ")
    if name == "ordinary":
        assert "Gold bar, " in sheets[0]  # the last row of the matrix
    # No sheet but the last is half empty: text is told on most of its lines.
    assert all(len(re.findall(r"\S", sheet)) > 400 for sheet in sheets[:-1])


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
@pytest.mark.parametrize("name", ["brief"])
def test_a_file_is_the_same_twice(name, content, report_documents):
    assert FORMATS["pdf"].make(*report_documents[name]) == content


@pytest.mark.parametrize("engine", ENGINES[:1], indirect=True)  # the other one packs what it says of itself
@pytest.mark.parametrize("name", ["ordinary"])
def test_the_file_has_title_language_and_tags(content):
    assert b"/Title (Allocation report, 24" in content or b"/Title <" in content
    assert b"/Lang (en" in content
    assert b"/MarkInfo" in content
    assert b"D:20261124000000" in content
    assert set(re.findall(rb"/(?:CreationDate|ModDate) \(D:(\d{8})", content)) == {b"20261124"}


def test_without_a_program_it_says_what_to_install(monkeypatch, report_documents):
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(SpecError, match="nothing on this machine") as error:
        FORMATS["pdf"].make(*report_documents["ordinary"])
    assert "pip install" in error.value.hint
