"""The error of a file of which something is open: its questions, and the command that answers them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from toolkit.core.errors import DataError
from toolkit.core.messages import Message, message
from toolkit.core.text import printable
from toolkit.market.layouts.propose import Proposal

_ASKED = 12
"""Questions that a message tells."""


class Unconfirmed(DataError):
    """A file of which something is open.

    Attributes:
        read: The file as far as it can be read.
    """

    def __init__(self, read: Proposal) -> None:
        self.read = read
        asked = [
            message("- {name!r:s} ({cells:, }): {asks}", name=one.name, cells=_quoted(one.cells), asks=one.asks)
            if one.cells
            else message("- {name!r:s}: {asks}", name=one.name, asks=one.asks)
            for one in read.questions[:_ASKED]
        ]
        more = len(read.questions) - len(asked)
        asked += [message("- {more:d} more", more=more)] if more else []
        command, found = confirming(read), read.grouped()
        faults = [message("- {fault}", fault=one.told()) for one in found]
        told = message("{file:s}: before it is read, say once:\n{asked:\n}", file=read.table.name, asked=asked)
        if faults:
            told = message("{asked}\nand mend:\n{faults:\n}", asked=told, faults=faults)
        super().__init__(
            told,
            hint=message(
                "Look at it with `{look:s}`, then say it: {command:s}",
                look=f"{_map(read)} {shlex.quote(read.path)}",
                command=command,
            ),
            details={
                "file": read.table.name,
                "rows": [read.table.header],
                "questions": [
                    {"about": one.about, "name": one.name, "cells": [*one.cells], "proposed": one.proposed}
                    for one in read.questions
                ],
                "command": command,
                "faults": [one.details() for one in found],
            },
        )


def confirming(read: Proposal) -> str:
    """The command that says again what was said, and answers what is open, with ``?`` where no answer is proposed."""
    asked = {one.name: one.proposed or "?" for one in read.questions} | dict.fromkeys(read.unknown_words()[:_ASKED], "?")
    answers = {name: answer for name, answer in read.given.items() if name not in asked} | asked
    sets = [f"--set {shlex.quote(printable(f'{name}={answer}'))}" for name, answer in answers.items()]
    return " ".join([_map(read), shlex.quote(printable(read.path)), *sets, "--write"])


def _quoted(cells: Sequence[str]) -> list[str]:
    """Cells in quotation marks, and rows as they are."""
    return [cell if isinstance(cell, Message) else message("{name!r:s}", name=cell) for cell in cells]


def saying(read: Proposal) -> str:
    """How to say what its unknown words mean; empty where it has none."""
    if not read.unknown_words():
        return ""
    return message("Where a known word is meant, say it once: {command:s}", command=confirming(read))


def _map(read: Proposal) -> str:
    """The command that shows how a file of its kind is read."""
    return "toolkit data map" if read.layout.of == "prices" else "toolkit holdings map"
