"""A frame on the log channel, and the line on standard output: FORMAT.md, section 22, of the repository."""

from __future__ import annotations

import datetime
import re
import zlib
from typing import List, NamedTuple, Tuple

from ._entry import octets

MESSAGE, HEARTBEAT, END = 'm', 'h', 'e'

MAX_FRAME = 16384  # bytes, with the line feed
MAX_MODULE = 256  # bytes
_MAX_HOST = 255
_TRUNCATED = 'TRUNCATED_BYTES'
_EPOCH = datetime.datetime(1970, 1, 1)

_TEXT = re.compile('[\x00-\x1f\x7f-\x9f\\\\\udc80-\udcff]')
_TOKEN = re.compile('[\x00-\x20\x7f-\x9f\\\\\udc80-\udcff]')


class Record(NamedTuple):
    """What is logged. micros is when, in µs since 1970 UTC."""

    micros: int
    level: int
    module: bytes
    message: bytes
    left: int = 0  # bytes of the message that were left out already


def record(micros: int, level: int, module: object, message: object) -> Record:
    """What is logged, as much of it as a frame can hold."""
    whole = octets(message)
    kept = cut(whole, MAX_FRAME)
    return Record(micros, level, octets(module), kept, len(whole) - len(kept))


def cut(text: bytes, size: int) -> bytes:
    """At most so many bytes, without a part of a UTF-8 sequence at the end."""
    if len(text) <= size:
        return text
    for _ in range(4):
        if size <= 0 or text[size] & 0xC0 != 0x80:
            break
        size -= 1
    return text[:size]


def _escape(match: 're.Match[str]') -> str:
    found = match.group()
    if found == '\\':
        return '\\\\'
    return ''.join(f'\\x{b:02x}' for b in found.encode('utf-8', 'surrogateescape'))


def escaped(text: bytes, token: bool = False) -> str:
    """Printable text in one line; in a token blanks are escaped too."""
    return (_TOKEN if token else _TEXT).sub(_escape, text.decode('utf-8', 'surrogateescape'))


def stamp(micros: int) -> str:
    """A time in UTC with six digits."""
    return (_EPOCH + datetime.timedelta(microseconds=micros)).isoformat(timespec='microseconds') + 'Z'


def frame(kind: str, run: str, number: int, what: Record, fields: List[Tuple[str, bytes]]) -> bytes:
    """A frame and its line feed. What is too long is cut at the end of the message."""
    message, left = what.message, what.left
    module = escaped(cut(what.module, MAX_MODULE), True)
    module = {'': '-', '-': '\\x2d'}.get(module, module)
    head = f'%c1 {kind} {run} {number} {stamp(what.micros)} {what.level} {module}'
    while True:
        more = [*fields, (_TRUNCATED, b'%d' % left)] if left else fields
        named = ''.join(f' {name}={escaped(value, True)}' for name, value in more)
        line = f'{head}{named} :{escaped(message)}'.encode('utf-8')
        line += b' %08x\n' % zlib.crc32(line)
        over = len(line) - MAX_FRAME
        if over <= 0:
            return line
        kept = cut(message, max(len(message) - max(over // 4, 1), 0))
        left += len(message) - len(kept)
        message = kept


def host_field(domain: bytes) -> List[Tuple[str, bytes]]:
    """What the domain calls itself."""
    return [('HOSTNAME', cut(domain, _MAX_HOST))] if domain else []


_NAMES = {0: 'CRITICAL', 1: 'CRITICAL', 2: 'CRITICAL', 3: 'ERROR', 4: 'WARNING', 5: 'INFO', 6: 'INFO', 7: 'DEBUG'}


def _column(value: bytes, width: int) -> str:
    return escaped(value) + ' ' * max(width - len(value.decode('utf-8', 'surrogateescape')), 0)


def columns(level: int, domain: bytes, module: bytes) -> str:
    """Level, domain and module, as wide as the first programs of the station had them."""
    return f'{_NAMES[level]:8} {_column(domain, 10)} [{_column(module, 20)}]'


def line(what: Record, domain: bytes) -> str:
    """The line on standard output, in local time, with its line feed."""
    when = datetime.datetime.fromtimestamp(what.micros // 1_000_000)
    text = when.strftime('%Y-%m-%d %H:%M:%S') + f',{what.micros // 1000 % 1000:03d}'
    text += f' {columns(what.level, domain, cut(what.module, MAX_MODULE))} {escaped(what.message)}'
    if what.left:
        text += f' [{what.left} more bytes]'
    return text + '\n'
