"""The bytes of a file that a user gives, its text, and processes that read what is no text.

What is larger than the largest file or table that is read is refused before it is unpacked or laid out in memory. A reader in
another language may end its process at a damaged or a hostile file, by a panic or for want of memory, and no exception tells
it: it is run by a process of its own, and the command or the portal that started it says so.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from toolkit.core.errors import DataError, nearest
from toolkit.core.messages import Message, message, named

MAX_BYTES = 128 * 2**20
"""Largest file that is read: some 1.2 million long rows, or 3,000 daily series over ten years."""
MAX_UNPACKED = 128 * 2**20
"""Most bytes of XML in a workbook."""
MAX_CELLS = 3_000_000
"""Most cells of a table that are objects of Python while they are read, a hundred bytes each: at 3 million the reading of
text and the frames made of it stay below a gigabyte."""
MAX_PLAIN_CELLS = 10_000_000
"""Most cells of a CSV that is read by column, sixteen bytes each, and of the rows of prices made of it, a hundred bytes each:
7.5 million took 1.05 gigabytes."""
MAX_COLUMNS = 5_000
"""Most columns of a table, and most assets of a price file: a covariance of 5,000 has 200 MB."""
_FOREIGN = (
    ((b"\x1f\x8b",), message("compressed (gzip)")),
    ((b"%pdf",), message("a PDF")),
    ((b"{", b"[{"), message("JSON")),
    ((b"<!doctype", b"<html", b"<table", b"<?xml"), message("a web page or XML")),
)
"""How files begin, in small letters without spaces, that spreadsheets and banks give under the name of a table."""
_SAVE_AS = message("Save it as 'CSV UTF-8' or as Parquet: in the spreadsheet, File > Save as > CSV UTF-8.")
LEGACY = {"cp1252": "Windows-1252", "gb18030": "GB18030", "cp932": "Shift-JIS", "cp1250": "Windows-1250"}
"""Encodings of text that is neither UTF-8 nor UTF-16, and their names."""
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
Source = str | Path | BinaryIO
"""A file, ``-`` for standard input, or a stream."""


def check_size(
    name: str,
    *,
    rows: int = 0,
    columns: int = 0,
    cells: int = 0,
    size: int = 0,
    unpacked: int = 0,
    most_cells: int = MAX_CELLS,
) -> None:
    """Check that a table is within the limits of what is read.

    Args:
        name: Name of the file, for the message.
        rows: Number of rows.
        columns: Number of columns.
        cells: Number of cells.
        size: Bytes, before or after decompression.
        unpacked: Bytes of the parts of a workbook.
        most_cells: Limit of cells and rows.
    """
    split = message("Split the file, or leave out series and years that are not needed.")
    beyond = (
        (size, MAX_BYTES, message("bytes"), split),
        (max(cells, rows), most_cells, message("cells"), split),
        (columns, MAX_COLUMNS, message("columns"), split),
        (unpacked, MAX_UNPACKED, message("bytes when unpacked"),
         message("Leave only the sheet that is needed, or save that sheet as 'CSV UTF-8'.")),
    )  # fmt: skip
    for found, limit, what, hint in beyond:
        if found > limit:
            raise DataError(
                "{file:s} holds {found:,} {what}; at most {limit:,} are read.",
                hint=hint,
                details={"found": found, "limit": limit, "what": str(what)},
                file=name,
                found=found,
                what=what,
                limit=limit,
            )


def file_and_sheet(path: str | Path) -> tuple[Path, str | None]:
    """The file and the sheet of ``FILE#SHEET``; a file whose own name has the sign is that file."""
    parts = [] if os.path.lexists(path) else str(path).split("#")
    splits = (("#".join(parts[:i]), "#".join(parts[i:])) for i in range(len(parts) - 1, 0, -1))
    return next(((Path(file), sheet) for file, sheet in splits if sheet.strip() and os.path.lexists(file)), (Path(path), None))


