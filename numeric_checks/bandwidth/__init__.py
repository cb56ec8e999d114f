"""The spectrum and bandwidth of a per-atom field of molecular data.

Calling it is calling :func:`numeric_checks.bandwidth.estimate.bandwidth`.
"""

from span_theorem.facade import make_callable

make_callable(__name__, "numeric_checks.bandwidth.estimate:bandwidth")
