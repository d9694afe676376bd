"""What the checks found in a prepared model, and what it is good for. Standard library only.

Made by the preparer (see prepare/checks), kept among the facts of a variant as JSON, read wherever it is shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

#: What a model may be wanted for.
USES = ("render", "game", "print")


@dataclass(frozen=True)
class Finding:
    """What one check came to.

    Attributes:
        name: of the check, like "open_edges"; what it marks in the mesh is in the attribute `attribute_of(name)`.
        value: what was measured; None where it could not be.
        unit: of the value and the threshold: "edges", "mm", "mm²", "mm³", "faces", "parts", "holes", "°", "px",
            "px/cm", "%" or "".
        threshold: what the value is held against; None where it is only told.
        ok: it is as it should be, or nothing is known of it.
        marked: how many elements of the mesh are marked.
        sampled: only some of the model was looked at.
        sentence: what it means, in English, with the figures as {value}, {threshold} and {marked}: see `told`.
        where: the side that most of what is marked is on: "left", "right", "front", "back", "bottom", "top", "middle".
    """

    name: str
    value: float | None
    unit: str
    threshold: float | None
    ok: bool
    marked: int = 0
    sampled: bool = False
    sentence: str = ""
    where: str = ""

    def told(self, sentence: str = "") -> str:
        """The sentence with its figures; another one where it is translated."""
        figures = {"value": self.value, "threshold": self.threshold, "marked": self.marked}
        told = sentence or self.sentence
        for name, figure in figures.items():  # no str.format: the sentence is from a file
            told = told.replace(f"{{{name}}}", number(figure))
        return told

    def short(self, say: Callable[[str], str] = str) -> str:
        """The name with the figure: "12 open edges", "1 hole", "wall: 0.3 mm"; `say` translates name and unit."""
        figure, name, unit = number(self.value), self.name.replace("_", " "), self.unit
        of_one = unit.removesuffix("s") if figure == "1" else unit
        if unit and name.endswith(unit):
            return f"{figure} {say(name.removesuffix(unit) + of_one)}"
        return f"{say(name)}: {figure} {say(of_one) if of_one.isalpha() else unit}".rstrip()


@dataclass(frozen=True)
class Verdict:
    """What a model is good for.

    Attributes:
        use: one of USES.
        ok: nothing that this use needs is amiss.
        score: 0 (of no use) to 1 (as it should be).
        reasons: names of the findings that count against it, worst first.
    """

    use: str
    ok: bool
    score: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """All that was measured of one variant, in the order of the checks, and the verdicts in the order of USES."""

    findings: tuple[Finding, ...]
    verdicts: tuple[Verdict, ...]

    @classmethod
    def from_json(cls, values: object) -> Report:
        """Raises ValueError where it is damaged, or of another time."""
        try:
            if not isinstance(values, Mapping):
                raise TypeError("no object")
            findings = tuple(Finding(**_checked(Finding, one)) for one in values["findings"])
            verdicts = tuple(
                Verdict(**{**_checked(Verdict, one), "reasons": _names(one["reasons"])}) for one in values["verdicts"]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"The report is damaged: {error!r}.") from error
        if tuple(one.use for one in verdicts) != USES or not all(0 <= one.score <= 1 for one in verdicts):
            raise ValueError("The report's verdicts are damaged.")
        return cls(findings, verdicts)

    def to_json(self) -> dict[str, Any]:
        """As `from_json` reads it."""
        return asdict(self)

    @property
    def watertight(self) -> bool | None:
        """Every edge has two faces; None where that could not be measured."""
        found = [self.finding(name) for name in ("open_edges", "non_manifold_edges")]
        if any(one is None or one.value is None for one in found):
            return None
        return all(one is not None and one.ok for one in found)

    def verdict(self, use: str) -> Verdict:
        """On one of USES; raises KeyError for anything else."""
        return {one.use: one for one in self.verdicts}[use]

    def finding(self, name: str) -> Finding | None:
        """What the check of that name came to; None where there was no such check."""
        return next((one for one in self.findings if one.name == name), None)


def attribute_of(name: str) -> str:
    """The attribute of a prepared mesh that marks what the check of that name found."""
    return f"{ATTRIBUTES}{name}"


#: What the names of these attributes begin with.
ATTRIBUTES = "neural4d_"


def number(value: float | None) -> str:
    """A figure as it is read: whole where it is whole or next to nothing, else with three digits that count."""
    if value is None:
        return "?"
    if value == round(value) or not 0.0001 <= abs(value) < 1000:  # below, it would have an exponent
        return f"{value:z,.0f}"
    return f"{value:.3g}"


#: Of the fields of a finding and a verdict, by the annotation.
_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
    "float | None": (float, int, type(None)),
    "tuple[str, ...]": (list, tuple),
}


def _checked(kind: type, values: object) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise TypeError(f"{values!r} is no {kind.__name__}")
    found: dict[str, Any] = {}
    for field in fields(kind):
        if field.name not in values:
            continue
        value = values[field.name]
        if type(value) not in _KINDS[str(field.type)] or (isinstance(value, float) and not math.isfinite(value)):
            raise TypeError(f"{field.name} is {value!r}")
        found[field.name] = value
    return found


def _names(values: list[Any]) -> tuple[str, ...]:
    if not all(isinstance(value, str) for value in values):
        raise TypeError(f"{values!r} are no names")
    return tuple(values)
