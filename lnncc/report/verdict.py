"""verdict: the report's first words: does it fit, is it proven, how wrong is it, what does it cost, what would help."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lnncc.report import words
from lnncc.report.ahead import Ahead
from lnncc.report.badinput import Case
from lnncc.report.bits import Bits
from lnncc.report.memory import Memory
from lnncc.report.onchip import OnChip
from lnncc.report.overtime import Output
from lnncc.report.subject import Subject

WORTH = 2.0  # times less error, which a single change should be looked at for
YES, CARE, NO, UNKNOWN = "yes", "care", "no", "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """A ``question``, a ``mark`` of yes, care, no or unknown, the answer in a few words, and one sentence more."""

    question: str
    mark: str
    short: str
    sentence: str


def verdict(
    subject: Subject,
    held: Memory,
    chip: OnChip,
    outputs: Sequence[Output],
    bounds: Mapping[str, Ahead] | None,
    unbounded: str | None,
    more: Bits,
    bad: Sequence[Case],
) -> tuple[Answer, ...]:
    return (
        _fits(subject, held, chip),
        _proven(subject),
        _same_bits(chip),
        _error(subject, outputs, bounds, unbounded),
        _cost(chip, subject),
        _bit(more),
        _bad(bad),
    )


def _fits(subject: Subject, held: Memory, chip: OnChip) -> Answer:
    question = "Does it fit?"
    flash, ram, part = held.flash_bytes, held.ram_bytes, held.part
    if not held.linked:
        why = dict(chip.lacks).get("memory", "no program was linked")
        told = (
            f"{flash:,} bytes of constants and {ram:,} bytes of state and temporaries are planned; code is not counted"
        )
        return Answer(question, UNKNOWN, "not measured", f"{told}, because {_lower(why)}.")
    if part is None:
        return Answer(question, UNKNOWN, "no part is known", f"It takes {flash:,} bytes of flash and {ram:,} of RAM.")
    fits = flash <= part.flash and ram <= part.ram
    sentence = (
        f"{_of(flash, part.flash)} of flash and {_of(ram, part.ram)} of RAM with the stack, of the {part.name}, "
        "read off the linked program. Your own firmware needs the rest."
    )
    shares = f"{words.percent(flash / part.flash)} of flash, {words.percent(ram / part.ram)} of RAM"
    return Answer(question, YES if fits else NO, f"{'yes' if fits else 'no'}, {shares}", sentence)


def _of(used: int, there: int) -> str:
    return f"{used:,} of {there:,} bytes ({words.percent(used / there)})"


def _proven(subject: Subject) -> Answer:
    question, saturating = "Can it overflow?", subject.proof.saturating
    assumed = subject.assumed_states
    always = "No sum or product can overflow, for every input in the declared ranges and for all time: proven"
    ranges = [label for label, one in subject.declared.items() if one.assumed]
    note = f" The range of {', '.join(ranges)} was assumed from calibration, not declared." if ranges else ""
    if assumed:
        told = f"{always}. But state {', '.join(assumed)} has no bound of its own and saturates beyond what was assumed"
        return Answer(question, CARE, "no, but it may saturate", f"{told}, counted.{note}")
    if saturating:
        values = "one value" if len(saturating) == 1 else f"{len(saturating)} values"
        told = f"{always}; {values} may saturate at the end of the format, and are counted where they do"
        return Answer(question, CARE, "no, but it may saturate", f"{told}.{note}")
    return Answer(question, YES, "no, proven", f"{always}; nothing saturates inside either.{note}")


def _same_bits(chip: OnChip) -> Answer:
    question = "Is the C what was measured?"
    if not chip.exact:
        why = _lower(chip.lacks[0][1]) if chip.lacks else "nothing could run it"
        return Answer(question, UNKNOWN, "not compared", f"The compiled C was not run, because {why}.")
    places = " and ".join(f"{same:,} of {total:,} steps on {_the(place)}" for place, same, total in chip.exact)
    whole = all(same == total for _, same, total in chip.exact)
    told = f"States and outputs had the same bits as the integer model on {places}"
    if len(chip.exact) > 1:
        return Answer(question, YES if whole else NO, "yes, bit for bit" if whole else "no", f"{told}.")
    why = next((_lower(text) for what, text in chip.lacks if what != "memory"), None)
    rest = "" if why is None else f"; the target itself was not run, because {why}"
    return Answer(question, YES if whole else NO, "yes, bit for bit" if whole else "no", f"{told}{rest}.")


def _the(place: str) -> str:
    return place if place.startswith("this") else f"an {place}"


def _error(
    subject: Subject, outputs: Sequence[Output], bounds: Mapping[str, Ahead] | None, unbounded: str | None
) -> Answer:
    worst = max(outputs, key=lambda o: _share(o))
    most = words.significant(worst.max_abs, 2)
    seen = f"Output {worst.label} was at most {most} from the float model"
    share = f", {words.percent(_share(worst))} of how far it moves" if worst.span > 0 else ""
    where = f"{seen}{share}, over {subject.inputs_are}."
    if bounds is None:
        told = f"{where} No bound for all inputs: {_lower(unbounded or 'none was found')}."
        return Answer("How wrong is it?", CARE, f"{most} at most, measured", told)
    bound = bounds[worst.label]
    forever = words.significant(bound.forever, 2)
    if bound.contracts:
        told = f"{where} For all inputs in range and for all time it is proven to stay within {forever}."
        return Answer("How wrong is it?", YES, f"{most} at most, measured", told)
    told = f"{where} No useful bound for all inputs: {forever} follows from what the values can reach at all."
    return Answer("How wrong is it?", CARE, f"{most} at most, measured", told)


def _share(output: Output) -> float:
    return output.max_abs / output.span if output.span > 0 else 0.0


def _cost(chip: OnChip, subject: Subject) -> Answer:
    question = "What does a step cost?"
    if chip.costs is None:
        why = next((_lower(text) for what, text in chip.lacks if what != "this machine"), "it was not emulated")
        return Answer(question, UNKNOWN, "not measured", f"Instructions were not counted, because {why}.")
    c = chip.costs
    told = f"{c.instructions:,} instructions were counted in {c.emulator}, the most of {c.steps} steps"
    if c.cycles is None:
        return Answer(question, YES, f"{c.instructions:,} instructions", f"{told}. Cycles are not known for this core.")
    least, nominal, most = c.cycles
    how = "counted there" if c.counted else f"an estimate from the core's tables ({least:,} to {most:,}), not silicon"
    return Answer(question, YES, f"about {nominal:,} cycles", f"{told}; {nominal:,} cycles are {how}.")


def _bit(found: Bits) -> Answer:
    question, now = "What would one more bit buy?", found.now
    had = [c for c in found.changes if c.rms is not None]
    if not had or not now.rms or now.flash is None:
        return Answer(question, UNKNOWN, "not known", "Nothing in this model could be changed by a bit.")
    best = min(had, key=lambda c: (c.rms or 0.0, c.flash or 0))
    factor = now.rms / max(best.rms or 0.0, now.rms * 1e-9)
    change = f"{best.what}, {best.how}: RMS error {words.times(1 / factor)}"
    if factor <= 1:
        short, told = "nothing", "No single change makes the error smaller"
    else:
        short = f"error {words.times(1 / factor)} at best"
        told = f"The best single change is {change}, flash {words.signed((best.flash or 0) - now.flash)} bytes"
        told += ", but a value could then saturate" if best.saturates else ""
    small = min(had, key=lambda c: (c.flash or 0, c.rms or 0.0))
    saved = now.flash - (small.flash or 0)
    cheap = f"{small.what}, {small.how}, would save {saved:,} bytes at {words.times((small.rms or 0.0) / now.rms)}"
    rest = f"; {cheap} the error" if saved > 0 else ""
    return Answer(question, YES if factor < WORTH else CARE, short, f"{told}{rest}.")


def _bad(cases: Sequence[Case]) -> Answer:
    question = "What does bad input do?"
    told = (
        "Out of range is clamped and counted, NaN becomes 0 in the float helpers, a saved state not its own is refused"
    )
    tried = [c for c in cases if c.held is not None]
    if not tried:
        return Answer(question, UNKNOWN, "nothing bad, but not tried", f"{told}; nothing was tried here.")
    failed = [c for c in tried if not c.held]
    if failed:
        return Answer(question, NO, "not what was promised", f"{failed[0].given}: {failed[0].tried}.")
    return Answer(question, YES, "no harm", f"{told}; no value leaves its proven range. Tried on this machine.")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
