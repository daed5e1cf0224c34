"""Whether a lot has arrived: its status with a day beside it, held against what titles, places and other columns say."""

from __future__ import annotations

import re
from datetime import date, timedelta

from toolkit.core.countries import fold, foldings
from toolkit.core.messages import Message, message
from toolkit.core.places import INCOTERMS
from toolkit.market.readers import cells
from toolkit.market.readers.holdings.cells import RowCells
from toolkit.market.readers.holdings.columns import STATUSES, status_within

_WORDS = re.compile(
    "delivery|due|expected|eta|etd|arrival|arrives|arriving|date|on|by|since|at|for|from|in|mid|end|early|week|cw|kw|ca|am|bis|"
    "lieferung|liefertermin|lieferdatum|ankunft|erwartet|voraussichtlich|vsl|seit|im|ab|zum|anfang|mitte|ende|woche"
)
"""What stands, as `fold` writes it, beside a day of delivery."""
_FIGURES = re.compile(r"(kw|cw|q)?[0-9]+([./-][0-9]+){0,2}\.?", re.IGNORECASE)
_WEEK = re.compile(r"(?:kw|cw|wk|sem\.?|week|woche) ?([0-9]{1,2})[/ ]+(20[0-9]{2})", re.IGNORECASE)
_QUARTER = re.compile(r"q([1-4])[/ ]+(20[0-9]{2})", re.IGNORECASE)

_LICENCE = r"(chinese |chinesische )?(export|ausfuhr|mofcom)? ?(licen[cs]e|permit|lizenz|genehmigung)( application)?"
_WAITS = re.compile(
    rf"((awaits|awaiting|waits for|waiting for|pending|wartet auf|warten auf)( the| an| die| eine)? {_LICENCE}|"
    r"under (an? )?(export )?(licen[cs]e|permit) application|"
    rf"{_LICENCE} (is |ist |noch )?(pending|under (application|review)|in bearbeitung|"
    r"applied for|applied|filed|requested|outstanding|beantragt|ausstehend|offen|"
    r"steht aus|fehlt))( (am|vom|seit|on|since))?[^a-z]*"
)
"""Words of a status, as `fold` writes them, that an order waits for a licence to leave; alone they are an order."""
_OF_OTHER_THINGS = ("open", "order", "offen")
"""Words of a status that a remark uses of other things, too: an order's number."""
_ORDERS = re.compile(
    r"\b(auftragsbestae?tigung|bestellbestae?tigung|order (confirmation|acknowledge?ment)|pro ?forma|offene bestellung(en)?|"
    r"open orders|purchase order)\b"
)
"""Titles, as `fold` writes them, of papers on what is ordered."""
_OF_AN_ORDER = re.compile(r"best(ell)?menge|order (quantity|qty)")
"""Headers, as `fold` writes them, of a quantity that is ordered."""
_STATUS = message(
    "Known: stored, in_transit, ordered, planned. Leave out the row of a lot that is sold or cancelled; what is reserved is "
    "stored until it is handed over; what has arrived in part is two rows. A day has a column of its own: purchase_date, or "
    "'delivery date'."
)


class StatusCells(RowCells):
    """Reads what a row says of its status."""

    __slots__ = ()

    def _status(self, i: int) -> str | None:
        """That of its cell; where that is empty and a title, a place or a remark says that it is on its way, it is asked."""
        text = self._text("status", i)
        if text is None and (said := self._said_elsewhere(i)):
            status, where, words = said
            fault = message("no status, and {where} that says {status:s}", where=where, status=status)
            hint = message("Fill in the status: {status:s}, or stored.", status=status)
            return self._fault(i, "status", "status", fault, hint, cell=words)
        if text and (order := waits_for_licence(text)):
            return order
        if found := status_and_day(text or ""):
            status, day = found
            if status == "stored" and not ((last := last_day(day)) and last <= self.today):
                return self._fault(i, "status", "status", "stored, and a day that may lie after today", _STATUS)
            self._default("status_day", f"{self.lots[i]} ({text})")
            return status
        return self._word(i, "status", STATUSES, default="stored", remedy=_STATUS)

    def _said_elsewhere(self, i: int) -> tuple[str, Message, str] | None:
        """A status that a title, a place or a remark says, where, and in which words."""
        for title in self.table.titles:
            if _ORDERS.search(fold(title)):
                return "ordered", message("a title"), title
        if _OF_AN_ORDER.match(fold(quantity := self.header["quantity"].text)):
            return "ordered", message("a column {name!r:s}", name=quantity), quantity
        for header in self.headers:
            words = self.table.cells[header.text][i] if header.key in (None, "location", "custody") else None
            said = status_within(words) if isinstance(words, str) else None
            if said is None and header.key is None and words and waits_for_licence(f"{header.text} {words}", within=True):
                said = (str(words), "ordered")
            if said and (header.key == "location" or said[0] not in _OF_OTHER_THINGS):
                where = message("a place") if header.key == "location" else message("a column {name!r:s}", name=header.text)
                return said[1], where, str(words)
        return None


def waits_for_licence(text: str, *, within: bool = False) -> str | None:
    """The status of what waits for a licence, as ``bestellt, wartet auf Ausfuhrlizenz``; None for what does not say so.

    A remark may say other things before it (`within`).
    """
    folded = re.sub(r"[^a-z0-9]+", " ", fold(text)).strip()
    found = _WAITS.search(folded)
    if not found or found.end() != len(folded):
        return None
    return STATUSES.get((not within and folded[: found.start()].strip()) or "ordered")


def status_and_day(text: str) -> tuple[str, str] | None:
    """A status and the day or the terms behind it, as in ``ordered - due 15 Jan 2027``; None for what is not both."""
    words = re.findall(r"[^\s,;:()–]+", text)
    for end in range(len(words) - 1, 0, -1):
        status = next((STATUSES[one] for one in foldings(" ".join(words[:end])) if one in STATUSES), None)
        if status is not None:
            rest = [word for word in words[end:] if word != "-"]
            if status != "stored" and rest and fold(rest[0]) in INCOTERMS.split("|"):
                return status, " ".join(rest)
            is_day = all(_WORDS.fullmatch(fold(word)) or _FIGURES.fullmatch(word) or is_month(word) for word in rest)
            return (status, " ".join(rest)) if is_day and re.search("[0-9]", " ".join(rest)) else None
    return None


def is_month(word: str) -> bool:
    """Whether a word is the name of a month."""
    return cells.month(f"{word.strip('.')} 2000") is not None


def last_day(text: str) -> date | None:
    """The last day that a text may mean, words before it left aside: of ``due KW 3/2027`` the Sunday; None for no day."""
    words = cells.tidy(text).split(" ")
    return next((day for i in range(len(words)) if (day := _last_day(" ".join(words[i:])))), None)


def _last_day(text: str) -> date | None:
    if read := cells.day(text):
        day = read.day or max((day for day in read.either or () if day), default=None)
        return None if day in cells.NULL_DATES else day
    if month := cells.month(text):
        return _end_of_month(int(month[:4]), int(month[5:]))
    if (found := _WEEK.fullmatch(text)) and 1 <= int(found[1]) <= 52:
        return date.fromisocalendar(int(found[2]), int(found[1]), 7)
    if found := _QUARTER.fullmatch(text):
        return _end_of_month(int(found[2]), 3 * int(found[1]))
    return date(int(text), 12, 31) if re.fullmatch("20[0-9]{2}", text) else None


def _end_of_month(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
