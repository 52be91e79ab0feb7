"""The checker: derives a certificate again, in plain Python integers, and compares every number (``docs/proof.md``)."""

import hashlib
import json
import random
import struct
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

ROUNDS = 24  # of joining before what a loop or the state carries is widened to all that its format holds
INT16, INT32 = (-1 << 15, (1 << 15) - 1), (-1 << 31, (1 << 31) - 1)
NAMED = ("low", "high"), ("low", "shift"), ("start", "n"), ("shift",)  # attributes that are numbers of words
FIXED = {("rshift", 15), ("sub", 1 << 15), *(("column", k) for k in range(8))}  # those of no attribute
Pair = tuple[int, ...]  # the least and the greatest that an element can be; twice the same where it is known


class Value(NamedTuple):
    """``mean`` = (weight, hulls) says that hull[0] · weight <= value <= hull[1] · weight, and that weight >= 0."""

    ends: list[Pair]
    form: dict[str, int] = {}  # noqa: RUF012  # linear, coefficients by name, that of "" being a number; never changed
    mean: Any = None
    columns: tuple["Value", ...] = ()  # of a pair or a constant matrix
    inputs: frozenset[str] = frozenset()  # that it is made of

    def number(self, least: int = 0) -> int:
        require([*self.form] == [""] and self.form[""] >= least, "a number is none, or too small")
        return self.form[""]

    def rows(self) -> Any:
        return zip(*(c.ends for c in self.columns), strict=True)

    def times(self, weight: "Value") -> Any:
        hulls = [p if w[1] else () for p, w in zip(self.ends, weight.ends, strict=True)]
        return (weight.form, hulls) if all(w[0] >= 0 for w in weight.ends) else None

    def places(self, low: "Value", step: "Value", n: int) -> list[list[Any]]:
        first, width = low.number(INT32[0]), 1 << step.number()
        return [[divmod(min(max(v - first, 0), n * width - 1), width) for v in p] for p in self.ends]

    def lookup(self, x: "Value", low: "Value", step: "Value") -> list[Pair]:
        y, bits, rest = [fit(p, p[1])[0] for p in self.ends], min(step.number(), 15), max(step.number() - 15, 0)
        monotone = fit(join([y[i + 1] - y[i] for i in range(len(y) - 1)]), -INT16[1], INT16[1])[0] >= 0
        places = x.places(low, step, len(y) - 1)
        exact = [[y[i] + ((y[i + 1] - y[i]) * (at >> rest) >> bits) for i, at in p] for p in places]
        near = [y[p[0] : q[0] + 2] for p, q in places]  # a chord stays between its nodes
        return [join(e if monotone or p == q else n) for e, n, (p, q) in zip(exact, near, places, strict=True)]

    def interpolate(self, x: "Value", step: "Value") -> list[Pair]:
        s, found = step.number(), []
        for row, p in zip(self.rows(), x.ends, strict=True):
            (i, rest), (j, _) = (divmod(v - INT16[0], 1 << s) for v in fit(p, *INT16))
            least, most = join(*(fit(y, max(y[1], INT16[0]), INT16[1]) for y in row[i : j + 2]))
            part = (rest << 15 - s) + (1 << 14 - s)
            exact = row[i][0] * ((1 << 15) - part) + row[i + 1][0] * part + (1 << 15) >> 16
            found.append((exact, exact) if p[0] == p[1] else (least + 1 >> 1, most + 1 >> 1))
        return found

    def sums(self, terms: "Value", counts: "Value") -> Any:
        [label], both = counts.form, self.mean and terms.mean
        form, weight = ({f"{k} over {label}": n for k, n in f.items()} for f in (terms.form, both[0] if both else {}))
        hulls = [join(*part) for part in segments(self.mean[1], both[1], counts.ends)] if both else []
        return total(self.form, form), (total(self.mean[0], weight), hulls) if both else None

    def shown(self) -> dict[str, Any]:
        return {"low": [p[0] for p in self.ends], "high": [p[1] for p in self.ends], "rests_on": sorted(self.inputs)}


def require(holds: bool, why: str) -> None:
    if not holds:
        raise ValueError(why)


