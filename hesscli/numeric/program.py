"""SymPy expressions → a program of torch kernels.

A program is a list of steps over numbered slots, in the order they run; equal subexpressions
share a slot, so that each is computed once. No text is generated or run.

A function without a kernel takes its values from :mod:`hesscli.functions.values` and its
derivative from SymPy's rule, compiled to a program in turn when it is first asked for; where that
rule cancels, it is evaluated with many digits instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, reduce
from operator import add, mul, sub
from types import ModuleType
from typing import Any

import numpy as np
import sympy
import torch
from torch import Tensor

from hesscli.balls.values import enclosed_constant, enclosed_values
from hesscli.derive.symbols import derivative
from hesscli.errors import ExitStatus, HessError
from hesscli.functions import kernels, values
from hesscli.functions import symbolic as special
from hesscli.functions.failures import tried
from hesscli.functions.table import FUNCTIONS
from hesscli.shapes import broadcast
from hesscli.types import Expr

Inputs = Mapping[str, Tensor]
Step = Callable[[list[Tensor]], Tensor]


def _by_head(module: ModuleType, column: str) -> dict[Any, Any]:
    """What ``module`` has for each SymPy function of the table, by the names in this column."""
    heads = ((getattr(special, f.symbol), getattr(f, column)) for f in FUNCTIONS if f.symbol)
    return {h: getattr(module, name) for h, name in heads if name and isinstance(h, type)}


_BY_HEAD: dict[Any, Callable[..., Tensor]] = {
    **_by_head(kernels, "kernel"),
    # Heads that SymPy makes out of those in the table.
    sympy.floor: torch.floor,
    sympy.ceiling: torch.ceil,
    sympy.Max: kernels.maximum,
    sympy.Min: kernels.minimum,
    sympy.StrictLessThan: torch.lt,
    sympy.LessThan: torch.le,
    sympy.StrictGreaterThan: torch.gt,
    sympy.GreaterThan: torch.ge,
    sympy.Equality: torch.eq,
    sympy.Unequality: torch.ne,
    sympy.And: lambda *args: reduce(torch.logical_and, args),
    sympy.Or: lambda *args: reduce(torch.logical_or, args),
    sympy.Not: torch.logical_not,
    sympy.ITE: torch.where,
}
# Where torch has no kernel.
_VALUES: dict[Any, values.Value] = {
    **_by_head(values, "value"),
    # Heads of SymPy's own in place of those derived from them, and what a table entry builds.
    sympy.LambertW: values.lambertw,
    sympy.binomial: values.binomial,
    sympy.zeta: values.zeta,
    sympy.lowergamma: values.lowergamma,
    sympy.uppergamma: values.uppergamma,
    sympy.expint: values.expint,
    special.gegenbauer: values.gegenbauer,
    special.assoc_laguerre: values.assoc_laguerre,
}
# Their derivatives by SymPy's rule cancel somewhere in their domain.
_CANCELLING = (
    sympy.beta, sympy.binomial, sympy.polylog, sympy.elliptic_k, sympy.elliptic_e, sympy.LambertW,
    sympy.Shi, sympy.fresnels, sympy.fresnelc,
)  # fmt: skip


class Program:
    """The compiled form of some expressions and conditions in the same variables."""

    def __init__(self, *outputs: Expr) -> None:
        self._slots: dict[Expr, int] = {}
        # By slot: the name of an input, a constant, or what computes it from those before.
        self._contents: list[str | float | bool | Step] = []
        self._outputs = [self._slot(output) for output in outputs]

    def __len__(self) -> int:
        """The number of steps."""
        return sum(map(callable, self._contents))

    def __call__(self, inputs: Inputs, like: Tensor) -> list[Tensor]:
        """The outputs, elementwise, for tensors that broadcast together.

        Constants take the dtype and the device of ``like``.
        """
        values: list[Tensor] = []
        for content in self._contents:
            if isinstance(content, str):
                values.append(inputs[content])
            elif callable(content):
                values.append(content(values))
            else:
                dtype = torch.bool if isinstance(content, bool) else like.dtype
                values.append(torch.tensor(content, dtype=dtype, device=like.device))
        return [values[slot] for slot in self._outputs]

    def _slot(self, expr: Expr) -> int:
        if expr not in self._slots:
            content = self._compile(expr)
            # Only now: the operands have taken their slots.
            self._slots[expr] = len(self._contents)
            self._contents.append(content)
        return self._slots[expr]

    def _compile(self, expr: Expr) -> str | float | bool | Step:
        if expr.is_Symbol:
            return str(expr.name)
        if expr in (sympy.true, sympy.false):
            return bool(expr)
        if not expr.free_symbols:
            return constant(expr)
        if expr.is_Add:
            return self._sum(expr)
        if expr.is_Mul:
            return self._product(expr)
        if expr.is_Pow:
            return self._power(expr)
        if isinstance(expr, sympy.exp):
            return _calling(torch.exp, self._below(expr.args[:1]))
        if isinstance(expr, sympy.Piecewise):
            return self._select(expr)
        if isinstance(expr, sympy.polygamma) and expr.args[0] in kernels.POLYGAMMA_ORDERS:
            return _calling(kernels.polygamma(int(expr.args[0])), self._below(expr.args[1:]))
        if expr.func in _VALUES:
            held = tuple(None if arg.free_symbols else arg for arg in expr.args)
            moving = [arg for arg in expr.args if arg.free_symbols]
            return _calling(_by_rule(expr.func, held), self._below(moving))
        if expr.func not in _BY_HEAD:
            raise HessError(
                "unsupported",
                f"hess has no numbers for `{expr.func.__name__}`, which this formula leads to",
                hint="the symbolic Hessian, without `--at`",
                status=ExitStatus.NO_ANSWER,
            )
        return _calling(_BY_HEAD[expr.func], self._below(expr.args))

    def _below(self, parts: Iterable[Expr]) -> list[int]:
        return [self._slot(part) for part in parts]

    def _sum(self, expr: Expr) -> Step:
        """Terms with a minus are subtracted, which takes no product with -1."""
        lost = [term for term in expr.args if term.is_Mul and term.args[0].is_negative]
        kept = [term for term in expr.args if term not in lost]
        if not kept or not lost:
            return _reducing(add, self._below(expr.args))
        first, less = _reducing(add, self._below(kept)), self._below(-term for term in lost)
        return lambda values: reduce(sub, (values[slot] for slot in less), first(values))

    def _product(self, expr: Expr) -> Step:
        # x/3 is rounded once; x*(1/3) would be rounded twice. exp(-x) stays a factor, because
        # exp(x) overflows.
        above, below = [], []
        for factor in expr.args:
            if factor.is_Rational:
                above.append(sympy.Integer(factor.p))
                below.append(sympy.Integer(factor.q))
            elif factor.is_Pow and factor.exp.is_number and factor.exp.is_negative:
                below.append(1 / factor)
            else:
                above.append(factor)
        multiply, divide_by = (
            _reducing(mul, self._below(factor for factor in factors if factor != 1))
            for factors in (above, below)
        )
        if all(factor == 1 for factor in below):
            return multiply
        if all(factor == 1 for factor in above):
            return lambda values: torch.reciprocal(divide_by(values))
        return lambda values: multiply(values) / divide_by(values)

    def _power(self, expr: Expr) -> Step:
        base, exponent = self._slot(expr.base), expr.exp
        if not exponent.is_number:
            return _calling(kernels.power, [base, self._slot(exponent)])
        if exponent == -1:
            return _calling(torch.reciprocal, [base])
        if exponent == sympy.S.Half:
            return _calling(torch.sqrt, [base])
        if exponent == -sympy.S.Half:
            return lambda values: 1 / torch.sqrt(values[base])
        number = constant(exponent)
        return lambda values: torch.pow(values[base], number)

    def _select(self, expr: Expr) -> Step:
        branches = [(self._slot(condition), Program(value)) for value, condition in expr.args]
        slots = {s.name: self._slot(s) for s in sorted(expr.free_symbols, key=str)}
        return lambda values: _selected(
            [(values[condition], program) for condition, program in branches],
            {name: values[slot] for name, slot in slots.items()},
        )


@cache
def _by_rule(head: Any, held: tuple[Expr | None, ...]) -> Callable[..., Tensor]:
    """A kernel of the arguments that are not ``held`` constant, differentiated by SymPy's rule."""
    symbols = tuple(sympy.Symbol(f"a{i}", real=True) for i, arg in enumerate(held) if arg is None)
    free = iter(symbols)
    expression = head(*(next(free) if arg is None else arg for arg in held), evaluate=False)
    numbers = [None if arg is None else np.float64(constant(arg)) for arg in held]

    def value(*args: Any) -> Any:
        rest = iter(args)
        return _VALUES[head](*(next(rest) if number is None else number for number in numbers))

    return _differentiated(value, expression, symbols, issubclass(head, _CANCELLING))


