"""Reports: what a report is about, in which format and language, and where it is kept."""

from toolkit.app.report.render import FORMATS, as_document, report

__all__ = ["FORMATS", "as_document", "report"]
