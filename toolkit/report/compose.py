"""From what was found and a list of section names to a `Document`. A section is a value in `toolkit.report.topics`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from toolkit.core.discovery import values_by_name
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.records.conflict import Conflict
from toolkit.records.findings import Parts
from toolkit.records.run import Run
from toolkit.records.subjects import Holdings, Market
from toolkit.report.document import BarTable, Block, Columns, Document, Figure, Layout, Matrix, Missing, Section, Table, apart
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.shorten import ALSO, shortened

Build = Callable[[Findings], tuple[Block, ...] | Missing]

WITHOUT: Mapping[str, str] = {
    "positions": mark("This report is not about a proposal."),
    "exposure": mark("This report is not about holdings."),
    "backtest": mark("This report is not about a backtest."),
    "market": mark("This report is not about the market alone."),
    "about": mark("This report is not about a strategy."),
    "exit": mark(
        "Nothing can be sold today: what has not arrived, what an export control may hold where it is and what has no "
        "price does not count."
    ),
    "conflict": mark("The limits of this strategy do not contradict each other."),
}
"""Why a section has nothing to say, by the key of what it needs; parts have one reason in common."""
NOT_FOUND = mark("The data known on this date do not hold what this section shows.")


@dataclass(frozen=True, slots=True)
class ReportDefinition:
    """What `reports/NAME.toml` says.

    Attributes:
        title: A message of the catalogue, or the user's own words.
        sections: Names in order.
        layout: How they are laid out.
        short: Whether a section shows one picture and one table, or all that it has (`toolkit.report.shorten`).
        told: Names of sections of a short report whose findings are rows alone.
        alone: Names of sections of a short report of which the first finding alone is told; the others stand in `full`.
        pairs: Names of sections that stand side by side where there is room, one after the other in `sections`.
    """

    title: str
    sections: tuple[str, ...]
    layout: Layout = "page"
    short: bool = False
    told: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Builder:
    """A section that can be asked for by name.

    Attributes:
        title: In English: a message of the catalogue; empty for a section that opens the page.
        needs: Keys of the subject, or names of parts, without which it has nothing to show.
        uses: Names of further parts that it shows something of, where they are there.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    uses: tuple[str, ...]
    build: Build


def section(name: str, title: str, *, needs: Iterable[str] = (), uses: Iterable[str] = ()) -> Callable[[Build], Builder]:
    """Turn a function of findings into the section `name`; nothing is registered, `builders` finds the value.

    Args:
        name: As report definitions name it.
        title: A message, `mark`ed for the catalogue.
        needs: What `Findings.has` must answer with yes before the function is called.
        uses: Parts that it looks at besides.
    """
    return lambda build: Builder(name, title, tuple(needs), tuple(uses), build)


def builders() -> Mapping[str, Builder]:
    """Every section by name, from the modules of `toolkit.report.topics`; two of one name are refused."""
    return values_by_name(("toolkit.report.topics",), Builder)


def chosen_by(definition: ReportDefinition) -> tuple[Builder, ...]:
    """The sections of a definition, in its order.

    Raises:
        SpecError: for a section that does not exist, with the nearest names.
    """
    known = builders()
    for wanted in definition.sections:
        if wanted not in known:
            raise SpecError("no report section is named {wanted!r:s}.", hint=did_you_mean(wanted, known), wanted=wanted)
    return tuple(known[wanted] for wanted in definition.sections)


def looked_at(parts: Parts, definition: ReportDefinition) -> Parts:
    """The parts that a report looks at: sources and assumptions of the others would stand for nothing on its page.

    Raises:
        SpecError: as `chosen_by`.
    """
    return parts.model_copy(update=dict.fromkeys(Parts.model_fields.keys() - needed(definition)))


def needed(definition: ReportDefinition) -> set[str]:
    """Names of the parts, and keys of the subject, that a report looks at; `SpecError` as `chosen_by`."""
    return {name for builder in chosen_by(definition) for name in (*builder.needs, *builder.uses)}


