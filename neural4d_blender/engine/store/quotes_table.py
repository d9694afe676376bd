"""Prices that agents were told before they pay: each is good for one request, once. Standard library only."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from ..errors import QuoteExpired, QuoteMissing

TABLES = """
CREATE TABLE quotes (id TEXT PRIMARY KEY, agent TEXT NOT NULL, identity TEXT NOT NULL, points INTEGER NOT NULL,
    made REAL NOT NULL, until REAL NOT NULL, used_by TEXT NOT NULL DEFAULT '');
"""
#: Seconds after which a quote that was never used is forgotten.
_FORGOTTEN = 86_400.0


@dataclass(frozen=True)
class Quoted:
    """A row of the table.

    Args:
        id: its uuid. agent: whom it was given to. identity: what it was given for, see process/redeem_quotes.py.
        points: that are paid at most. made, until: from when to when it is valid (seconds since the epoch).
    """

    id: str
    agent: str
    identity: str
    points: int
    made: float
    until: float


def note(db: sqlite3.Connection, quoted: Quoted) -> None:
    """Write it, and forget those that nobody has used."""
    db.execute("DELETE FROM quotes WHERE used_by = '' AND until < ?", (quoted.made - _FORGOTTEN,))
    row = (quoted.id, quoted.agent, quoted.identity, quoted.points, quoted.made, quoted.until)
    db.execute("INSERT INTO quotes (id, agent, identity, points, made, until) VALUES (?, ?, ?, ?, ?, ?)", row)


def use(db: sqlite3.Connection, id: str, agent: str, identity: str, points: int, now: float, used_by: str) -> None:
    """Use it up for a job, or for a batch.

    Args:
        points: what it is going to cost by the prices of now. used_by: id of the job, or of the batch.

    Raises:
        QuoteMissing: there is none that this agent got for exactly this, or it was used before. QuoteExpired: it is
            older than ten minutes, or the price is higher by now.
    """
    row = db.execute("SELECT agent, identity, points, made, until, used_by FROM quotes WHERE id = ?", (id,)).fetchone()
    if row is None or row[:2] != (agent, identity):
        raise QuoteMissing("An agent's job needs a quote for exactly this request, and there is none.")
    if row[5]:
        raise QuoteMissing("This quote was used before; each is good for one payment.")
    if not row[3] <= now <= row[4]:
        raise QuoteExpired("This quote is not valid any more.")
    if points > row[2]:
        raise QuoteExpired(f"By now this costs up to {points} points; the quote says {row[2]}.")
    db.execute("UPDATE quotes SET used_by = ? WHERE id = ?", (used_by, id))
