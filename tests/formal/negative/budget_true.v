(* Control of budget_false.v: the same script, the true number. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Harmonics Directions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Goal forall (F : fieldType) (k L d : nat), [char F] =i pred0 -> (0 < L)%N ->
  dimension_on (@on_spheres F k) (span_on (@on_spheres F k) (factors_upto L d))
    (\sum_(l : {ffun 'I_k -> 'I_(d * L).+1} | (\sum_i cost L (l i) <= d)%N)
       \prod_i (2 * l i).+1).
Proof. move=> F k L d char0 L_gt0.
exact: ((T7_directions k d char0 L_gt0).2).
Qed.
