"""One request with what came of it, as the transport tells it to whoever observes it.

Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Exchange:
    """The key is blanked in it, and nothing else: redaction.py takes out the rest before it is written or shown.

    Args:
        at: when it began (seconds since the epoch). seconds: how long it took.
        url: base address that was talked to. path: below it.
        paid: it may cost points. form: it was multipart.
        fields: the JSON body, or a form's texts, as they were sent. files: of each file its field, type and bytes.
        status: HTTP status, None where no answer came. answer: the JSON of it, or its text.
        raw: the answer to a request that may cost points as it came, or its beginning and its end.
        error: class of errors.py that became of it, empty where all is well.
    """

    at: float
    seconds: float
    url: str
    path: str
    method: str
    paid: bool
    form: bool
    fields: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[Mapping[str, Any]] = ()
    status: int | None = None
    answer: Any = None
    raw: str = ""
    error: str = ""


#: Told each exchange when it is over, on the thread that made it.
Observer = Callable[[Exchange], None]
