"""The checker: derives a certificate again, in plain Python integers, and compares every number (``docs/proof.md``)."""

import itertools
import json
import random
import struct
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

ROUNDS = 24  # of joining before what a loop or the state carries is widened to all that its format holds
INT16, INT32 = (-1 << 15, (1 << 15) - 1), (-1 << 31, (1 << 31) - 1)
Pair = tuple[int, ...]  # the least and the greatest that an element can be; twice the same where it is known


class Value(NamedTuple):
    """``mean`` = (weight, hulls) says that hull[0] · weight <= value <= hull[1] · weight, and that weight >= 0."""

    ends: list[Pair]
    form: dict[str, int] = {}  # noqa: RUF012  # linear, coefficients by name, that of "" being a number; never changed
    mean: Any = None
    columns: tuple["Value", ...] = ()  # of a pair or a constant matrix
    inputs: frozenset[str] = frozenset()  # that it is made of
    shifted: Any = None  # the forms of what was shifted to the right, half up, and of by how much

    def fits(self, width: Pair) -> "Value":
        return self._replace(ends=[(fit(p[0], *width), fit(p[1], *width)) for p in self.ends])

    def rows(self) -> Any:
        return zip(*(c.fits(INT16).ends for c in self.columns), strict=True)

    def like(self, x: Any) -> "Value":
        return x if isinstance(x, Value) else Value([(x, x)] * len(self.ends), {"": x})

    def read(self, word: str, rows: Any, low: int, s: int, n: int) -> "Value":
        """A word of ``TABLES`` rises or falls in each of ``n`` intervals of 2**s from ``low``, and is flat beyond."""
        of, ends = TABLES[word], []
        for y, p in zip(rows, self.ends, strict=True):
            first, last = (min(max(v - low, 0), (n << s) - 1) for v in p)
            inner = range((first >> s) + 1 << s, last + 1, 1 << s)
            ends.append(join([of(y, s, *divmod(v, 1 << s)) for v in {first, last, *inner, *(v - 1 for v in inner)}]))
        return Value(ends)

    def times(self, weight: "Value") -> Any:
        hulls = [p if w[1] else () for p, w in zip(self.ends, weight.ends, strict=True)]
        return (weight.form, hulls) if all(w[0] >= 0 for w in weight.ends) else None

    def plus(self, form: dict[str, int], mean: Any = None) -> Any:
        both = self.mean and mean
        return total(self.form, form), both and (total(self.mean[0], both[0]), list(map(join, self.mean[1], both[1])))

    def above(self, d: "Value") -> "Value":  # in a pair with ``d``, of which a shift, rounded up, made its weight
        form, s = (d.shifted[0], d.shifted[1][""]) if d.shifted and [*d.shifted[1]] == [""] else ({}, 0)
        ok = form and self.mean and self.mean[0] == total(form, {"": min(1 - (1 << s >> 1), 0)})
        return self._replace(mean=(d.form, [tuple(v << s for v in join(p, [0])) for p in self.mean[1]])) if ok else self

    def segments(self, terms: "Value", counts: "Value") -> "Value":
        [label], n = counts.form, points(counts.ends)
        form, weight = ({f"{k} over {label}": n for k, n in f.items()} for f in (terms.form, (terms.mean or [{}])[0]))
        ends = [fit_sum([p, *rest]) for p, rest in zip(self.ends, split(terms.ends, n), strict=True)]
        return Value(ends, *self.plus(form, terms.mean and (weight, [join(*p) for p in split(terms.mean[1], n)])))

    def shown(self) -> dict[str, Any]:
        return {"low": [p[0] for p in self.ends], "high": [p[1] for p in self.ends], "rests_on": sorted(self.inputs)}


def require(holds: bool, why: str) -> None:
    if not holds:
        raise ValueError(why)


def fit(x: int, low: int = INT32[0], high: int = INT32[1]) -> int:
    require(low <= x <= high, f"a word may take or give {x}, beyond {low} to {high}")
    return x


def fit_sum(terms: list[Pair]) -> Pair:
    fit(sum(max(-low, high) for low, high in terms))  # no partial sum leaves int32, in any order
    return sum(p[0] for p in terms), sum(p[1] for p in terms)


def join(*pairs: Any) -> Pair:
    return (min(numbers), max(numbers)) if (numbers := [v for p in pairs for v in p]) else ()


