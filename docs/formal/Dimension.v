(** * Polynomial functions of degree <= n on the sphere: dimension (n+1)^2

    Over any field of characteristic 0. The sphere has enough points there: x = cos(s),
    y = sin(s) cos(t), z = sin(s) sin(t) with the rational values (1-k^2)/(1+k^2) and 2k/(1+k^2)
    of cosine and sine, k = 1, 2, 3, ... A combination of normal monomials that vanishes at all
    these points has only zero coefficients, as a polynomial with infinitely many roots is 0. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Section Dimension.
Variable F : fieldType.
Hypothesis char0 : [char F] =i pred0.
Implicit Types (p q : {mpoly F[3]}) (f g : function F) (v : point F).
Notation QS := (sphere_equation F).

(* Characteristic 0: no positive integer is 0 in F. *)
Lemma natr0 k : (k%:R == 0 :> F) = (k == 0)%N.
Proof. by move/charf0P: char0. Qed.

(** ** Enough points *)

Definition cosine (k : nat) : F := (1 - k%:R ^+ 2) / (1 + k%:R ^+ 2).
Definition sine (k : nat) : F := (2%:R * k%:R) / (1 + k%:R ^+ 2).

(* 1 + k^2 is a positive integer. *)
Lemma denominator_neq0 k : 1 + k%:R ^+ 2 != 0 :> F.
Proof. by rewrite -natrX -(natrD _ 1) natr0. Qed.

(* (1 - a)^2 + 4a = (1 + a)^2, with a = k^2. *)
Lemma cosine2_sine2 k : cosine k ^+ 2 + sine k ^+ 2 = 1.
Proof.
rewrite /cosine /sine !expr_div_n -mulrDl; set a := k%:R ^+ 2.
have -> : (1 - a) ^+ 2 + (2%:R * k%:R) ^+ 2 = (1 + a) ^+ 2.
  rewrite sqrrB sqrrD [(2%:R * _) ^+ 2]exprMn -/a -natrX mulr_natl.
  rewrite (mulrnDr a 2 2 : a *+ 2 ^ 2 = _) mul1r addrAC.
  by rewrite addrA subrK addrAC.
by rewrite divff // expf_neq0 ?denominator_neq0.
Qed.

(* 2k is a positive integer. *)
Lemma sine_neq0 k : (0 < k)%N -> sine k != 0.
Proof.
move=> k_gt0; rewrite mulf_neq0 ?invr_neq0 ?denominator_neq0 //.
by rewrite -natrM natr0 muln_eq0 -lt0n k_gt0.
Qed.

(* The cosines are distinct: (1-k^2)/(1+k^2) = 2/(1+k^2) - 1 determines k^2. *)
Lemma cosine_inj : injective cosine.
Proof.
have cosineE k : cosine k = 2%:R / (1 + k%:R ^+ 2) - 1.
  rewrite /cosine -[X in _ = _ - X](divff (denominator_neq0 k)) -mulrBl opprD addrA.
  by rewrite (natrD _ 1 1) addrK.
move=> k l; rewrite !cosineE => /addIr; have two_neq0 : 2%:R != 0 :> F by rewrite natr0.
move/(mulfI two_neq0)/invr_inj/addrI; rewrite -!natrX => eq_squares.
apply/eqP; rewrite -eqn_sqr; wlog le_kl : k l eq_squares / (k ^ 2 <= l ^ 2)%N.
  by move=> sym; case: (leqP (k ^ 2) (l ^ 2)) => [|/ltnW] /sym; [|rewrite eq_sym]; apply.
by rewrite eq_sym -(subnK le_kl) -{3}[(k ^ 2)%N]add0n eqn_add2r -natr0 natrB // eq_squares subrr.
Qed.

Definition make_point (x y z : F) : point F := fun s => nth 0 [:: x; y; z] s.

(* The point with parameters k, l, and its mirror image, are on the sphere. *)
Lemma rational_point k l (sign : bool) :
  on_sphere (make_point (cosine k) (sine k * cosine l) ((-1) ^+ sign * (sine k * sine l))).
Proof.
move: (cosine2_sine2 k) (cosine2_sine2 l); rewrite /on_sphere /=.
move: (cosine k) (sine k) (cosine l) (sine l) => c s c' s' unit_k unit_l.
by rewrite !exprMn sqrr_sign mul1r -addrA -mulrDr unit_l mulr1.
Qed.

(** ** Coefficients of a function that vanishes at these points *)

(* One variable: a polynomial with infinitely many roots has zero coefficients. *)
Lemma many_roots n (a : 'I_n.+1 -> F) (root_at : nat -> F) :
  injective root_at -> (forall k, \sum_i a i * root_at k.+1 ^+ i = 0) -> forall i, a i = 0.
Proof.
move=> root_inj vanish i; pose P := \poly_(i < n.+1) a (inord i).
have P_root k : root P (root_at k.+1).
  apply/rootP; rewrite horner_poly -[RHS](vanish k).
  by apply: eq_bigr => j _; rewrite inord_val.
have P0 : P = 0.
  apply: contraTeq (leqnn n.+1) => P_neq0; rewrite -ltnNge.
  pose roots := [seq root_at k.+1 | k <- iota 0 n.+1].
  have uniq_roots : uniq roots by rewrite map_inj_uniq ?iota_uniq // => k l /root_inj [].
  have all_roots : all (root P) roots by apply/allP => x /mapP [k _ ->].
  have := leq_trans (max_poly_roots P_neq0 all_roots uniq_roots) (size_poly _ _).
  by rewrite size_map size_iota ltnn.
by have := coef_poly n.+1 (fun j => a (inord j)) i; rewrite -/P P0 coef0 ltn_ord inord_val.
Qed.

(* Two variables: first the powers of y for a fixed latitude, then the powers of x. *)
Lemma many_zeros n (a : 'I_n.+1 -> 'I_n.+1 -> F) :
  (forall k l, \sum_i \sum_j a i j * cosine k.+1 ^+ i * (sine k.+1 * cosine l.+1) ^+ j = 0) ->
  forall i j, a i j = 0.
Proof.
move=> vanish i j; apply: (many_roots (a := a ^~ j) cosine_inj) => k.
pose root_at l := sine k.+1 * cosine l.
have root_inj : injective root_at by move=> l l' /(mulfI (sine_neq0 (ltn0Sn k)))/cosine_inj.
apply: (many_roots (a := fun j => \sum_i a i j * cosine k.+1 ^+ i) root_inj) => l.
rewrite -[RHS](vanish k l) [RHS]exchange_big /=.
by apply: eq_bigr => j' _; rewrite mulr_suml.
Qed.

(** ** The dimension *)

(* On the sphere a combination of normal monomials is A(x, y) + z B(x, y). *)
Definition even_part n (c : {ffun 'I_n.+1 * 'I_n.+1 -> F}) (i j : 'I_n.+1) : F :=
  if (i + j <= n)%N then c (i, j) else 0.
Definition odd_part n (c : {ffun 'I_n.+1 * 'I_n.+1 -> F}) (i j : 'I_n.+1) : F :=
  if (rev_ord i + rev_ord j <= n)%N then 0 else c (rev_ord i, rev_ord j).

(* The pairs with a + b > n, reflected, number the monomials with a factor z. *)
Lemma combination_split n (c : {ffun 'I_n.+1 * 'I_n.+1 -> F}) (x y z : F) :
  \sum_ab c ab * 'X_[F, normal_monomial ab].@[make_point x y z] =
  \sum_i \sum_j even_part c i j * x ^+ i * y ^+ j +
  z * \sum_i \sum_j odd_part c i j * x ^+ i * y ^+ j.
Proof.
rewrite !pair_bigA /= [X in _ + z * X](reindex_inj (inv_inj (_ : involutive
  (fun ab : 'I_n.+1 * 'I_n.+1 => (rev_ord ab.1, rev_ord ab.2))))) /=; last first.
  by move=> [a b]; rewrite /= !rev_ordK.
rewrite mulr_sumr -big_split /=; apply: eq_bigr => -[a b] _.
rewrite /even_part /odd_part !rev_ordK /normal_monomial /= !subSS.
case: leqP => _; rewrite meval_monomial /make_point /= ?expr0 ?expr1 !mul0r.
  by rewrite mulr0 addr0 mulr1 mulrA.
by rewrite add0r mulrA [RHS]mulrC mulrA.
Qed.

(* A combination of normal monomials that vanishes on the sphere has zero coefficients. *)
Lemma normal_form_unique n (c : {ffun 'I_n.+1 * 'I_n.+1 -> F}) :
  (forall v, on_sphere v -> \sum_ab c ab * 'X_[F, normal_monomial ab].@[v] = 0) ->
  forall ab, c ab = 0.
Proof.
move=> vanish.
have parts k l : let value (part : 'I_n.+1 -> 'I_n.+1 -> F) :=
    \sum_i \sum_j part i j * cosine k.+1 ^+ i * (sine k.+1 * cosine l.+1) ^+ j in
    value (even_part c) = 0 /\ value (odd_part c) = 0.
  have := vanish _ (rational_point k.+1 l.+1 true).
  have := vanish _ (rational_point k.+1 l.+1 false).
  rewrite !combination_split expr0 expr1 mul1r mulN1r mulNr.
  set A := \sum_i _; set B := \sum_i _; set z := sine _ * sine _ => plus minus.
  have A0 : A = 0.
    apply: (mulfI (_ : 2%:R != 0)); rewrite ?natr0 // mulr0 mulr_natl mulr2n.
    by rewrite -[LHS]addr0 -{1}(subrr (z * B)) addrACA plus minus addr0.
  split=> //; move: plus; rewrite A0 add0r => /eqP; rewrite mulf_eq0 => /orP [|/eqP //].
  by rewrite mulf_eq0 !(negPf (sine_neq0 _)).
have even0 := many_zeros (fun k l => (parts k l).1).
have odd0 := many_zeros (fun k l => (parts k l).2).
move=> [a b]; have := even0 a b; have := odd0 (rev_ord a) (rev_ord b).
by rewrite /even_part /odd_part !rev_ordK; case: ifP.
Qed.

(* The polynomial functions of degree at most n on the sphere: dimension (n+1)^2. *)
Theorem polynomial_function_dimension n :
  has_dimension (@polynomial_function F n) (n.+1 ^ 2).
Proof.
pose T := ('I_n.+1 * 'I_n.+1)%type.
have card_T : #|{: T}| = (n.+1 ^ 2)%N by rewrite card_prod !card_ord.
rewrite -card_T.
apply: (dimension_of_basis (b := fun ab v => 'X_[F, normal_monomial ab].@[v])) => [ab|f|c zero].
- exists 'X_[normal_monomial ab]; split=> //; exact/degree_leX/normal_monomial_degree.
- split=> [[p [deg_p f_eq]]|[c f_eq]].
    have [c [q p_eq]] := normal_form deg_p; exists c => v v_in.
    rewrite f_eq // p_eq mevalD mevalM (meval_sphere_equation v).2 // mulr0 addr0.
    by rewrite raddf_sum; apply: eq_bigr => ab _; rewrite /= mevalZ.
  exists (\sum_ab c ab *: 'X_[normal_monomial ab]); split=> [|v v_in].
    by apply: degree_le_sum => ab _; apply/degree_leZ/degree_leX/normal_monomial_degree.
  by rewrite f_eq // raddf_sum; apply: eq_bigr => ab _; rewrite /= mevalZ.
- move=> ab; rewrite -[c ab](ffunE c); apply: normal_form_unique => v v_in.
  by rewrite -[RHS](zero v v_in); apply: eq_bigr => ab' _; rewrite ffunE.
Qed.

(* Polynomials agree on the sphere exactly when they are congruent modulo x^2 + y^2 + z^2 - 1:
   residue classes and functions on the sphere are the same thing. *)
Theorem equal_on_sphere_congruent p q :
  equal_on_sphere (fun v => p.@[v]) (fun v => q.@[v]) <->
  exists r, p - q = r * (sphere_equation F).
Proof.
split=> [agree|[r eq_r] v /meval_sphere_equation v_in]; last first.
  by apply/eqP; rewrite -subr_eq0 -mevalB eq_r mevalM v_in mulr0.
have deg_pq : degree_le (msize (p - q)) (p - q) by rewrite degree_leE.
have [c [r eq_r]] := normal_form deg_pq; exists r.
rewrite eq_r big1 ?add0r // => ab _; rewrite (@normal_form_unique _ c) ?scale0r // => v v_in.
have := congr1 (meval v) eq_r.
rewrite mevalB (agree v v_in) subrr mevalD mevalM (meval_sphere_equation v).2 // mulr0 addr0.
move=> vanish; rewrite [RHS]vanish raddf_sum.
by apply: eq_bigr => ab' _; rewrite /= mevalZ.
Qed.

End Dimension.
