(* False, must not compile: the total is one too large. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SpanTheorem Require Import Weights Total.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Goal forall L d : nat,
  \sum_(l < (d * L).+1) multiplicity (states_of L) d l * (2 * l).+1%:Z =
    'C(2 * L + d, d).+1%:Z.
Proof. move=> L d; have [_ sum _ _] := T2_total L d.
exact: sum.
Qed.
