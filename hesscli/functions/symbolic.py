"""The SymPy side of the function table: an object for every ``symbol`` that it names.

Most are SymPy's own: what is not found here is looked up there. The classes here stand where SymPy
has none (``sigmoid``), has one that is complex for negative numbers (``cbrt``), or has one without
a derivative (``floor``). Their ``eval`` is SymPy's hook for simplification, and ``_eval_evalf``
that for digits: they take expressions, and never text.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import mpmath
import sympy
from sympy.codegen.cfunctions import expm1, hypot, log1p, log2, log10  # noqa: F401
from sympy.core.function import ArgumentIndexError

Expr = Any

# Polynomials up to this degree lose no digits in powers of x.
MAX_WRITTEN_OUT = 5
# Up to this, x**(a - 1)*exp(-x)/Γ(a) is computed as it stands, where no part of it underflows.
MAX_GAMMA = 20


def __getattr__(name: str) -> Any:
    if name.startswith("_"):  # what Python itself asks for
        raise AttributeError(name)
    return getattr(sympy, name)


class _Sloped(sympy.Function):
    """A function with a rule of its own, ``slope``, for the derivative by its last argument."""

    def fdiff(self, argindex: int = 1) -> Expr:
        if argindex != len(self.args):
            raise ArgumentIndexError(self, argindex)
        return self.slope(*self.args)


class floor(_Sloped, sympy.floor):
    """SymPy's floor, with the derivative 0 that it has between its jumps."""

    def slope(self, x: Expr) -> Expr:
        return sympy.S.Zero


class ceiling(_Sloped, sympy.ceiling):
    """SymPy's ceiling, with the derivative 0 that it has between its jumps."""

    def slope(self, x: Expr) -> Expr:
        return sympy.S.Zero


def compared(operator: str, a: Expr, b: Expr) -> Expr:
    """A comparison of two numbers, of which one is 0 unless one is a constant.

    SymPy has two canonical forms of some others (y**2 - 4*x >= 2*x - y), and a Piecewise goes from
    one to the other until the stack is full.
    """
    constant = a.is_number or b.is_number
    return sympy.Rel(a, b, operator) if constant else sympy.Rel(a - b, 0, operator)


class _RealSign(_Sloped):
    def slope(self, x: Expr) -> Expr:
        return sympy.S.Zero


class _RealAbs(_Sloped):
    def slope(self, x: Expr) -> Expr:
        return _RealSign(x)


_REAL = {sympy.Abs: _RealAbs, sympy.sign: _RealSign}


def of_real_parts(expression: Expr) -> Expr:
    """The same, where what SymPy does not know to be real (``abs(log(x))``) has the derivatives of
    what is; undone by :func:`as_typed`.
    """
    if not expression.has(*_REAL):
        return expression
    return expression.replace(
        lambda e: type(e) in _REAL and not e.args[0].is_extended_real,
        lambda e: _REAL[type(e)](*e.args),
    )


def as_typed(expression: Expr) -> Expr:
    """What :func:`of_real_parts` has changed, as it was."""
    for function, own in _REAL.items():
        expression = expression.replace(own, function)
    return expression


class sinc(_Sloped, sympy.sinc):
    """SymPy's, with a derivative that does not divide by x."""

    def slope(self, x: Expr) -> Expr:
        return -spherical_jn(1, x)


class LambertW(sympy.LambertW):
    """SymPy's, with a derivative that is finite at 0."""

    def fdiff(self, argindex: int = 1) -> Expr:
        return sympy.exp(-self) / (1 + self)


class zeta(sympy.zeta):
    """SymPy's, with a derivative by the first argument."""

    def fdiff(self, argindex: int = 1) -> Expr:
        if argindex == 1 and len(self.args) == 1:
            return zetaderivative(1, self.args[0])
        s, a = self.args[0], self.args[-1]
        if argindex == 2:
            return -s * zeta(s + 1, a)
        raise ArgumentIndexError(self, argindex)


class _Composed(_Sloped):
    """A function that is ``composed`` of others where its arguments are numbers."""

    @classmethod
    def eval(cls, *args: Expr) -> Expr:
        return cls.composed(*args) if all(arg.is_number for arg in args) else None


class cbrt(_Composed):
    """The real cube root; ``x**(1/3)`` is complex for negative ``x``."""

    @staticmethod
    def composed(x: Expr) -> Expr:
        third = sympy.Rational(1, 3)
        return sympy.sign(x) * sympy.Abs(x) ** third if x.is_extended_real else None

    def slope(self, x: Expr) -> Expr:
        return 1 / (3 * self**2)

    def _eval_is_extended_real(self) -> Any:
        return self.args[0].is_extended_real


