"""Program that reads a workbook of others: the file on standard input, its sheets pickled on standard output.

calamine reads the values. It leaves errors of formulas and formulas without a value empty, and knows neither hidden rows, nor
formats of numbers, nor comments, nor what is struck through: these are taken from the XML of .xlsx and .ods.
`toolkit.market.readers.contents.run` runs it.
"""

from __future__ import annotations

import io
import pickle
import sys
import zipfile
from collections.abc import Callable, Iterator
from posixpath import join, normpath, split
from typing import Any
from xml.etree.ElementTree import Element, iterparse  # expat refuses entities that multiply; the process has a limit of memory

from python_calamine import PasswordError, load_workbook

EXCEL, OPEN_DOCUMENT = "xl/workbook.xml", "content.xml"
"""Parts of an archive by which it is a workbook."""
LOCKED = "locked by a password"
_WIDEST = 16_384  # columns of a sheet
Marks = dict[str, Any]
"""What the XML of a sheet tells beside its values; cells by row and column from 1.

`rows` and `columns` are its size, `texts` errors of formulas and formulas without a value, `formats` format -> cells,
`hidden_rows` and `hidden_columns` their numbers, `merged` first row, first column, last row and last column of cells,
`comments` their rows and texts, `struck` the rows of cells that are struck through.
"""
IsMeant = Callable[[str, bool], bool]


def no_marks() -> Marks:
    """Those of an empty sheet."""
    lists = ("hidden_rows", "hidden_columns", "merged", "comments", "struck")
    return {"rows": 0, "columns": 0, "texts": {}, "formats": {}, **{name: [] for name in lists}}


def events(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[bool, str, Element]]:
    """Whether an element ends, its name without a namespace, and the element; a row that has ended is let go."""
    if part not in archive.NameToInfo:
        return
    with archive.open(part) as file:
        for event, element in iterparse(file, ("start", "end")):  # noqa: S314
            name = element.tag.rpartition("}")[2]
            yield event == "end", name, element
            if event == "end" and name in ("row", "table-row"):
                element.clear()


def ended(archive: zipfile.ZipFile, part: str, wanted: str) -> Iterator[Element]:
    """The elements of a name.

    Args:
        archive: The workbook.
        part: Of it.
        wanted: The name.
    """
    return (element for has_ended, name, element in events(archive, part) if has_ended and name == wanted)


def excel(archive: zipfile.ZipFile, is_meant: IsMeant) -> dict[str, Marks]:
    """The marks of the sheets that are meant."""
    targets = {one.get("Id"): one.get("Target", "") for one in ended(archive, "xl/_rels/workbook.xml.rels", "Relationship")}
    codes = {"9": "0%", "10": "0.00%"}
    codes |= {one.get("numFmtId", ""): one.get("formatCode", "") for one in ended(archive, "xl/styles.xml", "numFmt")}
    fonts = [font for all_of in ended(archive, "xl/styles.xml", "fonts") for font in all_of]
    struck = {str(i) for i, font in enumerate(fonts) if any(one.tag.endswith("}strike") and is_on(one) for one in font)}
    used = [style for all_of in ended(archive, "xl/styles.xml", "cellXfs") for style in all_of]
    styles = [(codes.get(style.get("numFmtId", ""), ""), style.get("fontId") in struck) for style in used]
    found: dict[str, Marks] = {}
    for sheet in ended(archive, EXCEL, "sheet"):
        name = sheet.get("name", "")
        if is_meant(name, sheet.get("state") in ("hidden", "veryHidden")):
            target = next((targets.get(value, "") for key, value in sheet.items() if key.endswith("}id")), "")
            found[name] = excel_sheet(archive, normpath(join("/xl", target)).lstrip("/"), styles)
    return found


def is_on(element: Element) -> bool:
    """Whether a property of a font holds: it does without a value."""
    return element.get("val", "1") not in ("0", "false")


def excel_sheet(archive: zipfile.ZipFile, part: str, styles: list[tuple[str, bool]]) -> Marks:
    """The marks of a sheet of Excel.

    Args:
        archive: The workbook.
        part: Its sheet.
        styles: Format of each style, empty for a number alone, and whether it is struck through.
    """
    found, row, column = no_marks(), 0, 0
    for has_ended, name, element in events(archive, part):
        if name == "row" and not has_ended:
            row, column = int(element.get("r", row + 1)), 0
            found["hidden_rows"] += [row] if element.get("hidden") in ("1", "true") else []
        elif name == "col" and has_ended and element.get("hidden") in ("1", "true"):
            found["hidden_columns"] += range(int(element.get("min", 1)), min(int(element.get("max", 1)), _WIDEST) + 1)
        elif name == "c" and has_ended:
            at = row, column = place(element.get("r"), row, column + 1)
            inside = {one.tag.rpartition("}")[2]: one.text for one in element}
            if inside:
                found["rows"], found["columns"] = max(found["rows"], row), max(found["columns"], column)
            if element.get("t") == "e":
                found["texts"][at] = inside.get("v") or "#N/A"
            elif "f" in inside and not inside.get("v") and element.get("t") != "str":
                found["texts"][at] = f"={inside['f'] or ''}"
            elif inside and (style := styles[int(element.get("s", 0)) : int(element.get("s", 0)) + 1]):
                if style[0][0]:
                    found["formats"].setdefault(style[0][0], []).append(at)
                found["struck"] += [row] if style[0][1] else []
    folder, name = split(part)
    for relation in ended(archive, f"{folder}/_rels/{name}.rels", "Relationship"):
        if relation.get("Type", "").endswith("/comments"):
            comments = normpath(join("/", folder, relation.get("Target", ""))).lstrip("/")
            found["comments"] += [
                (place(one.get("ref"), 0, 0)[0], "".join(one.itertext())) for one in ended(archive, comments, "comment")
            ]
    return found


