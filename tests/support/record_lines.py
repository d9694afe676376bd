"""Runs an engine and writes down which of its lines ran: `python record_lines.py engine/__main__.py ARGUMENT...`.

coverage.py takes half as long to start as an engine does, and the tests start nearly a thousand. Standard library only.
"""

import json
import os
import runpy
import sys
from collections import defaultdict
from pathlib import Path
from types import CodeType
from typing import Any, NoReturn

#: Names the folder for what is written, a file for each process: {path: lines}. Without it nothing is recorded.
FOLDER_ENV = "NEURAL4D_TEST_LINES"
_PACKAGE = str(Path(__file__).resolve().parents[2] / "neural4d_blender")


def record(folder: str) -> None:
    """From now on, until the process ends as an engine does, with `os._exit`."""
    ran: defaultdict[str, set[int]] = defaultdict(set)
    monitoring: Any = vars(sys)["monitoring"]  # of Python 3.12; the types are checked for 3.11
    events, tool, end = monitoring.events, monitoring.COVERAGE_ID, os._exit

    def entered(code: CodeType, offset: int) -> Any:
        if code.co_filename.startswith(_PACKAGE):
            monitoring.set_local_events(tool, code, events.LINE)
        return monitoring.DISABLE

    def line(code: CodeType, number: int) -> Any:
        ran[code.co_filename].add(number)
        return monitoring.DISABLE

    def finish(status: int) -> NoReturn:
        lines = {name: list(numbers) for name, numbers in ran.copy().items()}
        Path(folder, f"{os.getpid()}.json").write_text(json.dumps(lines), encoding="utf-8")
        end(status)

    monitoring.use_tool_id(tool, "record_lines")
    monitoring.register_callback(tool, events.PY_START, entered)
    monitoring.register_callback(tool, events.LINE, line)
    monitoring.set_events(tool, events.PY_START)
    os._exit = finish


if __name__ == "__main__":
    record(os.environ[FOLDER_ENV])
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
