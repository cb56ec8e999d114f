"""Independent pieces of work side by side, on as many threads as BLAS would take."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_info, threadpool_limits

__all__ = ["side_by_side"]

_MOST = 8  # threads: every one holds arrays of its own

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(function: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """``function`` of every item, in order.

    Meant for work inside which BLAS would gain little from threads of its own: it gets one, and
    the pieces share the others, at most eight. ``OMP_NUM_THREADS`` bounds them, as it does for
    BLAS. The limit holds for the whole process while this runs: call it from one thread at a time.
    An exception of a piece is raised here, the first one by the order of the items.

    >>> side_by_side(abs, [-1, 2])
    [1, 2]
    """
    blas = [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]
    threads = min(max(blas, default=1), _MOST)
    if threads == 1:
        return [function(item) for item in items]
    # OpenMP counts threads by the calling thread, hence the initializer beside the limit.
    workers = ThreadPoolExecutor(threads, initializer=threadpool_limits, initargs=(1,))
    with threadpool_limits(1, user_api="blas"), workers as pool:
        return list(pool.map(function, items))
