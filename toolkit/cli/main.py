"""The `toolkit` command: the verbs found in this folder, and the one place where an error becomes an exit code."""

from __future__ import annotations

import gc
import sys
import traceback
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import typer
from typer.exceptions import TyperException

from toolkit import __version__
from toolkit.app.threads import one_thread
from toolkit.cli.commands import Commands
from toolkit.cli.terminal import drop_broken_streams, print_json, refused, tolerant_streams
from toolkit.core.errors import ToolkitError, Unwritten
from toolkit.core.messages import Message, message
from toolkit.core.text import printable

app = typer.Typer(
    cls=Commands,
    help="Portfolio and tangible-asset analysis for strategic metals.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"toolkit {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version and exit."),
) -> None:
    """Portfolio and tangible-asset analysis for strategic metals."""


command = typer.main.get_command(app)


def _told(kind: str, sentences: tuple[str, str], arguments: list[str], *, as_json: bool, details: dict | None = None) -> None:
    """Tell an error and its hint: as an object on stdout, or in words on stderr."""
    if as_json:
        print_json({"error": {"kind": kind, "message": sentences[0], "hint": sentences[1], "details": details or {}}})
    elif sentences[0].startswith("Usage: "):  # the help of a group without a command
        sys.stderr.write(printable(f"{sentences[0]}\n"))
    else:
        word, sentence, hint = _translated(sentences, arguments)
        sys.stderr.write(printable(f"{word}: {sentence}\n" + (f"{hint}\n" if hint else "")))


def _translated(sentences: tuple[str, str], arguments: list[str]) -> tuple[str, str, str]:
    """The word for an error, its message and its hint in the language of the arguments, else of the configuration.

    In English where none can be read, and where the error is no message: its hint alone would be half of a sentence.
    """
    if isinstance(sentences[0], Message):
        from toolkit.cli.options import Common
        from toolkit.cli.terminal import translator

        config = _given(arguments, "--config")
        common = Common(lang=_given(arguments, "--lang", "--language"), config=Path(config) if config else None)
        # A configuration or a catalogue that cannot be read is not what the user is told about.
        with suppress(ToolkitError):
            if common.language() != "en":
                tell = translator(common)
                if (told := tell(sentences[0])) != sentences[0]:
                    return tell(message("error")), told, tell(sentences[1])
    return "error", *sentences


def _given(arguments: list[str], *names: str) -> str | None:
    """The last value of an option in the arguments, `--name VALUE` or `--name=VALUE`."""
    values = [argument.partition("=")[2] or after for argument, after in pairwise([*arguments, ""])
              if argument.partition("=")[0] in names]  # fmt: skip
    return values[-1] if values else None


@one_thread()
def run(arguments: list[str]) -> int:
    """Run a command line and return its exit code; linear algebra has one thread."""
    as_json = bool({"--json", "--format=json"} & {*arguments}) or ("--format", "json") in pairwise(arguments)
    code = 0
    try:
        result = command(args=arguments, prog_name="toolkit", standalone_mode=False)
        code = result if isinstance(result, int) else 0
    except typer.Exit as exit_request:
        code = exit_request.exit_code
    except TyperException as error:
        hint = "Run with --help for the options."
        if arguments and arguments[0].startswith("-"):
            hint = f"Options stand behind the command, as in `toolkit optimize {arguments[0]}`. {hint}"
        elif "--holdings" in arguments and arguments[0] in ("exposure", "report", "holdings"):
            words = "holdings check" if arguments[0] == "holdings" else arguments[0]
            hint = f"The file of lots stands without an option: `toolkit {words} FILE`. {hint}"
        _told("usage", (error.format_message(), hint), arguments, as_json=as_json)
        code = 2
    except ToolkitError as error:
        from toolkit.app.status import status_of

        # The answer that could not be stored is on stdout already.
        told_as_json = as_json and not isinstance(error, Unwritten)
        _told(error.kind, (error.message, error.hint), arguments, as_json=told_as_json, details=error.details)
        code = status_of(error).exit_code
    except (KeyboardInterrupt, typer.Abort):
        _, sentence, _ = _translated((message("interrupted; no file is left half written"), ""), arguments)
        sys.stderr.write(printable(f"{sentence}\n"))
        code = 130
    except SystemExit as stop:
        # Both typer and rich exit with 1 when the reader of a pipe went away.
        code = 0 if isinstance(stop.__context__, BrokenPipeError) else int(stop.code or 0)
    except BrokenPipeError:
        code = 0
    except OSError as error:
        # Without the name of a file it is stdout that takes no more, and no object either.
        _told("system", refused(error), arguments, as_json=as_json and error.filename is not None)
        code = 2
    except Exception as error:  # noqa: BLE001  # the contract: two lines and a request to report, exit 1
        if "--debug" in arguments:
            traceback.print_exc()
        hint = "This is a bug: please report it with the command line; --debug behind the command shows the traceback."
        _told("bug", (f"unexpected {type(error).__name__}: {error}", hint), arguments, as_json=as_json)
        code = 1
    return code


def main() -> None:
    """Run the command line of the process and end it with its exit code."""
    # A command makes many objects and few circles: fewer collections save a tenth of its time.
    gc.set_threshold(1_000_000, 20, 20)
    tolerant_streams()
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        pass  # `toolkit ... | head`: not an error, and nobody is left to tell
    except OSError as error:
        _told("system", refused(error), sys.argv[1:], as_json=False)
        code = code or 2
    drop_broken_streams()
    gc.freeze()  # the process ends: to search its objects for circles once more takes a fifth of a second
    sys.exit(code)
