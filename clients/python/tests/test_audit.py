"""The audit log against a daemon that only listens."""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import ipaddress
import os
import tempfile
import threading
import time
import typing
import unittest
from unittest import mock

import constat
from constat import AuditError, AuditPII, NoDaemonError, RefusedError, UnknownError, audit_pii

from .fake import Fake


class AuditTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()
        self.addCleanup(self.fake.close)
        self.audit = AuditPII(socket=self.fake.socket, strict=True)

    def test_seed(self) -> None:
        """The example of the seed, without extra, runs; its levels arrive."""
        with mock.patch.dict(os.environ, CONSTAT_SOCKET=self.fake.socket):
            self.assertTrue(audit_pii.info('cid', 'my-operation-on-info-level', 'user-id'))
            self.assertTrue(audit_pii.warn('cid', 'my-operation-on-warn-level', 'user-id'))
            self.assertTrue(audit_pii.error('cid', 'my-operation-on-error-level', 'user-id'))
        self.assertEqual([self.fake.field('PRIORITY', n) for n in range(3)], ['6', '4', '3'])
        self.assertEqual(self.fake.fields(1), {'cid': 'cid', 'op': 'my-operation-on-warn-level', 'current_user': 'user-id'})
        self.assertEqual(self.fake.requests[0], {'op': 'log', 'journal': 'audit'})

    def test_signature(self) -> None:
        """All three have the signature of the seed."""
        want = [('cid', ''), ('op', ''), ('current_user', ''), ('target_user', ''), ('result', ''), ('extra', '')]
        for name in ('info', 'warn', 'error'):
            found = list(inspect.signature(getattr(audit_pii, name)).parameters.values())
            positional = [p for p in found if p.kind is p.POSITIONAL_OR_KEYWORD]
            self.assertEqual([p.name for p in positional], [n for n, _ in want])
            self.assertEqual([p.default for p in positional[2:]], [d for _, d in want[2:]])
            self.assertTrue(all(p.kind is p.KEYWORD_ONLY for p in found[6:]))

    def test_all_fields(self) -> None:
        self.audit.info('c', 'o', current_user='u1', target_user='u2', result='ok', extra={'found': True, 'n': '12', 's': 'x'})
        want = {'cid': 'c', 'op': 'o', 'current_user': 'u1', 'target_user': 'u2', 'result': 'ok'}
        want.update({'extra.found': 'true', 'extra.n': '"12"', 'extra.s': 'x'})
        self.assertEqual(self.fake.fields(), want)
        self.assertEqual(self.fake.field('MESSAGE'), 'o')
        self.assertEqual(self.fake.field('SYSLOG_FACILITY'), '13')
        self.assertAlmostEqual(self.fake.times[-1] or 0, time.time() * 1e6, delta=60e6)

    def test_extra_unchanged(self) -> None:
        """What a caller hands over is as it was, whatever is in it."""
        extra = {'remote_addr': [ipaddress.ip_address('::1'), ipaddress.ip_address('10.0.0.1')], 'inner': {'a': [1, 2]}}
        before = copy.deepcopy(extra)
        self.audit.info('c', 'o', extra=extra)
        self.assertEqual(extra, before)
        self.assertEqual(self.fake.fields()['extra.remote_addr'], '0000:0000:0000:0000:0000:0000:0000:0001;10.0.0.1')
        self.assertEqual(self.fake.fields()['extra.inner'], '{"a":[1,2]}')
        self.audit.info('c', 'o', extra={'remote_addr': ipaddress.ip_address('10.0.0.1')})
        self.assertEqual(self.fake.fields()['extra.remote_addr'], '10.0.0.1')

    def test_odd_values(self) -> None:
        """Anything is written somehow; nothing raises."""
        cycle: typing.List[object] = []
        cycle.append(cycle)
        deep: typing.List[object] = []
        for _ in range(100_000):
            deep = [deep]
        odd = {'nan': float('nan'), 'set': {1}, 'bytes': b'\xff', 'cycle': cycle, 'none': None, 7: 'seven', 'a=b': 1, '': 2}
        odd['surrogate'] = '\ud800'
        odd['keys'] = {(1, 2): 3}
        for extra in (odd, 'text', ['list'], 5, None, {}, b'octets', {'x' * 300: 1}, {'brackets': '[' * 100_000}):
            self.assertTrue(self.audit.info('c', 'o', extra=extra), repr(extra)[:50])
        first = self.fake.fields(0)
        self.assertEqual(first['extra.7'], 'seven')
        self.assertEqual(first['extra.none'], 'null')
        self.assertEqual(first['extra'], '{"a=b":1}')
        self.assertEqual(self.fake.fields(1)['extra'], 'text')
        self.assertEqual(self.fake.fields(2)['extra'], '["list"]')
        for cid in (None, 5, b'\xff', '\udcff', '\ud800', ''):
            self.assertTrue(self.audit.info(cid, cid))  # type: ignore[arg-type]
        self.assertTrue(self.audit.info('c', 'o', extra={'deep': deep}))
        self.assertEqual(self.fake.fields()['extra.deep'], '<list>')
        while deep:  # taken apart by hand: its own end would be a recursion too
            deep = typing.cast('typing.List[object]', deep[0])

    def test_failures(self) -> None:
        """Each is an error that says which; without strict it is told, not raised."""
        self.fake.answers = [{'entries': 0, 'error': 'disk full'}, {'entries': 1, 'error': 'not signed'}, None]
        for kind in (RefusedError, UnknownError, UnknownError):
            with self.assertRaises(kind):
                self.audit.info('c', 'o')
        told: typing.List[Exception] = []
        mild = AuditPII(socket=self.fake.socket, on_error=told.append)
        self.fake.answers = [{'entries': 0, 'error': 'disk full'}]
        self.assertFalse(mild.info('c', 'o'))
        self.assertIsInstance(told[0], RefusedError)
        self.assertEqual((mild.failed, len(told)), (1, 1))
        self.assertTrue(mild.info('c', 'o'))

    def test_told_once(self) -> None:
        quiet = AuditPII(socket=self.fake.socket)
        self.fake.answer = {'entries': 0, 'error': 'disk full'}
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            for _ in range(5):
                self.assertFalse(quiet.info('c', 'o'))
        self.assertEqual(errors.getvalue().count('\n'), 1)
        self.assertIn('disk full', errors.getvalue())
        with contextlib.redirect_stderr(None):
            self.assertFalse(AuditPII(socket=self.fake.socket).info('c', 'o'))

        def broken(_: Exception) -> None:
            raise KeyError('mine')

        self.assertFalse(AuditPII(socket=self.fake.socket, on_error=broken).info('c', 'o'))

    def test_busy(self) -> None:
        """Where a user has too many requests under way a call waits its turn."""
        self.fake.answers = [{'entries': 0, 'busy': True, 'error': 'too many'}] * 2
        self.assertTrue(self.audit.info('c', 'o'))
        self.assertEqual(len(self.fake.requests), 3)

    def test_level(self) -> None:
        with self.assertRaises(AuditError):
            self.audit.log(8, 'c', 'o')

    def test_private(self) -> None:
        """Fields are private by name, in one entry or in all; a private operation is no message."""
        audit = AuditPII(socket=self.fake.socket, strict=True, private=['target_user', 'extra.email'])
        extra = {'email': 'a', 'app': 'b', 'a=b': 'c'}
        audit.info('c', 'o', 'u1', 'u2', extra=extra)
        audit.info('c', 'o', 'u1', 'u2', extra=extra, private=['current_user', 'nothing'])
        audit.info('c', 'o', 'u1', 'u2', extra=extra, private=['extra', 'op'])
        found = [sorted(r['private']) for r in self.fake.requests]
        want = [['extra.email', 'target_user'], ['current_user', 'extra.email', 'target_user']]
        want.append(['extra', 'extra.app', 'extra.email', 'op', 'target_user'])
        self.assertEqual(found, want)
        self.assertNotIn('MESSAGE', dict(self.fake.entries[2]))

    def test_threads(self) -> None:
        def work(n: int) -> None:
            for i in range(20):
                self.audit.info(str(n), str(i))

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        for n in range(8):
            own = [f['op'] for f in map(self.fake.fields, range(len(self.fake.entries))) if f['cid'] == str(n)]
            self.assertEqual(own, [str(i) for i in range(20)])

    def test_typed(self) -> None:
        """The package says that it is typed, and all of it is."""
        self.assertTrue(os.path.exists(os.path.join(os.path.dirname(constat.__file__), 'py.typed')))
        for module in ('_audit', '_entry', '_errors', '_handler', '_place', '_wire'):
            for name, member in vars(getattr(constat, module)).items():
                for f in [member, *vars(member).values()] if inspect.isclass(member) else [member]:
                    if inspect.isfunction(f) and f.__module__ == f'constat.{module}':
                        missing = set(inspect.signature(f).parameters) - {'self'} - set(f.__annotations__)
                        self.assertEqual((missing, 'return' in f.__annotations__), (set(), True), f'{module}.{name}')


