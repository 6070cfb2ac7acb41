"""Every function that a formula may call, once, as data.

The parser, the compiler, ``--functions``, the help and the tests all read this table. It imports
nothing, so that a misspelt name is refused, and the list is printed, without SymPy or torch:
``symbol`` names an object in :mod:`hesscli.special` and ``kernel`` one in :mod:`hesscli.kernels`.
A quantity of a hazard is a formula in ``x`` and ``y``, the function's first and second argument.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Test = Literal[
    "negative",
    "negative-power",
    "zero",
    "nonpositive",
    "pole",
    "whole",
    "tie-max",
    "tie-min",
    "always",
]


@dataclass(frozen=True, slots=True)
class Hazard:
    """Where a function is not real, or may not be twice differentiable.

    ``test`` is applied to ``quantity``: ``negative`` means that the function is not real there;
    ``zero``, ``pole`` (a whole number ≤ 0), ``whole`` (any whole number) and ``tie-max``/
    ``tie-min`` (two arguments share the extreme value) mark places where derivatives need a
    closer look. ``says`` completes the sentence "log(x) …".
    """

    test: Test
    quantity: str
    says: str


@dataclass(frozen=True, slots=True)
class Function:
    """One function: what users call it, what it means, and what it becomes."""

    name: str
    signature: str
    meaning: str
    group: str
    symbol: str | None = None  # none where the parser builds the expression itself
    kernel: str | None = None
    aliases: tuple[str, ...] = ()
    arity: tuple[int, int | None] = (1, 1)
    hazards: tuple[Hazard, ...] = field(default=())


NOT_REAL = "is not real"


def _real_from(quantity: str, edge: str = "is at the edge of its domain") -> tuple[Hazard, ...]:
    """Real where ``quantity`` ≥ 0, and singular where it is 0."""
    return Hazard("negative", quantity, NOT_REAL), Hazard("zero", quantity, edge)


def _singular(quantity: str, says: str) -> tuple[Hazard, ...]:
    return (Hazard("zero", quantity, says),)


INFINITE = "is not finite"
KINK = "has a kink"
POLE = "has a pole"
BY_ZERO = "divides by zero"
NO_BASE = "has a base without logarithms"
JUMP = "jumps"
TIE = "has a tie"
SWITCH = "changes sides"

# Left of this, evaluating the gamma family to many digits takes seconds, growing without bound.
_TOO_FAR = Hazard("negative", "x + 100000", "is too far left of 0 to evaluate")

_EXP, _TRIG, _HYP, _ROOT, PIECES, _SPECIAL = (
    "exponentials and logarithms",
    "trigonometric",
    "hyperbolic",
    "powers and roots",
    "pieces",
    "special",
)

FUNCTIONS: tuple[Function, ...] = (
    Function("exp", "exp(x)", "e to the power x", _EXP, "exp", "exp"),
    Function("exp2", "exp2(x)", "2 to the power x", _EXP, "exp2"),
    Function("expm1", "expm1(x)", "exp(x) - 1, accurate near 0", _EXP, "expm1", "expm1"),
    Function(
        "log", "log(x[, base])", "natural logarithm, or to a base", _EXP, "log", "log",
        aliases=("ln",), arity=(1, 2),
        hazards=_real_from("x", INFINITE),
    ),
    Function(
        "log2", "log2(x)", "logarithm to base 2", _EXP, "log2", "log2",
        aliases=("lb",), hazards=_real_from("x", INFINITE),
    ),
    Function(
        "log10", "log10(x)", "logarithm to base 10", _EXP, "log10", "log10",
        aliases=("lg",), hazards=_real_from("x", INFINITE),
    ),
    Function(
        "log1p", "log1p(x)", "log(1 + x), accurate near 0", _EXP, "log1p", "log1p",
        hazards=_real_from("1 + x", INFINITE),
    ),
    Function(
        "sigmoid", "sigmoid(x)", "1/(1 + exp(-x))", _EXP, "sigmoid", "sigmoid",
        aliases=("expit", "logistic"),
    ),
    Function("softplus", "softplus(x)", "log(1 + exp(x))", _EXP, "softplus", "softplus"),
    Function("pow", "pow(x, y)", "x to the power y", _ROOT, arity=(2, 2)),
    Function("sqrt", "sqrt(x)", "square root", _ROOT, "sqrt", hazards=_real_from("x")),
    Function(
        "cbrt", "cbrt(x)", "real cube root, negative for negative x", _ROOT, "cbrt", "cbrt",
        hazards=_singular("x", "has a vertical tangent"),
    ),
    Function(
        "hypot", "hypot(x, y)", "sqrt(x**2 + y**2)", _ROOT, "hypot", "hypot",
        arity=(2, 2), hazards=_singular("abs(x) + abs(y)", KINK),
    ),
    Function("sin", "sin(x)", "sine, x in radians", _TRIG, "sin", "sin"),
    Function("cos", "cos(x)", "cosine", _TRIG, "cos", "cos"),
    Function(
        "tan", "tan(x)", "tangent", _TRIG, "tan", "tan",
        aliases=("tg",), hazards=_singular("cos(x)", POLE),
    ),
    Function(
        "sec", "sec(x)", "1/cos(x)", _TRIG, "sec", "sec", hazards=_singular("cos(x)", POLE)
    ),
    Function(
        "csc", "csc(x)", "1/sin(x)", _TRIG, "csc", "csc",
        aliases=("cosec",), hazards=_singular("sin(x)", POLE),
    ),
    Function(
        "cot", "cot(x)", "cos(x)/sin(x)", _TRIG, "cot", "cot",
        aliases=("ctg", "cotan"), hazards=_singular("sin(x)", POLE),
    ),
    Function(
        "asin", "asin(x)", "inverse sine", _TRIG, "asin", "asin",
        aliases=("arcsin",), hazards=_real_from("1 - abs(x)"),
    ),
    Function(
        "acos", "acos(x)", "inverse cosine", _TRIG, "acos", "acos",
        aliases=("arccos",), hazards=_real_from("1 - abs(x)"),
    ),
    Function(
        "atan", "atan(x)", "inverse tangent", _TRIG, "atan", "atan",
        aliases=("arctan", "arctg", "atg"),
    ),
    Function(
        "atan2", "atan2(y, x)", "angle of the point (x, y), in (-pi, pi]", _TRIG, "atan2", "atan2",
        aliases=("arctan2",), arity=(2, 2),
        hazards=_singular("abs(x) + (abs(y) + y)/2", "is on its branch cut"),
    ),
    Function(
        "asec", "asec(x)", "inverse secant", _TRIG, "asec", "asec",
        aliases=("arcsec",), hazards=_real_from("abs(x) - 1"),
    ),
    Function(
        "acsc", "acsc(x)", "inverse cosecant", _TRIG, "acsc", "acsc",
        aliases=("arccsc",), hazards=_real_from("abs(x) - 1"),
    ),
    Function(
        "acot", "acot(x)", "inverse cotangent, atan(1/x)", _TRIG, "acot", "acot",
        aliases=("arccot",), hazards=_singular("x", JUMP),
    ),
    Function("sinc", "sinc(x)", "sin(x)/x, without a factor pi", _TRIG, "sinc", "sinc"),
    Function("sinh", "sinh(x)", "hyperbolic sine", _HYP, "sinh", "sinh", aliases=("sh",)),
    Function("cosh", "cosh(x)", "hyperbolic cosine", _HYP, "cosh", "cosh", aliases=("ch",)),
    Function("tanh", "tanh(x)", "hyperbolic tangent", _HYP, "tanh", "tanh", aliases=("th",)),
    Function("sech", "sech(x)", "1/cosh(x)", _HYP, "sech", "sech"),
    Function("csch", "csch(x)", "1/sinh(x)", _HYP, "csch", "csch", hazards=_singular("x", POLE)),
    Function("coth", "coth(x)", "1/tanh(x)", _HYP, "coth", "coth", hazards=_singular("x", POLE)),
    Function(
        "asinh", "asinh(x)", "inverse hyperbolic sine", _HYP, "asinh", "asinh",
        aliases=("arcsinh", "arsinh"),
    ),
    Function(
        "acosh", "acosh(x)", "inverse hyperbolic cosine", _HYP, "acosh", "acosh",
        aliases=("arccosh", "arcosh"), hazards=_real_from("x - 1"),
    ),
    Function(
        "atanh", "atanh(x)", "inverse hyperbolic tangent", _HYP, "atanh", "atanh",
        aliases=("arctanh", "artanh"), hazards=_real_from("1 - abs(x)", INFINITE),
    ),
    Function(
        "asech", "asech(x)", "inverse hyperbolic secant", _HYP, "asech", "asech",
        aliases=("arcsech", "arsech"), hazards=_real_from("x*(1 - x)"),
    ),
    Function(
        "acsch", "acsch(x)", "inverse hyperbolic cosecant", _HYP, "acsch", "acsch",
        aliases=("arccsch", "arcsch"), hazards=_singular("x", INFINITE),
    ),
    Function(
        "acoth", "acoth(x)", "inverse hyperbolic cotangent", _HYP, "acoth", "acoth",
        aliases=("arccoth", "arcoth"), hazards=_real_from("abs(x) - 1", INFINITE),
    ),
    Function(
        "abs", "abs(x)", "absolute value", PIECES, "Abs", "abs",
        aliases=("Abs", "fabs"), hazards=_singular("x", KINK),
    ),
    Function(
        "sign", "sign(x)", "-1, 0 or 1", PIECES, "sign", "sign",
        aliases=("sgn", "signum"), hazards=_singular("x", JUMP),
    ),
    Function(
        "floor", "floor(x)", "largest whole number at most x", PIECES, "floor", "floor",
        hazards=(Hazard("whole", "x", JUMP),),
    ),
    Function(
        "ceil", "ceil(x)", "smallest whole number at least x", PIECES, "ceiling", "ceil",
        aliases=("ceiling",), hazards=(Hazard("whole", "x", JUMP),),
    ),
    Function(
        "max", "max(x, y, ...)", "the largest", PIECES, "maximum", "maximum",
        aliases=("Max", "maximum"), arity=(1, None),
        hazards=(Hazard("tie-max", "", TIE),),
    ),
    Function(
        "min", "min(x, y, ...)", "the smallest", PIECES, "minimum", "minimum",
        aliases=("Min", "minimum"), arity=(1, None),
        hazards=(Hazard("tie-min", "", TIE),),
    ),
    Function(
        "relu", "relu(x)", "max(x, 0)", PIECES, "relu", hazards=_singular("x", KINK)
    ),
    Function(
        "where", "where(condition, a, b)", "a where the condition holds, else b", PIECES,
        aliases=("ite",), arity=(3, 3),
    ),
    Function(
        "Piecewise", "Piecewise((a, condition), ..., (z, True))",
        "the first value whose condition holds", PIECES,
        aliases=("piecewise",), arity=(1, None),
    ),
    Function("erf", "erf(x)", "error function", _SPECIAL, "erf", "erf"),
    Function("erfc", "erfc(x)", "1 - erf(x), accurate for large x", _SPECIAL, "erfc", "erfc"),
    Function(
        "gamma", "gamma(x)", "gamma function", _SPECIAL, "gamma", "gamma",
        aliases=("Gamma", "tgamma"), hazards=(_TOO_FAR, Hazard("pole", "x", POLE)),
    ),
    Function(
        "loggamma", "loggamma(x)", "log(gamma(x)), real for x > 0", _SPECIAL, "loggamma", "lgamma",
        aliases=("lgamma", "gammaln"), hazards=_real_from("x", INFINITE),
    ),
    Function(
        "digamma", "digamma(x)", "derivative of loggamma", _SPECIAL, "digamma",
        aliases=("psi",), hazards=(_TOO_FAR, Hazard("pole", "x", POLE)),
    ),
    Function(
        "factorial", "factorial(x)", "gamma(x + 1); also x!", _SPECIAL, "factorial", "factorial",
        aliases=("fact",), hazards=(_TOO_FAR, Hazard("pole", "x + 1", POLE)),
    ),
)  # fmt: skip

BY_NAME: dict[str, Function] = {
    name: function for function in FUNCTIONS for name in (function.name, *function.aliases)
}
