"""What reaches the terminal: data on stdout, everything else on stderr, on any stream and in any encoding."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from toolkit.cli.options import Common
from toolkit.core.errors import SpecError, ToolkitError, Unwritten, did_you_mean
from toolkit.core.messages import Message, message, retellable
from toolkit.core.text import indented, printable

if TYPE_CHECKING:
    from toolkit.core.remarks import Remark
    from toolkit.records.base import Record
    from toolkit.records.sources import Remark as WrittenRemark
    from toolkit.report.document import Document
    from toolkit.report.i18n.language import Language

T = TypeVar("T")


AnswerT = TypeVar("AnswerT", bound="Record")

PAGES = ("markdown", "html")
"""Formats that are kept apart from stderr, and so show warnings and errors themselves."""
ENGLISH = "en"
LINE = 80
"""Columns where the stream is not a terminal and COLUMNS is not set."""


def tolerant_streams() -> None:
    """Never die on a character that the stream's encoding (cp1252, cp949) does not have."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]


def drop_broken_streams() -> None:
    """Let what is left in the buffer of a stream that nobody reads, or that is full, go nowhere when Python ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_json(data: Mapping[str, Any], part: str | None = None) -> None:
    """One JSON object on stdout, in ASCII: the same bytes whatever the encoding of the stream.

    Args:
        data: The object.
        part: The key that is printed alone, in an object of its own; None for all.

    Raises:
        SpecError: for a part that the object does not have.
    """
    if part is not None and part not in data:
        raise SpecError("--part {part:s} is no key of this answer.", hint=did_you_mean(part, data), part=part)
    sys.stdout.write(indented(data if part is None else {part: data[part]}, ascii_only=True) + "\n")


def show(common: Common, answer: AnswerT, compose: Callable[[AnswerT, Language], Document]) -> None:
    """The answer on stdout, in the format and the language that are asked for.

    Args:
        common: The options.
        answer: What `--json` prints.
        compose: The document of the answer, in a language.
    """
    if common.json:
        print_json(answer.to_json(), common.part)
        return
    from toolkit.app.answers import answered
    from toolkit.records.sources import Beside

    chosen = common.format or "terminal"
    # A terminal has warnings and errors on stderr.
    beside = Beside.model_validate(answer) if chosen in PAGES else None
    written = answered(
        lambda say: compose(answer, say), chosen, common.language(), width=_width(), bold=_is_bold(common), beside=beside
    )
    # A page is UTF-8 whatever the terminal is; lines of a terminal are in its encoding.
    if common.format == "html":
        sys.stdout.flush()
        sys.stdout.buffer.write(written.encode())
    else:
        sys.stdout.write(written)


def show_error(error: ToolkitError, common: Common) -> None:
    """An error as a page on stdout where a page is asked for; nothing in other formats, and where an answer stands there."""
    if common.format not in PAGES or isinstance(error, Unwritten):
        return
    from toolkit.records.sources import Fault
    from toolkit.report.answer import error as document

    show(common, Fault(message=error.message, hint=error.hint), lambda found, say: document(found, common.day(), say))


def _width() -> int:
    """Columns of the terminal, of COLUMNS where the stream is none, or as many as any has."""
    asked = os.environ.get("COLUMNS", "")
    if sys.stdout.isatty():
        return shutil.get_terminal_size((LINE, 24)).columns
    return int(asked) if asked.isdecimal() and int(asked) else LINE


def _is_bold(common: Common) -> bool:
    """Whether the terminal has bold letters; consoles of Windows older than its Terminal print the escapes."""
    known = os.name != "nt" or "WT_SESSION" in os.environ
    return known and not common.no_color and "NO_COLOR" not in os.environ and sys.stdout.isatty()


def say(text: str, common: Common) -> None:
    """A line on stderr, in the language of the command where it is a message, unless `--quiet`."""
    if not common.quiet:
        sys.stderr.write(printable(translator(common)(text) if isinstance(text, Message) else text) + "\n")


def try_write(write: Callable[[], T]) -> tuple[T | None, Unwritten | None]:
    """What a step that writes files returns, or the error to raise once the answer is shown: a full disk takes no answer."""
    try:
        return write(), None
    except SpecError as error:
        return None, Unwritten(error.message, hint=error.hint, details=error.details)
    except OSError as error:
        message, hint = refused(error)
        return None, Unwritten(message, hint=hint)


def refused(error: OSError) -> tuple[str, str]:
    """What the system did not do, and the remedy."""
    reason = error.strerror or str(error)
    told = (
        message("the system could not read or write: {reason:s}.", reason=reason)
        if error.filename is None
        else message("the system could not read or write {file:s}: {reason:s}.", file=str(error.filename), reason=reason)
    )
    return told, message("Check space and access, or name another place.")


LONG_LIST = 31
"""Items of a list in a sentence that a terminal shows whole; the object has all."""
MOST_WARNINGS = 5
"""Warnings that a terminal shows; more are read by nobody, and all are in the object and with --verbose."""


def translator(common: Common, phrases: Mapping[str, Mapping[str, Any]] | None = None) -> Callable[[str], str]:
    """From a sentence to its words in the language of the command; English without a long list, and what is no message, stand.

    Args:
        common: The options.
        phrases: Sentence -> template and values, of sentences that a record remembers there.
    """
    code, known = common.language(), phrases or {}

    @cache
    def spoken() -> Language:
        from toolkit.app.languages import language
        from toolkit.report.i18n.formats import TerminalFormats

        return replace(language(code), fmt=TerminalFormats(code))

    def told(words: str) -> str:
        phrase = known.get(words) or retellable(words)
        if code == ENGLISH and not _has_long_list(phrase):
            return str(words)
        from toolkit.report.i18n.text import plain

        return plain(spoken().translate(phrase))

    return told


def _has_long_list(phrase: Any) -> bool:
    """Whether a list of more than `LONG_LIST` items stands in a sentence or in one within it."""
    if isinstance(phrase, Mapping):
        return any(map(_has_long_list, phrase.get("with", {}).values()))
    return isinstance(phrase, list) and (len(phrase) > LONG_LIST or any(map(_has_long_list, phrase)))


def tell_remarks(
    remarks: Sequence[Remark | WrittenRemark],
    common: Common,
    phrases: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    notes: bool = False,
) -> None:
    """Warnings on stderr, in their order and with what to do, and notes.

    Args:
        remarks: In their order.
        common: The options.
        phrases: As of `translator`.
        notes: Whether notes are told without `--verbose` too.
    """
    told = translator(common, phrases)
    warnings = [f"{told(remark.text)} {told(remark.remedy or '')}".strip() for remark in remarks if remark.is_warning]
    shown = warnings if common.verbose else warnings[:MOST_WARNINGS]
    for warning in shown:
        say(f"{told(message('warning'))}: {warning}", common)
    if left := len(warnings) - len(shown):
        say(told(message("{count} more: --verbose.", count=left)), common)
    for remark in remarks if notes or common.verbose else ():
        if not remark.is_warning:
            say(f"{told(message('note'))}: {told(remark.text)}", common)


@contextmanager
def progress(text: str, common: Common) -> Iterator[None]:
    """A spinner on stderr while something runs, on a terminal only."""
    if common.quiet or common.no_color or "NO_COLOR" in os.environ or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(translator(common)(text)):
        yield
