"""CSM's older sessions: spins of the subject, the preview mesh of one of them, the refined mesh.

Each stage is ordered, and paid, by itself. Newer servers among them make the mesh at once and report in fields of
other names. The documents name the status of the first stage only, so statuses are read by the words in them, and
the addresses of results count for more than they do. Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import ConversionFailed, JobNotFound, KeyRejected, RequestRefused, UnexpectedAnswer, UnsupportedFeature
from ...http import refusals
from ...model.inputs import web_addresses
from .. import results
from ..base import value_of
from ..results import Outcome
from . import calls
from .options_and_limits import COMMON_OPTIONS, OLDER_OPTIONS, PREVIEW, REFINE

if TYPE_CHECKING:
    from ...model.request import Request
    from ..results import Http

ROOT = "/image-to-3d-sessions"
#: How the codes of these sessions begin.
CODE = "S"
#: No session has this code.
NO_SESSION = f"{ROOT}/SESSION_0_0"
#: In a status: a stage is under way.
_WORKING = ("processing", "training", "incomplete", "queued", "pending", "unprocessed", "progress", "running", "start")
#: In a status: CSM waits for the next order, and is certainly not at work on it.
_WAITING = ("done", "complete", "finished", "ready")
#: In the place of an error: there is none.
_NOTHING = ("none", "null", "false", "no error", "0")
#: In a status: there will be nothing any more.
_OVER = ("failed", "error", "cancelled", "canceled")
#: Where a stage begins and ends in the progress of the whole.
_SHARES = {"spin": (0.0, 0.25), PREVIEW: (0.25, 0.5), REFINE: (0.5, 1.0)}
_STAGES = {"spin": "Making the spins.", PREVIEW: "Making the preview mesh.", REFINE: "Refining the mesh."}
_PIVOTS = {"BOTTOM": [0.0, -0.5, 0.0], "CENTER": [0.0, 0.0, 0.0]}
#: scaled_bbox has no documented unit or limits; a side of nothing is no side.
_THINNEST = 1e-6
_SENT_ALWAYS = ("model_resolution", "pixel_alignment", "preview_mesh", "diffusion_time_steps", "auto_gen_3d")


def submit(http: Http, request: Request) -> results.Submission:
    """Create a session."""
    known = (*OLDER_OPTIONS, *COMMON_OPTIONS)
    options = {option.key: request.options.get(option.key, option.default) for option in known}
    body = {key: value for key, value in options.items() if key in _SENT_ALWAYS or value}
    if "texture_resolution" in body:
        body["texture_resolution"] = int(body["texture_resolution"])
    special = [option.key for option in known if option.enterprise and option.key in body]
    try:
        answer = calls.call(http, ROOT, {"image_url": calls.image(request.images[0]), **body}, paid=True)
    except (KeyRejected, RequestRefused) as error:
        if error.http != 403 or not special:
            raise
        refused = UnsupportedFeature(
            f"{error.what} CSM takes {' and '.join(special)} from enterprise accounts only.",
            "Leave those options at the service's own choice and generate again; if it stays so, check the key.",
        )
        refused.http, refused.by_api, refused.answer = error.http, error.by_api, error.answer
        raise refused from error
    try:
        data = results.inner(answer, "data") or value_of(answer, "data", dict)
        code = results.text(data.get("session_code")) or value_of(data, "session_code", str)
    except UnexpectedAnswer as error:
        raise refusals.took_nothing("CSM", refusals.sentence(answer), error.what) from None
    return results.Submission([code], details=calls.told(data, "model_version", "tier_at_creation"))


def rows(http: Http, query: str) -> list[dict[str, Any]]:
    """The account's sessions, where the server lists them."""
    answer = calls.get(http, f"{ROOT}?{query}")
    return sessions_in(results.inner(answer, "data") or value_of(answer, "data", dict))


