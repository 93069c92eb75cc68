"""Reading the log back: in Dom0 from the store, in a domain over its query channel."""

from __future__ import annotations

import base64
import datetime
import json
import os
import re
import shutil
import stat
import subprocess
import tempfile
import threading
from typing import Any, Dict, Generator, Iterator, List, NamedTuple, Optional, Union

from . import _ask, _frame
from ._level import level_number
from ._place import default_store

DEFAULT_QUERY_CHANNEL = '/dev/hvc3'

Entry = Dict[str, Any]
When = Union[None, float, datetime.datetime, str]
Lines = Generator[bytes, None, None]
_MAX_COMPLAINT = 4096


class LogError(Exception):
    """The log could not be read or saved; the text says why and what to do."""


class NoLogError(LogError):
    """There is no log that can be read here."""


class Log(List[Entry]):
    """Entries, the oldest first, each an object as "constat show -o json" prints it."""

    #: Whether older ones match too; how many matched and are too long for the channel; how many cannot be read at all.
    more, too_long, missing = False, 0, 0


class Selection(NamedTuple):
    """Which entries. since and until are RFC 3339."""

    since: str
    until: str
    level: Optional[int]
    module: str
    text: str
    domain: str
    limit: int


def select(since: When, until: When, level: Any, module: str, text: str, domain: str, limit: Optional[int]) -> Selection:
    """The selection of what a caller gives."""
    if limit is not None and limit < 1:
        raise ValueError(f'limit {limit}: want a number of entries, or None')
    return Selection(_when(since), _when(until), None if level is None else level_number(level), module, text, domain, limit or 0)


def _when(at: When) -> str:
    if at is None:
        return ''
    if isinstance(at, str):
        try:
            at = datetime.datetime.fromisoformat(re.sub('[zZ]$', '+00:00', at))
        except ValueError:
            raise ValueError(f'time {at!r}: want RFC 3339 such as 2026-11-21T19:41:24Z, a datetime, or seconds since 1970') from None
    if isinstance(at, datetime.datetime):  # one without a zone is local
        return at.astimezone(datetime.timezone.utc).isoformat(timespec='microseconds').replace('+00:00', 'Z')
    return _frame.stamp(int(at * 1_000_000))


class Stored:
    """A store, which is read by the program constat: it works whether the daemon runs or not, in the order of show."""

    def __init__(self, store: str, program: str) -> None:
        named = program or os.environ.get('CONSTAT_BIN') or 'constat'
        found = shutil.which(named)
        if found is None:
            raise NoLogError(f'the store {store} is read by the program {named}, which is not found: install it, or name it with CONSTAT_BIN')
        self._program, self._store = found, store

    def lines(self, chosen: Selection, about: Log, timeout: Optional[float]) -> Lines:
        """The entries as lines of JSON."""
        if not chosen.limit:
            yield from self._show(chosen, timeout)
            return
        found = list(self._show(chosen._replace(limit=chosen.limit + 1), timeout))  # one more, to see whether there are more
        about.more = len(found) > chosen.limit
        yield from found[-chosen.limit :]

    def _show(self, chosen: Selection, timeout: Optional[float]) -> Lines:
        command = [self._program, 'show', '-o', 'json', '--no-pager', *self._arguments(chosen)]
        with tempfile.TemporaryFile() as complaint, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaint, env=self._env()) as process:
            assert process.stdout is not None
            timer = threading.Timer(timeout, process.kill) if timeout is not None else None
            if timer is not None:
                timer.start()
            try:
                yield from process.stdout
                if process.wait() != 0:
                    raise LogError(_failure(process.returncode, complaint, timeout))
            finally:
                process.kill()
                if timer is not None:
                    timer.cancel()

    def prove(self, chosen: Selection, name: str) -> None:
        """Make evidence of a selection."""
        with tempfile.TemporaryFile() as complaint:
            command = [self._program, 'prove', '-o', name, *self._arguments(chosen)]
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=complaint, env=self._env(), check=False)
            if done.returncode:
                raise LogError('evidence: ' + _failure(done.returncode, complaint, None))

    def _env(self) -> Dict[str, str]:
        return {**os.environ, 'CONSTAT_STORE': self._store}

    def _arguments(self, chosen: Selection) -> List[str]:
        found: List[str] = []
        if chosen.text:
            found += ['-g', '(?i)' + re.sub(r'([^\w\s]|_)', lambda m: f'\\x{{{ord(m.group()):x}}}', chosen.text)]
        level = '' if chosen.level is None else str(chosen.level)
        for flag, value in (('-S', chosen.since), ('-U', chosen.until), ('-p', level), ('-n', str(chosen.limit or ''))):
            if value:
                found += [flag, value]
        found.append('--')
        for name, value in (('SYSLOG_IDENTIFIER', chosen.module), ('_XEN_DOMAIN', chosen.domain)):
            if value:
                found.append(f'{name}={value}')
        return found


