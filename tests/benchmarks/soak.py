"""Ten thousand requests to the helper, eight at a time: all right, and nothing left behind.

    python -m tests.benchmarks.soak [REQUESTS]

Prints the time of a request, and how many descriptors, processes and how much memory the helper
has at the start and at the end. Ends with status 1 where an answer is wrong or something leaks.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.conftest import ASK, start_helper

AT_A_TIME = 8


def main(requests: int) -> int:
    """Run the requests and compare what the helper holds before and after."""
    with tempfile.TemporaryDirectory(prefix="hess-") as name:
        os.environ |= {"HESS_WARM": "1", "XDG_RUNTIME_DIR": name}
        start_helper(Path(name))
        _ask(1)
        (lock,) = Path(name).glob("hess/*.lock")
        helper = int(lock.read_text().split()[0])
        time.sleep(3)
        before = _held(helper)
        start = time.perf_counter()
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            wrong = requests - sum(pool.map(_ask, range(requests)))
        seconds = time.perf_counter() - start
        time.sleep(3)
        after = _held(helper)
        subprocess.run([sys.executable, "-m", "hesscli", "--warm-stop"], check=True)
    print(f"{requests:,} requests, {AT_A_TIME} at a time: {1000 * seconds / requests:.1f} ms each")
    print(f"wrong: {wrong}")
    for what, old, new in zip(
        ("descriptors", "processes", "kB of memory"), before, after, strict=True
    ):
        print(f"{what}: {old:,} before, {new:,} after")
    leaks = after[0] > before[0] or after[1] > before[1] or after[2] > 1.1 * before[2]
    return int(bool(wrong) or leaks)


def _ask(k: int) -> bool:
    """Whether a request is answered rightly, by the helper."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, "x**3 + x*y", "--at", f"{k},1", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    right = f'"hessian": [[{6.0 * k}, 1.0], [1.0, 0.0]]' in done.stdout
    return right and done.returncode == 0 and not done.stderr


def _held(helper: int) -> tuple[int, int, int]:
    """The helper's descriptors and children, and its memory in kB."""
    descriptors = len(list(Path(f"/proc/{helper}/fd").iterdir()))
    children = Path(f"/proc/{helper}/task/{helper}/children").read_text().split()
    pages = int(Path(f"/proc/{helper}/statm").read_text().split()[1])
    return descriptors, len(children), pages * os.sysconf("SC_PAGE_SIZE") // 1024


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
