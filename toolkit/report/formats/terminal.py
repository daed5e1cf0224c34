"""From a `Document` to lines of a terminal: tables of any width, no column lost, no figure and no word broken.

What came from outside commands no terminal: control characters are gone before a line is made. Typographic signs are written in
ASCII, so that a minus is a minus in every encoding.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence

from toolkit.core.text import one_line
from toolkit.report.document import Block, Chart, Document, Table
from toolkit.report.formats.plain import Form, Items, Medium, PlainData, Title, Words
from toolkit.report.i18n.formats import NARROW as NARROW_SPACE
from toolkit.report.i18n.formats import NBSP
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import Text, in_runs, text

LINE = 80
"""Columns where nobody says how wide the terminal is."""
WIDE, NARROW = 2, 1
"""Cells between columns: the narrow gap where the wide one would not let all columns stand beside each other."""
LONGEST_WORD = 30
"""Cells beyond which a single word (a path, an id) is folded rather than given a column of its width, and what stands on the
right is words (a lot of holdings), no figure."""
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"
_SIGNS = str.maketrans(
    {"−": "-", "–": "-", "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "×": "x", "±": "+/-",
     "…": "...", "¶": "para ", "≤": "<=", "≥": ">=", "→": "->", "†": "+", "‡": "++", "▲": "!", "○": "o", "·": "/"}
)  # fmt: skip


def terminal(document: Document, say: Language, *, width: int = LINE, bold: bool = False) -> str:
    """The document as lines of at most `width` cells; the same document gives the same text.

    Args:
        document: What to write.
        say: Its language.
        width: Cells of a line. A figure or a word that is wider than that stands in a line of its own.
        bold: Whether titles are set in bold by an escape sequence, for a terminal that has it.
    """
    lines = _Lines(max(width, 1), bold)
    told = "".join(f"{line}\n" for form in Medium(say).told(document) for line in lines.of(form))
    told = told.removeprefix("\n") if document.sections and document.sections[0].title else told
    return told.replace(NBSP, " ").replace(NARROW_SPACE, " ")


class _Lines:
    def __init__(self, width: int, bold: bool) -> None:  # noqa: FBT001
        self.width = width
        self.bold = bold

    def of(self, form: Form | Block) -> Iterator[str]:
        match form:
            case Title():
                yield from self._title(form.text, apart=form.level > 1)
            case Words():
                yield from wrapped(as_line(form.text), self.width)
            case Items():
                for marker, words in form.items:
                    told = as_line(text(f"{marker} " if marker else "", words))
                    first, *rest = wrapped(told, max(self.width - 2, 1))
                    yield from (f"- {first}", *(f"  {line}" for line in rest))
            case Table():
                yield from self._table(form)
            case Chart():
                yield from wrapped(as_line(text(form.told)), self.width)
            case PlainData():
                yield from self._table(form.table)
            case _:  # a legend: its marks are nowhere drawn
                return

    def _title(self, words: Text, *, apart: bool) -> Iterator[str]:
        if apart:
            yield ""
        yield from map(self._strong, wrapped(as_line(words), self.width))

    def _strong(self, line: str) -> str:
        return f"{BOLD}{line}{PLAIN}" if self.bold and line else line

    def _table(self, table: Table) -> Iterator[str]:
        heads = [as_line(text(column.label)) for column in table.columns]
        rows = [[as_line(cell) for _, cell in zip(table.columns, row.cells, strict=True)] for row in table.rows]
        right = [column.align == "right" for column in table.columns]
        layout = TerminalLayout(heads, rows, right, table.keys)
        for part in layout.parts(self.width):
            head, *body = part
            yield from map(self._strong, head)
            for lines in body:
                yield from lines


class TerminalLayout:
    """Columns of words (left) and of figures (right). Figures stay whole, words wrap between words.

    Where all columns do not fit, they are printed in parts below each other, each with the leading columns that name a row.

    Args:
        heads: Headings.
        rows: Cells of each row.
        right: Whether a column is one of figures.
        keys: Leading columns that are in every part.
    """

    def __init__(self, heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool], keys: int) -> None:
        self.heads, self.rows, self.right, self.keys = heads, rows, right, keys
        self._least = [self._least_of(j) for j in range(len(heads))]
        self._wanted = [max(map(cells, (head, *(row[j] for row in rows)))) for j, head in enumerate(heads)]

    def parts(self, width: int) -> Iterator[list[list[str]]]:
        """The lines of the headings and of each row, part by part."""
        everything, least = range(len(self.heads)), self._least
        wide, narrow = (self._balanced(everything, width - gap * (len(least) - 1))[0] for gap in (WIDE, NARROW))
        gap = WIDE if wide <= narrow < math.inf else NARROW
        part = list(range(self.keys))
        for j in range(self.keys, len(least)):
            if len(part) > self.keys and sum(least[i] + gap for i in (*part, j)) - gap > width:
                yield self._part(part, gap, width)
                part = list(range(self.keys))
            part.append(j)
        yield self._part(part, gap, width)

    def _least_of(self, j: int) -> int:
        """Cells that a column needs: a whole figure, or the longest word."""
        head = max(map(cells, self.heads[j].split(" ")), default=0)
        own = [cells(row[j]) if self.right[j] else 0 for row in self.rows]
        if self.right[j] and max(own, default=0) <= LONGEST_WORD:
            return max([head, *own])
        longest = max((cells(word) for row in self.rows for word in row[j].split(" ")), default=0)
        return max(head, min(longest, LONGEST_WORD), 1)

    def _part(self, part: Sequence[int], gap: int, width: int) -> list[list[str]]:
        available = width - gap * (len(part) - 1)
        widths = self._balanced(part, available)[1]
        room = max(available - sum(widths.values()), 0)
        # Those that want least first: one long column of words does not take what would keep the others on one line.
        for j in sorted(part, key=lambda j: (self._wanted[j] - widths[j], j)):
            given = min(max(self._wanted[j] - widths[j], 0), room)
            widths[j] = min(widths[j] + given, width)
            room -= given
        return [self._row(row, widths, gap) for row in (self.heads, *self.rows)]

    def _balanced(self, part: Sequence[int], available: int) -> tuple[float, dict[int, int]]:
        """How many lines the longest cell takes at least, and the widths with which none takes more."""
        for lines in range(1, max((self._wanted[j] for j in part), default=1) + 1):
            widths = {j: max(self._least[j], -(-self._wanted[j] // lines)) for j in part}
            if sum(widths.values()) <= available:
                return lines, widths
        widths = {j: self._least[j] for j in part}
        while sum(widths.values()) > available and max(widths.values()) > 1:  # not even the narrowest part fits: all is folded
            widths[max(widths, key=lambda j: widths[j])] -= 1
        return math.inf, widths

    def _row(self, row: Sequence[str], widths: dict[int, int], gap: int) -> list[str]:
        columns = {j: list(wrapped(row[j], room)) for j, room in widths.items()}
        lines = []
        for i in range(max(map(len, columns.values()))):
            line = ""
            for j, room in widths.items():
                words = columns[j][i] if i < len(columns[j]) else ""
                space = " " * (room - cells(words))
                line += (space + words if self.right[j] else words + space) + " " * gap
            lines.append(line.rstrip())
        return lines


def wrapped(words: str, width: int) -> Iterator[str]:
    """Lines of at most `width` cells, broken between words; a word that is wider is folded. No words are one empty line."""
    line = ""
    for word in words.split(" "):
        joined = f"{line} {word}" if line else word
        if cells(joined) <= width:
            line = joined
            continue
        if line:
            yield line
        *folded, line = _folded(word, width)
        yield from folded
    yield line


def _folded(word: str, width: int) -> Iterator[str]:
    line, used = "", 0
    for character in word:
        if line and used + cells(character) > width:
            yield line
            line, used = "", 0
        line += character
        used += cells(character)
    yield line


def cells(words: str) -> int:
    """Cells of a terminal that words take: two for a wide character, none for one that combines with the one before."""
    if words.isascii():
        return len(words)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in words)


def as_line(value: Text) -> str:
    """Spans with their markers on one line of visible characters; spaces that must not break are still there."""
    told = ""
    for span in value:
        told += one_line(span.text) + "".join(f" [{ref}]" for ref in in_runs(span.refs))
    return told.translate(_SIGNS).strip(" ")
