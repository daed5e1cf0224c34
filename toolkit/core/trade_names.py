"""Names of metals and of their forms in English and German trade, as they stand in a spreadsheet or on an invoice.

The forms are those of the control notices; which words a notice itself uses for a form is in the ledger
(`toolkit.controls.ledger.ControlLedger.form`), which asks here for the words that no notice uses.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from toolkit.core.countries import foldings
from toolkit.core.currencies import RATED
from toolkit.core.errors import DataError, did_you_mean
from toolkit.core.messages import message
from toolkit.core.places import INCOTERMS, is_place

_METALS = """
aluminium Al 铝 Aluminium;Aluminum
antimony Sb 锑 Antimony;Antimon
beryllium Be 铍 Beryllium
bismuth Bi 铋 Bismuth;Bismut;Wismut
cerium Ce 铈 Cerium;Cer
cobalt Co 钴 Cobalt;Kobalt
dysprosium Dy 镝 Dysprosium
erbium Er 铒 Erbium
europium Eu 铕 Europium
gadolinium Gd 钆 Gadolinium
gallium Ga 镓 Gallium
germanium Ge 锗 Germanium
gold Au 黄金 Gold
graphite_flake C 石墨 Graphite;Graphit;Flake graphite;Flockengraphit
hafnium Hf 铪 Hafnium
holmium Ho 钬 Holmium
indium In 铟 Indium
lanthanum La 镧 Lanthanum;Lanthan
lithium Li 锂 Lithium
lutetium Lu 镥 Lutetium
magnesium Mg 镁 Magnesium
manganese Mn 锰 Manganese;Mangan
molybdenum Mo 钼 Molybdenum;Molybdän
neodymium Nd 钕 Neodymium;Neodym
nickel Ni 镍 Nickel
palladium Pd 钯 Palladium
platinum Pt 铂 Platinum;Platin
praseodymium Pr 镨 Praseodymium;Praseodym
rhenium Re 铼 Rhenium
samarium Sm 钐 Samarium
scandium Sc 钪 Scandium
silver Ag 银 Silver;Silber
tantalum Ta 钽 Tantalum;Tantal
tellurium Te 碲 Tellurium;Tellur
terbium Tb 铽 Terbium
thulium Tm 铥 Thulium
tin Sn 锡 Tin;Zinn
titanium Ti 钛 Titanium;Titan
tungsten W 钨 Tungsten;Wolfram
uranium U 铀 Uranium;Uran
vanadium V 钒 Vanadium
ytterbium Yb 镱 Ytterbium
yttrium Y 钇 Yttrium
zirconium Zr 锆 Zirconium;Zirkonium
"""

METALS: Mapping[str, str] = {
    spelling: key
    for key, symbol, _, names in (line.split(" ", 3) for line in _METALS.strip().splitlines())
    for name in (symbol, *names.split(";"))
    for spelling in foldings(name)
}
"""Folded name or symbol -> asset key."""

_OTHERS = (
    "arsenic;arsen|barium|boron;bor|cadmium|caesium;cesium;cäsium;zäsium|calcium;kalzium|chromium;chrom|copper;kupfer|iridium|"
    "iron;eisen|lead;blei|mercury;quecksilber|niobium;niob|osmium|rhodium|rubidium|ruthenium|selenium;selen|silicon;silizium;silicium|"
    "strontium|thallium|thorium|zinc;zink"
)
ELEMENTS: Mapping[str, str] = METALS | {
    spelling: names.split(";")[0] for names in _OTHERS.split("|") for name in names.split(";") for spelling in foldings(name)
}
"""Folded name -> element, those too of which the data know little or nothing: none of them is a slip of another's name."""

SYMBOLS: Mapping[str, str] = {line.split()[1]: line.split()[0] for line in _METALS.strip().splitlines()}
"""Element symbol as chemists write it -> asset key."""

_CODES = {"XAU": "gold", "XAG": "silver", "XPT": "platinum", "XPD": "palladium"}
"""ISO 4217 code of one troy ounce of a metal -> its asset key."""


def metal_of_code(text: str) -> str | None:
    """The metal that the code of an ounce means, alone or beside a currency: ``XAU``, ``XAUUSD``, ``XAG/EUR``; else None."""
    code, currency = text[:3], text[3:].strip(" ./-")
    return _CODES.get(code) if not currency or currency in RATED else None


