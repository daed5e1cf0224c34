"""One look-up of stored runs: by id, by the beginning of it or of the digits at its end, by path, or the last one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from toolkit.app.runs import BACKTESTS, RECORD, REPORTS, RUNS, SWEEPS, stored_runs
from toolkit.core.errors import DataError, nearest
from toolkit.core.messages import message, named

FOLDERS = (RUNS, REPORTS, SWEEPS)
"""Of the folder of output: where runs are. Backtests of a sweep are files of a fourth, named in the sweep and not listed."""
LAST = "last"
RUNS_NAMED = 3
"""Runs that a remedy names."""


def folders(output: Path, kinds: Iterable[str] = FOLDERS) -> list[Path]:
    """The folders of stored runs, the one written last at the end."""
    found = [run for kind in kinds for run in stored_runs(output / kind)]
    return sorted(found, key=lambda run: ((run / RECORD).stat().st_mtime_ns, run.name))


def meant(word: str, output: Path, kinds: Iterable[str] = FOLDERS) -> Path | None:
    """The folder of the run that a word means, or the file of a backtest of a sweep; None where it means none.

    Args:
        word: Its id, the beginning of it or of the digits at its end, its path, or `last`. What is a file and no run is none.
        output: The folder of output.
        kinds: Folders in it that are looked into.

    Raises:
        DataError: for a word that means several.
    """
    for path in (Path(word), Path(word).parent if Path(word).name == RECORD else None):
        if path is not None and (path / RECORD).is_file():
            return path
    stored = folders(output, kinds)
    if word == LAST:
        return stored[-1] if stored else None
    by_name = {path.name: path for path in stored}
    if word in by_name or not word or Path(word).exists():
        return by_name.get(word)
    begun = [path for name, path in by_name.items() if name.startswith(word) or name.rpartition("-")[2].startswith(word)]
    if SWEEPS in kinds:
        begun += _of_sweeps(word, output)
    if len(begun) > 1:
        names = [path.stem if path.suffix == ".json" else path.name for path in begun[:RUNS_NAMED]]
        raise DataError(
            "{n} stored runs are meant by {word!r:s}.",
            hint="Write more of the id: {names:s}.",
            n=len(begun),
            word=word,
            names=", ".join(names),
        )
    return begun[0] if begun else None


def remedy(word: str, output: Path, kinds: Iterable[str] = FOLDERS) -> str:
    """What a word that means no run may have meant: the nearest ids, else those written last.

    Args:
        word: That means none.
        output: The folder of output.
        kinds: Folders in it that are looked into.
    """
    names = [path.name for path in folders(output, kinds)]
    if not names:
        return message("Run a strategy first, or name the folder with --out.")
    if near := nearest(word, names):
        return message("Did you mean {names: or }?", names=named(near))
    written = ", ".join(reversed(names[-RUNS_NAMED:]))
    return message("Written last: {names:s}. `toolkit runs list` shows every run.", names=written)


def find(word: str, output: Path) -> Path:
    """The folder of a stored run, or the file of a backtest of a sweep.

    Args:
        word: As of `meant`, and also the file of a backtest of a sweep.
        output: The folder of output.

    Raises:
        DataError: for a word that means none, or several.
    """
    if Path(word).suffix == ".json" and Path(word).is_file() and Path(word).name != RECORD:
        return Path(word)
    found = meant(word, output)
    if found is None:
        raise DataError("no run {word!r:s} is stored in {output:s}.", hint=remedy(word, output), word=word, output=str(output))
    return found


def _of_sweeps(word: str, output: Path) -> list[Path]:
    """Files of backtests of sweeps whose names begin so; a word of a few letters is none of a checksum."""
    return sorted((output / BACKTESTS).glob(f"{word}*[0-9a-f].json")) if word.isalnum() and len(word) > 3 else []