class sigmoid(_Composed):
    """The logistic function; its derivative stays accurate on both sides."""

    @staticmethod
    def composed(x: Expr) -> Expr:
        return 1 / (1 + sympy.exp(-x))

    def slope(self, x: Expr) -> Expr:
        return sigmoid(x) * sigmoid(-x)

    def _eval_is_positive(self) -> Any:
        return self.args[0].is_extended_real


class softplus(_Composed):
    """``log(1 + exp(x))``."""

    @staticmethod
    def composed(x: Expr) -> Expr:
        return sympy.log(1 + sympy.exp(x))

    def slope(self, x: Expr) -> Expr:
        return sigmoid(x)

    def _eval_is_positive(self) -> Any:
        return self.args[0].is_extended_real


class logcosh(_Composed):
    """``log(cosh(x))``, finite where ``cosh(x)`` overflows."""

    @staticmethod
    def composed(x: Expr) -> Expr:
        return sympy.log(sympy.cosh(x))

    def slope(self, x: Expr) -> Expr:
        return sympy.tanh(x)


class logsumexp(_Composed):
    """``log(exp(x) + exp(y) + ...)``; a slope is the share of its term."""

    @classmethod
    def eval(cls, *terms: Expr) -> Expr:
        return terms[0] if len(terms) == 1 else super().eval(*terms)

    @staticmethod
    def composed(*terms: Expr) -> Expr:
        return sympy.log(sympy.Add(*map(sympy.exp, terms)))

    def fdiff(self, argindex: int = 1) -> Expr:
        return sympy.exp(self.args[argindex - 1] - self)


class _Evaluated(_Sloped):
    """A function whose digits come from mpmath, by its method ``_mpmath``."""

    def _eval_evalf(self, prec: int) -> Expr:
        with mpmath.workprec(prec + 10):
            numbers = [arg._to_mpmath(prec + 10) for arg in self.args]
            return sympy.Expr._from_mpmath(self._mpmath(*numbers), prec)


class erfcinv(_Evaluated):
    """The inverse of erfc; SymPy's takes 1 - x, which is 1 for small x."""

    def _mpmath(self, x: Any) -> Any:
        with mpmath.extraprec(max(0, -mpmath.mag(x)) if x else 0):
            return mpmath.erfinv(1 - x)

    def slope(self, x: Expr) -> Expr:
        return -sympy.sqrt(sympy.pi) / 2 * sympy.exp(self**2)


class besselk(_Evaluated, sympy.besselk):
    """SymPy's, with digits from an integral: mpmath takes seconds for whole orders."""

    @classmethod
    def eval(cls, n: Expr, x: Expr) -> Expr:
        return cls(-n, x) if n.is_number and n.is_negative else None

    def slope(self, n: Expr, x: Expr) -> Expr:
        return -(besselk(n - 1, x) + besselk(n + 1, x)) / 2

    def _mpmath(self, n: Any, x: Any) -> Any:
        """DLMF 10.32.9 by the trapezoidal rule, which converges exponentially.

        Its error is exp(-2πa/h) times the size of the integrand at t + ia, for any a < π/2.
        """
        if x < 1:
            return mpmath.besselk(n, x)
        lost = mpmath.mp.prec * mpmath.log(2)
        step = 3 * mpmath.pi / (lost + x)
        total, t = mpmath.exp(-x) / 2, step
        while x * (mpmath.cosh(t) - 1) - n * t < lost:
            total += mpmath.exp(-x * mpmath.cosh(t)) * mpmath.cosh(n * t)
            t += step
        return step * total


class _Spherical(_Evaluated):
    """A spherical Bessel function; SymPy's is complex for negative x, and divides by x."""

    def slope(self, n: Expr, x: Expr) -> Expr:
        """DLMF 10.51.2, the form that does not divide by x."""
        if n == 0:
            return -self.func(1, x)
        return (n * self.func(n - 1, x) - (n + 1) * self.func(n + 1, x)) / (2 * n + 1)


def _spherical(bessel: Any, n: Any, x: Any) -> Any:
    """A spherical Bessel function right of 0, by its namesake (DLMF 10.47.3)."""
    return mpmath.sqrt(mpmath.pi / (2 * x)) * bessel(n + 0.5, x)


