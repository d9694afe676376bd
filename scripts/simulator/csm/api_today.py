"""Today's CSM: v3 sessions of every type, their list, and the account's credits.

May import what the stand-in is built on, nothing of the client. Where the documents are silent: errors have
the envelope of the older sessions, and `status_message` says why a session failed; a cancelled session stays
in the list, makes nothing and is not paid back; deleting one that has ended takes it away; a URL is not
fetched (its name decides the shape), but retopology of a result of this file host makes that very model with
fewer faces; a kit has its files in `parts` alone, where its document has them; a list has every session, whatever
its type and state, in the order of the setting csm_list_order, with or without what it made (csm_list_output).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from ..files.model_maker import ModelSpec
from ..http import request_checks
from ..http.request_checks import Refusal
from ..models.kit import called
from ..refunds import Purchases
from ..settings import CSM_FORMATS
from ..state import Answer, Call, Handler, World
from ..timed_work import Timed
from .files import given, put_meshes
from .input_today import Wanted, filters_of, on_page, page_of, wanted
from .sessions_today import Session, shown

ROOT = "/v3/sessions/"
V3_CREATE, V3_LIST, V3_SESSION, CANCEL = "csm/v3/create", "csm/v3/list", "csm/v3/session", "csm/v3/cancel"
CREDITS = "csm/credits"
#: Faces of a retopologised mesh where nothing is said.
LOW_POLY_FACES = 1000


class Today:
    """All v3 sessions by their ID. Each is charged once, when it is accepted."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._purchases = Purchases(world, "csm")
        self._sessions: dict[str, Session] = {}

    def clear(self) -> None:
        self._sessions.clear()
        self._purchases.clear()

    def settle(self) -> None:
        self._purchases.settle(self._world.settings.refund_failed)

    def finish(self) -> None:
        for session in self._sessions.values():
            session.job.end()

    def listing(self) -> list[dict[str, Any]]:
        """One row a session, for the admin port."""
        return [
            {
                "service": "csm",
                "uuid": session.id,
                "prompt": session.wanted.about,
                "state": session.job.state,
                "percent": session.job.percent,
                "type": session.wanted.type,
                "cancelled": session.cancelled,
                **session.wanted.options,
            }
            for session in self._sessions.values()
        ]

    def find(self, method: str, path: str) -> tuple[str, Handler] | None:
        if path == "/user/credits":
            return CREDITS, self._credits
        # Servers take the address of all sessions with and without its last stroke.
        if path in (ROOT, ROOT.removesuffix("/")):
            return (V3_LIST, self._list) if method == "GET" else (V3_CREATE, self._create)
        id = path.removeprefix(ROOT)
        if id == path or "/" in id.removesuffix("/"):
            return None
        id = id.removesuffix("/")
        if method == "DELETE":
            return CANCEL, partial(self._cancel, id)
        return V3_SESSION, partial(self._session, id)

    # The endpoints

    async def _create(self, call: Call) -> Answer:
        order = wanted(request_checks.json_object(call))
        spec = self._spec(order)
        names = await self._world.models.parts(spec) if order.type == "image_to_kit" else []
        session = Session(order, Timed(seconds=self._world.settings.job_seconds))
        if call.has_fault("generation_failed"):
            session.job.fails = True
            session.fail_message(call)
        session.purchase = self._purchases.buy(f"csm.{order.type}", session.id, session.job)
        self._sessions[session.id] = session
        stem = f"v3/{session.id}"
        for index, (_, _, image) in enumerate(order.pictures):
            if image is not None:
                session.pictures[index] = f"{stem}/input_{index}"
                self._world.files.put(session.pictures[index], partial(given, image))
        if order.type == "text_to_image":
            session.image = f"{stem}/image.jpg"
            self._world.files.put(session.image, partial(self._world.models.preview, spec))
        elif names:
            for name in names:
                part = replace(spec, part=name)
                session.parts[called(name, spec.prompt)] = put_meshes(self._world, stem, part, ("glb", "obj", "fbx"))
        else:
            session.results = put_meshes(self._world, stem, spec, CSM_FORMATS)
        return Answer(shown(self._world, call, session), 201)

    async def _list(self, call: Call) -> Answer:
        limit, page = page_of(call.query)
        filters = filters_of(call.query)
        found = [
            session
            for session in reversed(self._sessions.values())
            if filters.get("type", session.wanted.type) == session.wanted.type
            and filters.get("status", session.status) == session.status
        ]
        settings = self._world.settings
        rows = [shown(self._world, call, one) for one in on_page(found, call.query, settings.csm_list_order)]
        if not settings.csm_list_output:
            rows = [{name: value for name, value in row.items() if name != "output"} for row in rows]
        return Answer({"results": rows, "total": len(found), "page": page, "limit": limit})

    async def _session(self, id: str, call: Call) -> Answer:
        session = self._known(id)
        if call.has_fault("generation_failed"):
            session.fail_message(call)
            session.job.fail()
            self.settle()
        return Answer(shown(self._world, call, session))

    async def _cancel(self, id: str, call: Call) -> Answer:
        session = self._known(id)
        if session.status != "incomplete":
            del self._sessions[id]
            return Answer({"statusCode": 200, "message": "Session deleted"})
        session.cancelled = True
        return Answer({"statusCode": 200, "message": "Session cancelled"})

    async def _credits(self, call: Call) -> Answer:
        return Answer({"credits": self._world.ledger.shown("csm"), "plan": "simulator"})

    # Parts of them

    def _known(self, id: str) -> Session:
        session = self._sessions.get(id)
        if session is None:
            raise Refusal(f"Session {id} not found.", 404)
        return session

    def _spec(self, order: Wanted) -> ModelSpec:
        """The model that is to be made (or drawn: text_to_image)."""
        options, settings = order.options, self._world.settings
        if order.type == "retopology":
            source = self._source(order)
            return replace(source, face_limit=options.get("resolution", LOW_POLY_FACES), triangles=None)
        texture = options.get("texture_model", "baked")
        return self._world.spec(
            options.get("seed", 0) % 2**32,
            texture == "pbr",
            prompt=order.about,
            image=order.pictures[0][2] if order.pictures else None,
            textured=texture != "none",
            face_limit=options.get("resolution"),
            box=options.get("scaled_bbox"),
            keep_proportions=settings.csm_bbox == "fit",
        )

    def _source(self, order: Wanted) -> ModelSpec:
        """What a mesh's URL leads to: a result of ours, or something elsewhere whose name says what it is."""
        if not order.mesh_url.startswith(f"{self._world.files.base_url}/"):
            if not order.mesh_url.startswith("https://"):
                raise Refusal("'mesh_url' must be an https URL.")
            return self._world.spec(0, False, prompt=order.about)
        producer = self._world.files.behind(order.mesh_url)
        spec = producer.args[0] if isinstance(producer, partial) and producer.args else None
        if not isinstance(spec, ModelSpec):
            raise Refusal("'mesh_url' leads to no mesh.")
        return spec
