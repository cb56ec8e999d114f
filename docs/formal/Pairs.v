(** * Homogeneous polynomials of degree 2L are combinations of products of two harmonics

    The harmonics have degree L, the field has characteristic 0, and no Gaunt coefficient is needed.
    The squares of the real and the imaginary part of (x + iy)^L add up to (x^2 + y^2)^L; r^2 times
    the Laplacian keeps combinations of pairs, and reaches z^2L from there; rotations reach every
    monomial. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension Span Families Harmonics Rotations.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Section Pairs.
Variable F : fieldType.
Hypothesis char0 : [char F] =i pred0.
Implicit Types (p q u w : {mpoly F[3]}) (m : 'X_{1..3}).

(** ** Combinations of pairs *)
Section Combinations.
Variable L : nat.

(* Homogeneous polynomials of degree L with Laplacian 0. *)
Definition harmonic_polynomial p := p \is L.-homog /\ laplacian p = 0.

(* Combinations of products of two of them. *)
Inductive pairs : {mpoly F[3]} -> Prop :=
  | pairs_zero : pairs 0
  | pairs_add c p q w : harmonic_polynomial p -> harmonic_polynomial q -> pairs w ->
      pairs (c *: (p * q) + w).

(* They are closed under combinations, ... *)
Lemma pairs_linear c w w' : pairs w -> pairs w' -> pairs (c *: w + w').
Proof.
move=> w_in w'_in; elim: w_in => [|a p q u p_in q_in _ IH]; first by rewrite scaler0 add0r.
by rewrite scalerDr scalerA -addrA; apply: pairs_add.
Qed.

(* ... sums, ... *)
Lemma pairsD w w' : pairs w -> pairs w' -> pairs (w + w').
Proof. by move=> w_in w'_in; rewrite -[w]scale1r; apply: pairs_linear. Qed.

(* ... scalar ... *)
Lemma pairsZ c w : pairs w -> pairs (c *: w).
Proof. by move=> w_in; rewrite -[_ *: _]addr0; apply: pairs_linear => //; exact: pairs_zero. Qed.

(* ... and integer multiples. *)
Lemma pairsMn k w : pairs w -> pairs (w *+ k).
Proof. by move=> w_in; rewrite -scaler_nat; exact: pairsZ. Qed.

(* One product. *)
Lemma pairs_product p q : harmonic_polynomial p -> harmonic_polynomial q -> pairs (p * q).
Proof.
move=> p_in q_in; rewrite -[_ * _]scale1r -[_ *: _]addr0.
by apply: pairs_add => //; exact: pairs_zero.
Qed.

(* If w = a u + v with an integer a > 0, then u is a combination of w and v. *)
Lemma pairs_cancel a u v w : (0 < a)%N -> w = u *+ a + v -> pairs w -> pairs v -> pairs u.
Proof.
move=> a_gt0 w_eq w_in v_in; have a_neq0 : a%:R != 0 :> F by rewrite (natr0 char0) -lt0n.
have -> : u = a%:R^-1 *: ((-1) *: v + w).
  by rewrite w_eq scaleN1r addrC addrK -scaler_nat scalerA mulVf ?scale1r.
by apply/pairsZ/pairs_linear.
Qed.

(* Rotations keep harmonics, ... *)
Lemma harmonic_rotation i j p : harmonic_polynomial p -> harmonic_polynomial (rotation i j p).
Proof.
move=> [p_hom lap_p]; split; first exact: rotation_homogeneous.
by rewrite laplacian_rotation lap_p /rotation !mderiv0 !mulr0 subrr.
Qed.

(* ... and so, by the product rule, combinations of pairs. *)
Lemma pairs_rotation i j w : pairs w -> pairs (rotation i j w).
Proof.
elim=> [|c p q u p_in q_in _ IH].
  by rewrite /rotation !mderiv0 !mulr0 subrr; exact: pairs_zero.
rewrite rotation_linear rotationM; apply: pairs_linear => //.
by apply: pairsD; apply: pairs_product => //; exact: harmonic_rotation.
Qed.

(* The Laplacian of a product of harmonics is twice the product of the gradients. By Lagrange and
   Euler r^2 times that is made of products of harmonics again. *)
Lemma laplacian_product p q : harmonic_polynomial p -> harmonic_polynomial q ->
  radius2 F * laplacian (p * q) = (p * q *+ (L * L) + (rotation X Y p * rotation X Y q +
     rotation Y Z p * rotation Y Z q + rotation Z X p * rotation Z X q)) *+ 2.
Proof.
move=> [p_hom lap_p] [q_hom lap_q].
have -> : laplacian (p * q) = (\sum_i mderiv i p * mderiv i q) *+ 2.
  have second i : mderiv i (mderiv i (p * q)) = mderiv i (mderiv i p) * q +
      (mderiv i p * mderiv i q) *+ 2 + p * mderiv i (mderiv i q).
    by rewrite mderivM mderivD !mderivM mulr2n !addrA.
  rewrite /laplacian (eq_bigr _ (fun i _ => second i)) 2!big_split /= -mulr_suml -mulr_sumr sumrMnl.
  by rewrite [X in X * q]lap_p [X in p * X]lap_q mul0r mulr0 add0r addr0.
rewrite mulrnAr; congr (_ *+ 2).
have -> : p * q *+ (L * L) = (p *+ L) * (q *+ L) by rewrite mulrnAl mulrnAr mulrnA.
by rewrite -(euler p_hom) -(euler q_hom) /radius2 !big_coordinates /= !expr2 lagrange.
Qed.

(* So r^2 times the Laplacian keeps combinations of pairs. *)
Lemma pairs_laplacian w : pairs w -> pairs (radius2 F * laplacian w).
Proof.
elim=> [|c p q u p_in q_in _ IH].
  by rewrite /laplacian big1 ?mulr0 => [|i _]; [exact: pairs_zero | rewrite !mderiv0].
rewrite laplacian_linear mulrDr -scalerAr; apply: pairs_linear => //.
rewrite laplacian_product //; apply: pairsMn; apply: pairsD; first exact/pairsMn/pairs_product.
by apply: pairsD; [apply: pairsD|]; apply: pairs_product; exact: harmonic_rotation.
Qed.

End Combinations.

(** ** (x^2 + y^2)^L is a sum of two squares of harmonics *)

(* Real and imaginary part of (x + iy)^n. *)
Fixpoint circle (n : nat) : {mpoly F[3]} * {mpoly F[3]} :=
  if n is k.+1 then
    let: (a, b) := circle k in ('X_X * a - 'X_Y * b, 'X_X * b + 'X_Y * a)
  else (1, 0).

(* The squared distance from the z axis. *)
Definition axis2 : {mpoly F[3]} := 'X_X ^+ 2 + 'X_Y ^+ 2.

(* |x + iy|^2n = (x^2 + y^2)^n. *)
Lemma circle_squares n : (circle n).1 ^+ 2 + (circle n).2 ^+ 2 = axis2 ^+ n.
Proof.
elim: n => [|n IH] /=; first by rewrite expr0 expr1n expr0n addr0.
by case: (circle n) IH => a b /= IH; rewrite two_squares IH [RHS]exprS.
Qed.

(* One more variable, one degree more. *)
Lemma variable_homogeneous k i p : p \is k.-homog -> 'X_i * p \is k.+1.-homog.
Proof. by move=> p_hom; apply: (@dhomogM _ _ _ 1 _ k); rewrite ?dhomogX /= ?mdeg1. Qed.

(* Both parts have degree n, ... *)
Lemma circle_homogeneous n : (circle n).1 \is n.-homog /\ (circle n).2 \is n.-homog.
Proof.
elim: n => [|n] /=; first by rewrite dhomog1 dhomog0.
by case: (circle n) => a b /= [a_hom b_hom]; rewrite rpredB ?rpredD // variable_homogeneous.
Qed.

(* ... satisfy the Cauchy-Riemann equations, ... *)
Lemma circle_derivatives n :
  [/\ mderiv X (circle n).1 = mderiv Y (circle n).2,
      mderiv Y (circle n).1 = - mderiv X (circle n).2,
      mderiv Z (circle n).1 = 0 & mderiv Z (circle n).2 = 0].
Proof.
elim: n => [|n] /=; first by rewrite -[1]mpolyC1 !mderivC ?mderiv0 oppr0.
case: (circle n) => a b /= [aX aY aZ bZ].
rewrite !mderivB !mderivD !mderivM !mderiv_variable /= aX aY aZ bZ !mul1r !mul0r !mulr0 !add0r.
rewrite !mulrN oppr0; split=> //; first by rewrite addrCA addrA.
by rewrite !opprD addrA [- b - _]addrC.
Qed.

(* ... and are therefore harmonic. *)
Lemma circle_harmonic n :
  harmonic_polynomial n (circle n).1 /\ harmonic_polynomial n (circle n).2.
Proof.
have [a_hom b_hom] := circle_homogeneous n; have [aX aY aZ bZ] := circle_derivatives n.
split; split=> //; rewrite /laplacian big_coordinates /= ?aZ ?bZ mderiv0 addr0.
  by rewrite aX aY mderivN mderiv_comm subrr.
have -> : mderiv X (circle n).2 = - mderiv Y (circle n).1 by rewrite aY opprK.
by rewrite mderivN -aX mderiv_comm addNr.
Qed.


(** ** From (x^2 + y^2)^L to z^2L *)
Notation s := axis2.
Notation z := ('X_Z : {mpoly F[3]}).

(* The derivative of a power. *)
Lemma mderiv_power i p n : mderiv i (p ^+ n.+1) = (p ^+ n * mderiv i p) *+ n.+1.
Proof.
elim: n => [|n IH]; first by rewrite expr1 expr0 mul1r.
by rewrite exprS mderivM IH -mulrnAr mulrA -exprS mulrC mulrnAr -mulrS.
Qed.

(* (x^2 + y^2)^a has degree 2a, ... *)
Lemma axis2_homogeneous a : s ^+ a \is (2 * a).-homog.
Proof. by apply: dhomogMn; rewrite rpredD // mpolyXn dhomogX /= mdegMn mdeg1. Qed.

(* ... and x^2 + y^2 the derivatives 2x, 2y, 0. *)
Lemma mderiv_axis2 : [/\ mderiv X s = 'X_X *+ 2, mderiv Y s = 'X_Y *+ 2 & mderiv Z s = 0].
Proof.
rewrite /axis2 !mderivD !expr2 !mderivM !mderiv_variable /= !mul1r !mulr1 !mul0r !mulr0.
by rewrite !addr0 !add0r.
Qed.

(* Its powers do not depend on z. *)
Lemma mderiv_axis2_Z a : mderiv Z (s ^+ a) = 0.
Proof.
case: a => [|a]; first by rewrite expr0 -mpolyC1 mderivC.
by rewrite mderiv_power; have [_ _ ->] := mderiv_axis2; rewrite mulr0 mul0rn.
Qed.

(* The Laplacian of (x^2 + y^2)^(a+1) is 4 (a+1)^2 (x^2 + y^2)^a. *)
Lemma laplacian_axis2 a : laplacian (s ^+ a.+1) = s ^+ a *+ (4 * a.+1 ^ 2).
Proof.
have [sX sY sZ] := mderiv_axis2.
have second i : mderiv i s = 'X_i *+ 2 ->
    mderiv i (mderiv i (s ^+ a.+1)) = (s ^+ a + 'X_i * mderiv i (s ^+ a)) *+ (2 * a.+1).
  move=> s_i; rewrite mderiv_power s_i mulrnAr -mulrnA mderivMn mderivM mderiv_variable eqxx mulr1.
  by rewrite [_ * 'X_i]mulrC addrC.
have := euler (axis2_homogeneous a).
rewrite big_coordinates /= mderiv_axis2_Z mulr0 addr0 => degree_a.
rewrite /laplacian big_coordinates /= second // second // mderiv_axis2_Z mderiv0 addr0.
rewrite -mulrnDl addrACA degree_a -mulr2n -mulrnDr -mulrnA; congr (_ *+ _).
by rewrite -[X in (X + _)%N]muln1 -mulnDr add1n -mulnA [(_ * (2 * _))%N]mulnCA mulnA mulnn.
Qed.

(* That of z^b is b (b-1) z^(b-2). *)
Lemma laplacian_power_z b : laplacian (z ^+ b) = z ^+ b.-2 *+ (b * b.-1).
Proof.
have low i : i != Z -> mderiv i (z ^+ b) = 0.
  move=> /negPf ne; case: b => [|b]; first by rewrite expr0 -mpolyC1 mderivC.
  by rewrite mderiv_power mderiv_variable eq_sym ne mulr0 mul0rn.
rewrite /laplacian big_coordinates /= (low X) // (low Y) // !mderiv0 !add0r.
case: b {low} => [|[|b]] /=; rewrite ?expr0 ?expr1.
- by rewrite -mpolyC1 !mderivC.
- by rewrite mderiv_variable /= -mpolyC1 mderivC.
- rewrite mderiv_power mderiv_variable eqxx mulr1 mderivMn mderiv_power mderiv_variable eqxx mulr1.
  by rewrite -mulrnA mulnC.
Qed.

(* And that of their product, as their gradients are orthogonal. *)
Lemma laplacian_axis2_z a b : laplacian (s ^+ a.+1 * z ^+ b) =
  (s ^+ a * z ^+ b) *+ (4 * a.+1 ^ 2) + (s ^+ a.+1 * z ^+ b.-2) *+ (b * b.-1).
Proof.
have cross i : mderiv i (s ^+ a.+1) * mderiv i (z ^+ b) = 0.
  have [->|ne] := eqVneq i Z; first by rewrite mderiv_axis2_Z mul0r.
  case: b => [|b]; first by rewrite expr0 -mpolyC1 mderivC mulr0.
  by rewrite [X in _ * X]mderiv_power mderiv_variable eq_sym (negPf ne) mulr0 mul0rn mulr0.
have second i : mderiv i (mderiv i (s ^+ a.+1 * z ^+ b)) =
    mderiv i (mderiv i (s ^+ a.+1)) * z ^+ b + s ^+ a.+1 * mderiv i (mderiv i (z ^+ b)).
  by rewrite mderivM mderivD !mderivM cross addr0 add0r.
rewrite /laplacian (eq_bigr _ (fun i _ => second i)) big_split /= -mulr_suml -mulr_sumr.
rewrite -/(laplacian (s ^+ a.+1)) -/(laplacian (z ^+ b)) laplacian_axis2 laplacian_power_z.
by rewrite mulrnAl mulrnAr.
Qed.

Section Degree.
Variable L : nat.
Notation pairs := (pairs L).

(* r^2 = (x^2 + y^2) + z^2. *)
Lemma radius2_axis2 : radius2 F = s + z ^+ 2.
Proof. by rewrite /radius2 big_coordinates. Qed.

(* Multiplied by r^2, one term has two more factors z; the others have not. *)
Lemma step_equation A B a b :
  (s + z ^+ 2) * (s ^+ a * z ^+ b *+ A + s ^+ a.+1 * z ^+ b.-2 *+ B) =
  (s ^+ a * z ^+ b.+2) *+ A +
  ((s ^+ a.+1 * z ^+ b) *+ A + ((s + z ^+ 2) * (s ^+ a.+1 * z ^+ b.-2)) *+ B).
Proof.
rewrite mulrDr !mulrnAr [(s + _) * (s ^+ a * _)]mulrDl (exprD _ 2 b : z ^+ b.+2 = _).
by rewrite mulrA -exprS mulrCA mulrnDl [X in X + _]addrC -addrA.
Qed.

(* The last of those others, from the two before. *)
Lemma pairs_lower a b : pairs (s ^+ a.+2 * z ^+ b) -> pairs (s ^+ a.+1 * z ^+ b.+2) ->
  pairs ((s + z ^+ 2) * (s ^+ a.+1 * z ^+ b)).
Proof.
move=> lower higher; rewrite mulrDl mulrA -exprS mulrCA -(exprD _ 2 b : z ^+ b.+2 = _).
exact: pairsD.
Qed.

(* Hence a term with two more factors z is a combination of pairs if those before are. *)
Lemma pairs_step a b : pairs (s ^+ a.+1 * z ^+ b) ->
  pairs ((s + z ^+ 2) * (s ^+ a.+1 * z ^+ b.-2) *+ (b * b.-1)) ->
  pairs (s ^+ a * z ^+ b.+2).
Proof.
move=> known rest_in; have := pairs_laplacian known.
rewrite laplacian_axis2_z radius2_axis2 step_equation => lap_in.
have A_gt0 : (0 < 4 * a.+1 ^ 2)%N by rewrite muln_gt0 expn_gt0.
apply: (pairs_cancel A_gt0 erefl lap_in).
by apply: pairsD => //; exact: pairsMn.
Qed.

(* (x^2 + y^2)^a z^2b is a combination of pairs, if a + b = L: it is the sum of two squares for
   b = 0, and each step trades a factor x^2 + y^2 for z^2. *)
Lemma pairs_axis2_z a b : (a + b = L)%N -> pairs (s ^+ a * z ^+ (b.*2)).
Proof.
elim/ltn_ind: b a => -[|b] IH a sum_L.
  rewrite expr0 mulr1 -circle_squares; rewrite addn0 in sum_L; rewrite sum_L !expr2.
  by have [re im] := circle_harmonic L; apply: pairsD; apply: pairs_product.
rewrite doubleS; apply: pairs_step; first by apply: (IH b) => //; rewrite addSnnS.
case: b IH sum_L => [|b] IH sum_L; first by rewrite mulr0n; exact: pairs_zero.
apply: pairsMn; rewrite doubleS; apply: pairs_lower.
  by apply: (IH b) => //; rewrite -sum_L !addSnnS.
by rewrite -doubleS; apply: (IH b.+1) => //; rewrite -sum_L addSnnS.
Qed.

(** ** From z^2L to all monomials *)

(* A derivative times a variable, on a monomial. *)
Lemma variable_mderiv i j m :
  'X_i * mderiv j 'X_[m] = 'X_[U_(i) + (m - U_(j))] *+ m j :> {mpoly F[3]}.
Proof. by rewrite mderivX -scalerAr -mpolyXD scaler_nat. Qed.

(* A monomial without x and y is a power of z. *)
Lemma monomial_Z m : m Z = mdeg m -> 'X_[m] = 'X_Z ^+ mdeg m :> {mpoly F[3]}.
Proof.
move=> m_Z; rewrite mpolyXn; congr 'X_[_]; move: (m_Z); rewrite mdegE big_coordinates /= => /eqP.
rewrite eq_sym -{2}[m Z]add0n eqn_add2r addn_eq0 => /andP [/eqP m_X /eqP m_Y].
rewrite m_X m_Y !add0n; apply/mnmP => i; rewrite mulmnE mnm1E.
have [<-|ne] := eqVneq Z i; first by rewrite muln1.
rewrite muln0; case: i ne => [[|[|[|i]]] lt_i3] // ne.
- by rewrite -[RHS]m_X; congr (m _); exact: val_inj.
- by rewrite -[RHS]m_Y; congr (m _); exact: val_inj.
Qed.

(* Any other contains x or y. *)
Lemma monomial_other m : (m Z < mdeg m)%N -> exists2 v, v != Z & (0 < m v)%N.
Proof.
rewrite mdegE big_coordinates /= -{1}[m Z]add0n ltn_add2r addn_gt0 => /orP [pos|pos].
  by exists X.
by exists Y.
Qed.

(* Every monomial of degree 2L is a combination of pairs, by induction on the number of factors x
   and y: replace one of them, v, by z, and rotate in the plane of z and v. Of the two terms, one is
   the monomial up to a positive factor, and the other has fewer factors x and y. *)
Lemma pairs_monomial n m : mdeg m = L.*2 -> (m Z + n)%N = L.*2 -> pairs 'X_[m].
Proof.
elim/ltn_ind: n m => -[|n] IH m deg_m m_Z.
  rewrite monomial_Z ?deg_m ?addn0 // -?m_Z ?addn0 //.
  have := @pairs_axis2_z 0 L (add0n L); rewrite expr0 mul1r => in_L.
  by rewrite addn0 in m_Z; rewrite m_Z.
have [|v ne m_v] := @monomial_other m; first by rewrite deg_m -m_Z addnS ltnS leq_addr.
have v_le : (U_(v) <= m)%MM by rewrite lep1mP -lt0n.
pose m' := (U_(Z) + (m - U_(v)))%MM.
have deg_sub : (mdeg (m - U_(v))).+1 = L.*2.
  by rewrite -deg_m -{2}(submK v_le) mdegD mdeg1 addn1.
have deg_m' : mdeg m' = L.*2 by rewrite mdegD mdeg1 add1n.
have m'_Z : m' Z = (m Z).+1 by rewrite mnmDE mnmBE !mnm1E eqxx (negPf ne) subn0.
have m'_in : pairs 'X_[m'] by apply: (IH n) => //; rewrite m'_Z addSnnS.
have turned := pairs_rotation Z v m'_in.
have turn : 'X_Z * mderiv v 'X_[m'] = 'X_[m] *+ (m Z).+1 + rotation Z v 'X_[m'] :> {mpoly F[3]}.
  rewrite /rotation addrC -[LHS](subrK ('X_v * mderiv Z 'X_[m'])) [in RHS]addrC.
  rewrite addrC; congr (_ + _).
  rewrite variable_mderiv m'_Z; congr ('X_[_] *+ _).
  by rewrite /m' [(U_(Z) + _)%MM]addmC addmK addmC submK.
apply: (pairs_cancel (ltn0Sn (m Z)) turn _ turned).
rewrite variable_mderiv; have [m'_v0|m'_v] := posnP (m' v).
  by rewrite m'_v0 mulr0n; exact: pairs_zero.
apply: pairsMn; have v_le' : (U_(v) <= m')%MM by rewrite lep1mP -lt0n.
have deg_sub' : (mdeg (m' - U_(v))).+1 = L.*2.
  by rewrite -deg_m' -{2}(submK v_le') mdegD mdeg1 addn1.
case: n IH m_Z m'_in => [|n] IH m_Z m'_in; last first.
  apply: (IH n); rewrite ?mdegD ?mdeg1 ?add1n //.
  by rewrite mnmDE mnmBE !mnm1E eqxx (negPf ne) subn0 m'_Z -m_Z !addnS add1n.
move: m'_v; suff -> : m' v = 0%N by [].
have := deg_m'; rewrite -m_Z addn1 -m'_Z mdegE (bigD1 Z) //= => /eqP.
rewrite -{2}[m' Z]addn0 eqn_add2l sum_nat_eq0 => /forallP /(_ v).
by rewrite ne => /eqP.
Qed.

(* So is every homogeneous polynomial of degree 2L. *)
Lemma pairs_homogeneous p : p \is L.*2.-homog -> pairs p.
Proof.
move/dhomogP => p_hom; rewrite [p]mpolyE big_seq.
elim/big_rec: _ => [|m w /p_hom]; first exact: pairs_zero.
change (mdeg m = L.*2 -> pairs w -> pairs (p@_m *: 'X_[m] + w)) => deg_m.
apply: pairs_linear; apply: (@pairs_monomial (L.*2 - m Z)) => //.
by rewrite subnKC // -deg_m mdegE (bigD1 Z) //= leq_addr.
Qed.

End Degree.

End Pairs.
