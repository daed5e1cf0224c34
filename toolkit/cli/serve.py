"""`toolkit serve`: the webinar portal."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.webinar import Debug, Folder, portal


def serve(
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
