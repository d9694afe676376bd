"""The stages of `python3 scripts/test.py`, each with an environment of its own under .dev/: `nox --list`.

What follows `--` goes to pytest. Each session that runs tests leaves a JUnit report in out/reports.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scripts.toolbox import blender, locks, package
from scripts.toolbox.console import ROOT, ToolError, not_here
from scripts.toolbox.environments import BPY, RUNNING, newest_bpy

nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.envdir = ROOT / ".dev"
nox.options.error_on_missing_interpreters = True

REPORTS = ROOT / "out" / "reports"
#: Window tests that an older Blender runs too, where nothing else is asked for.
OLDER = ["tests/gui/test_first_start.py", "tests/gui/test_choosing.py"]
#: Blender 4.5 prepares a file as 4.2 and 5.0 do, where all of these run; its importers are tried by tests/scene/api.
LEFT_OUT = {"4.5.15": ("tests/scene/prepare",)}
#: Stages that need Linux and root for what they install: where they cannot be, they say so.
NOT_EVERYWHERE = ("windows", "gui(older)")
TOOLS = ["simulator", "schemas", "simulation"]
OLDEST, NEWEST = next(iter(BPY)), next(reversed(BPY))
# Versions that pyenv has and does not show come last, before uv downloads one.
_OF_PYENV = sorted(Path.home().glob(".pyenv/versions/3.*/bin"), reverse=True)
os.environ["PATH"] = os.pathsep.join(map(str, [os.environ.get("PATH", os.defpath), *_OF_PYENV]))


def _install(session: nox.Session, group: str) -> None:
    """Its packages as they are locked. What has them is left alone: another stage may be running in it.

    uv alone does not: bpy 5.0.1 says that it is for Python 3.9, and would be taken out and put in again each time.
    """
    locked, installed = locks.file_of(group), Path(session.virtualenv.location) / "installed.txt"
    if installed.is_file() and installed.read_bytes() == locked.read_bytes():
        return
    session.install("--exact", "--require-hashes", "-r", str(locked))
    session.run_install(
        "python", "-c", "import shutil, sys; shutil.copyfile(*sys.argv[1:])", str(locked), str(installed)
    )


def _pytest(session: nox.Session, *arguments: str, env: dict[str, str] | None = None) -> None:
    no_tests = 5  # the summary judges it
    session.run(
        "pytest",
        f"--junitxml={REPORTS}/{session.name}.xml",
        *arguments,
        *session.posargs,
        env=env,
        success_codes=[0, no_tests],
    )


@nox.session(python="3.11")
def lint(session: nox.Session) -> None:
    """ruff check, ruff format --check, import-linter, and what looks at the workflows"""
    _install(session, "lint")
    session.run("ruff", "check", "--output-format", "concise", ".")
    session.run("ruff", "format", "--check", "--output-format", "concise", ".")
    session.run("lint-imports", "--no-cache", "--no-logo")
    workflows = sorted(map(str, (ROOT / ".github" / "workflows").glob("*.yml")))
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)
    session.run("zizmor", "--offline", "--no-progress", *workflows)


@nox.session(python="3.11")
def types(session: nox.Session) -> None:
    """mypy: strict for engine, client, batching, api and cli, against Blender's stubs; pyright: what callers write"""
    _install(session, "unit")
    session.run("mypy")
    session.run("python", "-m", "scripts.toolbox.pyright")


@nox.session(python="3.11")
def docs(session: nox.Session) -> None:
    """the documentation as a site: every link leads somewhere, every docstring can be read"""
    _install(session, "docs")
    session.run("python", "scripts/docs.py")


@nox.session(python="3.13")
def unit(session: nox.Session) -> None:
    """tests/unit in a Python without bpy, and how much of each room they run"""
    _install(session, "unit")
    engines = ROOT / "out" / "coverage" / "engines"
    shutil.rmtree(engines, ignore_errors=True)
    engines.mkdir(parents=True)
    # They wait for engines and services more than they work.
    _pytest(session, "-n", "10", "--cov", "--cov-report=", "tests/unit", env={"NEURAL4D_TEST_LINES": str(engines)})
    if not session.posargs:
        session.run("python", "-m", "scripts.toolbox.rooms", str(engines))


@nox.session(python="3.11")
@nox.parametrize("marked", ["patient", "older", "not patient"], ids=["patient", "older", "rest"])
def gui(session: nox.Session, marked: str) -> None:
    """tests/gui in the window of a real Blender, under Xvfb; some of them in an older one"""
    _install(session, "unit")
    if marked == "older":
        try:
            own = {"BLENDER": str(blender.older().path)}
        except ToolError as problem:
            not_here(REPORTS / f"{session.name}.xml", problem)
            return
        chosen = [] if any(one.startswith("tests") for one in session.posargs) else OLDER
        _pytest(session, "-raPR", "--reruns", "1", *chosen, env=own)
        return
    # -raP shows the times that a test prints. A simulated click can go astray on a busy machine: what fails is
    # tried once more, and the summary names it.
    _pytest(session, "-raPR", "--reruns", "1", "-m", marked, "tests/gui")


