"""What this Blender remembers beside what the engine tells: one object, in groups by how long they hold.

Blender's process outlives the open file, and in it the extension may be switched off and on. What is not of the session
stays where it is: the bridge to the engine (engine_process.py), what an import compares the file with, mostly in a
process of its own (prepare/open_file.py), the engine of a Python without Blender (batching/standalone.py), and the page
of the journal that is looked at (ui/lists/history_page.py). Imports bpy alone: scene, api and ui may all look here.
"""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import TYPE_CHECKING, Any

import bpy

if TYPE_CHECKING:
    from ..client.job_target import Placed
    from ..engine.protocol import ErrorTexts


class OpenFile:
    """Until another file is opened.

    Attributes:
        id: stands for the file as long as it is open: the ``session`` of a target and of a placeholder's mark.
        placeholders: names of the placeholders in it, by job id; a user's renaming is found out when one is looked for.
            None as long as nobody has looked through the file.
        owed: jobs whose placeholder is to be made as soon as the scene may be touched.
        taken_away: jobs whose placeholder was taken away when they ended; they get another one when they go on.
        scenes: Blender's ids of its scenes when it was looked at last; no other file's scene ever has one of them.
    """

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex
        self.scenes = _scenes()
        self.placeholders: dict[str, str] | None = None
        self.owed: set[str] = set()
        self.taken_away: set[str] = set()


class Placings:
    """Until Blender ends, like the bridge's jobs: what became of them in the scene, all by job id.

    Attributes:
        trouble: why a ready model is not in the scene; for the panel.
        remarks: what is to be said of how a model came into the scene; for the panel.
        ready: when the jobs that were placed here had become ready. The engine may speak of a job as ready once more
            before it has read that it was placed; only a new time means a new model.
        variants: those that were placed here; ahead of what the engine has read.
        untold: what an engine that died was told last and may not have heard.
    """

    def __init__(self) -> None:
        self.trouble: dict[str, ErrorTexts] = {}
        self.remarks: dict[str, str] = {}
        self.ready: dict[str, float] = {}
        self.variants: dict[str, set[int]] = {}
        self.untold: list[Placed] = []


class Asked:
    """Until the extension is switched off, and with it the engine: nobody answers any more.

    Attributes:
        bound: jobs of which the engine has not answered yet that they belong to the open file.
        prepare: when each model that only this Blender can prepare was first seen, by job id and variant.
        key_tests: what came of the last Test Key, by service id: a sentence, and whether it is good news.
        library: what came of putting a variant into the library, by job and variant: a sentence, and its icon.
        unknown: jobs that the journal here was asked for and does not know.
        unlisted: why the jobs of earlier sessions could not be brought; empty where all is well.
    """

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.prepare: dict[tuple[str, int], float] = {}
        self.key_tests: dict[str, tuple[str, bool]] = {}
        self.library: dict[tuple[str, int], tuple[str, str]] = {}
        self.unknown: set[str] = set()
        self.unlisted = ""


class Shown:
    """Until the extension is switched off.

    Attributes:
        redrawn: when the regions were drawn again last, on the monotonic clock.
        labels: what the labels of the placeholders showed when they were drawn last.
        tallies: the counts of the batches, by batch id (``ui.lists.batch_progress.Tally``).
        unfolded: ids of the jobs whose pictures are folded out.
    """

    def __init__(self) -> None:
        self.redrawn = 0.0
        self.labels: dict[str, tuple[str, int]] = {}
        self.tallies: dict[str, object] = {}
        self.unfolded: set[str] = set()


class Registered:
    """What Blender gave a handle of, for whoever registered it to give back; None where there is none.

    Attributes:
        command: the command line. labels: what draws the names over placeholders.
        previews: the pictures that are shown as icons, a ``bpy.utils.previews.ImagePreviewCollection``.
    """

    def __init__(self) -> None:
        self.command: Any = None
        self.labels: Any = None
        self.previews: Any = None


class Session:
    """All of it. Whoever needs some takes it from here each time: a group is replaced when its time is over."""

    def __init__(self) -> None:
        self.placings, self.registered = Placings(), Registered()
        self.asked, self.shown = Asked(), Shown()
        self._before: OpenFile | None = None

    @cached_property
    def file(self) -> OpenFile:
        """The open file. Looked for late: while an extension is switched on, Blender keeps all data from it."""
        before = self._before
        return before if before and before.scenes & _scenes() else OpenFile()

    def begin(self) -> None:
        """The extension is switched on; another file may have been opened while it was not."""
        self._before = vars(self).pop("file", self._before)

    def file_opened(self) -> None:
        """Another file is open now: targets bound before belong to the one that was left."""
        self.file = OpenFile()

    def end(self) -> None:
        """The extension is switched off, and its engine ends."""
        self.file.scenes = _scenes()
        self.asked, self.shown = Asked(), Shown()


def _scenes() -> set[int]:
    """Blender's ids of the scenes in the open file, as they are now."""
    return {scene.session_uid for scene in bpy.data.scenes}


session = Session()
