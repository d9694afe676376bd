"""Makes the documentation as a site with search: `python3 scripts/docs.py`, in out/site. Any broken link ends it.

docs/ has the pages; README.md, CONTRIBUTING.md, CHANGELOG.md and LICENSE become pages of it too. The reference is made
of docstrings, which are read and not run.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.toolbox import environments
from scripts.toolbox.console import ROOT, run

PAGES = ROOT / "out" / "pages"
#: Files beside docs/, and the page that each of them becomes.
BESIDE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "license.md",
}
_LINK = re.compile(r"(\]\()(?:\.\./)?([\w./-]+)")


def gather() -> None:
    """Write all pages to out/pages, with links that lead from one to the other there."""
    shutil.rmtree(PAGES, ignore_errors=True)
    shutil.copytree(ROOT / "docs", PAGES)
    for name, page in BESIDE.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        (PAGES / page).write_text(text if name.endswith(".md") else f"# Licence\n\n```text\n{text}\n```\n", "utf-8")
    for path in PAGES.glob("*.md"):
        path.write_text(linked(path.read_text(encoding="utf-8")), encoding="utf-8")


def linked(markdown: str) -> str:
    """The text of a page in docs/ or beside it, with links as they are among the pages."""
    return _LINK.sub(lambda found: found[1] + BESIDE.get(found[2], found[2]).removeprefix("docs/"), markdown)


def main(arguments: list[str] | None = None) -> int:
    """Make the site; the exit code."""
    argparse.ArgumentParser(description=__doc__).parse_args(arguments)
    if (code := environments.run_in("docs", __file__, arguments)) is not None:
        return code
    gather()
    run([Path(sys.executable).with_name("zensical"), "build", "--strict"], why="A page is wrong", cwd=ROOT)
    print(f"{ROOT / 'out' / 'site' / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
