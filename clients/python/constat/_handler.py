"""A handler for the standard library's logging."""

from __future__ import annotations

import json
import logging
from typing import Any, Dict, Iterable

from ._audit import AuditPII

_STANDARD = frozenset(logging.LogRecord('', 0, '', 0, '', (), None).__dict__) | {'message', 'asctime', 'taskName'}
_OWN = ('cid', 'current_user', 'target_user', 'result')


class AuditHandler(logging.Handler):
    """Writes every record as an audit entry.

    The message is the operation; cid, current_user, target_user, result and further members of extra come with the
    record: logger.info('user.login', extra={'cid': cid, 'current_user': user}). A message that is a JSON object with
    cid and op, as Zato writes it, is taken apart. What goes wrong is reported as logging does (Handler.handleError);
    with strict it is raised.
    """

    def __init__(
        self,
        level: int = logging.NOTSET,
        *,
        app: str = '',
        socket: str = '',
        store: str = '',
        timeout: float = 5.0,
        strict: bool = False,
        private: Iterable[str] = (),
    ) -> None:
        super().__init__(level)
        self._app = app
        self._strict = strict
        self._audit = AuditPII(socket=socket, store=store, timeout=timeout, strict=True, private=private)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            said = self._said(record)
            self._audit.log(
                _priority(record.levelno),
                said.pop('cid', ''),
                said.pop('op', ''),
                said.pop('current_user', ''),
                said.pop('target_user', ''),
                said.pop('result', ''),
                said.pop('extra', ''),
                app=self._app or record.name,
                thread=record.threadName or '',
                line=record.lineno,
                at=record.created,
            )
        except Exception:
            if self._strict:
                raise
            self.handleError(record)

    def _said(self, record: logging.LogRecord) -> Dict[str, Any]:
        """What a record says, in the words of the audit log."""
        message = record.getMessage()
        given = {k: v for k, v in record.__dict__.items() if k not in _STANDARD}
        said: Dict[str, Any] = _object(message) or {'op': message}
        for name in _OWN:
            if name in given:
                said[name] = given.pop(name)
        if record.exc_info:
            given['exception'] = logging.Formatter().formatException(record.exc_info)
        if given:
            inner = said.get('extra')
            said['extra'] = {**(inner if isinstance(inner, dict) else {}), **given}
        return said


def _object(message: str) -> Dict[str, Any]:
    """The object that Zato makes of an entry; empty if the message is something else."""
    if not message.startswith('{'):
        return {}
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    known = {'cid', 'op', 'current_user', 'target_user', 'result', 'extra'}
    if isinstance(found, dict) and {'cid', 'op'} <= set(found) <= known:
        return found
    return {}


def _priority(level: int) -> int:
    """A level of logging in the numbers of syslog."""
    for least, priority in ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6)):
        if level >= least:
            return priority
    return 7
