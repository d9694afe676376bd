"""What a batch is refused for before anything is sent: files that could not be written, or would do harm.

Standard library, client, batching and the engine's ``protocol`` only. What is wrong with a line is found
later, by batching.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ...batching.reports import report_files as reports
from ...client.paths import check_writable, expanded, is_same_file
from ...engine.protocol import InvalidInput, UnsupportedFeature
from ..argument_types import kinds_of
from ..session import Session
from ..settings import OF_BLENDER

#: Of a batch that makes files with Blender: what is wanted with a model of each line.
_MAKING = {"type": "--type", "thumbnails": "--thumbnails", "made_for": "--for"}
_MAKING |= {name: f"--{name.replace('_', '-')}" for name in OF_BLENDER}
#: Files whose textures are pictures beside them.
_WITH_PICTURES = ("obj",)


def made_for(asked: argparse.Namespace) -> None:
    """Refuse a file as it was made that is to be as an engine takes it; InvalidInput."""
    if asked.made_for and asked.as_made:
        raise InvalidInput("A file as it was made is made for no engine.", "Leave --for out, or --as-made.")


def check(session: Session, folder: Path, asked: argparse.Namespace) -> None:
    """Refuse what the arguments alone show to be wrong; InvalidInput or UnsupportedFeature.

    Args:
        folder: where the files go, as an absolute path.
    """
    if asked.files_only:
        if given := [option for name, option in _MAKING.items() if getattr(asked, name)]:
            raise UnsupportedFeature(
                f"--files-only keeps the service's own files as they are, so there is no {' and no '.join(given)}.",
                f"Leave out {' and '.join(given)}, or --files-only.",
            )
    elif not session.blender:
        raise UnsupportedFeature(
            "Without Blender models are kept as the services made them.",
            "Add --files-only, or run the command with Blender or with bpy.",
        )
    check_writable(folder / "a model")
    if asked.report:
        _check_report(expanded(asked.report).resolve(), expanded(asked.table))
    _check_pictures(folder, asked)


def _check_report(report: Path, table: Path) -> None:
    if report.suffix.lower() not in reports.ENDINGS:
        raise InvalidInput(f"A report is a .csv or a .json, not {report.name}.")
    if is_same_file(report, table):
        raise InvalidInput(f"The report would take the place of {table.name} itself.", "Give the report another name.")
    check_writable(report)


def _check_pictures(folder: Path, asked: argparse.Namespace) -> None:
    """Pictures that come to lie among the images would be lines of the batch when it goes on."""
    pictures = asked.thumbnails or any(kind in _WITH_PICTURES for kind in kinds_of(asked))
    if pictures and not asked.files_only and is_same_file(folder, expanded(asked.table)):
        raise InvalidInput(
            f"The pictures that are made would lie among the images in {folder}, and be taken for more of them.",
            f"Choose another --output, such as {folder / 'models'}.",
        )
