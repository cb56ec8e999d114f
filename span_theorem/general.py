"""The proof of T1–T3 for all L and d, as steps whose algebra sympy checks symbolically.

Each step states what it shows, gives its argument, and carries the identities on which the
argument rests; an identity is checked by reducing the difference of its sides to zero with L, d,
l, n, θ, φ as symbols. The arguments that join the steps (rotation stability, multiplicity one,
induction) are text. One formula is quoted and not proved: the closed form of (l1 l2 l3; 0 0 0)²
(Varshalovich, Moskalev, Khersonskii 1988, section 8.5.2). No step rests on it; its cases l2 = 1 and
l2 = 2 are compared with Legendre's recurrence. sympy checks the algebra, the reader the logic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy
from sympy import Expr, Symbol

__all__ = ["STEPS", "Identity", "Step", "stretched_constant_squared"]

l, n, d, L, k = sympy.symbols("l n d L k", integer=True, nonnegative=True)
theta = Symbol("theta", positive=True)
phi = Symbol("phi", real=True)


@dataclass(frozen=True, slots=True)
class Identity:
    """An equation in symbols, checked by reducing ``left - right`` to 0."""

    text: str
    left: Expr
    right: Expr

    def holds(self) -> bool:
        """Whether sympy reduces the difference to zero."""
        difference = sympy.expand(self.left - self.right, power_exp=False)
        for reduce in (sympy.simplify, sympy.gammasimp, sympy.trigsimp, sympy.combsimp):
            difference = reduce(difference)
            if difference == 0:
                return True
        return False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the general proof: label of the statement served, argument, identities."""

    label: str
    title: str
    argument: str
    identities: Callable[[], tuple[Identity, ...]]


def stretched_constant_squared(degree: Expr = L, power: Expr = d) -> Expr:
    """C(L, d)² of T3 in symbols.

    >>> sympy.simplify(stretched_constant_squared().subs({L: 2, d: 2}))
    5/(14*pi)
    """
    norm = _stretched_norm_squared
    return norm(degree) ** power / norm(degree * power)


def _stretched_norm_squared(degree: Expr) -> Expr:
    """N² with |Y_ll| = N sin^l θ."""
    top = sympy.factorial(2 * degree + 1)
    return top / (4 * sympy.pi * 4**degree * sympy.factorial(degree) ** 2)


def _laplacian(function: Expr) -> Expr:
    polar = sympy.diff(sympy.sin(theta) * sympy.diff(function, theta), theta) / sympy.sin(theta)
    return polar + sympy.diff(function, phi, 2) / sympy.sin(theta) ** 2


def _stretched() -> tuple[Identity, ...]:
    s = sympy.sin(theta)
    y = s**l * sympy.exp(sympy.I * l * phi)
    raised = sympy.exp(sympy.I * phi) * (
        sympy.diff(y, theta) + sympy.I * sympy.cot(theta) * sympy.diff(y, phi)
    )
    return (
        Identity("Δ y = −l(l+1) y", _laplacian(y) / y, -l * (l + 1)),
        Identity("L₊ y = 0", raised / y, sympy.Integer(0)),
        Identity("L_z y = l y", -sympy.I * sympy.diff(y, phi) / y, l),
    )


def _norm() -> tuple[Identity, ...]:
    # W(l) = ∫ sin^{2l} θ dΩ; by parts (2l+1) W(l) = 2l W(l-1), from this derivative.
    s, c = sympy.sin(theta), sympy.cos(theta)
    m = Symbol("m", integer=True, positive=True)
    derivative = sympy.diff(c * s ** (2 * m), theta)
    by_parts = 2 * m * s ** (2 * m - 1) - (2 * m + 1) * s ** (2 * m + 1)
    ratio = _stretched_norm_squared(m - 1) / _stretched_norm_squared(m)
    return (
        Identity(
            "d/dθ(cos θ sin^{2l} θ) = 2l sin^{2l−1} θ − (2l+1) sin^{2l+1} θ",
            sympy.expand(derivative / s ** (2 * m - 1)).subs(c**2, 1 - s**2),
            sympy.expand(by_parts / s ** (2 * m - 1)),
        ),
        Identity("N(l−1)²/N(l)² = 2l/(2l+1)", ratio, 2 * m / (2 * m + 1)),
        Identity(
            "N(0)² · 4π = 1", 4 * sympy.pi * _stretched_norm_squared(sympy.S.Zero), sympy.S.One
        ),
    )


