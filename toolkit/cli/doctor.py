"""`toolkit doctor`: solvers, versions, data age, write access, printing."""

from __future__ import annotations

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import progress, show
from toolkit.core.messages import message


@without_prices
def doctor(*, common: Common) -> None:
    """Check that everything the main job needs is here: solvers, versions, age of the data, write access, printing."""
    context = common.context()
    with progress(message("Examining"), common):
        from toolkit.app.doctor import examine
        from toolkit.report.topics.settings import checks

        found = examine(context)
    show(common, found, lambda found, say: checks(found, common.day(), say))
