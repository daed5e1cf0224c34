"""Columns of a holdings file that are not read and still say that a row is no lot, is another's, or has not all arrived."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from typing import Any

from toolkit.core.countries import fold, foldings
from toolkit.core.messages import sentence
from toolkit.core.places import place
from toolkit.core.size import PieceSize
from toolkit.core.units import KG_PER_UNIT
from toolkit.market.readers.cells import amount, tidy
from toolkit.market.readers.holdings.columns import CLAUSE, COUNTS, GONE, STRONG, UNKNOWN_WORDS, Header, is_awaited
from toolkit.market.readers.holdings.forms import CONTENT, form_in
from toolkit.market.readers.holdings.lots import CellFault, Names
from toolkit.market.readers.holdings.purchase import AGREES
from toolkit.market.readers.holdings.status import is_month, last_day
from toolkit.market.readers.tabular import Table

_LEFT = re.compile(
    r"\b(rest(menge|bestand|gewicht)|bestand|aktuelle menge|current (stock|quantity))\b|"
    r"\bremaining( (quantity|qty|weight|mass|stock|kg|g|t|lb))?$|\b(qty|quantity|kg) left\b"
)
"""Headers, as `fold` writes them, of what is left of a lot."""
_SOLD = re.compile(
    rf"{GONE.pattern}|\b(?<!of )(?<!for )(?<!on )(?<!zum )(?<!planned )(?<!intended )(?<!geplanter )"
    r"(verkauf|verkaufe|abgange|ausgang|entnahme|sales?|redeemed|redemption|disposed|disposal|"
    r"withdrawn|withdrawal|exit)( (menge|qty|quantity|weight|kg|g|t|am|datum|date|on))*$"
)
"""Headers, as `fold` writes them, of what of a lot is sold or taken, or when."""
SALE = re.compile(rf"(teil)?verkauf|rue?ck(kauf|gabe)|sell|sale|buy ?back|redemption|withdrawal|{GONE.pattern}")
"""Cells, as `fold` writes them, of a list of purchases and sales, on a row that takes metal away."""
_NOT_GONE = re.compile(
    r"\b(not|never|nothing|none|(to|will|can|may|could|should|must) be|if|when|until|before|nicht|nie|nichts|keine?[rns]?|wird|"
    r"werden|soll|kann|darf|falls|wenn|bis)( (?!(all|alle|alles|auf|completely|entirely|fully|ganz|here|komplett|mehr|nur|only|"
    rf"vollsta?e?ndig)\b)\w+){{0,3}} {GONE.pattern}"
)
"""Words, as `fold` writes them, of a remark on a sale that was not; ``not all sold`` is one on a sale."""
_HERE = "(geliefert|angekommen|eingegangen|eingetroffen|erhalten|delivered|received|arrived)"
_PARTLY_HERE = re.compile(
    rf"\b(teilweise|zum teil|teils|nicht (ganz|komplett|vollsta?e?ndig)|erst|"
    rf"not (completely|fully)|partly|partially|half|only) ([0-9]+ ?(kg|g|t|lb) )?{_HERE}\b|"
    r"\b(rest|restmenge|remainder|balance) (folgt|to follow|follows)\b|"
    rf"\b{_HERE} [0-9]+ ?(kg|g|t|lb|pcs)? ?von [0-9]|\b[0-9]+ ?(kg|g|t|lb|pcs)? ?von [0-9]+ ?(kg|g|t|lb|pcs)? {_HERE}\b"
)
"""Words, as `fold` writes them, of a remark that not all has arrived."""
_DISCOUNT = re.compile(r"\b(rabatt|preisnachlass|skonto|discount|rebate)\b")
"""Headers, as `fold` writes them, of what is taken off a price."""
_SIDE = re.compile(r"(soll\W*haben|s\W*h|debit\W*credit|d\W*c)(\W*(kennzeichen|kz|indicator))?|buchungsseite")
_CREDIT = re.compile(r"h|haben|c|cr|credit")
"""Header, as `fold` writes it, of the side of an account on which a row is booked, and cells of what leaves it."""
_ARRIVED = re.compile(
    r"\b(geliefert|angekommen|eingegangen|eingetroffen)( kg| g| t)?$|\b(gelieferte|eingegangene) menge\b|"
    r"\b(delivered|received|arrived)( quantity| qty| kg| g| t)?$"
)
_OUTSTANDING = re.compile(
    r"\boffene (liefer)?menge\b|\boffen( kg| g| t)$|^(offen|open)$|\b(outstanding|open)( quantity| qty| kg| g| t)$|"
    r"\b(qty|quantity) (open|outstanding)\b|\b(rue?ckstand|backlog)( quantity| qty| kg| g| t)?$"
)
"""Headers, as `fold` writes them, of what of an order has arrived, and of what has not."""
_WHEN = r"(termin|datum|tag|woche|monat|zeitraum|fenster|date|day|week|month|window|period|schedule)( \w+)?"
_CAME = re.compile(
    r"(goods )?(received|receipt|arrived|delivered)( on| date)?|date (received|of receipt)|(waren)?eingang(sdatum)?|we datum|"
    r"(geliefert|angekommen|eingetroffen|eingelagert) am|einlagerungsdatum|stored since"
)
"""Headers, as `fold` writes them, of the day on which a lot has arrived."""
_DUE = re.compile(
    r"((erwartete[rs]?|voraussichtliche[rs]?|geplante[rs]?|bestatigte[rs]?|avisierte[rs]?|"
    r"expected|estimated|planned|requested|confirmed|due) )?"
    rf"((liefer|versand|verlade|verschiffungs|ankunfts?){_WHEN}|(delivery|shipment|shipping|ship|dispatch|arrival) {_WHEN}|"
    r"lieferung( am)?|ankunft|avis(iert)?( am| fur)?|we datum|wareneingangsdatum|wareneingang am|(goods receipt|gr) date|"
    r"delivery|arrival|laycan|(deliver|ship|arrives) by|due( date)?|et[ad]( \w+)?|"
    r"estimated time (of )?(arrival|departure))"
)
"""Headers, as `fold` writes them, of the day on which a lot arrives, or leaves for here."""
_DELIVERY = re.compile(
    r"\b((an)?lieferung|versand|versendet|ankunft|livraison|deliver(y|ies)|shipment|shipped|dispatch(ed)?|arrival|expected|"
    r"erwartet|eta|etd|arrives|arriving|kommt|ships?|to ship|lieferbar)\b"
)
"""Headers and cells, as `fold` writes them, of a delivery: of its day, its terms, its place or its cost."""
_SOON = re.compile(
    r"[0-9]|\b(asap|prompt|soon|bald|tb[acd]|offen|open|pending|next|na?e?chst\w*|folgt|fin|spring|summer|autumn|winter|"
    r"fru?e?hjahr|sommer|herbst)\b"
)
"""Cells, as `fold` writes them, of a day of delivery that may lie ahead."""
_WEEK_ALONE = re.compile(r"\b(?:kw|cw|wk|week|woche) ?([1-9]|[1-4][0-9]|5[0-2])$")
"""A week, as `fold` writes it, without its year: it is of this one."""
_MOVED = re.compile(
    r"(umlagerung|umgelagert|verlagert|umzug|transfer(red)?|moved|relocated|now|jetzt|nach|to)( (nach|to|in|am|ab))?|"
    r"(new|current|actual|present|neuer?|aktueller?|jetziger?) ((storage )?(location|place|warehouse)|ort|lager(ort)?)|"
    r"to (warehouse|location)|nach lager(ort)?"
)
"""Headers, as `fold` writes them, of the place to which a lot was moved."""
_SHARE = re.compile(
    r"((mit)?eigentums|miteigentums|besitz)?anteil( des eigentue?mers)?|(ownership|owners?|beneficial)( share| interest)?|"
    r"share|our share|my share|mein anteil|unser anteil|stake|beteiligung|quote|miteigentum|part owned|owned"
)
"""Headers, as `fold` writes them, of the part of a lot that is the owner's."""
_ANOTHERS = re.compile(
    r"fremd(bestand|eigentum|ware|besitz)?|third part(y|ies)( owned| stock)?|kommission(sware)?|consignment( stock)?|not owned|"
    r"(belongs to|property of|owned by|held for|gehoe?rt|eigentum von) (a |dem |einem )?"
    r"(clients?|customers?|third part(y|ies)|kunden?|dritten?)|"
    r"(belongs to|property|eigentum|title|owned by|gehoe?rt)"
    r"( (?!acquired|bought|erworben|from|passed|transfer|uberge|vom\b)\w+){0,2} "
    r"(supplier|vendor|seller|dealer|lieferant|verkae?ufer|hae?ndler)\w*( (until|bis|till|before|vor) .*)?"
)
"""Cells, as `fold` writes them, that say that a lot is not the owner's."""
_CONSIGNED = re.compile(r"\bkonsi(gnation\w*)?\b|^((vendor|supplier) )?consignment( stock)? ")
_SPECIAL = re.compile(r"s|sobkz|sonderbestand\w*( kz| kennzeichen)?|special stock( indicator)?")
"""Headers, as `fold` writes them, of stock on consignment, and of the mark of special stock, which is K for it."""
_JOINT = re.compile(
    r"\bmiteigentum( zu)? [0-9]|\bgehort (mir |uns )?(nur )?(zur halfte|zu [0-9])|\b(jointly|co) (owned|held)\b|"
    r"\bgemeinschaftlich|\b[0-9]+ owned\b|\bowned [0-9]+\b|\bhalf owned\b"
)
"""Words, as `fold` writes them, of a remark that a lot is of several owners."""
_PLEDGED = re.compile(
    r"\b(verpfa?e?nd(et|ung)|(miet|ver)?pfandrecht|pledged?|collateral|lien|sicherungsu?e?bereig(net|nung)|encumbered)\b"
)
_LENT = re.compile(
    r"\b(verliehen|ausgeliehen|metalleihe|metallleihe|(lent|loaned|leased)( out)? to|lent( out)?|(loaned|leased) out|"
    r"on (loan|lease) to|metal (loan|lease)|metallkonto|metal account|unallocated|not allocated|nicht (zugeteilt|zugewiesen))\b"
)
"""Words, as `fold` writes them, of what is not free to be sold, and of what is a claim on someone who owes the metal."""
_NEGATED = re.compile(
    r"\b(not|never|no|nicht|nie|keine?|free of|frei von)( longer| mehr)? (?!zugeteilt|zugewiesen|allocated)\w+"
)
"""Words, as `fold` writes them, of what is denied."""
_TELLS = re.compile("|".join(one.pattern for one in (_CONSIGNED, _JOINT, _PLEDGED, _LENT)))
_ALLOCATED = re.compile(r"(is )?(allocated|zugeteilt|zugewiesen|segregated)")
_NOT_FREE = re.compile(
    r"\b(gesperrt\w*|sperrbestand|blocked( stock)?|(in )?(qualitatspruf|qualitaetspruef|qualitatsprf)\w*|"
    r"(in )?quality insp\w*|umlagerung\w*|in transfer)$"
)
"""Headers, as `fold` writes them, of stock beside what is free to be used."""
_NO_FORM = re.compile(r"[ck]ategor(y|ie)|.*klasse|.*class|.*gruppe|.*group|(end)?(verwendung|use|anwendung)")
"""Headers, as `fold` writes them, of words for forms that are none of the lot: of what it is counted among, or is for."""
_OWNER = {"name", *(spelling for spelling, key in STRONG.items() if key == "client")}
_OF_ANY_NAME = frozenset(
    ("gmbh", "ltd", "llp", "inc", "trust", "family", "familie", "fam", "stiftung", "foundation", "herr", "frau", "erben",
     "bank")
)  # fmt: skip
"""Words, as `fold` writes them, of names of clients that name nobody."""
_GIVEN_TO = re.compile(r"\b(?:an|auf|to|for|fue?r|with|mit|gehoe?rt)((?: \w+){1,3})")
"""Words, as `fold` writes them, before the name of whom a lot is of or went to."""
_NO_PART = {*UNKNOWN_WORDS, "", "no", "n", "nein", "false"}
Lots = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class _Column:
    """A column that is not read: its cells in the rows of the lots, as they stand and as tidy text."""

    header: str
    rows: Sequence[int]
    cells: Sequence[Any]

    @property
    def name(self) -> str:
        return fold(self.header)

    @cached_property
    def texts(self) -> list[str]:
        return ["" if cell is None else tidy(str(cell)) for cell in self.cells]

    @cached_property
    def folded(self) -> list[str]:
        return [fold(text) for text in self.texts]

    def _fault(self, at: int, text: str, rule: str, fault: str, hint: str, column: str = "quantity") -> CellFault:
        values = {"header": self.header, "new": f"note {self.header}"}
        return CellFault(self.rows[at], column, None, text, rule, sentence(fault, values), sentence(hint, values))

    def shared(self, at: int) -> CellFault:
        return self._fault(
            at, self.texts[at], "shared", "a column {header!r:s} that says that part of it is another's",
            "Write the quantity that is held by the owner, and rename the column to {new!r:s}.",
        )  # fmt: skip


