"""What a job was asked for, back in the panel: the other way round from ``properties.arguments``."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.protocol import Declaration, InvalidInput, Request, declaration, is_web_address
from ..drawing.languages import tr
from . import image_sources, service_options, side_views
from .importing import games

if TYPE_CHECKING:
    from .properties import NEURAL4D_PG_settings


def restore(chosen: NEURAL4D_PG_settings, provider: str, request: Request) -> str:
    """Set the panel to what a job was made of; returns what could not be brought back, empty where all was.

    A spending limit comes back too; one that the panel has and the job had not stays on.

    Raises:
        InvalidInput: this version does not know the service; or it was a sample, which the panel has no settings of.
    """
    declared = declaration(provider)
    if declared.built_in and not request.bring_in:
        raise InvalidInput("A built-in sample has no settings of its own.", "Bring it with Try It, free.")
    _restore_arrival(chosen, request)
    if not declared.built_in:
        chosen.provider = provider
    if request.bring_in:
        return ""
    lost = _restore_input(chosen, declared, request)
    chosen.variants, chosen.place_all = request.variants, request.place_all
    chosen.choose_cutout, chosen.pbr = request.choose_cutout, request.pbr is not False
    if request.max_points is not None:
        chosen.use_cap, chosen.max_points = True, request.max_points
    own = service_options.group(chosen, declared)
    with suppress(TypeError):  # a format that is none of this version's
        own.file_format = request.format
    lost += service_options.take(own, declared, request.options)
    return tr("{names} could not be brought back.").format(names=", ".join(lost)) if lost else ""


def _restore_arrival(chosen: NEURAL4D_PG_settings, request: Request) -> None:
    """What becomes of a model when it is here, wherever it is from."""
    chosen.use_size, chosen.use_max_faces = request.size_mm is not None, request.max_faces is not None
    for name, value in (("size_mm", request.size_mm), ("max_faces", request.max_faces)):
        if value is not None:
            setattr(chosen, name, value)
    for name in ("axis", "origin", "joined", "recalculate_normals", "quads", "animation"):
        setattr(chosen, name, getattr(request, name))
    chosen.repair = set(request.repair)
    games.take(chosen, request)
    chosen.pack_images = not request.texture_folder


def _restore_input(chosen: NEURAL4D_PG_settings, declared: Declaration, request: Request) -> list[str]:
    """Prompt or image, with what goes with it; the names of what is gone."""
    named = image_sources.reference(declared)
    chosen.input = "TEXT" if request.prompt.strip() else "IMAGE"
    chosen.prompt = request.prompt or chosen.prompt
    chosen.picture_first = request.picture_first
    chosen.pictures = request.pictures if request.picture_first else chosen.pictures
    chosen.references.clear()
    for path in request.references:
        chosen.references.add().path = path
    chosen.use_views = bool(request.views)
    side_views.take(chosen, declared, request.views)
    sides = [side for side, path in request.views.items() if not Path(path).is_file()]
    gone = [tr("The {side} view").format(side=tr(side.title())) for side in sides]
    lost = [number for number, path in enumerate(request.references, 1) if not Path(path).is_file()]
    gone += [tr("Reference {number}").format(number=number) for number in lost]
    if named and request.options.get(named.key):
        chosen.image_source = "SERVICE"
    for image in request.images[:1]:
        found: dict[str, Any] = {"image_source": "URL", "image_url": image}
        if not is_web_address(image):
            found = {"image_source": "FILE", "image_path": image}
            gone += [tr("The image")] * (not Path(image).is_file())
        for name, value in found.items():
            setattr(chosen, name, value)
    return gone + [tr("Image {number}").format(number=number) for number in range(2, len(request.images) + 1)]
