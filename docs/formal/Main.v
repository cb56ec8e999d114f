(** * The theorems

    Restated in one place, each with the axioms it rests on. Every word in them is defined in
    [Sphere.v], [Harmonics.v], [Exact.v], [Degrees.v],
    [Coupling.v], [Directions.v], [Ceiling.v] and [Weights.v]; [README.md] says what they mean. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension Span Families Harmonics.
From SpanTheorem Require Import Rotations Pairs Circle Exact Homogeneous Direct Degrees Coupling.
From SpanTheorem Require Import Directions Ceiling Weights Total Table.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Print Assumptions polynomial_products.
Print Assumptions has_dimension_unique.
Print Assumptions span_of_products.
Print Assumptions equal_on_sphere_congruent.
Print Assumptions polynomial_function_dimension.
Print Assumptions T1_sphere.
Print Assumptions harmonic_span.
Print Assumptions T1_harmonics.
Print Assumptions exact_span.
Print Assumptions parity_span.
Print Assumptions T1_exact.
Print Assumptions homogeneous_dimension.
Print Assumptions T1_exact_dimension.
Print Assumptions harmonic_direct.
Print Assumptions harmonic_dimension.
Print Assumptions harmonic_in_dimension.
Print Assumptions product_of_two.
Print Assumptions factors_span.
Print Assumptions T1_factors.
Print Assumptions budget_dimension.
Print Assumptions T7_directions.
Print Assumptions T4_ceiling.
Print Assumptions T2_boundary.
Print Assumptions T2_multiplicity.
Print Assumptions T2_tensor.
Print Assumptions T2_total.
Print Assumptions multiplicitiesE.
