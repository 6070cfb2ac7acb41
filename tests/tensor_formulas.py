"""Formulas of vectors, matrices and tensors in NumPy's notation, as they are met in practice.

Each model has a few spellings of one scalar function, values to differentiate it at, and the same
function written by hand with ``jax.numpy``, from its definition and not from the text.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import combinations, pairwise, product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.nn import one_hot
from jax.scipy import stats

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]

Tensor = np.ndarray[Any, np.dtype[Any]]
Value = Tensor | float
Function = Callable[..., Array]


@dataclass(frozen=True)
class Model:
    """A scalar function of tensors: as text, in two or three spellings, and by hand."""

    name: str
    source: str
    spellings: tuple[str, ...]
    values: Mapping[str, Value]
    wrt: tuple[str, ...]
    function: Function


_MODELS: list[Model] = []


def _model(
    source: str, wrt: str, *spellings: str, **values: Value
) -> Callable[[Function], Function]:
    """Makes a model of the function that follows, under its name."""

    def add(function: Function) -> Function:
        name = function.__name__.strip("_").replace("_", "-")
        _MODELS.append(Model(name, source, spellings, values, tuple(wrt.split()), function))
        return function

    return add


def _normal(seed: int, *shape: int) -> Tensor:
    return np.random.default_rng(seed).normal(size=shape).round(3)


def _between(low: float, high: float, seed: int, *shape: int) -> Tensor:
    return np.random.default_rng(seed).uniform(low, high, size=shape).round(3)


def _positive(seed: int, *shape: int) -> Tensor:
    return _between(0.5, 2, seed, *shape)


def _definite(seed: int, n: int) -> Tensor:
    """A symmetric positive definite matrix."""
    root = _normal(seed, n, n)
    return np.asarray((root @ root.T / n + np.eye(n)).round(3))


def _floats(*numbers: float) -> Tensor:
    return np.array(numbers, dtype=np.float64)


def _indices(*numbers: int) -> Tensor:
    return np.array(numbers, dtype=np.int64)


def _squares(x: Array) -> Array:
    return jnp.vdot(x, x)


def _exponential(matrix: Array, start: Array) -> Array:
    """The exponential of a small matrix times a start, by its series."""

    def step(term: Array, k: Array) -> tuple[Array, Array]:
        term = matrix @ term / k
        return term, term

    return start + jnp.sum(jax.lax.scan(step, start, jnp.arange(1.0, 32))[1], axis=0)


def _logdet(matrix: Array) -> Array:
    return jnp.asarray(jnp.linalg.slogdet(matrix)[1])


# Quadratic functions and least squares


@_model(
    "quadratic function x'Ax, Laue et al. 2018",
    "x",
    "x@A@x",
    "einsum('i,ij,j', x, A, x)",
    "dot(x, A@x)",
    A=_normal(1, 4, 4),
    x=_normal(2, 4),
)
def _quadratic_form(A: Array, x: Array) -> Array:
    return jnp.sum(A * jnp.outer(x, x))


@_model(
    "x'Ax in the matrix and the vector",
    "A x",
    "x.T@A@x",
    "trace(A@outer(x, x))",
    A=_normal(3, 3, 3),
    x=_normal(4, 3),
)
def _quadratic_form_of_both(A: Array, x: Array) -> Array:
    pairs = product(range(3), repeat=2)
    return jnp.asarray(sum(x[i] * A[i, j] * x[j] for i, j in pairs))


@_model(
    "linear least squares, matrix cookbook",
    "x",
    "sum((A@x-b)**2)",
    "norm(A@x - b)^2",
    "r = A@x - b; dot(r, r)",
    A=_normal(5, 5, 3),
    x=_normal(6, 3),
    b=_normal(7, 5),
)
def _least_squares(A: Array, x: Array, b: Array) -> Array:
    return x @ A.T @ A @ x - 2 * b @ A @ x + b @ b


@_model(
    "weighted least squares",
    "x w",
    "(A@x - b)@diag(w)@(A@x - b)/2",
    "0.5*sum(w*(b - A@x)^2)",
    A=_normal(8, 5, 2),
    x=_normal(9, 2),
    b=_normal(10, 5),
    w=_positive(11, 5),
)
def _weighted_least_squares(A: Array, x: Array, b: Array, w: Array) -> Array:
    return 0.5 * _squares(jnp.sqrt(w) * (jnp.einsum("ij,j->i", A, x) - b))


@_model(
    "ridge regression, scikit-learn",
    "w lam",
    "sum((y - X@w)^2)/len(y) + lam*w@w",
    "mean((X@w - y)**2) + lam*norm(w)**2",
    X=_normal(12, 6, 3),
    y=_normal(13, 6),
    w=_normal(14, 3),
    lam=0.3,
)
def _ridge(X: Array, y: Array, w: Array, lam: Array) -> Array:
    rows = [(row @ w - label) ** 2 for row, label in zip(X, y, strict=True)]
    return jnp.mean(jnp.stack(rows)) + lam * _squares(w)


@_model(
    "linear regression with an intercept, multivariate",
    "W b",
    "norm(X@W + b - Y)**2/2",
    "sum((concatenate([X, ones((4,1))], axis=1)@concatenate([W, b[None,:]]) - Y)^2)/2",
    "R = Y - X@W - b; tr(R.T@R)/2",
    X=_normal(15, 4, 2),
    Y=_normal(16, 4, 3),
    W=_normal(17, 2, 3),
    b=_normal(18, 3),
)
def _multivariate_regression(X: Array, Y: Array, W: Array, b: Array) -> Array:
    columns = [_squares(X @ W[:, k] + b[k] - Y[:, k]) for k in range(3)]
    return sum(columns, jnp.zeros(())) / 2


@_model(
    "polynomial fit, numpy.vander",
    "c",
    "sum((x[:,None]**arange(4)@c - y)**2)",
    "sum((c[0] + x*(c[1] + x*(c[2] + x*c[3])) - y)**2)",
    x=_floats(-1.5, -0.75, 0.25, 0.5, 1.25, 2),
    y=_normal(19, 6),
    c=_normal(20, 4),
)
def _polynomial_fit(x: Array, y: Array, c: Array) -> Array:
    return _squares(jnp.polyval(c[::-1], x) - y)


@_model(
    "polynomial fit with a relative error, in the nodes, too",
    "x c",
    "sum((1 - (x[:,None]^arange(3))@c/y)^2)",
    "V = concatenate([x[:,None]**0, x[:,None], x[:,None]**2], axis=1); norm(1 - V@c/y)^2",
    x=_floats(0.5, 0.75, 1.25, 2),
    y=_positive(21, 4),
    c=_positive(22, 3),
)
def _polynomial_in_nodes(x: Array, y: Array, c: Array) -> Array:
    return _squares((c[0] + c[1] * x + c[2] * x * x) / y - 1)


@_model(
    "trust region model, Conn, Gould and Toint",
    "p",
    "f + g@p + p@B@p/2",
    "f + dot(g, p) + 0.5*sum(p*(B@p))",
    f=1.5,
    g=_normal(23, 4),
    B=_definite(24, 4),
    p=_normal(25, 4),
)
def _trust_region(f: Array, g: Array, B: Array, p: Array) -> Array:
    return f + jnp.vdot(g, p) + jnp.einsum("i,ij,j->", p, B, p) / 2


@_model(
    "cubic regularisation, Nesterov and Polyak",
    "p s",
    "g@p + p@B@p/2 + s/3*norm(p)^3",
    "dot(g, p) + einsum('i,ij,j->', p, B, p)/2 + s*(p@p)**1.5/3",
    g=_normal(26, 3),
    B=_definite(27, 3),
    p=_normal(28, 3),
    s=0.8,
)
def _cubic_regularisation(g: Array, B: Array, p: Array, s: Array) -> Array:
    return jnp.vdot(g, p) + jnp.vdot(p, B @ p) / 2 + s * jnp.sum(p * p) ** 1.5 / 3


@_model(
    "Rayleigh quotient",
    "x",
    "x@A@x/(x@x)",
    "dot(x, A@x)/norm(x)^2",
    "u = x/norm(x); u@A@u",
    A=_definite(29, 4),
    x=_normal(30, 4),
)
def _rayleigh_quotient(A: Array, x: Array) -> Array:
    return jnp.sum(A * jnp.outer(x, x)) / jnp.sum(x**2)


@_model(
    "generalised Rayleigh quotient, Fisher's discriminant",
    "w",
    "(w@(m - n))^2/(w@S@w)",
    "d = m - n; w@outer(d, d)@w/sum(w*(S@w))",
    m=_normal(31, 3),
    n=_normal(32, 3),
    S=_definite(33, 3),
    w=_normal(34, 3),
)
def _fisher_discriminant(m: Array, n: Array, S: Array, w: Array) -> Array:
    return jnp.vdot(w, m - n) ** 2 / jnp.einsum("i,ij,j->", w, S, w)


@_model(
    "principal components, reconstruction error",
    "W",
    "norm(X - X@W@W.T)**2",
    "R = X - einsum('ij,jk,lk->il', X, W, W); sum(R*R)",
    X=_normal(35, 5, 3),
    W=_normal(36, 3, 2),
)
def _reconstruction(X: Array, W: Array) -> Array:
    rows = [_squares(row - sum(W[:, k] * (W[:, k] @ row) for k in range(2))) for row in X]
    return sum(rows, jnp.zeros(()))


# Regression of labels and counts


@_model(
    "logistic regression, Laue et al. 2018",
    "w",
    "sum(log(exp(-y*(X@w))+1))",
    "sum(softplus(-y*(X@w)))",
    "-sum(log(sigmoid(y*(X@w))))",
    X=_normal(40, 6, 3),
    y=_floats(1, -1, 1, 1, -1, -1),
    w=_normal(41, 3),
)
def _logistic_regression(X: Array, y: Array, w: Array) -> Array:
    return -jnp.sum(jax.nn.log_sigmoid(y * jnp.einsum("ij,j->i", X, w)))


@_model(
    "logistic regression with labels 0 and 1 and a ridge",
    "w b",
    "p = sigmoid(X@w + b); -mean(t*log(p) + (1-t)*log(1-p)) + c/2*w@w",
    "z = X@w + b; (log(1 + exp(z)) - t*z).mean() + c*norm(w)^2/2",
    X=_normal(42, 6, 3),
    t=_floats(0, 1, 1, 0, 1, 0),
    w=_normal(43, 3),
    b=0.25,
    c=0.1,
)
def _cross_entropy(X: Array, t: Array, w: Array, b: Array, c: Array) -> Array:
    terms = [jnp.logaddexp(0, (1 - 2 * s) * (row @ w + b)) for row, s in zip(X, t, strict=True)]
    return jnp.mean(jnp.stack(terms)) + c / 2 * _squares(w)


@_model(
    "softmax regression, labels one-hot",
    "W",
    "-sum(Y*log_softmax(X@W, axis=1))",
    "sum(logsumexp(X@W, axis=1)) - sum(Y*(X@W))",
    "P = exp(X@W); sum(log(P.sum(1)) - (Y*(X@W)).sum(1))",
    X=_normal(44, 5, 2),
    Y=np.eye(3)[[0, 2, 1, 1, 0]],
    W=_normal(45, 2, 3),
)
def _softmax_regression(X: Array, Y: Array, W: Array) -> Array:
    return -jnp.sum(jnp.log(jnp.sum(Y * jax.nn.softmax(X @ W, axis=-1), axis=-1)))


@_model(
    "softmax regression, labels as indices, PyTorch cross_entropy",
    "W b",
    "-mean(log_softmax(X@W + b, dim=1)[arange(5), c])",
    "Z = X@W + b; mean(logsumexp(Z, axis=1) - sum(eye(3)[c]*Z, axis=1))",
    X=_normal(46, 5, 2),
    W=_normal(47, 2, 3),
    b=_normal(48, 3),
    c=_indices(0, 2, 1, 1, 0),
)
def _softmax_regression_of_indices(X: Array, W: Array, b: Array, c: Array) -> Array:
    scores = X @ W + b
    return jnp.mean(jnp.log(jnp.exp(scores).sum(1)) - jnp.sum(one_hot(c, 3) * scores, axis=1))


@_model(
    "Poisson regression, statsmodels",
    "w",
    "sum(exp(X@w) - y*(X@w) + loggamma(y+1))",
    "h = X@w; sum(exp(h)) - y@h + loggamma(y + 1).sum()",
    X=_normal(49, 6, 3),
    y=_floats(0, 2, 1, 3, 0, 5),
    w=_normal(50, 3),
)
def _poisson_regression(X: Array, y: Array, w: Array) -> Array:
    return -jnp.sum(stats.poisson.logpmf(y, jnp.exp(X @ w)))


@_model(
    "gamma regression with a log link",
    "w a",
    "sum(a*(y*exp(-X@w) + X@w) - a*log(a) - (a-1)*log(y) + loggamma(a))",
    "m = exp(X@w); -sum(a*log(a*y/m) - a*y/m - log(y) - log(gamma(a)))",
    X=_normal(51, 6, 2),
    y=_positive(52, 6),
    w=_normal(53, 2),
    a=2.5,
)
def _gamma_regression(X: Array, y: Array, w: Array, a: Array) -> Array:
    return -jnp.sum(stats.gamma.logpdf(y, a, scale=jnp.exp(X @ w) / a))


@_model(
    "negative binomial regression, MASS glm.nb",
    "w r",
    "m = exp(X@w); sum(loggamma(y+1) + loggamma(r) - loggamma(y+r) + (r+y)*log(r+m)"
    " - r*log(r) - y*log(m))",
    "h = X@w; -sum(loggamma(y + r) - loggamma(r) - loggamma(y + 1) + y*h)"
    " + sum((r + y)*logsumexp(log(r), h)) - len(y)*r*log(r)",
    X=_normal(54, 6, 2),
    y=_floats(0, 2, 1, 3, 0, 5),
    w=_normal(55, 2),
    r=1.75,
)
def _negative_binomial_regression(X: Array, y: Array, w: Array, r: Array) -> Array:
    mean = jnp.exp(X @ w)
    return -jnp.sum(stats.nbinom.logpmf(y, r, r / (r + mean)))


@_model(
    "probit regression",
    "w",
    "-sum(log(0.5*(1 + erf(y*(X@w)/sqrt(2)))))",
    "len(y)*log(2) - sum(log(1 - erf(-(y*(X@w))/2**0.5)))",
    X=_normal(56, 6, 3),
    y=_floats(1, -1, 1, 1, -1, -1),
    w=_normal(57, 3),
)
def _probit_regression(X: Array, y: Array, w: Array) -> Array:
    return -jnp.sum(stats.norm.logcdf(y * (X @ w)))


@_model(
    "complementary log-log regression",
    "w",
    "sum((1-t)*exp(X@w)) - sum(t*log(1 - exp(-exp(X@w))))",
    "h = exp(X@w); p = 1 - exp(-h); -(t@log(p) + (1 - t)@log(1 - p))",
    X=_normal(58, 5, 2),
    t=_floats(0, 1, 1, 0, 1),
    w=_normal(59, 2),
)
def _complementary_log_log(X: Array, t: Array, w: Array) -> Array:
    rate = jnp.exp(X @ w)
    return -jnp.sum(jnp.where(t > 0, jnp.log(-jnp.expm1(-rate)), -rate))


@_model(
    "proportional odds model, McCullagh 1980",
    "w c",
    "h = X@w; u = concatenate([sigmoid(c[0] - h)[:,None], sigmoid(c[1] - h)[:,None]], axis=1);"
    " -sum(Y[:,0]*log(u[:,0]) + Y[:,1]*log(u[:,1] - u[:,0]) + Y[:,2]*log(1 - u[:,1]))",
    "u = 1/(1 + exp(-(c - (X@w)[:,None]))); p = concatenate([u, ones((5,1))], axis=1)"
    " - concatenate([zeros((5,1)), u], axis=1); -sum(Y*log(p))",
    X=_normal(60, 5, 2),
    Y=np.eye(3)[[0, 2, 1, 1, 0]],
    w=_normal(61, 2),
    c=_floats(-0.5, 0.9),
)
def _proportional_odds(X: Array, Y: Array, w: Array, c: Array) -> Array:
    below = jax.nn.sigmoid(c[None, :] - (X @ w)[:, None])
    chances = jnp.stack([below[:, 0], below[:, 1] - below[:, 0], 1 - below[:, 1]], axis=1)
    return -jnp.sum(jnp.log(chances[jnp.arange(5), jnp.argmax(Y, axis=1)]))


@_model(
    "Huber regression",
    "w",
    "r = y - X@w; sum(where(abs(r) <= 1, r**2/2, abs(r) - 1/2))",
    "r = abs(X@w - y); m = min(r, 1); sum(m*(r - m/2))",
    X=_normal(62, 6, 2),
    y=_between(-3, 3, 63, 6),
    w=_normal(64, 2),
)
def _huber_regression(X: Array, y: Array, w: Array) -> Array:
    r = X @ w - y
    return jnp.sum(r**2 - jnp.maximum(jnp.abs(r) - 1, 0) ** 2) / 2


@_model(
    "pseudo-Huber regression, Charbonnier",
    "w d",
    "r = X@w - y; d^2*sum(sqrt(1 + (r/d)^2) - 1)",
    "sum(d*hypot(d, y - X@w) - d*d)",
    X=_normal(65, 6, 2),
    y=_normal(66, 6),
    w=_normal(67, 2),
    d=0.7,
)
def _pseudo_huber(X: Array, y: Array, w: Array, d: Array) -> Array:
    return jnp.sum(d * jnp.abs(d + 1j * (X @ w - y)) - d**2)


@_model(
    "Welsch and Cauchy losses, robust statistics",
    "w",
    "r = (X@w - y)/2; sum(1 - exp(-r**2)) + sum(log(1 + r**2))",
    "s = (y - X@w)^2/4; len(y) - sum(1/exp(s)) + log(prod(1 + s))",
    X=_normal(68, 6, 3),
    y=_normal(69, 6),
    w=_normal(70, 3),
)
def _welsch_and_cauchy(X: Array, y: Array, w: Array) -> Array:
    square = jnp.square(X @ w - y) / 4
    return -jnp.sum(jnp.expm1(-square)) + jnp.sum(jnp.log1p(square))


@_model(
    "Tukey's biweight regression",
    "w",
    "r = (X@w - y)/c; c^2/6*sum(where(abs(r) < 1, 1 - (1 - r^2)^3, 1))",
    "u = max(1 - ((y - X@w)/c)**2, 0); c*c*sum(1 - u**3)/6",
    X=_normal(71, 6, 2),
    y=_between(-4, 4, 72, 6),
    w=_normal(73, 2),
    c=3.0,
)
def _tukey_biweight(X: Array, y: Array, w: Array, c: Array) -> Array:
    u = jax.nn.relu(1 - jnp.square((X @ w - y) / c))
    return jnp.sum(c**2 / 6 * (1 - u * u * u))


@_model(
    "support vector machine, squared hinge loss, LIBLINEAR",
    "w",
    "w@w/2 + C*sum(relu(1 - y*(X@w))**2)",
    "m = y*(X@w); norm(w)^2/2 + C*sum(where(m < 1, (1 - m)^2, 0))",
    "dot(w, w)/2 + C*sum(maximum(0, 1 - y*(X@w))^2)",
    X=_normal(74, 6, 3),
    y=_floats(1, -1, 1, 1, -1, -1),
    w=_normal(75, 3),
    C=0.5,
)
def _squared_hinge(X: Array, y: Array, w: Array, C: Array) -> Array:
    losses = [jnp.maximum(1 - label * (row @ w), 0) ** 2 for row, label in zip(X, y, strict=True)]
    return _squares(w) / 2 + C * sum(losses)


@_model(
    "Student t regression",
    "w s n",
    "r = (y - X@w)/s; (n+1)/2*sum(log(1 + r**2/n)) + len(y)*(log(s) + log(n*pi)/2"
    " + loggamma(n/2) - loggamma((n+1)/2))",
    "-sum(loggamma((n + 1)/2) - loggamma(n/2) - 0.5*log(pi*n*s^2)"
    " - (n + 1)/2*log(1 + (X@w - y)^2/(n*s^2)))",
    X=_normal(76, 6, 2),
    y=_normal(77, 6),
    w=_normal(78, 2),
    s=0.75,
    n=4.0,
)
def _student_t_regression(X: Array, y: Array, w: Array, s: Array, n: Array) -> Array:
    return -jnp.sum(stats.t.logpdf(y, n, loc=X @ w, scale=s))


@_model(
    "expectile regression, Newey and Powell",
    "w",
    "r = y - X@w; sum(where(r > 0, q, 1 - q)*r**2)",
    "sum(q*relu(y - X@w)^2 + (1 - q)*relu(X@w - y)^2)",
    X=_normal(79, 6, 2),
    y=_normal(80, 6),
    w=_normal(81, 2),
    q=0.8,
)
def _expectile_regression(X: Array, y: Array, w: Array, q: Array) -> Array:
    r = X @ w - y
    return jnp.sum(jnp.abs(jnp.heaviside(r, 0.5) - q) * r * r)


# Likelihoods


@_model(
    "multivariate normal likelihood in mean and covariance",
    "m S",
    "(x-m)@inv(S)@(x-m)/2 + logdet(S)/2 + len(x)*log(2*pi)/2",
    "r = x - m; (dot(r, solve(S, r)) + log(det(2*pi*S)))/2",
    x=_normal(90, 3),
    m=_normal(91, 3),
    S=_definite(92, 3),
)
def _normal_likelihood(x: Array, m: Array, S: Array) -> Array:
    form = jnp.sum(jnp.linalg.inv(S) * jnp.outer(x - m, x - m))
    return jnp.asarray(form + _logdet(S) + 3 * np.log(2 * np.pi)) / 2


@_model(
    "multivariate normal sample in the covariance alone",
    "S",
    "n = len(X); n/2*logdet(S) + trace(inv(S)@X.T@X)/2",
    "4*log(det(S))/2 + sum(X.T*solve(S, X.T))/2",
    X=_normal(93, 4, 2),
    S=_definite(94, 2),
)
def _normal_covariance(X: Array, S: Array) -> Array:
    (a, b), (c, d) = S
    cofactors = jnp.array([[d, -b], [-c, a]])
    size = a * d - b * c
    forms = sum(row @ cofactors @ row for row in X)
    return jnp.asarray(2 * jnp.log(size) + forms / size / 2)


@_model(
    "multivariate normal likelihood in the Cholesky factor, Stan",
    "L",
    "sum(solve(L, (X - m).T)**2)/2 + len(X)*sum(log(diag(L)))",
    "Z = (X - m)@inv(L).T; trace(Z@Z.T)/2 + len(X)*log(prod(diag(L)))",
    X=_normal(95, 4, 3),
    m=_normal(96, 3),
    L=np.array([[1.2, 0, 0], [0.3, 0.9, 0], [-0.4, 0.5, 1.5]]),
)
def _normal_cholesky_factor(X: Array, m: Array, L: Array) -> Array:
    precision = jnp.linalg.inv(L @ L.T)
    forms = [(row - m) @ precision @ (row - m) for row in X]
    return sum(forms, jnp.zeros(())) / 2 + 4 * jnp.log(L[0, 0] * L[1, 1] * L[2, 2])


@_model(
    "graphical lasso without the lasso, Friedman et al. 2008",
    "P",
    "trace(S@P) - logdet(P)",
    "sum(S*P.T) - log(det(P))",
    "einsum('ij,ji->', S, P) + logdet(inv(P))",
    S=_definite(97, 3),
    P=_definite(98, 3),
)
def _inverse_covariance(S: Array, P: Array) -> Array:
    return jnp.vdot(S.T, P) - _logdet(P)


@_model(
    "multivariate Student t, in location and scale",
    "m S",
    "(n + len(x))/2*log(1 + (x-m)@solve(S, x-m)/n) + logdet(S)/2",
    "d = einsum('i,ij,j', x - m, inv(S), x - m); log(det(S)*(1 + d/n)^(n + 2))/2",
    x=_normal(99, 2),
    m=_normal(100, 2),
    S=_definite(101, 2),
    n=5.0,
)
def _multivariate_student(x: Array, m: Array, S: Array, n: Array) -> Array:
    (a, b), (c, d) = S
    u, v = x - m
    size = a * d - b * c
    return (n + 2) / 2 * jnp.log(1 + (d * u * u - (b + c) * u * v + a * v * v) / size / n) + (
        jnp.log(size) / 2
    )


@_model(
    "Gaussian process marginal likelihood, Rasmussen and Williams",
    "s l t",
    "K = s**2*exp(-D/(2*l**2)) + t**2*eye(4); y@solve(K,y)/2 + logdet(K)/2",
    "K = s^2*exp(-D/l^2/2) + diag(t^2*ones(4)); (y@inv(K)@y + log(det(K)))/2",
    D=np.array([[0, 1, 4, 9], [1, 0, 1, 4], [4, 1, 0, 1], [9, 4, 1, 0]]) / 4,
    y=_normal(102, 4),
    s=1.25,
    l=0.8,
    t=0.3,
)
def _gaussian_process(D: Array, y: Array, s: Array, t: Array, **other: Array) -> Array:
    kernel = s**2 * jnp.exp(-0.5 * D / other["l"] ** 2) + t**2 * jnp.eye(4)
    factor = jnp.linalg.cholesky(kernel)
    return _squares(jnp.linalg.solve(factor, y)) / 2 + jnp.sum(jnp.log(jnp.diag(factor)))


@_model(
    "Gaussian process with a kernel of lengths, in the inputs (GPLVM)",
    "X h",
    "K = exp(-sum(((X[:,None,:] - X[None,:,:])/h)**2, axis=2)/2) + 0.1*eye(4);"
    " (y@solve(K, y) + logdet(K))/2",
    "Z = X/h; G = Z@Z.T; K = exp(G - diag(G)/2 - diag(G)[:,None]/2) + eye(4)/10;"
    " y@inv(K)@y/2 + logdet(K)/2",
    X=_normal(103, 4, 2),
    h=_positive(104, 2),
    y=_normal(105, 4),
)
def _gaussian_process_inputs(X: Array, h: Array, y: Array) -> Array:
    rows = [[jnp.exp(-_squares((u - v) / h) / 2) for v in X] for u in X]
    kernel = jnp.array(rows) + jnp.diag(jnp.full(4, 0.1))
    return jnp.asarray(y @ jnp.linalg.inv(kernel) @ y + _logdet(kernel)) / 2


@_model(
    "Gaussian process, periodic kernel and mean",
    "m s p",
    "d = x[:,None] - x; K = exp(-2*sin(pi*d/p)**2) + s^2*eye(len(x));"
    " (y-m)@solve(K, y-m)/2 + logdet(K)/2",
    "K = exp(cos(2*pi*(x - x[:,None])/p) - 1) + diag(s^2 + zeros(4)); r = y - m;"
    " (r@inv(K)@r + logdet(K))/2",
    x=_floats(0, 0.4, 1.1, 1.7),
    y=_normal(106, 4),
    m=0.2,
    s=0.5,
    p=2.3,
)
def _periodic_gaussian_process(x: Array, y: Array, m: Array, s: Array, p: Array) -> Array:
    angles = jnp.subtract.outer(x, x) * jnp.pi / p
    kernel = jnp.exp(-2 * jnp.sin(angles) ** 2) + s**2 * jnp.eye(4)
    return jnp.asarray((y - m) @ jnp.linalg.inv(kernel) @ (y - m) + _logdet(kernel)) / 2


@_model(
    "kernel ridge regression",
    "a l",
    "K = exp(-(x[:,None] - x)**2/(2*l**2)); sum((K@a - y)**2) + c*a@K@a",
    "K = exp(-0.5*((x[:,None] - x[None,:])/l)^2); norm(y - K@a)^2 + c*einsum('i,ij,j', a, K, a)",
    x=_floats(-1, -0.2, 0.5, 1.4),
    y=_normal(107, 4),
    a=_normal(108, 4),
    l=0.9,
    c=0.2,
)
def _kernel_ridge(x: Array, y: Array, a: Array, c: Array, **other: Array) -> Array:
    kernel = jnp.array([[jnp.exp(-(((u - v) / other["l"]) ** 2) / 2) for v in x] for u in x])
    return _squares(kernel @ a - y) + c * jnp.vdot(a, kernel @ a)


@_model(
    "maximum mean discrepancy, Gretton et al. 2012",
    "X l",
    "mean(exp(-sum((X[:,None,:]-X[None,:,:])**2, axis=2)/(2*l**2)))"
    " - 2*mean(exp(-sum((X[:,None,:]-Y[None,:,:])**2, axis=2)/(2*l**2)))",
    "a = sum(X^2, axis=1); b = sum(Y^2, axis=1);"
    " exp((2*X@X.T - a - a[:,None])/(2*l^2)).mean()"
    " - 2*exp((2*X@Y.T - b - a[:,None])/(2*l^2)).mean()",
    X=_normal(109, 3, 2),
    Y=_normal(110, 4, 2),
    l=1.1,
)
def _mean_discrepancy(X: Array, Y: Array, **other: Array) -> Array:
    def kernel(u: Array, v: Array) -> Array:
        return jnp.exp(-_squares(u - v) / (2 * other["l"] ** 2))

    def average(A: Array, B: Array) -> Array:
        return jnp.mean(jax.vmap(lambda u: jax.vmap(lambda v: kernel(u, v))(B))(A))

    return average(X, X) - 2 * average(X, Y)


# Factorisations and other functions of matrices


@_model(
    "matrix factorisation, Laue et al. 2018",
    "U V",
    "norm(T - U@V.T)^2",
    "sum((T-U@V.T)**2)",
    "R = T - einsum('ik,jk->ij', U, V); trace(R.T@R)",
    T=_normal(120, 4, 3),
    U=_normal(121, 4, 2),
    V=_normal(122, 3, 2),
)
def _matrix_factorisation(T: Array, U: Array, V: Array) -> Array:
    errors = [(T[i, j] - jnp.vdot(U[i], V[j])) ** 2 for i in range(4) for j in range(3)]
    return sum(errors, jnp.zeros(()))


@_model(
    "recommender system, Koren et al. 2009",
    "U V",
    "sum((r - sum(U[i]*V[j], axis=1))**2) + c*(norm(U)^2 + norm(V)^2)",
    "sum((r - einsum('nk,nk->n', U[i], V[j]))^2) + c*sum(U**2) + c*sum(V**2)",
    "d = diag(U[i]@V[j].T) - r; d@d + c*(trace(U@U.T) + trace(V.T@V))",
    r=_floats(5, 3, 4, 1, 2),
    U=_normal(123, 3, 2),
    V=_normal(124, 4, 2),
    i=_indices(0, 0, 1, 2, 2),
    j=_indices(1, 3, 0, 2, 1),
    c=0.2,
)
def _recommender(r: Array, U: Array, V: Array, i: Array, j: Array, c: Array) -> Array:
    cells = zip(r, i, j, strict=True)
    loss = sum((rating - U[row] @ V[column]) ** 2 for rating, row, column in cells)
    return jnp.asarray(loss + c * (jnp.sum(U * U) + jnp.sum(V * V)))


@_model(
    "weighted nonnegative factorisation, Lee and Seung",
    "W H",
    "sum(M*(X - W@H)**2)/2",
    "norm(sqrt(M)*(X - sum(W[:,:,None]*H, axis=1)))^2/2",
    M=_positive(125, 3, 3),
    X=_positive(126, 3, 3),
    W=_positive(127, 3, 2),
    H=_positive(128, 2, 3),
)
def _nonnegative_factorisation(M: Array, X: Array, W: Array, H: Array) -> Array:
    return jnp.einsum("ij,ij,ij->", M, X - W @ H, X - W @ H) / 2


@_model(
    "nonnegative factorisation, divergence of Kullback and Leibler",
    "W H",
    "sum(X*log(X/(W@H)) - X + W@H)",
    "P = einsum('ik,kj->ij', W, H); sum(P - X) + sum(X*(log(X) - log(P)))",
    X=_positive(129, 3, 4),
    W=_positive(130, 3, 2),
    H=_positive(131, 2, 4),
)
def _divergence_factorisation(X: Array, W: Array, H: Array) -> Array:
    return jnp.sum(jax.scipy.special.kl_div(X, W @ H))


@_model(
    "square root of a matrix, CUTE MSQRTA",
    "X",
    "norm(X@X - A)^2",
    "sum((A - einsum('ij,jk', X, X))**2)",
    A=_definite(132, 3),
    X=_normal(133, 3, 3),
)
def _matrix_square_root(A: Array, X: Array) -> Array:
    columns = [_squares(X @ (X @ unit) - A @ unit) for unit in jnp.eye(3)]
    return sum(columns, jnp.zeros(()))


@_model(
    "Sylvester's equation as least squares",
    "X",
    "norm(A@X - X@B - C)**2",
    "R = matmul(X, B) + C - matmul(A, X); trace(R@transpose(R))",
    A=_normal(134, 2, 2),
    B=_normal(135, 3, 3),
    C=_normal(136, 2, 3),
    X=_normal(137, 2, 3),
)
def _sylvester(A: Array, B: Array, C: Array, X: Array) -> Array:
    system = jnp.kron(A, jnp.eye(3)) - jnp.kron(jnp.eye(2), B.T)
    return _squares(system @ X.ravel() - C.ravel())


@_model(
    "trace of a quadratic matrix form, matrix cookbook",
    "X",
    "trace(A@X@B@X.T)",
    "einsum('ij,jk,kl,il->', A, X, B, X)",
    "sum(A.T*(X@B@X.T))",
    A=_normal(138, 2, 2),
    X=_normal(139, 2, 3),
    B=_normal(140, 3, 3),
)
def _quadratic_trace(A: Array, X: Array, B: Array) -> Array:
    x = X.ravel()
    return jnp.vdot(x, jnp.kron(A, B.T) @ x)


@_model(
    "quadratic form of a Kronecker product",
    "A B X",
    "einsum('ij,kl,ik,jl', A, B, X, X)",
    "tr(A@X@B.T@X.T)",
    A=_normal(141, 2, 2),
    B=_normal(142, 2, 2),
    X=_normal(143, 2, 2),
)
def _kronecker_form(A: Array, B: Array, X: Array) -> Array:
    return X.ravel() @ jnp.kron(A, B) @ X.ravel()


@_model(
    "bilinear form",
    "u A v",
    "u@A@v",
    "sum(outer(u, v)*A)",
    "einsum('i,ij,j', u, A, v)",
    u=_normal(144, 2),
    A=_normal(145, 2, 3),
    v=_normal(146, 3),
)
def _bilinear_form(u: Array, A: Array, v: Array) -> Array:
    return jnp.asarray(sum(u[i] * A[i, j] * v[j] for i in range(2) for j in range(3)))


@_model(
    "determinant of a small matrix",
    "X",
    "det(X)",
    "X[0,0]*(X[1,1]*X[2,2] - X[1,2]*X[2,1]) - X[0,1]*(X[1,0]*X[2,2] - X[1,2]*X[2,0])"
    " + X[0,2]*(X[1,0]*X[2,1] - X[1,1]*X[2,0])",
    X=_normal(147, 3, 3),
)
def _determinant(X: Array) -> Array:
    return jnp.vdot(X[0], jnp.cross(X[1], X[2]))


@_model(
    "squared volume of a simplex, Gram's determinant",
    "P",
    "E = P[1:] - P[0]; det(E@E.T)/36",
    "E = P[1:] - P[:1]; exp(logdet(E@transpose(E)))/6^2",
    P=_normal(148, 4, 3),
)
def _simplex_volume(P: Array) -> Array:
    a, b, c = P[1] - P[0], P[2] - P[0], P[3] - P[0]
    return (jnp.vdot(a, jnp.cross(b, c)) / 6) ** 2


@_model(
    "trace of an inverse, matrix cookbook",
    "X",
    "trace(inv(X)@A)",
    "tr(solve(X, A))",
    "sum(inv(X).T*A)",
    X=_definite(149, 3),
    A=_normal(150, 3, 3),
)
def _inverse_trace(X: Array, A: Array) -> Array:
    cofactors = jnp.stack([jnp.cross(X[1], X[2]), jnp.cross(X[2], X[0]), jnp.cross(X[0], X[1])])
    return jnp.sum(cofactors * A) / jnp.vdot(X[0], cofactors[0])


@_model(
    "CP decomposition, Kolda and Bader 2009",
    "A B C",
    "sum((T - einsum('ir,jr,kr->ijk', A, B, C))**2)",
    "sum((T - sum(A[:,None,None,:]*B[None,:,None,:]*C, axis=3))^2)",
    T=_normal(151, 2, 2, 3),
    A=_normal(152, 2, 2),
    B=_normal(153, 2, 2),
    C=_normal(154, 3, 2),
)
def _cp_decomposition(T: Array, A: Array, B: Array, C: Array) -> Array:
    parts = [jnp.multiply.outer(jnp.outer(A[:, r], B[:, r]), C[:, r]) for r in range(2)]
    return jnp.sum((T - parts[0] - parts[1]) ** 2)


@_model(
    "Tucker decomposition",
    "G A",
    "sum((T - einsum('pqr,ip,jq,kr->ijk', G, A, B, C))**2)",
    "H = einsum('pqr,ip->iqr', G, A); norm(T - einsum('iqr,jq,kr->ijk', H, B, C))^2",
    T=_normal(155, 2, 3, 3),
    G=_normal(156, 2, 2, 2),
    A=_normal(157, 2, 2),
    B=_normal(158, 3, 2),
    C=_normal(159, 3, 2),
)
def _tucker_decomposition(T: Array, G: Array, A: Array, B: Array, C: Array) -> Array:
    flat = A @ G.reshape(2, 4) @ jnp.kron(B, C).T
    return jnp.sum((T.reshape(2, 9) - flat) ** 2)


@_model(
    "symmetric tensor on a sphere, higher-order power method",
    "x",
    "einsum('ijk,i,j,k', T, x, x, x)/norm(x)**3",
    "u = x/sqrt(x@x); u@(T@u)@u",
    "u = x/norm(x); sum(T*u[:,None,None]*u[:,None]*u)",
    T=_normal(160, 3, 3, 3),
    x=_normal(161, 3),
)
def _tensor_power(T: Array, x: Array) -> Array:
    terms = [T[i, j, k] * x[i] * x[j] * x[k] for i, j, k in product(range(3), repeat=3)]
    return jnp.asarray(sum(terms) / jnp.sum(x**2) ** 1.5)


# Barriers and convex programs


@_model(
    "log-sum-exp of an affine map, geometric programming",
    "x",
    "logsumexp(A@x + b)",
    "log(sum(exp(A@x + b)))",
    "z = A@x + b; m = max(z); m + log(sum(exp(z - m)))",
    A=_normal(170, 5, 3),
    b=_normal(171, 5),
    x=_normal(172, 3),
)
def _log_sum_exp(A: Array, b: Array, x: Array) -> Array:
    return jnp.asarray(reduce(jnp.logaddexp, list(A @ x + b)))


@_model(
    "log-sum-exp of the columns of a product",
    "A B",
    "sum(logsumexp(A@B, axis=0))",
    "log(prod(exp(A@B).sum(axis=0)))",
    "sum(log(sum(exp(B.T@A.T), dim=1)))",
    A=_normal(173, 3, 2),
    B=_normal(174, 2, 4),
)
def _log_sum_exp_of_product(A: Array, B: Array) -> Array:
    columns = [jax.nn.logsumexp(A @ B[:, j]) for j in range(4)]
    return jnp.asarray(sum(columns))


@_model(
    "analytic centre, Boyd and Vandenberghe 9.30",
    "x",
    "-sum(log(1 - A@x)) - sum(log(1 - x**2))",
    "-log(prod(1 - A@x)) - sum(log(1 - x)) - sum(log(1 + x))",
    A=_between(-0.5, 0.5, 175, 5, 3),
    x=_between(-0.6, 0.6, 176, 3),
)
def _analytic_centre(A: Array, x: Array) -> Array:
    rows = jnp.stack([1 - row @ x for row in A])
    return -jnp.log(jnp.prod(rows) * jnp.prod(1 - x * x))


@_model(
    "log barrier of a linear program",
    "x",
    "t*c@x - sum(log(b - A@x)) - sum(log(x))",
    "t*dot(c, x) - log(concatenate([b - A@x, x])).sum()",
    t=5.0,
    c=_normal(177, 3),
    A=_between(0, 0.5, 178, 4, 3),
    b=_between(3, 4, 179, 4),
    x=_positive(180, 3),
)
def _linear_program_barrier(t: Array, c: Array, A: Array, b: Array, x: Array) -> Array:
    return t * jnp.vdot(c, x) - jnp.log(jnp.prod(b - A @ x) * jnp.prod(x))


@_model(
    "barrier of a second-order cone",
    "x t",
    "-log(t**2 - x@x)",
    "-log(t - norm(x)) - log(t + norm(x))",
    x=_between(-0.5, 0.5, 181, 3),
    t=1.4,
)
def _cone_barrier(x: Array, t: Array) -> Array:
    return -jnp.log(t * t - x[0] ** 2 - x[1] ** 2 - x[2] ** 2)


@_model(
    "log-det barrier of a linear matrix inequality",
    "x",
    "-logdet(G + x[0]*F[0] + x[1]*F[1])",
    "-log(det(G + einsum('k,kij->ij', x, F)))",
    "-logdet(G + sum(x[:,None,None]*F, axis=0))",
    G=3 * np.eye(3),
    F=np.array([[[1, 0.5, 0], [0.5, -1, 0.2], [0, 0.2, 0.3]], [[0, 1, 0], [1, 0, 1], [0, 1, 1.0]]]),
    x=_floats(0.4, -0.3),
)
def _matrix_inequality(G: Array, F: Array, x: Array) -> Array:
    matrix = G + x[0] * F[0] + x[1] * F[1]
    return -2 * jnp.sum(jnp.log(jnp.diag(jnp.linalg.cholesky(matrix))))


@_model(
    "minimum volume ellipsoid, Khachiyan's barrier",
    "A b",
    "-logdet(A) - sum(log(1 - sum((X@A.T + b)**2, axis=1)))",
    "-log(det(A)) - sum(log(1 - norm(X@A.T + b, axis=1)^2))",
    "R = A@X.T + b[:,None]; -logdet(A) - log(prod(1 - diag(R.T@R)))",
    X=_between(-1, 1, 182, 5, 2),
    A=np.array([[0.5, 0.1], [0.05, 0.4]]),
    b=_floats(0.1, -0.05),
)
def _ellipsoid(X: Array, A: Array, b: Array) -> Array:
    walls = jnp.stack([1 - _squares(A @ row + b) for row in X])
    return -jnp.log((A[0, 0] * A[1, 1] - A[0, 1] * A[1, 0]) * jnp.prod(walls))


@_model(
    "D-optimal design of experiments",
    "w",
    "-logdet(X.T@diag(w)@X)",
    "-log(det((w[:,None]*X).T@X))",
    "-logdet(einsum('n,ni,nj->ij', w, X, X))",
    X=_normal(183, 5, 2),
    w=_positive(184, 5),
)
def _d_optimal_design(X: Array, w: Array) -> Array:
    minors = [
        w[i] * w[j] * (X[i, 0] * X[j, 1] - X[i, 1] * X[j, 0]) ** 2
        for i, j in combinations(range(5), 2)
    ]
    return -jnp.log(jnp.asarray(sum(minors)))


@_model(
    "A-optimal design of experiments",
    "w",
    "trace(inv(X.T@(w[:,None]*X)))",
    "M = einsum('n,ni,nj->ij', w, X, X); tr(solve(M, eye(2)))",
    X=_normal(185, 5, 2),
    w=_positive(186, 5),
)
def _a_optimal_design(X: Array, w: Array) -> Array:
    a, b, d = w @ X[:, 0] ** 2, w @ (X[:, 0] * X[:, 1]), w @ X[:, 1] ** 2
    return (a + d) / (a * d - b**2)


@_model(
    "c-optimal design of experiments",
    "w",
    "c@solve(X.T@diag(w)@X, c)",
    "dot(c, inv((X.T*w)@X)@c)",
    X=_normal(187, 4, 3),
    w=_positive(188, 4),
    c=_normal(189, 3),
)
def _c_optimal_design(X: Array, w: Array, c: Array) -> Array:
    information = sum(weight * jnp.outer(row, row) for weight, row in zip(w, X, strict=True))
    return jnp.sum(jnp.outer(c, c) * jnp.linalg.inv(information))


@_model(
    "relative entropy, CVXPY kl_div",
    "p q",
    "sum(p*log(p/q) - p + q)",
    "dot(p, log(p) - log(q)) - sum(p) + sum(q)",
    p=_positive(190, 4),
    q=_positive(191, 4),
)
def _relative_entropy(p: Array, q: Array) -> Array:
    return jnp.sum(jax.scipy.special.kl_div(p, q))


@_model(
    "maximum entropy with linear constraints, dual",
    "v",
    "logsumexp(-A.T@v) + b@v",
    "log(sum(exp(-(v@A)))) + sum(b*v)",
    A=_normal(192, 2, 5),
    b=_normal(193, 2),
    v=_normal(194, 2),
)
def _maximum_entropy(A: Array, b: Array, v: Array) -> Array:
    weights = [jnp.exp(-jnp.vdot(A[:, k], v)) for k in range(5)]
    return jnp.log(jnp.asarray(sum(weights))) + jnp.vdot(b, v)


@_model(
    "entropic optimal transport, dual, Peyré and Cuturi",
    "f g",
    "c*sum(exp((f[:,None] + g - C)/c)) - a@f - b@g",
    "K = exp(-C/c); c*exp(f/c)@K@exp(g/c) - sum(a*f) - sum(b*g)",
    C=_positive(195, 3, 4),
    a=_floats(0.2, 0.5, 0.3),
    b=_floats(0.1, 0.4, 0.25, 0.25),
    f=_between(-0.5, 0.5, 196, 3),
    g=_between(-0.5, 0.5, 197, 4),
    c=0.6,
)
def _transport_dual(C: Array, a: Array, b: Array, f: Array, g: Array, c: Array) -> Array:
    plan = [jnp.exp((f[i] + g[j] - C[i, j]) / c) for i in range(3) for j in range(4)]
    return jnp.asarray(c * sum(plan) - jnp.vdot(a, f) - jnp.vdot(b, g))


@_model(
    "entropic optimal transport, semi-dual, Genevay et al. 2016",
    "g c",
    "c*a@logsumexp((g - C)/c, axis=1) - b@g",
    "sum(a*log(sum(exp((g - C)/c), axis=1)))*c - dot(b, g)",
    C=_positive(198, 3, 4),
    a=_floats(0.2, 0.5, 0.3),
    b=_floats(0.1, 0.4, 0.25, 0.25),
    g=_between(-0.5, 0.5, 199, 4),
    c=0.5,
)
def _transport_semi_dual(C: Array, a: Array, b: Array, g: Array, c: Array) -> Array:
    rows = [
        weight * c * reduce(jnp.logaddexp, list((g - row) / c))
        for weight, row in zip(a, C, strict=True)
    ]
    return jnp.asarray(sum(rows) - jnp.vdot(b, g))


@_model(
    "entropic optimal transport, objective after two steps of Sinkhorn",
    "C",
    "K = exp(-C/0.5); v = b/(K.T@(a/(K@ones(3)))); u = a/(K@v); P = diag(u)@K@diag(v); sum(P*C)",
    "K = exp(-2*C); r = a/K.sum(1); v = b/(r@K); u = a/(K@v); einsum('i,ij,ij,j->', u, K, C, v)",
    C=_positive(200, 3, 3),
    a=_floats(0.2, 0.5, 0.3),
    b=_floats(0.4, 0.35, 0.25),
)
def _sinkhorn(C: Array, a: Array, b: Array) -> Array:
    g = jnp.zeros(3)
    for k in range(2):
        f = jnp.log(a) - jax.nn.logsumexp(g[None, :] - 2 * C, axis=1)
        g = jnp.log(b) - jax.nn.logsumexp(f[:, None] - 2 * C, axis=0) if k == 0 else g
    return jnp.sum(jnp.exp(f[:, None] + g[None, :] - 2 * C) * C)


@_model(
    "risk parity portfolio, Spinu 2013",
    "w",
    "w@S@w/2 - b@log(w)",
    "0.5*einsum('i,ij,j', w, S, w) - log(prod(w**b))",
    S=_definite(201, 4),
    b=_floats(0.25, 0.25, 0.3, 0.2),
    w=_positive(202, 4),
)
def _risk_parity(S: Array, b: Array, w: Array) -> Array:
    return jnp.sum(S * jnp.outer(w, w)) / 2 - jnp.sum(jax.scipy.special.xlogy(b, w))


@_model(
    "portfolio of greatest growth, Kelly and Cover",
    "w",
    "-sum(log(1 + R@w))",
    "-log(prod(1 + R@w))",
    R=_between(-0.3, 0.4, 203, 6, 3),
    w=_between(0, 0.5, 204, 3),
)
def _growth_portfolio(R: Array, w: Array) -> Array:
    return -jnp.asarray(sum(jnp.log1p(jnp.vdot(row, w)) for row in R))


@_model(
    "Sharpe ratio of softmax weights",
    "z",
    "w = softmax(z); -(m@w - f)/sqrt(w@S@w)",
    "p = exp(z); (f - m@p/sum(p))*sum(p)/sqrt(p@S@p)",
    "w = exp(log_softmax(z)); (f - sum(m*w))*(w@S@w)**-0.5",
    m=_between(0.01, 0.2, 205, 3),
    S=_definite(206, 3),
    f=0.02,
    z=_normal(207, 3),
)
def _sharpe_ratio(m: Array, S: Array, f: Array, z: Array) -> Array:
    p = jnp.exp(z)
    return (jnp.sum(p) * f - jnp.vdot(m, p)) / jnp.sqrt(jnp.sum(S * jnp.outer(p, p)))


@_model(
    "expected utility of constant risk aversion",
    "w g",
    "mean((1 + R@w)**(1 - g))/(1 - g)",
    "c = 1 - g; exp(c*log(1 + R@w)).sum()/(len(R)*c)",
    R=_between(-0.3, 0.4, 208, 5, 3),
    w=_between(0, 0.5, 209, 3),
    g=2.5,
)
def _risk_aversion(R: Array, w: Array, g: Array) -> Array:
    powers = jnp.stack([jnp.power(1 + row @ w, 1 - g) for row in R])
    return jnp.mean(powers) / (1 - g)


# Test functions of optimisation


@_model(
    "chained Rosenbrock function, Toint 1978",
    "x",
    "sum(100*(x[1:] - x[:-1]**2)**2 + (1 - x[:-1])**2)",
    "i = arange(len(x) - 1); sum(100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)",
    x=_floats(-1.2, 1, -1.2, 1, 0.5),
)
def _rosenbrock_chain(x: Array) -> Array:
    terms = [100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in pairwise(x)]
    return jnp.asarray(sum(terms))


@_model(
    "extended Rosenbrock function, CUTE EXTROSNB",
    "x",
    "100*norm(x[1::2] - x[::2]^2)^2 + norm(1 - x[::2])^2",
    "i = 2*arange(3); o = x[i]; sum(100*(x[i+1] - o*o)**2 + (1 - o)**2)",
    x=_floats(-1.2, 1, 0.75, 0.5, 1.1, 1.2),
)
def _extended_rosenbrock(x: Array) -> Array:
    pairs = x.reshape(3, 2)
    return 100 * _squares(pairs[:, 1] - pairs[:, 0] ** 2) + _squares(1 - pairs[:, 0])


@_model(
    "Broyden's tridiagonal function, CUTE BROYDN3D",
    "x",
    "a = concatenate([zeros(1), x[:-1]]); c = concatenate([x[1:], zeros(1)]);"
    " sum(((3 - 2*x)*x - a - 2*c + 1)**2)",
    "z = concatenate([zeros(1), x, zeros(1)]); u = z[1:-1];"
    " norm(3*u - 2*u^2 - z[:-2] - 2*z[2:] + 1)^2",
    x=_normal(220, 5),
)
def _broyden_tridiagonal(x: Array) -> Array:
    shift = jnp.eye(5, k=-1) + 2 * jnp.eye(5, k=1)
    return _squares(3 * x - 2 * x**2 - shift @ x + 1)


@_model(
    "arrow head, CUTE ARWHEAD",
    "x",
    "sum((x[:-1]**2 + x[-1]**2)**2 - 4*x[:-1] + 3)",
    "y = x[:4]; sum((y*y + x[4]*x[4])^2) - 4*sum(y) + 3*len(y)",
    x=_normal(221, 5),
)
def _arrow_head(x: Array) -> Array:
    return jnp.asarray(sum((x[i] ** 2 + x[4] ** 2) ** 2 - 4 * x[i] + 3 for i in range(4)))


@_model(
    "CUTE DIXMAANF",
    "x",
    "1 + sum((arange(6)+1)/6*x**2) + sum(x[:-1]**2*(x[1:] + x[1:]**2)**2)/16"
    " + sum(x[:4]^2*x[2:]^4)/8 + sum((arange(2)+1)/6*x[:2]*x[4:])/8",
    "i = arange(6); k = i[:-2]; 1 + (i + 1)@x**2/6"
    " + norm(x[i[:5]]*(x[i[1:]] + x[i[1:]]**2))^2/16"
    " + 0.125*norm(x[k]*x[k+2]**2)^2 + 0.125*einsum('i,i,i', (i[:2] + 1)/6, x[:2], x[-2:])",
    x=_normal(222, 6),
)
def _dixmaan(x: Array) -> Array:
    total = 1 + jnp.asarray(sum((i + 1) / 6 * x[i] ** 2 for i in range(6)))
    total += sum(x[i] ** 2 * (x[i + 1] + x[i + 1] ** 2) ** 2 for i in range(5)) / 16
    total += sum(x[i] ** 2 * x[i + 2] ** 4 for i in range(4)) / 8
    return total + sum((i + 1) / 6 * x[i] * x[i + 4] for i in range(2)) / 8


@_model(
    "CUTE TRIDIA",
    "x",
    "(x[0] - 1)**2 + sum((arange(4) + 2)*(2*x[1:] - x[:-1])**2)",
    "i = arange(4); (1 - x[0])^2 + (i + 2)@(x[i] - 2*x[i+1])^2",
    x=_normal(223, 5),
)
def _tridia(x: Array) -> Array:
    terms = [(i + 1) * (2 * x[i] - x[i - 1]) ** 2 for i in range(1, 5)]
    return jnp.asarray((x[0] - 1) ** 2 + sum(terms))


@_model(
    "CUTE NONDIA",
    "x",
    "(x[0] - 1)**2 + sum(100*(x[0] - x[:-1]**2)**2)",
    "(1 - x[0])^2 + 100*norm(x[:-1]*x[:-1] - x[0])^2",
    x=_normal(224, 5),
)
def _nondia(x: Array) -> Array:
    return jnp.asarray((x[0] - 1) ** 2 + sum(100 * (x[0] - x[i] ** 2) ** 2 for i in range(4)))


@_model(
    "extended Powell singular function, Moré, Garbow and Hillstrom",
    "x",
    "sum((x[::4] + 10*x[1::4])**2 + 5*(x[2::4] - x[3::4])**2"
    " + (x[1::4] - 2*x[2::4])**4 + 10*(x[::4] - x[3::4])**4)",
    "i = 4*arange(2); a = x[i]; b = x[i+1]; c = x[i+2]; d = x[i+3];"
    " norm(a + 10*b)^2 + 5*norm(c - d)^2 + sum((b - 2*c)^4) + 10*sum((a - d)^4)",
    x=_floats(3, -1, 0.5, 1, 2, -0.5, 0.25, 1.5),
)
def _powell_singular(x: Array) -> Array:
    total = jnp.zeros(())
    for a, b, c, d in x.reshape(2, 4):
        total += (a + 10 * b) ** 2 + 5 * (c - d) ** 2
        total += (b - 2 * c) ** 4 + 10 * (a - d) ** 4
    return total


@_model(
    "Griewank's function",
    "x",
    "1 + sum(x**2)/4000 - prod(cos(x/sqrt(arange(len(x)) + 1)))",
    "k = (arange(4) + 1)**0.5; 1 + x@x/4000"
    " - cos(x[0])*cos(x[1]/k[1])*cos(x[2]/k[2])*cos(x[3]/k[3])",
    x=_normal(225, 4),
)
def _griewank(x: Array) -> Array:
    return 1 + _squares(x) / 4000 - jnp.prod(jnp.cos(x / jnp.sqrt(jnp.array([1.0, 2, 3, 4]))))


@_model(
    "Ackley's function",
    "x",
    "-20*exp(-0.2*sqrt(mean(x**2))) - exp(mean(cos(2*pi*x))) + 20 + exp(1)",
    "n = len(x); 20 + exp(1) - 20*exp(-norm(x)/(5*sqrt(n))) - exp(sum(cos(2*pi*x))/n)",
    x=_normal(226, 4),
)
def _ackley(x: Array) -> Array:
    root = jnp.sqrt(_squares(x)) / 2
    waves = jnp.prod(jnp.exp(jnp.cos(2 * jnp.pi * x) / 4))
    return -20 * jnp.exp(-root / 5) - waves + 20 + np.e


@_model(
    "variably dimensioned function, CUTE VARDIM",
    "x",
    "s = (arange(4) + 1)@(x - 1); sum((x - 1)**2) + s**2 + s**4",
    "s = dot(cumsum(ones(4)), x - 1); norm(x - 1)^2 + s*s*(1 + s*s)",
    x=_floats(0.75, 0.5, 0.25, 0.125),
)
def _vardim(x: Array) -> Array:
    s = jnp.asarray(sum((i + 1) * (x[i] - 1) for i in range(4)))
    return _squares(x - 1) + s**2 + s**4


@_model(
    "Hilbert's quadratic function, CUTE HILBERTB",
    "x",
    "H = 1/(arange(4)[:,None] + arange(4) + 1); x@H@x/2 + 5*norm(x)^2/2",
    "i = arange(4); sum(outer(x, x)/(i + i[:,None] + 1))/2 + 2.5*x@x",
    x=_normal(227, 4),
)
def _hilbert(x: Array) -> Array:
    total = sum(x[i] * x[j] / (i + j + 1) for i, j in product(range(4), repeat=2))
    return jnp.asarray(total / 2 + 5 * _squares(x) / 2)


@_model(
    "CUTE COSINE",
    "x",
    "sum(cos(x[:-1]**2 - 0.5*x[1:]))",
    "ones(4)@cos(x[1:]/2 - x[:-1]^2)",
    x=_normal(228, 5),
)
def _cosine_chain(x: Array) -> Array:
    return jnp.asarray(sum(jnp.cos(x[i] ** 2 - x[i + 1] / 2) for i in range(4)))


@_model(
    "Hartmann's function",
    "x",
    "-c@exp(-sum(A*(x - P)**2, axis=1))",
    "-sum(c*exp(-einsum('ij,ij->i', A, (P - x)^2)))",
    c=_floats(1, 1.2, 3, 3.2),
    A=np.array([[3.0, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]]),
    P=np.array(
        [[0.369, 0.117, 0.267], [0.47, 0.439, 0.747], [0.109, 0.873, 0.555], [0.038, 0.574, 0.883]]
    ),
    x=_floats(0.2, 0.5, 0.8),
)
def _hartmann(c: Array, A: Array, P: Array, x: Array) -> Array:
    wells = [c[i] * jnp.prod(jnp.exp(-A[i] * (x - P[i]) ** 2)) for i in range(4)]
    return -jnp.asarray(sum(wells))


# Physics and geometry


@_model(
    "Lennard-Jones cluster, pairs by indices",
    "X",
    "d = norm(X[i] - X[j], axis=1); 4*sum(d**-12 - d**-6)",
    "s = sum((X[i] - X[j])**2, axis=1); 4*sum(1/s^6 - 1/s^3)",
    "d = X[i] - X[j]; u = einsum('nk,nk->n', d, d)**-3; 4*dot(u, u - 1)",
    X=np.array([[0, 0, 0], [1.1, 0.05, 0], [0.5, 0.95, 0.1], [0.55, 0.3, 0.9]]),
    i=_indices(0, 0, 0, 1, 1, 2),
    j=_indices(1, 2, 3, 2, 3, 3),
)
def _lennard_jones(X: Array, i: Array, j: Array) -> Array:
    inverse = 1 / jnp.sqrt(jnp.sum(jnp.square(X[i] - X[j]), axis=1))
    return 4 * jnp.sum(inverse**12) - 4 * jnp.sum(inverse**6)


@_model(
    "springs between points in the plane",
    "X",
    "k@(norm(X[i] - X[j], axis=1) - r)**2/2",
    "d = X[i] - X[j]; sum(k*(hypot(d[:,0], d[:,1]) - r)^2)/2",
    X=_normal(240, 4, 2),
    i=_indices(0, 1, 2, 3, 0),
    j=_indices(1, 2, 3, 0, 2),
    k=_positive(241, 5),
    r=_positive(242, 5),
)
def _springs(X: Array, i: Array, j: Array, k: Array, r: Array) -> Array:
    lengths = jnp.stack([jnp.sqrt(_squares(X[a] - X[b])) for a, b in zip(i, j, strict=True)])
    return jnp.sum(k * (lengths - r) ** 2) / 2


@_model(
    "Coulomb energy in places and charges",
    "X q",
    "sum(q[i]*q[j]/norm(X[i] - X[j], axis=1))",
    "d = sum((X[i] - X[j])^2, axis=1); dot(q[i], q[j]*d**-0.5)",
    X=_normal(243, 3, 3),
    q=_floats(1, -0.5, 2),
    i=_indices(0, 0, 1),
    j=_indices(1, 2, 2),
)
def _coulomb(X: Array, q: Array, i: Array, j: Array) -> Array:
    pairs = zip(i, j, strict=True)
    return jnp.asarray(sum(q[a] * q[b] / jnp.sqrt(_squares(X[a] - X[b])) for a, b in pairs))


@_model(
    "Morse potential of a chain of atoms",
    "x a",
    "d = x[1:] - x[:-1]; sum((1 - exp(-a*(d - 1)))**2)",
    "i = arange(4); u = exp(a*(1 + x[i] - x[i+1])); 4 - 2*sum(u) + u@u",
    x=_floats(0, 0.9, 2.1, 3, 4.3),
    a=1.5,
)
def _morse_chain(x: Array, a: Array) -> Array:
    wells = [jnp.expm1(-a * (right - left - 1)) ** 2 for left, right in pairwise(x)]
    return jnp.asarray(sum(wells))


@_model(
    "Thomson's problem, points scaled to the sphere",
    "X",
    "U = X/norm(X, axis=1, keepdims=True); sum(1/norm(U[i] - U[j], axis=1))",
    "r = sqrt(sum(X**2, axis=1)); sum((2 - 2*sum(X[i]*X[j], axis=1)/(r[i]*r[j]))^(-1/2))",
    X=_normal(244, 4, 3),
    i=_indices(0, 0, 0, 1, 1, 2),
    j=_indices(1, 2, 3, 2, 3, 3),
)
def _thomson(X: Array, i: Array, j: Array) -> Array:
    cosines = jnp.sum(X[i] * X[j], 1) / jnp.sqrt(jnp.sum(X[i] ** 2, 1) * jnp.sum(X[j] ** 2, 1))
    return jnp.sum(1 / jnp.sqrt(2 - 2 * cosines))


@_model(
    "Thomson's problem in angles",
    "t p",
    "x = sin(t)*cos(p); y = sin(t)*sin(p); z = cos(t); sum(1/sqrt((x[i] - x[j])**2"
    " + (y[i] - y[j])**2 + (z[i] - z[j])**2))",
    "sum((2 - 2*cos(t[i])*cos(t[j]) - 2*sin(t[i])*sin(t[j])*cos(p[i] - p[j]))**-0.5)",
    t=_floats(0.4, 1.3, 1.7, 2.2),
    p=_floats(0.1, 1.2, 3.3, 4.9),
    i=_indices(0, 0, 0, 1, 1, 2),
    j=_indices(1, 2, 3, 2, 3, 3),
)
def _thomson_angles(t: Array, p: Array, i: Array, j: Array) -> Array:
    half = jnp.sin((t[i] - t[j]) / 2) ** 2
    half += jnp.sin(t[i]) * jnp.sin(t[j]) * jnp.sin((p[i] - p[j]) / 2) ** 2
    return jnp.sum(0.5 / jnp.sqrt(half))


@_model(
    "potential energy of a chain of pendulums",
    "t",
    "-g*m@cumsum(r*cos(t))",
    "-g*sum(r*cos(t)*cumsum(m[::-1])[::-1])",
    t=_normal(245, 4),
    r=_positive(246, 4),
    m=_positive(247, 4),
    g=9.81,
)
def _pendulum_chain(t: Array, r: Array, m: Array, g: Array) -> Array:
    heights = [-sum(r[k] * jnp.cos(t[k]) for k in range(n + 1)) for n in range(4)]
    return jnp.asarray(g * sum(m[n] * heights[n] for n in range(4)))


@_model(
    "catenary of springs with fixed ends",
    "x y",
    "u = concatenate([zeros(1), x, 2*ones(1)]); v = concatenate([zeros(1), y, zeros(1)]);"
    " sum(y) + k/2*sum((sqrt((u[1:] - u[:-1])**2 + (v[1:] - v[:-1])**2) - 0.6)**2)",
    "u = concatenate([x, 2*ones(1)]) - concatenate([zeros(1), x]);"
    " v = concatenate([y, zeros(1)]) - concatenate([zeros(1), y]);"
    " ones(3)@y + 0.5*k*norm(hypot(u, v) - 3/5)^2",
    x=_floats(0.45, 1.05, 1.6),
    y=_floats(-0.4, -0.65, -0.35),
    k=50.0,
)
def _catenary(x: Array, y: Array, k: Array) -> Array:
    places = [jnp.zeros(2), *jnp.stack([x, y], axis=1), jnp.array([2.0, 0])]
    stretches = [jnp.sqrt(_squares(b - a)) - 0.6 for a, b in pairwise(places)]
    return jnp.asarray(y[0] + y[1] + y[2] + k / 2 * sum(s**2 for s in stretches))


@_model(
    "minimal surface over a grid",
    "U",
    "sum(sqrt(1 + (U[1:,:-1] - U[:-1,:-1])**2 + (U[:-1,1:] - U[:-1,:-1])**2))",
    "a = (U[1:] - U[:-1])[:,:-1]; b = (U[:,1:] - U[:,:-1])[:3]; sum(hypot(1, hypot(a, b)))",
    U=_normal(248, 4, 4),
)
def _minimal_surface(U: Array) -> Array:
    total = jnp.zeros(())
    for i, j in product(range(3), repeat=2):
        gradient = jnp.stack([jnp.ones(()), U[i + 1, j] - U[i, j], U[i, j + 1] - U[i, j]])
        total += jnp.sqrt(_squares(gradient))
    return total


@_model(
    "geodesic of the half plane, discrete energy",
    "P",
    "Q = concatenate([A, P, B]); d = Q[1:] - Q[:-1]; m = (Q[1:,1] + Q[:-1,1])/2;"
    " sum(sum(d**2, axis=1)/m**2)/2",
    "Q = concatenate((A, P, B), axis=0); x = Q[:,0]; y = Q[:,1]; 2*sum((x[1:] - x[:-1])^2"
    "/(y[1:] + y[:-1])^2 + ((y[1:] - y[:-1])/(y[1:] + y[:-1]))^2)",
    A=np.array([[-1.0, 0.5]]),
    B=np.array([[1, 0.75]]),
    P=np.array([[-0.6, 1], [0.1, 1.3], [0.5, 1.1]]),
)
def _geodesic(A: Array, B: Array, P: Array) -> Array:
    steps = pairwise([A[0], *P, B[0]])
    return jnp.asarray(sum(2 * _squares(q - p) / (p[1] + q[1]) ** 2 for p, q in steps))


@_model(
    "field of the fourth power on a ring",
    "x",
    "sum((concatenate([x[1:], x[:1]]) - x)**2)/2 + sum((x**2 - 1)**2)/4",
    "x@x - x[:-1]@x[1:] - x[0]*x[-1] + norm(x*x - 1)^2/4",
    x=_normal(249, 5),
)
def _field_on_ring(x: Array) -> Array:
    steps = [(x[k] - x[k - 1]) ** 2 / 2 for k in range(5)]
    return jnp.asarray(sum(steps) + sum((x[k] ** 2 - 1) ** 2 / 4 for k in range(5)))


@_model(
    "coupled oscillators, Kuramoto's potential",
    "t k",
    "-w@t - k/(2*len(t))*sum(cos(t[:,None] - t))",
    "-dot(w, t) - k/8*(sum(cos(t))^2 + sum(sin(t))^2)",
    t=_normal(250, 4),
    w=_normal(251, 4),
    k=1.5,
)
def _kuramoto(t: Array, w: Array, k: Array) -> Array:
    order = jnp.sum(jnp.exp(1j * t))
    return -jnp.vdot(w, t) - k / 8 * jnp.real(order * jnp.conj(order))


@_model(
    "mean-field free energy of a spin glass",
    "m",
    "-m@J@m/2 - h@m + sum((1+m)/2*log((1+m)/2) + (1-m)/2*log((1-m)/2))",
    "p = concatenate([1 + m, 1 - m])/2; p@log(p) - sum(h*m) - trace(J@outer(m, m))/2",
    J=_normal(252, 3, 3),
    h=_normal(253, 3),
    m=_between(-0.7, 0.7, 254, 3),
)
def _mean_field(J: Array, h: Array, m: Array) -> Array:
    entropy = jnp.sum(jax.scipy.special.entr((1 + m) / 2) + jax.scipy.special.entr((1 - m) / 2))
    return -jnp.sum(J * jnp.outer(m, m)) / 2 - jnp.vdot(h, m) - entropy


@_model(
    "Gibbs energy of an ideal mixture",
    "n",
    "n@(c + log(n/sum(n)))",
    "dot(n, c) + sum(n*log(n)) - sum(n)*log(sum(n))",
    c=_normal(255, 4),
    n=_positive(256, 4),
)
def _gibbs_energy(c: Array, n: Array) -> Array:
    total = jnp.sum(n)
    return jnp.vdot(n, c) - total * jnp.sum(jax.scipy.special.entr(n / total))


# Signals, images and graphs


@_model(
    "total variation denoising, smoothed",
    "x",
    "sum((x - y)**2)/2 + c*sum(sqrt((x[1:] - x[:-1])**2 + 0.01))",
    "norm(y - x)^2/2 + c*sum(hypot(x[:-1] - x[1:], 0.1))",
    x=_normal(260, 6),
    y=_normal(261, 6),
    c=0.5,
)
def _total_variation(x: Array, y: Array, c: Array) -> Array:
    rises = [jnp.sqrt((b - a) ** 2 + 0.1**2) for a, b in pairwise(x)]
    return jnp.asarray(_squares(x - y) / 2 + c * sum(rises))


@_model(
    "total variation of an image, smoothed",
    "U",
    "norm(U - F)^2/2 + sum(sqrt((U[1:,1:] - U[:-1,1:])**2 + (U[1:,1:] - U[1:,:-1])**2 + c))",
    "V = U[1:,1:]; a = V - U[:-1,1:]; b = V - U[1:,:-1];"
    " sum((U - F)^2/2) + sum((a*a + b*b + c)^.5)",
    U=_normal(262, 3, 4),
    F=_normal(263, 3, 4),
    c=0.05,
)
def _total_variation_of_image(U: Array, F: Array, c: Array) -> Array:
    total = jnp.sum(jnp.square(U - F)) / 2
    for i, j in product(range(1, 3), range(1, 4)):
        total += jnp.sqrt((U[i, j] - U[i - 1, j]) ** 2 + (U[i, j] - U[i, j - 1]) ** 2 + c)
    return total


@_model(
    "Hodrick-Prescott filter",
    "x",
    "sum((y - x)**2) + c*sum((x[2:] - 2*x[1:-1] + x[:-2])**2)",
    "d = x[1:] - x[:-1]; norm(y - x)^2 + c*norm(d[1:] - d[:-1])^2",
    x=_normal(264, 6),
    y=_normal(265, 6),
    c=16.0,
)
def _hodrick_prescott(x: Array, y: Array, c: Array) -> Array:
    second = jnp.eye(4, 6) - 2 * jnp.eye(4, 6, k=1) + jnp.eye(4, 6, k=2)
    return _squares(x - y) + c * x @ second.T @ second @ x


@_model(
    "Tikhonov regularisation, Hansen",
    "x a",
    "norm(A@x - b)**2 + a**2*norm(L@x)**2",
    "norm(concatenate([A, a*L])@x - concatenate([b, zeros(3)]))^2",
    A=_normal(266, 4, 4),
    b=_normal(267, 4),
    L=np.array([[-1, 1, 0, 0], [0, -1, 1, 0], [0, 0, -1, 1.0]]),
    x=_normal(268, 4),
    a=0.4,
)
def _tikhonov(A: Array, b: Array, L: Array, x: Array, a: Array) -> Array:
    normal = A.T @ A + a**2 * (L.T @ L)
    return jnp.sum(normal * jnp.outer(x, x)) - 2 * jnp.vdot(A.T @ b, x) + jnp.vdot(b, b)


@_model(
    "blind deconvolution by slices",
    "k x",
    "sum((k[0]*x[2:] + k[1]*x[1:-1] + k[2]*x[:-2] - y)**2)",
    "norm(k@concatenate([x[None,2:], x[None,1:-1], x[None,:-2]]) - y)^2",
    k=_normal(269, 3),
    x=_normal(270, 6),
    y=_normal(271, 4),
)
def _deconvolution(k: Array, x: Array, y: Array) -> Array:
    return _squares(jnp.convolve(x, k, mode="valid") - y)


@_model(
    "graph Laplacian, quadratic form of weights",
    "x",
    "L = diag(W.sum(axis=0)) - W; x@L@x",
    "sum(W*(x[:,None] - x)**2)/2",
    W=np.array([[0, 1, 0.5, 0], [1, 0, 2, 0.25], [0.5, 2, 0, 1.5], [0, 0.25, 1.5, 0]]),
    x=_normal(272, 4),
)
def _graph_laplacian(W: Array, x: Array) -> Array:
    pairs = combinations(range(4), 2)
    return jnp.asarray(sum(W[i, j] * (x[i] - x[j]) ** 2 for i, j in pairs))


@_model(
    "smooth labels of a graph, over its edges",
    "F w",
    "w@sum((F[i] - F[j])**2, axis=1)/2 + norm(F - Y)^2",
    "D = F[i] - F[j]; trace(D.T@diag(w)@D)/2 + sum((F - Y)**2)",
    "0.5*sum(w*norm(F[i] - F[j], axis=1)^2) + ((F - Y)^2).sum()",
    F=_normal(273, 4, 2),
    Y=np.eye(2)[[0, 1, 1, 0]],
    w=_positive(274, 4),
    i=_indices(0, 1, 2, 3),
    j=_indices(1, 2, 3, 1),
)
def _label_propagation(F: Array, Y: Array, w: Array, i: Array, j: Array) -> Array:
    edges = one_hot(i, 4) - one_hot(j, 4)
    return jnp.trace(F.T @ edges.T @ (w[:, None] * edges) @ F) / 2 + jnp.vdot(F - Y, F - Y)


@_model(
    "multidimensional scaling, stress",
    "X",
    "sum((norm(X[i] - X[j], axis=1) - d)**2)",
    "s = sum((X[i] - X[j])^2, axis=1); sum(s) - 2*d@sqrt(s) + d@d",
    X=_normal(275, 4, 2),
    i=_indices(0, 0, 0, 1, 1, 2),
    j=_indices(1, 2, 3, 2, 3, 3),
    d=_positive(276, 6),
)
def _stress(X: Array, i: Array, j: Array, d: Array) -> Array:
    lengths = jnp.hypot(X[i, 0] - X[j, 0], X[i, 1] - X[j, 1])
    return _squares(lengths - d)


@_model(
    "t-SNE, van der Maaten and Hinton 2008",
    "Y",
    "D = sum((Y[:,None,:] - Y[None,:,:])**2, axis=2); Q = (1 - eye(4))/(1 + D);"
    " sum(P*log(1 + D)) + log(sum(Q))",
    "s = diag(Y@Y.T); D = s[:,None] + s - 2*Y@Y.T;"
    " log(sum(1/(1 + D)) - len(Y)) - sum(P*log(1/(1 + D)))",
    P=np.array(
        [[0, 0.1, 0.05, 0.1], [0.1, 0, 0.15, 0.05], [0.05, 0.15, 0, 0.05], [0.1, 0.05, 0.05, 0]]
    ),
    Y=_normal(277, 4, 2),
)
def _t_sne(P: Array, Y: Array) -> Array:
    i, j = np.triu_indices(4, 1)
    logs = jnp.log1p(jnp.sum((Y[i] - Y[j]) ** 2, axis=1))
    return 2 * jnp.sum(P[i, j] * logs) + jnp.log(2 * jnp.sum(jnp.exp(-logs)))


# Neural networks


@_model(
    "small neural net, Laue et al. 2018",
    "W b v",
    "sum((y - tanh(X@W + b)@v)**2)",
    "H = tanh(X@W + b); r = H@v - y; r@r",
    "norm(einsum('nh,h->n', tanh(einsum('ni,ih->nh', X, W) + b), v) - y)^2",
    X=_normal(280, 5, 2),
    y=_normal(281, 5),
    W=_normal(282, 2, 3),
    b=_normal(283, 3),
    v=_normal(284, 3),
)
def _neural_net(X: Array, y: Array, W: Array, b: Array, v: Array) -> Array:
    hidden = [jnp.tanh(X @ W[:, k] + b[k]) * v[k] for k in range(3)]
    return jnp.sum(jnp.square(sum(hidden, -y)))


@_model(
    "layers of relu and the cross entropy of a softmax, Laue et al. 2018",
    "A B C",
    "-y@log_softmax(C@relu(B@relu(A@x)))",
    "g = max(A@x, 0); h = max(B@g, 0); z = C@h; logsumexp(z) - dot(y, z)",
    x=_floats(1, -0.5, 2),
    y=_floats(0, 1),
    A=np.array([[0.5, -0.25, 1], [1, 0.75, -1.5], [-0.5, 1.25, 0.9]]),
    B=np.array([[1.1, 0.3, -0.2], [-0.7, 0.4, 0.6], [0.9, 0.2, 1.3]]),
    C=_normal(285, 2, 3),
)
def _relu_layers(x: Array, y: Array, A: Array, B: Array, C: Array) -> Array:
    first = A @ x
    second = B @ jnp.where(first > 0, first, 0)
    scores = C @ jnp.where(second > 0, second, 0)
    return -jnp.log(jnp.vdot(y, jnp.exp(scores)) / jnp.sum(jnp.exp(scores)))


@_model(
    "two layers of tanh and a softmax, labels as indices",
    "W b V c",
    "Z = tanh(X@W + b)@V + c; mean(logsumexp(Z, axis=1) - Z[arange(4), k])",
    "L = log_softmax(c + tanh(b + X@W)@V, axis=1); -trace(L@eye(3)[k].T)/len(X)",
    X=_normal(286, 4, 2),
    W=_normal(287, 2, 2),
    b=_normal(288, 2),
    V=_normal(289, 2, 3),
    c=_normal(290, 3),
    k=_indices(2, 0, 1, 1),
)
def _two_layers(X: Array, W: Array, b: Array, V: Array, c: Array, k: Array) -> Array:
    hidden = jnp.tanh(X @ W + b)
    scores = jax.nn.softmax(hidden @ V + c, axis=1)
    return -jnp.mean(jnp.log(jnp.sum(scores * one_hot(k, 3), axis=1)))


@_model(
    "one hidden layer of softplus and a logistic loss",
    "W v",
    "sum(softplus(-t*(softplus(X@W.T)@v)))",
    "H = log(1 + exp(X@W.T)); -log(prod(sigmoid(t*(H@v))))",
    X=_normal(291, 5, 2),
    t=_floats(1, -1, -1, 1, 1),
    W=_normal(292, 3, 2),
    v=_normal(293, 3),
)
def _softplus_layer(X: Array, t: Array, W: Array, v: Array) -> Array:
    hidden = jnp.logaddexp(jnp.einsum("ni,hi->nh", X, W), 0)
    return jnp.sum(jnp.log1p(jnp.exp(-t * (hidden @ v))))


@_model(
    "sigmoid autoencoder",
    "W b",
    "mean((X - sigmoid(X@W + b)@W.T)**2)",
    "norm(X - 1/(1 + exp(-b - X@W))@transpose(W))^2/12",
    X=_normal(294, 4, 3),
    W=_normal(295, 3, 2),
    b=_normal(296, 2),
)
def _autoencoder(X: Array, W: Array, b: Array) -> Array:
    codes = (1 + jnp.tanh((X @ W + b) / 2)) / 2
    return jnp.mean((X - jnp.einsum("nk,ik->ni", codes, W)) ** 2)


@_model(
    "attention, Vaswani et al. 2017",
    "Q K V",
    "sum((softmax(Q@K.T/sqrt(2), axis=1)@V - Y)**2)",
    "E = exp(Q@K.T/2**0.5); norm((E@V)/E.sum(axis=-1, keepdims=True) - Y)^2",
    "S = softmax(einsum('id,jd->ij', Q, K)/sqrt(2), dim=-1);"
    " norm(Y - einsum('ij,jk->ik', S, V))**2",
    Q=_normal(297, 3, 2),
    K=_normal(298, 3, 2),
    V=_normal(299, 3, 2),
    Y=_normal(300, 3, 2),
)
def _attention(Q: Array, K: Array, V: Array, Y: Array) -> Array:
    total = jnp.zeros(())
    for query, target in zip(Q, Y, strict=True):
        weights = jnp.exp(K @ query / np.sqrt(2))
        total += _squares(weights @ V / jnp.sum(weights) - target)
    return total


@_model(
    "self-attention in its weights",
    "A B",
    "S = X@A@B.T@X.T; sum(Y*(softmax(S, axis=1)@X))",
    "E = exp((X@A)@(X@B).T); trace(Y.T@(E/E.sum(1)[:,None])@X)",
    X=_normal(301, 4, 2),
    Y=_normal(302, 4, 2),
    A=_normal(303, 2, 2),
    B=_normal(304, 2, 2),
)
def _self_attention(X: Array, Y: Array, A: Array, B: Array) -> Array:
    queries, keys = jnp.einsum("ni,ij->nj", X, A), jnp.einsum("ni,ij->nj", X, B)
    rows = [y @ (jax.nn.softmax(keys @ q) @ X) for q, y in zip(queries, Y, strict=True)]
    return jnp.asarray(sum(rows))


@_model(
    "layer norm, Ba et al. 2016",
    "x g b",
    "z = x - mean(x); t@(g*z/sqrt(mean(z**2) + 0.01) + b)",
    "n = len(x); v = x@x/n - (sum(x)/n)^2 + 0.01; sum(t*b) + dot(t*g, x - x.mean())/v**0.5",
    x=_normal(305, 4),
    g=_positive(306, 4),
    b=_normal(307, 4),
    t=_normal(308, 4),
)
def _layer_norm(x: Array, g: Array, b: Array, t: Array) -> Array:
    scaled = (x - jnp.mean(x)) / jnp.sqrt(jnp.var(x) + 0.01)
    return jnp.asarray(sum(t[k] * (g[k] * scaled[k] + b[k]) for k in range(4)))


@_model(
    "batch norm, Ioffe and Szegedy 2015",
    "W g",
    "Z = X@W; U = (Z - Z.mean(0))/sqrt(mean((Z - Z.mean(0))**2, axis=0) + 0.1);"
    " sum((sigmoid(g*U) - Y)**2)",
    "Z = (X - X.mean(axis=0))@W; v = (Z^2).mean(axis=0, keepdims=True) + 0.1;"
    " norm(Y - 1/(1 + exp(-g*Z*v^(-1/2))))^2",
    X=_normal(309, 5, 3),
    Y=_between(0, 1, 310, 5, 2),
    W=_normal(311, 3, 2),
    g=_positive(312, 2),
)
def _batch_norm(X: Array, Y: Array, W: Array, g: Array) -> Array:
    total = jnp.zeros(())
    for k in range(2):
        z = X @ W[:, k]
        u = g[k] * (z - jnp.mean(z)) / jnp.sqrt(jnp.var(z) + 0.1)
        total += _squares((1 + jnp.tanh(u / 2)) / 2 - Y[:, k])
    return total


@_model(
    "contrastive loss InfoNCE, van den Oord et al. 2018",
    "A B c",
    "S = A@B.T/c; -mean(diag(log_softmax(S, axis=1)))",
    "mean(logsumexp(A@B.T/c, axis=1)) - sum(A*B)/(len(A)*c)",
    "S = A@B.T/c; -trace(S - log(exp(S).sum(axis=1, keepdims=True)))/3",
    A=_normal(313, 3, 2),
    B=_normal(314, 3, 2),
    c=0.7,
)
def _info_nce(A: Array, B: Array, c: Array) -> Array:
    terms = [jnp.log(jnp.sum(jnp.exp(B @ A[k] / c))) - A[k] @ B[k] / c for k in range(3)]
    return jnp.mean(jnp.stack(terms))


@_model(
    "symmetric contrastive loss of normed embeddings, CLIP",
    "A B",
    "U = A/norm(A, axis=1, keepdims=True); V = B/norm(B, axis=1, keepdims=True); S = 2*U@V.T;"
    " -trace(log_softmax(S, axis=0) + log_softmax(S, axis=1))/6",
    "S = 2*A@B.T/outer(norm(A, axis=1), norm(B, axis=1)); mean(logsumexp(S, axis=0)"
    " + logsumexp(S, axis=1) - 2*diag(S))/2",
    A=_normal(315, 3, 2),
    B=_normal(316, 3, 2),
)
def _clip_loss(A: Array, B: Array) -> Array:
    lengths = jnp.sqrt(jnp.outer(jnp.sum(A**2, axis=1), jnp.sum(B**2, axis=1)))
    scores = jnp.exp(2 * jnp.einsum("ik,jk->ij", A, B) / lengths)
    rows = jnp.log(jnp.sum(scores, axis=0) * jnp.sum(scores, axis=1))
    return jnp.mean(rows - 2 * jnp.log(jnp.diag(scores))) / 2


@_model(
    "triplet loss, smooth",
    "a p n",
    "softplus(sum((a - p)**2) - sum((a - n)**2) + 1)",
    "log(1 + exp(1 + norm(p - a)^2 - norm(n - a)^2))",
    "logsumexp(0, 1 + p@p - n@n + 2*a@(n - p))",
    a=_normal(317, 3),
    p=_normal(318, 3),
    n=_normal(319, 3),
)
def _triplet_loss(a: Array, p: Array, n: Array) -> Array:
    margin = jnp.asarray(sum((a[k] - p[k]) ** 2 - (a[k] - n[k]) ** 2 for k in range(3)))
    return -jax.nn.log_sigmoid(-margin - 1)


@_model(
    "cosine similarity, PyTorch",
    "u v",
    "1 - u@v/(norm(u)*norm(v))",
    "1 - dot(u, v)/sqrt(sum(u**2)*sum(v**2))",
    "norm(u/norm(u) - v/norm(v))^2/2",
    u=_normal(320, 4),
    v=_normal(321, 4),
)
def _cosine_similarity(u: Array, v: Array) -> Array:
    return 1 - jnp.vdot(u, v) / (_squares(u) * _squares(v)) ** 0.5


@_model(
    "recurrent net of three steps",
    "U W",
    "f = tanh(W@X[0]); g = tanh(U@f + W@X[1]); h = tanh(U@g + W@X[-1]); sum((h - y)**2)",
    "Z = X@W.T; h = tanh(tanh(tanh(Z[0])@U.T + Z[1])@U.T + Z[2]); norm(y - h)^2",
    X=_normal(322, 3, 2),
    y=_normal(323, 2),
    U=_normal(324, 2, 2),
    W=_normal(325, 2, 2),
)
def _recurrent_net(X: Array, y: Array, U: Array, W: Array) -> Array:
    state = jnp.zeros(2)
    for row in X:
        state = jnp.tanh(U @ state + W @ row)
    return _squares(state - y)


@_model(
    "mixture of experts",
    "G W",
    "sum((y - sum(softmax(X@G, axis=1)*(X@W), axis=1))**2)",
    "E = exp(X@G); norm(y - diag(E@(X@W).T)/E.sum(1))^2",
    X=_normal(326, 5, 2),
    y=_normal(327, 5),
    G=_normal(328, 2, 3),
    W=_normal(329, 2, 3),
)
def _mixture_of_experts(X: Array, y: Array, G: Array, W: Array) -> Array:
    guesses = [jnp.vdot(jax.nn.softmax(row @ G), row @ W) for row in X]
    return _squares(jnp.stack(guesses) - y)


@_model(
    "factorisation machine, Rendle 2010",
    "w V",
    "sum((y - X@w - sum((X@V)**2 - X**2@V**2, axis=1)/2)**2)",
    "M = V@V.T; norm(X@w + (einsum('ni,ij,nj->n', X, M, X) - X^2@diag(M))/2 - y)^2",
    X=_normal(330, 4, 3),
    y=_normal(331, 4),
    w=_normal(332, 3),
    V=_normal(333, 3, 2),
)
def _factorisation_machine(X: Array, y: Array, w: Array, V: Array) -> Array:
    pairs = sum(X[:, i] * X[:, j] * (V[i] @ V[j]) for i, j in combinations(range(3), 2))
    return _squares(X @ w + pairs - y)


@_model(
    "word vectors with negative samples, Mikolov et al. 2013",
    "U V",
    "-sum(log(sigmoid(s*sum(U[i]*V[j], axis=1))))",
    "sum(softplus(-s*einsum('nk,nk->n', U[i], V[j])))",
    "P = U@V.T; sum(log(1 + exp(-s*P[i, j])))",
    U=_normal(334, 3, 2),
    V=_normal(335, 4, 2),
    i=_indices(0, 0, 1, 1, 2, 2),
    j=_indices(1, 3, 0, 2, 2, 1),
    s=_floats(1, -1, 1, -1, 1, -1),
)
def _word_vectors(U: Array, V: Array, i: Array, j: Array, s: Array) -> Array:
    scores = [jnp.vdot(U[a], V[b]) for a, b in zip(i, j, strict=True)]
    return -jnp.sum(jax.nn.log_sigmoid(s * jnp.stack(scores)))


@_model(
    "graph convolution, Kipf and Welling 2017",
    "W v",
    "d = sum(A, axis=1)^(-1/2); sum(softplus(-t*(tanh(d[:,None]*A*d@X@W)@v)))",
    "D = diag(1/sqrt(A@ones(4))); H = tanh(D@A@D@X@W); sum(log(1 + exp(-t*(H@v))))",
    A=np.array([[1, 1, 0, 0], [1, 1, 1, 1], [0, 1, 1, 0], [0, 1, 0, 1.0]]),
    X=_normal(336, 4, 3),
    t=_floats(1, -1, 1, -1),
    W=_normal(337, 3, 2),
    v=_normal(338, 2),
)
def _graph_convolution(A: Array, X: Array, t: Array, W: Array, v: Array) -> Array:
    degrees = jnp.sum(A, axis=1)
    hidden = jnp.tanh(jnp.einsum("ij,jk,kh->ih", A / jnp.sqrt(jnp.outer(degrees, degrees)), X, W))
    return -jnp.sum(jax.nn.log_sigmoid(t * (hidden @ v)))


@_model(
    "net of radial basis functions",
    "C h v",
    "D = sum((X[:,None,:] - C[None,:,:])**2, axis=2); sum((exp(-h*D)@v - y)**2)",
    "D = norm(X[:,None] - C, axis=2)^2; r = y - exp(-D*h)@v; dot(r, r)",
    X=_normal(339, 5, 2),
    y=_normal(340, 5),
    C=_normal(341, 3, 2),
    h=_positive(342, 3),
    v=_normal(343, 3),
)
def _radial_basis(X: Array, y: Array, C: Array, h: Array, v: Array) -> Array:
    guesses = sum(v[k] * jnp.exp(-h[k] * jnp.sum((X - C[k]) ** 2, 1)) for k in range(3))
    return _squares(y - guesses)


@_model(
    "nearest centres, k-means",
    "C",
    "sum(min(sum((X[:,None,:] - C[None,:,:])**2, axis=2), axis=1))",
    "D = sum(X^2, axis=1)[:,None] - 2*X@C.T + sum(C^2, axis=1); D.min(axis=1).sum()",
    X=np.array([[-1.1, 0.2], [-0.8, -0.1], [1, 1.1], [1.2, 0.7], [0.9, -1]]),
    C=np.array([[-1, 0], [1, 1], [0.8, -0.9]]),
)
def _nearest_centres(X: Array, C: Array) -> Array:
    return jnp.sum(jnp.square(X - C[jnp.array([0, 0, 1, 1, 2])]))


# Models of statistics


@_model(
    "elastic net away from zero, glmnet",
    "w",
    "norm(y - X@w)^2/(2*len(y)) + a*norm(w, 1) + (1 - a)/2*norm(w)^2",
    "mean((X@w - y)**2)/2 + a*sum(abs(w)) + (1 - a)*w@w/2",
    X=_normal(350, 6, 3),
    y=_normal(351, 6),
    w=_floats(0.7, -0.4, 1.1),
    a=0.3,
)
def _elastic_net(X: Array, y: Array, w: Array, a: Array) -> Array:
    penalty = jnp.vdot(jnp.array([1, -1, 1]), w)
    return (
        jnp.var(y - X @ w) / 2
        + jnp.mean(y - X @ w) ** 2 / 2
        + (a * penalty + (1 - a) * _squares(w) / 2)
    )


@_model(
    "regression in the norm of order 3",
    "x",
    "norm(A@x - b, 3)",
    "sum(abs(A@x - b)^3)^(1/3)",
    A=_normal(352, 5, 3),
    b=_normal(353, 5),
    x=_normal(354, 3),
)
def _cubic_norm(A: Array, b: Array, x: Array) -> Array:
    r = jnp.square(A @ x - b)
    return jnp.cbrt(jnp.sum(r * jnp.sqrt(r)))


@_model(
    "Cox partial likelihood, rows in order of time",
    "w",
    "r = X@w; sum(d*(log(cumsum(exp(r))) - r))",
    "r = X@w; i = arange(5); d@(log(sum(where(i <= i[:,None], exp(r), 0), axis=1)) - r)",
    "r = X@w; M = where(arange(5) <= arange(5)[:,None], 0, -1000);"
    " dot(d, logsumexp(M + r, axis=1) - r)",
    X=_normal(355, 5, 3),
    d=_floats(1, 0, 1, 1, 1),
    w=_normal(356, 3),
)
def _cox_likelihood(X: Array, d: Array, w: Array) -> Array:
    risks = X @ w
    terms = [d[k] * (reduce(jnp.logaddexp, list(risks[: k + 1])) - risks[k]) for k in range(5)]
    return jnp.asarray(sum(terms))


@_model(
    "Cox partial likelihood of unordered times",
    "w",
    "-sum(d*(X@w - log(sum(where(t >= t[:,None], exp(X@w), 0), axis=1))))",
    "h = exp(X@w); M = where(t[None,:] < t[:,None], 0, 1); -dot(d, log(h/(M@h)))",
    X=_normal(357, 5, 2),
    t=_floats(2.5, 0.5, 4, 1, 3),
    d=_floats(1, 1, 0, 1, 0),
    w=_normal(358, 2),
)
def _cox_unordered(X: Array, t: Array, d: Array, w: Array) -> Array:
    order = jnp.argsort(-t)
    scores = X[order] @ w
    return jnp.sum(d[order] * (jax.lax.cumlogsumexp(scores) - scores))


@_model(
    "Weibull regression with censoring",
    "w k",
    "z = k*(log(t) - X@w); sum(exp(z)) - sum(d*(log(k) + z - log(t)))",
    "s = exp(X@w); sum((t/s)^k) - d@log(k/t*(t/s)**k)",
    X=_normal(359, 5, 2),
    t=_positive(360, 5),
    d=_floats(1, 0, 1, 1, 0),
    w=_normal(361, 2),
    k=1.6,
)
def _weibull_regression(X: Array, t: Array, d: Array, w: Array, k: Array) -> Array:
    u = t * jnp.exp(-X @ w)
    hazard = k / t * jnp.power(u, k)
    return jnp.sum(jnp.where(d > 0, -jnp.log(hazard), 0) + jnp.power(u, k))


@_model(
    "Bradley-Terry model, games as pairs",
    "s",
    "sum(softplus(s[j] - s[i]))",
    "-log(prod(exp(s[i])/(exp(s[i]) + exp(s[j]))))",
    "sum(logsumexp(s[i], s[j]) - s[i])",
    s=_normal(362, 4),
    i=_indices(0, 0, 1, 2, 3, 3, 1),
    j=_indices(1, 2, 2, 3, 0, 1, 0),
)
def _bradley_terry(s: Array, i: Array, j: Array) -> Array:
    games = [jax.nn.sigmoid(s[a] - s[b]) for a, b in zip(i, j, strict=True)]
    return -jnp.sum(jnp.log(jnp.stack(games)))


@_model(
    "Bradley-Terry model, table of wins",
    "s",
    "sum(N*log(1 + exp(s - s[:,None])))",
    "p = exp(s); -sum(N*log(p[:,None]/(p[:,None] + p)))",
    N=np.array([[0, 2, 1], [1, 0, 3], [0, 2, 0.0]]),
    s=_normal(363, 3),
)
def _table_of_wins(N: Array, s: Array) -> Array:
    cells = [N[a, b] * jax.nn.softplus(s[b] - s[a]) for a, b in product(range(3), repeat=2)]
    return jnp.asarray(sum(cells))


@_model(
    "Plackett-Luce model of a ranking",
    "s",
    "z = s[r]; sum(log(cumsum(exp(z)[::-1]))) - sum(z)",
    "u = exp(s[r]); M = where(arange(5) >= arange(5)[:,None], 1, 0); sum(log(M@u)) - sum(log(u))",
    s=_normal(364, 5),
    r=_indices(2, 0, 4, 1, 3),
)
def _plackett_luce(s: Array, r: Array) -> Array:
    choices = [jax.nn.logsumexp(s[r[k:]]) - s[r[k]] for k in range(5)]
    return jnp.asarray(sum(choices))


@_model(
    "item response theory, two parameters (2PL)",
    "t a b",
    "Z = a*(t[:,None] - b); sum(softplus(Z) - Y*Z) + t@t/2",
    "P = 1/(1 + exp(a*b - outer(t, a))); -sum(Y*log(P) + (1 - Y)*log(1 - P)) + norm(t)^2/2",
    Y=np.array([[1, 0, 1, 0], [0, 0, 1, 1], [1, 1, 1, 0.0]]),
    t=_normal(365, 3),
    a=_positive(366, 4),
    b=_normal(367, 4),
)
def _item_response(Y: Array, t: Array, a: Array, b: Array) -> Array:
    total = _squares(t) / 2
    for n, k in product(range(3), range(4)):
        total -= jax.nn.log_sigmoid((2 * Y[n, k] - 1) * a[k] * (t[n] - b[k]))
    return total


@_model(
    "factor analysis, with the identity of Woodbury",
    "L p",
    "S = L@L.T + diag(p); (logdet(S) + trace(solve(S, C)))/2",
    "M = eye(2) + L.T@(L/p[:,None]); B = inv(M); G = L/p[:,None];"
    " (logdet(M) + sum(log(p)) + sum(diag(C)/p) - trace(B@G.T@C@G))/2",
    C=_definite(368, 4),
    L=_normal(369, 4, 2),
    p=_positive(370, 4),
)
def _factor_analysis(C: Array, L: Array, p: Array) -> Array:
    covariance = jnp.einsum("ik,jk->ij", L, L) + jnp.diag(p)
    return jnp.asarray(_logdet(covariance) + jnp.sum(jnp.linalg.inv(covariance) * C)) / 2


@_model(
    "linear mixed model, lme4",
    "b s t",
    "V = s**2*Z@Z.T + t**2*eye(6); r = y - X@b; (r@solve(V, r) + logdet(V))/2",
    "M = eye(3) + s^2/t^2*Z.T@Z; r = y - X@b; q = Z.T@r; (r@r/t^2 - s^2/t^4*q@inv(M)@q"
    " + logdet(M) + 2*len(y)*log(t))/2",
    X=_normal(371, 6, 2),
    Z=np.eye(3)[[0, 0, 1, 1, 2, 2]],
    y=_normal(372, 6),
    b=_normal(373, 2),
    s=0.9,
    t=0.6,
)
def _linear_mixed_model(X: Array, Z: Array, y: Array, b: Array, s: Array, t: Array) -> Array:
    groups = jnp.argsort(jnp.argmax(Z, axis=1))
    residuals = (y - X @ b)[groups].reshape(3, 2)
    block = s**2 * jnp.ones((2, 2)) + t**2 * jnp.eye(2)
    forms = jnp.einsum("ni,ij,nj->", residuals, jnp.linalg.inv(block), residuals)
    return jnp.asarray(forms + 3 * _logdet(block)) / 2


@_model(
    "AR(1) likelihood, exact",
    "c a s",
    "m = c/(1 - a); ((x[0] - m)**2*(1 - a**2) + sum((x[1:] - c - a*x[:-1])**2))/(2*s**2)"
    " + len(x)*log(s) - log(1 - a**2)/2",
    "i = arange(6); S = s^2/(1 - a^2)*a**abs(i[:,None] - i); r = x - c/(1 - a);"
    " r@solve(S, r)/2 + logdet(S)/2",
    x=_normal(374, 6),
    c=0.3,
    a=0.6,
    s=0.8,
)
def _autoregression(x: Array, c: Array, a: Array, s: Array) -> Array:
    wide = s / jnp.sqrt(1 - a**2)
    total = -stats.norm.logpdf(x[0], c / (1 - a), wide)
    total -= sum(stats.norm.logpdf(x[k + 1], c + a * x[k], s) for k in range(5))
    return jnp.asarray(total - 3 * jnp.log(2 * jnp.pi))


@_model(
    "local level model, Kalman filter written out",
    "q r",
    "F = 1 + q + r; k = (1 + q)/F; m = k*y[0]; P = k*r;"
    " G = P + q + r; h = (P + q)/G; n = m + h*(y[1] - m); R = h*r; H = R + q + r;"
    " (log(F) + log(G) + log(H) + y[0]**2/F + (y[1] - m)**2/G + (y[2] - n)**2/H)/2",
    "i = arange(3); C = 1 + q*(min(i[:,None], i) + 1) + r*eye(3); (y@solve(C, y) + logdet(C))/2",
    y=_normal(375, 3),
    q=0.5,
    r=0.8,
)
def _local_level(y: Array, q: Array, r: Array) -> Array:
    mean, variance, total = jnp.zeros(()), jnp.ones(()), jnp.zeros(())
    for value in y:
        variance = variance + q
        total += jnp.log(variance + r) + (value - mean) ** 2 / (variance + r)
        gain = variance / (variance + r)
        mean, variance = mean + gain * (value - mean), (1 - gain) * variance
    return total / 2


@_model(
    "GARCH(1, 1) volatility of four returns",
    "w a b",
    "h = w + a*x[0]^2 + b; k = w + a*x[1]^2 + b*h; n = w + a*x[2]^2 + b*k;"
    " v = concatenate([h*ones(1), k*ones(1), n*ones(1)]); sum(log(v) + x[1:]**2/v)/2",
    "c = w + a*x[:-1]^2; h = c[0] + b; k = c[1] + b*c[0] + b^2; n = c[2] + b*c[1] + b^2*c[0] + b^3;"
    " log(h*k*n)/2 + (x[1]^2/h + x[2]^2/k + x[3]^2/n)/2",
    x=_normal(376, 4),
    w=0.1,
    a=0.2,
    b=0.7,
)
def _garch(x: Array, w: Array, a: Array, b: Array) -> Array:
    variance, total = jnp.ones(()), jnp.zeros(())
    for before, now in pairwise(x):
        variance = w + a * before**2 + b * variance
        total -= stats.norm.logpdf(now, 0, jnp.sqrt(variance))
    return total - 1.5 * jnp.log(2 * jnp.pi)


@_model(
    "conditional random field of a chain, Lafferty et al. 2001",
    "U T",
    "a = U[0]; b = U[1] + logsumexp(a[:,None] + T, axis=0);"
    " c = U[2] + logsumexp(b[:,None] + T, axis=0);"
    " logsumexp(c) - sum(U[arange(3), k]) - sum(T[k[:-1], k[1:]])",
    "logsumexp(U[0][:,None,None] + U[1][:,None] + U[2] + T[:,:,None] + T)"
    " - trace(U@eye(2)[k].T) - T[k[0], k[1]] - T[k[1], k[2]]",
    U=_normal(377, 3, 2),
    T=_normal(378, 2, 2),
    k=_indices(1, 0, 0),
)
def _random_field(U: Array, T: Array, k: Array) -> Array:
    def score(path: Any) -> Array:
        steps = sum(T[a, b] for a, b in pairwise(path))
        return jnp.asarray(steps + sum(U[n, label] for n, label in enumerate(path)))

    scores = jnp.stack([score(path) for path in product(range(2), repeat=3)])
    return jnp.log(jnp.sum(jnp.exp(scores))) - score(list(k))


@_model(
    "hidden Markov model, forward algorithm",
    "p T Z",
    "A = softmax(T, axis=1); B = softmax(Z, axis=1)[:, o];"
    " -log(sum(softmax(p)*B[:,0]@A*B[:,1]@A*B[:,2]))",
    "P = exp(p)/sum(exp(p)); A = softmax(T, dim=1); B = exp(log_softmax(Z, axis=1))[:, o];"
    " -log(einsum('i,ij,jk,i,j,k->', P, A, A, B[:,0], B[:,1], B[:,2]))",
    p=_normal(379, 2),
    T=_normal(380, 2, 2),
    Z=_normal(381, 2, 3),
    o=_indices(2, 0, 1),
)
def _hidden_markov(p: Array, T: Array, Z: Array, o: Array) -> Array:
    start, steps, signs = (jax.nn.log_softmax(x, axis=-1) for x in (p, T, Z))
    forward = start + signs[:, o[0]]
    for sign in o[1:]:
        forward = jax.nn.logsumexp(forward[:, None] + steps, axis=0) + signs[:, sign]
    return -jax.nn.logsumexp(forward)


@_model(
    "Markov chain, counts of transitions",
    "A",
    "-sum(N*log_softmax(A, axis=1))",
    "sum(N.sum(1)*logsumexp(A, axis=1)) - sum(N*A)",
    "P = exp(A); -sum(N*log(P/sum(P, axis=1, keepdims=True)))",
    N=np.array([[5, 2, 0], [1, 4, 3], [2, 0, 6.0]]),
    A=_normal(382, 3, 3),
)
def _markov_chain(N: Array, A: Array) -> Array:
    rows = [N[k] @ jnp.log(jax.nn.softmax(A[k])) for k in range(3)]
    return -jnp.asarray(sum(rows))


@_model(
    "Markov chain in continuous time, exponential of its generator",
    "R t",
    "Q = R - diag(R.sum(axis=1)); -sum(N*log(expm(Q*t)))",
    "P = expm(t/2*(R - diag(R@ones(3)))); -sum(N*log(P@P))",
    R=np.array([[0, 0.5, 0.2], [0.3, 0, 0.4], [0.1, 0.6, 0]]),
    N=np.array([[5, 2, 1], [1, 4, 3], [2, 1, 6.0]]),
    t=0.75,
)
def _markov_process(R: Array, N: Array, t: Array) -> Array:
    generator = t * (R - jnp.diag(jnp.sum(R, axis=1)))
    return -jnp.sum(N * jnp.log(_exponential(generator, jnp.eye(3))))


@_model(
    "steps of a linear system, exponential of a matrix",
    "A x",
    "norm(expm(A)@x - y)^2",
    "r = expm(A/2)@(expm(A/2)@x) - y; r@r",
    A=_normal(383, 2, 2),
    x=_normal(384, 2),
    y=_normal(385, 2),
)
def _matrix_exponential(A: Array, x: Array, y: Array) -> Array:
    return _squares(_exponential(A, x) - y)


@_model(
    "von Mises-Fisher likelihood on the sphere",
    "u k",
    "len(X)*log(4*pi*sinh(k)/k) - k*sum(X@u)/norm(u)",
    "v = u/sqrt(u@u); 4*(log(2*pi) - log(k) + k + log(1 - exp(-2*k))) - k*dot(X.sum(0), v)",
    X=np.array([[0.6, 0.8, 0], [0, 0.6, 0.8], [0.8, 0, 0.6], [0.48, 0.6, 0.64]]),
    u=_floats(0.5, 0.7, 0.4),
    k=3.0,
)
def _von_mises_fisher(X: Array, u: Array, k: Array) -> Array:
    normal = 2 * jnp.pi * (jnp.exp(k) - jnp.exp(-k)) / k
    cosines = jnp.stack([row @ u for row in X]) / jnp.sqrt(_squares(u))
    return jnp.sum(jnp.log(normal) - k * cosines)


@_model(
    "Dirichlet likelihood, Minka",
    "a",
    "len(P)*(sum(loggamma(a)) - loggamma(sum(a))) - sum((a - 1)*log(P))",
    "-len(P)*log(gamma(sum(a))/prod(gamma(a))) - log(P).sum(0)@(a - 1)",
    P=np.array([[0.2, 0.3, 0.5], [0.1, 0.6, 0.3], [0.25, 0.25, 0.5], [0.4, 0.4, 0.2]]),
    a=_floats(1.5, 2.25, 3),
)
def _dirichlet(P: Array, a: Array) -> Array:
    return -jnp.asarray(sum(stats.dirichlet.logpdf(row, a) for row in P))


@_model(
    "Dirichlet-multinomial likelihood, Pólya",
    "a",
    "A = sum(a); n = sum(N, axis=1); sum(loggamma(A + n) - loggamma(A))"
    " - sum(loggamma(a + N) - loggamma(a))",
    "r = len(N); sum(loggamma(sum(a) + N.sum(1))) - r*loggamma(sum(a)) - loggamma(N + a).sum()"
    " + r*log(prod(gamma(a)))",
    N=np.array([[3, 0, 2], [1, 4, 1], [0, 2, 5.0]]),
    a=_floats(0.8, 1.5, 2.25),
)
def _polya(N: Array, a: Array) -> Array:
    def rising(x: Array, count: Any) -> Array:
        return jnp.asarray(sum(jnp.where(k < count, jnp.log(x + k), 0) for k in range(8)))

    total = jnp.zeros(())
    for row in N:
        total += rising(jnp.sum(a), jnp.sum(row)) - sum(map(rising, a, row))
    return total


@_model(
    "divergence between normal distributions",
    "m S",
    "d = n - m; (trace(solve(T, S)) + d@solve(T, d) - len(d) + logdet(T) - logdet(S))/2",
    "K = inv(T); (sum(K.T*S) + (m - n)@K@(m - n) - 3 - log(det(S@K)))/2",
    m=_normal(386, 3),
    n=_normal(387, 3),
    S=_definite(388, 3),
    T=_definite(389, 3),
)
def _normal_divergence(m: Array, n: Array, S: Array, T: Array) -> Array:
    precision = jnp.linalg.inv(T)
    moment = S + jnp.outer(m - n, m - n)
    ratio = jnp.vdot(S[0], jnp.cross(S[1], S[2])) * jnp.linalg.det(precision)
    return jnp.asarray(jnp.trace(precision @ moment) - 3 - jnp.log(ratio)) / 2


@_model(
    "Wasserstein distance of normal distributions with common axes",
    "m s",
    "norm(m - n)^2 + trace(diag(s**2) + diag(t**2) - 2*diag(s*t))",
    "d = m - n; d@d + sum((s - t)^2)",
    m=_normal(390, 3),
    n=_normal(391, 3),
    s=_positive(392, 3),
    t=_positive(393, 3),
)
def _bures_distance(m: Array, n: Array, s: Array, t: Array) -> Array:
    return _squares(jnp.concatenate([m, s]) - jnp.concatenate([n, t]))


@_model(
    "mixture of normal distributions",
    "z m s",
    "-sum(logsumexp(log_softmax(z) - ((x[:,None] - m)/s)**2/2 - log(s), axis=1))"
    " + len(x)*log(2*pi)/2",
    "P = exp(-(x[:,None] - m)^2/(2*s^2))/(s*sqrt(2*pi)); -log(prod(P@softmax(z)))",
    x=_floats(-1.2, -0.9, 0.1, 1.1, 1.6),
    z=_floats(0.2, -0.3),
    m=_floats(-1, 1.25),
    s=_floats(0.6, 0.9),
)
def _normal_mixture(x: Array, z: Array, m: Array, s: Array) -> Array:
    weights = jnp.exp(z) / jnp.sum(jnp.exp(z))
    density = sum(weights[k] * stats.norm.pdf(x, m[k], s[k]) for k in range(2))
    return -jnp.sum(jnp.log(jnp.asarray(density)))


@_model(
    "latent classes of yes-or-no answers",
    "z T",
    "P = sigmoid(T); L = prod(where(Y[:,None,:] > 0, P, 1 - P), axis=2); -sum(log(L@softmax(z)))",
    "S = Y@T.T - softplus(T).sum(axis=1) + log_softmax(z); -sum(logsumexp(S, axis=1))",
    Y=np.array([[1, 0, 1], [0, 0, 1], [1, 1, 1], [0, 1, 0.0]]),
    z=_normal(394, 2),
    T=_normal(395, 2, 3),
)
def _latent_classes(Y: Array, z: Array, T: Array) -> Array:
    chance = jax.nn.sigmoid(T)
    weights = jax.nn.softmax(z)
    rows = [
        jnp.log(weights @ jnp.prod(row * chance + (1 - row) * (1 - chance), axis=1)) for row in Y
    ]
    return -jnp.asarray(sum(rows))


@_model(
    "Poisson regression with inflated zeros",
    "w z",
    "h = X@w; -sum(where(y == 0, logsumexp(z, -exp(h)), y*h - exp(h) - loggamma(y + 1)))"
    " + len(y)*softplus(z)",
    "p = sigmoid(z); m = exp(X@w);"
    " -sum(log(where(y > 0, 0, p) + (1 - p)*exp(-m)*m^y/gamma(y + 1)))",
    X=_normal(396, 6, 2),
    y=_floats(0, 2, 1, 0, 0, 4),
    w=_normal(397, 2),
    z=-0.4,
)
def _zero_inflated_poisson(X: Array, y: Array, w: Array, z: Array) -> Array:
    p = jax.nn.sigmoid(z)
    chances = (1 - p) * stats.poisson.pmf(y, jnp.exp(X @ w))
    return -jnp.sum(jnp.log(chances + p * (y == 0)))


@_model(
    "tobit model, censored at zero",
    "w s",
    "m = X@w; r = (y - m)/s; sum(where(y > 0, r**2/2 + log(s), -log((1 - erf(m/s/sqrt(2)))/2)))",
    "m = X@w/s; c = where(y > 0, 1, 0); c@((y/s - m)^2/2 + log(s))"
    " - (1 - c)@log(0.5 + 0.5*erf(-m/2^0.5))",
    X=_normal(398, 6, 2),
    y=_floats(0, 1.2, 0.4, 0, 2.1, 0),
    w=_normal(399, 2),
    s=0.9,
)
def _tobit(X: Array, y: Array, w: Array, s: Array) -> Array:
    total = jnp.zeros(())
    for row, value in zip(X, y, strict=True):
        seen = stats.norm.logpdf(value, row @ w, s) + jnp.log(2 * jnp.pi) / 2
        total -= jnp.where(value > 0, seen, stats.norm.logcdf(-(row @ w) / s))
    return total


@_model(
    "beta regression, Ferrari and Cribari-Neto",
    "w k",
    "m = sigmoid(X@w); a = m*k; b = (1 - m)*k; sum(loggamma(a) + loggamma(b) - loggamma(k)"
    " - (a - 1)*log(y) - (b - 1)*log(1 - y))",
    "m = 1/(1 + exp(-X@w)); -log(prod(gamma(k)/(gamma(k*m)*gamma(k - k*m))"
    "*y^(k*m - 1)*(1 - y)^(k - k*m - 1)))",
    X=_normal(400, 5, 2),
    y=_between(0.1, 0.9, 401, 5),
    w=_normal(402, 2),
    k=5.0,
)
def _beta_regression(X: Array, y: Array, w: Array, k: Array) -> Array:
    mean = jax.nn.sigmoid(X @ w)
    return -jnp.sum(stats.beta.logpdf(y, mean * k, (1 - mean) * k))


@_model(
    "Hawkes process with an exponential kernel",
    "m a b",
    "D = t[:,None] - t; L = m + a*sum(where(D > 0, exp(-b*D), 0), axis=1);"
    " m*T + a/b*sum(1 - exp(-b*(T - t))) - sum(log(L))",
    "f = exp(-b*(t[1] - t[0])); g = (1 + f)*exp(-b*(t[2] - t[1]));"
    " h = (1 + g)*exp(b*(t[2] - t[3]));"
    " T*m + a*(len(t) - sum(exp(b*(t - T))))/b - log(m*(m + a*f)*(m + a*g)*(m + a*h))",
    t=_floats(0.5, 0.9, 2.1, 2.6),
    T=3.0,
    m=0.7,
    a=0.8,
    b=1.5,
)
def _hawkes_process(t: Array, T: Array, m: Array, a: Array, b: Array) -> Array:
    total = m * T
    for n in range(4):
        kernel = sum(a * jnp.exp(-b * (t[n] - t[k])) for k in range(n))
        total += a / b * -jnp.expm1(-b * (T - t[n])) - jnp.log(m + kernel)
    return total


@_model(
    "variational inference for logistic regression, Jaakkola bound",
    "m c",
    "l = tanh(c/2)/(4*c); z = X@m; sum(l*(z**2 - c**2) - y*z/2 + c/2 - log(sigmoid(c)))",
    "z = X@m; sum(softplus(-c) + (c - y*z)/2) + dot((z - c)*(z + c)/c, sigmoid(c) - 0.5)/2",
    X=_normal(403, 4, 2),
    y=_floats(1, -1, -1, 1),
    m=_normal(404, 2),
    c=_positive(405, 4),
)
def _logistic_bound(X: Array, y: Array, m: Array, c: Array) -> Array:
    slope = (1 / (1 + jnp.exp(-c)) - 0.5) / (2 * c)
    terms = [
        slope[n] * ((X[n] @ m) ** 2 - c[n] ** 2)
        - y[n] * (X[n] @ m) / 2
        + jnp.log(2 * jnp.cosh(c[n] / 2))
        for n in range(4)
    ]
    return jnp.asarray(sum(terms))


@_model(
    "ranked probability score of ordered classes",
    "W",
    "P = softmax(X@W, axis=1); sum((cumsum(P, axis=1) - cumsum(Y, axis=1))**2)",
    "E = exp(X@W); M = where(arange(3)[:,None] <= arange(3), 1, 0);"
    " norm((E@M)/sum(E, dim=1, keepdims=True) - Y@M)^2",
    X=_normal(406, 4, 2),
    Y=np.eye(3)[[0, 2, 1, 1]],
    W=_normal(407, 2, 3),
)
def _ranked_score(X: Array, Y: Array, W: Array) -> Array:
    errors = jax.nn.softmax(jnp.einsum("ni,ik->nk", X, W)) - Y
    return jnp.sum(errors[:, 0] ** 2 + (errors[:, 0] + errors[:, 1]) ** 2)


@_model(
    "independent components, Bell and Sejnowski 1995",
    "W",
    "sum(log(cosh(X@W.T)))/len(X) - logdet(W)",
    "S = W@X.T; mean(log(exp(S) + exp(-S)), axis=1).sum() - 2*log(2) - log(det(W))",
    X=_normal(408, 5, 2),
    W=np.array([[1.2, 0.3], [-0.4, 0.9]]),
)
def _independent_components(X: Array, W: Array) -> Array:
    sources = jnp.abs(X @ W.T)
    entropies = sources + jnp.log1p(jnp.exp(-2 * sources)) - np.log(2)
    return jnp.sum(entropies) / 5 - jnp.log(W[0, 0] * W[1, 1] - W[0, 1] * W[1, 0])


@_model(
    "word vectors GloVe, Pennington et al. 2014",
    "U V a b",
    "sum(F*(U@V.T + a[:,None] + b - log(N))**2)",
    "norm(sqrt(F)*(sum(U[:,None,:]*V, axis=2) + outer(a, ones(3)) + b[None,:] - log(N)))^2",
    N=np.array([[12, 3, 1], [4, 20, 6.0]]),
    F=_between(0.2, 1, 409, 2, 3),
    U=_normal(410, 2, 2),
    V=_normal(411, 3, 2),
    a=_normal(412, 2),
    b=_normal(413, 3),
)
def _glove(N: Array, F: Array, U: Array, V: Array, a: Array, b: Array) -> Array:
    total = jnp.zeros(())
    for i, j in product(range(2), range(3)):
        total += F[i, j] * (jnp.vdot(U[i], V[j]) + a[i] + b[j] - jnp.log(N[i, j])) ** 2
    return total


@_model(
    "smooth largest eigenvalue, trace of the exponential",
    "x",
    "log(trace(expm(A + x[0]*B + x[1]*C)))",
    "M = expm((A + x[0]*B + x[1]*C)/2); log(sum(M*M.T))",
    A=_definite(414, 3),
    B=_definite(415, 3),
    C=_definite(416, 3),
    x=_floats(0.4, -0.7),
)
def _smooth_eigenvalue(A: Array, B: Array, C: Array, x: Array) -> Array:
    return jax.nn.logsumexp(jnp.linalg.eigvalsh(A + x[0] * B + x[1] * C))


MODELS: tuple[Model, ...] = tuple(_MODELS)


def _derivatives(model: Model) -> tuple[float, Tensor, Tensor]:
    """Value, gradient (n,) and Hessian (n, n) of the function by hand, in the order of ``wrt``."""
    shapes = [np.shape(model.values[name]) for name in model.wrt]
    ends = np.cumsum([np.size(model.values[name]) for name in model.wrt])[:-1]
    values = {name: jnp.asarray(value) for name, value in model.values.items()}

    def function(stacked: Array) -> Array:
        parts = zip(model.wrt, jnp.split(stacked, ends), shapes, strict=True)
        return model.function(**values | {name: part.reshape(s) for name, part, s in parts})

    point = jnp.concatenate([jnp.ravel(values[name]) for name in model.wrt])
    found = jax.jit(lambda x: (function(x), jax.grad(function)(x), jax.hessian(function)(x)))(point)
    return float(found[0]), np.asarray(found[1]), np.asarray(found[2])


def main(part: int, parts: int) -> None:
    """Print every model of one of so many parts, with what JAX computes, one JSON object a line.

    In a process of its own, for the threads of JAX must not be forked.
    """
    for model in MODELS[part::parts]:
        value, gradient, matrix = _derivatives(model)
        fields = {
            "name": model.name, "spellings": model.spellings, "wrt": model.wrt,
            "values": {name: np.asarray(v).tolist() for name, v in model.values.items()},
            "value": value, "gradient": gradient.tolist(), "hessian": matrix.tolist(),
            "source": model.source,
        }  # fmt: skip
        print(json.dumps(fields))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
