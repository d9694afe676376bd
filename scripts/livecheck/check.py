"""The whole check, from the key to the folder.

May import neural4d_blender.engine, scripts.simulator and this package.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from neural4d_blender.engine.errors import KeyRejected, Neural4DError, ServiceUnreachable
from neural4d_blender.engine.model.declaration import Feature
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.services import PROVIDERS
from scripts.simulator.launcher import Simulator, SimulatorError
from scripts.toolbox.console import ToolError, say

from . import compare, free_checks, summary
from .files import draw_picture
from .findings import Findings
from .paid_checks import Jobs
from .repeat import Asking
from .session import PROMPT, Session, Timing
from .spending import Budget

#: The stand-in's points are nobody's.
_PLENTY = 10**6
_STAND_IN_TIMING = Timing(poll=0.1, patience=60.0, booking=0.0, minute=1.0)


@dataclass
class Order:
    """What is to be checked.

    Args:
        most: points that may be spent. any_price: so may what nobody documents.
        out: folder for what is found.
        picture_url: a picture on the web, for a service that takes no files.
        stand_in: starts the stand-in of a generation; None leaves that comparison out, for this ``reason``.
    """

    service: str
    url: str
    key: str = field(repr=False)
    most: int
    out: Path
    any_price: bool = False
    picture_url: str = ""
    stand_in: Callable[[str], AbstractContextManager[Simulator]] | None = None
    reason: str = ""
    timing: Timing = field(default_factory=Timing)


def check(order: Order) -> Findings:
    """Ask the service, and write exchanges.jsonl, summary.md and summary.json.

    Raises:
        ToolError: nothing could be found out; the text says why.
    """
    order.out.mkdir(parents=True, exist_ok=True)
    try:
        session = Session(order.service, order.url, order.key, order.timing)
    except Neural4DError as error:
        raise ToolError(f"{error.what} {error.remedy}") from None
    found = _findings(order.service, order.url)
    asking = Asking(session)
    try:
        _ask(asking, found, Budget(order.most, order.any_price), order.out, order.picture_url)
        compared = _compare(order, session, found)
    except (KeyRejected, ServiceUnreachable) as error:
        raise ToolError(f"{session.masked(error.what)} Nothing more was asked.") from None
    finally:
        session.write(order.out / "exchanges.jsonl", found.generation)
    found.facts = session.facts
    found.waited, found.refusals = asking.waited, asking.refusals
    summary.money_differs(found)
    _mask(found, session)
    words = summary.text(found, compared)
    (order.out / "summary.md").write_text(words, encoding="utf-8")
    (order.out / "summary.json").write_text(json.dumps(found.to_dict(), indent=1, ensure_ascii=False), encoding="utf-8")
    return found


def _findings(service: str, url: str) -> Findings:
    declared = PROVIDERS[service].declaration
    return Findings(service, declared.name, url, declared.unit)


def _ask(asking: Asking, found: Findings, budget: Budget, folder: Path, picture_url: str) -> None:
    """All steps, the free ones first."""
    free_checks.ask(asking, found)
    if budget.most <= 0:
        found.left_out.append("Everything that costs points: --max-points is 0.")
        return
    jobs = Jobs(asking, found, budget, folder)
    provider = asking.session.provider
    facts = asking.session.server.facts
    if why := provider.lacks(Feature.TEXT, facts):
        found.left_out.append(f"text: {why}")
    else:
        jobs.make("text", Request(prompt=PROMPT))
    if picture_url and not provider.lacks(Feature.IMAGE_URL, facts):
        jobs.make("image", Request(images=[picture_url]))
    elif not provider.lacks(Feature.IMAGE, facts):
        jobs.make("image", Request(images=[str(draw_picture(folder / "picture.png"))]))
    else:
        found.left_out.append(f"image: {provider.lacks(Feature.IMAGE, facts)} Give one with --picture-url.")
    found.balance_after = free_checks.balance(asking)
    free_checks.settle_generation(asking, found)


def _compare(order: Order, session: Session, found: Findings) -> str:
    """Note what differs; returns against what the answers were held, in a sentence."""
    for sentence in compare.against_documents(session, found.generation):
        found.differs(sentence)
    if order.stand_in is None:
        return f"The answers were held against the documents alone: {order.reason or 'there is no stand-in.'}"
    say("[live check] the same steps on the stand-in")
    try:
        with order.stand_in(found.generation) as simulator:
            other = Session(order.service, simulator.api_url, simulator.keys[order.service], _STAND_IN_TIMING)
            there = _findings(order.service, simulator.api_url)
            folder = order.out / "stand-in"
            folder.mkdir(exist_ok=True)
            budget = Budget(_PLENTY if order.most > 0 else 0, unknown=True)
            _ask(Asking(other), there, budget, folder, order.picture_url)
    except (SimulatorError, Neural4DError) as error:
        return f"The answers were held against the documents alone: the stand-in did not work ({error})."
    other.write(folder / "exchanges.jsonl", found.generation)
    for sentence in compare.against_stand_in(session, other):
        found.differs(sentence)
    return "The answers were held against the documents and against the stand-in of this generation."


def _mask(found: Findings, session: Session) -> None:
    """Nothing of it may say more than the recording does."""
    found.url = session.masked(found.url)
    for lines in (found.free, found.differences, found.left_out):
        lines[:] = [session.masked(line) for line in lines]
    found.jobs = {step: session.masked(line) for step, line in found.jobs.items()}
    found.facts = {name: session.masked(value) for name, value in found.facts.items()}
