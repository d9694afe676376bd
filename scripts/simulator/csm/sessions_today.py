"""CSM's v3 sessions: what each is asked to make, and how it is shown.

May import what the stand-in is built on, nothing of the client.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .. import present
from ..refunds import Purchase
from ..state import Call, World
from ..timed_work import Timed, shown_percent
from .input_today import Wanted
from .sessions import moment

FAILED = "The generation failed."


@dataclass
class Session:
    """One order on its way to its results.

    pictures: keys at the file host of the pictures that came as data URIs, by their place among all;
    results: keys by format; parts: the same for each part of a kit, by the part's name; image: the key of
    a picture that was made.
    """

    wanted: Wanted
    job: Timed
    id: str = field(default_factory=lambda: present.uuid4().hex[:24])
    pictures: dict[int, str] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    parts: dict[str, dict[str, str]] = field(default_factory=dict)
    image: str = ""
    message: str = FAILED
    cancelled: bool = False
    purchase: Purchase | None = None
    created: datetime = field(default_factory=present.utc)

    @property
    def status(self) -> str:
        if self.cancelled:
            return "cancelled"
        return {"generating": "incomplete", "done": "complete", "failed": "failed"}[self.job.state]

    def fail_message(self, call: Call) -> None:
        """What the call's 'generation_failed' wants said."""
        if call.fault is not None:
            self.message = str(call.fault.params.get("error", FAILED))


def shown(world: World, call: Call, session: Session) -> dict[str, Any]:
    """The session as an answer has it, with fresh URLs."""
    status = session.status
    found: dict[str, Any] = {
        "_id": session.id,
        "type": session.wanted.type,
        "status": status,
        "percent_done": 0 if session.cancelled else shown_percent(call, session.job),
        "created_at": moment(session.created),
        "updated_at": moment(session.created),
        "input": _input(world, call, session),
        "output": _output(world, call, session) if status == "complete" else {},
    }
    if status == "failed":
        found["status_message"] = session.message
    if status == "complete" and world.settings.csm_price_told and session.purchase is not None:
        found["credits_used"] = session.purchase.points
    return found


def _input(world: World, call: Call, session: Session) -> dict[str, Any]:
    """As it came; a picture that came in the request itself is shown by where it is now."""
    found = dict(session.wanted.input)
    if world.settings.csm_input_shown == "data":
        return found
    urls = [
        world.result_url(call, session.pictures[index]) if index in session.pictures else url
        for index, (_, url, _) in enumerate(session.wanted.pictures)
    ]
    if urls:
        name = session.wanted.pictures[0][0]
        found[name] = urls if session.wanted.type == "multiview_to_3d" else urls[0]
    return found


def _output(world: World, call: Call, session: Session) -> dict[str, Any]:
    if session.image:
        return {"image_url": world.result_url(call, session.image)}
    if session.parts:
        return {
            "parts": [
                {"id": f"{session.id}-{index}", "name": name, **_flat(_urls(world, call, files))}
                for index, (name, files) in enumerate(session.parts.items())
            ]
        }
    urls, places = _urls(world, call, session.results), world.settings.csm_output
    found: dict[str, Any] = {}
    if places in ("meshes", "both"):
        found["meshes"] = [{"data": {f"{kind}_url": url for kind, url in urls.items() if kind != "zip"}}]
    if places in ("flat", "both"):
        found |= _flat(urls)
    return found


def _urls(world: World, call: Call, files: dict[str, str]) -> dict[str, str]:
    return {kind: world.result_url(call, key) for kind, key in files.items()}


def _flat(urls: dict[str, str]) -> dict[str, str]:
    return {f"mesh_url_{kind}": url for kind, url in urls.items()}
