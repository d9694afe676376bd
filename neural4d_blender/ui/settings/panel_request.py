"""What the panel's settings amount to before anything is sent: the request, for its price, and why it cannot be made.

Nothing here looks at a file: pictures count by their number.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from ...client.policy_in_force import policy_of
from ...engine import protocol
from ...engine.protocol import Neural4DError, Request
from ...scene.shared_engine import bridge
from ..drawing.languages import sentence, tr
from .properties import NEURAL4D_PG_settings, arguments

#: An option's name in Python that cannot be taken for a word of a sentence.
_KEY = re.compile(r"\b[a-z]+(?:_[a-z0-9_]+|[A-Z]\w+)\b")


def request(chosen: NEURAL4D_PG_settings, *, of_image: bool) -> Request:
    """The request, with a mark in place of each picture."""
    given = arguments(chosen, of_image=of_image)
    references = ["?"] * len(given.get("references", ()))
    return Request.from_dict({**given, "images": ["?"] if of_image else [], "references": references})


def refusal(chosen: NEURAL4D_PG_settings, *, of_image: bool) -> str:
    """Why the options cannot be had together, or the policy forbids them, in words; empty where they can."""
    wanted = request(chosen, of_image=of_image)
    options = tuple(wanted.options.items())
    others = (wanted.variants, wanted.choose_cutout, wanted.picture_first)
    told = sentence(_refusal(chosen.provider, options, of_image, others) or forbidden(chosen, of_image=of_image))
    return _KEY.sub(lambda word: tr(_labels(chosen.provider).get(word[0], word[0])), told) if told else ""


@lru_cache(maxsize=64)  # asked for each time that the panel is drawn
def _refusal(
    provider: str, options: tuple[tuple[str, Any], ...], of_image: bool, others: tuple[int, bool, bool]
) -> str:
    variants, choose, first = others
    wanted = Request(
        prompt="" if of_image else "?",
        images=["?"] if of_image else [],
        options=dict(options),
        variants=variants,
        choose_cutout=choose,
        picture_first=first,
    )
    try:
        protocol.check_options(provider, wanted)
    except Neural4DError as error:
        return error.what
    return ""


def forbidden(chosen: NEURAL4D_PG_settings, *, of_image: bool) -> str:
    """Why the policy does not allow it, with the studio's sentence; empty where it does."""
    try:
        policy_of(bridge.settings).apply(chosen.provider, request(chosen, of_image=of_image))
    except Neural4DError as error:
        return f"{error.what} {error.remedy}"
    return ""


def _labels(provider: str) -> dict[str, str]:
    return {option.key: option.label for option in protocol.declaration(provider).options}
