(** * T4, algebraically: no polynomial readout of degree d explains a target of degree above dL

    The setting is what the proof uses and nothing more: a commutative algebra A over a field of
    characteristic 0 (functions of the rotation, for a fixed configuration), the three operators of
    angular momentum as derivations of A, and a linear mean on A that vanishes on their images, as
    the mean over all rotations does. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** Definitions *)
Section Definitions.
Variables (F : fieldType) (A : comAlgType F).

(* A linear map with the product rule. *)
Definition derivation (D : A -> A) : Prop :=
  (forall c f g, D (c *: f + g) = c *: D f + D g) /\ forall f g, D (f * g) = D f * g + f * D g.

(* The operators L_z, L_+, L_-: derivations with the commutators of angular momentum. *)
Definition angular_momentum (Lz Lp Lm : A -> A) : Prop :=
  [/\ derivation Lz, derivation Lp & derivation Lm] /\
  [/\ forall f, Lz (Lp f) - Lp (Lz f) = Lp f,
      forall f, Lz (Lm f) - Lm (Lz f) = - Lm f &
      forall f, Lp (Lm f) - Lm (Lp f) = Lz f *+ 2].

(* A linear functional that vanishes on their images. *)
Definition invariant_mean (Lz Lp Lm : A -> A) (mean : A -> F) : Prop :=
  (forall c f g, mean (c *: f + g) = c * mean f + mean g) /\
  forall f, [/\ mean (Lz f) = 0, mean (Lp f) = 0 & mean (Lm f) = 0].

Variables Lz Lp Lm : A -> A.

(* [h m], for -l <= m <= l, are the components of an irrep of degree [l]: [h m] has weight m, and
   L_+ and L_- lead to multiples of the next and the previous one, in whatever normalisation. *)
