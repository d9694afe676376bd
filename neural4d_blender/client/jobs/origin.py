"""What the files of a job say of where they came from. Standard library and the engine's ``protocol`` only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...engine.protocol import record_of
from ..version import blender_version
from .snapshots import Job, Variant


def record(
    job: Job, variant: Variant, servers: Mapping[str, Mapping[str, str]], *, as_made: bool = False
) -> dict[str, Any]:
    """What stands beside a file that is written here, see ``record_of`` in ``engine/files/provenance.py``.

    Args:
        servers: what is known of each service's server. as_made: Blender has no part in the file.
    """
    return record_of(
        job,
        job.request,
        variant,
        points=job.cost,
        estimated=job.cost_estimated,
        generation=servers.get(job.provider, {}).get("generation", ""),
        blender="" if as_made else blender_version(),
    )