class spherical_jn(_Spherical):
    """The spherical Bessel function of the first kind."""

    def _mpmath(self, n: Any, x: Any) -> Any:
        if not x:
            return mpmath.mpf(n == 0)
        return (-1 if x < 0 and n % 2 else 1) * _spherical(mpmath.besselj, n, abs(x))


class spherical_yn(_Spherical):
    """The spherical Bessel function of the second kind."""

    def _mpmath(self, n: Any, x: Any) -> Any:
        return (-1 if x < 0 and (n + 1) % 2 else 1) * _spherical(mpmath.bessely, n, abs(x))


class zetaderivative(_Evaluated):
    """The derivative of this order of Riemann's zeta function."""

    def _mpmath(self, n: Any, s: Any) -> Any:
        return mpmath.zeta(s, 1, int(n))

    def slope(self, n: Expr, s: Expr) -> Expr:
        return zetaderivative(n + 1, s)


class gammainc(_Evaluated):
    """The regularized lower incomplete gamma function P(a, x)."""

    def _mpmath(self, a: Any, x: Any) -> Any:
        return mpmath.gammainc(a, 0, x, regularized=True)

    def slope(self, a: Expr, x: Expr) -> Expr:
        return _gamma_density(a, x)


class gammaincc(_Evaluated):
    """The regularized upper incomplete gamma function Q(a, x)."""

    def _mpmath(self, a: Any, x: Any) -> Any:
        return mpmath.gammainc(a, x, mpmath.inf, regularized=True)

    def slope(self, a: Expr, x: Expr) -> Expr:
        return -_gamma_density(a, x)


def _gamma_density(a: Expr, x: Expr) -> Expr:
    if a.is_number and a <= MAX_GAMMA:
        return x ** (a - 1) * sympy.exp(-x) / sympy.gamma(a)
    return sympy.exp((a - 1) * sympy.log(x) - x - sympy.loggamma(a))


class _Unwritten(_Evaluated):
    """A function of SymPy's without its closed forms, which cancel; ``doit`` gives them."""

    @classmethod
    def eval(cls, *args: Expr) -> Expr:
        return None

    def doit(self, **hints: Any) -> Expr:
        return _written_out(type(self), *self.args)


def _written_out(cls: Any, *args: Expr) -> Expr:
    return getattr(sympy, cls.__name__)(*args)


class lowergamma(_Unwritten, sympy.lowergamma):
    """For half of whole ``a``, the closed form cancels near 0."""

    def _mpmath(self, a: Any, x: Any) -> Any:
        return lower_gamma(a, x)

    def slope(self, a: Expr, x: Expr) -> Expr:
        return _gamma_integrand(a, x)


def lower_gamma(a: Any, x: Any) -> Any:
    """The lower incomplete gamma function (DLMF 8.5.1); mpmath's own hangs for small x < 0."""
    return x**a / a * mpmath.hyp1f1(a, a + 1, -x)


class uppergamma(_Unwritten, sympy.uppergamma):
    """For half of whole ``a``, the closed form cancels for large x."""

    _mpmath = staticmethod(mpmath.gammainc)

    def slope(self, a: Expr, x: Expr) -> Expr:
        return -_gamma_integrand(a, x)


def _gamma_integrand(a: Expr, x: Expr) -> Expr:
    """DLMF 8.8.13."""
    return sympy.exp(-x) * x ** (a - 1)


class expint(_Unwritten, sympy.expint):
    """For half of whole ``n``, the closed form cancels for large x."""

    @classmethod
    def eval(cls, n: Expr, x: Expr) -> Expr:
        return sympy.expint(n, x) if n.is_Integer and n <= 0 else None

    _mpmath = staticmethod(mpmath.expint)

    def slope(self, n: Expr, x: Expr) -> Expr:
        return -expint(n - 1, x)


class Polynomial(_Unwritten):
    """An orthogonal polynomial that is not written out: in powers of x, a high degree cancels.

    ``_next`` gives that of degree k + 1 from those of degrees k and k - 1 (DLMF 18.9.1).
    """

    @classmethod
    def eval(cls, n: Expr, *rest: Expr) -> Expr:
        exact = rest[-1].is_number and not rest[-1].has(sympy.Float)
        return _written_out(cls, n, *rest) if n <= MAX_WRITTEN_OUT or exact else None

    def _mpmath(self, n: Any, *rest: Any) -> Any:
        before, here = 0, mpmath.mpf(1)
        for k in range(int(n)):
            before, here = here, self._next(k, here, before, *rest)
        return here


