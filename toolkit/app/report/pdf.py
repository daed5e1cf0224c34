"""From the page to PDF: by a Chromium of the machine, or by WeasyPrint where that is installed instead.

Neither is part of the toolkit. Both print the same page with the same style sheets; the file carries the as-of date of the
report in place of the time of its making, so that the same report is the same file.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from toolkit.core.errors import SpecError
from toolkit.core.messages import message
from toolkit.report.charts.draw import standalone
from toolkit.report.document import Document
from toolkit.report.formats.html import Theme, render
from toolkit.report.i18n.language import Language

VARIABLE = "TOOLKIT_CHROMIUM"
"""Path of the browser that prints, in place of the first one on the PATH; set to nothing, none is used."""
BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge",
    "microsoft-edge-stable", "msedge",
)  # fmt: skip
FLAGS = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-extensions", "--disable-sync", "--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer", "--generate-pdf-document-outline",
)  # fmt: skip
"""No name of a host is resolved: the page asks for nothing, and the browser shall not either."""
PAGE_SECONDS = 120.0
"""Seconds for a page."""
INSTALL = message(
    "Install Chromium or Chrome, name it in {variable:s}, or: pip install 'strategic-metals-toolkit[pdf]' (WeasyPrint).",
    variable=VARIABLE,
)
_DATED = re.compile(rb"(?<=/CreationDate \(D:)[^()]*(?=\))|(?<=/ModDate \(D:)[^()]*(?=\))")
SET_BY_WEASYPRINT = """
.d { display: none !important; }
.chart > .d:last-child, .chart > .d-680 { display: block !important; }
.chart:has(> .d-680) > .d:not(.d-680) { display: none !important; }
.two .chart > .d-0, .panels .chart > .d-0 { display: block !important; }
.two .chart > .d:not(.d-0), .panels .chart > .d:not(.d-0) { display: none !important; }
.notes li { display: block !important; } .notes li:has(> .sn) { padding-left: 30px !important; }
.notes .sn { display: inline-block; margin: 0 8px 0 -30px; }
.leg { display: block !important; } .leg li { display: inline-block !important; margin-right: 14pt; } .k { margin-right: 5pt; }
"""
"""What a browser knows by the width of a figure: which drawing of a chart stands in a column, and which across the sheet.

Notes are blocks: WeasyPrint measures a flex item anew for every height that it tries for the columns: most of the time.
"""


def pdf(document: Document, look: Theme, say: Language) -> bytes:
    """A report as PDF, by what the machine has.

    Args:
        document: What to show.
        look: Templates and style sheets of the page.
        say: The language of the document.

    Raises:
        SpecError: when the machine has nothing that prints, or the browser did not.
    """
    if found := browser(os.environ):
        content = printed(render(document, look, say), found)
    else:
        content = composed(render(document, replace(look, draw=lambda spec: coloured(look.draw(spec))), say))
    return dated(content, document.as_of)


def printer(environment: Mapping[str, str]) -> str | None:
    """What turns a page into PDF here: a browser, or WeasyPrint."""
    return browser(environment) or ("WeasyPrint" if importlib.util.find_spec("weasyprint") else None)


def coloured(svg: str) -> str:
    """A drawing with its colours inside, and its own size: WeasyPrint applies no sheet of the page to it."""
    width, height = svg.split('viewBox="', 1)[1].split('"', 1)[0].split()[2:]
    return standalone(svg, dark=False).replace("<svg ", f'<svg width="{width}" height="{height}" ', 1)


def browser(environment: Mapping[str, str]) -> str | None:
    """The browser that prints: the one the user names, or the first that the PATH has.

    Raises:
        SpecError: when the one that is named does not exist.
    """
    named, path = environment.get(VARIABLE), environment.get("PATH")
    if named is None:
        return next((found for name in BROWSERS if (found := shutil.which(name, path=path))), None)
    if not named:
        return None
    found = shutil.which(named, path=path)
    if not found:
        raise SpecError("{variable} names {named!r:s}, which is no program.", hint=INSTALL, variable=VARIABLE, named=named)
    return found


def printed(page: str, program: str) -> bytes:
    """The page as a browser prints it: tagged, with title, language and an outline of its headings."""
    with tempfile.TemporaryDirectory(prefix="toolkit-pdf-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        source, target = folder / "report.html", folder / "report.pdf"
        source.write_text(page, encoding="utf-8")
        # A browser refuses its sandbox to root, as in a container; the page is ours and runs no script.
        root = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
        places = f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={target}", source.as_uri()
        command = [str(Path(program).absolute()), *FLAGS, *root, *places]
        try:
            failed, told = _ended(command, place)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SpecError(
                "{program} made no PDF of the report: {error:s}.", hint=INSTALL, program=program, error=str(error)
            ) from error
        if failed or not target.is_file():
            last = "".join(told.decode(errors="replace").strip().splitlines()[-1:]) or str(failed)
            raise SpecError("{program} made no PDF of the report: {error:s}.", hint=INSTALL, program=program, error=last)
        return target.read_bytes()


def _ended(command: Sequence[str], place: str) -> tuple[int, bytes]:
    """Exit code and last words of a browser. Whatever ends this, no helper is left, and nothing outside the folder."""
    browser = None
    try:
        with _undisturbed():
            browser = subprocess.Popen(  # noqa: S603
                command,
                cwd=place,
                env={**os.environ, "TMPDIR": "."},  # by a relative name: that of its socket may have a hundred characters
                process_group=0,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        told = browser.communicate(timeout=PAGE_SECONDS)[1]
    except BaseException:
        if browser is not None:
            os.killpg(browser.pid, signal.SIGKILL) if hasattr(os, "killpg") else browser.kill()
            browser.communicate()  # helpers write into the folder until they have ended, and with them this stream
        raise
    return browser.returncode, told


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """A process is started or not: a signal that comes meanwhile is answered afterwards, when there is something to end."""
    if threading.current_thread() is not threading.main_thread():  # no other thread answers signals
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    former = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    answered = {one: handler for one, handler in former.items() if callable(handler)}
    for one in answered:
        signal.signal(one, lambda *told: came.append(told))
    try:
        yield
    finally:
        for one, handler in answered.items():
            signal.signal(one, handler)
        for told in came:
            answered[signal.Signals(told[0])](*told)


def composed(page: str) -> bytes:
    """The page as WeasyPrint sets it.

    Raises:
        SpecError: where WeasyPrint, or a library of the system that it needs, is not installed.
    """
    try:
        weasyprint = importlib.import_module("weasyprint")
    except (ImportError, OSError) as error:
        raise SpecError("nothing on this machine turns a page into PDF.", hint=INSTALL) from error
    identifier = b"strategic-metals-toolkit"
    sheet = weasyprint.CSS(string=SET_BY_WEASYPRINT)
    # The page holds all that it shows: no file and no address is opened for it.
    fetcher = weasyprint.urls.URLFetcher(allowed_protocols=("data",))
    return weasyprint.HTML(string=page, url_fetcher=fetcher).write_pdf(
        stylesheets=[sheet], pdf_tags=True, pdf_identifier=identifier
    )


def dated(content: bytes, as_of: str) -> bytes:
    """The file with the as-of date for its dates; in the same number of bytes, which the offsets inside count."""
    words = f"{as_of.replace('-', '')}000000+00'00'".encode()
    return _DATED.sub(lambda match: words.ljust(len(match[0]))[: len(match[0])], content)
