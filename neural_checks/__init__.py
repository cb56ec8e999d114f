"""Measurements on trained networks: features, recovery, diagnosis, training.

The names here are imported when they are first used, so that ``import neural_checks`` needs neither
numpy nor torch. Command lines: ``python -m neural_checks.aspirin``, ``diagnose``, ``compare``,
``sweep``, ``download``, ``make_trajectory``.
"""

from typing import TYPE_CHECKING

from span_theorem.facade import attach

if TYPE_CHECKING:
    from neural_checks.backbones.contract import check_backbone as check_backbone
    from neural_checks.backbones.equivariance import Demands as EquivarianceDemands  # noqa: F401
    from neural_checks.backbones.equivariance import check_equivariance as check_equivariance
    from neural_checks.backbones.interface import Backbone as Backbone
    from neural_checks.backbones.interface import Evaluation as Evaluation
    from neural_checks.backbones.load import load_backbone as load_backbone
    from neural_checks.backbones.nequip import BackboneConfig as BackboneConfig
    from neural_checks.data.split import split as split_frames  # noqa: F401
    from neural_checks.diagnosis.measure import diagnose as diagnose
    from neural_checks.diagnosis.result import Options as DiagnosisOptions  # noqa: F401
    from neural_checks.features.file import read as read_features  # noqa: F401
    from neural_checks.features.file import write as write_features  # noqa: F401
    from neural_checks.features.recorded import FeatureSet as FeatureSet
    from neural_checks.features.recorded import record as record_features  # noqa: F401
    from neural_checks.features.stream import record_to_file as record_features_to_file  # noqa: F401
    from neural_checks.training.train import TrainConfig as TrainConfig
    from neural_checks.training.train import train as train_backbone  # noqa: F401

__getattr__, __dir__, __all__ = attach(
    "neural_checks",
    {
        "Backbone": "neural_checks.backbones.interface",
        "BackboneConfig": "neural_checks.backbones.nequip",
        "DiagnosisOptions": "neural_checks.diagnosis.result:Options",
        "EquivarianceDemands": "neural_checks.backbones.equivariance:Demands",
        "Evaluation": "neural_checks.backbones.interface",
        "FeatureSet": "neural_checks.features.recorded",
        "TrainConfig": "neural_checks.training.train",
        "check_backbone": "neural_checks.backbones.contract",
        "check_equivariance": "neural_checks.backbones.equivariance",
        "diagnose": "neural_checks.diagnose",
        "load_backbone": "neural_checks.backbones.load",
        "read_features": "neural_checks.features.file:read",
        "record_features": "neural_checks.features.recorded:record",
        "record_features_to_file": "neural_checks.features.stream:record_to_file",
        "split_frames": "neural_checks.data.split:split",
        "train_backbone": "neural_checks.training.train:train",
        "write_features": "neural_checks.features.file:write",
    },
)
