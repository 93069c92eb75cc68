"""The Api of a station: what is written into its channel, and what is not."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import typing
import unittest
import zlib
from unittest import mock

from constat import Api, _api, _frame

from . import fake

_VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..', 'testdata', 'frames.json')


class Bad:
    def __str__(self) -> str:
        raise RuntimeError('no text')


class ApiTest(unittest.TestCase):
    def setUp(self) -> None:
        self.dir = tempfile.mkdtemp(prefix='ca')
        self.addCleanup(shutil.rmtree, self.dir)
        patch = mock.patch.dict(os.environ, {'CONSTAT_STORE': os.path.join(self.dir, 'none'), 'TZ': 'UTC'})
        patch.start()
        self.addCleanup(patch.stop)
        os.environ.pop('CONSTAT_SOCKET', None)
        self.out = io.StringIO()

    def fifo(self) -> typing.Tuple[str, int]:
        path = os.path.join(self.dir, 'hvc2')
        os.mkfifo(path)
        reader = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        return path, reader

    def api(self, channel: str, **more: typing.Any) -> Api:
        api = Api(channel=channel, out=typing.cast(typing.TextIO, self.out), domain='vm', **more)
        self.addCleanup(api.close)
        return api

    def read(self, reader: int) -> typing.List[typing.List[str]]:
        """The frames that have come: kind, run, number, time, level, module, and the rest."""
        text = b''
        while True:
            try:
                text += os.read(reader, 1 << 20)
            except BlockingIOError:
                break
        frames = []
        for line in filter(None, text.split(b'\n')):
            body, check = line[:-9], line[-8:]
            self.assertEqual(b'%08x' % zlib.crc32(body), check)
            frames.append(body.decode().split(' ', 7)[1:])
        return frames

    def test_vectors(self) -> None:
        """Frames are those that Go writes, byte by byte."""
        with open(_VECTORS, encoding='utf-8') as file:
            vectors = json.load(file)
        self.assertGreaterEqual(len(vectors), 10)
        for v in vectors:
            message = base64.b64decode(v['message']) * v.get('times', 1)
            what = _frame.record(v['micros'], v['level'], base64.b64decode(v['module']), message)
            got = _frame.frame('m', '9f3a5c01d2e4b687', v['number'], what, _frame.host_field(base64.b64decode(v['host'])))
            if 'frame' in v:
                self.assertEqual(got, base64.b64decode(v['frame']))
            else:
                self.assertEqual((len(got), zlib.crc32(got)), (v['frame_size'], v['frame_crc32']))

    def test_levels(self) -> None:
        """Each entry goes to standard output and to the channel; what is below the level goes to neither."""
        path, reader = self.fifo()
        api = self.api(path, tag='app')
        for log in (api.debug, api.info, api.warn, api.error, api.critical):
            log('é\n', 'a b')
        api.set_log_level('ERREUR')
        api.warn('not said')
        api.error('said')
        self.assertEqual(api.log_level(), 3)
        self.assertTrue(api.close())
        frames = self.read(reader)
        self.assertEqual([f[4] for f in frames], ['7', '6', '4', '3', '2', '3', '6'])
        self.assertEqual([f[2] for f in frames], ['1', '2', '3', '4', '5', '6', '6'])
        self.assertEqual({f[1] for f in frames}, {frames[0][1]})
        self.assertEqual(frames[0][5:], ['a\\x20b', 'HOSTNAME=vm :é\\x0a'])
        self.assertEqual(frames[5][5:], ['app', 'HOSTNAME=vm :said'])
        self.assertEqual(frames[6][0], 'e')
        lines = self.out.getvalue().splitlines()
        self.assertEqual(len(lines), 6)
        self.assertRegex(lines[0], r'^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} DEBUG    vm         \[a b                 \] é\\x0a$')
        for wrong in ('loud', 8, -1):
            with self.assertRaises(ValueError):
                api.set_log_level(wrong)

    def test_nothing_raises(self) -> None:
        """Whatever is given in place of a text, and whatever is wrong with the channel."""
        for channel in (os.path.join(self.dir, 'absent'), self.dir, __file__):
            api = self.api(channel)
            for message in (None, b'\xff', 12, Bad(), '\ud800', ['a']):
                api.info(message, typing.cast(str, message))
            self.assertEqual(api.stats().dropped, 6)
            self.assertFalse(api.close())
        with open(__file__, 'rb') as file:
            self.assertNotIn(b'%c1' + b' m ', file.read())

    def test_broken_output(self) -> None:
        path, reader = self.fifo()
        self.out.close()
        api = self.api(path)
        api.info('x')
        self.assertTrue(api.close())
        self.assertEqual((api.stats().unsaid, len(self.read(reader))), (1, 2))

    def test_full_channel(self) -> None:
        """A channel that nobody reads holds up no more than one call; what is dropped keeps its number."""
        path, reader = self.fifo()
        api = self.api(path, timeout=0.05, buffer=20_000)
        began = time.monotonic()
        for n in range(500):
            api.info(f'{n} ' + 'x' * 1000)
        self.assertLess(time.monotonic() - began, 20)  # 500 calls of 0.05 s each would be 25
        frames = self.read(reader)
        while frames and api.stats().dropped == 0 or api.stats().logged < 500:
            time.sleep(0.01)
        api.close()
        frames += self.read(reader)
        numbers = [int(f[2]) for f in frames if f[0] == 'm']
        self.assertEqual(frames[-1][:1] + frames[-1][2:3], ['e', '500'])
        self.assertEqual(len(numbers) + api.stats().dropped, 500)
        texts = [int(f[6].split(':')[1].split()[0]) for f in frames if f[0] == 'm']
        self.assertEqual((numbers, texts), (sorted(set(numbers)), sorted(set(texts))))

    def test_comes_later(self) -> None:
        """A channel that is not there yet is tried again: nothing is taken for kept."""
        api = self.api(os.path.join(self.dir, 'hvc2'))
        api.info('lost')
        path, reader = self.fifo()
        api.info('kept')
        api.close()
        frames = self.read(reader)
        self.assertEqual([f[0] + f[2] for f in frames], ['m2', 'e2'])
        self.assertIn('DROPPED=1', frames[1][6])

    def test_socket(self) -> None:
        path = os.path.join(self.dir, 's')
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen(1)
            api = self.api(path)
            api.info('by socket')
            api.close()
            conn, _ = listener.accept()
            with conn:
                self.assertIn(b':by socket ', conn.recv(1 << 16))

    def test_fork(self) -> None:
        """A child has a run of its own."""
        path, reader = self.fifo()
        api = self.api(path)
        api.info('parent')
        child = os.fork()
        if child == 0:
            api.info('child')
            os._exit(0 if api.close() else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        api.info('parent')
        api.close()
        runs: typing.Dict[str, typing.List[str]] = {}
        for f in self.read(reader):
            runs.setdefault(f[1], []).append(f[0] + f[2])
        self.assertEqual(sorted(runs.values()), [['m1', 'e1'], ['m1', 'm2', 'e2']])

    def test_end_of_program(self) -> None:
        """A program that does not close its Api still says its end."""
        path, reader = self.fifo()
        text = f'from constat import Api; Api(channel={path!r}).info("x")'
        where = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        subprocess.run([sys.executable, '-c', text], cwd=where, check=True, stdout=subprocess.DEVNULL)
        self.assertEqual([f[0] for f in self.read(reader)], ['m', 'e'])

    def test_dom0(self) -> None:
        """Without a channel entries go to the daemon of this machine."""
        daemon = fake.Fake()
        self.addCleanup(daemon.close)
        api = self.api('', socket=daemon.socket, tag='socle')
        api.error('in Dom0')
        api.error('in Dom0', 'module')
        self.assertTrue(api.close())
        self.assertEqual({r['journal'] for r in daemon.requests}, {'system'})
        self.assertEqual([dict(e)['SYSLOG_IDENTIFIER'] for e in daemon.entries], [b'socle', b'module'])
        self.assertEqual(dict(daemon.entries[0])['PRIORITY'], b'3')
    def test_stuck_daemon(self) -> None:
        """A daemon that takes connections and answers nothing holds up no more than one call."""
        path = os.path.join(self.dir, 's')
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen(64)
            api = self.api('', socket=path, timeout=0.05, buffer=4000)
            began = time.monotonic()
            for n in range(100):
                api.info(n)
            self.assertLess(time.monotonic() - began, 4)  # 100 calls of 0.05 s each would be 5
            self.assertFalse(api.close())
            self.assertGreater(api.stats().dropped, 50)

    def test_no_daemon(self) -> None:
        self.assertFalse(_api.reachable('', os.path.join(self.dir, 'no store')))


if __name__ == '__main__':
    unittest.main()
