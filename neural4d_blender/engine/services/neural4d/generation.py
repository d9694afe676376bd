"""Which generation of documents a server follows, asked at no cost. Standard library only."""

from __future__ import annotations

from ...errors import (
    AnswerLost,
    KeyRejected,
    NotEnoughPoints,
    RequestRefused,
    ServiceDown,
    TransportError,
    UnexpectedAnswer,
)
from ...model.server_facts import GENERATION, Server
from . import responses as read
from .options_and_limits import MATTING, OLDER, TODAY, UNCLEAR
from .polls import Call


def ask(call: Call, server: Server) -> str:
    """A question that costs nothing: only servers of 1.2 know it. What is unclear shows with the first image."""
    found = TODAY if server.get(MATTING) == "none" else OLDER
    try:
        call("/api/getMattedResult", {"requestId": 0})
    except RequestRefused as error:
        if not error.by_api or (error.http in (404, 405) and "cannot post" in error.what.lower()):
            found = TODAY
        elif error.http == 403:
            found = UNCLEAR
    except (UnexpectedAnswer, ServiceDown, AnswerLost, KeyRejected, NotEnoughPoints):
        found = UNCLEAR  # what is wrong with the key or the account is said by a call that today's servers have
    server.note(GENERATION, found)
    return found


def is_older(call: Call, server: Server, error: RequestRefused) -> bool:
    """Whether a refused picture was refused because the server wants the key of a cut-out instead."""
    if read.wrong_fields(error.answer) - {"fileKey"} or error.http not in (400, 404, 415, 422):
        return False
    if "filekey" in error.what.lower():
        return True
    try:
        return ask(call, server) == OLDER
    except TransportError:
        return False
