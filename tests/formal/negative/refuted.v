(* The false statements of this folder are false, and not only unproved. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension Span Families Harmonics Exact.
From SpanTheorem Require Import Weights Table.
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

(* A homogeneous polynomial of degree 1 is odd. *)
Lemma linear_odd (F : fieldType) (p : {mpoly F[3]}) v : p \is 1.-homog ->
  p.@[fun i => - v i] = - p.@[v].
Proof.
move=> /dhomogP p_hom.
have values w : p.@[w] = \sum_(m <- msupp p) p@_m * 'X_[F, m].@[w].
  by rewrite {1}[p]mpolyE raddf_sum; apply: eq_bigr => m _; rewrite /= mevalZ.
rewrite !values -sumrN big_seq [RHS]big_seq; apply: eq_bigr => m /p_hom /eqP /mdeg1P [i /eqP ->].
by rewrite !mevalXU mulrN.
Qed.

(* The constant 1 is a product of harmonics of degree 0, and not odd. *)
Lemma exact_refuted (F : fieldType) : [char F] =i pred0 ->
  ~ forall (d L : nat) (f : function F), (1 < d)%N ->
      span (product_of d (harmonic L)) f <-> span (harmonic_parity (d * L).+1) f.
Proof.
move=> char0 wrong; have one_in : span (product_of 2 (@harmonic F 0)) (fun=> 1).
  apply/(exact_span char0) => //; exists 1; split=> [|v _]; [exact: dhomog1 | by rewrite meval1].
have /(parity_span char0) [p [p_hom p_eq]] := (wrong 2%N 0%N (fun=> 1) isT).1 one_in.
pose v := make_point (1 : F) 0 0.
have v_in : on_sphere v by rewrite /on_sphere /= expr1n expr0n !addr0.
have v'_in : on_sphere (fun i => - v i) by rewrite /on_sphere !sqrrN.
have := p_eq _ v'_in; rewrite linear_odd // -(p_eq _ v_in) => /eqP.
by rewrite -subr_eq0 opprK -(natrD _ 1 1) (natr0 char0).
Qed.
