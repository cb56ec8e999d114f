(** * The sum of the spaces of harmonics is direct

    Over a field of characteristic 0. Opposite points separate even and odd degrees; degrees of one
    parity make up a homogeneous polynomial, and [separate] does the rest. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension Span Families Harmonics Rotations
  Pairs Circle Exact Homogeneous.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Section Direct.
Variable F : fieldType.
Hypothesis char0 : [char F] =i pred0.
Implicit Types (p q r u : {mpoly F[3]}) (f : function F) (m : 'X_{1..3}).
Notation r2 := (radius2 F).

(* Zero is harmonic of every degree. *)
Lemma harmonic_polynomial0 k : harmonic_polynomial k (0 : {mpoly F[3]}).
Proof. by split; [exact: dhomog0 | rewrite /laplacian big1 // => i _; rewrite !mderiv0]. Qed.

(* A homogeneous polynomial of degree n is even or odd, like n. *)
Lemma meval_opposite n p v : p \is n.-homog -> p.@[fun i => - v i] = (-1) ^+ n * p.@[v].
Proof.
move/dhomogP => p_hom.
have values w : p.@[w] = \sum_(m <- msupp p) p@_m * 'X_[F, m].@[w].
  by rewrite {1}[p]mpolyE raddf_sum; apply: eq_bigr => m _; rewrite /= mevalZ.
rewrite !values mulr_sumr big_seq [RHS]big_seq; apply: eq_bigr => m /p_hom deg_m.
rewrite mulrCA; congr (_ * _); rewrite !mevalX; under eq_bigr do rewrite exprNn.
by rewrite big_split /= prodrXr -mdegE deg_m.
Qed.

Section Family.
Variable h : nat -> {mpoly F[3]}.
Hypothesis h_harmonic : forall l, harmonic_polynomial l (h l).

(* h_n + r^2 h_(n-2) + r^4 h_(n-4) + ... *)
Fixpoint parity_sum (n : nat) : {mpoly F[3]} :=
  if n is k.+2 then h n + r2 * parity_sum k else h n.

(* It is homogeneous of degree n. *)
Lemma parity_sum_homogeneous n : parity_sum n \is n.-homog /\ parity_sum n.+1 \is n.+1.-homog.
Proof.
elim: n => [|n [hom_n hom_n1]]; first by split; exact: (h_harmonic _).1.
split=> //=; apply: rpredD; first by case: (h_harmonic n.+2).
exact: (dhomogM (radius2_homogeneous F) hom_n).
Qed.

(* If it is 0, so is its first term: the eigenvalues differ. *)
Lemma parity_sum_head n : parity_sum n.+2 = 0 -> h n.+2 = 0 /\ parity_sum n = 0.
Proof.
move=> sum0; have [hom_n _] := parity_sum_homogeneous n.
have zero_space : subspace (fun p : {mpoly F[3]} => p = 0).
  by split=> // c p q -> ->; rewrite scaler0 addr0.
have h0 : h n.+2 = 0.
  rewrite -[h _]mul1r -(expr0 r2).
  apply: (@separate _ char0 _ zero_space _ 0 1 n n.+2 _ (parity_sum n)) => //.
    by move=> p ->; rewrite /laplacian big1 ?mulr0 // => i _; rewrite !mderiv0.
  by rewrite expr0 mul1r expr1.
split=> //; move: sum0; rewrite /= h0 add0r => /eqP.
by rewrite mulf_eq0 (negPf (radius2_neq0 F)) => /eqP.
Qed.

(* If two of them in a row are 0, so are all terms. *)
Lemma parity_sum_zero n : parity_sum n = 0 -> parity_sum n.+1 = 0 ->
  forall l, (l <= n.+1)%N -> h l = 0.
Proof.
elim: n => [|n IH] sum_n sum_n1 l; first by case: l => [|[|]].
have [h0 sum_n'] := parity_sum_head sum_n1.
by rewrite leq_eqVlt ltnS => /orP [/eqP ->|]; [|exact: IH].
Qed.

(* On the sphere two in a row contain every term once. *)
Lemma parity_sum_value n v : on_sphere v ->
  \sum_(l < n.+2) (h l).@[v] = (parity_sum n).@[v] + (parity_sum n.+1).@[v].
Proof.
move=> v_in; elim: n => [|n IH]; first by rewrite !big_ord_recr big_ord0 /= add0r.
rewrite big_ord_recr IH /= mevalD mevalM meval_radius2 // mul1r.
by rewrite [X in X + _]addrC -addrA [X in _ + X]addrC.
Qed.

(* If the sum of all terms vanishes on the sphere, it vanishes at the opposite point too. *)
Lemma harmonics_direct n : (forall v, on_sphere v -> \sum_(l < n) (h l).@[v] = 0) ->
  forall l, (l < n)%N -> h l = 0.
Proof.
case: n => [|[|n]] vanish // l.
  rewrite ltnS leqn0 => /eqP ->; apply: homogeneous_vanishing (h_harmonic 0).1 _ => // v v_in.
  by have := vanish v v_in; rewrite big_ord1.
have [hom_n hom_n1] := parity_sum_homogeneous n.
have two_neq0 : 2%:R != 0 :> F by rewrite (natr0 char0).
have both v : on_sphere v -> (parity_sum n).@[v] = 0 /\ (parity_sum n.+1).@[v] = 0.
  move=> v_in; have v'_in : on_sphere (fun i => - v i) by rewrite /on_sphere !sqrrN.
  have := vanish _ v'_in; have := vanish _ v_in; rewrite !parity_sum_value //.
  rewrite (meval_opposite _ hom_n) (meval_opposite _ hom_n1) exprS mulN1r mulNr -mulrBr.
  move=> plus /eqP; rewrite mulf_eq0 signr_eq0 subr_eq0 => /eqP equal.
  move: plus; rewrite equal -mulr2n -mulr_natl => /eqP; rewrite mulf_eq0 (negPf two_neq0).
  by move/eqP => ->.
rewrite ltnS; apply: parity_sum_zero.
  by apply: (homogeneous_vanishing char0 hom_n) => v /both [].
by apply: (homogeneous_vanishing char0 hom_n1) => v /both [].
Qed.

End Family.

(* The same for harmonics of different degrees, in any order. *)
Lemma distinct_direct n (deg : 'I_n -> nat) (p : 'I_n -> {mpoly F[3]}) : injective deg ->
  (forall i, harmonic_polynomial (deg i) (p i)) ->
  (forall v, on_sphere v -> \sum_i (p i).@[v] = 0) -> forall i, p i = 0.
Proof.
move=> deg_inj p_in vanish i; pose h l := \sum_(i | deg i == l) p i.
have h_in l : harmonic_polynomial l (h l).
  rewrite /h; elim/big_rec: _ => [|j q /eqP deg_j q_in]; first exact: harmonic_polynomial0.
  by rewrite -[p j]scale1r; apply: harmonic_polynomial_linear => //; rewrite -deg_j.
have deg_lt j : (deg j < (\max_j deg j).+1)%N by rewrite ltnS; exact: leq_bigmax.
have h_i : h (deg i) = p i.
  by rewrite /h (eq_bigl (pred1 i)) ?big_pred1_eq // => j; rewrite inE (inj_eq deg_inj).
rewrite -h_i; apply: (harmonics_direct h_in (n := (\max_j deg j).+1)) (deg_lt i) => v v_in.
rewrite -[RHS](vanish v v_in) [RHS](partition_big (fun j => Ordinal (deg_lt j)) predT) //=.
by apply: eq_bigr => l _; rewrite /h raddf_sum; apply: eq_bigl => j; rewrite -val_eqE.
Qed.

(* The sum of the spaces of harmonics is direct: if harmonics of degrees 0, ..., n add up to 0 on
   the sphere, each of them is 0 on the sphere. *)
Theorem harmonic_direct n (f : nat -> function F) :
  (forall l, (l <= n)%N -> harmonic l (f l)) ->
  equal_on_sphere (fun v => \sum_(l < n.+1) f l v) (fun=> 0) ->
  forall l, (l <= n)%N -> equal_on_sphere (f l) (fun=> 0).
Proof.
move=> f_in vanish.
have choose l : exists p, harmonic_polynomial l p /\
    ((l <= n)%N -> equal_on_sphere (f l) (fun v => p.@[v])).
  have [le_n|_] := leqP l n; first by have [p [p_hom lap_p f_p]] := f_in l le_n; exists p.
  by exists 0; split=> //; exact: harmonic_polynomial0.
have /fin_all_exists [p p_f] (l : 'I_n.+1) := choose l.
pose h l := if insub l is Some l' then p l' else 0.
have h_f l : (l <= n)%N -> equal_on_sphere (f l) (fun v => (h l).@[v]).
  move=> l_le; rewrite /h; case: insubP => [l' _ l'_eq|]; last by rewrite ltnS l_le.
  by have [_] := p_f l'; rewrite [nat_of_ord l']l'_eq; apply.
have h_harmonic l : harmonic_polynomial l (h l).
  rewrite /h; case: insubP => [l' _ <-|_]; first by case: (p_f l').
  exact: harmonic_polynomial0.
have zero := harmonics_direct h_harmonic (n := n.+1).
move=> l l_le v v_in; rewrite h_f // zero ?meval0 // => w w_in.
by rewrite -[RHS](vanish w w_in); apply: eq_bigr => l' _; rewrite h_f // -ltnS.
Qed.

End Direct.
