"""A report for each client of a file: the table of all of them, for the advisor."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.records.each_client import ClientReport, EachClient
from toolkit.records.findings import Parts
from toolkit.report.document import Block, Document, Heading, Notes, Row, Section, left, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import DASH
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import Span, Text, joined, name, strong, text


def document(found: EachClient, say: Language) -> Document:
    """The clients with what they hold and where their reports are, and those without a report with the reason."""
    run = Findings.alone(found.as_of, Parts(), say, found.currency)
    done, failed = [one for one in found.clients if not one.error], [one for one in found.clients if one.error]
    heading = say.counted(len(done), "{N} report of {file}", "{N} reports of {file}", file=name(found.file))
    title = say.words("Reports of each client")
    sections = [Section("answer", "", (Heading(heading), *_blocks(run, done)))]
    if failed:
        told = (
            (one.client, say.translate(found.phrases.get(words, words))) for one in failed if (words := one.error) is not None
        )
        notes = Notes(tuple(("", say("{client}: {error}", client=name(client), error=error)) for client, error in told))
        sections.append(Section("failed", say.words("Without a report"), (notes,)))
    if found.unread:
        told = say("Sheets that are hidden or have no header of lots are not read: {sheets}.", sheets=say.listed(found.unread))
        sections.append(Section("unread", say.words("Notes"), (Notes((("", told),)),)))
    return Document(title, say.code, found.as_of, run.fmt.long_date(found.as_of), found.file, tuple(sections))


def _blocks(run: Findings, done: list[ClientReport]) -> Iterator[Block]:
    """The table; nothing where no report was made."""
    if not done:
        return
    say, fmt = run.say, run.fmt
    risk = sum(one.at_risk or 0 for one in done)
    gains = [one.gain for one in done if one.gain is not None]
    gain = fmt.number(sum(gains), signed=True) if len(gains) == len(done) else DASH
    below = Row.of(
        say("All"), fmt.number(sum(one.value or 0.0 for one in done)), gain, fmt.number(risk), DASH, DASH, total=True
    )
    yield run.table(
        "Reports of each client",
        done,
        left("Client", lambda one: name(one.client)),
        right("Value, {currency}", lambda one: strong(fmt.number(one.value))),
        right("Gain, {currency}", lambda one: fmt.number(one.gain, signed=True)),
        right("Lots at risk", lambda one: fmt.number(one.at_risk)),
        left("Next official date", lambda one: DASH if one.next_change is None else fmt.short_date(one.next_change)),
        left("File", _files),
        below=[below] if len(done) > 1 else [],
    )


def _files(one: ClientReport) -> Text:
    """The files of a client, which stand beside the page."""
    shown = [Span(file.replace("\\", "/").rpartition("/")[2], "file") for file in one.files]
    return joined(shown, ", ") or text(DASH)
