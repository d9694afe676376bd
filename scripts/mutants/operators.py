"""Changes that people make and Cosmic Ray does not: a statement that is missing, a list that lacks a member.

Imports Cosmic Ray and parso. Also says which changes are made at all: of Cosmic Ray's own, one or two for each place
are enough, and those that cannot be seen (in annotations) or that no test should hold (by how much a constant paces
something) are left out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import cosmic_ray.plugins
from cosmic_ray.operators.operator import Example, Operator
from parso.python.tree import Keyword

Position = tuple[int, int]
NAME = "neural4d"


class RemoveStatement(Operator):
    """Takes out a call, the setting of an attribute or item, a raise, and a return that is not its function's end."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Position, Position]]:
        """One for each such statement."""
        if node.type == "simple_stmt" and _can_go(node.children[0]):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """`pass` in its place."""
        leaf = node.get_first_leaf()
        node.children[0] = Keyword("pass", leaf.start_pos, prefix=leaf.prefix)
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """For whoever wants to see it."""
        return (Example("a.b = 1\n", "pass\n"), Example("f(1)\n", "pass\n"))


class RemoveMember(Operator):
    """Takes one member out of a list, set or dictionary, of a tuple that is a table, and of types joined by |."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Position, Position]]:
        """One for each member, where there are several."""
        for part in _members(node):
            yield part[0].start_pos, part[-1].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """The same without that member, nor the comma that belongs to it."""
        parts = _members(node)
        gone = [id(child) for child in parts[index]]
        inner = node if node.type == "expr" else node.children[1]
        kept = [child for child in inner.children if id(child) not in gone]
        if node.type == "expr" and kept[-1].type == "operator":
            kept.pop()
        if node.children[0] == "(" and len(kept) == 1:
            kept.append(parts[0][-1])  # the comma of a tuple of one
        inner.children = kept
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """For whoever wants to see it."""
        return (Example("[a, b]", "[b]"), Example("{a: 1, b: 2}", "{a: 1}", 1), Example("A | B", "A", 1))


def _can_go(statement: Any) -> bool:
    if statement.type in ("raise_stmt", "del_stmt"):
        return True
    if statement.type == "return_stmt":
        return statement.parent.parent.type != "file_input" and statement.search_ancestor("if_stmt") is not None
    if statement.type in ("atom_expr", "power", "await_expr"):
        last = statement.children[-1]
        return last.type == "trailer" and last.children[0].value == "("
    if statement.type == "expr_stmt":
        target, sign = statement.children[:2]
        changes = sign.type == "operator" and sign.value not in ("=", ":")
        return changes or target.type in ("atom_expr", "power")
    return False


def _members(node: Any) -> list[list[Any]]:
    """The nodes of each member, its comma included; empty where there are not several."""
    if node.type == "expr" and all(child.value == "|" for child in node.children[1::2]):
        children = node.children
    elif node.type == "atom" and len(node.children) == 3 and node.children[0].value in "[{(":
        inner = node.children[1]
        if inner.type not in ("testlist_comp", "dictorsetmaker") or (
            node.children[0].value == "(" and not _table(node)
        ):
            return []
        children = inner.children
    else:
        return []
    if any(child.type in ("sync_comp_for", "comp_for") for child in children):
        return []
    parts: list[list[Any]] = [[]]
    for child in children:
        parts[-1].append(child)
        if child.type == "operator" and child.value in (",", "|"):
            parts.append([])
    parts = [part for part in parts if part]
    return parts if len(parts) > 1 else []


def _table(node: Any) -> bool:
    before = node.get_previous_sibling()
    looked_in = before is not None and getattr(before, "value", "") == "in"
    return looked_in or node.parent.type == "except_clause" or node.search_ancestor("funcdef") is None


#: Of Cosmic Ray's operators for two values, what each sign becomes.
_SWAPS = {
    *("Eq_NotEq", "NotEq_Eq", "Lt_LtE", "Lt_Gt", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_Lt", "GtE_Gt", "GtE_Lt"),
    *("Is_IsNot", "IsNot_Is", "Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "BitAnd_BitOr"),
}
_LEFT_OUT = {"RemoveDecorator", "VariableReplacer", "VariableInserter"}


class Provider:
    """What Cosmic Ray asks a plugin for."""

    _operators = {"RemoveStatement": RemoveStatement, "RemoveMember": RemoveMember}

    def __iter__(self) -> Iterator[str]:
        return iter(self._operators)

    def __getitem__(self, name: str) -> type[Operator]:
        return self._operators[name]


def register() -> None:
    """Have Cosmic Ray know these in the running process; a plugin would have to be an installed package."""
    cosmic_ray.plugins.OPERATOR_PROVIDERS[NAME] = Provider()


def is_wanted(operator: str) -> bool:
    """Whether changes of that operator, by its name with its provider's, are made."""
    name = operator.rpartition("/")[2]
    kind, _, swap = name.partition("_")
    if kind in ("ReplaceBinaryOperator", "ReplaceComparisonOperator"):
        return swap in _SWAPS
    if kind == "ReplaceUnaryOperator":
        return swap.startswith("Delete")
    return name not in _LEFT_OUT


class Source:
    """What is to be known of a file's text.

    Args:
        text: the file's content.
    """

    def __init__(self, text: str) -> None:
        tree = ast.parse(text)
        self._statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
        self._names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        self._annotations = list(_annotations(tree))
        self._sums = [node for node in ast.walk(tree) if isinstance(node, ast.BinOp | ast.AugAssign)]
        self._defaults = [
            one
            for node in ast.walk(tree)
            if isinstance(node, ast.arguments)
            for one in (*node.defaults, *node.kw_defaults)
            if one
        ]
        self._constants = {
            line
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef)
            for one in node.body
            if isinstance(one, ast.Assign | ast.AnnAssign)
            for line in range(one.lineno, (one.end_lineno or one.lineno) + 1)
        }

    def can_be_seen(self, operator: str, start: Position) -> bool:
        """A change of that kind there is one that a test could and should notice."""
        if "Number" in operator or "BinaryOperator" in operator:
            paces = start[0] in self._constants or any(_within(one, start) for one in self._defaults)
            if paces:  # how long, how often, how much
                return False
        if "/ReplaceBinaryOperator" in operator and not any(_within(one, start) for one in self._sums):
            return False  # the star of a signature or a call
        return not any(begin <= start < end for begin, end in self._annotations)

    def lines(self, start: Position, end: Position) -> list[int]:
        """The lines that a test of such a place passes: of the innermost statement around it, as far as the place; of
        a constant, which each start of an engine passes, those where it is used.
        """
        around = [one for one in self._statements if one.lineno <= start[0] <= (one.end_lineno or one.lineno)]
        inner = max(around, key=lambda one: one.lineno, default=None)
        if inner and inner.lineno in self._constants:
            names = {one.id for one in ast.walk(inner) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
            if used := [one.lineno for one in self._names if one.id in names and one.lineno not in self._constants]:
                return used
        return [*range(inner.lineno if inner else start[0], end[0] + 1)]


def _within(node: ast.expr | ast.stmt, place: Position) -> bool:
    return (node.lineno, node.col_offset) <= place < (node.end_lineno or 0, node.end_col_offset or 0)


def _annotations(tree: ast.AST) -> Iterator[tuple[Position, Position]]:
    for node in ast.walk(tree):
        found = getattr(node, "annotation", None) or getattr(node, "returns", None)
        if isinstance(found, ast.expr):
            yield (found.lineno, found.col_offset), (found.end_lineno or 0, found.end_col_offset or 0)
