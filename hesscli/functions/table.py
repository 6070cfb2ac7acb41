"""Every function that a formula may call, once, as data.

The parser, the compiler, ``--functions``, the help and the tests all read this table. It imports
nothing, so that a misspelt name is refused, and the list is printed, without SymPy or torch:
``symbol`` names an object in :mod:`.symbolic`. Its numbers come from torch where ``kernel`` names
an object in :mod:`.kernels`; where torch has none that can be differentiated twice, ``value`` names
one in :mod:`.values`, and SymPy's rule gives the derivatives.
A quantity of a hazard is a formula in ``x`` and ``y``, the function's first and second argument.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hesscli.notes import Trouble

if TYPE_CHECKING:
    from hesscli.types import Test


@dataclass(frozen=True, slots=True)
class Hazard:
    """Where a function is not real, or may not be twice differentiable.

    ``test`` is applied to ``quantity``: ``negative`` means that the function is not real there;
    ``zero``, ``pole`` (a whole number ≤ 0), ``whole`` (any whole number) and ``tie-max``/
    ``tie-min`` (two arguments share the extreme value) mark places where derivatives need a
    closer look; ``negative-power`` has two quantities, ``base; exponent``. ``trouble`` says
    what is wrong there.
    """

    test: Test
    quantity: str
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class Whole:
    """An argument that must be a whole number in the formula itself: a degree, an order."""

    position: int
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Function:
    """One function: what users call it, what it means, and what it becomes."""

    name: str
    signature: str
    meaning: str
    group: str
    symbol: str | None = None  # none where the parser builds the expression itself
    kernel: str | None = None
    value: str | None = None
    aliases: tuple[str, ...] = ()
    arity: tuple[int, int | None] = (1, 1)
    hazards: tuple[Hazard, ...] = field(default=())
    whole: tuple[Whole, ...] = ()


NOT_REAL = Trouble.NOT_REAL
EDGE = Trouble.EDGE


def _real_from(quantity: str, edge: Trouble = EDGE) -> tuple[Hazard, ...]:
    """Real where ``quantity`` ≥ 0, and singular where it is 0."""
    return Hazard("negative", quantity, NOT_REAL), Hazard("zero", quantity, edge)


def _singular(quantity: str, trouble: Trouble) -> tuple[Hazard, ...]:
    return (Hazard("zero", quantity, trouble),)


INFINITE = Trouble.INFINITE
KINK = Trouble.KINK
POLE = Trouble.POLE
BY_ZERO = Trouble.BY_ZERO
NO_BASE = Trouble.NO_BASE
JUMP = Trouble.JUMP
TIE = Trouble.TIE
SWITCH = Trouble.SWITCH

# Left of this, evaluating the gamma family to many digits takes seconds, growing without bound.
_TOO_FAR = Hazard("negative", "x + 100000", Trouble.TOO_FAR)

(
    _EXP, _TRIG, _HYP, _ROOT, PIECES, _ERROR, _GAMMA, _BESSEL, _SPECIAL, _POLYNOMIAL, _CALCULUS,
    _ELEMENTS,
) = (
    "exponentials and logarithms",
    "trigonometric",
    "hyperbolic",
    "powers and roots",
    "pieces",
    "error functions",
    "gamma and related functions",
    "Bessel and Airy functions",
    "integrals and other special functions",
    "orthogonal polynomials",
    "sums, derivatives and integrals",
    "over the elements of a tensor",
)  # fmt: skip

# A function of order x that is entire in y for whole orders, and real only for y > 0 for others.
_BRANCH = (
    Hazard("negative-power", "y; x", NOT_REAL),
    Hazard("zero", "abs(y) + 1 - abs(sign(x - floor(x)))", EDGE),
)
_DEGREE = (Whole(0, 0, 200),)


def _polynomial(name: str, meaning: str, *aliases: str) -> Function:
    signature = f"{name}(n, x)"
    return Function(
        name,
        signature,
        meaning,
        _POLYNOMIAL,
        name,
        value=name,
        aliases=aliases,
        arity=(2, 2),
        whole=_DEGREE,
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
    Function(
        "logsumexp", "logsumexp(x, y, ...)", "log(exp(x) + exp(y) + ...)", _EXP,
        "logsumexp", "logsumexp", aliases=("logaddexp",), arity=(1, None),
    ),
    Function("logcosh", "logcosh(x)", "log(cosh(x))", _EXP, "logcosh", "logcosh"),
    Function("pow", "pow(x, y)", "x to the power y", _ROOT, arity=(2, 2)),
    Function("sqrt", "sqrt(x)", "square root", _ROOT, "sqrt", hazards=_real_from("x")),
    Function(
        "cbrt", "cbrt(x)", "real cube root, negative for negative x", _ROOT, "cbrt", "cbrt",
        hazards=_singular("x", Trouble.VERTICAL),
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
        hazards=_singular("abs(x) + (abs(y) + y)/2", Trouble.BRANCH_CUT),
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
        "Heaviside", "Heaviside(x)", "0 for negative x, 1 for positive x, 1/2 at 0", PIECES,
        "Heaviside", aliases=("heaviside",), hazards=_singular("x", JUMP),
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
        "max", "max(x, y, ...)", "the largest; of one tensor, its largest element", PIECES,
        "maximum", "maximum",
        aliases=("Max", "maximum"), arity=(1, None),
        hazards=(Hazard("tie-max", "", TIE),),
    ),
    Function(
        "min", "min(x, y, ...)", "the smallest; of one tensor, its smallest element", PIECES,
        "minimum", "minimum",
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
    Function("erf", "erf(x)", "error function", _ERROR, "erf", "erf"),
    Function("erfc", "erfc(x)", "1 - erf(x), accurate for large x", _ERROR, "erfc", "erfc"),
    Function("erfi", "erfi(x)", "imaginary error function", _ERROR, "erfi", value="erfi"),
    Function(
        "erfinv", "erfinv(x)", "inverse error function", _ERROR, "erfinv", value="erfinv",
        hazards=_real_from("1 - abs(x)", INFINITE),
    ),
    Function(
        "erfcinv", "erfcinv(x)", "inverse of erfc", _ERROR, "erfcinv", value="erfcinv",
        hazards=_real_from("x*(2 - x)", INFINITE),
    ),
    Function(
        "gamma", "gamma(x)", "gamma function", _GAMMA, "gamma", "gamma",
        aliases=("Gamma", "tgamma"), hazards=(_TOO_FAR, Hazard("pole", "x", POLE)),
    ),
    Function(
        "loggamma", "loggamma(x)", "log(gamma(x)), real for x > 0", _GAMMA, "loggamma", "lgamma",
        aliases=("lgamma", "gammaln"), hazards=_real_from("x", INFINITE),
    ),
    Function(
        "digamma", "digamma(x)", "derivative of loggamma", _GAMMA, "digamma",
        aliases=("psi",), hazards=(_TOO_FAR, Hazard("pole", "x", POLE)),
    ),
    Function(
        "trigamma", "trigamma(x)", "second derivative of loggamma", _GAMMA, "trigamma",
        hazards=(_TOO_FAR, Hazard("pole", "x", POLE)),
    ),
    Function(
        "polygamma", "polygamma(n, x)", "derivative number n of digamma", _GAMMA,
        "polygamma", value="polygamma", arity=(2, 2), whole=(Whole(0, 0, 50),),
        hazards=(Hazard("negative", "y + 100000", Trouble.TOO_FAR), Hazard("pole", "y", POLE)),
    ),
    Function(
        "factorial", "factorial(x)", "gamma(x + 1); also x!", _GAMMA, "factorial", "factorial",
        aliases=("fact",), hazards=(_TOO_FAR, Hazard("pole", "x + 1", POLE)),
    ),
    Function(
        "beta", "beta(x, y)", "gamma(x)*gamma(y)/gamma(x + y)", _GAMMA, "beta", value="beta",
        aliases=("Beta",), arity=(2, 2),
        hazards=(
            _TOO_FAR, Hazard("negative", "y + 100000", Trouble.TOO_FAR),
            Hazard("pole", "x", POLE), Hazard("pole", "y", POLE),
        ),
    ),
    Function(
        "binomial", "binomial(n, k)", "n over k, for real n and k by gamma functions", _GAMMA,
        "binomial", value="binomial", aliases=("binom", "comb"), arity=(2, 2),
        hazards=(_TOO_FAR, Hazard("pole", "x + 1", POLE)),
    ),
    Function(
        "lowergamma", "lowergamma(a, x)", "integral of t**(a - 1)*exp(-t) from 0 to x", _GAMMA,
        "lowergamma", value="lowergamma", arity=(2, 2),
        hazards=(Hazard("pole", "x", POLE), *_BRANCH),
    ),
    Function(
        "uppergamma", "uppergamma(a, x)", "integral of t**(a - 1)*exp(-t) from x to oo", _GAMMA,
        "uppergamma", value="uppergamma", arity=(2, 2), hazards=_BRANCH,
    ),
    Function(
        "gammainc", "gammainc(a, x)", "lowergamma(a, x)/gamma(a)", _GAMMA,
        "gammainc", value="gammainc", arity=(2, 2),
        hazards=(
            *_real_from("x"),
            Hazard("negative", "y", Trouble.POSITIVE_ONLY),
            *_singular("y", EDGE),
        ),
    ),
    Function(
        "gammaincc", "gammaincc(a, x)", "uppergamma(a, x)/gamma(a)", _GAMMA,
        "gammaincc", value="gammaincc", arity=(2, 2),
        hazards=(
            *_real_from("x"),
            Hazard("negative", "y", Trouble.POSITIVE_ONLY),
            *_singular("y", EDGE),
        ),
    ),
    Function(
        "besselj", "besselj(n, x)", "Bessel function of the first kind, of order n", _BESSEL,
        "besselj", value="besselj", aliases=("jv",), arity=(2, 2), hazards=_BRANCH,
    ),
    Function(
        "bessely", "bessely(n, x)", "Bessel function of the second kind", _BESSEL,
        "bessely", value="bessely", aliases=("yv",), arity=(2, 2),
        hazards=_real_from("y", INFINITE),
    ),
    Function(
        "besseli", "besseli(n, x)", "modified Bessel function of the first kind", _BESSEL,
        "besseli", value="besseli", aliases=("iv",), arity=(2, 2), hazards=_BRANCH,
    ),
    Function(
        "besselk", "besselk(n, x)", "modified Bessel function of the second kind", _BESSEL,
        "besselk", value="besselk", aliases=("kv",), arity=(2, 2),
        hazards=_real_from("y", INFINITE),
    ),
    Function(
        "spherical_jn", "spherical_jn(n, x)", "spherical Bessel function of the first kind",
        _BESSEL, "spherical_jn", value="spherical_jn", arity=(2, 2), whole=(Whole(0, 0, 200),),
    ),
    Function(
        "spherical_yn", "spherical_yn(n, x)", "spherical Bessel function of the second kind",
        _BESSEL, "spherical_yn", value="spherical_yn", arity=(2, 2), whole=(Whole(0, 0, 200),),
        hazards=_singular("y", POLE),
    ),
    Function(
        "airyai", "airyai(x)", "Airy function Ai", _BESSEL, "airyai", value="airyai",
        aliases=("Ai",),
    ),
    Function(
        "airybi", "airybi(x)", "Airy function Bi", _BESSEL, "airybi", value="airybi",
        aliases=("Bi",),
    ),
    Function(
        "airyaiprime", "airyaiprime(x)", "derivative of airyai", _BESSEL,
        "airyaiprime", value="airyaiprime",
    ),
    Function(
        "airybiprime", "airybiprime(x)", "derivative of airybi", _BESSEL,
        "airybiprime", value="airybiprime",
    ),
    Function(
        "LambertW", "LambertW(x[, k])", "w with w*exp(w) = x; branch k is 0 or -1", _SPECIAL,
        "LambertW", value="lambertw", aliases=("lambertw", "productlog"), arity=(1, 2),
        whole=(Whole(1, -1, 0),), hazards=_real_from("x + exp(-1)"),
    ),
    Function(
        "zeta", "zeta(s[, a])", "Riemann's zeta function, or Hurwitz's", _SPECIAL,
        "zeta", value="zeta", arity=(1, 2),
        hazards=(Hazard("negative", "x + 200", Trouble.TOO_FAR), *_singular("x - 1", POLE)),
    ),
    Function(
        "zetaderivative", "zetaderivative(n, s)", "derivative number n of zeta(s)", _SPECIAL,
        "zetaderivative", value="zetaderivative", arity=(2, 2), whole=(Whole(0, 0, 10),),
        hazards=(Hazard("negative", "y + 200", Trouble.TOO_FAR), *_singular("y - 1", POLE)),
    ),
    Function(
        "polylog", "polylog(s, x)", "polylogarithm of order s", _SPECIAL,
        "polylog", value="polylog", arity=(2, 2),
        hazards=_real_from("where(x > 0, 1 - y, abs(1 - y))"),
    ),
    Function(
        "expint", "expint(n, x)", "integral of exp(-x*t)/t**n for t from 1 to oo", _SPECIAL,
        "expint", value="expint", aliases=("expn",), arity=(2, 2),
        hazards=_real_from("where(x > 0, y, abs(y))"),
    ),
    Function(
        "E1", "E1(x)", "expint(1, x)", _SPECIAL, "E1",
        aliases=("exp1",), hazards=_real_from("x", INFINITE),
    ),
    Function(
        "Ei", "Ei(x)", "exponential integral", _SPECIAL, "Ei", value="Ei",
        aliases=("expi",), hazards=_singular("x", INFINITE),
    ),
    Function(
        "li", "li(x)", "logarithmic integral, Ei(log(x))", _SPECIAL, "li", value="li",
        hazards=(*_real_from("x"), *_singular("x - 1", INFINITE)),
    ),
    Function("Si", "Si(x)", "sine integral", _SPECIAL, "Si", value="Si"),
    Function(
        "Ci", "Ci(x)", "cosine integral", _SPECIAL, "Ci", value="Ci",
        hazards=_real_from("x", INFINITE),
    ),
    Function("Shi", "Shi(x)", "hyperbolic sine integral", _SPECIAL, "Shi", value="Shi"),
    Function(
        "Chi", "Chi(x)", "hyperbolic cosine integral", _SPECIAL, "Chi", value="Chi",
        hazards=_real_from("x", INFINITE),
    ),
    Function(
        "fresnels", "fresnels(x)", "integral of sin(pi*t**2/2) from 0 to x", _SPECIAL,
        "fresnels", value="fresnels",
    ),
    Function(
        "fresnelc", "fresnelc(x)", "integral of cos(pi*t**2/2) from 0 to x", _SPECIAL,
        "fresnelc", value="fresnelc",
    ),
    Function(
        "elliptic_k", "elliptic_k(m)", "complete elliptic integral K of parameter m", _SPECIAL,
        "elliptic_k", value="elliptic_k", aliases=("ellipk",),
        hazards=_real_from("1 - x", INFINITE),
    ),
    Function(
        "elliptic_e", "elliptic_e(m)", "complete elliptic integral E of parameter m", _SPECIAL,
        "elliptic_e", value="elliptic_e", aliases=("ellipe",), hazards=_real_from("1 - x"),
    ),
    _polynomial("legendre", "Legendre polynomial of degree n"),
    _polynomial("chebyshevt", "Chebyshev polynomial of the first kind"),
    _polynomial("chebyshevu", "Chebyshev polynomial of the second kind"),
    _polynomial("hermite", "Hermite polynomial, the physicists'"),
    _polynomial("hermite_prob", "Hermite polynomial, the probabilists'"),
    _polynomial("laguerre", "Laguerre polynomial"),
    Function(
        "Sum", "Sum(f, (k, 1, n))", "f added up for k = 1, 2, ..., n", _CALCULUS,
        arity=(2, None),
    ),
    Function(
        "Product", "Product(f, (k, 1, n))", "f multiplied up for k = 1, 2, ..., n", _CALCULUS,
        arity=(2, None),
    ),
    Function(
        "Derivative", "Derivative(f, x, ...)", "derivative of f; x, 2 for the second",
        _CALCULUS, aliases=("diff",), arity=(2, None),
    ),
    Function(
        "Integral", "Integral(f, (t, a, b))", "integral where a closed form is found", _CALCULUS,
        aliases=("integrate",), arity=(2, None),
    ),
    Function("sum", "sum(x)", "sum of all elements", _ELEMENTS),
    Function("mean", "mean(x)", "mean of all elements", _ELEMENTS, aliases=("average",)),
    Function("prod", "prod(x)", "product of all elements", _ELEMENTS),
    Function(
        "norm", "norm(x, ...)", "Euclidean length of all elements together", _ELEMENTS,
        arity=(1, None), hazards=_singular("x", KINK),
    ),
    Function(
        "dot", "dot(x, y)", "sum(x*y)", _ELEMENTS, arity=(2, 2), aliases=("inner", "vdot"),
    ),
)  # fmt: skip

# Of one argument, these too go over all its elements, as in torch and NumPy.
REDUCING = ("max", "min", "logsumexp")


def reduces(name: str, arguments: int) -> bool:
    """Whether a call of a function with so many arguments goes over the elements of tensors."""
    function = BY_NAME.get(name)
    if function is None:
        return False
    return function.group == _ELEMENTS or (function.name in REDUCING and arguments == 1)


def binds(name: str) -> bool:
    """Whether a call of a function may have variables of its own, as a sum has its index."""
    function = BY_NAME.get(name)
    return function is not None and function.group == _CALCULUS


BY_NAME: dict[str, Function] = {
    name: function for function in FUNCTIONS for name in (function.name, *function.aliases)
}