def _product() -> tuple[Identity, ...]:
    l1, l2 = sympy.symbols("l1 l2", integer=True, nonnegative=True)
    s = sympy.sin(theta)

    def y(degree: Expr) -> Expr:
        return s**degree * sympy.exp(sympy.I * degree * phi)

    ratio = sympy.powsimp(y(l1) * y(l2) / y(l1 + l2))
    return (Identity("y_{l₁} y_{l₂} = y_{l₁+l₂}", ratio, sympy.S.One),)


def _dimension() -> tuple[Identity, ...]:
    total = sympy.summation(2 * k + 1, (k, 0, n))
    even = sympy.summation(2 * (2 * k) + 1, (k, 0, n))
    odd = sympy.summation(2 * (2 * k + 1) + 1, (k, 0, n))
    monomials = sympy.expand((n + 1) * (n + 2) / 2)
    return (
        Identity("Σ_{ℓ≤n} (2ℓ+1) = (n+1)²", total, (n + 1) ** 2),
        Identity("Σ_{ℓ≤2n, even} (2ℓ+1) = (2n+1)(2n+2)/2", even, (2 * n + 1) * (n + 1)),
        Identity("Σ_{ℓ≤2n+1, odd} (2ℓ+1) = (2n+2)(2n+3)/2", odd, (n + 1) * (2 * n + 3)),
        Identity(
            "C(n+2,2) + C(n+1,2) = (n+1)²", monomials + monomials.subs(n, n - 1), (n + 1) ** 2
        ),
    )


def _pure_degree() -> tuple[Identity, ...]:
    # q stands for the k-th derivative of the Legendre polynomial P_b, w for 1 − z². With
    # M(s) = ∫ w^s q dz, the last identity, integrated, is the recursion of the moments.
    z, b, s = sympy.symbols("z b s")
    w = 1 - z**2
    q = sympy.Function("q")(z)

    def legendre(u: Expr, order: Expr) -> Expr:
        first, second = sympy.diff(u, z), sympy.diff(u, z, 2)
        return w * second - 2 * (order + 1) * z * first + (b - order) * (b + order + 1) * u

    boundary = w**2 * sympy.diff(q, z) + 2 * (s - k) * z * w * q  # times w^(s−1)
    derivative = w * sympy.diff(boundary, z) - 2 * z * (s - 1) * boundary  # times w^(s−2)
    return (
        Identity(
            "d/dz of Legendre's equation of order k is the equation of order k+1 of q'",
            sympy.diff(legendre(q, k), z),
            legendre(sympy.diff(q, z), k + 1),
        ),
        Identity(
            "w^s (w q'' − 2(k+1) z q' + (b−k)(b+k+1) q) = d/dz(w^{s+1} q' + 2(s−k) z w^s q) "
            "− (2s−k−b)(2s−k+b+1) w^s q + 4s(s−k) w^{s−1} q",
            w**2 * legendre(q, k),
            derivative - (2 * s - k - b) * (2 * s - k + b + 1) * w**2 * q + 4 * s * (s - k) * w * q,
        ),
    )


def _zonal_square(a: Expr, b: Expr, c: Expr) -> Expr:
    """(l1 l2 l3; 0 0 0)² with a = g-l1, b = g-l2, c = g-l3, g = (l1+l2+l3)/2."""
    g = a + b + c
    root = sympy.factorial(g) / (sympy.factorial(a) * sympy.factorial(b) * sympy.factorial(c))
    square = root**2 / sympy.factorial(2 * g + 1)
    for part in (a, b, c):
        square *= sympy.factorial(2 * part)
    return square


