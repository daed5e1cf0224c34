"""`runs` of the Python API."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from toolkit.api.answers import Answer, rows
from toolkit.api.market import PathText, market_of
from toolkit.app.context import Context
from toolkit.app.run_store.entries import Stored, load, pair, run_list
from toolkit.app.run_store.lookup import LAST, find
from toolkit.records.changes import RunList

if TYPE_CHECKING:
    from toolkit.report.document import Document
    from toolkit.report.i18n.language import Language


@dataclass(frozen=True, eq=False, repr=False)
class Runs(Answer[RunList]):
    """Stored runs, backtests and sweeps, the one written last first."""

    found: RunList
    context: Context

    @property
    def table(self) -> pl.DataFrame:
        """One row a run."""
        return rows(row.to_json() for row in self.found.runs)

    def show(self, run: str = LAST) -> Stored:
        """What a run answered, as a record; `to_json()` of it is the object that was stored.

        Args:
            run: Its id, digits at the end of it, its folder, or ``last``.

        Raises:
            DataError, SpecError: for a word that means none or several, and for one that cannot be read.
        """
        return load(find(run, Path(self.found.folder))).record

    def diff(self, first: str, second: str) -> pl.DataFrame:
        """What differs between two runs of one command, a row each.

        Args:
            first: As of `show`; ``last`` is here the last other one of the same command.
            second: The other.

        Raises:
            DataError, SpecError: as of `show`, and for runs of two commands.
        """
        from toolkit.app.topics.changes import differences  # noqa: PLC0415

        found = differences(*pair((first, second), Path(self.found.folder)))
        names = ("part", "key", "first", "second", "unit")
        told = [row.to_json() for row in found.differences]
        texts = [{**row, **{side: None if row[side] is None else str(row[side]) for side in names[2:4]}} for row in told]
        return pl.DataFrame(texts, schema=dict.fromkeys(names, pl.String))

    def document(self, say: Language) -> Document:
        """What `toolkit runs list` prints."""
        from toolkit.report.topics.changes import runs as document  # noqa: PLC0415

        return document(self.found, self.context.as_of, say)


def runs(folder: PathText | None = None) -> Runs:
    """What is stored.

    Args:
        folder: Of the output; by default that of the settings.
    """
    context = market_of(None).context()
    found = run_list(Path(context.settings.config.output.folder) if folder is None else Path(folder))
    return Runs(found, context)
