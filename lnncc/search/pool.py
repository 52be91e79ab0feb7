"""Candidates measured side by side: on the executor that the user passes, or on processes of this machine."""

import multiprocessing
import os
import sys
import time
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

from lnncc.choices import Choices
from lnncc.search.problem import Measured, Problem, measure

WORTH_A_POOL = 20.0  # seconds of work below which starting processes costs more than it saves


class Meter:
    """Measures candidates, each once; results come in the order asked for, whatever the order they are done in."""

    def __init__(self, case: Problem, executor: Executor | None, tell: Callable[[str], None] | None) -> None:
        self.case, self.executor, self.tell = case, executor, tell
        self.known: dict[tuple[str, bool], Measured] = {}
        self.seconds = 0.0  # that one candidate took

    def one(self, choices: Choices, *, whole: bool = False) -> Measured:
        key = (_key(choices), whole)
        if key not in self.known:
            start = time.perf_counter()
            self.known[key] = measure(self.case, choices, whole=whole)
            self.seconds = time.perf_counter() - start
        return self.known[key]

    def many(self, asked: Sequence[Choices]) -> list[Measured]:
        new = {_key(c): c for c in asked if (_key(c), False) not in self.known}
        for name, found in zip(new, self._map(list(new.values())), strict=True):
            self.known[name, False] = found
        return [self.known[_key(c), False] for c in asked]

    def _map(self, new: list[Choices]) -> Iterable[Measured]:
        if self.executor is not None:
            return self._told(self.executor.map(measure, [self.case] * len(new), new), len(new))
        workers = min(os.cpu_count() or 1, len(new))
        if workers < 2 or len(new) * self.seconds < WORTH_A_POOL:
            return self._told((measure(self.case, c) for c in new), len(new))
        with _without_main(), ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
            return list(self._told(pool.map(measure, [self.case] * len(new), new), len(new)))

    def _told(self, results: Iterable[Measured], count: int) -> Iterator[Measured]:
        if self.tell is None or count < 2:
            yield from results
            return
        for done, result in enumerate(_bar(results, count, self.tell), 1):
            if done == count:
                self.tell(f"measured {count} candidates")
            yield result


def _bar(results: Iterable[Measured], count: int, tell: Callable[[str], None]) -> Iterable[Measured]:
    """With tqdm's bar on a terminal, if it is installed."""
    if not sys.stderr.isatty():
        return results
    try:
        from tqdm import tqdm
    except ImportError:
        return results
    return tqdm(results, total=count, desc="candidates", leave=False)


def _key(choices: Choices) -> str:
    return repr(choices.to_dict())


@contextmanager
def _without_main() -> Iterator[None]:
    """New processes import the script that runs, which may not expect that; ours need nothing of it."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
