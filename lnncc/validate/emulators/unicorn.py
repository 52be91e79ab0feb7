"""Cortex-M firmware in Unicorn, from the package index: semihosting answered from memory, blocks traced on demand."""

from collections.abc import Callable
from dataclasses import dataclass, field

from lnncc.errors import LnnccError
from lnncc.target import Board, Region
from lnncc.validate import elf
from lnncc.validate import trace as traces
from lnncc.validate.elf import Image
from lnncc.validate.emulators.job import Job, bad_status, crashed, timed_out
from lnncc.validate.emulators.semihosting import Host
from lnncc.validate.extras import needs
from lnncc.validate.trace import Trace

with needs("unicorn"):
    import unicorn
    from unicorn import arm_const as arm
    from unicorn.unicorn import Uc, UcError

PAGE = 4096
NOWHERE = 0xFFFFFFF0  # no board has code there, so emulation ends by exit, fault or time only
SYSTEM = Region(0xE0000000, 0x100000)  # the private peripheral bus: CPACR and its like
EXCEPTIONS = {1: "undefined instruction", 2: "supervisor call", 3: "prefetch abort", 4: "data abort", 7: "breakpoint"}
BREAKPOINT = 7  # EXCP_BKPT in QEMU's target/arm/cpu.h
SEMIHOSTING = 0xBEAB  # bkpt 0xab
ALIGNED_ONLY = ("CORTEX_M0",)  # Armv6-M faults on an unaligned access, which Unicorn lets pass


@dataclass(slots=True)
class Machine:
    """One run: the emulated core, the host's side, and why it stopped."""

    image: Image
    core: Uc
    host: Host
    failure: LnnccError | None = None


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
    recorder = _Recorder(machine, machine.image.symbol(job.function).address, count)
    machine.core.hook_add(unicorn.UC_HOOK_BLOCK, recorder.block)
    if job.machine in ALIGNED_ONLY:
        machine.core.hook_add(unicorn.UC_HOOK_MEM_READ | unicorn.UC_HOOK_MEM_WRITE, _on_access(machine))
    finish(machine, job)
    return tuple(recorder.finished)


@dataclass(slots=True)
class _Recorder:
    """Collects the blocks between the entry of a function and its return."""

    machine: Machine
    entry: int
    limit: int
    sequence: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    after: int | None = None
    finished: list[Trace] = field(default_factory=list[Trace])

    def block(self, core: Uc, address: int, size: int, _data: object) -> None:
        if self.after is None:
            if address != self.entry or len(self.finished) == self.limit:
                return
            self.after = core.reg_read(arm.UC_ARM_REG_LR) & ~1
        elif address == self.after:
            self.finished.append(traces.from_blocks(self.sequence, self.after))
            self.sequence, self.after = [], None
            return
        self.sequence.append((address, size))


def boot(image: Image, board: Board, machine: str) -> Uc:
    """A core of the model ``machine`` with the image in its flash, SP and PC taken from the vector table."""
    core = Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
    core.ctl_set_cpu_model(getattr(arm, f"UC_CPU_ARM_{machine}"))
    _map(core, board.flash, unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC)
    _map(core, board.ram, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE)
    _map(core, SYSTEM, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE)
    for address, data in image.segments:
        core.mem_write(address, data)
    stack, reset = (int.from_bytes(core.mem_read(board.flash.origin + at, 4), "little") for at in (0, 4))
    core.reg_write(arm.UC_ARM_REG_SP, stack)
    core.reg_write(arm.UC_ARM_REG_PC, reset)
    return core


def _map(core: Uc, region: Region, permissions: int) -> None:
    core.mem_map(region.origin, -(-region.size // PAGE) * PAGE, permissions)


def start(job: Job) -> Machine:
    """The firmware of ``job`` at its reset, with the host listening. More hooks may be added to its core."""
    image = elf.read(job.elf)
    machine = Machine(image, boot(image, job.board, job.machine), Host(job.request))
    machine.core.hook_add(unicorn.UC_HOOK_INTR, _on_exception(machine))
    return machine


def _on_exception(machine: Machine) -> Callable[[Uc, int, object], None]:
    def handle(core: Uc, number: int, _data: object) -> None:
        pc = core.reg_read(arm.UC_ARM_REG_PC)
        if number == BREAKPOINT and int.from_bytes(core.mem_read(pc, 2), "little") == SEMIHOSTING:
            _semihost(machine, core, pc)
            return
        machine.failure = _crash(machine, EXCEPTIONS.get(number, f"exception {number}"))
        core.emu_stop()

    return handle


def _on_access(machine: Machine) -> Callable[[Uc, int, int, int, int, object], None]:
    def handle(core: Uc, _access: int, address: int, size: int, _value: int, _data: object) -> None:
        if address % size and machine.failure is None:
            machine.failure = _crash(machine, f"unaligned access to {address:#010x}")
            core.emu_stop()

    return handle


def _semihost(machine: Machine, core: Uc, pc: int) -> None:
    operation, block = core.reg_read(arm.UC_ARM_REG_R0), core.reg_read(arm.UC_ARM_REG_R1)
    result = machine.host.call(operation, block, core.mem_read, core.mem_write)
    if machine.host.status is not None:
        core.emu_stop()
        return
    core.reg_write(arm.UC_ARM_REG_R0, result & 0xFFFFFFFF)
    core.reg_write(arm.UC_ARM_REG_PC, (pc + 2) | 1)


def finish(machine: Machine, job: Job) -> None:
    reset = machine.core.reg_read(arm.UC_ARM_REG_PC)
    try:
        machine.core.emu_start(reset | 1, NOWHERE, timeout=round(job.seconds * 1e6))
    except UcError as error:
        raise _crash(machine, str(error)) from error
    if machine.failure is not None:
        raise machine.failure
    if machine.host.status is None:
        pc = machine.core.reg_read(arm.UC_ARM_REG_PC)
        raise timed_out(job.seconds, f", and was at pc {pc:#010x} in {_function(machine, pc)}")
    if machine.host.status != 0:
        raise bad_status(machine.host.status)


def _crash(machine: Machine, what: str) -> LnnccError:
    pc = machine.core.reg_read(arm.UC_ARM_REG_PC)
    return crashed(what, pc, _function(machine, pc))


def _function(machine: Machine, pc: int) -> str | None:
    found = machine.image.function_at(pc)
    return None if found is None else found.name