def sessions_in(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The sessions of a list."""
    rows = answer.get("results") if isinstance(answer.get("results"), dict) else value_of(answer, "results", list)
    return [row for row in results.items(rows) if isinstance(row, dict)]


def poll(http: Http, code: str) -> results.Poll:
    """Look at the session."""
    return poll_of(*_session(http, code))


def poll_of(answer: Mapping[str, Any], data: Mapping[str, Any]) -> results.Poll:
    """What stands in the session's fields tells the stage.

    Args:
        answer: what the session came in.
    """
    status = str(data.get("session_status") or data.get("status") or "").lower()
    said = str(data.get("status_message") or "")
    trouble = next((why for why in map(refusals.sentence, (answer.get("error"), data.get("error"))) if why), "")
    trouble = "" if trouble.lower() in _NOTHING else trouble
    if trouble or any(word in status for word in _OVER):
        return results.Poll(Outcome.FAILED, message=trouble or said or f"CSM says: {status}")
    working = any(word in status for word in _WORKING)
    doubtful = not any(word in status for word in _WAITING)
    meshes, previews, spins = _addresses(data, "mesh_url_"), _addresses(data, "preview_mesh_url_"), _spins(data)
    if meshes.get("GLB") or (meshes and not working):
        return results.Poll(
            Outcome.DONE,
            progress=1.0,
            model_url=meshes.get("GLB", ""),
            preview_url=_picture(data.get("selected_spin")),
            message=calls.there_are(meshes),
            details=calls.told(data, "model_version", "topology", "resolution", "texture_resolution", "price"),
            title=results.text(data.get("caption")),
        )
    if previews and (not working or PREVIEW in status):
        model = previews.get("GLB", "")
        return results.Poll(Outcome.NEXT, _SHARES[REFINE][0], model, doubtful=doubtful, order=REFINE)
    if spins and not (working or data.get("selected_spin")):
        choices = tuple(results.Cutout(str(number), url) for number, url in enumerate(spins))
        return results.Poll(Outcome.NEXT, _SHARES[PREVIEW][0], doubtful=doubtful, order=PREVIEW, choices=choices)
    stage = next((words for name, words in _STAGES.items() if name in status), "")
    return results.Poll(Outcome.GENERATING, _progress(data, status), message=said or status, stage=said or stage)


def order(
    http: Http, code: str, order: str, request: Request, choice: str, box: tuple[float, float, float] | None
) -> None:
    """Order the preview of a spin, or the refined mesh in the size and with the origin that were asked for.

    CSM stretches to the box it is given: ``box`` (width, height, depth in metres) has the preview's proportions.
    """
    body: dict[str, Any] = {}
    if order == PREVIEW:
        body["selected_spin_index"] = int(choice or 0)
    elif box is not None:
        body["scaled_bbox"] = [max(side, _THINNEST) for side in box]
    if order == REFINE and request.origin in _PIVOTS:
        body["pivot_point"] = _PIVOTS[request.origin]
    calls.call(http, f"{ROOT}/get-3d/{order}/{code}", body, paid=True)


def convert(http: Http, code: str, format: str) -> results.Conversion:
    """Every format is made along with the model, and costs nothing more."""
    _, data = _session(http, code)
    status = str(data.get("session_status") or data.get("status") or "").lower()
    return conversion(_addresses(data, "mesh_url_"), format, working=any(word in status for word in _WORKING))


def conversion(meshes: Mapping[str, str], format: str, *, working: bool) -> results.Conversion:
    """A format of a model, by the addresses of all of them.

    An OBJ alone has no materials: its .zip, where there is one, brings them and the textures.

    Raises:
        ConversionFailed: it is not there, and not being made.
    """
    url = (meshes.get("ZIP") if format == "OBJ" else "") or meshes.get(format)
    if url:
        return results.Conversion(url)
    if working:
        return results.Conversion(message=f"CSM has not made the {format} yet.")
    raise ConversionFailed(
        f"CSM has made no {format} of this model. {calls.there_are(meshes)}",
        "Generate again in a format that is there, or keep one of them as a file. Retry asks for it once more.",
    )


def _session(http: Http, code: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The whole answer, and the session in it."""
    try:
        answer = calls.get(http, f"{ROOT}/{code}")
    except RequestRefused as error:
        if error.http == 404:
            raise JobNotFound(f"{error.what} CSM does not know the session {code}.") from error
        raise
    return answer, results.inner(answer, "data") or value_of(answer, "data", dict)


def _progress(data: Mapping[str, Any], status: str) -> float | None:
    """Of the whole; the percentage begins anew with each stage, that of newer servers counts all of it."""
    newer = "percent_done" in data
    percent = results.number(data.get("percent_done" if newer else "percentage"))
    if percent is None:
        return None
    begins, ends = (0.0, 1.0) if newer else next((_SHARES[stage] for stage in _SHARES if stage in status), (0.5, 1.0))
    return begins + (ends - begins) * min(max(percent, 0.0), 100.0) / 100


def _addresses(data: Mapping[str, Any], prefix: str) -> dict[str, str]:
    """By format, where a result is."""
    found = {name.removeprefix(prefix).upper(): results.text(data[name]) for name in data if name.startswith(prefix)}
    return {format: url for format, url in found.items() if url}


def _spins(data: Mapping[str, Any]) -> list[str]:
    """The pictures' addresses, which some servers give by themselves and others as a field of an object."""
    spins = data.get("spins") or []
    if not isinstance(spins, list):
        spins = [spins] if web_addresses.is_web_address(_picture(spins)) else None
    if spins is None:
        raise UnexpectedAnswer(f"CSM's spins are no list: {str(data['spins'])[:100]}")
    return [_picture(spin) for spin in spins]


def _picture(spin: object) -> str:
    return results.text(spin.get("image_url") if isinstance(spin, Mapping) else spin)
