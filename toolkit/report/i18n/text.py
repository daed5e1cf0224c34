"""Inline text as data: spans that say what they are. How a span looks is decided by the format that renders it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Style = Literal["plain", "strong", "muted", "name", "assumption", "derived", "warn", "none"]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text.

    Attributes:
        style: ``name`` came from outside and is isolated from the text around it (a right-to-left override stays inside);
            ``assumption`` is set in the assumption type, ``derived`` is data times an assumption (`Findings.derived`);
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


def strong(value: str, *refs: str) -> Span:
    """Text that carries the sentence."""
    return Span(value, "strong", refs)


def muted(value: str) -> Span:
    """Text that steps back."""
    return Span(value, "muted")


def name(value: str) -> Span:
    """A name that the toolkit did not write."""
    return Span(value, "name")


def sources(*refs: str) -> Span:
    """Markers alone."""
    return Span("", refs=tuple(dict.fromkeys(refs)))


def plain(value: Text) -> str:
    """The bare words, for titles of graphics."""
    return "".join(span.text for span in value)
