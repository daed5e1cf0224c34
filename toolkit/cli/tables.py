"""Tables for a terminal of any width: no column is lost, no number and no word is broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table as RichTable
from rich.text import Text

from toolkit.core.text import printable

WIDE, NARROW = 2, 1
"""Cells between columns: the narrow gap where the wide one would not let all columns stand beside each other."""
LONGEST_WORD = 30
"""Cells beyond which a single word (a path, an id) is folded rather than given a column of its width."""


@dataclass(frozen=True, slots=True)
class _Column:
    heading: str
    right: bool


@dataclass(slots=True)
class Table:
    """Columns of words (left) and of figures (right); the first names the row.

    Figures stay whole and words wrap between words. Where all columns do not fit, they are printed in parts below each other.

    Attributes:
        keys: Leading columns that name a row and are in every part.
    """

    keys: int = 1
    columns: list[_Column] = field(default_factory=list)
    rows: list[tuple[str, ...]] = field(default_factory=list)

    @classmethod
    def of(cls, left: Sequence[str], right: Sequence[str] = (), last: Sequence[str] = (), *, keys: int = 1) -> Table:
        """Headings of words, of figures, and of words again."""
        table = cls(keys)
        for headings, justify in ((left, "left"), (right, "right"), (last, "left")):
            for heading in headings:
                table.add_column(heading, justify=justify)
        return table

    def add_column(self, heading: str, *, justify: str = "left") -> None:
        """A column of words (``left``) or of figures (``right``)."""
        self.columns.append(_Column(heading, justify == "right"))

    def add_row(self, *cells: str) -> None:
        """A row as plain text: brackets have no meaning here."""
        if len(cells) != len(self.columns):
            raise ValueError(f"{len(cells)} cells for {len(self.columns)} columns")
        self.rows.append(tuple(map(printable, cells)))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        least = [self._least(j) for j in range(len(self.columns))]
        width = options.max_width
        gap = WIDE if sum(least) + WIDE * (len(least) - 1) <= width else NARROW
        for part in self._parts(least, gap, width):
            yield self._part(part, least, gap, width)

    def _least(self, j: int) -> int:
        """Cells that a column needs: a whole figure, or the longest word."""
        words = max((cell_len(word) for word in self.columns[j].heading.split()), default=0)
        cells = [row[j] for row in self.rows]
        if self.columns[j].right:
            return max([words, *(cell_len(cell) for cell in cells)])
        longest = max((cell_len(word) for cell in cells for word in cell.split()), default=0)
        return max(words, min(longest, LONGEST_WORD), 1)

    def _wanted(self, j: int) -> int:
        """Cells in which nothing of a column wraps."""
        return max(cell_len(self.columns[j].heading), *(cell_len(row[j]) for row in self.rows), 1) if self.rows else 1

    def _parts(self, least: Sequence[int], gap: int, width: int) -> Iterator[list[int]]:
        """Columns that fit beside each other, behind those that name the row."""
        part = list(range(self.keys))
        for j in range(self.keys, len(least)):
            if len(part) > self.keys and sum(least[i] + gap for i in (*part, j)) - gap > width:
                yield part
                part = list(range(self.keys))
            part.append(j)
        yield part

    def _part(self, part: Sequence[int], least: Sequence[int], gap: int, width: int) -> RichTable:
        room = max(width - sum(least[j] + gap for j in part) + gap, 0)
        widths = dict(zip(part, (least[j] for j in part), strict=True))
        # Those that want least first: one long column of words does not take what would keep the others on one line.
        for j in sorted(part, key=lambda j: (self._wanted(j) - least[j], j)):
            given = min(max(self._wanted(j) - least[j], 0), room)
            widths[j] += given
            room -= given
        table = RichTable(box=None, padding=(0, gap, 0, 0), header_style="bold", pad_edge=False)
        for j in part:
            column = self.columns[j]
            table.add_column(
                Text(column.heading), justify="right" if column.right else "left", width=min(widths[j], width), overflow="fold"
            )
        for row in self.rows:
            table.add_row(*(Text(row[j]) for j in part))
        return table
