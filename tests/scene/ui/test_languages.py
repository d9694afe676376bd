"""The tables of languages are whole: every text of the panels is in each of them, with its placeholders."""

from __future__ import annotations

import re
import string

import blf
import pytest

from neural4d_blender.engine import errors, protocol
from neural4d_blender.engine.http import refusals
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.steps import failure_texts
from neural4d_blender.ui.drawing import languages
from tests.support import sentences, texts

LOCALES = ("zh_HANS", "ja_JP", "de_DE", "fr_FR", "es", "ko_KR")


def placeholders(text: str) -> list[tuple[str | None, str | None, str | None]]:
    return sorted((name or "", spec or "", how or "") for _, name, spec, how in string.Formatter().parse(text) if name)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_is_there_with_its_placeholders(locale: str) -> None:
    known = {text: word for (context, text), word in languages.table(locale).items() if context == languages.CONTEXT}
    wanted = texts.names() | texts.tooltips() | texts.sentences()
    assert sorted(wanted - known.keys()) == []
    told, own = sentences.templates(), {sentences.skeleton(text) for text in known.keys() - wanted}
    shown = {sentences.skeleton(text) for text in wanted}
    assert [f"{place}: {text}" for text, place in told.items() if sentences.skeleton(text) not in own | shown] == []
    assert sorted(own - {sentences.skeleton(text) for text in told} - sentences.PIECES) == []
    assert sorted(sentences.PIECES - own - shown) == []
    assert len(own) == len(known.keys() - wanted), "two that differ in the names of their placeholders alone"
    assert [text for text, word in known.items() if not word or placeholders(text) != placeholders(word)] == []


def test_there_is_a_table_for_each_language_and_none_for_english() -> None:
    assert {path.stem for path in languages.FOLDER.glob("*.json")} == set(LOCALES)
    assert languages.table("en_US") == {}


def test_no_word_is_slang_of_the_code() -> None:
    """The limit, the import, the history and "damaged" are what users read; Chunk Size is ModelsLab's own name."""
    shown = {text for _, text in languages.table("de_DE")} - {"Chunk Size"}
    files = re.compile(r"\S+\.sqlite3\S*")
    slang = re.compile(r"\b(arrivals?|journals?|chunks?|caps?)\b", re.IGNORECASE)
    assert [text for text in shown if slang.search(files.sub("", text))] == []


def test_texts_that_are_filled_in_are_found_again() -> None:
    german = lambda text: languages._sentence("de_DE", text)  # noqa: E731
    assert german("Costs nothing") == "Kostet nichts"
    assert german("CSM documents no price.") == "CSM nennt keinen Preis."
    assert german("CSM documents no price. Nobody knows this.") == "CSM nennt keinen Preis. Nobody knows this."
    assert german("Nobody knows this") == "Nobody knows this"
    assert languages.sentence("CSM documents no price.") == "CSM documents no price."


@pytest.mark.parametrize("locale", ["en_US", *LOCALES])
def test_names_at_the_left_of_a_field_fit_the_default_width(locale: str) -> None:
    """Of 292 pixels they have two fifths less the sidebar's tabs and margins; the names of numbers have all of it."""
    blf.size(0, 11)
    own = [option.label for service in protocol.declarations() for option in service.options if is_split(option)]
    for name in ("Variants", "Along", "Origin", "Size", "Suggested", "Format", "Pictures", *own):
        word = languages.table(locale).get((languages.CONTEXT, name), name)
        assert blf.dimensions(0, word)[0] <= 90, word


def is_split(option: protocol.Option) -> bool:
    return option.kind in ("choice", "text") and not option.replaces_image


@pytest.mark.parametrize("locale", LOCALES)
def test_each_sentence_is_found_again_filled_in(locale: str) -> None:
    """Also where another one is nearly the same, and where it stands between others."""
    for text in languages._templates(locale).whole:
        if text.endswith((".", "?")) and not re.search(r"\{\w+[:!]", text):
            names = re.findall(r"\{(\w+)\}", text)
            values = {name: f"X-{number}" for number, name in enumerate(names)}
            words = languages._templates(locale).whole[text].format(**values)
            assert languages._sentence(locale, text.format(**values)) == words
            around = languages._sentence(locale, f"Nobody knows this. {text.format(**values)} Nor that.")
            assert around.removeprefix("Nobody knows this. ").removesuffix("Nor that.").strip() == words


def failures() -> list[str]:
    """What a user is told of jobs that end in different ways, by the code that says it."""
    job, paid = (Job(name, "neural4d", Request("a bird"), 0.0) for name in "12")
    paid.costs.book("text", 60)
    refused = refusals.error_of("Neural4D", 402, "", busy_for=None, asks_to_wait=False)
    lost = errors.AnswerLost("The connection to Neural4D (https://a.b) broke before the answer was there.")
    failed = errors.GenerationFailed("The service could not make this model: no reason given")
    large = errors.ModelTooLarge("Preparing the model takes more memory than the background Blender may have.")
    kinds = (KeyError(), MemoryError(), RecursionError(), OSError(28, "ENOSPC", "/v1. Old/a.glb"))
    unforeseen = [failure_texts.unforeseen(error, "the job") for error in kinds]
    return [
        *(text for error in (refused, lost, failed, large, *unforeseen) for text in (error.what, error.remedy) if text),
        *(failure_texts.cost_in_words(which, failed) for which in (job, paid)),
        failure_texts.cost_of_lost(paid, 60),
        failure_texts.cost_of_refused(paid, refused, stands=True),
        failure_texts.kept_in_words(job),
        f"{lost.what} Trying again in 8 s (2 of 5).",
        "Left out: 1 camera, 3 parts of lines or points.",
    ]


@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_of_a_failure_stays_in_english(locale: str) -> None:
    for told in failures():
        words = languages._sentence(locale, told)
        assert [one for one in re.split(languages.PARTS, told) if " " in one and one in words] == []


def test_what_is_filled_in_is_in_the_language_too() -> None:
    german = lambda text: languages._sentence("de_DE", text)  # noqa: E731
    assert german("60 points were paid.") == "60 Punkte wurden bezahlt."
    assert german("Left out: 1 camera, 2 lights.") == "Weggelassen: 1 Kamera, 2 Lichter."
    assert (
        german("The archive v1. Final.zip holds a link: a. B.")
        == "Das Archiv v1. Final.zip enthält eine Verknüpfung: a. B."
    )
    assert german("The job. Nobody said.\nNothing was paid.") == "The job. Nobody said.\nNichts wurde bezahlt."
    japanese = "60 ポイントが支払われました。再試行は新しいジョブになり、再び支払われます。"
    assert languages._sentence("ja_JP", "60 points were paid. Retry is a new job and is paid again.") == japanese
