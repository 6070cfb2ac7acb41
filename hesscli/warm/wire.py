"""What client and worker say to each other, as bytes.

A worker that is free accepts with its process id, the client sends its request with its
descriptors, the worker says that it is ready, the client lets it go, and the worker ends with the
exit status. Until the client has let it go, either may give up, and nothing has been written.
Descriptors are not sent before the worker has accepted: those that nobody takes would keep a pipe
open.
"""

from __future__ import annotations

READY = b"R"
GO = b"G"
NUMBER = 4  # bytes of a length, a process id, or an exit status
DESCRIPTORS = 5  # standard input, output and error, the working directory, the progress


def number(value: int) -> bytes:
    """A number below 2³²."""
    return value.to_bytes(NUMBER, "big")


def packed(lists: list[list[bytes]]) -> bytes:
    """Lists of texts without NUL, with the length of all before them."""
    body = b"".join(b"%d\0" % len(each) + b"".join(t + b"\0" for t in each) for each in lists)
    return number(len(body)) + body


def unpacked(body: bytes) -> list[list[bytes]]:
    """The lists again. Raises :class:`ValueError` for anything else."""
    texts = iter(body.split(b"\0")[:-1])
    return [[next(texts) for _ in range(int(count))] for count in texts]


def received(connection: object, size: int) -> bytes:
    """So many bytes from a socket. Raises :class:`EOFError` where it ends before."""
    data = b""
    while len(data) < size:
        more: bytes = connection.recv(size - len(data))  # type: ignore[attr-defined]
        if not more:
            raise EOFError
        data += more
    return data
