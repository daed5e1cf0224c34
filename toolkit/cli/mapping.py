"""Questions on how a file is read, answered on the command line: by options, by what is proposed, in a dialogue."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

import typer

from toolkit.cli.options import Common
from toolkit.cli.terminal import translator
from toolkit.core.errors import SpecError
from toolkit.core.messages import message

if TYPE_CHECKING:
    from toolkit.market.layouts.propose import Question

Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=MEANING", help="Column=field or ignore, text=meaning, decimal=, or . ; repeatable."),
]
Accept = Annotated[bool, typer.Option("--accept", help="Take every answer that is proposed.")]
Write = Annotated[bool, typer.Option("--write", help="Keep the layout beside the file (FILE.layout.toml).")]


class Asking(Protocol):
    """A file as it is read, and what is open."""

    @property
    def questions(self) -> Sequence[Question]:
        """What is asked."""
        ...


AskingT = TypeVar("AskingT", bound=Asking)


def settled(
    read: Callable[[Mapping[str, str]], AskingT], sets: Sequence[str] | None, common: Common, *, accept: bool
) -> tuple[AskingT, bool]:
    """A file by the answers that were given, and whether all of them were given in a dialogue.

    Args:
        read: The file by answers.
        sets: Of the option.
        common: The options.
        accept: Whether proposals are taken.
    """
    answers = dict(map(pair, sets or ()))
    found = read(answers)
    if accept and (proposed := {one.name: one.proposed for one in found.questions if one.proposed}):
        answers = {**proposed, **answers}
        found = read(answers)
    if not found.questions or common.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return found, False
    tell = translator(common)
    while found.questions:
        question = found.questions[0]
        where = ", ".join(map(tell, question.cells))
        sys.stdout.write(f"\n{question.name} ({where}): {tell(question.asks)}\n  {', '.join(question.answers)}\n")
        answer = typer.prompt("", default=question.proposed or "", prompt_suffix="> ", show_default=bool(question.proposed))
        if not answer.strip():
            break
        try:
            found = read({**answers, question.name: answer.strip()})
        except SpecError as error:
            sys.stdout.write(f"{tell(error.message)} {tell(error.hint)}\n")
        else:
            answers[question.name] = answer.strip()
            if question.name in {one.name for one in found.questions}:
                sys.stdout.write(f"{tell(message('{answer!r:s} is not known.', answer=answer.strip()))}\n")
    return found, not found.questions


def pair(text: str) -> tuple[str, str]:
    """Name and answer of ``NAME=MEANING``; a header may hold the sign."""
    name, sign, answer = text.rpartition("=")
    if not sign or not name.strip() or not answer.strip():
        raise SpecError("--set {text!r:s} is no answer.", hint="Write it as --set 'EK netto=purchase_price'.", text=text)
    return name.strip(), answer.strip()
