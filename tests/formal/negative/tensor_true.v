(* Control of tensor_false.v: the same script, the true number. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SpanTheorem Require Import Weights.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Goal forall L d : nat,
  tensor_multiplicity (states_of L) d (d * L) = 1.
Proof. move=> L d; have [_ top _] := T2_tensor L d.
exact: top.
Qed.
