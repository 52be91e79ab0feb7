"""The lemmas that the proof rests on, shown by z3 for all integers, not for those of some width.

Each is as ``lnncc/means.py`` and ``lnncc/checker.py`` use it; floor(n / d) is the q with q·d <= n < q·d + d, which
also says that d > 0. A lemma without one of its assumptions must fail: so the proof is of something.
"""

import pytest
import z3

LOW, HIGH, WEIGHT, N = z3.Ints("low high weight n")
LOW2, HIGH2, WEIGHT2, N2 = z3.Ints("low2 high2 weight2 n2")
D, HALF, Q, Q2, X, W = z3.Ints("d half q q2 x w")
A, B, T, RISE, F, F2, WIDTH, C, C2, REACH, SUM, RANGE = z3.Ints("a b t rise f f2 width c c2 reach sum range")
INT16 = 32768


def least(a: z3.ArithRef, b: z3.ArithRef) -> z3.ArithRef:
    return z3.If(a < b, a, b)


def greatest(a: z3.ArithRef, b: z3.ArithRef) -> z3.ArithRef:
    return z3.If(a > b, a, b)


def floors(q: z3.ArithRef, n: z3.ArithRef, d: z3.ArithRef) -> tuple[z3.BoolRef, ...]:
    """q = floor(n / d)"""
    return q * d <= n, n < q * d + d


