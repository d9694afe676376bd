"""Takes out of a request and its answer what is nobody else's business, so that it can be shown to others.

Standard library only; no I/O. What is left shows how a service was spoken to: fields, numbers, statuses, sentences.
"""

from __future__ import annotations

import functools
import json
import re
import urllib.parse
from collections.abc import Iterable
from typing import Any

from .exchange import Exchange

BLANK = "***"
#: Characters of a text, items of a list and levels of nesting that are kept.
_LONGEST, _MOST_ITEMS, _DEEPEST = 300, 50, 12
_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
#: A uuid, or a run of letters and digits that is too long, and too mixed, for a word.
_TOKEN = re.compile(rf"{_UUID}|(?<![\w-])(?=[\w-]*\d)[A-Za-z0-9_-]{{20,}}(?![\w-])")
_ADDRESS = re.compile(r"(?i)\b(https?|wss?|ftp|file)://[^\s\"'<>\\]+")
_DATA = re.compile(r"(?i)data:([a-z]+/[\w.+-]+)?[^,\s]{0,100},\S*")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
#: An absolute path, of Windows or of any other system.
_PATH = re.compile(r"(?i)(?<![\w/:.])(?:/(?:home|users|root|tmp|var|mnt|media|opt|private)/|[a-z]:[\\/])[^\s\"'<>|]*")
#: Names of fields, in small letters, whose text is the user's own, or names a file.
_OWN = re.compile(r"(text_?)?(negative_?)?prompts?|title|value|name|file_?name|original_?name|files?|description")
_ID_NAMES = re.compile(r"(?:.*_)?(?:uu)?ids?|.*[a-z](?:Id|Ids|Uuid|Uuids|UUID)|file_?[kK]eys?|session_code")
#: A part of a word such as image-to-3d-sessions: what is longer, and has figures in it, belongs to an id.
_PART = re.compile(r"[A-Za-z]{0,24}|\d{1,3}|\d{0,2}[A-Za-z]{1,2}|[A-Za-z]{1,2}\d{1,2}")

_KIND = re.compile(r"[A-Za-z]{2,20}_(?=\w)")


def spellings(secret: str) -> tuple[str, ...]:
    """A text as it is, and as it may stand in JSON and in an address; longest first."""
    quoted = {urllib.parse.quote(secret, safe=safe) for safe in ("", "/")} | {urllib.parse.quote_plus(secret)}
    small = {re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), one) for one in quoted}
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    escaped |= {one.replace("/", "\\/") for one in escaped}
    return tuple(sorted({secret, *quoted, *small, *escaped} - {""}, key=lambda one: (-len(one), one)))