def _differentiated(
    value: values.Value, expression: Expr, symbols: tuple[Expr, ...], cancels: bool
) -> Callable[..., Tensor]:
    """The kernel with these values of ``expression``, differentiated by SymPy's rule.

    Where that ``cancels``, the derivatives are enclosed in ball arithmetic.
    """

    @cache
    def slope(i: int) -> Callable[..., Tensor]:
        rule = derivative(expression, symbols[i])
        if cancels and rule.free_symbols:
            return _differentiated(enclosed_values(rule, symbols), rule, symbols, cancels)
        program, names = Program(rule), [symbol.name for symbol in symbols]
        return lambda *args: program(dict(zip(names, args, strict=True)), args[0])[0]

    class Rule(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(*args: Tensor) -> Tensor:
            result = value(*(arg.detach().cpu().double().numpy() for arg in args))
            return torch.as_tensor(result).to(args[0])

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx: Any, *grad_outputs: Any) -> Any:
            args = ctx.saved_tensors
            return tuple(
                grad_outputs[0] * slope(i)(*args) if needed else None
                for i, needed in enumerate(ctx.needs_input_grad)
            )

    def kernel(*args: Tensor) -> Tensor:
        # Broadcast outside, where autograd sums over what was stretched.
        result: Tensor = Rule.apply(*torch.broadcast_tensors(*args))  # type: ignore[no-untyped-call]
        return result

    return kernel


