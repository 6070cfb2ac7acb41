"""Where helpers are to be found: a private folder, and a name for each kind of helper.

Every import here is paid for in each request, so there are next to none.
"""

from __future__ import annotations

import os
import sys

from hesscli import __version__

# What these say is taken in while modules are imported, which the helper does only once.
_IMPORTED = (
    "PYTHON", "TORCH", "PYTORCH", "OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS", "NUMEXPR", "CUDA_",
    "HIP_", "SYMPY_", "LD_", "MALLOC_", "ATEN_", "NPY_", "DNNL_", "ONEDNN_", "MPMATH_", "GLIBC_",
)  # fmt: skip
# What limits a process besides its user and its resources.
_RIGHTS = (b"CapEff", b"CapBnd", b"NoNewPrivs", b"Seccomp:")
PRIVATE = 0o700


def folder() -> str | None:
    """The user's own run-time folder, made if need be; None where it cannot be trusted."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and not base.startswith("/"):
        return None
    path = f"{base}/hess" if base else f"{os.environ.get('TMPDIR') or '/tmp'}/hess-{os.geteuid()}"
    try:
        os.mkdir(path, PRIVATE)  # noqa: PTH102
    except FileExistsError:
        pass
    except OSError:
        return None
    try:
        found = os.lstat(path)
    except OSError:
        return None
    is_folder = found.st_mode & 0o170000 == 0o040000
    private = found.st_mode & 0o777 == PRIVATE and found.st_uid == os.geteuid()
    return path if is_folder and private else None


def name() -> str:
    """The name of the helper that this process could use.

    It is another one for another version, interpreter, installation, environment of imports,
    namespace or resource limit.
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    parts = [
        __version__,
        sys.version,
        sys.executable,
        sys.getfilesystemencoding(),
        sys.prefix,
        package,
        *(f"{path} {_changed(path)}" for path in sys.path[_from_here() :]),
        *_files(package),
        *(f"{k}={v}" for k, v in sorted(os.environ.items()) if k.startswith(_IMPORTED)),
        *map(namespace, ("pid", "mnt", "user")),
        str(sorted(os.sched_getaffinity(0))),
        str((os.getresuid(), os.getresgid(), sorted(os.getgroups()))),
        str((_lines("limits"), _lines("status", _RIGHTS))),
    ]
    return _digest("\0".join(parts).encode("utf-8", "surrogateescape"))


def _from_here() -> int:
    """1 where the first place to import from is just the working directory."""
    return int(sys.path[:1] in ([""], [os.getcwd()]))  # noqa: PTH109


def _digest(text: bytes) -> str:
    try:
        from _blake2 import blake2b  # hashlib takes longer to load than all else here
    except ImportError:
        from hashlib import blake2b
    return str(blake2b(text, digest_size=12).hexdigest())


def _changed(path: str) -> int:
    try:
        return os.stat(path or ".").st_mtime_ns  # noqa: PTH116
    except OSError:
        return 0


def _files(path: str) -> list[str]:
    """What the files below a folder are, as far as their entries tell."""
    with os.scandir(path) as entries:
        found = sorted((entry.name, entry) for entry in entries if entry.name != "__pycache__")
    files = []
    for _, entry in found:
        if entry.is_dir():
            files += _files(entry.path)
        else:
            stat = entry.stat()
            files.append(f"{entry.path} {stat.st_mtime_ns} {stat.st_size} {stat.st_ino}")
    return files


def _lines(name: str, starts: tuple[bytes, ...] = (b"",)) -> list[bytes]:
    """What the system says of this process."""
    try:
        with open(f"/proc/self/{name}", "rb") as file:  # noqa: PTH123
            return [line for line in file if line.startswith(starts)]
    except OSError:
        return []


def namespace(kind: str) -> str:
    """The namespace of this process, in which process ids are what they are."""
    try:
        return os.readlink(f"/proc/self/ns/{kind}")  # noqa: PTH115
    except OSError:
        return ""
