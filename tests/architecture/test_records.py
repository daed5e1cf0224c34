"""The border of reports: what is read from a result is an attribute of a record, no key of a table."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
REPORT = REPOSITORY / "toolkit" / "report"
UNTYPED = "Mapping[str, Any]"
NOT_CONVERTED = frozenset([])


def test_reports_read_records():
    untyped = {
        str(path.relative_to(REPORT))
        for path in REPORT.rglob("*.py")
        if "charts" not in path.parts and UNTYPED in path.read_text(encoding="utf-8")
    }
    assert untyped <= NOT_CONVERTED, "read attributes of toolkit.records"
    assert untyped >= NOT_CONVERTED, "converted: take it off the list"
