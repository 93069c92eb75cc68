"""The handler for logging."""

from __future__ import annotations

import io
import json
import logging
import unittest
from unittest import mock

from constat import AuditHandler, RefusedError

from .fake import Fake


class HandlerTest(unittest.TestCase):
    def setUp(self) -> None:
        self.fake = Fake()
        self.addCleanup(self.fake.close)
        self.logger = logging.Logger('zato_audit_pii')
        self.logger.addHandler(AuditHandler(socket=self.fake.socket))

    def test_levels(self) -> None:
        for level in (logging.DEBUG, logging.INFO, 25, logging.WARNING, logging.ERROR, logging.CRITICAL):
            self.logger.log(level, 'op')
        self.assertEqual([self.fake.field('PRIORITY', n) for n in range(6)], ['7', '6', '6', '4', '3', '2'])

    def test_fields(self) -> None:
        extra = {'cid': 'c', 'current_user': 'u', 'result': 'ok', 'found': True}
        self.logger.info('user.%s', 'login', extra=extra)
        self.assertEqual(extra, {'cid': 'c', 'current_user': 'u', 'result': 'ok', 'found': True})
        fields = self.fake.fields()
        self.assertGreater(int(fields.pop('CODE_LINE')), 0)
        self.assertEqual(fields, {'cid': 'c', 'op': 'user.login', 'current_user': 'u', 'result': 'ok', 'extra.found': 'true'})
        self.assertEqual(self.fake.field('SYSLOG_IDENTIFIER'), 'zato_audit_pii')
        self.assertEqual(self.fake.field('THREAD_NAME'), 'MainThread')

    def test_zato(self) -> None:
        """A message as Zato itself writes it is taken apart; other objects are not."""
        self.logger.info(json.dumps({'cid': 'c', 'op': 'user.login', 'extra': {'remote_addr': '::1'}}))
        self.assertEqual({k: v for k, v in self.fake.fields().items() if k != 'CODE_LINE'}, {'cid': 'c', 'op': 'user.login', 'extra.remote_addr': '::1'})
        for message in ('{"cid": 1}', '{"cid": "c", "op": "o", "other": 1}', '{', '{' * 100_000):
            self.logger.info(message)
            self.assertEqual(self.fake.fields()['op'], message)

    def test_exception(self) -> None:
        try:
            raise KeyError('mine')
        except KeyError:
            self.logger.exception('failed')
        self.assertIn("KeyError: 'mine'", self.fake.fields()['extra.exception'])

    def test_failure(self) -> None:
        """A failure is reported as logging does, and raised only if asked for."""
        self.fake.answer = {'entries': 0, 'error': 'disk full'}
        with mock.patch('sys.stderr', io.StringIO()) as errors:
            self.logger.info('op')
        self.assertIn('disk full', errors.getvalue())
        strict = logging.Logger('x')
        strict.addHandler(AuditHandler(socket=self.fake.socket, strict=True))
        with self.assertRaises(RefusedError):
            strict.info('op')


if __name__ == '__main__':
    unittest.main()
