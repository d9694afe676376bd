"""Makes a release in dist/release: `python3 scripts/release.py`; with --tag what the tag promises is checked first.

The zip, its SHA256SUMS, NOTES.md from the changelog, and ``repository``: a folder for any web server, which Blender
takes as a remote repository, and its page has links to drag into Blender. Needs nothing but Python 3.11 or newer.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.toolbox import package, public_surface
from scripts.toolbox.console import ROOT, ToolError, say

OUT = ROOT / "dist" / "release"
CHANGELOG = ROOT / "CHANGELOG.md"


def notes(changelog: str, version: str) -> tuple[str, str]:
    """What a version's heading says after its number, and the text below it.

    Raises:
        ToolError: the changelog has no such version, or nothing to say of it.
    """
    found = re.search(rf"(?ms)^## \[{re.escape(version)}\] - (.+?)\n(.*?)(?=^## |^\[.+?\]: |\Z)", changelog)
    if not found or not found[2].strip():
        raise ToolError(f"{CHANGELOG.name} says nothing of version {version}.")
    return found[1].strip(), found[2].strip() + "\n"


def check_tag(tag: str, version: str, day: str) -> None:
    """ToolError where the tag is not that of the manifest's version, or the changelog has no day for it."""
    if tag != f"v{version}":
        raise ToolError(f"The tag is {tag}, and {package.MANIFEST.name} names version {version}.")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
        raise ToolError(f"{CHANGELOG.name} says {day!r} where the day of version {version} has to stand.")


def release(out: Path, *, tag: str = "", website: str = "") -> list[Path]:
    """Make all of it in a folder that is emptied first; returns what goes beside the repository.

    Raises:
        ToolError: something does not fit, or cannot be built.
    """
    version = package.version()
    day, text = notes(CHANGELOG.read_text(encoding="utf-8"), version)
    if tag:
        check_tag(tag, version, day)
        public_surface.check()
    built = package.build(website).path
    shutil.rmtree(out, ignore_errors=True)
    repository = out / "repository"
    repository.mkdir(parents=True)
    shutil.copy(built, repository)
    package.list_repository(repository)
    files = {
        built.name: built.read_bytes(),
        "SHA256SUMS": f"{hashlib.sha256(built.read_bytes()).hexdigest()}  {built.name}\n".encode(),
        "NOTES.md": text.encode(),
    }
    for name, content in files.items():
        (out / name).write_bytes(content)
    return [out / name for name in files]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make it and say where it is; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT, metavar="FOLDER", help="is emptied; default: dist/release")
    parser.add_argument("--tag", default="", help="refuse unless it is v and the version, and the changelog has a day")
    parser.add_argument("--website", default="", metavar="URL", help="where the project is hosted")
    options = parser.parse_args(arguments)
    try:
        made = release(options.out, tag=options.tag, website=options.website)
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    for path in (*made, options.out / "repository"):
        say(str(path))
    return 0


if __name__ == "__main__":
    sys.exit(main())
