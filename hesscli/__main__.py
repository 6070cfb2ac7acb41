"""The entry of ``hess`` and of ``python -m hesscli``."""

import sys


def main() -> None:
    """Run ``hess`` on the arguments of this process and end it with the exit status."""
    from hesscli.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
