(* False, must not compile: the dimension is twice the true one. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Harmonics Exact Homogeneous.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Goal forall (F : fieldType) (n : nat), [char F] =i pred0 ->
  has_dimension (@homogeneous_function F n) (n.+1 * n.+2).
Proof. move=> F n char0.
exact: (homogeneous_dimension char0 n).
Qed.
