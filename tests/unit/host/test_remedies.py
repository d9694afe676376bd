"""Where there is no window, no error points at its buttons."""

from __future__ import annotations

import ast
import re

import pytest

from neural4d_blender.client.remedies import for_command_line, for_python
from neural4d_blender.engine.errors import KeyRejected, PaymentUnknown
from scripts.simulator.launcher import ROOT

WINDOW = re.compile(r"\b[Pp]ress\b|Retry|Test Key|Preferences >|button|service address in the preferences")
#: What is no error's text.
OTHERS = {"Retry-After", "what was paid, and what Retry does"}


def texts() -> list[str]:
    """All texts of the engine that name something in the window, less docstrings."""
    found = []
    for path in sorted((ROOT / "neural4d_blender/engine").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs)
        found += [node.value for node in nodes if isinstance(node.value, str) and WINDOW.search(node.value)]
    return [text for text in found if text not in OTHERS]


def test_nothing_of_the_window_is_left() -> None:
    assert len(texts()) > 40
    for text in texts():
        for words in (for_command_line, for_python):
            told = words({"code": "X", "what": "Press Retry!", "kept": text, "cost": text, "remedy": text})
            assert told["what"] == "Press Retry!", "what happened may be a service's own words"
            assert {told["kept"], told["cost"], told["remedy"]} == {told["cost"]}
            assert not WINDOW.search(told["remedy"]), text


@pytest.mark.parametrize(
    ("error", "command", "python"),
    [
        (KeyRejected(""), "then run resume --retry.", "then call retry()."),
        (PaymentUnknown(""), "before you run resume --pay-again.", "before you call retry()."),
    ],
)
def test_the_words(error: KeyRejected, command: str, python: str) -> None:
    assert for_command_line(error.to_dict())["remedy"].endswith(command)
    assert for_python(error.to_dict())["remedy"].endswith(python)
