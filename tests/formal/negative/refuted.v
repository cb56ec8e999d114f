(* The false statements of this folder are false, and not only unproved. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension Span Weights Table.
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

Lemma span_refuted (F : fieldType) : [char F] =i pred0 ->
  ~ forall (d L : nat) (f : function F),
      span (product_of d (polynomial_function L)) f <-> polynomial_function (d * L).-1 f.
Proof.
move=> char0 wrong; have [_ [b [b_in dim_b]]] := T1_sphere 1 1 char0.
have dim_4 : has_dimension (@polynomial_function F 0) 4.
  by exists b; split=> [i|f]; [exact/(wrong 1 1)%N | rewrite -(wrong 1 1)%N].
by have := has_dimension_unique (polynomial_function_dimension char0 0) dim_4.
Qed.

Lemma table_refuted : multiplicities (states_upto 2) 2 4 <> [:: 3%:Z; 2%:Z; 4%:Z; 1%:Z; 2%:Z].
Proof. by vm_compute. Qed.
