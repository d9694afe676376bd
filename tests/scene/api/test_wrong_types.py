"""Any value for any argument of any public function and method is taken or refused in a sentence of ours."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import neural4d_blender as neural4d
from neural4d_blender.batching.table.argument_types import fits
from tests.scene.api.test_fit import make_box
from tests.support import wrong_values
from tests.support.wrong_values import VALUES, refused

pytestmark = pytest.mark.both_ends

FEW = settings(deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
#: What each function is given beside the argument that is wrong; nothing of it can start a job, for want of a key.
USUAL: dict[str, dict[str, Any]] = {
    "account_models": {"provider": "csm"},
    "balance": {},
    "batch": {"source": ["a mug"], "dry_run": True},
    "batches": {},
    "bring_in": {"what": "nothing.glb"},
    "conversion_estimate": {},
    "delete": {"jobs": []},
    "distance_mm": {"one": (0, 0, 0), "other": (1, 1, 1)},
    "estimate": {"prompt": "a mug"},
    "find_batch": {},
    "generate": {"prompt": "a mug"},
    "history": {},
    "merge_reports": {"paths": []},
    "providers": {},
    "resume": {},
    "spent": {},
    "totals": {},
}
#: Those of which a value that is right does something to the scene, to a preference or to a file.
ACTING: dict[str, dict[str, Any]] = {
    "add_library": {},
    "dress": {"what": []},
    "job_of": {},
    "jobs": {},
    "print_check": {},
    "refit": {},
    "save_print": {"what": [], "path": "bird.stl"},
    "size_mm_of": {},
}
_OF_A_JOB = ("choose", "place", "replace", "variations", "save", "start_save", "export", "save_asset", "wait")
METHODS = [
    *(getattr(neural4d.Job, name) for name in (*_OF_A_JOB, "on_change", "is_prepared")),
    *(getattr(neural4d.Batch, name) for name in ("wait", "resume", "retry", "report")),
]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURAL4D_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


def test_all_functions_are_tried() -> None:
    public = {name for name in neural4d.__all__ if inspect.isfunction(getattr(neural4d, name))}
    assert public - {"register", "unregister"} == {*USUAL, *ACTING}


@pytest.mark.parametrize("name", USUAL)
def test_any_value_is_taken_or_refused(name: str) -> None:
    function: Callable[..., object] = getattr(neural4d, name)
    told = sorted(set(wrong_values.names(function)))

    @settings(FEW, max_examples=8 * len(told))
    @given(st.sampled_from(told), VALUES)
    def attempt(argument: str, value: object) -> None:
        refused(function, {**USUAL[name], argument: value})

    attempt()


@pytest.mark.parametrize(
    "function", [*(getattr(neural4d, name) for name in ACTING), *METHODS], ids=lambda one: one.__name__
)
def test_a_value_of_a_wrong_type_is_refused(function: Callable[..., object]) -> None:
    hints = wrong_values.hints(function)
    own = {"self": None} if "." in function.__qualname__ else {}
    usual = ACTING.get(function.__name__, {}) if not own else {}

    @settings(FEW, max_examples=8 * len(hints) + 1)
    @given(st.sampled_from([*hints, "no_such_argument"]), VALUES)
    def attempt(argument: str, value: object) -> None:
        assume(argument not in hints or not fits(value, hints[argument]))
        with pytest.raises(neural4d.InvalidInput):
            function(**own, **{**usual, argument: value})

    attempt()


def test_an_object_that_was_deleted_is_refused() -> None:
    gone = make_box("Gone")
    bpy.data.objects.remove(gone)
    for name, argument in (("generate", "fit"), ("refit", "thing"), ("job_of", "thing"), ("size_mm_of", "things")):
        with pytest.raises(neural4d.InvalidInput):
            getattr(neural4d, name)(**{argument: gone})