@functools.lru_cache(16)
def pattern(secret: str) -> str:
    """A regular expression for every spelling that JSON and addresses have for it, one in the other too.

    Case does not count: it is to be compiled so.
    """

    def spelled(letter: str) -> str:
        units = letter.encode("utf-16-be")
        escaped = "".join(rf"\\+u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
        quoted = "".join(f"%(?:25)*{byte:02x}" for byte in letter.encode())
        named = f"&#(?:x0*{ord(letter):x}|0*{ord(letter)});"
        return rf"(?:\\*{re.escape(letter)}|{escaped}|{quoted}|{named}{r'|[+]' if letter == ' ' else ''})"

    return "".join(spelled(letter) for letter in secret)


def without(value: Any, secret: str) -> Any:
    """The value with every spelling of the secret blanked, in names as in texts."""
    return _blanked(value, re.compile(pattern(secret), re.IGNORECASE)) if secret else value


def _blanked(value: Any, secret: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return secret.sub(BLANK, value)
    if isinstance(value, dict):
        return {_blanked(name, secret): _blanked(part, secret) for name, part in value.items()}
    return [_blanked(part, secret) for part in value] if isinstance(value, list | tuple) else value


class Masker:
    """Masks what belongs to one recording: the same id gets the same stand-in throughout.

    Args:
        own: texts of the user's that may come back in any field (the prompt, names of files).
        first: number of the first stand-in.
    """

    def __init__(self, own: Iterable[str] = (), first: int = 1) -> None:
        self._next = first
        self._ids: dict[str, str] = {}
        self._own: dict[str, str] = {}
        for text in own:
            self._note_own(text)

    def exchange(self, exchange: Exchange) -> dict[str, Any]:
        """The form in which an exchange is recorded: what is JSON stays JSON."""
        host = urllib.parse.urlsplit(exchange.url).netloc
        fields = self._value(dict(exchange.fields), host)
        return {
            "at": round(exchange.at, 3),
            "method": exchange.method,
            "host": host.rpartition("@")[2],
            "path": self._path(exchange.path),
            "paid": exchange.paid,
            "form": exchange.form,
            "fields": fields,
            "files": [dict(file) for file in exchange.files],
            "status": exchange.status,
            "seconds": round(exchange.seconds, 3),
            "answer": self._value(exchange.answer, host),
            "error": exchange.error,
        }

    def value(self, value: Any) -> Any:
        """Anything that JSON can hold, masked."""
        return self._value(value, "")

    def _value(self, value: Any, host: str, name: str = "", depth: int = 0) -> Any:
        if depth > _DEEPEST:
            return "<nested too deeply>"
        if isinstance(value, dict):
            items = list(value.items())[:_MOST_ITEMS]
            return {self._name(str(key)): self._value(part, host, str(key), depth + 1) for key, part in items}
        if isinstance(value, list | tuple):
            kept = [self._value(part, host, name, depth + 1) for part in value[:_MOST_ITEMS]]
            return kept if len(value) <= _MOST_ITEMS else [*kept, f"<{len(value) - _MOST_ITEMS} more>"]
        if isinstance(value, str):
            return self._field(value, host, name)
        if isinstance(value, int) and not isinstance(value, bool) and _is_id(name) and abs(value) > 9:
            return f"{self._stand_in(str(value))} (a number)"
        return value if value is None or isinstance(value, bool | int | float) else f"<{type(value).__name__}>"

    def _name(self, name: str) -> str:
        return self._text(name, "")

    def _field(self, text: str, host: str, name: str) -> str:
        if text.strip() and _OWN.fullmatch(name.lower()) and not _ADDRESS.match(text) and not _DATA.match(text):
            if not self._ids.get(text):
                self._note_own(text)
            return f"<text of {len(text)} characters>"
        if _is_id(name) and text.strip() and len(text) > 1 and not _ADDRESS.match(text) and not _DATA.match(text):
            return self._stand_in(text)
        return self._text(text, host)

    def _text(self, text: str, host: str) -> str:
        length = len(text)
        if found := _DATA.match(text):
            return f"<data URI, {found[1] or 'text'}, {length} characters>"
        text = text[: 4 * _LONGEST]  # what would be cut anyway need not be searched
        for own, shown in self._own.items():
            text = text.replace(own, shown)
        text = _DATA.sub("<data URI>", text)
        parts, end = [], 0
        for found in _ADDRESS.finditer(text):
            parts += [self._words(text[end : found.start()]), self._address(found[0], host)]
            end = found.end()
        text = "".join([*parts, self._words(text[end:])])
        return text if len(text) <= _LONGEST and length <= 4 * _LONGEST else f"{text[:_LONGEST]}… <{length} characters>"

    def _words(self, text: str) -> str:
        for id, shown in self._ids.items():
            if len(id) >= 6 and id in text:
                text = text.replace(id, shown)
        text = _MAIL.sub("<e-mail>", _PATH.sub("<path>", text))
        return _TOKEN.sub(lambda found: found[0] if _is_word(found[0]) else self._stand_in(found[0]), text)

    def _address(self, url: str, host: str) -> str:
        """The host stays; what is at another host than the service itself, or is a file, becomes a stand-in."""
        try:
            parts = urllib.parse.urlsplit(url)
        except ValueError:
            return "<address>"
        signed = "?signed" if parts.query else ""
        place = parts.netloc.rpartition("@")[2]
        last = parts.path.rpartition("/")[2]
        if place == host and "." not in last and parts.path:
            return f"{parts.scheme}://{place}{self._path(parts.path)}{signed}"
        if parts.path in ("", "/"):
            return f"{parts.scheme}://{place}{parts.path}{signed}"
        suffix = re.search(r"\.[A-Za-z0-9]{1,5}$", last)
        return f"{parts.scheme}://{place}/{self._stand_in(parts.path)}{suffix[0] if suffix else ''}{signed}"

    def _path(self, path: str) -> str:
        """What is asked for, with the ids in it as stand-ins."""
        path, mark, query = path.partition("?")
        masked = "/".join(self._segment(urllib.parse.unquote(part)) for part in path.split("/"))
        names = [one.partition("=") for one in query.split("&")] if mark else []
        kept = [f"{name}={value if value.isdigit() and len(value) < 4 else BLANK}" for name, _, value in names]
        return masked + (f"?{'&'.join(kept)}" if kept else "")

    def _segment(self, part: str) -> str:
        if part in self._ids:
            return self._ids[part]
        return part if _is_word(part) else self._stand_in(part)

    def _stand_in(self, id: str) -> str:
        if id not in self._ids:
            kind = _KIND.match(id)  # ids of one service may be of several kinds, told by how they begin
            self._ids[id] = f"{kind[0] if kind else ''}id-{self._next}"
            self._next += 1
        return self._ids[id]

    def _note_own(self, text: str) -> None:
        """Short texts are left: they would be found in the middle of words."""
        if len(text.strip()) >= 4 and len(self._own) < 200:
            shown = f"<text of {len(text)} characters>"
            self._own |= dict.fromkeys(spellings(text.strip()), shown)
            self._own = dict(sorted(self._own.items(), key=lambda item: -len(item[0])))


def _is_word(text: str) -> bool:
    return len(text) <= 60 and all(_PART.fullmatch(part) for part in re.split("[-_]", text))


def _is_id(name: str) -> bool:
    return bool(_ID_NAMES.fullmatch(name))
