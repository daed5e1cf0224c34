"""WCAG 2.2 AA by axe-core in a page of the browser."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

from tests.system.browser import Browser

AXE = importlib.util.find_spec("axe_playwright_python")
"""The wheel that carries axe-core; only its script is used (.ci/browser.txt)."""
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(browser: Browser) -> list[Any]:
    """Rules that the page breaks, each with its first elements."""
    assert AXE is not None
    assert AXE.origin is not None
    script = Path(AXE.origin).with_name("axe.min.js").read_text(encoding="utf-8")
    browser.value(f"{script};0")
    options = json.dumps({"runOnly": LEVELS, "resultTypes": ["violations"]})
    answer = browser.call(
        "Runtime.evaluate", expression=f"axe.run(document, {options}).then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 160)).slice(0, 3)]))",
        awaitPromise=True, returnByValue=True,
    )  # fmt: skip
    return answer["result"]["value"]
