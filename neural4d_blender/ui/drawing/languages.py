"""Texts in the user's language: ``tr("Place {number}").format(number=1)``, by tables in this extension.

A table is read when its language is on, so that English costs nothing. May be loaded when Blender starts.
"""

import json
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import bpy
from bpy.app.handlers import persistent

#: Of names and labels: what Blender calls "Generate" or "Import" is another thing. Tooltips have none in Blender.
CONTEXT = "Neural4D"
FOLDER = Path(__file__).resolve().parents[1] / "languages"
#: Where a text of several sentences is taken apart; a name may have a dot and a space in it too.
PARTS = r"(?<=[.?!])\s+(?=[^a-z\s])|\n"
#: Sentences that a name may reach over.
_LONGEST = 4
_ONE_WORD, _NOTHING = r"[\w-]+", "(?!)"
#: What is filled in that is ours, such as "points": a name, a path or a message of others begins otherwise, or is kept.
_OURS = re.compile(r"[a-z\d]")


def tr(text: str) -> str:
    """The text in the language of Blender's interface; its {placeholders} are filled in afterwards."""
    return bpy.app.translations.pgettext_iface(text, CONTEXT)


def sentence(text: str) -> str:
    """A text that is filled in already, as the engine's and the services' are; several sentences one by one."""
    locale = bpy.app.translations.locale
    return _sentence(locale, text) if locale and _templates(locale).whole else text


def reason(text: str) -> str:
    """The same without its full stop, which Blender adds to tooltips."""
    return sentence(text).rstrip(".。")


@lru_cache(maxsize=1024)  # asked for each time that a panel is drawn
def _sentence(locale: str, text: str) -> str:
    if text in (known := _templates(locale).whole):
        return known[text]
    pieces, said, known_before = re.split(f"({PARTS})", text), "", True  # a sentence, a gap, a sentence, ...
    while pieces:
        for end in range(1, min(len(pieces), 2 * _LONGEST) + 1, 2):
            # What follows something unknown may be the rest of a name: it begins with words of ours, or one of a name.
            begins = ".+" if known_before else _ONE_WORD
            if end > 1:  # a name that reaches over, or an unknown sentence before a known one
                begins = _NOTHING if " " in pieces[0] else ".+"
            if words := _filled_in(locale, "".join(pieces[:end]), begins):
                break
        else:
            words, end = pieces[0], 1  # English rather than half of it
        known_before = words != pieces[0]
        gap = "".join(pieces[end : end + 1])
        said += words + ("" if words.endswith("。") and gap == " " else gap)
        pieces = pieces[end + 1 :]
    return said


def _filled_in(locale: str, text: str, begins: str = ".+", *, is_piece: bool = False) -> str:
    """The translation of one sentence; empty where there is none.

    Args:
        begins: what a name may be like that it begins with.
        is_piece: it is a part of a sentence.
    """
    known = _templates(locale)
    if text in known.whole:
        return known.whole[text]
    for one in known.with_names:
        if one.longest not in text or one.is_piece != is_piece or not (match := _pattern(one.text).fullmatch(text)):
            continue
        if not one.text.startswith("{") or re.fullmatch(begins, match[1]):
            return one.words.format(**{name: _value(locale, value) for name, value in match.groupdict().items()})
    return ""


def _value(locale: str, value: str) -> str:
    """What is filled in, in the language too where it is words of ours."""
    if not _OURS.match(value):
        return _sentence(locale, value) if value.endswith((".", "?", "!")) else value
    if words := _filled_in(locale, value, is_piece=True):
        return words
    return ", ".join(_filled_in(locale, part, is_piece=True) or part for part in value.split(", "))


class _Template(NamedTuple):
    longest: str  # of its words between {placeholders}: looked for first, since that takes no time
    text: str
    words: str
    is_piece: bool


class _Templates(NamedTuple):
    whole: dict[str, str]
    with_names: list[_Template]


@lru_cache(maxsize=2)
def _templates(locale: str) -> _Templates:
    """The texts of a language, and those that can be found again filled in, the most exact one first."""
    whole, found = {text: words for (_, text), words in table(locale).items()}, []
    for text, words in whole.items():
        parts = re.split(r"\{\w+\}", text)
        longest = max(parts, key=len)
        ends = text.endswith((".", "?", "!")) or (re.search(r": \{\w+\}$", text) and len(longest) > 7)
        if len(parts) > 1 and not re.search(r"\{\w+[:!]", text) and (ends or parts[-1]):
            found.append(_Template(longest, text, words, not ends))
    return _Templates(whole, sorted(found, key=lambda one: -len(re.sub(r"\{\w+\}", "", one.text))))


@cache
def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", text)
    return re.compile("".join(f"(?P<{part}>.+?)" if odd % 2 else re.escape(part) for odd, part in enumerate(parts)))


def in_context(kind: type) -> None:
    """Have Blender look up what it says of a class and its properties in our context; to be called before it learns
    of the class.
    """
    setattr(kind, "bl_translation_context", CONTEXT)  # noqa: B010
    for made in vars(kind).get("__annotations__", {}).values():
        if hasattr(made, "keywords"):
            made.keywords.setdefault("translation_context", CONTEXT)


def table(locale: str) -> dict[tuple[str, str], str]:
    """The texts of a language, as Blender takes them; empty where there are none."""
    path = FOLDER / f"{locale}.json"
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {(context, text): word for text, word in found.items() for context in (CONTEXT, "*")}


def _load() -> None:
    """Have the texts of the present language, and of no other."""
    bpy.app.translations.unregister(__name__)
    locale = bpy.app.translations.locale
    if texts := table(locale):
        bpy.app.translations.register(__name__, {locale: texts})


def _listen() -> None:
    key: Any = (bpy.types.PreferencesView, "language")
    bpy.msgbus.subscribe_rna(key=key, owner=CONTEXT, args=(), notify=_load)


@persistent
def _file_opened(_path: object) -> None:
    """Blender forgets who listens."""
    bpy.msgbus.clear_by_owner(CONTEXT)
    _listen()
    _load()


def register() -> None:
    """Speak the user's language from now on."""
    bpy.app.handlers.load_post.append(_file_opened)
    _listen()
    _load()


def unregister() -> None:
    """No more."""
    bpy.app.handlers.load_post.remove(_file_opened)
    bpy.msgbus.clear_by_owner(CONTEXT)
    bpy.app.translations.unregister(__name__)
