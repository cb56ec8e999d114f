(** * The dimensions: dim H_l = 2l + 1, and sums of several H_l

    Over a field of characteristic 0. A harmonic polynomial is determined by its coefficients at the
    monomials without z^2, and these can be chosen freely. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension Span Families Harmonics Rotations
  Pairs Circle Exact Homogeneous
  Direct.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

(* [f] is a harmonic of a degree in the list [S]. *)
Definition harmonic_in (F : fieldType) (S : seq nat) (f : function F) : Prop :=
  exists2 l, l \in S & harmonic l f.

Section Degrees.
Variable F : fieldType.
Hypothesis char0 : [char F] =i pred0.
Implicit Types (p q r u : {mpoly F[3]}) (f : function F) (m : 'X_{1..3}).
Notation r2 := (radius2 F).

(** ** The dimension of H_l *)

(* The Laplacian of a monomial. *)
Lemma laplacian_monomial a b c : laplacian 'X_[F, monomial a b c] =
  'X_[monomial a.-2 b c] *+ (a * a.-1) + 'X_[monomial a b.-2 c] *+ (b * b.-1) +
  'X_[monomial a b c.-2] *+ (c * c.-1).
Proof.
have second i m : mderiv i (mderiv i 'X_[F, m]) = 'X_[m - U_(i) - U_(i)] *+ (m i * (m i).-1).
  by rewrite mderivX mderivZ mderivX scalerA -natrM scaler_nat mnmBE mnm1E eqxx subn1.
rewrite /laplacian big_coordinates /= !second; congr ('X_[_] *+ _ + 'X_[_] *+ _ + 'X_[_] *+ _);
  rewrite ?mnmE //=; apply/mnmP => -[[|[|[|i]]] lt_i3] //; rewrite !mnmBE !mnm1E !mnmE /=;
  by rewrite ?subn0 ?subn1.
Qed.

(* Polynomials of degree n that are the Laplacian of some z^2 u, with u of degree n. *)
Definition from_z2 n (g : {mpoly F[3]}) : Prop :=
  exists2 u, u \is n.-homog & laplacian ('X_Z ^+ 2 * u) = g.

(* They are closed under combinations. *)
Lemma from_z2_subspace n : subspace (from_z2 n).
Proof.
split=> [|c p q [u u_hom <-] [u' u'_hom <-]].
  exists 0; first exact: dhomog0.
  by rewrite mulr0 /laplacian big1 // => i _; rewrite !mderiv0.
exists (c *: u + u'); first by apply: rpredD => //; exact: dhomogZ.
by rewrite mulrDr -scalerAr laplacian_linear.
Qed.

(* All monomials are, by induction on the number of factors x and y: the Laplacian of z^2 times the
   monomial is a multiple of it, up to monomials with fewer factors x and y. *)
Lemma from_z2_monomial n a b c : (a + b + c)%N = n -> from_z2 n 'X_[monomial a b c].
Proof.
move: {2}(a + b)%N (leqnn (a + b)) => k.
elim/ltn_ind: k a b c => k IH a b c bound degree.
have shift : 'X_Z ^+ 2 * 'X_[F, monomial a b c] = 'X_[monomial a b c.+2].
  by rewrite mpolyXn -mpolyXD; congr 'X_[_]; apply/mnmP => -[[|[|[|i]]] lt_i3] //;
    rewrite mnmDE mulmnE mnm1E !mnmE.
have base : from_z2 n (laplacian 'X_[monomial a b c.+2]).
  exists 'X_[monomial a b c]; first by rewrite dhomogX /= mdeg_monomial degree.
  by rewrite shift.
move: base; rewrite laplacian_monomial [_ + _ *+ (c.+2 * _)]addrC => base.
apply: (subspace_cancel char0 (from_z2_subspace n) _ erefl base) => //.
have lower e (m : 'X_{1..3}) : ((1 < e)%N -> from_z2 n 'X_[m]) -> from_z2 n ('X_[m] *+ (e * e.-1)).
  case: e => [|[|e]] m_in; try exact: (from_z2_subspace n).1.
  by apply: (subspaceMn (from_z2_subspace n)); exact: m_in.
case: k IH bound => [|k] IH bound.
  move: bound; rewrite leqn0 addn_eq0 => /andP [/eqP -> /eqP ->].
  by rewrite !mulr0n add0r; exact: (from_z2_subspace n).1.
apply: (subspaceD (from_z2_subspace n)); apply: lower => lt1.
- case: a lt1 bound degree {shift base} => [|[|a]] // _ bound degree.
  apply: (IH k) => //; last by rewrite -degree /= !addnS !addSn.
  by rewrite /= -ltnS (leq_trans _ bound) // !addSn ltnS leqnSn.
- case: b lt1 bound degree {shift base} => [|[|b]] // _ bound degree.
  apply: (IH k) => //; last by rewrite -degree /= !addnS !addSn.
  by rewrite /= -ltnS (leq_trans _ bound) // !addnS ltnS leqnSn.
Qed.

(* So every homogeneous polynomial is. *)
Lemma from_z2_homogeneous n g : g \is n.-homog -> from_z2 n g.
Proof.
move/dhomogP => g_hom; rewrite [g]mpolyE; apply: (subspace_sum (from_z2_subspace n)) => m m_in.
apply: (subspaceZ (from_z2_subspace n)); rewrite [m]monomialE; apply: from_z2_monomial.
by rewrite -mdeg_monomial -monomialE; exact: g_hom.
Qed.

(* A harmonic polynomial without the monomials z^0 and z^1 is zero: the Laplacian leads from the
   coefficients at z^k to those at z^(k+2). *)
Lemma harmonic_determined p : laplacian p = 0 -> (forall m, (m Z <= 1)%N -> p@_m = 0) -> p = 0.
Proof.
move=> lap_p low; apply/mpolyP => m; rewrite mcoeff0.
move: {2}(m Z) (leqnn (m Z)) => k; elim/ltn_ind: k m => k IH m m_Z.
have [|m_Z2] := leqP (m Z) 1; first exact: low.
pose m' := (m - U_(Z) - U_(Z))%MM.
have m_eq : m = (m' + U_(Z) + U_(Z))%MM.
  apply/mnmP => i; rewrite /m' !mnmDE !mnmBE !mnm1E; case: eqP => [<-|_] /=; last first.
    by rewrite !subn0 !addn0.
  by rewrite !subn1 !addn1; case: (m Z) m_Z2 => [|[|]].
have := congr1 (mcoeff m') lap_p; rewrite mcoeff0 /laplacian raddf_sum big_coordinates /=.
have second i : (mderiv i (mderiv i p))@_m' =
    p@_(m' + U_(i) + U_(i)) *+ ((m' + U_(i))%MM i).+1 *+ (m' i).+1.
  by rewrite !mcoeff_mderiv.
have zero i : i != Z -> p@_(m' + U_(i) + U_(i)) = 0.
  move=> /negPf ne; apply: (IH (m Z).-2); last by rewrite !mnmDE !mnm1E ne !addn0 /m' !mnmBE
    mnm1E eqxx !subn1.
  by apply: leq_trans m_Z; case: (m Z) m_Z2 => [|[|]].
rewrite !second zero // zero // !mul0rn !add0r -m_eq -mulrnA -mulr_natr => /eqP.
by rewrite mulf_eq0 (natr0 char0) => /orP [/eqP|].
Qed.

(* The monomials of degree l without z^2, numbered: those without z, then those with one z. *)
Definition low_monomial (l i : nat) : 'X_{1..3} :=
  if (i <= l)%N then monomial i (l - i) 0 else monomial (i - l.+1) (2 * l - i) 1.

(* The second half in terms of t = i - l - 1. *)
Lemma low_monomialE l i : (i < (2 * l).+1)%N -> low_monomial l i =
    (if (i <= l)%N then monomial i (l - i) 0 else monomial (i - l.+1) (l - (i - l)) 1) /\
  ((l < i)%N -> (i - l <= l)%N).
Proof.
rewrite ltnS mul2n -addnn => i_le; rewrite leq_subLR; split=> //.
rewrite /low_monomial; case: leqP => // lt; congr monomial.
by rewrite mul2n -addnn -{1}(subnKC (ltnW lt)) subnDl.
Qed.

(* They have degree l, ... *)
Lemma low_monomial_degree l i : (i < (2 * l).+1)%N -> mdeg (low_monomial l i) = l.
Proof.
move=> i_lt; have [-> le] := low_monomialE i_lt; case: leqP le => [le _|lt /(_ isT) le].
  by rewrite mdeg_monomial addn0 subnKC.
by rewrite mdeg_monomial addn1 -addSn subnS prednK ?subn_gt0 // subnKC.
Qed.

(* ... are all of the kind, ... *)
Lemma low_monomial_onto l m : (m Z <= 1)%N -> mdeg m = l ->
  exists i : 'I_(2 * l).+1, low_monomial l i = m.
Proof.
rewrite mdegE big_coordinates /= => m_Z deg_m.
suff [i i_lt <-] : exists2 i, (i < (2 * l).+1)%N & low_monomial l i = m by exists (Ordinal i_lt).
rewrite [m]monomialE; case: (m Z) m_Z deg_m => [|[|//]] _ deg_m.
  exists (m X); first by rewrite ltnS -deg_m addn0 mul2n -addnn -!addnA leq_addr.
  by rewrite /low_monomial -deg_m addn0 leq_addr addKn.
exists (l.+1 + m X)%N.
  by rewrite ltnS mul2n -addnn addSnnS leq_add2l -deg_m addn1 ltnS leq_addr.
rewrite /low_monomial leqNgt addSn ltnS leq_addr /= -addSn addKn; congr monomial.
by rewrite mul2n -addnn addSnnS subnDl -deg_m addn1 subSS addKn.
Qed.

(* ... and differ. *)
Lemma low_monomial_inj l i j : (i < (2 * l).+1)%N -> (j < (2 * l).+1)%N ->
  low_monomial l i = low_monomial l j -> i = j.
Proof.
move=> _ _; rewrite /low_monomial; have coordinate s m m' : m = m' -> m s = m' s by move->.
case: leqP => [i_le|i_gt]; case: leqP => [j_le|j_gt] eq_m;
  have := coordinate X _ _ eq_m; have := coordinate Z _ _ eq_m; rewrite !mnmE //= => _ eq_X.
by rewrite -(subnKC i_gt) eq_X subnKC.
Qed.

(* Every coefficients at these monomials belong to a harmonic polynomial: one for each. *)
Lemma harmonic_extension l (i : 'I_(2 * l).+1) : exists p, harmonic_polynomial l p /\
  forall m, (m Z <= 1)%N -> p@_m = (low_monomial l i == m)%:R.
Proof.
have deg_i := low_monomial_degree (ltn_ord i).
have hom_i : 'X_[F, low_monomial l i] \is l.-homog by rewrite dhomogX /= deg_i.
have [l_le|] := leqP l 1.
  exists 'X_[low_monomial l i]; split=> [|m _]; last by rewrite mcoeffX.
  by split; rewrite ?(laplacian_low l_le hom_i).
move: (low_monomial l i) hom_i {deg_i} => m0; case: l {i} => [|[|l]] // hom_i _.
have [u u_hom lap_u] := from_z2_homogeneous (laplacian_homogeneous hom_i).
exists ((-1) *: ('X_Z ^+ 2 * u) + 'X_[m0]); split=> [|m m_Z]; first split.
- apply: rpredD => //; apply: dhomogZ; apply: (@dhomogM _ _ _ 2 _ l) => //.
  by rewrite mpolyXn dhomogX /= mdegMn mdeg1.
- by rewrite laplacian_linear lap_u scaleN1r addNr.
- rewrite mcoeffD mcoeffZ mcoeffX [u]mpolyE mulr_sumr raddf_sum big1 ?mulr0 ?add0r // => m' _ /=.
  rewrite -scalerAr mpolyXn -mpolyXD mcoeffZ mcoeffX; case: eqP => [m_eq|_]; last by rewrite mulr0.
  by move: m_Z; rewrite -m_eq mnmDE mulmnE mnm1E eqxx.
Qed.

(* They are a basis of the harmonic polynomials of degree l. *)
Lemma harmonic_basis l : exists b : 'I_(2 * l).+1 -> {mpoly F[3]},
  [/\ forall i, harmonic_polynomial l (b i),
      forall p, harmonic_polynomial l p -> exists c : 'I_(2 * l).+1 -> F, p = \sum_i c i *: b i &
      forall c : 'I_(2 * l).+1 -> F, \sum_i c i *: b i = 0 -> forall i, c i = 0].
Proof.
have /fin_all_exists [b b_in] := @harmonic_extension l.
have coefficient (c : 'I_(2 * l).+1 -> F) (j : 'I_(2 * l).+1) :
      (\sum_i c i *: b i)@_(low_monomial l j) = c j.
  have j_Z : (low_monomial l j Z <= 1)%N by rewrite /low_monomial; case: ifP => _; rewrite /= mnmE.
  rewrite raddf_sum (bigD1 j) //= mcoeffZ (b_in j).2 // eqxx mulr1 big1 ?addr0 // => i ne.
  rewrite mcoeffZ (b_in i).2 //; case: eqP => [/low_monomial_inj eq|]; rewrite ?mulr0 //.
  by move: ne; rewrite -val_eqE /= eq ?eqxx.
exists b; split=> [i|p p_in|c zero j]; [by case: (b_in i) | | by rewrite -coefficient zero mcoeff0].
exists (fun i => p@_(low_monomial l i)).
pose q := \sum_(i < (2 * l).+1) p@_(low_monomial l i) *: b i.
have q_in : harmonic_polynomial l q.
  split; first by apply: rpred_sum => i _; apply: dhomogZ; case: (b_in i) => -[].
  rewrite /q; elim/big_rec: _ => [|i r _ lap_r].
    by rewrite /laplacian big1 // => i _; rewrite !mderiv0.
  by rewrite laplacian_linear lap_r; case: (b_in i) => -[_ ->]; rewrite scaler0 addr0.
have [difference_hom lap_difference] := harmonic_polynomial_linear (-1) q_in p_in.
apply/esym/eqP; rewrite -subr_eq0 -opprB oppr_eq0 addrC -scaleN1r; apply/eqP.
apply: harmonic_determined => // m m_Z.
have [deg_m|deg_m] := eqVneq (mdeg m) l; last exact: dhomog_nemf_coeff difference_hom deg_m.
have [i <-] := low_monomial_onto m_Z deg_m.
by rewrite mcoeffD mcoeffZ coefficient mulN1r addNr.
Qed.

(* The dimension of H_l. *)
Theorem harmonic_dimension l : has_dimension (@harmonic F l) (2 * l).+1.
Proof.
have [b [b_in spans independent]] := harmonic_basis l; rewrite -[X in dimension_on _ _ X]card_ord.
have values (c : 'I_(2 * l).+1 -> F) v :
    (\sum_i c i *: b i).@[v] = \sum_i c i * (b i).@[v].
  by rewrite raddf_sum; apply: eq_bigr => i _; rewrite /= mevalZ.
have combination (c : 'I_(2 * l).+1 -> F) : harmonic_polynomial l (\sum_i c i *: b i).
  split; first by apply: rpred_sum => i _; apply: dhomogZ; case: (b_in i).
  elim/big_rec: _ => [|i r _ lap_r]; first by rewrite /laplacian big1 // => i _; rewrite !mderiv0.
  by rewrite laplacian_linear lap_r; case: (b_in i) => _ ->; rewrite scaler0 addr0.
apply: (dimension_of_basis (b := fun i v => (b i).@[v])) => [i|f|c zero].
- by exists (b i); case: (b_in i).
- split=> [[p [p_hom lap_p f_eq]]|[c f_eq]].
    have [c p_eq] := spans p (conj p_hom lap_p).
    by exists c => v v_in; rewrite f_eq // p_eq values.
  exists (\sum_i c i *: b i); have [hom lap] := combination c.
  by split=> // v v_in; rewrite f_eq // values.
- apply: independent; apply: (homogeneous_vanishing char0 (combination c).1) => v v_in.
  by rewrite values zero.
Qed.

(** ** The dimension of a sum of some H_l *)

(* A combination of members of a finite list of functions, in one sum. *)
Lemma span_finite (T : Type) (D : T -> Prop) (I : finType) (b : I -> T -> F) (f : T -> F) :
  span_on D (fun g => exists i, g = b i) f ->
  exists c : I -> F, equal_on D f (fun v => \sum_i c i * b i v).
Proof.
move=> [k [c [g [g_in f_eq]]]]; have [t t_g] := fin_all_exists g_in.
exists (fun i => \sum_(j | t j == i) c j) => v v_in; rewrite f_eq //.
rewrite (partition_big t predT) //=; apply: eq_bigr => i _; rewrite mulr_suml.
by apply: eq_bigr => j /eqP <-; rewrite t_g.
Qed.

(* A basis of the sum of the H_l with l in S: 2l + 1 functions of each degree l. *)
Lemma harmonic_in_basis (S : seq nat) : uniq S ->
  exists (I : finType) (deg : I -> nat) (B : I -> function F),
    [/\ forall x, deg x \in S /\ harmonic (deg x) (B x),
        forall l f, l \in S -> harmonic l f -> span (fun g => exists2 x, deg x = l & g = B x) f,
        forall c : I -> F, equal_on_sphere (fun v => \sum_x c x * B x v) (fun=> 0) ->
          forall x, c x = 0 &
        forall l, l \in S -> (\sum_x (deg x == l) = (2 * l).+1)%N].
Proof.
move=> S_uniq; pose deg (i : 'I_(size S)) := nth 0%N S i.
have /fin_all_exists [b b_basis] (i : 'I_(size S)) := harmonic_basis (deg i).
have onto l : l \in S -> exists i, deg i = l.
  move=> l_in; move: (l_in); rewrite -index_mem => lt.
  by exists (Ordinal lt); rewrite /deg nth_index.
have deg_inj : injective deg by move=> i i' /eqP; rewrite /deg nth_uniq // => /eqP/val_inj.
have b_in i j : harmonic_polynomial (deg i) (b i j) by case: (b_basis i).
pose I := {i : 'I_(size S) & 'I_(2 * deg i).+1}.
pose B (t : I) (v : point F) := (b (tag t) (tagged t)).@[v].
exists [finType of I], (fun t => deg (tag t)), B; split=> [t|l f l_in f_in|c zero|l l_in].
- split; first exact: mem_nth.
  by have [hom lap] := b_in _ (tagged t); exists (b (tag t) (tagged t)).
- have [i deg_i] := onto l l_in; move: f_in; rewrite -deg_i => -[p [p_hom lap_p f_eq]].
  case: (b_basis i) => _ /(_ p (conj p_hom lap_p)) [c p_eq] _.
  apply: (span_equal (g := fun v => \sum_j c j * (b i j).@[v])) => [v v_in|].
    by rewrite f_eq // p_eq raddf_sum; apply: eq_bigr => j _; rewrite /= mevalZ.
  by apply: span_sum => j; apply: span_member; exists (existT _ i j : I).
- pose part (i : 'I_(size S)) := \sum_(j < (2 * deg i).+1) c (existT _ i j : I) *: b i j.
  have part_in i : harmonic_polynomial (deg i) (part i).
    rewrite /part; elim/big_rec: _ => [|j p _ p_in]; first exact: harmonic_polynomial0.
    exact: harmonic_polynomial_linear.
  have part0 : forall i, part i = 0.
    apply: (distinct_direct char0 deg_inj part_in) => v v_in; rewrite -[RHS](zero v v_in).
    transitivity (\sum_i \sum_(j < (2 * deg i).+1) c (existT _ i j : I) * (b i j).@[v]).
      by apply: eq_bigr => i' _; rewrite raddf_sum; apply: eq_bigr => j _; rewrite /= mevalZ.
    by rewrite sig_big_dep; apply: eq_bigr => -[i' j].
  move=> [i j]; case: (b_basis i) => _ _ independent.
  exact: (independent (fun j => c (existT _ i j : I)) (part0 i) j).
- have [i <-] := onto l l_in.
  transitivity (\sum_i' \sum_(j < (2 * deg i').+1) (deg i' == deg i))%N.
    by rewrite sig_big_dep; apply: eq_bigr => -[i' j].
  under eq_bigr do rewrite sum_nat_const card_ord (inj_eq deg_inj).
  by rewrite (bigD1 i) //= eqxx muln1 big1 ?addn0 // => i' /negPf ->; rewrite muln0.
Qed.

(* The dimension is the sum of the dimensions, for different degrees. *)
Theorem harmonic_in_dimension (S : seq nat) : uniq S ->
  has_dimension (span (@harmonic_in F S)) (\sum_(l <- S) (2 * l).+1).
Proof.
move=> S_uniq; have [I [deg [B [B_in spans independent count]]]] := harmonic_in_basis S_uniq.
have -> : (\sum_(l <- S) (2 * l).+1 = #|{: I}|)%N.
  rewrite big_seq; under eq_bigr do rewrite -count //; rewrite -big_seq exchange_big -sum1_card.
  apply: eq_bigr => x _; rewrite (bigD1_seq (deg x)) //=; last by case: (B_in x).
  by rewrite eqxx big1 // => l /negPf ne; rewrite eq_sym ne.
apply: (dimension_of_basis (b := B)) independent => [x|f].
  by apply: span_member; exists (deg x); case: (B_in x).
split=> [f_in|[c f_eq]].
  apply/span_finite/(span_span _ f_in) => g [l l_in g_in].
  by apply: span_span (spans l g l_in g_in) => _ [x _ ->]; apply: span_member; exists x.
exists #|{: I}|, (fun k => c (enum_val k)), (fun k => B (enum_val k)); split=> [k|v v_in].
  by exists (deg (enum_val k)); case: (B_in (enum_val k)).
by rewrite f_eq // [LHS](reindex (@enum_val _ (mem {: I}))) //=; apply/onW_bij/enum_val_bij.
Qed.

End Degrees.
