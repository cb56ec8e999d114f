"""Angular demand: which degree ℓ do the forces of a data set need? Measured without a network."""

from span_theorem.facade import make_callable

make_callable(__name__, "numeric_checks.demand.estimate:demand")
