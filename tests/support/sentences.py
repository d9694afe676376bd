"""The sentences that the engine, the preparer and the scene's code say to a user, as templates with {placeholders}.

Read from the source: every text that is handed to an error, and every other one that reads as a sentence. An f-string
becomes a template; what it chooses between becomes a template each. Texts that hold several sentences are split as
``languages.sentence`` splits them.
"""

from __future__ import annotations

import ast
import builtins
import functools
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import neural4d_blender
from neural4d_blender.engine import errors
from neural4d_blender.ui.drawing.languages import PARTS

PACKAGE = Path(neural4d_blender.__file__).parent
ROOMS = ("engine", "prepare", "scene", "client", "api", "ui")
#: What no window shows, or what names things that have no other name.
LEFT_OUT = {
    "client/api_keys.py": "files of keys, which a script or a command reads",
    "client/config_file.py": "what a script or a command reads; a window has the preferences",
    "engine/model/states.py": "the table of states in the documentation",
    "engine/services/*/options_and_limits.py": "the documentation's; what a panel shows of it is in texts.py",
    "engine/audit/*.py": "what the command line reads",
    "engine/files/gltf/gltf_accessor_check.py": "the specification's own terms, for whoever wrote the file",
    "engine/files/gltf/gltf_check.py": "the same",
    "engine/files/gltf/gltf_scene_check.py": "the same",
    "engine/process/redeem_quotes.py": "what an agent reads",
    "prepare/boxes.py": "the same",
    "engine/store/quotes_table.py": "the same",
    "scene/finished_jobs/job_report.py": "a report that is read by whoever is asked for help",
    "ui/operators/jobs/copy_as_python.py": "comments of a script",
}
#: Single ones, by what they contain: what only a script, or a mistake in the code, can bring about.
LEFT_OUT_SENTENCES = (
    "The engine of the Neural4D extension; started by Blender.",
    "The engine knows no command {}.",
    "The preparer's job is malformed: {}.",
    "What the engine had to say could not be sent ({}).",
    "It has to be found out which of ModelsLab's APIs the key is for.",
    "The axis is one of {}, the origin one of {}.",
    # a plain Python's
    "Set {} to a Python of 3.11 or newer that has requests.",
    "{} has a Python inside and is none itself: no engine runs in it.",
    "It is a part of Python that this one was built without: set NEURAL4D_PYTHON to another one.",
    "Install it there ({} -m pip install {}), have its folder on PYTHONPATH, or set NEURAL4D_PYTHON to another one.",
    # arguments of a script or of the command line
    "axis must be X, Y, Z or LONGEST, not {}.", "A point is three numbers or an object, not {}.",
    "Leave require and retry_below out, or have the model prepared.", "For a printer a .3mf or an .stl is written.",
    "Call it on the main thread (bpy.app.timers); on others, wait(place=False) and what a job is.",
    "{} touches Blender, which its main thread alone may do.",
    "retry_below must be a score above 0 and up to 1, not {}.", "max_tries must be 1 to {}, not {}.",
    "retry_below needs max_points: what all tries may cost together.", "Leave the seed or retry_below out.",
    "What is brought in is there already: another try would bring the same.",
    "Further tries are judged by their reports alone.", "With a seed each try would bring the same model.",
    "Leave choose_cutout and place_all out, or retry_below.", "{} is one of {}, not {}.",
    'A file for a printer ends in .3mf or .stl, and layout is "" or "plate".',
    'Import it with repair=["printable"], or write it anyway=True.', "Write it anew with --for print.",
    "repair takes a list of {}, not {}.", "collision is one of {}, not {}.",
    "A level of detail is a part of the faces, below 1, or at least {} of them, not {}.",
    "Go on with resume(): of the job, of its batch, or jobs(adopt=True) for all of them.",
    "Choose another folder or format and run resume: the model is ready and costs nothing again.",
    "For {} a .glb or a .fbx is written.", "Choose one of them, or leave that out.", "{} has to end in one of {}.",
    "Leave the .usdz out, or use --as-made.", "made_for is one of {}, or empty, not {}.",
    "{} has to end in .glb or .fbx.", "Blender's File > Export writes others.", "Place it first: job.place().",
    "prompts has {}, and no box is called that; the boxes are called: {}.",
    "Correct the names in prompts=; numbers behind a name and capitals do not count.",
    "concurrency must be 1 to {}, not {}.", "budget must be a whole number of points, not {}.",
    "size_mm must be {} to {} millimetres, not {}.", "max_faces must be a whole number of at least {}, not {}.",
    "texture_folder must be an absolute path, not {}.", "fit_mm must be three lengths in millimetres, not {}.",
    "group_points needs the name of the group that it limits.", "Leave place_all out.", "Set picture_first.",
    "picture_first must be True or False, not {}.", "pictures must be 1 to {} for {}.",
    "{} must be one of {}, not {}.", "{} must be a whole number of points, not {}.",
    "{} must be True or False, not {}.", "location takes three numbers, not {}.",
    "Write a prompt, or leave picture_first out.", "A model file is given by its path.", "Use bring_in for it.",
    "There have to be 1 or more variations, not {}.", "This cannot be changed: {}.", "Use the names that generate has.",
    "Another picture is given by its path, not as {}.", "Or call generate with it.", "Call retry() to go on with it.",
    "Choose one, or several, or leave fit out.", "{} is no object of the open file.", "Give the object itself.",
    "page must be 0 or more.", "limit and offset must be 0 or more.", "{} must be a date like 2031-05-24, not {}.",
    "There is no state {}; there are: {}.", "A picture is a path or an image of Blender's, not {}.",
    "Leave size_mm and location out, or fit one model at a time.", "Leave size_mm and location out, or fit.",
    "There is no service {}; there are: {}.", "The size must be a number of millimetres above 0, not {}.",
    "metadata takes values by name, not {}.", "Give it as {}.", "metadata takes {} bytes as JSON at the most, not {}.",
    "A name in metadata is 1 to 63 of A-Z, a-z, 0-9, _ . and -, not {}.", "Choose another name or folder.",
    "metadata {} looks like a secret, and stands in reports and files that others get.", "Nothing was sent or kept.",
    "Leave it out, or call it something else where it is none.", "metadata {} has a service's key in it.",
    "metadata {} is a text, a number, true, false or null, not {}.", "{} is no path for a file: {}.",
    "A model goes into a folder or into a box.", "Leave output or fit out.",
    "Ask for a quote, and generate with its id.", "Agents may not have {}: only what is in {}.",
    "The box gives one model its size and place.", "The box gives size and place.", "There is no object {}.",
)  # fmt: skip
#: Pieces of sentences that come from elsewhere as words, and are looked up by themselves.
PIECES = {
    "the job", "the engine", "the command {}", "nodes", "nodes once its groups are opened", "repetitions", "modifiers",
    "drawn pixels", "instances", "faces once its modifiers are applied", "films", "a modifier of the kind {}",
    "a constraint of the kind {}", "a web page", "an XML file, perhaps an error message", "something else",
    "a JSON file, perhaps an error message", "a ZIP archive", "a .blend file", "least", "most", "retopology", "views",
    "{} other model beside this one ({})", "{} other models beside this one ({})",
    *(f"{{}} {what}{end}" for what in ("camera", "drawing", "light", "light probe", "speaker", "volume")
      for end in ("", "s")),
    "{} part of lines or points", "{} parts of lines or points",
    *(f"{{}} {what}{end}" for what in ("border", "byte", "edge", "face", "hole", "opening", "part", "piece")
      for end in ("", "s")),
    "{} vertex", "{} vertices", "{} cavity", "{} cavities", "{} sheet was", "{} sheets were", "an open surface was",
    "quads", "triangles", "no second Blender could be started to bake textures in",
    "this Blender was built without Cycles, which bakes textures",
    "everybody together", *(f"{whose} '{{}}'" for whose in ("user", "project", "agent", "service")),
    "it has no colours", "its material stays", "its colours are at the vertices",
}  # fmt: skip
_ERRORS = {"Poll", "took_nothing", *(name for name, kind in vars(errors).items() if isinstance(kind, type))}
#: What is translated where it stands; mistakes in the code, and what is caught and told in other words.
_OTHERS = {"tr", "warn", *(name for name in vars(builtins) if name.endswith(("Error", "Exception", "Warning")))}
_SENTENCE = r"[A-Z{\"'].*[^ ][.?!]$"
#: Placeholders for whole sentences that go before another one.
_BEFORE = r"^\{\w+\} (?=[A-Z])|^\{(own|said|what)\} ?(?=\{|[A-Z])"


