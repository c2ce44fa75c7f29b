"""A configuration file to the names it binds, statement by statement, without running it."""

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from auditor.errors import InputError, UsageError
from auditor.xtuner.evaluate import Evaluator, bind
from auditor.xtuner.values import LONGEST, Symbol, TooBigError, Unknown

STEPS = 100_000
"""Statements evaluated in one configuration, loops included."""

DEEPEST = 8
"""Files that ``read_base`` may open inside one another."""

HEAD_BYTES = 4 << 20
"""Bytes of one configuration file."""


def names(path: Path, environment: Mapping[str, str], depth: int = 0) -> dict[str, Any]:
    """Return every name that a configuration binds; raises InputError where it is no Python or asks for too much."""
    tree = parsed(path)
    reader = _Reader(path, environment, depth)
    try:
        reader.run(tree.body)
    except TooBigError:
        raise InputError("{name} asks for too much to be evaluated", name=path) from None
    except RecursionError:
        raise InputError("{name} is nested too deep", name=path) from None
    return reader.names


def parsed(path: Path) -> ast.Module:
    """Parse a Python file."""
    if not path.is_file():
        raise UsageError("no such file: {name}", name=path)
    if path.stat().st_size > HEAD_BYTES:
        raise InputError("{name} is too large for a configuration", name=path)
    try:
        return ast.parse(path.read_bytes(), str(path))
    except SyntaxError as fault:
        raise InputError(
            "{name}:{line}: no Python: {fault}", name=path, line=fault.lineno or 1, fault=fault.msg
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise InputError("{name} cannot be parsed", name=path) from None


class _Reader:
    """Runs through the statements of one file."""

    def __init__(self, path: Path, environment: Mapping[str, str], depth: int) -> None:
        self.path, self.environment, self.depth = path, environment, depth
        self.names: dict[str, Any] = {}
        self.evaluator = Evaluator(str(path), self.names, environment)
        self.evaluator.load = self._json
        self.steps = 0

    def run(self, body: Sequence[ast.stmt]) -> None:
        """Evaluate statements in order."""
        for node in body:
            self.steps += 1
            if self.steps > STEPS:
                raise TooBigError
            self._statement(node)

    def _statement(self, node: ast.stmt) -> None:  # noqa: C901  (one case for each kind of statement)
        match node:
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case ast.Assign():
                value = self.evaluator.value(node.value)
                for target in node.targets:
                    bind(self.evaluator, target, value)
            case ast.AnnAssign(value=ast.expr() as inner):
                bind(self.evaluator, node.target, self.evaluator.value(inner))
            case ast.AugAssign():
                held, extra = self.evaluator.value(_loaded(node.target)), self.evaluator.value(node.value)
                bind(self.evaluator, node.target, self.evaluator.combined(node.op, held, extra, node.lineno))
            case ast.Expr():
                self.evaluator.value(node.value)
            case ast.If():
                self._branch(node)
            case ast.For():
                self._loop(node)
            case ast.With():
                self._with(node)
            case ast.Try():
                self.run(node.body)
            case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
                self.names[node.name] = Symbol(f"{self.path.stem}.{node.name}")

    def _branch(self, node: ast.If) -> None:
        test = self.evaluator.value(node.test)
        if isinstance(test, Unknown):
            for name in _bound([*node.body, *node.orelse]):
                self.names[name] = Unknown("it depends on a condition that is not known", node.lineno)
        else:
            self.run(node.body if test else node.orelse)

    def _loop(self, node: ast.For) -> None:
        held = self.evaluator.value(node.iter)
        if not isinstance(held, list | tuple | dict):
            where = held if isinstance(held, Unknown) else Unknown("a loop over what is not known", node.lineno)
            for name in _bound([node, *node.body]):
                self.names[name] = where
            for name in _appended(node.body):
                if isinstance(self.names.get(name), list):
                    self.names[name].append(where)
            return
        for item in list(held):
            bind(self.evaluator, node.target, item)
            self.run(node.body)

    def _with(self, node: ast.With) -> None:
        for item in node.items:
            value = self.evaluator.value(item.context_expr)
            if item.optional_vars is not None:
                bind(self.evaluator, item.optional_vars, value)
        self.run(node.body)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.ImportFrom) and node.level:
            self._relative(node)
            return
        for alias in node.names:
            whole = f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
            first = alias.asname or alias.name.split(".")[0]
            self.names[first] = Symbol(whole if alias.asname or isinstance(node, ast.ImportFrom) else first)

    def _relative(self, node: ast.ImportFrom) -> None:
        """Take names from a file beside this one, as ``with read_base():`` does; never from outside its own tree."""
        folder = self.path.resolve().parent
        for _ in range(node.level - 1):
            folder = folder.parent
        target = folder.joinpath(*(node.module or "").split(".")).with_suffix(".py")
        if self.depth >= DEEPEST or not target.is_file():
            for alias in node.names:
                self.names[alias.asname or alias.name] = Symbol(f"{node.module}.{alias.name}")
            return
        found = names(target, self.environment, self.depth + 1)
        for alias in node.names:
            if alias.name == "*":
                self.names.update({name: value for name, value in found.items() if not name.startswith("_")})
            else:
                missing = Unknown("{name} is not in {file}", node.lineno, {"name": alias.name, "file": target.name})
                self.names[alias.asname or alias.name] = found.get(alias.name, missing)

    def _json(self, name: str) -> Any:  # noqa: ANN401  (any JSON value)
        """Read a JSON file that the configuration reads, such as a list of data sets; reading runs nothing."""
        path = self.path.parent / name
        try:
            if path.stat().st_size > LONGEST:
                return Unknown("{file} is too large", 0, {"file": name})
            return json.loads(path.read_bytes())
        except (OSError, ValueError):
            return Unknown("{file} cannot be read", 0, {"file": name})


def _loaded(target: ast.expr) -> ast.expr:
    """Return the target of an augmented assignment as an expression that is read."""
    copied = ast.parse(ast.unparse(target), mode="eval").body
    return ast.copy_location(copied, target)


def _bound(body: Sequence[ast.AST]) -> Iterator[str]:
    """Yield the names that statements would bind."""
    for node in body:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                yield inner.id


def _appended(body: Sequence[ast.stmt]) -> Iterator[str]:
    """Yield the names of lists that statements would lengthen."""
    for node in body:
        for inner in ast.walk(node):
            match inner:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append" | "extend")):
                    yield name
