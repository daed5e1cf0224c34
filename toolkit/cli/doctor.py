"""`toolkit doctor`: solvers, versions, data age, write access, printing."""

from __future__ import annotations

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import console, print_json, progress


@without_prices
def doctor(*, common: Common) -> None:
    """Check that everything the main job needs is here: solvers, versions, age of the data, write access, printing."""
    context = common.context()
    with progress("Examining", common):
        from toolkit.app.doctor import examine

        findings = examine(context)
    if common.json:
        healthy = all(finding.ok for finding in findings)
        print_json({"healthy": healthy, "findings": [finding.to_json() for finding in findings]})
        return
    from toolkit.cli.tables import Table

    table = Table.of(("check", "state", "detail"))
    for finding in findings:
        table.add_row(finding.name, "ok" if finding.ok else "look", finding.detail)
    console(common).print(table)
