"""The faults that can be set for the next calls, and which call gets which.

Standard library only; `fault_effects` carries them out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

ANY = "*"
FILE = "file"

#: Answered instead of acting (with acted=True: after acting).
HTTP_STATUSES = {
    f"http_{code}": code for code in (400, 401, 402, 403, 404, 408, 409, 413, 422, 425, 429, 500, 502, 503, 504)
}

#: name -> what it does and its parameters (all optional).
FAULTS: dict[str, str] = {
    **{
        name: f"HTTP {code}; acted=true: after acting; message=, or body= (an object, or a text that is no JSON); "
        "own=true: as the service itself says it"
        for name, code in HTTP_STATUSES.items()
    },
    "http_429": "HTTP 429; retry_after=seconds (default 1, null for none), as_date=true for an HTTP date; acted=, "
    "message=, body=, own=",
    "http_503": "HTTP 503; retry_after=seconds and as_date= where given; acted=, message=, body=, own=",
    "connection_refused": "the port stops listening at once, or after the call that `after` counts to; seconds=",
    "reset_before": "TCP reset before the request is acted on",
    "reset_after": "acted on and charged, then TCP reset without an answer; file host: fraction=0.5 is sent first",
    "hang": "no answer and not acted on; seconds=3600, then the connection is closed",
    "hang_after": "acted on and charged, then no answer; seconds=3600",
    "slow_drip": "the answer comes in pieces: chunk=bytes (API 1, files 1024), delay=seconds (0.2)",
    "truncated_body": "Content-Length of the whole, fraction=0.5 of the body, then the connection ends",
    "wrong_content_type": "the right body as content_type=text/html",
    "gzip": "the right body compressed, though nobody asked for it; its Content-Length is that of what is sent",
    "not_json": "an HTML page that says it is JSON (API only)",
    "empty_body": "200 without a body",
    "missing_field": "the answer lacks field= (default: its main one; API only)",
    "set_field": "the answer has field= set to value= (API only)",
    "relative_links": "the answer names results without their host; the API's own sends on to it (API only)",
    "unknown_code": "codeStatus, statusType or statusCode (other services: the status) becomes code=7 (API only)",
    "generation_failed": "on a generating endpoint: its jobs fail at their end (variants=[indices] for some); "
    "on retrieveModel, queryJobProgress, csm/session, csm/v3/session, goneural/task or modelslab/fetch: the job "
    "that is asked about has failed (CSM: error=text shows as its error while the status stays '_processing'; "
    "v3: as its status_message)",
    "conversion_failed": "convertToFormat: the conversion that this call starts or asks about fails",
    "no_ids": "HTTP 200 with type and message=, or body=, and nothing else; acted=true: after acting (API only)",
    "matting_failed": "mattingImage: this request's result will never come",
    "human_rate_limit": "checkHumanImage: the document's rate limit answer",
    "rate_limited": "modelslab: not acted on; an error with retry_after=seconds (default 1) in its JSON",
    "expired_url": "on the API: URLs in this answer are expired already; on the file host: 403 once",
    "progress_stall": "queryJobProgress, csm/session, csm/v3/session: stays at value=37 percent "
    "(modelslab/fetch: seconds)",
    "progress_garbage": "queryJobProgress, csm/session, csm/v3/session, modelslab/fetch: progress is value='abc%'",
    "progress_backwards": "queryJobProgress, csm/session, csm/v3/session, modelslab/fetch: counts down",
    "broken_glb": "file host: right length, damaged content; where=body|header",
    "html_instead": "file host: 200 and an HTML page in place of the file",
    "no_length": "file host: no Content-Length (chunked)",
}


class FaultError(ValueError):
    """The fault cannot be set."""


@dataclass
class Fault:
    """One fault that waits for its calls.

    times: calls that still get it, None for every one; after: calls that are spared first;
    match: only calls whose path or body contains this text count at all.
    """

    endpoint: str
    name: str
    times: int | None = 1
    after: int = 0
    match: str = ""
    params: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class FaultQueue:
    """Faults in the order they were set; a call gets the first that fits."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, fault: Fault, endpoints: set[str]) -> None:
        """Append a fault.

        Raises:
            FaultError: unknown fault or endpoint, or an unfit count.
        """
        if fault.name not in FAULTS:
            raise FaultError(f"There is no fault '{fault.name}'. Faults: {', '.join(FAULTS)}.")
        if fault.endpoint not in endpoints | {ANY, FILE}:
            raise FaultError(
                f"There is no endpoint '{fault.endpoint}'. Endpoints: {', '.join(sorted(endpoints))}, file, *."
            )
        if (fault.times is not None and fault.times < 1) or fault.after < 0:
            raise FaultError("times must be 1 or more (or null for always), after 0 or more.")
        self.waiting.append(fault)

    def clear(self) -> None:
        self.waiting.clear()

    def take(self, endpoint: str, text: str) -> Fault | None:
        """The fault this call gets, if any. '*' stands for every API endpoint, not for the file host."""
        for fault in list(self.waiting):
            applies = fault.endpoint == endpoint or (fault.endpoint == ANY and endpoint != FILE)
            if not applies or fault.match not in text:
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times == 0:
                    self.waiting.remove(fault)
            return fault
        return None
