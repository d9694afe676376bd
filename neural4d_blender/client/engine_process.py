"""The engine's process and its two pipes, neither of which is ever waited for. Standard library only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ..engine.protocol import EngineStopped, declarations
from .pipes import PipeReader, PipeWriter

_ENGINE = Path(__file__).resolve().parent.parent / "engine" / "__main__.py"


class EngineProcess(subprocess.Popen[bytes]):
    """A running engine.

    Args:
        folder: the data folder, made where it is not there; ``engine.log`` in it has what the engine prints.

    Attributes:
        reader: its messages. writer: takes commands.

    Raises:
        EngineStopped: it could not be started.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / "engine.log").open("wb") as log:
                super().__init__(
                    [sys.executable, "-I", str(_ENGINE), "--data-dir", str(folder)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=_environment(),
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                    # Ctrl+C on a terminal is for the command, which closes the pipe; a submission on its way goes on.
                    start_new_session=True,
                )
        except OSError as error:
            raise EngineStopped(
                f"The engine could not be started in {folder}: {error}.",
                "Check the folder for files in Preferences > Add-ons > Neural4D.",
            ) from error
        if self.stdin and self.stdout:  # both are
            self.reader, self.writer = PipeReader(self.stdout), PipeWriter(self.stdin)

    def end(self, patience: float) -> None:
        """Close the pipes, and kill what has not ended then.

        Args:
            patience: seconds to wait for that; 0 leaves it to end on its own.
        """
        for pipe in (self.stdin, self.stdout):
            if pipe:
                pipe.close()
        if patience:
            try:
                self.wait(patience)
            except subprocess.TimeoutExpired:
                self.kill()
                self.wait()


def _environment() -> dict[str, str]:
    """The environment less the keys: they reach the engine through its pipe only."""
    keys = {service.key_env for service in declarations()}
    return {name: value for name, value in os.environ.items() if name not in keys}