def _any_degrees() -> tuple[Identity, ...]:
    # With a = g-l1, b = g-l2, c = g-l3, g = (l1+l2+l3)/2. The case l2 = 1 must be what Legendre's
    # recurrence gives, and the case l2 = 2 what Legendre's recurrence gives when it is used twice:
    # z P_l = ((l+1) P_{l+1} + l P_{l-1})/(2l+1) and P_2 = (3z²-1)/2. Here l ≥ 2 is m + 2.
    m = Symbol("m", integer=True, nonnegative=True)
    degree = m + 2

    def up(n: Expr) -> Expr:
        return (n + 1) / (2 * n + 1)

    def down(n: Expr) -> Expr:
        return n / (2 * n + 1)

    lower = (2 * l + 3) * _zonal_square(sympy.Integer(1), l, sympy.Integer(0))
    raised = (2 * l + 1) * _zonal_square(sympy.Integer(0), l, sympy.Integer(1))
    half = sympy.Rational(3, 2)
    middle = up(degree) * down(degree + 1) + down(degree) * up(degree - 1)
    return (
        Identity("(2l+3) (l 1 l+1; 0 0 0)² = (l+1)/(2l+1)", lower, (l + 1) / (2 * l + 1)),
        Identity("(2l+1) (l+1 1 l; 0 0 0)² = (l+1)/(2l+3)", raised, (l + 1) / (2 * l + 3)),
        Identity(
            "(2l+5) (l 2 l+2; 0 0 0)² is the coefficient of P_{l+2} in P_2 P_l",
            (2 * degree + 5) * _zonal_square(sympy.Integer(2), degree, sympy.Integer(0)),
            half * up(degree) * up(degree + 1),
        ),
        Identity(
            "(2l+1) (l 2 l; 0 0 0)² is the coefficient of P_l",
            (2 * degree + 1) * _zonal_square(sympy.Integer(1), degree - 1, sympy.Integer(1)),
            half * middle - sympy.Rational(1, 2),
        ),
        Identity(
            "(2l−3) (l 2 l−2; 0 0 0)² is the coefficient of P_{l−2}",
            (2 * degree - 3) * _zonal_square(sympy.Integer(0), degree - 2, sympy.Integer(2)),
            half * down(degree) * down(degree - 1),
        ),
    )


def _budget() -> tuple[Identity, ...]:
    c = Symbol("c", integer=True, positive=True)
    first = (c - 1) * L + 1
    return (
        Identity(
            "Σ_{ℓ=(c−1)L+1}^{cL} (2ℓ+1) = (cL+1)² − ((c−1)L+1)²",
            sympy.summation(2 * k + 1, (k, first, c * L)),
            (c * L + 1) ** 2 - first**2,
        ),
    )


def _saturation() -> tuple[Identity, ...]:
    m = Symbol("m", integer=True, nonnegative=True)
    return (
        Identity("d·L − (m + (d−1)·L) = L − m", d * L - (m + (d - 1) * L), L - m),
        Identity(
            "(L+1)² = Σ_{l≤L} (2l+1), the dimension of U_L",
            sympy.summation(2 * k + 1, (k, 0, L)),
            (L + 1) ** 2,
        ),
    )


def _constant() -> tuple[Identity, ...]:
    squared = stretched_constant_squared()
    closed = (
        (sympy.factorial(2 * L + 1) / (4 * sympy.pi * 4**L * sympy.factorial(L) ** 2)) ** d
        * (4 * sympy.pi * 4 ** (d * L) * sympy.factorial(d * L) ** 2)
        / sympy.factorial(2 * d * L + 1)
    )
    return (
        Identity("C(L,d)² = N(L)^{2d} / N(dL)² is the closed form", squared / closed, sympy.S.One),
        Identity("C(L,1) = 1", squared.subs(d, 1), sympy.S.One),
        Identity("C(0,d)² = (4π)^{1−d}", squared.subs(L, 0), (4 * sympy.pi) ** (1 - d)),
    )


