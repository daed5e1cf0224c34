"""Reports of what is stored: a run folder holds all that its report shows, and is rendered again without the market."""

from __future__ import annotations

from pathlib import Path

from toolkit import __version__
from toolkit.app.clients import content_hash, path_word
from toolkit.app.config import Settings
from toolkit.app.context import Context
from toolkit.app.report.render import report
from toolkit.app.runs import AGAIN, RECORD, read_run, read_stored, store, to_json, with_checksums
from toolkit.app.subjects import DEFAULT_REPORT, Record, Subject, context_of, with_parts
from toolkit.core.errors import SpecError
from toolkit.records.findings import Parts
from toolkit.records.reading import read
from toolkit.records.subjects import BacktestSubject

PARTS = "findings.json"


def with_report(subject: Subject, context: Context, lang: str | None = None) -> dict[str, bytes]:
    """What was found beside a subject, and its report in a language, by default that of the settings, as files by name."""
    record, parts, language = subject.record, subject.parts, lang or context.settings.config.output.language
    page = report(record, parts, name=DEFAULT_REPORT[record.kind], lang=language)
    return {PARTS: to_json(parts.to_json()).encode(), page_of(record, context, lang): page}


def page_of(record: Record, context: Context, lang: str | None = None) -> str:
    """Name of the file of the report of a subject in a language, by default that of the settings."""
    usual = context.settings.config.output.language
    return file_name(DEFAULT_REPORT[record.kind], record.kind, lang or usual, usual, "html")


def store_backtest(subject: Subject, reports: Path, context: Context, lang: str | None = None) -> Path:
    """Store a backtest, what was found beside it and its report; return the path of the report.

    Args:
        subject: Of the backtest.
        reports: Folder of reports.
        context: Of the backtest.
        lang: Language of the report; by default that of the settings.

    Raises:
        SpecError: when it cannot be written.
    """
    record = subject.record
    if not isinstance(record, BacktestSubject):
        raise TypeError(f"{record.kind!r} is no backtest")
    content = record.to_json()
    named = [one.name for one in record.backtest.strategies if one.role == "strategy"]
    parts = (record.as_of, path_word(record.client or ""), "backtest", path_word("-".join(named)), content_hash(content))
    inputs = {"toolkit": __version__, "strategies": named}
    files = {RECORD: to_json(content).encode(), **with_report(subject, context, lang)}
    folder = store(reports, "-".join(part for part in parts if part), with_checksums(files, inputs))
    return folder / page_of(record, context, lang)


def load_run(folder: Path, settings: Settings) -> Subject:
    """A stored run with what was found beside it; that is looked up again where there is none, or another version found less.

    Raises:
        SpecError: when a file cannot be read or is damaged, or the run is of another schema.
    """
    record = read_run(folder)
    stored = read_stored(folder, PARTS)
    try:
        found = None if stored is None else read(Parts, stored, str(folder / PARTS), AGAIN)
    except SpecError:
        versions = {} if isinstance(record, BacktestSubject) else record.versions
        if versions.get("toolkit") == __version__:
            raise
        found = None
    return with_parts(record, context_of(record, settings)) if found is None else Subject(record, found)


def file_name(name: str, kind: str, lang: str, usual: str, suffix: str) -> str:
    """Name of the file of a report: plain for the report of its kind in the usual language.

    Args:
        name: Of the report.
        kind: Of the subject.
        lang: Of this report.
        usual: Language of the settings.
        suffix: Of the format.
    """
    stem = "report" if name == DEFAULT_REPORT[kind] else Path(name).stem
    return f"{stem}.{suffix}" if lang == usual else f"{stem}.{lang}.{suffix}"
