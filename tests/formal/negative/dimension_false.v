(* False, must not compile: the dimension is one too large. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Goal forall (F : fieldType) (n : nat), [char F] =i pred0 ->
  has_dimension (@polynomial_function F n) ((n.+1 ^ 2).+1).
Proof. move=> F n char0.
exact: (polynomial_function_dimension char0 n).
Qed.
