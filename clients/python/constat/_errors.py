"""What can go wrong with an entry."""


class AuditError(Exception):
    """An entry was not acknowledged."""


class NoDaemonError(AuditError):
    """No daemon took the entry in time: it is not written."""


class RefusedError(AuditError):
    """The daemon refused the entry, because of a full disk for example: it is not written."""


class UnknownError(AuditError):
    """The daemon ended or was too slow after it had been given the entry: nobody knows whether it is kept."""
