"""The columns of a holdings file: what each holds, what is assumed without it, and the headers it is known by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from toolkit.core.countries import fold, foldings
from toolkit.core.errors import DataError
from toolkit.core.places import place
from toolkit.core.trade_names import METALS
from toolkit.market.readers import cells


@dataclass(frozen=True, slots=True)
class Column:
    """One column; its words are translated in the context `column` of the catalogues.

    Attributes:
        key: Its canonical header.
        holds: What a cell says.
        absent: What an empty cell, or a file without the column, means.
        example: A cell.
        headers: Other headers it is known by, `;` between them, first that of the German template; case, spaces, underscores
            and umlauts do not matter.
        weak: Headers that name it only where no other column of the file does.
        cells: Text that is kept as it is, a number, a fraction (a number too), or what the reader has a rule of its own for.
    """

    key: str
    holds: str
    absent: str
    example: str
    headers: str
    weak: str = ""
    cells: Literal["own", "text", "number", "fraction"] = "own"


_OF_PIECES = (
    "anzahl;stück;stücke;stk;pieces;pcs;count;units;number of pieces;no of pieces;number of bars;no of bars;number of ingots;"
    "no of ingots;anzahl stück;anzahl barren"
)
COLUMNS = (
    Column(
        "lot_id",
        "name of the lot, unique in the file",
        "the number of its row",
        "GA-01",
        "Posten;lot;lot id;lot no;lot number;charge;chargennummer;chargennr;chargen nr;los;losnummer;los nr;postennummer;"
        "posten nr;batch;batch no;serial number;seriennummer;certificate no;certificate number;zertifikatsnummer;zertifikat nr;"
        "lagerschein;lagerscheinnummer;lagerschein nr;warrant;warrant no",
        "id;nr;no;pos;nummer;number;#;lfd nr",
    ),
    Column(
        "asset",
        "metal by key, symbol or name (gallium, Ga, Wolfram, Gallium ingot), or a listed instrument of your own prices",
        "required",
        "gallium",
        "Metall;metal;element;ticker;rohstoff;commodity;wertpapier;instrument;security;materialkurztext;kurztext;"
        "materialbezeichnung;artikelbezeichnung;material description;short text",
        "name;product;produkt;artikel;material;bezeichnung;item;symbol;position;holding;description;beschreibung",
    ),
    Column(
        "form",
        "form or product: metal, oxide, bar, ingot, pellets, Barren, Pulver",
        "the form that is traded",
        "ingot",
        "Form;shape;product form;produktform;ausführung",
        "type;typ;art",
    ),
    Column(
        "purity",
        "as traded: 99.99 %, 4N5, 999.9",
        "unknown",
        "99.99 %",
        "Reinheit;fineness;feinheit;feingehalt;grade;qualität;assay",
        "quality",
    ),
    Column(
        "quantity",
        "how much, above zero",
        "required",
        "12",
        "Menge;qty;weight;gewicht;masse;mass;shares;stückzahl;bestand;nettogewicht;net weight;net wt;feingewicht;fine weight;"
        "frei verwendbar;unrestricted;unrestricted use;bestellmenge;best.menge;order quantity;order qty",
        f"amount;holding size;{_OF_PIECES}",
        cells="number",
    ),
    Column(
        "unit",
        "kg, g, t, lb or ozt; of a listed instrument: unit",
        "kg; of a listed instrument the unit",
        "kg",
        "Einheit;mengeneinheit;uom;unit of measure;me;gewichtseinheit;bme;basismengeneinheit;base unit of measure;"
        "bestellmengeneinheit",
    ),
    Column(
        "purchase_date",
        "2024-06-10, 10.06.2024 or 10 June 2024",
        "unknown: no tax period is told",
        "2024-06-10",
        "Kaufdatum;date of purchase;bought;bought on;purchased;purchased on;gekauft am;gekauft;buy date;trade date;"
        "anschaffungsdatum;erwerbsdatum;einkaufsdatum;kauftag;order date;ordered on;bestelldatum;bestellt am;acquired;"
        "acquisition date;acq date;zugangsdatum;acq dt;purchase dt;buy dt;trade dt;erworben am",
        "date;datum",
    ),
    Column(
        "purchase_price",
        "price of one unit (of the column unit), unless purchase_price_is says otherwise",
        "unknown: no gain is told",
        "580",
        "Einzelpreis;unit price;unit cost;cost per unit;price per unit;stückpreis;preis je einheit;preis pro einheit;"
        "einkaufspreis;einstandspreis;einstandskurs;buy price;bought at;paid per unit;ek preis;ek;einkaufspreis netto",
        "price;preis;nettopreis;net price",
        cells="number",
    ),
    Column(
        "purchase_price_is",
        "what purchase_price is per: unit, total, or a mass (t, EUR/kg, 100 g)",
        "unit",
        "unit",
        "Preisbezug;price is;price basis;preis ist;price type;price unit;preiseinheit",
        "price per;preis je;preis pro;per;je;pro;pe",
    ),
    Column(
        "total_price",
        "price of the whole lot, in place of purchase_price or to check it",
        "purchase_price times quantity",
        "6960",
        "Gesamtpreis;total cost;purchase total;total paid;total purchase price;gesamtkosten;kaufsumme;kaufpreis gesamt;"
        "gesamtkaufpreis;preis gesamt;gesamtbetrag;rechnungsbetrag;invoice total;total amount;kaufbetrag",
        cells="number",
    ),
    Column(
        "paid",
        "how much of the purchase price is paid: an amount, 30 %, yes or no",
        "all of it",
        "30 %",
        "Bezahlt;paid so far;already paid;deposit;deposit paid;down payment;prepayment;prepaid;anzahlung;angezahlt;"
        "bereits bezahlt;vorauszahlung;vorkasse",
        cells="number",
    ),
    Column(
        "currency",
        "ISO 4217: EUR, USD, JPY",
        "the one in the header or in the price cell",
        "EUR",
        "Währung;waehrung;whg;ccy;curr;cur;purchase currency;kaufwährung",
    ),
    Column(
        "origin_country",
        "country that the metal comes from: CHN, CN, China, or unknown",
        "unknown, which counts as the controlling country",
        "CHN",
        "Herkunftsland;origin;herkunft;ursprung;ursprungsland;urspr.land;urspr land;country of origin;produced in;made in",
        "country;land",
    ),
    Column(
        "location",
        "where it lies: a country, a port or a town",
        "unknown, which is never called safe",
        "Frankfurt",
        "Lagerort;lgort;lort;lagerplatz;lager;warehouse;storage;storage location;stored at;stored in;place;ort;standort;depot;"
        "vault;tresor;lagerland;where;wo",
        cells="text",
    ),
    Column(
        "status",
        "stored, in_transit, ordered or planned",
        "stored",
        "stored",
        "Status;zustand;lieferstatus;delivery status;lieferstand;order status;shipping status;shipment status;title status;"
        "lot status;position status;bestellstatus;warenstatus",
    ),
    Column(
        "custody",
        "how it is kept: segregated, collective, bonded, at home",
        "unknown",
        "segregated",
        "Verwahrung;verwahrart;verwahrer;custodian;custody type;lagerart;aufbewahrung",
        cells="text",
    ),
    Column(
        "certificate",
        "paper of quality or origin",
        "none",
        "COA 123",
        "Zertifikat;zertifikate;coa;certificate of analysis;analysenzertifikat;nachweis;cert",
        cells="text",
    ),
    Column(
        "spread",
        "round-trip spread of the dealer, as a fraction or in per cent",
        "the dealer's usual terms",
        "0.15",
        "Handelsspanne;spanne;bid ask spread;aufschlag;geld brief spanne",
        cells="fraction",
    ),
    Column(
        "storage_fee",
        "storage and insurance a year, as a fraction of the value or in per cent",
        "the dealer's usual terms",
        "0.015",
        "Lagergebühr;lagerkosten;lagergebuehr;storage cost;storage costs;custody fee;storage rate;verwahrgebühr;lagersatz",
        cells="fraction",
    ),
    Column(
        "vat_state",
        "state of the value added tax: customs_warehouse, paid",
        "unknown",
        "customs_warehouse",
        "Umsatzsteuer;mehrwertsteuer;mwst;ust;vat;vat status;tax status;steuerstatus;zollstatus",
        cells="text",
    ),
    Column(
        "size",
        "size of one piece: diameter x length or three sides in mm, or its mass",
        "unknown: where a notice names large pieces alone, it is not settled",
        "30x700 mm",
        "Stückgröße;piece size;size of a piece;dimensions;dimensions mm;piece weight;unit weight;bar weight;ingot weight;"
        "weight per piece;weight per pc;weight per unit;weight per bar;weight/pc;weight/piece;weight/unit;weight each;"
        "abmessung;abmessungen;stückgewicht;stückmaße;format;einzelgewicht;barrengewicht;gewicht/stk;gewicht/stück;"
        "gewicht je stück;gewicht pro stück;gewicht je stk;gewicht pro stk;gewicht einzeln",
        "größe",
    ),
    Column(
        "destination",
        "country that it goes to, or is used in: USA, US, Japan",
        "that of --destination, else the owner's",
        "USA",
        "destination",
    ),
    Column(
        "end_user",
        "who uses it there: civil, military or listed",
        "that of --end-user, else civil",
        "civil",
        "end_user",
    ),
    Column(
        "client",
        "whose lot it is, in a file of several clients or owners; --client takes the lots of one",
        "not told",
        "Meier",
        "Kunde;mandant;owner;eigentümer;inhaber;besitzer;holder;customer;depotinhaber;kontoinhaber;account holder;"
        "account owner;beneficial owner;kundenname;client name;owner name;person;family member;familienmitglied",
        "portfolio;konto;account;kontonummer;konto nr;account no;account number;depotnummer;depot nr;kundennummer;kundennr;"
        "kunden nr;kunde nr;client id;client no;client number;customer id;customer no;mandantennummer;mandant nr",
        cells="text",
    ),
)
BY_KEY = {column.key: column for column in COLUMNS}
FAULT = "fault"
"""Column of a corrected copy that says what is still wrong in a row; it is not read."""


def _spellings(names: str) -> frozenset[str]:
    """Folded spellings of names separated by ``;``."""
    return frozenset(spelling for name in names.split(";") for spelling in foldings(name))


STRONG = {
    spelling: column.key
    for column in COLUMNS
    for name in (column.key, *column.headers.split(";"))
    for spelling in foldings(name)
}
_WEAK = {spelling: column.key for column in COLUMNS for name in column.weak.split(";") if name for spelling in foldings(name)}
_WEAK["#"] = "lot_id"
FINE = ("fine", "fein")
"""Beginnings, as `fold` writes them, of a quantity that is fine weight: ``Feingewicht``, ``Fine oz``."""
_UNDECIDED = _spellings(
    "cost;costs;kosten;cost basis;anschaffungskosten;einstand;einstandskosten;einstandswert;kaufwert;betrag;"
    "purchase cost;purchase value;ahk;price paid;paid price;amount paid;gezahlt;gezahlter preis;kaufpreis"
)
"""Headers of money that may be per unit or of the lot."""
NOT_READ = _spellings(
    "note;notes;comment;comments;remark;remarks;bemerkung;bemerkungen;notiz;notizen;kommentar;lieferant;supplier;dealer;händler;"
    "rechnung;rechnungsnummer;invoice;invoice no;isin;wkn;value;wert;marktwert;market value;kurs;"
    "current price;aktueller preis;gewinn;gain;profit;rendite;fault"
)
"""Headers that stand in people's files beside those that are read."""
COUNTS = _spellings(f"{_OF_PIECES};anz;stückzahl")
"""Headers of how many pieces a lot has."""
_PER = ("per", "je", "pro", "/", "p")
_TOKEN = re.compile(r"[^\W_][\w'.$]*|[€$£¥%/#円元]|\.")


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says.

    Attributes:
        text: As in the file.
        key: Canonical header; None for one that is not known.
        weak: Whether another column of the file may take its place.
        unit: Mass that it names: of the quantity, or the one that a price is per.
        per_unit: Whether the unit is what a price is per.
        currency: Of a price.
        percent: Whether the cells are in per cent.
        undecided: A price of which it does not say whether it is of a unit or of the lot.
    """

    text: str
    key: str | None
    unit: str | None = None
    weak: bool = False
    per_unit: bool = False
    currency: str | None = None
    percent: bool = False
    undecided: bool = False

    @classmethod
    def of_money(cls, header: Header, *, total: bool) -> Header:
        """A header of money that says neither unit nor lot, except by a word for the whole."""
        if total:
            return replace(header, key="total_price")
        return replace(header, key="purchase_price", undecided=not header.per_unit)


def read_header(text: str) -> Header:
    """The column that a header names, with a unit, a currency or a percent sign in it: ``Menge (kg)``, ``Preis EUR/kg``."""
    found, total = Header(text, None), False
    tokens = _TOKEN.findall(cells.tidy(text).casefold().replace("_", " "))
    while tokens:
        name = " ".join(tokens)
        # A sign says what the cells are in; folding would lose it.
        for spelling in (*foldings(name), name) if tokens[-1] == "#" or tokens[-1][0].isalnum() else ():
            is_fine = spelling in FINE and found.unit is not None  # "Fine oz"
            key = "quantity" if is_fine else STRONG.get(spelling, _WEAK.get(spelling))
            is_amount = key == "quantity" and found.currency  # "Amount EUR"
            if spelling in _UNDECIDED or is_amount or (total and key == "purchase_price"):
                return Header.of_money(found, total=total)
            if key is not None and not total:
                is_mass = key == "purchase_date" and found.unit  # "Purchased kg"
                return Header(text, None) if is_mass else replace(found, key=key, weak=spelling not in STRONG)
        last = tokens.pop()
        mass, money = _mass(last), _money(last)
        if mass and tokens and tokens[-1] in _PER:
            found = replace(found, unit=mass, per_unit=True)
            tokens.pop()
        elif mass and found.unit is None:
            found = replace(found, unit=mass)
        elif money and found.currency is None:
            found = replace(found, currency=money)
        elif last in ("%", "prozent", "percent", "pct"):
            found = replace(found, percent=True)
        elif last.strip(".") in ("total", "gesamt", "insgesamt", "ges", "summe", "sum") and (tokens or found.currency):
            total = True
        elif last not in (".", "/", "netto", "net") and (last != "in" or found == Header(text, None)):  # "Date in"
            return Header(text, None)
    key = "purchase_price" if found.per_unit else "quantity" if found.unit else "total_price" if total else None
    return replace(found, key=key, weak=True) if key and not found.percent else Header(text, None)


def _mass(word: str) -> str | None:
    return next((cells.UNITS[spelling] for spelling in foldings(word) if spelling in cells.UNITS), None)


def _money(word: str) -> str | None:
    if len(word) > 3 and word not in ("euro", "dollar", "yen", "franken"):
        return None
    try:
        return cells.currency(word)
    except DataError:
        return None


STATUSES: Mapping[str, str] = cells.spelled(
    {
        "stored": "stored;in storage;in stock;on hand;held;owned;delivered;gelagert;eingelagert;im lager;lager;lagernd;"
        "geliefert;vorhanden;im bestand;bestand;auf lager;am lager;auf vorrat;vorrätig;frei verwendbar;unrestricted;"
        "unrestricted use;in qualitätsprüfung;quality inspection;in quality inspection;eingetroffen;received;arrived;"
        "we gebucht;wareneingang gebucht",
        "in_transit": "in_transit;in transit;shipped;dispatched;on the way;under way;underway;en route;afloat;on the water;"
        "at sea;on board;in delivery;out for delivery;unterwegs;im transit;versandt;versendet;verschifft;schwimmend;auf see;"
        "auf dem schiff;an bord;auf dem weg;in lieferung;in auslieferung;in zustellung",
        "ordered": "ordered;on order;order;open order;open;backorder;back order;not shipped;not yet shipped;not delivered;"
        "purchased not shipped;not yet delivered;undelivered;to be delivered;awaiting delivery;awaiting shipment;"
        "pending delivery;delivery pending;bestellt;in bestellung;bestellung;offen;offene bestellung;nicht geliefert;"
        "noch nicht geliefert;lieferung ausstehend;lieferung offen;noch nicht da;in production;in produktion;in fertigung;"
        "order confirmed;bestellung bestätigt;auftrag bestätigt",
        "planned": "planned;plan;intended;geplant;planung;vorgesehen;beabsichtigt",
    }
)
_NOT_STORED = sorted((spelling for spelling, status in STATUSES.items() if status != "stored"), key=len, reverse=True)
_NOT_STORED.remove("plan")  # Plan-les-Ouates
_OF_A_SALE = re.compile(
    r"\b\w*(verkauf|sale)\w* (is |ist )?(geplant|planned|vorgesehen|beabsichtigt|intended)\b|"
    r"\b(geplant|planned|beabsichtigt|intended)\w* \w*(verkauf|sale)\w*"
)
_SAYS_NOT_STORED = re.compile(rf"\b({'|'.join(map(re.escape, _NOT_STORED))})\b")
_NOT_HERE = (
    r"(not|nicht|(noch|bisher) nichts|nothing)( \w+){0,2} (geliefert|angekommen|eingegangen|eingetroffen|eingelagert|erhalten|"
    r"delivered|received|arrived)|(not|nicht|nothing|nichts)( (yet|mehr|alles|all))? (da|here)(?! (gewesen|for|to)\b)|"
    r"yet to (be )?(arrive|deliver|receive|ship)\w*|"
    r"(wareneingang|einlagerung|eingang|ankunft|(an)?lieferung|arrival|goods receipt|delivery)( is| ist| noch| still)* "
    r"(offen|ausstehend|steht( noch)? aus|pending|outstanding)|still (in transit|on way|at sea)|noch (unterwegs|auf see)|"
    r"(?<!was )(?<!were )(stuck|held up|ha?e?ngt|steckt)( \w+){0,2} (at|in|im|beim|by)( the| dem)?( chinese| chinesischen)? "
    r"(customs|zoll|port|hafen)"
)
_AHEAD = re.compile(
    r"\b((wird|werden|soll) (\w+ ){0,4}(nach)?(geliefert|versandt|verschickt|verschifft|eintreffen|ankommen)|"
    r"(will|to) (be (delivered|shipped|sent)|arrive|ship)|"
    r"(ware|\w*lieferung|metall|material|rest) (folgt|steht aus|"
    r"kommt(?! (aus|vom?|von)( (?!(im|in|anfang|mitte|ende|erst|noch)\b)[a-z]+){1,2}$))|"
    r"kommt (ende|anfang|mitte|nae?chste\w*|erst)|"
    r"(goods|delivery|metal|material|balance) (arrives?|follows?)(?! (astm|bank|din|en|iso|sealed)\b)|"
    r"liegt noch (in|bei|beim)|noch (bei|beim) (lieferant|hae?ndler|hersteller)\w*|"
    r"still (with|at) (the )?supplier|(im )?(liefer)?rue?ckstand|backordered|abruf (offen|ausstehend)|"
    r"call ?offs? (pending|open)|open call ?offs?|"
    rf"expected (in |end |early |mid |late |of |by )*({'|'.join(cells.MONTHS)}|q[1-4]|week|kw)|{_NOT_HERE})\b"
)
_PREPAID = re.compile(r"\b(anzahlung|down ?payment)\b")
"""Words, as `fold` writes them, of a remark on what has not been handed over, and on what is paid before it is."""
CLAUSE = re.compile(r"[,;:()!?\n]|\s[-\u2013\u2014]\s|\.\s")
_OF_PAPERS = re.compile(
    r"(?!anzahlung)(.*\b(received|erhalten) (any |my |our |das |die )?|\w+ )?"
    r"(\w*(zertifikat|papier|rechnung|dokument|unterlage|analyse|bericht|schein|zahlung|prufung|gutacht|quittung|schlussel|"
    r"etikett|deckel)\w*|coa|certificates?|papers?|invoices?|documents?|reports?|payment|samples?|muster|bilde?r?|fotos?|"
    r"photos?|pictures?|keys?|labels?|lids?)\b"
)
"""First words, as `fold` writes them, of a clause on another thing than the metal."""
_OF_RECEIPT = re.compile(r"(.*?)\b(noch |still )?(not|nicht)( \w+){0,2} (eingegangen|erhalten|received)\b")
_RECEIVED = re.compile(
    r"[0-9].*|\w*(ware|waren|metall|material|lieferung|sendung|menge|barren|stue?cke?)|fass|fae?sser|paletten?|"
    r"container|pakete?|charge|los|posten|rest|bestellung|alles|goods|metal|shipment|delivery|consignment|lots?|bars?|"
    r"ingots?|drums?|pieces?|pallets?|parcels?|order|all|everything|it|is|ist|are|sind|has|hat|have|habe|haben|been|was|"
    r"were|wurden?|we|wir|i|ich|the|der|die|das|bis|bisher|aber|but|immer|leider|laut|lt|als|as|yet|so|stand|currently|"
    r"derzeit|aktuell"
)
"""A clause, as `fold` writes it, on what was not received, and first words of one by which that may be the metal."""


def status_within(text: str) -> tuple[str, str] | None:
    """The words of a place or a remark that say that a lot is not stored, and their status: ``Shanghai (bestellt)``."""
    spellings = [_OF_A_SALE.sub("", spelling) for spelling in foldings(_of_metal(text))]
    for says in (_SAYS_NOT_STORED, _AHEAD, _PREPAID):
        if found := next((found for spelling in spellings if (found := says.search(spelling))), None):
            return found[1], STATUSES.get(found[1], "ordered")
    return None


def is_awaited(text: str, location: str | None) -> bool:
    """Whether a remark on a lot says that it has not arrived; what ``liegt noch in`` the country of its place has.

    Args:
        text: The remark.
        location: Where the lot lies.
    """
    found = _AHEAD.search(fold(text)) and _AHEAD.search(fold(_of_metal(text)))
    country = place(text.rpartition(" in ")[2]).country if found and found[0] == "liegt noch in" else None
    return bool(found) and (country is None or country != place(location or "").country)


def _of_metal(text: str) -> str:
    """The clauses of a remark that are on the metal."""
    return ", ".join(clause for clause in CLAUSE.split(text) if not _is_on_other(fold(clause)))


def _is_on_other(clause: str) -> bool:
    """Whether a clause is on papers, or says that another thing was not received: ``Gutschrift nicht erhalten``."""
    first = found[1].split(" ")[0] if (found := _OF_RECEIPT.match(clause)) else ""
    return bool(_OF_PAPERS.match(clause)) or not (not first or _RECEIVED.fullmatch(first) or first in METALS)


GONE = re.compile(
    r"\b(sold(?! (by\b(?! (me|us)\b)|as is\b|to (me|us)\b))|verkauft(?! (von|durch) (?!mir|uns|[0-9])| an (mich|uns))|"
    r"verkaufte [a-z]+|sale date|date of sale|verkaufsdatum|"
    r"storniert|stornierung|cancell?ed|annulliert|entnommen|entnahmen?|abgang|abga?enge|verbraucht|"
    r"abgetreten|verschenkt|gifted|withdrawn|gestohlen|stolen|"
    r"(?<=[0-9gt] )verk)\b"
)
"""Words, as `fold` writes them, of a status or a header that say that a lot, or part of it, is held no more."""
ARRIVING = ("ordered", "in_transit")
"""Statuses of what is bought and has not arrived."""
PRICE_IS: Mapping[str, str] = cells.spelled(
    {
        "unit": "unit;per unit;each;me;je me;pro me;uom;per uom;je einheit;pro einheit;einheit;einzelpreis;stück;je stück",
        "total": "total;lot;whole lot;sum;gesamt;gesamtpreis;summe;posten;je posten;insgesamt",
    }
)
PAID: Mapping[str, str] = cells.spelled(
    {
        "all": "all;yes;true;y;paid;paid in full;fully paid;full;ja;j;bezahlt;voll bezahlt;vollständig;voll;alles",
        "nothing": "no;false;n;nothing;unpaid;not paid;open;owed;due;nein;nichts;unbezahlt;nicht bezahlt;offen",
    }
)
UNKNOWN_WORDS = _spellings("unknown;unbekannt;n/a;na;n.a.;k.a.;keine angabe;?;-;none;tbd;not known;nicht bekannt")
SUMS = ("total", "ergebnis", "summe", "gesamt", "subtotal")
"""Words, as `fold` writes them, behind what a total is of, as a spreadsheet's subtotals have it: ``Gallium Total``."""
TOTALS = _spellings(
    "total;totals;sum;summe;gesamt;gesamtsumme;insgesamt;subtotal;sub total;zwischensumme;grand total;summen;ergebnis;"
    "gesamtergebnis;合計;計;"
    "vat;mwst;ust;umsatzsteuer;mehrwertsteuer;net total;netto;brutto;shipping;versand;versandkosten;fracht;freight"
)
