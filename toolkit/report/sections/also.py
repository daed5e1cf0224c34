"""What else was found: findings whose evidence a short report leaves to the full one, a row each."""

from __future__ import annotations

from toolkit.report.compose import section
from toolkit.report.document import Missing
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark


@section("also", mark("Also found"))
def also(run: Findings) -> Missing:
    """Filled by `toolkit.report.shorten`; a report that shows everything leaves nothing for it."""
    return Missing(run.say.words("Every finding stands in its own section."))
