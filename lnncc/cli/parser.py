"""The command line as data: verbs, their arguments, and what was meant by a word that is neither."""

import argparse
import contextlib
from collections.abc import Mapping, Sequence
from typing import NoReturn

from lnncc.cli import project as projects
from lnncc.cli.answer import put
from lnncc.cli.project import Project
from lnncc.errors import LnnccError, meant
from lnncc.flash.frames import BAUD

VERBS = {
    "compile": "turn a model into integer-only C",
    "update": "write other weights for the code of a compiled model, as a file that a device in the field takes",
    "check": "derive the certificate of a compiled model again, and compare its words with the C",
    "verify": "compare a compiled model with its twin, bit for bit, and with the float model",
    "run": "run a compiled model on targets: its bits and what a step costs",
    "flash": "put a compiled model on a board, and ask it what it computes",
    "monitor": "step the model on a board over its serial port, and show its values",
    "export": "write a compiled model as ONNX: its integers, bit for bit, or its floats",
    "diff": "say what sets two compilations apart: formats, cost, error",
    "report": "say what a compiled model takes, gives and holds",
    "timing": "say which kernels of a compiled model take a time that depends on the data, on which core",
    "misra": "list where a compiled model departs from MISRA C:2012, by rule, and why (needs cppcheck)",
    "selftest": "write a kit of C that tests your own compiler and core on all that lnncc may write for a target",
    "bench": "measure accuracy on real data, cost on chips, drift, or speed beside JAX, ONNX Runtime and LiteRT",
    "packages": "list the kinds of libraries, and what is checked of each",
    "boards": "list the boards, and what is checked of each",
    "targets": "list the targets",
    "ops": "list what models may be made of",
    "doctor": "check what this machine lacks, and say how to get it",
    "explain": "explain an error code",
    "completion": "print a script by which a shell completes lnncc's words",
}
OF_A_PROJECT = frozenset({"compile", "check", "verify", "run", "export", "report"})  # its file says what is not given
HELP = frozenset({"-h", "--help"})
MOST = 10**9  # steps, or anything else that is counted
SHELLS = ("bash", "zsh", "tcsh")
SUITES = ("accuracy", "chips", "drift", "speed")
MODEL = (
    "model.lnn, model.onnx, weights of ncps (.npz, .safetensors, .weights.h5, .keras), or pkg.module:attribute "
    "(imports your code): a lnncc.Model, a function returning one, or a step"
)


