"""An entry as constat encodes it: FORMAT.md, section 3, of the repository."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from typing import Any, List, Optional, Tuple

from ._names import NUMBERS

Field = Tuple[str, bytes]

_VERSION = 1  # of the format; FORMAT.md, section 3.1
_PREFIX = 'extra.'
_MAX_NAME = 255


def octets(value: Any) -> bytes:
    """The bytes of a text, whatever was given in its place."""
    if value is None:
        return b''
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    text = value if isinstance(value, str) else str(value)
    try:
        return text.encode('utf-8', 'surrogateescape')
    except UnicodeEncodeError:
        return text.encode('utf-8', 'backslashreplace')


def extra_fields(extra: Any) -> List[Field]:
    """The fields of extra: one for each member, and one for all those whose keys cannot name a field."""
    if extra is None or extra == '' or extra == {}:
        return []
    if not isinstance(extra, Mapping):
        return [('extra', octets(_member(extra)))]
    fields: List[Field] = []
    rest = {}
    for key, value in list(extra.items()):
        text = str(key)
        if text == 'remote_addr':
            value = _addresses(value)
        if _is_name(_PREFIX + text):
            fields.append((_PREFIX + text, octets(_member(value))))
        else:
            rest[text] = value
    if rest:
        fields.append(('extra', octets(_json(rest))))
    return fields


def _addresses(value: Any) -> Any:
    """Addresses as text, several with ';' between."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return ';'.join(str(_plain(v)) for v in value)
    return value


def _plain(value: Any) -> Any:
    """What stands for a value that JSON has no word for."""
    if isinstance(value, (ipaddress.IPv4Address, ipaddress.IPv6Address)):
        return value.exploded
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode('utf-8', 'backslashreplace')
    if isinstance(value, (set, frozenset)):
        return list(value)
    return str(value)


def _json(value: Any) -> str:
    try:
        return json.dumps(value, default=_plain, ensure_ascii=False, separators=(',', ':'), allow_nan=False)
    except (TypeError, ValueError, RecursionError):  # keys that are no text, NaN, cycles
        return json.dumps(_repr(value), ensure_ascii=False)


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # nested too deep, or of a class that fails
        return f'<{type(value).__name__}>'


def _member(value: Any) -> str:
    """A text is itself unless it would read as JSON; everything else is its JSON text."""
    text = value if isinstance(value, str) else None
    if text is None:
        written = _json(value)
        if not written.startswith('"'):
            return written
        text = json.loads(written)
    return _json(text) if _reads_as_json(text) else text


def _reads_as_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    except RecursionError:
        return True
    return True


def _is_name(name: str) -> bool:
    try:
        size = len(name.encode('utf-8'))
    except UnicodeEncodeError:
        return False
    return size <= _MAX_NAME and not any(c < ' ' or c in '\x7f=' for c in name)


def encode(fields: List[Field], micros: Optional[int]) -> bytes:
    """The body of an event with claimed fields. micros is when it happened, in µs since 1970 UTC."""
    out = bytearray((_VERSION, 0, 0, 0))  # version, kind, epoch, received: the last two are the daemon's
    if micros is None:
        out += b'\x00'
    else:
        out += b'\x07' + _svarint(micros) + _string(b'Z')  # six digits
    out += b'\x00\x00'  # no renderer, no parameters
    out += _uvarint(len(fields))
    for name, value in fields:
        out += _head(name) + _string(value)
    return bytes(out)


def _head(name: str) -> bytes:
    """What stands before the value of a claimed field: a well-known name is a number."""
    number = NUMBERS.get(name, 0)
    if number == 0:
        return b'\x00' + _string(name.encode('utf-8'))
    return bytes([number << 4]) if number < 15 else bytes([0xF0, number - 15])


def _string(value: bytes) -> bytes:
    return _uvarint(len(value)) + value


def _svarint(n: int) -> bytes:
    return _uvarint(n << 1 if n >= 0 else (-n << 1) - 1)


def _uvarint(n: int) -> bytes:
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)
