(* False, must not compile: the boundary is one lower. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SpanTheorem Require Import Weights.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Goal forall (L d : nat) (s : seq state),
  [/\ size s = d, all (mem (states_upto L)) s & weight s = ((d * L).-1)%N%:Z] <-> s = nseq d (L, L%:Z).
Proof. move=> L d s.
exact: (T2_boundary L d s).
Qed.
