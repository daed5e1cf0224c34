"""What the documents copy from the code, written again by `python -m tools.docs`: change the code, then run it.

The columns of `docs/holdings.md` and `docs/prices.md`, `docs/language.md`, the example of `docs/start.md`,
`docs/schema/` and the German of the columns. Tests fail where a document says something else.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

from packaging.utils import canonicalize_name

from toolkit.cli.main import run
from toolkit.market.layouts.fields import FIELDS
from toolkit.market.layouts.vocabulary import vocabulary
from tools.messages import catalogue, quoted
from tools.sbom import licence, parts, told
from tools.schema import schemas

PAGES = {"needs": "cover", "quotes": "cover", "licences": "cover"}
"""Kind of file -> the page that tells its columns, where that is not one of its own."""
ROOT = Path(__file__).resolve().parents[1]


def written() -> Iterator[tuple[Path, str]]:
    """Path and text of every document."""
    columns = dict[Path, str]()
    for kind, fields in FIELDS.items():
        page, first = ROOT / "docs" / f"{PAGES.get(kind, kind)}.md", vocabulary().first[kind]
        rows = "".join(f"| `{c.key}` | {c.holds} | {c.absent} | {'; '.join(first.get(c.key, ()))} |\n" for c in fields)
        head = rf"\| column of {kind} \|.*\n" if kind in PAGES else ""
        piece = rf"(?P<head>{head}\|---\|---\|---\|---\|\n)(?:\| `\w+` \|.*\n)*"
        columns[page] = _replaced(page, piece, rf"\g<head>{rows}", columns.get(page, ""))
    yield from columns.items()
    cells = dict.fromkeys(cell for fields in FIELDS.values() for c in fields for cell in (c.holds, c.absent) if cell)
    words = {cell: found[0][0] for cell in cells if (found := catalogue("de").get(("column", cell)))}
    german = (f"msgid {quoted(cell)}\nmsgstr {quoted(word)}\n" for cell, word in words.items())
    yield ROOT / "docs" / "locale" / "fields" / "de" / "LC_MESSAGES" / "docs.po", "\n".join(german)
    page = ROOT / "docs" / "language.md"
    yield (
        page,
        _replaced(page, r"(?<=is printed by `toolkit strategies language`\.\n\n)(?s:.*)", _printed("strategies", "language")),
    )
    page = ROOT / "docs" / "licences.md"
    every = sorted(parts(), key=lambda part: canonicalize_name(part["name"]))
    columns = [
        (part["name"], part["version"], licence(part), _mb(int(told(part, "bytes"))), told(part, "extras")) for part in every
    ]
    table = "".join(f"| {' | '.join(row)} |\n" for row in columns)
    extras = dict.fromkeys(sorted({name for part in every for name in told(part, "extras").split(", ")}), 0)
    for part in every:
        for name in told(part, "extras").split(", "):
            extras[name] += int(told(part, "bytes"))
    sums = "".join(f"| {name or 'everybody'} | {_mb(size)} |\n" for name, size in extras.items())
    text = _replaced(page, r"(?<=\n\|---\|--:\|\n)(?:\|.*\n)*", sums)
    yield page, _replaced(page, r"(?<=\n\|---\|---\|---\|--:\|---\|\n)(?s:.*)", table, text)
    page = ROOT / "docs" / "start.md"
    example = re.search(r"`toolkit (optimize --as-of [\d-]+)`\n\n```text\n", page.read_text(encoding="utf-8"))
    if example is None:
        raise ValueError("start.md has no example")
    lines = _printed(*example[1].split(), "--no-report", "--quiet").rstrip().splitlines()
    shown = "".join(f"{line.rstrip()}\n" for line in lines)
    yield page, _replaced(page, rf"(?<={re.escape(example[0])})(?s:.*?)(?=```\n)", shown)
    yield from schemas()


def _replaced(page: Path, piece: str, text: str, told: str = "") -> str:
    """The page, or what is told of it so far, with another text in the one place where a pattern matches."""
    told, count = re.subn(
        piece, lambda found: text.replace(r"\g<head>", found["head"]) if "head" in found.re.groupindex else text,
        told or page.read_text(encoding="utf-8"), count=1,
    )  # fmt: skip
    if not count:
        raise ValueError(f"{page.name} has no such place: {piece}")
    return told


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f}"


def _printed(*words: str) -> str:
    """What a command prints."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        if code := run(list(words)):
            raise SystemExit(code)
    return f"{out.getvalue().rstrip()}\n"


if __name__ == "__main__":
    for path, text in written():
        path.write_text(text, encoding="utf-8")
