"""Where and how answers are written: the format, the file, the width and the colours."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from shutil import get_terminal_size
from typing import IO, TYPE_CHECKING, Any, TextIO

from hesscli.answer import Answer
from hesscli.cli.options import Color, Request
from hesscli.errors import ASCII_SIGNS, HessError, shortened
from hesscli.files import Replacement, require_writable, unwritable
from hesscli.notes import Note, Remark
from hesscli.render.formats import FORMATS, Writer, table
from hesscli.types import Point

if TYPE_CHECKING:
    from rich.console import Console

    from hesscli.render.rows import Row, Rows


@dataclass(frozen=True, slots=True)
class Streams:
    """Where a run reads and writes; tests pass their own."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO

    def say(self, text: str) -> None:
        """Tell the user something beside the answers."""
        if not holds_unicode(self.stderr):
            text = text.translate(ASCII_SIGNS)
        self.stderr.write(text + "\n")
        self.stderr.flush()


def standard_streams() -> Streams:
    """This process's streams, made unable to fail on a character that they cannot hold."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")
    return Streams(
        sys.stdin or io.StringIO(),
        sys.stdout or Path(os.devnull).open("w", encoding="utf-8"),
        sys.stderr or Path(os.devnull).open("w", encoding="utf-8"),
    )


def holds_unicode(stream: IO[str]) -> bool:
    """Whether the stream takes every character, and its reader has not asked for ASCII.

    Python takes the C locale for UTF-8; a terminal that is set to it may show no more than ASCII.
    """
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG")
    asked = locale in ("C", "POSIX") and stream in (sys.stdout, sys.stderr)
    return encoding in ("utf8", "utf16") and not asked


LONGEST_READING = 300  # of a formula, on standard error


class Output:
    """Writes answers, one after the other.

    A file gets its place at the end of the ``with`` block, and not if that ends with an exception.
    """

    def __init__(self, request: Request, streams: Streams) -> None:
        self.request = request
        self.streams = streams
        self.path = None if request.output == "-" else request.output
        self.file: Replacement | None = None
        if self.path is not None:
            require_writable(self.path)
        drawn = request.format == "terminal"
        made = FORMATS[request.format].make
        self.writer: Writer = _Drawing(request, self._stream) if drawn else made()
        self.told: set[str] = set()

    def several(self, held: Collection[str] = ()) -> None:
        """Write what follows as many points: a row each, in the formats that have rows.

        Values of the names that are ``held`` are those of all points.
        """
        request = self.request
        # What these ask for has no place in a row.
        compared = request.expect is not None or request.expect_gradient is not None
        blocks = request.full or request.minors or request.check or compared
        if request.format == "terminal" and not blocks:
            self.writer = _Rows(request, self._stream, held)
        self.writer = table(request.format, self.path) or self.writer

    def row(self, came: Mapping[str, str]) -> None:
        """Take what the input has in its columns for the next point, for the formats that keep it;
        nothing where it has no columns.
        """
        self.writer.row(came)

    def __enter__(self) -> Output:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._write(self.writer.end())
                if self.file is not None:
                    self.file.finish()
        finally:
            if self.file is not None:
                self.file.discard()

    def answer(self, answer: Answer) -> None:
        """Write an answer; before the first one, say how the formula was read."""
        self.say_reading(answer.notes)
        self._write(self.writer.answer(answer))
        if not answer.holds and not self.writer.words:
            from hesscli.render.answer import problems

            # A matrix of numbers has no room for words.
            self._say(problems(answer))
        self._say_once(f"note: {text}" for text in self.writer.once(answer))

    def say_reading(self, notes: Sequence[Remark]) -> None:
        """Say how the formula was read, if that is not what stands there literally."""
        readings = [note for note in notes if note.kind is Note.READ_AS]
        if readings:
            from hesscli.render.phrases import words

            self._say_once(shortened(words(note), LONGEST_READING) for note in readings)

    def _say_once(self, texts: Iterable[str]) -> None:
        new = [text for text in texts if text not in self.told]
        self.told.update(new)
        self._say(new)

    def text(self, text: str) -> None:
        """Write what is in place of an answer."""
        self._write([text])

    def failure(
        self, error: HessError, line: int | None = None, point: Point | None = None
    ) -> None:
        """Say that one point has no answer, and go on."""
        pieces = self.writer.failure(error, line, point)
        if pieces is not None:
            self._write(pieces)
            return
        where = f"line {line}: " if line is not None else ""
        self._say([error.report().replace("hess: ", where, 1)])

    def _say(self, texts: Iterable[str]) -> None:
        self.streams.stdout.flush()
        for text in texts:
            self.streams.say(f"hess: {text}")

    def flush(self) -> None:
        """Let a reader have what was written."""
        (self.streams.stdout if self.file is None else self.file.stream).flush()

    def _stream(self) -> IO[str]:
        """Standard output, or the file: begun with the first answer, so that a request which gets
        none leaves an old file alone.
        """
        if self.path is None:
            return self.streams.stdout
        if self.file is None:
            try:
                self.file = Replacement(self.path)
            except (OSError, ValueError) as error:
                raise unwritable(self.path, error) from None
        return self.file.stream

    def _write(self, pieces: Iterable[str]) -> None:
        for piece in pieces:
            self._stream().write(piece)


class _Drawing(Writer):
    """Draws answers for people, with an empty line between two."""

    def __init__(self, request: Request, stream: Callable[[], IO[str]]) -> None:
        self.request = request
        self.stream = stream
        self.count = 0

    def answer(self, answer: Answer) -> Iterator[str]:
        """An answer, drawn."""
        from hesscli.render.answer import document as documented

        stream = self.stream()
        unicode = holds_unicode(stream)
        listed = self.request.full
        full = listed or not stream.isatty()
        document = documented(answer, unicode=unicode, full=full, constants=listed)
        if self.count:
            yield "\n"
        self.count += 1
        console = _console(self.request, stream, unicode)
        if console is None:
            from hesscli.render import entries, text

            signs = entries.UNICODE if unicode else entries.ASCII
            yield from (line + "\n" for line in text.lines(document, signs))
        else:
            console.print(document, crop=False)
            yield console.file.getvalue()  # type: ignore[attr-defined]


class _Rows(Writer):
    """Draws many answers for people, a row each."""

    def __init__(
        self, request: Request, stream: Callable[[], IO[str]], held: Collection[str]
    ) -> None:
        self.request = request
        self.stream = stream
        self.held = held

    @cached_property
    def rows(self) -> Rows:
        """What makes rows, as wide as the terminal is with the first of them."""
        from hesscli.render.rows import Rows

        stream = self.stream()
        width = get_terminal_size((80, 24)).columns if stream.isatty() else None
        return Rows(width, unicode=holds_unicode(stream), held=self.held)

    def answer(self, answer: Answer) -> Iterator[str]:
        """The row of an answer."""
        return self._drawn(self.rows.answer(answer))

    def once(self, answer: Answer) -> list[str]:
        """What is true of all points, or of the formula."""
        return self.rows.once(answer)

    def failure(
        self, error: HessError, line: int | None, point: Point | None
    ) -> Iterator[str] | None:
        """The row of a point; lines that are no point are told beside the rows."""
        return None if point is None else self._drawn(self.rows.failure(error, point))

    def _drawn(self, rows: Iterable[Row]) -> Iterator[str]:
        stream = self.stream()
        for row in rows:
            console = _console(self.request, stream, holds_unicode(stream))
            if console is None:
                yield f"{row}\n"
            else:
                console.print(row, crop=False)
                yield console.file.getvalue()  # type: ignore[attr-defined]


class _Ascii(io.StringIO):
    """A page for a terminal that has no other signs."""

    encoding = "ascii"


def _console(request: Request, stream: IO[str], unicode: bool) -> Console | None:
    """A page to draw on as on the stream, which only a terminal gives a width, while colours may be
    asked for anywhere; None where there are neither, and Rich need not be loaded.
    """
    terminal = stream.isatty()
    always = request.color is Color.always
    # A file is not what is looked at: it gets colours only where they are asked for by name.
    wished = os.environ.get("FORCE_COLOR") not in (None, "", "0") and request.output is None
    forced = always or (wished and not os.environ.get("NO_COLOR"))
    coloured = request.color is not Color.never and (terminal or forced)
    if not terminal and not coloured:
        return None
    from rich.console import Console

    from hesscli.render.terminal import UNLIMITED

    width, height = get_terminal_size((80, 24))
    dumb = os.environ.get("TERM", "").lower() in ("dumb", "unknown")
    # A dumb terminal has no colours, unless they are insisted on.
    system: Any = ("standard" if dumb and forced else "auto") if coloured else None
    return Console(
        file=io.StringIO() if unicode else _Ascii(), width=width if terminal else UNLIMITED,
        height=height, force_terminal=True, color_system=system, no_color=False if always else None,
    )  # fmt: skip
