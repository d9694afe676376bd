"""Any value for any argument of any public function without bpy is taken or refused in a sentence of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import neural4d_blender as neural4d
from neural4d_blender.batching import standalone
from tests.support import wrong_values
from tests.support.wrong_values import VALUES, refused

#: What each function is given beside the argument that is wrong; nothing of it can start a job, for want of a key.
USUAL: dict[str, dict[str, Any]] = {
    "balance": {},
    "batch": {"source": ["a mug"], "output": "out", "dry_run": True},
    "batches": {},
    "estimate": {"prompt": "a mug"},
    "find_batch": {},
    "generate": {"prompt": "a mug", "output": "out"},
    "history": {},
    "merge_reports": {"paths": []},
    "providers": {},
    "resume": {},
}

FEW = settings(deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module", autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standalone, "_host", None)
        patch.setenv("NEURAL4D_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        patch.chdir(tmp_path_factory.mktemp("here"))
        yield
        standalone.host().bridge.stop()


def test_all_of_them_are_tried() -> None:
    public = set(standalone.__all__) - {"Balance", "Batch", "Estimate", "FileJob"}
    assert public == set(USUAL)


@pytest.mark.parametrize("name", USUAL)
def test_any_value_is_taken_or_refused(name: str) -> None:
    function: Callable[..., object] = getattr(neural4d, name)
    told = sorted(set(wrong_values.names(function)))

    @settings(FEW, max_examples=12 * len(told))
    @given(st.sampled_from(told), VALUES)
    def attempt(argument: str, value: object) -> None:
        refused(function, {**USUAL[name], argument: value})

    attempt()
