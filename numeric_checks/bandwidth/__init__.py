"""The spectrum and bandwidth of a per-atom field of molecular data.

Calling it is calling :func:`numeric_checks.bandwidth.estimate.bandwidth`.
"""

from span_theorem.facade import attach, make_callable

__getattr__, __dir__, __all__ = attach(
    "numeric_checks.bandwidth",
    {
        "bandwidth": "numeric_checks.bandwidth.estimate",
    },
)

make_callable(__name__, "numeric_checks.bandwidth.estimate:bandwidth")
