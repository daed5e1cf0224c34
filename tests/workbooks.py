"""Workbooks for tests, written part by part as Excel does: no library that writes them is needed."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from xml.sax.saxutils import escape, quoteattr

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
FORMATS = ("General", "d.m.yyyy", "0.00%", '#,##0.00\\ [$€-407];[Red]\\-#,##0.00\\ [$€-407]', '0.000" g"', "[$USD] #,##0.00",
           '_-* #,##0.00\\ "CHF"_-', '0 "à 100 g"', '0.00 "€/lb"')  # fmt: skip
"""Formats of numbers, by which a cell ``(value, format)`` is written."""


class Raw(str):
    """The element of a cell, or of a row where it stands for one, as it is."""


def letters(number: int) -> str:
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def _cell(value, at: str) -> str:
    if isinstance(value, Raw):
        return value.replace("@", at)
    style = 0
    if isinstance(value, tuple):
        value, style = value[0], FORMATS.index(value[1])
    if value is None:
        return f'<c r="{at}" s="{style}"/>'
    if isinstance(value, bool):
        return f'<c r="{at}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, datetime | date):
        days = (datetime(value.year, value.month, value.day) - datetime(1899, 12, 30)).days
        return f'<c r="{at}" s="1"><v>{days}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{at}" s="{style}"><v>{value!r}</v></c>'
    if value.startswith("#"):
        return f'<c r="{at}" t="e"><f>A1</f><v>{escape(value)}</v></c>'
    return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def sheet_xml(rows, *, first: int = 1, column: int = 1, hidden: tuple[int, ...] = (), columns: str = "") -> str:
    """The part of a sheet, its first row and column where they are told."""
    lines = []
    for at, row in enumerate(rows, start=first):
        cells = row if isinstance(row, Raw) else "".join(_cell(v, f"{letters(i)}{at}") for i, v in enumerate(row, start=column))
        lines.append(f'<row r="{at}"{" hidden=" + quoteattr("1") if at in hidden else ""}>{cells}</row>')
    return f'<?xml version="1.0"?><worksheet {MAIN}>{columns}<sheetData>{"".join(lines)}</sheetData></worksheet>'


def xlsx(sheets, *, hidden: tuple[str, ...] = ()) -> bytes:
    """An Excel workbook: name -> rows of values, or the XML of a sheet."""
    formats = "".join(f'<numFmt numFmtId="{164 + i}" formatCode={quoteattr(code)}/>' for i, code in enumerate(FORMATS) if i > 2)
    used = "".join(f'<xf numFmtId="{ {0: 0, 1: 14, 2: 10}.get(i, 164 + i) }"/>' for i in range(len(FORMATS)))
    names = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{i}"{" state=" + quoteattr("hidden") if name in hidden else ""} r:id="rId{i}"/>'
        for i, name in enumerate(sheets, start=1)
    )
    targets = "".join(
        f'<Relationship Id="rId{i}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(sheets) + 1)
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{targets}'
        f'<Relationship Id="rId0" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f"<styleSheet {MAIN}><numFmts>{formats}</numFmts><cellXfs>{used}</cellXfs></styleSheet>",
    }
    for i, rows in enumerate(sheets.values(), start=1):
        parts[f"xl/worksheets/sheet{i}.xml"] = rows if isinstance(rows, str) else sheet_xml(rows)
    return packed(parts)


def packed(parts) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()
