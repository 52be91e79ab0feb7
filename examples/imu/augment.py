"""Training windows that vary as watches and wearers do: in fit, in strength and in speed."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from examples.imu.data import LIMIT, WINDOW, Fold

TILT = 0.35  # rad, deviation of the rotation about each axis
STRENGTH = 0.15  # deviation of the logarithm of the scale
TEMPO = 0.2  # deviation of the logarithm of the speed, within ±2 deviations
NOISE = 0.05  # of the normalised samples


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """The training recordings end to end, and for the draw of a window where each begins and ends."""

    samples: jax.Array  # [n, 6] in sensor units
    begins: jax.Array  # [recordings]
    lengths: jax.Array  # [recordings]
    labels: jax.Array  # [recordings]
    mean: jax.Array  # [6] of the training subjects
    deviation: jax.Array  # [6]


def source(fold: Fold) -> Source:
    lengths = np.array([len(r.samples) for r in fold.recordings])
    return Source(
        samples=jnp.asarray(np.concatenate([r.samples for r in fold.recordings])),
        begins=jnp.asarray(np.cumsum(lengths) - lengths),
        lengths=jnp.asarray(lengths),
        labels=jnp.asarray([r.label for r in fold.recordings]),
        mean=jnp.asarray(fold.normaliser.mean),
        deviation=jnp.asarray(fold.normaliser.deviation),
    )


def draw(source: Source, key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """One varied, normalised window [50, 6] from anywhere in a random recording, and its exercise."""
    which, where, tempo, tilt, strength, noise = jax.random.split(key, 6)
    recording = jax.random.randint(which, (), 0, len(source.labels))
    speed = jnp.exp(TEMPO * jax.random.truncated_normal(tempo, -2.0, 2.0))
    spare = source.lengths[recording] - 1 - speed * (WINDOW - 1)
    start = source.begins[recording] + jax.random.uniform(where) * spare
    window = _interpolated(source.samples, start + speed * jnp.arange(WINDOW))
    window = rotated(window, TILT * jax.random.normal(tilt, (3,)))
    # who does the same motion faster also turns faster
    window = window * jnp.exp(STRENGTH * jax.random.normal(strength)) * jnp.repeat(jnp.stack((1.0, speed)), 3)
    window = (window - source.mean) / source.deviation + NOISE * jax.random.normal(noise, window.shape)
    return jnp.clip(window, -LIMIT, LIMIT), source.labels[recording]


def _interpolated(samples: jax.Array, at: jax.Array) -> jax.Array:
    before = jnp.floor(at).astype(int)
    weight = (at - before)[:, None]
    return (1 - weight) * samples[before] + weight * samples[jnp.minimum(before + 1, len(samples) - 1)]


def rotated(window: jax.Array, turn: jax.Array) -> jax.Array:
    """[50, 6] with acceleration and angular rate turned by ``turn`` [3], a rotation vector in rad."""
    x, y, z = turn
    generator = jnp.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    rotation = jax.scipy.linalg.expm(generator)
    return (window.reshape(-1, 2, 3) @ rotation.T).reshape(-1, 6)
