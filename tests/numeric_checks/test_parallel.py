"""Pieces of work on threads: order, errors, and BLAS left as it was."""

from __future__ import annotations

import threading

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from numeric_checks.parallel import side_by_side


def _blas_threads() -> set[int]:
    return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}


def test_pieces_run_side_by_side_in_order_with_one_blas_thread_each() -> None:
    meeting = threading.Barrier(2, timeout=30)  # breaks unless two pieces run at once

    def piece(item: int) -> tuple[int, set[int]]:
        meeting.wait()
        return item, _blas_threads()

    with threadpool_limits(2, user_api="blas"):
        found = side_by_side(piece, range(6))
        assert _blas_threads() == {2}
    assert found == [(k, {1}) for k in range(6)]


def test_with_one_thread_nothing_leaves_the_caller() -> None:
    with threadpool_limits(1, user_api="blas"):
        assert set(side_by_side(lambda _: threading.get_ident(), range(3))) == {
            threading.get_ident()
        }


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_is_raised_and_blas_is_left_as_it_was(threads: int) -> None:
    def piece(item: int) -> int:
        if item == 1:
            raise ValueError("piece 1")
        return item

    with threadpool_limits(threads, user_api="blas"):
        with pytest.raises(ValueError, match="piece 1"):
            side_by_side(piece, range(4))
        assert _blas_threads() == {threads}
