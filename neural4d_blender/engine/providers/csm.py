"""CSM (Common Sense Machines): image-to-3D sessions.

A session goes through stages: pictures of the subject all around ("spins") to choose from, a preview
mesh of the chosen one, and the refined mesh, which may be given a size and an origin. Each stage is
ordered, and paid, by itself. Newer servers make the mesh at once and report in fields of other
names. The documents name the status of the first stage only, so statuses are read by the words in
them, and the addresses of results count for more than they do.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from .. import addresses, answers, imagefile
from ..declaration import Declaration, Feature, Option, Quote
from ..errors import (
    ConversionFailed,
    InvalidInput,
    JobNotFound,
    KeyRejected,
    Neural4DError,
    NotEnoughPoints,
    RequestRefused,
    ServiceDown,
    UnexpectedAnswer,
    UnsupportedFeature,
)
from .base import Outcome, Provider, value_of

if TYPE_CHECKING:
    from ..request import Request

_ROOT = "/image-to-3d-sessions"
_PREVIEW, _REFINE = "preview", "refine"
#: No session has this code.
_NO_SESSION = "SESSION_0_0"
#: In a status: a stage is under way.
_WORKING = ("processing", "training", "incomplete", "queued", "pending", "unprocessed", "progress", "running", "start")
#: In a status: CSM waits for the next order, and is certainly not at work on it.
_WAITING = ("done", "complete", "finished", "ready")
#: Where a stage begins and ends in the progress of the whole.
_SHARES = {"spin": (0.0, 0.25), _PREVIEW: (0.25, 0.5), _REFINE: (0.5, 1.0)}
_STAGES = {"spin": "Making the spins.", _PREVIEW: "Making the preview mesh.", _REFINE: "Refining the mesh."}
_PIVOTS = {"BOTTOM": [0.0, -0.5, 0.0], "CENTER": [0.0, 0.0, 0.0]}
#: scaled_bbox has no documented unit or limits; a side of nothing is no side.
_THINNEST = 1e-6
_SENT_ALWAYS = ("model_resolution", "pixel_alignment", "preview_mesh", "diffusion_time_steps", "auto_gen_3d")
_NEWER = "Newer servers only; older ones pass it over"

_OPTIONS = (
    Option("model_resolution", "Model Resolution", "choice", "high", "How fine the model is", choices=("high", "low")),
    Option(
        "pixel_alignment",
        "Pixel Alignment",
        "choice",
        "highest",
        "How closely the model follows the image",
        choices=("highest", "moderate", "lowest"),
    ),
    Option("preview_mesh", "Preview Mesh", "choice", "turbo", "Turbo is quicker, HD is finer", choices=("turbo", "hd")),
    Option(
        "diffusion_time_steps", "Diffusion Steps", "int", 20, "More of them bring more detail", minimum=16, maximum=200
    ),
    Option(
        "auto_gen_3d",
        "All Stages at Once",
        "bool",
        False,
        "CSM goes through spins, preview and refined mesh by itself, and charges all of them at the start: no spin can "
        "be chosen, and CSM is not told the size",
    ),
    Option("topology", "Topology", "choice", "", "Triangles or quads", choices=("", "tris", "quads"), enterprise=True),
    Option(
        "resolution",
        "Polygons",
        "choice",
        "",
        "Few faces or many",
        choices=("", "low_poly", "high_poly"),
        enterprise=True,
    ),
    Option(
        "texture_resolution",
        "Texture Size",
        "choice",
        "",
        "Width and height of the textures in pixels",
        choices=("", "128", "256", "512", "1024", "2048"),
        enterprise=True,
    ),
    Option("geometry_model", "Geometry", "choice", "", f"For the shape. {_NEWER}", choices=("", "base", "turbo")),
    Option(
        "texture_model",
        "Textures",
        "choice",
        "",
        f"Colours, PBR or none. {_NEWER}",
        choices=("", "none", "baked", "pbr"),
    ),
)


class Csm(Provider):
    """The calls of CSM's sessions."""

    declaration: ClassVar[Declaration] = Declaration(
        id="csm",
        name="CSM",
        url="https://api.csm.ai",
        url_env="CSM_API_URL",
        key_env="CSM_API_KEY",
        features=frozenset({Feature.IMAGE, Feature.IMAGE_URL, Feature.CHOICE, Feature.PROGRESS}),
        reasons={Feature.PBR: "CSM decides by itself; its newer servers take the option texture_model."},
        formats=("GLB", "OBJ", "FBX", "USDZ"),
        keeps=("ZIP",),
        choice="spin",
        lost_answers=(
            "CSM takes no ids of ours: a session whose creation was not answered may be paid for, and is sent again "
            "only when you ask for it. Preview and refined mesh are looked for in their session, and ordered again "
            "only when it shows that the order never arrived."
        ),
        keys_page="https://3d.csm.ai",
        terms_page="https://www.csm.ai/terms-and-conditions",
        key_header="x-api-key",
        options=_OPTIONS,
    )

    @classmethod
    def check(cls, request: Request) -> None:
        """A session that goes on by itself leaves nothing to choose."""
        if request.choose_cutout and cls.goes_on_by_itself(request):
            raise InvalidInput(
                "With the option auto_gen_3d CSM chooses the spin by itself.",
                "Leave the option out, or take the first spin.",
            )

    @classmethod
    def quotes(cls, request: Request) -> list[Quote]:
        """CSM's documents name no price. With auto_gen_3d everything is charged at the creation."""
        if cls.goes_on_by_itself(request):
            return [Quote("session with all stages", None)]
        return [Quote("session", None), cls.order_quote(_PREVIEW), cls.order_quote(_REFINE)]

    @classmethod
    def goes_on_by_itself(cls, request: Request) -> bool:
        """As the option auto_gen_3d says."""
        return bool(request.options.get("auto_gen_3d"))

    def test_key(self) -> answers.Balance | None:
        """Look for a session that does not exist: CSM looks at the key first."""
        try:
            self.http.call(f"{_ROOT}/{_NO_SESSION}", method="GET")
        except RequestRefused as error:
            if error.http != 404 or not error.by_api:
                raise
        return None

    def submit(
        self, request: Request, tickets: Sequence[str], cutout: str = "", picture: str = ""
    ) -> answers.Submission:
        """Create a session."""
        options = {option.key: request.options.get(option.key, option.default) for option in _OPTIONS}
        body = {key: value for key, value in options.items() if key in _SENT_ALWAYS or value}
        if "texture_resolution" in body:
            body["texture_resolution"] = int(body["texture_resolution"])
        special = [option.key for option in _OPTIONS if option.enterprise and option.key in body]
        try:
            answer = self._call(_ROOT, {"image_url": _image(request.images[0]), **body})
        except KeyRejected as error:
            if error.http != 403 or not special:
                raise
            raise UnsupportedFeature(
                f"CSM takes {' and '.join(special)} from enterprise accounts only. {error.what}",
                "Leave those options at the service's own choice and generate again; if it stays so, check the key.",
            ) from error
        data = value_of(answer, "data", dict)
        return answers.Submission(
            [str(value_of(data, "session_code", str))], details=_told(data, "model_version", "tier_at_creation")
        )

    def poll(self, uuid: str, expect_done: bool) -> answers.Poll:
        """Look at the session: what stands in its fields tells the stage."""
        answer, data = self._session(uuid)
        status = str(data.get("session_status") or data.get("status") or "").lower()
        trouble = str(answer.get("error") or data.get("error") or "")
        if trouble or "failed" in status or "error" in status:
            return answers.Poll(Outcome.FAILED, message=trouble or f"CSM says: {status}")
        working = any(word in status for word in _WORKING)
        doubtful = not any(word in status for word in _WAITING)
        meshes, previews, spins = _addresses(data, "mesh_url_"), _addresses(data, "preview_mesh_url_"), _spins(data)
        if meshes.get("GLB") or (meshes and not working):
            return answers.Poll(
                Outcome.DONE,
                progress=1.0,
                model_url=meshes.get("GLB", ""),
                preview_url=_picture(data.get("selected_spin")),
                message=_there_are(meshes),
                details=_told(data, "model_version", "topology", "resolution", "texture_resolution", "price"),
            )
        if previews and (not working or _PREVIEW in status):
            model = previews.get("GLB", "")
            return answers.Poll(Outcome.NEXT, _SHARES[_REFINE][0], model, doubtful=doubtful, order=_REFINE)
        if spins and not (working or data.get("selected_spin")):
            choices = tuple(answers.Cutout(str(number), url) for number, url in enumerate(spins))
            return answers.Poll(Outcome.NEXT, _SHARES[_PREVIEW][0], doubtful=doubtful, order=_PREVIEW, choices=choices)
        stage = next((words for name, words in _STAGES.items() if name in status), "")
        return answers.Poll(Outcome.GENERATING, _progress(data, status), message=status, stage=stage)

    def order(
        self, uuid: str, order: str, request: Request, choice: str, dimensions: tuple[float, float, float] | None
    ) -> None:
        """Order the preview of a spin, or the refined mesh in the size and with the origin that were asked for.

        CSM stretches to the box it is given: ``dimensions`` have the preview's proportions.
        """
        body: dict[str, Any] = {}
        if order == _PREVIEW:
            body["selected_spin_index"] = int(choice or 0)
        elif dimensions is not None:
            body["scaled_bbox"] = [max(side, _THINNEST) for side in dimensions]
        if order == _REFINE and request.origin in _PIVOTS:
            body["pivot_point"] = _PIVOTS[request.origin]
        self._call(f"{_ROOT}/get-3d/{order}/{uuid}", body)

    def convert(self, uuid: str, format: str, size_mm: float | None) -> answers.Conversion:
        """Every format is made along with the model, and costs nothing more.

        An OBJ alone has no materials: its .zip, where there is one, brings them and the textures.
        """
        _, data = self._session(uuid)
        meshes = _addresses(data, "mesh_url_")
        url = (meshes.get("ZIP") if format == "OBJ" else "") or meshes.get(format)
        if url:
            return answers.Conversion(url)
        status = str(data.get("session_status") or data.get("status") or "").lower()
        if any(word in status for word in _WORKING):
            return answers.Conversion(message=f"CSM has not made the {format} yet.")
        raise ConversionFailed(
            f"CSM has made no {format} of this model. {_there_are(meshes)}",
            "Generate again in a format that is there, or keep one of them as a file. Retry asks for it once more.",
        )

    def _session(self, code: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The whole answer, and the session in it."""
        try:
            answer = self._call(f"{_ROOT}/{code}", None, method="GET")
        except RequestRefused as error:
            if error.http == 404:
                raise JobNotFound(f"CSM does not know the session {code}. {error.what}") from error
            raise
        return answer, value_of(answer, "data", dict)

    def _call(self, path: str, body: Mapping[str, Any] | None, *, method: str = "POST") -> dict[str, Any]:
        """One request. An answer may be a refusal although its HTTP status is none."""
        answer = self.http.call(path, body, method=method)
        status = answer.get("statusCode")
        if isinstance(status, int) and status >= 400:
            said = answer.get("message") or answer.get("error") or "no reason given"
            error = _REFUSALS.get(status, ServiceDown if status >= 500 else RequestRefused)(
                f"CSM refused the request ({status}): {str(said)[:160]}"
            )
            error.http, error.by_api = status, True
            raise error
        return answer


_REFUSALS: dict[int, type[Neural4DError]] = {401: KeyRejected, 402: NotEnoughPoints, 403: KeyRejected}


def _image(image: str) -> str:
    """How a picture travels: by its web address, or in the request itself."""
    if addresses.is_web_address(image):
        return image
    kind = imagefile.MIME_TYPES[imagefile.read_image_facts(image).format]
    return f"data:{kind};base64,{base64.b64encode(Path(image).read_bytes()).decode('ascii')}"


def _progress(data: Mapping[str, Any], status: str) -> float | None:
    """Of the whole; the percentage begins anew with each stage, that of newer servers counts all of it."""
    newer = "percent_done" in data
    try:
        percent = float(str(data.get("percent_done" if newer else "percentage")).rstrip("% "))
    except ValueError:
        return None
    begins, ends = (0.0, 1.0) if newer else next((_SHARES[stage] for stage in _SHARES if stage in status), (0.5, 1.0))
    return begins + (ends - begins) * min(max(percent, 0.0), 100.0) / 100


def _addresses(data: Mapping[str, Any], prefix: str) -> dict[str, str]:
    """By format, where a result is."""
    found = {name.removeprefix(prefix).upper(): value for name, value in data.items() if name.startswith(prefix)}
    return {format: value for format, value in found.items() if isinstance(value, str) and value}


def _spins(data: Mapping[str, Any]) -> list[str]:
    """The pictures' addresses, which some servers give by themselves and others as a field of an object."""
    spins = data.get("spins") or []
    if not isinstance(spins, list):
        raise UnexpectedAnswer(f"CSM's spins are no list: {str(spins)[:100]}")
    return [_picture(spin) for spin in spins]


def _picture(spin: object) -> str:
    if isinstance(spin, Mapping):
        spin = spin.get("image_url")
    return spin if isinstance(spin, str) else ""


def _there_are(meshes: Mapping[str, str]) -> str:
    return f"There are: {', '.join(sorted(meshes))}." if meshes else "There is none in any format."


def _told(data: Mapping[str, Any], *names: str) -> dict[str, str]:
    return {name: str(data[name]) for name in names if data.get(name)}
