"""What mypy --strict and pyright know of the API through the lazy module; see the package's docstring."""

from pathlib import Path
from typing import assert_type

import neural4d_blender as neural4d


def right(ask_only: bool) -> None:
    """Calls as they are meant."""
    assert_type(neural4d.batch(["a mug"], dry_run=True), neural4d.Estimate)
    assert_type(neural4d.batch(["a mug"], output=Path("models"), layout="files"), neural4d.Batch)
    assert_type(neural4d.batch([{"prompt": "a mug"}], dry_run=ask_only, variants=2), neural4d.Batch | neural4d.Estimate)
    assert_type(neural4d.estimate("a mug", variants=3, sample="bird"), int | None)
    assert_type(neural4d.generate("a mug", variants=3, key="mug"), neural4d.Job)
    assert_type(neural4d.generate("a mug", output="models").wait(60).files, list[Path])
    assert_type(neural4d.history("mug", since="2031-05-24"), list[neural4d.Job])
    assert_type(neural4d.balance().total, int)
    assert_type(neural4d.find_batch(Path("report.csv")).progress.done, int)
    assert_type(neural4d.__version__, str)
    try:
        neural4d.resume(budget=None)
    except neural4d.JobFailed as error:
        assert_type(error.remedy, str)


def wrong() -> None:
    """Mistakes, of which each is found."""
    neural4d.generate("a mug", varaints=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    neural4d.estimate("a mug", varaints=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    neural4d.batch(["a mug"], varaints=3)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    neural4d.generate("a mug", variants="three")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    neural4d.balance(provider=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    neural4d.genrate("a mug")  # type: ignore[attr-defined]  # pyright: ignore
    neural4d.batch(["a mug"], dry_run=True).wait()  # type: ignore[attr-defined]  # pyright: ignore
