"""The verbs that only say what is known: targets, ops, doctor, explain."""

from argparse import Namespace
from importlib import import_module

from lnncc import doctor as checks
from lnncc import explain as pages
from lnncc import listing
from lnncc import ops as folder
from lnncc import packages as kinds
from lnncc import target as registry
from lnncc.cli.answer import Answer
from lnncc.primitives import NAMES as PRIMITIVES
from lnncc.target import Target
from lnncc.validate import here


def targets(args: Namespace) -> Answer:
    """All targets, and of each what it lacks to run on this machine, if anything."""
    found, boards = ([_listed(registry.load(name)) for name in known()] for known in (registry.names, registry.boards))
    width = max(len(str(entry["name"])) for entry in (*found, *boards)) + 2
    lines = [f"{entry['name']:<{width}}{entry['description']}{_lacks(entry)}" for entry in found]
    lines += ["", "boards, by the name of which a target may be called too:"]
    lines += [f"{entry['name']:<{width}}{entry['description']}{_lacks(entry)}" for entry in boards]
    return Answer({"targets": found, "boards": boards}, "\n".join(lines))


def _listed(target: Target) -> dict[str, object]:
    error = here.why_not(target)
    return {
        "name": target.name,
        "description": target.description,
        "emulated": target.board is not None,
        "hints": list(target.hints),
        "runnable": error is None,
        "lacks": None if error is None else error.title,
    }


def _lacks(entry: dict[str, object]) -> str:
    return "" if entry["runnable"] else f" [does not run here: {entry['lacks']}]"


def packages(args: Namespace) -> Answer:
    """Kinds of libraries, and what is checked of each."""
    found = [kinds.load(kind) for kind in kinds.kinds()]
    fields = [
        {"kind": p.kind, "description": p.description, "checked": p.checked, "unchecked": p.unchecked} for p in found
    ]
    return Answer({"packages": fields}, kinds.table())


def boards(args: Namespace) -> Answer:
    """Boards, and what is checked of each."""
    return Answer({"boards": list(registry.boards())}, listing.boards())


def ops(args: Namespace) -> Answer:
    """The ops of generated code, and the float primitives that become them."""
    texts = {name: _first_line(f"lnncc.ops.{name}") for name in sorted(folder.NAMES)}
    lines = list(texts.values())
    lines += ["", "made from: " + " ".join(sorted(PRIMITIVES))]
    fields = {"ops": [{"name": n, "summary": t} for n, t in texts.items()], "primitives": sorted(PRIMITIVES)}
    return Answer(fields, "\n".join(lines))


def _first_line(module: str) -> str:
    return (import_module(module).__doc__ or "").strip().partition("\n")[0]


def doctor(args: Namespace) -> Answer:
    found = checks.examine()
    width = max(len(c.name) for c in found) + 1
    lines = [f"{'ok' if c.ok else 'miss':<6}{c.name:<{width}}{c.detail if c.ok else '-> ' + c.get}" for c in found]
    failure = checks.failure(found)
    fields = {"ok": failure is None, "checks": [checks.fields(c) for c in found]}
    return Answer(fields, "\n".join(lines), failure)


def explain(args: Namespace) -> Answer:
    text = pages.page(args.code)
    return Answer({"code": args.code.upper(), "text": text}, text.rstrip("\n"))