def contradictions(
    table: Table, headers: Sequence[Header], kept: Sequence[int], lots: Lots, today: date, names: Names
) -> Iterator[CellFault]:
    """A fault for every row of which a column that is not read says another thing than its lot.

    A column whose header begins with ``note`` says nothing of how much is held.

    Args:
        table: Its cells.
        headers: Of its columns.
        kept: Positions of the rows that are lots.
        lots: Their records.
        today: Day on which the file is read.
        names: How forms are recognised.
    """
    rows = [table.rows[i] for i in kept]
    # A name that is kept as it is may say what a remark does.
    unread = [_Column(h.text, rows, [table.cells[h.text][i] for i in kept]) for h in headers if h.key in (None, "client")]
    custody = [_Column(h.text, rows, [table.cells[h.text][i] for i in kept]) for h in headers if h.key == "custody"]
    telling = [column for column in unread if not column.name.startswith("note ")]
    whole = next(([str(table.cells[h.text][i]) for i in kept] for h in headers if h.key == "quantity"), None)
    yield from _reduced(telling, whole)
    clients = {str(cell) for h in headers if h.key == "client" for cell in table.cells[h.text] if cell is not None}
    yield from _anothers(telling, lots, clients)
    booked = [column for column in telling if _SIDE.fullmatch(column.name)]
    for column, at, cell in (*_cells_of(telling, SALE), *_cells_of(booked, _CREDIT)):
        yield column._fault(
            at, cell, "sale", "a row that takes metal away",
            "A sale is no lot: take it off the quantity of its lot, and leave its row out.",
        )  # fmt: skip
    for column, at, cell in _cells_of([*telling, *custody], _ANOTHERS):
        yield column._fault(
            at, cell, "shared", "a lot that is another's",
            "Leave out the row of a lot that is another's, or write the cell in other words if it is not.",
        )  # fmt: skip
    yield from _not_free([*telling, *custody])
    yield from _shared(unread)
    yield from _not_arrived(telling, lots, today)
    yield from _moved(telling, lots)
    yield from _counted(unread, lots)
    yield from _in_part(telling, lots)
    yield from _discounted(telling, lots)
    yield from _of_other_form(telling, lots, names)


