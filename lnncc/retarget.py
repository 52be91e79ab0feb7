"""retarget: the C of a build for another machine: the same integers, other layouts and kernels."""

import functools
from dataclasses import replace

from lnncc.build import Build, planned
from lnncc.emit import emit
from lnncc.target import Target

KEPT = 8


def retargeted(build: Build, target: Target) -> Build:
    """``build`` with the C sources that ``target`` likes; formats, tables and so all bits stay."""
    return build if build.settings.target == target.name else _planned(build, target)


@functools.lru_cache(KEPT)
def _planned(build: Build, target: Target) -> Build:
    layout = planned(build.integer, build.settings, target)
    sizes = {"table_bytes": layout.table_bytes, "constant_bytes": layout.constant_bytes}
    return replace(build, sources=emit(layout), facts={**build.facts, **sizes})
