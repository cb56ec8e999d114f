(* The false statements of this folder are false, and not only unproved. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension Weights.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Lemma dimension_refuted (F : fieldType) (n : nat) : [char F] =i pred0 ->
  ~ has_dimension (@polynomial_function F n) (n.+1 ^ 2).+1.
Proof.
move=> char0 wrong.
exact: n_Sn (has_dimension_unique (polynomial_function_dimension char0 n) wrong).
Qed.

Lemma boundary_refuted :
  ~ forall (L d : nat) (s : seq state),
      [/\ size s = d, all (mem (states_upto L)) s & weight s = (d * L).-1%N%:Z] <->
      s = nseq d (L, L%:Z).
Proof.
move=> wrong; have [_ /(_ erefl) [_ _]] := wrong 1%N 1%N [:: (1%N, 1%:Z)].
by rewrite /weight big_seq1.
Qed.
