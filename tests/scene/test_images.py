"""Whatever picture a user points at: what is sent shows the same, fits the service, and nothing of theirs changes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from PIL import Image, ImageOps

from neural4d_blender.engine.errors import InvalidInput, UnsupportedFeature
from neural4d_blender.engine.imagefile import read_image_facts
from neural4d_blender.engine.providers.base import ImageLimits
from neural4d_blender.scene import captures, images

LIMITS = ImageLimits(("PNG", "JPEG"), (64, 64), (400, 500), 200_000)
WIDTH, HEIGHT = 96, 80


def colours(width: int = WIDTH, height: int = HEIGHT, channels: int = 3) -> np.ndarray:
    """An 8-bit picture, top row first, that looks the same from no two sides: red to the right, green downwards."""
    rows, columns = np.mgrid[0:height, 0:width]
    planes = (columns * 255 // (width - 1), rows * 255 // (height - 1), (columns + rows) % 256, 255 - columns % 200)
    return np.stack(planes[:channels], axis=2).astype(np.uint8)


def read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def hold(array: np.ndarray, *, is_float: bool = False, alpha: bool = False) -> bpy.types.Image:
    """An image of Blender that no file has, from values 0..1 (or 0..255), top row first."""
    values = array.astype(np.float32) / (255 if array.dtype == np.uint8 else 1)
    if values.shape[2] == 3:
        values = np.concatenate((values, np.ones((*values.shape[:2], 1), np.float32)), axis=2)
    image = bpy.data.images.new("Held", values.shape[1], values.shape[0], alpha=alpha, float_buffer=is_float)
    image.pixels.foreach_set(np.ascontiguousarray(values[::-1]).ravel())
    return image


def written(folder: Path, ending: str, array: np.ndarray | None = None, **options: Any) -> Path:
    path = folder / f"picture.{ending}"
    Image.fromarray(colours() if array is None else array).save(path, **options)
    return path


def difference(one: np.ndarray, other: np.ndarray) -> int:
    return int(np.abs(one.astype(int) - other.astype(int)).max())


def state(image: bpy.types.Image) -> tuple[Any, ...]:
    """All of an image that must not change."""
    names = ("name", "filepath_raw", "is_dirty", "file_format", "source", "type", "alpha_mode", "users", "is_float")
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    packed = [bytes(packed.packed_file.data) for packed in image.packed_files]
    return (
        *(getattr(image, name) for name in names),
        image.size[:],
        image.colorspace_settings.name,
        pixels.tobytes(),
        packed,
    )


def exported(source: Any, folder: Path, limits: ImageLimits = LIMITS) -> Path:
    """Export, and hold that nothing but the new file came of it."""
    before = {image: state(image) for image in bpy.data.images if image.type != "RENDER_RESULT"}
    blocks = {name: len(getattr(bpy.data, name)) for name in ("images", "scenes", "objects", "textures")}
    sent = folder / "sent"
    there = set(sent.glob("*"))
    path = images.export_image(source, limits, sent)
    assert set(sent.iterdir()) == there | {path}
    assert {image: state(image) for image in before} == before
    assert {name: len(getattr(bpy.data, name)) for name in blocks} == blocks
    facts = read_image_facts(path)
    assert facts.format in limits.formats
    assert limits.smallest[0] <= facts.width <= limits.largest[0]
    assert limits.smallest[1] <= facts.height <= limits.largest[1]
    assert facts.size_bytes <= limits.max_bytes
    return path


@pytest.mark.usefixtures("empty_file")
class TestFiles:
    @pytest.mark.parametrize("ending", ["png", "jpg"])
    def test_one_that_fits_is_copied_byte_for_byte(self, tmp_path: Path, ending: str) -> None:
        path = written(tmp_path, ending)
        sent = [exported(source, tmp_path) for source in (path, str(path), bpy.data.images.load(str(path)))]
        assert {file.read_bytes() for file in sent} == {path.read_bytes()}
        assert len(set(sent)) == 3

    def test_the_path_may_be_relative_to_the_blend_file(self, tmp_path: Path) -> None:
        written(tmp_path, "png")
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
        assert difference(read(exported("//picture.png", tmp_path)), colours()) == 0

    @pytest.mark.parametrize(
        ("ending", "options"), [("tif", {}), ("bmp", {}), ("webp", {"lossless": True}), ("tga", {})]
    )
    def test_another_format_becomes_a_png_of_the_same_colours(
        self, tmp_path: Path, ending: str, options: dict[str, Any]
    ) -> None:
        path = exported(written(tmp_path, ending, **options), tmp_path)
        assert read_image_facts(path).format == "PNG"
        assert difference(read(path), colours()) <= 1

    def test_webp_is_copied_where_the_service_takes_it(self, tmp_path: Path) -> None:
        path = written(tmp_path, "webp", lossless=True)
        limits = ImageLimits(("PNG", "WEBP"), (64, 64), (400, 500), 200_000)
        assert exported(path, tmp_path, limits).read_bytes() == path.read_bytes()

    @pytest.mark.parametrize(
        ("size", "expected"),
        [((800, 600), (400, 300)), ((600, 900), (333, 500)), ((500, 400), (400, 320)), ((404, 501), (400, 496))],
    )
    @pytest.mark.parametrize("ending", ["png", "bmp", "jpg"])
    def test_a_larger_one_keeps_its_proportions(
        self, tmp_path: Path, size: tuple[int, int], expected: tuple[int, int], ending: str
    ) -> None:
        path = exported(written(tmp_path, ending, colours(*size)), tmp_path)
        facts = read_image_facts(path)
        assert (facts.width, facts.height) == expected
        assert facts.format == ("JPEG" if ending == "jpg" else "PNG")
        # Away from the blue plane's jumps the picture is a gradient, which scaling keeps.
        off = np.abs(read(path)[..., :2].astype(int) - colours(*expected)[..., :2])
        assert off.mean() < 4 if ending == "jpg" else off.max() <= 4

    def test_one_that_takes_too_many_bytes_becomes_a_jpeg(self, tmp_path: Path) -> None:
        noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8)
        path = exported(written(tmp_path, "png", noise), tmp_path)
        assert read_image_facts(path).format == "JPEG"
        assert read(path).shape[:2] == (300, 300)

    def test_and_a_smaller_one_where_that_is_not_enough(self, tmp_path: Path) -> None:
        noise = np.random.default_rng(1).integers(0, 256, (300, 200, 3), dtype=np.uint8)
        limits = ImageLimits(("PNG", "JPEG"), (64, 64), (400, 500), 9_000)
        facts = read_image_facts(exported(written(tmp_path, "png", noise), tmp_path, limits))
        assert facts.width / facts.height == pytest.approx(200 / 300, rel=0.02)
        with pytest.raises(InvalidInput, match=r"2,000 bytes and no less than 64 x 64"):
            exported(written(tmp_path, "png", noise), tmp_path, ImageLimits(("PNG",), (64, 64), (400, 500), 2_000))

    def test_a_cut_out_stays_see_through_even_so(self, tmp_path: Path) -> None:
        noise = np.random.default_rng(1).integers(0, 256, (300, 300, 4), dtype=np.uint8)
        noise[..., 3] = 0
        noise[100:200, 100:200, 3] = 255
        path = exported(
            written(tmp_path, "png", noise), tmp_path, ImageLimits(("PNG", "JPEG"), (64, 64), (400, 500), 30_000)
        )
        alpha = read(path)[..., 3]
        assert (alpha[0, 0], alpha[len(alpha) // 2, len(alpha) // 2]) == (0, 255)

    def test_on_white_where_the_service_knows_no_transparency(self, tmp_path: Path) -> None:
        array = colours(channels=4)
        array[:40, :, 3] = 0
        array[40:, :, 3] = 255
        limits = ImageLimits(("JPEG",), (64, 64), (400, 500), 200_000)
        sent = read(exported(written(tmp_path, "png", array), tmp_path, limits))
        assert difference(sent[:30], np.full((30, WIDTH, 3), 255)) <= 2
        assert difference(sent[50:], array[50:, :, :3]) <= 40

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_a_jpeg_made_anew_stands_upright(self, tmp_path: Path, orientation: int) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        path = written(tmp_path, "jpg", colours(600, 450)[..., :3] // 2 + 60, exif=exif.tobytes(), quality=95)
        sent = read(exported(path, tmp_path))
        with Image.open(path) as picture:
            upright = np.asarray(ImageOps.exif_transpose(picture).resize(sent.shape[1::-1]))
        assert np.abs(sent[..., :2].astype(int) - upright[..., :2]).mean() < 4

    def test_one_that_fits_keeps_its_exif(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        path = written(tmp_path, "jpg", exif=exif.tobytes())
        with Image.open(exported(path, tmp_path)) as sent:
            assert sent.getexif()[0x0112] == 6


@pytest.mark.usefixtures("empty_file")
class TestRefused:
    @pytest.mark.parametrize("ending", ["png", "bmp"])
    def test_too_small(self, tmp_path: Path, ending: str) -> None:
        with pytest.raises(InvalidInput, match=r"has 80 x 50 pixels; the service takes 64 x 64 to 400 x 500"):
            exported(written(tmp_path, ending, colours(80, 50)), tmp_path)

    def test_too_small_once_it_is_scaled_down(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match=r"4000 x 80 pixels \(400 x 8 once"):
            exported(written(tmp_path, "png", colours(4000, 80)), tmp_path)
        with pytest.raises(InvalidInput, match="80 x 50 pixels"):
            exported(hold(colours(80, 50)), tmp_path)

    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match=r"nowhere\.png does not exist"):
            exported(tmp_path / "nowhere.png", tmp_path)
        image = bpy.data.images.load(str(written(tmp_path, "png")))
        (tmp_path / "picture.png").unlink()
        with pytest.raises(InvalidInput, match=r"picture\.png does not exist"):
            images.export_image(image, LIMITS, tmp_path / "sent")

    @pytest.mark.parametrize(
        ("content", "words"),
        [(b"", "has 0 bytes"), (b"just text", "no picture"), (b"\x89PNG\r\n\x1a\n and then nothing", "no picture")],
    )
    def test_no_picture(self, tmp_path: Path, content: bytes, words: str) -> None:
        path = tmp_path / "picture.png"
        path.write_bytes(content)
        with pytest.raises(InvalidInput, match=words):
            exported(path, tmp_path)

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match="does not exist"):
            exported(tmp_path, tmp_path)

    def test_nothing_to_see(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match="completely transparent"):
            exported(hold(np.zeros((80, 80, 4), np.float32), alpha=True), tmp_path)


@pytest.mark.usefixtures("empty_file")
class TestHeldByBlender:
    def test_generated(self, tmp_path: Path) -> None:
        image = bpy.data.images.new("Grid", WIDTH, HEIGHT)
        image.generated_color = (1.0, 0.5, 0.0, 1.0)
        assert difference(read(exported(image, tmp_path)), np.full((HEIGHT, WIDTH, 3), (255, 128, 0))) <= 1

    def test_unsaved(self, tmp_path: Path) -> None:
        assert difference(read(exported(hold(colours()), tmp_path)), colours()) == 0

    def test_unsaved_and_see_through(self, tmp_path: Path) -> None:
        array = colours(channels=4)
        assert difference(read(exported(hold(array, alpha=True), tmp_path)), array) == 0

    def test_unsaved_and_too_large(self, tmp_path: Path) -> None:
        sent = read(exported(hold(colours(800, 400)), tmp_path))
        assert difference(sent[..., :2], colours(400, 200)[..., :2]) <= 4

    def test_packed(self, tmp_path: Path) -> None:
        path = written(tmp_path, "png")
        content = path.read_bytes()
        image = bpy.data.images.load(str(path))
        image.pack()
        path.unlink()
        assert exported(image, tmp_path).read_bytes() == content

    @pytest.mark.parametrize("pack", [True, False])
    def test_painted(self, tmp_path: Path, pack: bool) -> None:
        path = written(tmp_path, "png")
        before = hashlib.sha256(path.read_bytes()).digest()
        image = bpy.data.images.load(str(path))
        if pack:
            image.pack()
        array = 255 - colours()
        opaque = np.dstack((array, np.full((HEIGHT, WIDTH), 255)))
        image.pixels.foreach_set((opaque[::-1].ravel() / 255).astype(np.float32))
        assert image.is_dirty
        assert difference(read(exported(image, tmp_path)), array) == 0
        assert hashlib.sha256(path.read_bytes()).digest() == before

    def test_its_file_has_gone(self, tmp_path: Path) -> None:
        image = bpy.data.images.load(str(written(tmp_path, "png")))
        assert image.pixels[0] >= 0  # Blender has read it
        (tmp_path / "picture.png").unlink()
        assert difference(read(exported(image, tmp_path)), colours()) == 0

    @pytest.mark.parametrize("mode", ["NONE", "CHANNEL_PACKED"])
    def test_alpha_that_is_no_transparency(self, tmp_path: Path, mode: str) -> None:
        image = bpy.data.images.load(str(written(tmp_path, "png", colours(channels=4))))
        image.alpha_mode = mode
        assert difference(read(exported(image, tmp_path)), colours()) == 0

    def test_float_is_sent_as_it_is_shown(self, tmp_path: Path) -> None:
        linear = np.full((HEIGHT, WIDTH, 3), (0.5, 0.2140, 3.0), np.float32)
        linear[0, 0] = (np.nan, np.inf, -1.0)
        sent = read(exported(hold(linear, is_float=True), tmp_path))
        assert difference(sent[1:], np.full((HEIGHT - 1, WIDTH, 3), (188, 127, 255))) <= 1
        assert sent[0, 0].tolist() == [0, 255, 0]

    def test_float_is_premultiplied(self, tmp_path: Path) -> None:
        linear = np.full((HEIGHT, WIDTH, 4), (0.25, 0.1070, 0.0, 0.5), np.float32)
        sent = read(exported(hold(linear, is_float=True, alpha=True), tmp_path))
        assert difference(sent, np.full((HEIGHT, WIDTH, 4), (188, 127, 0, 128))) <= 1

    def test_float_data_is_not_converted(self, tmp_path: Path) -> None:
        image = hold(np.full((HEIGHT, WIDTH, 3), 0.5, np.float32), is_float=True)
        image.colorspace_settings.name = "Non-Color"
        image.pixels.foreach_set(np.full(HEIGHT * WIDTH * 4, 0.5, np.float32))
        image.alpha_mode = "NONE"
        assert difference(read(exported(image, tmp_path)), np.full((HEIGHT, WIDTH, 3), 128)) <= 1

    @pytest.mark.parametrize("format", ["OPEN_EXR", "HDR"])
    def test_a_linear_file(self, tmp_path: Path, format: str) -> None:
        image = hold(np.full((HEIGHT, WIDTH, 3), (0.5, 0.2140, 0.05), np.float32), is_float=True)
        path = tmp_path / "linear"
        bpy.context.scene.render.image_settings.file_format = format
        image.save_render(str(path))
        expected = np.full((HEIGHT, WIDTH, 3), (188, 127, 63))
        for source in (path, bpy.data.images.load(str(path))):
            assert difference(read(exported(source, tmp_path)), expected) <= 2  # HDR keeps 8 bits and an exponent

    def test_16_bits(self, tmp_path: Path) -> None:
        deep = written(tmp_path, "tif", (colours()[..., 0].astype(np.uint16) * 257))
        assert difference(read(exported(deep, tmp_path))[..., 0], colours()[..., 0]) <= 1
        image = bpy.data.images.load(str(deep))
        assert image.is_float
        assert difference(read(exported(image, tmp_path))[..., 0], colours()[..., 0]) <= 1

    def test_view_as_render(self, tmp_path: Path) -> None:
        image = hold(np.full((HEIGHT, WIDTH, 3), 0.5, np.float32), is_float=True)
        image.use_view_as_render = True
        bpy.context.scene.view_settings.view_transform = "Standard"
        plain = read(exported(image, tmp_path))
        bpy.context.scene.view_settings.view_transform = "AgX"
        assert difference(plain[..., :3], np.full((HEIGHT, WIDTH, 3), 188)) <= 1
        assert difference(read(exported(image, tmp_path))[..., :3], np.full((HEIGHT, WIDTH, 3), 160)) <= 12

    @pytest.mark.parametrize("pack", [True, False])
    def test_the_active_tile(self, tmp_path: Path, pack: bool) -> None:
        for number in (1001, 1002):
            Image.fromarray(np.full((80, 80, 3), number - 900, np.uint8)).save(tmp_path / f"t.{number}.png")
        image = bpy.data.images.load(str(tmp_path / "t.1001.png"))
        image.source, image.filepath = "TILED", str(tmp_path / "t.<UDIM>.png")
        image.tiles.new(1002)
        if pack:
            image.pack()
        for index, value in enumerate((101, 102)):
            image.tiles.active_index = index
            assert read(exported(image, tmp_path)).mean() == value
        image.pixels[0] = 1.0  # the first tile has unsaved changes now
        with pytest.raises(InvalidInput, match=r"Tile 1002 .* unsaved"):
            exported(image, tmp_path)
        image.tiles.active_index = 0
        assert read(exported(image, tmp_path)).max() == 255

    def test_the_named_frame_of_a_sequence(self, tmp_path: Path) -> None:
        for number in (1, 2, 3):
            Image.fromarray(np.full((80, 80, 3), number * 50, np.uint8)).save(tmp_path / f"s_{number:04d}.png")
        image = bpy.data.images.load(str(tmp_path / "s_0002.png"))
        image.source = "SEQUENCE"
        assert read(images.export_image(image, LIMITS, tmp_path / "sent")).mean() == 100


class TestRendered:
    @pytest.fixture
    def rendered(self, empty_file: bpy.types.Scene) -> bpy.types.Scene:
        """A render of nothing but a grey world, 0.5 in linear light."""
        scene = empty_file
        scene.world = bpy.data.worlds.new("World")
        if bpy.app.version < (5, 0):  # always so from then on
            scene.world.use_nodes = True
        scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.5, 0.5, 0.5, 1)
        camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
        scene.collection.objects.link(camera)
        scene.camera = camera
        scene.view_settings.view_transform = "Standard"
        render = scene.render
        render.engine, render.resolution_x, render.resolution_y = "CYCLES", 100, 70
        scene.cycles.samples, scene.cycles.use_denoising, render.dither_intensity = 1, False, 0.0
        bpy.ops.render.render()
        return scene

    @pytest.mark.parametrize("format", ["PNG", "JPEG", "OPEN_EXR_MULTILAYER", "FFMPEG"])
    def test_the_render_result(self, rendered: bpy.types.Scene, tmp_path: Path, format: str) -> None:
        settings = rendered.render.image_settings
        if hasattr(settings, "media_type"):
            kinds = {"OPEN_EXR_MULTILAYER": "MULTI_LAYER_IMAGE", "FFMPEG": "VIDEO"}
            settings.media_type = kinds.get(format, "IMAGE")
        settings.file_format = format
        settings.quality = 33
        names = [p.identifier for p in settings.bl_rna.properties if p.type != "POINTER"]
        before = {name: getattr(settings, name) for name in names}
        image = captures.render_result(tmp_path / "sent")
        assert list((tmp_path / "sent").iterdir()) == []
        sent = read(exported(image, tmp_path))
        assert {name: getattr(settings, name) for name in names} == before
        assert difference(sent[..., :3], np.full((70, 100, 3), 188)) <= 1

    def test_nothing_rendered(self, tmp_path: Path) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        with pytest.raises(InvalidInput, match="Nothing has been rendered"):
            captures.render_result(tmp_path)

    def test_the_scene_was_not_rendered(self, rendered: bpy.types.Scene, tmp_path: Path) -> None:
        bpy.context.window_manager.windows[0].scene = bpy.data.scenes.new("Other")
        with pytest.raises(InvalidInput, match="Nothing has been rendered in this scene"):
            captures.render_result(tmp_path)

    def test_no_captures_in_background(self, rendered: bpy.types.Scene, tmp_path: Path) -> None:
        for capture in (captures.capture_viewport, captures.capture_camera):
            with pytest.raises(UnsupportedFeature, match="background"):
                capture(tmp_path)


def test_no_undo_step_is_made(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    bpy.ops.ed.undo_push(message="Before")
    bpy.context.scene.frame_end = 77
    bpy.ops.ed.undo_push(message="The user's")
    exported(written(tmp_path, "bmp"), tmp_path)
    exported(hold(colours()), tmp_path)
    bpy.ops.ed.undo()
    assert bpy.context.scene.frame_end != 77
    bpy.ops.ed.redo()
    assert bpy.context.scene.frame_end == 77