def _selected(branches: Sequence[tuple[Tensor, Program]], inputs: Inputs) -> Tensor:
    """Piecewise: each branch runs only on the elements where it is the first that holds.

    Running it everywhere and masking the result would let a NaN of a branch that is not taken
    into the derivatives.
    """
    like = next(iter(inputs.values()))
    shape = broadcast(x.shape for x in (*inputs.values(), *(holds for holds, _ in branches)))
    flat = {name: x.expand(shape).reshape(-1) for name, x in inputs.items()}
    left = torch.ones(shape, dtype=torch.bool, device=like.device).reshape(-1)
    result = torch.full_like(left, torch.nan, dtype=like.dtype)
    for condition, program in branches:
        holds = condition.expand(shape).reshape(-1) & left
        left = left & ~holds
        taken = holds.nonzero().squeeze(-1)
        if not len(taken):
            continue
        inside = {name: x.index_select(0, taken) for name, x in flat.items()}
        (value,) = program(inside, like)
        result = result.index_put((taken,), value.expand(taken.shape).to(result.dtype))
    return result.reshape(shape)


def _calling(kernel: Callable[..., Tensor], slots: list[int]) -> Step:
    if len(slots) == 1:
        (only,) = slots
        return lambda values: kernel(values[only])
    return lambda values: kernel(*(values[slot] for slot in slots))


def _reducing(operation: Callable[[Any, Any], Any], slots: list[int]) -> Step:
    return lambda values: reduce(operation, (values[slot] for slot in slots))


def constant(expr: Expr) -> float:
    """The double nearest to a SymPy number; NaN where it is not real, or mpmath finds none."""
    if expr.is_Rational:
        try:
            return int(expr.p) / int(expr.q)
        except OverflowError:
            return math.inf if expr.p > 0 else -math.inf
    enclosed = enclosed_constant(expr)
    if enclosed is not None:
        return enclosed
    number = tried(expr.evalf, 25)
    if number is None:
        return math.nan
    return float(number) if number.is_Float or number in (sympy.oo, -sympy.oo) else math.nan
