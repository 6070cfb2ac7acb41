"""Tensor formulas on a GPU: the numbers of the CPU, and how long each takes.

It needs a device of torch's, `cuda` unless another is named, and takes less than five minutes:

    python -m tests.gpu.tensors [DEVICE]

Every formula of the benchmark is evaluated on both, and a few answers of the command are compared,
those of what is not smooth among them. The exit status is 1 where any number differs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import numpy as np
import torch

from tests.benchmarks.tensors import CASES, evaluated, seconds

COMMANDS = (
    ("x**3 + x*y", "--at", "2,4"),
    ("sum((A@x - b)**2)", "--wrt", "x", "--at", "A=randn(50,9),x=randn(9),b=randn(50)"),
    ("logsumexp(A@x) + norm(x)", "--wrt", "x", "--at", "A=randn(50,9),x=randn(9)"),
    ("sum(relu(x)**3)", "--at", "[0,1,-1]"),
    ("sum(abs(x))", "--at", "[0,1,-1]"),
    ("y@solve(K, y) + logdet(K)", "--at", "K=[[2,1],[1,3]],y=[1,2]"),
)


def answer(arguments: tuple[str, ...], device: str) -> tuple[int, Any]:
    """The status and the Hessian that the command gives."""
    command = [sys.executable, "-m", "hesscli", *arguments, "--seed", "1", "--json"]
    run = subprocess.run(
        [*command, "--device", device, "--verify", "never"], capture_output=True, text=True
    )
    found = json.loads(run.stdout)
    return run.returncode, np.array(found.get("hessian", found.get("error")), dtype=object)


def close(found: Any, expected: Any) -> bool:
    """Whether two Hessians are the same but for rounding, with the same gaps."""
    a, b = (np.array(matrix, dtype=float) for matrix in (found, expected))
    scale = np.nanmax(np.abs(b), initial=1e-300)
    return a.shape == b.shape and np.allclose(a, b, rtol=0, atol=1e-9 * scale, equal_nan=True)


def main() -> int:
    """Print a table, and give the exit status."""
    device = sys.argv[1] if len(sys.argv) > 1 else "cuda"
    name = torch.cuda.get_device_name() if device.startswith("cuda") else device
    print(f"{name}, torch {torch.__version__}\n")
    torch.manual_seed(0)
    right = True
    start = time.monotonic()
    print(f"{'':22}{'rows':>6}{'CPU ms':>10}{'device ms':>11}{'CPU/device':>12}")
    for case in CASES:
        text, values, wrt, _, _ = case()
        runs = [evaluated(text, values, wrt, each) for each in ("cpu", device)]
        matrices = [run()[2] for run in runs]
        same = close(matrices[1], matrices[0])
        right &= same
        took = [seconds(run, 3) for run in runs]
        times = f"{1e3 * took[0]:10.1f}{1e3 * took[1]:11.1f}{took[0] / took[1]:12.1f}"
        print(f"{case.__name__:22}{len(matrices[0]):6}{times}{'' if same else '  DIFFERS'}")
    for arguments in COMMANDS:
        expected, found = answer(arguments, "cpu"), answer(arguments, device)
        same = found[0] == expected[0] and close(found[1], expected[1])
        right &= same
        print(f"{'same' if same else 'DIFFERS':8}hess {' '.join(arguments)}")
    print(f"\n{time.monotonic() - start:.0f} s; {'all the same' if right else 'SOME DIFFER'}")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
