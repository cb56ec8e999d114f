"""What a readout leaves of the injected field and of the force error, on held-out rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from numeric_checks.readouts.componentwise import ComponentFit

__all__ = ["Recovery", "joined_rows", "pool", "with_components"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Recovery:
    """Squared errors on the held-out rows, by ℓ; a row is a frame, or an atom of a frame.

    ``field`` (ℓ, sites, rows) |y − p_y|² for ℓ = 1, 2, …; ``before`` and ``after`` (sites, rows)
    |e|² and |e − p_e|²; ``spurious`` (sites, rows) |p_e|²; ``weights`` the largest number of
    weights per ℓ; the last three arrays in units of the RMS force squared.
    """

    field: Array
    before: Array
    after: Array
    spurious: Array
    weights: tuple[int, ...]

    @property
    def by_site(self) -> Array:
        """R² of the field (ℓ, sites), pooled over the rows."""
        result: Array = 1 - self.field.mean(axis=2)
        return result

    @property
    def pooled(self) -> Array:
        """R² of the field (ℓ,), pooled over sites and rows."""
        result: Array = 1 - self.field.mean(axis=(1, 2))
        return result


def pool(runs: Sequence[Recovery]) -> Recovery:
    """Recoveries of different sites as that of one: rows as :func:`joined_rows` has them."""
    weights = zip(*(run.weights for run in runs), strict=True)
    names = ("field", "before", "after", "spurious")
    arrays = {name: joined_rows([getattr(run, name) for run in runs]) for name in names}
    return Recovery(**arrays, weights=tuple(map(max, weights)))


def joined_rows(parts: Sequence[Array]) -> Array:
    """Parts (…, sites, rows) as (…, 1, rows in all): rows site by site, one part after another."""
    return np.concatenate([part.reshape(*part.shape[:-2], 1, -1) for part in parts], axis=-1)


def with_components(closed: Recovery, fitted: ComponentFit) -> Recovery:
    """The component-wise fit as a recovery.

    It is a fit of the injected field alone; the force error's part is taken from the closed form,
    which by T5 is that of the best component-wise fit.
    """
    return replace(closed, field=fitted.field, weights=(fitted.weights,) * len(fitted.field))
