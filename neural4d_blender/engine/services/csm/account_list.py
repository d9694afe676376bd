"""The sessions of an account at CSM, as models that can be brought in, in either generation of its lists.

The documents say of a list how many it has on a page and which page comes first, and nothing of the order, of which
fields a row has, or whether a session comes once. Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import UnexpectedAnswer
from ...model.inputs import web_addresses
from .. import results
from ..results import Outcome
from . import calls
from . import sessions_2024 as older
from . import sessions_today as v3
from .find_lost_session import created
from .options_and_limits import RETOPOLOGY

if TYPE_CHECKING:
    from ..results import Http

#: Sessions on a page. A picture that was made first is one too, so a page may have fewer models.
PAGE = 12


def read(http: Http, page: int, *, today: bool) -> results.AccountPage:
    """A page of the list.

    Raises:
        UnexpectedAnswer: it is none.
    """
    answer = calls.get(http, f"{v3.ROOT if today else older.ROOT}?limit={PAGE}&page={page}")
    listed = answer if "results" in answer else results.inner(answer, "data")
    rows, total = older.sessions_in(listed), results.whole(listed.get("total"))
    if len(rows) > PAGE:  # the server has passed over what was asked for, and sent all there are
        total, rows = len(rows), rows[page * PAGE : (page + 1) * PAGE]
    read_row = _of_today if today else _older
    found = {model.id: model for row in rows if (model := read_row(row)) and model.id}
    models = sorted(found.values(), key=lambda model: -(model.created or 0.0))
    at_least = page * PAGE + len(rows)
    return results.AccountPage(models, len(rows) == PAGE if total is None or total < at_least else total > at_least)


def _of_today(row: Mapping[str, Any]) -> results.Listed | None:
    """None of what is no model: a picture, or what has no mesh that any document names."""
    poll = _poll(row, v3.poll_of)
    kinds = (v3.MODEL, v3.MULTIVIEW, v3.KIT, RETOPOLOGY)
    if row.get("type") not in kinds and not (poll and (poll.model_url or poll.parts)):
        return None
    given, output = results.inner(row, "input"), v3.output_of(row)
    pictures = [place.get(name) for place in (output, given) for name in ("image_url", "image", "image_urls", "images")]
    id = (results.ids(row.get("_id")) or results.ids(row.get("id")) or [""])[0]
    return _listed(id, results.text(given.get("prompt")), row, poll, pictures)


def _older(row: Mapping[str, Any]) -> results.Listed:
    poll = _poll(row, lambda data: older.poll_of({}, data))
    pictures = [row.get("selected_spin"), row.get("spins"), row.get("image_url")]
    return _listed(results.text(row.get("session_code")), results.text(row.get("caption")), row, poll, pictures)


def _listed(
    id: str, title: str, row: Mapping[str, Any], poll: results.Poll | None, pictures: list[Any]
) -> results.Listed:
    addresses = (results.text(one.get("image_url") if isinstance(one, Mapping) else one) for one in pictures)
    obstacle = ""
    if poll and poll.outcome is Outcome.FAILED:
        obstacle = f"CSM could not make it: {poll.message}"
    elif poll and poll.outcome is Outcome.NEXT and not (poll.model_url or poll.doubtful):
        obstacle = "CSM waits for the order of its next stage, which costs credits: order it on CSM's page."
    return results.Listed(
        id,
        " ".join(title.split())[: results.LONGEST],
        created(row),
        poll.outcome if poll else None,
        next((url for url in addresses if web_addresses.is_web_address(url) or url.startswith("data:image/")), ""),
        obstacle,
    )


def _poll(row: Mapping[str, Any], read: Any) -> results.Poll | None:
    """None where the row does not tell what has become of it."""
    try:
        found: results.Poll = read(row)
    except UnexpectedAnswer:
        return None
    return found
