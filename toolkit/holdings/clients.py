"""The lots of a holdings file by client."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from toolkit.core.grouping import by_key
from toolkit.core.messages import Message, few, message
from toolkit.holdings.exposure import PortfolioExposure, Total


@dataclass(frozen=True, slots=True)
class ClientExposure:
    """The lots of one client.

    Attributes:
        client: As the file says; None for lots of which it does not say whose they are.
        held: All that is owned or ordered; `share` is of what all clients hold.
        at_risk: What a control in force, or a stop in practice, may stop; `share` is of what the client holds.
    """

    client: str | None
    held: Total
    at_risk: Total


def by_client(portfolio: PortfolioExposure) -> tuple[ClientExposure, ...]:
    """The clients of a portfolio, the largest first; none where no lot names one."""
    lots = by_key((lot.client and lot.client.casefold(), lot) for lot in portfolio.lots)
    parts = [(own[0].client, PortfolioExposure.of(own)) for own in lots.values()] if any(lots) else []
    found = (ClientExposure(name, portfolio.total("held", part.held), part.at_risk) for name, part in parts)
    return tuple(sorted(found, key=lambda one: (-one.held.value, one.client or "")))


def summed(clients: Iterable[str | None]) -> tuple[Message, ...]:
    """A message that figures are of the lots of several clients, by the client of each; none where they are of one."""
    named = sorted(clients, key=lambda one: one or "")
    names = {one and one.casefold(): message('"{client:s}"', client=one) if one else message("no client") for one in named}
    if len(names) < 2:
        return ()
    told = message(
        "The lots are of {clients}, and every figure is of all of them together; --client NAME takes those of one.",
        clients=few([*names.values()]),
    )
    return (told,)