def arrivals(table: Table, headers: Sequence[Header], kept: Sequence[int], lots: Lots) -> dict[str, date]:
    """Lot -> the last day on which it may have arrived, of stored lots with a day of receipt or of delivery.

    Args:
        table: Its cells.
        headers: Of its columns; those that are read are none of arrival.
        kept: Positions of the rows that are lots.
        lots: Their records.
    """
    days: dict[str, date] = {}
    for column in (_DUE, _CAME):  # the day of receipt goes before that on which it was due
        for header in (one for one in headers if one.key is None and column.fullmatch(fold(one.text))):
            for i, lot in zip(kept, lots, strict=True):
                if lot["status"] == "stored" and (day := last_day(str(table.cells[header.text][i] or ""))):
                    days[lot["lot_id"]] = day
    return days


def _cells_of(columns: Iterable[_Column], words: re.Pattern[str]) -> Iterator[tuple[_Column, int, str]]:
    """Every cell that is one of some words."""
    for column in columns:
        for at, cell in enumerate(column.cells):
            if isinstance(cell, str) and words.fullmatch(fold(cell)):
                yield column, at, cell


def _reduced(columns: Iterable[_Column], whole: Sequence[str] | None) -> Iterator[CellFault]:
    """Part is sold, taken or cancelled, by a header or a remark; what is left may be all of it."""
    for column in columns:
        left = _LEFT.search(column.name)
        says_part = left or _SOLD.search(column.name)
        for at, text in enumerate(column.texts):
            is_whole = left and whole is not None and str(column.cells[at]) == whole[at]
            is_none = column.folded[at] in _NO_PART or is_whole or re.fullmatch(r"[0.,\s]+[a-z]*", text)
            if not is_none and (says_part or (GONE.search(column.folded[at]) and _is_gone(text))):
                yield column._fault(
                    at, text, "reduced", "a column {header!r:s} that says that not all of the quantity is held",
                    "Write what is left as the quantity, leave out the row of a lot that is gone, and rename the column to "
                    "{new!r:s}.",
                )  # fmt: skip


