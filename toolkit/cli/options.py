"""The options that every command shares, declared once and merged into each command's signature."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from toolkit.core.errors import SpecError


@dataclass(frozen=True, slots=True)
class Common:
    """What the common options say."""

    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Settings; default: ./config.toml.")] = None
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Use only what was known on this day; default: today.")
    ] = None
    data: Annotated[str | None, typer.Option("--data", metavar="PATH", help="A data package of your own.")] = None
    prices: Annotated[
        str | None,
        typer.Option("--prices", metavar="FILE", help="Prices (CSV or Parquet; - is stdin) in place of the bundled."),
    ] = None
    prices_currency: Annotated[
        str, typer.Option("--prices-currency", metavar="CUR", help="Currency of a prices file that names none.")
    ] = "USD"
    currency: Annotated[str | None, typer.Option("--currency", metavar="CUR", help="Reporting currency.")] = None
    destination: Annotated[
        str | None, typer.Option("--destination", metavar="COUNTRY", help="The owner's country, where deliveries go.")
    ] = None
    out: Annotated[str | None, typer.Option("--out", metavar="DIR", help="Where runs and reports go.")] = None
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress and no warnings on stderr.")] = False
    verbose: Annotated[bool, typer.Option("--verbose", help="Durations and solver attempts on stderr.")] = False
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of whatever is random; recorded with the run.")] = 0
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour, also where the terminal has it.")] = False
    offline: Annotated[bool, typer.Option("--offline", help="Never use the network.")] = False
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False

    def day(self) -> date:
        """The date that is asked about; `SpecError` for a text that is no ISO date."""
        if self.as_of is None:
            return date.today()
        try:
            return date.fromisoformat(self.as_of)
        except ValueError:
            raise SpecError(f"--as-of {self.as_of!r} is not a date.", hint="Write it as 2026-05-31.") from None

    def settings(self, **more: Any) -> dict[str, Any]:
        """Key path -> value of the options that set something which the configuration can set too."""
        given = {
            "owner.country": self.destination,
            "owner.currency": self.currency,
            "data.path": self.data,
            "data.offline": True if self.offline else None,
            "output.folder": self.out,
        }
        return {**given, **more}


def with_common(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the common options in its signature; it receives them as `common`."""
    hints = get_type_hints(Common, include_extras=True)
    own = inspect.signature(command, eval_str=True)
    parameters = [parameter for name, parameter in own.parameters.items() if name != "common"]
    shared = [
        inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name])
        for field in fields(Common)
    ]

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        common = Common(**{field.name: kwargs.pop(field.name) for field in fields(Common)})
        command(*args, common=common, **kwargs)

    signature = own.replace(parameters=[*parameters, *shared])
    wrapped.__signature__ = signature  # type: ignore[attr-defined]
    wrapped.__annotations__ = {name: parameter.annotation for name, parameter in signature.parameters.items()}
    return wrapped