def compose(found: Findings, definition: ReportDefinition) -> Document:
    """The document of a report.

    Raises:
        SpecError: as `chosen_by`.
    """
    say, chosen = found.say, chosen_by(definition)
    found = replace(found, short=definition.short)
    run = found.record if isinstance(found.record, Run | Conflict) else None
    sections = tuple(
        Section(builder.name, say.words(builder.title) if builder.title else "", _content(builder, found))
        for builder in chosen
        if _fits(builder, found, several=sum(not one.title for one in chosen) > 1)
    )
    sections = tuple(one for one in sections if one.missing or one.blocks or one.name == ALSO)
    if definition.short:
        sections = shortened(sections, definition.told, definition.alone, say)
    title = say.term("title", definition.title)
    if isinstance(found.record, Market) and found.record.metal:
        title = f"{title}: {found.head(found.product(found.record.metal)).text}"
    return Document(
        title=title,
        language=say.code,
        as_of=found.record.as_of,
        as_of_written=found.fmt.long_date(found.as_of),
        subject=", ".join(name for name in (found.record.client, found.subject) if name),
        run_id=run.run_id if run else "",
        sections=_paired(sections, definition),
        layout=definition.layout,
    )


def _paired(sections: Sequence[Section], definition: ReportDefinition) -> tuple[Section, ...]:
    """The sections, those of a pair marked where both have something to show, and as many figures."""
    found = list(sections)
    for i, (first, second) in enumerate(itertools.pairwise(sections)):
        if (first.name, second.name) not in definition.pairs:
            continue
        one, other = first.content, second.content
        if isinstance(one, Missing) or isinstance(other, Missing):
            continue
        if len(one) == len(other):  # else half the page stays white below the shorter one
            found[i : i + 2] = [replace(first, pair="first"), replace(second, pair="second")]
    return tuple(found)


def _fits(builder: Builder, found: Findings, *, several: bool) -> bool:
    """Whether a section stands on the page: an opening only for its own subject, any other also to say what is missing.

    A page with openings for several subjects suits each of them, and leaves out the sections on the others.
    """
    missing = [need for need in builder.needs if not found.has(need)]
    if isinstance(found.record, Holdings) and not found.record.exposure.lots:
        return not missing  # the opening says that the file is empty
    return not missing or (bool(builder.title) and not (several and set(missing) & set(WITHOUT)))


def _content(builder: Builder, found: Findings) -> tuple[Block, ...] | Missing:
    for need in builder.needs:
        if not found.has(need):
            return Missing(found.say.words(WITHOUT.get(need, NOT_FOUND)))
    return builder.build(found)


def answer(run: Findings, title: str, *shown: Builder) -> Document:
    """The answer of a command: sections of reports, each below its title; what has nothing to show is left out."""
    found = [(one, opened(run, one)) for one in shown]
    heads = [run.say.words(one.title) if one.title else "" for one in shown]
    sections = tuple(Section(one.name, head, blocks) for head, (one, blocks) in zip(heads, found, strict=True) if blocks)
    return Document(title, run.say.code, run.record.as_of, run.fmt.long_date(run.as_of), "", sections)


def opened(run: Findings, shown: Builder) -> tuple[Block, ...]:
    """The blocks of a section of reports, one below the other and its tables open; a picture stands for its own table."""
    found = shown.build(run)
    blocks = () if isinstance(found, Missing) else unfolded(found)
    return tuple(replace(block, data=None) if isinstance(block, Figure) else block for block in blocks)


def beside(*figures: Figure | None) -> tuple[Block, ...]:
    """Figures side by side; a single one has the width for itself, and what is None is left out."""
    found = tuple(figure for figure in figures if figure is not None)
    return (Columns(found),) if len(found) > 1 else found


def folded(*figures: Figure | None) -> tuple[Block, ...]:
    """Figures as titles with closed tables, side by side; each shows one table and nothing else."""
    return beside(*(_closed(figure) for figure in figures if figure is not None))


def tabled_once(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Blocks one below the other; a figure that shows a table has no further one behind it."""

    def once(block: Block) -> Block:
        shown = isinstance(block, Figure) and any(isinstance(part, Table | BarTable | Matrix) for part in block.body)
        return replace(block, data=None) if shown else block

    return tuple(map(once, apart(blocks)))


def unfolded(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Blocks one below the other, with the tables of folded figures open."""
    return tuple(
        replace(block, body=(block.data,), data=None) if isinstance(block, Figure) and block.data and not block.body else block
        for block in apart(blocks)
    )


def _closed(figure: Figure) -> Figure:
    (table,) = figure.body
    return replace(figure, body=(), data=table if isinstance(table, Table) else None)
