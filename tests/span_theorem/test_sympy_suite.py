"""sympy's own tests of 3j, 6j, 9j, Gaunt and Clebsch–Gordan values, with our functions in place.

The test modules that come with sympy are loaded a second time with our functions under sympy's
names. Between the two stands a thin adapter, since three things differ on purpose:

- sympy takes floats such as 0.5 for half-integers; ours refuse them, so the adapter makes
  Fractions of those floats that are half-integers;
- ours raise TypeError for what is no exact number where sympy raises ValueError;
- ours refuse a negative degree where ``real_gaunt`` of sympy returns 0. The calls concerned are
  listed and counted.
"""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sympy
import sympy.physics
import sympy.physics.quantum.cg as quantum
import sympy.physics.wigner as original

import span_theorem as ours

FOLDER = Path(sympy.physics.__file__).parent
SYMBOLS = FOLDER / "tests" / "test_clebsch_gordan.py"
QUANTUM = FOLDER / "quantum" / "tests" / "test_cg.py"


class Adapter:
    """Our functions with sympy's signatures and results; counts calls and refusals."""

    def __init__(self) -> None:
        self.calls = 0
        self.negative: list[tuple[int, ...]] = []

    def wrap(self, function: Callable[..., ours.Surd], order: list[int]) -> Callable[..., Any]:
        def call(*values: Any, prec: int | None = None) -> Any:
            self.calls += 1
            exact = [self.exact(value) for value in values]
            arguments = [exact[i] for i in order]
            try:
                result = function(*arguments).sympy()
            except TypeError as error:
                raise ValueError(str(error)) from error
            except ValueError as error:
                if "≥ 0, got -" not in str(error):
                    raise
                self.negative.append(values)
                return sympy.S.Zero
            return result if prec is None else result.n(prec)

        return call

    @staticmethod
    def exact(value: Any) -> Any:
        """A Fraction of a float that is a half-integer; anything else as it is."""
        number = getattr(value, "is_Float", False)
        if number or isinstance(value, float) or type(value).__name__.startswith("float"):
            twice = 2 * float(value)
            return Fraction(int(twice), 2) if twice.is_integer() else float(value)
        return value

    def functions(self) -> dict[str, Callable[..., Any]]:
        return {
            "wigner_3j": self.wrap(ours.wigner_3j, [0, 1, 2, 3, 4, 5]),
            "wigner_6j": self.wrap(ours.wigner_6j, [0, 1, 2, 3, 4, 5]),
            "wigner_9j": self.wrap(ours.wigner_9j, list(range(9))),
            "racah": self.wrap(ours.racah_w, [0, 1, 2, 3, 4, 5]),
            "clebsch_gordan": self.wrap(ours.clebsch_gordan, [0, 3, 1, 4, 2, 5]),
            "gaunt": self.wrap(ours.gaunt, [0, 1, 2, 3, 4, 5]),
            "real_gaunt": self.wrap(ours.real_gaunt, [0, 1, 2, 3, 4, 5]),
        }


def loaded(path: Path, functions: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The shipped test module with our functions, in it and in the modules that it tests."""
    spec = importlib.util.spec_from_file_location(f"shipped_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for place in (module, original, quantum):
        for name, function in functions.items():
            if hasattr(place, name):
                monkeypatch.setattr(place, name, function)
    return module


def names_of(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [line[4 : line.index("(")] for line in text.splitlines() if line.startswith("def test_")]


def run(path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> Adapter:
    adapter = Adapter()
    module = loaded(path, adapter.functions(), monkeypatch)
    getattr(module, name)()
    return adapter


# Its loop over 144,000 coefficients has a test of its own; wigner_d is not of ours.
@pytest.mark.parametrize("name", sorted(set(names_of(SYMBOLS)) - {"test_gaunt", "test_wigner_d"}))
def test_values_of_the_symbols(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = run(SYMBOLS, name, monkeypatch)
    assert adapter.calls
    # sympy expects 0 for these; a negative l is no representation, and ours say so.
    assert len(adapter.negative) == (5 if name == "test_realgaunt" else 0)
    assert all(min(call[:3]) < 0 for call in adapter.negative)


@pytest.mark.slow
def test_values_of_gaunt(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(SYMBOLS, "test_gaunt", monkeypatch).calls > 100_000


@pytest.mark.parametrize("name", names_of(QUANTUM))
def test_values_inside_the_quantum_module(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = run(QUANTUM, name, monkeypatch)
    assert not adapter.negative
    assert adapter.calls or name != "test_doit"


@pytest.mark.parametrize(
    ("name", "test"), [("wigner_9j", "test_wigner"), ("clebsch_gordan", "test_clebsch_gordan")]
)
def test_a_wrong_function_is_seen(name: str, test: str, monkeypatch: pytest.MonkeyPatch) -> None:
    functions = Adapter().functions()
    right = functions[name]
    functions[name] = lambda *values, **options: -right(*values, **options)
    module = loaded(SYMBOLS, functions, monkeypatch)
    with pytest.raises(AssertionError):
        getattr(module, test)()


def test_floats_are_refused_with_the_remedy() -> None:
    calls: list[Callable[[], object]] = [
        lambda: ours.wigner_3j(0, 0.5, 0.5, 0, 0.5, -0.5),  # type: ignore[arg-type]
        lambda: ours.clebsch_gordan(0.5, 0.5, 0.5, 0.5, 1, 1),  # type: ignore[arg-type]
        lambda: ours.wigner_6j(0.5, 1, 1, 1, 1, 1),  # type: ignore[arg-type]
        lambda: ours.racah_w(0.5, 1, 1, 1, 1, 1),  # type: ignore[arg-type]
        lambda: ours.wigner_9j(0.5, 1, 1, 1, 1, 1, 1, 1, 1),  # type: ignore[arg-type]
    ]
    for call in calls:
        with pytest.raises(TypeError, match=r"half-integer .*got 0\.5; write Fraction\(1, 2\)"):
            call()
    with pytest.raises(TypeError, match=r"got 2\.0; write 2"):
        ours.wigner_3j(2.0, 2, 2, 0, 0, 0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"got 0\.3$"):
        ours.wigner_3j(2, 2, 2, 0.3, 0, 0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"got Fraction\(1, 3\)"):
        ours.wigner_3j(Fraction(1, 3), 2, 2, 0, 0, 0)


def test_signature_keeps_the_order_of_arguments() -> None:
    assert list(inspect.signature(ours.racah_w).parameters) == ["j1", "j2", "J", "j3", "J12", "J23"]
