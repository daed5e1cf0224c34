"""`toolkit runs list|show|diff`: what is stored, what each run answered, and what differs between two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import show as show_answer
from toolkit.cli.terminal import tell_remarks
from toolkit.core.errors import SpecError

app = typer.Typer(help="Stored runs: list them, show one again, compare two.", no_args_is_help=True, rich_markup_mode=None)
RUN_HELP = "A stored run: its id or the beginning of it, digits at the end of it, its folder, or last."
PAIR_HELP = "Two stored runs, each as of show; last beside another is the last other one of the same command."


@app.command("list")
@without_prices
def list_runs(*, common: Common) -> None:
    """Every stored run, backtest and sweep, the one written last first."""
    from toolkit.app.run_store.entries import run_list
    from toolkit.report.topics.changes import runs as document

    found = run_list(_output(common))
    show_answer(common, found, lambda found, say: document(found, common.day(), say))


@app.command("show")
@without_prices
def show(run: Annotated[str, typer.Argument(metavar="RUN", help=RUN_HELP)], *, common: Common) -> None:
    """What a stored run answered, in any format and language; nothing is computed again."""
    from toolkit.app.run_store.entries import load
    from toolkit.app.run_store.lookup import find
    from toolkit.report.topics.changes import stored as document

    _without_day(common)
    found = load(find(run, _output(common))).record
    show_answer(common, found, document)
    if common.format not in ("markdown", "html"):
        tell_remarks(getattr(found, "remarks", ()), common, getattr(found, "phrases", None))


@app.command("diff")
@without_prices
def diff(runs: Annotated[tuple[str, str], typer.Argument(metavar="RUN RUN", help=PAIR_HELP)], *, common: Common) -> None:
    """What differs between two stored runs of one command: question, data, versions, weights, orders, key figures."""
    from toolkit.app.run_store.entries import pair
    from toolkit.app.topics.changes import differences
    from toolkit.report.topics.changes import document

    _without_day(common)
    show_answer(common, differences(*pair(runs, _output(common))), document)


def _without_day(common: Common) -> None:
    if common.as_of is not None:
        raise SpecError("a stored run has a date of its own.", hint="Leave --as-of out.")


def _output(common: Common) -> Path:
    from toolkit.app.config import resolve

    return Path(resolve(common.settings(), file=common.config).config.output.folder)
