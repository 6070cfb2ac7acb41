"""Every function that a formula may call, once, as data.

The parser, the compiler, ``--functions``, the help and the tests all read this table. It imports
nothing, so that a misspelt name is refused, and the list is printed, without SymPy or torch:
``symbol`` names an object in :mod:`.symbolic`. Its numbers come from torch where ``kernel`` names
an object in :mod:`.kernels`; where torch has none that can be differentiated twice, ``value`` names
one in :mod:`.values`, and SymPy's rule gives the derivatives.
A quantity of a hazard is a formula in ``x`` and ``y``, the function's first and second argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

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
    hazards: tuple[Hazard, ...] = ()
    whole: tuple[Whole, ...] = ()
    definition: str | None = None  # in other functions, of the arguments of the signature
    named: tuple[str, ...] = ()  # arguments that are given by name alone

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the arguments in the signature."""
        inside = self.signature.partition("(")[2].rstrip(")")
        return tuple(name.strip() for name in inside.split(","))


NOT_REAL = Trouble.NOT_REAL
EDGE = Trouble.EDGE
INFINITE = Trouble.INFINITE
KINK = Trouble.KINK
POLE = Trouble.POLE
JUMP = Trouble.JUMP
TIE = Trouble.TIE


def _real_from(quantity: str, edge: Trouble = EDGE) -> tuple[Hazard, ...]:
    """Real where ``quantity`` ≥ 0, and singular where it is 0."""
    return Hazard("negative", quantity, NOT_REAL), Hazard("zero", quantity, edge)


def _singular(quantity: str, trouble: Trouble) -> tuple[Hazard, ...]:
    return (Hazard("zero", quantity, trouble),)


def _too_far(quantity: str) -> Hazard:
    """Evaluating to many digits takes seconds there, growing without bound."""
    return Hazard("negative", quantity, Trouble.TOO_FAR)


# Of gamma(x) and its like, and of gamma(x + 1).
_POLES = (_too_far("x + 100000"), Hazard("pole", "x", POLE))
_POLES_LEFT = (_too_far("x + 100000"), Hazard("pole", "x + 1", POLE))


_EXP = "exponentials and logarithms"
_TRIG = "trigonometric"
_HYP = "hyperbolic"
_ROOT = "powers and roots"
PIECES = "pieces"
_ERROR = "error functions"
_GAMMA = "gamma and related functions"
_BESSEL = "Bessel and Airy functions"
_SPECIAL = "integrals and other special functions"
_POLYNOMIAL = "orthogonal polynomials"
_CALCULUS = "sums, derivatives and integrals"
_ELEMENTS = "over the elements of a tensor, or an axis of it: sum(X, axis=0)"
TENSORS = "tensors and matrices"

# A function of order x that is entire in y for whole orders, and real only for y > 0 for others.
_BRANCH = (
    Hazard("negative-power", "y; x", NOT_REAL),
    Hazard("zero", "abs(y) + 1 - abs(sign(x - floor(x)))", EDGE),
)
_QUADRANT = (
    *_real_from("x"), Hazard("negative", "y", Trouble.POSITIVE_ONLY), *_singular("y", EDGE)
)  # fmt: skip
_DEGREE = (Whole(0, 0, 200),)


def _row(
    sides: Sequence[str],
    signature: str,
    meaning: str,
    group: str,
    aliases: str = "",
    hazards: tuple[Hazard, ...] = (),
    **others: Any,
) -> Function:
    """A function whose ``sides`` have its own name, unless ``others`` name them."""
    name = signature.partition("(")[0]
    most = signature.count(",") + 1
    fields = {"arity": (most - signature.count("["), most), **dict.fromkeys(sides, name), **others}
    return Function(
        name, signature, meaning, group, aliases=tuple(aliases.split()), hazards=hazards, **fields
    )


# By what has its numbers: the parser, which builds something else; SymPy, likewise; torch; SciPy.
_parsed = partial(_row, ())
_built = partial(_row, ("symbol",))
_torch = partial(_row, ("symbol", "kernel"))
_values = partial(_row, ("symbol", "value"))


def _defined(signature: str, definition: str, group: str, aliases: str = "") -> Function:
    """A function that is short for others."""
    return _row((), signature, definition, group, aliases, definition=definition)


