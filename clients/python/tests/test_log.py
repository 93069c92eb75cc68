"""Reading the log of a station back, and saving it to a medium."""

from __future__ import annotations

import io
import json
import os
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import typing
import unittest
from unittest import mock

from constat import Api, LogError, NoLogError, _ask, get_log, save_log

_BIN = os.environ.get('CONSTAT_BIN', '')


class Backend:
    """The backend of a channel: what comes over its socket goes to the terminal of the domain, and the other way."""

    def __init__(self, path: str) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.master, slave = os.openpty()
        self.device, self._slave = os.ttyname(slave), slave
        self._end, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        client: typing.Optional[socket.socket] = None
        while True:
            wanted: typing.List[typing.Any] = [self._end, self.listener if client is None else client]
            if client is not None:
                wanted.append(self.master)
            ready, _, _ = select.select(wanted, [], [])
            if self._end in ready:
                break
            if self.listener in ready:
                client, _ = self.listener.accept()
            elif client in ready:
                try:
                    data = client.recv(1 << 10) if client is not None else b''
                except ConnectionResetError:  # the daemon was killed
                    data = b''
                if data:
                    os.write(self.master, data)
                elif client is not None:
                    client.close()
                    client = None
            elif self.master in ready and client is not None:
                data = os.read(self.master, 1 << 10)
                try:
                    client.sendall(data)
                except (BrokenPipeError, ConnectionResetError):
                    client.close()
                    client = None
        if client is not None:
            client.close()

    def close(self) -> None:
        os.write(self._stop, b'x')
        self._thread.join()
        self.listener.close()
        for descriptor in (self.master, self._slave, self._end, self._stop):
            os.close(descriptor)


class Place(unittest.TestCase):
    def setUp(self) -> None:
        self.dir = tempfile.mkdtemp(prefix='cl')
        self.addCleanup(shutil.rmtree, self.dir)
        self.store = os.path.join(self.dir, 'store')
        env = {'CONSTAT_STORE': self.store, 'XDG_CONFIG_HOME': self.dir, 'HOME': self.dir, 'TZ': 'UTC'}
        patch = mock.patch.dict(os.environ, env)
        patch.start()
        self.addCleanup(patch.stop)
        os.environ.pop('CONSTAT_SOCKET', None)

    def folder(self, name: str = 'medium') -> str:
        path = os.path.join(self.dir, name)
        os.makedirs(path, exist_ok=True)
        return path


