(* False, must not compile: the products reach one degree less. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Span.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Goal forall (F : fieldType) (d L : nat) (f : function F),
  span (product_of d (polynomial_function L)) f <-> polynomial_function ((d * L).-1) f.
Proof. move=> F d L f.
exact: (span_of_products d L f).
Qed.
