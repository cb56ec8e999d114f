(** * A homogeneous polynomial that vanishes on the sphere is zero; the dimension in T1'

    Over a field of characteristic 0. A polynomial that vanishes on the sphere is a multiple of
    x^2 + y^2 + z^2 - 1, and a homogeneous one has only one degree. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension Span Families Harmonics Rotations
  Pairs Circle Exact.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Section Homogeneous.
Variable F : fieldType.
Hypothesis char0 : [char F] =i pred0.
Implicit Types (p q r u : {mpoly F[3]}) (f : function F) (m : 'X_{1..3}).
Notation r2 := (radius2 F).

(* The equation of the sphere is r^2 - 1. *)
Lemma sphere_equation_radius2 : sphere_equation F = r2 - 1.
Proof. by rewrite /radius2 big_coordinates. Qed.

(* r^2 is not 0: its value at (1, 0, 0) is 1. *)
Lemma radius2_neq0 : r2 != 0.
Proof.
apply/eqP => zero; have := @meval_radius2 F (make_point 1 0 0); rewrite zero meval0.
have on : on_sphere (make_point (1 : F) 0 0) by rewrite /on_sphere /= expr1n expr0n !addr0.
by move=> /(_ on) /esym /eqP; rewrite oner_eq0.
Qed.

(* The size of a homogeneous polynomial. *)
Lemma msize_homogeneous k p : p \is k.-homog -> p != 0 -> msize p = k.+1.
Proof.
move=> p_hom p_neq0; rewrite -(dhomog_uniq p_neq0 (dhomog_msize p_hom) p_hom) prednK //.
by rewrite lt0n mmeasure_poly_eq0.
Qed.

(* If p = (r^2 - 1) u and p has only the degree n, then u has no degree below n, ... *)
Lemma cofactor_degree n p u : p \is n.-homog -> p = u * (r2 - 1) ->
  forall k m, (k <= n)%N -> m \in msupp u -> (k <= mdeg m)%N.
Proof.
move=> p_hom p_eq; elim=> [|k IH] m k_lt m_in //; apply: contraTT m_in; rewrite -leqNgt => m_le.
have u_eq : u = u * r2 - p by rewrite p_eq mulrBr mulr1 opprB addrC subrK.
rewrite u_eq; apply: contraTN m_le => /msuppB_le; rewrite mem_cat -ltnNge => /orP [].
  move=> /msuppM_le /allpairsP [[a b] /= [a_in b_in ->]].
  have /dhomogP /(_ b b_in) /= deg_b := radius2_homogeneous F.
  by rewrite mdegD deg_b addn2 ltnS leqW // IH // ltnW.
by move: p_hom => /dhomogP p_hom /p_hom /= ->.
Qed.

(* ... and none above n - 2, so it is 0. *)
Lemma homogeneous_vanishing n p : p \is n.-homog ->
  (forall v, on_sphere v -> p.@[v] = 0) -> p = 0.
Proof.
move=> p_hom vanish; have [|u] := (equal_on_sphere_congruent char0 p 0).1.
  by move=> v v_in; rewrite vanish // meval0.
rewrite subr0 sphere_equation_radius2 => p_eq; apply/eqP; apply: contraT => p_neq0.
have u_neq0 : u != 0 by apply: contraNneq p_neq0 => u0; rewrite p_eq u0 mul0r.
have top : u * r2 = p + u by rewrite p_eq mulrBr mulr1 subrK.
have := msizeM u_neq0 radius2_neq0.
rewrite top (msize_homogeneous (radius2_homogeneous F) radius2_neq0) addnS /= => size_top.
have : (msize (p + u) <= maxn (msize p) (msize u))%N by exact: mmeasureD_le.
rewrite size_top (msize_homogeneous p_hom p_neq0) leq_max.
rewrite addn2 => /orP [size_u|/ltnW]; last by rewrite ltnn.
have := cofactor_degree p_hom p_eq (leqnn n) (mlead_supp u_neq0).
rewrite leqNgt (leq_trans (msize_mdeg_lt (mlead_supp u_neq0))) //.
exact: leq_trans (leqnSn _) size_u.
Qed.

(* Homogeneous polynomials of the same degree that agree on the sphere are equal. *)
Lemma homogeneous_equal n p q : p \is n.-homog -> q \is n.-homog ->
  equal_on_sphere (fun v => p.@[v]) (fun v => q.@[v]) -> p = q.
Proof.
move=> p_hom q_hom agree; apply/eqP; rewrite -subr_eq0; apply/eqP.
apply: (@homogeneous_vanishing n) => [|v v_in]; first exact: rpredB.
by rewrite mevalB agree // subrr.
Qed.

(* The monomials of degree n, once each; [basis] and [s2m] are the library's. *)
Definition monomials (n : nat) : seq 'X_{1..3} := 
  [seq s2m t | t : n.-tuple 'I_3 <- enum (basis 3 n)].

(* A homogeneous polynomial is a combination of them. *)
Lemma homogeneous_sum n p : p \is n.-homog -> p = \sum_(m <- monomials n) p@_m *: 'X_[m].
Proof.
move=> p_hom; apply/mpolyP => m; rewrite raddf_sum /=.
have [deg_m|deg_m] := eqVneq (mdeg m) n.
  have m_in : m \in monomials n by rewrite -basis_cover deg_m.
  rewrite (bigD1_seq m) ?uniq_basis //= mcoeffZ mcoeffX eqxx mulr1 big1 ?addr0 // => m' ne.
  by rewrite mcoeffZ mcoeffX (negPf ne) mulr0.
rewrite (dhomog_nemf_coeff p_hom) // big_seq big1 // => m' m'_in.
rewrite mcoeffZ mcoeffX; case: eqP => [m'_eq|_]; last by rewrite mulr0.
by move: deg_m m'_in; rewrite -basis_cover m'_eq => /negPf ->.
Qed.

(* They are a basis of the homogeneous functions, and their number is the dimension. *)
Theorem homogeneous_dimension n :
  has_dimension (@homogeneous_function F n) (n.+1 * n.+2)./2.
Proof.
have size_s : size (monomials n) = (n.+1 * n.+2)./2.
  by rewrite size_basis -(@bin_sub (n + 2) n) ?leq_addr // addKn bin2 addn2 mulnC.
pose s (i : 'I_(size (monomials n))) := nth 0%MM (monomials n) i.
have deg_s i : mdeg (s i) = n by apply/eqP; rewrite basis_cover mem_nth.
have values (c : 'I_(size (monomials n)) -> F) v :
    (\sum_i c i *: 'X_[s i]).@[v] = \sum_i c i * 'X_[F, s i].@[v].
  by rewrite raddf_sum; apply: eq_bigr => i _; rewrite /= mevalZ.
have combination c : (\sum_i c i *: 'X_[s i] : {mpoly F[3]}) \is n.-homog.
  by apply: rpred_sum => i _; rewrite dhomogZ // dhomogX /= deg_s.
rewrite -size_s -[size _]card_ord.
apply: (dimension_of_basis (b := fun i v => 'X_[F, s i].@[v])) => [i|f|c zero i].
- by exists 'X_[s i]; split; rewrite // dhomogX /= deg_s.
- split=> [[p [p_hom f_eq]]|[c f_eq]].
    exists (fun i => p@_(s i)) => v v_in; rewrite f_eq // -values; congr (_.@[v]).
    by rewrite [LHS](homogeneous_sum p_hom) (big_nth 0%MM) big_mkord.
  by exists (\sum_i c i *: 'X_[s i]); split=> // v v_in; rewrite f_eq // values.
- have := congr1 (mcoeff (s i)) (homogeneous_vanishing (combination c) _).
  rewrite mcoeff0 => <- => [|v v_in]; last by rewrite values zero.
  rewrite raddf_sum (bigD1 i) //= mcoeffZ mcoeffX eqxx mulr1 big1 ?addr0 // => j /negPf ne.
  by rewrite mcoeffZ mcoeffX /s nth_uniq ?uniq_basis // [_ == _]ne mulr0.
Qed.

End Homogeneous.

(* The dimension in T1'. *)
Theorem T1_exact_dimension (F : fieldType) (d L : nat) : [char F] =i pred0 -> (1 < d)%N ->
  has_dimension (span (product_of d (@harmonic F L))) ((d * L).+1 * (d * L).+2)./2.
Proof.
move=> char0 d_gt1; apply: dimension_equivalent (homogeneous_dimension char0 (d * L)) => f.
by rewrite exact_span.
Qed.
