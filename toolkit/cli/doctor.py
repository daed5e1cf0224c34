"""`toolkit doctor`: solvers, versions, data age, write access, printing."""

from __future__ import annotations

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import progress, show


@without_prices
def doctor(*, common: Common) -> None:
    """Check that everything the main job needs is here: solvers, versions, age of the data, write access, printing."""
    context = common.context()
    with progress("Examining", common):
        from toolkit.app.doctor import examine
        from toolkit.report.answers.lists import checks

        findings = [finding.to_json() for finding in examine(context)]
    record = {"healthy": all(finding["ok"] for finding in findings), "findings": findings}
    show(common, lambda: record, lambda say: checks(findings, common.day(), say))
