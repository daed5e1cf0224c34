"""Languages of answers and reports: catalogues from the folders of `reports/`, the user's own first."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

from babel import Locale, UnknownLocaleError

from toolkit.app.definitions import folders
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.language import Key, Language

ENGLISH = "en"


def read_text(path: Path) -> str:
    """A file of the folders; `SpecError` where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise SpecError(
            "{path:s} cannot be read: {error:s}.", hint="Save it as UTF-8 text, or remove it.", path=str(path), error=str(error)
        ) from error


def languages() -> tuple[str, ...]:
    """Codes of the languages that reports are written in."""
    found = {path.name for _, place in folders("reports") for path in (place / "locale").glob("*") if path.is_dir()}
    return tuple(sorted({ENGLISH, *found}))


def language(code: str) -> Language:
    """A language by its code.

    Raises:
        SpecError: for one that has no catalogue.
    """
    if code not in languages():
        raise SpecError("reports are not written in {code!r:s}.", hint=did_you_mean(code, languages()), code=code)
    try:
        Locale.parse(code)
    except (UnknownLocaleError, ValueError) as error:
        raise SpecError(
            "{code!r:s} is no language.", hint="Name the folder of a catalogue as de or pt_BR.", code=code
        ) from error
    files = tuple(_catalogues(code))
    return _language(code, files, tuple(path.stat().st_mtime_ns for path in files))


def _catalogues(code: str) -> Iterator[Path]:
    """The catalogues of a language, the user's own first."""
    for _, place in folders("reports"):
        yield from sorted((place / "locale" / code).glob("*.po"))


@functools.lru_cache(maxsize=8)
def _language(code: str, files: tuple[Path, ...], _: tuple[int, ...]) -> Language:
    from babel.messages.pofile import read_po  # noqa: PLC0415  # not for English, which has no catalogue

    messages: dict[Key, tuple[str, ...]] = {}
    plural = None
    for path in files:
        catalogue = read_po(read_text(path).splitlines(keepends=True), locale=code)
        for entry in catalogue:
            if not entry.id or not entry.string or entry.fuzzy:
                continue
            key = entry.id if isinstance(entry.id, str) else entry.id[0]
            told = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string)
            if all(told):
                messages.setdefault((entry.context, key), told)
        plural = plural or _plural(catalogue.plural_expr)
    return Language(Formats(code), MappingProxyType(messages), plural) if plural else Language(Formats(code))


def _plural(expression: str):
    """The rule of a catalogue's header as a function."""
    from gettext import c2py  # noqa: PLC0415

    try:
        return c2py(expression)
    except ValueError as error:
        raise SpecError(
            "a catalogue has the plural rule {expression!r:s}: {error:s}.",
            hint="See its Plural-Forms line.",
            expression=expression,
            error=str(error),
        ) from error
