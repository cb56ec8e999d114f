(* The false statements of this folder are false, and not only unproved. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension Span Families Harmonics Exact.
From SpanTheorem Require Import Homogeneous Direct Degrees Coupling Directions Ceiling.
From SpanTheorem Require Import Weights Total Table.
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

Lemma total_refuted (L d : nat) :
  \sum_(l < (d * L).+1) multiplicity (states_of L) d l * (2 * l).+1%:Z <>
  'C(2 * L + d, d).+1%:Z.
Proof. by have [_ -> _ _] := T2_total L d => -[] /n_Sn. Qed.

Lemma tensor_refuted (L d : nat) : tensor_multiplicity (states_of L) d (d * L) <> 2%:Z.
Proof. by have [_ -> _] := T2_tensor L d. Qed.

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

(* The constant 1 is not odd, so it is no combination of harmonics of degree 1. *)
Lemma one_not_linear (F : fieldType) : [char F] =i pred0 ->
  ~ homogeneous_function 1 (fun=> 1 : F).
Proof.
move=> char0 [p [p_hom p_eq]]; pose v := make_point (1 : F) 0 0.
have v_in : on_sphere v by rewrite /on_sphere /= expr1n expr0n !addr0.
have v'_in : on_sphere (fun i => - v i) by rewrite /on_sphere !sqrrN.
have := p_eq _ v'_in; rewrite linear_odd // -(p_eq _ v_in) => /eqP.
by rewrite -subr_eq0 opprK -(natrD _ 1 1) (natr0 char0).
Qed.

Lemma exact_refuted (F : fieldType) : [char F] =i pred0 ->
  ~ forall (d L : nat) (f : function F), (1 < d)%N ->
      span (product_of d (harmonic L)) f <-> span (harmonic_parity (d * L).+1) f.
Proof.
move=> char0 wrong; have one_in : span (product_of 2 (@harmonic F 0)) (fun=> 1).
  apply/(exact_span char0) => //; exists 1; split=> [|v _]; [exact: dhomog1 | by rewrite meval1].
by apply: (one_not_linear char0); apply/(parity_span char0)/(wrong 2%N 0%N _ isT).
Qed.

Lemma exact_dimension_refuted (F : fieldType) (d L : nat) : [char F] =i pred0 -> (1 < d)%N ->
  ~ has_dimension (span (product_of d (@harmonic F L))) (((d * L).+1 * (d * L).+2)./2).+1.
Proof.
move=> char0 d_gt1 wrong.
exact: n_Sn (has_dimension_unique (T1_exact_dimension L char0 d_gt1) wrong).
Qed.

Lemma homogeneous_refuted (F : fieldType) : [char F] =i pred0 ->
  ~ forall n, has_dimension (@homogeneous_function F n) (n.+1 * n.+2).
Proof.
move=> char0 wrong.
by have := has_dimension_unique (homogeneous_dimension char0 0) (wrong 0%N).
Qed.

Lemma direct_refuted (F : fieldType) : [char F] =i pred0 ->
  ~ forall (n : nat) (f : nat -> function F), (forall l, (l <= n)%N -> harmonic l (f l)) ->
      equal_on_sphere (fun v => \sum_(l < n) f l v) (fun=> 0) ->
      forall l, (l <= n)%N -> equal_on_sphere (f l) (fun=> 0).
Proof.
move=> char0 wrong.
have v_in : on_sphere (make_point (1 : F) 0 0) by rewrite /on_sphere /= expr1n expr0n !addr0.
suff : 1 = 0 :> F by apply/eqP; exact: oner_neq0.
apply: (wrong 0%N (fun=> fun=> 1) _ _ 0%N isT _ v_in) => [l|v _]; last by rewrite big_ord0.
by rewrite leqn0 => /eqP ->; apply/harmonic_constant; exists 1.
Qed.

Lemma degree_refuted (F : fieldType) (l : nat) : [char F] =i pred0 ->
  ~ has_dimension (@harmonic F l) (2 * l).+2.
Proof.
by move=> char0 wrong; exact: n_Sn (has_dimension_unique (harmonic_dimension char0 l) wrong).
Qed.

Lemma degrees_refuted (F : fieldType) : [char F] =i pred0 ->
  ~ forall S, uniq S -> has_dimension (span (@harmonic_in F S)) (\sum_(l <- S) (2 * l).+2).
Proof.
move=> char0 wrong; have right_0 := @harmonic_in_dimension F char0 [:: 0%N] isT.
by have := has_dimension_unique right_0 (wrong [:: 0%N] isT); rewrite !big_seq1.
Qed.

(* Combinations of harmonics of degree 1 are homogeneous of degree 1. *)
Lemma linear_homogeneous (F : fieldType) (f : function F) :
  span (harmonic_in [:: 1%N]) f -> homogeneous_function 1 f.
Proof.
move=> [k [c [g [g_in f_eq]]]]; apply: homogeneous_span f_eq => i.
have [l] := g_in i; rewrite inE => /eqP -> [p [p_hom _ g_eq]].
by exists p.
Qed.

Lemma product_refuted (F : fieldType) : [char F] =i pred0 ->
  ~ forall (a b : nat) (f : function F),
      span (times_on (@on_sphere F) (harmonic a) (harmonic b)) f <->
      span (harmonic_in (couple a b.+1)) f.
Proof.
move=> char0 wrong; apply: (one_not_linear char0); apply/linear_homogeneous/(wrong 0%N 0%N).
have one_in : harmonic 0 (fun _ : point F => 1) by apply/harmonic_constant; exists 1.
by apply: span_member; exists (fun=> 1), (fun=> 1); split=> // v _; rewrite mulr1.
Qed.

Lemma factors_refuted (F : fieldType) : [char F] =i pred0 ->
  ~ forall (d : nat) (S : 'I_d -> seq nat) (f : function F),
      span (product_of_each (fun j => span (harmonic_in (S j)))) f <->
      span (harmonic_in (reach ([:: 1%N] :: [seq S j | j <- enum 'I_d]))) f.
Proof.
move=> char0 wrong; apply: (one_not_linear char0); apply: linear_homogeneous.
have := wrong 0%N (fun=> [::]) (fun=> 1); rewrite (_ : enum 'I_0 = [::]); last first.
  by apply/size0nil; rewrite size_enum_ord.
move=> [to_1 _]; apply: to_1; apply: span_member; exists (fun=> fun=> 0).
by split=> [[]|v _] //; rewrite big_ord0.
Qed.

Lemma directions_refuted (F : fieldType) : [char F] =i pred0 ->
  ~ forall (k L d : nat) (f : ('I_k -> point F) -> F), (0 < L)%N ->
      span_on (@on_spheres F k) (factors_upto L d) f <->
      span_on (@on_spheres F k) (within_budget L d.+1) f.
Proof.
move=> char0 wrong; pose f (u : 'I_1 -> point F) := u ord0 X.
have f_in : span_on (@on_spheres F 1) (within_budget 1 1) f.
  apply: span_member; exists (fun=> 1%N); first by rewrite big_ord1.
  exists (fun=> fun v => v X); split=> [i|u _]; last by rewrite big_ord1.
  exists 'X_X; split=> [||v _]; rewrite ?mevalXU ?dhomogX /= ?mdeg1 //.
  by rewrite (laplacian_low (leqnn 1)) // dhomogX /= mdeg1.
have [n [c [g [g_in f_eq]]]] := (wrong 1%N 1%N 0%N f isT).2 f_in.
have v_in : on_sphere (make_point (1 : F) 0 0) by rewrite /on_sphere /= expr1n expr0n !addr0.
have v'_in : on_sphere (make_point (-1 : F) 0 0).
  by rewrite /on_sphere /= sqrrN expr1n expr0n !addr0.
have constant u : on_spheres u -> f u = \sum_i c i.
  move=> u_in; rewrite f_eq //; apply: eq_bigr => i _.
  have [e] := g_in i; rewrite leqn0 => /eqP -> [h [_ g_eq]].
  by rewrite g_eq // big_ord0 mulr1.
have := constant (fun=> make_point 1 0 0) (fun=> v_in).
rewrite -(constant (fun=> make_point (-1) 0 0) (fun=> v'_in)) /f /= => /eqP.
by rewrite -subr_eq0 opprK -(natrD _ 1 1) (natr0 char0).
Qed.

Lemma budget_refuted (F : fieldType) (k L d : nat) : [char F] =i pred0 -> (0 < L)%N ->
  ~ dimension_on (@on_spheres F k) (span_on (@on_spheres F k) (factors_upto L d))
    (\sum_(l : {ffun 'I_k -> 'I_(d * L).+1} | (\sum_i cost L (l i) <= d)%N)
       \prod_i (2 * l i).+1).+1.
Proof.
move=> char0 L_gt0 wrong; have [_ right] := T7_directions k d char0 L_gt0.
exact: n_Sn (has_dimension_unique right wrong).
Qed.

(* Without rotations (all operators 0) and with the numbers as their own mean, 1 is a polynomial of
   degree 0 and a target of degree 0. *)
Lemma ceiling_refuted (F : fieldType) : [char F] =i pred0 ->
  ~ forall (A : comAlgType F) (Lz Lp Lm : A -> A) (mean : A -> F) (L d l : nat) (p t : A),
      angular_momentum Lz Lp Lm -> invariant_mean Lz Lp Lm mean ->
      polynomial_in (feature Lz Lp Lm L) d p -> target Lz Lp Lm l t -> (d * L <= l)%N ->
      mean (p * t) = 0.
Proof.
move=> char0 wrong; pose A := [comAlgType F of F^o]; pose zero (_ : A) : A := 0.
have zero_derivation : derivation zero.
  by split=> [c f g|f g]; rewrite /zero ?scaler0 ?mul0r ?mulr0 addr0.
suff : 1 = 0 :> F by apply/eqP; exact: oner_neq0.
rewrite -[X in X = _]mulr1; apply: (wrong A zero zero zero id 0%N 0%N 0%N 1 1) => //.
- by split; split=> // f; rewrite /zero ?subrr ?oppr0 ?mul0rn.
- by rewrite -[X in polynomial_in _ _ X]scale1r; exact: polynomial_constant.
- by rewrite /target /casimir /zero !addr0 mul0n mulr0n.
Qed.