_GOLD_COINS = "krügerrand;krugerrand;buffalo;sovereign;vreneli;dukat;ducat"
_COINS = (
    f"{_GOLD_COINS};coin;coins;münze;münzen;maple leaf;philharmoniker;philharmonic;britannia;american eagle;eagle;"
    "känguru;kangaroo;nugget;panda"
)

CHINESE: Mapping[str, str] = {line.split()[2]: line.split()[0] for line in _METALS.strip().splitlines()}
"""Simplified Chinese name -> asset key; gold by its trade name, since its character is part of the words for metal and alloy.

The names are those of the elements by the China National Committee for Terminology in Science and Technology; those of the
metals that notices control are as the notices write them (column `item_cn` of `control_items`).
"""

_FORMS = {
    "metal": f"{_COINS};metal;bar;bars;ingot;ingots;pellet;pellets;crystal bar;crystal bars;lump;lumps;unwrought;granules;"
    "granulate;shot;rod;rods;wire;sheet;cast bar;regulus;button;buttons;slug;slugs;disc;discs;piece;pieces;chunk;chunks;"
    "sponge;polycrystalline;metall;barren;kristallbarren;kristallstab;"
    "kristallstäbe;pellet;granulat;"
    "granalien;stab;stäbe;stange;stangen;block;blöcke;draht;feinbarren;gussbarren;kathode;kathoden;cathode;cathodes;briquettes;"
    "briketts;stück;stücke;schwamm;polykristallin;"
    "brocken;needles;nadeln",
    "metal powder": "metal powder;metallpulver",
    "oxide": "oxide;oxides;oxid;oxyd;trioxide;trioxid;dioxide;dioxid;pentoxid;pentoxide",
    "alloy": "alloy;alloys;legierung;legierungen",
    "ore": "ore;ores;concentrate;erz;erze;konzentrat",
    "compound": "compound;compounds;verbindung;verbindungen;salt;salz;carbonate;carbonat;karbonat;hydroxide;hydroxid;nitrate;"
    "nitrat;fluoride;fluorid;sulphate;sulfate;sulfat;acetate;acetat",
    "magnet": "magnet;magnets;magnete;magneten",
    "substrate": "wafer;wafers;substrate;substrates;substrat",
    "target": "target;targets;sputtertarget;sputtertargets",
    "chloride": "chloride;chlorid;tetrachlorid;tetrachloride",
    "carbide": "carbide;karbid;carbid",
    "phosphide": "phosphide;phosphid",
    "arsenide": "arsenide;arsenid",
    "antimonide": "antimonide;antimonid",
    "nitride": "nitride;nitrid",
    "telluride": "telluride;tellurid",
    "selenide": "selenide;selenid",
    "sulphide": "sulphide;sulfide;sulfid",
    "hydride": "hydride;hydrid",
}
FORMS: Mapping[str, str] = {
    spelling: form for form, names in _FORMS.items() for name in names.split(";") for spelling in foldings(name)
}
"""Folded trade word -> form."""

PURITY_CLASSES: Mapping[str, tuple[int, int]] = {"zone refined": (5, 7)}
"""Class of purity that is named by its making -> nines of the least and of the purest metal that is sold so.

Germanium of 50 ohm cm, zone refined, is traded as 99.999 % (`market/bundled/metals.csv`); detectors need 7N and more.
"""
_ZONE_REFINED = re.compile(r"(?i)(?<!\w)(?:zone[\s-]?(?:refined|melted)|zonen(?:gereinigt|geschmolzen|rein)\w{0,2})(?!\w)")


def without_purity_class(text: str) -> tuple[str, str | None]:
    """A text without the words of a class of purity, and the class: ``Gallium zone refined``."""
    bare = _ZONE_REFINED.sub(" ", text)
    return (text, None) if bare == text else (" ".join(bare.split()).strip(" ,;"), "zone refined")


COINS = frozenset(spelling for name in _COINS.split(";") for spelling in foldings(name))
"""Folded trade word for a coin: counted in ounces it is counted by its fine content."""

GOLD_COINS = frozenset(spelling for name in _GOLD_COINS.split(";") for spelling in foldings(name))
"""Folded names of coins that are of gold where no metal stands with them; the others are struck in silver, too."""

_SIZE = re.compile(r"\b[0-9]+(?:[.,/][0-9]+)?\s?(?:ozt|oz|g|kg|unzen?|feinunzen?)\b|\b[0-9]+/[0-9]+\b", re.IGNORECASE)
"""Size of a coin beside its name."""
ANY_COMPOUND = frozenset({"compound", "compounds", "verbindung", "verbindungen"})
"""Words that leave open which compound of a metal is meant."""
POWDER = frozenset({"powder", "pulver"})
"""Words for powder: of the metal, or of the oxide for a metal that is traded as oxide."""

