"""mnemonics: the bare names of the instructions of a piece of machine code, on every core that is traced."""

import functools
import re

from lnncc.extras import needs

with needs("capstone"):
    import capstone

_CORES = {
    "EM_ARM": (capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS),
    "EM_RISCV": (capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV32 | capstone.CS_MODE_RISCVC),
    "EM_AARCH64": (capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM),
}
CONDITION = re.compile(r"^(sdiv|udiv|smull|umull|smlal|umlal)(?:eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)$")


@functools.cache
def names(machine: str, code: bytes) -> tuple[str, ...]:
    """The names in ``code`` of a ``machine`` of ELF; a condition is taken off those whose time is of interest."""
    reader = capstone.Cs(*_CORES[machine])
    reader.skipdata = True
    bare = (one[2].partition(".")[0] for one in reader.disasm_lite(code, 0))
    return tuple(CONDITION.sub(r"\1", name) for name in bare)
