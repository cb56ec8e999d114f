"""Nothing in a file from outside is executed: payloads in every format, field and nesting."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from neural_checks.backbones.load import load_backbone
from neural_checks.backbones.model_files import UntrustedError
from neural_checks.backbones.nequip_settings import plain_settings, weights_needed
from neural_checks.data.trajectories import make_trajectory
from neural_checks.features.file import read

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

SETTINGS: dict[str, Any] = {
    "_target_": "nequip.model.NequIPGNNModel",
    "seed": 1,
    "model_dtype": "float32",
    "r_max": 4.0,
    "type_names": ["C", "O", "N"],
    "l_max": 1,
    "parity": False,
    "num_layers": 2,
    "num_features": 4,
    "radial_mlp_depth": 1,
    "radial_mlp_width": 8,
    "avg_num_neighbors": {"C": 4.0, "O": 4.0, "N": 4.0},
    "per_type_energy_scales": [1.0, 1.0, 1.0],
    "per_type_energy_shifts": 0.0,
}


class Payload:
    """A pickle that leaves a trace when it is loaded."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.trace),))


def _texts(trace: Path) -> list[Any]:
    """What a configuration can hold so that whoever resolves it makes the folder ``trace``."""
    made = f"__import__('os').mkdir('{trace}')"
    target = {"_target_": "os.mkdir", "path": str(trace)}
    return [
        target,
        [target],
        {"x": {"y": target}},
        f"${{oc.create:{{_target_:os.mkdir,path:{trace}}}}}",
        {"x": f"${{oc.create:{{_target_:sympy.sympify,a:{made}}}}}"},
        ["${oc.env:HOME}", f"${{eval:{made}}}"],
        {"_target_": "sympy.sympify", "_args_": [made]},
        {"_partial_": True, "_convert_": "all"},
        f"!!python/object/apply:os.mkdir ['{trace}']",
        "os.mkdir",
    ]


