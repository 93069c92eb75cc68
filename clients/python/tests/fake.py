"""A daemon for tests: it decodes what it is given, as FORMAT.md says."""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import tempfile
import threading
from typing import Any, Dict, List, Optional, Tuple

from constat._entry import _VERSION
from constat._names import NUMBERS


class Fake:
    """Listens on a socket and answers every request with what answer says."""

    def __init__(self, answer: Optional[Dict[str, Any]] = None, listen: bool = True) -> None:
        self.dir = tempfile.mkdtemp(prefix='cp')
        self.socket = os.path.join(self.dir, 's')
        self.answers: List[Any] = []
        self.answer: Any = {'entries': 1} if answer is None else answer
        self.requests: List[Dict[str, Any]] = []
        self.entries: List[List[Tuple[str, bytes]]] = []
        self.times: List[Optional[int]] = []
        self.listener: Optional[socket.socket] = None
        if listen:
            self.listen()

    def listen(self) -> None:
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.socket)
        self.listener.listen(64)
        self.thread = threading.Thread(target=self._run, args=(self.listener,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        if self.listener is not None:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.thread.join()
            self.listener.close()
        shutil.rmtree(self.dir)

    def _run(self, listener: socket.socket) -> None:
        while True:
            try:
                conn, _ = listener.accept()
            except OSError:
                return
            with conn:
                self._serve(conn)

    def _serve(self, conn: socket.socket) -> None:
        answer = self.answers.pop(0) if self.answers else self.answer
        if answer is None:
            return
        file = conn.makefile('rb')
        line = file.readline()
        if not line:  # it only looked whether somebody is there
            return
        self.requests.append(json.loads(line))
        while True:
            (size,) = struct.unpack('<I', file.read(4))
            if size == 0:
                break
            self._decode(file.read(size))
        conn.sendall(json.dumps(answer).encode() + b'\n')

    def _decode(self, body: bytes) -> None:
        reader = _Reader(body)
        assert reader.take(4) == bytes((_VERSION, 0, 0, 0))
        digits = reader.take(1)[0]
        at = None
        if digits:
            zigzag = reader.uvarint()
            at = zigzag >> 1 if not zigzag & 1 else -(zigzag >> 1) - 1
            assert digits == 7 and reader.string() == b'Z'
        assert reader.take(2) == b'\x00\x00'
        fields = []
        for _ in range(reader.uvarint()):
            fields.append((reader.name(), reader.string()))
        assert reader.at == len(body)
        self.entries.append(fields)
        self.times.append(at)

    def fields(self, n: int = -1) -> Dict[str, str]:
        """An entry, without what every entry has."""
        common = ('PRIORITY', 'SYSLOG_FACILITY', 'SYSLOG_IDENTIFIER', 'THREAD_NAME', 'MESSAGE')
        return {k: v.decode('utf-8', 'replace') for k, v in self.entries[n] if k not in common}

    def field(self, name: str, n: int = -1) -> str:
        return dict(self.entries[n])[name].decode()


class _Reader:
    def __init__(self, body: bytes) -> None:
        self.body, self.at = body, 0

    def take(self, n: int) -> bytes:
        assert self.at + n <= len(self.body)
        self.at += n
        return self.body[self.at - n : self.at]

    def name(self) -> str:
        """The name of a claimed inline field, which has one spelling."""
        (tag,) = self.take(1)
        assert tag & 15 == 0
        number = tag >> 4
        if number == 15:
            number += self.take(1)[0]
        name = self.string().decode() if number == 0 else list(NUMBERS)[number - 1]
        assert NUMBERS.get(name, 0) == number
        return name

    def uvarint(self) -> int:
        value = shift = 0
        while True:
            (b,) = self.take(1)
            value |= (b & 0x7F) << shift
            shift += 7
            if b < 0x80:
                return value

    def string(self) -> bytes:
        return self.take(self.uvarint())
