"""Images that Blender holds: what is sent shows what the user sees of them, and nothing of theirs changes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import bpy
import numpy as np
import pytest
from PIL import Image

from neural4d_blender.engine.errors import InvalidInput, UnsupportedFeature
from neural4d_blender.scene.images import captures, export, pixels
from tests.support.scene_pictures import HEIGHT, LIMITS, WIDTH, colours, difference, exported, hold, read, written


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

    @pytest.mark.parametrize("space", ["sRGB", "Non-Color"])
    @pytest.mark.parametrize("alpha", [None, 1.0, 0.5])
    def test_large(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alpha: float | None, space: str) -> None:
        monkeypatch.setattr(pixels, "_LARGE", WIDTH * HEIGHT - 1)
        image = hold(colours(), alpha=alpha is not None)
        painted = np.array(image.pixels[:], dtype=np.float32)
        painted[3::4] = 1.0 if alpha is None else alpha
        image.colorspace_settings.name = space  # which makes a generated image anew
        image.pixels.foreach_set(painted)
        said = (image.file_format, image.filepath, image.is_dirty, image.source)
        path = exported(image, tmp_path)
        assert path.suffix == (".png" if alpha == 0.5 else ".jpg")
        assert difference(read(path)[..., :3], colours()) <= (1 if alpha == 0.5 else 8)
        assert (image.file_format, image.filepath, image.is_dirty, image.source) == said
        if alpha != 0.5:
            monkeypatch.setattr(pixels, "copied", lambda *_: None)
            assert exported(image, tmp_path).read_bytes() == path.read_bytes()

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
        assert read(export.export_image(image, LIMITS, tmp_path / "sent")).mean() == 100


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
