"""What a chip needs for a program to start: the second stage of RP2040, constants on the data bus of ESP32-C3."""

from pathlib import Path

import pytest
from test_board_firmware import builds as builds
from toy_model import need_target

from lnncc import target
from lnncc.build import Build
from lnncc.flash import firmware
from lnncc.validate import elf
from lnncc.validate.elf import Image

STAGE, RAM, SSI, SYSTEM = 256, 0x20041F00, 0x18000000, 0xE0000000  # "RP2040 Datasheet", 2.8.1.3 and 4.10.13
VTOR = 0xE000ED08


def image(tmp_path: Path, build: Build, board: str, kind: firmware.Kind) -> Image:
    need_target(board)
    path = tmp_path / "firmware.elf"
    path.write_bytes(firmware.linked(build, target.load(board), kind))
    return elf.read(path)


def crc32_mpeg2(data: bytes) -> int:
    """As the boot ROM computes it: 0x04C11DB7 from all ones, neither reflected nor inverted."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value >> 31 else value << 1) & 0xFFFFFFFF
    return value


def test_the_second_stage_of_rp2040_makes_flash_readable_and_starts_the_program(
    tmp_path: Path, builds: dict[str, Build]
) -> None:
    """Run where the boot ROM copies it to. What it writes to the SSI is what the data sheet asks for the read 03h."""
    unicorn = pytest.importorskip("unicorn")
    from unicorn import arm_const

    program = image(tmp_path, builds["gyro"], "rp2040", "serial")
    origin = target.load("rp2040").emulated().flash.origin
    stage = program.read(origin, STAGE)
    assert crc32_mpeg2(b"123456789") == 0x0376E6E7
    assert crc32_mpeg2(stage[:-4]) == int.from_bytes(stage[-4:], "little")
    stack, reset = (int.from_bytes(program.read(origin + STAGE + at, 4), "little") for at in (0, 4))
    assert reset & 1 and program.function_at(reset & ~1) is not None

    core = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
    core.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M0)
    written: list[tuple[int, int]] = []
    for address, size in ((origin, 1 << 20), (RAM & ~0xFFF, 0x1000), (SSI, 0x1000), (SYSTEM, 0x100000)):
        core.mem_map(address, size)
    core.hook_add(unicorn.UC_HOOK_MEM_WRITE, lambda _uc, _kind, at, _size, value, _data: written.append((at, value)))
    for address, data in program.segments:
        if origin <= address < origin + (1 << 20):
            core.mem_write(address, data)
    core.mem_write(RAM, stage)
    core.emu_start(RAM | 1, reset & ~1, count=100)
    assert core.reg_read(arm_const.UC_ARM_REG_PC) == reset & ~1
    assert core.reg_read(arm_const.UC_ARM_REG_SP) == stack
    assert written == [
        (SSI + 0x08, 0),  # off
        (SSI + 0x14, 4),  # BAUDR, even
        (SSI + 0x00, 31 << 16 | 3 << 8),  # CTRLR0: 32 bits a frame, EEPROM read
        (SSI + 0xF4, 0x03 << 24 | 2 << 8 | 6 << 2),  # SPI_CTRLR0: 03h, 8 bits of command, 24 of address
        (SSI + 0x04, 0),  # CTRLR1
        (SSI + 0x08, 1),  # on
        (VTOR, origin + STAGE),
    ]


def test_constants_of_esp32_c3_lie_where_loads_see_them(tmp_path: Path, builds: dict[str, Build]) -> None:
    """On a page of 64 kB of their own: one entry of the MMU serves both buses, at the same offset."""
    board = target.load("esp32-c3").emulated()
    program = image(tmp_path, builds["gyro"], "esp32-c3", "vectors")
    code, constants, *_ = sorted(s.address for s in program.sections if not s.writable and s.size)[::-1]
    assert board.loads is not None
    assert code == board.flash.origin and board.loads + 0x10000 <= constants < board.loads + board.flash.size
    ends = [address + len(data) - board.flash.origin for address, data in program.segments if address == code]
    assert constants - board.loads >= max(ends) and (constants - board.loads) % 0x10000 == 0
