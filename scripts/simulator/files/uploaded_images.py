"""Uploaded images: what they are, whether they are allowed, their cut-outs, and whether they show a person.

May import numpy and Pillow.
"""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

#: Pillow's names of the formats that matting takes (JPEG is both JPG and JPEG).
IMAGE_TYPES = ("JPEG", "PNG", "WEBP")
LONGEST_CUT_OUT = 1024
FLOOD_SIZE = (192, 192)
#: Share of skin-coloured pixels in the middle of the picture that counts as a person.
SKIN_SHARE = 0.12


class ImageRefused(Exception):
    """The image is not one that the service takes; the text says why."""


def check_image(
    data: bytes,
    types: tuple[str, ...] | None,
    *,
    smallest: tuple[int, int] | None = None,
    largest: tuple[int, int] | None = None,
    below_bytes: int | None = None,
) -> None:
    """Look at the content itself, not at names or declared types.

    Args:
        types: the formats allowed, by Pillow's names; None for every one that can be read here.
        smallest, largest: (width, height) in pixels, both allowed themselves.
        below_bytes: the file must be smaller than this.

    Raises:
        ImageRefused: another format, broken, or outside the limits.
    """
    if below_bytes is not None and len(data) >= below_bytes:
        raise ImageRefused(f"The image must be smaller than {below_bytes // 1_000_000} MB.")
    try:
        with Image.open(io.BytesIO(data)) as image:
            kind, (width, height) = image.format, image.size
            too_small = smallest is not None and (width < smallest[0] or height < smallest[1])
            too_large = largest is not None and (width > largest[0] or height > largest[1])
            if (types is None or kind in types) and not too_small and not too_large:
                image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageRefused(f"The image cannot be read: {error}") from None
    if types is not None and kind not in types:
        raise ImageRefused(f"The image must be one of {', '.join(types)}, not {kind}.")
    if too_small or too_large:
        raise ImageRefused(f"The image is {width}x{height} pixels; allowed are {smallest} to {largest}.")


@lru_cache(maxsize=8)  # the same pictures are sent over and over
def cut_out(data: bytes, variant: int) -> bytes:
    """The image without its background, as RGBA PNG; the four variants differ in how much they cut.

    What has the border's colour and is connected to the border is background. An image that has
    transparency of its own keeps that.
    """
    with Image.open(io.BytesIO(data)) as opened:
        image = opened.convert("RGBA")
    image.thumbnail((LONGEST_CUT_OUT, LONGEST_CUT_OUT))
    alpha = image.getchannel("A")
    if alpha.getextrema()[0] == 255:
        alpha = Image.fromarray((~_background(image.convert("RGB"), 22 + 14 * variant)).astype(np.uint8) * 255)
        if variant % 2:
            alpha = alpha.filter(ImageFilter.MinFilter(3))
        alpha = alpha.filter(ImageFilter.GaussianBlur(0.8))
    image.putalpha(alpha)
    packed = io.BytesIO()
    image.save(packed, "PNG", compress_level=4)
    return packed.getvalue()


def _background(image: Image.Image, tolerance: int) -> NDArray[np.bool_]:
    """Pixels that flood in from a one-pixel frame, over everything close to the border's middle colour."""
    pixels = np.asarray(image, dtype=np.int16)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    near = np.abs(pixels - np.median(border, axis=0)).max(axis=2) <= tolerance
    # Pillow floods pixel by pixel, so it does that on a small picture; which way the water went is enough.
    small = np.asarray(Image.fromarray(near.astype(np.uint8) * 255).resize(FLOOD_SIZE)) > 127
    # An image from an array is read-only memory, which floodfill would not notice: hence the copy.
    canvas = Image.fromarray(np.pad(small, 1, constant_values=True).astype(np.uint8)).copy()
    ImageDraw.floodfill(canvas, (0, 0), 2)
    wet = Image.fromarray((np.asarray(canvas)[1:-1, 1:-1] == 2).astype(np.uint8) * 255)
    return np.asarray(near & (np.asarray(wet.filter(ImageFilter.MaxFilter(3)).resize(image.size)) > 127))


def shows_human(data: bytes) -> bool:
    """A guess by colour: enough skin tones around the middle."""
    with Image.open(io.BytesIO(data)) as opened:
        small = opened.convert("YCbCr").resize((64, 64))
    _, blue, red = np.moveaxis(np.asarray(small, dtype=np.int16)[8:56, 12:52], 2, 0)
    skin = (blue >= 77) & (blue <= 127) & (red >= 135) & (red <= 173)
    return bool(skin.mean() >= SKIN_SHARE)
