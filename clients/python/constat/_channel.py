"""The log channel to Dom0: a character device, a FIFO or a Unix socket."""

from __future__ import annotations

import errno
import os
import secrets
import select
import socket
import stat
import termios
import threading
import time
from typing import Any, List, Tuple

from . import _frame

DEFAULT_CHANNEL = '/dev/hvc2'
_QUIET, _EVERY = 5.0, 10.0  # seconds: heartbeats once nothing more comes, and while they come
_ONLY_END = b'\n'


def now() -> int:
    """µs since 1970 UTC."""
    return time.time_ns() // 1000


def open_stream(path: str, flags: int, deadline: float) -> Any:
    """Open what can be a channel, without waiting for whoever is at its other end: a socket or a descriptor."""
    mode = os.stat(path).st_mode
    if stat.S_ISSOCK(mode):
        conn = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            conn.settimeout(max(deadline - time.monotonic(), 0.001))
            conn.connect(path)
            conn.setblocking(False)
        except BaseException:
            conn.close()
            raise
        return conn
    if not (stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)):
        raise OSError(errno.EINVAL, 'it is no channel; want a character device, a FIFO or a Unix socket', path)
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    if stat.S_ISCHR(mode):
        _plain(descriptor, flags)
    return descriptor


def _plain(descriptor: int, flags: int) -> None:
    """Keep a terminal from changing what is written, and from writing back what it reads; what is none stays as it is."""
    try:
        mode: List[Any] = termios.tcgetattr(descriptor)
        mode[1] &= ~termios.OPOST
        mode[3] &= ~(termios.ECHO | termios.ECHONL)
        if flags & os.O_RDWR:
            mode[0] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR | termios.IXON | termios.IXOFF | termios.ISTRIP)
            mode[3] &= ~(termios.ICANON | termios.ISIG | termios.IEXTEN)
        termios.tcsetattr(descriptor, termios.TCSANOW, mode)
    except termios.error:
        pass


def close_stream(stream: Any) -> None:
    """Close what open_stream opened."""
    try:
        if isinstance(stream, int):
            os.close(stream)
        else:
            stream.close()
    except OSError:
        pass


def number_of(stream: Any) -> int:
    """The descriptor of what open_stream opened."""
    return stream if isinstance(stream, int) else int(stream.fileno())


def write_some(stream: Any, data: bytes, deadline: float) -> int:
    """Write until a time (monotonic), and return how much was written. What is broken is an OSError."""
    descriptor, done = number_of(stream), 0
    waiter = select.poll()
    waiter.register(descriptor, select.POLLOUT)
    while done < len(data):
        try:
            done += os.write(descriptor, data[done:])
        except BlockingIOError:
            left = deadline - time.monotonic()
            if left <= 0 or not waiter.poll(left * 1000 + 1):
                return done
    return done


class Channel:
    """One run on a log channel. It opens it again if it breaks. write, idle and close belong to one thread."""

    def __init__(self, path: str, timeout: float, domain: bytes) -> None:
        self.path = path
        #: 16 hex digits.
        self.run = secrets.token_hex(8)
        #: Messages that were not written, given-up ones included.
        self.dropped = 0
        self._timeout, self._fields = timeout, _frame.host_field(domain)
        self._skipped, self._lock = 0, threading.RLock()
        self._stream: Any = None
        self._number, self._said, self._rest = 0, 0, b''
        self._latest, self._said_at = 0.0, time.monotonic()
        self.connected(0.0)

    def skip(self) -> None:
        """Give up a message without trying: it keeps its number. By any thread."""
        with self._lock:
            self._skipped += 1
            self.dropped += 1

    def connected(self, deadline: float) -> bool:
        """Open the channel unless it is open. It begins with an end of line, for what another program left there."""
        if self._stream is None:
            try:
                self._stream = open_stream(self.path, os.O_WRONLY, deadline)
                self._rest = _ONLY_END
            except OSError:
                return False
        return True

    def write(self, what: _frame.Record) -> bool:
        """Write a message. False: it is given up, and the reader will miss its number."""
        self._latest = time.monotonic()
        self._number += self._take_skipped() + 1
        written = self._put(_frame.frame(_frame.MESSAGE, self.run, self._number, what, self._fields))
        if not written:
            self._drop()
        return written

    def idle(self) -> None:
        """Say the number of the last message, when it is time to."""
        self._number += self._take_skipped()
        at = time.monotonic()
        if self._number != self._said and (at - self._latest >= _QUIET or at - self._said_at >= _EVERY):
            self._mark(_frame.HEARTBEAT)

    def close(self) -> bool:
        """Say that no more comes. True: everything was written."""
        self._timeout = max(self._timeout, 1.0)
        self._number += self._take_skipped()
        said = self._mark(_frame.END)
        if not said and self._rest.strip():
            self._drop()
        self.abandon()
        return said and not self.dropped

    def abandon(self) -> None:
        """Let go of the channel without a word."""
        if self._stream is not None:
            close_stream(self._stream)
            self._stream = None

    def _take_skipped(self) -> int:
        with self._lock:
            skipped, self._skipped = self._skipped, 0
        return skipped

    def _drop(self) -> None:
        with self._lock:
            self.dropped += 1

    def _mark(self, kind: str) -> bool:
        fields: List[Tuple[str, bytes]] = [('DROPPED', b'%d' % self.dropped)] if self.dropped else []
        what = _frame.Record(now(), 6, b'', b'')
        written = self._put(b'\n' + _frame.frame(kind, self.run, self._number, what, fields))
        if written:
            self._said, self._said_at = self._number, time.monotonic()
        return written

    def _put(self, data: bytes) -> bool:
        """Write a frame behind what is left of the one before it. Of what is written in part the rest is written next."""
        deadline = time.monotonic() + self._timeout
        if not self.connected(deadline):
            return False
        try:
            self._rest = self._rest[write_some(self._stream, self._rest, deadline) :]
            if self._rest:
                return False
            done = write_some(self._stream, data, deadline)
            if done:
                self._rest = data[done:]
            return done > 0
        except OSError:
            if self._rest.strip():
                self._drop()
            self.abandon()
            self._rest = b''
            return False
