"""What a search of the history asks: a full-text index (SQLite's FTS5) of each job's words, service and state.

Standard library only. The end of a word from each of its letters on counts as a term ("bird", "ird", "rd", "d"),
so any part of a word, in any language, is the beginning of a term; and FTS5 knows the terms of each beginning,
even those of a single letter that ten thousand jobs have, without looking at a job.
"""

from __future__ import annotations

import re
import sqlite3
import string
from collections.abc import Iterator, Sequence

from ..model.job import Job
from ..model.request import Request

#: Letters of a term. A prompt in a language without spaces is one long word: longer terms would make it a large one.
_LONGEST = 6
#: Beginnings of so many letters have a list of their own, as terms have: whatever is asked for, one list answers it.
_BEGINNINGS = "1 2 3 4 5"
#: The tokenizer divides at spaces and control characters alone: all else is a part of a word.
_SIGNS = string.punctuation.replace("'", "''").replace('"', '""')
#: A row for each job that is not deleted; its rowid is the number of the job.
TABLE = f"""
CREATE VIRTUAL TABLE texts USING fts5 (words, provider, state, detail = column, columnsize = 0,
    prefix = '{_BEGINNINGS}', tokenize = "ascii tokenchars '{_SIGNS}'")"""


def add(db: sqlite3.Connection, number: int, job: Job) -> None:
    """Have the job found by the words of its name, prompt, group, project and agent."""
    request = Request.from_dict(job.request)
    words = _words(f"{request.title} {request.prompt} {request.group} {job.project} {job.agent}")
    ends = dict.fromkeys(word[at : at + _LONGEST] for word in words for at in range(len(word)))
    row = (number, " ".join(ends), job.provider, job.state)
    db.execute("INSERT INTO texts (rowid, words, provider, state) VALUES (?, ?, ?, ?)", row)


def set_state(db: sqlite3.Connection, number: int, job: Job) -> None:
    """The job is in another state than it was."""
    db.execute("UPDATE texts SET state = ? WHERE rowid = ?", (job.state, number))


def remove(db: sqlite3.Connection, number: int) -> None:
    """The job is deleted."""
    db.execute("DELETE FROM texts WHERE rowid = ?", (number,))


def expression(text: str, provider: str, states: Sequence[str]) -> str:
    """What the jobs that fit are to match (``texts MATCH``); empty where everything fits.

    Args:
        text: words that all have to be there, in any order and case, as parts of words too.
        provider: id of the service. states: one of these. Empty: any.
    """
    asked = [f"words : {piece}" for word in _words(text) for piece in _pieces(word)]
    if provider:
        asked.append(f"provider : {_name(provider)}")
    if states:
        asked.append(f"state : ({' OR '.join(_name(state) for state in states)})")
    return " AND ".join(asked)


def _words(text: str) -> list[str]:
    """The words of a text, in the form in which upper and lower case are the same."""
    characters = text.encode(errors="surrogatepass").decode(errors="replace")  # SQLite takes no half of a pair
    return re.sub(r"[\0-\x1f\x7f]", " ", characters).casefold().split()


def _pieces(word: str) -> Iterator[str]:
    """A beginning of terms; or where the word is as long as a term, terms that cover it, and each other by half."""
    if len(word) < _LONGEST:
        yield f"{_quoted(word)} *"
        return
    for at in range(0, len(word) - _LONGEST, _LONGEST // 2):
        yield _quoted(word[at : at + _LONGEST])
    yield _quoted(word[-_LONGEST:])


def _quoted(term: str) -> str:
    """As a term of FTS5's language, whatever signs it has."""
    return '"{}"'.format(term.replace('"', '""'))


def _name(text: str) -> str:
    """The same for what is a single term, and fits nothing where it is none."""
    return _quoted("/".join(_words(text)))
