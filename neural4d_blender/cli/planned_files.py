"""What is to become of a job's model: the files that a command was asked to write.

Standard library and client only. The plan stands in the job's target, and with it in the journal, until its files are
written: so ``resume`` writes what an interrupted ``generate`` was asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..client.jobs import ranking
from ..client.jobs.job_target import Target
from ..client.jobs.snapshots import Job


@dataclass(frozen=True)
class Plan:
    """Files to write.

    Args:
        outputs: absolute paths; the ending says the format.
        thumbnail: absolute path of a PNG, empty for none.
        as_made: the service's own files instead of the prepared model.
        every_variant: a file for each variant; all but the first have a number in their name.
        made_for: the use that the files are for; empty for none in particular.
    """

    outputs: list[str]
    thumbnail: str = ""
    as_made: bool = False
    every_variant: bool = False
    made_for: str = ""

    def target(self) -> Target:
        """The target of a job that is to end in files and in no scene."""
        return {
            "files": {
                "outputs": self.outputs,
                "thumbnail": self.thumbnail,
                "as_made": self.as_made,
                "every_variant": self.every_variant,
                "made_for": self.made_for,
            }
        }

    @classmethod
    def of(cls, job: Job) -> Plan | None:
        """The plan of a job whose files are not written yet."""
        told = job.target.get("files")
        return cls(**told) if told else None

    def variants(self, job: Job) -> list[int]:
        """Which of the job's models are written: those there are, or the job's own one."""
        there = [variant.index for variant in job.variants if variant.state in ("downloaded", "prepared")]
        if self.every_variant:
            return there
        best = job.chosen if job.chosen is not None else next((one.index for one in ranking.best_first(job)), None)
        return [best] if best in there else there[:1]


def numbered(path: str, position: int) -> Path:
    """The file for the variant at that position: the path itself, then bird-2.glb, bird-3.glb, ..."""
    whole = Path(path)
    return whole if not position else whole.with_stem(f"{whole.stem}-{position + 1}")


def file_stem(title: str) -> str:
    """A title as a file name without its ending."""
    return re.sub(r"[^\w\-. ]+", "", title)[:60].strip(" .") or "model"
