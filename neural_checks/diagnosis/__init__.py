"""The diagnosis of one network: measurement, advice, exact costs, view."""

from span_theorem.facade import attach

__getattr__, __dir__, __all__ = attach(
    "neural_checks.diagnosis",
    {
        "Options": "neural_checks.diagnosis.result",
        "diagnose": "neural_checks.diagnosis.measure",
    },
)
