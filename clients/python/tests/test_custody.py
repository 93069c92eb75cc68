"""The chain of custody: what is reported, and what is not."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tempfile
import typing
import unittest
from unittest import mock

from constat import AuditError, custody

from . import fake, test_daemon

ENGINE = custody.Engine('AV', '1.2', '77', '2026-11-28')
_COMMON = ('PRIORITY', 'SYSLOG_FACILITY', 'SYSLOG_IDENTIFIER', 'MESSAGE', 'custody', 'cid')


def clean(file: typing.IO[bytes]) -> custody.Verdict:
    return custody.Verdict('infected', 'Evil') if b'EVIL' in file.read() else custody.Verdict('clean')


class Folders(unittest.TestCase):
    def setUp(self) -> None:
        self.dir = tempfile.mkdtemp(prefix='cc')
        self.addCleanup(shutil.rmtree, self.dir)

    def folder(self, name: str) -> str:
        path = os.path.join(self.dir, name)
        os.makedirs(path, exist_ok=True)
        return path

    def put(self, folder: str, name: str, data: bytes) -> str:
        path = os.path.join(self.folder(folder), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(data)
        return path


class CustodyTest(Folders):
    def setUp(self) -> None:
        super().setUp()
        self.daemon = fake.Fake()
        self.addCleanup(self.daemon.close)
        self.session = custody.Session(
            source=custody.Medium('sdb1', 'CLÉ'), destination=custody.Medium('sdc1'), station='s', id='S', app='st', socket=self.daemon.socket
        )

    def said(self, n: int = -1) -> typing.Dict[str, str]:
        return {k: v.decode('utf-8', 'surrogateescape') for k, v in self.daemon.entries[n] if k not in _COMMON}

    def ops(self) -> typing.List[str]:
        return [f"{self.said(n)['op']} {self.said(n).get('result', '')}".strip() for n in range(len(self.daemon.entries))]

    def test_read(self) -> None:
        """Only what was read to its end is reported as read."""
        kept = io.BytesIO()
        content = self.session.read(b'a\xff', io.BytesIO(b'abc'), kept, 'text/plain')
        self.assertEqual((content.size, content.sha256[:8], kept.getvalue()), (3, 'ba7816bf', b'abc'))
        said = self.said()
        self.assertRegex(said.pop('began'), r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$')
        want = {'op': 'file.read', 'result': 'ok', 'file.path': 'a\udcff', 'file.size': '3', 'file.sha256': content.sha256, 'file.md5': content.md5}
        self.assertEqual(said, {**want, 'file.mime': 'text/plain', 'medium.id': 'sdb1', 'medium.label': 'CLÉ', 'medium.role': 'source'})
        reader = self.session.reader('b', io.BytesIO(b'abcdef'))
        reader.read(3)
        with self.assertRaises(custody.PartialError):
            reader.close()
        with self.assertRaises(custody.DiffersError):
            self.session.read(b'a\xff', io.BytesIO(b'abd'))
        with self.assertRaises(ZeroDivisionError):
            with self.session.reader('c', io.BytesIO(b'x')):
                1 / 0
        for path in ('../a', '/a', 'a//b', '.', '', 'a\x00'):
            with self.assertRaises(custody.PathError):
                self.session.read(path, io.BytesIO(b''))
        self.assertEqual(self.ops(), ['session.opened', 'file.read ok', 'file.read error', 'file.read ok', 'file.read error'])

    def test_copy(self) -> None:
        """What is delivered is what was read, in its place, and nothing is left of what failed."""
        self.put('from', 'd/a', b'one')
        self.put('from', 'b', b'two')
        os.symlink('/etc/passwd', os.path.join(self.folder('from'), 'link'))
        source, target = self.folder('from'), self.folder('to')
        self.session.read('b', io.BytesIO(b'other'))
        self.session.copy('d/a', source, target)
        with open(os.path.join(target, 'd', 'a'), 'rb') as file:
            self.assertEqual(file.read(), b'one')
        with self.assertRaises(custody.DiffersError):
            self.session.copy('b', source, target)
        with self.assertRaises(OSError):
            self.session.copy('link', source, target)
        os.mkfifo(os.path.join(source, 'pipe'))
        with self.assertRaisesRegex(OSError, 'no file but'):
            self.session.copy('pipe', source, target)
        os.symlink('/tmp', os.path.join(target, 'out'))
        self.put('from', 'out/x', b'x')
        with self.assertRaises(OSError):
            self.session.copy('out/x', source, target)
        self.assertEqual(sorted(os.listdir(target)), ['d', 'out'])
        self.assertEqual(os.listdir(os.path.join(target, 'd')), ['a'])
        self.assertEqual(self.ops(), ['session.opened', 'file.read ok', 'file.copied ok'] + 4 * ['file.copied error'])
        self.session.close()
        self.assertEqual((self.said()['count.read'], self.said()['count.copied'], self.said()['count.errors']), ('1', '1', '4'))

    def test_scan(self) -> None:
        """A verdict is about the content that was there before and after."""
        path = self.put('from', 'a', b'abc')
        self.assertEqual(self.session.scan('a', path, ENGINE, clean).result, 'clean')
        self.assertEqual(self.said()['engine.signatures_date'], '2026-11-28')

        def changing(file: typing.IO[bytes]) -> custody.Verdict:
            self.put('from', 'a', b'abd')
            return custody.Verdict('clean')

        with self.assertRaises(custody.DiffersError):
            self.session.scan('a', path, ENGINE, changing)
        with self.assertRaises(ZeroDivisionError):
            self.session.scan('a', path, ENGINE, lambda f: custody.Verdict('clean', str(1 / 0)))
        self.assertEqual(self.ops(), ['session.opened', 'file.scanned clean', 'file.scanned error', 'file.scanned error'])

    def test_read_back(self) -> None:
        """A medium that gives back something else than was written is noticed, and nothing is left on it."""
        self.put('from', 'a', b'written')
        other = custody.digest(io.BytesIO(b'writteN'))
        with mock.patch('constat._below.Target.back', return_value=other), self.assertRaisesRegex(custody.DiffersError, 'read back'):
            self.session.copy('a', self.folder('from'), self.folder('to'))
        self.assertEqual((os.listdir(self.folder('to')), self.ops()[1:]), ([], ['file.copied error']))
        self.assertNotIn('file.sha256', self.said())

    def test_delete(self) -> None:
        """Only what is gone is reported as deleted."""
        self.put('to', 'd/a', b'x')
        self.session.delete('d/a', self.folder('to'), 'destination')
        self.assertEqual(os.listdir(os.path.join(self.dir, 'to', 'd')), [])
        for name in ('d/a', 'd'):
            with self.assertRaises(OSError):
                self.session.delete(name, self.folder('to'), 'destination')
        self.assertEqual(self.ops(), ['session.opened', 'file.deleted ok', 'file.deleted error', 'file.deleted error'])

    def test_not_on_record(self) -> None:
        """What the daemon does not keep raises, whatever else went well."""
        self.put('from', 'a', b'x')
        self.daemon.answer = {'error': 'disk full'}
        with self.assertRaises(AuditError):
            self.session.copy('a', self.folder('from'), self.folder('to'))
        self.assertEqual(self.session.counts['copied'], 0)

    def test_aborted(self) -> None:
        with self.assertRaises(KeyError):
            with self.session:
                raise KeyError('key removed')
        self.assertEqual((self.said()['result'], self.said()['reason']), ('aborted', "KeyError: 'key removed'"))


@unittest.skipUnless(test_daemon._BIN, 'CONSTAT_BIN does not name the program')
class CustodyDaemonTest(Folders):
    """Against constat itself, which must understand every event."""

    serve = test_daemon.DaemonTest.serve
    kill = test_daemon.DaemonTest.kill
    run_constat = test_daemon.DaemonTest.run_constat
    setUp = test_daemon.DaemonTest.setUp  # the daemon's directory is that of the files

    def test_session(self) -> None:
        for name, data in (('a.txt', b'good'), ('é/b\udcff.txt', b'better'), ('c.exe', b'EVIL')):
            self.put('source', name, data)
        with custody.Session(source=custody.Medium('in', serial='1'), destination=custody.Medium('out'), station='hall') as session:
            for name in ('a.txt', 'é/b\udcff.txt', 'c.exe'):
                with open(os.path.join(self.dir, 'source', name), 'rb') as file:
                    kept = self.put('repository', name, b'')
                    with open(kept, 'wb') as to:
                        session.read(name, file, to)
                if session.scan(name, kept, ENGINE, clean).result == 'clean':
                    session.copy(name, self.folder('repository'), self.folder('out'))
            session.skipped('d.iso', 'too large')
        answer = json.loads(self.run_constat('custody', 'check', '--session', session.id, '--medium', self.folder('out'), '-o', 'json'))
        self.assertEqual((answer['verdict'], answer['verification']['verdict']), ('good', 'verified'))
        files = answer['sessions'][0]['files']
        self.assertEqual([(f['verdict'], f['medium']) for f in files], [('clean', 'same'), ('clean', 'same'), ('infected', 'absent'), ('unscanned', 'absent')])
        self.put('out', 'a.txt', b'changed')
        found = subprocess.run([test_daemon._BIN, 'custody', 'check', '--session', session.id, '--medium', self.folder('out')], stdout=subprocess.PIPE, text=True)
        self.assertEqual(found.returncode, 1)
        self.assertIn('a.txt: changed on the medium', found.stdout)


if __name__ == '__main__':
    unittest.main()