def _failure(status: int, complaint: Any, timeout: Optional[float]) -> str:
    complaint.seek(0)
    said = complaint.read(_MAX_COMPLAINT).decode('utf-8', 'replace').strip()
    if status < 0 and timeout is not None:
        return f'the log was not read within {timeout} s; ask for less, or give more time'
    return f'the log cannot be read: status {status}: {said}'


class Asked:
    """The log of a domain, over its query channel."""

    def __init__(self, path: str) -> None:
        self._path = path

    def lines(self, chosen: Selection, about: Log, timeout: Optional[float]) -> Lines:
        """The entries as lines of JSON: the newest so many, or all, for which it asks again and again."""
        if chosen.domain:
            raise NoLogError(f'domain {chosen.domain!r}: a domain reads its own entries only')
        question: Dict[str, Any] = {'limit': min(chosen.limit or _ask.MAX_ENTRIES, _ask.MAX_ENTRIES), 'oldest': not chosen.limit}
        for name in ('since', 'until', 'module', 'text'):
            if getattr(chosen, name):
                question[name] = getattr(chosen, name)
        if chosen.level is not None:
            question['level'] = chosen.level
        try:
            with _ask.Line(self._path, timeout or _ask.TIMEOUT) as line:
                while True:
                    end: Dict[str, Any] = {}
                    yield from line.exchange(question, end)
                    about.too_long += end.get('too_long', 0)
                    about.missing = max(about.missing, end.get('missing', 0))
                    if not end.get('more') or chosen.limit:
                        about.more = bool(end.get('more'))
                        return
                    question['cursor'] = end['next']
        except FileNotFoundError as err:
            raise NoLogError(f'query channel: {err}; docs/station-log.md says how to give one to a domain') from None
        except (OSError, _ask.AskError) as err:
            raise LogError(f'{self._path}: {err}') from None


Place = Union[Stored, Asked]


def find(channel: str, store: str, program: str) -> Place:
    """Where to read: the channel that is named, else the store of this machine, else the query channel of a domain."""
    if channel:
        return Asked(channel)
    place = store or default_store()
    if os.path.isdir(place):
        return Stored(place, program)
    try:
        if stat.S_ISCHR(os.stat(DEFAULT_QUERY_CHANNEL).st_mode):
            return Asked(DEFAULT_QUERY_CHANNEL)
    except OSError:
        pass
    raise NoLogError(
        f"no log can be read here: there is neither a store {place} (in Dom0: start 'constat serve', or name the store) "
        f'nor a query channel {DEFAULT_QUERY_CHANNEL} (in a domain: give it one, see docs/station-log.md)'
    )


def get_log(
    since: When = None,
    until: When = None,
    level: Any = None,
    module: str = '',
    limit: Optional[int] = 1000,
    text: str = '',
    *,
    domain: str = '',
    channel: str = '',
    store: str = '',
    program: str = '',
    timeout: float = 30.0,
) -> Log:
    """Read the log: in Dom0 that of all domains, in a domain its own.

    since and until bound when Dom0 received an entry: RFC 3339, a datetime or seconds since 1970; until is not included.
    level is the least severe one, module the one that wrote, text stands in the message in any case, domain (in Dom0) is
    where it comes from, limit the newest so many (None: all; of a channel 1000 at most). channel is the query channel of a
    domain, store and program (constat) are those of Dom0. timeout is in seconds.

    NoLogError says that there is none here, LogError that it could not be read, ValueError that an argument is wrong.
    """
    chosen = select(since, until, level, module, text, domain, limit)
    place = find(channel, store, program)
    if isinstance(place, Asked) and not chosen.limit:
        chosen = chosen._replace(limit=_ask.MAX_ENTRIES)
    found = Log()
    for line in place.lines(chosen, found, timeout):
        found.append(dict(json.loads(line)))
    return found


def value(entry: Entry, name: str) -> str:
    """A field as text; what is not UTF-8 in it is replaced. '' if there is none."""
    found = entry.get(name, '')
    if isinstance(found, list):
        found = found[0] if found else ''
    if isinstance(found, dict):
        found = base64.b64decode(found.get('base64', '')).decode('utf-8', 'replace')
    return str(found)


def text_line(entry: Entry) -> str:
    """An entry as a line of text, with its line feed: printable, in UTC, in the columns of the station."""
    priority = value(entry, 'PRIORITY')
    level = int(priority) if priority in tuple('01234567') else 6
    at = value(entry, '__RECEIVED')
    parts = [v.encode('utf-8', 'surrogateescape') for v in (value(entry, '_XEN_DOMAIN'), value(entry, 'SYSLOG_IDENTIFIER'), value(entry, 'MESSAGE'))]
    return f'{at} {_frame.columns(level, parts[0], parts[1])} {_frame.escaped(parts[2])}\n'


def text_lines(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Lines of JSON as lines of text."""
    for line in lines:
        yield text_line(json.loads(line)).encode('utf-8')
