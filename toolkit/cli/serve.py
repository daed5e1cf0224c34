"""`toolkit serve [backup|restore|verify|purge|migrate|invite|recover|close]`: the webinar portal, and the care of its data."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any

import typer

from toolkit.cli.terminal import print_json
from toolkit.cli.webinar import Debug, Folder, Json, portal
from toolkit.core.errors import DataError
from toolkit.core.text import printable

app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@app.callback()
def serve(
    context: typer.Context,
    *,
    folder: Folder = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on; default: 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Default: 8000.")] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", metavar="URL", help="Address that visitors see, as https://webinar.example.com.")
    ] = None,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option("--trusted-proxy", metavar="NETWORK", help="Believe X-Forwarded-For and -Proto from here; repeatable."),
    ] = None,
    insecure_http: Annotated[
        bool, typer.Option("--insecure-http", help="Serve plain http on other addresses than loopback.")
    ] = False,
    debug: Debug = False,  # noqa: ARG001  # read by main
) -> None:
    """Serve the webinar portal: registrations, waiting room and live demo."""
    if context.invoked_subcommand is not None:
        context.obj = folder
        return
    config = portal(
        serving=True,
        folder=folder,
        host=host,
        port=port,
        base_url=base_url,
        trusted_proxy=trusted_proxy or None,
        insecure_http=insecure_http or None,
    )
    from toolkit.web.server import serve as run

    run(config)


def _of_portal(command: Callable[..., dict[str, Any]], *, new: bool = False, migrated: bool = True) -> Callable[..., None]:
    """The command with `--folder`, which may stand before its name too, and `--json`; what it returns is told.

    Args:
        command: What is done once the portal is set up.
        new: Whether the folder may hold no portal yet.
        migrated: Whether the tables are brought to the schema of this version before.
    """

    @functools.wraps(command)
    def wrapped(*, context: typer.Context, folder: Path | None, json: bool, **options: Any) -> None:
        with ExitStack() as undo:
            config = portal(new=new, undo=undo, folder=folder or context.obj)
            from toolkit.web.server import answering, migrate

            with answering():
                if migrated:
                    migrate(config)
                record = command(**options)
            undo.pop_all()
        if json:
            print_json(record)
            return
        for name, value in record.items():
            shown = ", ".join(f"{count} {what}" for what, count in value.items()) if isinstance(value, dict) else value
            sys.stdout.write(printable(f"{name.replace('_', ' ')}: {'none' if shown in ('', []) else shown}\n"))

    parameters = [
        Parameter("context", Parameter.KEYWORD_ONLY, annotation=typer.Context),
        *inspect.signature(command, eval_str=True).parameters.values(),
        Parameter("folder", Parameter.KEYWORD_ONLY, default=None, annotation=Folder),
        Parameter("json", Parameter.KEYWORD_ONLY, default=False, annotation=Json),
    ]
    wrapped.__signature__ = inspect.Signature(sorted(parameters, key=lambda one: one.kind))  # type: ignore[attr-defined]
    wrapped.__annotations__ = {one.name: one.annotation for one in parameters}
    return wrapped


@app.command()
@_of_portal
def backup(file: Annotated[Path, typer.Argument(help="New file.")]) -> dict[str, Any]:
    """Copy the database into a file, while the portal serves or not."""
    from toolkit.web.operations.backup import backup as run

    return run(file)


@app.command()
@partial(_of_portal, new=True, migrated=False)
def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace the database that is there.")] = False,
) -> dict[str, Any]:
    """Put a backup in the place of the database; what was erased or revoked since then is so again."""
    from toolkit.web.operations.backup import restore as run

    return run(file, force=force)


@app.command()
@_of_portal
def verify() -> dict[str, Any]:
    """Check the database, the chain of the audit log, consent texts, seats and erasures."""
    from toolkit.web.operations.backup import counts, faults

    found = faults()
    if found:
        raise DataError("the data of the portal is not sound: {faults:; }.", details={"faults": found}, faults=found)
    return {"sound": True, **counts()}


@app.command()
@_of_portal
def purge(*, dry_run: Annotated[bool, typer.Option("--dry-run", help="Count alone.")] = False) -> dict[str, Any]:
    """Delete what is past its retention; the serving portal does it every hour."""
    from toolkit.web.gate.retention import purge as run

    return run(dry_run=dry_run)


@app.command()
@partial(_of_portal, new=True)
def migrate() -> dict[str, Any]:
    """Bring the tables to the schema of this version; serving does it too."""
    return {}


@app.command()
@_of_portal
def invite() -> dict[str, Any]:
    """Print a link by which one more host signs in, once, within a day."""
    from toolkit.web.hosts import invitation

    return {"link": invitation()}


@app.command()
@_of_portal
def recover(host: Annotated[str, typer.Argument(metavar="HOST", help="Name of the host.")]) -> dict[str, Any]:
    """Print a link by which a host who lost a password or a telephone chooses a new one, once, within an hour."""
    from toolkit.web.hosts import recover as run

    return {"link": run(host)}


@app.command()
@_of_portal
def close(host: Annotated[str, typer.Argument(metavar="HOST", help="Name of the host.")]) -> dict[str, Any]:
    """Close the account of a host and end the sessions; `recover` opens it again."""
    from toolkit.web.hosts import close as run

    run(host)
    return {"closed": host}
