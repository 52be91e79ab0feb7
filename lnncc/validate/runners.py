"""runners: the steps of a build on any target, as ``compare.verify`` calls them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from lnncc import target as targets
from lnncc.build import Build
from lnncc.ir import Array
from lnncc.target import HOST, Target
from lnncc.validate import chip, here, host
from lnncc.validate.compare import Trace

Runner = Callable[[tuple[Array, ...]], Trace]


def runnable(names: Sequence[str]) -> tuple[Target, ...]:
    """The targets of these names, without the host, which is always compared.

    Raises:
        LnnccError: E0201 for a name that no target has, E0804 for one whose instructions this machine lacks.
    """
    found = tuple(targets.load(name) for name in dict.fromkeys(names) if name != HOST)
    for target in found:
        here.check_processor(target)
    return found


def runners(build: Build, others: Sequence[Target]) -> Mapping[str, Runner]:
    return {target.name: partial(_run, build, target) for target in others}


def _run(build: Build, target: Target, raw: tuple[Array, ...]) -> Trace:
    """Raw (streams, steps, size) to states and outputs, each stream from reset."""
    if target.kind == HOST:
        return host.run(host.build(build, target=target), build.interface, raw)
    streams = [tuple(x[k] for x in raw) for k in range(len(raw[0]))]
    traces = [chip.execute(build, target, stream, count=0).trace for stream in streams]
    states, outputs = (tuple(map(np.concatenate, zip(*(t[side] for t in traces), strict=True))) for side in (0, 1))
    return states, outputs
