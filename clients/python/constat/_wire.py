"""One request to the daemon: a line of JSON, blocks with their length, a line of JSON as the answer."""

from __future__ import annotations

import errno
import json
import socket
import struct
import time
from typing import Any, Dict, List

from ._errors import NoDaemonError, RefusedError, UnknownError
from ._place import NoPlace, find_socket

_JOURNAL = 'audit'
_FIRST_PAUSE, _MAX_PAUSE = 0.002, 0.05  # seconds
_MAX_ANSWER = 1 << 16
_ABSENT = (errno.ECONNREFUSED, errno.ENOENT, errno.EAGAIN)


class _Again(Exception):
    """Nothing was handed over, and it may be better later."""


def send(body: bytes, private: List[str], address: str, store: str, timeout: float, journal: str = _JOURNAL) -> None:
    """Hand an entry to the daemon and return when it is durable. As long as nothing was handed over it tries again."""
    deadline = time.monotonic() + timeout
    pause = _FIRST_PAUSE
    while True:
        try:
            return _try(body, private, address, store, deadline, journal)
        except _Again as err:
            left = deadline - time.monotonic()
            if left <= 0:
                raise NoDaemonError(f"no daemon took the entry, which is not written; start one with 'constat serve' ({err})") from None
        time.sleep(min(pause, left))
        pause = min(2 * pause, _MAX_PAUSE)


def _try(body: bytes, private: List[str], address: str, store: str, deadline: float, journal: str) -> None:
    try:
        address = find_socket(address, store)
    except NoPlace as err:
        raise _Again(str(err)) from None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as conn:
        _connect(conn, address, deadline)
        request: Dict[str, Any] = {'op': 'log', 'journal': journal}
        if private:
            request['private'] = private
        line = json.dumps(request).encode() + b'\n'
        _check(_exchange(conn, line + struct.pack('<I', len(body)) + body + struct.pack('<I', 0), deadline))


def _connect(conn: socket.socket, address: str, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise _Again(f'no time left for {address}')
    conn.settimeout(left)
    try:
        conn.connect(address)
    except OSError as err:
        if isinstance(err, socket.timeout) or err.errno in _ABSENT:
            raise _Again(f'{address}: {err}') from None
        raise NoDaemonError(f'{address}: {err}; the entry is not written') from None


def _exchange(conn: socket.socket, message: bytes, deadline: float) -> Dict[str, Any]:
    """Send everything and read the answer, which may come before everything is sent."""
    failed = None
    try:
        conn.settimeout(max(deadline - time.monotonic(), 0.001))
        conn.sendall(message)
    except OSError as err:
        failed = err
    answer = b''
    try:
        while not answer.endswith(b'\n') and len(answer) < _MAX_ANSWER:
            conn.settimeout(max(deadline - time.monotonic(), 0.001))
            piece = conn.recv(4096)
            if not piece:
                break
            answer += piece
        return dict(json.loads(answer))
    except (OSError, ValueError, TypeError) as err:
        raise UnknownError(f'the daemon did not answer, and nobody knows whether the entry is kept ({failed or err})') from None


def _check(answer: Dict[str, Any]) -> None:
    text = str(answer.get('error', ''))
    if answer.get('busy'):
        raise _Again(text)
    if answer.get('entries') == 1 and not text:
        return
    if text and not answer.get('entries'):
        raise RefusedError(f'refused by the daemon: {text}')
    raise UnknownError(f'nobody knows whether the entry is kept ({text})')
