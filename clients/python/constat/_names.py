"""The names of fields that stand as numbers in an entry: FORMAT.md, section 3.6. Their order is part of the format."""

from __future__ import annotations

from typing import Dict

NUMBERS: Dict[str, int] = {
    name: number
    for number, name in enumerate(
        """
        MESSAGE PRIORITY SYSLOG_FACILITY SYSLOG_IDENTIFIER HOSTNAME SYSLOG_PID SYSLOG_MSGID _TRANSPORT _SOURCE_ADDR
        _PID _UID _GID _COMM _EXE _CMDLINE _BOOT_ID _MACHINE_ID _HOSTNAME _SYSTEMD_UNIT _SYSTEMD_CGROUP _SYSTEMD_SLICE
        _SYSTEMD_INVOCATION_ID _SYSTEMD_USER_UNIT _SYSTEMD_USER_SLICE _SYSTEMD_OWNER_UID _SYSTEMD_SESSION
        _CAP_EFFECTIVE _SELINUX_CONTEXT _AUDIT_SESSION _AUDIT_LOGINUID _RUNTIME_SCOPE _NAMESPACE _STREAM_ID
        _LINE_BREAK _SOURCE_REALTIME_TIMESTAMP _SOURCE_MONOTONIC_TIMESTAMP _SOURCE_BOOTTIME_TIMESTAMP _KERNEL_DEVICE
        _KERNEL_SUBSYSTEM _UDEV_SYSNAME _UDEV_DEVNODE _UDEV_DEVLINK _AUDIT_TYPE _AUDIT_TYPE_NAME _AUDIT_ID
        __REALTIME_TIMESTAMP __MONOTONIC_TIMESTAMP __CURSOR __SEQNUM __SEQNUM_ID MESSAGE_ID CODE_FILE CODE_LINE
        CODE_FUNC ERRNO INVOCATION_ID USER_INVOCATION_ID UNIT USER_UNIT UNIT_RESULT JOB_ID JOB_TYPE JOB_RESULT
        SYSLOG_RAW SYSLOG_TIMESTAMP DOCUMENTATION TID THREAD_NAME EXIT_CODE EXIT_STATUS SESSION_ID USER_ID LEADER
        GLIB_DOMAIN QT_CATEGORY NM_DEVICE NM_LOG_LEVEL NM_LOG_DOMAINS TIMESTAMP_MONOTONIC TIMESTAMP_BOOTTIME
        COREDUMP_UNIT OBJECT_PID OBJECT_UID OBJECT_GID OBJECT_COMM OBJECT_EXE OBJECT_CMDLINE OBJECT_SYSTEMD_UNIT
        CONTAINER_ID CONTAINER_ID_FULL CONTAINER_NAME CONTAINER_TAG IMAGE_NAME _SOURCE_PORT _TLS_PEER _VIA _FRAMING
        _SYNTAX _RAW _TRUNCATED_BYTES TRUNCATED_BYTES TAG CONTROL SEAL JOURNAL JOURNAL_ID FIRST LAST BLOCKS CHECKPOINT
        CERTIFICATE TOKEN REASON RULE FILE FILE_SHA256 SHA256 BYTES COUNT FLOOR NEWEST NEWEST_EPOCH DESCRIPTOR_SHA256
        CODE WITNESS BEFORE AFTER BOOTTIME LOSS_REASON LOSS_SOURCE LOSS_MESSAGES LOSS_OCTETS LOSS_SINCE timeQuality
        timeQuality.tzKnown timeQuality.isSynced timeQuality.syncAccuracy origin origin.ip origin.enterpriseId
        origin.software origin.swVersion meta meta.sequenceId meta.sysUpTime meta.language message msg _msg level
        severity time timestamp @timestamp ts logger host hostname host.name app service service.name pid process.pid
        log.level name error err caller stack trace_id span_id user method path status remote_addr user_agent
        _TLS_VERSION _TLS_FINGERPRINT _FILE _OUTPUT _XEN_DOMAIN _XEN_EVENT CHANNEL_NUMBER CHANNEL_RUN LOSS_RUN
        LOSS_FIRST LOSS_LAST PREDECESSOR LAST_CHECKPOINT ERASURE FIELD SELECTOR BY QUESTION ASKED_BY custody began
        station file.path file.size file.sha256 file.md5 file.mime medium.id medium.label medium.serial medium.role
        engine.name engine.version engine.signatures engine.signatures_date threat reason cid op current_user
        target_user result extra extra.remote_addr
        """.split(),
        1,
    )
}
