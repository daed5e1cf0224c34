"""Storage places as people write them ("Lager Frankfurt", "Shanghai warehouse"), resolved to a country or to nothing.

A place is understood when every name in it points at one and the same country. Names are the countries of
`toolkit.core.countries` and the cities below: where strategic metals are made, refined, traded and stored. The table is kept
by hand and short because a gazetteer of all towns cannot say that a Rotterdam in New York State is not meant; here a name
that people use for two places stands with both countries, and a city that is not listed is unknown, which is the safe side.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from toolkit.core.countries import CUSTOMS_CHINA, country, fold, foldings, spellings

_CITIES = """
ARE UAE;VAE;Dubai;Jebel Ali;JAFZA;DMCC;Abu Dhabi;Sharjah;Fujairah
ARG Buenos Aires
ARM Yerevan;Jerewan
AUS Sydney;Brisbane;Adelaide;Fremantle;Kalgoorlie;Mount Weld;New South Wales;Queensland;Western Australia;Tasmania
AUS,GBR Perth
AUS,USA Melbourne
AUS,GBR,CAN Newcastle
AUT Wien;Vienna;Linz;Graz;Salzburg;Innsbruck;Bregenz;Dornbirn;Klagenfurt;Althofen;Reutte;Feldkirch;Villach;Wels;St. Pölten
AZE Baku
BEL Antwerpen;Antwerp;Anvers;Brüssel;Brussels;Bruxelles;Hoboken Antwerp;Olen;Gent;Ghent;Lüttich;Liège;Zeebrugge;Brügge
BGR Sofia;Plovdiv;Varna
BOL La Paz Bolivia;Oruro;Potosi;Santa Cruz de la Sierra
BRA Sao Paulo;Rio de Janeiro;Santos;Araxa;Belo Horizonte;Manaus;Minas Gerais
CAN Toronto;Montreal;Ottawa;Calgary;Quebec;Ontario;British Columbia;Alberta;Manitoba;Saskatchewan;Nova Scotia;New Brunswick
CAN,USA Vancouver
CAN,GBR Halifax
CHE Zürich;Zurich;Genf;Geneva;Genève;Basel;Bern;Lausanne;Luzern;Lucerne;Lugano;Zug;Winterthur;St. Gallen;Sankt Gallen
CHE Freilager ZH;Zollfreilager ZH;Zürcher Freilager
CHE Chiasso;Embrach;Embraport;Kloten;Schaffhausen;Baar;Pratteln;Muttenz;Chur;Thun;Neuchâtel;Neuenburg;Altdorf Uri
CHL Santiago de Chile;Valparaiso;Antofagasta;Iquique
CHN Shanghai;Schanghai;Yangshan;Waigaoqiao;Pudong;Peking;Beijing;Tianjin;Tientsin;Guangzhou;Kanton;Shenzhen;Ningbo;Ningpo
CHN Qingdao;Tsingtau;Dalian;Xiamen;Chongqing;Chengdu;Wuhan;Nanjing;Nanking;Hangzhou;Suzhou;Wuxi;Changzhou;Nantong;Zhuzhou
CHN Changsha;Baotou;Baoding;Ganzhou;Nanchang;Kunming;Nanning;Liuzhou;Guiyang;Lanzhou;Xi'an;Xian;Zhengzhou;Jinan;Shenyang
CHN Harbin;Changchun;Urumqi;Hohhot;Taiyuan;Shijiazhuang;Hefei;Fuzhou;Foshan;Dongguan;Zhuhai;Zhongshan;Huizhou;Qingyuan
CHN Shaoguan;Chenzhou;Lengshuijiang;Hechi;Yulin;Luoyang;Jinzhou;Huludao;Yantai;Weihai;Zibo;Tangshan;Handan;Lianyungang
CHN Yangzhou;Zhenjiang;Taizhou Jiangsu;Wenzhou;Jinhua;Yiwu;Jiaxing;Shaoxing;Zhoushan;Qinzhou;Fangchenggang;Haikou;Sanya
CHN Hunan;Hubei;Henan;Hebei;Shandong;Shanxi;Shaanxi;Jiangsu;Zhejiang;Anhui;Jiangxi;Fujian;Guangdong;Guangxi;Guizhou;Yunnan
CHN Sichuan;Gansu;Qinghai;Heilongjiang;Jilin;Liaoning;Hainan;Inner Mongolia;Innere Mongolei;Ningxia;Xinjiang;Tibet
CHN PRC;Longnan;Lincang;Xilingol;Zunyi;Panzhihua;Kunshan;Zhangjiagang;Taicang;Bayuquan;Yingkou;Rizhao;Quanzhou;Zhanjiang;Shantou
COL Bogota;Medellin;Cartagena Colombia;Barranquilla
COD Kinshasa;Lubumbashi;Kolwezi;Likasi
CZE Prag;Prague;Praha;Brünn;Brno;Ostrava;Pilsen;Plzen
DEU Berlin;Hamburg;München;Munich;Muenchen;Köln;Cologne;Frankfurt;Frankfurt am Main;Frankfurt Oder;Stuttgart;Düsseldorf
DEU Dortmund;Essen;Leipzig;Bremen;Bremerhaven;Dresden;Hannover;Hanover;Nürnberg;Nuremberg;Duisburg;Bochum;Wuppertal
DEU Bielefeld;Bonn;Karlsruhe;Mannheim;Augsburg;Wiesbaden;Mönchengladbach;Gelsenkirchen;Aachen;Braunschweig;Chemnitz;Kiel
DEU Lübeck;Magdeburg;Erfurt;Rostock;Kassel;Mainz;Saarbrücken;Oberhausen;Hagen;Freiburg;Hanau;Goslar;Stade;Freiberg Sachsen
DEU Rüsselsheim;Darmstadt;Offenbach;Heidelberg;Ulm;Ingolstadt;Regensburg;Würzburg;Pforzheim;Heilbronn;Konstanz;Trier;Jena
DEU Osnabrück;Oldenburg;Münster;Paderborn;Siegen;Koblenz;Krefeld;Neuss;Leverkusen;Solingen;Wolfsburg;Göttingen;Potsdam
DEU Emden;Wilhelmshaven;Cuxhaven;Fürth;Erlangen;Bamberg;Landshut;Passau;Rosenheim;Kempten;Lindau;Friedrichshafen
DEU Bayern;Bavaria;Hessen;Sachsen;Saxony;Thüringen;Brandenburg;Niedersachsen;Schleswig-Holstein;Nordrhein-Westfalen;Saarland
DNK Kopenhagen;Copenhagen;Aarhus;Odense
EGY Kairo;Cairo;Port Said;Suez
EGY,USA Alexandria
ESP Madrid;Barcelona;Bilbao;Sevilla;Seville;Zaragoza;Malaga;Vigo;Algeciras
ESP,VEN Valencia
EST Tallinn;Sillamäe;Sillamae;Narva
FIN Helsinki;Kokkola;Kotka;Turku;Espoo
FRA Paris;Marseille;Lyon;Le Havre;Straßburg;Strasbourg;La Rochelle;Toulouse;Bordeaux;Lille;Nantes;Dunkerque;Dünkirchen;Metz
GBR London;Heathrow;Liverpool;Leeds;Sheffield;Southampton;Felixstowe;Hull;Glasgow;Edinburgh;Belfast;Cardiff;Teesside
GBR Immingham;Tilbury;Avonmouth;UK
GBR,USA Birmingham;Manchester;Boston;Bristol;Cambridge;Oxford;Portsmouth;Plymouth;Rochester
LUX,SGP Le Freeport
GEO Tiflis;Tbilisi;Batumi;Poti
GEO,USA Georgia
GRC Piräus;Piraeus;Thessaloniki
GRC,USA Athen;Athens
HKG Kowloon;Kwai Chung;Tsuen Wan;Tsing Yi;Chek Lap Kok;New Territories;Tsim Sha Tsui;Lantau
HRV Zagreb;Rijeka
HUN Budapest;Debrecen
IDN Jakarta;Surabaya;Batam;Bangka
IND Mumbai;Bombay;New Delhi;Delhi;Chennai;Madras;Kolkata;Calcutta;Kalkutta;Bangalore;Bengaluru;Nhava Sheva;Mundra;Ahmedabad
IND,PAK Hyderabad
IRL Cork;Limerick
IRL,USA Dublin
IRN Teheran;Tehran;Bandar Abbas
ISR Tel Aviv;Haifa;Ashdod;Jerusalem
ITA Mailand;Milano;Milan;Turin;Torino;Genua;Genova;Genoa;Triest;Trieste;Venedig;Venezia;Brescia;Bologna;Livorno;Verona;Bozen
JPN Tokio;Tokyo;Yokohama;Osaka;Kobe;Nagoya;Kawasaki;Chiba;Fukuoka;Kitakyushu;Hiroshima;Sendai;Kyoto;Moji;Hakata;Niigata
KAZ Almaty;Astana;Ust-Kamenogorsk;Öskemen;Oskemen;Pavlodar;Karaganda
KGZ Bischkek;Bishkek
KOR Seoul;Busan;Pusan;Incheon;Inchon;Ulsan;Gwangyang;Daegu;Daejeon;Pyeongtaek;Onsan
LAO Vientiane
LIE Vaduz;Schaan;Balzers;Triesen
LTU Vilnius;Kaunas;Klaipeda
LUX Findel;Esch-sur-Alzette;Bettembourg
LVA Riga;Ventspils
MAC Cotai
MAR Casablanca;Tanger;Tangier
MCO Monte Carlo
MEX Mexico City;Mexiko-Stadt;Monterrey;Veracruz;Manzanillo;Guadalajara;Torreon
MMR Yangon;Rangun
MNG Ulan Bator;Ulaanbaatar
MYS Kuala Lumpur;Port Klang;Johor;Johor Bahru;Pasir Gudang;Penang;Kuantan;Labuan;Gebeng
NLD Rotterdam;Amsterdam;Schiphol;Vlissingen;Flushing;Moerdijk;Den Haag;The Hague;Utrecht;Eindhoven;Venlo;Dordrecht;Maastricht
NOR Oslo;Bergen Norway;Stavanger;Trondheim;Kristiansand
NZL Auckland;Wellington
PAK Karachi;Lahore
PER Lima;Callao
PHL Manila;Cebu;Subic Bay
POL Warschau;Warsaw;Warszawa;Danzig;Gdansk;Gdynia;Breslau;Wroclaw;Krakau;Krakow;Posen;Poznan;Stettin;Szczecin;Kattowitz;Lodz
PRT Lissabon;Lisbon;Lisboa;Porto;Leixoes;Sines
ROU Bukarest;Bucharest;Constanta;Konstanza
RUS Moskau;Moscow;Sankt Petersburg;St. Petersburg Russia;Jekaterinburg;Yekaterinburg;Nowosibirsk;Novosibirsk;Wladiwostok
RUS Vladivostok;Solikamsk;Norilsk;Werchnjaja Salda
SAU Riad;Riyadh;Dschidda;Jeddah;Dammam
SGP Jurong;Changi;Tuas
SRB Belgrad;Belgrade
SVK Bratislava;Pressburg;Kosice
SVN Ljubljana;Laibach;Koper
SWE Stockholm;Göteborg;Gothenburg;Malmö;Helsingborg;Kiruna;Lulea
THA Bangkok;Laem Chabang;Map Ta Phut;Rayong
TUR Istanbul;Ankara;Izmir;Mersin;Gebze
TWN Taipei;Taipeh;Kaohsiung;Keelung;Taichung;Hsinchu;Tainan;Taoyuan
UKR Kiew;Kiev;Kyiv;Mariupol;Lwiw;Lviv;Dnipro;Odesa
UKR,USA Odessa
URY Montevideo
USA New York;New York City;Los Angeles;Long Beach;Chicago;Houston;Baltimore;Detroit;New Orleans;San Francisco;Seattle;Miami
USA Philadelphia;Atlanta;Dallas;Denver;Phoenix;Las Vegas;Reno;Toledo Ohio;Owensboro;Louisville;Mobile Alabama;Pittsburgh
USA Cleveland;St. Louis;Saint Louis;Minneapolis;Salt Lake City;San Diego;Charlotte;Tampa;Memphis;Nashville;Indianapolis
USA Columbus Ohio;Mountain Pass;New Jersey;New Mexico;New Hampshire;North Carolina;South Carolina;North Dakota;South Dakota
USA West Virginia;Alabama;Alaska;Arizona;Arkansas;California;Kalifornien;Colorado;Connecticut;Delaware;Florida;Hawaii;Idaho
USA Illinois;Indiana;Iowa;Kansas;Kentucky;Louisiana;Maryland;Massachusetts;Michigan;Minnesota;Mississippi;Missouri;Montana
USA Nebraska;Nevada;Ohio;Oklahoma;Oregon;Pennsylvania;Rhode Island;Tennessee;Texas;Utah;Vermont;Virginia;Wisconsin;Wyoming
USA USA
UZB Taschkent;Tashkent
VNM Hanoi;Ho Chi Minh City;Ho Chi Minh;Saigon;Haiphong;Hai Phong;Da Nang
ZAF Johannesburg;Kapstadt;Cape Town;Durban;Richards Bay;Pretoria;Port Elizabeth
"""

_DOUBT_WORDS = """
from ex aus von ab via uber ueber nach to towards toward into for fur fuer transit unterwegs way schiff vessel ship eta
destination bestimmungsort not no nicht kein keine never outside ausserhalb near nahe bei border grenze or oder maybe
vielleicht probably wohl unknown unbekannt formerly previously former fruher frueher ehemals bisher planned geplant until bis
"""
_DOUBT = frozenset(_DOUBT_WORDS.split())
"""Words beside which the country of a name need not be where the metal is stored."""

_STATE_CODES = """
AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN
TX UT VT VA WA WV WI WY DC
"""
_US_STATES = frozenset(_STATE_CODES.split())
_CAPITALS = """
AG SA CO SE AS BV NV KG PLC LTD LLC INC SPA SRL SARL PTE FZE AM IM AT IN IS IT NO SO BE MY ME
"""
_COMPANY_FORMS = frozenset(_CAPITALS.split())
"""Capitals that are a company's form or a plain word before they are a country's code."""
LONGEST_PLACE = 300
"""Characters of a text that is still read as a place; what is longer is prose."""


@dataclass(frozen=True, slots=True)
class Place:
    """A storage place as written, and the ISO-3 code of the country it lies in; None where that is not understood."""

    country: str | None
    text: str


@functools.cache
def _names() -> Mapping[tuple[str, ...], frozenset[str]]:
    """Words of a folded name -> the countries that it may stand for."""
    found: dict[tuple[str, ...], frozenset[str]] = {}
    for name, code in spellings().items():
        if len(name) > 3:
            found[tuple(name.split())] = frozenset({code})
    for line in _CITIES.strip().splitlines():
        codes, _, cities = line.partition(" ")
        for city in cities.split(";"):
            for spelling in foldings(city):
                found[tuple(spelling.split())] = frozenset(codes.split(","))
    return found


def place(text: str | None) -> Place:
    """The place that a text names.

    The country is known when the whole text is a country or a listed city, or when all countries and cities in it agree;
    two countries, a word of doubt ("from", "near", "?") or no known name leave it unknown. Codes in capitals do not make a
    place (``DE`` is Delaware too), but contradict one: of the two countries of a name they leave the other (``Boston, US``).
    """
    written = (text or "").strip()
    whole = country(written)
    if whole is not None and (len(written) > 2 or written.isupper()):  # "no" and "in" are words before they are codes
        return Place(whole, written)
    return Place(_country_within(written), written)


INCOTERMS = "exw|fca|fas|fob|cfr|cif|cpt|cip|dat|dap|dpu|ddp|ddu"
"""Terms of delivery (Incoterms 2020, and DAT and DDU of those before), as `fold` writes them; a place stands behind."""
_DISPATCH = frozenset(("exw", "fca", "fas", "fob", "ex", "ab"))
"""Words of terms whose place is that from which goods are sent."""
ARRIVAL = frozenset(INCOTERMS.split("|")) - _DISPATCH
"""Terms whose place is that of arrival: the carriage to it is in the price."""
_PLAIN_WORDS = "main port ports europe asia eu airport whs warehouse lager in ex works delivered duty paid unpaid du"
_PLAIN = frozenset((*_PLAIN_WORDS.split(), *INCOTERMS.split("|")))
"""Words beside a place in terms of delivery."""


@functools.cache
def _words() -> frozenset[str]:
    return _PLAIN.union(*_names())


def place_of_delivery(terms: str | None) -> Place | None:
    """The place to which terms of delivery bring goods; None where they name none, or that from which goods are sent.

    Words behind a term of arrival are a place, of an unknown country where they are not understood; beside no known term
    only names of places are.
    """
    words = fold(terms or "").split()
    sent, arrives = _DISPATCH.intersection(words), ARRIVAL.intersection(words)
    beside = {*sent, *arrives, "incoterms", "incoterm", ""}
    rest = " ".join(part for part in (terms or "").split() if (word := fold(part)) not in beside and not word.isdigit())
    return place(rest) if (rest if arrives else not sent and _named(tuple(words))) else None


def is_us_state(word: str) -> bool:
    """Whether a word is the code of a state of the USA, in capitals or not."""
    return word.upper() in _US_STATES


def is_place(text: str) -> bool:
    """Whether a text is empty, or places and terms of delivery and nothing else: ``cif Rotterdam``, ``main ports``."""
    return not re.search(r"[0-9%$€£]", text) and all(word in _words() for word in fold(text).split())


def _country_within(written: str) -> str | None:
    """The one country that the names in a text agree on."""
    words = tuple(fold(written).split())
    doubtful = "?" in written or (_DOUBT.intersection(words) and words not in _names())
    if len(written) > LONGEST_PLACE or doubtful:
        return None
    named = _named(words)
    if any(codes <= CUSTOMS_CHINA - {"CHN"} for codes in named):  # "Kowloon, Hong Kong, China" is one place
        named = [codes for codes in named if codes != {"CHN"}]
    agreed = frozenset.intersection(*named) if named else frozenset()
    possible = [code for code in agreed if not _contradicted(written, code)]
    return possible[0] if len(possible) == 1 else None


def _named(words: tuple[str, ...]) -> list[frozenset[str]]:
    """The countries of each name among the words, the longest name at each position first."""
    return [codes for codes, _ in _parts(words) if codes]


def words_beside(text: str) -> list[str]:
    """The words of a text, as `fold` writes them, that belong to no name of a place."""
    return [word for codes, word in _parts(tuple(fold(text).split())) if not codes]


def _parts(words: tuple[str, ...]) -> Iterator[tuple[frozenset[str], str]]:
    """Names with the countries that each may stand for, and the words that belong to none."""
    names, start = _names(), 0
    while start < len(words):
        ends = range(min(len(words), start + 6), start, -1)
        end = next((end for end in ends if words[start:end] in names), start)
        yield names.get(words[start:end], frozenset()), " ".join(words[start : max(end, start + 1)])
        start = max(end, start + 1)


def _contradicted(written: str, code: str) -> bool:
    """Whether a code in capitals in the text is that of another country."""
    for token in re.findall(r"\b[A-Z]{2,3}\b", written):
        other = country(token)
        if other is None or other == code or token in _COMPANY_FORMS or (code == "USA" and token in _US_STATES):
            continue
        if {other, code} <= CUSTOMS_CHINA or (written.isupper() and len(token) == 3):
            continue
        return True
    return False
