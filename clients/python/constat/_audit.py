"""The audit log in the form that Zato gave it."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any, Callable, Iterable, List, Optional, Union

from ._entry import Field, encode, extra_fields, octets
from ._errors import AuditError
from ._wire import send

INFO, WARN, ERROR = 6, 4, 3  # PRIORITY, in the numbers of syslog

_FACILITY = b'13'  # log audit
_TELL_EVERY = 60.0  # seconds between two lines on standard error

Text = Union[str, bytes, None]


class AuditPII:
    """Writes audit entries. Methods may be called by many threads, and after a fork.

    app is the name of the program (default: that of sys.argv[0]). socket and store say where the daemon is (default:
    CONSTAT_SOCKET, CONSTAT_STORE, the default store). timeout is in seconds, for each call. With strict a call that
    fails raises an AuditError; without it returns False, and on_error is called with the error, which by default says
    so on standard error, at most once a minute. private names fields whose values can be erased later: current_user,
    target_user, result, extra.KEY, or extra for all of it.
    """

    def __init__(
        self,
        *,
        app: str = '',
        socket: str = '',
        store: str = '',
        timeout: float = 5.0,
        strict: bool = False,
        private: Iterable[str] = (),
        on_error: Optional[Callable[[Exception], None]] = None,
    ) -> None:
        self._app = app
        self._socket = socket
        self._store = store
        self._timeout = timeout
        self._strict = strict
        self._private = list(private)
        self._on_error = on_error or self._tell
        self._told_at: Optional[float] = None
        #: How many entries were not acknowledged.
        self.failed = 0

    def info(
        self,
        cid: Text,
        op: Text,
        current_user: Text = '',
        target_user: Text = '',
        result: Text = '',
        extra: Any = '',
        *,
        private: Iterable[str] = (),
    ) -> bool:
        """Write what happened (PRIORITY 6). True: the entry is durable and signed."""
        return self.log(INFO, cid, op, current_user, target_user, result, extra, private=private)

    def warn(
        self,
        cid: Text,
        op: Text,
        current_user: Text = '',
        target_user: Text = '',
        result: Text = '',
        extra: Any = '',
        *,
        private: Iterable[str] = (),
    ) -> bool:
        """Write what should not have happened (PRIORITY 4). True: the entry is durable and signed."""
        return self.log(WARN, cid, op, current_user, target_user, result, extra, private=private)

    def error(
        self,
        cid: Text,
        op: Text,
        current_user: Text = '',
        target_user: Text = '',
        result: Text = '',
        extra: Any = '',
        *,
        private: Iterable[str] = (),
    ) -> bool:
        """Write what failed (PRIORITY 3). True: the entry is durable and signed."""
        return self.log(ERROR, cid, op, current_user, target_user, result, extra, private=private)

    def log(
        self,
        level: int,
        cid: Text,
        op: Text,
        current_user: Text = '',
        target_user: Text = '',
        result: Text = '',
        extra: Any = '',
        *,
        private: Iterable[str] = (),
        app: str = '',
        thread: str = '',
        line: int = 0,
        at: Optional[float] = None,
    ) -> bool:
        """Write an entry of any level, 0 to 7, and say what only the caller knows: program, thread, line, seconds."""
        try:
            fields = self._fields(level, cid, op, current_user, target_user, result, app, thread, line)
            fields += extra_fields(extra)
            hidden = _hidden(fields, [*self._private, *private])
            if 'op' in hidden:
                fields = [f for f in fields if f[0] != 'MESSAGE']
            micros = int((time.time() if at is None else at) * 1_000_000)
            send(encode(fields, micros), hidden, self._socket, self._store, self._timeout)
            return True
        except Exception as err:
            return self._fail(err)

    def _fields(
        self, level: int, cid: Text, op: Text, current_user: Text, target_user: Text, result: Text, app: str, thread: str, line: int
    ) -> List[Field]:
        if not 0 <= level <= 7:
            raise AuditError(f'level {level}: want 0 to 7')
        fields = [
            ('MESSAGE', octets(op)),
            ('PRIORITY', octets(level)),
            ('SYSLOG_FACILITY', _FACILITY),
            ('SYSLOG_IDENTIFIER', octets(app or self._app or _program())),
            ('THREAD_NAME', octets(thread or threading.current_thread().name)),
            ('cid', octets(cid)),
            ('op', octets(op)),
        ]
        if line:
            fields.insert(5, ('CODE_LINE', octets(line)))
        for name, value in (('current_user', current_user), ('target_user', target_user), ('result', result)):
            text = octets(value)
            if text:
                fields.append((name, text))
        return fields

    def _fail(self, err: Exception) -> bool:
        self.failed += 1
        if self._strict:
            raise err
        try:
            self._on_error(err)
        except Exception:  # what a caller hands over must not break the caller either
            pass
        return False

    def _tell(self, err: Exception) -> None:
        now = time.monotonic()
        if self._told_at is not None and now - self._told_at < _TELL_EVERY:
            return
        self._told_at = now
        if sys.stderr is not None:
            sys.stderr.write(f'constat: audit entry without acknowledgement: {err}\n')


def _program() -> str:
    return os.path.basename(sys.argv[0] if sys.argv else '') or 'python'


def _hidden(fields: List[Field], names: List[str]) -> List[str]:
    """Which of the fields are private."""
    found = []
    for name, _ in fields:
        is_extra = name == 'extra' or name.startswith('extra.')
        if name not in found and (name in names or is_extra and 'extra' in names):
            found.append(name)
    return found


#: The audit log of this machine, as services of Zato know it.
audit_pii = AuditPII()