_ANIONS = {
    "O": "oxide",
    "P": "phosphide",
    "As": "arsenide",
    "Sb": "antimonide",
    "N": "nitride",
    "C": "carbide",
    "Cl": "chloride",
    "Te": "telluride",
    "Se": "selenide",
    "S": "sulphide",
    "H": "hydride",
}
COMPOUNDS = frozenset({*_ANIONS.values(), "germanate", "indium gallium arsenide", "organic compound"})
"""Forms that are certain compounds of a metal."""
_FORMULA = re.compile(rf"([A-Z][a-z]?)([0-9]*)({'|'.join(sorted(_ANIONS, key=len, reverse=True))})([0-9]*)")
_PRODUCTS = {
    spelling: product
    for names, product in (
        (
            "ammonium paratungstate;ammonium paratungstate apt;apt;ammoniumparawolframat;ammoniumparawolframat apt",
            ("tungsten", "apt"),
        ),
        ("scheelite;scheelit;wolframite;wolframit", ("tungsten", "ore")),
        ("stibnite;stibnit;antimonit", ("antimony", "ore")),
        ("smco;smco magnet;smco magnets;smco magnete;samarium cobalt magnets;samarium kobalt magnete", ("samarium", "magnet")),
        (
            "ndfeb;ndfeb magnet;ndfeb magnets;ndfeb magnete;neodymium iron boron magnets;neodym eisen bor magnete",
            ("neodymium", "magnet"),
        ),
    )
    for name in names.split(";")
    for spelling in foldings(name)
}
"""Products whose name is not that of their metal."""
_GRAIN = re.compile(
    r"[-,\s]*[<>~]?\s?[0-9]+(?:[.,][0-9]+)?(?:\s?-\s?[0-9]+(?:[.,][0-9]+)?)?\s?(?:[uµμ]m|micron|mesh)\b", re.IGNORECASE
)
"""Grain of a powder beside its name."""
_WAFER = re.compile(r"(?i)[\s-]+(wafers?|substrate?s?|powder|pulver)\b.*$")
"""The shape of a compound: notices name it in every shape."""
_MAGNET_GRADE = re.compile(r"[\s,-]+N[0-9]{2}[A-Z]{0,2}$")
"""Grade of a magnet beside its name: ``N42SH``."""

_WAFER_SIZE = re.compile(r"(?i)(wafers?)[,\s]+[0-9]+(?:[.,][0-9]+)?\s?(?:\"|''|″|”|mm|inch|zoll)$")
"""Diameter of a wafer beside its name."""


def is_shape(form: str) -> bool:
    """Whether words for a form are, beside the name of a compound, only its shape: ``powder`` of an oxide, ``wafer`` of InP."""
    return any(one in POWDER or FORMS.get(one) == "substrate" for one in foldings(_WAFER_SIZE.sub(r"\1", form)))


def metal_hint(name: str, known: Iterable[str]) -> str:
    """What to say of a name that is none of the known metals: another element is no slip of one."""
    element = next((ELEMENTS[spelling] for spelling in foldings(name) if spelling in ELEMENTS), None)
    return message("Nothing is known of {name:s} here.", name=element) if element else did_you_mean(name, known)


def metal_and_form(text: str, known: Mapping[str, str]) -> tuple[str, str | None] | None:
    """The asset key that a name begins with, and the words for a form behind it; None where it names no metal.

    ``Gallium ingot``, ``gallium_ingot``, ``Silberbarren``, ``Neodymoxid`` and ``Dy2O3`` name a metal and a form at once.

    Args:
        text: As in the file.
        known: Folded names and symbols -> asset key.
    """
    text = _WAFER_SIZE.sub(r"\1", _GRAIN.sub("", text))
    for spelling in foldings(text):
        if spelling in known:
            return known[spelling], None
    product = _product(text)
    if product:
        return product if product[0] in known.values() else None
    for spelling in foldings(text):
        for name in (spelling[:size] for size in range(len(spelling), 0, -1)):
            if name not in known:
                continue
            if len(name) > 2:
                words = spelling[len(name) :].strip()
                if words in FORMS or words in POWDER or words.removeprefix("metal ") in FORMS:
                    return known[name], words
                compound = re.sub(r" ?(powder|pulver|wafers?|substrate?s?)$", "", words)
                if FORMS.get(compound, "metal") != "metal":
                    return known[name], compound
            elif spelling.startswith(f"{name} ") and (words := spelling[len(name) + 1 :]) in FORMS:
                return known[name], words
    return None


