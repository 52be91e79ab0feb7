"""What of a jaxpr is needed for the results that are wanted, and what of a loop is known before it runs."""

from collections.abc import Sequence

from lnncc.frontend import _jax_compat as compat

_CALLS = """jit pjit closed_call core_call remat2 remat checkpoint custom_jvp_call custom_vjp_call
custom_vjp_call_jaxpr composite"""
CALLS = frozenset(_CALLS.split())  # all of them compute what the function they name computes
SILENT = frozenset({"debug_callback", "debug_print"})  # effects that a device has no use for

Wanted = list[bool]


def live(jaxpr: compat.Jaxpr, wanted: Sequence[bool]) -> tuple[list[tuple[compat.Equation, Wanted]], Wanted]:
    """(equations that the wanted results need, each with which of its results are), and which operands they need."""
    needed = {v for v, want in zip(jaxpr.outvars, wanted, strict=True) if want and compat.is_variable(v)}
    kept: list[tuple[compat.Equation, Wanted]] = []
    for equation in reversed(jaxpr.eqns):
        outs = [v in needed for v in equation.outvars]
        if not any(outs) and not _has_effect(equation):
            continue
        kept.append((equation, outs))
        read = zip(equation.invars, _reads(equation, outs), strict=True)
        needed |= {v for v, want in read if want and compat.is_variable(v)}
    return kept[::-1], [v in needed for v in jaxpr.invars]


def _has_effect(equation: compat.Equation) -> bool:
    return bool(equation.effects) and equation.primitive.name not in SILENT


def _reads(equation: compat.Equation, outs: Wanted) -> Wanted:
    name = equation.primitive.name
    if name in CALLS:
        body, _ = compat.called(equation.params)
        return live(body, outs)[1]
    if name == "scan":
        return scan_live(equation, outs)
    return [True] * len(equation.invars)


def scan_live(equation: compat.Equation, outs: Wanted) -> Wanted:
    """Which constants, carries and sequences a ``scan`` reads; a carry may be needed by another one's next round."""
    body, _ = compat.called(equation.params)
    n_consts, n_carry = compat.scan_split(equation.params)
    carries = outs[:n_carry]
    while True:
        reads = live(body, carries + outs[n_carry:])[1]
        grown = [a or b for a, b in zip(carries, reads[n_consts : n_consts + n_carry], strict=True)]
        if grown == carries:
            return reads[:n_consts] + carries + reads[n_consts + n_carry :]
        carries = grown


def known_carries(body: compat.Jaxpr, n_consts: int, n_carry: int, known: Sequence[bool]) -> Wanted:
    """Which carries of a loop are known in every round, given the operands that are known on entry.

    A counter is one: it starts from a constant, and its next value depends on itself.
    """
    known = list(known)
    while True:
        after = _forward(body, known)
        held = [known[n_consts + k] and after[k] for k in range(n_carry)]
        if held == known[n_consts : n_consts + n_carry]:
            return held
        known[n_consts : n_consts + n_carry] = held


def _forward(body: compat.Jaxpr, known: Sequence[bool]) -> Wanted:
    values = {v for v, is_known in zip(body.invars, known, strict=True) if is_known} | set(body.constvars)
    for equation in body.eqns:
        if all(not compat.is_variable(v) or v in values for v in equation.invars):
            values |= set(equation.outvars)
    return [not compat.is_variable(v) or v in values for v in body.outvars]
