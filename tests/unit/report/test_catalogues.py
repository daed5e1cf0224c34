"""The German catalogues: nothing lacks a word, and what a run says is told in German to the last one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest

from tests.records import partial_findings
from tests.subjects import Record, proposal
from toolkit.app.allocation import pieces, prepare
from toolkit.app.languages import language
from toolkit.core.errors import SpecError
from toolkit.core.frames import TABLES
from toolkit.core.messages import Message, message, retellable, together
from toolkit.core.text import words
from toolkit.market.package import bundled_folder, bundled_market, descriptor
from toolkit.optimize.constraints import constraint_kinds
from toolkit.optimize.objectives import objective_kinds
from toolkit.report.i18n.countries import NAMES, SHORT, in_sentence
from toolkit.report.i18n.formats import readable
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.names import country, origin, place, short_country, towards
from toolkit.report.i18n.text import plain
from toolkit.risk_model.covariance import CovarianceSpec
from toolkit.risk_model.expected_returns import ReturnsSpec
from toolkit.strategy.decode import decode_strategy
from tools.messages import catalogue, has_words, messages, missing

ROOT = Path(__file__).resolve().parents[3]
ENGLISH = re.compile(r"\b(the|of|and|is|are|for|with|not|to|from|by|than|that|its|were|which|they|it|at|has|have|month|year)\b")
"""Words that no German sentence has."""

BANNED = {
    r"prints?|printed|Einzelwerte?n?s?|(?<=m |s )Notierten|gedruckt\w*": "a price is observed, or published",
    r"(?<!confidence )levels?|(?:Preis)?niveaus?": "what a filter says is an estimated price, what weighs months is a mean",
    r"spells?": "a time between two dates is a period",
    r"rhythms?|Rhythmus": "how often figures come is their update frequency",
    r"binds?|binding|binde[tn]|bindend\w*": "a limit is reached",
    r"told (?:apart )?from": "of chance, noise or zero a figure is distinguishable or not; a figure that is too weak is not given",
    r"out of reach|außer Reichweite": "what is meant: cannot be stopped, outside China, no answer from a server",
    r"Exportkontroll\w*": "the law says Ausfuhr, and so does every page",
    r"memory|Gedächtnis": "a fact was checked against its source, or not",
}
"""Words of models and of the code that no page and no terminal says, in English or German -> what is said, or why not."""


@pytest.fixture(scope="module")
def german() -> Language:
    return language("de")


class TestCompleteness:
    def test_every_message_is_translated_with_the_same_places(self):
        assert dict(missing("de")) == {}

    def test_no_two_catalogues_translate_a_message_differently(self):
        assert catalogue("de")  # raises for a message with two translations

    def test_no_catalogue_keeps_a_message_that_nobody_says(self):
        spoken = {forms[0] for forms in messages()}
        assert [message for context, message in catalogue("de") if context is None and message not in spoken] == []

    def test_a_single_one_is_written_with_the_article_that_its_noun_takes(self):
        """``{N}`` of one is "eins", which no noun follows."""
        ones = [
            line for file in (ROOT / "reports" / "locale" / "de").glob("*.po") for line in file.read_text("utf-8").split("\n")
        ]
        assert [line for line in ones if line.startswith("msgstr[0]") and "{N}" in line] == []

    def test_no_message_and_no_translation_says_a_word_of_the_code(self):
        sentences = {form for forms in messages() for form in forms} | {message for _, message in catalogue("de")}
        german = {form for translations, _ in catalogue("de").values() for form in translations}
        found = {
            said: reason
            for said in sentences | german
            for word, reason in BANNED.items()
            if re.search(rf"\b(?:{word})\b", re.sub(r"{[^}]*}", "", said), re.IGNORECASE)
        }
        assert found == {}

    def test_a_message_of_places_alone_needs_no_words(self):
        assert not has_words("{low} ({high:+.0%}); {x}")
        assert has_words("{low} to {high}")


@pytest.fixture(scope="module")
def tables() -> Mapping[str, pl.DataFrame]:
    """Everything the data package will ever know."""
    snapshot = bundled_market().until(date(2100, 1, 1))
    return {name: snapshot[name] for name in TABLES if name in snapshot}


WORDS = (
    ("products", "name", "name"), ("products", "asset", "metal"), ("products", "group", "metal"), ("products", "form", "term"),
    ("products", "stage", "term"), ("products", "terms", "term"), ("products", "unit", "term"),
    ("prices", "asset", "metal"), ("prices", "basis", "term"),
    ("prices_annual", "asset", "metal"), ("prices_annual", "series", "term"),
    ("shares", "asset", "metal"), ("shares", "stage", "term"), ("flows", "asset", "metal"),
    ("control_scopes", "asset", "metal"), ("control_scopes", "form", "term"), ("control_scopes", "certainty", "term"),
    ("control_scopes", "note", "note"), ("control_scopes", "group", "metal"),
    ("controls", "instrument", "term"), ("controls", "standing", "term"), ("controls", "confidence", "term"),
    ("controls", "kind", "term"), ("controls", "end_user", "term"),
    ("metals", "host", "term"), ("metals", "by_product", "term"),
    ("tariff_codes", "note", "note"), ("licence_papers", "statement", "note"),
)  # fmt: skip
"""Columns whose words reach a report, and the context they are looked up in; identifiers are looked up as words there."""


class TestWordsOfTheData:
    @pytest.mark.parametrize(("table", "column", "context"), WORDS)
    def test_every_word_of_the_data_package_has_a_german_one(self, german, tables, table, column, context):
        found = {readable(word) if context == "term" else word for word in tables[table][column].drop_nulls()}
        assert found
        assert {word for word in found if (context, word) not in german.catalogue} == set()

    @pytest.mark.parametrize(
        ("table", "column"), [("controls", "metals"), ("tariff_codes", "assets"), ("tariff_codes", "others")]
    )
    def test_every_material_in_a_list_has_a_german_name(self, german, tables, table, column):
        found = {name for names in tables[table][column].drop_nulls() for name in words(names)}
        assert {name for name in found if ("metal", name) not in german.catalogue} == set()

    def test_acts_and_authorities_are_known_or_are_numbers_and_proper_names(self, german, tables):
        found = {*tables["controls"]["number"].drop_nulls(), *tables["controls"]["authority"]}
        unknown = {name for name in found if ("term", name) not in german.catalogue}
        assert [name for name in sorted(unknown) if ENGLISH.search(re.sub(r"No\. \d+ of \d{4}", "", name))] == []

    def test_every_country_has_a_german_name(self, german):
        assert {name for name in (*NAMES.values(), *SHORT.values()) if ("country", name) not in german.catalogue} == set()
        assert country("CHN", german) == "China"
        assert (short_country("USA", german), short_country("GBR", german)) == ("USA", "Großbritannien")

    def test_a_country_with_an_article_has_it_in_the_accusative(self, german):
        with_article = {in_sentence(code) for code in (*NAMES, "EU") if in_sentence(code).startswith("the ")}
        assert {words for words in with_article if ("place", words) not in german.catalogue} == set()
        assert (place("USA", german), place("TUR", german), place("DEU", german)) == ("die USA", "die Türkei", "Deutschland")

    def test_a_place_to_go_to_has_its_own_preposition(self, german):
        with_article = {code for code in (*NAMES, "EU") if place(code, german).split(" ")[0] in ("die", "den", "der", "das")}
        assert {code for code in with_article if towards(code, german).startswith("nach ")} == set()
        assert {
            origin(code, german) for code in with_article if origin(code, german).split(" ")[0] not in ("der", "den", "dem")
        } == set()
        assert [towards(code, german) for code in ("USA", "DEU", "PHL", "GBR")] == [
            "in die USA", "nach Deutschland", "auf die Philippinen", "nach Großbritannien",
        ]  # fmt: skip
        assert towards("USA", Language()) == "to the US"

    def test_tables_sources_and_licences_have_german_titles(self, german, tables):
        assert {name for name in tables if ("table", readable(name)) not in german.catalogue} == set()
        package = descriptor(bundled_folder())
        titles = {words for source in package.sources for words in (source.title, source.licence)}
        assert {words for words in titles if ("source", words) not in german.catalogue} == set()

    def test_kinds_of_objectives_limits_and_forecasts_have_german_names(self, german):
        specs = (*get_args(get_args(CovarianceSpec)[0]), *get_args(get_args(ReturnsSpec)[0]))
        kinds = {*constraint_kinds(), *objective_kinds(), *(spec.model_fields["kind"].default for spec in specs)}
        assert len(kinds) > 25
        assert {kind for kind in kinds if ("term", readable(kind)) not in german.catalogue} == set()

    def test_titles_of_reports_are_translated(self, german):
        titles = {tomllib.loads(file.read_text())["title"] for file in (ROOT / "reports").glob("*.toml")}
        assert titles
        assert {title for title in titles if ("title", title) not in german.catalogue} == set()

    def test_limits_that_holdings_bring_with_them_have_german_names(self, german):
        names = {prepare.OUTSIDE, prepare.NOT_SOLD_YET, prepare.OF_OTHER_ORIGIN, pieces.NAME}
        assert {name for name in names if ("strategy", name) not in german.catalogue} == set()

    def test_what_the_shipped_strategies_say_of_themselves_is_translated(self, german):
        said_of = {
            words for file in (ROOT / "strategies").glob("*.toml") for words in _words_of(tomllib.loads(file.read_text()))
        }
        assert len(said_of) > 80
        assert {words for words in said_of if ("strategy", words) not in german.catalogue} == set()


def _words_of(strategy: Mapping[str, Any]) -> Iterator[str]:
    about = {**strategy["about"]}
    yield from (row["needs"] for row in about.pop("refuted", ()) if "needs" in row)
    yield from (" ".join(words.split()) for words in about.values())
    named = (*strategy.get("constraint", ()), *strategy.get("scenario", ()), *strategy.get("view", ()))
    yield from (row["name"] for row in (*named, *strategy.get("costs", {}).get("sites", ())))


@pytest.fixture(scope="module")
def runs(records: dict[str, Record]) -> Mapping[str, Record]:
    """The records of the other tests, and strategies whose notes none of them has."""
    more = ("can-be-sold", "control-pressure-views", "least-drawdown", "wary-tail", "no-holding-decides")
    return {
        **{name: records[name] for name in ("normal", "moved", "tiny", "shocks", "origins")},
        **{name: proposal(name) for name in more},
    }


RUNS = (
    "normal", "moved", "tiny", "shocks", "origins",
    "can-be-sold", "control-pressure-views", "least-drawdown", "wary-tail", "no-holding-decides",
)  # fmt: skip


def _sentences(record: Record) -> tuple[str, ...]:
    scenarios = [
        words for row in record["scenarios"] for words in (row["method"], row["name"] if row["kind"] == "factor" else "")
    ]
    changes = [change["what"] for row in record["controls"] for change in row["next_changes"]]
    told = (
        *record["warnings"],
        *record["notes"],
        *record["scenario_notes"],
        record["risk"]["cvar_method"],
        *scenarios,
        *changes,
    )
    return tuple(dict.fromkeys(words for words in told if words))


class TestSentencesOfRuns:
    @pytest.mark.parametrize("name", RUNS)
    def test_every_sentence_remembers_how_it_was_made(self, runs, name):
        assert [words for words in _sentences(runs[name]) if words not in runs[name]["phrases"]] == []

    @pytest.mark.parametrize("name", RUNS)
    def test_no_english_word_is_left_in_german(self, runs, name, german):
        findings = partial_findings(runs[name], {}, german)
        told = {words: plain(findings.sentence(words)) for words in _sentences(runs[name])}
        assert len(told) > 8
        assert {words: words_in_german for words, words_in_german in told.items() if ENGLISH.search(words_in_german)} == {}

    @pytest.mark.parametrize("name", RUNS)
    def test_notes_of_controls_are_told_in_german(self, runs, name, german):
        findings = partial_findings(runs[name], {}, german)
        notes = {row["note"] for row in runs[name]["controls"] if row["note"]}
        assert {note for note in notes if ENGLISH.search(plain(findings.sentence(note)))} == set()

    def test_a_warning_in_german(self, runs, german):
        findings = partial_findings(runs["normal"], {}, german)
        told = [plain(findings.sentence(words)) for words in (*runs["normal"]["warnings"], *runs["normal"]["notes"])]
        assert any(words.startswith("Kontrollstand ungewiss, als kontrolliert gezählt: Wolframstange") for words in told)
        assert any(words.startswith("Kein Monatspreis für Rheniumpellets, Hafnium-Kristallstab, ") for words in told)


class TestRetelling:
    """How the values in a sentence are written."""

    @pytest.mark.parametrize(
        ("sentence", "english", "expected"),
        [
            (message("{low:+.1f} to {high:+.1f %}", low=-1.25, high=0.034), "−1.3 to +3.4%", "−1,3 bis +3,4\u202f%"),
            (message("{names}", names=["gallium", "antimony", "my alloy"]), "gallium, antimony and my alloy",
             "Gallium, Antimon und my alloy"),
            (message("{names:; }", names=["gallium", "tin"]), "gallium; tin", "Gallium; Zinn"),
            (message("{names: and }", names=["gallium", "tin", "lead"]), "gallium and tin and lead", "Gallium und Zinn und Blei"),
            (message("{n:d}", n=20261124), "20261124", "20261124"),
            (message("{x:.4g}", x=1006.123), "1006", "1006"),
            (message("{x:+.0%}", x=0.311), "+31%", "+31\u202f%"),
            (message("{place}", place="CHN"), "China", "China"),
            (message("{assets} from {countries}", assets=["ALB", "MAR"], countries=["ALB"]), "ALB and MAR from Albania",
             "ALB und MAR from Albanien"),
            (message("{n} from {d:%Y-%m-%d} ({m:%Y-%m}), +/- {x:.2f}", n=1234, d=date(2026, 7, 1), m=date(2026, 7, 1), x=-0.5),
             "1,234 from 1\u00a0Jul\u00a02026 (Jul\u00a02026),\u00a0±\u00a0−0.50",
             "1.234 from 01.07.2026 (Juli\u00a02026),\u00a0±\u00a0−0,50"),
            (message("{name!r} has no prices and is left out.", name="x"), "“x” has no prices and is left out.",
             "„x“ hat keine Preise und bleibt weg."),
            (message('Use covariance = {{kind = "factor"}}.'), 'Use covariance = {kind = "factor"}.',
             'Nehmen Sie covariance = {kind = "factor"}.'),
        ],
    )  # fmt: skip
    def test_values(self, german, sentence, english, expected):
        assert plain(Language().translate(sentence.to_json())) == english
        assert plain(german.translate(sentence.to_json())) == expected

    def test_a_number_that_was_not_finite_is_a_dash(self, german):
        record = {"said": "{x:.2f} / {y:g} / {z:+.1f %}", "with": {"x": None, "y": None, "z": None}}
        assert plain(german.translate(record)) == "– / – / –"

    def test_words_of_the_data_are_told_one_after_the_other(self, german):
        text = together(
            "Ammonium paratungstate.", "No. 18 of 2025 names seven rare earths; neodymium and praseodymium are not among them."
        )
        assert plain(german.translate(retellable(text))) == (
            "Ammoniumparawolframat. Nr.\u00a018/2025 nennt sieben Seltene Erden; Neodym und Praseodym sind nicht darunter."
        )
        assert plain(german.translate("Enriched uranium.")) == "Angereichertes Uran."

    def test_a_name_from_outside_stays_in_its_span(self, german):
        sentence = message("No unit given for {assets}: taken as a price per kg.", assets=["\u202edlog", "gold"])
        styles = {span.text: span.style for span in german.translate(sentence.to_json())}
        assert styles["\u202edlog"] == styles["Gold"] == "name"

    @pytest.mark.parametrize("spec", ["", ":, "])
    def test_of_a_thousand_names_a_sentence_tells_the_first_and_the_number_of_the_others(self, german, spec):
        sentence = message(f"{{assets{spec}}}", assets=[f"S{i:04d}" for i in range(1000)])
        told = plain(german.translate(sentence.to_json()))
        assert told.startswith("S0000, S0001, ")
        assert told.endswith("970 weitere")
        assert told.count("S0") == 30
        assert len(sentence.to_json()["with"]["assets"]) == 1000

    def test_a_list_that_is_one_too_long_is_told_whole(self, german):
        names = [f"S{i:04d}" for i in range(31)]
        assert german.series(names).endswith("S0029 und S0030")


BAD_STRATEGIES = {
    "unknown keys": {"univers": {}, "universe": {"asets": ["gallium"]}, "objective": {"kind": "min_risk", "mesure": "cvar"}},
    "no kinds": {"objective": {}, "constraint": [{"name": "a", "kind": "bound"}, {"name": "b"}, 3], "view": {}},
    "types": {
        "objective": {"kind": "max_utility", "risk_aversion": "much", "measure": "risk"},
        "constraint": [{"name": "a", "kind": "bounds", "upper": True, "assets": "gallium"}, {"name": "a", "kind": "bounds"}],
    },
    "bounds": {
        "objective": {"kind": "max_utility", "risk_aversion": -1, "confidence": 95},
        "constraint": [
            {"name": "a", "kind": "bounds", "lower": 0.5, "upper": 0.2},
            {"name": "b", "kind": "linear", "expression": "gallium < 0.2"},
            {"name": "c", "kind": "bounds", "upper": 40},
        ],
        "rebalance": {"every": "fortnight"},
    },
    "scenarios": {
        "objective": {"kind": "min_risk"},
        "forecast": {"lookback": "long", "scenarios": {"kind": "simulated", "count": 7}, "returns": {"kind": "own"}},
        "scenario": [{"name": "s"}, {"name": "t", "control": "x", "lifted": "y"}],
        "view": [{"name": "v", "scenario": "no", "probability": 2}, {"name": "v", "expression": "gallium"}],
        "costs": {"vat": {}, "currency": "XXX"},
    },
}


class TestErrors:
    """Everything that is wrong with a file of the user is said in German."""

    @pytest.mark.parametrize("name", BAD_STRATEGIES)
    def test_faults_of_a_strategy(self, name, german):
        data = {"about": {"title": "t", "idea": "i", "source": "s"}, **BAD_STRATEGIES[name]}
        with pytest.raises(SpecError) as refused:
            decode_strategy(data, name="bad", file="bad.toml")
        for fault in refused.value.details["faults"]:
            assert isinstance(fault["message"], Message), fault
        for said in (refused.value.message, refused.value.hint):
            written = "".join(span.text for span in german.translate(retellable(said)) if span.style != "name")
            assert not ENGLISH.search(re.sub(r"'[^']*'", "", written)), said


def test_alternatives_are_joined_by_or_in_each_language(german):
    said = message("Write {words:or}.", words=["a", "b", "c"])
    assert str(said) == "Write a, b or c."
    assert plain(german.translate(retellable(said))) == "Schreiben Sie a, b oder c."
