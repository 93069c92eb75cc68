"""Write audit entries into the journal of constat on this machine.

    from constat import audit_pii

    audit_pii.info(cid, 'user.login', current_user='usr1e39517', result='ok')

A call returns True when the entry is durable and signed. It never raises unless
asked to: AuditPII(strict=True). The standard library is all it needs.
"""

from ._api import Api
from ._audit import AuditPII, audit_pii
from ._errors import AuditError, NoDaemonError, RefusedError, UnknownError
from ._handler import AuditHandler

__all__ = [
    'Api',
    'AuditError',
    'AuditHandler',
    'AuditPII',
    'NoDaemonError',
    'RefusedError',
    'UnknownError',
    'audit_pii',
]