def points(ends: list[Pair]) -> list[int]:
    return [fit(low, high, high) for low, high in ends]


def split(terms: list[Pair], counts: list[int]) -> list[list[Pair]]:
    require(sum(counts) == len(terms), "segments do not cover their terms")
    return [list(itertools.islice(rest, n)) for rest in [iter(terms)] for n in counts]


def total(a: dict[str, int], b: dict[str, int]) -> dict[str, int]:
    return {k: n for k in {**a, **b} if (n := a.get(k, 0) + b.get(k, 0))}


def over(word: str, *x: Pair) -> Pair:
    """Between its turning points a word of ``EACH`` rises or falls in each of its operands, whatever the others are."""
    ends = [{*p, *(t for t in TURNS.get(word, ()) if p[0] < t < p[1])} for p in x]
    return join([EACH[word](*at) for at in itertools.product(*ends)])


EACH: dict[str, Any] = {  # the words of single elements: arithmetic, and what must fit on the way to an int32
    **{"add": int.__add__, "sub": int.__sub__, "mul": int.__mul__, "abs": abs},
    "mac": lambda acc, a, b: acc + fit(a * b),
    "clip": lambda x, low, high: min(max(x, low), high),
    "sat16": lambda x: min(max(x, INT16[0]), INT16[1]),
    "narrow": lambda x: fit(x, *INT16),
    "div": lambda n, d: fit(n + (fit(d, 1, 65535) >> 1)) // d,
    "rshift": lambda x, s: fit(x + (1 << fit(s, 0, 30) >> 1)) >> s,
    "shift_by": lambda x, left: EACH["rshift"](x, max(-left, 0)) << fit(max(left, 0), 0, 30),
    "sat_shift": lambda x, left, most: EACH["clip"](EACH["shift_by"](x, left), -most, most),
    "scale16": lambda x, m: x * fit(m, 0, 65535) + (1 << 15) >> 16,
    "norm": lambda x: 31 - fit(x, 1).bit_length(),
    "mantissa": lambda x: min((x << EACH["norm"](x) >> 14) + 1 >> 1, 65535),
}
TURNS = {"abs": [0], "mantissa": [v for k in range(1, 31) for v in ((1 << k) - 1, 1 << k)]}
ORIGINS: dict[str, Any] = {  # the linear form and the mean of a result, where it has any
    "add": lambda a, b: a.plus(b.form, b.mean),
    "sub": lambda a, b: a.plus({name: -n for name, n in b.form.items()}),
    "mul": lambda x, weight: ({}, x.times(weight)),
    "mac": lambda acc, x, weight: ({}, acc.plus({}, x.times(weight))[1]),
}
TABLES: dict[str, Any] = {  # the words that read nodes y, at a place in the interval i of 2**s
    "direct": lambda y, s, i, at: y[i],
    "lookup": lambda y, s, i, at: y[i] + (fit(y[i + 1] - y[i], -INT16[1], INT16[1]) * (at << 15 >> s) >> 15),
    "interpolate": lambda y, s, i, at: (y[i] << 15) + (y[i + 1] - y[i]) * (2 * at + 1 << 14 - s) + (1 << 15) >> 16,
}
ARRAYS: dict[str, Any] = {  # the words of whole arrays; what is a number comes as one
    "direct": lambda y, x, low, s: x.read("direct", [points(y.ends)] * len(x.ends), low, s, len(y.ends)),
    "lookup": lambda y, x, low, s: x.read("lookup", [points(y.ends)] * len(x.ends), low, s, len(y.ends) - 1),
    "interpolate": lambda y, x, s: x.fits(INT16).read("interpolate", map(points, y.rows()), INT16[0], s, 1 << 16 - s),
    "dot": lambda w, x: Value([fit_sum([over("mul", *p) for p in zip(y, x.ends, strict=True)]) for y in w.rows()]),
    "segment_sum": Value.segments,
    "take": lambda x, index: Value([x.ends[fit(i, 0)] for i in points(index.ends)]),
    "part": lambda x, start, n: Value([x.ends[fit(start, 0) + k] for k in range(n)]),
    "repeat": lambda x, n: Value([p for p, k in zip(x.ends, points(x.like(n).ends), strict=True) for _ in range(k)]),
    "column": lambda x, k: x.columns[fit(k, 0)],
    "concat": lambda *x: Value([p for v in x for p in v.ends]),
    "stack": lambda a, b: Value(a.ends + b.ends, columns=(a.above(b), b)),
}
ATTRS = "low high", "least most", "low shift", "start n", "shift", "down", "left", "n"  # numbers of words, as ALWAYS
ALWAYS = {"rshift 15", "add 15", "sub 0", "sub 32768", "lookup 0 7", "sat_shift 1073741824", "inertia clip 0 30"}
ALWAYS |= {"elapse clip -30 30", "decay clip -30 30", "inertia clip 1 65535", *(f"column {k}" for k in range(256))}
ALWAYS |= {"inertia clip -15 0", *(f"divide {x}" for k in range(31) for x in (f"rshift {k}", f"lookup {64 << k} {k}"))}


