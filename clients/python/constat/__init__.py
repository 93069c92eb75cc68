"""Write audit entries into the journal of constat on this machine, and the log of a station.

    from constat import audit_pii

    audit_pii.info(cid, 'user.login', current_user='usr1e39517', result='ok')

A call returns True when the entry is durable and signed. It never raises unless
asked to: AuditPII(strict=True). The standard library is all it needs.

Api, get_log and save_log are for programs of a decontamination station: docs/station-log.md of the repository.
"""

from ._api import Api
from ._audit import AuditPII, audit_pii
from ._errors import AuditError, NoDaemonError, RefusedError, UnknownError
from ._handler import AuditHandler
from ._log import Log, LogError, NoLogError, get_log
from ._save import Saved, save_log

__all__ = [
    'Api',
    'AuditError',
    'AuditHandler',
    'AuditPII',
    'Log',
    'LogError',
    'NoDaemonError',
    'NoLogError',
    'RefusedError',
    'Saved',
    'UnknownError',
    'audit_pii',
    'get_log',
    'save_log',
]
