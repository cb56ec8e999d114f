(* False, must not compile: one degree more, so the parity is wrong. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Harmonics Exact.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Goal forall (F : fieldType) (d L : nat) (f : function F), [char F] =i pred0 -> (1 < d)%N ->
  span (product_of d (harmonic L)) f <-> span (harmonic_parity (d * L).+1) f.
Proof. move=> F d L f char0 d_gt1.
exact: (T1_exact L char0 d_gt1 f).
Qed.
