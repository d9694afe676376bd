"""What scripts/release.py makes of the changelog and of a tag; tests/package installs from what it publishes."""

from __future__ import annotations

import re

import pytest

from scripts import release
from scripts.toolbox import package
from scripts.toolbox.console import ToolError

CHANGELOG = """# Changelog

## [0.2.0] - 2031-05-01

### Added

- One thing.

## [0.1.0] - unreleased

### Added

- Another.

[0.2.0]: https://example.com
"""


def test_the_notes_are_what_the_changelog_says_of_that_version() -> None:
    assert release.notes(CHANGELOG, "0.2.0") == ("2031-05-01", "### Added\n\n- One thing.\n")
    assert release.notes(CHANGELOG, "0.1.0") == ("unreleased", "### Added\n\n- Another.\n")
    for version in ("0.3.0", "0.1", "0.2.00"):
        with pytest.raises(ToolError, match="says nothing"):
            release.notes(CHANGELOG, version)


def test_a_tag_promises_a_version_and_a_day() -> None:
    release.check_tag("v0.2.0", "0.2.0", "2031-05-01")
    for tag, day in (("v0.2.1", "2031-05-01"), ("0.2.0", "2031-05-01"), ("v0.2.0", "unreleased")):
        with pytest.raises(ToolError):
            release.check_tag(tag, "0.2.0", day)


def test_the_changelog_tells_of_the_manifests_version() -> None:
    _, text = release.notes(release.CHANGELOG.read_text(encoding="utf-8"), package.version())
    assert re.search(r"(?m)^- ", text)
