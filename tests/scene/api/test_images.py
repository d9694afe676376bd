"""Whatever file a user points at: what is sent shows the same and fits the service, or is refused with the numbers."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from PIL import Image, ImageOps

from neural4d_blender.engine.errors import InvalidInput
from neural4d_blender.engine.model.declaration import ImageLimits
from neural4d_blender.engine.model.inputs.image_header import read_image_facts
from neural4d_blender.scene.images import export
from tests.support.scene_pictures import LIMITS, WIDTH, colours, difference, exported, hold, read, written


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

    @pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tif", "bmp", "tga", "sgi"])
    def test_one_that_is_cut_short_is_refused(self, tmp_path: Path, ending: str) -> None:
        """Blender itself shows what there is of some of them."""
        file = written(tmp_path, ending, np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8))
        exported(file, tmp_path)
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) * 2 // 3])
        shown = bpy.data.images.load(str(file))
        given = [file, str(file), shown]
        if shown.has_data:
            shown.pack()
            given.append(bpy.data.images.load(str(file), check_existing=False))
        for source in given:
            with pytest.raises(InvalidInput, match=r"cut short|cannot be read|finds no picture"):
                export.export_image(source, LIMITS, tmp_path / "sent")

    def test_the_path_may_be_in_the_users_own_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = written(tmp_path, "png")
        for name in ("HOME", "USERPROFILE"):
            monkeypatch.setenv(name, str(tmp_path))
        assert exported("~/picture.png", tmp_path).read_bytes() == path.read_bytes()

    @pytest.mark.parametrize("ending", ["tif", "bmp", "webp", "tga"])
    def test_another_format_becomes_a_png_of_the_same_colours(self, tmp_path: Path, ending: str) -> None:
        path = exported(written(tmp_path, ending, lossless=True), tmp_path)
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
            export.export_image(image, LIMITS, tmp_path / "sent")

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