def known_metal(text: str, known: Collection[str], symbols: Mapping[str, str]) -> str:
    """The key that a word on the command line means: itself, by the symbol of an element, or by the name of a metal.

    Args:
        text: What was written.
        known: Keys that may be meant.
        symbols: Symbol in small letters -> key.

    Raises:
        DataError: for a word that means none of them, with the nearest names.
    """
    word = text.strip().casefold().replace(" ", "_").replace("-", "_")
    named = metal_and_form(text, ELEMENTS)
    for key in (word, symbols.get(word), named and named[0]):
        if key in known:
            return str(key)
    raise DataError("unknown metal {text!r:s}.", hint=metal_hint(text, known), details={"metal": text}, text=text)


def _product(text: str) -> tuple[str, str] | None:
    """Metal and words for a form of a formula (``Dy2O3``) and of a product with a name of its own (``APT``)."""
    formula = _FORMULA.fullmatch(_WAFER.sub("", text.strip()))
    # Two capitals may be a country's code or a ticker: VN, US, but WC is in every list of powders.
    if formula and formula[1] in SYMBOLS and (not formula[0].isupper() or formula[2] or formula[4] or formula[0] == "WC"):
        return (SYMBOLS[formula[1]], _ANIONS[formula[3]]) if formula[1] != "C" else None
    plain = _MAGNET_GRADE.sub("", text)
    return next((_PRODUCTS[spelling] for spelling in foldings(plain) if spelling in _PRODUCTS), None)


_TAX = r"(?:vat|tva|iva|gst|mwst|ust|mehrwertsteuer|umsatzsteuer|(?:value[- ]added |sales )?tax)(?!\w)\.?"
_RATE = r"(?:[0-9.,]+\s?%\s*|gesetzl\w*\.?\s+|ges\.\s*|of\s+|der\s+|the\s+)*"
_WITH_TAX = re.compile(
    rf"(?i)(?<!not )(?<!nicht )(?<![\w-])(?:in[ck]l\w{{0,9}}\.?|mit|with)\s*{_RATE}{_TAX}"
    rf"|(?<!\w){_TAX}\s*{_RATE}(?<!not )(?<!nicht )(?:in[ck]l\w{{0,9}}|enthalten)(?!\w)"
    r"|(?<!\w)(?:gross\W+net|net\W+gross|brutto\W+netto|netto\W+brutto|preisart|price type)\W+(?:gross|brutto)$"
    r"|(?<!\w)(?:brutto-?preise?|preise?\s+brutto|gross prices?|prices? gross|ttc)(?!\w)|(?<!不)含[^不]{0,8}税"
)
_NOT_IN = r"(?:ex[ck]l\w{0,9}|(?:not|nicht) (?:in[ck]l\w{0,9}|enthalten))"
_UNTAXED = (
    rf"(?:ex|{_NOT_IN}|without|ohne|zzgl|zuz\w{{0,9}}|plus|net of|before|vor)\.?\s*{_RATE}{_TAX}|{_TAX}\s*{_RATE}{_NOT_IN}\.?"
)
_WITHOUT_TAX = re.compile(rf"(?i)(?<!\w)(?:{_UNTAXED})")
_ENDS_WITHOUT_TAX = re.compile(rf"(?i)[\s,;(-]+(?:{_UNTAXED}|netto|net)\)?$")


def includes_tax(text: str) -> bool:
    """Whether a text says that prices include value added tax: ``inkl. 19% MwSt.``, ``incl. VAT``, ``含13%增值税``."""
    return _WITH_TAX.search(text) is not None


def without_untaxed(text: str) -> str:
    """A text without the words for prices that do not include value added tax: ``EUR zzgl. MwSt.``, ``net of VAT``."""
    return _WITHOUT_TAX.sub(" ", text)


_TERMS = re.compile(
    rf"(?i)[\s,;(-]*(?<!\w)((min\.?|mind\.?)[\s,]+)?(du|{INCOTERMS}|in[ -]?whs|in warehouse|ex works|delivered|"
    r"ab lager|duty[ -](un)?paid|frei haus|rotterdam)(?!\w)(?P<behind>.*)$|[\s,]+(min|minimum|mind)\.?$"
    r"|[\s,_(-]+((spot|cash)([\s-]?(prices?|preise?))?|prices?|preise?|kurse?|close|last|settle(ment)?)\)?$"
)


