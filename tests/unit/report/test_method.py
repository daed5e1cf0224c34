"""Method and run: what identifies the run, its certificate, and the fingerprints of its data."""

from __future__ import annotations

import copy

from tests.records import partial_findings
from toolkit.app.languages import language
from toolkit.report.i18n.text import plain
from toolkit.report.topics.method import method


def built(record, code="en"):
    paragraph, columns = method.build(partial_findings(record, language=language(code)))
    figure, *rest = columns.figures
    assert figure.body == ()
    return plain(paragraph.text), {plain(row.cells[0]): plain(row.cells[1]) for row in figure.data.rows}, rest


def title(record):
    return plain(method.build(partial_findings(record))[1].figures[0].title)


def test_the_run_is_identified(records):
    record = records["normal"]
    idea, told, _ = built(record)
    assert told["Run"] == record["run_id"]
    assert told["Strategy"] == f"physical-basket, fingerprint {record['strategy']['fingerprint']}"
    assert told["Seed"] == str(record["seed"]) == "0"
    assert f"toolkit {record['versions']['toolkit']}" in told["Versions"]
    assert told["Solver"].startswith(f"{record['solver']['name']}, ")
    assert idea.startswith("Idea. Hold metals whose risks differ")
    assert "Source. Markowitz (1952)" in idea
    assert ".." not in idea


def test_small_numbers_are_powers_of_ten(records):
    record = copy.deepcopy(records["normal"])
    record["solver"]["kkt"] = {"primal": 0.0, "dual": 1.52e-11, "gap": 3e-9}
    assert built(record)[1]["Certificate"] == "primal residual 0, dual 1.5 × 10⁻¹¹, gap 3.0 × 10⁻⁹"
    assert built(record, "de")[1]["Zertifikat"] == "primales Residuum 0, duales 1,5 × 10⁻¹¹, Lücke 3,0 × 10⁻⁹"
    assert title(record) == f"The optimum of {record['solver']['name']} is certified: no residual above 3.0 × 10⁻⁹"
    record["solver"]["kkt"] = None
    assert built(record)[1]["Certificate"].startswith("none")
    assert title(record).endswith("not optimized")


def test_data_are_known_by_the_beginning_of_their_hash(records):
    record = records["normal"]
    (figure,) = built(record)[2]
    rows = [[plain(cell) for cell in row.cells] for row in figure.data.rows]
    assert len(rows) == len(record["data"])
    for row, entry in zip(rows, record["data"], strict=True):
        assert row[2] == f"{entry['rows']:,}"
        assert row[-1] == entry["sha256"][:12]


def test_words_of_a_strategy_stay_inside_their_span(records):
    paragraph = method.build(partial_findings(records["hostile"]))[0]
    assert any(span.style == "name" and "<script>" in span.text for span in paragraph.text)


def test_a_strategy_that_says_nothing_of_itself_has_no_empty_labels(records):
    record = records["normal"]
    words, *_ = built({**record, "about": {**record["about"], "idea": "", "source": "", "refuted_by": None}})
    assert words.startswith("Run. ")
