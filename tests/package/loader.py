"""What blender-addon-tester starts inside Blender: installs the extension, then runs pytest.

Its own loader knows add-ons of the old kind only. It passes the zip, the tests and the arguments of
pytest in the environment; tester.py adds where pytest itself stands.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), os.environ["NEURAL4D_TEST_SITE"]]

import pytest  # noqa: E402 (found through the path above)

from tests.package.installing import install  # noqa: E402

# A plain sys.exit at the end: an error above has to end Blender with another code than 0 as well.
try:
    install(os.environ["BLENDER_ADDON_TO_TEST"])
    arguments = os.environ["BLENDER_PYTEST_ARGS"].split("\n")
    code = int(pytest.main([os.environ["BLENDER_ADDON_TESTS_PATH"], "-p", "no:cacheprovider", *arguments]))
except BaseException:
    sys.excepthook(*sys.exc_info())
    code = 70
sys.stdout.flush()
sys.exit(code)
