"""Copying the log to a medium that is mounted."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from typing import IO, Any, Iterator, List, NamedTuple, Optional, cast

from . import _log
from ._below import Target

_PIECE = 1 << 20


class Saved(NamedTuple):
    """What lies on the medium now: the paths of the log and of the evidence ('' if there is none), how many entries, whether
    older ones match too, how many were too long for the channel or cannot be read, and why there is no evidence."""

    log: str
    evidence: str
    entries: int
    more: bool
    too_long: int
    missing: int
    note: str


class _Sum:
    """The SHA-256 of what goes by."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    def content(self) -> str:
        return self._hash.hexdigest()


def _sum(file: IO[bytes]) -> str:
    found = _Sum()
    while True:
        data = file.read(_PIECE)
        if not data:
            return found.content()
        found.update(data)


class _Lines:
    """Lines as a file that is read piece by piece."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        #: How many have been read.
        self.count = 0

    def read(self, size: int) -> bytes:
        pieces, have = [], 0
        for line in self._lines:
            pieces.append(line)
            self.count += 1
            have += len(line)
            if have >= size:
                break
        return b''.join(pieces)


class _Medium:
    """A directory into which files are saved, all or none. It is held open: one that is gone is not taken for the directory
    that is left where it was mounted."""

    def __init__(self, path: str, mounted: bool) -> None:
        self._path = path
        self._folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        self._targets: List[Target] = []
        self._names: List[str] = []
        try:
            own, above = os.fstat(self._folder), os.stat('..', dir_fd=self._folder)
            if mounted and own.st_dev == above.st_dev and own.st_ino != above.st_ino:
                raise _log.LogError(f'{path} is no mount point: mount the medium there, or say require_mount=False')
        except BaseException:
            os.close(self._folder)
            raise

    def add(self, name: str, source: Any) -> None:
        """Write a file, sync it, close it, read it back from the medium and compare. It has no name before keep."""
        self._absent(name)
        target = Target(self._folder, os.fsencode(name))
        self._targets.append(target)
        self._names.append(name)
        wrote = target.write(cast(IO[bytes], source), _Sum())
        if target.back(_sum) != wrote:
            raise _log.LogError(f'{name} on {self._path}: other bytes when read back than were written; the medium may be broken')

    def _absent(self, name: str) -> None:
        try:
            os.stat(name, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return
        raise _log.LogError(f'{name} is on {self._path} already: name another one')

    def keep(self) -> None:
        """Give the files their names, and look that the medium is still where it was."""
        kept: List[str] = []
        try:
            for target, name in zip(self._targets, self._names):
                self._absent(name)
                kept.append(name)
                target.keep()
            own, now = os.fstat(self._folder), os.stat(self._path)
            if (own.st_dev, own.st_ino) != (now.st_dev, now.st_ino):
                raise _log.LogError(f'{self._path}: the medium is gone: another directory is there now')
        except BaseException:
            for name in kept:
                self._remove(name)
            raise

    def _remove(self, name: str) -> None:
        try:
            os.unlink(name, dir_fd=self._folder)
        except OSError:  # as far as it goes
            pass

    def close(self) -> None:
        for target in self._targets:
            try:
                target.drop()
            except OSError:  # the medium is gone, or cannot be written to any more
                pass
        os.close(self._folder)


def save_log(
    directory: str,
    since: _log.When = None,
    until: _log.When = None,
    level: Any = None,
    module: str = '',
    limit: Optional[int] = None,
    text: str = '',
    *,
    domain: str = '',
    name: str = '',
    format: str = 'json',
    evidence: Optional[bool] = None,
    require_mount: bool = True,
    channel: str = '',
    store: str = '',
    program: str = '',
) -> Saved:
    """Copy the log to a medium: all of it, or what is selected as get_log does.

    Each file is written under a name of its own, synced, closed, read back from the medium and compared, and only then gets
    its name: NAME.jsonl (as "constat show -o json"), with format='text' NAME.log, and NAME.evidence.zip. Without a name it is
    journal- and the time in UTC. What goes wrong is a LogError; no file is there under its name then.

    evidence: None makes it where a store can be read (Dom0), True makes nothing without it, False does without.
    require_mount=False takes a directory that is no mount point: where no medium is mounted it is memory of the station.
    """
    chosen = _log.select(since, until, level, module, text, domain, limit)
    name = name or time.strftime('journal-%Y%m%dT%H%M%SZ', time.gmtime())
    if '/' in name or '\0' in name or name.startswith('.'):
        raise ValueError(f'name {name!r}: want the name of a file, without directory')
    if format not in ('json', 'text'):
        raise ValueError(f'format {format!r}: want json or text')
    place = _log.find(channel, store, program)
    try:
        medium = _Medium(directory, require_mount)
        try:
            return _save(medium, directory, name, format, evidence, place, chosen)
        finally:
            medium.close()
    except OSError as err:
        raise _log.LogError(f'the log is not saved on {directory}: {err}') from err


def _save(medium: _Medium, directory: str, name: str, format: str, evidence: Optional[bool], place: _log.Place, chosen: _log.Selection) -> Saved:
    about = _log.Log()
    lines = place.lines(chosen, about, None)
    log = name + ('.jsonl' if format == 'json' else '.log')
    source = _Lines(lines if format == 'json' else _log.text_lines(lines))
    with contextlib.closing(lines):
        medium.add(log, source)
    proof, note = '', ''
    if evidence is not False:
        note = _why_not(place, source.count)
        if not note:
            proof = name + '.evidence.zip'
            _add_evidence(medium, proof, place, chosen)
        elif evidence:
            raise _log.LogError('no evidence: ' + note)
    medium.keep()
    path = os.path.join(directory, proof) if proof else ''
    return Saved(os.path.join(directory, log), path, source.count, about.more, about.too_long, about.missing, note)


def _why_not(place: _log.Place, entries: int) -> str:
    if not isinstance(place, _log.Stored):
        return "a domain gets no evidence over its query channel: make it in Dom0, with 'constat prove'"
    return '' if entries else 'nothing matches, so there is nothing to prove'


def _add_evidence(medium: _Medium, name: str, place: _log.Place, chosen: _log.Selection) -> None:
    assert isinstance(place, _log.Stored)
    with tempfile.TemporaryDirectory(prefix='constat-evidence-') as directory:
        path = os.path.join(directory, 'log.evidence.zip')
        place.prove(chosen, path)
        with open(path, 'rb') as file:
            medium.add(name, file)
