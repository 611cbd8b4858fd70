"""The last steps of a kernel before the learner's code: limits, user, calls, start.

Runs in the process that becomes the kernel, inside the walls of `sandbox`: either a
fresh one (`python -m vislearn.grading.walls.inside`, whose limits and user bubblewrap's
command line has set) or one forked by `nursery`, which sets everything here.
"""

from __future__ import annotations

import ctypes
import os
import random
import resource
import sys
from collections.abc import Mapping

from vislearn.grading.walls import seccomp

PR_CAPBSET_DROP, PR_SET_DUMPABLE = 24, 4
LAST_CAPABILITY = 63


def set_limits(limits: Mapping[str, int]) -> None:
    """Set rlimits by name ("as", "nproc", "fsize", "nofile", "cpu", "core")."""
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), (value, value))


def become(uid: int) -> None:
    """Give up root for good: groups, ids and every capability.

    Raises:
        OSError: if something of it fails; then no code of a learner may run.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(LAST_CAPABILITY + 1):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # beyond the last one that this kernel knows
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    # Changing the user takes /proc/self away from the process itself.
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)


def drop_capabilities() -> None:
    """Give up the capabilities that entering a user namespace has brought.

    Raises:
        OSError: if the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(LAST_CAPABILITY + 1):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this process
    nothing = (ctypes.c_uint32 * 6)()
    if libc.capset(header, nothing) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"capset: {os.strerror(number)}")


def fresh_randomness() -> None:
    """Forked kernels must not share the state of unseeded generators."""
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def run_kernel(arguments: list[str], *, filtered: bool = True) -> None:
    """Close the last door (within walls) and be an IPython kernel until the end."""
    if filtered:
        seccomp.install()
    from ipykernel.kernelapp import IPKernelApp

    application = IPKernelApp.instance()
    application.initialize(arguments)
    application.start()


if __name__ == "__main__":
    sys.path = [path for path in sys.path if path]
    run_kernel(sys.argv[1:])
