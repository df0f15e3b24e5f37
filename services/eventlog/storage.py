"""The files of the SQLite engine: who may read them, which disks will do, and that one process writes."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from services.eventlog.port import LogInUse, LogMismatch

NETWORK_FILESYSTEMS = frozenset(
    {
        "9p",
        "afs",
        "ceph",
        "cifs",
        "fuse.glusterfs",
        "fuse.sshfs",
        "glusterfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
    }
)
"""SQLite's write-ahead log needs memory shared between processes, and flock and fsync that mean what they say."""

_PRIVATE_FILE = 0o600
_PRIVATE_DIRECTORY = 0o700
_PROBE_BYTES = 65_536
_MOUNTS = Path("/proc/self/mountinfo")


def prepare(path: Path) -> None:
    """Make the directories (0700) and the file (0600) where they are missing, so that they survive a power cut."""
    refuse_network_disk(path.parent)
    missing = [directory for directory in (path.parent, *path.parent.parents) if not directory.exists()]
    for directory in reversed(missing):
        directory.mkdir(mode=_PRIVATE_DIRECTORY, exist_ok=True)
        _sync_directory(directory.parent)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, _PRIVATE_FILE))
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refuse_network_disk(directory: Path, mounts: Path = _MOUNTS) -> None:
    """Raise `LogMismatch` on a network filesystem where the system tells (Linux); elsewhere the operator must know."""
    kind = filesystem_of(directory, mounts)
    if kind in NETWORK_FILESYSTEMS:
        raise LogMismatch(
            f"{directory} lies on a network disk ({kind}), where an event log on SQLite can lose what it acknowledged. "
            "Choose a directory on a local disk."
        )


def filesystem_of(directory: Path, mounts: Path = _MOUNTS) -> str | None:
    """The type of the filesystem under a directory, None where the system does not say (see proc_pid_mountinfo(5))."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    real = directory.resolve()
    found: tuple[int, str | None] = (-1, None)
    for line in lines:
        before, _, after = line.partition(" - ")
        mounted_at = Path(before.split()[4].replace("\\040", " "))
        # Of two mounts on one directory the later one is what is seen.
        if real.is_relative_to(mounted_at) and len(mounted_at.parts) >= found[0]:
            found = (len(mounted_at.parts), after.split()[0])
    return found[1]


def is_full(directory: Path) -> bool:
    """Whether the disk takes no more bytes: SQLite calls only ENOSPC full, and a quota or a file limit an I/O error."""
    probe = directory / f".probe-{os.getpid()}"
    try:
        with probe.open("wb") as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return True
    finally:
        probe.unlink(missing_ok=True)
    return False


_held: set[int] = set()
"""Descriptors of the locks this process holds."""


def _leave_locks_to_parent() -> None:
    while _held:
        os.close(_held.pop())


# A forked worker would share the lock, and keep it when the writer is killed and to be started again.
os.register_at_fork(after_in_child=_leave_locks_to_parent)


class WriterLock:
    """The right to write a log, held by one process; the kernel takes it back from a dead one at once."""

    def __init__(self, path: Path) -> None:
        """Take the lock beside `path`; raises `LogInUse` and names the holder."""
        lock = path.with_name(path.name + ".lock")
        self._descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, _PRIVATE_FILE)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(self._descriptor)
            raise LogInUse(
                f"{path} is open for writing in process {holder}. One process writes a log: stop that one first, or "
                "give this one another directory."
            ) from None
        _held.add(self._descriptor)
        # On a full disk without the number: it is only for the text above, the lock holds without it.
        with suppress(OSError):
            os.truncate(self._descriptor, 0)
            os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Give the right back; the lock file stays, for removing it would let two processes hold one each."""
        _held.discard(self._descriptor)
        os.close(self._descriptor)