class PlaceTest(unittest.TestCase):
    def test_no_daemon(self) -> None:
        """A call waits for a daemon, no longer than it should, and one that comes meanwhile gets the entry."""
        fake = Fake(listen=False)
        self.addCleanup(fake.close)
        for audit in (AuditPII(socket=fake.socket, timeout=0.1, strict=True), AuditPII(store=fake.dir, timeout=0.1, strict=True)):
            began = time.monotonic()
            with self.assertRaises(NoDaemonError):
                audit.info('c', 'o')
            self.assertLess(abs(time.monotonic() - began - 0.1), 2)
        timer = threading.Timer(0.1, fake.listen)
        timer.start()
        self.assertTrue(AuditPII(socket=fake.socket, strict=True).info('c', 'o'))
        timer.join()

    def test_default_timeout(self) -> None:
        self.assertEqual(inspect.signature(AuditPII.__init__).parameters['timeout'].default, 5.0)

    def test_slow(self) -> None:
        import socket

        with tempfile.TemporaryDirectory() as name:
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(name + '/s')
            listener.listen()
            with listener, self.assertRaises(UnknownError):
                AuditPII(socket=name + '/s', timeout=0.1, strict=True).info('c', 'o')

    def test_find(self) -> None:
        """The daemon is found as the command line finds it."""
        fake = Fake()
        self.addCleanup(fake.close)
        store = os.path.join(fake.dir, 'store')
        os.mkdir(store + '.run')

        def publish(pid: int) -> None:
            with open(store + '.run/daemon.json', 'w', encoding='utf-8') as f:
                f.write(f'{{"pid": {pid}, "socket": "{fake.socket}"}}')

        publish(os.getpid())
        self.assertTrue(AuditPII(store=store, strict=True).info('c', 'o'))
        with mock.patch.dict(os.environ, CONSTAT_STORE=store):
            os.environ.pop('CONSTAT_SOCKET', None)
            self.assertTrue(AuditPII(strict=True).info('c', 'o'))
        with mock.patch.dict(os.environ, CONSTAT_SOCKET=fake.socket, CONSTAT_STORE='/nowhere'):
            self.assertTrue(AuditPII(strict=True).info('c', 'o'))
        publish(2**22 + 1)  # above what Linux gives out
        with self.assertRaises(NoDaemonError):
            AuditPII(store=store, timeout=0.05, strict=True).info('c', 'o')


if __name__ == '__main__':
    unittest.main()
