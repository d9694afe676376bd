"""How CSM is called, whichever generation of its sessions: one request each, and how a picture travels.

Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import AnswerLost, ServiceDown, ServiceUnreachable, UnexpectedAnswer
from ...http import refusals
from ...model.inputs import web_addresses
from .. import results
from ..base import data_uri

if TYPE_CHECKING:
    from ..results import Http

#: How a server says that it has no such address.
MISSING = (404, 405, 410)


def call(
    http: Http, path: str, body: Mapping[str, Any] | None = None, *, method: str = "POST", paid: bool = False
) -> dict[str, Any]:
    """One request. An answer may be a refusal although its HTTP status is none."""
    answer = http.call(path, body, method=method, paid=paid)
    status = results.whole(answer.get("statusCode")) or 0
    if status >= 400:
        said = refusals.sentence(answer)
        busy_for = refusals.wait_of(answer, None)
        error = refusals.error_of("CSM", status, said, busy_for=busy_for, asks_to_wait=busy_for is not None)
        error.http, error.by_api, error.answer = status, True, dict(answer)
        raise error
    return answer


def get(http: Http, path: str) -> dict[str, Any]:
    """A question that costs nothing."""
    return call(http, path, method="GET")


def ask_first(http: Http, path: str) -> dict[str, Any]:
    """The same on the way to a request that pays: without an answer that one has not been sent, and is free.

    Raises:
        ServiceUnreachable: no usable answer came.
    """
    try:
        return get(http, path)
    except (AnswerLost, ServiceDown, UnexpectedAnswer) as error:
        raise ServiceUnreachable(error.what, error.remedy) from error


def image(image: str) -> str:
    """How a picture travels: by its web address, or in the request itself."""
    return image if web_addresses.is_web_address(image) else data_uri(image)


def told(data: Mapping[str, Any], *names: str) -> dict[str, str]:
    """What else was said, by its own names."""
    return {name: str(data[name])[: results.LONGEST] for name in names if data.get(name)}


def there_are(meshes: Mapping[str, str]) -> str:
    """The formats of a model, in words."""
    return f"There are: {', '.join(sorted(meshes))}." if meshes else "There is none in any format."