STEPS: tuple[Step, ...] = (
    Step(
        "T1",
        "the stretched harmonic",
        "y = sin^l θ e^{ilφ} has Laplace eigenvalue −l(l+1) and is of highest weight l, so it is "
        "a multiple of Y_ll.",
        _stretched,
    ),
    Step(
        "T1",
        "its norm",
        "Y_ll = (−1)^l N(l) y with N(l)² = (2l+1)!/(4π 4^l l!²): integrating the derivative below "
        "over θ gives (2l+1)∫|y_l|² = 2l ∫|y_{l−1}|², which is the ratio of the N².",
        _norm,
    ),
    Step(
        "T1",
        "products of stretched harmonics are stretched",
        "Hence ∏ Y_{l_i l_i} is a nonzero multiple of Y_ℓℓ, ℓ = Σ l_i. Every ℓ ≤ dL is a sum of d "
        "numbers ≤ L, and the span is stable under rotations, so it contains all of H_ℓ.",
        _product,
    ),
    Step(
        "T1",
        "containment and dimensions",
        "A harmonic of degree l is a polynomial of degree l on the sphere, so a product of d of "
        "degree ≤ L has degree ≤ dL. Modulo x²+y²+z² = 1 a polynomial of degree ≤ n combines the "
        "C(n+2,2) + C(n+1,2) monomials x^i y^j z^e with e ≤ 1; these are as many as the harmonics "
        "of degree ≤ n, which are independent. So the span is H_{≤dL}, dimension (dL+1)².",
        _dimension,
    ),
    Step(
        "T1′",
        "products of two degrees, and exactly degree L",
        "H_a·H_b is stable, so it meets H_c exactly where T = ∫ f g h dΩ ≠ 0 for some harmonics "
        "f, g, h of degrees a, b, c. T is symmetric in them. Only these: fg has degree at most "
        "a+b, so by symmetry each degree is at most the sum of the others, and r → −r shows that "
        "a+b+c is even. All of these: let c be the largest and k = c−a, so that 0 ≤ k ≤ b and b−k "
        "is even. Take f = (x+iy)^a, h = (x−iy)^c, g = (x+iy)^k q(z) with q = d^k P_b/dz^k. Then "
        "T = 2π M(c), M(s) = ∫ w^s q dz from −1 to 1, w = 1−z². q satisfies Legendre's equation "
        "of order k (first identity, k times), and the second, integrated, gives "
        "(2s−k−b)(2s−k+b+1) M(s) = 4s(s−k) M(s−1) for s > k. Let s0 = (k+b)/2, so k ≤ s0 ≤ c. "
        "Above s0 all factors are positive, so M(c) is a positive multiple of M(s0). If M(s0) "
        "were 0, so would be M(s) for all s ≥ s0, and going down for all s ≥ k. Then q, which is "
        "even, would be orthogonal to all even polynomials with the weight w^k, itself included: "
        "false. T1′ follows. Two factors give 0, 2, …, 2L. If n ≥ 2 factors give every ℓ' ≤ nL "
        "with ℓ' ≡ nL mod 2, then ℓ ≤ (n+1)L with ℓ ≡ (n+1)L comes from ℓ' = |ℓ−L| ≤ nL, which "
        "has the right parity and meets the triangle rule. So for d ≥ 2 the span is the sum of "
        "H_ℓ, ℓ ≤ dL, ℓ ≡ dL mod 2; for d = 1 it is H_L, for d = 0 the constants.",
        _pure_degree,
    ),
    Step(
        "T1″",
        "any sets of degrees",
        "One factor at a time: the products of a span ⊕ H_ℓ' with ⊕ H_l, l in S, are the sum of "
        "the H_ℓ'·H_l, and each of these meets H_ℓ exactly where |ℓ'−l| ≤ ℓ ≤ ℓ'+l and ℓ'+l+ℓ is "
        "even (the step before). So S_1, …, S_d reach the ℓ that these rules allow along some "
        "way, and no others. For a witness take zonal functions: P_a P_b = Σ (2c+1) (a b c; 0 0 "
        "0)² P_c has no negative coefficient, so different ways to ℓ cannot cancel; and by "
        "Gaunt's formula (a b c; 0 0 0) = 0 would make every T of the step before zero. The "
        "closed form of the squares is quoted and not proved here; below it is compared with "
        "Legendre's recurrence for b = 1 and b = 2. The proof does not need it.",
        _any_degrees,
    ),
    Step(
        "T2",
        "the boundary irrep occurs once",
        "A state of Sym^d(U_L) or of the tensor power has weight Σ m_i ≤ dL. If one m_i = m < L, "
        "the others add at most (d−1)L and the weight misses dL by at least L − m > 0. So weight "
        "dL is reached by Y_LL^d alone, and the multiplicity of V_dL is 1 − 0 = 1.",
        _saturation,
    ),
    Step(
        "T3",
        "the stretched constant",
        "Y_LL^d = C(L,d) Y_{dL,dL}, with C(L,d) > 0 because the signs (−1)^{dL} agree.",
        _constant,
    ),
    Step(
        "T7",
        "several directions share the factors",
        "d_i factors spent on direction i reach H_ℓ, ℓ ≤ d_i L, there (T1), and products of "
        "functions of different directions are independent. So (ℓ_1, …, ℓ_K) is reached exactly "
        "where Σ⌈ℓ_i/L⌉ ≤ d, and the degrees that take c factors have the dimension below. "
        "H_ℓ ⊗ H_ℓ' holds an invariant only for ℓ = ℓ', so the angle between two directions is "
        "reached up to degree L⌊d/2⌋.",
        _budget,
    ),
)
"""The steps of the general proof, in the order of the argument.

:meta hide-value:
"""
