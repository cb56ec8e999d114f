(** * Polynomials: degree at most dL = combinations of products of d factors of degree at most L

    No sphere yet: this file is about polynomials in n variables over any commutative ring. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.

(** ** Splitting one monomial *)
Section Monomials.
Variable n : nat.
Implicit Types m : 'X_{1..n}.

(* A monomial other than 1 contains some variable. *)
Lemma monomial_variable m : m != 0%MM -> exists i, m i != 0%N.
Proof.
move=> m_neq1; apply/existsP; apply: contraR m_neq1; rewrite negb_exists => /forallP m0.
by apply/eqP/mnmP => i; rewrite mnm0E; apply/eqP; rewrite -[_ == _]negbK m0.
Qed.

(* A monomial has divisors of every degree up to its own: remove one variable after another. *)
Lemma monomial_divisor k m : (k <= mdeg m)%N -> exists2 a, mdeg a = k & (a <= m)%MM.
Proof.
elim: k => [|k IH] k_le; first by exists 0%MM; [exact: mdeg0 | apply/mnm_lepP => i; rewrite mnm0E].
have [a deg_a a_le] := IH (ltnW k_le).
have rest_neq1 : (m - a)%MM != 0%MM.
  by apply: contraL k_le => /eqP rest1; rewrite -(submK a_le) rest1 add0m deg_a ltnn.
have [i i_in] := monomial_variable rest_neq1.
exists (U_(i) + a)%MM; first by rewrite mdegD mdeg1 deg_a.
rewrite -(submK a_le); apply/mnm_lepP => j; rewrite !mnmDE leq_add2r.
by move: i_in; rewrite -lep1mP => /mnm_lepP; apply.
Qed.

(* A monomial of degree at most dL is a product of d monomials of degree at most L: split off a
   divisor of degree L (or everything, if less is left), d times. *)
Lemma monomial_split d L m : (mdeg m <= d * L)%N ->
  exists2 a : 'I_d -> 'X_{1..n}, forall i, (mdeg (a i) <= L)%N
                               & m = (\big[mnm_add/0%MM]_i a i).
Proof.
elim: d m => [|d IH] m deg_m.
  exists (fun=> 0%MM) => [[]|] //; rewrite big_ord0; apply/eqP.
  by rewrite -mdeg_eq0 -leqn0.
have [a deg_a a_le] := monomial_divisor (geq_minr L (mdeg m)).
have [|b deg_b rest] := IH (m - a)%MM.
  have := mdegD (m - a) a; rewrite (submK a_le) deg_a => deg_sum.
  case: (leqP L (mdeg m)) => [L_le|/ltnW le_L].
    by move: deg_m; rewrite deg_sum mulSn addnC (minn_idPl L_le) leq_add2l.
  move: deg_sum; rewrite (minn_idPr le_L) -{1}[mdeg m]add0n => /eqP.
  by rewrite eqn_add2r eq_sym => /eqP ->.
exists (fun i => if unlift ord0 i is Some j then b j else a).
  by move=> i; case: (unlift ord0 i) => [j|]; [exact: deg_b | rewrite deg_a geq_minl].
rewrite big_ord_recl unlift_none -[LHS](submK a_le) addmC rest; congr (_ + _)%MM.
by apply: eq_bigr => j _; rewrite liftK.
Qed.

(* The same for degree exactly dL and exactly L. *)
Lemma monomial_split_exact d L m : mdeg m = (d * L)%N ->
  exists2 a : 'I_d -> 'X_{1..n}, forall i, mdeg (a i) = L & m = (\big[mnm_add/0%MM]_i a i).
Proof.
move=> deg_m; have [|a deg_a m_eq] := @monomial_split d L m; first by rewrite deg_m.
exists a => // i; apply/eqP.
have := leqif_sum (fun j (_ : true) => conj (deg_a j) (erefl (mdeg (a j) == L))).
rewrite sum_nat_const card_ord -mdeg_sum -m_eq deg_m => -[_].
by rewrite eqxx => /esym/forall_inP; apply.
Qed.

End Monomials.

(** ** Polynomials *)
Section Products.
Variables (n : nat) (R : comRingType).
Implicit Types (p q : {mpoly R[n]}) (m : 'X_{1..n}).
Local Open Scope ring_scope.

(* [p] has total degree at most [k]: every monomial that occurs in it has. *)
Definition degree_le (k : nat) (p : {mpoly R[n]}) : bool :=
  all (fun m => mdeg m <= k)%N (msupp p).

(* In terms of the library's [msize], which is one more than the degree. *)
Lemma degree_leE k p : degree_le k p = (msize p <= k.+1)%N.
Proof.
rewrite mmeasureE; apply/allP/bigmax_leqP_seq => [deg_p m m_in _|deg_p m m_in].
  exact: deg_p.
exact: deg_p.
Qed.

(* The degree of a monomial. *)
Lemma degree_leX k m : (mdeg m <= k)%N -> degree_le k 'X_[m].
Proof. by move=> deg_m; rewrite degree_leE msizeX. Qed.

(* A scalar multiple has no new monomials. *)
Lemma degree_leZ k c p : degree_le k p -> degree_le k (c *: p).
Proof. by rewrite !degree_leE => deg_p; apply: leq_trans (mmeasureZ_le _ _ _) deg_p. Qed.

(* Neither has a sum. *)
Lemma degree_le_sum k (I : Type) (r : seq I) (P : pred I) (q : I -> {mpoly R[n]}) :
  (forall i, P i -> degree_le k (q i)) -> degree_le k (\sum_(i <- r | P i) q i).
Proof.
move=> deg_q; elim/big_rec: _ => [|i p Pi]; first by rewrite /degree_le msupp0.
have := deg_q i Pi; rewrite !degree_leE => deg_i deg_p.
by apply: leq_trans (mmeasureD_le _ _ _) _; rewrite geq_max deg_i.
Qed.

(* Degrees add under multiplication, at most. *)
Lemma degree_leM j k p q : degree_le j p -> degree_le k q -> degree_le (j + k) (p * q).
Proof.
move=> /allP deg_p /allP deg_q; apply/allP => m /msuppM_le /allpairsP [[a b] /= [a_in b_in ->]].
by rewrite mdegD leq_add ?deg_p ?deg_q.
Qed.

(* Hence d factors of degree at most L have a product of degree at most dL. *)
Lemma degree_le_prod d L (q : 'I_d -> {mpoly R[n]}) :
  (forall i, degree_le L (q i)) -> degree_le (d * L) (\prod_i q i).
Proof.
elim: d q => [|d IH] q deg_q.
  by rewrite big_ord0 degree_leE -[1]mpolyC1 mmeasureC; case: (_ != _).
by rewrite big_ord_recl mulSn degree_leM ?IH.
Qed.

(* Polynomials of degree at most dL are exactly the linear combinations of products of d
   polynomials of degree at most L: split every monomial; conversely degrees add. *)
Theorem polynomial_products d L p :
  degree_le (d * L) p <->
  exists (k : nat) (c : 'I_k -> R) (q : 'I_k -> 'I_d -> {mpoly R[n]}),
    (forall i j, degree_le L (q i j)) /\ p = \sum_i c i *: \prod_j q i j.
Proof.
split=> [/allP deg_p|[k [c [q [deg_q ->]]]]]; last first.
  by apply: degree_le_sum => i _; apply: degree_leZ; apply: degree_le_prod.
pose m (i : 'I_(size (msupp p))) := nth 0%MM (msupp p) i.
have split_m i : exists a : 'I_d -> 'X_{1..n},
    (forall j, (mdeg (a j) <= L)%N) /\ m i = (\big[mnm_add/0%MM]_j a j).
  by have [|a] := @monomial_split n d L (m i); [rewrite deg_p // mem_nth | exists a].
have [a a_split] := fin_all_exists split_m.
exists (size (msupp p)), (fun i => p@_(m i)), (fun i j => 'X_[a i j]).
split=> [i j|]; first by apply: degree_leX; case: (a_split i).
rewrite {1}[p]mpolyE (big_nth 0%MM) big_mkord; apply: eq_bigr => i _; congr (_ *: _).
by rewrite -/(m i); case: (a_split i) => _ ->; elim/big_rec2: _ => [|j x y _ <-];
  rewrite ?mpolyX0 ?mpolyXD.
Qed.

End Products.
