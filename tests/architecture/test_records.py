"""The border of reports: what is read from a result is an attribute of a record, no key of a table."""

from pathlib import Path

REPORT = Path(__file__).resolve().parents[2] / "toolkit" / "report"
UNTYPED = "Mapping[str, Any]"


def test_reports_read_records():
    """Only a Vega-Lite specification, which charts make, is a table of anything."""
    untyped = [
        str(path.relative_to(REPORT))
        for path in REPORT.rglob("*.py")
        if "charts" not in path.parts and UNTYPED in path.read_text(encoding="utf-8")
    ]
    assert untyped == [], "read attributes of toolkit.records"
