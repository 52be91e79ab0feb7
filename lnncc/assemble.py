"""assemble: an integer graph and its proof to a whole build: the C, the certificate, and what is known of both."""

from collections.abc import Mapping
from dataclasses import dataclass

from lnncc import target as targets
from lnncc.bounds import rounding
from lnncc.build import Build, laid_out
from lnncc.certificate import certificate, facts
from lnncc.choices import Choices
from lnncc.emit import emit
from lnncc.ir import Graph
from lnncc.options import Settings
from lnncc.passes.prove import Proof
from lnncc.passes.ranges import Ranges
from lnncc.plan import Plan
from lnncc.target import Target


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What the passes made of ``model``: the fused graph, its intervals, and the integer graph with its proof."""

    model: Graph
    fused: Graph
    spans: Ranges
    integer: Graph
    proof: Proof


def assembled(
    made: Made,
    settings: Settings,
    choices: Choices,
    target: Target,
    more: Mapping[str, object],
    origin: Mapping[str, object],
) -> tuple[Build, Plan]:
    """``more`` are further facts. Raises as ``plan``."""
    layout = laid_out(made.integer, made.proof, settings, target)
    proven = certificate(made.integer, made.proof, settings.name)
    flash = targets.flash_estimate(target, settings.optimise, layout.constant_bytes, layout.calls)
    known = {
        **facts(layout, made.spans, made.proof),
        "flash_estimate": flash,
        "rounding": rounding.facts(made.fused, made.integer, made.proof),
        **more,
    }
    sources = emit(layout)
    build = Build(settings, choices, layout.interface, made.model, made.integer, sources, proven, known, origin)
    return build, layout