def place(reference: str | None, row: int, column: int) -> tuple[int, int]:
    """Row and column of a cell.

    Args:
        reference: Such as ``AB12``.
        row: The one it is where there is no reference.
        column: The one it is in then.
    """
    if not reference:
        return row, column
    letters = reference.rstrip("0123456789")
    column = 0
    for letter in letters.upper():
        column = 26 * column + ord(letter) - 64
    return int(reference[len(letters) :]), column


def open_document(archive: zipfile.ZipFile) -> dict[str, Marks]:
    """The marks of all sheets of an OpenDocument workbook."""
    sheets: dict[str, Marks] = {}
    found, row, rows, column = no_marks(), 0, 1, 0
    struck = set[str]()
    for has_ended, name, element in events(archive, OPEN_DOCUMENT):
        if name == "style" and has_ended:
            through = [attribute(one, "text-line-through-style") for one in element]
            struck |= {attribute(element, "name")} if any(one not in ("", "none") for one in through) else set()
        if name == "table" and not has_ended:
            found, row, rows = no_marks(), 0, 1
            sheets[attribute(element, "name")] = found
        elif name == "table-row" and not has_ended:
            row, rows, column = row + rows if row else 1, repeated(element, "number-rows-repeated"), 0
            if attribute(element, "visibility") in ("collapse", "filter"):
                found["hidden_rows"] += range(row, row + min(rows, _WIDEST))
        elif name in ("table-cell", "covered-table-cell") and has_ended:
            first, column = column + 1, column + repeated(element, "number-columns-repeated")
            told = " ".join("".join(one.itertext()) for one in element if one.tag.endswith("}p"))
            kinds = {value for key, value in element.items() if key.endswith("value-type")}
            comments = [one for one in element if one.tag.endswith("}annotation")]
            found["comments"] += [
                (row, " ".join("".join(p.itertext()) for p in one if p.tag.endswith("}p"))) for one in comments
            ]
            if not (told or kinds):
                continue
            found["rows"], found["columns"] = max(found["rows"], row + rows - 1), max(found["columns"], column)
            found["struck"] += [row] if attribute(element, "style-name") in struck else []
            if (down := repeated(element, "number-rows-spanned")) > 1:
                across = repeated(element, "number-columns-spanned")
                found["merged"].append((row, first, row + down - 1, first + across - 1))
            if "error" in kinds or (attribute(element, "formula") and told.startswith(("#", "Err:"))):
                found["texts"][row, first] = told or "#N/A"
            elif (code := shown_as(element, kinds, told)) and rows * (column - first + 1) < _WIDEST:
                cells = ((row + i, j) for i in range(rows) for j in range(first, column + 1))
                found["formats"].setdefault(code, []).extend(cells)
    return sheets


def shown_as(cell: Element, kinds: set[str], told: str) -> str:
    """The format of a number of OpenDocument; empty for a number alone.

    Args:
        cell: Its element.
        kinds: Its types, such as ``currency``.
        told: What the sheet shows.
    """
    number = "0123456789.,'’+-−  \u202f"
    words = told.lstrip(number)
    words = told.rstrip(number) if words == told else words
    if "percentage" in kinds:
        return "0%"
    words = attribute(cell, "currency") or words if "currency" in kinds else words
    words = words.replace('"', "").strip()
    return f'0 "{words}"' if words and kinds & {"float", "currency"} else ""


def attribute(element: Element, name: str) -> str:
    """An attribute by its name without a namespace; empty where there is none."""
    return next((value for key, value in element.items() if key.rpartition("}")[2] == name), "")


def repeated(element: Element, name: str) -> int:
    """How often an element stands, or how far it reaches."""
    return max(int(attribute(element, name) or 1), 1)


def main(meant: str, most: int) -> None:
    """Write names of the sheets and of those that are hidden, and of each that is meant size, values, merged cells and marks.

    Args:
        meant: Name of a sheet in small letters; empty for those that are not hidden.
        most: Cells of a sheet that are laid out; of a larger one there are no values.

    Raises:
        ValueError: for a workbook that is damaged or locked.
    """
    content = sys.stdin.buffer.read()

    def is_meant(name: str, is_hidden: bool) -> bool:  # noqa: FBT001
        return name.strip().casefold() == meant or not (meant or is_hidden)

    marks: dict[str, Marks] = {}
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if (damaged := archive.testzip()) is not None:  # a part that unpacks to more than it states, too
                raise ValueError(f"{damaged} is damaged")
            marks = excel(archive, is_meant) if EXCEL in archive.NameToInfo else open_document(archive)
    sheets = {
        name: (one["rows"], one["columns"], [], [], one) for name, one in marks.items() if one["rows"] * one["columns"] > most
    }
    names, hidden = [*marks], []
    if not sheets:
        try:
            book = load_workbook(io.BytesIO(content))
        except PasswordError:
            raise ValueError(LOCKED) from None
        names = book.sheet_names
        hidden = [one.name for one in book.sheets_metadata if str(one.visible) != "SheetVisibleEnum.Visible"]
        for name in names:
            if is_meant(name, name in hidden):
                sheet, found = book.get_sheet_by_name(name), marks.get(name, no_marks())
                fits = sheet.total_height * sheet.total_width <= most
                values = sheet.to_python(skip_empty_area=False) if fits else []
                merged = [
                    (top + 1, left + 1, end + 1, right + 1) for (top, left), (end, right) in sheet.merged_cell_ranges or ()
                ]
                sheets[name] = sheet.total_height, sheet.total_width, values, [*merged, *found["merged"]], found
    sys.stdout.buffer.write(pickle.dumps((names, hidden, sheets)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
