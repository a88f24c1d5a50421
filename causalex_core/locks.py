"""File locks that end with the process that holds them, however it ends.

Standard library only: run.py uses them before anything is installed.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def exclusive(path: Path, busy: str) -> Iterator[None]:
    """Hold a lock file alone; `busy` is printed once before waiting for another process."""
    handle = _locked(path, fcntl.LOCK_EX, busy)
    try:
        yield
    finally:
        handle.close()


@contextmanager
def try_lock(path: Path) -> Iterator[bool]:
    """Hold a lock file alone if nobody else does; gives whether it is held. It is removed after."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        held = _still_there(path, handle)
        try:
            yield held
        finally:
            if held:
                path.unlink(missing_ok=True)


def held(path: Path) -> bool:
    """Whether somebody else holds a lock file alone."""
    try:
        with path.open() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def shared(path: Path) -> IO[str]:
    """Hold a lock file together with others, until the returned file is closed."""
    return _locked(path, fcntl.LOCK_SH, f"waiting for {path}")


def _locked(path: Path, kind: int, busy: str) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    printed = False
    while True:
        handle = path.open("a")
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if not printed:
                print(busy, flush=True)
                printed = True
            fcntl.flock(handle, kind)
        if _still_there(path, handle):
            return handle
        handle.close()  # removed by a `clean` while this process waited: take the new file


def _still_there(path: Path, handle: IO[str]) -> bool:
    try:
        return os.stat(path).st_ino == os.fstat(handle.fileno()).st_ino
    except FileNotFoundError:
        return False