def _anothers(columns: Iterable[_Column], lots: Lots, clients: Iterable[str]) -> Iterator[CellFault]:
    """A remark gives a lot, or part of it, to another client of the file (``Übertrag an Meier``), who may have it there too."""

    @cache
    def words(name: str) -> set[str]:
        return {word for spelling in foldings(name) for word in spelling.split() if len(word) > 2} - _OF_ANY_NAME

    everyone = set[str]().union(*map(words, clients))
    for column in columns if everyone else ():
        for at, text in enumerate(column.folded):
            given_to = {word for found in _GIVEN_TO.findall(text) for word in found.split()}
            if (given_to - words(lots[at]["client"] or "")) & everyone:
                yield column.shared(at)


def _is_gone(text: str) -> bool:
    """Whether a remark says in one of its clauses that a lot, or part of it, is held no more."""
    return any(GONE.search(_NOT_GONE.sub("", fold(clause))) for clause in CLAUSE.split(text))


def _not_free(columns: Iterable[_Column]) -> Iterator[CellFault]:
    """A lot is on consignment, of several owners, pledged or owed by someone, or more of it is in stock that is not free."""
    for column in columns:
        name = column.name
        in_name = _SPECIAL.fullmatch(name) or _ALLOCATED.fullmatch(name) or _NOT_FREE.search(name) or _TELLS.search(name)
        for at, text in enumerate(column.texts):
            cell = column.folded[at]
            if not (in_name or _TELLS.search(cell)):
                continue
            is_no = cell in _NO_PART or bool(re.fullmatch(r"[0.,\s]+[a-z]*", text))
            said = f"{'' if is_no else name} {'' if is_no else _NEGATED.sub('', cell)}"
            if _CONSIGNED.search(said) or (_SPECIAL.fullmatch(name) and cell == "k"):
                yield column._fault(
                    at, text, "shared", "a lot that is another's",
                    "Leave out the row of a lot that is another's, or write the cell in other words if it is not.",
                )  # fmt: skip
            elif _JOINT.search(cell):
                yield column.shared(at)
            elif _PLEDGED.search(said):
                yield column._fault(
                    at, text, "bound", "a column {header!r:s} that says that it is pledged",
                    "It counts in full, and `optimize` would sell it: keep it with a constraint 'no_sell' or 'keep_at_least', "
                    "and rename the column to {new!r:s}.",
                )  # fmt: skip
            elif _LENT.search(said) or (_ALLOCATED.fullmatch(name) and cell in ("no", "n", "nein", "false")):
                yield column._fault(
                    at, text, "bound", "a column {header!r:s} that says that someone owes it",
                    "What is lent or not allocated is a claim and lies nowhere: leave its row out until it is returned or "
                    "allocated; if it is, rename the column to {new!r:s}.",
                )  # fmt: skip
            elif not is_no and _NOT_FREE.search(name) and amount(text):
                yield column._fault(
                    at, text, "stock", "a column {header!r:s} of stock that the quantity may not hold",
                    "Write all that is held as the quantity, and rename the column to {new!r:s}.",
                )  # fmt: skip


