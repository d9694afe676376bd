"""Today's CSM: one endpoint for sessions of every type, each of which makes one thing and is paid once.

A name that its documents write in two ways is sent in both (``image`` and ``image_url``); options stand beside the
picture and in ``settings``. ``resolution`` is a number of faces beside the picture alone: in ``settings`` one of the
documents has it as the width of textures. ``scaled_bbox`` is never sent: it wants three lengths, of which at most one
is known, and may stretch the model to them; the exact size is made of the model that comes. Standard library only.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from ...errors import GenerationFailed, InvalidInput, JobNotFound, Neural4DError, RequestRefused, UnexpectedAnswer
from ...http import refusals
from .. import results
from ..results import Outcome
from . import calls
from . import find_lost_session as lost
from .options_and_limits import RETOPOLOGY, VIEWS
from .sessions_2024 import conversion, sessions_in

if TYPE_CHECKING:
    from ...model.request import Request
    from ..results import Http

ROOT = "/v3/sessions/"
#: Costs nothing, and is only there where the server speaks v3.
FIRST_OF_LIST = f"{ROOT}?limit=1"
PICTURE, MODEL, MULTIVIEW, KIT = "text_to_image", "image_to_3d", "multiview_to_3d", "image_to_kit"
_STAGES = {PICTURE: "Making the picture.", KIT: "Making the parts.", RETOPOLOGY: "Making the mesh of few faces."}
_DONE, _FAILED, _CANCELLED = ("complete", "completed", "done"), ("failed", "error"), ("cancelled", "canceled")
_FORMATS = ("GLB", "OBJ", "FBX", "USDZ", "ZIP")


def kind_of(request: Request) -> str:
    """The type of the session that makes the model."""
    if request.options.get("kit"):
        return KIT
    return MULTIVIEW if request.views else MODEL


def balance(http: Http) -> results.Balance:
    """The credits that are left, rounded down."""
    answer = calls.get(http, "/user/credits")
    found = [answer.get("credits"), results.inner(answer, "data").get("credits")]
    left = next((left for left in map(results.whole, found) if left is not None), None)
    if left is None:
        raise UnexpectedAnswer(f"The credits could not be read: they are {str(found)[:40]!r}.")
    return results.Balance(left, part=results.part(found))


def create(http: Http, kind: str, given: Mapping[str, Any]) -> results.Submission:
    """Create a session, which is paid."""
    answer = calls.call(http, ROOT, {"type": kind, "input": dict(given)}, paid=True)
    data = _session_in(answer)
    named = results.ids(data.get("_id")) or results.ids(data.get("id"))
    if not named:
        said = refusals.sentence(answer)
        raise refusals.took_nothing("CSM", said, f"{said or 'CSM said nothing'}. CSM's answer names no session.")
    return results.Submission(named[:1], details=calls.told(data, "type"))


def order_picture(http: Http, request: Request) -> results.Submission:
    """A picture of the prompt."""
    return create(http, PICTURE, {"prompt": request.prompt.strip()})


def picture(http: Http, id: str) -> list[results.Cutout]:
    """The picture that was made; none while it is being made."""
    data = _session(http, id)
    url = _text(output_of(data), "image_url", "image") or next(iter(_urls(output_of(data).get("images"))), "")
    found = poll_of(data)
    if found.outcome is Outcome.FAILED:
        raise GenerationFailed(f"CSM could not make the picture: {found.message}")
    if url and found.outcome is Outcome.DONE:
        return [results.Cutout(url, url)]
    if found.outcome is Outcome.DONE:
        raise UnexpectedAnswer("CSM says that the picture is done, and not where it is.")
    return []


def submit(http: Http, request: Request, url: str, path: str) -> results.Submission:
    """Create the session of the model.

    Args:
        url, path: of the picture that was made of the prompt first; the file counts, since an address expires.
    """
    sources = images_of(request) or [path or url]
    if not sources[0]:
        raise InvalidInput("The picture could not be fetched.", "Press Retry.")
    images = [_picture(source, url) for source in sources]
    kind, settings = kind_of(request), settings_of(request)
    names = ("images", "image_urls") if kind == MULTIVIEW else ("image", "image_url")
    given: dict[str, Any] = dict.fromkeys(names, images if kind == MULTIVIEW else images[0])
    beside = {key: value for key, value in settings.items() if key != "resolution"}
    return create(http, kind, {**given, **settings, **({"settings": beside} if beside else {})})


def settings_of(request: Request) -> dict[str, Any]:
    """The options, as far as they are set, by their names on the wire."""
    found = {key: request.options[key] for key in ("geometry_model", "texture_model", "symmetry", "seed")
             if request.options.get(key)}  # fmt: skip
    if request.options.get("faces") and not request.options.get(RETOPOLOGY):
        found["resolution"] = request.options["faces"]
    return found


def retopologise(http: Http, id: str, request: Request) -> str:
    """Order a clean mesh of a finished session's; returns the id of the session that makes it."""
    try:
        url = _meshes(output_of(_session_in(calls.ask_first(http, f"{ROOT}{id}")))).get("GLB", "")
    except Neural4DError as error:
        if isinstance(error, RequestRefused) and error.http == 404:
            raise RequestRefused(f"{error.what} CSM does not know the session {id}.", error.remedy) from error
        raise
    if not url:
        raise RequestRefused("CSM has made no GLB of this model, which retopology needs.", "Generate without it.")
    return create(http, RETOPOLOGY, {"mesh": url, "mesh_url": url, **retopology_of(request)}).uuids[0]


