"""Work spread over the machines of a Ray cluster. The only `import ray`."""

from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from qa.errors import ClusterUnavailable

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[T], R]
_AT_A_TIME = 8  # items; what a dead machine had in hand is done again
_REACH_SECONDS = 5


def each(make: Callable[[], Work[T, R]], items: Sequence[T], address: str) -> Iterator[R]:
    """What a function gives for each of `items`, in any order, as it comes; a machine that dies is done without.

    `make` is called once in every worker process and gives the function; it must be sendable, and its module be installed
    on every machine. `address` is the cluster's, or "auto" for the one that this machine belongs to.

    Raises:
        ClusterUnavailable: Ray is not installed, or no cluster is at the address.
    """
    with _cluster(address) as ray:
        workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
        spread = ray.data.from_items(
            [pickle.dumps(item) for item in items], override_num_blocks=_blocks(items)
        ).map_batches(
            _Worker,
            fn_constructor_args=(make,),
            batch_size=_AT_A_TIME,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers),
            num_cpus=1,
        )
        for row in spread.iter_rows():
            yield pickle.loads(row["item"])  # noqa: S301 - from our own workers


class _Worker:
    """One process of the cluster."""

    def __init__(self, make: Callable[[], Work[Any, Any]]) -> None:
        self._work = make()

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        done = [pickle.dumps(self._work(pickle.loads(item))) for item in batch["item"]]  # noqa: S301 - from our own driver
        return {"item": done}


def _blocks(items: Sequence[object]) -> int:
    return max(1, -(-len(items) // _AT_A_TIME))


@contextmanager
def _cluster(address: str) -> Iterator[Any]:
    """Ray, connected."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ClusterUnavailable("reading on several machines needs Ray; run: pip install 'witness-qa[ray]'") from error
    try:
        _reach(address)
        ray.init(address=address, log_to_driver=False, logging_level="error")
    except (OSError, ValueError, RuntimeError) as error:
        raise ClusterUnavailable(f"no Ray cluster at {address} ({error}); start one: ray start --head") from error
    ray.data.DataContext.get_current().enable_progress_bars = False
    try:
        yield ray
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    """Raises OSError where nobody listens at `address`, which Ray itself finds out after minutes only."""
    host, _, port = address.rpartition(":")
    if host:
        socket.create_connection((host.strip("[]"), int(port)), _REACH_SECONDS).close()
