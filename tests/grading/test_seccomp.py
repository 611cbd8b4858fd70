"""The filter of system calls, decided here by an interpreter of its instructions."""

from __future__ import annotations

import errno
import struct

import pytest

from vislearn.grading.walls import seccomp

ALLOW, KILL = 0x7FFF0000, 0x80000000
REFUSE, ABSENT = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
X86, ARM = 0xC000003E, 0xC00000B7


def decide(machine: str, arch: int, number: int, argument: int = 0) -> int:
    """Run the program as the kernel does (the instructions that it uses)."""
    raw = seccomp.program(machine)
    code = [struct.unpack_from("HBBI", raw, at) for at in range(0, len(raw), 8)]
    data = {0: number, 4: arch, 16: argument & 0xFFFFFFFF}
    value, at = 0, 0
    while True:
        operation, if_true, if_false, constant = code[at]
        at += 1
        if operation == 0x20:
            value = data[constant]
        elif operation == 0x06:
            return int(constant)
        else:
            holds = {
                0x15: value == constant,
                0x35: value >= constant,
                0x45: bool(value & constant),
            }[operation]
            at += if_true if holds else if_false


@pytest.mark.parametrize(("machine", "arch"), [("x86_64", X86), ("aarch64", ARM)])
class TestBothMachines:
    def test_every_listed_call_is_refused(self, machine: str, arch: int) -> None:
        column = 0 if machine == "x86_64" else 1
        for numbers in seccomp.DENIED.values():
            assert decide(machine, arch, numbers[column]) == REFUSE

    def test_processes_and_threads_may_start_but_no_namespaces(
        self, machine: str, arch: int
    ) -> None:
        clone = 56 if machine == "x86_64" else 220
        assert decide(machine, arch, clone, 17) == ALLOW  # fork: SIGCHLD
        assert decide(machine, arch, clone, 0x3D0F00) == ALLOW  # a thread of glibc
        for flag in (0x10000000, 0x20000000, 0x40000000, 0x00020000, 0x80):
            assert decide(machine, arch, clone, flag | 17) == REFUSE

    def test_clone3_seems_not_to_exist(self, machine: str, arch: int) -> None:
        assert decide(machine, arch, 435) == ABSENT

    def test_only_harmless_families_of_sockets(self, machine: str, arch: int) -> None:
        call = 41 if machine == "x86_64" else 198
        for family in range(64):
            expected = ALLOW if family in (1, 2, 10, 16) else REFUSE
            assert decide(machine, arch, call, family) == expected

    def test_reading_and_writing_go_through(self, machine: str, arch: int) -> None:
        for number in (0, 1, 63, 64) if machine == "x86_64" else (63, 64, 56, 57):
            assert decide(machine, arch, number) == ALLOW

    def test_calls_of_another_architecture_kill(self, machine: str, arch: int) -> None:
        other = {X86: 0x40000003, ARM: 0x40000028}[arch]  # 32 bit
        assert decide(machine, other, 1) == KILL


def test_the_second_table_of_x86_is_closed() -> None:
    assert decide("x86_64", X86, 0x40000000 | 1) == REFUSE


def test_another_machine_is_named() -> None:
    with pytest.raises(ValueError, match=r"no filter for 'riscv64', expected one of"):
        seccomp.program("riscv64")
