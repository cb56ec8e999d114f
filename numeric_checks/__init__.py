"""Observations in floating point: ranks, ceilings of readouts, demand and spectra of data.

The names here are imported when they are first used, so that ``import numeric_checks`` needs
neither numpy nor torch. Command lines: ``python -m numeric_checks.rank``, ``ceiling``,
``synthetic``, ``accuracy``, ``demand``, ``bandwidth``, ``peptide``.
"""

from typing import TYPE_CHECKING

from span_theorem.facade import attach

if TYPE_CHECKING:
    from numeric_checks.bandwidth.estimate import bandwidth as bandwidth
    from numeric_checks.bandwidth.result import SpectrumOptions as SpectrumOptions
    from numeric_checks.bandwidth.spectrum import spectrum as spectrum
    from numeric_checks.ceiling.observe import observe_ceiling as observe_ceiling
    from numeric_checks.ceiling.random_features import random_sites as random_sites
    from numeric_checks.demand.estimate import demand as demand
    from numeric_checks.demand.listening import listen as listen
    from numeric_checks.demand.result import DemandOptions as DemandOptions
    from numeric_checks.molecules.data import ForceData as ForceData
    from numeric_checks.molecules.data import iterate as iterate_molecules  # noqa: F401
    from numeric_checks.molecules.data import load as load_molecules  # noqa: F401
    from numeric_checks.molecules.fields import Field as Field
    from numeric_checks.molecules.fields import load_field as load_field
    from numeric_checks.molecules.structures import Structures as Structures
    from numeric_checks.rank.observe import observe_rank as observe_rank
    from numeric_checks.readouts.componentwise import componentwise as componentwise
    from numeric_checks.readouts.componentwise import over_quadrature as over_quadrature
    from numeric_checks.readouts.monomials import monomials as monomials
    from numeric_checks.readouts.products import coupled_products as coupled_products
    from numeric_checks.readouts.ridge import fit_ridge as fit_ridge
    from numeric_checks.readouts.samples import Sites as Sites
    from numeric_checks.rotations.quadrature import rotation_quadrature as rotation_quadrature
    from numeric_checks.rotations.sampling import random_rotations as random_rotations
    from numeric_checks.rotations.wigner import rotate_features as rotate_features
    from numeric_checks.rotations.wigner import unit_harmonics as unit_harmonics
    from numeric_checks.rotations.wigner import wigner as wigner
    from numeric_checks.rotations.wigner import wigner_upto as wigner_upto
    from numeric_checks.sphere.accuracy import measure_accuracy as measure_accuracy
    from numeric_checks.sphere.harmonics import random_directions as random_directions
    from numeric_checks.sphere.harmonics import real_harmonics as real_harmonics
    from numeric_checks.sphere.quadrature import sphere_quadrature as sphere_quadrature
    from numeric_checks.synthetic.cells import calibrate as calibrate

__getattr__, __dir__, __all__ = attach(
    "numeric_checks",
    {
        "Field": "numeric_checks.molecules.fields",
        "ForceData": "numeric_checks.molecules.data",
        "Sites": "numeric_checks.readouts.samples",
        "SpectrumOptions": "numeric_checks.bandwidth.result",
        "Structures": "numeric_checks.molecules.structures",
        "bandwidth": "numeric_checks.bandwidth",
        "calibrate": "numeric_checks.synthetic.cells",
        "DemandOptions": "numeric_checks.demand.result",
        "componentwise": "numeric_checks.readouts.componentwise",
        "coupled_products": "numeric_checks.readouts.products",
        "demand": "numeric_checks.demand",
        "fit_ridge": "numeric_checks.readouts.ridge",
        "iterate_molecules": "numeric_checks.molecules.data:iterate",
        "listen": "numeric_checks.demand.listening",
        "load_field": "numeric_checks.molecules.fields",
        "load_molecules": "numeric_checks.molecules.data:load",
        "measure_accuracy": "numeric_checks.sphere.accuracy",
        "monomials": "numeric_checks.readouts.monomials",
        "observe_ceiling": "numeric_checks.ceiling.observe",
        "observe_rank": "numeric_checks.rank.observe",
        "over_quadrature": "numeric_checks.readouts.componentwise",
        "random_directions": "numeric_checks.sphere.harmonics",
        "random_rotations": "numeric_checks.rotations.sampling",
        "random_sites": "numeric_checks.ceiling.random_features",
        "real_harmonics": "numeric_checks.sphere.harmonics",
        "rotate_features": "numeric_checks.rotations.wigner",
        "rotation_quadrature": "numeric_checks.rotations.quadrature",
        "spectrum": "numeric_checks.bandwidth.spectrum",
        "sphere_quadrature": "numeric_checks.sphere.quadrature",
        "unit_harmonics": "numeric_checks.rotations.wigner",
        "wigner": "numeric_checks.rotations.wigner",
        "wigner_upto": "numeric_checks.rotations.wigner",
    },
)
