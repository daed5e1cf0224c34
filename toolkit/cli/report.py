"""`toolkit report`: render a report again, or one of what you hold, or of the market."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.controls import Events
from toolkit.cli.exposure import EndUser, Use
from toolkit.cli.options import MD, Common, with_common
from toolkit.cli.request import Charts, Client, write_charts
from toolkit.cli.terminal import print_json, progress, say
from toolkit.core.messages import message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from toolkit.app.context import Context
    from toolkit.app.subjects import Subject

STDOUT = "-"


@with_common
def report(
    about: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN|HOLDINGS]", help="A stored run (its id or folder, or last), or a file of lots; without: the market."
        ),
    ] = None,
    *,
    name: Annotated[
        str | None,
        typer.Option(
            "--report",
            metavar="NAME|FILE",
            help="Which report, or the path of its definition; a file such as x.xlsx or x.pdf is written with the usual one.",
        ),
    ] = None,
    format: Annotated[  # noqa: A002
        str | None, typer.Option("--format", help="html (default), email, pdf, xlsx, md, json or terminal.")
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option(
            "--lang", "--language", metavar="LANG", help="Language: en, de, or one you translated; default: settings."
        ),
    ] = None,
    events: Events = None,
    use: Use = None,
    end_user: EndUser = None,
    metal: Annotated[
        str | None, typer.Option("--metal", metavar="METAL", help="One page on a metal: of the market, or of your lots of it.")
    ] = None,
    client: Client = None,
    each_client: Annotated[
        bool,
        typer.Option("--each-client", help="One for each client of a file: page, PDF and mail, and a table of all of them."),
    ] = False,
    charts: Charts = None,
    theme: Annotated[
        str | None,
        typer.Option("--theme", metavar="FILE", help="Whose report it is: a TOML file with name, logo, two colours, footer."),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser, or in what shows such files.")] = False,
    common: Common,
) -> None:
    """Render a report: of a stored run without solving it again, of what you hold, or of the market alone."""
    from pathlib import Path

    if each_client:
        given = {
            "--client": client,
            "--charts": charts,
            "--open": show or None,
            "--out -": None if common.out != STDOUT else STDOUT,
        }
        _each_client(about, common, given, events, tuple(use or ()), metal, end_user, name, format, lang, theme)
        return
    to_stdout = common.out == STDOUT
    context = replace(common, out=None if to_stdout else common.out).context(events)
    with progress(message("Loading what it is about"), common):
        from toolkit.app.report.render import FORMATS, format_of
        from toolkit.app.report.render import report as rendered
        from toolkit.app.report.stored import file_name
        from toolkit.app.runs import put
        from toolkit.app.subjects import DEFAULT_REPORT, METAL_REPORT

        format = MD if format == "markdown" else format  # noqa: A001
        by_ending = None if name is None else format_of(name)
        _refuse_two_targets(name, by_ending, format, to_stdout=to_stdout)
        from toolkit.app.report.theme import brand_of

        brand = None if theme is None else brand_of(theme)
        folder, subject = _subject(about, context, common, client, tuple(use or ()), metal, end_user)
    usual = context.settings.config.output.language
    usual_report, language = DEFAULT_REPORT[subject.record.kind] if metal is None else METAL_REPORT, lang or usual
    chosen, kind = (name or usual_report, format or "html") if by_ending is None else (usual_report, by_ending)
    with progress(message("Rendering"), common):
        content = rendered(subject.record, subject.parts, name=chosen, lang=language, format=kind, brand=brand)
    if to_stdout:
        sys.stdout.buffer.write(content)
    if charts is not None:
        write_charts(subject, charts, common, name=chosen, lang=language)
    if to_stdout:
        return
    given = name if by_ending else None
    stem, _, ending = file_name(chosen, subject.record.kind, language, usual, FORMATS[kind].suffix).partition(".")
    whose = "" if theme is None else f"-{Path(theme).stem}"
    path = put(Path(given or folder / f"{stem}{whose}.{ending}"), content)
    if common.json:
        told = {
            "report": chosen,
            "kind": subject.record.kind,
            "format": kind,
            "language": language,
            "as_of": subject.record.as_of,
        }
        digest = hashlib.sha256(content).hexdigest()
        print_json({**told, "path": str(path.resolve()), "bytes": len(content), "sha256": digest}, common.part)
    say(message("report: {path:s}", path=str(path.resolve())), common)
    if show:
        typer.launch(path.resolve().as_uri())


def _each_client(
    about: str | None,
    common: Common,
    refused: Mapping[str, object],
    events: str | None,
    use: tuple[str, ...],
    metal: str | None,
    end_user: str | None,
    name: str | None,
    format: str | None,  # noqa: A002
    lang: str | None,
    theme: str | None,
) -> None:
    """A report for each client, their table on standard output, and the exit code of the first that failed."""
    from pathlib import Path

    from toolkit.app.clients import path_word
    from toolkit.app.holdings.exposure import ExposureRequest
    from toolkit.app.report.each_client import EachClientRequest, usual_formats
    from toolkit.app.report.each_client import each_client as written
    from toolkit.app.report.theme import brand_of
    from toolkit.app.runs import REPORTS
    from toolkit.app.subjects import metal_of
    from toolkit.cli.terminal import show
    from toolkit.controls.events import CIVIL, end_user_of
    from toolkit.core.errors import SpecError
    from toolkit.market.readers.contents import file_and_sheet
    from toolkit.report.topics.each_client import document

    for option in (option for option, value in refused.items() if value is not None):
        raise SpecError("--each-client takes no {option:s}.", hint="Leave one of them out.", option=option)
    if about is None or about == STDOUT or not file_and_sheet(about)[0].is_file():
        raise SpecError(
            "--each-client needs a file of lots or movements.", hint="Name one: `toolkit report clients.xlsx --each-client`."
        )
    context = common.context(events)
    settings = context.settings.config.output
    parts = (context.as_of.isoformat(), path_word(file_and_sheet(about)[0].stem), "clients", theme and Path(theme).stem)
    asked = ExposureRequest(
        about,
        context,
        common.price_files(),
        use=use,
        metal=None if metal is None else metal_of(context, metal),
        end_user=end_user_of(end_user or CIVIL),
    )
    request = EachClientRequest(
        asked,
        Path(settings.folder) / REPORTS / "-".join(part for part in parts if part),
        name,
        usual_formats() if format is None else (format,),
        lang or settings.language,
        None if theme is None else brand_of(theme),
    )
    with progress(message("Rendering"), common):
        found, code = written(request)
    show(replace(common, format=None, lang=lang), found, document)
    say(message("table: {path:s}", path=found.table), common)
    if code:
        raise typer.Exit(code)


def _refuse_two_targets(name: str | None, by_ending: str | None, format: str | None, *, to_stdout: bool) -> None:  # noqa: A002
    """`SpecError` for a file to write beside another format, or beside standard output."""
    from toolkit.core.errors import SpecError

    if by_ending is None:
        return
    if to_stdout:
        raise SpecError(
            "--report {name:s} is a file, and --out - writes to standard output.", hint="Leave one of them out.", name=name
        )
    if format not in (None, by_ending):
        raise SpecError(
            "--report {name:s} is no file of --format {format}.",
            hint="Leave --format out: the ending says it.",
            name=name,
            format=format,
        )


def _subject(
    about: str | None,
    context: Context,
    common: Common,
    client: str | None,
    use: tuple[str, ...],
    metal: str | None,
    end_user: str | None,
) -> tuple[Path, Subject]:
    """What the report is about, and the folder that it goes to."""
    from pathlib import Path

    from toolkit.app import subjects
    from toolkit.app.clients import client_name, content_hash, path_word
    from toolkit.app.holdings.exposure import ExposureRequest
    from toolkit.app.report.stored import load_run
    from toolkit.app.run_store.lookup import LAST, meant, remedy
    from toolkit.app.runs import REPORTS, RUNS
    from toolkit.controls.events import CIVIL, end_user_of
    from toolkit.core.errors import DataError, SpecError
    from toolkit.market.readers.contents import file_and_sheet

    output, whom = Path(context.settings.config.output.folder), client_name(client)
    files = common.price_files()

    def new(subject: Subject, stem: str) -> tuple[Path, Subject]:
        """The subject for its client, and a folder that no other content has."""
        named = subject if whom is None else replace(subject, record=subject.record.model_copy(update={"client": whom}))
        parts = (named.record.as_of, path_word(whom or ""), path_word(stem), content_hash(named.record.to_json()))
        return output / REPORTS / "-".join(part for part in parts if part), named

    key = None if metal is None else subjects.metal_of(context, metal)
    if about is None:
        _refuse("a report of the market", prices=files is not None, use=bool(use), end_user=end_user is not None)
        return new(subjects.market(context, key), key or "market")
    run = meant(about, output, (RUNS, REPORTS)) if about != STDOUT else None
    if run is None:
        if about == LAST or (about != STDOUT and not file_and_sheet(about)[0].is_file()):
            told = message("{about!r:s} is neither a stored run nor a file of lots.", about=about)
            raise DataError(told, hint=remedy(about, output, (RUNS, REPORTS)))
        user = end_user_of(end_user or CIVIL)
        request = ExposureRequest(about, context, files, use=use, metal=key, client=whom, end_user=user)
        stem = "stdin" if about == STDOUT else Path(about).stem
        return new(subjects.holdings(request), stem)
    _refuse(
        "a stored run",
        prices=files is not None,
        use=bool(use),
        end_user=end_user is not None,
        events=context.given_events is not None,
        metal=metal is not None,
    )
    subject = load_run(run, context.settings)
    if whom is not None and whom != subject.record.client:
        raise SpecError("a stored run has the client that it was made for.", hint="Give --client to `toolkit optimize`.")
    if common.as_of is not None and common.as_of != subject.record.as_of:
        hint = message("Leave --as-of out: the run is of {as_of}.", as_of=subject.record.as_of)
        raise SpecError("a stored run has a date of its own.", hint=hint)
    return run, subject


def _refuse(what: str, **given: bool) -> None:
    """`SpecError` for an option that would be ignored."""
    from toolkit.core.errors import SpecError

    ignored = {
        "prices": "reads no prices",
        "use": "has no stock that is used up",
        "end_user": "has no lots that go to a user",
        "events": "keeps the events that it was made with",
        "metal": "is about all that it holds",
    }
    for option in (name.replace("_", "-") for name, is_given in given.items() if is_given):
        raise SpecError(
            "{what} {ignored}, so --{option} would be ignored.",
            hint="Leave --{option} out.",
            what=what,
            ignored=ignored[option.replace("-", "_")],
            option=option,
        )
