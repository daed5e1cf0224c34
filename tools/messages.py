"""The messages of the toolkit and what the catalogues lack: `python -m tools.messages [LANGUAGE] [PATH...]`.

Messages are read from the code: the first argument of `say(...)`, `say.words(...)`, `mark(...)` and `message(...)`, of what an
`Answer` tells (`answer.line(...)`) and of tables, heads of columns, message and hint of errors and of faults of files, the two
forms of `say.counted(n, ...)`, and `say(...)` in templates of reports and of the portal. Paths narrow what is listed to
messages of these files.
"""

from __future__ import annotations

import ast
import string
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from toolkit.core import errors

ROOT = Path(__file__).resolve().parents[1]
FIRST = slice(0, 1)
REPORT = {
    **dict.fromkeys(("message", "say", "words", "mark", "heading", "line", "table", "bars", "subtitle", "told"), FIRST),
    "counted": slice(1, 3),
}
COLUMNS = ("left", "right")
"""Columns of a table: their heads and short heads are messages."""
RUN = {"message": FIRST}
"""Functions that take messages, and which of their arguments: outside the report, only sentences of the run are messages."""
ERRORS = {name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, errors.ToolkitError)}
"""What is raised with a message and a hint."""
SENTENCES: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys(ERRORS, (0,)), "raise_row_errors": (), "header_error": (0, 1), "Faulty": (1, 2),
    **dict.fromkeys(("_fault", "_refuse"), (3, 4)),
}  # fmt: skip
"""What takes templates of an error as they are -> which of its arguments, beside those named `fault` and `hint`."""
PYTHON = ("api", "web", "sklearn.py")
"""What is called from Python alone, and the portal, whose pages have sentences of their own: their errors are English."""
Message = tuple[str, ...]


@cache
def messages() -> Mapping[Message, list[str]]:
    """Message (one form, or two with a count) -> places that use it, as ``path:line``."""
    found: dict[Message, list[str]] = {}
    for path in sorted((ROOT / "toolkit").rglob("*.py")):
        functions = REPORT if {ROOT / "toolkit" / "report", ROOT / "toolkit" / "web"} & {*path.parents} else RUN
        for line, forms in _of_module(path, functions):
            found.setdefault(forms, []).append(f"{path.relative_to(ROOT)}:{line}")
    for path in sorted(
        [*(ROOT / "reports" / "templates").rglob("*.j2"), *(ROOT / "toolkit" / "web" / "templates").rglob("*.*")]
    ):
        for line, message, _, _ in extract_from_file("jinja2.ext:babel_extract", path, keywords={"say": None}):
            found.setdefault((str(message),), []).append(f"{path.relative_to(ROOT)}:{line}")
    return found


def error_sentences(name: str, call: ast.Call) -> Iterator[ast.expr]:
    """What a call says of an error: none for what takes no templates."""
    if name in SENTENCES:
        said = [call.args[at] for at in SENTENCES[name] if at < len(call.args)]
        said += [keyword.value for keyword in call.keywords if keyword.arg in ("fault", "hint")]
        while said:
            one = said.pop(0)
            if isinstance(one, ast.IfExp):
                said += [one.body, one.orelse]
            else:
                yield one


def _of_module(path: Path, functions: Mapping[str, slice]) -> Iterator[tuple[int, Message]]:
    """Literal arguments of the calls that take messages; a look-up in a table of words is marked where the table is."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        forms = node.args[functions[name]] if name in functions else []
        if path.relative_to(ROOT).parts[1] not in PYTHON:
            for sentence in error_sentences(name, node):
                if isinstance(sentence, ast.Constant) and sentence.value:
                    yield sentence.lineno, (str(sentence.value),)
        if name in COLUMNS and functions is REPORT:
            yield from ((form.lineno, (str(form.value),)) for form in node.args[::2] if isinstance(form, ast.Constant))
        literals = [form.value for form in forms if isinstance(form, ast.Constant) and isinstance(form.value, str)]
        if literals and len(literals) == len(forms):
            yield node.lineno, tuple(literals)


@cache
def catalogue(code: str) -> Mapping[tuple[str | None, str], tuple[Message, Path]]:
    """(context, message) -> translations and the file that has them.

    Raises:
        ValueError: for a message with two different translations.
    """
    found: dict[tuple[str | None, str], tuple[Message, Path]] = {}
    for path in sorted((ROOT / "reports" / "locale" / code).glob("*.po")):
        with path.open(encoding="utf-8") as file:
            for entry in read_po(file, locale=code, abort_invalid=True):
                if not entry.id:
                    continue
                key = (entry.context, entry.id if isinstance(entry.id, str) else entry.id[0])
                told = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ())
                if key in found and found[key][0] != told:
                    raise ValueError(f"{path.name} and {found[key][1].name} translate {key[1]!r} differently")
                found[key] = (told, path)
    return found


def places(template: str) -> set[str]:
    """Names of the places of a message."""
    return {place for _, place, _, _ in string.Formatter().parse(template) if place}


def has_words(template: str) -> bool:
    """Whether there is anything to translate beside the places."""
    return any(c.isalpha() for literal, *_ in string.Formatter().parse(template) for c in literal)


def missing(code: str) -> Mapping[Message, list[str]]:
    """Messages without a translation, or whose translation has other places, with where they are used."""
    known = catalogue(code)
    lacking: dict[Message, list[str]] = {}
    for forms, used in messages().items():
        if not any(has_words(form) for form in forms):
            continue
        found = known.get((None, forms[0]))
        if found is None or not _fits(found[0], forms):
            lacking[forms] = used
    return lacking


def _fits(told: Message, forms: Message) -> bool:
    """Whether a translation has as many forms as the message and no place that this lacks; a form may spell out its count."""
    wanted = places(forms[-1]) | places(forms[0])
    if len(told) != len(forms) or not all(told):
        return False
    if len(forms) == 1:
        return places(told[0]) == wanted
    return all(places(form) <= wanted | {"n", "N"} for form in told)


def main(arguments: list[str]) -> int:
    code, *paths = arguments or ["de"]
    lacking = {forms: used for forms, used in missing(code).items() if not paths or any(p in u for p in paths for u in used)}
    for forms, used in lacking.items():
        print(f"# {', '.join(used)}")
        print(f"msgid {quoted(forms[0])}")
        if len(forms) == 2:
            print(f'msgid_plural {quoted(forms[1])}\nmsgstr[0] ""\nmsgstr[1] ""\n')
        else:
            print('msgstr ""\n')
    print(f"# {len(lacking)} messages lack a translation into {code!r}", file=sys.stderr)
    return bool(lacking)


def quoted(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
