"""Names of the countries that statistics of supply speak of; a code without one stands for itself."""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = """
ALB Albania|ARE United Arab Emirates|ARG Argentina|ARM Armenia|AUS Australia|AUT Austria|AZE Azerbaijan|BDI Burundi|BEL Belgium
BFA Burkina Faso|BGR Bulgaria|BHR Bahrain|BIH Bosnia and Herzegovina|BOL Bolivia|BRA Brazil|BWA Botswana|CAN Canada
CHE Switzerland|CHL Chile|CHN China|CIV Ivory Coast|CMR Cameroon|COD DR Congo|COG Congo|COL Colombia|CRI Costa Rica|CUB Cuba
CZE Czechia|DEU Germany|DNK Denmark|DOM Dominican Republic|DZA Algeria|ECU Ecuador|EGY Egypt|ERI Eritrea|ESP Spain|EST Estonia
ETH Ethiopia|FIN Finland|FRA France|GBR United Kingdom|GEO Georgia|GHA Ghana|GIN Guinea|GRC Greece|GTM Guatemala|GUY Guyana
HKG Hong Kong|HND Honduras|HRV Croatia|HUN Hungary|IDN Indonesia|IND India|IRL Ireland|IRN Iran|ISL Iceland|ISR Israel|ITA Italy
JAM Jamaica|JPN Japan|KAZ Kazakhstan|KGZ Kyrgyzstan|KOR South Korea|LAO Laos|LBN Lebanon|LBR Liberia|LKA Sri Lanka
LTU Lithuania|LUX Luxembourg|LVA Latvia|MAR Morocco|MDG Madagascar|MEX Mexico|MKD North Macedonia|MLI Mali|MMR Myanmar
MNE Montenegro|MNG Mongolia|MOZ Mozambique|MRT Mauritania|MYS Malaysia|NAM Namibia|NCL New Caledonia|NER Niger|NGA Nigeria
NIC Nicaragua|NLD Netherlands|NOR Norway|NZL New Zealand|OMN Oman|PAK Pakistan|PAN Panama|PER Peru|PHL Philippines
PNG Papua New Guinea|POL Poland|PRK North Korea|PRT Portugal|QAT Qatar|ROU Romania|RUS Russia|RWA Rwanda|SAU Saudi Arabia
SDN Sudan|SEN Senegal|SGP Singapore|SLB Solomon Islands|SLE Sierra Leone|SRB Serbia|SUR Suriname|SVK Slovakia|SVN Slovenia
SWE Sweden|TGO Togo|THA Thailand|TJK Tajikistan|TUR Turkey|TWN Taiwan|TZA Tanzania|UGA Uganda|UKR Ukraine|USA United States
UZB Uzbekistan|VEN Venezuela|VNM Vietnam|XKX Kosovo|ZAF South Africa|ZMB Zambia|ZWE Zimbabwe
"""
NAMES: Mapping[str, str] = {entry[:3]: entry[4:] for line in _NAMES.strip().splitlines() for entry in line.split("|")}
SHORT: Mapping[str, str] = {"USA": "US", "GBR": "UK", "EU": "EU"}
CHINA = "CHN"
_WITH_ARTICLE = frozenset({"USA", "GBR", "EU", "NLD", "PHL", "ARE", "DOM", "COD", "SLB"})


def country(code: str) -> str:
    """The name of a country."""
    return NAMES.get(code, code)


def short_country(code: str) -> str:
    """The name of a country where room is scarce."""
    return SHORT.get(code, country(code))


def in_sentence(code: str) -> str:
    """The short name of a country with its article, where it takes one."""
    return f"the {short_country(code)}" if code in _WITH_ARTICLE else short_country(code)