def content_of(path: Source) -> tuple[str, bytes, str | None]:
    """Name as shown, raw bytes of the file, and the sheet that is asked for."""
    sheet = None
    if not isinstance(path, str | Path) or str(path) == "-":
        name, content = "stdin", (sys.stdin.buffer if isinstance(path, str | Path) else path).read(MAX_BYTES + 1)
        check_size(name, size=len(content))
    else:
        file, sheet = file_and_sheet(path)
        name = file.name or str(file)
        if file.is_dir():
            raise DataError("{file!r:s} is a folder.", hint="Give a CSV or Parquet file.", file=str(file))
        try:
            check_size(name, size=file.stat().st_size)
            content = file.read_bytes()
        except FileNotFoundError:
            near = nearest(name, (entry.name for entry in file.parent.iterdir())) if os.access(file.parent, os.R_OK) else ()
            raise DataError(
                "no file {file!r:s}.",
                hint="Did you mean {names: or }?" if near else "Check the path.",
                file=str(file),
                names=named(near),
            ) from None
        except (OSError, ValueError) as error:  # ValueError: a path with a null character
            reason = getattr(error, "strerror", None) or str(error)
            raise DataError(
                "cannot read {file!r:s}: {reason}.", hint="Check the path.", file=str(file), reason=reason
            ) from None
    return name, content, sheet


def text_of(name: str, content: bytes, legacy: str) -> tuple[str, str]:
    """The text of a file without its byte order mark, and its encoding.

    Args:
        name: File name as shown.
        content: Its bytes.
        legacy: As of `toolkit.market.readers.tabular.read_table`.
    """
    beginning = b"".join(content[:1000].removeprefix(b"\xef\xbb\xbf").lower().split())
    for marks, what in _FOREIGN:
        if beginning.startswith(marks):
            raise DataError("{file:s} is {what}, not a CSV.", hint=_SAVE_AS, file=name, what=what)
    encoding = "utf-16" if content.startswith(_UTF16) else "utf-8"
    if encoding == "utf-8" and b"\0" in content:
        raise DataError("{file:s} is not text: it holds null bytes.", hint=_SAVE_AS, file=name)
    try:
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError:
        try:
            if encoding == "utf-16":
                raise
            text, encoding = content.decode(legacy), legacy
        except UnicodeDecodeError as error:
            # The error counts from behind the byte order mark, so the faulty byte is taken from the error's own object.
            row = 1 + bytes(error.object[: error.start]).count(b"\n")
            raise DataError(
                "{file:s}, row {row:d}: the text is neither UTF-8 nor {legacy:s} (byte 0x{byte:s}).",
                hint=_SAVE_AS,
                details={"rows": [row]},
                file=name,
                row=row,
                legacy=LEGACY[legacy],
                byte=f"{error.object[error.start]:02x}",
            ) from None
    empty = not text or text.isspace()
    if empty or "\0" in text:
        raise DataError(
            "{file:s} is empty." if empty else "{file:s} is not text: it holds null characters.",
            hint="Give a header and at least one row.",
            file=name,
        )
    return text, encoding


_FRAMED = re.compile(r"^[ \t]*\|(.*)\|[ \t]*\r?$", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*[-+|:=][-+|:= \t]*\r?$", re.MULTILINE)


def unframed(text: str) -> str:
    """The text of a table drawn with lines, as a list saved out of SAP is (``|Werk|Charge|``), with ``|`` between its cells."""
    return _FRAMED.sub(r"\1", _RULE.sub("", text)) if len(_FRAMED.findall(text[:100_000])) > 1 else text


LONGEST = 300.0
"""Seconds after which the reading of a file is ended."""
MOST_MEMORY = 4 * 2**30
"""Bytes of memory of a program, where the system can limit them: cells of the largest table that is read take a quarter."""
_GUARDED = """
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, ({most}, {most}))
except (ImportError, ValueError, OSError):
    pass
try:
    exec(sys.argv.pop(1), {{"__name__": "__main__", "sys": sys}})
except BaseException as error:
    sys.stderr.write(str(error))
    sys.exit(7)
"""
_FAILED = 7  # exit code of a program that raised


class ReadingEnded(Exception):
    """A program that ended without its result; `reason` is what it said."""

    def __init__(self, reason: str | Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


def run(program: str, *arguments: str, content: bytes = b"") -> bytes:
    """What a program writes to its standard output.

    Args:
        program: Python source; `sys` is imported.
        arguments: Its `sys.argv`, from the second on.
        content: Its standard input.

    Raises:
        ReadingEnded: for a program that raises, ends otherwise than by its last line, or takes longer than `LONGEST`.
    """
    command = [sys.executable, "-P", "-c", _GUARDED.format(most=MOST_MEMORY), program, *arguments]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=LONGEST, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise ReadingEnded(message("it takes more than {n:d} s", n=int(LONGEST))) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").splitlines() if done.returncode == _FAILED else []
        raise ReadingEnded(said[0] if said else message("damaged, or too large"))
    return done.stdout
