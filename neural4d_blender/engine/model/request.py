"""What a user asks for, in the form that travels from the host to the engine, and its first check.

Standard library only. The check needs nothing but the service's declaration, so the host can refuse
a bad request before anything is sent, stored or paid.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInput, UnsupportedFeature
from . import allowed_values
from .allowed_values import AXES, FORMATS, MAX_PROMPT, MAX_SIZE_MM, MIN_FACES, MIN_SIZE_MM, ORIGINS, REPAIRS
from .declaration import Feature, Options
from .inputs.web_addresses import is_web_address, name_in
from .quality import choosing

if TYPE_CHECKING:
    from .declaration import Declaration


@dataclass(frozen=True)
class Request:
    """One call of ``generate``.

    Args:
        prompt: the text; empty for an image job.
        images: absolute paths of image files, or the web address of one; empty for a text job.
        views: further pictures of the same thing by side ("left", "back", "right"); the image is its front.
        picture_first: have pictures made of the prompt, and the model of one of them. pictures: how many.
            references: absolute paths of images that those pictures go by.
        variants: how many models to make, 1 or more.
        pbr: ask for roughness, metallic and normal maps too; None leaves that to the service, and asks for
            them where it has a switch.
        size_mm: millimetres along ``axis``; None keeps the size the model came with.
        axis: X, Y, Z or LONGEST, of the model as it stands in Blender (Z up).
        origin: where the root's origin goes: BOTTOM (centre of the bottom), CENTER, AUTHORED.
        joined: one mesh instead of the parts it came in. quads: pairs of triangles become quads.
        max_faces: at most this many faces, which takes detail away; None keeps them all.
        recalculate_normals: turn faces outwards and shade by the surface instead of the file's own normals.
        repair: what is to be put right of the shape, by the names in REPAIRS.
        animation: keep rigs, actions and the transforms they move, where the model has any.
        retopology: a new mesh of max_faces with textures baked from the model: QUADS, TRIANGLES or NONE.
        texture_size: pixels of a side of those; 0 as the model's largest, up to 2048.
        lods: levels of detail beside the model, each as a part of its faces (below 1) or a number of them.
        collision: a collision shape beside it, BOX, CONVEX or PIECES (several convex ones), or NONE.
        texture_folder: absolute path of the folder that images are written to; empty packs them into the .blend.
        format: the file format that is imported. name: that of the root object; the prompt where it is empty.
        options: the service's own options, by key.
        choose_cutout: wait for the user to choose one of the pictures that the service makes first; otherwise the
            first one is taken.
        place_all: prepare, and place, every variant instead of one alone.
        best_for: every variant is prepared, as far as that is free, and the best one for that use (see report.USES)
            placed; empty takes the first one there is. require: the same, and one that is not fit is told as such.
        retry_below: while the best score for that use is lower, the same is ordered and paid once more, up to max_tries
            times in all and within max_points, reckoned with the highest price; all models are kept.
        max_points: the job may cost this many points in all; None sets no limit.
        group: jobs of the same group share a limit, group_points, on what they cost together.
        fit_mm: width, depth and height of the box that the model is to fill; every variant is prepared then, as far as
            that is free, so that the one with the best proportions can be placed. Empty where there is no box.
        originals: what the images were called by whoever asked, where copies of them are sent: paths, or names of
            images in Blender.
        bring_in: instead of an input, a model that is there already: its id at the service, the web address of the
            file, or to the provider of files an absolute path. It costs nothing.
        key: the user's own name for the job, of which a journal has one; empty where it has none.
        project: what it is for, by the user's own name: points are counted by it. agent: the program that asks in the
            user's name; empty for the user.
        keep_in: a folder that the models are put into as the service made them; such a job prepares and
            places nothing, so it needs no Blender.
    """

    prompt: str = ""
    images: list[str] = field(default_factory=list)
    views: dict[str, str] = field(default_factory=dict)
    picture_first: bool = False
    pictures: int = 1
    references: list[str] = field(default_factory=list)
    variants: int = 1
    pbr: bool | None = None
    size_mm: float | None = None
    axis: str = "LONGEST"
    origin: str = "BOTTOM"
    joined: bool = False
    max_faces: int | None = None
    recalculate_normals: bool = False
    quads: bool = False
    repair: list[str] = field(default_factory=list)
    animation: bool = False
    retopology: str = "NONE"
    texture_size: int = 0
    lods: list[float] = field(default_factory=list)
    collision: str = "NONE"
    texture_folder: str = ""
    format: str = "GLB"
    name: str = ""
    options: Options = field(default_factory=dict)
    choose_cutout: bool = False
    place_all: bool = False
    best_for: str = ""
    require: str = ""
    retry_below: float | None = None
    max_tries: int = 3
    max_points: int | None = None
    group: str = ""
    group_points: int | None = None
    fit_mm: list[float] = field(default_factory=list)
    originals: list[str] = field(default_factory=list)
    bring_in: str = ""
    key: str = ""
    keep_in: str = ""
    project: str = ""
    agent: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The JSON-able form."""
        # What dataclasses.asdict gives, in a tenth of its time: a batch has thousands.
        return {name: value.copy() if isinstance(value, list | dict) else value for name, value in vars(self).items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Request:
        """Read :meth:`to_dict`'s form; unknown keys are passed over."""
        return cls(**{key: value for key, value in data.items() if key in cls.__dataclass_fields__})

    @property
    def title(self) -> str:
        """What to call the job and the object."""
        named = next((name_in(one) for one in (*self.images, self.bring_in) if one), "")
        return self.name or " ".join(self.prompt.split()) or named or "Model"

    @property
    def use(self) -> str:
        """What the best of several models is to be best for."""
        return self.require or self.best_for

    def check(self, service: Declaration) -> None:
        """Refuse what cannot work, before anything is sent.

        Raises:
            InvalidInput: a value is missing or out of range; the message gives the limits.
            UnsupportedFeature: the service cannot do it.
        """
        self._check_texts()
        self._check_length()
        self._check_input(service)
        self._check_features(service)
        if not _is_number(self.variants, int) or not 1 <= self.variants <= service.max_variants:
            raise InvalidInput(
                f"Variants must be 1 to {service.max_variants} for {service.name}, not {self.variants!r}."
            )
        if self.size_mm is not None and not (
            _is_number(self.size_mm, int, float) and MIN_SIZE_MM <= self.size_mm <= MAX_SIZE_MM
        ):
            raise InvalidInput(f"size_mm must be {MIN_SIZE_MM:g} to {MAX_SIZE_MM:g} millimetres, not {self.size_mm!r}.")
        for what, value, allowed in (("axis", self.axis, AXES), ("origin", self.origin, ORIGINS)):
            if value not in allowed:
                raise InvalidInput(f"{what} must be one of {', '.join(allowed)}, not {value!r}.")
        self._check_arrival()
        self._check_box()
        choosing.check(vars(self))
        if self.format not in service.formats:
            error = UnsupportedFeature if self.format in FORMATS else InvalidInput
            raise error(f"{service.name} delivers {', '.join(service.formats)}, not {self.format!r}.")
        for key, own in self.options.items():
            service.option(key).check(own)

    def with_texts(self, texts: Mapping[str, str]) -> Request:
        """A checked request with another prompt, or another name, where neither was blank or is; checked too.

        Whatever else a request is refused for is as good as before: a table of thousands has no time to look again.

        Raises:
            InvalidInput: as :meth:`check`.
        """
        request = object.__new__(Request)  # giving it all its values one by one takes three times as long
        vars(request).update(vars(self), **texts)
        allowed_values.check_characters(*texts.values())
        request._check_length()
        return request

    def _check_texts(self) -> None:
        pictures = (*self.images, *self.views.values(), *self.references)
        own = (self.prompt, self.name, self.group, self.project, self.agent, self.keep_in, self.bring_in)
        allowed_values.check_characters(*own, *pictures, *self.originals)

    def _check_length(self) -> None:
        if len(self.prompt) > MAX_PROMPT:
            raise InvalidInput(f"The prompt has {len(self.prompt)} characters; {MAX_PROMPT} are the most.")

    def _check_arrival(self) -> None:
        for what in ("joined", "recalculate_normals", "quads", "animation"):
            if not isinstance(getattr(self, what), bool):
                raise InvalidInput(f"{what} must be True or False, not {getattr(self, what)!r}.")
        if self.max_faces is not None and not (_is_number(self.max_faces, int) and self.max_faces >= MIN_FACES):
            raise InvalidInput(f"max_faces must be a whole number of at least {MIN_FACES}, not {self.max_faces!r}.")
        if not isinstance(self.repair, list | tuple) or set(self.repair) - set(REPAIRS):
            raise InvalidInput(f"repair takes a list of {', '.join(REPAIRS)}, not {self.repair!r}.")
        for lod in self.lods:
            if not (_is_number(lod, int, float) and (0 < lod < 1 or (lod == int(lod) and lod >= MIN_FACES))):
                raise InvalidInput(
                    f"A level of detail is a part of the faces, below 1, or at least {MIN_FACES} of them, not {lod!r}."
                )
        for what, known in allowed_values.OF_GAMES.items():
            if getattr(self, what) not in known:
                raise InvalidInput(f"{what} is one of {', '.join(map(str, known))}, not {getattr(self, what)!r}.")
        if self.texture_folder and not Path(self.texture_folder).is_absolute():
            raise InvalidInput(f"texture_folder must be an absolute path, not {self.texture_folder!r}.")

    def _check_box(self) -> None:
        if self.fit_mm and not (
            len(self.fit_mm) == 3 and all(_is_number(s, int, float) and s > 0 for s in self.fit_mm)
        ):
            raise InvalidInput(f"fit_mm must be three lengths in millimetres, not {self.fit_mm!r}.")
        if self.fit_mm and self.place_all:
            raise InvalidInput("A box takes one model, not every variant.", "Leave place_all out.")

    def _check_input(self, service: Declaration) -> None:
        replacing = [option.key for option in service.options if option.replaces_image]
        named = [key for key in replacing if self.options.get(key)]
        if self.bring_in:
            self._check_brought_in(service)
        elif bool(self.prompt.strip()) + bool(self.images) + len(named) != 1:
            either = f"a prompt, an image or the option {', '.join(replacing)}" if replacing else "a prompt or an image"
            raise InvalidInput(f"Give either {either}: one of them, not several and not none.")
        if self.prompt.strip():
            service.require(Feature.TEXT)
        for image in (*self.images, *self.views.values()):
            service.require(Feature.IMAGE_URL if is_web_address(image) else Feature.IMAGE)
        self._check_views(service)
        self._check_pictures(service)
        if len(self.images) > service.max_images:
            service.require(Feature.SEVERAL_IMAGES)
            raise InvalidInput(f"{service.name} takes {service.max_images} images at once, not {len(self.images)}.")
        limits = service.limits_of(self.options)
        for image in (*self.images, *self.views.values(), *self.references):
            if not is_web_address(image):
                limits.check(image)

    def _check_brought_in(self, service: Declaration) -> None:
        if self.prompt.strip() or self.images or self.views or self.picture_first or self.options:
            raise InvalidInput("What is brought in is there already: it takes no prompt, image or option.")
        if self.variants != 1:
            raise InvalidInput("What is brought in is one model: it has no variants.")
        if not service.ids:
            raise UnsupportedFeature(f"{service.name} cannot be asked for a model that was made elsewhere.")
        linked = is_web_address(self.bring_in) and not service.built_in
        if not linked and not re.fullmatch(service.ids, self.bring_in):
            raise InvalidInput(
                f"{self.bring_in!r} is no id of a model at {service.name}.",
                "Copy the id, or the link, from the service that made the model, and name that service.",
            )

    def _check_views(self, service: Declaration) -> None:
        if not self.views:
            return
        service.require(Feature.VIEWS)
        if unknown := [side for side in self.views if side not in service.views]:
            there_are = ", ".join(service.views)
            raise InvalidInput(f"{service.name} takes these views beside the front: {there_are}, not {unknown[0]!r}.")
        if len(self.images) != 1:
            raise InvalidInput("Views go with one image, which is the front.", "Give the front as the image.")

    def _check_pictures(self, service: Declaration) -> None:
        if not isinstance(self.picture_first, bool):
            raise InvalidInput(f"picture_first must be True or False, not {self.picture_first!r}.")
        if not self.picture_first:
            if self.references:
                raise InvalidInput("Reference images go with a picture that is made first.", "Set picture_first.")
            return
        service.require(Feature.PICTURE)
        if not self.prompt.strip():
            raise InvalidInput("A picture is made of a prompt.", "Write a prompt, or leave picture_first out.")
        if not _is_number(self.pictures, int) or not 1 <= self.pictures <= service.max_pictures:
            raise InvalidInput(f"pictures must be 1 to {service.max_pictures} for {service.name}.")
        if len(self.references) > service.max_references:
            raise InvalidInput(f"{service.name} takes {service.max_references} reference images at the most.")
        if any(is_web_address(one) for one in self.references):
            raise InvalidInput("A reference image is a file, no web address.", "Download it and choose the file.")

    def _check_features(self, service: Declaration) -> None:
        if self.pbr:
            service.require(Feature.PBR)
        if self.choose_cutout and not self.picture_first:
            service.require(Feature.CHOICE)
        if _is_number(self.variants, int) and self.variants > 1:
            service.require(Feature.VARIANTS)


def _is_number(value: object, *kinds: type) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool) and math.isfinite(float(value))  # type: ignore[arg-type]
