"""`docs/asvs.md`: each requirement once, with a test that exists or a reason, and the counts of its head."""

from __future__ import annotations

import ast
import csv
import functools
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "asvs.md").read_text("utf-8")
LEVELS = Path(__file__).with_name("asvs_5_levels.csv")
"""Ids of levels 1 and 2 of OWASP ASVS 5.0.0: 70 and 183."""
ROWS = re.findall(r"^\| ([\d.]+) \| ([12]) \| ([^|]+) \| ([^|]+) \| (?:([^|]+) )?\|$", PAGE, re.MULTILINE)
BEGINNINGS = {
    "Operator": "left to the operator",
    "Deviates": "deviates, with its reason",
    "Not met": "not met, with what is needed",
    "Does not apply": "does not apply",
}


def state(how: str, tests: str) -> str:
    """Line of the head that a row is counted in."""
    usual = "met, with a test" if tests else "met by design"
    return BEGINNINGS.get(how.partition(":")[0], usual)


def named() -> list[str]:
    """Every test that the page names."""
    return [one.strip("`") for *_, tests in ROWS if tests for one in tests.split(", ")]


@functools.cache
def _tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"))


def exists(identity: str) -> bool:
    """Whether pytest would find a test: a file, a class of it, or a function of either."""
    path, *names = identity.split("::")
    if not re.fullmatch(r"tests/[\w/]+/test_\w+\.py", path) or not (ROOT / path).is_file():
        return False
    body = _tree(path).body
    for name in names:
        found = [one for one in body if isinstance(one, ast.ClassDef | ast.FunctionDef) and one.name == name]
        if not found or not re.match("test_|Test", name):
            return False
        body = found[-1].body
    return True


def test_each_requirement_is_there_once_in_its_order():
    with LEVELS.open(encoding="utf-8", newline="") as file:
        asked = [(row["id"], row["level"]) for row in csv.DictReader(file)]
    assert Counter(level for _, level in asked) == {"1": 70, "2": 183}
    assert [(identity, level) for identity, level, *_ in ROWS] == asked


def test_each_row_says_in_few_words_what_is_asked_and_how_it_is_met():
    assert [identity for identity, _, asked, how, _ in ROWS if not 3 <= len(asked.split()) <= 8 or not how.strip()] == []


def test_each_named_test_exists():
    assert len(named()) > 100
    assert [one for one in named() if not exists(one)] == []


def test_a_test_that_is_not_there_is_found():
    here = "tests/contract/test_asvs.py"
    assert exists(f"{here}::test_each_named_test_exists")
    assert not any(
        map(exists, (f"{here}::test_of_nothing", f"{here}::TestAsvs", f"{here}::named", "tests/contract/test_none.py"))
    )


def test_what_is_not_met_or_does_not_apply_claims_no_test():
    claimed = [row[0] for row in ROWS if row[4] and row[3].startswith(("Not met", "Does not apply", "Operator"))]
    assert claimed == []


def test_the_counts_of_the_head_are_those_of_the_rows():
    head = re.findall(r"^\| ([a-z][^|]+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    counted = Counter((state(how, tests), level) for _, level, _, how, tests in ROWS)
    assert {(line, level): int(n) for line, *numbers in head for level, n in zip("12", numbers, strict=True)} == {
        (line, level): counted[line, level]
        for line in ("met, with a test", "met by design", *BEGINNINGS.values())
        for level in "12"
    }
