"""Linux' seccomp: system calls that preparing a model does not need are answered with EPERM. Standard library only.

Sockets of all kinds, new processes, signals and anything else that reaches into other processes, the kernel's own
doors (keys, tracing, mounting), and what changes files that only their names are known of (owner, rights).
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct

_SET_SECCOMP, _FILTER = 22, 2
_LOAD, _EQUAL, _AT_LEAST, _SET_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _DENY, _UNKNOWN = 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38  # EPERM, ENOSYS
_NUMBER, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24  # where they stand in what the filter looks at
_THREAD = 0x00010000  # a flag of `clone`
_X32 = 0x40000000  # x86_64's calls with short pointers, which have numbers of their own

#: Calls that are denied, by name: numbers on x86_64 and aarch64; None where there is no such call.
_DENIED: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "accept": (43, 202), "bind": (49, 200),
    "listen": (50, 201), "sendto": (44, 206), "recvfrom": (45, 207), "sendmsg": (46, 211), "recvmsg": (47, 212),
    "accept4": (288, 242), "recvmmsg": (299, 243), "sendmmsg": (307, 269), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "fork": (57, None), "vfork": (58, None), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "pidfd_send_signal": (424, 424), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "process_madvise": (440, 440), "process_mrelease": (448, 448),
    "shmget": (29, 194), "shmat": (30, 196), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "syslog": (103, 116), "acct": (163, 89),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "quotactl": (179, 60), "quotactl_fd": (443, 443), "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262), "lookup_dcookie": (212, 18), "personality": (135, 92), "seccomp": (317, 277),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "sethostname": (170, 161),
    "setdomainname": (171, 162), "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None),
    "mknod": (133, None), "mknodat": (259, 33), "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53),
    "fchmodat2": (452, 452), "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16), "utime": (132, None), "utimes": (235, None),
    "futimesat": (261, None), "utimensat": (280, 88),
}  # fmt: skip
#: Denied unless the process they are about is this one: signals that it sends itself (abort), limits that it sets.
_OF_ITSELF = {"kill": (62, 129), "tgkill": (234, 131), "prlimit64": (302, 261)}
_CLONE, _CLONE3, _IOCTL = (56, 220), (435, 435), (16, 29)
_TYPES_INTO_TERMINAL = (0x5412, 0x541C)
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


def install() -> bool:
    """Filter the calls of this process and all that comes of it; False where that cannot be done here.

    This process has given up gaining privileges (PR_SET_NO_NEW_PRIVS) before.
    """
    if platform.machine() not in _MACHINES or struct.calcsize("P") != 8:
        return False
    which, architecture = _MACHINES[platform.machine()]
    program = b"".join(struct.pack("=HBBI", *line) for line in _program(which, architecture, os.getpid()))
    lines = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("=H6xQ", len(program) // 8, ctypes.addressof(lines))
    return bool(ctypes.CDLL(None, use_errno=True).prctl(_SET_SECCOMP, _FILTER, described, 0, 0) == 0)


def _program(which: int, architecture: int, own: int) -> list[tuple[int, int, int, int]]:
    """Lines of the filter: (what, where to go on if so, if not, number)."""
    deny, allow = (_RETURN, 0, 0, _DENY), (_RETURN, 0, 0, _ALLOW)
    number = (_LOAD, 0, 0, _NUMBER)
    lines = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, architecture), deny, number]
    if which == 0:
        lines += [(_AT_LEAST, 0, 1, _X32), deny]
    for numbers in _DENIED.values():
        if (denied := numbers[which]) is not None:
            lines += [(_EQUAL, 0, 1, denied), deny]
    lines += [
        (_EQUAL, 0, 1, _CLONE3[which]),
        (_RETURN, 0, 0, _UNKNOWN),
    ]  # its flags are in memory; `clone` is used then
    lines += [(_EQUAL, 0, 4, _CLONE[which]), (_LOAD, 0, 0, _FIRST), (_SET_BITS, 0, 1, _THREAD), allow, deny]
    for numbers in _OF_ITSELF.values():
        lines += [(_EQUAL, 0, 5, numbers[which]), (_LOAD, 0, 0, _FIRST), (_EQUAL, 1, 0, own), (_EQUAL, 0, 1, 0)]
        lines += [allow, deny]
    lines += [(_EQUAL, 0, 4, _IOCTL[which]), (_LOAD, 0, 0, _SECOND)]
    lines += [(_EQUAL, 1, 0, _TYPES_INTO_TERMINAL[0]), (_EQUAL, 0, 1, _TYPES_INTO_TERMINAL[1]), deny]
    return [*lines, allow]
