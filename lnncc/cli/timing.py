"""``lnncc timing``: which kernels of a model take the same time whatever they compute, and how far that is known."""

from argparse import Namespace
from pathlib import Path

from lnncc import build as builds
from lnncc import target as targets
from lnncc.cli.answer import Answer
from lnncc.validate import timing
from lnncc.validate.timing import Core, Timing


def run(args: Namespace) -> Answer:
    """One statement a target. Raises E0201 and E0222 for what is asked; as ``timing.measure``."""
    build = builds.read(Path(args.folder))
    names = dict.fromkeys(args.on or [build.settings.target])
    chosen = [targets.load(name) for name in names]
    for target in chosen:
        target.emulated()
    found = [(target.name, timing.core(target), timing.measure(build, target)) for target in chosen]
    fields = {"targets": [_fields(name, core, seen) for name, core, seen in found]}
    return Answer(fields, "\n\n".join("\n".join(_lines(build.name, *each)) for each in found))


def _fields(name: str, core: Core, seen: Timing) -> dict[str, object]:
    return {
        "target": name,
        "emulator": seen.emulator,
        "steps": seen.steps,
        "instructions": list(seen.instructions),
        "cycles": None if seen.cycles is None else list(seen.cycles),
        "varies": None if seen.varies is None else {word: list(users) for word, users in seen.varies.items()},
        "slow": dict(seen.slow),
        "constant": list(seen.constant),
        "core": {"text": core.text, "source": core.source},
    }


def _lines(model: str, name: str, core: Core, seen: Timing) -> list[str]:
    low, high = seen.instructions
    apart = "the same in each" if low == high else f"{100 * (high - low) / low:.1f} % apart"
    lines = [
        f"{model} on {name}: {_verdict(seen)}",
        f"  instructions: {low} to {high} in {seen.steps} steps emulated by {seen.emulator}, {apart}",
    ]
    if seen.cycles is not None:
        how = "counted by the emulator" if seen.counted else "estimated from the core's manual, zero wait states"
        lines.append(f"  cycles: {seen.cycles[0]} to {seen.cycles[1]}, {how}")
    for word, users in (seen.varies or {}).items():
        lines.append(f"  {word} branches by what it is given" + (f", for {', '.join(users)}" if users else ""))
    lines += [f"  {mnemonic}: up to {n} a step{_span(core, mnemonic, n)}" for mnemonic, n in seen.slow.items()]
    if seen.users:
        lines.append(f"  these divide: {', '.join(seen.users)}")
    if seen.varies is None and low != high:
        lines.append("  which kernels differ cannot be told: this emulator counts, and traces nothing")
    if seen.varies is not None:
        lines.append(f"  not seen to differ: {', '.join(seen.constant) or 'no kernel'}")
    return [*lines, f"  of the core: {core.text}", f"  source: {core.source}"]


def _verdict(seen: Timing) -> str:
    if seen.instructions[0] != seen.instructions[1]:
        return "a step's time depends on its data"
    if seen.slow:
        return "the same instructions in every step seen, some of which take a time that depends on their operands"
    return "the same instructions in every step seen, none of which the manual calls dependent on operands"


def _span(core: Core, mnemonic: str, count: int) -> str:
    ends = core.slow[mnemonic]
    if not ends:
        return ", each of a time that depends on its operands and is not published"
    return f", {ends[0]} to {ends[1]} cycles each, so {count * (ends[1] - ends[0])} cycles between the extremes"
