"""Puts right in the JSON of a glTF what is harmless and yet stops an importer: nulls, floats for indices, dead links.

Pure Python, standard library only. What it changes, it changes in the parsed JSON; the file stays as it was delivered.
Blender reads two addresses of a file, those of its buffers and its images. After a repair no address leads out of it.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator
from typing import Any, Final

from ...errors import UnsafeModel

Json = dict[str, Any]

#: Fields that hold a whole number, or several, which some exporters write as 3.0.
_WHOLE: Final = frozenset({
    "attributes", "buffer", "bufferView", "byteLength", "byteOffset", "byteStride", "camera", "children",
    "componentType", "count", "index", "indices", "input", "inverseBindMatrices", "joints", "material", "mesh", "mode",
    "node", "nodes", "output", "sampler", "scene", "skeleton", "skin", "source", "target", "targets", "texCoord",
})  # fmt: skip
_LARGEST: Final = 2**53
_BASE64: Final = ";base64,"
#: What leads out of the folder that a model lies in.
_OUTWARDS: Final = re.compile(r"[:\\\0-\x1f]|^/|(^|/)\.\.(/|$)|^$")


class Repair:
    """What was put right in one document.

    Attributes:
        changed: the document is another one now.
        outside: buffers, by number, whose data is in other files.
        missing: images, by number, whose data is not in the file.
    """

    def __init__(self, document: Json) -> None:
        self.changed = False
        self.outside: dict[int, str] = {}
        self.missing: set[int] = set()
        self._document = document
        #: All that has an address.
        self._named: list[Json] = []

    def run(self) -> None:
        """Put right whatever needs no look at the data."""
        self._plain_values()
        self._version()
        self._extensions()
        for mesh in dicts(self._document.get("meshes")):
            if "primitives" not in mesh:
                self._set(mesh, "primitives", [])
        for view in dicts(self._document.get("bufferViews")):
            if view.get("byteStride") == 0:  # what null and absent mean: one behind the other
                self._drop(view, "byteStride")
        self._addresses()
        self._materials()

    def forget_images(self, lost: set[int]) -> int:
        """Take what cannot be shown out of the materials, whose own colours are left; returns how many textures."""
        for texture in dicts(self._document.get("textures")):
            if image_of(texture) in lost and "extensions" in texture and texture.get("source") not in {None, *lost}:
                self._drop(texture, "extensions")  # the PNG or JPEG for those who read nothing else
        images, forgotten = self._document.get("images"), 0
        for parent, key, shown in list(self._shown()):
            image = image_of(shown)
            if image in lost or not _has(images, image):
                self._drop(parent, key)
                forgotten += 1
                if key == "emissiveTexture":  # its factor is a share of it, and not a light of its own
                    self._drop(parent, "emissiveFactor")
        return forgotten

    def shown_images(self) -> set[int]:
        """Numbers of the images that materials show."""
        return {image for *_, texture in self._shown() if (image := image_of(texture)) is not None}

    def _plain_values(self) -> None:
        waiting: list[Any] = [self._document]
        while waiting:
            value = waiting.pop()
            if isinstance(value, list):
                waiting.extend(item for item in value if isinstance(item, list | dict))
            elif isinstance(value, dict):
                if "uri" in value:
                    self._named.append(value)
                for key in [key for key, item in value.items() if item is None and key != "extras"]:
                    self._drop(value, key)
                for key in _WHOLE & value.keys():
                    value[key] = self._whole(value[key])
                for morph in dicts(value.get("targets")):
                    morph.update(self._whole(morph))
                waiting.extend(item for key, item in value.items() if isinstance(item, list | dict) and key != "extras")

    def _whole(self, value: Any) -> Any:
        if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST:
            self.changed = True
            return int(value)
        if isinstance(value, list):
            return [self._whole(item) if isinstance(item, float) else item for item in value]
        if isinstance(value, dict):
            return {key: self._whole(item) if isinstance(item, float) else item for key, item in value.items()}
        return value

    def _version(self) -> None:
        """A later 2.x that says nothing else can be read as 2.0 (glTF 2.0, chapter Asset)."""
        asset = self._document.get("asset")
        if isinstance(asset, dict) and asset.get("minVersion", "2.0") == "2.0":
            version = asset.get("version")
            if version != "2.0" and re.fullmatch(r"2(\.\d+)*", str(version)):
                self._set(asset, "version", "2.0")

    def _extensions(self) -> None:
        """What is required has to be among what is used."""
        required, used = self._document.get("extensionsRequired"), self._document.get("extensionsUsed", [])
        if isinstance(required, list) and isinstance(used, list) and (absent := [n for n in required if n not in used]):
            self._set(self._document, "extensionsUsed", [*used, *absent])

    def _addresses(self) -> None:
        for number, buffer in enumerate(dicts(self._document.get("buffers"))):
            if "uri" in buffer and not is_data(buffer["uri"]):
                self.outside[number] = str(buffer["uri"])
                self._drop(buffer, "uri")
        shown = self.shown_images()
        for number, image in enumerate(dicts(self._document.get("images"))):
            if "uri" in image and "bufferView" in image:
                self._drop(image, "uri")
            elif "uri" in image and not is_data(image["uri"]):
                if number in shown and _leads_out(image["uri"]):
                    raise UnsafeModel(outside_its_file(str(image["uri"])))
                self.missing.add(number)
                self._drop(image, "uri")
            elif "uri" not in image and not _has(self._document.get("bufferViews"), image.get("bufferView")):
                self.missing.add(number)
        for value in self._named:  # nothing of Blender's reads these; a later one might
            if isinstance(value.get("uri"), str) and not is_data(value["uri"]):
                self._drop(value, "uri")

    def _materials(self) -> None:
        for mesh in dicts(self._document.get("meshes")):
            for primitive in dicts(mesh.get("primitives")):
                if "material" in primitive and not _has(self._document.get("materials"), primitive["material"]):
                    self._drop(primitive, "material")

    def _shown(self) -> Iterator[tuple[Json, str, Json | None]]:
        """Each place in a material that shows a texture: what holds it, its key there, and the texture if it exists."""
        textures = self._document.get("textures")
        waiting: list[Any] = list(dicts(self._document.get("materials")))
        while waiting:
            value = waiting.pop()
            for key, item in list(value.items()) if isinstance(value, dict) else ():
                if key.endswith("Texture") and isinstance(item, dict) and "index" in item:
                    found = textures[item["index"]] if _has(textures, item["index"]) else None  # type: ignore[index]
                    yield value, key, found if isinstance(found, dict) else None
                elif key != "extras":
                    waiting.append(item)

    def _set(self, holder: Json, key: str, value: object) -> None:
        holder[key] = value
        self.changed = True

    def _drop(self, holder: Json, key: str) -> None:
        self.changed |= holder.pop(key, self) is not self


def dicts(value: object) -> list[Json]:
    """The objects in a list, which another check takes apart."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def image_of(texture: Json | None) -> Any:
    """The number of the image that Blender shows of a texture."""
    extensions = (texture or {}).get("extensions")
    webp = extensions.get("EXT_texture_webp") if isinstance(extensions, dict) else None
    return webp["source"] if isinstance(webp, dict) and "source" in webp else (texture or {}).get("source")


def is_data(uri: object) -> bool:
    """Whether an importer takes it for data inside the file; anything else it would open as a path."""
    return isinstance(uri, str) and uri.startswith("data:") and _BASE64 in uri


def in_base64(uri: str) -> str:
    """The text of such data."""
    return uri.partition(_BASE64)[2]


def _leads_out(uri: object) -> bool:
    return not isinstance(uri, str) or bool(_OUTWARDS.search(urllib.parse.unquote(uri)))


def outside_its_file(uri: str) -> str:
    """What is said of an address that leads out of a model."""
    return f"The model points at something outside its file: {uri[:80]!r}."


def _has(items: object, index: object) -> bool:
    return isinstance(items, list) and type(index) is int and 0 <= index < len(items)
