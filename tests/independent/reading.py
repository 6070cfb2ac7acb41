"""The text of a formula, read by Python's parser and evaluated as a jet at a place."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from fractions import Fraction
from typing import Any

from mpmath import mp

from . import jets
from .jets import Doubt, Jet, NotReal, Number, Pole, Unsupported

MAX_TERMS = 5_000  # of a Sum or Product
MAX_DIGITS = 20_000  # to tell a small number from zero

CONSTANTS: dict[str, Callable[[], Number]] = {
    "pi": lambda: +mp.pi,
    "e": lambda: +mp.e,
    "E": lambda: +mp.e,
}


class Edge(Exception):
    """The place lies on the boundary of two pieces, or where a function is not analytic."""


class Mode(Enum):
    """What to do at an edge."""

    AT = auto()  # raise Edge: derivatives at this very point must not rest on one side
    NEAR = auto()  # a switch that is zero at a generic point is zero all around it
    ON = auto()  # the place was put on an edge by Newton's method: small is zero


@dataclass
class Place:
    """Where to evaluate. ``coordinates`` gives the numbers at mpmath's present precision; what was
    found to be zero, negative or positive there is remembered by node and bound variables.
    """

    coordinates: Callable[[], Sequence[Number]]
    signs: dict[Any, int] = field(default_factory=dict)


class Formula:
    """A formula of the variables ``names``, of which all are differentiated."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        self.text = text.strip()
        self.names = tuple(names)
        self.tree = ast.parse(self.text, mode="eval").body
        self._made: dict[Any, ast.expr] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and not isinstance(node.value, bool):
                # As written: a double would round it.
                exact = Fraction(ast.get_source_segment(self.text, node) or "")
                node.value = exact  # type: ignore[assignment]

    def jet(self, place: Place, mode: Mode = Mode.AT, node: ast.expr | None = None) -> Jet:
        """Value and derivatives at the place, at mpmath's present precision."""
        return _Evaluator(self, place, mode, slopes=True).visit(node or self.tree)

    def value(self, place: Place, mode: Mode = Mode.NEAR) -> Number:
        """The value at the place."""
        return _Evaluator(self, place, mode, slopes=False).visit(self.tree).value

    def sign(self, place: Place, node: ast.expr) -> int:
        """The sign of the value of a node at the place."""
        return _Evaluator(self, place, Mode.NEAR, slopes=False).sign(node)

    def minus(self, a: ast.expr, b: ast.expr) -> ast.expr:
        """The difference of two nodes, as one and the same node each time."""
        return self._made.setdefault((a, b), ast.BinOp(left=a, op=ast.Sub(), right=b))

    def call(self, name: str, argument: ast.expr) -> ast.expr:
        """A function of a node, as one and the same node each time."""
        function = ast.Name(id=name, ctx=ast.Load())
        made = ast.Call(func=function, args=[argument], keywords=[])
        return self._made.setdefault((name, argument), made)

    def number(self, number: int) -> ast.expr:
        """A whole number, as one and the same node each time."""
        node: Any = ast.Constant(value=0)
        node.value = Fraction(number)
        return self._made.setdefault(number, node)

    def switches(self) -> list[tuple[ast.expr, bool]]:
        """What changes its piece where it is zero, and whether it is a denominator."""
        found: list[tuple[ast.expr, bool]] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                if _fraction(node.right, {}) is None:
                    found.append((node.right, True))
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
                exponent = _fraction(node.right, {})
                if exponent is not None and exponent < 0:
                    found.append((node.left, True))
            elif isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
                found += [(self.minus(a, b), False) for a, b in itertools.pairwise(sides)]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                switching = self._switching(node.func.id, node.args)
                found += [(n, node.func.id == "log") for n in switching]
        return found

    def _switching(self, name: str, arguments: list[ast.expr]) -> list[ast.expr]:
        """The parts of a call that switch its pieces where they are zero."""
        if name in ("max", "min", "Max", "Min"):
            return [self.minus(a, b) for a, b in itertools.combinations(arguments, 2)]
        if name in ("abs", "sign", "relu", "Heaviside", "sqrt", "log", "cbrt"):
            return arguments[:1]
        if name in ("floor", "ceil"):
            # sin(pi·u) is zero where u is a whole number.
            pi = ast.Name(id="pi", ctx=ast.Load())
            turned = ast.BinOp(left=pi, op=ast.Mult(), right=arguments[0])
            return [self.call("sin", turned)]
        return []


