"""What the verbs of the Python API are asked, declared once; `optimize`, and the run that it answers with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, wraps
from inspect import Parameter, signature
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypedDict, TypeVar, Unpack, get_type_hints

import numpy as np
import polars as pl

from toolkit.api.answers import ReportedAnswer, rows
from toolkit.api.market import Market, holdings_of, market_of, weights_of
from toolkit.api.plot import RunPlots
from toolkit.api.strategy import named
from toolkit.app.allocation.holdings import Held
from toolkit.app.allocation.request import Request, own_forecast
from toolkit.app.clients import client_name
from toolkit.app.context import Context
from toolkit.app.optimize import Result
from toolkit.app.optimize import optimize as optimize_request
from toolkit.app.threads import one_thread
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.market.readers.cells import number
from toolkit.records import run as records
from toolkit.risk_model.expected_returns.own import OwnReturns
from toolkit.risk_model.expected_returns.views import ViewsReturns
from toolkit.strategy.model import Strategy
from toolkit.strategy.scenarios import OwnScenarios

if TYPE_CHECKING:
    from toolkit.app.subjects import Subject

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


POSITION = ("asset", "name", "weight", "previous_weight", "value", "quantity", "unit", "lots", "lot_size", "price")


@dataclass(frozen=True, eq=False, repr=False)
class Run(ReportedAnswer[records.Run]):
    """A proposal: what to hold, what to trade, and what that is worth knowing.

    Attributes:
        solved: What it was made from: the problem and its allocation; of one that was pickled the request, which is solved
            again where that is needed.
        kept: The record of one that was pickled.
        read: Of one that was pickled how own prices were read.
    """

    told = "topics.allocation:document"
    solved: Result | Request
    kept: records.Run | None = None
    read: tuple[str, ...] | None = None

    @property
    def found(self) -> records.Run:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The record with its fields typed, made when it is first asked for."""
        return self.result.record if self.kept is None else self.kept

    @property
    def context(self) -> Context:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The owner, the day, and what was known on it."""
        return self._request.context

    @property
    def _request(self) -> Request:
        return self.solved if isinstance(self.solved, Request) else self.solved.prepared.request

    @cached_property
    def result(self) -> Result:
        """What it was made from: the problem and its allocation."""
        return optimize_request(self.solved) if isinstance(self.solved, Request) else self.solved

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled with its request in place of what was solved."""
        return Run, (self._request, self.found, self._reading)

    @property
    def weights(self) -> pl.DataFrame:
        """One row an asset that may be held, and one for cash at the end."""
        if (record := self.kept) is None:
            held: Sequence[dict[str, Any]] = self.result.placed
        else:
            cash = {"asset": "cash", "name": "Cash", **record.cash.to_json()}
            held = [*(row.to_json() for row in record.positions), cash]
        return rows([dict.fromkeys(POSITION) | one for one in held], POSITION)

    @property
    def orders(self) -> pl.DataFrame:
        """What is bought, sold and kept, one row an asset."""
        return rows(self.record["orders"])

    @property
    def limits(self) -> pl.DataFrame:
        """One row a constraint: its value, its limit, the room left and whether it binds."""
        return rows(self.record["constraints"])

    @property
    def risk(self) -> Mapping[str, Any]:
        """Volatility, loss in the tail and what else is known of the risk of the proposal."""
        return self.record["risk"]

    @property
    def certificate(self) -> Mapping[str, Any]:
        """Solver, status and the residuals of the optimality conditions (`kkt`), and the proven gap of whole lots."""
        return self.record["solver"]

    @property
    def plot(self) -> RunPlots:
        """Pictures of the run."""
        return RunPlots(self.found)

    @one_thread()
    def explain(self) -> Mapping[str, Any]:
        """Slopes of each holding, prices of limits, sensitivities: the object of `--explain`."""
        from toolkit.app.explain import explanation  # noqa: PLC0415  # loads the analysis of a solved problem

        return explanation(self.result).to_json()

    @one_thread()
    def save(self) -> Path:
        """Store the run with its report as the command does, and return its folder."""
        return self.result.save(report=True)

    @property
    def _reading(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """How own prices were read: columns that count for nothing, for instance."""
        return self.result.prepared.inputs.price_notes if self.read is None else self.read

    @cached_property
    def _subject(self) -> Subject:
        from toolkit.app.subjects import with_parts  # noqa: PLC0415  # who asks for weights alone does not pay for a report

        return with_parts(self.found, self.context)


def request_of(strategy: str | PathLike[str] | Strategy, market: Market | None, **asked: Unpack[Question]) -> Request:
    """What is asked of the optimizer, with the arguments of `Question`.

    Raises:
        SpecError: for arguments that contradict each other.
    """
    prices, returns, prices_currency = asked.get("prices"), asked.get("returns"), asked.get("prices_currency")
    budget, total, holdings, weights = asked.get("budget"), asked.get("total"), asked.get("holdings"), asked.get("weights")
    currency, expected, seed = asked.get("currency"), asked.get("expected"), asked.get("seed", 0)
    if prices is not None and returns is not None:
        raise SpecError("prices and returns are two ways to say one thing.", hint="Give one of them.")
    if prices_currency is not None and prices is None:
        raise SpecError(
            "prices_currency says nothing without prices.", hint="Give prices; the currency of the answer is currency."
        )
    if market is not None and returns is not None:
        raise SpecError(
            "a market of returns has no other prices: market says nothing beside returns.",
            hint="Leave market out, or give market.with_returns(returns).",
        )
    if budget is not None and total is not None:
        raise SpecError("budget and total are two ways to say one thing.", hint="Give the money to add, or the whole.")
    if weights is not None and holdings is not None:
        raise SpecError("holdings and weights are two ways to say what is held.", hint="Give one of them.")
    if asked.get("sell_others") and holdings is None and weights is None:
        raise SpecError("sell_others says nothing without holdings.", hint="Give holdings.")
    lots = None if holdings is None else holdings_of(holdings)
    held = lots if weights is None else Held(weights_of(weights), of_wealth=True)
    budget, total = _amount("budget", budget), _amount("total", total)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise SpecError(f"seed must be a whole number from 0, not {seed!r}.")
    found = market_of(market)
    if returns is not None:
        found = found.with_returns(returns, currency=currency)
    elif prices is not None:
        found = found.with_prices(prices, currency=prices_currency, only=market is None)
    if found.prices is not None and found.prices.returns_only and holdings is not None:
        raise SpecError("what is held has no value where only returns are known.", hint="Give prices, or leave holdings out.")
    budget = None if budget == 0 and holdings is not None else budget
    owner = {
        "owner__currency": currency,
        "owner__country": asked.get("country"),
        "owner__kind": asked.get("owner_kind"),
        "owner__budget": budget if total is None else total,
    }
    return Request(
        strategy=strategy if isinstance(strategy, Strategy) else named(strategy),
        context=found.context(as_of=asked.get("as_of"), **owner),
        budget_given=budget is not None,
        prices=found.prices,
        holdings=held,
        seed=int(seed),
        total=total,
        sell_others=asked.get("sell_others", False),
        client=client_name(asked.get("client")),
        scenarios=own_forecast(asked.get("scenarios"), OwnScenarios),
        expected=expected if isinstance(expected, ViewsReturns) else own_forecast(expected, OwnReturns),
    )


def _amount(name: str, value: float | str | None) -> float | None:
    """A sum of money; of a text, as the command reads it."""
    return number(name, value) if isinstance(value, str) else value


@one_thread()
@asks(Question)
def optimize(
    strategy: str | PathLike[str] | Strategy = "physical-basket", market: Market | None = None, **asked: Unpack[Question]
) -> Run:
    """Propose an allocation: what to hold, in how many lots, at what cost, and how exposed it is to export controls.

    Args:
        strategy: Itself, its name, or the path of its file.
        market: What is known; by default the bundled market.
        asked: Arguments of `toolkit.api.run.Question`.

    Raises:
        Infeasible: when the limits contradict each other, with the least relaxation.
        ToolkitError: of the kind that says who can help.
    """
    return Run(optimize_request(request_of(strategy, market, **asked)))
