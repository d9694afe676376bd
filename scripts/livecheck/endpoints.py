"""What is asked of each service at no cost, and what the schemas call its endpoints. Standard library only."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

#: The two generations, as the schemas and the stand-in call them.
TODAY, OLDER = "today", "2024"
NOBODYS_UUID = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Probe:
    """A request that costs nothing."""

    path: str
    body: dict[str, Any] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True)
class Free:
    """The questions for one service.

    Args:
        generation: a request that only one generation knows. known_by: which one that is. field: where both know
            it, the field that only that one's answer has.
        nobodys: by generation, an id that no model has, as the product would ask about it.
        wrong: by generation, requests that a validation has to refuse: each of them lacks what a model could be made
            of, so that none can come of it even where the wrong setting is let through.
    """

    generation: Probe
    known_by: str
    nobodys: dict[str, str]
    wrong: dict[str, Probe]
    field: str = ""


FREE = {
    "neural4d": Free(
        Probe("/api/generateModelWithText", {"modelCount": 5}),
        TODAY,
        dict.fromkeys((TODAY, OLDER), NOBODYS_UUID),
        dict.fromkeys((TODAY, OLDER), Probe("/api/generateModelWithText", {"modelCount": 5})),
        field="errors",
    ),
    "csm": Free(
        Probe("/v3/sessions/?limit=1", method="GET"),
        TODAY,
        {TODAY: NOBODYS_UUID, OLDER: "SESSION_0_0"},
        {
            TODAY: Probe("/v3/sessions/", {"type": "image_to_3d", "input": {"resolution": -1}}),
            OLDER: Probe("/image-to-3d-sessions", {"diffusion_time_steps": 9999}),
        },
    ),
    "goneural": Free(
        Probe("/v1/billing", method="GET"),
        TODAY,
        dict.fromkeys((TODAY, OLDER), NOBODYS_UUID),
        dict.fromkeys((TODAY, OLDER), Probe("/v1/tasks/image-to-3d", {"faceLimit": -1})),
    ),
    "modelslab": Free(
        Probe("/api/v6/3d/fetch/0"),
        TODAY,
        dict.fromkeys((TODAY, OLDER), "0"),
        {
            TODAY: Probe("/api/v6/3d/image_to_3d", {"resolution": 99_999}),
            OLDER: Probe("/api/v1/enterprise/3d/image_to_3d", {"resolution": 99_999}),
        },
    ),
}

#: What the product notes as a server's generation, where that is one of the two.
NOTED = {"1.5.4": TODAY, "v3": TODAY, "1.2": OLDER, "sessions": OLDER}

_ENDPOINTS: dict[str, list[tuple[str, str]]] = {
    "neural4d": [(r"POST /api/(\w+)", r"\1")],
    "csm": [
        (r"POST /v3/sessions/?", "csm/v3/create"),
        (r"GET /v3/sessions/?(\?.*)?", "csm/v3/list"),
        (r"GET /v3/sessions/[^/?]+/?", "csm/v3/session"),
        (r"DELETE /v3/sessions/[^/?]+/?", "csm/v3/cancel"),
        (r"GET /user/credits", "csm/credits"),
        (r"POST /image-to-3d-sessions", "csm/create"),
        (r"GET /image-to-3d-sessions(\?.*)?", "csm/list"),
        (r"GET /image-to-3d-sessions/[^/?]+", "csm/session"),
        (r"POST /image-to-3d-sessions/get-3d/(preview|refine)/.+", r"csm/\1"),
    ],
    "goneural": [
        (r"POST /v1/tasks/image-to-3d", "goneural/create"),
        (r"POST /v1/tasks/text-to-3d", "goneural/text"),
        (r"GET /v1/tasks/[^/?]+", "goneural/task"),
        (r"GET /v1/billing", "goneural/billing"),
    ],
    "modelslab": [
        (r"POST /api/v1/enterprise/3d/image_to_3d", "modelslab/create"),
        (r"POST /api/v1/enterprise/3d/fetch/.+", "modelslab/fetch"),
        (r"POST /api/v6/3d/image_to_3d", "modelslab/v6/create"),
        (r"POST /api/v6/3d/text_to_3d", "modelslab/v6/text"),
        (r"POST /api/v6/3d/fetch/.+", "modelslab/v6/fetch"),
        (r"POST /api/v6/3d/base64_to_url", "modelslab/v6/upload"),
    ],
}


def endpoint(service: str, method: str, path: str) -> str:
    """What the schemas call it; "METHOD path" where they know no such one."""
    asked = f"{method} {path}"
    for pattern, name in _ENDPOINTS[service]:
        if found := re.fullmatch(pattern, asked):
            return found.expand(name)
    return asked
