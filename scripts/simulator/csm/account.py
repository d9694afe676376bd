"""CSM's account of sessions: begins their stages, is paid for them, and puts what they make at the file host.

May import what the stand-in is built on, nothing of the client.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from .. import present
from ..files.model_maker import ModelSpec
from ..ledger import NotEnough
from ..refunds import Purchases
from ..settings import CSM_FORMATS
from ..state import Call, World
from ..timed_work import Timed
from .files import given, put_meshes
from .input import SPINS, Creation
from .sessions import PREVIEW, REFINE, SPIN, Session, Stage

PRICES = {SPIN: "csm.session", PREVIEW: "csm.preview", REFINE: "csm.refine"}
#: Results that the document's sample names for a preview; there is no preview_mesh_url_obj in it.
PREVIEW_FORMATS = ("glb", "fbx", "usdz", "zip")
PREVIEW_FACES = 3000
LOW_POLY_FACES = 2000
CENTRE = (0.0, 0.0, 0.0)

Triple = tuple[float, float, float]


class Book:
    """All sessions by their code."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._purchases = Purchases(world, "csm")
        self._sessions: dict[str, Session] = {}

    def clear(self) -> None:
        self._sessions.clear()
        self._purchases.clear()

    def newest_first(self) -> Iterator[Session]:
        """All sessions."""
        return reversed(self._sessions.values())

    def find(self, code: str) -> Session | None:
        return self._sessions.get(code)

    def settle(self) -> None:
        for session in self._sessions.values():
            session.fail_what_follows()
        self._purchases.settle(self._world.settings.refund_failed)

    def finish(self) -> None:
        for session in self._sessions.values():
            for stage in session.stages:
                stage.job.end()

    def listing(self) -> list[dict[str, Any]]:
        """One row a session, for the admin port."""
        return [
            {
                "service": "csm",
                "uuid": session.code,
                "prompt": session.creation.prompt,
                "state": session.current.job.state,
                "percent": session.current.job.percent,
                "stages": [stage.name for stage in session.stages],
                "spin": session.spin,
                **session.creation.options,
            }
            for session in self._sessions.values()
        ]

    # Stages

    def create(self, call: Call, creation: Creation, newer: bool, enterprise: bool) -> Session:
        """Begin a session with its spins (newer servers: with its mesh), or with all stages for auto_gen_3d.

        Raises:
            NotEnough: the balance is too low for all that is to be begun; nothing was.
        """
        settings = self._world.settings
        plan = (SPIN, PREVIEW, REFINE) if creation.options["auto_gen_3d"] and not newer else (SPIN,)
        if self._purchases.cost(*(PRICES[name] for name in plan)) > self._world.ledger.balance("csm"):
            raise NotEnough
        code = f"SESSION_{int(present.now())}_{present.below(10_000_000, 1_000_000)}"
        session = Session(code, creation, newer, enterprise)
        self._sessions[code] = session
        if creation.image is not None:
            session.image_key = f"{code}/input"
            self._world.files.put(session.image_key, partial(given, creation.image))
        if newer:
            # A mesh that nobody chose anything for; what is paid is the creation.
            self._begin(call, session, REFINE, price=PRICES[SPIN], pivot=CENTRE)
            return session
        first = self._begin(call, session, SPIN, seconds=settings.matting_seconds)
        start = first.job.started + settings.matting_seconds
        if len(plan) > 1:
            # A fault of this call is the first stage's; the others fail because it did.
            later = Call(call.endpoint, call.content_type)
            self._begin(later, session, PREVIEW, started=start)
            self._begin(later, session, REFINE, started=start + settings.job_seconds, pivot=CENTRE)
        return session

    def preview(self, call: Call, session: Session, spin: int) -> None:
        """Begin the preview mesh of one spin.

        Raises:
            NotEnough: nothing was begun.
        """
        session.spin, before = spin, session.spin
        try:
            self._begin(call, session, PREVIEW)
        except NotEnough:
            session.spin = before
            raise

    def refine(self, call: Call, session: Session, box: Triple | None, pivot: Triple) -> None:
        """Begin the refined mesh, of that size and with that origin.

        Raises:
            NotEnough: nothing was begun.
        """
        self._begin(call, session, REFINE, box=box, pivot=pivot)

    def _begin(
        self,
        call: Call,
        session: Session,
        name: str,
        *,
        price: str = "",
        seconds: float | None = None,
        started: float | None = None,
        box: Triple | None = None,
        pivot: Triple | None = None,
    ) -> Stage:
        job = Timed(seconds=self._world.settings.job_seconds if seconds is None else seconds)
        if started is not None:
            job.started = started
        self._purchases.buy(price or PRICES[name], session.code, job)
        stage = Stage(name, job)
        stage.fail_at_end(call)
        if name == SPIN:
            stage.results = self._spins(session)
        elif name == PREVIEW:
            spec = self._spec(session, pbr=False, triangles=None, face_limit=PREVIEW_FACES)
            stage.results = put_meshes(self._world, session.code, spec, PREVIEW_FORMATS)
        else:
            keep = self._world.settings.csm_bbox == "fit"
            spec = self._spec(session, box=box, keep_proportions=keep, pivot=pivot)
            stage.results = put_meshes(self._world, session.code, spec, CSM_FORMATS)
        session.stages.append(stage)
        return stage

    # What stages make

    def _spec(self, session: Session, spin: int | None = None, **more: Any) -> ModelSpec:
        """The model of a spin (the chosen one where none is named), as the session's options ask for it."""
        creation = session.creation
        limit = LOW_POLY_FACES if creation.options["resolution"] == "low_poly" else None
        common: dict[str, Any] = {
            "pbr": creation.textures == "pbr",
            "textured": creation.textures != "none",
            "texture_size": min(creation.options["texture_resolution"], self._world.settings.texture_size),
            "face_limit": limit,
            "prompt": creation.prompt,
            "image": creation.image,
        }
        return self._world.spec(session.spin if spin is None else spin, **{**common, **more})

    def _spins(self, session: Session) -> dict[str, str]:
        """The pictures to choose from."""
        keys = {str(index): f"{session.code}/spin_{index}.jpg" for index in range(SPINS)}
        for index, key in keys.items():
            spec = self._spec(session, int(index), face_limit=None)
            self._world.files.put(key, partial(self._world.models.preview, spec))
        return keys
