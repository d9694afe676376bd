"""What this Blender remembers beside what the engine tells: one object, in groups by how long they hold.

Blender's process outlives the open file, and in it the extension may be switched off and on. What is not of the session
stays where it is: the bridge to the engine (shared_engine.py), what an import compares the file with, mostly in a
process of its own (prepare/open_file.py), the engine of a Python without Blender (batching/standalone.py), and the page
of the journal that is looked at (ui/lists/history_page.py). Imports bpy alone: scene, api and ui may all look here.
"""

from __future__ import annotations

import sys
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import bpy

if TYPE_CHECKING:
    from ..client.jobs.job_target import Placed
    from ..engine.protocol import ErrorTexts

_T = TypeVar("_T")
#: What is known of the open file while the extension is switched off: an attribute of the module ``bpy``, which is
#: there for its next version as well. (What is in the namespace of drivers Blender would throw away by itself when
#: another file is opened; but 4.2 as a module crashes at its end, and 4.5 hangs, where that was so much as looked at.)
_OFF = "neural4d_open_file"


class OpenFile:
    """Until another file is opened.

    Attributes:
        id: stands for the file as long as it is open: the ``session`` of a target and of a placeholder's mark.
        placeholders: names of the placeholders in it, by job id; a user's renaming is found out when one is looked for.
            None as long as nobody has looked through the file.
        owed: jobs whose placeholder is to be made as soon as the scene may be touched.
        taken_away: jobs whose placeholder was taken away when they ended; they get another one when they go on.
        same: whether two paths lead to one file, as far as it was asked for since the file was saved last.
        jobs: ids of those that were going to it when it was about to be saved.
        models: how many objects it had, and the names of models by job id, when it was looked through last.
    """

    def __init__(self, id: str = "", owed: tuple[str, ...] = (), taken_away: tuple[str, ...] = ()) -> None:
        self.id = id or uuid.uuid4().hex
        self.placeholders: dict[str, str] | None = None
        self.owed, self.taken_away = set(owed), set(taken_away)
        self.same: dict[tuple[str, str], bool] = {}
        self.jobs: set[str] = set()
        self.models: tuple[int, dict[str, str]] | None = None


class Placings:
    """Until Blender ends, like the bridge's jobs: what became of them in the scene, all by job id.

    Attributes:
        trouble: why a ready model is not in the scene; for the panel.
        remarks: what is to be said of how a model came into the scene; for the panel.
        hidden: jobs of which that is that nobody sees their model, because its collection is hidden.
        ready: when the jobs that were placed here had become ready. The engine may speak of a job as ready once more
            before it has read that it was placed; only a new time means a new model.
        variants: those that were placed here; ahead of what the engine has read.
        again: models that the engine was asked to prepare once more, by job id and variant: whether it has answered.
        untold: what an engine that died was told last and may not have heard.
        in_the_way: what a model stands in or behind (``whereabouts.Way``), and where it stood then.
        first_shown: the first model of the session was shown by itself, or is not to be.
    """

    def __init__(self) -> None:
        self.trouble: dict[str, ErrorTexts] = {}
        self.remarks: dict[str, str] = {}
        self.hidden: set[str] = set()
        self.ready: dict[str, float] = {}
        self.variants: dict[str, set[int]] = {}
        self.again: dict[tuple[str, int], bool] = {}
        self.untold: list[Placed] = []
        self.in_the_way: dict[str, tuple[tuple[str, str], tuple[float, ...]]] = {}
        self.first_shown = False


class Asked:
    """Until the extension is switched off, and with it the engine: nobody answers any more.

    Attributes:
        bound: jobs of which the engine has not answered yet that they belong to the open file.
        prepare: when each model that only this Blender can prepare was first seen, by job id and variant.
        key_tests: what came of the last Test Key, by service id: a sentence, and whether it is good news.
        library: what came of putting a variant into the library, by job and variant: a sentence, and its icon;
            or why it could not be.
        unknown: jobs that the journal here was asked for and does not know.
        calls: who is to be called with which job, as soon as the main thread gets to it.
        agents_told: when a job of an agent changed last, as far as it was looked at (ns); None before the first look.
        claimed: jobs of agents that were asked for, to come into the open file by themselves.
        unlisted: why the jobs of earlier sessions could not be brought; None where all is well.
        pictures: those of jobs that are to be drawn small, by what stands for each.
    """

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.prepare: dict[tuple[str, int], float] = {}
        self.key_tests: dict[str, tuple[str, bool]] = {}
        self.library: dict[tuple[str, int], tuple[str, str] | ErrorTexts] = {}
        self.unknown: set[str] = set()
        self.calls: deque[tuple[Callable[[Any], object], Any]] = deque()
        self.claimed: set[str] = set()
        self.agents_told: int | None = None
        self.unlisted: ErrorTexts | None = None
        self.pictures: dict[str, str] = {}


