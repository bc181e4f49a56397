"""Mutants: small changes of a module's functions, each of which a test must notice."""

import ast
import copy
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Div,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_PAIRS = ("lower upper", "lstrip rstrip", "find rfind", "removeprefix removesuffix", "partition rpartition")
METHODS = {one: other for pair in _PAIRS for one, other in (pair.split(), reversed(pair.split()))}
SIMPLE = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Raise, ast.Delete, ast.Assert)


@dataclass(frozen=True)
class Mutant:
    """One change of one function; `place` names the function, `lines` the statement whose execution reaches it."""

    module: str
    place: str
    before: str
    after: str
    lines: range
    node: ast.AST
    change: dict[str, object]

    def __str__(self) -> str:
        return f"{self.module}:{self.place}: {self.before} => {self.after}"


class Module:
    """A module's source and its mutants."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        self._tree = ast.parse(path.read_text())

    def mutants(self) -> list[Mutant]:
        """In the order of the code; of mutants that look alike in one function, the later ones are numbered."""
        seen: Counter[str] = Counter()
        found: list[Mutant] = []
        for place, body in _functions(self._tree, ""):
            for mutant in self._of(place, body):
                seen[str(mutant)] += 1
                number = seen[str(mutant)]
                found.append(replace(mutant, after=f"{mutant.after} ({number})") if number > 1 else mutant)
        return found

    def code(self, mutant: Mutant | None = None) -> list[CodeType]:
        """The code of all functions, with one mutant; changes the tree for good, so a process may ask for one."""
        for name, value in (mutant.change if mutant else {}).items():
            setattr(mutant.node, name, value)  # type: ignore[union-attr]  # without a mutant there is no change
        tree = ast.fix_missing_locations(self._tree)
        return list(_nested(compile(tree, str(self.path), "exec")))

    def _of(self, place: str, body: list[ast.stmt]) -> Iterator[Mutant]:
        for statement in body:
            header = _header(statement)
            lines = range(statement.lineno, _last_line(statement) + 1)
            for node in header:
                for change in _changes(node):
                    yield Mutant(self.name, place, *_shown(node, change), lines, node, change)
            for inner in _bodies(statement):
                yield from self._of(place, inner)


def _functions(node: ast.AST, outer: str) -> Iterator[tuple[str, list[ast.stmt]]]:
    """The functions that are not inside another one, with their qualified names."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            has_text = ast.get_docstring(child, clean=False) is not None
            yield outer + child.name, child.body[1:] if has_text else child.body
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{outer}{child.name}.")


def _bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a compound statement; a nested function's body is one."""
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, [])
    for handler in getattr(statement, "handlers", []):
        yield handler.body
    for case in getattr(statement, "cases", []):
        yield case.body


def _header(statement: ast.stmt) -> list[ast.AST]:
    """The statement itself and its expressions, without the blocks inside it, annotations and types."""
    found: list[ast.AST] = []

    def walk(node: ast.AST) -> None:
        found.append(node)
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list", "format_spec", "pattern"}:
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not isinstance(child, ast.stmt | ast.ExceptHandler):
                    walk(child)

    walk(statement)
    return found


def _last_line(statement: ast.stmt) -> int:
    """The last line of a simple statement, or of a compound statement's header."""
    blocks = [body for body in _bodies(statement) if body]
    last = statement.end_lineno or statement.lineno
    return max(statement.lineno, min(body[0].lineno for body in blocks) - 1) if blocks else last


def _changes(node: ast.AST) -> Iterator[dict[str, object]]:  # noqa: PLR0912  # a table reads best in one piece
    """For each mutant of a node, the fields that change."""
    match node:
        case ast.Constant(value=bool(value)):
            yield {"value": not value}
        case ast.Constant(value=int(value) | float(value)):
            yield {"value": value + 1}
        case ast.Constant(value=str(value)):
            yield {"value": f"XX{value}XX"}
        case ast.Compare(ops=ops):
            for index, operator in enumerate(ops):
                yield {"ops": _replaced(ops, index, COMPARISONS[type(operator)]())}
        case ast.BoolOp(op=operator):
            yield {"op": ast.Or() if isinstance(operator, ast.And) else ast.And()}
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator) if type(operator) in OPERATORS:
            yield {"op": OPERATORS[type(operator)]()}
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield {"operand": ast.UnaryOp(ast.Not(), operand)}
        case ast.UnaryOp(op=ast.USub()):
            yield {"op": ast.UAdd()}
        case ast.IfExp() | ast.If():
            yield {"test": ast.Constant(True)}
            yield {"test": ast.Constant(False)}
        case ast.comprehension(ifs=ifs):
            for index in range(len(ifs)):
                yield {"ifs": _replaced(ifs, index, ast.Constant(True))}
        case ast.Lambda():
            yield {"body": ast.Constant(None)}
        case ast.Call():
            yield from _changes_of_call(node)
        case ast.Dict(keys=keys, values=values):
            for index in range(len(keys)):
                yield {"keys": keys[:index] + keys[index + 1 :], "values": values[:index] + values[index + 1 :]}
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            yield {"value": ast.Constant("" if _is_none(value) else None)}
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield {"value": ast.Constant(None)}
        case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()):
            yield {"value": ast.IfExp(ast.Constant(False), node.value, ast.Constant(None))}
        case ast.match_case(guard=ast.expr()):
            yield {"guard": None}
        case ast.Match(cases=cases) if len(cases) > 1:
            for index in range(len(cases)):
                yield {"cases": cases[:index] + cases[index + 1 :]}


def _changes_of_call(node: ast.Call) -> Iterator[dict[str, object]]:
    for index, argument in enumerate(node.args):
        if not isinstance(argument, ast.Starred) and not _is_none(argument):
            yield {"args": _replaced(node.args, index, ast.Constant(None))}
    for index, keyword in enumerate(node.keywords):
        if keyword.arg is not None and not _is_none(keyword.value):
            yield {"keywords": _replaced(node.keywords, index, ast.keyword(keyword.arg, ast.Constant(None)))}
        yield {"keywords": node.keywords[:index] + node.keywords[index + 1 :]}
    if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
        yield {"func": ast.Attribute(node.func.value, METHODS[node.func.attr], ast.Load())}


def _shown(node: ast.AST, change: dict[str, object]) -> tuple[str, str]:
    """The code before and after, on one line each; of a compound statement, its header, of a call, what changes."""
    changed = copy.copy(node)
    for name, value in change.items():
        setattr(changed, name, value)
    if isinstance(node, ast.Call) and isinstance(changed, ast.Call) and "func" not in change:
        before, after = ([_text(part) for part in (*call.args, *call.keywords)] for call in (node, changed))
        index = next(
            (at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), len(after)
        )
        left = after[index] if len(before) == len(after) else ""
        function = _text(node.func)
        return f"{function}({_at(index)}{before[index]})", f"{function}({_at(index)}{left})"
    return _text(node), _text(changed)


def _at(index: int) -> str:
    return "…, " if index else ""


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Match):
        return f"match {ast.unparse(node.subject)} with cases {'; '.join(_text(case) for case in node.cases)}"
    if isinstance(node, ast.match_case):
        return ast.unparse(node.pattern) + (f" if {ast.unparse(node.guard)}" if node.guard else "")
    if isinstance(node, ast.If):
        return f"if {ast.unparse(node.test)}"
    return " ".join(ast.unparse(ast.fix_missing_locations(node)).split())


def _replaced(items: Sequence[object], index: int, item: object) -> list[object]:
    return [*items[:index], item, *items[index + 1 :]]


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _nested(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _nested(constant)
