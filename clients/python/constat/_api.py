"""The Api with which programs of a decontamination station log."""

from __future__ import annotations

import atexit
import os
import select
import socket
import stat
import sys
import threading
import time
from typing import Any, List, NamedTuple, Optional, TextIO

from . import _frame, _log, _place, _save, _wire
from ._channel import DEFAULT_CHANNEL, Channel, now
from ._entry import encode, octets
from ._lane import Lane
from ._level import CRITICAL, DEBUG, ERROR, INFO, WARN, level_number

_JOURNAL = 'system'


class Stats(NamedTuple):
    """What has become of the entries: above the level; of these not handed over; not written to standard output."""

    logged: int
    dropped: int
    unsaid: int


class Api:
    """Writes the log of a program: to standard output, and to Dom0. Methods may be called by many threads and after a fork.

    channel is the log channel. Without it entries go to the daemon of this machine, if its socket can be reached (Dom0),
    else to /dev/hvc2. tag is the module of calls that name none. level is the least severe level that is written. domain
    is what the domain calls itself (default: the host name). out is a text file instead of standard output. timeout is how
    long a call may wait for Dom0, and once more for standard output, in seconds; buffer is the memory of entries that wait,
    in bytes. socket and store say where the daemon is, as in AuditPII.

    No method that logs raises, and none waits longer than that.
    """

    def __init__(
        self,
        *,
        channel: str = '',
        tag: str = '',
        level: Any = DEBUG,
        domain: str = '',
        out: Optional[TextIO] = None,
        timeout: float = 0.2,
        buffer: int = 256 << 10,
        socket: str = '',
        store: str = '',
    ) -> None:
        self._named, self._tag, self._level = channel, tag, level_number(level)
        self._domain = octets(domain or _host())
        self._out, self._timeout, self._buffer = out, timeout, buffer
        self._socket, self._store = socket, store
        self._lock, self._closed, self._logged = threading.RLock(), False, 0
        self._start()
        atexit.register(self.close)

    def _start(self) -> None:
        self._pid = os.getpid()
        self._to_daemon = not self._named and reachable(self._socket, self._store)
        self._channel = Channel(self._named or DEFAULT_CHANNEL, self._timeout, self._domain) if not self._to_daemon else None
        self._sent = Lane(self._buffer, self._timeout, self._send, self._idle)
        self._said = Lane(self._buffer, self._timeout, self._say)

    def debug(self, message: Any, module: str = '') -> None:
        """Log what helps to find a fault."""
        self._log(DEBUG, message, module)

    def info(self, message: Any, module: str = '') -> None:
        """Log what happens."""
        self._log(INFO, message, module)

    def warn(self, message: Any, module: str = '') -> None:
        """Log what should not happen."""
        self._log(WARN, message, module)

    def error(self, message: Any, module: str = '') -> None:
        """Log what failed."""
        self._log(ERROR, message, module)

    def critical(self, message: Any, module: str = '') -> None:
        """Log what keeps the program from going on."""
        self._log(CRITICAL, message, module)

    warning = warn

    def set_log_level(self, level: Any) -> None:
        """Change the least severe level that is written, a name or a number. What is none is a ValueError."""
        self._level = level_number(level)

    def log_level(self) -> int:
        """The least severe level that is written, 0 to 7."""
        return self._level

    def stats(self) -> Stats:
        """What has become of the entries so far."""
        return Stats(self._logged, self._channel.dropped if self._channel else self._sent.dropped, self._said.dropped)

    def get_log(self, *arguments: Any, **named: Any) -> _log.Log:
        """As the function get_log. It raises."""
        return _log.get_log(*arguments, **{'store': self._store, **named})

    def save_log(self, directory: str, *arguments: Any, **named: Any) -> _save.Saved:
        """As the function save_log. It raises."""
        return _save.save_log(directory, *arguments, **{'store': self._store, **named})

    def close(self) -> bool:
        """Write what waits and say that no more comes, in twice the timeout and at least 2 s. True: nothing was dropped."""
        with self._lock:
            if self._closed or self._pid != os.getpid():
                return self._closed and not self.stats().dropped
            self._closed = True
        atexit.unregister(self.close)
        until = time.monotonic() + max(2 * self._timeout, 2.0)
        for _ in self._sent.close(until):
            self._skip()
        self._said.close(until)
        if self._channel is not None and not self._sent.alive():
            self._channel.close()
        return not self.stats().dropped

    def __enter__(self) -> 'Api':
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _log(self, level: int, message: Any, module: str) -> None:
        try:
            if level > self._level:
                return
            if self._pid != os.getpid():  # a fork has neither the threads nor the numbers of its parent
                self._fork()
            what = _frame.record(now(), level, module or self._tag, message)
            with self._lock:
                self._logged += 1
            said = self._said.put(_frame.line(what, self._domain), len(what.message))
            sent = self._sent.put(what, len(what.message) + len(what.module))
            self._said.wait(said)
            if sent is None:
                self._skip()
            self._sent.wait(sent)
        except Exception:  # whatever was given in place of a text must not break the caller
            self._skip()

    def _fork(self) -> None:
        if self._channel is not None:
            self._channel.abandon()
        self._lock, self._closed, self._logged = threading.RLock(), False, 0
        self._start()
        atexit.register(self.close)

    def _skip(self) -> None:
        if self._channel is not None:
            self._channel.skip()

    def _send(self, what: _frame.Record) -> bool:
        if self._channel is not None and not self._named and not os.path.exists(DEFAULT_CHANNEL) and reachable(self._socket, self._store):
            self._channel = None  # the daemon of Dom0 has come up
        if self._channel is not None:
            return self._channel.write(what)
        pairs = [('MESSAGE', what.message), ('PRIORITY', octets(what.level)), ('SYSLOG_IDENTIFIER', what.module or octets(_program()))]
        if what.left:
            pairs.append(('TRUNCATED_BYTES', octets(what.left)))
        _wire.send(encode(pairs, what.micros), [], self._socket, self._store, max(self._timeout, 1.0), _JOURNAL)
        return True

    def _idle(self) -> None:
        if self._channel is not None:
            self._channel.idle()

    def _say(self, text: str) -> bool:
        """Write to the descriptor rather than through the file: a buffer that is locked would hold up the end of the program."""
        out = self._out if self._out is not None else sys.stdout
        try:
            descriptor = out.fileno()
        except (OSError, AttributeError, ValueError):
            out.write(text)
            return True
        data = text.encode('utf-8')
        waiter = select.poll()
        waiter.register(descriptor, select.POLLOUT)
        while data:
            waiter.poll()
            data = data[os.write(descriptor, data) :]
        return True


def reachable(address: str, store: str) -> bool:
    """Whether a daemon of this machine takes connections."""
    try:
        path = _place.find_socket(address, store)
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as conn:
            conn.settimeout(0.2)
            conn.connect(path)
        return True
    except Exception:  # also of a daemon.json that is none
        return False


def _host() -> str:
    try:
        return socket.gethostname()
    except OSError:
        return ''


def _program() -> str:
    names: List[str] = sys.argv[:1]
    return os.path.basename(names[0] if names else '') or 'python'
