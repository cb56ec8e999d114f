(* Control of boundary_false.v: the same script, the true boundary. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SpanTheorem Require Import Weights.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Goal forall (L d : nat) (s : seq state),
  [/\ size s = d, all (mem (states_upto L)) s & weight s = (d * L)%N%:Z] <-> s = nseq d (L, L%:Z).
Proof. move=> L d s.
exact: (T2_boundary L d s).
Qed.
