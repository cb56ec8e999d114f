"""Features of a network on given frames: recorded, written and read."""

from span_theorem.facade import attach

__getattr__, __dir__, __all__ = attach(
    "neural_checks.features",
    {
        "FeatureSet": "neural_checks.features.recorded",
        "record": "neural_checks.features.recorded",
    },
)
