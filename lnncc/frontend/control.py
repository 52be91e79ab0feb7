"""Walks a jaxpr and builds the graph: calls are inlined, loops rolled where every round is alike, else unrolled."""

from collections.abc import Mapping, Sequence

import numpy as np

from lnncc.errors import Source
from lnncc.frontend import _jax_compat as compat
from lnncc.frontend import located, refusals
from lnncc.frontend.arrays import row, stacked
from lnncc.frontend.builder import Builder
from lnncc.frontend.linear import LINEAR, applied
from lnncc.frontend.liveness import CALLS, SILENT, Wanted, known_carries, live, scan_live
from lnncc.frontend.movement import MOVERS
from lnncc.frontend.operand import Const, Operand, constant
from lnncc.frontend.rules import MANY, RULES, chosen

UNROLL_LIMIT = 50_000  # equations; beyond this the C of a step is no longer a program for a microcontroller
DEAD = constant(np.nan)  # stands for an operand that no live equation reads
KNOWN = sorted({*RULES, *MOVERS, *LINEAR, *CALLS, *MANY, "scan", "while", "cond"})


class Translator:
    """One walk. ``anchor`` is the user's line that called into JAX's own code, which is no place to point at."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.anchor: Source | None = None
        self.rounds = 0

    def run(
        self, jaxpr: compat.Jaxpr, consts: Sequence[object], args: Sequence[Operand], wanted: Wanted
    ) -> list[Operand]:
        """The results of ``jaxpr``; those not wanted are DEAD."""
        env: dict[compat.Var, Operand] = dict(zip(jaxpr.invars, args, strict=True))
        env.update((v, self._closed(v, c)) for v, c in zip(jaxpr.constvars, consts, strict=True))
        for equation, outs in live(jaxpr, wanted)[0]:
            xs = [_read(env, v) for v in equation.invars]
            results = self._equation(equation, xs, outs)
            env.update(zip(equation.outvars, results, strict=True))
        return [_read(env, v) if want else DEAD for v, want in zip(jaxpr.outvars, wanted, strict=True)]

    def _closed(self, var: compat.Var, value: object) -> Operand:
        kind = compat.kind(var.aval.dtype)
        return constant(np.asarray(value), kind) if kind in "fib" else DEAD

    def _equation(self, equation: compat.Equation, xs: list[Operand], outs: Wanted) -> list[Operand]:
        source = self.anchor or located.of_equation(equation)
        self.builder.source = source
        name = equation.primitive.name
        if name in SILENT:
            return [DEAD] * len(outs)
        results = self._control(equation, xs, outs, source)
        if results is None:
            results = self._plain(equation, xs)
        if results is None:
            results = self._evaluated(equation, xs)
        if results is None:
            raise refusals.unsupported(equation, source, KNOWN)
        return results

    def _control(
        self, equation: compat.Equation, xs: list[Operand], outs: Wanted, source: Source | None
    ) -> list[Operand] | None:
        name = equation.primitive.name
        if name in CALLS:
            return self._call(equation, xs, outs, source)
        if name == "scan":
            return self._scan(equation, xs, outs, source)
        if name == "while" and not all(isinstance(x, Const) for x in xs):
            return self._while(equation, xs, source)
        return self._cond(equation, xs, outs) if name == "cond" else None

    def _plain(self, equation: compat.Equation, xs: list[Operand]) -> list[Operand] | None:
        name = equation.primitive.name
        if name in MANY:
            return MANY[name](self.builder, equation.params, xs)
        if any(compat.kind(v.aval.dtype) not in "fib" for v in (*equation.invars, *equation.outvars)):
            return None
        result = None
        if name in RULES:
            result = RULES[name](self.builder, equation.params, xs, equation.outvars[0].aval)
        elif name in LINEAR and not all(isinstance(x, Const) for x in xs):
            result = applied(self.builder, equation, xs)
        elif name in MOVERS and not all(isinstance(x, Const) for x in xs):
            result = MOVERS[name](self.builder, equation, xs)
        return None if result is None else [result]

    def _evaluated(self, equation: compat.Equation, xs: list[Operand]) -> list[Operand] | None:
        """What no rule knows, of constants alone: JAX computes it, in the precision of the user's program."""
        consts = [x.array for x in xs if isinstance(x, Const)]
        if len(consts) < len(xs) or equation.primitive.name in refusals.NEVER:
            return None
        kinds = [compat.kind(v.aval.dtype) for v in (*equation.invars, *equation.outvars)]
        if not set(kinds) <= set("fib"):
            return None
        with np.errstate(all="ignore"):
            arrays = compat.evaluate(equation, consts)
        return [
            constant(a, kind, source=self.builder.source) for a, kind in zip(arrays, kinds[len(consts) :], strict=True)
        ]

    def _call(self, equation: compat.Equation, xs: list[Operand], outs: Wanted, source: Source | None) -> list[Operand]:
        body, consts = compat.called(equation.params)
        outer = self.anchor
        if located.is_machinery(compat.function_file(body)):
            self.anchor = source
        results = self.run(body, consts, xs, outs)
        self.anchor = outer
        return results

    def _cond(self, equation: compat.Equation, xs: list[Operand], outs: Wanted) -> list[Operand]:
        """A choice known now is its branch; of one made at run time all branches run, as under ``vmap``."""
        which, *args = xs
        branches = equation.params["branches"]
        assert isinstance(branches, Sequence)
        if isinstance(which, Const):
            body, consts = compat.open_jaxpr(branches[int(np.clip(which.array, 0, len(branches) - 1))])
            return self.run(body, consts, args, outs)
        source, cases = self.builder.source, [self.run(*compat.open_jaxpr(b), args, outs) for b in branches]
        self.builder.source = source
        results = cases[-1]
        for number, case in reversed(list(enumerate(cases[:-1]))):
            here = chosen(self.builder, which, number)
            pairs = zip(case, results, outs, strict=True)
            results = [self.builder.select(here, a, b, a.shape) if want else DEAD for a, b, want in pairs]
        return results

    def _while(self, equation: compat.Equation, xs: list[Operand], source: Source | None) -> list[Operand]:
        """A ``while`` whose condition is constant in every round, as when its bound is a parameter: unrolled."""
        p = equation.params
        n_test, n_body = int(str(p["cond_nconsts"])), int(str(p["body_nconsts"]))
        test, test_consts = compat.open_jaxpr(p["cond_jaxpr"])
        body, body_consts = compat.open_jaxpr(p["body_jaxpr"])
        carry, everything = xs[n_test + n_body :], [True] * len(equation.outvars)
        while True:
            (more,) = self.run(test, test_consts, [*xs[:n_test], *carry], [True])
            if not isinstance(more, Const):
                raise refusals.unbounded(source)
            if not more.array:
                return carry
            self._spend(len(body.eqns), source)
            carry = self.run(body, body_consts, [*xs[n_test : n_test + n_body], *carry], everything)

    def _scan(self, equation: compat.Equation, xs: list[Operand], outs: Wanted, source: Source | None) -> list[Operand]:
        scan = Scan(equation, xs, outs)
        self.builder.source = source
        return self._rolled(scan) if scan.is_alike() else self._unrolled(scan, source)

    def _rolled(self, scan: "Scan") -> list[Operand]:
        """Only live carries go round; those that no round changes are read from outside."""
        moving = scan.moving()

        def step(params: list[Operand]) -> list[Operand]:
            carry = list(scan.carry)
            for k, param in zip(moving, params, strict=True):
                carry[k] = param
            results = self.run(scan.body, scan.body_consts, [*scan.consts, *carry, *scan.dead_xs], scan.wanted())
            return [results[k] for k in moving]

        results = list(scan.carry)
        looped = self.builder.loop(scan.length, [scan.carry[k] for k in moving], step)
        for k, result in zip(moving, looped, strict=True):
            results[k] = result
        return results + [DEAD] * (len(scan.body.outvars) - scan.n_carry)

    def _unrolled(self, scan: "Scan", source: Source | None) -> list[Operand]:
        carry, ys = list(scan.carry), [[] for _ in range(len(scan.body.outvars) - scan.n_carry)]
        for k in scan.order():
            self._spend(len(scan.body.eqns), source)
            xs = [row(self.builder, x, k) if alive else DEAD for x, alive in zip(scan.xs, scan.live_xs, strict=True)]
            results = self.run(scan.body, scan.body_consts, [*scan.consts, *carry, *xs], scan.wanted())
            carry = results[: scan.n_carry]
            for column, y in zip(ys, results[scan.n_carry :], strict=True):
                column.append(y)
        results = [
            stacked(self.builder, column[:: -1 if scan.reverse else 1], 0) if want and column else DEAD
            for column, want in zip(ys, scan.outs[scan.n_carry :], strict=True)
        ]
        return carry + results

    def _spend(self, equations: int, source: Source | None) -> None:
        self.rounds += max(equations, 1)
        if self.rounds > UNROLL_LIMIT:
            raise refusals.unrolled_too_far(source, self.rounds, UNROLL_LIMIT)


