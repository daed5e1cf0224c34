"""The request of a verb that optimizes, from its options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.cli.options import Common
from toolkit.cli.terminal import progress

if TYPE_CHECKING:
    from toolkit.app.request import Request


def request_of(
    common: Common, strategy: str, settings: list[str] | None, *, budget: float | None, holdings: str | None
) -> Request:
    """What is asked for: options go before the environment and the configuration file.

    Raises:
        SpecError: for a setting that makes no sense.
    """
    from toolkit.app.config import resolve

    day = common.day()
    resolved = resolve(common.settings(**{"owner.budget": budget}), file=common.config)
    with progress("Loading the solver", common):
        from toolkit.app.request import Request
    return Request(
        strategy=strategy,
        overrides=tuple(settings or ()),
        settings=resolved,
        as_of=day,
        budget_given=budget is not None,
        prices=common.prices,
        prices_currency=common.prices_currency,
        holdings=holdings,
        seed=common.seed,
    )
