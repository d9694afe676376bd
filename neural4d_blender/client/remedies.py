"""What an error says is to be done, in the words of whoever reads it: errors speak of the window's buttons.

Standard library and the engine's ``protocol`` only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..engine.protocol import ErrorTexts

#: What stands in errors, and instead of it on the command line and in Python; the first that fits goes first.
_WORDS = tuple(
    (re.compile(window), command, python)
    for window, command, python in (
        (
            r"Turn on Preferences > System > Network > Allow Online Access, then try again",
            "Add --online-mode to the command",
            "Set bpy.context.preferences.system.use_online_access, then try again",
        ),
        (
            r"Enter it in Preferences > Add-ons > Neural4D, or set (\w+) in the environment",
            r"Set \1 in the environment, or the key in the config file",
            r"Set \1 in the environment, or the key in the config file",
        ),
        (
            r"Enter the key in Preferences > Add-ons > Neural4D",
            "Set the key in the config file, or in the environment: the command services names its variable",
            "Set the key in the config file, or in the environment: key_env in providers() names its variable",
        ),
        (
            r"Check the key in Preferences > Add-ons > Neural4D, press Test Key, then Retry",
            "Check the key in the config file or the environment (see the command services), then run resume --retry",
            "Check the key in the config file or the environment (see key_env in providers()), then call retry()",
        ),
        (
            r"Check the service address in the preferences",
            "Check the service address in the config file, or in the variable that ends in _API_URL",
            "Check the service address in the config file, or in the variable that url_env in providers() names",
        ),
        (r"another folder in the preferences", "another --data-dir", "another NEURAL4D_DATA_DIR"),
        (r", with the disk button", ", by save() in Python", ", by save()"),
        (r"[Pp]ress Place Here", "Run resume", "Call place()"),
        (r"Press Test Key", "Run balance", "Call balance()"),
        (r"press Test Key", "run balance", "call balance()"),
        (r"before you press Retry", "before you run resume --pay-again", "before you call retry()"),
        (r"Retry(?= is a new job| would | sends it, and pays)", "resume --pay-again", "retry()"),
        (r"Press Retry", "Run resume --retry", "Call retry()"),
        (r"press Retry|(?<=then )Retry", "run resume --retry", "call retry()"),
        (r"\bRetry\b", "resume --retry", "retry()"),
    )
)


def for_command_line(told: ErrorTexts) -> ErrorTexts:
    """The error with commands, options and variables of the environment in the place of buttons."""
    return _told(told, [(window, command) for window, command, _ in _WORDS])


def for_python(told: ErrorTexts) -> ErrorTexts:
    """The same with functions."""
    return _told(told, [(window, python) for window, _, python in _WORDS])


def _told(told: ErrorTexts, words: Iterable[tuple[re.Pattern[str], str]]) -> ErrorTexts:
    kept, cost, remedy = told["kept"], told["cost"], told["remedy"]
    for window, other in words:
        kept, cost, remedy = (window.sub(other, text) for text in (kept, cost, remedy))
    return {**told, "kept": kept, "cost": cost, "remedy": remedy}
