"""The chain of custody of files that go from one medium to another through scanners.

    from constat import custody

    with custody.Session(source=custody.Medium('sdb1'), destination=custody.Medium('sdc1')) as session:
        with open('/media/in/a.pdf', 'rb') as f, open('/srv/repository/a.pdf', 'wb') as kept:
            session.read('a.pdf', f, kept)
        session.scan('a.pdf', '/srv/repository/a.pdf', engine, look)
        session.copy('a.pdf', '/srv/repository', '/media/out')

Every method returns when its event is durable and signed, and raises otherwise: an AuditError if the event is not on
record, another error if the step itself failed, which then is on record as an error. A path is relative to its medium,
bytes or text; Unicode forms are never made equal. docs/custody.md of the repository lists the fields of events.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import secrets
import time
from typing import IO, Any, Callable, Dict, List, NamedTuple, Optional, Tuple, Type, Union

from ._audit import _program
from ._below import make_below, open_below, remove_below
from ._entry import Field, encode, octets
from ._wire import send

Path = Union[str, bytes, 'os.PathLike[Any]']

_FACILITY = b'13'  # log audit
_PIECE = 1 << 20  # bytes that are read at once
_COUNTS = ('read', 'clean', 'infected', 'copied', 'deleted', 'errors', 'skipped')
_COUNTED = {'file.read': 'read', 'file.copied': 'copied', 'file.deleted': 'deleted'}
_MAX_REASON = 1000
_MAX_PATH = 4096


class PartialError(Exception):
    """A file was not read to its end."""


class DiffersError(Exception):
    """A content is not the one that was there before."""


class PathError(ValueError):
    """A path does not name a file of a medium."""


class Medium(NamedTuple):
    """What files are on: what the station calls it, and what it says of itself."""

    id: str
    label: str = ''
    serial: str = ''


class Engine(NamedTuple):
    """What scans. signatures_date is YYYY-MM-DD."""

    name: str
    version: str
    signatures: str = ''
    signatures_date: str = ''


class Verdict(NamedTuple):
    """What an engine says: clean; infected with a threat; error or skipped with a reason."""

    result: str
    threat: str = ''
    reason: str = ''


class Content(NamedTuple):
    """What a file held. MD5 is for old tools."""

    size: int
    sha256: str
    md5: str


class _Digester:
    def __init__(self) -> None:
        self.size, self._sha, self._md5 = 0, hashlib.sha256(), hashlib.md5(usedforsecurity=False)

    def update(self, data: bytes) -> None:
        self.size += len(data)
        self._sha.update(data)
        self._md5.update(data)

    def content(self) -> Content:
        return Content(self.size, self._sha.hexdigest(), self._md5.hexdigest())


def digest(file: IO[bytes]) -> Content:
    """Read a file to its end and return what it held."""
    found = _Digester()
    while True:
        data = file.read(_PIECE)
        if not data:
            return found.content()
        found.update(data)


def check_path(path: Path) -> bytes:
    """The bytes of a path that stays on its medium; everything else raises PathError."""
    name = os.fsencode(path)
    parts = name.split(b'/')
    if not name or len(name) > _MAX_PATH or b'\x00' in name or any(p in (b'', b'.', b'..') for p in parts):
        raise PathError(f'{name!r} does not stay on its medium: want a relative path without empty parts, "." and ".."')
    return name


class Session:
    """One treatment. With join an existing session is gone on with, and nothing is written at the beginning.

    As a context it ends itself: complete, or aborted if an exception leaves it. app, socket, store and timeout are as in
    AuditPII.
    """

    def __init__(
        self,
        *,
        source: Optional[Medium] = None,
        destination: Optional[Medium] = None,
        station: str = '',
        id: str = '',
        join: bool = False,
        app: str = '',
        socket: str = '',
        store: str = '',
        timeout: float = 5.0,
    ) -> None:
        #: The id by which the session is checked and proved.
        self.id = id or secrets.token_hex(13)
        self.source, self.destination = source, destination
        self._app, self._socket, self._store, self._timeout = app, socket, store, timeout
        #: What was reported so far.
        self.counts: Dict[str, int] = dict.fromkeys(_COUNTS, 0)
        self._read: Dict[bytes, Content] = {}
        self._closed = False
        if not join:
            self._event('session.opened', '', station=station, medium=_role(source, 'source') if source else None)

    def __enter__(self) -> 'Session':
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], err: Optional[BaseException], _: Any) -> None:
        if self._closed:
            return
        if kind is None:
            self.close()
        else:
            self.abort(f'{kind.__name__}: {err}')

    def close(self) -> None:
        """End the session with what this object has reported."""
        self._event('session.closed', 'complete', counts=True)
        self._closed = True

    def abort(self, reason: str) -> None:
        """End a session that did not come to its end."""
        self._event('session.closed', 'aborted', reason=reason, counts=True)
        self._closed = True

    def reader(self, path: Path, file: IO[bytes], mime: str = '') -> 'Reader':
        """What hashes a file of the source while it is read; closing it reports file.read."""
        return Reader(self, check_path(path), file, mime)

    def read(self, path: Path, file: IO[bytes], to: Optional[IO[bytes]] = None, mime: str = '') -> Content:
        """Read a file of the source to its end, write it to another one, and report file.read."""
        with self.reader(path, file, mime) as source:
            while True:
                data = source.read(_PIECE)
                if not data:
                    break
                if to is not None:
                    to.write(data)
            if to is not None:
                to.flush()
        return source.content()

    def skipped(self, path: Path, reason: str) -> None:
        """Report that a file of the source was not read, and why."""
        self._event('file.read', 'skipped', path=check_path(path), medium=_role(self.source, 'source'), reason=reason)

    def scanned(self, path: Path, content: Optional[Content], engine: Engine, verdict: Verdict, began: Optional[float] = None) -> None:
        """Report a verdict on a content, which the engine must have had before it. scan does both."""
        self._event(
            'file.scanned', verdict.result, path=check_path(path), content=content, engine=engine, threat=verdict.threat, reason=verdict.reason, began=began
        )

    def scan(self, path: Path, file: Path, engine: Engine, look: Callable[[IO[bytes]], Verdict]) -> Verdict:
        """Hash a file, let an engine look at it, hash it again, and report the verdict about this very content."""
        name, began = check_path(path), time.time()
        before = None
        try:
            with open(file, 'rb') as f:
                before = digest(f)
                f.seek(0)
                verdict = look(f)
                f.seek(0)
                after = digest(f)
            if after != before:
                before, was = None, before
                raise DiffersError(f'another content after the scan than before it: SHA-256 {was.sha256}, then {after.sha256}')
        except Exception as err:
            self.scanned(name, before, engine, Verdict('error', reason=str(err) or type(err).__name__))
            raise
        self.scanned(name, before, engine, verdict, began)
        return verdict

    def copy(self, path: Path, from_dir: Path, to_dir: Path) -> Content:
        """Deliver a file: read and hash it, write it, sync it, read it back and compare; only then is it reported as copied.

        If this session has read the path before and the content is another one now, nothing is delivered. No link is
        followed.
        """
        name, began = check_path(path), time.time()
        sent: Optional[Content] = None
        try:
            with open_below(from_dir, name, os.O_RDONLY) as source, make_below(to_dir, name) as target:
                sent = target.write(source, _Digester())
                first = self._read.get(name, sent)
                if first != sent:
                    raise DiffersError(f'another content than at the first read: SHA-256 {first.sha256}, then {sent.sha256}')
                back = target.back(digest)
                if back != sent:
                    sent, wrote = None, sent
                    raise DiffersError(f'another content when read back: SHA-256 {back.sha256}, written was {wrote.sha256}')
                target.keep()
        except Exception as err:
            self._event('file.copied', 'error', path=name, content=sent, medium=_role(self.destination, 'destination'), reason=str(err), began=began)
            raise
        self._event('file.copied', 'ok', path=name, content=sent, medium=_role(self.destination, 'destination'), began=began)
        return sent

    def delete(self, path: Path, directory: Path, role: str) -> None:
        """Remove a file from the source or the destination, as role says, and look that it is gone; then it is reported."""
        name, began = check_path(path), time.time()
        medium = _role(self.source if role == 'source' else self.destination, role)
        try:
            remove_below(directory, name)
        except Exception as err:
            self._event('file.deleted', 'error', path=name, medium=medium, reason=str(err), began=began)
            raise
        self._event('file.deleted', 'ok', path=name, medium=medium, began=began)

    def _event(
        self,
        op: str,
        result: str,
        *,
        path: bytes = b'',
        content: Optional[Content] = None,
        mime: str = '',
        medium: Optional[Tuple[str, str, str, str]] = None,
        engine: Optional[Engine] = None,
        threat: str = '',
        reason: str = '',
        station: str = '',
        began: Optional[float] = None,
        counts: bool = False,
    ) -> None:
        reason = _line(reason) if result in ('error', 'skipped', 'aborted') else ''
        pairs: List[Tuple[str, Any]] = [
            ('MESSAGE', _message(op, result, path, threat, engine, reason, content)),
            ('PRIORITY', {'error': 3, 'infected': 4, 'skipped': 4, 'aborted': 4}.get(result, 6)),
            ('SYSLOG_FACILITY', _FACILITY),
            ('SYSLOG_IDENTIFIER', self._app or _program()),
            ('custody', '0'),
            ('cid', self.id),
            ('op', op),
            ('result', result),
            ('station', station),
            ('file.path', path),
        ]
        if content is not None:
            pairs += [('file.size', content.size), ('file.sha256', content.sha256), ('file.md5', content.md5)]
        pairs.append(('file.mime', mime))
        pairs += list(zip(('medium.id', 'medium.label', 'medium.serial', 'medium.role'), medium or ()))
        pairs += list(zip(('engine.name', 'engine.version', 'engine.signatures', 'engine.signatures_date'), engine or ()))
        pairs += [('threat', threat), ('reason', reason), ('began', _time(began))]
        if counts:
            pairs += [('count.' + name, self.counts[name]) for name in _COUNTS]
        fields: List[Field] = [(name, octets(value)) for name, value in pairs if octets(value)]
        send(encode(fields, int(time.time() * 1_000_000)), [], self._socket, self._store, self._timeout)
        self._count(op, result)

    def _count(self, op: str, result: str) -> None:
        if not op.startswith('file.'):
            return
        name = {'error': 'errors', 'skipped': 'skipped'}.get(result) or _COUNTED.get(op) or result
        self.counts[name] += 1


class Reader:
    """Hashes what is read through it. Closing it reports file.read: ok if the end was reached, else an error."""

    def __init__(self, session: Session, path: bytes, file: IO[bytes], mime: str) -> None:
        self._session, self._path, self._file, self._mime = session, path, file, mime
        self._digester, self._ended, self._closed, self._began = _Digester(), False, False, time.time()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._digester.update(data)
        self._ended = self._ended or size != 0 and (size < 0 or not data)
        return data

    def content(self) -> Content:
        """What was read; of use after it was closed without an error."""
        return self._digester.content()

    def __enter__(self) -> 'Reader':
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], err: Optional[BaseException], _: Any) -> None:
        if kind is None:
            self.close()
        else:
            self._failed(str(err) or kind.__name__)

    def close(self) -> None:
        """Report what was read, once."""
        if self._closed:
            return
        if not self._ended:
            self._failed('the file was not read to its end')
            raise PartialError(f'{self._path!r} was not read to its end')
        self._closed = True
        session, content = self._session, self.content()
        session._event('file.read', 'ok', path=self._path, content=content, mime=self._mime, medium=_role(session.source, 'source'), began=self._began)
        first = session._read.setdefault(self._path, content)
        if first != content:
            raise DiffersError(f'{self._path!r}: another content than at the first read: SHA-256 {first.sha256}, then {content.sha256}')

    def _failed(self, reason: str) -> None:
        if not self._closed:
            self._closed = True
            session = self._session
            session._event('file.read', 'error', path=self._path, mime=self._mime, medium=_role(session.source, 'source'), reason=reason, began=self._began)


def _role(medium: Optional[Medium], role: str) -> Tuple[str, str, str, str]:
    if medium is None:
        raise ValueError(f'the session knows no {role}: name it when it is made')
    return (*medium, role)


def _line(text: str) -> str:
    """A reason as one line, never empty."""
    text = ''.join(c if c >= ' ' and c != '\x7f' else ' ' for c in text).strip() or 'unknown'
    return text.encode('utf-8', 'backslashreplace')[:_MAX_REASON].decode('utf-8', 'ignore')


def _time(seconds: Optional[float]) -> str:
    if seconds is None:
        return ''
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S.%fZ')


def _message(op: str, result: str, path: bytes, threat: str, engine: Optional[Engine], reason: str, content: Optional[Content]) -> str:
    text = op
    if path:
        text += ' ' + _shown(path)
    if result:
        text += ': ' + result
    if threat:
        text += ' ' + threat
    if engine is not None:
        text += f' by {engine.name} {engine.version}'
    if reason:
        text += f' ({reason})'
    if content is not None:
        text += f', {content.size} bytes, SHA-256 {content.sha256}'
    return text


def _shown(path: bytes) -> str:
    try:
        text = path.decode()
    except UnicodeDecodeError:
        return repr(path)[1:]
    return text if text.isprintable() else repr(text)