def _shared(columns: Sequence[_Column]) -> Iterator[CellFault]:
    """Part is another's (``Anteil %`` and ``60``); without a column of owners, parts that sum to the whole are weights."""
    has_owners = any(not _OWNER.isdisjoint(foldings(column.header)) for column in columns)
    for column in columns:
        if not _SHARE.fullmatch(re.sub(r" (in )?(prozent|per ?cent|pct)$", "", column.name)):
            continue
        parts = {at: part for at, text in enumerate(column.texts) if (part := _part(text)) is not None}
        whole = 100 if "%" in column.header + "".join(column.texts) or max(parts.values(), default=0) > 1 else 1
        if has_owners or abs(sum(parts.values()) - whole) > AGREES * whole:
            for at, part in parts.items():
                if part < whole * (1 - 1e-9):
                    yield column.shared(at)


def _part(text: str) -> float | None:
    """The number in a cell; ``1/2`` is one too."""
    if (found := re.fullmatch(r"([0-9]{1,4}) ?/ ?([1-9][0-9]{0,3})", text)) is not None:
        return int(found[1]) / int(found[2])
    number = amount(text)
    return number and next(iter(number.readings.values()))


def _not_arrived(columns: Iterable[_Column], lots: Lots, today: date) -> Iterator[CellFault]:
    """The day of delivery of a stored lot may lie after today, or a remark says that it has not arrived."""
    for column in columns:
        is_due = _DUE.fullmatch(column.name) is not None
        for at, cell in enumerate(column.cells):
            says = is_due or (cell and re.search("[0-9]", str(cell)) and _DELIVERY.search(f"{column.name} {column.folded[at]}"))
            is_ahead = says and _is_ahead(cell, today, is_due=is_due)
            if lots[at]["status"] == "stored" and (is_ahead or _is_away(column.texts[at], lots[at]["location"])):
                yield column._fault(
                    at, str(cell), "due", "stored, and a column {header!r:s} by which it may not have arrived",
                    "Write 'ordered' or 'in_transit' as the status; if it has arrived, rename the column to {new!r:s}.",
                    "status",
                )  # fmt: skip


