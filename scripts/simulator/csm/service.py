"""CSM's image-to-3D sessions: create, look, preview, refine.

May import what the stand-in is built on, nothing of the client. From the documents: creating and refining;
from the notes beside them: looking, the preview, the statuses. Where both are silent: errors have the
envelope of the answers (`error`, `message`, `statusCode`) and the same HTTP status; a wrong key is 401, an
unknown session 404, too few credits 402; preview needs spins and refine a preview, and neither takes a second
order while a stage runs; pivot_point is [0, 0, 0] when left out; 3MF results never come; a URL is not
fetched (its name decides the shape). `auto_gen_3d` goes through preview and refine without being asked and
is charged for all three at once. Newer servers (the setting csm_generation) make the mesh without spins, and
refine then makes it again. Today's CSM speaks v3 (`csm_today`); where the setting csm_legacy says that it has
these sessions too, they are the newer ones, and only their image is required.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from .. import present
from ..http import request_checks
from ..http.request_checks import Refusal, guarded
from ..state import Answer, Call, Handler, Service, World
from . import input as check
from .account import CENTRE, Book
from .api_today import CANCEL, CREDITS, V3_CREATE, V3_LIST, V3_SESSION, Today
from .input_today import on_page
from .sessions import PREVIEW, REFINE, SPIN, Session, shown

ROOT = "/image-to-3d-sessions"
CREATE, SESSION, GET_PREVIEW, GET_REFINE = "csm/create", "csm/session", "csm/preview", "csm/refine"
LIST = "csm/list"
_NAMES = {400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found"}


class Csm(Service):
    """The service. Each stage is charged once, when it is accepted."""

    name = "csm"
    endpoints = {CREATE, LIST, SESSION, GET_PREVIEW, GET_REFINE, V3_CREATE, V3_LIST, V3_SESSION, CANCEL, CREDITS}
    paid = frozenset({CREATE, GET_PREVIEW, GET_REFINE, V3_CREATE})
    main_fields: Mapping[str, str] = {
        CREATE: "data.session_code",
        SESSION: "data.status",
        GET_PREVIEW: "data.status",
        GET_REFINE: "data.status",
        LIST: "data.results",
        V3_CREATE: "_id",
        V3_LIST: "results",
        V3_SESSION: "status",
        CREDITS: "credits",
    }
    code_fields = ("data.status", "data.session_status", "status")
    secret_fields: frozenset[str] = frozenset()

    def __init__(self, world: World) -> None:
        self._world = world
        self._book = Book(world)
        self._v3 = Today(world)

    # What the gateway asks

    def find(self, method: str, path: str) -> tuple[str, Handler] | None:
        found = self._v3.find(method, path) if self._today else None
        if found is None and (not self._today or self._world.settings.csm_legacy):
            found = self._older(method, path)
        return found and (found[0], partial(guarded, self, self._world, found[1]))

    @property
    def _today(self) -> bool:
        return self._world.settings.generations[self.name] == "today"

    @property
    def _lists(self) -> bool:
        """Whether the older sessions have a list: the documents of 2024 show none."""
        return self._today or self._world.settings.csm_legacy_list

    def _older(self, method: str, path: str) -> tuple[str, Handler] | None:
        if path == ROOT:
            return (LIST, self._list) if method == "GET" and self._lists else (CREATE, self._create)
        for start, endpoint, handler in (
            (f"{ROOT}/get-3d/preview/", GET_PREVIEW, self._preview),
            (f"{ROOT}/get-3d/refine/", GET_REFINE, self._refine),
            (f"{ROOT}/", SESSION, self._session),
        ):
            code = path.removeprefix(start)
            if code and code != path and "/" not in code:
                return endpoint, partial(handler, code)
        return None

    def methods(self, endpoint: str) -> set[str]:
        if endpoint in (V3_CREATE, V3_LIST) or (endpoint in (CREATE, LIST) and self._lists):
            return {"GET", "POST"}
        if endpoint in (V3_SESSION, CANCEL):
            return {"GET", "DELETE"}
        return {"GET"} if endpoint in (SESSION, CREDITS) else {"POST"}

    def authorised(self, headers: Mapping[str, str], call: Call) -> bool:
        return headers.get("x-api-key", "") == self._world.settings.csm_key

    def unauthorised(self, endpoint: str) -> Answer:
        return self.refused(endpoint, 401, "Invalid API key.")

    def refused(self, endpoint: str, status: int, message: str) -> Answer:
        return Answer({"error": _NAMES.get(status, "Error"), "message": message, "statusCode": status}, status)

    def settle(self) -> None:
        self._book.settle()
        self._v3.settle()

    def finish_jobs(self) -> None:
        self._book.finish()
        self._v3.finish()

    def jobs(self) -> list[dict[str, Any]]:
        return [*self._book.listing(), *self._v3.listing()]

    def reset(self) -> None:
        self._book.clear()
        self._v3.clear()

    # The endpoints

    async def _create(self, call: Call) -> Answer:
        settings = self._world.settings
        newer, enterprise = settings.csm_generation == "session" or self._today, settings.csm_enterprise
        body = request_checks.json_object(call)
        creation = check.creation(body, enterprise=enterprise, newer=newer, today=self._today)
        session = self._book.create(call, creation, newer, enterprise)
        return Answer(
            {"error": "", "message": "Created", "statusCode": 201, "data": shown(self._world, call, session)}, 201
        )

    async def _list(self, call: Call) -> Answer:
        found = list(self._book.newest_first())
        order = self._world.settings.csm_list_order
        rows = [shown(self._world, call, session) for session in on_page(found, call.query, order)]
        data = {"results": rows, "total": len(found)}
        return Answer({"error": "", "message": "OK", "statusCode": 200, "data": data})

    async def _session(self, code: str, call: Call) -> Answer:
        session = self._known(code)
        if call.has_fault("generation_failed"):
            session.current.fail_by(call)
            self.settle()
        body = {"error": session.current.error, "message": "OK", "statusCode": 200}
        return Answer({**body, "data": shown(self._world, call, session)})

    async def _preview(self, code: str, call: Call) -> Answer:
        body = request_checks.json_object(call)
        session = self._ready(code)
        spun = session.done(SPIN)
        if spun is None:
            raise Refusal("This session has no spins.")
        urls = [self._world.files.url(key, 0) for key in spun.results.values()]
        index = check.chosen_spin(body, urls)
        self._book.preview(call, session, index)
        return self._accepted(session, "Generating Preview Mesh", "preview")

    async def _refine(self, code: str, call: Call) -> Answer:
        body = request_checks.json_object(call)
        box = check.triple(body, "scaled_bbox", 1e-6, 1e6)
        pivot = check.triple(body, "pivot_point", -0.5, 0.5)
        session = self._ready(code)
        if session.done(REFINE if session.newer else PREVIEW) is None:
            raise Refusal("This session has no preview mesh to refine.")
        self._book.refine(call, session, box, pivot or CENTRE)
        return self._accepted(session, "Generating Mesh", "dreamfusion")

    # Parts of them

    def _known(self, code: str) -> Session:
        session = self._book.find(code)
        if session is None:
            raise Refusal(f"Session {code} not found.", 404)
        return session

    def _ready(self, code: str) -> Session:
        session = self._known(code)
        if session.current.job.state == "failed":
            raise Refusal(f"Session {code} has failed.")
        if session.current.job.state != "done":
            raise Refusal(f"Session {code} is still being processed.")
        return session

    def _accepted(self, session: Session, message: str, call_name: str) -> Answer:
        """The document shows this answer for refine; the preview's is taken to be alike."""
        key = f"{int(present.now() * 1000)}{present.below(10**9)}"
        task = {"scenario": session.code, "unique_trial_key": key, "status": "unprocessed"}
        about = {
            "scenario": session.code,
            "unique_trial_key": key,
            "customer_email": "test@email.com",
            "image_url": session.creation.image_url,
            "text_prompt": "",
            "keyword": "",
            "discord_user_id": "",
        }
        job = {
            "scenario": session.code,
            "job_priority": "2",
            "username": "test@email.com",
            "call": call_name,
            "user_id": "652d54ef642585b4048a3ecf",
            "status": "unprocessed",
            "start_time": f"{present.now():.7f}",
            "unique_trial_key": key,
            "task_data": json.dumps(about),
            "id": f"job:{call_name}:{session.code}_{key}",
        }
        data = {**task, "complete_job_data": job}
        return Answer({"error": "", "message": message, "statusCode": 200, "data": data})
