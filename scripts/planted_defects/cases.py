"""All models there are: each kind of defect in several sizes, at several places, of several bodies, and sound ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from . import defects
from .bodies import BODIES, Body
from .defects import PLACES

#: What a part more may bring along: it has its place in the same UV map, and may reach below the ground.
_BESIDE = frozenset({"uv_overlap", "flat_base", "stands"})

#: What is mirrored is a mesh of its own with the same UV map.
_MIRRORED = frozenset({"uv_overlap"})


@dataclass(frozen=True)
class Look:
    """How it is textured.

    Attributes:
        size: width and height of the one image, in pixels. channels: where it goes. uv: it has a UV map at all.
    """

    size: tuple[int, int] = (512, 512)
    channels: tuple[str, ...] = ("Base Color", "Metallic", "Roughness", "Normal")
    uv: bool = True


@dataclass(frozen=True)
class Case:
    """A model, what the checks have to find in it, and what they may find besides.

    Attributes:
        kind: of the defect; "sound" without.
        way: how it is stored: "whole", "split" (each face has points of its own), "mirrored" (by its object),
            "linked" (several objects show the mesh), "objects" (each part is one), "GLB" (written and read as that).
    """

    name: str
    kind: str
    build: Callable[[], Body]
    expected: frozenset[str]
    allowed: frozenset[str] = frozenset()
    look: Look = field(default_factory=Look)
    way: str = "whole"
    size_mm: float = 120.0


@dataclass(frozen=True)
class _Kind:
    spoil: Callable[[Body, str, float], Body]
    sizes: tuple[float, ...]
    bodies: tuple[str, ...]
    expected: frozenset[str]
    allowed: frozenset[str] = frozenset()
    places: tuple[str, ...] = tuple(PLACES)


def _of(*names: str) -> frozenset[str]:
    return frozenset(names)


_FINE = ("fine box", "ball", "torus", "figure")
_STANDING = ("fine box", "figure", "cylinder")
KINDS: dict[str, _Kind] = {
    "hole": _Kind(
        defects.hole, (0.0, 0.12, 0.3), _FINE, _of("open_edges", "holes"), _of("thin_walls", "flat_base", "stands")
    ),
    "crack": _Kind(
        defects.crack, (0.12, 0.3), ("fine box", "figure"), _of("open_edges", "holes"),
        _of("floating_parts", "thin_walls", "self_intersections", "flat_base", "stands"),
    ),
    "fin": _Kind(
        defects.fin, (0.02, 0.1), ("box", "ball", "figure"), _of("non_manifold_edges", "open_edges", "holes"), _BESIDE
    ),
    "flipped patch": _Kind(
        defects.flipped_patch, (0.0, 0.12, 0.3), ("fine box", "ball", "figure"),
        _of("inverted_normals", "inconsistent_normals"), _of("thin_walls"),
    ),
    "inside out": _Kind(
        defects.inside_out, (0.0,), tuple(BODIES), _of("inverted_normals"), _of("thin_walls", "stands"), ("top",)
    ),
    "slivers": _Kind(  # those of two neighbours may lie in the same place
        defects.slivers, (0.02, 0.1, 0.4), ("box", "ball", "figure"), _of("zero_area_faces"),
        _of("uv_missing", "doubled_faces", "non_manifold_edges"),
    ),
    "doubled": _Kind(
        defects.doubled, (0.0, 0.12, 0.3), ("box", "ball", "figure"), _of("doubled_faces"),
        _of("non_manifold_edges", "open_edges", "holes", "uv_overlap", "thin_walls"),
    ),
    "crossing": _Kind(
        defects.crossing, (0.01, 0.05, 0.1), ("box", "ball", "figure"), _of("self_intersections"), _BESIDE
    ),
    "pulled through": _Kind(
        defects.pulled_through, (0.0, 0.2), ("fine box", "ball"), _of("self_intersections"),
        _BESIDE | {"thin_walls", "texel_density"},
    ),
    "floating": _Kind(
        defects.floating, (0.02, 0.06, 0.2), ("box", "figure", "torus"), _of("floating_parts"), _BESIDE
    ),
    "plate": _Kind(
        defects.plate, (0.002, 0.004), ("box", "fine box", "cylinder"), _of("thin_walls"),
        _BESIDE | {"self_intersections"}, ("top", "left", "back"),
    ),
    "hollow": _Kind(
        defects.hollow, (0.002, 0.004), ("box", "ball", "cylinder"), _of("thin_walls", "hidden_faces"), _BESIDE,
        ("top",),
    ),
    "inside": _Kind(
        defects.inside, (0.2, 0.4, 0.6), ("box", "cylinder", "figure"), _of("hidden_faces"), _BESIDE, ("top",)
    ),
    "tipped": _Kind(defects.tipped, (0.1, 0.3), ("box", "cylinder"), _of("flat_base", "stands"), places=("top",)),
    "leaning": _Kind(defects.leaning, (0.1, 0.3), ("fine box", "cylinder"), _of("stands"), places=("top", "left")),
    "without UV": _Kind(defects.without_uv, (0.12, 0.3), _FINE, _of("uv_missing")),
    "shared UV": _Kind(defects.shared_uv, (0.25, 0.4), _FINE, _of("uv_overlap"), _of("texel_density"), ("top", "left")),
}  # fmt: skip
_LOOKS = {
    "no UV": (Look(uv=False), _of("uv_missing"), _of("texel_density")),
    "no textures": (
        Look(channels=()),
        _of("channel_base_color", "channel_metallic", "channel_roughness", "channel_normal"),
        frozenset(),
    ),
    "colour alone": (
        Look(channels=("Base Color",)),
        _of("channel_metallic", "channel_roughness", "channel_normal"),
        frozenset(),
    ),
    "huge texture": (Look((8192, 16)), _of("texture_size"), frozenset()),
    "coarse texture": (Look((16, 16)), _of("texel_density"), frozenset()),
}


def cases() -> Iterator[Case]:
    """All of them, the same each time."""
    for body, (build, rightly) in BODIES.items():
        for size in (20.0, 120.0, 2000.0):
            coarse = _of("texel_density") if size > 1000 else frozenset()
            yield Case(f"{body}, {size:g} mm", "sound", build, rightly, coarse, size_mm=size)
        for way in ("split", "mirrored", "linked", "GLB"):
            yield Case(
                f"{body}, {way}", "sound", build, rightly, _MIRRORED if way == "linked" else frozenset(), way=way
            )
    for kind, wanted in KINDS.items():
        for body in wanted.bodies:
            build, rightly = BODIES[body]
            for place in wanted.places:
                for size in wanted.sizes:
                    yield Case(
                        f"{kind} of {size:g} at the {place} of a {body}",
                        kind,
                        _spoilt(wanted.spoil, build, place, size),
                        wanted.expected,
                        wanted.allowed | rightly,
                    )
    for kind, (look, expected, allowed) in _LOOKS.items():
        for body in ("box", "ball", "figure"):
            build, rightly = BODIES[body]
            yield Case(f"{body} with {kind}", kind, build, expected, allowed | rightly, look)
    yield Case(
        "a ball of many faces", "many faces", lambda: BODIES["ball"][0](), _of("faces"), BODIES["ball"][1], way="dense"
    )


def _spoilt(
    spoil: Callable[[Body, str, float], Body], build: Callable[[], Body], place: str, size: float
) -> Callable[[], Body]:
    return lambda: spoil(build(), place, size)
