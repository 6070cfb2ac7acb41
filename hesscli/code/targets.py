"""What code may be written for, as data: the functions of each target, and names not to be used.

A function is found by the name of its SymPy class. What stands for it is a name to call, or a
template with ``{0}``, ``{1}``, ... for its arguments, or ``{args}`` for all of them. What is not
here is rewritten by :mod:`.rules`, or refused by name. Nothing is imported, so that the command
line can list the targets without SymPy.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Target:
    """A language, or a library of Python, that code is written for.

    ``ordered`` are functions whose first argument must be a whole number: of one order only where
    that stands behind the name (``polygamma 0``). ``library`` is the prefix of the target's own
    functions, and ``imports`` are the lines that bring it, by the prefix that needs them. Without
    ``rounded``, numbers stay exact.
    """

    said: str
    functions: Mapping[str, str]
    ordered: Mapping[str, str] = field(default_factory=dict)
    reserved: frozenset[str] = frozenset()
    library: str = ""
    imports: Mapping[str, str] = field(default_factory=dict)
    rounded: bool = True


def _same(prefix: str, names: str) -> dict[str, str]:
    """Functions that are called as their SymPy classes are."""
    return {name: prefix + name for name in names.split()}


# What every target has under the same name.
_COMMON = "exp log sin cos tan sinh cosh tanh floor"
# The names of variables inside the functions that are written.
_OURS = "derivatives value gradient hessian at given pi"
_PYTHON = frozenset((*keyword.kwlist, *_OURS.split(), "print", "float"))

_ARRAYS = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2",
           "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "Abs": "abs",
           "ceiling": "ceil", "Max": "maximum", "Min": "minimum"}  # fmt: skip
_ARRAY_NAMES = f"{_COMMON} expm1 log1p log2 log10 cbrt hypot sign"


def _arrays(prefix: str) -> dict[str, str]:
    """The functions of NumPy, and of what has its names."""
    renamed = {name: prefix + called for name, called in _ARRAYS.items()}
    return {**_same(prefix, _ARRAY_NAMES), **renamed}


_SCIPY = "scipy.special."

NUMPY = Target(
    said="SciPy",
    functions={
        **_arrays("np."),
        **_same(_SCIPY, "erf erfc erfi erfinv erfcinv gamma beta gammainc gammaincc"),
        "loggamma": _SCIPY + "gammaln",
        "binomial": _SCIPY + "binom",
        "besselj": _SCIPY + "jv",
        "bessely": _SCIPY + "yv",
        "besseli": _SCIPY + "iv",
        "besselk": _SCIPY + "kv",
        "airyai": _SCIPY + "airy({0})[0]",
        "airyaiprime": _SCIPY + "airy({0})[1]",
        "airybi": _SCIPY + "airy({0})[2]",
        "airybiprime": _SCIPY + "airy({0})[3]",
        "LambertW": _SCIPY + "lambertw({args}).real",
        "Ei": _SCIPY + "expi",
        "Si": _SCIPY + "sici({0})[0]",
        "Ci": _SCIPY + "sici({0})[1]",
        "Shi": _SCIPY + "shichi({0})[0]",
        "Chi": _SCIPY + "shichi({0})[1]",
        "fresnels": _SCIPY + "fresnel({0})[0]",
        "fresnelc": _SCIPY + "fresnel({0})[1]",
        "elliptic_k": _SCIPY + "ellipk",
        "elliptic_e": _SCIPY + "ellipe",
    },
    ordered={
        "polygamma 0": _SCIPY + "digamma({1})",
        "polygamma": _SCIPY + "polygamma",
        "zeta": _SCIPY + "zeta",
        "polylog 2": _SCIPY + "spence(1 - {1})",
        "expint": _SCIPY + "expn",
        "spherical_jn": _SCIPY + "spherical_jn",
        "spherical_yn": _SCIPY + "spherical_yn",
        "legendre": _SCIPY + "eval_legendre",
        "chebyshevt": _SCIPY + "eval_chebyt",
        "chebyshevu": _SCIPY + "eval_chebyu",
        "gegenbauer": _SCIPY + "eval_gegenbauer",
        "hermite": _SCIPY + "eval_hermite",
        "hermite_prob": _SCIPY + "eval_hermitenorm",
        "laguerre": _SCIPY + "eval_laguerre",
        "assoc_laguerre": _SCIPY + "eval_genlaguerre",
    },
    reserved=_PYTHON | {"np", "scipy"},
    library="np.",
    imports={"np.": "import numpy as np", "scipy.": "import scipy.special"},
)

_JAX = "jax.scipy.special."

JAX = Target(
    said="JAX",
    functions={
        **_arrays("jnp."),
        **_same(_JAX, "erf erfc erfinv gamma gammainc gammaincc"),
        "loggamma": _JAX + "gammaln",
        "Ei": _JAX + "expi",
    },
    ordered={
        "polygamma 0": _JAX + "digamma({1})",
        "polygamma": _JAX + "polygamma",
        "zeta": _JAX + "zeta",
        "expint": _JAX + "expn",
    },
    reserved=_PYTHON | {"jax", "jnp"},
    library="jnp.",
    imports={"jax.": "import jax", "jnp.": "import jax.numpy as jnp"},
)

_TORCH = "torch.special."

TORCH = Target(
    said="torch",
    functions={
        **_same("torch.", f"{_COMMON} expm1 log1p log2 log10 asin acos atan atan2 asinh acosh"),
        **_same("torch.", "atanh hypot sign sigmoid"),
        "Abs": "torch.abs",
        "ceiling": "torch.ceil",
        "Max": "torch.maximum",
        "Min": "torch.minimum",
        **_same(_TORCH, "erf erfc erfinv gammainc gammaincc"),
        "loggamma": _TORCH + "gammaln",
    },
    ordered={"polygamma 0": _TORCH + "digamma({1})", "zeta": _TORCH + "zeta"},
    reserved=_PYTHON | {"torch"},
    library="torch.",
    imports={"torch.": "import torch"},
)

_C_KEYWORDS = """
    auto break case char const continue default do double else enum extern float for goto if inline
    int long register restrict return short signed sizeof static struct switch typedef union
    unsigned void volatile while asm typeof linux unix i386 main
    NAN INFINITY NULL EOF BUFSIZ DOMAIN SING OVERFLOW UNDERFLOW PLOSS TLOSS MAXFLOAT stdin stdout
    stderr printf signgam
