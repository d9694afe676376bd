"""Fixtures of the tests that take a job from step to step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.one_thread import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An engine without threads."""
    made = World(tmp_path)
    yield made
    made.close()
