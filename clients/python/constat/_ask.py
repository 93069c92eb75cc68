"""Questions and answers on the query channel of a domain: FORMAT.md, section 25, of the repository."""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import select
import termios
import time
import zlib
from typing import Any, Dict, Iterator, NamedTuple, Optional

from ._channel import close_stream, number_of, open_stream, write_some

MAX_ENTRIES = 1000  # of an answer
MAX_QUESTION = 4096  # bytes, with the line feed
MAX_LINE = 256 << 10  # bytes, with the line feed
TIMEOUT = 30.0  # seconds, for each question
_LINE = re.compile(rb'(%q1 ([a-z]) ([0-9a-f]{16}) (0|[1-9][0-9]{0,18}) (.*)) ([0-9a-f]{8})\r?', re.DOTALL)


class AskError(Exception):
    """A question got no answer."""


class Part(NamedTuple):
    """One line: q a question, a an entry of its answer, z the end of that."""

    kind: bytes
    id: bytes
    number: int
    body: bytes


def part(kind: bytes, id: bytes, number: int, body: bytes) -> bytes:
    """A line and its line feed."""
    line = b'%%q1 %s %s %d %s' % (kind, id, number, body)
    return line + b' %08x\n' % zlib.crc32(line)


def parse(line: bytes) -> Optional[Part]:
    """What a line says, without its line feed; None if it is none as it was sent."""
    found = _LINE.fullmatch(line)
    if found is None or zlib.crc32(found[1]) != int(found[6], 16):
        return None
    return Part(found[2], found[3], int(found[4]), found[5])


class Line:
    """An open query channel."""

    def __init__(self, path: str, timeout: float) -> None:
        self._timeout, self._read = timeout, b''
        deadline = time.monotonic() + timeout
        self._stream = open_stream(path, os.O_RDWR, deadline)
        try:
            if isinstance(self._stream, int):
                self._alone(deadline)
        except BaseException:
            close_stream(self._stream)
            raise

    def __enter__(self) -> 'Line':
        return self

    def __exit__(self, *_: Any) -> None:
        close_stream(self._stream)

    def _alone(self, deadline: float) -> None:
        """Wait until no other program asks on this channel: each would take answers of the other."""
        while True:
            try:
                fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise AskError('another program asks on this channel; ask again later') from None
                time.sleep(0.02)
                continue
            try:
                termios.tcflush(self._stream, termios.TCIFLUSH)  # answers of before
            except termios.error:
                pass
            return

    def exchange(self, question: Dict[str, Any], end: Dict[str, Any]) -> Iterator[bytes]:
        """Ask, and yield the entries of the answer as lines of JSON; its end goes into end."""
        deadline = time.monotonic() + self._timeout
        id = secrets.token_hex(8).encode()
        asked = b'\n' + part(b'q', id, 0, json.dumps(question).encode())
        if len(asked) > MAX_QUESTION:
            raise AskError(f'the question has {len(asked)} bytes, at most {MAX_QUESTION}: shorten module or text')
        if write_some(self._stream, asked, deadline) < len(asked):
            raise AskError(_SILENT)
        number = 1
        while True:
            found = parse(self._line(deadline))
            if found is None or found.id != id or found.kind == b'q':
                continue  # of before
            if found.number != number:
                raise AskError('a part of the answer got lost on the way: ask again')
            if found.kind == b'z':
                end.update(json.loads(found.body))
                if end.get('error'):
                    raise AskError(f'Dom0 does not answer: {end["error"]}')
                return
            number += 1
            yield found.body + b'\n'

    def _line(self, deadline: float) -> bytes:
        """The next line. Of one that is too long for an answer only the end comes."""
        waiter = select.poll()
        waiter.register(number_of(self._stream), select.POLLIN)
        pieces = [self._read]
        while b'\n' not in pieces[-1]:
            left = deadline - time.monotonic()
            if left <= 0 or not waiter.poll(left * 1000 + 1):
                raise AskError(_SILENT)
            try:
                piece = os.read(number_of(self._stream), 64 << 10)
            except BlockingIOError:
                continue
            if not piece:
                raise AskError('the channel has ended')
            pieces.append(piece)
            if sum(map(len, pieces)) > MAX_LINE:
                pieces = pieces[-1:]
        line, _, self._read = b''.join(pieces).partition(b'\n')
        return line


_SILENT = "no answer in time: does 'constat serve' run in Dom0, and does it know the socket of this channel, NAME-query.sock?"
