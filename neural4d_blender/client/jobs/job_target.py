"""Where a job's model is to go: plain data of the host's, which travels through the engine and stands in the journal.

Standard library only.
"""

from __future__ import annotations

from typing import TypedDict


class Replaced(TypedDict):
    """A model in the scene that another one takes the place of: name of its root, and the job it came from."""

    name: str
    job: str


class PlannedFiles(TypedDict, total=False):
    """The files that a command was asked for, see ``cli.planned_files.Plan``."""

    outputs: list[str]
    thumbnail: str
    as_made: bool
    every_variant: bool
    made_for: str


class Fit(TypedDict, total=False):
    """A box that a model is to fill, and how; it stands in the journal, and on the model.

    Attributes:
        box: name of the object. id: what its custom property says, which a rename does not change.
        seat: what of it is touched, of ``box_fit.SEATS``. stretch: of ``box_fit.STRETCHES``.
        turns: quarter turns are allowed.
        beside: so many places to the right of the box.
    """

    box: str
    id: str
    seat: str
    stretch: str
    turns: bool
    beside: int


class Target(TypedDict, total=False):
    """Where a model is to go: plain data of the host's, which the engine keeps and does not read.

    Attributes:
        session: stands for the file that was open. file: its path, empty where it had none.
        scene, collection: their names. location: in Blender units.
        placeholder: an Empty keeps the place.
        together: it waits for all of its batch, and comes with them as one undo step.
        own: id and name of the job, or the agent, whose models have a collection of their own.
        row: to the right of what that has.
        beside: next to what stands of the job. exact: at the location, wherever the placeholder was moved to.
        again_of: id of the job whose request was sent once more. replaces: the model whose place it takes.
        fit: the boxes that it is to fill; linked duplicates of it all but the first one.
        offered: path of the .blend that an agent read the boxes of, where nobody has bound the job to an open file.
        files: the files to write instead. written: those that were.
    """

    session: str
    file: str
    scene: str
    collection: str
    location: list[float]
    placeholder: bool
    together: bool
    own: tuple[str, str]
    row: bool
    beside: bool
    exact: bool
    again_of: str | None
    replaces: Replaced
    fit: list[Fit]
    offered: str
    files: PlannedFiles
    written: list[str]


class Placed(TypedDict):
    """What the command ``placed`` takes: the variant stands at the target, at the job's own where that is None."""

    job: str
    variant: int
    target: Target | None