def written_out(expression: Expr, most: float = math.inf) -> Expr:
    """The expression with polynomials up to the degree ``most`` in powers, as people know them."""
    if not expression.has(Polynomial):
        return expression
    return expression.replace(
        lambda e: isinstance(e, Polynomial) and e.args[0] <= most, lambda e: e.doit()
    )


class gegenbauer(Polynomial, sympy.gegenbauer):
    """The Gegenbauer polynomial, here for derivatives of others (DLMF 18.9.19)."""

    def _next(self, k: int, p: Any, q: Any, a: Any, x: Any) -> Any:
        return (2 * (k + a) * x * p - (k + 2 * a - 1) * q) / (k + 1)

    def slope(self, n: Expr, a: Expr, x: Expr) -> Expr:
        return 2 * a * gegenbauer(n - 1, a + 1, x)


class legendre(Polynomial, sympy.legendre):
    """The Legendre polynomial."""

    def _next(self, k: int, p: Any, q: Any, x: Any) -> Any:
        return ((2 * k + 1) * x * p - k * q) / (k + 1)

    def slope(self, n: Expr, x: Expr) -> Expr:
        return gegenbauer(n - 1, sympy.Rational(3, 2), x)


class chebyshevt(Polynomial, sympy.chebyshevt):
    """The Chebyshev polynomial of the first kind."""

    def _next(self, k: int, p: Any, q: Any, x: Any) -> Any:
        return (2 if k else 1) * x * p - q

    def slope(self, n: Expr, x: Expr) -> Expr:
        return n * chebyshevu(n - 1, x)


class chebyshevu(Polynomial, sympy.chebyshevu):
    """The Chebyshev polynomial of the second kind."""

    def _next(self, k: int, p: Any, q: Any, x: Any) -> Any:
        return 2 * x * p - q

    def slope(self, n: Expr, x: Expr) -> Expr:
        return 2 * gegenbauer(n - 1, sympy.Integer(2), x)


class hermite(Polynomial, sympy.hermite):
    """The physicists' Hermite polynomial."""

    def _next(self, k: int, p: Any, q: Any, x: Any) -> Any:
        return 2 * (x * p - k * q)

    def slope(self, n: Expr, x: Expr) -> Expr:
        return 2 * n * hermite(n - 1, x)


class hermite_prob(Polynomial, sympy.hermite_prob):
    """The probabilists' Hermite polynomial."""

    def _next(self, k: int, p: Any, q: Any, x: Any) -> Any:
        return x * p - k * q

    def slope(self, n: Expr, x: Expr) -> Expr:
        return n * hermite_prob(n - 1, x)


class laguerre(Polynomial, sympy.laguerre):
    """The Laguerre polynomial."""

    def _next(self, k: int, p: Any, q: Any, x: Any) -> Any:
        return ((2 * k + 1 - x) * p - k * q) / (k + 1)

    def slope(self, n: Expr, x: Expr) -> Expr:
        return -assoc_laguerre(n - 1, sympy.Integer(1), x)


class assoc_laguerre(Polynomial, sympy.assoc_laguerre):
    """The associated Laguerre polynomial, here for derivatives of the other (DLMF 18.9.23)."""

    def _next(self, k: int, p: Any, q: Any, a: Any, x: Any) -> Any:
        return ((2 * k + 1 + a - x) * p - (k + a) * q) / (k + 1)

    def slope(self, n: Expr, a: Expr, x: Expr) -> Expr:
        return -assoc_laguerre(n - 1, a + 1, x)


def binomial(n: Expr, k: Expr) -> Expr:
    """Of a small whole ``k``, the polynomial, whose derivatives are finite everywhere."""
    if k.is_Integer and 0 <= k <= 60:
        return sympy.ff(n, k) / sympy.factorial(k)
    return sympy.binomial(n, k)


def Heaviside(x: Expr) -> Expr:
    return (1 + sympy.sign(x)) / 2


E1 = partial(expint, 1)
exp2 = partial(sympy.Pow, 2)


def _extreme(cls: Any, *args: Expr) -> Expr:
    """Left as it is, because SymPy takes seconds to order sixty symbols."""
    distinct = list(dict.fromkeys(args))
    if len(distinct) == 1:
        return distinct[0]
    return cls(*distinct, evaluate=all(a.is_number for a in distinct))


maximum = partial(_extreme, sympy.Max)
minimum = partial(_extreme, sympy.Min)


def relu(x: Expr) -> Expr:
    return maximum(x, sympy.S.Zero)
