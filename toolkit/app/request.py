"""What a user asks of a verb that optimizes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from toolkit.app.config import Settings
from toolkit.app.ledger import Events
from toolkit.app.prices import PriceFiles


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asks for.

    Attributes:
        strategy: Name or path.
        overrides: `--set` options.
        budget_given: Whether the budget was asked for on this call, rather than being the configured default.
        prices: The user's own; None for the bundled prices alone.
        total: The whole, holdings included, where that was asked for.
        sell_others: Whether what is held outside the strategy may be sold.
        holdings: File, or a stored run (its id, or ``last``); None for an empty start.
        events: The user's own control events, None for the bundled ledger alone.
        client: Whom it is for, a name of `toolkit.app.clients`.
    """

    strategy: str
    settings: Settings
    as_of: date
    overrides: tuple[str, ...] = ()
    budget_given: bool = False
    prices: PriceFiles | None = None
    holdings: str | None = None
    seed: int = 0
    client: str | None = None
    total: float | None = None
    events: Events = None
    sell_others: bool = False
