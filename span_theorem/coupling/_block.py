"""Highest-weight vectors of one block Sym^{k_1}(V_{l_1}) ⊗ … ⊗ Sym^{k_g}(V_{l_g}), in integers.

Basis. In V_l the binary-form basis b_m = |l m⟩ / √C(2l, l+m) makes the ladder operators integral:
E b_m = (l-m) b_{m+1}, F b_m = (l+m) b_{m-1}. A monomial is the tuple of its m, one for every
factor, ascending inside each group: Sym^k means that the order inside a group does not matter.
E and F act as derivations, so every vector below has integer coefficients, with no square root.

Method. Inside one group the highest-weight vectors of weight J are the kernel of E from weight J
to J+1 (reduced row echelon form: unique, hence canonical). Across groups no linear system is left:
from highest-weight vectors a (weight A) and b (weight B), for n = A + B - J,

    Σ_k c_k · F^(k) a ⊗ F^(n-k) b,   c_{k+1} (2A-k) = -c_k (2B-n+k+1),   F^(k) = F^k / k!

is the one killed by E. Different (A, B) and orthogonal a, b give orthogonal results, so only the
group bases need Gram–Schmidt.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cache, lru_cache
from itertools import combinations_with_replacement
from math import comb, factorial, gcd, lcm, prod

__all__ = ["Groups", "Monomial", "Vector", "highest_weight", "lower", "norm2", "raised"]

Groups = tuple[tuple[int, int], ...]
"""((l_1, k_1), …): degree and number of factors of every group of equal channels."""
Monomial = tuple[int, ...]
Vector = dict[Monomial, int]


def _slots(groups: Groups) -> list[tuple[int, int, int]]:
    """(l, start, stop) of every group inside a monomial."""
    slots, start = [], 0
    for l, k in groups:
        slots.append((l, start, start + k))
        start += k
    return slots


def _ladder(groups: Groups, vector: Vector, step: int) -> Vector:
    """E (step 1) or F (step -1) as a derivation: one factor moves at a time."""
    slots = _slots(groups)
    moved: Vector = {}
    for monomial, value in vector.items():
        for l, start, stop in slots:
            for i in range(start, stop):
                m = monomial[i]
                factor = l - step * m
                if factor == 0:
                    continue
                if stop - start == 1:
                    key = (*monomial[:i], m + step, *monomial[i + 1 :])
                else:
                    inside = [*monomial[start:i], m + step, *monomial[i + 1 : stop]]
                    inside.sort()
                    key = (*monomial[:start], *inside, *monomial[stop:])
                moved[key] = moved.get(key, 0) + factor * value
    return {key: value for key, value in moved.items() if value}


def raised(groups: Groups, vector: Vector) -> Vector:
    """E v; the empty dict says that v is a highest-weight vector (or zero)."""
    return _ladder(groups, vector, 1)


def lower(groups: Groups, vector: Vector, steps: int) -> list[Vector]:
    """[v, F v, F² v / 2!, …, F^steps v / steps!], all with integer coefficients."""
    chain = [vector]
    for k in range(1, steps + 1):
        below = _ladder(groups, chain[-1], -1)
        chain.append({key: value // k for key, value in below.items()})
    return chain


def norm2(groups: Groups, vector: Vector, *, symmetric: bool) -> Fraction:
    """|v|² as a tensor with U's components orthonormal.

    A monomial b_1 … b_d stands for the symmetrised tensor (for ``symmetric``), whose squared norm
    is ∏ μ_i! / d! · ∏ 1/C(2l, l+m); without symmetrisation the first factor is absent.
    """
    slots = _slots(groups)
    total = Fraction(0)
    for monomial, value in vector.items():
        binomials = prod(
            comb(2 * l, l + m) for l, start, stop in slots for m in monomial[start:stop]
        )
        repeats = 1
        if symmetric:
            for _, start, stop in slots:
                repeats *= repeat_factor(monomial[start:stop])
        total += Fraction(value * value * repeats, binomials)
    return total / factorial(sum(k for _, k in groups)) if symmetric else total


def repeat_factor(sorted_items: Iterable[int]) -> int:
    """∏ μ! over the runs of equal items of a sorted sequence."""
    product, run, last = 1, 0, None
    for item in sorted_items:
        run = run + 1 if item == last else 1
        last = item
        product *= run
    return product


def evaluation_weight(groups: Groups, monomial: Monomial) -> int:
    """Coefficient of b_0 ⋯ b_0 in F^(J) of a monomial of weight J: ∏ C(l+m, m), or 0.

    This is evaluation at the pole, where only m = 0 survives, carried to the highest weight.
    """
    value = 1
    for l, start, stop in _slots(groups):
        for m in monomial[start:stop]:
            if m < 0:
                return 0
            value *= comb(l + m, m)
    return value


def pole_value(groups: Groups, vector: Vector) -> int:
    """Coefficient of b_0 ⋯ b_0 in F^(J) v, for v of weight J."""
    return sum(c * evaluation_weight(groups, mono) for mono, c in vector.items())


def _primitive(row: dict[Monomial, Fraction]) -> Vector:
    """The integer multiple without common divisor whose first coefficient is positive."""
    row = {key: row[key] for key in sorted(row, reverse=True) if row[key]}
    scale = lcm(*(value.denominator for value in row.values()))
    vector = {key: int(value * scale) for key, value in row.items()}
    divisor = gcd(*vector.values())
    if next(iter(vector.values())) < 0:
        divisor = -divisor
    return {key: value // divisor for key, value in vector.items()}


def _inner(groups: Groups, a: dict[Monomial, Fraction], b: Vector) -> Fraction:
    common = {key: 1 for key in a if key in b}
    l = groups[0][0]
    return sum(
        (
            a[key] * b[key] * repeat_factor(key) / prod(comb(2 * l, l + m) for m in key)
            for key in common
        ),
        Fraction(0),
    )


def _kernel(l: int, k: int, weight: int) -> list[Vector]:
    """Canonical basis of ker E in Sym^k(V_l) at one weight, from the reduced echelon form."""
    from flint import fmpq_mat, fmpz_mat

    groups: Groups = ((l, k),)
    layers: dict[int, list[Monomial]] = {weight: [], weight + 1: []}
    for monomial in combinations_with_replacement(range(-l, l + 1), k):
        if (total := sum(monomial)) in layers:
            layers[total].append(monomial)
    source, target = sorted(layers[weight], reverse=True), layers[weight + 1]
    row_of = {monomial: i for i, monomial in enumerate(target)}
    if not source:
        return []
    columns = [raised(groups, {monomial: 1}) for monomial in source]
    pivots: dict[int, dict[int, Fraction]] = {}
    if target:
        matrix = [[0] * len(source) for _ in target]
        for j, column in enumerate(columns):
            for monomial, value in column.items():
                matrix[row_of[monomial]][j] = value
        echelon, rank = fmpq_mat(fmpz_mat(matrix)).rref()
        for i in range(rank):
            row = {
                j: Fraction(int(x.p), int(x.q))
                for j in range(len(source))
                if (x := echelon[i, j]) != 0
            }
            pivots[min(row)] = row
    kernel = []
    for free in range(len(source)):
        if free not in pivots:
            vector = {source[free]: Fraction(1)}
            for pivot, row in pivots.items():
                if free in row:
                    vector[source[pivot]] = -row[free]
            kernel.append(_primitive(vector))
    return kernel


def _adapted(groups: Groups, kernel: list[Vector]) -> list[Vector]:
    """Orthogonal basis of the same span in which at most the first vector survives at the pole.

    The vectors that vanish there are made first (each minus its share of one that survives), then
    Gram–Schmidt; the survivor, orthogonalised last, is the representer of the evaluation.
    """
    values = [pole_value(groups, vector) for vector in kernel]
    pivot = next((i for i, value in enumerate(values) if value), None)
    ordered: list[dict[Monomial, Fraction]] = []
    for i, vector in enumerate(kernel):
        if i == pivot:
            continue
        row = {key: Fraction(value) for key, value in vector.items()}
        if pivot is not None and values[i]:
            _subtract(row, Fraction(values[i], values[pivot]), kernel[pivot])
        ordered.append(row)
    if pivot is not None:
        ordered.append({key: Fraction(value) for key, value in kernel[pivot].items()})
    done: list[tuple[Vector, Fraction]] = []
    for row in ordered:
        original = dict(row)
        for other, square in done:
            _subtract(row, _inner(groups, original, other) / square, other)
        vector = _primitive(row)
        exact = {key: Fraction(value) for key, value in vector.items()}
        done.append((vector, _inner(groups, exact, vector)))
    vectors = [vector for vector, _ in done]
    return vectors if pivot is None else [vectors[-1], *vectors[:-1]]


def _subtract(row: dict[Monomial, Fraction], factor: Fraction, other: Vector) -> None:
    for key, value in other.items():
        row[key] = row.get(key, Fraction(0)) - factor * value


@cache
def _group_basis(l: int, k: int) -> tuple[tuple[int, Vector], ...]:
    if k == 1:
        return ((l, {(l,): 1}),)
    found = []
    for weight in range(l * k + 1):
        for vector in _adapted(((l, k),), _kernel(l, k, weight)):
            found.append((weight, vector))
    return tuple(found)


def _combine(a: list[Vector], b: list[Vector], A: int, B: int, J: int) -> Vector:
    """The highest-weight vector of weight J in the product of two irreps, given lowered chains."""
    n = A + B - J
    coefficients = [
        (-1) ** k * (factorial(2 * B - n + k) // factorial(2 * B - n)) * factorial(2 * A - k)
        for k in range(n + 1)
    ]
    divisor = gcd(*coefficients)
    vector: Vector = {}
    for k, coefficient in enumerate(coefficients):
        factor = coefficient // divisor
        right = b[n - k].items()
        for left_key, left in a[k].items():
            scaled = factor * left
            for right_key, value in right:
                vector[left_key + right_key] = scaled * value
    divisor = gcd(*vector.values())
    return {key: value // divisor for key, value in vector.items()}


@lru_cache(maxsize=256)
def _prefix_basis(groups: Groups) -> tuple[tuple[int, Vector], ...]:
    """All highest-weight vectors of the block as (weight, vector), in canonical order."""
    if not groups:
        return ((0, {(): 1}),)
    head, last = groups[:-1], groups[-1]
    group = _group_basis(*last)
    if not head:
        return group
    right = [(B, lower((last,), vector, 2 * B)) for B, vector in group]
    top = max(B for B, _ in group)
    found: list[tuple[int, Vector]] = []
    for A, vector in _prefix_basis(head):
        left = lower(head, vector, min(2 * A, 2 * top))
        for B, chain in right:
            for J in range(abs(A - B), A + B + 1):
                found.append((J, _combine(left, chain, A, B, J)))
    found.sort(key=lambda item: item[0])  # stable: paths stay in order within one weight
    return tuple(found)


def highest_weight(
    groups: Groups, weights: frozenset[int] | None = None
) -> dict[int, list[Vector]]:
    """Mutually orthogonal highest-weight vectors of a block, by weight J, in canonical order.

    Args:
        groups: ((l, k), …), k ≥ 1.
        weights: the J wanted; None for all of them.

    Returns:
        {J: [vector, …]}: integer vectors without common divisor; the span of the list is all of
        ker E at weight J.
    """
    result: dict[int, list[Vector]] = {}
    if weights is None:
        for J, vector in _prefix_basis(groups):
            result.setdefault(J, []).append(vector)
        return result
    head, last = groups[:-1], groups[-1]
    right = [(B, lower((last,), vector, 2 * B)) for B, vector in _group_basis(*last)]
    for A, vector in _prefix_basis(head):
        wanted = [
            (J, B, chain)
            for B, chain in right
            for J in range(abs(A - B), A + B + 1)
            if J in weights
        ]
        if not wanted:
            continue
        left = lower(head, vector, max(min(2 * A, A + B - J) for J, B, _ in wanted))
        for J, B, chain in wanted:
            result.setdefault(J, []).append(_combine(left, chain, A, B, J))
    return result
