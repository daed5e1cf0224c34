"""The options that every command shares, declared once and merged into each command's signature."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from toolkit.core.errors import SpecError, ToolkitError, did_you_mean
from toolkit.core.limits import LARGEST, check_number
from toolkit.core.messages import message

if TYPE_CHECKING:
    from toolkit.app.context import Context
    from toolkit.app.prices import PriceFiles


FORMATS = ("terminal", "json", "markdown", "html")
"""Formats of an answer."""
MD = "md"
"""The ending of Markdown, by which `report` calls the format; both words are taken everywhere."""
OF_PRICES = ("prices", "prices_currency", "prices_only", "accept", "bids")


def parse_day(option: str, text: str | None) -> date | None:
    """The day that an option names, None where it is not given; `SpecError` for a text that is no ISO date."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        fault = message("{option:s} {text!r:s} is not a date.", option=option, text=text)
        raise SpecError(fault, hint="Write it as 2026-05-31.") from None


@dataclass(frozen=True, slots=True)
class Common:
    """What the common options say."""

    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Settings; default: ./config.toml.")] = None
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Use only what was known on this day; default: today.")
    ] = None
    data: Annotated[
        str | None, typer.Option("--data", metavar="PATH", help="A data package of your own, a store, or the word store.")
    ] = None
    prices: Annotated[
        list[str] | None,
        typer.Option(
            "--prices", metavar="FILE", help="Your own prices: a file, a folder, or - for stdin; repeatable. They come first."
        ),
    ] = None
    prices_only: Annotated[bool, typer.Option("--prices-only", help="Take nothing from the bundled prices.")] = False
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="NAME", help="An asset whose price looks wrong and is meant; repeatable."),
    ] = None
    prices_currency: Annotated[
        str | None,
        typer.Option(
            "--prices-currency", metavar="CUR", help="Currency of prices that name none; default: that of the answer."
        ),
    ] = None
    rates: Annotated[
        str | None,
        typer.Option("--rates", metavar="FILE", help="Your own exchange rates: date, currency, per_eur (or the ECB's list)."),
    ] = None
    layout: Annotated[
        str | None,
        typer.Option("--layout", metavar="FILE", help="How your lots are read; default: FILE.layout.toml beside them."),
    ] = None
    bids: Annotated[
        str | None,
        typer.Option("--bids", metavar="FILE", help="What was offered to you: date, asset, bid (docs/bids.md)."),
    ] = None
    currency: Annotated[str | None, typer.Option("--currency", metavar="CUR", help="Reporting currency.")] = None
    destination: Annotated[
        str | None, typer.Option("--destination", metavar="COUNTRY", help="The owner's country, where deliveries go.")
    ] = None
    owner_kind: Annotated[
        str | None,
        typer.Option("--owner-kind", metavar="KIND", help="private (default), company or trust: whose tax rules hold."),
    ] = None
    out: Annotated[str | None, typer.Option("--out", metavar="DIR", help="Where runs and reports go.")] = None
    format: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="terminal (default), json, markdown or html, on stdout.")
    ] = None
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout: --format json.")] = False
    part: Annotated[str | None, typer.Option("--part", metavar="KEY", help="With --json: this key of the object alone.")] = None
    lang: Annotated[
        str | None,
        typer.Option("--lang", "--language", metavar="LANG", help="en, de, or one you translated; default: settings."),
    ] = None
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress and no warnings on stderr.")] = False
    verbose: Annotated[bool, typer.Option("--verbose", help="Durations and solver attempts on stderr.")] = False
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of whatever is random; recorded with the run.")] = 0
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour, also where the terminal has it.")] = False
    offline: Annotated[bool, typer.Option("--offline", help="Never use the network.")] = False
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False

    def day(self) -> date:
        """The date that is asked about; `SpecError` for a text that is no ISO date."""
        return parse_day("--as-of", self.as_of) or date.today()

    def context(self, events: str | None = None, **more: Any) -> Context:
        """What the command is asked about; `more` are options that the configuration has too, by their key path."""
        from toolkit.app.config import resolve
        from toolkit.app.context import Context

        return Context(resolve(self.settings(**more), file=self.config), self.day(), events, date.today())

    def price_files(self) -> PriceFiles | None:
        """The user's price files; `SpecError` for options that say how to read files that are not given."""
        if not self.prices:
            given = {
                "--prices-only": self.prices_only,
                "--accept": self.accept,
                "--prices-currency": self.prices_currency is not None,
            }
            for option in (option for option, value in given.items() if value):
                raise SpecError("{option} says nothing without --prices.", hint="Add --prices FILE.", option=option)
            return None
        from toolkit.app.prices import PriceFiles

        return PriceFiles(tuple(self.prices), self.prices_currency, self.prices_only, tuple(self.accept or ()))

    def language(self) -> str:
        """Code of the language to answer in."""
        from toolkit.app.config import resolve

        return self.lang or resolve(self.settings(), file=self.config).config.output.language

    def settings(self, **more: Any) -> dict[str, Any]:
        """Key path -> value of the options that set something which the configuration can set too."""
        given = {
            "owner.country": self.destination,
            "owner.kind": self.owner_kind,
            "owner.currency": self.currency,
            "data.path": self.data,
            "data.rates": self.rates,
            "data.layout": self.layout,
            "data.bids": self.bids,
            "output.folder": self.out,
        }
        return {**given, **more}