def fit(x: Pair, low: int = INT32[0], high: int = INT32[1]) -> Pair:
    require(low <= x[0] <= x[1] <= high, f"a word may take or give {x[0]} to {x[1]}, beyond {low} to {high}")
    return x


def join(*pairs: Any) -> Pair:
    numbers = [v for p in pairs for v in p]
    return (min(numbers), max(numbers)) if numbers else ()


def fit_sum(terms: list[Pair]) -> Pair:
    fit((0, sum(max(-low, high) for low, high in terms)))  # no partial sum leaves int32, in any order
    return sum(p[0] for p in terms), sum(p[1] for p in terms)


def segments(start: list[Pair], terms: list[Pair], counts: list[Pair]) -> list[list[Pair]]:
    rest = iter(terms)
    parts = [[first, *(next(rest) for _ in range(n))] for first, (n, _) in zip(start, counts, strict=True)]
    require(next(rest, None) is None and all(n == m for n, m in counts), "segments do not cover their terms")
    return parts


EACH: dict[str, Any] = {  # the words of single elements; on points (both ends the same) they are the arithmetic itself
    "add": lambda a, b: fit((a[0] + b[0], a[1] + b[1])),
    "sub": lambda a, b: fit((a[0] - b[1], a[1] - b[0])),
    "mul": lambda a, b: fit(join([p * q for p in a for q in b])),
    "mac": lambda acc, a, b: EACH["add"](acc, EACH["mul"](a, b)),
    "rshift": lambda x, s: tuple(v >> s[0] for v in EACH["add"](x, ((1 << fit(s, s[1], 30)[0]) >> 1,) * 2)),
    "clip": lambda *x: tuple(min(max(v, low), high) for v, low, high in zip(*x, strict=True)),
    "sat16": lambda x: tuple(min(max(v, INT16[0]), INT16[1]) for v in x),
    "narrow": lambda x: fit(x, *INT16),
    "div": lambda n, d: join([p // q for p in EACH["add"](n, [v >> 1 for v in d]) for q in fit(d, 1, 65535)]),
}
ARRAYS: dict[str, Any] = {  # the words of whole arrays
    "direct": lambda y, x, low, s: [join(*y.ends[p[0] : q[0] + 1]) for p, q in x.places(low, s, len(y.ends))],
    "interpolate": Value.interpolate,
    "lookup": Value.lookup,
    "dot": lambda w, x: [fit_sum([EACH["mul"](*p) for p in zip(row, x.ends, strict=True)]) for row in w.rows()],
    "segment_sum": lambda *x: list(map(fit_sum, segments(*(v.ends for v in x)))),
    "take": lambda x, index: [x.ends[fit(i, max(i[1], 0))[0]] for i in index.ends],
    "part": lambda x, i, n: [x.ends[i.number() + k] for k in range(n.number())],
    "column": lambda x, k: x.columns[k.number()].ends,
    "concat": lambda *x: [p for v in x for p in v.ends],
    "stack": lambda a, b: a.ends + b.ends,
}
ORIGINS: dict[str, Any] = {  # the linear form and the mean of a result, where it has any
    "add": lambda a, b: (total(a.form, b.form), joined(a.mean, b.mean)),
    "sub": lambda a, b: (total(a.form, b.form, -1), None),
    "mul": lambda x, weight: ({}, x.times(weight)),
    "mac": lambda acc, x, weight: ({}, joined(acc.mean, x.times(weight))),
    "segment_sum": Value.sums,
    "column": lambda x, k: x.columns[k.number()][1:3],
}


def total(a: dict[str, int], b: dict[str, int], sign: int = 1) -> dict[str, int]:
    return {k: n for k in {**a, **b} if (n := a.get(k, 0) + sign * b.get(k, 0))}


def joined(a: Any, b: Any) -> Any:
    return a and b and (total(a[0], b[0]), list(map(join, a[1], b[1])))


class Checker:
    """Runs the words of a graph's nodes, whatever their ops: on intervals to inductive invariants, or on ``points``."""

    def __init__(self, graph: Any, arrays: dict[str, bytes]) -> None:
        self.graph, self.points, self.seen = graph, False, dict[tuple, None]()
        self.widths = {name: (-1 << form[0] - 1, (1 << form[0] - 1) - 1) for name, _, form in graph["values"]}
        self.shapes = {name: shape for name, shape, _ in graph["values"]}
        self.given = {name: self.constant(name, raw) for name, raw in arrays.items()}
        self.initial = [self.given.pop(before) for _, before, _ in graph["states"]]

    def constant(self, name: str, raw: bytes) -> Value:
        shape, start = self.shapes[name], 10 + int.from_bytes(raw[8:10], "little")
        ends = [fit(v * 2) for v in struct.iter_unpack("<q", raw[start:])]
        require(b"'<i8', 'fortran_order': False" in raw[:start], f"array {name} is not of int64")
        if len(shape) == 1:
            return Value(ends, {name: 1})
        columns = [Value(ends[k :: shape[1]], {f"{name} {k}": 1}) for k in range(shape[1])]
        pairs = [(e, d) for (e, _), (d, _) in zip(ends[::2], ends[1::2], strict=True)] if shape[1] == 2 else []
        if pairs and all(d > 0 or e == d == 0 for e, d in pairs):  # r · e and r
            columns[0] = columns[0]._replace(
                mean=({f"{name} 1": 1}, [(e // d, -(-e // d)) if d else () for e, d in pairs])
            )
        return Value([], {name: 1}, columns=tuple(columns))

    def made(self, word: str, name: str, x: tuple[Value, ...]) -> tuple[Value, str]:
        ends = ARRAYS[word](*x) if word in ARRAYS else [EACH[word](*p) for p in zip(*(v.ends for v in x), strict=True)]
        form, mean = ORIGINS[word](*x) if word in ORIGINS else ({}, None)
        power = {"": 1 << x[1].number()} if word == "rshift" and "" in x[1].form else None
        lemma = x[0].mean and x[0].mean[0] == (x[1].form if word == "div" else power) and not self.points
        ends = [fit(p, *INT16 if word == "div" else INT32) for p in (x[0].mean[1] if lemma else ends)]
        return Value(ends, form or {name: 1}, mean, x if word == "stack" else ()), "mean" if lemma else "word"

    def define(self, scope: dict[str, Value], name: str, value: Value) -> None:
        require(" " not in name and name not in scope, f"{name!r:.40} is defined twice")
        scope[name] = value

    def node(self, entry: Any, node: Any, scope: dict[str, Value]) -> Any:
        """The node once more, as the certificate should state it."""
        first, [out, *_] = [scope[name] for name in node["inputs"]], node["outputs"]
        if "body" in node:
            after, body, _ = self.carry(entry["body"], node["body"], first, scope, node["attrs"]["trips"])
            for name, value in zip(node["outputs"], after, strict=True):
                self.define(scope, name, Value(value.ends, {name: 1}, inputs=value.inputs))
            return node | {"body": body, "invariant": [value.shown() for value in after]}
        local, lines, attrs = dict(zip(node["inputs"], first, strict=True)), [], node["attrs"]
        for word, name, operands, *_ in entry["words"]:
            operands = [o if isinstance(o, str) else int(o) for o in operands]
            numbers = [o for o in operands if isinstance(o, int)]
            known = not numbers or numbers in [[attrs.get(key) for key in keys] for keys in NAMED]
            require(known or (word, *numbers) in FIXED, f"{numbers} are not the numbers of {out}")
            size = next((len(local[o].ends) for o in operands if isinstance(o, str)), 1)
            x = tuple(local[o] if isinstance(o, str) else Value([fit((o, o))] * size, {"": o}) for o in operands)
            local[name], rule = self.made(word, name, x)
            self.define(scope, name, local[name])
            lines.append([word, name, operands, join(*local[name].ends), rule])
            self.seen[out, word, *operands] = None
        value, parts = local[out], len(local[out].columns)
        require([len(value.ends) // max(parts, 1), parts] == [*self.shapes[out], 0][:2], f"{out} has another shape")
        ends, inputs = [fit(p, *self.widths[out]) for p in value.ends], (v.inputs for v in first)
        scope[out] = value._replace(ends=ends, inputs=frozenset().union(*inputs))
        return node | {"words": lines, "width": self.widths[out]} | scope[out].shown()

    def carry(self, stated: Any, body: Any, carried: list[Value], scope: dict[str, Value], trips: int) -> Any:
        """Around ``body``: on points ``trips`` times, on intervals until one more trip leaves everything inside."""
        for count in range(trips if self.points else 4 * ROUNDS):
            inner = dict(scope)
            for name, value in zip(body["params"], carried, strict=True):
                self.define(inner, name, Value(value.ends, {name: 1}, inputs=value.inputs))
            nodes = [self.node(*both, inner) for both in zip(stated["nodes"], body["nodes"], strict=True)]
            before, carried = carried, [inner[name] for name in body["results"]]
            for k, (name, old) in enumerate(zip(body["params"], before, strict=True) if not self.points else ()):
                ends = [fit(join(*p), *self.widths[name]) for p in zip(old.ends, carried[k].ends, strict=True)]
                ends = [self.widths[name]] * len(ends) if count >= ROUNDS and ends != old.ends else ends
                carried[k] = Value(ends, inputs=old.inputs | carried[k].inputs)
            if count + 1 == trips if self.points else carried == before:
                return carried, body | {"nodes": nodes}, inner
        raise ValueError("an invariant is not inductive")

    def derived(self, stated: Any) -> dict[str, Any]:
        """What the certificate should state; the replay is of random inputs, from reset."""
        ports, states, draw, trace = self.graph["inputs"], self.graph["states"], random.Random(0), list[int]()
        step = {"params": [s[1] for s in states], "results": [s[2] for s in states], "nodes": self.graph["nodes"]}
        full = {v: Value([INT16] * self.shapes[v][0], {v: 1}, inputs=frozenset([v])) for _, v in ports}
        invariant, body, _ = self.carry(stated["body"], step, self.initial, self.given | full, 1)
        reads = {v: [key[1:] for key in self.seen if v in key[2:]] for _, v in ports}
        doors = {v: r[0][2:] if [key[0] for key in r] == ["clip"] else INT16 for v, r in reads.items()}
        steps, now, self.points = stated["replay"]["steps"], self.initial, True
        for _ in range(min(steps, 1 << 10)):
            xs = {v: Value([(draw.getrandbits(16) - 32768,) * 2 for _ in x.ends], {v: 1}) for v, x in full.items()}
            now, _, inner = self.carry(stated["body"], step, now, self.given | xs, 1)
            trace += [p[0] for x in (*now, *(inner[v] for _, v in self.graph["outputs"])) for p in x.ends]
        return {
            "inputs": {label: [v, *doors[v]] for label, v in ports},
            "states": {s[0]: v.shown() for s, v in zip(states, invariant, strict=True)},
            "outputs": dict(self.graph["outputs"]),
            "saturating": [out for out, word, *_ in self.seen if word == "sat16"],
            "body": body,
            "replay": {"steps": steps, "sha256": hashlib.sha256(struct.pack(f"<{len(trace)}h", *trace)).hexdigest()},
        }


def check(folder: Path) -> Any:
    """The certificate in ``folder``, if it holds; whatever this raises means that it does not."""
    [path] = folder.glob("*.certificate.json")
    file = path.name.replace(".certificate.json", ".integer.lnn")
    stated, data = json.loads(path.read_bytes()), (folder / file).read_bytes()
    with zipfile.ZipFile(folder / file) as outer, zipfile.ZipFile(outer.open("weights.npz")) as inner:
        checker = Checker(json.loads(outer.read("graph.json")), {n[:-4]: inner.read(n) for n in inner.namelist()})
    head = {"schema": "lnncc.certificate/2", "graph": {"file": file, "sha256": hashlib.sha256(data).hexdigest()}}
    lines = [json.dumps(x, indent=0, sort_keys=True).splitlines() for x in (stated, head | checker.derived(stated))]
    for i, (found, derived) in enumerate(zip(*lines, strict=True)):
        require(found == derived, f"it states {found} where {derived} is derived, after {' '.join(lines[0][:i][-9:])}")
    return stated