@unittest.skipUnless(_BIN, 'CONSTAT_BIN does not name the program')
class StationTest(Place):
    def backend(self, name: str) -> Backend:
        backend = Backend(os.path.join(self.dir, name))
        self.addCleanup(backend.close)
        return backend

    def serve(self) -> None:
        config = os.path.join(self.dir, 'constat.yaml')
        with open(config, 'w', encoding='utf-8') as file:
            file.write(f'listen:\n  xen: [{self.dir}]\nhttp: off\n')
        daemon = subprocess.Popen([_BIN, 'serve', '--config', config], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert daemon.stdout is not None
        self.addCleanup(daemon.stdout.close)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.kill)
        for line in daemon.stdout:
            if line.startswith('bring in'):
                return
        self.fail('the daemon ended')

    def api(self, backend: Backend, **more: typing.Any) -> Api:
        api = Api(channel=backend.device, out=typing.cast(typing.TextIO, io.StringIO()), **more)
        self.addCleanup(api.close)
        return api

    def test_station(self) -> None:
        """A domain logs, reads back its own entries only, and saves them; Dom0 reads all, and saves them with evidence."""
        usb, gui, query = self.backend('usb-log.sock'), self.backend('gui-log.sock'), self.backend('usb-query.sock')
        self.serve()
        log, other = self.api(usb, tag='disk', domain='gui'), self.api(gui)
        other.error('of gui', 'x')
        for n in range(3):
            log.info(f'file {n}')
        log.error('Échec\n(.*) \udcff')
        end = time.monotonic() + 30
        while len(get_log()) < 7 and time.monotonic() < end:  # five entries and two of the daemon at least
            time.sleep(0.02)

        def texts(**more: typing.Any) -> typing.List[str]:
            found = get_log(channel=query.device, **more)
            self.assertEqual({e['_XEN_DOMAIN'] for e in found} | {'usb'}, {'usb'})
            return [e['MESSAGE'] for e in found if '_XEN_EVENT' not in e and isinstance(e['MESSAGE'], str)]

        while len(texts(module='disk')) < 3 and time.monotonic() < end:
            time.sleep(0.02)
        self.assertEqual(texts(), ['file 0', 'file 1', 'file 2'])
        self.assertEqual(texts(text='FILE', limit=2), ['file 1', 'file 2'])
        self.assertTrue(get_log(channel=query.device, limit=1).more)
        self.assertFalse(get_log(channel=query.device, limit=None).more)
        self.assertEqual(len(get_log(channel=query.device, level='error', text='(.*)')), 1)
        self.assertEqual(texts(since=time.time() + 60), [])
        self.assertEqual(texts(until=time.time() + 60, module='disk'), ['file 0', 'file 1', 'file 2'])
        with self.assertRaises(NoLogError):
            get_log(channel=query.device, domain='gui')

        medium = self.folder()
        saved = save_log(medium, channel=query.device, name='j', require_mount=False)
        self.assertIn('Dom0', saved.note)
        with open(saved.log, encoding='utf-8') as file:
            lines = [json.loads(line) for line in file]
        self.assertEqual(len(lines), saved.entries)
        self.assertEqual([e['MESSAGE'] for e in lines if e.get('MESSAGE') in ('file 0', 'of gui')], ['file 0'])
        with self.assertRaises(LogError):
            save_log(medium, channel=query.device, name='k', require_mount=False, evidence=True)
        self.assertEqual(os.listdir(medium), ['j.jsonl'])
        self.dom0(medium)

    def dom0(self, medium: str) -> None:
        own = Api(tag='socle', out=typing.cast(typing.TextIO, io.StringIO()))
        own.warn('of Dom0')
        self.assertTrue(own.close())
        self.assertEqual([e['SYSLOG_IDENTIFIER'] for e in get_log(text='of dom0')], ['socle'])
        self.assertEqual([e['_XEN_DOMAIN'] for e in get_log(text='of gui', level='error')], ['gui'])
        found = get_log(text='(.*)', domain='usb', module='disk', since=0, until=time.time() + 60)
        self.assertEqual(len(found), 1)
        self.assertEqual(get_log(limit=2).more, True)
        saved = save_log(medium, name='all', format='text', require_mount=False)
        self.assertEqual(sorted(os.listdir(medium)), ['all.evidence.zip', 'all.log', 'j.jsonl'])
        with open(saved.log, encoding='utf-8') as file:
            text = file.read()
        self.assertRegex(text, r'(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z ERROR    gui        \[x                   \] of gui$')
        subprocess.run([_BIN, 'verify', saved.evidence], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([_BIN, 'verify'], check=True, stdout=subprocess.DEVNULL)


class AnswerTest(Place):
    """A Dom0 that answers as it should not."""

    def ask(self, answer: typing.Callable[[bytes], bytes], timeout: float = 10) -> typing.List[typing.Dict[str, typing.Any]]:
        path = os.path.join(self.dir, 's')
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen(1)

            def serve() -> None:
                conn, _ = listener.accept()
                with conn, conn.makefile('rb') as file:
                    file.readline()
                    asked = _ask.parse(file.readline()[:-1])
                    assert asked is not None
                    conn.sendall(answer(asked.id))
                    file.read()

            thread = threading.Thread(target=serve)
            thread.start()
            try:
                return get_log(channel=path, timeout=timeout)
            finally:
                thread.join()
                os.unlink(path)

    def test_answers(self) -> None:
        entry, end = b'{"MESSAGE":"x"}', b'{"entries":1}'

        def good(id: bytes) -> bytes:
            other = _ask.part(b'a', b'0' * 16, 1, b'{"MESSAGE":"of another question"}')
            return b'rest of a line\n' + other + b'y' * 300_000 + b'\n' + _ask.part(b'a', id, 1, entry)[:-1] + b'\r\n' + _ask.part(b'z', id, 2, end)

        self.assertEqual(self.ask(good), [{'MESSAGE': 'x'}])
        with self.assertRaisesRegex(LogError, 'got lost'):
            self.ask(lambda id: _ask.part(b'a', id, 1, entry).replace(b'x', b'y') + _ask.part(b'z', id, 2, end))
        with self.assertRaisesRegex(LogError, 'busy'):
            self.ask(lambda id: _ask.part(b'z', id, 1, b'{"error":"busy"}'))
        with self.assertRaisesRegex(LogError, 'no answer in time'):
            self.ask(lambda id: _ask.part(b'a', id, 1, entry), timeout=0.2)

    def test_nowhere(self) -> None:
        for named in ({}, {'channel': os.path.join(self.dir, 'hvc3')}, {'store': self.dir, 'program': 'no-such-program'}):
            with self.assertRaises(NoLogError):
                get_log(**typing.cast(typing.Dict[str, str], named))
        with self.assertRaises(LogError):
            get_log(channel=self.dir)
        for wrong in ({'since': 'yesterday'}, {'level': 'loud'}, {'limit': 0}):
            with self.assertRaises(ValueError):
                get_log(**typing.cast(typing.Dict[str, typing.Any], wrong))


class MediumTest(Place):
    def program(self, entries: int, before: str = '') -> typing.Dict[str, str]:
        """What stands for constat: show prints so many entries, and prove writes a file."""
        path = os.path.join(self.folder('bin'), 'constat')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(
                f"""#!/bin/sh
set -e
if [ "$1" = prove ]; then shift 2; echo evidence > "$1"; exit; fi
{before}
i=0; while [ $i -lt {entries} ]; do i=$((i+1)); echo '{{"MESSAGE":"entry '$i' of a journal that fills a medium"}}'; done
"""
            )
        os.chmod(path, 0o755)
        return {'store': self.folder('bin'), 'program': path}

    def mount(self, options: str = '') -> str:
        path = self.folder()
        done = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64k' + options, 'tmpfs', path], stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            self.skipTest(f'mounting needs root: {done.stderr.strip()}')
        self.addCleanup(subprocess.run, ['umount', '-l', path], stderr=subprocess.DEVNULL, check=False)
        return path

    def test_saved(self) -> None:
        medium = self.mount()
        saved = save_log(medium, name='j', **self.program(3))
        self.assertEqual((saved.entries, saved.note), (3, ''))
        with self.assertRaisesRegex(LogError, 'already'):
            save_log(medium, name='j', **self.program(2))
        with open(saved.log, encoding='utf-8') as file:
            self.assertEqual(len(file.readlines()), 3)
        self.assertEqual(sorted(os.listdir(medium)), ['j.evidence.zip', 'j.jsonl'])
        for name in ('a/b', '.x', '../x', 'x\0'):
            with self.assertRaises(ValueError):
                save_log(medium, name=name, **self.program(1))

    def test_no_medium(self) -> None:
        medium = self.folder()
        with self.assertRaisesRegex(LogError, 'no mount point'):
            save_log(medium, **self.program(1))
        with self.assertRaises(LogError):
            save_log(os.path.join(medium, 'absent'), **self.program(1))
        self.assertEqual(os.listdir(medium), [])

    def test_full(self) -> None:
        medium = self.mount()
        with self.assertRaisesRegex(LogError, 'No space left'):
            save_log(medium, **self.program(5000))
        self.assertEqual(os.listdir(medium), [])

    def test_read_only(self) -> None:
        medium = self.mount(',ro')
        with self.assertRaisesRegex(LogError, 'Read-only'):
            save_log(medium, **self.program(1))

    def test_missing(self) -> None:
        """A medium that goes while it is written to is not taken for the directory that is left."""
        medium = self.mount()
        with self.assertRaisesRegex(LogError, 'gone'):
            save_log(medium, **self.program(1, f'umount -l {medium}'))
        self.assertEqual(os.listdir(medium), [])

    def test_failing(self) -> None:
        medium = self.folder()
        program = self.program(1, "echo '{}'; echo damaged >&2; exit 1")
        with self.assertRaisesRegex(LogError, 'damaged'):
            save_log(medium, require_mount=False, **program)
        self.assertEqual(os.listdir(medium), [])


if __name__ == '__main__':
    unittest.main()