_tensor = partial(_row, (), group=TENSORS)
_OVER, _ALONG = ("axis", "keepdims"), ("axis",)
_polynomial = partial(_values, group=_POLYNOMIAL, whole=_DEGREE)

FUNCTIONS: tuple[Function, ...] = (
    _torch("exp(x)", "e to the power x", _EXP),
    _built("exp2(x)", "2 to the power x", _EXP),
    _torch("expm1(x)", "exp(x) - 1, accurate near 0", _EXP),
    _torch(
        "log(x[, base])", "natural logarithm, or to a base", _EXP, "ln", _real_from("x", INFINITE),
    ),
    _torch("log2(x)", "logarithm to base 2", _EXP, "lb", _real_from("x", INFINITE)),
    _torch("log10(x)", "logarithm to base 10", _EXP, "lg", _real_from("x", INFINITE)),
    _torch("log1p(x)", "log(1 + x), accurate near 0", _EXP, hazards=_real_from("1 + x", INFINITE)),
    _torch("sigmoid(x)", "1/(1 + exp(-x))", _EXP, "expit logistic"),
    _torch("softplus(x)", "log(1 + exp(x))", _EXP),
    _torch(
        "logsumexp(x, y, ...)", "log(exp(x) + exp(y) + ...)", _EXP, "logaddexp", arity=(1, None),
        named=_OVER,
    ),
    _torch("logcosh(x)", "log(cosh(x))", _EXP),
    _defined("logit(p)", "log(p) - log(1 - p)", _EXP),
    _defined("logsigmoid(x)", "-softplus(-x)", _EXP, "log_sigmoid log_expit"),
    _defined("exprel(x)", "expm1(x)/x", _EXP),
    _defined("xlogy(x, y)", "x*log(y)", _EXP),
    _defined("xlog1py(x, y)", "x*log1p(y)", _EXP),
    _defined("entr(x)", "-x*log(x)", _EXP),
    _defined("silu(x)", "x*sigmoid(x)", _EXP, "swish"),
    _defined("square(x)", "x**2", _ROOT),
    _defined("reciprocal(x)", "1/x", _ROOT),
    _defined("rsqrt(x)", "1/sqrt(x)", _ROOT),
    _parsed("pow(x, y)", "x to the power y", _ROOT, "power"),
    _built("sqrt(x)", "square root", _ROOT, hazards=_real_from("x")),
    _torch(
        "cbrt(x)", "real cube root, negative for negative x", _ROOT,
        hazards=_singular("x", Trouble.VERTICAL),
    ),
    _torch("hypot(x, y)", "sqrt(x**2 + y**2)", _ROOT, hazards=_singular("abs(x) + abs(y)", KINK)),
    _torch("sin(x)", "sine, x in radians", _TRIG, "sen"),
    _torch("cos(x)", "cosine", _TRIG),
    _torch("tan(x)", "tangent", _TRIG, "tg", _singular("cos(x)", POLE)),
    _torch("sec(x)", "1/cos(x)", _TRIG, hazards=_singular("cos(x)", POLE)),
    _torch("csc(x)", "1/sin(x)", _TRIG, "cosec", _singular("sin(x)", POLE)),
    _torch("cot(x)", "cos(x)/sin(x)", _TRIG, "ctg cotan", _singular("sin(x)", POLE)),
    _torch("asin(x)", "inverse sine", _TRIG, "arcsin", _real_from("1 - abs(x)")),
    _torch("acos(x)", "inverse cosine", _TRIG, "arccos", _real_from("1 - abs(x)")),
    _torch("atan(x)", "inverse tangent", _TRIG, "arctan arctg atg"),
    _torch(
        "atan2(y, x)", "angle of the point (x, y), in (-pi, pi]", _TRIG, "arctan2",
        _singular("abs(x) + (abs(y) + y)/2", Trouble.BRANCH_CUT),
    ),
    _torch("asec(x)", "inverse secant", _TRIG, "arcsec", _real_from("abs(x) - 1")),
    _torch("acsc(x)", "inverse cosecant", _TRIG, "arccsc", _real_from("abs(x) - 1")),
    _torch("acot(x)", "inverse cotangent, atan(1/x)", _TRIG, "arccot", _singular("x", JUMP)),
    _torch("sinc(x)", "sin(x)/x, without a factor pi", _TRIG),
    _torch("sinh(x)", "hyperbolic sine", _HYP, "sh"),
    _torch("cosh(x)", "hyperbolic cosine", _HYP, "ch"),
    _torch("tanh(x)", "hyperbolic tangent", _HYP, "th"),
    _torch("sech(x)", "1/cosh(x)", _HYP),
    _torch("csch(x)", "1/sinh(x)", _HYP, hazards=_singular("x", POLE)),
    _torch("coth(x)", "1/tanh(x)", _HYP, hazards=_singular("x", POLE)),
    _torch("asinh(x)", "inverse hyperbolic sine", _HYP, "arcsinh arsinh"),
    _torch("acosh(x)", "inverse hyperbolic cosine", _HYP, "arccosh arcosh", _real_from("x - 1")),
    _torch(
        "atanh(x)", "inverse hyperbolic tangent", _HYP, "arctanh artanh",
        _real_from("1 - abs(x)", INFINITE),
    ),
    _torch(
        "asech(x)", "inverse hyperbolic secant", _HYP, "arcsech arsech", _real_from("x*(1 - x)"),
    ),
    _torch(
        "acsch(x)", "inverse hyperbolic cosecant", _HYP, "arccsch arcsch", _singular("x", INFINITE),
    ),
    _torch(
        "acoth(x)", "inverse hyperbolic cotangent", _HYP, "arccoth arcoth",
        _real_from("abs(x) - 1", INFINITE),
    ),
    _torch("abs(x)", "absolute value", PIECES, "Abs fabs", _singular("x", KINK), symbol="Abs"),
    _torch("sign(x)", "-1, 0 or 1", PIECES, "sgn signum", _singular("x", JUMP)),
    _built(
        "Heaviside(x)", "0 for negative x, 1 for positive x, 1/2 at 0", PIECES, "heaviside",
        _singular("x", JUMP), arity=(1, 2),
    ),
    _torch(
        "floor(x)", "largest whole number at most x", PIECES, hazards=(Hazard("whole", "x", JUMP),),
    ),
    _torch(
        "ceil(x)", "smallest whole number at least x", PIECES, "ceiling",
        (Hazard("whole", "x", JUMP),), symbol="ceiling",
    ),
    _torch(
        "max(x, y, ...)", "the largest; of one tensor, its largest element", PIECES,
        "Max maximum fmax",
        (Hazard("tie-max", "", TIE),), symbol="maximum", kernel="maximum", arity=(1, None),
        named=_OVER,
    ),
    _torch(
        "min(x, y, ...)", "the smallest; of one tensor, its smallest element", PIECES,
        "Min minimum fmin", (Hazard("tie-min", "", TIE),), symbol="minimum", kernel="minimum",
        arity=(1, None), named=_OVER,
    ),
    _built("relu(x)", "max(x, 0)", PIECES, hazards=_singular("x", KINK)),
    _defined("clip(x, low, high)", "min(max(x, low), high)", PIECES, "clamp"),
    _defined("huber(delta, x)", "where(abs(x) <= delta, x**2/2, delta*(abs(x) - delta/2))", PIECES),
    _defined(
        "smoothstep(a, b, x)", "clip((x-a)/(b-a), 0, 1)**2*(3 - 2*clip((x-a)/(b-a), 0, 1))", PIECES
    ),
    _defined("elu(x)", "where(x > 0, x, expm1(x))", PIECES),
    _defined("re(x)", "x", PIECES, "conj conjugate"),
    _defined("im(x)", "0*x", PIECES),
    _parsed(
        "where(condition, a, b)", "a where the condition holds, else b", PIECES,
        "ite ifelse if_else cond iif",
    ),
    _parsed(
        "Piecewise((a, condition), ..., (z, True))", "the first value whose condition holds",
        PIECES, "piecewise", arity=(1, None),
    ),
    _torch("erf(x)", "error function", _ERROR),
    _torch("erfc(x)", "1 - erf(x), accurate for large x", _ERROR),
    _defined("Phi(x)", "erfc(-x/sqrt(2))/2", _ERROR, "normcdf ndtr norm_cdf"),
    _defined("log_ndtr(x)", "log(erfc(-x/sqrt(2))/2)", _ERROR, "normlogcdf norm_logcdf"),
    _defined("normpdf(x)", "exp(-x**2/2)/sqrt(2*pi)", _ERROR, "norm_pdf"),
    _defined("gelu(x)", "x*Phi(x)", _ERROR),
    _values("erfi(x)", "imaginary error function", _ERROR),
    _values(
        "erfinv(x)", "inverse error function", _ERROR, hazards=_real_from("1 - abs(x)", INFINITE),
    ),
    _values("erfcinv(x)", "inverse of erfc", _ERROR, hazards=_real_from("x*(2 - x)", INFINITE)),
    _torch("gamma(x)", "gamma function", _GAMMA, "Gamma tgamma", _POLES),
    _defined("betaln(x, y)", "loggamma(x) + loggamma(y) - loggamma(x + y)", _GAMMA, "lbeta"),
    _torch(
        "loggamma(x)", "log(gamma(x)), real for x > 0", _GAMMA, "lgamma gammaln log_gamma",
        _real_from("x", INFINITE), kernel="lgamma",
    ),
    _built("digamma(x)", "derivative of loggamma", _GAMMA, "psi", _POLES),
    _built("trigamma(x)", "second derivative of loggamma", _GAMMA, hazards=_POLES),
    _values(
        "polygamma(n, x)", "derivative number n of digamma", _GAMMA,
        hazards=(_too_far("y + 100000"), Hazard("pole", "y", POLE)), whole=(Whole(0, 0, 50),),
    ),
    _torch("factorial(x)", "gamma(x + 1); also x!", _GAMMA, "fact", _POLES_LEFT),
    _values(
        "beta(x, y)", "gamma(x)*gamma(y)/gamma(x + y)", _GAMMA, "Beta",
        (
            _too_far("x + 100000"), _too_far("y + 100000"),
            Hazard("pole", "x", POLE), Hazard("pole", "y", POLE),
        ),
    ),
    _values(
        "binomial(n, k)", "n over k, for real n and k by gamma functions", _GAMMA, "binom comb",
        _POLES_LEFT,
    ),
    _values(
        "lowergamma(a, x)", "integral of t**(a - 1)*exp(-t) from 0 to x", _GAMMA,
        hazards=(Hazard("pole", "x", POLE), *_BRANCH),
    ),
    _values(
        "uppergamma(a, x)", "integral of t**(a - 1)*exp(-t) from x to oo", _GAMMA, hazards=_BRANCH,
    ),
    _values("gammainc(a, x)", "lowergamma(a, x)/gamma(a)", _GAMMA, hazards=_QUADRANT),
    _values("gammaincc(a, x)", "uppergamma(a, x)/gamma(a)", _GAMMA, hazards=_QUADRANT),
    _values(
        "besselj(n, x)", "Bessel function of the first kind, of order n", _BESSEL, "jv", _BRANCH,
    ),
    _values(
        "bessely(n, x)", "Bessel function of the second kind", _BESSEL, "yv",
        _real_from("y", INFINITE),
    ),
    _values("besseli(n, x)", "modified Bessel function of the first kind", _BESSEL, "iv", _BRANCH),
    _values(
        "besselk(n, x)", "modified Bessel function of the second kind", _BESSEL, "kv",
        _real_from("y", INFINITE),
    ),
    _values(
        "spherical_jn(n, x)", "spherical Bessel function of the first kind", _BESSEL, whole=_DEGREE,
    ),
    _values(
        "spherical_yn(n, x)", "spherical Bessel function of the second kind", _BESSEL,
        hazards=_singular("y", POLE), whole=_DEGREE,
    ),
    _values("airyai(x)", "Airy function Ai", _BESSEL, "Ai"),
    _values("airybi(x)", "Airy function Bi", _BESSEL, "Bi"),
    _values("airyaiprime(x)", "derivative of airyai", _BESSEL),
    _values("airybiprime(x)", "derivative of airybi", _BESSEL),
    _values(
        "LambertW(x[, k])", "w with w*exp(w) = x; branch k is 0 or -1", _SPECIAL,
        "lambertw productlog", _real_from("x + exp(-1)"), value="lambertw",
        whole=(Whole(1, -1, 0),),
    ),
    _values(
        "zeta(s[, a])", "Riemann's zeta function, or Hurwitz's", _SPECIAL,
        hazards=(_too_far("x + 200"), *_singular("x - 1", POLE)),
    ),
    _values(
        "zetaderivative(n, s)", "derivative number n of zeta(s)", _SPECIAL,
        hazards=(_too_far("y + 200"), *_singular("y - 1", POLE)), whole=(Whole(0, 0, 10),),
    ),
    _values(
        "polylog(s, x)", "polylogarithm of order s", _SPECIAL,
        hazards=_real_from("where(x > 0, 1 - y, abs(1 - y))"),
    ),
    _values(
        "expint(n, x)", "integral of exp(-x*t)/t**n for t from 1 to oo", _SPECIAL, "expn",
        _real_from("where(x > 0, y, abs(y))"),
    ),
    _built("E1(x)", "expint(1, x)", _SPECIAL, "exp1", _real_from("x", INFINITE)),
    _values("Ei(x)", "exponential integral", _SPECIAL, "expi", _singular("x", INFINITE)),
    _values(
        "li(x)", "logarithmic integral, Ei(log(x))", _SPECIAL,
        hazards=(*_real_from("x"), *_singular("x - 1", INFINITE)),
    ),
    _values("Si(x)", "sine integral", _SPECIAL),
    _values("Ci(x)", "cosine integral", _SPECIAL, hazards=_real_from("x", INFINITE)),
    _values("Shi(x)", "hyperbolic sine integral", _SPECIAL),
    _values("Chi(x)", "hyperbolic cosine integral", _SPECIAL, hazards=_real_from("x", INFINITE)),
    _values("fresnels(x)", "integral of sin(pi*t**2/2) from 0 to x", _SPECIAL),
    _values("fresnelc(x)", "integral of cos(pi*t**2/2) from 0 to x", _SPECIAL),
    _values(
        "elliptic_k(m)", "complete elliptic integral K of parameter m", _SPECIAL, "ellipk",
        _real_from("1 - x", INFINITE),
    ),
    _values(
        "elliptic_e(m)", "complete elliptic integral E of parameter m", _SPECIAL, "ellipe",
        _real_from("1 - x"),
    ),
    _polynomial("legendre(n, x)", "Legendre polynomial of degree n"),
    _polynomial("chebyshevt(n, x)", "Chebyshev polynomial of the first kind"),
    _polynomial("chebyshevu(n, x)", "Chebyshev polynomial of the second kind"),
    _polynomial("hermite(n, x)", "Hermite polynomial, the physicists'"),
    _polynomial("hermite_prob(n, x)", "Hermite polynomial, the probabilists'"),
    _polynomial("laguerre(n, x)", "Laguerre polynomial"),
    _parsed("Sum(f, (k, 1, n))", "f added up for k = 1, 2, ..., n", _CALCULUS, arity=(2, None)),
    _parsed(
        "Product(f, (k, 1, n))", "f multiplied up for k = 1, 2, ..., n", _CALCULUS, arity=(2, None),
    ),
    _parsed(
        "Derivative(f, x, ...)", "derivative of f; x, 2 for the second", _CALCULUS, "diff",
        arity=(2, None),
    ),
    _parsed(
        "Integral(f, (t, a, b))", "integral where a closed form is found", _CALCULUS, "integrate",
        arity=(2, None),
    ),
    _parsed("sum(x)", "sum of all elements", _ELEMENTS, named=_OVER),
    _parsed("mean(x)", "mean of all elements", _ELEMENTS, "average", named=_OVER),
    _parsed("prod(x)", "product of all elements", _ELEMENTS, named=_OVER),
    _parsed(
        "norm(x, ...)", "Euclidean length of all elements; norm(x, 1): of order 1", _ELEMENTS,
        hazards=_singular("x", KINK), arity=(1, None), named=("ord", *_OVER),
    ),
    _parsed("dot(x, y)", "sum(x*y) of vectors; of matrices x@y", _ELEMENTS, "inner vdot"),
    _tensor("matmul(A, B)", "the product A@B"),
    _tensor("outer(x, y)", "all products of two elements"),
    _tensor(
        "einsum('ij,j->i', A, x)", "products summed over the letters not behind ->",
        arity=(2, None),
    ),
    _tensor(
        "transpose(A)", "A.T; of axes in an order, transpose(A, (1, 0, 2))", arity=(1, None),
        named=("axes",),
    ),
    _tensor("trace(A)", "sum of the diagonal", aliases="tr"),
    _tensor("diag(x)", "the diagonal matrix of a vector; the diagonal of a matrix"),
    _tensor("det(A)", "determinant"),
    _tensor("logdet(A)", "log(det(A))"),
    _tensor("inv(A)", "inverse matrix"),
    _tensor("solve(A, b)", "inv(A)@b, without the inverse"),
    _tensor("expm(A)", "exponential of a matrix"),
    _tensor("softmax(x)", "exp(x)/sum(exp(x)), or over an axis", named=_ALONG),
    _tensor(
        "log_softmax(x)", "x - logsumexp(x), or over an axis", aliases="logsoftmax", named=_ALONG,
    ),
    _tensor("cumsum(x)", "sums of the elements so far, along an axis", named=_ALONG),
    _tensor(
        "concatenate(x, y, ...)", "tensors one after the other, along an axis", aliases="concat",
        arity=(1, None), named=_ALONG,
    ),
    _tensor("eye(n)", "identity matrix", aliases="identity"),
    _tensor("arange(n)", "0, 1, ..., n - 1; arange(start, stop, step)", arity=(1, 3)),
    _tensor("ones(n)", "n ones; ones((n, m)) for a matrix", arity=(1, None)),
    _tensor("zeros(n)", "n zeros", arity=(1, None)),
    _tensor("len(x)", "the length of the first axis"),
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

# What to type for what people call otherwise, or mean by one of two; names in small letters.
MEANT = {
    "log": "`log(x)` for the natural logarithm, `log10(x)` for that to base 10",
    "atan2": "`atan2(y, x)`, of y first",
    "sqr": "`sqrt(x)` for the root, `square(x)` for the square",
    "root": "`sqrt(x)`, `cbrt(x)`, or `x**(1/n)`",
    "step": "`Heaviside(x)`",
    "round": "`floor(x + 1/2)`",
    "int": "`floor(x)`",
    "psi": "`digamma(x)`, `polygamma(n, x)`",
    "lngamma": "`loggamma(x)`",
    **{f"{name}d": f"`{name}(pi*x/180)`" for name in ("sin", "cos", "tan")},
    "dnorm": "`normpdf(x)`",
    "pnorm": "`normcdf(x)`",
    "trunc": "`sign(x)*floor(abs(x))`",
    "absolute": "`abs(x)`",
    "cube": "`x**3`",
    "integral": "`Integral(f, (x, a, b))`",
    "slogdet": "`logdet(A)`",
    **dict.fromkeys(("log_sum_exp", "lse"), "`logsumexp(x)`"),
    **dict.fromkeys(("var", "variance"), "`mean((x - mean(x))**2)`"),
    **dict.fromkeys(("std", "stdev"), "`sqrt(mean((x - mean(x))**2))`"),
    **dict.fromkeys(
        ("cholesky", "sqrtm", "logm", "eigh", "eig", "svd", "kron", "median", "sort", "qr"),
        "`hess --functions` lists those of matrices: inv, solve, det, logdet, expm, trace",
    ),
    **dict.fromkeys(("reshape", "flatten", "ravel", "squeeze"), "an index: `x[:, None]`, `X[0]`"),
    **dict.fromkeys(("ncr", "choose"), "`binomial(n, k)`"),
    **dict.fromkeys(
        ("hessian", "hess", "grad", "gradient", "jacobian"),
        "the formula itself; `hess` differentiates it",
    ),
    **dict.fromkeys(("sine", "sinus"), "`sin(x)`"),
    **dict.fromkeys(("cosine", "cosinus"), "`cos(x)`"),
    **dict.fromkeys(("tangent", "tangens"), "`tan(x)`"),
    **dict.fromkeys(("mod", "rem", "fmod"), "`x - n*floor(x/n)`"),
    **dict.fromkeys(("nthroot", "surd"), "`x**(1/n)`"),
}
