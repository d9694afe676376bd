"""What stands in the job files of background Blenders, which may be anywhere and of any version. Standard library only.

The engine writes them and the preparer reads them (prepare/main.py); where no second Blender can be started, the same
values go to the host. What comes back are :class:`Facts`.
"""

from __future__ import annotations

from typing import TypedDict

#: Custom properties of an object, by name.
Properties = dict[str, str | int | float]


class PrepareValues(TypedDict, total=False):
    """A downloaded model that is to become a .blend. Each value is explained at ``prepare.main.PrepareJob``."""

    source: str
    format: str
    output: str
    name: str
    size_mm: float | None
    axis: str
    origin: str
    joined: bool
    max_faces: int | None
    recalculate_normals: bool
    quads: bool
    repair: list[str]
    animation: bool
    retopology: str
    texture_size: int
    lods: list[float]
    collision: str
    texture_folder: str
    download: str


class AssetTexts(TypedDict):
    """What the Asset Browser says of an asset."""

    name: str
    description: str
    author: str
    tags: list[str]


class AssetWanted(AssetTexts):
    """What the command ``asset`` takes: folder of the library, path of the catalog, custom properties of the root."""

    folder: str
    catalog: str
    properties: Properties


class PicturesValues(TypedDict):
    """Strangers' pictures that are to be drawn small: ``task`` is "pictures", ``pictures`` the path and the new one of
    each.
    """

    task: str
    pictures: list[list[str]]


class BoxesValues(TypedDict):
    """A stranger's .blend whose boxes are to be told: ``task`` is "boxes", ``source`` its path."""

    task: str
    source: str


class AssetValues(AssetTexts):
    """A prepared model that is to become an asset.

    Attributes:
        task: "asset". source, output: paths of the .blend files. catalog: its id. preview: path of a picture, or empty.
        properties: custom properties of the root. texture_folder: where its images are, or empty.
    """

    texture_folder: str
    task: str
    source: str
    output: str
    catalog: str
    preview: str
    properties: Properties