@nox.session
@nox.parametrize(["python", "version"], [nox.param(python, version, id=version) for version, python in BPY.items()])
def scene(session: nox.Session, version: str) -> None:
    """tests/scene on Blender as a module, once a version"""
    _install(session, f"bpy-{version}")
    session.run("python", "-m", "compileall", "-q", "neural4d_blender")  # background Blenders may write nowhere
    chosen = {NEWEST: [], OLDEST: ["-m", "not one_blender"]}
    left_out = [f"--ignore={folder}" for folder in LEFT_OUT.get(version, ())]
    _pytest(session, *chosen.get(version, ["-m", "not one_blender and not both_ends"]), *left_out, "tests/scene")


@nox.session(name="package")
@nox.parametrize(["python", "version"], [nox.param(python, version, id=version) for version, python in BPY.items()])
def package_(session: nox.Session, version: str) -> None:
    """the built zip installed as an extension, once a version of that module"""
    _install(session, f"bpy-{version}")
    _pytest(session, "tests/package", env={"NEURAL4D_TEST_ZIP": str(package.build().path)})


@nox.session(python=BPY[newest_bpy(RUNNING) or NEWEST])
def demo(session: nox.Session) -> None:
    """scripts/demo.py as a new user starts it, with the Python that runs this"""
    own = newest_bpy(RUNNING)
    _install(session, f"bpy-{own or NEWEST}")
    # A Python that PyPI has no Blender for would need one installed; the newest one that has it stands in.
    start = getattr(sys, "_base_executable", sys.executable) if own else f"{session.bin}/python"
    _pytest(session, "tests/demo", env={"NEURAL4D_TEST_DEMO_PYTHON": start})


@nox.session(python="3.11")
def tester(session: nox.Session) -> None:
    """the same in a real Blender, by way of blender-addon-tester"""
    _install(session, "tester")
    session.run("python", "-m", "tests.package.tester", "--report", str(REPORTS), *session.posargs)


@nox.session(python="3.11")
def windows(session: nox.Session) -> None:
    """tests/windows and some others on Windows' own Python and Blender, by way of Wine where this is no Windows"""
    if os.name == "nt":
        _install(session, "unit")
        _pytest(session, "tests/windows")
        return
    session.run("python", "-m", "scripts.toolbox.wine", "--report", f"{REPORTS}/{session.name}", *session.posargs)


@nox.session(default=False)
@nox.parametrize(
    ["python", "group", "arguments"],
    [
        nox.param("3.11", "mutants", (), id="plain"),
        nox.param(BPY[NEWEST], "mutants-bpy", ("--bpy",), id="bpy"),
    ],
)
def mutants(session: nox.Session, group: str, arguments: tuple[str, ...]) -> None:
    """small changes to the code, one at a time: which do the tests notice? Takes hours; `-- --help`"""
    _install(session, group)
    session.run("python", "-m", "scripts.mutants", *arguments, *session.posargs)


@nox.session(python=RUNNING, default=False)
@nox.parametrize("group", TOOLS, ids=[f"{group}-{RUNNING}" for group in TOOLS])
def tool(session: nox.Session, group: str) -> None:
    """what a script in scripts/ needs in the Python that runs it"""
    _install(session, group)


@nox.session(venv_backend="none", default=False)
def summary(session: nox.Session) -> None:
    """what came of the stages of scripts/test.py, which says what was wrong with each, and its seconds"""
    stages: dict[str, tuple[str, float]] = json.loads(session.posargs[0])
    total, failures = Counter[str](), []
    print(f"\n{'stage':16} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}")
    for name, (wrong, seconds) in stages.items():
        counts, said = _count(name)
        if name in ("lint", "types", "docs"):
            counts["passed"] = not wrong
        elif not counts["passed"] + counts["failed"] and "-k" not in session.posargs:
            # A fault of the set-up, but where a stage says why it cannot be.
            wrong = wrong or ("" if name in NOT_EVERYWHERE and counts["skipped"] else "no test ran")
        if wrong and not counts["failed"]:
            counts["failed"], said = 1, [wrong]
        total += counts
        failures += [f"{name}: {line[:1000]}" for line in said]
        numbers = f"{counts['passed']:7} {counts['failed']:7} {counts['skipped']:8} {seconds:8.1f}"
        print(f"{name:16} {numbers}  {'NOT OK' if counts['failed'] else 'ok'}")
    print(*failures, f"reports in {REPORTS.relative_to(ROOT)}\n", sep="\n")
    print(f"{total['passed']} passed, {total['failed']} failed", flush=True)
    if total["failed"] or not total["passed"]:
        session.error("not all is well")


def _count(name: str) -> tuple[Counter[str], list[str]]:
    """How many of a session's tests passed, failed and were skipped, and what those that failed said."""
    counts, said = Counter[str](), list[str]()
    reports = [ET.parse(report) for report in REPORTS.glob(f"{name}*.xml")]  # noqa: S314 (our own files)
    for case in (case for report in reports for case in report.iter("testcase")):
        wrong = [str(part.get("message")) for part in case if part.tag in ("failure", "error")]
        counts["failed" if wrong else "passed" if case.find("skipped") is None else "skipped"] += 1
        said += [f"{case.get('classname')}.{case.get('name')}: {message}" for message in wrong]
    return counts, said