@functools.cache
def templates() -> dict[str, str]:
    """Each sentence as ``skeleton`` gives it, and where it stands."""
    found: dict[str, str] = {}
    for room in ROOMS:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            inside = path.relative_to(PACKAGE)
            if not any(inside.match(pattern) for pattern in LEFT_OUT):
                for line, text in _of_file(path):
                    found.setdefault(text, f"{inside}:{line}")
    return found


def skeleton(text: str) -> str:
    """A template without the names of its placeholders: two that differ in these alone are one."""
    return re.sub(r"\{[^{}]*\}", "{}", text)


def _of_file(path: Path) -> Iterator[tuple[int, str]]:
    tree = ast.parse(path.read_text("utf-8"))
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in above:
        if isinstance(node, ast.JoinedStr | ast.Constant) and not _is_piece(node, above):
            calls = set(_calls(node, above))
            for whole in _alternatives(node, above) if not calls & _OTHERS else ():
                if " " in whole and (calls & _ERRORS or re.match(_SENTENCE, whole, re.DOTALL)):
                    for text in re.split(PARTS, whole.strip()):
                        while text != (text := re.sub(_BEFORE, "", text)):
                            pass
                        text = re.sub(r"(?<=[.?!]) ?\{\w+\}$", "", text)
                        if re.search("[A-Za-z]", skeleton(text)) and skeleton(text) not in LEFT_OUT_SENTENCES:
                            yield node.lineno, text


