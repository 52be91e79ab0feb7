"""badinput: what happens with what no one should pass in, each with what was tried here and what the C promises."""

from dataclasses import dataclass

from lnncc.errors import LnnccError
from lnncc.plan.interface import Signal
from lnncc.report import words
from lnncc.report.settling import Settling
from lnncc.report.subject import Subject
from lnncc.validate.misuse import Misuse, misuse

NO_COMPILER = 7  # exit code


@dataclass(frozen=True, slots=True)
class Case:
    """``given`` bad input, this ``happens``; ``tried`` says what was seen of it here, and ``held`` whether that is what
    was promised. None if nothing was tried.
    """

    given: str
    happens: str
    tried: str | None = None
    held: bool | None = None


def badinput(subject: Subject, settled: tuple[Settling, ...]) -> tuple[Case, ...]:
    try:
        seen = misuse(subject.build, subject.plan.save_bytes)
    except LnnccError as error:
        if error.exit_code != NO_COMPILER:
            raise
        seen = None
    return (_beyond(subject, seen), _nan(subject), _time(subject), _saved(subject, seen), _gone(settled))


def _beyond(subject: Subject, seen: Misuse | None) -> Case:
    ends = "; ".join(f"{s.label} from {_real(s, s.low)} to {_real(s, s.high)}" for s in subject.build.interface.inputs)
    tried = held = None
    if seen is not None and seen.beyond:
        same = "the same bits as from clamped ones" if seen.clamped else "OTHER bits than from clamped ones"
        tried = f"{seen.steps} steps of any integers: {same}; {seen.counted:,} of {seen.beyond:,} values counted"
        held = seen.clamped and seen.counted == seen.beyond
    elif seen is not None:
        tried = "no integer is beyond: the range is all that 16 bits hold here"
    happens = f"It is clamped to the declared range ({ends}) and counted in state.clipped; the step goes on."
    return Case("An input beyond its range", happens, tried, held)


def _nan(subject: Subject) -> Case:
    helper = f"{subject.build.name}_x0_from_float"
    return Case(
        "NaN or infinity from a sensor",
        f"Integers have neither. Where you convert by {helper} and its like, NaN becomes 0 and infinity the end of "
        "the range. Check your sensor first: 0 may be a plausible value.",
    )


def _time(subject: Subject) -> Case:
    dt, fixed = subject.build.interface.dt, subject.build.settings.fixed_dt
    if dt is None:
        known = (
            "It is not read by this model" if fixed is None else f"dt = {fixed:g} is built in, in the units of training"
        )
        return Case(
            "dt of zero or less, or a step that comes late",
            f"{known}, so that no bad one can be passed in. A step that comes late or not at all is not noticed: the "
            "model goes on as if it had come in time.",
        )
    low, high = _real(dt, dt.low), _real(dt, dt.high)
    return Case(
        "dt of zero or less, NaN, or too long",
        f"Where no time has passed, or dt is NaN, {subject.build.name}_step_float_dt leaves state and outputs as they "
        f"are and returns HELD. The step itself clamps raw times to {low} … {high}, counted.",
    )


def _saved(subject: Subject, seen: Misuse | None) -> Case:
    name, tried, held = subject.build.name, None, None
    if seen is not None:
        parts = [("its own was taken", seen.own), ("one of another model was refused", seen.foreign)]
        parts.append(("one with a wrong bit was refused", seen.damaged))
        parts += [] if seen.impossible is None else [("one with impossible values was refused", seen.impossible)]
        tried, held = ", ".join(text if so else f"NOT SO: {text}" for text, so in parts), all(so for _, so in parts)
    return Case(
        "A saved state of another model, or a damaged one",
        f"{name}_restore changes nothing and returns why: OTHER_MODEL, CORRUPT where the CRC is wrong, or IMPOSSIBLE "
        "where a value is one that no step can reach.",
        tried,
        held,
    )


def _gone(settled: tuple[Settling, ...]) -> Case:
    slowest = [s.steps for s in settled]
    if not slowest:
        after = "The model has no state: the next good input gives a good output."
    elif None in slowest:
        after = "How soon after good input returns cannot be said: it did not settle within the steps tried."
    else:
        after = (
            f"After good input returns, outputs agreed again within {max(s for s in slowest if s is not None)} steps."
        )
    return Case(
        "A sensor that is stuck, unplugged or noisy",
        f"No value leaves its proven range, for ever, whatever comes in; the outputs are wrong meanwhile. {after}",
    )


def _real(signal: Signal, raw: int) -> str:
    return words.significant(raw * 2.0**-signal.frac, 5)
