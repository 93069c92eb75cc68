"""Entries on their way, written one after the other by a thread, so that whoever logs can stop waiting."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any, Callable, Deque, List, Optional


class _Ticket:
    """One thing on its way."""

    def __init__(self, what: Any, weight: int) -> None:
        self.what, self.weight, self.done = what, weight, threading.Event()


class Lane:
    """Writes what is put into it. idle is called about once a second by the same thread."""

    def __init__(self, limit: int, timeout: float, write: Callable[[Any], bool], idle: Optional[Callable[[], None]] = None) -> None:
        self._limit, self._timeout, self._write, self._idle = limit, timeout, write, idle
        #: How many were dropped, and whether the last that was waited for was not written in time.
        self.dropped, self.stalled = 0, False
        self._queue: Deque[_Ticket] = deque()
        self._bytes, self._closed = 0, False
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._run, name='constat', daemon=True)
        self._thread.start()

    def put(self, what: Any, size: int) -> Optional[_Ticket]:
        """Queue something; None if there is no room. What is alone always has room."""
        ticket = _Ticket(what, 256 + size)
        with self._wake:
            if self._closed or self._queue and self._bytes + ticket.weight > self._limit:
                self.dropped += 1
                return None
            self._queue.append(ticket)
            self._bytes += ticket.weight
            self._wake.notify()
        return ticket

    def wait(self, ticket: Optional[_Ticket]) -> None:
        """Wait until something is written, but not while others were not written in time."""
        if ticket is not None and not self.stalled and not ticket.done.wait(self._timeout):
            self.stalled = True

    def _run(self) -> None:
        while True:
            with self._wake:
                if not self._queue and not self._closed:
                    self._wake.wait(1.0)
                ticket = self._queue[0] if self._queue else None
                if ticket is None and self._closed:
                    return
            if ticket is None:
                self._safely(self._idle)
            else:
                self._take(ticket)

    def _take(self, ticket: _Ticket) -> None:
        written = self._safely(self._write, ticket.what)
        with self._wake:
            if written:
                self.stalled = False
            else:
                self.dropped += 1
            if self._queue and self._queue[0] is ticket:
                self._queue.popleft()
                self._bytes -= ticket.weight
        ticket.done.set()

    def _safely(self, what: Optional[Callable[..., Any]], *arguments: Any) -> bool:
        try:
            return bool(what is not None and what(*arguments))
        except Exception:  # what a caller hands over, such as a broken standard output
            return False

    def alive(self) -> bool:
        """Whether something is still being written."""
        return self._thread.is_alive()

    def close(self, until: float) -> List[Any]:
        """Take no more, wait for what is there until a time (monotonic), and return what was not begun by then."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join(max(until - time.monotonic(), 0))
        if not self._thread.is_alive():
            return []
        with self._wake:
            left = [self._queue.pop() for _ in range(len(self._queue) - 1)]
            self.dropped += len(left)
        return [t.what for t in left]
