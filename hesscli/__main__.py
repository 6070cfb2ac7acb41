"""The entry of ``hess`` and of ``python -m hesscli``."""

import _signal
import os
import sys
import time

SLOW_SECONDS = 1.0
INTERRUPTED = 130


def main() -> None:
    """Run ``hess`` on the arguments of this process and end it with the exit status."""
    try:
        if "HESS_WARM" in os.environ:
            _warm()
        start = time.monotonic()
        status = run_cold(sys.argv[1:], held=True)
        if time.monotonic() - start > SLOW_SECONDS:
            _hint()
    except KeyboardInterrupt:
        status = INTERRUPTED
    if status == INTERRUPTED:
        _die_of_interrupt()
    # Impatience must not interrupt what Python and torch tidy up, which would be told as an error.
    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    sys.exit(status)


def _die_of_interrupt() -> None:
    """End by the signal, which a shell reports as 130: by that alone it ends a loop as well."""
    if os.name == "posix":
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
        os.kill(os.getpid(), _signal.SIGINT)


def _hint() -> None:
    """Tell a person who has waited how not to, once in a while."""
    if None not in (sys.stdout, sys.stderr) and os.isatty(1) and os.isatty(2):
        from hesscli.warm.control import hint

        if text := hint():
            print(f"hess: {text}", file=sys.stderr)


def _warm() -> None:
    """Let a helper answer, and end this process; return where there is none."""
    from hesscli.warm.client import ask

    if (status := ask(sys.argv[1:])) is not None:
        # Nothing has been written or kept here that would have to be tidied up, which takes as
        # long as all the rest.
        if status == INTERRUPTED:
            _die_of_interrupt()
        os._exit(status)


def run_cold(argv: list[str], *, held: bool = False) -> int:
    """Run ``hess`` in this process, or, ``held`` to its limits, in a child; its exit status."""
    import gc

    # Importing torch and SymPy makes a million objects that stay: searching them for garbage,
    # again and again, takes a tenth of a second. The pipeline switches it back on.
    gc.disable()
    from hesscli.cli.run import run

    return int(run(argv, held=held))


if __name__ == "__main__":
    main()
