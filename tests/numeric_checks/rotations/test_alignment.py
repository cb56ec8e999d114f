"""Best-fit rotations against known turns."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from numeric_checks.rotations.alignment import align, best_rotations


def test_alignment_undoes_rotations() -> None:
    frame = np.random.default_rng(0).normal(size=(5, 3))
    turns = Rotation.random(6, rng=2).as_matrix()
    turned = np.einsum("nab,ib->nia", turns, frame) + 3.0
    np.testing.assert_allclose(best_rotations(turned, frame), turns, atol=1e-12)
    aligned = align(turned)
    np.testing.assert_allclose(aligned, np.broadcast_to(aligned[0], aligned.shape), atol=1e-12)


def test_noisy_frames_agree_with_scipy() -> None:
    rng = np.random.default_rng(1)
    frame = rng.normal(size=(7, 3))
    turned = Rotation.random(rng=rng).apply(frame) + 0.2 * rng.normal(size=(7, 3))
    theirs, _ = Rotation.align_vectors(turned - turned.mean(axis=0), frame - frame.mean(axis=0))
    np.testing.assert_allclose(best_rotations(turned[None], frame)[0], theirs.as_matrix())
