"""Rounding of a matrix to integers that minds its input: each column's rounding error is made up for by later columns.

Frantar et al., GPTQ, arXiv 2210.17323. What is minimised is E[((W - Q) x)²] over recorded inputs x, whose second moment
is not centred: the mean of the error, which a bias correction would remove, is part of it.
"""

import numpy as np

from lnncc.ir import Array

DAMPING = 0.01  # of the mean diagonal: columns that recorded inputs hardly move keep their nearest integers


def rounded(weights: Array, moment: Array, bits: int) -> Array:
    """``weights`` (rows, cols), one unit being one integer, as integers of ``bits``; ``moment`` is E[x xᵀ]."""
    highest = (1 << (bits - 1)) - 1
    inverse = _inverse_root(moment)
    rest, ints = weights.astype(np.float64).copy(), np.zeros(weights.shape, np.int64)
    for k in range(weights.shape[1]):
        ints[:, k] = np.clip(np.rint(rest[:, k]), -highest - 1, highest)
        error = (rest[:, k] - ints[:, k]) / inverse[k, k]
        rest[:, k + 1 :] -= np.outer(error, inverse[k, k + 1 :])
    return ints


def _inverse_root(moment: Array) -> Array:
    """Upper triangular U with UᵀU the inverse of the damped moment: row k says what error k does to later columns."""
    diagonal = np.diag(moment)
    damped = moment + np.diag(np.full(len(moment), DAMPING * diagonal.mean() + 2.0**-60))
    return np.linalg.cholesky(np.linalg.inv(damped)).T
