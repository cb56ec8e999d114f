"""A folder, or a file made over hours, that one run at a time may write."""

from __future__ import annotations

import glob
import os
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from span_theorem.files import check_targets, temporary_prefix, write_text

__all__ = ["clear_unfinished", "output_file", "output_folder", "write_outputs"]

_LOCK, _HOLDER = ".lock", ".holder"


@contextmanager
def output_folder(path: str | Path, *, last: str, force: bool = False) -> Iterator[Path]:
    """The folder ``path``, created if needed and locked for this run.

    ``last`` is the file that a run writes last. If it exists, the run is complete and is refused
    unless ``force``. A folder without it holds an interrupted run, which is completed. What a
    killed run had begun to write is removed.

    Raises:
        FileExistsError: the run is complete.
        ValueError: another process uses the folder; the message names it.
        OSError: the folder cannot be made.
    """
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ValueError(f"{folder} is in use by {_holder(folder)}") from None
    try:
        if (folder / last).exists() and not force:
            raise FileExistsError(f"{folder / last} exists; --force replaces it")
        write_text(
            folder / _HOLDER, f"process {os.getpid()} on {socket.gethostname()}\n", force=True
        )
        clear_unfinished(folder)
        yield folder
    finally:
        with suppress(OSError):
            (folder / _HOLDER).unlink(missing_ok=True)
        lock.release()


@contextmanager
def output_file(path: str | Path, *, force: bool = False) -> Iterator[Path]:
    """The file ``path``, which this run alone may write meanwhile, with its neighbours.

    What a killed run had begun to write of it is removed. The lock is a file beside it, which is
    removed at the end.

    Raises:
        ValueError: another process is at work on ``path``.
        OSError: as :func:`span_theorem.files.check_targets`.
    """
    target = Path(path)
    check_targets(target, force=force)
    lock = FileLock(target.with_name(f"{temporary_prefix(target)}lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ValueError(f"another process is at work on {target}") from None
    try:
        check_targets(target, force=force)  # another run may have ended meanwhile
        clear_unfinished(target.parent, target.name)
        yield target
    finally:
        # Before the release: afterwards the file may be the lock of another process.
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def clear_unfinished(folder: Path, name: str = "") -> None:
    """Remove what a killed process left of the file ``name``, or of any, that it was writing.

    Only the holder of a lock may do so: to others the file of a living process looks the same.
    """
    # Eight characters are tempfile's own part: ".a.b.….writing" is not of "a".
    began = glob.escape(temporary_prefix(name)) if name else ".*."
    for left in folder.glob(f"{began}????????.writing"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def write_outputs(
    folder: Path, writers: Mapping[str, Callable[[Path], None]]
) -> tuple[Callable[[], str], ...]:
    """Write files into ``folder``, in the order of ``writers``, and stop at the first that fails.

    Meant for a command that holds the folder: what is returned are the ``outputs`` of a
    :class:`span_theorem.command.Result`, which tell what was written, or raise what went wrong
    once the result is on its way to the reader.
    """
    written: list[str] = []
    for name, write in writers.items():
        try:
            write(folder / name)
        except (OSError, ValueError) as error:
            return (*(_told(done) for done in written), _raised(error))
        written.append(str(folder / name))
    return (_told(f"{', '.join(writers)} to {folder}"),) if written else ()


def _told(text: str) -> Callable[[], str]:
    return lambda: text


def _raised(error: OSError | ValueError) -> Callable[[], str]:
    def fail() -> str:
        raise error

    return fail


def _holder(folder: Path) -> str:
    try:
        return (folder / _HOLDER).read_text(encoding="utf-8").strip() or "another process"
    except OSError:
        return "another process"
