"""Files below a directory, reached without following any link."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import contextmanager
from typing import IO, Any, Callable, Iterator, Tuple, TypeVar, Union

Path = Union[str, bytes, 'os.PathLike[Any]']
T = TypeVar('T')

_PIECE = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@contextmanager
def _folder(root: Path, parts: Tuple[bytes, ...], make: bool) -> Iterator[int]:
    """The descriptor of a folder below a directory."""
    current = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts:
            if make:
                try:
                    os.mkdir(part, dir_fd=current)
                except FileExistsError:
                    pass
            below = os.open(part, _FOLDER, dir_fd=current)
            os.close(current)
            current = below
        yield current
    finally:
        os.close(current)


@contextmanager
def open_below(root: Path, name: bytes, flags: int) -> Iterator[IO[bytes]]:
    """Open a file below a directory for reading."""
    *parts, last = name.split(b'/')
    with _folder(root, tuple(parts), False) as folder:
        descriptor = os.open(last, flags | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        with open(descriptor, 'rb') as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, 'it is no file but a device, socket or pipe', name)
            yield file


class Target:
    """A new file beside its place."""

    def __init__(self, folder: int, name: bytes) -> None:
        self._folder, self._name, self._kept = folder, name, False
        self._part = b'.constat-' + secrets.token_hex(8).encode()

    def write(self, source: IO[bytes], digester: Any) -> Any:
        """Write what the source holds, sync it, and return what it was."""
        descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666, dir_fd=self._folder)
        with open(descriptor, 'wb') as file:
            while True:
                data = source.read(_PIECE)
                if not data:
                    break
                digester.update(data)
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return digester.content()

    def back(self, look: Callable[[IO[bytes]], T]) -> T:
        """Read the file back, from the medium rather than from memory where the system lets it."""
        descriptor = os.open(self._part, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=self._folder)
        with open(descriptor, 'rb') as file:
            if hasattr(os, 'posix_fadvise'):
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            return look(file)

    def keep(self) -> None:
        """Give the file its name."""
        os.rename(self._part, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        self._kept = True
        os.fsync(self._folder)

    def drop(self) -> None:
        """Remove what is left of it, unless it was kept."""
        if not self._kept:
            try:
                os.unlink(self._part, dir_fd=self._folder)
            except FileNotFoundError:
                pass


@contextmanager
def make_below(root: Path, name: bytes) -> Iterator[Target]:
    """A new file below a directory, which is gone at the end unless it was kept."""
    *parts, last = name.split(b'/')
    with _folder(root, tuple(parts), True) as folder:
        target = Target(folder, last)
        try:
            yield target
        finally:
            target.drop()


def remove_below(root: Path, name: bytes) -> None:
    """Remove a file below a directory, and look that it is gone."""
    *parts, last = name.split(b'/')
    with _folder(root, tuple(parts), False) as folder:
        os.unlink(last, dir_fd=folder)
        os.fsync(folder)
        try:
            os.stat(last, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return
        raise OSError(errno.EBUSY, 'it is still there', name)