Definition irrep (l : nat) (h : int -> A) : Prop :=
  [/\ forall m, Lz (h m) = m%:~R *: h m,
      forall m, exists a, Lp (h m) = a *: h (m + 1),
      forall m, exists a, Lm (h m) = a *: h (m - 1) &
      forall m, (l < `|m|)%N -> h m = 0].

(* A component of an irrep of degree at most [L]. *)
Definition feature (L : nat) (f : A) : Prop :=
  exists l h m, [/\ (l <= L)%N, irrep l h & f = h m].

(* A polynomial of degree at most [d] in elements of the family [G]. *)
Inductive polynomial_in (G : A -> Prop) : nat -> A -> Prop :=
  | polynomial_constant d c : polynomial_in G d (c *: 1)
  | polynomial_linear d c p q : polynomial_in G d p -> polynomial_in G d q ->
      polynomial_in G d (c *: p + q)
  | polynomial_times d f p : G f -> polynomial_in G d p -> polynomial_in G d.+1 (f * p).

(* The square of the angular momentum, L_- L_+ + L_z^2 + L_z. *)
Definition casimir (f : A) : A := Lm (Lp f) + Lz (Lz f) + Lz f.

(* [t] transforms as degree [l]: an eigenvector with eigenvalue l (l + 1). *)
Definition target (l : nat) (t : A) : Prop := casimir t = t *+ (l * l.+1).

End Definitions.

Section Ceiling.
Variables (F : fieldType) (A : comAlgType F) (Lz Lp Lm : A -> A) (mean : A -> F).
Hypothesis char0 : [char F] =i pred0.
Hypothesis momentum : angular_momentum Lz Lp Lm.
Hypothesis invariant : invariant_mean Lz Lp Lm mean.
Implicit Types f g t p : A.

(* The hypotheses one by one. *)
Let zp f : Lz (Lp f) = Lp (Lz f) + Lp f.
Proof. by apply/eqP; rewrite addrC -subr_eq; apply/eqP; case: momentum => _ []. Qed.
Let zm f : Lz (Lm f) = Lm (Lz f) - Lm f.
Proof. by apply/eqP; rewrite addrC -subr_eq; apply/eqP; case: momentum => _ []. Qed.
Let pm f : Lp (Lm f) = Lm (Lp f) + Lz f *+ 2.
Proof. by apply/eqP; rewrite addrC -subr_eq; apply/eqP; case: momentum => _ []. Qed.

Section Derivation.
Variable D : A -> A.
Hypothesis D_derivation : derivation D.

(* A derivation of a sum, ... *)
Lemma derivationD f g : D (f + g) = D f + D g.
Proof. by have := D_derivation.1 1 f g; rewrite !scale1r. Qed.

(* ... zero, ... *)
Lemma derivation0 : D 0 = 0.
Proof. by apply: (addrI (D 0)); rewrite -derivationD !addr0. Qed.

(* ... an opposite, a multiple ... *)
Lemma derivationN f : D (- f) = - D f.
Proof. by apply/eqP; rewrite -addr_eq0 -derivationD addNr derivation0. Qed.

(* ... and an integer multiple. *)
Lemma derivationMn f n : D (f *+ n) = D f *+ n.
Proof. by elim: n => [|n IH]; rewrite ?derivation0 // !mulrS derivationD IH. Qed.

(* A scalar multiple. *)
Lemma derivationZ c f : D (c *: f) = c *: D f.
Proof. by have := D_derivation.1 c f 0; rewrite derivation0 !addr0. Qed.

(* The derivative of 1. *)
Lemma derivation1 : D 1 = 0.
Proof.
have := D_derivation.2 1 1; rewrite !mulr1 mul1r => twice.
by apply: (addrI (D 1)); rewrite -twice addr0.
Qed.

Hypothesis D_mean : forall f, mean (D f) = 0.

(* Integration by parts. *)
Lemma mean_parts f g : mean (D f * g) = - mean (f * D g).
Proof.
have := D_mean (f * g); rewrite D_derivation.2 => /eqP.
have := invariant.1 1 (D f * g) (f * D g); rewrite scale1r mul1r => ->.
by rewrite addr_eq0 => /eqP.
Qed.

End Derivation.

(* The mean is linear, ... *)
Lemma meanZ c f g : mean (c *: f + g) = c * mean f + mean g.
Proof. exact: invariant.1. Qed.

(* ... additive, ... *)
Lemma meanD f g : mean (f + g) = mean f + mean g.
Proof. by have := meanZ 1 f g; rewrite scale1r mul1r. Qed.

(* ... 0 on 0, ... *)
Lemma mean0 : mean 0 = 0.
Proof. by apply: (addrI (mean 0)); rewrite -meanD !addr0. Qed.

(* ... and keeps integer multiples ... *)
Lemma meanMn f n : mean (f *+ n) = mean f *+ n.
Proof. by elim: n => [|n IH]; rewrite ?mean0 // !mulrS meanD IH. Qed.

(* ... and opposites. *)
Lemma meanN f : mean (- f) = - mean f.
Proof. by apply/eqP; rewrite -addr_eq0 -meanD addNr mean0. Qed.

(* The Casimir operator is symmetric, ... *)
Lemma mean_casimir f g : mean (casimir Lz Lp Lm f * g) = mean (f * casimir Lz Lp Lm g).
Proof.
have [[dz dp dm] _] := momentum; have inv f' := invariant.2 f'.
have [mz mp mm] : [/\ forall f', mean (Lz f') = 0, forall f', mean (Lp f') = 0 &
  forall f', mean (Lm f') = 0] by split=> f'; case: (inv f').
rewrite /casimir !mulrDl !meanD (mean_parts dm mm) (mean_parts dp mp) (mean_parts dz mz (Lz f)).
rewrite !(mean_parts dz mz f) !opprK pm mulr2n !mulrDr !meanD.
by rewrite addrAC addrA addrK addrAC.
Qed.

(* ... and commutes with L_-, so L_- of a target is one. *)
Lemma target_lower l t : target Lz Lp Lm l t -> target Lz Lp Lm l (Lm t).
Proof.
have [[dz dp dm] _] := momentum; rewrite /target => t_eq.
rewrite -(derivationMn dm) -t_eq /casimir pm mulr2n !(derivationD dm).
have -> : Lz (Lz (Lm t)) = Lm (Lz (Lz t)) - Lm (Lz t) - Lz (Lm t).
  by rewrite {1}zm (derivationD dz) (derivationN dz) zm.
by rewrite -addrA subrK addrA addrAC addrA addrK addrAC.
Qed.

(** ** Weights *)

(* Combinations of products of at most d features, of total weight M. *)
Inductive weight_space (L : nat) : nat -> int -> A -> Prop :=
  | weight_zero d M : weight_space L d M 0
  | weight_linear d M c f g : weight_space L d M f -> weight_space L d M g ->
      weight_space L d M (c *: f + g)
  | weight_one d : weight_space L d 0 1
  | weight_times d M l h m f : (l <= L)%N -> irrep Lz Lp Lm l h -> weight_space L d M f ->
      weight_space L d.+1 (m + M) (h m * f).

(* L_z multiplies them by their weight. *)
Lemma weight_Lz L d M f : weight_space L d M f -> Lz f = M%:~R *: f.
Proof.
have [[dz dp dm] _] := momentum.
elim=> {d M f} [d M|d M c f g _ IHf _ IHg|d|d M l h m f _ [h_z _ _ _] _ IH].
- by rewrite (derivation0 dz) scaler0.
- by rewrite dz.1 IHf IHg scalerDr !scalerA mulrC.
- by rewrite (derivation1 dz) scale0r.
- by rewrite dz.2 h_z IH -scalerAl -scalerAr -scalerDl intrD.
Qed.

(* L_+ raises the weight by one. *)
Lemma weight_Lp L d M f : weight_space L d M f -> weight_space L d (M + 1) (Lp f).
Proof.
have [[dz dp dm] _] := momentum.
elim=> {d M f} [d M|d M c f g _ IHf _ IHg|d|d M l h m f l_le h_in f_in IH].
- by rewrite (derivation0 dp); exact: weight_zero.
- by rewrite dp.1; exact: weight_linear.
- by rewrite (derivation1 dp); exact: weight_zero.
- have [_ h_p _ _] := h_in; have [a h_a] := h_p m.
  rewrite dp.2 h_a -scalerAl; apply: weight_linear.
    by rewrite addrAC; exact: (weight_times (m + 1) l_le h_in f_in).
  by rewrite -addrA; exact: (weight_times m l_le h_in IH).
Qed.

(* There is nothing above the weight dL. *)
Lemma weight_bound L d M f : weight_space L d M f -> (d * L < `|M|)%N -> f = 0.
Proof.
elim=> {d M f} [d M|d M c f g _ IHf _ IHg|d|d M l h m f l_le h_in f_in IH] // M_gt.
- by rewrite IHf // IHg // scaler0 addr0.
- have [m_gt|m_le] := ltnP l `|m|; first by have [_ _ _ ->] := h_in; rewrite // mul0r.
  rewrite IH ?mulr0 // ltnNge; apply: contraL M_gt => M_le; rewrite -leqNgt.
  apply: leq_trans (_ : `|m| + `|M| <= _)%N; first by rewrite -lez_nat PoszD !abszE ler_norm_add.
  by rewrite mulSn leq_add // (leq_trans m_le).
Qed.
(** ** Orthogonality *)

(* An integer that is not 0 is not 0 in F. *)
Lemma intr_neq0 (z : int) : z != 0 -> z%:~R != 0 :> F.
Proof.
have natr n : (n.+1)%:R != 0 :> F by move/charf0P: char0 => ->.
by case: z => [[|n]|n] //= _; rewrite ?NegzE ?mulrNz ?oppr_eq0 natr.
Qed.

(* l (l + 1) is not M (M + 1) if |M| < l. *)
Lemma eigenvalue_differs l (M : int) : (`|M| < l)%N ->
  (l * l.+1)%:R - (M * (M + 1))%:~R != 0 :> F.
