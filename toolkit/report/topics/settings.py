"""Settings, and what an installation has of what it needs."""

from __future__ import annotations

from datetime import date

from toolkit.records.lists import Doctor, SettingsList
from toolkit.report.answer import Answer
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language


def settings(found: SettingsList, as_of: date, say: Language) -> Document:
    """Every setting, its value and where it came from."""
    answer = Answer(say, as_of)
    answer.table(
        "setting | value | from",
        ((row.key, _value(answer, row.value), say.term("term", row.origin)) for row in found.settings),
    )
    return answer.document("config")


def _value(answer: Answer, value: str | float | None) -> str:
    return "" if value is None else value if isinstance(value, str) else answer.number(value, ",.12g")


def checks(found: Doctor, as_of: date, say: Language) -> Document:
    """What an installation needs, and whether it has it."""
    answer = Answer(say, as_of)
    answer.table(
        "check | state | detail", ((row.name, "ok" if row.ok else say.words("look"), row.detail) for row in found.findings)
    )
    return answer.document("doctor")
