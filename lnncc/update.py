"""update: other weights for the code of a build: the same statements, the same formats, other numbers in its tables.

The new model goes the way of a compilation, but that formats and whatever else weights once decided are those of the
build. It is proven like any other before anything is written.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest

from lnncc import fx, share, solver
from lnncc import target as targets
from lnncc.assemble import Made, assembled
from lnncc.build import Build, lineage, planned
from lnncc.errors import LnnccError
from lnncc.ir import Array, Graph, Node
from lnncc.passes.chains import chains
from lnncc.passes.lower import lower
from lnncc.passes.prove import Proof, prove
from lnncc.passes.quantise import quantise
from lnncc.passes.ranges import Ranges, cautious, ranges
from lnncc.plan import Plan
from lnncc.plan.image import Image, kept
from lnncc.settled import Kept

FULL = "compile the new model in full, which is another firmware"


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """``build`` is the old code with new weights, and has the update; ``saturating`` values could not before."""

    build: Build
    saturating: tuple[str, ...]


def update(
    build: Build,
    model: Graph,
    data: Mapping[str, Array] | None = None,
    *,
    saturating: bool = False,
    number: int | None = None,
) -> Update:
    """The weights of ``model`` for the code of ``build``. ``data`` are recorded inputs, (streams, steps, ...) by label.

    ``saturating`` takes weights by which values could leave the range of their formats that could not before: they
    saturate then, counted. ``number`` says which of two updates is the later one; None: one more than that of
    ``build``.

    Raises:
        LnnccError: E0237 for a ``number`` below 1, E0236 for a build whose weights cannot change, E0405 for one that
            lnncc did not write, E0414 for a model of another structure, E0415 for weights that do not fit, E0416 where
            the target wants other code.
    """
    _check_asked(build, number)
    try:
        declared, known, (before, _) = _declared(build), _settled(build), lineage(build.origin)
        done = solver.carried_out(build.facts)
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(str(error)) from error
    _check_ports(build.model, model)
    fused = _fused(build, model, done)
    spans = ranges(fused, declared=declared, calibration=data, dt=build.settings.dt_range)
    formatted = _with_formats(fused, build.integer)
    try:
        integer, proof = _proven(build, formatted, spans, known)
    except TypeError as error:
        raise _broken(str(error)) from error
    more = _more_saturating(prove(build.integer)[1], proof)
    if more and not saturating:
        raise _saturates(more)
    settled = {key: build.facts[key] for key in ("settled", "solver") if key in build.facts}
    origin = {
        **build.origin,
        "lnncc": share.version(),
        "calibration": {label: hashlib.sha256(x.tobytes()).hexdigest() for label, x in (data or {}).items()},
    }
    target = targets.load(build.settings.target)
    old = planned(build.integer, build.settings, target)
    assert old.image is not None
    origin["update"] = {"number": before + 1 if number is None else number, "base": old.image.model.hex()}
    made = Made(model, fused, spans, integer, proof)
    new, layout = assembled(made, build.settings, build.choices, target, settled, origin)
    image = _same_code(old, layout)
    return Update(replace(new, update=image.file(*lineage(origin))), tuple(more))


def _check_asked(build: Build, number: int | None) -> None:
    if number is not None and number < 1:
        raise LnnccError(
            "E0237",
            f"{number} is the number of no update",
            notes=("0 is what was compiled in; of two slots the higher number counts, which goes around after 65535",),
            helps=("give one that is higher than that of every update before",),
        )
    if not build.settings.updatable:
        raise LnnccError(
            "E0236",
            f"the weights of {build.name} are part of its code",
            helps=("compile it with --updatable, and put that on the device", FULL),
        )


def _declared(build: Build) -> dict[str, tuple[float, float]]:
    facts = build.facts["ranges"]
    if not isinstance(facts, dict):
        raise TypeError("ranges are no table")
    return {str(label): (float(one["low"]), float(one["high"])) for label, one in facts.items()}


def _settled(build: Build) -> dict[str, object]:
    found = build.facts["settled"]
    if not isinstance(found, dict):
        raise TypeError("what was settled is no table")
    return found


def _broken(why: str) -> LnnccError:
    note = " ".join(why.split())[:300]
    helps = ("compile the model again",)
    return LnnccError("E0405", "this build does not say what an update needs to know", notes=(note,), helps=helps)


def _other(why: str, *helps: str) -> LnnccError:
    return LnnccError(
        "E0414",
        "the new model is not of the structure that the code has",
        notes=(why[:300],),
        helps=(*helps, "train the model that was compiled, from its weights", FULL),
    )


def _check_ports(old: Graph, new: Graph) -> None:
    for what, a, b in zip(("inputs", "states", "outputs"), _ports(old), _ports(new), strict=True):
        if a != b:
            raise _other(f"its {what} are {_list(b)}, and those of the code {_list(a)}")


def _ports(graph: Graph) -> tuple[list[str], ...]:
    ports = (
        [(p.label, p.value) for p in graph.inputs],
        [(s.label, s.before) for s in graph.states],
        [(p.label, p.value) for p in graph.outputs],
    )
    return tuple([f"{label} of {list(graph.values[name].shape)}" for label, name in port] for port in ports)


def _list(items: list[str]) -> str:
    return ", ".join(items)[:120] or "none"


def _fused(build: Build, model: Graph, done: tuple[solver.Substitution, ...]) -> Graph:
    try:
        return lower(model, dt=build.settings.fixed_dt, done=done)
    except KeyError as error:  # a loop that another solver took the place of
        raise _other(f"it has no solver {error}") from error


def _with_formats(fused: Graph, integer: Graph) -> Graph:
    """The fused graph with the formats of the values of that name in the code.

    A sum that goes on in others may be none there: it has the format of what they come to.
    """
    values = dict(fused.values)
    sums = {link.outputs[0]: end for end, links in chains(fused, "affine").items() for link in links}
    for name in (n for n in values if n not in fused.constants):
        known = integer.values.get(name) or integer.values.get(sums.get(name, name))
        if known is None or known.shape != values[name].shape:
            raise _other(f"the code has no value {name} of shape {list(values[name].shape)}", ZEROS)
        values[name] = replace(values[name], format=known.format)
    return fused.edited(values=values)


ZEROS = "weights of exactly 0 and 1 leave no trace in the code: keep their pattern, and have none in what shall change"


def _proven(build: Build, formatted: Graph, spans: Ranges, known: Mapping[str, object]) -> tuple[Graph, Proof]:
    """Where the proof sees further than the estimates did, once more with all that their formats hold."""
    try:
        return _quantised(build, formatted, spans, known)
    except LnnccError as error:
        if error.code != "E0308":
            raise
    try:
        return _quantised(build, formatted, cautious(formatted, spans), known)
    except LnnccError as error:
        if error.code != "E0308":
            raise
        raise LnnccError(
            "E0415",
            f"the new weights overflow the formats that the code has: {error.title}",
            source=error.source,
            notes=error.notes,
            helps=(FULL, "or train it with smaller weights"),
        ) from error


def _quantised(build: Build, formatted: Graph, spans: Ranges, known: Mapping[str, object]) -> tuple[Graph, Proof]:
    integer = quantise(formatted, spans, build.choices, Kept(known))
    for why in _differences(build.integer, integer):
        raise _other(why, ZEROS)
    return prove(integer)


def _differences(old: Graph, new: Graph) -> Iterator[str]:
    for a, b in zip_longest(old.walk(), new.walk()):
        if a is None or b is None or _statement(a) != _statement(b):
            yield f"where the code has {_said(a)}, the new model has {_said(b)}"
    for name in sorted({*old.values, *new.values}):
        a, b = old.values.get(name), new.values.get(name)
        if a != b:
            label = new.labels.get(name) or old.labels.get(name) or "a value"
            shapes = " and ".join("none" if v is None else f"{list(v.shape)} in {v.format}" for v in (a, b))
            yield f"{name} ({label}) is {shapes}"
    if set(old.constants) != set(new.constants):
        yield "it has other constants"
    if [(s.before, s.after) for s in old.states] != [(s.before, s.after) for s in new.states]:
        yield "its states are carried by other values"
    if [p.value for p in old.outputs] != [p.value for p in new.outputs]:
        yield "its outputs are other values"


def _statement(node: Node) -> object:
    body = None if node.body is None else (node.body.params, node.body.results)
    return node.op, node.inputs, node.outputs, dict(node.attrs), body


def _said(node: Node | None) -> str:
    if node is None:
        return "nothing"
    attrs = "".join(f" {key}={value}" for key, value in sorted(node.attrs.items()))
    return f"{', '.join(node.outputs)} = {node.op}({', '.join(node.inputs)}){attrs}"


def _more_saturating(old: Proof, new: Proof) -> dict[str, float]:
    """Values that may saturate now and could not before, and how many times their format they reach."""
    names = [name for name in new.saturating if name not in old.saturating]
    reaches = {name: new.lines[name][-2].bounds.magnitude.max() for name in names}
    return {name: float(reach) / -fx.INT16[0] for name, reach in reaches.items()}


def _saturates(more: Mapping[str, float]) -> LnnccError:
    worst = max(more, key=lambda name: more[name])
    return LnnccError(
        "E0415",
        f"the new weights let value `{worst}` leave the range of its format, up to {more[worst]:.3g} times",
        notes=(f"the code was proven not to saturate there; so it would at {', '.join(more)}"[:300],),
        helps=(
            "let it saturate there, counted, as inputs that reach so far may never come: --saturating",
            FULL,
            "or train it with smaller weights",
        ),
    )


def _same_code(old: Plan, new: Plan) -> Image:
    """The new image, if the code around it is the old one."""
    assert old.image is not None and new.image is not None
    if old.image.structure != new.image.structure:
        raise LnnccError(
            "E0416",
            "the new weights want other code on this target",
            notes=(_other_code(old, new),),
            helps=(
                "the layout that a target likes may depend on how large weights are, and on the pattern of zeros",
                FULL,
            ),
        )
    assert all(member.possible for member in new.image.members), "quantise makes no other shifts"
    return new.image


def _other_code(old: Plan, new: Plan) -> str:
    for a, b in zip(old.tables, new.tables, strict=False):
        if (a.type, len(a.values), a.rule) == (b.type, len(b.values), b.rule) and kept(a.rule, a.data) != kept(
            b.rule, b.data
        ):
            return f"{a.label}: these are part of the code, and are not the same"
    return f"{sum(x != y for x, y in zip_longest(old.statements, new.statements))} calls of kernels differ"
