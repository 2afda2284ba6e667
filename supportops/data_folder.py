"""The folder of run-time data (``VAR_DIR``): one running portal has it to itself; trouble with it is one sentence."""

import errno
import fcntl
import shutil
import sqlite3
from pathlib import Path
from typing import IO

_READ_ONLY, _FORBIDDEN, _FULL = "is read-only", "may not be written by this user", "is full"
_BROKEN = "cannot be read or written"
_HARDLY_ANY = 2**16  # bytes
_FROM_SYSTEM = {
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.ENOTDIR: "is not a folder",
    errno.EEXIST: "is not a folder",
}
_FROM_SQLITE = {
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _FORBIDDEN,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _BROKEN,
}


class InUse(Exception):
    """Another portal runs on this folder."""


def complaint(folder: Path, error: BaseException) -> str | None:
    """What is wrong with the folder, and what to do, if that is what the error is about; else None."""
    while error is not None:
        word = None
        if isinstance(error, OSError):
            word = _FROM_SYSTEM.get(error.errno)
        elif isinstance(error, sqlite3.Error):
            word = _FROM_SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)  # the rest of the code says why
        if word in (_BROKEN, _FORBIDDEN) and folder.exists() and shutil.disk_usage(folder).free < _HARDLY_ANY:
            word = _FULL  # where SQLite cannot map a file, it says something else
        if word:
            remedy = "make room there, or choose" if word == _FULL else "choose"
            return f"The data folder {folder} {word}: {remedy} another one with VAR_DIR."
        error = error.__cause__ or error.__context__
    return None


def claim(folder: Path) -> IO[str]:
    """Have the folder to oneself until the returned file is closed or the process ends, however it ends; or InUse."""
    folder.mkdir(parents=True, exist_ok=True)
    claimed = (folder / "in_use").open("a")
    try:
        fcntl.flock(claimed, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        claimed.close()
        raise InUse(
            f"The data folder {folder} is in use by a running portal: end that one, or choose another with VAR_DIR."
        ) from None
    return claimed
