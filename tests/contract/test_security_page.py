"""`docs/security.md`: each test that it names exists."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_each_test_that_a_control_names_exists():
    named = re.findall(r"`(test_\w+\.py)(?:::(\w+))?`", (ROOT / "docs" / "security.md").read_text("utf-8"))
    texts = {path.name: path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    assert len(named) > 40
    lacking = [
        (file, test) for file, test in named if not re.search(rf"^(class|def) {test}", texts.get(file, ""), re.MULTILINE)
    ]
    assert lacking == []