class Parser(argparse.ArgumentParser):
    """argparse, but a mistake is an error of ours."""

    def error(self, message: str) -> NoReturn:
        raise _usage(message, f"see {self.prog} --help")

    def print_help(self, file: object = None) -> None:
        put(self.format_help().rstrip("\n"))


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The verb and its arguments. Raises E0210, with the closest match of a word that is none of them."""
    parser, verbs = parsers()
    verb = next((word for word in argv if not word.startswith("-")), None)
    if verb is not None and verb not in VERBS:
        raise _usage(f"there is no verb `{verb}`", *meant(verb, VERBS), "verbs: " + ", ".join(VERBS))
    _check_options(argv, parser if verb is None else verbs[verb], verb)
    project = projects.here() if verb in OF_A_PROJECT and HELP.isdisjoint(argv) else None
    args = parser.parse_args(argv) if project is None else _completed(parser, verbs, list(argv), project)
    if args.verb is None and not args.version:
        raise _usage("say what to do", "verbs: " + ", ".join(VERBS), "see lnncc --help")
    args.project = project
    return args


def _completed(parser: Parser, verbs: Mapping[str, Parser], argv: list[str], project: Project) -> argparse.Namespace:
    """What the user left out is as the project says."""
    verb = next(word for word in argv if word in VERBS)
    place = argv.index(verb) + 1
    first = projects.words(project, verbs[verb]._actions) if verb == "compile" else ()  # so that the user's own win
    words = [*argv[:place], *first, *argv[place:]]
    subject = projects.path(project, "model" if verb == "compile" else "output")
    try:
        return parser.parse_args(words)
    except LnnccError:
        if subject is None:
            raise
    return parser.parse_args([*words[:place], subject, *words[place:]])


def _check_options(argv: Sequence[str], parser: argparse.ArgumentParser, verb: str | None) -> None:
    """Before argparse, which would rather complain of what a mistyped option left out."""
    known = [option for action in parser._actions for option in action.option_strings]
    for word in argv[: list(argv).index("--")] if "--" in argv else argv:
        option = word.partition("=")[0]
        if option.startswith("--") and option not in known:
            place = "lnncc" if verb is None else f"lnncc {verb}"
            raise _usage(f"{place} has no option {option}", *meant(option, known), f"see {place} --help")


def _usage(title: str, *helps: str) -> LnnccError:
    return LnnccError("E0210", title, helps=helps)


def parsers() -> tuple[Parser, dict[str, Parser]]:
    """That of the command, and that of each verb, made anew."""
    top = Parser(prog="lnncc", description="Liquid neural networks, from JAX to fixed-point C.", allow_abbrev=False)
    top.add_argument("--version", action="store_true", help="print the version")
    every = Parser(add_help=False)
    every.add_argument("--json", action="store_true", help="answer with one JSON object")
    every.add_argument("--debug", action="store_true", help="show the traceback of an error")
    folder = top.add_subparsers(dest="verb", metavar="VERB", parser_class=Parser)
    verbs = {
        verb: folder.add_parser(verb, help=text, description=text, parents=[every], allow_abbrev=False)
        for verb, text in VERBS.items()
    }
    _compile(verbs["compile"])
    for verb in ("update", "check", "verify", "run", "flash", "export", "report", "timing", "misra"):
        verbs[verb].add_argument("folder", metavar="DIR", help="what `lnncc compile` wrote")
    _update(verbs["update"])
    _verify(verbs["verify"])
    _monitor(verbs["monitor"])
    _run(verbs["run"])
    _flash(verbs["flash"])
    _export(verbs["export"])
    _diff(verbs["diff"])
    _selftest(verbs["selftest"])
    on = "on these targets (default: the one it was compiled for)"
    verbs["timing"].add_argument("--on", metavar="TARGET", nargs="+", action="extend", default=[], help=on)
    _bench(verbs["bench"])
    _report(verbs["report"])
    verbs["explain"].add_argument("code", metavar="CODE", help="for example E0301")
    verbs["completion"].add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
    return top, verbs


def _compile(parser: Parser) -> None:
    add = parser.add_argument
    add("model", metavar="MODEL", help=MODEL)
    add("--target", metavar="T", required=True, help="what it runs on; see `lnncc targets`")
    add("-o", "--output", metavar="DIR", required=True, help="folder for the generated files")
    add("--calib", metavar="X.npz", help="recorded inputs, one array an input, time first")
    add("--range", metavar="X=LO:HI", action="append", default=[], help="the range of an input (repeat for more)")
    add("--dt", metavar="DT", help="time between two steps, in the units of training; LO:HI: each step is told")
    add("--bits", metavar="N", default="16", help="of weights: 8, 16 (default), or auto: a search under a budget")
    add("--max-abs", metavar="E", type=float, help="for a search: the largest error of any output, in its units")
    add("--rms", metavar="E", type=float, help="for a search: the largest RMS error of any output")
    add("--flash", metavar="N", help="for --bits auto: bytes of flash, 8192 or 8k, the code included")
    add("--objective", metavar="O", default="flash", help="for --bits auto: make flash, cycles or ram small")
    add("--plot", metavar="F", help="for --bits auto: draw what it saw, cost against error, into F.svg or F.png")
    add("--choices", metavar="DIR", help="take the formats of an earlier build of the same model")
    add("--optimise", metavar="FOR", default="balanced", help="speed, size or balanced (default)")
    solver = (
        "not the solver steps of an LTC as trained: unfolds=N, frozen=N, refit=N, or auto, under --max-abs or --rms"
    )
    add("--solver", metavar="S", help=solver)
    add(
        "--tap",
        metavar="VALUE",
        action="append",
        default=[],
        help="a value inside to copy out, as --dump names it (repeat)",
    )
    add(
        "--updatable",
        action="store_true",
        help="the C takes other weights while it runs, as `lnncc update` writes them",
    )
    add("--batch", metavar="LANES", type=int, help="also C for many streams, 4, 8, 16 or 32 at a time")
    add("--name", metavar="NAME", default="model", help="of the C functions and files (default: model)")
    add("--package", metavar="KIND,...", help="also libraries, into DIR/packages: arduino, cmake, zephyr; see README")
    add("--dump", metavar="DIR", help="write the graph after each stage into this folder")
    _of_a_model(parser)
    add("--frozen", action="store_true", help="write nothing; fail if DIR is not what would be written")
    add("--require-size", action="store_true", help="fail if flash, RAM and stack cannot be measured")


def _of_a_model(parser: Parser) -> None:
    """What a file of a model does not say."""
    add = parser.add_argument
    states = "the output of an ONNX model that is the next state of an input (repeat for more); none: it has no state"
    add("--state", metavar="IN=OUT", action="append", default=[], help=states)
    add("--ncps", metavar="NAME=VALUE", action="append", default=[], help="what weights of ncps do not say (repeat)")
    add(
        "--params", metavar="FILE", help="parameters of a step: .npz, .safetensors, flax' .msgpack or a folder of orbax"
    )


def _update(parser: Parser) -> None:
    add = parser.add_argument
    model = "the new weights, in a model of the same structure; without, DIR is an update that --to sends"
    add("model", metavar="MODEL", nargs="?", help=f"{model}: {MODEL}")
    add("-o", "--output", metavar="DIR2", help="folder for the update, NAME.lnu, and all it is made of")
    to = "send it to the board behind this serial port, URL of pyserial, or emulated:BOARD (extra `serial`)"
    add("--to", metavar="PORT", help=to)
    _baud(parser)
    add("--calib", metavar="X.npz", help="recorded inputs, for which weights are rounded")
    saturating = "take weights by which values may saturate, counted, that could not before"
    add("--saturating", action="store_true", help=saturating)
    number = "tells later updates from earlier ones (default: one more than that of the folder)"
    add("--number", metavar="N", type=int, help=number)
    _of_a_model(parser)


def _verify(parser: Parser) -> None:
    add = parser.add_argument
    add("--data", metavar="X", help="inputs, npz or CSV (default: seeded random inputs in the declared ranges)")
    add("--on", metavar="TARGET", nargs="+", action="extend", default=[], help="also on these targets")
    port = "also on the board behind this serial port, URL of pyserial, or emulated:BOARD (extra `serial`)"
    add("--on-device", metavar="PORT", help=port)
    _baud(parser)
    add("--steps", metavar="N", type=_count, help="how many steps: data are repeated; without, an input that wanders")
    add("--nodes", action="store_true", help="also say which node puts how much error on each output")
    add("--max-abs", metavar="E", type=float, help="largest error that an output may have, in its own units")


def _monitor(parser: Parser) -> None:
    add = parser.add_argument
    add("port", metavar="PORT", help="a serial port, a URL of pyserial, or emulated:BOARD (extra `serial`)")
    add("folder", metavar="DIR", nargs="?", help="what `lnncc compile` wrote: names, and the model that it must be")
    add("--data", metavar="X", help="inputs of one stream, npz or CSV (default: zeros)")
    add("--steps", metavar="N", type=_count, help="how many (default: all of the data; of zeros, until Ctrl-C)")
    add("--period", metavar="S", type=_pause, default=0.1, help="seconds from one step to the next (default: 0.1)")
    _baud(parser)


def _pause(word: str) -> float:
    return 0.0 if word == "0" else _period(word)


def _baud(parser: Parser) -> None:
    parser.add_argument("--baud", metavar="N", type=_count, default=BAUD, help=f"of that port (default: {BAUD})")


def _export(parser: Parser) -> None:
    add = parser.add_argument
    add("-o", "--output", metavar="FILE", required=True, help="the .onnx file to write")
    add("--kind", metavar="KIND", default="integer", help="integer (default), float32 or float64")


def _diff(parser: Parser) -> None:
    add = parser.add_argument
    add("before", metavar="DIR1", help="what `lnncc compile` wrote")
    add("after", metavar="DIR2", help="and then")
    add("--data", metavar="X.npz", help="inputs for the errors (default: seeded random inputs in DIR1's ranges)")


def _report(parser: Parser) -> None:
    add = parser.add_argument
    add("--html", metavar="F", help="also write it as a page: one file that needs nothing else")
    add("--data", metavar="X.npz", help="inputs (default: seeded inputs that wander through the declared ranges)")
    add("--period", metavar="S", type=_period, help="seconds between two steps, for a day")


def _period(word: str) -> float:
    with contextlib.suppress(ValueError):
        seconds = float(word)
        if 0 < seconds < float("inf"):
            return seconds
    raise argparse.ArgumentTypeError(f"{word} is no time between two steps")


def _count(word: str) -> int:
    with contextlib.suppress(ValueError):
        count = int(word)
        if 1 <= count <= MOST:
            return count
    raise argparse.ArgumentTypeError(f"{word} is no whole number from 1 to {MOST:,}")


def _selftest(parser: Parser) -> None:
    add = parser.add_argument
    add("--target", metavar="T", required=True, help="what the kit is for; see `lnncc targets`")
    add("-o", "--output", metavar="DIR", required=True, help="folder for the kit")
    add("--parts", metavar="PART,...", help="only these parts, where flash is small (default: all)")
    add("--run", action="store_true", help="also build it here and run it, or have it run in an emulator")


def _bench(parser: Parser) -> None:
    add = parser.add_argument
    add("suite", metavar="SUITE", choices=SUITES, help=f"what to measure: {', '.join(SUITES)}")
    add(
        "--data",
        metavar="FOLDER",
        required=True,
        help="holds one folder a data set or model; what is absent is skipped",
    )
    add("--set", metavar="NAME", nargs="+", action="extend", default=[], help="only these data sets or models")
    add("--full", action="store_true", help="every cell and metric, and how each protocol differs")


def _run(parser: Parser) -> None:
    add = parser.add_argument
    add("--on", metavar="TARGET", nargs="+", action="extend", required=True, help="see `lnncc targets`")
    add(
        "--data",
        metavar="X",
        help="inputs of one stream, npz or CSV (default: seeded random inputs in the declared ranges)",
    )
    add("--emulator", metavar="NAME", help="unicorn, qemu or simavr (default: the target's first that is installed)")


def _flash(parser: Parser) -> None:
    add = parser.add_argument
    add("--board", metavar="B", required=True, help="see `lnncc targets`; qemu-... and simavr-... are emulated")
    add("--dry-run", action="store_true", help="build, and print the command lines instead of running them")
    add("--tool", metavar="TOOL", help="pyocd, openocd, probe-rs, ... (default: the board's first that is installed)")
    add("--port", metavar="P", help="the board's serial port, where several are there")
    add("--probe", metavar="ID", help="the debug probe, gdb server or UF2 drive, where several are there")
    kinds = "vectors: it tests itself (default); serial: it serves its serial line, for `lnncc monitor`"
    add("--firmware", metavar="KIND", choices=("vectors", "serial"), default="vectors", help=kinds)
