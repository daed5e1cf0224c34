"""German of the site: every sentence of Start and How to has one, and says the same of commands, fields and links."""

import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tools.words import FIELD

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("index", *re.findall(r"(?m)^\w+$", (DOCS / "index.md").read_text("utf-8").split(":caption: Understand")[0]))
OTHER_WORDS = (
    "`Under export", "heading and `May be", "the line with a rule", "note of `", "`Lost in a sale", "`Loss in a bad",
    "the marker beside", "What the command prints", "**Standing", "**Headline", "where it lies: of",
)  # fmt: skip
"""Beginnings of messages that quote words of German pages, or name the word of the JSON."""


def spoken(page: str) -> list[str]:
    """Messages of a page as Sphinx extracts them: paragraphs, items, cells, pictures, blocks with comments."""
    text = (DOCS / f"{page}.md").read_text("utf-8")
    found = re.findall(r"(?m)^:caption: (.*)$|^    keywords: (.*)$", text)
    blocks = re.findall(r"(?ms)^```[a-z]*\n(.*?\n)```$", text)
    found = [a or b for a, b in found] + [block for block in blocks if re.search(r"(?m)(^|\s)# ", block)]
    text = re.sub(r"(?ms)\A---\n.*?^---\n|^<!--.*?-->$|^```.*?^```$", "\n", text)
    text = re.sub(r"(?m)^(#+ .*|!\[.*)$", r"\n\1\n", text)
    for block in re.split(r"\n\s*\n|\n(?=- |\d+\. |\|)", text):
        line = " ".join(block.split())
        if line.startswith("|"):
            cells = [
                cell.strip()
                for cell in re.split(r"(?<!\\)\|", re.sub(r"`[^`]*`", lambda code: code[0].replace("|", "\0"), line))
            ]
            cells = cells[1:-2] if FIELD.fullmatch(line) else cells
            found += [cell.replace("\0", "|") for cell in cells]
        else:
            picture = re.match(r"!\[(.*?)\]", line)
            found += [re.sub(r"^(#+|-|\d+\.) ", "", line)] + ([picture[1]] if picture else [])
    return [one for one in found if re.search(r"[^\W\d_]", re.sub(r"`[^`]*`", "", one))]


@pytest.fixture(scope="module")
def german() -> dict[str, str]:
    files = [DOCS / "locale" / "de" / "LC_MESSAGES" / "docs.po", DOCS / "locale" / "fields" / "de" / "LC_MESSAGES" / "docs.po"]
    found = [one for file in files for one in read_po(file.read_text("utf-8").splitlines(keepends=True)) if one.id]
    assert not [one.id for one in found if one.fuzzy or not one.string]
    assert not [one.string for one in found if "\n" not in one.string and re.match(r"(\d+[.)]|[-+*#>|]) ", one.string)], (
        "a heading would be a list"
    )
    assert [name for name, count in Counter(one.id for one in found).items() if count > 1] == []
    return {one.id: one.string for one in found}


@pytest.mark.parametrize("page", PAGES)
def test_every_message_of_start_and_how_to_has_german(german, page):
    assert len(spoken(page)) >= 5
    assert [one for one in spoken(page) if one not in german] == []


def test_no_german_is_kept_that_no_page_says(german):
    said = {one for page in PAGES for one in spoken(page)}
    assert [one for one in german if one not in said] == []


def test_german_has_the_same_commands_fields_and_links(german):
    parts = r"`[^`]+`|\]\([^)]*\)"
    others = {
        one
        for one, said in german.items()
        if "\n" not in one and Counter(re.findall(parts, one)) != Counter(re.findall(parts, said))
    }
    assert {one for one in others if not one.startswith(OTHER_WORDS)} == set()


def test_blocks_differ_in_comments_alone(german):
    blocks = {one: said for one, said in german.items() if "\n" in one}
    assert len(blocks) > 20
    for one, said in blocks.items():
        assert [re.sub(r"\s*#.*", "", line) for line in one.splitlines()] == [
            re.sub(r"\s*#.*", "", line) for line in said.splitlines()
        ]
