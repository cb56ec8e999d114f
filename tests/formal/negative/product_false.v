(* False, must not compile: one degree too high. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Families Harmonics Degrees Coupling.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Goal forall (F : fieldType) (a b : nat) (f : function F), [char F] =i pred0 ->
  span (times_on (@on_sphere F) (harmonic a) (harmonic b)) f <->
  span (harmonic_in (couple a b.+1)) f.
Proof. move=> F a b f char0.
exact: (product_of_two char0 a b f).
Qed.