def _moved(columns: Iterable[_Column], lots: Lots) -> Iterator[CellFault]:
    """A lot was moved to a place in another country than that of its own."""
    for column in (column for column in columns if _MOVED.fullmatch(column.name)):
        for at, text in enumerate(column.texts):
            here, there = place(lots[at]["location"] or "").country, place(text).country
            if there is not None and here != there:
                yield column._fault(
                    at, text, "moved", "a column {header!r:s} that names another place",
                    "Write where it lies as the location, and rename the column to {new!r:s}.", "location",
                )  # fmt: skip


def _is_away(text: str, location: str | None) -> bool:
    """Whether a remark says of all of a lot that it has not arrived."""
    return is_awaited(text, location) and not (_PARTLY_HERE.search(fold(text)) or _is_gone(text))


def _is_ahead(cell: Any, today: date, *, is_due: bool) -> bool:
    """Whether a cell names a day after today, or may; one of no column of days, only what is no number and reads as one."""
    text = str(cell or "")
    day = cell if isinstance(cell, date) else last_day(text)
    if day is None and (week := _WEEK_ALONE.search(fold(text))):
        day = date.fromisocalendar(today.year, int(week[1]), 7)
    if day is not None:
        return f"{day:%Y-%m-%d}" > today.isoformat() and (is_due or not text.isdecimal())
    return is_due and (bool(_SOON.search(fold(text))) or any(is_month(word) for word in text.split()))


