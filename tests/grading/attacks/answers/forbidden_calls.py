# ruff: noqa
# mypy: ignore-errors
"""
kind: availability
points: 10
ko: unshare, mount, 원시 소켓, ptrace, setns 시도
en: Tries unshare, mount, raw sockets, ptrace and setns
why: all of it is refused, and trying costs nothing
walls: takes itself back where it gets through
"""

import ctypes
import os
import socket

VISLEARN_RIGHT


_libc = ctypes.CDLL(None, use_errno=True)
_done = {
    "unshare": _libc.unshare(0x10000000) == 0 and _libc.unshare(0x00020000) == 0,
    "mount": _libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0,
    "umount": _libc.umount2(b"/home/learner", 2) == 0,
    "chroot": _libc.chroot(b"/tmp") == 0,
    "hostname": _libc.sethostname(b"vislearn", 8) == 0,
    "ptrace": _libc.ptrace(16, 1, None, None) == 0,
    "nice": _libc.setpriority(0, 0, -20) == 0,
}
for _family, _kind in ((17, 3), (socket.AF_INET, socket.SOCK_RAW), (40, 1)):
    try:
        socket.socket(_family, _kind).close()
        _done[f"socket {_family}"] = True
    except OSError:
        pass
try:
    os.setuid(0)
    _done["root"] = True
except OSError:
    pass
for _device in ("/dev/kmsg", "/dev/mem", "/dev/vda", "/proc/sysrq-trigger"):
    try:
        open(_device, "wb").close()
        _done[_device] = True
    except OSError:
        pass
if any(_done.values()):
    print(_done)
    attention = None
