"""What can be kept of a job beside the scene: files as the service makes them, and assets.

May import scene and the engine's ``protocol``. :meth:`Files.save` and :meth:`Files.save_asset` wait.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from ...batching.table.argument_types import checked
from ...client.jobs import origin
from ...client.jobs.replies import Answer
from ...client.jobs.snapshots import Save
from ...client.paths import check_writable
from ...engine.protocol import AssetTexts, InvalidInput, JobFailed, Neural4DError
from ...scene import assets, timer_and_file_handlers, user_settings
from ...scene.exporting import engines, export
from ...scene.placing import provenance
from ...scene.shared_engine import bridge
from .status_and_wait import Following


def absolute(folder: str | os.PathLike[str]) -> Path:
    """The folder by its absolute path; ``//`` is the open file's."""
    return user_settings.located(folder).resolve()


class Files(Following):
    """A job whose results can be kept."""

    @property
    def files(self) -> list[Path]:
        """What was kept of it so far, with :meth:`save` or in the folder ``output``."""
        return [Path(save.path) for save in self._data.saves if save.path]

    @checked
    def save(
        self,
        format: str,
        folder: str | os.PathLike[str],
        *,
        size_mm: float | None = None,
        variant: int | None = None,
        timeout: float | None = None,
    ) -> Path:
        """Keep a file: an exact copy of the model as the service makes it in that format.

        The GLB is free. Another format, or a GLB in a size of its own, is converted by the service, at its price.

        Args:
            format: GLB, STL, FBX, OBJ, BLEND or USDZ, or ZIP, as far as the service offers it.
            folder: where to, made if it is not there; the file is named after the job.
            size_mm: the size the service is told; where it is None the job's own, and none for GLB.
            variant: index of the variant; the job's own one where it is None.
            timeout: seconds; None waits as long as it takes.

        Returns:
            The file; for a format that comes as several files, their folder. What it came from, and ``metadata``, is in
            ``FILE.json`` beside it.

        Raises:
            InvalidInput: nothing can be written there; nothing was ordered.
            JobFailed: it could not be made or written; the text says what it cost.
            TimeoutError: the time is up; the file is still being made.
        """
        save_id = self.start_save(format, folder, size_mm=size_mm, variant=variant)

        def ended() -> Save | None:
            return next((save for save in self._data.saves if save.id == save_id and save.over), None)

        return self._until(ended, timeout).kept()

    @checked
    def start_save(
        self, format: str, folder: str | os.PathLike[str], *, size_mm: float | None = None, variant: int | None = None
    ) -> str:
        """Like :meth:`save`, without waiting for anything; returns the id under which the job lists the file.

        Raises:
            InvalidInput: nothing can be written there; nothing was ordered.
        """
        place = absolute(folder)
        check_writable(place / "a file")
        if size_mm is None and format != self._data.native:
            size_mm = self._data.request.size_mm
        if variant is None:
            variant = next((v.index for v in self.variants if v.blend), 0)
        save = Save(str(uuid.uuid4()), variant, format, str(place), size_mm)

        def refused(answer: Answer) -> None:
            if answer.error:
                failed = replace(save, state="failed", error=answer.error)
                bridge.jobs[self.id] = replace(self._data, saves=[*self._data.saves, failed])

        # The engine answers when the job's present step is done, which may be a request that hangs.
        kept = {"variant": variant, "format": format, "folder": save.folder, "size_mm": size_mm}
        bridge.send("save", refused, job=self.id, save=save.id, **kept)
        timer_and_file_handlers.start()
        return save.id

    @checked
    def export(self, path: str | os.PathLike[str], *, made_for: str = "") -> list[Path]:
        """Write the model that stands in the open file, in real size and at the origin; there it stays as it is.

        Args:
            path: a .glb or a .fbx; ``//`` is the open file's folder. A file of that name is replaced.
            made_for: a game engine, ``unreal``, ``unity`` or ``godot``, whose names, axes and units it is to have.

        Returns:
            The file, and those beside it: ``lods`` and ``collision`` are files of their own (bird_LOD1.glb) where the
            engine does not know them by their names, or none was named. What each came from is in ``FILE.json`` beside
            it, and of a .glb in its ``asset.extras``.

        Raises:
            InvalidInput: another ending, or no such engine. Neural4DError: nothing of the job stands in the open file,
                or it could not be written.
        """
        file = absolute(path)
        if made_for and made_for not in engines.ENGINES:
            raise InvalidInput(f"made_for is one of {', '.join(engines.ENGINES)}, or empty, not {made_for!r}.")
        if file.suffix.lower() not in (".glb", ".fbx"):
            raise InvalidInput(f"{file.name} has to end in .glb or .fbx.", "Blender's File > Export writes others.")
        check_writable(file)
        if not self.objects:
            raise Neural4DError("No model of this job stands in the open file.", "Place it first: job.place().")
        root = self.objects[0]
        own = next((one for one in self._data.variants if one.index == provenance.read(root).variant), None)
        record = origin.record(self._data, own, bridge.servers) if own else None
        return export.write_for(root, file, made_for, record)

    @checked
    def save_asset(
        self,
        folder: str | os.PathLike[str] = "",
        *,
        variant: int | None = None,
        name: str = "",
        catalog: str = user_settings.LIBRARY,
        description: str = "",
        author: str = "",
        tags: Sequence[str] = (),
        timeout: float | None = None,
    ) -> Path:
        """Put the model into an asset library, as a .blend of its own with picture and catalog; returns the file.

        It is the model as it was prepared, in real metres, written by a background Blender. Saving the same variant
        again under the same name writes it anew.

        Args:
            folder: of the library, made if it is not there; the one in the preferences where it is empty.
                ``neural4d.add_library()`` has the Asset Browser show it.
            variant: index of the variant; the job's first prepared one where it is None.
            catalog: path of the catalog ("Props/Birds").
            name: of the asset; like the following, from the job where it is empty.
            description: what the Asset Browser says of it.
            author: who made it.
            tags: words it is found by.
            timeout: seconds; None waits as long as it takes.

        Raises:
            JobFailed: it is not prepared, or could not be written. TimeoutError: the time is up; it is still made.
        """
        texts: AssetTexts = {"name": name, "description": description, "author": author, "tags": list(tags)}
        answers: list[Answer] = []
        self.start_save_asset(folder, variant, answers.append, catalog=catalog, **texts)
        self._until(lambda: answers, timeout)
        if error := answers[0].error:
            raise JobFailed.from_dict(error)
        return Path(answers[0].path)

    def start_save_asset(
        self,
        folder: str | os.PathLike[str],
        variant: int | None,
        answer: Callable[[Answer], None],
        *,
        catalog: str = user_settings.LIBRARY,
        **texts: Unpack[AssetTexts],
    ) -> None:
        """Like :meth:`save_asset`, without waiting: ``answer`` is called with ``path``, or with an ``error``."""
        place = absolute(folder) if folder else user_settings.library_dir()
        index = next((v.index for v in self.variants if v.blend), 0) if variant is None else variant
        own = next((v for v in self.variants if v.index == index), None)
        if own is None:
            raise InvalidInput(f"There is no variant {index} of this job yet.", "Wait until it is ready.")
        wanted = assets.wanted(self._data, own, place, catalog=catalog, **texts)
        bridge.send("asset", answer, job=self.id, variant=index, **wanted)
        timer_and_file_handlers.start()


@checked
def add_library(folder: str | os.PathLike[str] = "") -> Path:
    """Have the Asset Browser show the library that ``job.save_asset`` writes to; returns its folder.

    Changes the user's preferences, as *Preferences > File Paths > Asset Libraries* does.
    """
    place = absolute(folder) if folder else user_settings.library_dir()
    assets.register_library(place)
    return place