def _counted(columns: Iterable[_Column], lots: Lots) -> Iterator[CellFault]:
    """The quantity of several pieces may be that of one: it is not so many times the size of a piece."""
    for column in columns:
        for at, text in enumerate(column.texts if not COUNTS.isdisjoint(foldings(column.header)) else ()):
            if re.match(r"0*([2-9]|1[0-9])", text) and not _is_of_all(text, lots[at]):
                yield column._fault(
                    at, text, "pieces", "several pieces beside a quantity that may be of one or of all",
                    "Write the mass of the whole lot as the quantity, and rename the column to {new!r:s}.",
                )  # fmt: skip


def _is_of_all(count: str, lot: Mapping[str, Any]) -> bool:
    """Whether the quantity of a lot is a number of pieces times the mass of one."""
    mass = PieceSize.parse(lot["size"]).mass if lot["size"] else None
    if not (mass and lot["quantity"] and lot["unit"] in KG_PER_UNIT and re.fullmatch(r"\d+([.,]0*)?", count)):
        return False
    whole = int(re.split("[.,]", count)[0]) * mass
    return abs(lot["quantity"] * KG_PER_UNIT[lot["unit"]] - whole) <= AGREES * whole


def _in_part(columns: Iterable[_Column], lots: Lots) -> Iterator[CellFault]:
    """Not all has arrived, and the status does not say so."""
    for column in columns:
        for at, text in enumerate(column.texts):
            folded = fold(text.replace(" of ", " von ")) if " of " in text else column.folded[at]
            if _PARTLY_HERE.search(folded) or _is_part(column.name, text, lots[at]):
                yield column._fault(
                    at, text, "in_part", "a column {header!r:s} that says that not all of it has arrived",
                    "Give what has arrived a row of its own with the status 'stored', the rest one with 'ordered', and rename "
                    "the column to {new!r:s}.",
                )  # fmt: skip


def _is_part(header: str, text: str, lot: Mapping[str, Any]) -> bool:
    """Whether a cell is a part of the lot that has arrived, or has not, and the status does not say so."""
    arrived, number, whole = _ARRIVED.search(header), amount(text), lot["quantity"]
    if not (arrived or _OUTSTANDING.search(header)) or number is None or whole is None:
        return False
    if header in ("offen", "open") and min(number.readings.values()) > whole:  # likely money
        return False
    if number.before or {"-", "/"} & {*number.after}:
        return False
    is_all, is_none = (share in number.readings.values() for share in (whole, 0.0))
    is_here, is_away = (is_all, is_none) if arrived else (is_none, is_all)
    return not (is_here or (is_away and lot["status"] != "stored"))


def _discounted(columns: Iterable[_Column], lots: Lots) -> Iterator[CellFault]:
    """The price may be the one before a discount."""
    for column in columns:
        for at, text in enumerate(column.texts if _DISCOUNT.search(column.name) else ()):
            if re.search("[1-9]", text) and lots[at]["purchase_price"] is not None:
                yield column._fault(
                    at, text, "discount", "a column {header!r:s} that may lower the price",
                    "Write the price that was paid, and rename the column to {new!r:s}.",
                    "purchase_price",
                )  # fmt: skip


def _of_other_form(columns: Iterable[_Column], lots: Lots, names: Names) -> Iterator[CellFault]:
    """A cell names a form, and the lot is of another: that which is traded, where no other cell names one."""

    @cache
    def named(text: str, asset: str) -> str | None:
        return form_in(CONTENT.sub("", text), asset, names)

    for column in (column for column in columns if not _NO_FORM.fullmatch(column.name)):
        for at, (text, lot) in enumerate(zip(column.texts, lots, strict=True)):
            if lot["form"] and named(text, lot["asset"]) not in (None, lot["form"]):
                yield column._fault(
                    at, text, "form", "a column {header!r:s} that names another form than that of the lot",
                    "Rename the column to 'form', or write the form in one; if it is of another thing, rename it to {new!r:s}.",
                    "form",
                )  # fmt: skip