LEMMAS = {
    # The mean of a product of x and a weight: low <= x <= high.
    "product": (
        z3.And(LOW * W <= X * W, X * W <= HIGH * W),
        [W >= 0, LOW <= X, X <= HIGH],
    ),
    # The mean of a sum: the hull of both, for the sum of the weights. By induction it holds for a sum of any length.
    "sum": (
        z3.And(
            least(LOW, LOW2) * (WEIGHT + WEIGHT2) <= N + N2,
            greatest(HIGH, HIGH2) * (WEIGHT + WEIGHT2) >= N + N2,
        ),
        [
            WEIGHT >= 0,
            WEIGHT2 >= 0,
            LOW * WEIGHT <= N,
            N <= HIGH * WEIGHT,
            LOW2 * WEIGHT2 <= N2,
            N2 <= HIGH2 * WEIGHT2,
        ],
    ),
    # ``div`` stays in the hull: floor((n + (d >> 1)) / d).
    "quotient": (
        z3.And(LOW <= Q, Q <= HIGH),
        [HALF >= 0, 2 * HALF <= D, LOW * D <= N, N <= HIGH * D, *floors(Q, N + HALF, D)],
    ),
    # ``div`` is its definition, floor((2n + d) / (2d)).
    "definition": (
        Q == Q2,
        [z3.Or(D == 2 * HALF, D == 2 * HALF + 1), *floors(Q, N + HALF, D), *floors(Q2, 2 * N + D, 2 * D)],
    ),
    # The dividend raised by 2**15 d, as the C has it, is an unsigned word wherever the quotient fits int16.
    "raised dividend": (
        z3.And(N + HALF + INT16 * D >= 0, N + HALF + INT16 * D < 1 << 32),
        [D < 1 << 16, *floors(Q, N + HALF, D), -INT16 <= Q, Q < INT16],
    ),
    # ... and dividing it without a sign, then taking 2**15 off, is the quotient.
    "raised quotient": (
        Q2 == Q + INT16,
        [*floors(Q, N + HALF, D), *floors(Q2, N + HALF + INT16 * D, D)],
    ),
    # ``rshift`` by s, with width = 2**s: (n + half) >> s stays in the hull of a mean of that weight.
    "shift": (
        z3.And(LOW <= Q, Q <= HIGH),
        [
            HALF >= 0,
            2 * HALF <= WIDTH,
            LOW * WIDTH <= N,
            N <= HIGH * WIDTH,
            *floors(Q, N + HALF, WIDTH),
        ],
    ),
    # A weight shifted to the right, ``width`` = 2**s, is not rounded down if half less one was added before ...
    "shifted weight": (
        WIDTH * Q >= WEIGHT,
        [WIDTH == 2 * HALF, Q * WIDTH + WIDTH > WEIGHT + (HALF - 1) + HALF],
    ),
    # ... and what was a mean of that weight is one of all that was made of it, whose rest weighs 0: X is width · q.
    "rounded up": (
        z3.And(least(LOW, z3.IntVal(0)) * X <= N, greatest(HIGH, z3.IntVal(0)) * X >= N),
        [WEIGHT >= 0, X >= WEIGHT, LOW * WEIGHT <= N, N <= HIGH * WEIGHT],
    ),
    # A blend lies between its ends ...
    "blend": (
        z3.And(least(A, B) <= Q, greatest(A, B) >= Q),
        [T >= 0, T <= INT16, *floors(Q, A * (INT16 - T) + B * T + INT16 // 2, z3.IntVal(INT16))],
    ),
    # ... and its sum, the rounding included, fits int32.
    "blend fits": (
        z3.And(
            A * (INT16 - T) + B * T >= -(1 << 31),
            A * (INT16 - T) + B * T + INT16 // 2 < 1 << 31,
        ),
        [T >= 0, T <= INT16, -INT16 <= A, A < INT16, -INT16 <= B, B < INT16],
    ),
    # Between two nodes a chord, rounded down, is between them, from the first of them up or down by ``rise``.
    "chord": (
        z3.And(least(RISE, z3.IntVal(0)) <= C, greatest(RISE, z3.IntVal(0)) >= C),
        [F >= 0, F < WIDTH, *floors(C, RISE * F, WIDTH)],
    ),
    # A table in half units: Q2 and C are the lower and the upper node in whole ones, rounded half up.
    "half units": (
        z3.And(Q2 <= Q, Q <= C),
        [
            T >= 0,
            T <= INT16,
            least(A, B) + 1 >= 2 * Q2,
            greatest(A, B) + 1 < 2 * C + 2,
            *floors(Q, A * (INT16 - T) + B * T + INT16, z3.IntVal(2 * INT16)),
        ],
    ),
    # On a rise it is monotone, and so is a table whose nodes ascend.
    "monotone": (
        C <= C2,
        [RISE >= 0, F <= F2, C * WIDTH <= RISE * F, *floors(C2, RISE * F2, WIDTH)],
    ),
    # The product of rise and fraction fits int32.
    "chord fits": (
        z3.And(RISE * F >= -(1 << 31), RISE * F < 1 << 31),
        [-INT16 < RISE, RISE < INT16, F >= 0, F < INT16],
    ),
    # A partial sum of a dot product, in any order, is at most the sum of |w| · reach of the terms it has.
    "partial sum": (
        z3.And(-(RANGE + greatest(W, -W) * REACH) <= SUM + W * X, RANGE + greatest(W, -W) * REACH >= SUM + W * X),
        [-RANGE <= SUM, SUM <= RANGE, -REACH <= X, X <= REACH],
    ),
}


def holds(claim: z3.BoolRef, assumptions: list[z3.BoolRef]) -> z3.CheckSatResult:
    """``unsat`` if nothing contradicts the claim."""
    solver = z3.Solver()
    solver.set("timeout", 60_000)
    solver.add(*assumptions, z3.Not(claim))
    return solver.check()


@pytest.mark.parametrize("name", LEMMAS)
def test_the_lemma_holds_for_all_integers(name: str) -> None:
    claim, assumptions = LEMMAS[name]
    assert holds(claim, assumptions) == z3.unsat


@pytest.mark.parametrize("name", LEMMAS)
def test_the_lemma_needs_each_of_its_assumptions(name: str) -> None:
    claim, assumptions = LEMMAS[name]
    for dropped in assumptions:
        others = [a for a in assumptions if a is not dropped]
        assert holds(claim, others) == z3.sat, dropped


@pytest.mark.parametrize("name", LEMMAS)
def test_the_assumptions_can_be_met(name: str) -> None:
    """A lemma whose assumptions contradict each other would hold, and say nothing."""
    assert holds(z3.BoolVal(False), LEMMAS[name][1]) == z3.sat
