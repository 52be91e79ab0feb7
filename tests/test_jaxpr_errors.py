"""The JAX front end refuses with a code, at the user's own expression, and says what to do."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jaxpr_cases import H, N, W, X, of

from lnncc.errors import LnnccError
from lnncc.frontend.jaxpr import trace


def refused(step, params=W, state=H, inputs=X) -> LnnccError:
    with pytest.raises(LnnccError) as caught:
        trace(step, params, state=state, inputs=inputs)
    assert len(str(caught.value).splitlines()) <= 12
    return caught.value


def pointed(error: LnnccError) -> str:
    """What the caret underlines."""
    source = error.source
    assert source is not None and source.file == __file__, source
    line = Path(__file__).read_text(encoding="utf-8").splitlines()[source.line - 1]
    return line[source.column - 1 : source.end_column - 1]


UNSUPPORTED: dict[str, tuple[Callable, str, str, str]] = {
    "sort": (lambda p, h, x: 1 + jnp.sort(h), "jnp.sort(h)", "`sort`", "outside the step"),
    "fft": (lambda p, h, x: jnp.fft.rfft(h).real, "jnp.fft.rfft(h)", "`fft`", "allcombs"),
    "nextafter": (
        lambda p, h, x: jnp.nextafter(h, h + 1),
        "jnp.nextafter(h, h + 1)",
        "`nextafter`",
        "lnncc.cells.solve",
    ),
    "conv": (lambda p, h, x: jnp.convolve(h, x), "jnp.convolve(h, x)", "`conv_general_dilated`", "is a parameter"),
    "index": (lambda p, h, x: h[x[0].astype(int)], "h[x[0].astype(int)]", "use of primitive `", "index with constants"),
    "take": (lambda p, h, x: h[(x > 0).astype(int)], "h[(x > 0).astype(int)]", "`gather`", "index with constants"),
    "set": (lambda p, h, x: h.at[x.astype(int)].set(0.0), "h.at[x.astype(int)].set(0.0)", "`scatter`", "constants"),
    "add": (lambda p, h, x: h.at[x.astype(int)].add(x), "h.at[x.astype(int)].add(x)", "`scatter-add`", "constants"),
    "add_twice": (
        lambda p, h, x: h.at[jnp.array([1, 1, 2])].add(x),
        "h.at[jnp.array([1, 1, 2])].add(x)",
        "`scatter-add`",
        "",
    ),
    "outside": (
        lambda p, h, x: h.at[jnp.array([9])].get(mode="fill"),
        'h.at[jnp.array([9])].get(mode="fill")',
        "`gather`",
        "",
    ),
    "bits": (lambda p, h, x: h.astype(int) & 3, "h.astype(int) & 3", "use of primitive `and`", "bitwise"),
    "random": (
        lambda p, h, x: h + jax.random.normal(jax.random.PRNGKey(0), (N,)),
        "jax.random.normal(jax.random.PRNGKey(0), (N,))",
        "has no fixed-point form",
        "pass the noise in",
    ),
    "callback": (
        lambda p, h, x: jax.pure_callback(lambda a: a, jax.ShapeDtypeStruct((N,), h.dtype), h),
        "jax.pure_callback(lambda a: a, jax.ShapeDtypeStruct((N,), h.dtype), h)",
        "`pure_callback`",
        "cannot call Python",
    ),
    "constant_callback": (
        lambda p, h, x: h * jax.pure_callback(lambda a: a, jax.ShapeDtypeStruct((N,), h.dtype), p["b"]),
        'jax.pure_callback(lambda a: a, jax.ShapeDtypeStruct((N,), h.dtype), p["b"])',
        "`pure_callback`",
        "cannot call Python",
    ),
    "close": (lambda p, h, x: lax.lgamma(jnp.abs(h)), "lax.lgamma(jnp.abs(h))", "`lgamma`", "lnncc ops"),
    "complex": (lambda p, h, x: jnp.abs(h + 1j * h), "h + 1j * h", "has no fixed-point form", "lnncc ops"),
    "in_loop": (
        lambda p, h, x: lax.fori_loop(0, 3, lambda i, v: v + jnp.sort(v), h),
        "jnp.sort(v)",
        "`sort`",
        "float32[5]",
    ),
    "in_jit": (lambda p, h, x: jax.jit(lambda v: 2 * jnp.sort(v))(h), "jnp.sort(v)", "`sort`", "float32[5]"),
}


@pytest.mark.parametrize("case", UNSUPPORTED)
def test_unsupported_primitives(case: str) -> None:
    function, place, title, text = UNSUPPORTED[case]
    error = refused(of(function))
    assert error.code == "E0301"
    assert title in error.title and text in str(error), str(error)
    assert pointed(error) in place or place in pointed(error)


def test_io_callbacks_are_refused_though_nothing_reads_them() -> None:
    def step(p, h, x, dt):
        jax.experimental.io_callback(lambda a: None, None, h)
        return h, x

    assert "`io_callback`" in refused(step).title


def test_a_place_is_the_caller_of_jax_even_if_jax_cached_the_function() -> None:
    jax.make_jaxpr(lambda v: jnp.sort(v))(H)
    assert pointed(refused(of(lambda p, h, x: 3 * jnp.sort(h)))) == "jnp.sort(h)"


def test_places_count_characters_and_end_with_their_first_line() -> None:
    error = refused(of(lambda p, h, x: ("π", jnp.sort(h))[1]))
    assert pointed(error) == "jnp.sort(h)"
    error = refused(of(lambda p, h, x: jnp.sort(
        h)))  # fmt: skip
    assert pointed(error) == "jnp.sort("


def test_unbounded_loop() -> None:
    error = refused(of(lambda p, h, x: lax.while_loop(lambda v: v[0] < 3, lambda v: v + 1, h)))
    assert error.code == "E0302" and "no bound" in error.title and "fori_loop" in str(error)
    assert pointed(error).startswith("lax.while_loop(")
    error = refused(of(lambda p, h, x: lax.fori_loop(0, x[0].astype(int), lambda i, v: v + 1, h)))
    assert error.code == "E0302"


def test_loops_unroll_only_so_far() -> None:
    error = refused(of(lambda p, h, x: lax.fori_loop(0, 100_000, lambda i, v: v + i, h)))
    assert error.code == "E0302" and "unrolls to" in error.title
    assert pointed(error).startswith("lax.fori_loop(")


RESULTS = {
    "no pair": (lambda p, h, x: h, "float32[5], not a pair"),
    "three": (lambda p, h, x: (h, x, x), "not a pair"),
    "other tree": (lambda p, h, x: ({"h": h}, x), "the first result is dict(float32[5])"),
    "swapped": (lambda p, h, x: (x, h), "`state` goes in as float32[5], out as float32[3]"),
    "other kind": (lambda p, h, x: (h > 0, x), "out as bool[5]"),
}


@pytest.mark.parametrize("case", RESULTS)
def test_state_not_returned(case: str) -> None:
    step, text = RESULTS[case]
    error = refused(step)
    assert error.code == "E0303" and text in str(error), str(error)
    assert "lambda p, h, x:" in pointed(error)


def test_the_definition_is_found_through_decorators() -> None:
    @partial(jax.jit)
    @jax.checkpoint
    def decorated(p, h, x):
        return h

    assert pointed(refused(decorated)) == "def decorated(p, h, x):"
    assert pointed(refused(partial(decorated))) == "def decorated(p, h, x):"

    class Cell:
        def __call__(self, p, h, x):
            return h

    assert pointed(refused(Cell())) == "def __call__(self, p, h, x):"


def test_results_that_cannot_be() -> None:
    for step, name in (
        (lambda p, h, x: (h, h[:0]), "`y` cannot be compiled: it is float32[0]"),
        (lambda p, h, x: (h, {"a": 1j * x}), "`a` cannot be compiled: it is complex64[3]"),
    ):
        error = refused(step)
        assert error.code == "E0311" and name in error.title
        assert "lambda p, h, x" in pointed(error)
    error = refused(lambda p, h, x: (h, {"a/b": x, "a": {"b": x}}))
    assert error.code == "E0311" and "`y` are both called `a/b`" in error.title


def test_the_step_raises() -> None:
    error = refused(of(lambda p, h, x: p["cell"]["w"] @ x))
    assert error.code == "E0305" and "TypeError" in error.title
    assert pointed(error) == 'p["cell"]["w"] @ x'
    assert error.__cause__ is not None
    error = refused(of(lambda p, h, x: p["nothing"]))
    assert "KeyError: 'nothing'" in error.title and pointed(error) == 'p["nothing"]'


def test_an_error_of_ours_goes_through() -> None:
    def step(p, h, x):
        raise LnnccError("E0203", "mine")

    assert refused(step).title == "mine"


CONCRETE = {
    "if": (lambda p, h, x: h if x[0] > 0 else -h, "x[0] > 0"),
    "numpy": (lambda p, h, x: np.tanh(np.asarray(h)), "np.asarray(h)"),
    "range": (lambda p, h, x: sum(h for _ in range(p["order"][0])), "range("),
    "mask": (lambda p, h, x: h[h > 0], "h[h > 0]"),
}


@pytest.mark.parametrize("case", CONCRETE)
def test_python_asks_for_values(case: str) -> None:
    function, place = CONCRETE[case]
    error = refused(of(function))
    assert error.code == "E0309" and "jnp.where" in str(error)
    assert place in pointed(error)


def test_bad_signatures() -> None:
    error = refused(lambda p, s: (s, s))
    assert error.code == "E0311" and "takes (p, s)" in error.title and "lambda p, s" in pointed(error)
    assert refused(lambda a, b, c, d, e: None).code == "E0311"


LEAVES = {
    "a shape": ({"inputs": (6,)}, "E0311", "`x0` of `x` is no array but int 6"),
    "text": ({"state": {"h": "zero"}}, "E0311", "`h` of `state` is no array but str 'zero'"),
    "object": ({"params": {"w": object()}}, "E0311", "`w` of `params` is no array but object"),
    "complex": ({"params": {"w": 1j}}, "E0311", "`w` of `params` cannot be compiled"),
    "key": ({"params": {"k": jax.random.key(0)}}, "E0311", "`k` of `params` cannot be compiled"),
    "strings": ({"inputs": np.array(["a"])}, "E0311", "`x` of `x` cannot be compiled"),
    "empty": ({"inputs": np.zeros((0, 3))}, "E0311", "its shape is (0, 3)"),
    "twice": ({"inputs": {"a/b": X, "a": {"b": X}}}, "E0311", "both called `a/b`"),
    "nan": (
        {"params": {"cell": {"w": np.array([[1, np.nan], [np.inf, 2]])}}},
        "E0402",
        "`cell/w` contains 1 NaN and 1 inf of 4",
    ),
    "nan place": ({"params": {"w": np.array([[1, np.nan]])}}, "E0402", "first at w[0,1]"),
    "nan number": ({"params": {"w": float("nan")}}, "E0402", "a single number"),
    "nan state": ({"state": np.array([np.inf])}, "E0402", "initial state `state` contains 1 inf"),
}


@pytest.mark.parametrize("case", LEAVES)
def test_bad_leaves(case: str) -> None:
    changes, code, text = LEAVES[case]
    error = refused(lambda p, s, x: (s, x), **changes)
    assert error.code == code and text in str(error), str(error)


def test_shapes_are_fixed() -> None:
    (b,) = jax.export.symbolic_shape("b")
    error = refused(lambda p, s, x: (s, x), inputs=jax.ShapeDtypeStruct((b, 3), jnp.float32))
    assert error.code == "E0302" and "shape of `x` is not fixed" in error.title


def test_constants_that_are_not_finite() -> None:
    error = refused(of(lambda p, h, x: h / jnp.log(-jnp.abs(p["b"]))))
    assert error.code == "E0402" and "5 of its 5 values" in str(error)
    assert pointed(error) == 'jnp.log(-jnp.abs(p["b"]))'


def test_no_file_to_show() -> None:
    space: dict = {"jnp": jnp}
    exec("def step(p, h, x):\n    return h, jnp.sort(h)", space)
    error = refused(space["step"])
    assert error.source is not None and (error.source.file, error.source.line) == ("<string>", 2)


def test_an_input_that_c_cannot_count() -> None:
    error = refused(lambda p, h, x: (h, x[:3]), inputs=jax.ShapeDtypeStruct((1 << 16,), jnp.float32))
    assert error.code == "E0340" and "65535" in str(error)
