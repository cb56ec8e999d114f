(* Control of degree_false.v: the same script, the true number. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Harmonics Direct Degrees.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Goal forall (F : fieldType) (l : nat), [char F] =i pred0 ->
  has_dimension (@harmonic F l) (2 * l).+1.
Proof. move=> F l char0.
exact: (harmonic_dimension char0 l).
Qed.