def _places(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The settings with ``value`` in every field, list and table in turn, and under new keys."""
    for key in [k for k in SETTINGS if k != "_target_"]:
        yield key, {**SETTINGS, key: value}
        yield f"{key} in a list", {**SETTINGS, key: [value]}
        yield f"{key} by type", {**SETTINGS, key: {"C": value}}
    more = "pair_potential per_edge_type_cutoff convnet_nonlinearity_scalars _args_ compile_mode"
    for key in [*more.split(), "unknown", "categorical_graph_field_embed", "irreps_edge_sh"]:
        yield key, {**SETTINGS, key: value}
        yield f"{key}, nested", {**SETTINGS, key: {"a": {"C": value}}}


def _save_checkpoint(path: Path, settings: Any, **more: Any) -> Path:
    torch.save({"hyper_parameters": {"model": settings}, "state_dict": {}, **more}, path)
    return path


def test_no_setting_of_a_stock_checkpoint_is_resolved_or_called(toy: Any, tmp_path: Path) -> None:
    data, trace, path = toy.toy_data(4), tmp_path / "trace", tmp_path / "m.ckpt"
    tried = 0
    for payload in _texts(trace):
        for place, settings in _places(payload):
            settings.pop("_target_")
            with pytest.raises(ValueError, match="attack") as caught:
                plain_settings("attack", settings)
            assert not trace.exists(), (place, caught.value)
            tried += 1
    assert tried > 500
    # Through the whole loader, for one field and one nesting of each payload.
    for payload in _texts(trace):
        for settings in (
            {**SETTINGS, "pair_potential": {"x": payload}},
            {**SETTINGS, "type_names": [payload]},
        ):
            with pytest.raises(ValueError, match=r"m\.ckpt"):
                load_backbone(str(_save_checkpoint(path, settings)), data)
    for target in ("os.system", "nequip.model.modify", "nequip.model.ModelFromCheckpoint", None, 3):
        _save_checkpoint(path, {**SETTINGS, "_target_": target})
        with pytest.raises(UntrustedError, match="--trust-model"):
            load_backbone(str(path), data)
    assert not trace.exists()


def test_a_target_outside_the_network_is_never_touched(toy: Any, tmp_path: Path) -> None:
    """Other parts of the configuration may name anything: they are not looked at."""
    trace = tmp_path / "trace"
    target = {"_target_": "os.mkdir", "path": str(trace)}
    path = tmp_path / "m.ckpt"
    hyper = {"model": {**SETTINGS}, "loss": target, "optimizer": target, "info_dict": target}
    torch.save({"hyper_parameters": hyper, "state_dict": {"ema._extra_state": target}}, path)
    pytest.importorskip("nequip")
    with pytest.raises(ValueError, match="weights do not fit the model"):
        load_backbone(str(path), toy.toy_data(4))
    assert not trace.exists()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("num_layers", 10**9, "num_layers must be an integer from 1 to 16, got 1000000000"),
        ("num_layers", 0, "num_layers"),
        ("num_layers", True, "num_layers"),
        ("num_layers", 2.0, "num_layers"),
        ("l_max", 10**6, "l_max must be an integer from 0 to 8"),
        ("num_features", 10**9, "num_features"),
        ("num_features", [4, 10**9], "num_features"),
        ("num_features", [4] * 100000, "num_features"),
        ("num_features", [4], "one for each of 2 degrees"),
        ("radial_mlp_width", 10**9, "radial_mlp_width"),
        ("num_bessels", 10**9, "num_bessels"),
        ("type_embed_num_features", 10**9, "type_embed"),
        ("r_max", 1e9, "r_max must be a number from 0.1 to 20"),
        ("r_max", float("nan"), "r_max"),
        ("r_max", "4", "r_max"),
        ("type_names", ["C"] * 3, "different names"),
        ("type_names", [f"T{k}" for k in range(10**5)], "1 to 118"),
        ("per_edge_type_cutoff", {"C": 100.0}, "per_edge_type_cutoff"),
        ("per_edge_type_cutoff", {"C": {"O": 100.0}}, "per_edge_type_cutoff"),
        ("per_type_energy_shifts", {"X": 1.0}, "one for each atom type"),
        ("per_type_energy_shifts", [0.0], "one for each atom type"),
        ("model_dtype", "float16", "'float32' or 'float64'"),
        ("do_derivatives", False, "do_derivatives"),
        ("readout_mlp_nonlinearity", "exec", "'silu' or"),
    ],
)
def test_sizes_are_bounded_before_anything_is_built(key: str, value: Any, message: str) -> None:
    settings = {k: v for k, v in SETTINGS.items() if k != "_target_"}
    assert plain_settings("f", settings)["num_layers"] == 2
    with pytest.raises(ValueError, match=message):
        plain_settings("f", {**settings, key: value})


def test_a_network_larger_than_the_weights_stored_is_not_built(toy: Any, tmp_path: Path) -> None:
    """Within every single bound, and still too much for the machine."""
    large = {**SETTINGS, "num_layers": 16, "num_features": 4096, "l_max": 8}
    path = _save_checkpoint(tmp_path / "m.ckpt", large)
    with pytest.raises(ValueError, match=r"ask for about \d\.\de\+1\d weights, and it holds 0"):
        load_backbone(str(path), toy.toy_data(4))
    claimed = torch.zeros(1, dtype=torch.float32).expand(10**9)
    torch.save({"hyper_parameters": {"model": SETTINGS}, "state_dict": {"a": claimed}}, path)
    with pytest.raises(ValueError, match=r"tensor of shape \(1000000000,\) and stores 4 bytes"):
        load_backbone(str(path), toy.toy_data(4))


@pytest.mark.parametrize(
    "more",
    [
        {"l_max": 1, "num_layers": 3, "num_features": 8},
        {"l_max": 2, "num_layers": 3, "num_features": [16, 8, 4], "parity": True},
        {"l_max": 0, "num_layers": 2, "radial_mlp_depth": 3},
        {"num_layers": 1, "type_embed_num_features": 32, "readout_mlp_hidden_layers_depth": 2},
    ],
)
def test_the_estimate_of_weights_is_near_the_count(more: dict[str, Any]) -> None:
    model = pytest.importorskip("nequip.model")
    from nequip.utils.global_state import set_global_state

    set_global_state()
    settings = plain_settings("f", {k: v for k, v in (SETTINGS | more).items() if k != "_target_"})
    count = sum(p.numel() for p in model.NequIPGNNModel(**settings).parameters())
    assert count <= weights_needed(settings) <= 3 * count


def _own(trace: Path) -> dict[str, Any]:
    model = {"l_max": 1, "layers": 2, "channels": 2, "parity": False, "cutoff": 4.0,
             "radial_width": 8}  # fmt: skip
    train = {"train": 2, "validation": 1, "test": 1, "split_seed": 0}
    return {
        "identity": {"data": "0", "model": model, "train": train, "seed": 0},
        "best": [], "parameters": [], "average": [], "optimiser": {}, "step": 0, "bad": 0,
        "skipped": 0, "seconds": 0.0, "best_mae": 1.0, "since": 0, "stopped": "", "history": [],
    }  # fmt: skip


def _paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    if isinstance(value, dict):
        for key in value:
            yield from _paths(value[key], (*at, key))


def _planted(value: Any, at: tuple[Any, ...], payload: Any) -> Any:
    if not at:
        return payload
    return {**value, at[0]: _planted(value[at[0]], at[1:], payload)}


def test_no_field_of_a_checkpoint_trained_here_is_executed(toy: Any, tmp_path: Path) -> None:
    data, trace, path = toy.toy_data(4), tmp_path / "trace", tmp_path / "backbone-0.pt"
    state = _own(trace)
    for at in _paths(state):
        for payload in (Payload(trace), [{"a": (Payload(trace),)}]):
            torch.save(_planted(state, at, payload), path)
            with pytest.raises(UntrustedError, match="--trust-model"):
                load_backbone(str(path), data)
            assert not trace.exists(), at
        for text in _texts(trace)[:5]:
            torch.save(_planted(state, at, text), path)
            with pytest.raises((ValueError, TypeError)):
                load_backbone(str(path), data)
            assert not trace.exists(), at
    torch.save(Payload(trace), path)
    torch.load(path, weights_only=False)
    assert trace.exists()  # the payload would have run


@pytest.mark.parametrize("name", ["m.model", "m.pt", "m.ckpt", "m.nequip.zip"])
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_no_pickle_runs_under_any_name(toy: Any, tmp_path: Path, name: str, protocol: int) -> None:
    path, trace = tmp_path / name, tmp_path / "trace"
    for legacy in (False, True):
        torch.save(
            {"model": Payload(trace)}, path, pickle_protocol=protocol,
            _use_new_zipfile_serialization=not legacy,
        )  # fmt: skip
        with pytest.raises(
            ValueError, match=r"can run any code|damaged torch file|not a torch file"
        ):
            load_backbone(str(path), toy.toy_data(4))
    path.write_bytes(pickle.dumps(Payload(trace), protocol=protocol))
    with pytest.raises(ValueError, match="not a torch file"):
        load_backbone(str(path), toy.toy_data(4))
    assert not trace.exists()


def test_no_pickle_in_a_partial_trajectory_is_loaded(tmp_path: Path) -> None:
    pytest.importorskip("ase")
    pytest.importorskip("tblite")
    trace, output = tmp_path / "trace", tmp_path / "t.npz"
    partial = tmp_path / "t.npz.partial"
    partial.write_bytes(pickle.dumps(Payload(trace)))
    with pytest.raises(ValueError, match=r"t\.npz\.partial holds no interrupted trajectory"):
        make_trajectory(output, frames=1)
    names = ("format", "seed", "positions", "velocities", "rng_keys", "rng_place", "rng_gauss",
             "R", "F", "E")  # fmt: skip
    for name in names:
        good = {key: np.array(0) for key in names} | {"format": np.array("x")}
        good[name] = np.array([Payload(trace)], dtype=object)
        with partial.open("wb") as stream:
            np.savez(stream, **good)
        with pytest.raises(ValueError, match=r"t\.npz\.partial"):
            make_trajectory(output, frames=1)
    assert not trace.exists()
    assert not output.exists()


def test_no_pickle_in_a_feature_file_is_loaded(tmp_path: Path) -> None:
    trace, path = tmp_path / "trace", tmp_path / "features.npz"
    for name in ("format", "irreps", "numbers", "positions", "description", "features_0e"):
        np.savez(path, **{name: np.array([Payload(trace)], dtype=object)})
        with pytest.raises(ValueError, match=r"features\.npz"):
            read(path)
    stream = io.BytesIO(pickle.dumps(Payload(trace)))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("format.npy", stream.getvalue())
    with pytest.raises(ValueError, match=r"features\.npz"):
        read(path)
    assert not trace.exists()
