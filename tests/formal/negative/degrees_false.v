(* False, must not compile: each degree counts one too many. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Harmonics Direct Degrees.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Goal forall (F : fieldType) (S : seq nat), [char F] =i pred0 -> uniq S ->
  has_dimension (span (@harmonic_in F S)) (\sum_(l <- S) (2 * l).+2).
Proof. move=> F S char0 S_uniq.
exact: (harmonic_in_dimension char0 S_uniq).
Qed.
