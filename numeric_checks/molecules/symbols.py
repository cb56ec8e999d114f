"""Chemical symbols, so that arrays of atomic numbers can be read without another package."""

from __future__ import annotations

__all__ = ["SYMBOLS", "atomic_number"]

_ROWS = """
    H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se
    Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb
    Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm
    Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og
"""
SYMBOLS: tuple[str, ...] = ("X", *_ROWS.split())
"""``SYMBOLS[Z]`` for Z = 1 … 118; "X" stands for no element."""


def atomic_number(symbol: str) -> int:
    """Z of a chemical symbol; ValueError for anything else.

    >>> atomic_number("C")
    6
    """
    if symbol == "X" or symbol not in SYMBOLS:
        raise ValueError(f"an element is named by its chemical symbol, as C or O; got {symbol!r}")
    return SYMBOLS.index(symbol)
