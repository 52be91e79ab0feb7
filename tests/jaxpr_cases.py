"""Steps that the tests of the JAX front end share: cells, and functions of one state and one input."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.ad_checkpoint import checkpoint_name

RNG = np.random.default_rng(7)
N, M = 5, 3
W = {
    "cell": {"w": RNG.normal(size=(N, N)), "u": RNG.normal(size=(N, M)), "mu": RNG.normal(size=(N, N))},
    "b": RNG.normal(size=N),
    "mask": np.array(RNG.random((N, N)) < 0.5),
    "order": np.array([3, 1, 4]),
}
H, X = RNG.normal(size=N), RNG.normal(size=M)


def synapses(p, v, x):
    g = jax.nn.softplus(p["cell"]["w"]) * jax.nn.sigmoid(3 * (v[:, None] - p["cell"]["mu"])) * p["mask"]
    drive = jax.nn.softplus(p["b"]) + p["cell"]["u"] @ x
    return (g * p["cell"]["mu"]).sum(0) + drive, g.sum(0) + jax.nn.softplus(p["b"])


def fused(p, v, x, dt):
    numerator, denominator = synapses(p, v, x)
    rate = 6 / dt
    return (rate * v + numerator) / (rate + denominator + 1e-8)


def ltc_python(p, h, x, dt):
    for _ in range(6):
        h = fused(p, h, x, dt)
    return h, h[:2]


def ltc_fori(p, h, x, dt):
    h = lax.fori_loop(0, 6, lambda i, v: fused(p, v, x, dt), h)
    return h, h[:2]


def ltc_scan(p, h, x, dt):
    h, _ = lax.scan(lambda v, _: (fused(p, v, x, dt), None), h, None, length=6)
    return h, h[:2]


def ltc_while(p, h, x, dt):
    """A loop whose bound is a constant, although JAX makes it a ``while``."""
    _, h = lax.while_loop(lambda c: c[0] < p["order"][0], lambda c: (c[0] + 1, fused(p, c[1], x, dt)), (0, h))
    return h, h[:2]


def cfc(p, h, x, dt):
    z = jnp.tanh(p["cell"]["w"] @ h + p["cell"]["u"] @ x + p["b"])
    f1, f2 = jnp.tanh(p["cell"]["w"] @ z), jnp.tanh(p["cell"]["mu"] @ z)
    t = jax.nn.sigmoid(z * dt + p["b"])
    return f1 * (1 - t) + t * f2, z


def gru(p, h, x, dt):
    r = jax.nn.sigmoid(p["cell"]["w"] @ h + p["cell"]["u"] @ x)
    z = jax.nn.sigmoid(p["cell"]["mu"] @ h)
    n = jnp.tanh(p["cell"]["u"] @ x + r * (p["cell"]["w"] @ h))
    return (1 - z) * n + z * h, {"y": h, "gate": z}


def lstm(p, s, x, dt):
    w, u = p["cell"]["w"], p["cell"]["u"]
    i, f, g, o = jnp.split(jnp.concatenate([w @ s["h"], u @ x, s["c"], w.T @ s["h"] + p["b"]]), 4)
    c = jax.nn.sigmoid(f) * s["c"] + jax.nn.sigmoid(i) * jnp.tanh(g)
    return {"h": jax.nn.sigmoid(o) * jnp.tanh(c), "c": c}, c


def rk4(p, h, x, dt):
    f = lambda v: jnp.tanh(p["cell"]["w"] @ v + p["cell"]["u"] @ x) - v  # noqa: E731
    k1 = f(h)
    k2 = f(h + dt / 2 * k1)
    k3 = f(h + dt / 2 * k2)
    k4 = f(h + dt * k3)
    return h + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4), h


def of(function: Callable) -> Callable:
    """A step whose output is ``function`` of state and input, and whose state stays."""
    return lambda p, h, x, dt: (h, function(p, h, x))


MODELS = {
    "ltc_python": ltc_python,
    "ltc_fori": ltc_fori,
    "ltc_scan": ltc_scan,
    "ltc_while": ltc_while,
    "cfc": cfc,
    "cfc_jit": jax.jit(cfc),
    "gru": gru,
    "rk4": rk4,
    "remat": jax.checkpoint(cfc),
}


@jax.custom_vjp
def doubled(x):
    return x * 2


doubled.defvjp(lambda x: (doubled(x), None), lambda _, g: (g * 2,))

FUNCTIONS: dict[str, Callable] = {
    "softplus": lambda p, h, x: jax.nn.softplus(h),
    "silu": lambda p, h, x: jax.nn.silu(h),
    "gelu": lambda p, h, x: jax.nn.gelu(h),
    "gelu_exact": lambda p, h, x: jax.nn.gelu(h, approximate=False),
    "relu": lambda p, h, x: jax.nn.relu(h),
    "elu": lambda p, h, x: jax.nn.elu(h),
    "leaky": lambda p, h, x: jax.nn.leaky_relu(h),
    "hard_tanh": lambda p, h, x: jax.nn.hard_tanh(h),
    "soft_sign": lambda p, h, x: jax.nn.soft_sign(h),
    "softmax": lambda p, h, x: jax.nn.softmax(h),
    "logsumexp": lambda p, h, x: jax.nn.logsumexp(h),
    "erfc": lambda p, h, x: lax.erfc(h),
    "clip": lambda p, h, x: jnp.clip(h, -0.5, 0.5),
    "clip_int": lambda p, h, x: jnp.clip(h, -1, 1),
    "clamp": lambda p, h, x: lax.clamp(-0.5, h, 0.5),
    "where": lambda p, h, x: jnp.where(h > 0, h, x[0]),
    "where_mask": lambda p, h, x: jnp.where(p["mask"][0], h, -h),
    "select_n": lambda p, h, x: lax.select_n(jnp.int32(h > 0) + jnp.int32(h > 1), h, 2 * h, 3 * h),
    "truth": lambda p, h, x: (h > 0) & ~(h < x[0]) | (h == 1),
    "xor": lambda p, h, x: (h > 0) ^ (h > x[0]),
    "astype": lambda p, h, x: (h > 0).astype(h.dtype) * h,
    "to_bool": lambda p, h, x: h.astype(bool),
    "to_int": lambda p, h, x: (3 * h).astype(jnp.int32) // 2 + jnp.int32(1),
    "int_div": lambda p, h, x: lax.div((30 * h).astype(jnp.int32), jnp.int32(7)),
    "powers": lambda p, h, x: h**2 + h**3 + h**7 + h**0 + 1 / (2 + h * h) ** 2 + lax.integer_pow(2 + h * h, -3),
    "pow": lambda p, h, x: jnp.abs(h) ** 1.5 + jnp.power(jnp.abs(h), x[0]),
    "square": lambda p, h, x: jnp.square(h) + lax.square(h),
    "roots": lambda p, h, x: jnp.sqrt(jnp.abs(h)) + lax.rsqrt(1 + h * h) + jnp.cbrt(p["b"]),
    "logs": lambda p, h, x: jnp.log(1 + h * h) + jnp.log1p(h * h) + jnp.log2(1 + h * h) + jnp.exp2(h) + jnp.expm1(h),
    "waves": lambda p, h, x: jnp.sin(h) + jnp.cos(h) + jnp.tan(h) + jnp.arctan(h),
    "hyperbolic": lambda p, h, x: jnp.sinh(h) + jnp.cosh(h) + jnp.arcsinh(h) + jnp.cbrt(h),
    "arcs": lambda p, h, x: jnp.arcsin(h / 4) + jnp.arccos(h / 4) + jnp.arctanh(h / 4) + jnp.arccosh(1 + h * h),
    "steps": lambda p, h, x: jnp.floor(3 * h) + jnp.ceil(3 * h) + jnp.round(3 * h) + jnp.sign(h) + jnp.fmod(3 * h, 2),
    "round_away": lambda p, h, x: lax.round(jnp.round(4 * h) / 2),
    "dot": lambda p, h, x: h @ p["cell"]["w"],
    "einsum": lambda p, h, x: jnp.einsum("i,ij,j->i", h, p["cell"]["u"], x),
    "outer": lambda p, h, x: jnp.outer(h, x) @ x,
    "batched_dot": lambda p, h, x: jnp.einsum("ij,ij->i", h[:, None] * p["cell"]["w"], p["cell"]["mu"]),
    "stack": lambda p, h, x: (
        jnp.stack([h, 2 * h], axis=1) * jnp.stack(jnp.unstack(jnp.outer(h, x), axis=1)[:2], axis=1)
    ),
    "transpose": lambda p, h, x: jnp.outer(h, x).T.sum(1),
    "mean_max": lambda p, h, x: jnp.stack([h.mean(), h.max(), h.min(), h.prod(), jnp.linalg.norm(h)]),
    "argmax": lambda p, h, x: jnp.stack([jnp.argmax(h), jnp.argmin(h)]) + 0.5,
    "argmax_axis": lambda p, h, x: jnp.argmax(jnp.outer(h, x), axis=0) + jnp.argmin(jnp.outer(x, h), axis=1),
    "conv": lambda p, h, x: jnp.convolve(h, p["b"][:3], mode="same"),
    "conv_channels": lambda p, h, x: lax.conv_general_dilated(
        jnp.outer(x, h)[None], p["cell"]["w"][:4, :3, None] * p["b"][:2], (2,), "SAME", rhs_dilation=(2,)
    )[0],
    "cumsum": lambda p, h, x: jnp.cumsum(h) + jnp.cumsum(jnp.outer(h, x), axis=0, dtype=h.dtype).sum(1),
    "moving_sum": lambda p, h, x: lax.reduce_window(h, 0.0, lax.add, (3,), (1,), "VALID"),
    "cond": lambda p, h, x: lax.cond(h[0] > x[0], lambda v: v * 2, lambda v: v + x.sum(), h),
    "switch": lambda p, h, x: lax.switch(jnp.argmax(x), [lambda v: v, lambda v: 3 * v, lambda v: v * v], h),
    "cond_pair": lambda p, h, x: lax.cond(x[0] > 9, lambda v: (v, 2 * v), lambda v: (3 * v, v), h)[1],
    "max_axis": lambda p, h, x: jnp.outer(h, x).max(axis=0),
    "any_all": lambda p, h, x: jnp.stack([(h > 0).any(), (h > -9).all()]),
    "concat": lambda p, h, x: jnp.concatenate([h, x, p["b"]]) * 2,
    "split": lambda p, h, x: sum(jnp.split(jnp.concatenate([h, x, h, x]), 4)),
    "slices": lambda p, h, x: h[1:4] + h[::2] + h[-3:] + h[::-1][:3],
    "index": lambda p, h, x: h[2] + jnp.outer(h, x)[1, 2] + jnp.outer(h, x)[:, 1].sum(),
    "gather": lambda p, h, x: h[jnp.array([4, 0, 0])] + h[p["order"]],
    "gather_rows": lambda p, h, x: jnp.outer(h, x)[p["order"]] + jnp.outer(x, h)[:, p["order"]],
    "gather_any": lambda p, h, x: jnp.outer(h, x)[p["order"], jnp.array([0, 2, 1])],
    "take": lambda p, h, x: jnp.take(h, jnp.array([1, 1, 3])),
    "dynamic_slice": lambda p, h, x: lax.dynamic_slice(h, (p["order"][1],), (3,)),
    "update_slice": lambda p, h, x: lax.dynamic_update_slice(h, x, (1,)),
    "set": lambda p, h, x: h.at[jnp.array([0, 3])].set(x[:2]).at[1].set(0.5),
    "add_at": lambda p, h, x: h.at[jnp.array([0, 3, 1])].add(x),
    "roll": lambda p, h, x: jnp.roll(h, 2) + jnp.flip(h),
    "pad": lambda p, h, x: jnp.pad(x, (1, 2), constant_values=0.5),
    "pad_inner": lambda p, h, x: lax.pad(x, 0.25, [(1, -1, 2)]),
    "reshape": lambda p, h, x: jnp.concatenate([h, x]).reshape(2, 4).sum(0)[None].squeeze(),
    "moved": lambda p, h, x: jax.device_put(h) + checkpoint_name(h, "h"),
    "tile": lambda p, h, x: jnp.tile(x, 2) + jnp.repeat(x, 2),
    "broadcast": lambda p, h, x: jnp.broadcast_to(x, (2, M)) * h[:2, None],
    "iota": lambda p, h, x: h * jnp.arange(N),
    "stop_gradient": lambda p, h, x: lax.stop_gradient(h) + h,
    "custom_vjp": lambda p, h, x: doubled(h),
    "cond_static": lambda p, h, x: lax.cond(p["mask"].any(), lambda v: v * 2, lambda v: v, h),
    "switch_static": lambda p, h, x: lax.switch(p["order"][1], [lambda v: v, lambda v: 3 * v], h),
    "scan_xs": lambda p, h, x: lax.scan(lambda c, w: (c + w * h, c.sum()), h, x),
    "scan_reverse": lambda p, h, x: lax.scan(lambda c, w: (c * w, c[0]), h, p["b"], reverse=True),
    "scan_index": lambda p, h, x: lax.fori_loop(0, 4, lambda i, v: v * 0.5 + i * x[0] + p["b"][i], h),
    "scan_once": lambda p, h, x: lax.fori_loop(0, 1, lambda i, v: v * 0.5, h),
    "scan_none": lambda p, h, x: lax.fori_loop(0, 0, lambda i, v: v * 0.5, h),
    "scan_constant": lambda p, h, x: h * lax.fori_loop(0, 3, lambda i, v: v * 0.5, jnp.ones(N)),
    "scan_passenger": lambda p, h, x: lax.fori_loop(0, 3, lambda i, c: (c[0] * c[1], c[1]), (h, 2 * h))[0],
    "scan_nested": lambda p, h, x: lax.fori_loop(
        0, 3, lambda i, v: lax.fori_loop(0, 2, lambda j, u: jnp.tanh(u + v + x.sum()), v), h
    ),
    "scan_zero_start": lambda p, h, x: lax.fori_loop(0, 3, lambda i, v: v + h, jnp.zeros(N)),
    "map": lambda p, h, x: lax.map(lambda v: v * v, h),
    "vmap": lambda p, h, x: jax.vmap(lambda a: jnp.tanh(a * x).sum())(h),
    "grad": lambda p, h, x: jax.grad(lambda v: jnp.tanh(v).sum())(h),
    "nan_to_num": lambda p, h, x: jnp.nan_to_num(h),
    "isnan": lambda p, h, x: jnp.where(jnp.isnan(h) | jnp.isinf(h) | ~jnp.isfinite(h), jnp.nan, h),
    "guarded": lambda p, h, x: jnp.where(jnp.isfinite(1 / h), 1 / h, 0.0),
    "folded_inverse": lambda p, h, x: jnp.linalg.inv(p["cell"]["w"]) @ h,
    "folded_sort": lambda p, h, x: jnp.sort(p["b"]) * h + jnp.cumsum(p["b"]),
    "folded_while": lambda p, h, x: h * lax.while_loop(lambda v: v < 3, lambda v: v + 1, p["b"][0]),
    "dead": lambda p, h, x: [h, jnp.sort(h)][0],
    "printed": lambda p, h, x: (jax.debug.print("{}", h), h * 2)[1],
    "scalar": lambda p, h, x: x[0] * jnp.ones(3),
}
