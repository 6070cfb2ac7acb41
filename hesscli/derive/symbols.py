"""A formula → its exact gradient and Hessian, in symbols."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import sympy

from hesscli.answer import Answer, Basis, Expressions, Place
from hesscli.errors import ExitStatus, HessError
from hesscli.expression.calculus import smooth_derivative
from hesscli.expression.names import symbol
from hesscli.functions.symbolic import compared, written_out
from hesscli.notes import Note, Remark
from hesscli.types import Expr, Formula, Variable

_PIECED = (sympy.Max, sympy.Min)
# The second derivative of a product has as many terms as pairs of factors, each as long as it.
MAX_FACTORS = 60
# In powers of its argument, a polynomial of a higher degree is nothing to read.
MAX_DEGREE = 20


def differentiate(formula: Formula, degree: int = MAX_DEGREE) -> Answer:
    """Gradient and Hessian of ``formula`` in its differentiated variables; its polynomials up to
    this ``degree`` in powers.

    Raises :class:`HessError` where they would be too large, or no rule is known.

    Each entry holds wherever none of the formula's pieces meet: the delta functions that SymPy
    gives for the second derivative of ``abs`` are left out, and ``max`` becomes a Piecewise.
    """
    variables = [symbol(name) for name in formula.differentiated]
    _check_products(formula)
    expression = written_out(_in_pieces(formula.expression), degree)
    gradient = _gradient(expression, variables)
    zero = sympy.S.Zero
    rows: list[list[Expr]] = [[zero] * len(variables) for _ in variables]
    for i, slope in enumerate(gradient):
        present = slope.free_symbols
        for j in range(i, len(variables)):
            if variables[j] in present:
                rows[i][j] = rows[j][i] = derivative(slope, variables[j])
    notes = formula.notes
    if any(slope.has(sympy.I) for slope in gradient):
        notes = (*notes, Remark(Note.NO_REAL_FORMULA))
    hessian = tuple(map(tuple, rows))
    return Answer(
        basis=Basis.SYMBOLS,
        formula=formula,
        place=Place(tuple(Variable(name, ()) for name in formula.differentiated), (), {}),
        jet=Expressions(formula.expression, gradient, hessian),
        structural=tuple(tuple(entry == 0 for entry in row) for row in hessian),
        notes=notes,
    )


def _check_products(formula: Formula) -> None:
    names = set(formula.differentiated)
    for product in formula.expression.atoms(sympy.Mul):
        if len(product.args) <= MAX_FACTORS:
            continue
        counts = Counter(s.name for factor in product.args for s in factor.free_symbols)
        name, count = max(((n, counts[n]) for n in names), key=lambda pair: pair[1])
        if count > MAX_FACTORS:
            raise HessError(
                "too-large",
                f"{count:,} factors of a product have `{name}`: its exact derivatives are too long",
                hint=f"products of at most {MAX_FACTORS} factors, or the logarithm",
                status=ExitStatus.NO_ANSWER,
            )


def _gradient(expression: Expr, variables: Sequence[Expr]) -> tuple[Expr, ...]:
    """The slopes; of a sum, each term is differentiated only in the variables it has.

    For two hundred variables in as many terms, that is a hundred times less to do.
    """
    terms: dict[Expr, list[Expr]] = {v: [] for v in variables}
    for term in sympy.Add.make_args(expression):
        for v in term.free_symbols & terms.keys():
            terms[v].append(term)
    return tuple(sympy.Add(*(derivative(term, v) for term in terms[v])) for v in variables)


def derivative(expression: Expr, variable: Expr) -> Expr:
    """The derivative wherever no pieces meet. Raises :class:`HessError` where none is known."""
    result = smooth_derivative(expression, (variable, 1))
    for unknown in result.atoms(*_UNKNOWN):
        raise HessError(
            "unsupported",
            f"hess knows no derivative of {_without_rule(unknown)}",
            hint="a number in its place, or `--wrt` with the other variables",
            status=ExitStatus.NO_ANSWER,
        )
    return result


# What SymPy leaves where it has no rule.
_UNKNOWN = (sympy.Derivative, sympy.Subs, sympy.meijerg)


def _without_rule(expression: Expr) -> str:
    """The function in ``expression`` that has no rule, and the argument it has none for."""
    if isinstance(expression, sympy.meijerg):
        return "an incomplete gamma function by its first argument"
    inner = expression.expr if isinstance(expression, sympy.Subs) else expression
    function, by = inner.expr, inner.variables[0]
    ordinals = ("first", "second", "third")
    place = next((k for k, arg in enumerate(function.args) if arg.has(by)), 0)
    return f"`{function.func.__name__}` by its {ordinals[min(place, 2)]} argument"


def _in_pieces(expression: Expr) -> Expr:
    """``max`` and ``min`` as Piecewise, whose derivatives need no Heaviside products."""
    if not expression.has(*_PIECED):
        return expression
    return expression.replace(
        lambda e: isinstance(e, _PIECED), lambda e: _pieces(e.args, isinstance(e, sympy.Max))
    )


def _pieces(args: Sequence[Expr], largest: bool) -> Expr:
    operator, extreme = (">=", sympy.Max) if largest else ("<=", sympy.Min)
    ordered = sorted(args, key=sympy.default_sort_key)
    branches = []
    for i, value in enumerate(ordered[:-1]):
        # One comparison with the extreme of the rest: SymPy distributes And over Or, and eight
        # arguments would take it twenty seconds.
        rest = ordered[i + 1 :]
        other = extreme(*rest, evaluate=False) if len(rest) > 1 else rest[0]
        branches.append((value, compared(operator, value, other)))
    return sympy.Piecewise(*branches, (ordered[-1], True), evaluate=False)
