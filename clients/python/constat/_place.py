"""Where the daemon is: as the command line finds it."""

from __future__ import annotations

import json
import os

_SYSTEM_STORE = '/var/lib/constat'


class NoPlace(Exception):
    """No daemon runs on the store."""


def default_store() -> str:
    """The store that is meant where none is named."""
    named = os.environ.get('CONSTAT_STORE')
    if named:
        return named
    if os.geteuid() == 0:
        return _SYSTEM_STORE
    state = os.environ.get('XDG_STATE_HOME') or os.path.join(os.path.expanduser('~'), '.local', 'state')
    return os.path.join(state, 'constat')


def find_socket(socket: str, store: str) -> str:
    """The socket of the daemon: as named, else CONSTAT_SOCKET, else what the daemon of the store says."""
    if socket:
        return socket
    named = os.environ.get('CONSTAT_SOCKET')
    if named and not store:
        return named
    store = os.path.normpath(store or default_store())
    try:
        with open(os.path.join(store + '.run', 'daemon.json'), encoding='utf-8') as file:
            endpoints = json.load(file)
        pid, address = int(endpoints['pid']), str(endpoints['socket'])
    except (FileNotFoundError, NotADirectoryError) as err:
        raise NoPlace(f'no daemon runs on the store {store}') from err
    try:
        os.kill(pid, 0)
    except ProcessLookupError as err:
        raise NoPlace(f'the daemon of the store {store} has gone') from err
    except PermissionError:
        pass  # it is there, and somebody else's
    return address
