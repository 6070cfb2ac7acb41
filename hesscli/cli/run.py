"""Arguments in, exit status out, whatever happens in between."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer

from hesscli.cli.answering import answer
from hesscli.cli.command import Introduction, parsed
from hesscli.cli.help import introduction
from hesscli.cli.options import Request
from hesscli.cli.output import Streams, standard_streams
from hesscli.cli.outside import hold
from hesscli.errors import FORESEEN, ExitStatus, HessError, internal, usage

# A formula may nest 400 levels deep; the parser takes about fifteen frames for each.
RECURSION_LIMIT = 20_000


def run(argv: list[str], streams: Streams | None = None, *, held: bool = False) -> int:
    """Run the command line and return its exit status. No exception leaves, whatever happens.

    With ``held``, an answer is computed in a child that this process holds to its limits.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION_LIMIT))
    if streams is None:
        streams = standard_streams()
        if sys.stdout is None:
            streams.say("hess: standard output is closed, so nothing can be answered")
            return ExitStatus.NO_ANSWER
    try:
        status = _run(argv, streams, held)
        streams.stdout.flush()
        return status
    except KeyboardInterrupt:
        with suppress(OSError, ValueError):
            streams.stdout.flush()  # the process is to die of the signal
        return ExitStatus.INTERRUPTED
    except OSError as error:
        closed = isinstance(error, BrokenPipeError)
        if not closed:
            reason = (error.strerror or str(error)).lower()
            streams.say(f"hess: cannot write the answer: {reason}")
        _silence(streams.stdout)
        return ExitStatus.CLOSED_PIPE if closed else ExitStatus.NO_ANSWER
    except MemoryError:
        streams.say("hess: not enough memory for this answer\n  try: a smaller formula or point")
        return ExitStatus.USAGE
    except RecursionError:
        streams.say("hess: the formula is nested too deep\n  try: a formula with fewer levels")
        return ExitStatus.USAGE


def _run(argv: list[str], streams: Streams, held: bool) -> int:
    try:
        result = parsed(argv)
        if isinstance(result, Request):
            if result.remark is not None:
                streams.say(f"hess: {result.remark}")
            if held:
                hold(result, streams)
            return answer(result, streams)
        if isinstance(result, str):
            streams.stdout.write(result)
            return ExitStatus.ANSWERED
        return int(result or 0)
    except Introduction:
        streams.stderr.write(introduction())
        return ExitStatus.USAGE
    except HessError as error:
        streams.stdout.flush()
        streams.say(error.report())
        return error.status
    except typer.TyperException as error:
        hint = "`hess --help` lists every option"
        message = error.format_message().replace("a valid int range", "a whole number")
        message = message.replace("a valid float range", "a number")
        streams.say(usage(message, hint).report())
        return ExitStatus.USAGE
    except FORESEEN:
        raise
    except Exception as error:
        streams.say(internal(error).report())
        return ExitStatus.NO_ANSWER


def _silence(stream: Any) -> None:
    """Point a closed stream at nothing, so that the interpreter's last flush says nothing."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return
    with Path(os.devnull).open("w", encoding="utf-8") as nothing:
        os.dup2(nothing.fileno(), descriptor)