def retopology_of(request: Request) -> dict[str, Any]:
    """What is asked of a retopology."""
    faces = request.options.get("faces")
    return {"model": request.options[RETOPOLOGY], **({"resolution": faces} if faces else {})}


def poll(http: Http, id: str) -> results.Poll:
    """Look at a session."""
    return poll_of(_session(http, id))


def convert(http: Http, id: str, format: str) -> results.Conversion:
    """Every format is made along with the model, and costs nothing more."""
    data = _session(http, id)
    return conversion(_meshes(output_of(data)), format, working=poll_of(data).outcome is Outcome.GENERATING)


def look_for(
    http: Http, kind: str, asked: Mapping[str, Any], images: Sequence[str], since: float, known: lost.Known
) -> results.Trace:
    """Look for a creation whose answer was lost in the account's list; see ``find_lost_session``."""

    def page(number: int) -> lost.Rows:
        answer = calls.get(http, f"{ROOT}?limit={lost.PAGE}&page={number}&type={kind}")
        return sessions_in(answer if "results" in answer else results.inner(answer, "data"))

    def fits(row: Mapping[str, Any]) -> bool:
        given = row.get("input")
        same_kind = row.get("type", kind) == kind
        return same_kind and lost.agrees(asked, given if isinstance(given, dict) else {}, images)

    return lost.look(page, "_id", fits, since, known)


def images_of(request: Request) -> list[str]:
    """The pictures that a session of the request's has, as far as they are known before one is made."""
    return [*request.images, *(request.views[side] for side in VIEWS if side in request.views)]


def _picture(source: str, url: str) -> str:
    try:
        return calls.image(source)
    except InvalidInput:
        if not url:
            raise
        return url  # a picture of theirs that is of a kind unknown here


def _session(http: Http, id: str) -> dict[str, Any]:
    try:
        return _session_in(calls.get(http, f"{ROOT}{id}"))
    except RequestRefused as error:
        if error.http == 404:
            raise JobNotFound(f"{error.what} CSM does not know the session {id}.") from error
        raise


def _session_in(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The session itself, which some answers put into an envelope."""
    data = results.inner(answer, "data")
    return data if data and not answer.get("_id") else dict(answer)


def poll_of(data: Mapping[str, Any]) -> results.Poll:
    """What a session says of itself."""
    status = str(data.get("status") or data.get("session_status") or "").lower()
    said = " ".join(str(data.get("status_message") or "").split())[: refusals.LONGEST]
    kind, output = str(data.get("type") or ""), output_of(data)
    meshes, parts = _meshes(output), _parts(output)
    if not status:
        raise UnexpectedAnswer(f"CSM's session has no status. It has: {', '.join(sorted(data))[:160]}")
    if status in _CANCELLED:
        return results.Poll(Outcome.FAILED, message=f"{said or 'It was cancelled at CSM'}. It makes nothing any more.")
    if status in _FAILED:
        return results.Poll(Outcome.FAILED, message=said or f"CSM says: {status}")
    if status in _DONE:
        return results.Poll(
            Outcome.DONE,
            progress=1.0,
            model_url=parts[0][1] if parts else meshes.get("GLB", ""),
            parts=parts,
            preview_url=_text(output, "image_url"),
            message=calls.there_are(meshes),
            details=calls.told(data, "type"),
            title=results.text(results.inner(data, "input").get("prompt")),
        )
    percent = results.number(data.get("percent_done"))
    progress = None if percent is None else min(max(percent, 0.0), 100.0) / 100
    return results.Poll(Outcome.GENERATING, progress, message=said or status, stage=said or _STAGES.get(kind, ""))


def output_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """What it has made."""
    return results.inner(data, "output")


def _meshes(output: Mapping[str, Any]) -> dict[str, str]:
    """By format, where the model is: in the first of ``meshes`` that has it, or in the output itself."""
    places: list[Mapping[str, Any]] = [output]
    for mesh in results.items(output.get("meshes")):
        mesh = {"mesh_url": mesh} if isinstance(mesh, str) else mesh
        places += [mesh, results.inner(mesh, "data")] if isinstance(mesh, dict) else []
    found: dict[str, str] = {}
    for format in _FORMATS:
        names = (f"mesh_url_{format.lower()}", f"{format.lower()}_url")
        if url := next((url for place in places if (url := _text(place, *names))), ""):
            found[format] = url
    for alone in (_text(place, "mesh_url") for place in places):
        ending = PurePosixPath(urllib.parse.urlsplit(alone).path).suffix[1:].upper()
        if ending in _FORMATS:
            found.setdefault(ending, alone)
    return found


def _parts(output: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Name and address of each part of a kit that is there as GLB."""
    found = []
    for number, part in enumerate(results.items(output.get("parts"))):
        if isinstance(part, dict) and (url := _meshes({**part, "meshes": [part]}).get("GLB")):
            found.append((_text(part, "name") or f"Part {number + 1}", url))
    return tuple(found)


def _text(place: Mapping[str, Any], *names: str) -> str:
    return next((value for name in names if (value := results.text(place.get(name)))), "")


def _urls(values: object) -> list[str]:
    texts = [_text(one, "url", "image_url") if isinstance(one, dict) else one for one in results.items(values)]
    return [one for one in texts if isinstance(one, str) and one]
