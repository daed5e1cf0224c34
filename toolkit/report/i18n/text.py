"""Inline text as data: spans that say what they are. How a span looks is decided by the format that renders it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

MOST_MARKERS = 3
"""Markers in a row that are shown one by one: a folder of price lists is a source for each."""
Style = Literal["plain", "strong", "muted", "name", "assumption", "derived", "warn", "file", "none"]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text.

    Attributes:
        style: ``name`` came from outside and is isolated from the text around it (a right-to-left override stays inside);
            ``assumption`` is set in the assumption type, ``derived`` is data times an assumption (`Findings.derived`);
            ``file`` is the name of a file beside the page, and there a link to it;
            ``none`` is the dash for what is undefined.
        refs: Markers of the sources and assumptions behind it (S1, A2).
    """

    text: str
    style: Style = "plain"
    refs: tuple[str, ...] = ()


Text = tuple[Span, ...]
Inline = str | Span | Text

NONE = Span("–", "none")


def text(*parts: Inline) -> Text:
    """Parts joined into one text; a bare string is plain."""
    spans: list[Span] = []
    for part in parts:
        if isinstance(part, str):
            spans.append(Span(part))
        elif isinstance(part, Span):
            spans.append(part)
        else:
            spans += part
    return tuple(span for span in spans if span.text or span.refs)


def joined(parts: Iterable[Inline], between: Inline) -> Text:
    """Parts in one text, with `between` from each to the next."""
    return text(*[span for part in parts for span in (between, part)][1:])


def sentences(*parts: Text) -> Text:
    """Those of the parts that say something, one after the other."""
    return joined(filter(None, parts), " ")


def strong(value: str, *refs: str) -> Span:
    """Text that carries the sentence."""
    return Span(value, "strong", refs)


def muted(value: str) -> Span:
    """Text that steps back."""
    return Span(value, "muted")


def name(value: str) -> Span:
    """A name that the toolkit did not write."""
    return Span(value, "name")


def sources(*spans: Span) -> Span:
    """The markers of these spans, each once, without words."""
    return Span("", refs=tuple(dict.fromkeys(ref for span in spans for ref in span.refs)))


def plain(value: Text) -> str:
    """The bare words, for titles of graphics."""
    return "".join(span.text for span in value)


def in_runs(refs: Sequence[str]) -> list[str]:
    """Markers, more than three that follow each other as their ends: S1, S3–S38."""
    shown: list[str] = []
    for _, run in groupby(enumerate(refs), key=lambda at: (at[1][0], int(at[1][1:]) - at[0])):
        of_run = [ref for _, ref in run]
        shown += [f"{of_run[0]}–{of_run[-1]}"] if len(of_run) > MOST_MARKERS else of_run
    return shown
