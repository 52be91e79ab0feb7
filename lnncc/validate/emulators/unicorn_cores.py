"""What differs between the instruction sets that Unicorn emulates: registers, and the code of a semihosting call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType

from lnncc.extras import needs

with needs("unicorn"):
    import unicorn
    from unicorn import arm64_const, arm_const, riscv_const


@dataclass(frozen=True, slots=True)
class Core:
    """Register names are those of Unicorn's constants, with ``prefix`` in front; so are models, with ``models``.

    ``call`` is the code of a semihosting call, which stops ``before`` bytes into it and goes on ``skip`` bytes later;
    its arguments are of ``word`` bytes. ``thumb`` is the bit that a code address has set; a core with ``vectors``
    takes SP and PC from the start of flash.
    """

    arch: int
    mode: int
    constants: ModuleType
    prefix: str
    models: str
    operation: str
    block: str
    call: bytes
    before: int
    skip: int
    pc: str = "PC"
    sp: str = "SP"
    word: int = 4
    thumb: int = 0
    vectors: bool = False
    exceptions: Mapping[int, str] = field(default_factory=dict[int, str])

    def register(self, name: str) -> int:
        return getattr(self.constants, self.prefix + name)

    def model(self, name: str) -> int:
        return getattr(self.constants, self.models + name)


# e_machine of the ELF -> core. Calls: "Semihosting for AArch32 and AArch64" (Arm), "RISC-V Semihosting", 1.0.
CORES: Mapping[str, Core] = {
    "EM_ARM": Core(
        arch=unicorn.UC_ARCH_ARM,
        mode=unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS,
        constants=arm_const,
        prefix="UC_ARM_REG_",
        models="UC_CPU_ARM_",
        operation="R0",
        block="R1",
        call=bytes.fromhex("abbe"),  # bkpt 0xab
        before=0,
        skip=2,
        thumb=1,
        vectors=True,
        exceptions={
            1: "undefined instruction",
            2: "supervisor call",
            3: "prefetch abort",
            4: "data abort",
            7: "breakpoint",
        },
    ),
    "EM_RISCV": Core(
        arch=unicorn.UC_ARCH_RISCV,
        mode=unicorn.UC_MODE_RISCV32,
        constants=riscv_const,
        prefix="UC_RISCV_REG_",
        models="UC_CPU_RISCV32_",
        operation="A0",
        block="A1",
        call=bytes.fromhex("1310f001 73001000 13507040"),  # slli zero, zero, 31; ebreak; srai zero, zero, 7
        before=4,
        skip=4,
    ),
    "EM_AARCH64": Core(
        arch=unicorn.UC_ARCH_ARM64,
        mode=unicorn.UC_MODE_ARM,
        constants=arm64_const,
        prefix="UC_ARM64_REG_",
        models="UC_CPU_ARM64_",
        operation="X0",
        block="X1",
        call=bytes.fromhex("00005ed4"),  # hlt 0xf000
        before=0,
        skip=4,
        word=8,
    ),
}
