"""Commands in small, run in processes that begin at once.

:func:`start` forks a process from one that has imported everything, and runs a command there. The
process may be sent a signal at a given moment of its work: a number of calls, counted by Python's
profiler, so that the same seed gives the same moment on a machine of any load.

``download`` fetches an archive of another molecule, in the published form, from a server of its
own, and takes any content for the published one. ``aspirin`` has a preset of its own, ``quick``,
whose one network has two channels and is trained for some steps. ``trajectory`` is equilibrated for
two steps, takes one step per frame and keeps its state every two frames. Everything else is the
command's own. :func:`features` writes a feature file of the toy network in
``tests/neural_checks``; :func:`trained` the checkpoints of two small networks.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import multiprocessing
import os
import resource
import runpy
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PRELOADED = (
    "flint", "sympy", "scipy.optimize", "scipy.linalg", "scipy.special", "scipy.stats",
    "sphericart", "vesin", "pydantic", "filelock", "matplotlib.figure",
    "matplotlib.backends.backend_svg", "matplotlib.backends.backend_agg",
    "torch", "e3nn.o3", "nequip.model", "nequip.data", "ase", "ase.md.langevin", "tblite.ase",
    "openmm.app", "PeptideBuilder", "Bio.PDB.PDBIO", "Bio.SeqUtils", "distributed",
    "span_theorem.command", "numeric_checks.demand.estimate", "numeric_checks.bandwidth.estimate",
    "numeric_checks.ceiling.observe", "numeric_checks.peptide.dataset",
    "neural_checks.injection.experiment", "neural_checks.diagnosis.measure",
    "neural_checks.data.trajectories", "neural_checks.sweep.run", "neural_checks.injection.along",
    "neural_checks.injection.grid", "neural_checks.data.archives", "http.server",
)  # fmt: skip
"""What commands import while they work; what is not installed is left out."""

TINY: dict[str, Any] = {
    "about": "", "backbones": 1, "fit": 40, "held": 20, "orientations": 4, "bootstrap": 50,
    "control_sites": 1,
    "model": {"channels": 2, "layers": 2, "radial_width": 4, "l_max": 1},
    "train": {"train": 45, "validation": 2, "test": 25, "steps": 40, "validate_every": 10},
    "spn": {"steps": 3, "seeds": 1, "width": 4, "channels": 1, "orientations": 1},
}  # fmt: skip


def aspirin(arguments: Sequence[str]) -> int:
    from neural_checks import aspirin as command

    command._presets = lambda: {"quick": TINY}
    return command.main(arguments)


def trajectory(arguments: Sequence[str]) -> int:
    from neural_checks.data import trajectories

    trajectories.EQUILIBRATION_STEPS, trajectories.STEPS_PER_FRAME = 2, 1
    made = functools.partial(trajectories.make_trajectory, report_every=2)
    trajectories.make_trajectory = made  # type: ignore[assignment]
    return trajectories.main(arguments)


def download(arguments: Sequence[str]) -> int:
    import threading
    from dataclasses import replace
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    from neural_checks.data import archives

    content = _archive()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            self.wfile.write(content[start:])

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/a.zip"
    archives.ARCHIVES["ccsd"] = replace(archives.ARCHIVES["ccsd"], urls=(url,))
    archives.check_fingerprint = lambda _name, _data: None
    return archives.main(arguments)


def _archive() -> bytes:
    """Frames in the form of the coupled-cluster set; the same each time."""
    import io
    import zipfile

    import numpy as np

    rng, stream = np.random.default_rng(0), io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for part, frames in (("train", 20), ("test", 10)):
            member = io.BytesIO()
            fields = {name: rng.normal(size=(frames, 3, 3)) for name in ("R", "F")}
            np.savez(member, E=rng.normal(size=frames), z=np.array([8, 6, 1]), **fields)
            named = zipfile.ZipInfo(f"aspirin_ccsd-{part}.npz")  # without the time
            archive.writestr(named, member.getvalue())
    return stream.getvalue()


def trained(arguments: Sequence[str]) -> int:
    from neural_checks.backbones.nequip import BackboneConfig
    from neural_checks.data.split import split
    from neural_checks.training.ensemble import train_all
    from neural_checks.training.train import TrainConfig
    from numeric_checks.molecules.data import load

    data = load("embedded")
    model = BackboneConfig(l_max=2, layers=2, channels=2, radial_width=4)
    config = TrainConfig(train=45, validation=2, test=25, steps=4, batch=2)
    parts = split(data, config.train, config.validation, config.test, config.split_seed)
    train_all(data, parts, model, config, [0, 1], Path(arguments[0]), keep=(2,))
    return 0


def features(arguments: Sequence[str]) -> int:
    import numpy as np

    from neural_checks.features.file import write
    from neural_checks.features.recorded import record

    toy = runpy.run_path(str(HERE.parent / "neural_checks" / "conftest.py"))
    data = toy["toy_data"](140)
    fit, held = np.arange(100), np.arange(100, 140)
    write(
        Path(arguments[0]),
        record(toy["DensityBackbone"](1, 6), data, fit, held, np.random.default_rng(0)),
    )
    return 0


STAND_INS: dict[str, Callable[[Sequence[str]], int]] = {
    "aspirin": aspirin, "trajectory": trajectory, "download": download,
    "features.npz": features, "trained": trained,
}  # fmt: skip


def entry(command: str, entries: dict[str, str]) -> str:
    """Where a command begins: ``:name`` where there is a stand-in, else as it is registered."""
    return f":{command}" if command in STAND_INS else entries[command]


@dataclass(frozen=True)
class Place:
    """Where a command runs, and what is done to it."""

    folder: str
    largest: int | None = None  # bytes of a file that the disk takes
    number: int = 0  # a signal
    moment: int = 0  # calls of the work after which it is sent
    stdout: str = ""  # a device in place of the reader
    encoding: str = "utf-8"


def _serve(
    entry: str, arguments: list[str], place: Place, out: Any, err: Any, counted: Any
) -> None:
    """The whole life of a process: prepare it, and run the command."""
    warnings.simplefilter("ignore")
    os.chdir(place.folder)
    os.dup2(os.open(place.stdout, os.O_WRONLY) if place.stdout else out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    sys.stdout = open(1, "w", encoding=place.encoding, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding=place.encoding, closefd=False)  # noqa: SIM115
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if place.largest is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (place.largest, place.largest))
    module, _, name = entry.partition(":")
    main = STAND_INS[name] if not module else getattr(importlib.import_module(module), name)
    calls = 0

    def count(_frame: Any, _event: str, _argument: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == place.moment:
            sys.setprofile(None)
            os.kill(os.getpid(), place.number)

    from span_theorem import command

    run_main = command.run_main

    def counting(program: str, body: Callable[[], int]) -> int:
        def profiled() -> int:
            sys.setprofile(count)
            try:
                return body()
            finally:
                sys.setprofile(None)

        return run_main(program, profiled)

    command.run_main = counting
    try:
        sys.exit(main(arguments))
    finally:
        with contextlib.suppress(OSError):
            counted.send(calls)


class Started:
    """A command that runs in a process of its own."""

    def __init__(self, entry: str, arguments: Sequence[str], place: Place) -> None:
        context = multiprocessing.get_context("forkserver")
        pipes = [context.Pipe(duplex=False) for _ in range(3)]
        self._out, self._err, self._counted = (reader for reader, _ in pipes)
        writers = [writer for _, writer in pipes]
        given = (entry, list(arguments), place, *writers)
        self.process = context.Process(target=_serve, args=given)
        self.process.start()
        for writer in writers:
            writer.close()

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()

    def ended(self, timeout: float) -> tuple[int, str, str, int]:
        """Exit code, what it printed, and how many calls its work took."""
        self.process.join(timeout)
        if self.process.exitcode is None:
            self.process.kill()
            raise TimeoutError(f"it ran longer than {timeout} s")
        calls = 0
        with contextlib.suppress(EOFError):
            calls = self._counted.recv() if self._counted.poll() else 0
        said = [_rest(reader.fileno()) for reader in (self._out, self._err)]
        for reader in (self._out, self._err, self._counted):
            reader.close()
        return self.process.exitcode, said[0], said[1], calls


def _rest(descriptor: int) -> str:
    """What is in a pipe; a process that outlives its parent may still hold the other end."""
    os.set_blocking(descriptor, False)
    content = b""
    with contextlib.suppress(BlockingIOError):
        while more := os.read(descriptor, 65536):
            content += more
    return content.decode("utf-8", "replace")


def start(entry: str, arguments: Sequence[str], place: Place) -> Started:
    """Begin the command ``entry``, ``module:name`` or ``:name`` of a stand-in."""
    paths = os.pathsep.join([str(HERE.parents[1]), str(HERE)])
    if str(HERE) not in sys.path:  # by this name the process finds what it is to run
        sys.path.insert(0, str(HERE))
    # A library that has started threads may wait for them forever after a fork.
    one = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    given = one | {"PYTHONPATH": paths, "PYTHONWARNINGS": "ignore"}
    kept = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        multiprocessing.get_context("forkserver").set_forkserver_preload(list(PRELOADED))
        return Started(entry, arguments, place)
    finally:
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
