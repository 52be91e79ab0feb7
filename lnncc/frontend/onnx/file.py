"""An ONNX file: read with limits, checked by onnx itself, local and standard functions inlined. Nothing is executed."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from lnncc.errors import LnnccError
from lnncc.frontend.onnx.rules import RULES

if TYPE_CHECKING:
    from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto

MAX_FILE = 1 << 28  # bytes, external data included
MAX_NODES = 100_000
MAX_DEPTH = 16  # of graphs within graphs
STANDARD = ("", "ai.onnx")
KEPT = ("Loop", "If", "Scan", "SequenceMap", *RULES)  # what is not to be inlined as the function that defines it


def package() -> ModuleType:
    """onnx. Raises E0703 with how to get it."""
    try:
        import onnx.checker
        import onnx.inliner
    except ImportError as error:
        raise LnnccError(
            "E0703",
            "ONNX files need the package onnx",
            notes=(str(error),),
            helps=("pip install 'lnncc[onnx]'",),
        ) from error
    return onnx


def read(path: Path, external_data: bool) -> "tuple[GraphProto, int]":
    """The graph in ``path`` and its version of the standard operators.

    Raises:
        LnnccError: E0337, E0338 or E0703.
    """
    onnx = package()
    model = _parsed(onnx, path)
    _refuse_large(model, path)
    _refuse_explosive(model, path)
    tensors = [t for t in _tensors(model) if t.data_location == onnx.TensorProto.EXTERNAL]
    if tensors:
        _load_external(onnx, tensors, path, external_data)
    try:
        onnx.checker.check_model(model)
        model = onnx.inliner.inline_local_functions(model)
    except Exception as error:  # onnx raises its own types and plain ones; whatever it is, the file is not valid
        raise invalid(path, " ".join(str(error).split())[:300]) from error
    model = _standard_functions_inlined(onnx, model)
    _refuse_large(model, path)
    return model.graph, _opset(model, path)


def _standard_functions_inlined(onnx: ModuleType, model: "ModelProto") -> "ModelProto":
    """As it is where onnx cannot tell the types that some functions depend on: the walk then names the operator."""
    kept = [("", op) for op in KEPT]
    try:
        return onnx.inliner.inline_selected_functions(model, kept, exclude=True, inline_schema_functions=True)
    except RuntimeError:
        return model


def invalid(path: Path, why: str) -> LnnccError:
    return LnnccError(
        "E0337",
        f"{path} is no ONNX model that can be read",
        notes=(why,),
        helps=("check it with onnx.checker.check_model, and export it again",),
    )


def _parsed(onnx: ModuleType, path: Path) -> "ModelProto":
    if not path.is_file():
        raise LnnccError("E0330", f"there is no file {path}", helps=("give the path of a .onnx file",))
    if path.stat().st_size > MAX_FILE:
        raise invalid(path, f"it has {path.stat().st_size} bytes, and lnncc reads at most {MAX_FILE}")
    try:
        return onnx.load_model_from_string(path.read_bytes())
    except Exception as error:
        raise invalid(path, " ".join(str(error).split())[:200]) from error


def _refuse_large(model: "ModelProto", path: Path) -> None:
    count = sum(len(g.node) for g in (*_graphs(model.graph, path), *model.functions))
    if count > MAX_NODES:
        raise invalid(path, f"it has {count} nodes, and lnncc reads at most {MAX_NODES}")


def _refuse_explosive(model: "ModelProto", path: Path) -> None:
    """Functions that call functions can stand for any number of nodes, or for themselves."""
    functions = {(f.domain, f.name): f for f in model.functions}
    sizes = dict[tuple[str, str], int]()

    def size(nodes: "Iterable[NodeProto]", within: frozenset[tuple[str, str]]) -> int:
        total = 0
        for node in nodes:
            total += 1
            key = (node.domain, node.op_type)
            if key in within or len(within) > MAX_DEPTH:
                raise invalid(path, f"its functions call themselves, or are nested more than {MAX_DEPTH} deep")
            if key in functions and key not in sizes:
                sizes[key] = size(functions[key].node, within | {key})
            total += sizes.get(key, 0)
            total += sum(size(inner.node, within) for inner in _inner(node.attribute))
            if total > MAX_NODES:
                raise invalid(path, f"its functions make it more than {MAX_NODES} nodes")
        return total

    size(model.graph.node, frozenset())


def _graphs(graph: "GraphProto", path: Path | None = None, depth: int = 0) -> "Iterator[GraphProto]":
    """The graph and those within it."""
    if depth > MAX_DEPTH and path is not None:
        raise invalid(path, f"its graphs are nested more than {MAX_DEPTH} deep")
    yield graph
    for inner in _inner(_attributes(graph)):
        yield from _graphs(inner, path, depth + 1)


def _inner(attributes: "Iterable[AttributeProto]") -> "Iterator[GraphProto]":
    for attribute in attributes:
        yield from (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else ()))


def _attributes(graph: "GraphProto") -> "Iterator[AttributeProto]":
    return (attribute for node in graph.node for attribute in node.attribute)


def _tensors(model: "ModelProto") -> "Iterator[TensorProto]":
    """All that the model holds, those in functions included."""
    bodies = [g for f in model.functions for g in _inner(a for n in f.node for a in n.attribute)]
    for each in (g for outer in (model.graph, *bodies) for g in _graphs(outer)):
        yield from each.initializer
        for sparse in each.sparse_initializer:
            yield from (sparse.values, sparse.indices)
        yield from _held(_attributes(each))
    yield from _held(a for f in model.functions for n in f.node for a in n.attribute)


def _held(attributes: "Iterable[AttributeProto]") -> "Iterator[TensorProto]":
    for attribute in attributes:
        yield from (*attribute.tensors, *([attribute.t] if attribute.HasField("t") else ()))
        for sparse in (
            *attribute.sparse_tensors,
            *([attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else ()),
        ):
            yield from (sparse.values, sparse.indices)


def _opset(model: "ModelProto", path: Path) -> int:
    used = {node.domain for each in _graphs(model.graph) for node in each.node} - set(STANDARD)
    if used:
        raise LnnccError(
            "E0331",
            f"{path} has operators outside the standard: domain {', '.join(sorted(used))}",
            helps=("export with standard ONNX operators only",),
        )
    return max((o.version for o in model.opset_import if o.domain in STANDARD), default=1)


def _load_external(onnx: ModuleType, tensors: "list[TensorProto]", path: Path, asked: bool) -> None:
    """Only where asked for, and only plain files of one link beside the model: a name is no way out of its folder."""
    from onnx.external_data_helper import load_external_data_for_tensor

    names = {entry.value for t in tensors for entry in t.external_data if entry.key == "location"}
    if not asked:
        raise LnnccError(
            "E0338",
            f"{path} keeps weights in {len(names)} other file(s)",
            helps=(
                "save it as one file: onnx.save(onnx.load(path), path, save_as_external_data=False)",
                "or, if you trust it, in Python: lnncc.from_onnx(path, external_data=True)",
            ),
        )
    for name in sorted(names):
        _require_plain(path, name)
    if path.stat().st_size + sum((path.parent / name).stat().st_size for name in names) > MAX_FILE:
        raise invalid(path, f"with its external data it has more than {MAX_FILE} bytes")
    for tensor in tensors:
        try:
            load_external_data_for_tensor(tensor, str(path.parent))
        except Exception as error:
            raise _outside(path, " ".join(str(error).split())[:200]) from error
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]


def _require_plain(path: Path, name: str) -> None:
    beside = path.parent / name
    if Path(name).name != name or name in ("", ".", "..") or "\\" in name:
        raise _outside(path, "it names a file outside the model's folder")
    if beside.is_symlink() or not beside.is_file() or beside.stat().st_nlink != 1:
        raise _outside(path, "what it names beside the model is no plain file of one link")


def _outside(path: Path, why: str) -> LnnccError:
    return LnnccError(
        "E0338",
        f"the external data of {path} cannot be read",
        notes=(why,),
        helps=("save it as one file: onnx.save(onnx.load(path), path, save_as_external_data=False)",),
    )
