(* False, must not compile: the budget is one factor too large. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Harmonics Directions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Goal forall (F : fieldType) (k L d : nat), [char F] =i pred0 -> (0 < L)%N ->
  forall f : ('I_k -> point F) -> F, span_on (@on_spheres F k) (factors_upto L d) f <->
  span_on (@on_spheres F k) (within_budget L d.+1) f.
Proof. move=> F k L d char0 L_gt0 f.
exact: ((T7_directions k d char0 L_gt0).1 f).
Qed.
