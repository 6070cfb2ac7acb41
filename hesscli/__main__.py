"""The entry of ``hess`` and of ``python -m hesscli``."""

import gc
import sys


def main() -> None:
    """Run ``hess`` on the arguments of this process and end it with the exit status."""
    # Importing torch and SymPy makes a million objects that stay: searching them for garbage,
    # again and again, takes a tenth of a second. The pipeline switches it back on.
    gc.disable()
    try:
        from hesscli.cli import run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    main()