Proof.
move=> M_lt; have -> : (l * l.+1)%:R - (M * (M + 1))%:~R =
    ((l%:Z - M) * (l%:Z + M + 1))%:~R :> F.
  rewrite -[(l * l.+1)%:R]/((l * l.+1)%:Z%:~R) -mulrzBr PoszM -addn1 PoszD; congr (_%:~R).
  by rewrite !mulrDr !mulr1 -mulrDr -subr_sqr opprD addrACA -!expr2.
apply: intr_neq0; rewrite mulf_neq0 // gt_eqF //.
  by rewrite subr_gt0 (le_lt_trans (ler_norm M)) // -abszE ltz_nat.
rewrite ltr_spaddr // addrC -ler_subl_addl sub0r (le_trans (ler_norm (- M))) //.
by rewrite normrN -abszE lez_nat ltnW.
Qed.

(* Polynomials of degree at most d in the features are orthogonal to targets of degree l > dL: the
   elements of one weight, from the highest weight down. *)
Lemma weight_orthogonal L d l M f t : (d * L < l)%N -> weight_space L d M f ->
  target Lz Lp Lm l t -> mean (f * t) = 0.
Proof.
move=> l_gt; have [[dz dp dm] _] := momentum; have inv f' := invariant.2 f'.
have mm f' : mean (Lm f') = 0 by case: (inv f').
have out M' f' t' : weight_space L d M' f' -> (d * L < `|M'|)%N -> mean (f' * t') = 0.
  by move=> f'_in M'_gt; rewrite (weight_bound f'_in) // mul0r mean0.
have [k k_ge] : exists k, (d * L)%:Z < M + k%:Z.
  exists (`|M| + (d * L).+1)%N; rewrite PoszD addrA; apply: lt_le_trans (_ : (d * L).+1%:Z <= _).
    by rewrite ltz_nat.
  by rewrite ler_addr -ler_subl_addl sub0r abszE; apply: le_trans (ler_norm _) _; rewrite normrN.
elim: k M f t k_ge => [|k IH] M f t k_ge f_in t_in.
  apply: out f_in _; rewrite -ltz_nat abszE; apply: lt_le_trans (ler_norm M).
  by rewrite addr0 in k_ge.
have [M_gt|M_le] := ltnP (d * L) `|M|; first exact: out f_in M_gt.
have lower0 : mean (Lm (Lp f) * t) = 0.
  rewrite (mean_parts dm mm) (IH (M + 1)) ?oppr0 //; last exact: target_lower.
    by rewrite -addrA -[1]/(1%:Z) -PoszD add1n.
  exact: weight_Lp.
have := mean_casimir f t; rewrite [in RHS]t_in /casimir !mulrDl !meanD lower0 add0r.
rewrite !(weight_Lz f_in) (derivationZ dz) (weight_Lz f_in) scalerA -!scalerAl.
have scale c g : mean (c *: g) = c * mean g by have := meanZ c g 0; rewrite mean0 !addr0.
rewrite !scale mulrnAr meanMn -mulrDl => /eqP; rewrite eq_sym -subr_eq0 -mulr_natl -mulrBl.
rewrite mulf_eq0 => /orP [|/eqP //]; rewrite -intrM -intrD -[X in _ * M + X]mulr1 -mulrDr.
by rewrite (negPf (eigenvalue_differs _)) // (leq_ltn_trans M_le).
Qed.

(* A polynomial in the features is a sum of elements of a weight. *)
Inductive weight_sum (L d : nat) : A -> Prop :=
  | weight_sum_zero : weight_sum L d 0
  | weight_sum_add M c f g : weight_space L d M f -> weight_sum L d g ->
      weight_sum L d (c *: f + g).

(* By induction over the polynomial. *)
Lemma polynomial_weights L d p :
  polynomial_in (feature Lz Lp Lm L) d p -> weight_sum L d p.
Proof.
elim=> {d p} [d c|d c p q _ p_in _ q_in|d _ p [l [h [m [l_le h_in ->]]]] _ p_in].
- rewrite -[_ *: _]addr0; apply: weight_sum_add; [exact: weight_one | exact: weight_sum_zero].
- elim: p_in => [|M e f g f_in _ IH]; first by rewrite scaler0 add0r.
  by rewrite scalerDr scalerA -addrA; apply: weight_sum_add f_in IH.
- elim: p_in => [|M e f g f_in _ IH]; first by rewrite mulr0; exact: weight_sum_zero.
  rewrite mulrDr -scalerAr; apply: weight_sum_add IH.
  exact: (weight_times m l_le h_in f_in).
Qed.

(* The first component of an irrep of degree l is a target; so is what L_- makes of it. *)
Lemma irrep_target l h : irrep Lz Lp Lm l h -> target Lz Lp Lm l (h l%:Z).
Proof.
have [[dz dp dm] _] := momentum; move=> [h_z h_p _ h_0]; have [a h_a] := h_p l%:Z.
rewrite /target /casimir h_a h_0 ?scaler0 ?(derivation0 dm) ?add0r; last first.
  by rewrite -[1]/(1%:Z) -PoszD absz_nat addn1.
rewrite h_z (derivationZ dz) h_z scalerA -scalerDl -scaler_nat -intrM -intrD -PoszM -PoszD.
by rewrite mulnS addnC.
Qed.

End Ceiling.

(* T4. *)
Theorem T4_ceiling (F : fieldType) (A : comAlgType F) (Lz Lp Lm : A -> A) (mean : A -> F)
    (L d l : nat) (p t : A) :
  [char F] =i pred0 -> angular_momentum Lz Lp Lm -> invariant_mean Lz Lp Lm mean ->
  polynomial_in (feature Lz Lp Lm L) d p -> target Lz Lp Lm l t -> (d * L < l)%N ->
  mean (p * t) = 0 /\ mean ((t - p) ^+ 2) = mean (t ^+ 2) + mean (p ^+ 2).
Proof.
move=> char0 momentum invariant p_in t_in l_gt.
have orthogonal : mean (p * t) = 0.
  elim: (polynomial_weights p_in) => [|M c f g f_in _ IH].
    by rewrite mul0r (mean0 invariant).
  rewrite mulrDl -scalerAl (meanZ invariant) IH addr0.
  by rewrite (weight_orthogonal char0 momentum invariant l_gt f_in t_in) mulr0.
split=> //; rewrite sqrrB mulrC -addrA (meanD invariant) [_ + p ^+ 2]addrC (meanD invariant).
by rewrite (meanN invariant) (meanMn invariant) orthogonal mul0rn oppr0 addr0.
Qed.