class Checker:
    """Runs the words of a graph's nodes, whatever their ops: on intervals to inductive invariants, or on ``points``."""

    def __init__(self, graph: Any, arrays: dict[str, bytes]) -> None:
        self.graph, self.points = graph, False
        self.widths = {name: (-1 << form[0] - 1, (1 << form[0] - 1) - 1) for name, _, form in graph["values"]}
        self.shapes = {name: shape for name, shape, _ in graph["values"]}
        self.given = {name: self.constant(name, raw) for name, raw in arrays.items()}
        self.initial = [self.given.pop(before) for _, before, _ in graph["states"]]

    def constant(self, name: str, raw: bytes) -> Value:
        shape, start = self.shapes[name], 10 + int.from_bytes(raw[8:10], "little")
        require(b"'<i8', 'fortran_order': False" in raw[:start], f"array {name} is not of int64")
        ends = [(fit(v), v) for (v,) in struct.iter_unpack("<q", raw[start:])]
        if len(shape) == 1:
            return Value(ends, {name: 1})
        parts = [Value(ends[k :: shape[1]], {f"{name} {k}": 1}) for k in range(shape[1])]
        pairs = [(e, d) for (e, _), (d, _) in zip(ends[::2], ends[1::2], strict=True)] if shape[1] == 2 else []
        if pairs and all(d > 0 or e == d == 0 for e, d in pairs):  # r · e and r
            parts[0] = parts[0]._replace(mean=(parts[1].form, [(e // d, -(-e // d)) if d else () for e, d in pairs]))
        return Value([], {name: 1}, columns=tuple(parts))

    def made(self, word: str, name: str, x: list[Any]) -> tuple[Value, str]:
        weight = x[1].form if word == "div" else {"": 1 << x[1]} if word == "rshift" and isinstance(x[1], int) else None
        if word in ARRAYS:
            value = ARRAYS[word](*x)
        else:
            x = [next(v for v in x if isinstance(v, Value)).like(v) for v in x]
            ends = [over(word, *p) for p in zip(*(v.ends for v in x), strict=True)]
            value = Value(ends, *ORIGINS.get(word, lambda *_: ())(*x), shifted=word == "rshift" and [v.form for v in x])
        lemma = not self.points and x[0].mean and x[0].mean[0] == weight
        value = value._replace(ends=x[0].mean[1] if lemma else value.ends, form=value.form or {name: 1})
        return value.fits(INT16 if word == "div" else INT32), "mean" if lemma else "word"

    def define(self, scope: dict[str, Value], names: list[str], values: list[Value]) -> None:
        for name, value in zip(names, values, strict=True):
            require(" " not in name and name not in scope, f"{name!r:.40} is defined twice")
            scope[name] = Value(value.ends, {name: 1}, inputs=value.inputs)

    def node(self, entry: Any, node: Any, scope: dict[str, Value]) -> Any:
        """The node once more, as the certificate should state it."""
        first, [out, *_] = [scope[name] for name in node["inputs"]], node["outputs"]
        if "body" in node:
            after, body, _ = self.carry(entry["body"], node["body"], first, scope, node["attrs"]["trips"])
            self.define(scope, node["outputs"], after)
            return node | {"body": body}
        local, lines = dict(zip(node["inputs"], first, strict=True)), []
        known = ALWAYS | {" ".join(str(node["attrs"].get(key)) for key in keys.split()) for keys in ("", *ATTRS)}
        for word, name, operands, *_ in entry["words"]:
            numbers = " ".join(str(o) for o in operands if not isinstance(o, str))
            meant = known & {numbers, f"{word} {numbers}", f"{node['op']} {word} {numbers}"}
            require(bool(meant), f"{numbers} are not the numbers of {out}")
            local[name], rule = self.made(word, name, [local[o] if isinstance(o, str) else o for o in operands])
            self.define(scope, [name], [local[name]])
            lines.append([word, name, operands, join(*local[name].ends), rule])
        value, parts = local[out], len(local[out].columns)
        require([len(value.ends) // max(parts, 1), parts] == [*self.shapes[out], 0][:2], f"{out} has another shape")
        scope[out] = value.fits(self.widths[out])._replace(inputs=frozenset().union(*(v.inputs for v in first)))
        return node | {"words": lines, "width": self.widths[out]} | scope[out].shown()

    def carry(self, stated: Any, body: Any, carried: list[Value], scope: dict[str, Value], trips: int) -> Any:
        """Around ``body``: on points ``trips`` times, on intervals until one more trip leaves everything inside."""
        for count in range(trips) if self.points else itertools.count():
            self.define(inner := dict(scope), body["params"], carried)
            nodes = [self.node(*both, inner) for both in zip(stated["nodes"], body["nodes"], strict=True)]
            before, carried = carried, [inner[name] for name in body["results"]]
            for k, (name, old) in enumerate(zip(body["params"], before, strict=True) if not self.points else ()):
                ends = [join(*p) for p in zip(old.ends, carried[k].ends, strict=True)]
                ends = [self.widths[name]] * len(ends) if count >= ROUNDS and ends != old.ends else ends
                carried[k] = Value(ends, inputs=old.inputs | carried[k].inputs).fits(self.widths[name])
            if count + 1 == trips if self.points else carried == before:
                return carried, body | {"nodes": nodes, "invariant": [v.shown() for v in carried]}, inner

    def derived(self, stated: Any) -> dict[str, Any]:
        """What the certificate should state; the replay is of random inputs, from reset."""
        states, draw, trace, dt = self.graph["states"], random.Random(0).getrandbits, sha256(), self.graph["dt"]
        step = {"params": [s[1] for s in states], "results": [s[2] for s in states], "nodes": self.graph["nodes"]}
        inputs = [v for _, v in self.graph["inputs"]] + [dt] * (dt is not None)
        full = {v: Value([self.widths[v]] * self.shapes[v][0], {v: 1}, inputs=frozenset([v])) for v in inputs}
        _, body, _ = self.carry(stated["body"], step, self.initial, self.given | full, 1)
        steps, now, self.points = min(stated["replay"]["steps"], 1 << 10), self.initial, True
        for _ in range(steps):
            xs = {v: Value([(draw(b.bit_length() + 1) + a,) * 2 for a, b in x.ends]) for v, x in full.items()}
            now, _, inner = self.carry(stated["body"], step, now, self.given | xs, 1)
            for x in (*now, *(inner[v] for _, v in self.graph["outputs"])):
                trace.update(struct.pack(f"<{len(x.ends)}h", *points(x.ends)))
        return {"body": body, "replay": {"steps": steps, "sha256": trace.hexdigest()}}


def check(folder: Path) -> Any:
    """The certificate in ``folder``, if it holds; whatever this raises means that it does not."""
    [path], [file] = folder.glob("*.certificate.json"), folder.glob("*.integer.lnn")
    stated, data = json.loads(path.read_bytes()), file.read_bytes()
    with zipfile.ZipFile(file) as outer, zipfile.ZipFile(outer.open("weights.npz")) as inner:
        checker = Checker(json.loads(outer.read("graph.json")), {n[:-4]: inner.read(n) for n in inner.namelist()})
    head = {"schema": "lnncc.certificate/3", "graph": {"file": file.name, "sha256": sha256(data).hexdigest()}}
    lines = [json.dumps(x, indent=0, sort_keys=True).splitlines() for x in (stated, head | checker.derived(stated))]
    for i, (found, derived) in enumerate(zip(*lines, strict=True)):
        require(found == derived, f"it states {found} where {derived} is derived, after {' '.join(lines[0][:i][-9:])}")
    return stated