def number_option(name: str, help: str, *, most: float = LARGEST) -> Any:  # noqa: A002  # the word of typer
    """An option that is a number as people write it: ``100000``, ``100.000,00``, ``0,5``.

    Args:
        name: With its hyphens.
        help: One line on the help page.
        most: Largest value that it can have.
    """

    def parse(text: str | float) -> float:
        from toolkit.market.readers.cells import number

        return number(name, text, most) if isinstance(text, str) else text

    return typer.Option(name, help=help, parser=parse, metavar="NUMBER")


def _check_numbers(options: Mapping[str, Any]) -> None:
    """Refuse options that are no finite number, or are beyond any amount that cents can be kept of."""
    for name, value in options.items():
        if isinstance(value, float | int):
            check_number(f"--{name.replace('_', '-')}", value)


def with_common(
    command: Callable[..., None],
    *,
    refused: tuple[str, ...] = (),
    formats: tuple[str, ...] = FORMATS,
    makes_store: bool = False,
) -> Callable[..., None]:
    """The command with the common options in its signature; it receives them as `common`.

    Args:
        command: Whose own parameters go before common ones of the same name.
        refused: Names of options that it would ignore.
        formats: What `--format` may be.
        makes_store: Whether `--data` may name a store that is not there yet.
    """
    hints = get_type_hints(Common, include_extras=True)
    own = inspect.signature(command, eval_str=True)
    parameters = [parameter for name, parameter in own.parameters.items() if name != "common"]
    inherited = [field for field in fields(Common) if field.name not in own.parameters]
    shared = [
        inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name])
        for field in inherited
    ]

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        common = _in_format(Common(**{field.name: kwargs.pop(field.name) for field in inherited}), formats)
        try:
            answer(common, args, kwargs)
        except ToolkitError as error:
            from toolkit.cli.terminal import show_error

            show_error(error, common)
            raise

    def answer(common: Common, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        # A value that is none is refused by commands that do not ask for it, too.
        common.day()
        _check_numbers({"seed": common.seed, **kwargs})
        for field in fields(Common):
            if field.name in refused and getattr(common, field.name) not in (field.default, []):
                option = f"--{field.name.replace('_', '-')}"
                raise SpecError(
                    "this command reads no prices, so {option} would be ignored.", hint="Leave {option} out.", option=option
                )
        if "prices" not in refused:
            common.price_files()
        if common.lang is not None:
            from toolkit.app.languages import language

            language(common.lang)
        if common.config or common.destination or common.currency or common.data or common.owner_kind:
            from toolkit.app.config import resolve

            settings = resolve(common.settings(), file=common.config)
            if common.data and not makes_store:
                from toolkit.app.data.places import package_folder

                package_folder(settings)
        command(*args, common=common, **kwargs)

    signature = own.replace(parameters=[*parameters, *shared])
    wrapped.__signature__ = signature  # type: ignore[attr-defined]
    wrapped.__annotations__ = {name: parameter.annotation for name, parameter in signature.parameters.items()}
    return wrapped


without_prices = functools.partial(with_common, refused=OF_PRICES)
"""`with_common` for a command that reads no price file: an option that would be ignored is refused."""


def _in_format(common: Common, formats: tuple[str, ...]) -> Common:
    """`--json` and `--format json` as one; `SpecError` for two formats, and for one that the command does not have."""
    if common.format == MD and MD not in formats:
        common = replace(common, format="markdown")
    if common.format is not None and common.format not in formats:
        sentence = message(
            "--format {format!r:s} is none of this command: {formats}.", format=common.format, formats=[*formats]
        )
        raise SpecError(sentence, hint=did_you_mean(common.format, formats))
    if common.json and common.format not in (None, "json"):
        raise SpecError("--json and --format {format} are two formats.", hint="Leave one of them out.", format=common.format)
    as_json = common.json or common.format == "json"
    if common.part is not None and not as_json:
        raise SpecError("--part says nothing without --json.", hint="Add --json.")
    return replace(common, json=as_json, format="json" if common.json else common.format)
