(* Control of ceiling_false.v: the same script, degrees above dL. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SpanTheorem Require Import Ceiling.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Goal forall (F : fieldType) (A : comAlgType F) (Lz Lp Lm : A -> A) (mean : A -> F)
    (L d l : nat) (p t : A),
  [char F] =i pred0 -> angular_momentum Lz Lp Lm -> invariant_mean Lz Lp Lm mean ->
  polynomial_in (feature Lz Lp Lm L) d p -> target Lz Lp Lm l t ->
  (d * L < l)%N ->
  mean (p * t) = 0.
Proof. move=> F A Lz Lp Lm mean L d l p t char0 momentum invariant p_in t_in l_gt.
exact: (T4_ceiling char0 momentum invariant p_in t_in l_gt).1.
Qed.
