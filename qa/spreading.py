"""Work spread over the machines of a Ray cluster. The only `import ray`."""

from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar

from qa.errors import ClusterUnavailable

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[T], R]
_AT_A_TIME = 8  # items; what a dead machine had in hand is done again
_AHEAD = 2  # batches for each core: one in work, one waiting
_REACH_SECONDS = 5


def each(make: Callable[[], Work[T, R]], items: Sequence[T], address: str) -> Iterator[R]:
    """What a function gives for each of `items`, in any order, as it comes; a machine that dies is done without.

    `make` is called once in every worker process and gives the function; what it needs must be installed on every machine.
    `address` is the cluster's, or "auto" for the one that this machine belongs to.

    Raises:
        ClusterUnavailable: Ray is not installed, or no cluster is at the address.
        ValueError: `make` cannot be sent.
    """
    batches = (items[start : start + _AT_A_TIME] for start in range(0, len(items), _AT_A_TIME))
    with _cluster(address) as ray:
        sent = _packed(ray, make)
        done_there = ray.remote(_done).options(num_cpus=1, max_retries=-1)
        ahead = _AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
        running = [done_there.remote(sent, batch) for batch in islice(batches, ahead)]
        while running:
            (ready,), running = ray.wait(running)
            running += [done_there.remote(sent, batch) for batch in islice(batches, 1)]
            yield from ray.get(ready)


def _packed(ray: Any, make: Callable[[], Work[Any, Any]]) -> bytes:
    try:
        return bytes(ray.cloudpickle.dumps(make))
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        raise ValueError(
            f"this cannot be sent to other machines ({error}); name the embedder in the settings"
        ) from error


def _done(sent: bytes, batch: Sequence[Any]) -> list[Any]:
    """What a process of the cluster does with some items."""
    work = _made(sent)
    return [work(item) for item in batch]


@lru_cache(maxsize=1)
def _made(sent: bytes) -> Work[Any, Any]:
    """The function, made once in each process."""
    make: Callable[[], Work[Any, Any]] = pickle.loads(sent)  # noqa: S301 - from our own driver
    return make()


@contextmanager
def _cluster(address: str) -> Iterator[Any]:
    """Ray, connected."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise ClusterUnavailable("reading on several machines needs Ray; run: pip install 'witness-qa[ray]'") from error
    try:
        _reach(address)
        ray.init(address=address, log_to_driver=False, logging_level="error")
    except (OSError, ValueError, RuntimeError) as error:
        raise ClusterUnavailable(f"no Ray cluster at {address} ({error}); start one: ray start --head") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    """Raises OSError where nobody listens at `address`, which Ray itself finds out after minutes only."""
    host, _, port = address.rpartition(":")
    if host:
        socket.create_connection((host.strip("[]"), int(port)), _REACH_SECONDS).close()
