"""What several verbs of the Python API are asked, declared once: arguments of the day, the owner, the money and the prices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from inspect import Parameter, signature
from typing import Any, ParamSpec, TypedDict, TypeVar, get_type_hints

from toolkit.core.errors import SpecError, did_you_mean

Asked = ParamSpec("Asked")
Answered = TypeVar("Answered")


class Owner(TypedDict, total=False):
    """The day, the owner and the money.

    Attributes:
        as_of: Nothing published later is looked at; by default today, or the last day where only own prices are known.
        currency: Of reporting and of the budget, ISO 4217; by default that of the settings.
        country: The owner's, where deliveries go; by default that of the settings.
        budget: Money to place, added to what is held; by default that of the settings.
        seed: Of whatever is random.
    """

    as_of: str | date | None
    currency: str | None
    country: str | None
    budget: float | str | None
    seed: int


class OfPrices(Owner, total=False):
    """These, and own prices and forecasts.

    Attributes:
        prices: Own prices, a frame or files (`Market.with_prices`); without `market` nothing else is priced.
        prices_currency: Of prices that name none; without it that of the answer, where nothing else is priced.
        returns: Simple returns in place of prices (`Market.with_returns`).
        expected: Own expected returns in place of those of the strategy: `OwnReturns`, or a frame or a file of them, by date
            or not, of which a decision knows those up to its day; or `ViewsReturns`.
    """

    prices: Any
    prices_currency: str | None
    returns: Any
    expected: Any


class Question(OfPrices, total=False):
    """All that is asked of the optimizer.

    Attributes:
        owner_kind: private, company or trust; by default that of the settings.
        total: The whole, holdings included, in place of `budget`.
        holdings: What is held today: a file or a frame of lots, a stored run, or ``last``.
        weights: What is held today as fractions of the whole, which `budget` or `total` is; the rest is cash.
        sell_others: Whether what is held outside the strategy may be sold.
        client: Whom it is for; of `holdings` with a column of clients, their lots.
        scenarios: Own scenarios in place of those of the strategy: `OwnScenarios`, or a frame or a file of them.
    """

    owner_kind: str | None
    total: float | str | None
    holdings: Any
    weights: Any
    sell_others: bool
    client: str | None
    scenarios: Any


ELSEWHERE = {
    "covariance": "It is estimated from prices: tk.Strategy(forecast=tk.ForecastSpec(covariance=tk.OasCovariance())).",
    "expected_returns": "Give expected=, or tk.ForecastSpec(returns=tk.ViewsReturns(...)) in a strategy; past ones: returns=.",
    "prices": "Prices come with the market: market=tk.load_market(prices='prices.csv').",
    "accept": "Prices that are meant are named where they are given: tk.Market.from_prices(prices, accept=['REMX']).",
}
"""How forecasts and what else is no argument are given."""


def asks(question: type[Owner]) -> Callable[[Callable[Asked, Answered]], Callable[Asked, Answered]]:
    """A verb that takes the arguments of a question too: its signature shows them.

    Any other argument is refused by a `SpecError` with the nearest names.
    """

    def decorated(verb: Callable[Asked, Answered]) -> Callable[Asked, Answered]:
        own, hints = signature(verb), get_type_hints(question)
        named = [parameter for parameter in own.parameters.values() if parameter.kind is not Parameter.VAR_KEYWORD]
        shared = [
            Parameter(key, Parameter.KEYWORD_ONLY, default={int: 0, bool: False}.get(hint), annotation=hint)
            for key, hint in hints.items()
        ]
        known = [*(parameter.name for parameter in named), *hints]

        @wraps(verb)
        def answer(*args: Asked.args, **kwargs: Asked.kwargs) -> Answered:
            for name in kwargs:
                if name not in known:
                    hint = ELSEWHERE.get(name) or did_you_mean(name, known)
                    raise SpecError(f"{verb.__name__} has no argument {name!r}.", hint=hint)
            return verb(*args, **kwargs)

        answer.__signature__ = own.replace(parameters=[*named, *shared])  # type: ignore[attr-defined]
        return answer

    return decorated
