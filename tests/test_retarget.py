"""retarget: another machine gets its own C, and the same integers."""

from dataclasses import replace

import models

from lnncc import Model, target
from lnncc.build import Build
from lnncc.compile import compile_model
from lnncc.options import Settings
from lnncc.retarget import retargeted


def _build() -> Build:
    return compile_model(
        Model(models.cfc()), Settings("m", "host", 16, 1.0), calibration=None, ranges={"x": (-2, 2)}
    ).build


def test_the_target_it_was_compiled_for_keeps_the_build() -> None:
    build = _build()
    assert retargeted(build, target.load("host")) is build


def test_another_machine_is_planned_from_the_integer_graph() -> None:
    build = _build()
    plain = replace(target.load("cortex-m0plus"), isa=("scalar",))
    other = retargeted(build, plain)
    assert other.sources == build.sources and other.integer is build.integer
    assert retargeted(build, plain) is other
