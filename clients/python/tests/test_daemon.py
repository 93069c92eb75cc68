"""The audit log against constat itself, which CONSTAT_BIN names."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import shutil
import subprocess
import tempfile
import time
import typing
import unittest
from unittest import mock

from constat import AuditHandler, AuditPII, NoDaemonError, UnknownError, audit_pii

_BIN = os.environ.get('CONSTAT_BIN', '')


class Service:
    """A service of Zato, as the seed shows it."""

    def __init__(self, cid: str) -> None:
        self.cid = cid
        self.audit_pii = audit_pii

    def handle(self) -> None:
        self.audit_pii.info(self.cid, 'my-operation-on-info-level', 'user-id')
        self.audit_pii.warn(self.cid, 'my-operation-on-warn-level', 'user-id')
        self.audit_pii.error(self.cid, 'my-operation-on-error-level', 'user-id')


def _child(n: int) -> None:
    assert audit_pii.info('child', str(n))


@unittest.skipUnless(_BIN, 'CONSTAT_BIN does not name the program')
class DaemonTest(unittest.TestCase):
    def setUp(self) -> None:
        self.dir = tempfile.mkdtemp(prefix='cp')
        self.addCleanup(shutil.rmtree, self.dir)
        self.store = os.path.join(self.dir, 'store')
        env = {'CONSTAT_STORE': self.store, 'XDG_CONFIG_HOME': self.dir, 'HOME': self.dir, 'TZ': 'UTC'}
        patch = mock.patch.dict(os.environ, env)
        patch.start()
        self.addCleanup(patch.stop)
        os.environ.pop('CONSTAT_SOCKET', None)
        with open(os.path.join(self.dir, 'constat.yaml'), 'w', encoding='utf-8') as f:
            f.write('listen: {}\nhttp: off\n')
        self.daemon: typing.Optional['subprocess.Popen[str]'] = None
        self.addCleanup(self.kill)
        self.serve()

    def serve(self) -> None:
        arguments = [_BIN, 'serve', '--config', os.path.join(self.dir, 'constat.yaml')]
        self.daemon = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.daemon.stdout is not None
        for line in self.daemon.stdout:
            if line.startswith('bring in'):
                return
        self.fail('the daemon ended')

    def kill(self) -> None:
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait()
            assert self.daemon.stdout is not None
            self.daemon.stdout.close()
            self.daemon = None

    def run_constat(self, *arguments: str) -> str:
        return subprocess.run([_BIN, *arguments], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout

    def entries(self, *arguments: str) -> typing.List[typing.Dict[str, str]]:
        return [json.loads(line) for line in self.run_constat('audit', '-o', 'json', *arguments).splitlines()]

    def test_seed(self) -> None:
        """The example of the seed runs, its levels arrive, and its entries are found."""
        Service('5dbe1a4d').handle()
        found = self.entries('--cid', '5dbe1a4d', '--user', 'user-id')
        self.assertEqual([e['PRIORITY'] for e in found], ['6', '4', '3'])
        self.assertEqual([e['op'] for e in found], [f'my-operation-on-{level}-level' for level in ('info', 'warn', 'error')])
        self.assertEqual(found[0]['_PID'], str(os.getpid()))
        line = self.run_constat('audit', '--op', 'my-operation-on-warn-level')
        self.assertRegex(line, r'^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - WARNING - \d+:MainThread - .+:0 - \{"cid": "5dbe1a4d", ')
        self.run_constat('verify')

    def test_extra(self) -> None:
        """Whatever extra is, the line of the entry holds the same object."""
        extra = {'found': True, 'n': 12, 's': '12', 'é': 'ü"\\\n\x00', 'o': {'a': [1, None]}, 'a=b': 'c', 'empty': '', 'float': 1.5}
        self.assertTrue(audit_pii.info('c', 'get_user', extra=extra))
        line = self.run_constat('audit')
        written = json.loads(line[line.index('{') :])
        self.assertEqual(written, {'cid': 'c', 'op': 'get_user', 'extra': extra})

    def test_handler(self) -> None:
        logger = logging.Logger('zato_audit_pii')
        logger.addHandler(AuditHandler(strict=True))
        logger.warning('user.login', extra={'cid': 'c', 'found': True})
        self.assertRegex(self.run_constat('audit'), r' - WARNING - \d+:MainThread - zato_audit_pii:\d+ - \{"cid": "c", "op": "user.login", "extra": \{"found": true\}\}\n$')

    def test_large(self) -> None:
        """Values of any length are kept whole."""
        for size in (70_000, 3_000_000):
            self.assertTrue(audit_pii.info('c', f'large-{size}', extra={'x': 'y' * size}))
            self.assertEqual(len(self.entries('--op', f'large-{size}')[0]['extra.x']), size)

    def test_private(self) -> None:
        """Private values are shown to those who may see them, and can be erased; the proof stays."""
        private = ['current_user', 'extra.email']
        self.assertTrue(audit_pii.info('c', 'user.signup', 'anna', result='ok', extra={'email': 'a@b.c', 'app': 'CRM'}, private=private))
        self.assertTrue(self.run_constat('audit').endswith('"current_user": "<private>", "result": "ok", "extra": {"email": "<private>", "app": "CRM"}}\n'))
        self.assertEqual(self.entries('--user', 'anna'), [])
        self.assertIn('"current_user": "anna", "result": "ok", "extra": {"email": "a@b.c"', self.run_constat('audit', '--private', '--user', 'anna'))
        self.run_constat('erase', 'cid:c', '--field', 'current_user', '--reason', 'asked for')
        self.assertIn('"current_user": "<erased>", "result": "ok", "extra": {"email": "a@b.c"', self.run_constat('audit', '--private'))
        self.run_constat('verify')

    def test_fork(self) -> None:
        """Processes that were forked audit too."""
        context = multiprocessing.get_context('fork')
        children = [context.Process(target=_child, args=(n,)) for n in range(4)]
        for c in children:
            c.start()
        for c in children:
            c.join()
            self.assertEqual(c.exitcode, 0)
        self.assertEqual(sorted(e['op'] for e in self.entries('--cid', 'child')), ['0', '1', '2', '3'])

    def test_killed(self) -> None:
        """Without a daemon a call fails in time; with one again it succeeds, and what was acknowledged is there."""
        strict = AuditPII(strict=True, timeout=0.3)
        self.assertTrue(strict.info('c', 'before'))
        self.kill()
        began = time.monotonic()
        with self.assertRaises((NoDaemonError, UnknownError)):
            strict.info('c', 'while it is gone')
        self.assertLess(time.monotonic() - began, 5)
        self.serve()
        self.assertTrue(AuditPII(strict=True).info('c', 'after'))
        self.assertEqual([e['op'] for e in self.entries()], ['before', 'after'])


if __name__ == '__main__':
    unittest.main()
