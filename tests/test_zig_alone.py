"""zig, which comes from the package index, compiles what each core has for LTC and CfC: nothing else is needed."""

import functools

import pytest
from toy_model import seldom

from examples import demo
from examples.imu import weights
from lnncc import target
from lnncc.build import Build
from lnncc.retarget import retargeted
from lnncc.validate import chip, toolchain

pytest.importorskip("ziglang", reason="needs the mcu extra")
CORES = ("cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55", "rv32imc", "rv32imac")


@functools.cache
def compiled(cell: str) -> Build:
    return demo.compiled(cell, weights.load(cell, 1)).build


@pytest.mark.parametrize("cell", ["ltc", "cfc"])
@pytest.mark.parametrize("core", seldom(CORES, "cortex-m0plus", "cortex-m4", "cortex-m7"))
def test_it_compiles(core: str, cell: str) -> None:
    loaded = target.load(core)
    made = retargeted(compiled(cell), loaded)
    assert chip.measure(made, loaded, toolchain.find(loaded, prefer="zig")).flash > 1000
