"""The tables of languages are whole: every text of the panels is in each of them, with its placeholders."""

from __future__ import annotations

import re
import string

import blf
import pytest

from neural4d_blender.engine import protocol
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
            values = {name: f"X{number}.glb" for number, name in enumerate(names)}
            words = languages._templates(locale).whole[text].format(**values)
            assert languages._sentence(locale, text.format(**values)) == words
            around = languages._sentence(locale, f"Nobody knows this. {text.format(**values)} Nor that.")
            assert around.removeprefix("Nobody knows this. ").removesuffix("Nor that.").strip() == words
