"""Evaluate the expressions of a configuration from its syntax tree; nothing of it is ever run.

Known are literals, names, imports (as names), ``dict``, ``list``, arithmetic, string joins, conditions on constants,
loops over known values, ``json.load(open(…))`` and bound environment variables. Anything else is an ``Unknown``
with its line, so that one clever expression never hides the rest.
"""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from auditor.xtuner.values import LONGEST, Built, Span, Symbol, Table, Text, TooBigError, Unknown

BINARY: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.BitOr: operator.or_,
}  # fmt: skip
COMPARE: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda item, held: item in held, ast.NotIn: lambda item, held: item not in held,
}  # fmt: skip
UNARY: Mapping[type, Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_}
NUMBERS: Mapping[str, Callable[[Any], Any]] = {"int": int, "float": float, "bool": bool, "len": len, "str": str}
VIEWS = {"keys", "values", "items"}
OF_DICTS = {*VIEWS, "get", "update"}
METHODS: Mapping[type, set[str]] = {dict: OF_DICTS, Table: OF_DICTS, list: {"append", "extend"}}
BUILTINS = {"dict", "list", "tuple", "open", "range", *NUMBERS}
PLAIN = str | int | float | bool | None
ENVIRONMENT = {"os.environ.get", "os.getenv", "environ.get", "getenv"}
JOINS = {"os.path.join", "path.join", "osp.join"}
FAULTS = (TypeError, ValueError, ZeroDivisionError, OverflowError, KeyError, IndexError, AttributeError)


