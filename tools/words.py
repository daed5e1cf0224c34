"""Words of each page of the documents, hand-written and generated apart: `python -m tools.words`.

Generated is what a command writes or a test holds: the language, the measurements of the benchmarks, the tables of the
evidence, the fields of files. Code blocks are run by tests and counted by themselves.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).resolve().parents[1] / "docs"
WHOLE = ("language.md", "gallery.md", "mutation.md")
TABLES = ("asvs.md", "evidence.md", "benchmarks.md", "licences.md")
"""Pages that are generated altogether, and pages of which every table is."""
MEASURED = re.compile(r"(?ms)^<!-- (\w+) -->$.*?^<!-- /\1 -->$")
"""Part of a page that `benchmarks.page` writes, between its marks."""
FIELD = re.compile(r"\| `\w+` \|([^|]*\|){3}")
"""Row of a table of `tools.docs`: a field, what it holds, what its absence means, headers."""


class Words(NamedTuple):
    """Count of words."""

    written: int
    generated: int
    blocks: int


def words(page: Path) -> Words:
    """Words of a page: hand-written, generated, in code blocks."""
    text = re.sub(r"(?ms)\A---\n.*?^---\n", "", page.read_text(encoding="utf-8"))  # what the search alone reads
    if page.name in WHOLE:
        return Words(0, len(text.split()), 0)
    prose = re.sub(r"(?ms)^ *```.*?^ *```$", "", text)
    rest = MEASURED.sub("", prose)
    rows = [line for line in rest.splitlines() if (line.startswith("|") if page.name in TABLES else FIELD.fullmatch(line))]
    tables, measured = sum(len(row.split()) for row in rows), len(prose.split()) - len(rest.split())
    return Words(len(rest.split()) - tables, tables + measured, len(text.split()) - len(prose.split()))


def pages() -> dict[str, Words]:
    """Words of every page of the site, by its name."""
    return {page.name: words(page) for page in sorted(DOCS.glob("*.md"))}


if __name__ == "__main__":
    found = pages()
    for name, count in [*found.items(), ("together", Words(*map(sum, zip(*found.values(), strict=True))))]:
        print(f"{name:16} hand-written {count.written:6}  generated {count.generated:6}  blocks {count.blocks:6}")