def _is_piece(node: ast.AST, above: dict[ast.AST, ast.AST]) -> bool:
    """It is a docstring, or within another text."""
    parent = above.get(node)
    return isinstance(parent, ast.Expr | ast.JoinedStr) or bool(_inside(node, above, ast.FormattedValue))


def _calls(node: ast.AST, above: dict[ast.AST, ast.AST]) -> Iterator[str]:
    while (node := above.get(node)) and not isinstance(node, ast.stmt):  # type: ignore[assignment]
        if isinstance(node, ast.Call):
            yield getattr(node.func, "id", getattr(node.func, "attr", ""))


def _inside(node: ast.AST, above: dict[ast.AST, ast.AST], kind: type[ast.AST]) -> ast.AST | None:
    while (node := above.get(node)) and not isinstance(node, ast.stmt):  # type: ignore[assignment]
        if isinstance(node, kind):
            return node
    return None


def _alternatives(node: ast.AST, above: dict[ast.AST, ast.AST]) -> list[str]:
    """All that a text can be; what is only known when it is said is a placeholder."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return _alternatives(node.body, above) + _alternatives(node.orelse, above)
    if isinstance(node, ast.BoolOp) and isinstance(node.values[-1], ast.Constant | ast.JoinedStr):
        return [f"{{{_name(node.values[0])}}}", *_alternatives(node.values[-1], above)]
    if isinstance(node, ast.JoinedStr):
        return ["".join(one) for one in itertools.product(*(_alternatives(part, above) for part in node.values))]
    if isinstance(node, ast.FormattedValue):
        return _alternatives(node.value, above)
    if isinstance(node, ast.Name) and (texts := _assigned(node, above)):
        return texts
    return [f"{{{_name(node)}}}"]


def _assigned(node: ast.Name, above: dict[ast.AST, ast.AST]) -> list[str]:
    """The texts that a function's variable can be, where it is nothing but texts."""
    function: ast.AST | None = node
    while function and not isinstance(function, ast.FunctionDef):
        function = above.get(function)
    values = [
        made.value
        for made in ast.walk(function or ast.Module(body=[]))
        if isinstance(made, ast.Assign | ast.AugAssign)
        and any(getattr(one, "id", "") == node.id for one in getattr(made, "targets", [getattr(made, "target", 0)]))
    ]
    itself = any(getattr(one, "id", "") == node.id for value in values for one in ast.walk(value))
    if itself or not all(map(_is_text, values)):
        return []
    return [text for value in values for text in _alternatives(value, above)]


def _is_text(node: ast.AST) -> bool:
    if isinstance(node, ast.IfExp):
        return _is_text(node.body) and _is_text(node.orelse)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _name(node: ast.AST) -> str:
    """A word for what an expression is."""
    names = re.findall(r"[a-z]\w+", ast.unparse(node).replace("'", ""))
    return names[-1] if names else "x"
