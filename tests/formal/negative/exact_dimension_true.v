(* Control of exact_dimension_false.v: the same script, the true number. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Harmonics Exact Homogeneous.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Goal forall (F : fieldType) (d L : nat), [char F] =i pred0 -> (1 < d)%N ->
  has_dimension (span (product_of d (@harmonic F L))) ((d * L).+1 * (d * L).+2)./2.
Proof. move=> F d L char0 d_gt1.
exact: (T1_exact_dimension L char0 d_gt1).
Qed.
