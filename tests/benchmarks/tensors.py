"""Value, gradient and Hessian of tensor formulas, beside the same functions by hand.

Each formula is evaluated as `hess` evaluates it, and by functions written by hand in torch, whose
Hessian is taken by each of torch's ways: backward passes one by one, all at once, and forward over
backward, of which the fastest counts; and in JAX, compiled. All are measured in one process, in
turn, and must give the same numbers:

    python tests/benchmarks/tensors.py [ROUNDS] [NAME]...
"""

from __future__ import annotations

import platform
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.functional import hessian

from hesscli.expression.reader import read_formula
from hesscli.expression.tensors import graph_at
from hesscli.numeric.autograd import Evaluator
from hesscli.types import Point, Values

Function = Callable[..., Any]
Case = tuple[str, dict[str, Tensor], tuple[str, ...], Function, Function]


def _normal(*shape: int, scale: float = 1.0) -> Tensor:
    return scale * torch.randn(*shape, dtype=torch.float64)


def logistic_regression() -> Case:
    x, w, y = _normal(1000, 200), _normal(200, scale=0.1), torch.sign(_normal(1000))

    def by_jax(w: Any, X: Any, y: Any) -> Any:
        import jax

        return jax.nn.softplus(-y * (X @ w)).sum()

    return (
        "sum(log(1 + exp(-y*(X@w))))", {"X": x, "w": w, "y": y}, ("w",),
        lambda w: torch.nn.functional.softplus(-y * (x @ w)).sum(), by_jax,
    )  # fmt: skip


def softmax_regression() -> Case:
    x, w = _normal(500, 20), _normal(20, 10, scale=0.1)
    y = torch.nn.functional.one_hot(torch.randint(10, (500,)), 10).double()

    def by_jax(W: Any, X: Any, Y: Any) -> Any:
        import jax

        return -(Y * jax.nn.log_softmax(X @ W, axis=1)).sum()

    return (
        "-sum(Y*log_softmax(X@W, axis=1))", {"X": x, "W": w, "Y": y}, ("W",),
        lambda w: -(y * torch.log_softmax(x @ w, 1)).sum(), by_jax,
    )  # fmt: skip


def least_squares() -> Case:
    a, x, b = _normal(2000, 300), _normal(300), _normal(2000)
    return (
        "sum((A@x - b)**2)", {"A": a, "x": x, "b": b}, ("x",),
        lambda x: ((a @ x - b) ** 2).sum(), lambda x, A, b: ((A @ x - b) ** 2).sum(),
    )  # fmt: skip


def log_sum_exp() -> Case:
    a, x = _normal(1000, 200), _normal(200, scale=0.1)

    def by_jax(x: Any, A: Any) -> Any:
        import jax

        return jax.scipy.special.logsumexp(A @ x)

    return (
        "logsumexp(A@x)", {"A": a, "x": x}, ("x",), lambda x: torch.logsumexp(a @ x, 0), by_jax,
    )  # fmt: skip


def matrix_factorisation() -> Case:
    m, u, v = _normal(50, 40), _normal(50, 5), _normal(40, 5)
    return (
        "sum((M - U@V.T)**2)", {"M": m, "U": u, "V": v}, ("U", "V"),
        lambda u, v: ((m - u @ v.T) ** 2).sum(), lambda U, V, M: ((M - U @ V.T) ** 2).sum(),
    )  # fmt: skip


def network() -> Case:
    x, y = _normal(200, 20), _normal(200)
    v, w = _normal(20, 23, scale=0.3), _normal(23, scale=0.3)

    def by_jax(V: Any, w: Any, X: Any, y: Any) -> Any:
        import jax.numpy as jnp

        return ((jnp.tanh(X @ V) @ w - y) ** 2).sum()

    return (
        "sum((tanh(X@V)@w - y)**2)", {"X": x, "V": v, "w": w, "y": y}, ("V", "w"),
        lambda v, w: ((torch.tanh(x @ v) @ w - y) ** 2).sum(), by_jax,
    )  # fmt: skip


def gaussian_process() -> Case:
    t = torch.linspace(0, 10, 200, dtype=torch.float64)
    d, y = (t[:, None] - t[None, :]) ** 2, torch.sin(t) + _normal(200, scale=0.1)
    s, length, n = (torch.tensor(v, dtype=torch.float64) for v in (1.0, 1.2, 0.3))
    identity = torch.eye(200, dtype=torch.float64)

    def by_hand(s: Tensor, length: Tensor, n: Tensor) -> Tensor:
        k = s**2 * torch.exp(-d / (2 * length**2)) + n**2 * identity
        result: Tensor = y @ torch.linalg.solve(k, y) / 2 + torch.logdet(k) / 2
        return result

    def by_jax(s: Any, l: Any, n: Any, D: Any, y: Any) -> Any:  # noqa: E741
        import jax.numpy as jnp

        k = s**2 * jnp.exp(-D / (2 * l**2)) + n**2 * jnp.eye(200)
        return y @ jnp.linalg.solve(k, y) / 2 + jnp.linalg.slogdet(k)[1] / 2

    return (
        "K = s**2*exp(-D/(2*l**2)) + n**2*eye(200); y@solve(K, y)/2 + logdet(K)/2",
        {"D": d, "y": y, "s": s, "l": length, "n": n}, ("s", "l", "n"), by_hand, by_jax,
    )  # fmt: skip


