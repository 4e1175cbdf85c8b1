"""Arithmetic on vectors, nothing else: unit rows, int8 rows, means of groups of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """`rows`, shape (n, d), each scaled to length 1; rows of zeros stay zeros."""
    import numpy as np

    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return np.asarray(rows / np.where(lengths > 0, lengths, 1)[:, None], dtype=np.float32)


def quantise(rows: NDArray[np.float32]) -> NDArray[np.int8]:
    """`rows`, shape (n, d), as int8. Each row has its own scale, which is dropped: only directions are kept."""
    import numpy as np

    peaks = np.abs(rows).max(axis=1, keepdims=True)
    scaled = np.divide(rows * 127, peaks, out=np.zeros_like(rows), where=peaks > 0)
    return np.asarray(np.rint(scaled), dtype=np.int8)


def dequantise(blobs: Sequence[bytes], dimension: int) -> NDArray[np.float32]:
    """Unit rows, shape (len(blobs), dimension), from the bytes of int8 rows."""
    import numpy as np

    rows = np.frombuffer(b"".join(blobs), dtype=np.int8).reshape(len(blobs), dimension)
    return unit(rows.astype(np.float32))


def group_means(rows: NDArray[np.float32], sizes: Sequence[int]) -> NDArray[np.float32]:
    """The mean direction of each run of `sizes[i]` >= 1 consecutive rows: unit rows, shape (len(sizes), d)."""
    import numpy as np

    if not len(sizes):
        return np.zeros((0, rows.shape[1]), dtype=np.float32)
    lengths = np.asarray(sizes)
    starts = np.cumsum(lengths) - lengths
    sums = rows[starts]
    for place in range(1, lengths.max()):  # four times as fast as numpy's reduceat
        longer = np.flatnonzero(lengths > place)
        sums[longer] += rows[starts[longer] + place]
    return unit(sums)
