"""Levels, in the numbers of syslog (PRIORITY): the smaller, the worse."""

from __future__ import annotations

from typing import Any

CRITICAL, ERROR, WARN, INFO, DEBUG = 2, 3, 4, 6, 7

_LEVELS = {
    **{'critical': 2, 'crit': 2, 'fatal': 2, 'error': 3, 'err': 3, 'erreur': 3, 'warning': 4, 'warn': 4, 'notice': 5},
    **{'info': 6, 'debug': 7, 'emerg': 0, 'alert': 1},
}


def level_number(level: Any) -> int:
    """A level by its number in syslog, 0 to 7, or its name in any case."""
    if isinstance(level, str):
        number = _LEVELS.get(level.strip().lower(), -1)
        if number < 0 and level.strip().isdigit():
            number = int(level)
    else:
        number = int(level)
    if not 0 <= number <= 7:
        raise ValueError(f'level {level!r}: want debug, info, warning, error, critical, or a number from 0 to 7')
    return number
