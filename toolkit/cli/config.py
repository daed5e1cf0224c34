"""`toolkit config show`."""

from __future__ import annotations

import typer

from toolkit.cli.options import Common, without_prices
from toolkit.cli.terminal import show as show_answer

app = typer.Typer(help="Settings: where, for whom and how fast.", no_args_is_help=True, rich_markup_mode=None)


@app.command("show")
@without_prices
def show(*, common: Common) -> None:
    """Every setting, its value and where it came from."""
    from toolkit.app.config import resolve
    from toolkit.records.lists import SettingsList
    from toolkit.report.topics.settings import settings

    found = SettingsList(settings=resolve(common.settings(), file=common.config).rows())
    show_answer(common, found, lambda found, say: settings(found, common.day(), say))
