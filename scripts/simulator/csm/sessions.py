"""CSM's sessions: the stages of each, and how the session is shown.

May import what the stand-in is built on, nothing of the client.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .. import present
from ..state import Call, World
from ..timed_work import Timed, shown_percent
from .input import Creation

#: Names of the stages in `status`, each with _processing, _completed or _failed behind it. The document shows
#: the first one's '_processing'; the rest follows it.
SPIN, PREVIEW, REFINE = "spin_generate", "preview_mesh", "refine_mesh"


@dataclass
class Stage:
    """One stage: `name` as in the statuses, `results`: keys at the file host by format, there once it is done."""

    name: str
    job: Timed
    results: dict[str, str] = field(default_factory=dict)
    #: Text of a failure that shows as `error`, while the status goes on saying '_processing'.
    error: str = ""

    def fail_by(self, call: Call) -> None:
        """Fail at once, as the fault of the call says."""
        self.fail_at_end(call)
        self.job.end()

    def fail_at_end(self, call: Call) -> None:
        """Fail when the time is over, as the call's 'generation_failed' says: error=text for one without a status."""
        if call.fault is not None and call.fault.name == "generation_failed":
            self.job.fails = True
            self.error = str(call.fault.params.get("error", ""))


@dataclass
class Session:
    """One image on its way to a mesh."""

    code: str
    creation: Creation
    newer: bool
    enterprise: bool
    image_key: str = ""
    spin: int = 0
    #: The stages so far, each later one begun when the ones before were done.
    stages: list[Stage] = field(default_factory=list)
    id: str = field(default_factory=lambda: present.uuid4().hex[:24])
    output_id: str = field(default_factory=lambda: str(present.uuid4()))
    created: datetime = field(default_factory=present.utc)

    @property
    def current(self) -> Stage:
        """The stage that runs or failed; the last one when all is done."""
        return next((stage for stage in self.stages if stage.job.state != "done"), self.stages[-1])

    def done(self, name: str) -> Stage | None:
        """The last stage of this name, if it is done: what was ordered anew hides what was there before."""
        found = [stage for stage in self.stages if stage.name == name]
        return found[-1] if found and found[-1].job.state == "done" else None

    def fail_what_follows(self) -> None:
        """Stages that were to follow a failed one fail with it."""
        failed = False
        for stage in self.stages:
            if failed:
                stage.job.fail()
            failed = failed or stage.job.state == "failed"


def shown(world: World, call: Call, session: Session) -> dict[str, Any]:
    """The session as `data` of an answer, with fresh URLs; its keys are the document's, in their order."""
    creation, current = session.creation, session.current
    preview, refined, spun = (session.done(name) for name in (PREVIEW, REFINE, SPIN))
    when = moment(session.created)

    def url(stage: Stage | None, kind: str) -> str:
        key = stage.results.get(kind) if stage is not None else None
        return world.result_url(call, key) if key else ""

    spins = [world.result_url(call, key) for key in spun.results.values()] if spun else []
    options = {name: value for name, value in creation.options.items() if name not in ("auto_gen_3d", "topology")}
    return {
        "_id": session.id,
        "user_id": "652d54ef642585b4048a3ecf",
        "session_code": session.code,
        "image_url": world.result_url(call, session.image_key) if session.image_key else creation.image_url,
        "input_image": "",
        "caption": "",
        "discord_user_id": "",
        "user_name": "",
        "email": "test@email.com",
        "preview_mesh_url": "",
        "mesh_url_usdz": url(refined, "usdz"),
        "mesh_url_glb": url(refined, "glb"),
        "reactions_count": 0,
        "emoji_reactions": {"heart": 0, "fire": 0, "exploding_head": 0, "meh": 0, "dislike": 0},
        "texture_resolution": options.pop("texture_resolution"),
        "mesh_url": "",
        "polished_mesh_url_usdz": "",
        "polished_mesh_url_glb": "",
        "polished_mesh_url": "",
        "mesh_url_obj": url(refined, "obj"),
        "mesh_url_zip": url(refined, "zip"),
        "preview_mesh_url_zip": url(preview, "zip"),
        "preview_mesh_url_glb": url(preview, "glb"),
        "preview_mesh_url_usdz": url(preview, "usdz"),
        "preview_mesh_url_fbx": url(preview, "fbx"),
        "mesh_url_fbx": url(refined, "fbx"),
        "mp4_url": "",
        "designer_mesh_url": "",
        "preview_mesh_url_3mf": "",
        "mesh_url_3mf": "",
        "session_gif": "",
        "user_image": "",
        **_progress(call, session, current),
        "price": 0,
        **_status(session, current),
        "topology": creation.options["topology"],
        "resolution": options.pop("resolution"),
        "source": "web",
        "demo": False,
        "user_demo": False,
        "private": True,
        "debug": False,
        "random_poses": True,
        "inference": [],
        "output_id": session.output_id,
        "animated_walk_url": "",
        "animated_run_url": "",
        "animated_jump_url": "",
        "auto_gen_3d": creation.options["auto_gen_3d"],
        "server_type": "fast",
        "model_version": "2.0",
        "selected_spin": spins[session.spin] if spins and len(session.stages) > 1 else "",
        "is_deleted": False,
        "tier_at_creation": "enterprise" if session.enterprise else "basic",
        "reaction_by_admin": "",
        "manual_segmentation": False,
        "preview_mesh": options.pop("preview_mesh"),
        "pixel_alignment": options.pop("pixel_alignment"),
        "model_resolution": options.pop("model_resolution"),
        "product_version": "1.0.0",
        **options,
        "selected_spin_index": session.spin,
        "spins": spins,
        "created_at": when,
        "updated_at": when,
    }


def _progress(call: Call, session: Session, current: Stage) -> dict[str, Any]:
    return {"percent_done" if session.newer else "percentage": shown_percent(call, current.job)}


def _status(session: Session, current: Stage) -> dict[str, str]:
    state = current.job.state
    if session.newer:
        if state == "failed" and current.error:
            state = "generating"
        return {"session_status": {"generating": "incomplete", "done": "complete", "failed": "failed"}[state]}
    if state == "failed" and not current.error:
        return {"status": f"{current.name}_failed"}
    return {"status": f"{current.name}_{'completed' if state == 'done' else 'processing'}"}


def moment(when: datetime) -> str:
    """As in the document: 2024-02-21T09:48:31.604Z."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"
