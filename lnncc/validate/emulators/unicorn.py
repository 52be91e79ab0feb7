"""Firmware in Unicorn, from the package index: semihosting answered from memory, blocks traced on demand."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from lnncc.board import Region
from lnncc.errors import LnnccError
from lnncc.extras import needs
from lnncc.validate import elf
from lnncc.validate import trace as traces
from lnncc.validate.elf import Image
from lnncc.validate.emulators.job import Job, bad_status, crashed, timed_out
from lnncc.validate.emulators.semihosting import Host
from lnncc.validate.emulators.unicorn_cores import CORES, Core
from lnncc.validate.trace import Trace

with needs("unicorn"):
    import unicorn
    from unicorn.unicorn import Uc, UcError

PAGE = 4096
NOWHERE = 0xFFFFFFF0  # no board has code there, so emulation ends by exit, fault or time only
SYSTEM = Region(0xE0000000, 0x100000)  # the private peripheral bus of a Cortex-M: CPACR and its like
ALIGNED_ONLY = ("CORTEX_M0",)  # Armv6-M faults on an unaligned access, which Unicorn lets pass


@dataclass(slots=True)
class Machine:
    """One run: the emulated core, the host's side, where it starts, and why it stopped: a failure, or an exception
    (pc, number)."""

    image: Image
    core: Core
    uc: Uc
    host: Host
    reset: int
    failure: LnnccError | None = None
    exception: tuple[int, int] | None = None

    @property
    def pc(self) -> int:
        return self.uc.reg_read(self.core.register(self.core.pc))


def check(machine: str) -> None:
    """Nothing: that this module could be imported is all that it takes."""


def execute(job: Job) -> bytes:
    """Run the firmware without any hook on the way; what it wrote to out.bin.

    Raises:
        LnnccError: E0801 for a fault, E0802 for a status other than 0, E0803 out of time.
    """
    machine = start(job)
    finish(machine, job)
    return machine.host.written()


def trace(job: Job, count: int) -> tuple[Trace, ...]:
    """The traces of the first ``count`` steps. Raises as ``execute``, and for unaligned accesses where they fault."""
    machine = start(job)
    recorder = traces.Recorder(machine.image.symbol(job.function).address, count)
    machine.uc.hook_add(unicorn.UC_HOOK_BLOCK, lambda _uc, address, size, _data: recorder.block(address, size))
    if job.machine in ALIGNED_ONLY:
        machine.uc.hook_add(unicorn.UC_HOOK_MEM_READ | unicorn.UC_HOOK_MEM_WRITE, _on_access(machine))
    finish(machine, job)
    return tuple(recorder.finished)


def start(job: Job) -> Machine:
    """The firmware of ``job`` at its reset, with the host listening. More hooks may be added to its core."""
    image = elf.read(job.elf)
    core = CORES[image.machine]
    uc, reset = _boot(image, core, job)
    machine = Machine(image, core, uc, Host(job.request, core.word), reset)
    machine.uc.hook_add(unicorn.UC_HOOK_INTR, _on_exception(machine))
    return machine


def _boot(image: Image, core: Core, job: Job) -> tuple[Uc, int]:
    """A core with the image in its flash, and where it starts.

    The stack has the lower half of RAM, as in every linker script of ours.
    """
    uc = Uc(core.arch, core.mode)
    uc.ctl_set_cpu_model(core.model(job.machine))
    board = job.board
    _map(uc, board.flash, unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC)
    _map(uc, board.ram, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE)
    for address, data in image.segments:
        uc.mem_write(address, data)
    stack, reset = board.ram.origin + board.ram.size // 2, image.entry
    if core.vectors:
        _map(uc, SYSTEM, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE)
        stack, reset = (int.from_bytes(uc.mem_read(board.flash.origin + at, 4), "little") for at in (0, 4))
    uc.reg_write(core.register(core.sp), stack)
    return uc, reset


def _map(uc: Uc, region: Region, permissions: int) -> None:
    uc.mem_map(region.origin, -(-region.size // PAGE) * PAGE, permissions)


def _on_exception(machine: Machine) -> Callable[[Uc, int, object], None]:
    def handle(uc: Uc, number: int, _data: object) -> None:
        machine.exception = machine.pc, number
        uc.emu_stop()

    return handle


def _on_access(machine: Machine) -> Callable[[Uc, int, int, int, int, object], None]:
    def handle(uc: Uc, _access: int, address: int, size: int, _value: int, _data: object) -> None:
        if address % size and machine.failure is None:
            machine.failure = _crash(machine, machine.pc, f"unaligned access to {address:#010x}")
            uc.emu_stop()

    return handle


def finish(machine: Machine, job: Job) -> None:
    """Run from one semihosting call to the next until the firmware exits. Raises as ``execute``."""
    deadline = time.monotonic() + job.seconds
    pc = machine.reset
    while machine.host.status is None:
        stopped, why = _run(machine, pc, max(deadline - time.monotonic(), 1e-3))
        if machine.failure is not None:
            raise machine.failure
        if why is None:
            raise timed_out(job.seconds, f", and was at pc {stopped:#010x} in {_function(machine, stopped)}")
        if not _is_call(machine, stopped):
            raise _crash(machine, stopped, why)
        pc = _served(machine, stopped)
    if machine.host.status != 0:
        raise bad_status(machine.host.status)


def _run(machine: Machine, pc: int, seconds: float) -> tuple[int, str | None]:
    """Where emulation stopped, and why; None for being out of time."""
    machine.exception = None
    try:
        machine.uc.emu_start(pc | machine.core.thumb, NOWHERE, timeout=round(seconds * 1e6))
    except UcError as error:
        return machine.pc, str(error)
    if machine.exception is None:
        return machine.pc, None
    stopped, number = machine.exception  # type: ignore[misc]  # the hook has set it, which pyright cannot see
    return stopped, machine.core.exceptions.get(number, f"exception {number}")


def _is_call(machine: Machine, pc: int) -> bool:
    call, before = machine.core.call, machine.core.before
    try:
        return machine.uc.mem_read(pc - before, len(call)) == call
    except UcError:
        return False


def _served(machine: Machine, pc: int) -> int:
    """Answer the call at ``pc``; where to go on."""
    core, uc = machine.core, machine.uc
    operation, block = (uc.reg_read(core.register(name)) for name in (core.operation, core.block))
    result = machine.host.call(operation, block, uc.mem_read, uc.mem_write)
    uc.reg_write(core.register(core.operation), result & (1 << 8 * core.word) - 1)
    return pc + core.skip


def _crash(machine: Machine, pc: int, what: str) -> LnnccError:
    return crashed(what, pc, _function(machine, pc))


def _function(machine: Machine, pc: int) -> str | None:
    found = machine.image.function_at(pc)
    return None if found is None else found.name