class Shown:
    """Until the extension is switched off.

    Attributes:
        redrawn: when the regions were drawn again last, on the monotonic clock.
        labels: what the labels of the placeholders showed when they were drawn last.
        tallies: the counts of the batches, by batch id (``ui.lists.batch_progress.Tally``).
        unfolded: ids of the jobs whose pictures are folded out.
        details: ids of the jobs that were folded out, or in where they are out by themselves.
        logged: errors that were met on the way, and said on the console once.
        running: the batch, or "", of each job that was under way when it was looked last, by job id.
        revision: what the bridge's was then.
        ended: when the jobs ended whose end is told, on the monotonic clock. sound: what is being played.
        to_show: the job whose model is shown as soon as no tool is at work, and until when; "" for none.
        sizes: what was suggested last for a model's size, by scene (``scene.suggested_size``).
        small: paths of the small pictures that were drawn of jobs' own, empty for those that were asked for.
    """

    def __init__(self) -> None:
        self.redrawn = 0.0
        self.labels: dict[str, tuple[str, int]] = {}
        self.tallies: dict[str, object] = {}
        self.unfolded: set[str] = set()
        self.details: set[str] = set()
        self.logged: set[str] = set()
        self.running: dict[str, str] = {}
        self.revision = -1
        self.ended: dict[str, float] = {}
        self.to_show = ("", 0.0)
        self.sound: object = None
        self.sizes: dict[int, tuple[str, object]] = {}
        self.small: dict[str, str] = {}


class Registered:
    """What Blender gave a handle of, for whoever registered it to give back; None where there is none.

    Attributes:
        command: the command line. labels: what draws the placeholders.
        key: the keymap and the item of the key for the pop-up.
        previews: the pictures that are shown as icons, a ``bpy.utils.previews.ImagePreviewCollection``.
        keys: keymaps, each with the item that was added to it.
    """

    def __init__(self) -> None:
        self.command: Any = None
        self.labels: list[Any] = []
        self.key: Any = None
        self.previews: Any = None
        self.keys: list[tuple[Any, Any]] = []


class Session:
    """All of it. Whoever needs some takes it from here each time: a group is replaced when its time is over."""

    def __init__(self) -> None:
        self.placings, self.registered = Placings(), Registered()
        self.asked, self.shown = Asked(), Shown()

    @cached_property
    def file(self) -> OpenFile:
        """The open file; the one that it was before the extension was switched off, or updated, where it still is.

        Looked for late: while an extension is switched on, Blender keeps all data from it.
        """
        kept: dict[str, Any] = dict(vars(bpy).get(_OFF, {}))
        return OpenFile(**kept) if kept.pop("scenes", set()) & _scenes() else OpenFile()

    def begin(self) -> None:
        """The extension is switched on; another file may have been opened while it was not."""
        vars(self).pop("file", None)

    def file_opened(self) -> None:
        """Another file is open now: targets bound before belong to the one that was left."""
        self.file = OpenFile()

    def end(self) -> None:
        """The extension is switched off, and its engine ends; another file may be opened before it is on again."""
        file = self.file
        known = {"id": file.id, "owed": (*file.owed,), "taken_away": (*file.taken_away,)}
        setattr(bpy, _OFF, {**known, "scenes": _scenes()})
        self.asked, self.shown = Asked(), Shown()


def survive(part: Callable[[], _T], otherwise: _T) -> _T:
    """What the part returns. An error in it is logged and goes no further: it would end a timer, and with it every job.

    Args:
        otherwise: returned where there was one.
    """
    try:
        return part()
    except Exception:
        import traceback  # hardly ever needed: Blender's start need not wait for it

        text = traceback.format_exc()
        if text not in session.shown.logged:
            session.shown.logged.add(text)
            with suppress(OSError, ValueError):
                print(text, file=sys.stderr)
        return otherwise


def _scenes() -> set[int]:
    """Blender's ids of the scenes in the open file, as they are now."""
    return {scene.session_uid for scene in bpy.data.scenes}


session = Session()
