"""Forbids sockets: the kernel refuses them in this process from here on.

For workers over datasets on disk, which open files when they need them; all others may open no
descriptor at all.

Spec: https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html
"""

import ctypes
import errno
import platform
import struct
from typing import Final

_SOCKET: Final = {"x86_64": 41, "aarch64": 198, "riscv64": 198, "ppc64le": 326, "s390x": 359}
"""The number of the system call `socket`, by machine."""
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2
_LOAD_WORD: Final = 0x20
_JUMP_EQUAL: Final = 0x15
_RETURN: Final = 0x06
_FAIL: Final = 0x00050000
_ALLOW: Final = 0x7FFF0000
"""Of Linux: <linux/prctl.h>, <linux/seccomp.h>, and the codes of BPF's instructions in
<linux/bpf_common.h>."""
_INSTRUCTION: Final = struct.Struct("HBBI")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def refuse_sockets() -> None:
    """Let `socket` fail with EACCES in this process and its children.

    Raises: OSError where the machine does not support it.
    """
    number = _SOCKET.get(platform.machine())
    if number is None:
        raise OSError(errno.ENOSYS, f"sockets cannot be refused on {platform.machine()}")
    instructions = b"".join(
        _INSTRUCTION.pack(*each)
        for each in (
            (_LOAD_WORD, 0, 0, 0),
            (_JUMP_EQUAL, 0, 1, number),
            (_RETURN, 0, 0, _FAIL | errno.EACCES),
            (_RETURN, 0, 0, _ALLOW),
        )
    )
    program = _Program(len(instructions) // _INSTRUCTION.size, instructions)
    library = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0),
    ):
        if library.prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "sockets cannot be refused")