def without_terms(name: str) -> str:
    """The name in a price list without terms of delivery, place, the word price and that it is without tax: ``APT cif Europe``.

    Terms with more behind them than a place stay: it may be a side, a tax, a unit (``Gallium CIF bid``).
    """
    name = _ENDS_WITHOUT_TAX.sub("", name)
    found = _TERMS.search(name)
    return name if found is None or not is_place(without_terms(found["behind"] or "")) else name[: found.start()]


_FOREIGN = """
antimony antimoine antimonio|bismuth bismuto|cobalt cobalto|gallium galio gallio|germanium germanio|gold oro xau|hafnium hafnio
indium indio|lithium litio|molybdenum molybdene molibdeno|neodymium neodyme neodimio|nickel niquel nichel|palladium palladio xpd
platinum platine platino xpt|silver argent argento plata xag|tantalum tantale tantalio|tellurium tellure tellurio telurio
tin etain estano stagno|titanium titane titanio|tungsten tungstene tungsteno wolframio|vanadium vanadio|zirconium zirconio
"""
_NAMES = {
    **{name: line.split()[0] for line in _FOREIGN.replace("|", "\n").strip().splitlines() for name in line.split()},
    **{name: metal for name, (metal, _) in _PRODUCTS.items()},
    **{name: key for name, key in METALS.items() if len(name) > 2},
}
"""Folded name -> asset key, in French, Spanish and Italian and as ISO 4217 code too, which are told and not read."""
_BESIDE = re.compile(rf"(?:{'|'.join(map(re.escape, FORMS))}|pulver|spot|price|preis|kurs|{'|'.join(RATED).lower()}).*")
"""What is written in one word behind a metal: ``Antimonpreis``, ``AntimonyUSD``."""


def _with_slips(name: str) -> set[str]:
    """A folded name, and of a longer one what is left when any letter is: two names with one slip between them share one."""
    return {name, *(name[:at] + name[at + 1 :] for at in range(len(name)) if len(name) > 5)}


_SLIPS = {slip: key for name, key in _NAMES.items() for slip in _with_slips(name)} | _NAMES


def metal_within(text: str) -> str | None:
    """The asset key of the metal that a word of a text names, also in Chinese, with a slip or in one word with another.

    ``SMM Antimony 1#``, ``Antimonpreis``, ``Galium``, ``Ga-4N``, ``锑锭``; None for ``SPY`` and ``Goldman``. A symbol counts in
    its own spelling, one of a single letter at the beginning alone.
    """
    for at, word in enumerate(re.findall(r"[^\W\d_]+", text)):
        if word in SYMBOLS and (at == 0 or len(word) > 1):
            return SYMBOLS[word]
        for spelling in foldings(word):
            names = _SLIPS if len(spelling) > 5 else _NAMES
            if found := next((names[slip] for slip in (spelling, *_with_slips(spelling)) if slip in names), None):
                return found
            for part in (spelling[:size] for size in range(3, len(spelling))):
                if (rest := spelling[len(part) :]) in METALS and len(rest) > 3:
                    return METALS[rest]
                if part in _NAMES and _BESIDE.fullmatch(rest):
                    return _NAMES[part]
    return next((key for name, key in CHINESE.items() if name in text), None)


def is_mix(text: str) -> bool:
    """Whether a name begins with the symbols of two metals, as ``NdPr oxide`` and ``SmCo magnets`` do."""
    word = text.partition(" ")[0]
    return not word.isupper() and any(word[:at] in SYMBOLS and word[at:] in SYMBOLS for at in (1, 2))


def coin_and_metal(text: str, known: Mapping[str, str]) -> tuple[str, str | None] | None:
    """The name of a coin, and the asset key of its metal where its name says it; None for what names no coin.

    ``Krugerrand 1 oz`` is gold, ``Maple Leaf Silber`` and ``Silber Münzen 10 oz`` are silver; ``Maple Leaf`` is either.

    Args:
        text: As in the file.
        known: As of `metal_and_form`.
    """
    for spelling in foldings(_SIZE.sub(" ", text).strip()):
        if spelling in COINS:
            return spelling, known.get("gold") if spelling in GOLD_COINS else None
        for coin in sorted(COINS, key=len, reverse=True):
            for metal in (spelling.removeprefix(f"{coin} "), spelling.removesuffix(f" {coin}"), spelling.removesuffix(coin)):
                if metal != spelling and metal in known:
                    return coin, known[metal]
    return None