def norm_and_logsumexp() -> Case:
    def by_jax(x: Any) -> Any:
        import jax

        return jax.numpy.linalg.norm(x) + jax.scipy.special.logsumexp(x)

    return (
        "norm(x) + logsumexp(x)", {"x": _normal(1000)}, ("x",),
        lambda x: torch.linalg.norm(x) + torch.logsumexp(x, 0), by_jax,
    )  # fmt: skip


CASES: tuple[Callable[[], Case], ...] = (
    logistic_regression, softmax_regression, least_squares, log_sum_exp, matrix_factorisation,
    network, gaussian_process, norm_and_logsumexp,
)  # fmt: skip


def evaluated(text: str, values: dict[str, Tensor], wrt: tuple[str, ...], device: str) -> Function:
    """What evaluates a formula as the command does: a call gives its sums."""
    formula = read_formula(text, tuple(values), wrt)
    point = Point(
        {n: Values(tuple(values[n].shape), tuple(values[n].flatten().tolist()))
         for n in formula.variables}, "",
    )  # fmt: skip
    shapes = {name: tuple(value.shape) for name, value in values.items()}
    evaluator = Evaluator(formula, "float64", device, graph_at(formula, point), shapes)
    tensors = {name: values[name].to(device) for name in formula.variables}
    return lambda: evaluator.derivatives(tensors)


def by_hand(function: Function, values: list[Tensor], **way: Any) -> Function:
    """The same of a function by hand, on one stacked vector."""
    sizes = [value.numel() for value in values]
    stacked = torch.cat([value.reshape(-1) for value in values])

    def of(inputs: Tensor) -> Tensor:
        parts = zip(torch.split(inputs, sizes), values, strict=True)
        result: Tensor = function(*(part.reshape(value.shape) for part, value in parts))
        return result

    def run() -> tuple[Any, Any, Any]:
        leaf = stacked.clone().requires_grad_()
        value = of(leaf)
        (gradient,) = torch.autograd.grad(value, leaf)
        return value.detach(), gradient, hessian(of, stacked, **way).detach()  # type: ignore[no-untyped-call]

    return run


def by_jax(function: Function, values: dict[str, Tensor], wrt: tuple[str, ...]) -> Function:
    """The Hessian of a function by hand in JAX, compiled."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
    arrays = {name: jnp.asarray(value.numpy()) for name, value in values.items()}
    sizes = np.cumsum([values[name].numel() for name in wrt])[:-1]
    rest = {name: array for name, array in arrays.items() if name not in wrt}

    def of(stacked: Any) -> Any:
        parts = zip(wrt, jnp.split(stacked, sizes), strict=True)
        return function(**{n: part.reshape(arrays[n].shape) for n, part in parts}, **rest)

    compiled = jax.jit(lambda x: (of(x), jax.grad(of)(x), jax.hessian(of)(x)))
    stacked = jnp.concatenate([arrays[name].ravel() for name in wrt])
    return lambda: [np.asarray(part) for part in compiled(stacked)]


WAYS: dict[str, dict[str, Any]] = {
    "rows": {"vectorize": False},
    "batched": {"vectorize": True},
    "forward": {"vectorize": True, "outer_jacobian_strategy": "forward-mode"},
}


def seconds(run: Function, rounds: int) -> float:
    """The least of some rounds."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


def main() -> None:
    """Print a table of milliseconds, and of ratios to the fastest of torch's ways."""
    warnings.simplefilter("ignore")  # torch's hints about batching
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    torch.manual_seed(0)
    print(f"{_processor()}, {torch.get_num_threads()} threads, torch {torch.__version__}\n")
    head = ["", "rows", "hess", *WAYS, "JAX", "hess/torch", "differ"]
    print("{:22}{:>6}{:>10}{:>10}{:>10}{:>10}{:>10}{:>12}{:>10}".format(*head))
    for case in CASES:
        if sys.argv[2:] and case.__name__ not in sys.argv[2:]:
            continue
        text, values, wrt, in_torch, in_jax = case()
        hand = [values[name] for name in wrt]
        runs = {"hess": evaluated(text, values, wrt, "cpu")}
        runs |= {name: by_hand(in_torch, hand, **way) for name, way in WAYS.items()}
        runs["JAX"] = by_jax(in_jax, values, wrt)
        found = {name: np.asarray(run()[2]) for name, run in runs.items()}
        scale = np.abs(found["hess"]).max()
        differ = max(float(np.abs(m - found["hess"]).max() / scale) for m in found.values())
        assert differ < 1e-9, (case.__name__, differ)
        took = {name: seconds(run, rounds) for name, run in runs.items()}
        ratio = took["hess"] / min(took[name] for name in WAYS)
        times = "".join(f"{1e3 * t:10.1f}" for t in took.values())
        print(f"{case.__name__:22}{len(found['hess']):6}{times}{ratio:12.2f}{differ:10.0e}")


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()
