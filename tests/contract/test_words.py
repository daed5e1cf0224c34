"""The documents stay short: hand-written words have a limit, and what a command prints is not counted among them."""

from tools.words import pages, words

LIMIT = 21_882
"""Hand-written words of all pages. It only falls."""


def test_hand_written_words_stay_below_their_limit():
    assert sum(count.written for count in pages().values()) <= LIMIT


def test_words_of_each_kind_are_counted_apart(tmp_path):
    page = tmp_path / "prices.md"
    page.write_text(
        "# Two words\n\n```sh\ntoolkit optimize\n```\n\n| `form` | what it is | asked | Form |\n|---|\n"
        "<!-- LOTS -->\nmedian 0.07 s\n<!-- /LOTS -->\n",
        encoding="utf-8",
    )
    assert words(page) == (4, 20, 4)
