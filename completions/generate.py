"""Write the completion scripts that are installed: run it after a change, and commit."""

from __future__ import annotations

from pathlib import Path

from hesscli.cli.completions import script

HERE = Path(__file__).parent
# The names by which the shells look for them.
FILES = {"hess.bash": "bash", "_hess": "zsh", "hess.fish": "fish"}


def main() -> None:
    """Write the scripts beside this file."""
    for name, shell in FILES.items():
        (HERE / name).write_text(script(shell), encoding="utf-8")


if __name__ == "__main__":
    main()