def numbers(texts: Sequence[str]) -> Callable[[], list[Number]]:
    """What evaluates exact texts such as ``sqrt(2)/3`` at mpmath's present precision."""
    formulas = [Formula(text, ()) for text in texts]

    def evaluated() -> list[Number]:
        return [formula.value(Place(list)) for formula in formulas]

    return evaluated


def _fraction(node: ast.expr, bound: Mapping[str, int]) -> Fraction | None:
    """A subtree of literals as an exact number; None for any other."""
    match node:
        case ast.Constant(value=Fraction() as exact):
            return exact
        case ast.Name(id=name) if name in bound:
            return Fraction(bound[name])
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _fraction(operand, bound)
            return None if inner is None else -inner
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _fraction(left, bound), _fraction(right, bound)
            if a is None or b is None:
                return None
            match op:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case ast.Div() if b:
                    return a / b
                case ast.Pow() if b.denominator == 1 and abs(b) < 1000 and (a or b >= 0):
                    return Fraction(a ** int(b))
    return None


class _Evaluator:
    """One walk over the tree at one precision."""

    def __init__(self, formula: Formula, place: Place, mode: Mode, slopes: bool) -> None:
        self.formula = formula
        self.place = place
        self.mode = mode
        self.bound: dict[str, int] = {}
        self.known: dict[Any, Jet] = {}
        self.variables = {
            name: Jet(x, {i: mp.one} if slopes else {})
            for i, (name, x) in enumerate(zip(formula.names, place.coordinates(), strict=True))
        }

    def visit(self, node: ast.expr) -> Jet:
        """The jet of a node."""
        key = (node, *self.bound.items())
        if key not in self.known:
            self.known[key] = self._visit(node)
            if not mp.isfinite(self.known[key].value):
                raise Pole
        return self.known[key]

    def _visit(self, node: ast.expr) -> Jet:
        match node:
            case ast.Constant(value=Fraction() as exact):
                return Jet(mp.mpf(exact.numerator) / exact.denominator)
            case ast.Name(id=name):
                return self._name(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.visit(operand)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.visit(operand)
            case ast.BinOp():
                return self._operation(node)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.visit(body if self.holds(test) else orelse)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(name, arguments, node)
        raise Unsupported(ast.dump(node)[:60])

    def _name(self, name: str) -> Jet:
        if name in self.bound:
            return Jet(mp.mpf(self.bound[name]))
        if name in self.variables:
            return self.variables[name]
        if name in CONSTANTS:
            return Jet(CONSTANTS[name]())
        raise Unsupported(name)

    def _operation(self, node: ast.BinOp) -> Jet:
        match node.op:
            case ast.Add():
                return self.visit(node.left) + self.visit(node.right)
            case ast.Sub():
                return self.visit(node.left) - self.visit(node.right)
            case ast.Mult():
                return self.visit(node.left) * self.visit(node.right)
            case ast.Div():
                return self.visit(node.left) * self.reciprocal(node.right)
            case ast.Pow():
                return self.power(node.left, node.right)
        raise Unsupported

    # Signs and edges

    def sign(self, node: ast.expr) -> int:
        """The sign of a node's value, 0 where it is zero."""
        key = (node, *self.bound.items())
        if key not in self.place.signs:
            self.place.signs[key] = self._sign(node)
        return self.place.signs[key]

    def _sign(self, node: ast.expr) -> int:
        value, digits = self.visit(node).value, mp.dps
        small = mp.mpf(10) ** -(digits // 2)
        if abs(value) > small:
            return int(mp.sign(value))
        if self.mode is Mode.ON:
            return 0
        # Rounding leaves less at a higher precision, a small number the same.
        while 2 * digits <= MAX_DIGITS:
            digits *= 2
            with mp.workdps(digits):
                again = _Evaluator(self.formula, self.place, self.mode, slopes=False)
                again.bound = self.bound
                closer = again.visit(node).value
                if closer and abs(value - closer) < abs(closer) / 1000:
                    return int(mp.sign(closer))
                if abs(closer) < mp.mpf(10) ** -(digits * 3 // 4):
                    return 0
                value = closer
        raise Doubt

    def edge(self, node: ast.expr) -> int:
        """The sign of a node on which a piece depends. Raises :class:`Edge` at a boundary."""
        sign = self.sign(node)
        if sign == 0 and self.mode is Mode.AT:
            jet = self.visit(node)
            if jet.slopes or jet.seconds:
                raise Edge
        return sign

    def holds(self, test: ast.expr) -> bool:
        """Whether a condition holds."""
        match test:
            case ast.Constant(value=bool(value)):
                return value
            case ast.BoolOp(op=ast.And(), values=values):
                return all(self.holds(v) for v in values)
            case ast.BoolOp(op=ast.Or(), values=values):
                return any(self.holds(v) for v in values)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not self.holds(operand)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                pairs = zip(ops, itertools.pairwise([left, *comparators]), strict=True)
                return all(self._compares(op, a, b) for op, (a, b) in pairs)
        raise Unsupported

    def _compares(self, op: ast.cmpop, a: ast.expr, b: ast.expr) -> bool:
        sign = self.edge(self.formula.minus(a, b))
        match op:
            case ast.Lt():
                return sign < 0
            case ast.LtE():
                return sign <= 0
            case ast.Gt():
                return sign > 0
            case ast.GtE():
                return sign >= 0
            case ast.Eq():
                return sign == 0
            case ast.NotEq():
                return sign != 0
        raise Unsupported

    # Functions

    def reciprocal(self, node: ast.expr) -> Jet:
        """1 over a node."""
        if self.edge(node) == 0:
            raise Pole
        return self.visit(node).through(jets.whole_power(self.visit(node).value, -1))

    def power(self, base: ast.expr, exponent: ast.expr) -> Jet:
        """A power; a fraction as exponent needs a base that is not negative."""
        exact = _fraction(exponent, self.bound)
        if exact is None:
            return self._general_power(base, exponent)
        if exact.denominator == 1:
            n = int(exact)
            if n < 0 and self.edge(base) == 0:
                raise Pole
            return self.visit(base).through(jets.whole_power(self.visit(base).value, n))
        sign = self.edge(base)
        if sign == 0:
            if exact < 0:
                raise Pole
            return Jet(mp.zero)
        if sign < 0:
            raise NotReal
        number = mp.mpf(exact.numerator) / exact.denominator
        return self.visit(base).through(jets.power(self.visit(base).value, number))

    def _general_power(self, base: ast.expr, exponent: ast.expr) -> Jet:
        sign, raised = self.edge(base), self.visit(exponent)
        if sign > 0:
            return (self.log(base) * raised).through(
                jets.exp(mp.log(self.visit(base).value) * raised.value)
            )
        if sign == 0 and self.sign(exponent) > 0 and not self.visit(base).slopes:
            return Jet(mp.zero)
        whole = mp.nint(raised.value)
        if sign < 0 and not raised.slopes and whole == raised.value:
            return self.visit(base).through(jets.whole_power(self.visit(base).value, int(whole)))
        raise Doubt

    def log(self, node: ast.expr) -> Jet:
        """The natural logarithm."""
        sign = self.edge(node)
        if sign == 0:
            raise Pole
        if sign < 0:
            raise NotReal
        return self.visit(node).through(jets.log(self.visit(node).value))

    def _call(self, name: str, arguments: list[ast.expr], node: ast.expr) -> Jet:
        from .functions import FUNCTIONS

        if name in jets.SMOOTH and len(arguments) == 1:
            inner = self.visit(arguments[0])
            return inner.through(jets.SMOOTH[name](inner.value))
        if name in ("Sum", "Product"):
            return self._repeated(name, arguments)
        if name not in FUNCTIONS:
            raise Unsupported(name)
        return FUNCTIONS[name](self, *arguments)

    def _repeated(self, name: str, arguments: list[ast.expr]) -> Jet:
        match arguments:
            case [term, ast.Tuple(elts=[ast.Name(id=index), low, high])]:
                first, last = _fraction(low, self.bound), _fraction(high, self.bound)
            case _:
                raise Unsupported
        if first is None or last is None or last - first > MAX_TERMS:
            raise Unsupported
        total = Jet(mp.zero if name == "Sum" else mp.one)
        outer = self.bound
        for k in range(int(first), int(last) + 1):
            self.bound = {**outer, index: k}
            inner = self.visit(term)
            total = total + inner if name == "Sum" else total * inner
        self.bound = outer
        return total