class Scan:
    """A ``scan`` taken apart: constants, carries and sequences, and which of them live."""

    def __init__(self, equation: compat.Equation, operands: list[Operand], outs: Wanted) -> None:
        self.body, self.body_consts = compat.called(equation.params)
        self.length, self.reverse = int(str(equation.params["length"])), bool(equation.params["reverse"])
        n_consts, self.n_carry = compat.scan_split(equation.params)
        first_xs = n_consts + self.n_carry
        self.outs = outs
        reads = scan_live(equation, outs)
        self.live_carry, self.live_xs = reads[n_consts:first_xs], reads[first_xs:]
        self.consts, self.carry, self.xs = operands[:n_consts], operands[n_consts:first_xs], operands[first_xs:]
        self.dead_xs = [DEAD] * len(self.xs)

    def wanted(self) -> Wanted:
        return self.live_carry + self.outs[self.n_carry :]

    def order(self) -> range:
        return range(self.length - 1, -1, -1) if self.reverse else range(self.length)

    def is_alike(self) -> bool:
        """Whether all rounds are the same operations on the same constants, so that they can stay a loop."""
        if self.length <= 1 or any(self.live_xs) or any(self.outs[self.n_carry :]):
            return False
        known = [isinstance(x, Const) for x in (*self.consts, *self.carry, *self.xs)]
        fixed = known_carries(self.body, len(self.consts), self.n_carry, known)
        moving = self.moving()
        return bool(moving) and not any(fixed[k] for k in moving)

    def moving(self) -> list[int]:
        """The live carries that a round changes."""
        held = [self.body.outvars[k] is self.body.invars[len(self.consts) + k] for k in range(self.n_carry)]
        return [k for k in range(self.n_carry) if self.live_carry[k] and not held[k]]


def _read(env: Mapping[compat.Var, Operand], var: compat.Var) -> Operand:
    array = compat.literal(var)
    if array is None:
        return env.get(var, DEAD)
    return constant(array, compat.kind(var.aval.dtype))
