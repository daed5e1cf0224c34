"""`toolkit serve [backup|restore|verify|purge|migrate|invite|recover]`: the webinar portal, and the care of its data."""

from __future__ import annotations

import sys
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
        folder=folder,
        host=host,
        port=port,
        base_url=base_url,
        trusted_proxy=trusted_proxy or None,
        insecure_http=insecure_http or None,
    )
    from toolkit.web.server import serve as run

    run(config)


def _ready(context: typer.Context, folder: Path | None, *, migrated: bool = True) -> None:
    """Set up the portal of a folder, which may stand before or behind the name of the command."""
    config = portal(folder=folder or context.obj)
    if migrated:
        from toolkit.web.server import migrate as run

        run(config)


def _answer(record: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(record)
        return
    for name, value in record.items():
        shown = ", ".join(f"{count} {what}" for what, count in value.items()) if isinstance(value, dict) else value
        sys.stdout.write(printable(f"{name.replace('_', ' ')}: {'none' if shown in ('', []) else shown}\n"))


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="New file.")],
    *,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Copy the database into a file, while the portal serves or not.

    \f
    Args:
        context: With the folder that stands before the name of the command.
        file: New file.
        folder: Of the portal.
        json: One JSON object on stdout.
    """  # noqa: D301
    _ready(context, folder)
    from toolkit.web.operations.backup import backup as run

    _answer(run(file), json=json)


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A backup.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace the database that is there.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Put a backup in the place of the database; what was erased or revoked since then is so again.

    \f
    Args:
        context: With the folder that stands before the name of the command.
        file: A backup.
        force: Replace the database that is there.
        folder: Of the portal.
        json: One JSON object on stdout.
    """  # noqa: D301
    _ready(context, folder, migrated=False)
    from toolkit.web.operations.backup import restore as run

    _answer(run(file, force=force), json=json)


@app.command()
def verify(context: typer.Context, *, folder: Folder = None, json: Json = False) -> None:
    """Check the database, the chain of the audit log, consent texts, seats and erasures."""
    _ready(context, folder)
    from toolkit.web.operations.backup import counts, faults

    found = faults()
    if found:
        raise DataError("the data of the portal is not sound: {faults:; }.", details={"faults": found}, faults=found)
    _answer({"sound": True, **counts()}, json=json)


@app.command()
def purge(
    context: typer.Context,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count alone.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Delete what is past its retention; the serving portal does it every hour.

    \f
    Args:
        context: With the folder that stands before the name of the command.
        dry_run: Count alone.
        folder: Of the portal.
        json: One JSON object on stdout.
    """  # noqa: D301
    _ready(context, folder)
    from toolkit.web.gate.retention import purge as run

    _answer(run(dry_run=dry_run), json=json)


@app.command()
def migrate(context: typer.Context, *, folder: Folder = None) -> None:
    """Bring the tables to the schema of this version; serving does it too."""
    _ready(context, folder)


@app.command()
def invite(context: typer.Context, *, folder: Folder = None, json: Json = False) -> None:
    """Print a link by which one more host signs in, once, within a day."""
    _ready(context, folder)
    from toolkit.web.hosts import invitation

    _answer({"link": invitation()}, json=json)


@app.command()
def recover(
    context: typer.Context,
    host: Annotated[str, typer.Argument(metavar="HOST", help="Name of the host.")],
    *,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Give a host who lost a password or a telephone a new password, without one-time passwords."""
    _ready(context, folder)
    from toolkit.web.hosts import recover as run

    _answer({"password": run(host)}, json=json)
