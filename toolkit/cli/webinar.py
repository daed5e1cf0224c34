"""`toolkit webinar create|change|cancel|list`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.terminal import print_json
from toolkit.core.errors import SpecError
from toolkit.core.messages import message
from toolkit.core.text import printable

if TYPE_CHECKING:
    from toolkit.web.config import WebConfig

app = typer.Typer(
    help="Webinars of the portal: create, change, cancel and list them.", no_args_is_help=True, rich_markup_mode=None
)

Page = Annotated[str, typer.Argument(metavar="PAGE", help="Its page, or the last part of the address.")]
Folder = Annotated[Path | None, typer.Option("--folder", metavar="DIR", help="Of the portal's data; default: ./portal.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")]


def portal(*, serving: bool = False, new: bool = False, undo: ExitStack | None = None, **options: Any) -> WebConfig:
    """The configured portal.

    Args:
        serving: Whether this process will be the portal; else links begin with the address of the one that was served last.
        new: Whether the folder may hold no portal yet: of a folder that was mistaken an empty one would be backed up, or sound.
        undo: Gets what removes the folder again, where it is made.
        options: Fields of the configuration; those that are None are not given.

    Raises:
        SpecError: where the libraries of the portal are not installed, an option makes no sense, or there is no portal.
    """
    try:
        from toolkit.web.config import read_config
        from toolkit.web.server import setup
    except ModuleNotFoundError as error:
        hint = message("pip install 'strategic-metals-toolkit[web]'")
        raise SpecError("the portal needs {name:s}, which is not installed.", hint=hint, name=error.name) from None
    config = read_config(**options)
    if not serving:
        config = config.as_served()
        if not new and config.database_url is None and not config.file.exists():
            there = str(config.folder.absolute())
            raise SpecError("there is no portal in {folder:s}.", hint="Name its folder with --folder.", folder=there)
    if undo is not None and not config.folder.exists():
        undo.callback(shutil.rmtree, config.folder, ignore_errors=True)
    setup(config, serving=serving)
    return config


@app.command("create")
def create(
    title: Annotated[str, typer.Argument(help="As visitors read it.")],
    *,
    starts: Annotated[
        list[str],
        typer.Option("--starts", metavar="TIME", help="On the clock of the zone, as 2026-12-03T17:00; repeat it for sessions."),
    ],
    zone: Annotated[str, typer.Option("--zone", help="Time zone, as Europe/Berlin.")] = "Europe/Berlin",
    strategy: Annotated[str, typer.Option("--strategy", help="Of the live demo.")] = "robust-utility",
    capacity: Annotated[int, typer.Option("--capacity", min=1, max=100_000, help="Seats.")] = 100,
    minutes: Annotated[int, typer.Option("--minutes", min=1, max=1440, help="Planned length.")] = 45,
    description: Annotated[str, typer.Option("--description", help="Paragraphs below the title.")] = "",
    question: Annotated[
        list[str] | None, typer.Option("--question", metavar="TEXT", help="Asked at sign-up; `*` behind it: must be answered.")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", metavar="NAME", help="Whose it is; default: the only host.")] = None,
    trial: Annotated[
        bool, typer.Option("--trial/--no-trial", help="Try the demo over the ranges of its sliders; gaps are printed.")
    ] = True,
    folder: Folder = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001  # read by main
) -> None:
    """Announce a webinar, or several sessions of one; its page is where visitors register."""
    with ExitStack() as undo:
        config = portal(new=True, undo=undo, folder=folder)
        from toolkit.web.server import answering, migrate
        from toolkit.web.webinars import announce, as_record, tried

        migrate(config)
        with answering():
            found = announce(
                starts,
                title=title,
                zone=zone,
                strategy=strategy,
                capacity=capacity,
                minutes=minutes,
                description=description,
                questions=question or (),
                host=host,
            )
        undo.pop_all()
    records = [as_record(webinar, config) for webinar in found]
    if not json:
        for record in records:
            sys.stdout.write(printable(f"{_line(record)}\n{record['url']}\n"))
        sys.stdout.flush()
    gaps = tried(strategy, config) if trial and config.demo else []
    if json:
        print_json({**records[0], "gaps": gaps} if len(records) == 1 else {"webinars": records, "gaps": gaps})
    for gap in gaps if not json else ():
        sys.stdout.write(printable(f"demo: {gap['told']}\n"))


@app.command("change")
def change(
    page: Page,
    *,
    starts: Annotated[str | None, typer.Option("--starts", metavar="TIME", help="On the clock of its zone.")] = None,
    minutes: Annotated[int | None, typer.Option("--minutes", min=1, max=1440, help="Planned length.")] = None,
    capacity: Annotated[int | None, typer.Option("--capacity", min=1, max=100_000, help="Seats.")] = None,
    title: Annotated[str | None, typer.Option("--title", help="As visitors read it.")] = None,
    description: Annotated[str | None, typer.Option("--description", help="Paragraphs below the title.")] = None,
    folder: Folder = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001  # read by main
) -> None:
    """Move a webinar, or change its seats or words: a new time is told by mail, more seats go to the waiting list."""
    new = {"starts": starts, "minutes": minutes, "capacity": capacity, "title": title, "description": description}
    _changed(page, folder, json, lambda webinars, found: webinars.change(found, **new))


@app.command("cancel")
def cancel(
    page: Page,
    *,
    folder: Folder = None,
    json: Json = False,
    debug: Debug = False,  # noqa: ARG001  # read by main
) -> None:
    """Cancel a webinar: those who have a seat or wait are told by mail. It cannot be undone."""
    _changed(page, folder, json, lambda webinars, found: webinars.cancel(found))


def _changed(page: str, folder: Path | None, json: bool, act: Callable[[Any, Any], bool]) -> None:
    """Do something to the webinar of a page, and show it as it is then."""
    config = portal(folder=folder)
    from toolkit.web import webinars
    from toolkit.web.server import answering, migrate

    migrate(config)
    with answering():
        found = webinars.page_of(page)
        done = act(webinars, found)
        found.refresh_from_db()
    record = webinars.as_record(found, config)
    if json:
        print_json(record)
        return
    sys.stdout.write(printable(f"{'' if done else 'Nothing changed. '}{_line(record)}\n{record['url']}\n"))


def _line(record: dict[str, Any]) -> str:
    cancelled = ", cancelled" if record["cancelled"] else ""
    return f"{record['slug']}: {record['starts']}, seats: {record['capacity']}{cancelled}"


@app.command("list")
def list_webinars(*, folder: Folder = None, json: Json = False) -> None:
    """Every webinar and its registrations by state."""
    config = portal(folder=folder)
    from toolkit.web.server import migrate
    from toolkit.web.webinars import as_record, coming_and_over, with_counts

    migrate(config)
    coming, over = coming_and_over(with_counts())
    records = [as_record(webinar, config) for webinar in (*coming, *over)]
    if json:
        print_json({"webinars": records})
        return
    for record in records:
        counts = ", ".join(f"{count} {state}" for state, count in record["registrations"].items() if count)
        sys.stdout.write(printable(f"{_line(record)}, {counts or 'no registration'}\n  {record['url']}\n"))
