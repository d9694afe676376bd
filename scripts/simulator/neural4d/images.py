"""Neural4D's matting, models of an image as in 2024, and chibi models.

May import what the stand-in is built on, nothing of the client.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .. import present
from ..files.uploaded_images import cut_out
from ..http import request_checks
from ..http.request_checks import Refusal
from ..ledger import NotEnough
from ..state import Answer, Call, Upload, World
from . import input as check
from .jobs import JobBook, new_uuids

#: The request ID of the document's sample; every matting gets the next number.
FIRST_REQUEST_ID = 219880
CUT_OUTS = 4


@dataclass
class Matting:
    """One uploaded image on its way to four cut-outs."""

    image: bytes
    file_keys: list[str]
    seconds: float
    lost: bool = False
    started: float = field(default_factory=present.monotonic)

    @property
    def done(self) -> bool:
        return not self.lost and present.monotonic() - self.started >= self.seconds


class ImageEndpoints:
    def __init__(self, world: World, book: JobBook) -> None:
        self._world = world
        self._book = book
        self._mattings: dict[int, Matting] = {}
        self._cut_outs: dict[str, tuple[Matting, int]] = {}

    def clear(self) -> None:
        self._mattings.clear()
        self._cut_outs.clear()

    def finish(self) -> None:
        for matting in self._mattings.values():
            matting.seconds = 0.0

    async def matting(self, call: Call) -> Answer:
        upload = request_checks.one_file(request_checks.form(call), "image")
        check.matting_image(upload)
        self._world.ledger.charge("matting", self._world.settings.price("matting"), [])
        request_id = FIRST_REQUEST_ID + len(self._mattings)
        stem = f"{present.uuid4().hex}{''.join(letter for letter in upload.name if letter.isalnum())[:40]}"
        keys = [f"{stem}_{uuid}.png" for uuid in new_uuids(CUT_OUTS)]
        matting = Matting(upload.data, keys, self._world.settings.matting_seconds, call.has_fault("matting_failed"))
        self._mattings[request_id] = matting
        for cut, key in enumerate(keys):
            self._cut_outs[key] = (matting, cut)
            self._world.files.put(key, partial(self._world.models.run, partial(cut_out, upload.data, cut)))
        return Answer(
            {
                "type": "sys",
                "message": "Matting",
                "queuePosition": None,
                "uploadedImageUrl": self.shown(call, upload),
                "requestId": request_id,
            }
        )

    async def matted_result(self, call: Call) -> Answer:
        request_id = request_checks.whole_number(request_checks.json_object(call), "requestId")
        matting = self._mattings.get(request_id)
        if matting is None:
            raise Refusal(f"No matting request with the ID {request_id}.", 404)
        if not matting.done:
            pending: dict[str, dict[str, Any]] = {
                "null": {"mattedImageUrls": None, "fileKeys": None},
                "empty": {"mattedImageUrls": [], "fileKeys": []},
                "missing": {},
            }
            return Answer({"message": "Image matting in progress", **pending[self._world.settings.matting_pending_as]})
        urls = [self._world.result_url(call, key) for key in matting.file_keys]
        return Answer({"message": "Image matting completed", "mattedImageUrls": urls, "fileKeys": matting.file_keys})

    async def generate(self, call: Call) -> Answer:
        body = request_checks.json_object(call)
        key = request_checks.text(body, "fileKey")
        count = check.model_count(body)
        pbr = check.wants_pbr(body)
        image, cut = self.cut_out(key)
        # The document shows `uuids` of the client's own for text only: here they are the service's.
        uuids = new_uuids(count)
        specs = [self._world.spec(variant, pbr, image=image, cut=cut) for variant in range(count)]
        self._book.start(call, "image", uuids, specs, "", "direct3DA11")
        return Answer({"type": "sys", "message": "Generating", "uuids": uuids})

    def cut_out(self, key: Any) -> tuple[bytes, int]:
        """The image that a fileKey stands for, and which of its cut-outs.

        Raises:
            Refusal: it is none, or not ready.
        """
        matting, cut = self._cut_outs.get(key, (None, 0)) if isinstance(key, str) else (None, 0)
        if matting is None or not matting.done:
            raise Refusal("The fileKey is not one that getMattedResult gave.")
        return matting.image, cut

    def shown(self, call: Call, upload: Upload) -> str:
        """The URL of an image as it was uploaded."""
        stem = f"{present.uuid4().hex}{''.join(letter for letter in upload.name if letter.isalnum())[:40]}"
        self._world.files.put(stem, partial(_given, upload.data))
        return self._world.result_url(call, stem)

    async def generate_chibi(self, call: Call) -> Answer:
        parts = request_checks.form(call)
        return self.chibi(
            call, request_checks.files(parts, "images"), request_checks.form_text(parts, "styleType"), self._start_each
        )

    def chibi(
        self, call: Call, uploads: list[Upload], style: str, start: Callable[[Call, list[Upload]], list[str]]
    ) -> Answer:
        """Make models of the images that are fit for it.

        Args:
            start: charges and begins those, and names each one's uuid.

        Raises:
            NotEnough: the balance does not cover all; nothing was begun.
        """
        if self._world.settings.price("chibi") * len(uploads) > self._world.ledger.total:
            raise NotEnough
        accepted: list[Upload] = []
        failures: list[dict[str, Any]] = []
        for upload in uploads:
            try:
                if style not in self._world.settings.style_types:
                    raise Refusal(f"The prompt tag '{style}' has not been set up.")
                check.plain_image(upload)
            except Refusal as refusal:
                failures.append({"file": upload.name, "success": False, "message": refusal.message})
                continue
            accepted.append(upload)
        message = "Task created and model generation started, please retrieve model after a moment"
        uuids = start(call, accepted) if accepted else []
        done, failed = len(accepted), len(failures)
        return Answer(
            {
                "success": not failures,
                "totalFiles": len(uploads),
                "successCount": done,
                "failureCount": failed,
                "results": [{"uuids": [uuid], "success": True, "message": message} for uuid in uuids],
                "failures": failures,
                "message": f"Processed {len(uploads)} files: {done} succeeded, {failed} failed",
            }
        )

    def _start_each(self, call: Call, uploads: list[Upload]) -> list[str]:
        """'A cute model from an image' was the operation in 2024, so each image is one."""
        uuids = new_uuids(len(uploads))
        for uuid, upload in zip(uuids, uploads, strict=True):
            self._book.start(
                call, "chibi", [uuid], [self._world.spec(0, True, image=upload.data)], "", "createCuteModels"
            )
        return uuids


async def _given(data: bytes) -> bytes:
    return data
