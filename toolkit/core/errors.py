"""Errors, sorted by who can help.

`SpecError`: edit the strategy, the configuration or the command line. `DataError`: mend the input data. `SolveError`:
change the problem or the solver. Every error says what is wrong in `message`, what to do in `hint`, and carries the
machine-readable rest in `details`. The one table from error to exit code lives in `toolkit.app.status`.
"""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from toolkit.core.messages import message, named, sentence


class ToolkitError(Exception):
    """Base of every error the toolkit raises on purpose.

    Attributes:
        message: One sentence, in the user's words, that says what is wrong.
        hint: What to do about it; may be empty.
        details: JSON-ready facts (file, rows, key path, attempts).
    """

    kind: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "", details: Mapping[str, Any] | None = None, **values: Any) -> None:
        """An error of two sentences, as templates where there are values (`toolkit.core.messages.Message`).

        A value `file` is among the details, too.
        """
        self.message: str = sentence(message, values)
        self.hint: str = sentence(hint, values) if hint else ""
        super().__init__(self.message)
        self.details: dict[str, Any] = {**({"file": str(values["file"])} if "file" in values else {}), **(details or {})}

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class SpecError(ToolkitError):
    """A strategy, a configuration or an option is wrong: edit it (exit code 2)."""

    kind = "spec"


class Unwritten(SpecError):
    """The answer is shown, and its files could not be written (exit code 2)."""

    kind = "unwritten"


class DataError(ToolkitError):
    """Input data is invalid or names something unknown (exit code 3)."""

    kind = "data"


class SeveralSheets(DataError):
    """Several sheets of a workbook fit, and none is named: `details` has their names, and as `unread` those of other ones."""


class FrameError(DataError):
    """A table breaks its contract: rule, count and first rows are in `details`."""

    kind = "frame"


class GapError(DataError):
    """There is not enough history to answer."""

    kind = "gap"


class SourceError(DataError):
    """A data source could not be reached: retry later (exit code 4)."""

    kind = "source"


class SolveError(ToolkitError):
    """The optimization problem has no acceptable answer."""

    kind = "solve"


class Infeasible(SolveError):
    """The constraints contradict each other (exit code 5)."""

    kind = "infeasible"


class Unbounded(SolveError):
    """The objective can be improved without limit: a constraint is missing (exit code 5)."""

    kind = "unbounded"


class NumericalFailure(SolveError):
    """No solver reached an accepted answer; every attempt is in `details` (exit code 6)."""

    kind = "numerical"


def nearest(word: str, known: Iterable[str], n: int = 3) -> tuple[str, ...]:
    """The names in `known` that are closest to `word` (`difflib`, without case), closest first.

    Args:
        word: What was written.
        known: Valid names.
        n: Largest number of names returned.
    """
    by_fold = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), list(by_fold), n=n, cutoff=0.6)
    return tuple(by_fold[name] for name in close)


def quoted(setting: str) -> str:
    """A setting as one argument of a POSIX shell: quotes, `$` and blanks in names survive pasting."""
    return f'"{setting}"' if not set(setting) & set('"$`\\!') else shlex.quote(setting)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint sentence that names the nearest valid names, or lists the valid ones when none is near."""
    names = tuple(known)
    close = nearest(word, names)
    if close:
        return message("Did you mean {names: or }?", names=named(close))
    return message("Known: {names:s}.", names=", ".join(sorted({*names}))) if names else ""
