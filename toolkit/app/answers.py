"""The answer of a command in the format and the language that are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from toolkit.app.languages import language
from toolkit.records.sources import Beside
from toolkit.report.answer import with_remarks
from toolkit.report.document import Document
from toolkit.report.formats.terminal import terminal
from toolkit.report.i18n.formats import TerminalFormats
from toolkit.report.i18n.language import Language


def answered(
    compose: Callable[[Language], Document],
    format: str,  # noqa: A002  # the word of the option
    lang: str,
    *,
    width: int,
    bold: bool,
    beside: Beside | None = None,
) -> str:
    """The answer in a format.

    Args:
        compose: Its document in a language.
        format: ``terminal``, ``markdown`` or ``html``.
        lang: Code of the language.
        width: Cells of a line of the terminal.
        bold: Whether the terminal has bold letters.
        beside: Remarks and error of the answer, which the document shows too; None where they are shown elsewhere.

    Raises:
        SpecError: for a language that does not exist.
    """
    say = language(lang)
    say = replace(say, fmt=TerminalFormats(say.code)) if format == "terminal" else say
    document = compose(say) if beside is None else with_remarks(compose(say), beside, say)
    if format == "terminal":
        return terminal(document, say, width=width, bold=bold)
    if format == "markdown":
        from toolkit.report.formats.markdown import markdown  # noqa: PLC0415  # a terminal needs neither

        return markdown(document, say)
    from toolkit.app.report.theme import theme  # noqa: PLC0415
    from toolkit.report.formats.html import render  # noqa: PLC0415

    return render(document, theme(), say)
