"""The request of a verb that optimizes, from its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import Common, number_option
from toolkit.cli.terminal import progress, say, try_write
from toolkit.core.errors import SpecError
from toolkit.core.messages import message

if TYPE_CHECKING:
    from toolkit.app.allocation.request import Request
    from toolkit.app.subjects import Subject

DEFAULT_STRATEGY = "physical-basket"

StrategyName = Annotated[str, typer.Argument(metavar="[STRATEGY]", help="Name of a strategy, or path to its file.")]
Budget = Annotated[float | None, number_option("--budget", "Money to place, in the reporting currency; added to what is held.")]
Total = Annotated[float | None, number_option("--total", "The whole, holdings included, in place of --budget.")]
SellOthers = Annotated[
    bool, typer.Option("--sell-others", help="What is held outside the strategy may be sold; else it is kept.")
]
Holdings = Annotated[
    str | None,
    typer.Option("--holdings", metavar="FILE|RUN", help="What is held today: a file, - for stdin, a stored run, or last."),
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the strategy; repeatable.")
]
Charts = Annotated[
    str | None,
    typer.Option("--charts", metavar="FOLDER", help="Write every chart of the report there too, as SVG and PNG files."),
]
Scenarios = Annotated[
    str | None,
    typer.Option(
        "--scenarios", metavar="FILE", help="Own scenarios: simple returns, a row each, by asset; by date or probable."
    ),
]
Expected = Annotated[
    str | None,
    typer.Option(
        "--expected", metavar="FILE", help="Own expected returns a year: asset and return, from a date on where given."
    ),
]
Estimated = Annotated[
    bool, typer.Option("--estimated/--observed", help="Trade and value at the prices behind noisy customs values, or at these.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 7 when there are warnings.")]
Client = Annotated[
    str | None,
    typer.Option(
        "--client", metavar="NAME", help="Whom it is for: on the page, in the path; of a file with a column client, their lots."
    ),
]


def request_of(
    common: Common,
    strategy: str,
    settings: list[str] | None,
    *,
    budget: float | None,
    holdings: str | None,
    client: str | None = None,
    total: float | None = None,
    sell_others: bool = False,
    events: str | None = None,
    scenarios: str | None = None,
    expected: str | None = None,
) -> Request:
    """What is asked for: options go before the environment and the configuration file.

    Args:
        common: The common options.
        strategy: Name, or path.
        settings: `--set`.
        budget: Money to place; None for the configured one.
        holdings: `--holdings`.
        client: `--client`.
        total: The whole, in place of a budget.
        sell_others: Whether what the strategy does not hold may be sold.
        events: `--events`.
        scenarios: `--scenarios`.
        expected: `--expected`.

    Raises:
        SpecError: for a setting that makes no sense.
    """
    from toolkit.app.clients import client_name

    if budget is not None and total is not None:
        raise SpecError("--budget and --total are two ways to say one thing.", hint="Give the money to add, or the whole.")
    if sell_others and holdings is None:
        raise SpecError("--sell-others says nothing without --holdings.", hint="Add --holdings FILE.")
    if holdings == "-" and "-" in (common.prices or ()):
        raise SpecError("--prices - and --holdings - both read standard input.", hint="Give one of them a file.")
    if budget == 0 and holdings is not None:  # nothing is added: what holdings alone mean
        budget = None
    context = common.context(events, **{"owner.budget": budget if total is None else total})
    with progress(message("Loading the solver"), common):
        from toolkit.app.allocation.request import OwnReturns, OwnScenarios, Request, own_forecast

    return Request(
        strategy=strategy,
        overrides=tuple(settings or ()),
        context=context,
        budget_given=budget is not None,
        prices=common.price_files(),
        holdings=holdings,
        total=total,
        sell_others=sell_others,
        seed=common.seed,
        client=client_name(client),
        scenarios=own_forecast(scenarios, OwnScenarios),
        expected=own_forecast(expected, OwnReturns),
    )


def write_charts(subject: Subject, folder: str, common: Common, *, name: str | None = None, lang: str | None = None) -> None:
    """Write the charts of a report, after its answer was shown, and say where they are.

    Args:
        subject: What the report is about.
        folder: `--charts`.
        common: The common options.
        name: Of the report; by default the usual one of its kind of subject.
        lang: Of the report; by default that of the answer.

    Raises:
        SpecError: as `toolkit.app.report.pictures.write_charts`.
    """
    from pathlib import Path

    with progress(message("Drawing"), common):
        from toolkit.app.report.pictures import write_charts as write

        code = lang or common.language()
        paths, unwritten = try_write(lambda: write(subject, Path(folder), name=name, lang=code))
    if unwritten is not None:
        raise unwritten
    say(message("charts: {n} in {folder:s}", n=len(paths or ()) // 2, folder=str(Path(folder).resolve())), common)
