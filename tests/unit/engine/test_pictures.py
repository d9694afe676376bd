"""Pictures of one order while calls are held back: what is known of one is not asked for again."""

from __future__ import annotations

from typing import Any

import pytest

from neural4d_blender.engine.errors import HeldBack
from neural4d_blender.engine.services.neural4d.provider import Neural4D


class TwoCallsAtATime:
    """Lets two calls through, then holds the next one back."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def call(self, path: str, body: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        if len(self.asked) % 3 == 2:
            self.asked.append("")
            raise HeldBack("Not yet.", retry_after=1.0, noted=True)
        self.asked.append(body["uuid"])
        failed = body["uuid"] == "b"
        return {
            "data": {"status": "failed"}
            if failed
            else {"status": "completed", "resultUrl": f"https://x/{body['uuid']}"}
        }


def test_it_comes_to_an_end() -> None:
    http = TwoCallsAtATime()
    provider = Neural4D(http)  # type: ignore[arg-type]
    with pytest.raises(HeldBack):
        provider.pictures(["a", "b", "c"])
    assert [picture.key for picture in provider.pictures(["a", "b", "c"])] == ["a", "c"]
    assert http.asked == ["a", "b", "", "c"]
    assert [picture.key for picture in provider.pictures(["a"])] == ["a"]  # an address is asked for afresh
    assert http.asked[-1] == "a"