class Evaluator:
    """Evaluates expressions against the names of one file."""

    def __init__(self, file: str, names: dict[str, Any], environment: Mapping[str, str]) -> None:
        self.file, self.names, self.environment = file, names, environment
        self.load: Callable[[str], Any] = lambda _path: None
        self._handlers: Mapping[type, Callable[[Any], Any]] = {
            ast.Constant: self._constant, ast.Name: self._name, ast.Attribute: self._attribute, ast.Dict: self._dict,
            ast.List: self._list, ast.Tuple: self._tuple, ast.Set: self._list, ast.BinOp: self._binary,
            ast.UnaryOp: self._unary, ast.BoolOp: self._boolean, ast.Compare: self._compare, ast.IfExp: self._if,
            ast.JoinedStr: self._joined, ast.Subscript: self._subscript, ast.Call: self._call,
            ast.ListComp: self._comprehension, ast.GeneratorExp: self._comprehension,
        }  # fmt: skip

    def value(self, node: ast.expr) -> Any:  # noqa: ANN401  (any value)
        """Return what an expression is; strings remember where they stand."""
        handler = self._handlers.get(type(node))
        if handler is None:
            return Unknown("{what} is not evaluated", node.lineno, {"what": type(node).__name__})
        try:
            found = handler(node)
        except FAULTS as fault:
            return Unknown("{what}", node.lineno, {"what": f"{type(fault).__name__}: {fault}"})
        if isinstance(found, Text):
            return found
        if isinstance(found, str):
            end = (node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
            return Text.at(found, self.file, Span(node.lineno, node.col_offset, *end))
        return found

    def _constant(self, node: ast.Constant) -> Any:  # noqa: ANN401
        return node.value

    def _name(self, node: ast.Name) -> Any:  # noqa: ANN401
        if node.id in self.names:
            return self.names[node.id]
        return Unknown("the name {name} is not known", node.lineno, {"name": node.id})

    def _attribute(self, node: ast.Attribute) -> Any:  # noqa: ANN401
        return _member(self.value(node.value), node)

    def _dict(self, node: ast.Dict) -> Any:  # noqa: ANN401
        made = Table(line=node.lineno)
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                inner = self.value(value)
                if isinstance(inner, dict):
                    made.update(inner)
            else:
                made[_key(self.value(key))] = self.value(value)
        return made

    def _list(self, node: ast.List | ast.Set) -> Any:  # noqa: ANN401
        return self._items(node.elts)

    def _tuple(self, node: ast.Tuple) -> Any:  # noqa: ANN401
        return tuple(self._items(node.elts))

    def _items(self, nodes: Sequence[ast.expr]) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            inner = self.value(node.value if isinstance(node, ast.Starred) else node)
            if isinstance(node, ast.Starred) and isinstance(inner, list | tuple):
                found += inner
            else:
                found.append(inner)
        return found

    def _binary(self, node: ast.BinOp) -> Any:  # noqa: ANN401
        return self.combined(node.op, self.value(node.left), self.value(node.right), node.lineno)

    def combined(self, sign: ast.operator, left: Any, right: Any, line: int) -> Any:  # noqa: ANN401
        """Apply an operator to two values, within bounds."""
        for side in (left, right):
            if isinstance(side, Unknown):
                return side
        if type(sign) not in BINARY or isinstance(left, Symbol | Built) or isinstance(right, Symbol | Built):
            return Unknown("this arithmetic is not evaluated", line)
        if isinstance(sign, ast.Mod) and isinstance(left, str):
            return Unknown("string formatting is not evaluated", line)
        _bounded(sign, left, right)
        found = BINARY[type(sign)](*(str(side) if isinstance(side, Text) else side for side in (left, right)))
        return Table(found, line) if isinstance(found, dict) else found

    def _unary(self, node: ast.UnaryOp) -> Any:  # noqa: ANN401
        held = self.value(node.operand)
        return held if isinstance(held, Unknown) else UNARY[type(node.op)](held)

    def _boolean(self, node: ast.BoolOp) -> Any:  # noqa: ANN401
        held: Any = None
        for part in node.values:
            held = self.value(part)
            if isinstance(held, Unknown) or bool(held) is isinstance(node.op, ast.Or):
                return held
        return held

    def _compare(self, node: ast.Compare) -> Any:  # noqa: ANN401
        left = self.value(node.left)
        for sign, part in zip(node.ops, node.comparators, strict=True):
            right = self.value(part)
            for side in (left, right):
                if isinstance(side, Unknown):
                    return side
            if not COMPARE[type(sign)](left, right):
                return False
            left = right
        return True

    def _if(self, node: ast.IfExp) -> Any:  # noqa: ANN401
        test = self.value(node.test)
        return test if isinstance(test, Unknown) else self.value(node.body if test else node.orelse)

    def _joined(self, node: ast.JoinedStr) -> Any:  # noqa: ANN401
        parts = []
        for part in node.values:
            inner = self.value(part.value) if isinstance(part, ast.FormattedValue) else self.value(part)
            if isinstance(inner, Unknown):
                return inner
            special = isinstance(part, ast.FormattedValue) and (part.format_spec or part.conversion != -1)
            if special or not isinstance(inner, PLAIN):
                return Unknown("string formatting is not evaluated", node.lineno)
            parts.append(str(inner))
        return "".join(parts)

    def _subscript(self, node: ast.Subscript) -> Any:  # noqa: ANN401
        held = self.value(node.value)
        if isinstance(held, Unknown):
            return held
        if isinstance(node.slice, ast.Slice):
            limits = [None if part is None else self.value(part) for part in (node.slice.lower, node.slice.upper)]
            return held[slice(*limits)] if isinstance(held, list | tuple | str) else Unknown("a slice", node.lineno)
        key = self.value(node.slice)
        if isinstance(held, Symbol) and held.name in {"os.environ", "environ"}:
            return self._variable(key, node.lineno)
        if isinstance(held, Built):
            held = held.named
        return held[key] if isinstance(held, dict | list | tuple | str) else Unknown("a subscript", node.lineno)

    def _variable(self, name: Any, line: int, default: Any = None) -> Any:  # noqa: ANN401
        if isinstance(name, str) and name in self.environment:
            return self.environment[name]
        if default is not None and not isinstance(default, Unknown):
            return default
        return Unknown("its value comes from ${name}; give it with --env {name}=…", line, {"name": str(name)})

    def _call(self, node: ast.Call) -> Any:  # noqa: ANN401
        if isinstance(node.func, ast.Name) and node.func.id in BUILTINS - set(self.names):
            return self._builtin(node.func.id, node)
        if isinstance(node.func, ast.Attribute):
            held = self.value(node.func.value)
            if node.func.attr in METHODS.get(type(held), ()):
                return self._method(held, node.func.attr, node)
            called = _member(held, node.func)
        else:
            called = self.value(node.func)
        if not isinstance(called, Symbol):
            return called if isinstance(called, Unknown) else Unknown("this call is not evaluated", node.lineno)
        positional, named = self._arguments(node)
        return self._imported(called, positional, named, node.lineno)

    def _arguments(self, node: ast.Call) -> tuple[list[Any], Table]:
        named = Table(line=node.lineno)
        for keyword in node.keywords:
            inner = self.value(keyword.value)
            if keyword.arg is not None:
                named[keyword.arg] = inner
            elif isinstance(inner, dict):
                named.update(inner)
        return self._items(node.args), named

    def _imported(self, called: Symbol, positional: list[Any], named: Table, line: int) -> Any:  # noqa: ANN401
        if called.name in ENVIRONMENT and positional:
            return self._variable(positional[0], line, (*positional[1:], named.get("default"), None)[0])
        if called.name in JOINS and positional:
            blocked = next((part for part in positional if not isinstance(part, str)), None)
            if blocked is not None:
                return blocked if isinstance(blocked, Unknown) else Unknown("a path of unknown parts", line)
            return "/".join(str(part).rstrip("/") for part in positional[:-1]) + f"/{positional[-1]}"
        if called.last == "Path" and len(positional) == 1:
            return positional[0]
        if called.name in {"json.load", "json.loads"} and positional and isinstance(positional[0], Built):
            path = positional[0].positional[0] if positional[0].positional else None
            return self.load(str(path)) if isinstance(path, str) else Unknown("a file of unknown name", line)
        return Built(called, tuple(positional), named, line)

    def _builtin(self, name: str, node: ast.Call) -> Any:  # noqa: ANN401
        positional, named = self._arguments(node)
        held = positional[0] if positional else None
        if isinstance(held, Unknown):
            return held
        if name in CONTAINERS:
            return CONTAINERS[name](positional, named)
        if name == "open":
            return Built(Symbol("open"), tuple(positional), named, node.lineno)
        if not isinstance(held, PLAIN) and not (name == "len" and isinstance(held, list | tuple | dict)):
            return Unknown("this call is not evaluated", node.lineno)
        return NUMBERS[name](held)

    def _method(self, held: Any, name: str, node: ast.Call) -> Any:  # noqa: ANN401
        """Call one of the few methods of a container that only look or append."""
        positional, named = self._arguments(node)
        if name in VIEWS:
            return list(getattr(held, name)())
        if name == "get":
            return held.get(*positional)
        if name == "update":
            held.update(positional[0] if positional and isinstance(positional[0], dict) else {}, **named)
        elif len(positional) == 1:
            _bounded(ast.Add(), held, positional)
            extra = positional if name == "append" else positional[0]
            held += extra if isinstance(extra, list | tuple) else [Unknown("an unknown list", node.lineno)]
        return None

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> Any:  # noqa: ANN401
        loop = node.generators[0]
        held = self.value(loop.iter)
        if len(node.generators) > 1 or not isinstance(held, list | tuple | dict):
            return held if isinstance(held, Unknown) else Unknown("a comprehension", node.lineno)
        found, outer = [], dict(self.names)
        for item in held:
            bind(self, loop.target, item)
            if all(self.value(test) is True for test in loop.ifs):
                found.append(self.value(node.elt))
        self.names.clear()
        self.names.update(outer)
        return found


def _range(positional: Sequence[Any], _named: Table) -> list[int]:
    """Count, but not without end."""
    if any(not isinstance(number, int) or abs(number) > 10_000 for number in positional):
        raise TooBigError
    return list(range(*positional))


CONTAINERS: Mapping[str, Callable[[Sequence[Any], Table], Any]] = {
    "dict": lambda held, named: Table({**(held[0] if held and isinstance(held[0], dict) else {}), **named}, named.line),
    "list": lambda held, _: list(held[0] if held else ()),
    "tuple": lambda held, _: tuple(held[0] if held else ()),
    "range": _range,
}


def bind(evaluator: Evaluator, target: ast.expr, value: Any) -> None:  # noqa: ANN401
    """Give a name, a tuple of names or an item of a known container its value; other targets are ignored."""
    if isinstance(target, ast.Name):
        evaluator.names[target.id] = value
    elif isinstance(target, ast.Tuple | ast.List):
        values = value if isinstance(value, list | tuple) and len(value) == len(target.elts) else None
        for index, part in enumerate(target.elts):
            bind(evaluator, part, values[index] if values else Unknown("an unknown tuple", target.lineno))
    elif isinstance(target, ast.Subscript):
        held, key = evaluator.value(target.value), evaluator.value(target.slice)
        within = isinstance(held, list) and isinstance(key, int) and -len(held) <= key < len(held)
        if within or (isinstance(held, dict) and isinstance(key, str | int)):
            held[key] = value
    elif isinstance(target, ast.Attribute):
        held = evaluator.value(target.value)
        if isinstance(held, Built):
            held.named[target.attr] = value


def _member(held: Any, node: ast.Attribute) -> Any:  # noqa: ANN401
    """Return an attribute: of something imported its longer name, of a call what it was given by that name."""
    if isinstance(held, Symbol):
        return Symbol(f"{held.name}.{node.attr}")
    if isinstance(held, Built) and node.attr in held.named:
        return held.named[node.attr]
    if isinstance(held, Unknown):
        return held
    return Unknown("the attribute {name} is not evaluated", node.lineno, {"name": node.attr})


def _key(value: Any) -> Any:  # noqa: ANN401
    return value if isinstance(value, PLAIN | Symbol) else str(value)


def _bounded(sign: ast.operator, left: Any, right: Any) -> None:  # noqa: ANN401
    """Refuse what would take endless memory or time."""
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    if isinstance(sign, ast.Pow) and numbers:
        if abs(right) * max(1, int(abs(left)).bit_length()) > 512:
            raise TooBigError
    elif isinstance(sign, ast.Mult) and not numbers:
        many, held = (left, right) if isinstance(left, int) else (right, left)
        if isinstance(many, int) and hasattr(held, "__len__") and many * len(held) > LONGEST:
            raise TooBigError
    elif hasattr(left, "__len__") and hasattr(right, "__len__") and len(left) + len(right) > LONGEST:
        raise TooBigError
