"""Names of metals and of their forms in English and German trade, as they stand in a spreadsheet or on an invoice.

The forms are those of the control notices; which words a notice itself uses for a form is in the ledger
(`toolkit.supply.controls.ControlLedger.form`), which asks here for the words that no notice uses.
"""

from __future__ import annotations

from collections.abc import Mapping

from toolkit.core.countries import foldings

_METALS = """
aluminium Al Aluminium;Aluminum
antimony Sb Antimony;Antimon
beryllium Be Beryllium
bismuth Bi Bismuth;Bismut;Wismut
cerium Ce Cerium;Cer
cobalt Co Cobalt;Kobalt
dysprosium Dy Dysprosium
erbium Er Erbium
europium Eu Europium
gadolinium Gd Gadolinium
gallium Ga Gallium
germanium Ge Germanium
gold Au Gold
graphite_flake C Graphite;Graphit;Flake graphite;Flockengraphit
hafnium Hf Hafnium
holmium Ho Holmium
indium In Indium
lanthanum La Lanthanum;Lanthan
lithium Li Lithium
lutetium Lu Lutetium
magnesium Mg Magnesium
manganese Mn Manganese;Mangan
molybdenum Mo Molybdenum;Molybdän
neodymium Nd Neodymium;Neodym
nickel Ni Nickel
palladium Pd Palladium
platinum Pt Platinum;Platin
praseodymium Pr Praseodymium;Praseodym
rhenium Re Rhenium
samarium Sm Samarium
scandium Sc Scandium
silver Ag Silver;Silber
tantalum Ta Tantalum;Tantal
tellurium Te Tellurium;Tellur
terbium Tb Terbium
thulium Tm Thulium
tin Sn Tin;Zinn
titanium Ti Titanium;Titan
tungsten W Tungsten;Wolfram
uranium U Uranium;Uran
vanadium V Vanadium
ytterbium Yb Ytterbium
yttrium Y Yttrium
zirconium Zr Zirconium;Zirkonium
"""

METALS: Mapping[str, str] = {
    spelling: key
    for key, symbol, names in (line.split(" ", 2) for line in _METALS.strip().splitlines())
    for name in (symbol, *names.split(";"))
    for spelling in foldings(name)
}
"""Folded name or symbol -> asset key."""

SYMBOLS: Mapping[str, str] = {symbol: key for key, symbol, _ in (line.split(" ", 2) for line in _METALS.strip().splitlines())}
"""Element symbol as chemists write it -> asset key."""

_COINS = (
    "coin;coins;münze;münzen;krügerrand;krugerrand;maple leaf;philharmoniker;philharmonic;britannia;american eagle;eagle;"
    "känguru;kangaroo;nugget;panda;buffalo;sovereign;vreneli;dukat;ducat"
)
_FORMS = {
    "metal": f"{_COINS};metal;bar;bars;ingot;ingots;pellet;pellets;crystal bar;crystal bars;lump;lumps;unwrought;granules;"
    "granulate;shot;rod;rods;wire;sheet;cast bar;regulus;button;buttons;slug;slugs;disc;discs;"
    "metall;barren;kristallbarren;pellet;granulat;granalien;stab;stäbe;stange;stangen;block;blöcke;draht;"
    "feinbarren;gussbarren;kathode;cathode",
    "metal powder": "metal powder;metallpulver",
    "oxide": "oxide;oxides;oxid;oxyd;trioxide;trioxid;dioxide;dioxid;pentoxid;pentoxide",
    "alloy": "alloy;alloys;legierung;legierungen",
    "ore": "ore;ores;concentrate;erz;erze;konzentrat",
    "compound": "compound;compounds;verbindung;verbindungen;salt;salz",
    "magnet": "magnet;magnets;magnete;magneten",
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

COINS = frozenset(spelling for name in _COINS.split(";") for spelling in foldings(name))
"""Folded trade word for a coin: counted in ounces it is counted by its fine content."""

POWDER = frozenset({"powder", "pulver"})
"""Powder of a metal, or of the oxide where that is what is traded: only the metal tells."""


def metal_and_form(text: str, known: Mapping[str, str]) -> tuple[str, str | None] | None:
    """The asset key that a name begins with, and the words for a form behind it; None where it names no metal.

    ``Gallium ingot``, ``gallium_ingot``, ``Silberbarren`` and ``Neodymoxid`` name a metal and a form at once.

    Args:
        text: As in the file.
        known: Folded names and symbols -> asset key.
    """
    for spelling in foldings(text):
        if spelling in known:
            return known[spelling], None
    for spelling in foldings(text):
        for name in sorted(known, key=len, reverse=True):
            if len(name) > 2 and spelling.startswith(name):
                words = spelling[len(name) :].strip()
                if words in FORMS or words in POWDER or words.removeprefix("metal ") in FORMS:
                    return known[name], words
            elif len(name) <= 2 and spelling.startswith(f"{name} ") and (words := spelling[len(name) + 1 :]) in FORMS:
                return known[name], words
    return None