"""
# Of <math.h> and what C promises to every program.
_C_FUNCTIONS = """
    acos asin atan atan2 cos sin tan acosh asinh atanh cosh sinh tanh exp exp2 expm1 frexp ilogb
    ldexp log log10 log1p log2 logb modf scalbn scalbln cbrt fabs hypot pow sqrt erf erfc lgamma
    tgamma ceil floor nearbyint rint lrint llrint round lround llround trunc fmod remainder remquo
    copysign nan nextafter nexttoward fdim fmax fmin fma fpclassify isfinite isinf isnan isnormal
    signbit isgreater isless isunordered j0 j1 jn y0 y1 yn gamma abs labs
"""

C = Target(
    said="C99",
    functions={
        **_same("", f"{_COMMON} expm1 log1p log2 log10 cbrt hypot asin acos atan atan2 asinh"),
        **_same("", "acosh atanh erf erfc"),
        "Abs": "fabs",
        "ceiling": "ceil",
        "Max": "fmax",
        "Min": "fmin",
        "gamma": "tgamma",
        "loggamma": "lgamma",
        "sign": "(({0} > 0.0) - ({0} < 0.0))",
    },
    # Not of C99 itself, but of <math.h> on POSIX systems, which _XOPEN_SOURCE asks for.
    ordered={"besselj": "jn", "bessely": "yn"},
    reserved=frozenset((*_C_KEYWORDS.split(), *_C_FUNCTIONS.split(), *_OURS.split())),
)

SYMPY = Target(
    said="SymPy",
    functions={
        **_same(
            "sympy.",
            f"{_COMMON} sec csc cot asec acsc acot sech csch coth asech acsch acoth asin acos atan "
            "atan2 asinh acosh atanh Abs sign ceiling Max Min erf erfc erfi erfinv gamma "
            "loggamma polygamma beta binomial factorial lowergamma uppergamma besselj bessely "
            "besseli besselk airyai airyaiprime airybi airybiprime LambertW zeta polylog expint Ei "
            "li Si Ci Shi Chi fresnels fresnelc elliptic_k elliptic_e legendre chebyshevt "
            "chebyshevu gegenbauer hermite hermite_prob laguerre assoc_laguerre harmonic "
            "RisingFactorial FallingFactorial",
        ),
        "spherical_jn": "sympy.jn",
        "spherical_yn": "sympy.yn",
    },
    reserved=_PYTHON | {"sympy"},
    library="sympy.",
    imports={"sympy.": "import sympy"},
    rounded=False,
)

TARGETS = {"torch": TORCH, "jax": JAX, "numpy": NUMPY, "c": C, "sympy": SYMPY}
