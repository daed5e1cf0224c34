"""How far the export law of a country is in the ledger: no answer that needs a law which is not in it can be clear."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from toolkit.controls.events import EU_MEMBERS, EUROPEAN_UNION, Event
from toolkit.core.countries import CUSTOMS_CHINA
from toolkit.core.messages import Message, message, together

MODELLED, PARTIAL, POINTER = "modelled", "partial", "pointer"
"""Its acts on metals are in the ledger by form; single acts or entries are; none is, and the law is only named."""
NOT_COVERED = "not_covered"
"""Answer that no measure was found by a law that is not, or only in part, in the ledger."""


@dataclass(frozen=True, slots=True)
class Law:
    """An export law that holders of these metals meet.

    Attributes:
        name: By which it is cited.
        reason: Why the ledger has it as far as it has.
        complete_from: Day from which its acts on these metals are in the ledger; None of a law with single acts at most.
    """

    name: str
    reason: Message
    complete_from: date | None = None


LAWS: Mapping[str, Law] = MappingProxyType(
    {
        "CHN": Law(
            "Export Control Law; dual-use regulations; notices of MOFCOM and GACC",
            message(
                "notices on metals and entity lists, by form, from July 2023 on, and the list of 2024; of older law hafnium "
                "and quotas alone"
            ),
            complete_from=date(2023, 7, 3),
        ),
        EUROPEAN_UNION: Law(
            "Regulation (EU) 2021/821, Annex I",
            message("some entries of Annex I, from cross-references; its list was not entered"),
        ),
        "USA": Law("Export Administration Regulations, Commerce Control List", message("its list was not entered")),
        "JPN": Law("Foreign Exchange and Foreign Trade Act, Export Trade Control Order", message("its list was not entered")),
        "KOR": Law("Foreign Trade Act, notice on strategic items", message("its list was not entered")),
        "CHE": Law("Goods Control Act and Ordinance", message("its list was not entered")),
        "GBR": Law("Export Control Order 2008, retained dual-use regulation", message("its list was not entered")),
    }
)
"""By jurisdiction. Any other has the acts that stand in the ledger, as on ore of nickel or cobalt, and no list of goods."""


def export_law(country: str) -> str:
    """The jurisdiction whose export law binds what leaves a country (ISO-3): of a member state that of the European Union."""
    return EUROPEAN_UNION if country in EU_MEMBERS else "CHN" if country in CUSTOMS_CHINA else country


def coverage_of(law: str, acts: Iterable[Event], on: date) -> str:
    """How far a law is in the ledger.

    Args:
        law: Jurisdiction, as of `export_law`.
        acts: Its official acts on exports that are known on a day, and that name forms.
        on: The day.
    """
    begins, found = LAWS[law].complete_from if law in LAWS else None, list(acts)
    if begins is not None and begins <= on and any(act.dual_use for act in found):
        return MODELLED
    return PARTIAL if found else POINTER


def uncovered_note(partial: Sequence[str], pointer: Sequence[str]) -> str:
    """What it means that export laws are in the ledger in part, or not at all; one of the two is named at least."""
    told = []
    if pointer:
        text = message(
            "The export law of {countries} is not in the ledger: that it finds no control is no proof.", countries=pointer
        )
        told.append(text)
    if partial:
        text = message(
            "The export law of {countries} is in the ledger in part only: that it finds no control is no proof.",
            countries=partial,
        )
        told.append(text)
    return together(*told)


@dataclass(frozen=True, slots=True)
class LawCoverage:
    """A row of the table of coverage.

    Attributes:
        law: ISO-3 code of the country, or EU.
        name: By which the law is cited; None of a country of which only single acts are known.
        coverage: modelled, partial or pointer.
        acts: Number of its official acts on exports in the ledger.
        metals: Metals whose forms they name.
        reason: Why it is in the ledger as far as it is.
    """

    law: str
    name: str | None
    coverage: str
    acts: int
    metals: tuple[str, ...]
    reason: str
