(** * Which harmonics are combinations of products of two harmonics

    Of degrees a >= b: those of degrees a + b, a + b - 2, ..., a - b, and no Gaunt coefficient is
    needed. The combinations contain the real and the imaginary part of (x + iy)^a (x - iy)^b,
    that is s^b (x + iy)^(a - b) with s = x^2 + y^2. From there the Laplacian leads to
    r^2j s^(b - j) (x + iy)^(a - b), rotations lead, modulo r^2, to r^2j z^m and to every monomial,
    and [separate] removes the rest. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension Span Families Harmonics Rotations
  Pairs.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Section Circle.
Variable F : fieldType.
Hypothesis char0 : [char F] =i pred0.
Implicit Types (p q u w : {mpoly F[3]}).
Notation r2 := (radius2 F).

(** ** The powers of x + iy *)

(* Real and imaginary part of (x + iy)^n. *)
Fixpoint circle (n : nat) : {mpoly F[3]} * {mpoly F[3]} :=
  if n is k.+1 then
    let: (u, v) := circle k in ('X_X * u - 'X_Y * v, 'X_X * v + 'X_Y * u)
  else (1, 0).
Notation re n := (circle n).1.
Notation im n := (circle n).2.

(* The squared distance from the z axis. *)
Definition axis2 : {mpoly F[3]} := 'X_X ^+ 2 + 'X_Y ^+ 2.
Notation s := axis2.

(* The recursion. *)
Lemma circleS n : re n.+1 = 'X_X * re n - 'X_Y * im n /\ im n.+1 = 'X_X * im n + 'X_Y * re n.
Proof. by rewrite /=; case: (circle n). Qed.

(* (x + iy)^(b + k) (x - iy)^b = s^b (x + iy)^k. *)
Lemma circle_product b k :
  re (b + k) * re b + im (b + k) * im b = s ^+ b * re k /\
  im (b + k) * re b - re (b + k) * im b = s ^+ b * im k.
Proof.
elim: b => [|b [IHre IHim]]; first by rewrite !mulr1 !mulr0 addr0 subr0 expr0 !mul1r.
have [re_n im_n] := circleS (b + k); have [re_b im_b] := circleS b.
rewrite addSn re_n im_n re_b im_b two_squares_real two_squares_imaginary IHre IHim.
by rewrite !mulrA -exprS.
Qed.

(* One more variable, one degree more. *)
Lemma variable_homogeneous k i p : p \is k.-homog -> 'X_i * p \is k.+1.-homog.
Proof. by move=> p_hom; apply: (@dhomogM _ _ _ 1 _ k); rewrite ?dhomogX /= ?mdeg1. Qed.

(* Both parts have degree n, ... *)
Lemma circle_homogeneous n : re n \is n.-homog /\ im n \is n.-homog.
Proof.
elim: n => [|n [re_hom im_hom]]; first by rewrite /= dhomog1 dhomog0.
by have [-> ->] := circleS n; rewrite rpredB ?rpredD // variable_homogeneous.
Qed.

(* The derivatives by x and y are those of a power of a complex number, ... *)
Lemma circle_derivatives n :
  [/\ mderiv X (re n.+1) = re n *+ n.+1, mderiv Y (re n.+1) = - im n *+ n.+1,
      mderiv X (im n.+1) = im n *+ n.+1 & mderiv Y (im n.+1) = re n *+ n.+1].
Proof.
elim: n => [|n [reX reY imX imY]].
  by rewrite /= !mderivB !mderivD !mderivM !mderiv_variable /= -[1]mpolyC1 !mderivC
    !(mul0r, mulr0, mulr1, mul1r, add0r, addr0, subr0, oppr0) ?mulr1n ?mulN1r.
have [re_n im_n] := circleS n; have [-> ->] := circleS n.+1.
move: (re n.+1) (im n.+1) reX reY imX imY re_n im_n => u v uX uY vX vY u_eq v_eq.
rewrite !mderivB !mderivD !mderivM !mderiv_variable uX uY vX vY /= !mul1r !mul0r !add0r !mulrnAr.
split; rewrite ?mulrN.
- by rewrite -addrA -mulrnBl -u_eq -mulrS.
- by rewrite opprD addrCA -mulNrn -mulrnDl -opprD -v_eq -mulrS.
- by rewrite -addrA -mulrnDl -v_eq -mulrS.
- by rewrite addrCA -mulrnDl -u_eq -mulrS.
Qed.

(* ... and the parts do not depend on z. *)
Lemma circle_derivative_Z n : mderiv Z (re n) = 0 /\ mderiv Z (im n) = 0.
Proof.
elim: n => [|n [reZ imZ]]; first by rewrite /= -[1]mpolyC1 !mderivC ?mderiv0.
have [-> ->] := circleS n; rewrite !mderivB !mderivD !mderivM !mderiv_variable /= reZ imZ.
by rewrite !mul0r !mulr0 !add0r oppr0.
Qed.

(* They are therefore harmonic. *)
Lemma circle_harmonic n : harmonic_polynomial n (re n) /\ harmonic_polynomial n (im n).
Proof.
have [re_hom im_hom] := circle_homogeneous n; have [reZ imZ] := circle_derivative_Z n.
split; split=> //; rewrite /laplacian big_coordinates /= ?reZ ?imZ mderiv0 addr0.
  case: n {re_hom im_hom reZ imZ} => [|n]; first by rewrite /= -[1]mpolyC1 !mderivC ?mderiv0 addr0.
  have [reX reY imX imY] := circle_derivatives n; rewrite reX reY !mderivMn mderivN.
  case: n {reX reY imX imY} => [|n].
    by rewrite /= -[1]mpolyC1 !mderivC ?mderiv0 oppr0 !mul0rn addr0.
  have [-> _ _ ->] := circle_derivatives n; by rewrite -mulrnDl subrr mul0rn.
case: n {re_hom im_hom reZ imZ} => [|n]; first by rewrite /= !mderiv0 addr0.
have [reX reY imX imY] := circle_derivatives n; rewrite imX imY !mderivMn.
case: n {reX reY imX imY} => [|n]; first by rewrite /= -[1]mpolyC1 !mderivC ?mderiv0 !mul0rn addr0.
have [_ -> -> _] := circle_derivatives n; by rewrite -!mulrnDl subrr !mul0rn.
Qed.

(** ** Down with s, up with r^2 *)

(* The Laplacian of s q, for q that does not depend on z. *)
Lemma laplacian_axis2 k q : q \is k.-homog -> mderiv Z q = 0 ->
  laplacian (s * q) = q *+ (4 + k * 4) + s * laplacian q.
Proof.
move=> q_hom qZ; have := euler q_hom; rewrite big_coordinates /= qZ mulr0 addr0 => degree.
have [sX sY sZ] : [/\ mderiv X s = 'X_X *+ 2, mderiv Y s = 'X_Y *+ 2 & mderiv Z s = 0].
  rewrite /axis2 !mderivD !expr2 !mderivM !mderiv_variable /= !mul1r !mulr1 !mul0r !mulr0.
  by rewrite !addr0 !add0r.
have second i : mderiv i s = 'X_i *+ 2 -> mderiv i (mderiv i (s * q)) =
    (q *+ 2 + ('X_i * mderiv i q) *+ 4) + s * mderiv i (mderiv i q).
  move=> s_i; rewrite mderivM s_i mderivD !mderivM s_i mderivMn mderiv_variable eqxx.
  by rewrite !mulrnAl mul1r addrA -[X in X + _]addrA -mulrnDr.
rewrite /laplacian !big_coordinates /= second // second // !mderivM sZ qZ mul0r mulr0 addr0.
rewrite mderiv0 !addr0 [in RHS]mulrDr addrACA; congr (_ + _).
rewrite addrACA -mulrnDr -mulrnDl degree -mulrnA -mulrnDr; congr (_ *+ _); ring.
Qed.

(* Hence that of s^(i+1) q for harmonic q. *)
Lemma laplacian_axis2_power k i q : harmonic_polynomial k q -> mderiv Z q = 0 ->
  laplacian (s ^+ i.+1 * q) = (s ^+ i * q) *+ (4 * (i.+1 * (i.+1 + k))).
Proof.
move=> [q_hom lap_q] qZ.
have sZ : mderiv Z s = 0.
  by rewrite /axis2 !mderivD !expr2 !mderivM !mderiv_variable /= !mul0r !mulr0 !addr0.
have power j : s ^+ j * q \is (2 * j + k).-homog /\ mderiv Z (s ^+ j * q) = 0.
  elim: j => [|j [hom_j Z_j]]; first by rewrite expr0 mul1r.
  rewrite exprS -mulrA; split; last by rewrite mderivM sZ Z_j mul0r mulr0 addr0.
  rewrite mulnS -addnA; apply: dhomogM => //.
  by rewrite rpredD // mpolyXn dhomogX /= mdegMn mdeg1.
elim: i => [|i IH].
  rewrite expr1 expr0 mul1r (laplacian_axis2 q_hom qZ) lap_q mulr0 addr0; congr (_ *+ _); ring.
have [hom_i Z_i] := power i.+1.
rewrite exprS -mulrA (laplacian_axis2 hom_i Z_i) IH mulrnAr mulrA -exprS -mulrnDr.
congr (_ *+ _); ring.
Qed.

(* Polynomials of degree m - 2, so only 0 if m < 2. *)
Definition lower m u : Prop := if m is n.+2 then u \is n.-homog else u = 0.

(* They are closed under combinations ... *)
Lemma lower_linear m c u u' : lower m u -> lower m u' -> lower m (c *: u + u').
Proof.
case: m => [|[|m]] /= => [-> ->|-> ->|u_hom u'_hom]; rewrite ?scaler0 ?addr0 //.
by apply: rpredD => //; exact: dhomogZ.
Qed.

(* ... and rotations. *)
Lemma lower_rotation m i j u : lower m u -> lower m (rotation i j u).
Proof.
case: m => [|[|m]] /= => [->|->|]; last exact: rotation_homogeneous.
  by rewrite /rotation !mderiv0 !mulr0 subrr.
by rewrite /rotation !mderiv0 !mulr0 subrr.
Qed.

(* The rotation of z^e q, for q that does not depend on z. *)
Lemma rotation_Z v e q : v != Z -> mderiv Z q = 0 -> rotation Z v ('X_Z ^+ e * q) =
  'X_Z ^+ e.+1 * mderiv v q - ('X_v * ('X_Z ^+ e.-1 * q)) *+ e.
Proof.
move=> /negPf ne qZ; have power i : mderiv i ('X_Z ^+ e : {mpoly F[3]}) =
    ('X_Z ^+ e.-1 * (Z == i)%:R) *+ e.
  elim: e => [|e IH]; first by rewrite expr0 -mpolyC1 mderivC mulr0n.
  rewrite exprS mderivM IH mderiv_variable -mulrnAr mulrCA; case: e {IH} => [|e].
    by rewrite !mulr0n !mulr0 addr0 mulr1n mulrC.
  rewrite [RHS]mulrS [X in X + _]mulrC; congr (_ + _).
  by rewrite mulrA -exprSr -mulrnAr.
rewrite /rotation !mderivM qZ mulr0 addr0 !power eqxx mulr1 eq_sym ne mulr0 mul0rn mul0r add0r.
by rewrite mulrA -exprS mulrnAl mulrnAr.
Qed.

(* r^2 = (x^2 + y^2) + z^2. *)
Lemma radius2_axis2 : r2 = s + 'X_Z ^+ 2.
Proof. by rewrite /radius2 big_coordinates. Qed.

Section Degree.
Variables b k : nat.
Notation pairs := (pairs (b + k) b).

(* r^2j s^(b-j) (x + iy)^k is a combination of pairs. *)
Lemma pairs_circle i j : (i + j = b)%N ->
  pairs (r2 ^+ j * (s ^+ i * re k)) /\ pairs (r2 ^+ j * (s ^+ i * im k)).
Proof.
elim: j i => [|j IH] i sum_b.
  rewrite addn0 in sum_b; rewrite sum_b expr0 !mul1r; have [<- <-] := circle_product b k.
  have [re_a im_a] := circle_harmonic (b + k); have [re_b im_b] := circle_harmonic b.
  split; first by apply: (subspaceD (pairs_subspace _ _)); apply: pairs_product.
  rewrite addrC -scaleN1r; apply: (pairs_subspace _ _).2; exact: pairs_product.
have step q : harmonic_polynomial k q -> mderiv Z q = 0 ->
    pairs (r2 ^+ j * (s ^+ i.+1 * q)) -> pairs (r2 ^+ j.+1 * (s ^+ i * q)).
  move=> q_in qZ q_pairs; have := pairs_laplacian q_pairs.
  have hom : s ^+ i.+1 * q \is (2 * i.+1 + k).-homog.
    apply: dhomogM; last by case: q_in.
    by apply: dhomogMn; rewrite rpredD // mpolyXn dhomogX /= mdegMn mdeg1.
  rewrite (radius2_laplacian j hom) (laplacian_axis2_power i q_in qZ) mulrnAr addrC => lap_in.
  apply: (subspace_cancel char0 (pairs_subspace _ _) _ erefl lap_in) => //.
  exact: (subspaceMn (pairs_subspace _ _)).
have [re_k im_k] := circle_harmonic k; have [re_Z im_Z] := circle_derivative_Z k.
by have [|re_in im_in] := IH i.+1; [rewrite addSnnS | split; apply: step].
Qed.

Variable j : nat.
Hypothesis j_le : (j <= b)%N.
Notation m := (2 * (b - j) + k)%N.

(* The polynomials w of degree m for which r^2j w is a combination of pairs modulo r^(2j+2). *)
Definition reached w : Prop := exists2 u, lower m u & pairs (r2 ^+ j * (w + r2 * u)).

(* They are closed under combinations, ... *)
Lemma reached_subspace : subspace reached.
Proof.
split=> [|c w w' [u u_low u_in] [u' u'_low u'_in]].
  exists 0; last by rewrite mulr0 addr0 mulr0; exact: pairs_zero.
  by case: (m) => [|[|n]] //=; exact: dhomog0.
exists (c *: u + u'); first exact: lower_linear.
have -> : r2 ^+ j * (c *: w + w' + r2 * (c *: u + u')) =
    c *: (r2 ^+ j * (w + r2 * u)) + r2 ^+ j * (w' + r2 * u').
  by rewrite scalerAr -mulrDr scalerDr addrACA scalerAr -mulrDr.
exact: (pairs_subspace _ _).2.
Qed.

(* ... rotations, ... *)
Lemma reached_rotation i i' w : reached w -> reached (rotation i i' w).
Proof.
move=> [u u_low u_in]; exists (rotation i i' u); first exact: lower_rotation.
have := pairs_rotation i i' u_in; rewrite rotation_power -[w]scale1r rotation_linear !scale1r.
by rewrite -{2}[r2]expr1 rotation_power expr1.
Qed.

(* ... and the addition of multiples of r^2. *)
Lemma reached_absorb w u : lower m u -> reached (w + r2 * u) -> reached w.
Proof.
move=> u_low [u' u'_low u'_in]; exists (u + u'); last first.
  by have -> : w + r2 * (u + u') = w + r2 * u + r2 * u' by rewrite mulrDr addrA.
by rewrite -[u]scale1r; exact: lower_linear.
Qed.

(* s^i z^e q, where q is (x + iy)^k: trade s for z^2, as s + z^2 = r^2. *)
Lemma reached_axis2 i e q : q \is k.-homog -> (2 * i + e + k = m)%N ->
  reached ('X_Z ^+ e * (s ^+ i * q)) -> reached ('X_Z ^+ (2 * i + e) * q).
Proof.
move=> q_hom; elim: i e => [|i IH] e degree; first by rewrite expr0 mul1r.
have -> : (2 * i.+1 + e = 2 * i + e.+2)%N by ring.
have low : lower m ('X_Z ^+ e * (s ^+ i * q)).
  rewrite -degree; have -> : (2 * i.+1 + e + k = (e + (2 * i + k)).+2)%N by ring.
  apply: dhomogM; first by rewrite mpolyXn dhomogX /= mdegMn mdeg1 mul1n.
  by apply: dhomogM => //; apply: dhomogMn; rewrite rpredD // mpolyXn dhomogX /= mdegMn mdeg1.
move=> s_in; apply: IH; first by rewrite -degree; ring.
apply: (reached_absorb (u := (-1) *: ('X_Z ^+ e * (s ^+ i * q)))).
  by rewrite -[_ *: _]addr0; apply: lower_linear => //; case: (m) => [|[|n]] //=; exact: dhomog0.
have := subspaceZ reached_subspace (- 1) s_in; rewrite !scaleN1r mulrN radius2_axis2 mulrDl opprD.
rewrite addrCA [s * _]mulrCA [s * _]mulrA -exprS ['X_Z ^+ 2 * _]mulrA.
by rewrite -exprD add2n addrN addr0.
Qed.

(* z^e (x + iy)^n: rotate x or y to z, and lower n. *)
Lemma reached_lower e n : (e + n.+1 = m)%N ->
  reached ('X_Z ^+ e * re n.+1) /\ reached ('X_Z ^+ e * im n.+1) ->
  reached ('X_Z ^+ e.+1 * re n) /\ reached ('X_Z ^+ e.+1 * im n).
Proof.
move=> degree [re_in im_in]; have [reZ imZ] := circle_derivative_Z n.+1.
have [reX reY imX imY] := circle_derivatives n; have [re_n im_n] := circleS n.
have [re_s im_s] := two_squares ('X_X : {mpoly F[3]}) 'X_Y (re n) (im n).
have turn v p : v != Z -> mderiv Z p = 0 -> reached ('X_Z ^+ e * p) ->
    reached ('X_Z ^+ e.+1 * mderiv v p - ('X_v * ('X_Z ^+ e.-1 * p)) *+ e).
  by move=> ne pZ /(reached_rotation Z v); rewrite rotation_Z.
have finish p : p \is n.-homog -> reached (('X_Z ^+ e.+1 * p) *+ (2 * n.+1) -
    (s * ('X_Z ^+ e.-1 * p)) *+ e) -> reached ('X_Z ^+ e.+1 * p).
  move=> p_hom p_in; apply: (@subspace_divide _ char0 _ reached_subspace (2 * n.+1 + e)) => //.
  apply: (reached_absorb (u := (- 1) *: ('X_Z ^+ e.-1 * p *+ e))).
    case: e degree {re_in im_in turn p_in} => [|e] degree.
      by rewrite mulr0n scaler0; case: (m) => [|[|m']] //=; exact: dhomog0.
    rewrite -degree addSn addnS; apply: dhomogZ; apply: rpredMn; apply: dhomogM => //.
    by rewrite mpolyXn dhomogX /= mdegMn mdeg1 mul1n.
  move: p_in; congr reached; rewrite mulrnDr -addrA; congr (_ + _).
  rewrite radius2_axis2 scaleN1r mulrN mulrnAr [(s + _) * _]mulrDl mulrnDl opprD addrCA.
  case: e {degree re_in im_in turn} => [|e]; first by rewrite !mulr0n subr0 addr0.
  by rewrite ['X_Z ^+ 2 * _]mulrA -exprD add2n addrN addr0.
split; apply: finish.
- by case: (circle_homogeneous n).
- have := subspaceD reached_subspace (turn X _ isT reZ re_in) (turn Y _ isT imZ im_in).
  rewrite reX imY re_n im_n addrACA -opprD -mulrnDl ['X_X * (_ * _)]mulrCA ['X_Y * (_ * _)]mulrCA.
  by rewrite -!mulrDr re_s -mulr2n -mulrnA mulrnAr mulnC [s * _]mulrCA.
- by case: (circle_homogeneous n).
- have := reached_subspace.2 (- 1) _ _ (turn Y _ isT reZ re_in) (turn X _ isT imZ im_in).
  rewrite imX reY re_n im_n scaleN1r opprB addrACA mulNrn mulrN opprK.
  rewrite ['X_X * (_ * _)]mulrCA ['X_Y * (_ * _)]mulrCA [X in X + (_ - _)]addrC addrACA -opprB.
  by rewrite -mulrnBl -mulrBr im_s -mulrDr -mulr2n -mulrnA mulrnAr mulnC [s * _]mulrCA.
Qed.

(* So z^m is reached. *)
Lemma reached_power : reached ('X_Z ^+ m).
Proof.
have [|re_in im_in] := @pairs_circle (b - j) j; first by rewrite subnK.
have start q : q \is k.-homog -> pairs (r2 ^+ j * (s ^+ (b - j) * q)) ->
    reached ('X_Z ^+ (2 * (b - j)) * q).
  move=> q_hom q_in; rewrite -[(2 * _)%N]addn0; apply: reached_axis2; rewrite ?addn0 //.
  exists 0; last by rewrite mulr0 addr0 expr0 mul1r.
  by case: (m) => [|[|m']] //=; exact: dhomog0.
have [re_hom im_hom] := circle_homogeneous k.
have down n e : (e + n = m)%N -> reached ('X_Z ^+ e * re n) /\ reached ('X_Z ^+ e * im n) ->
    reached ('X_Z ^+ m).
  elim: n e => [|n IH] e degree; first by rewrite -degree addn0 mulr1 => -[].
  by move/(reached_lower degree); apply: IH; rewrite addSnnS.
by apply: (down k (2 * (b - j))%N) => //; split; apply: start.
Qed.

(* Hence every r^2j h with h harmonic of degree m is a combination of pairs. *)
Lemma pairs_harmonic h : harmonic_polynomial m h -> pairs (r2 ^+ j * h).
Proof.
move=> h_in; have [u u_low] := rotations_homogeneous char0 reached_subspace reached_rotation
  reached_power h_in.1.
rewrite mulrDr mulrA -exprSr; move: u_low h_in; case m_eq: (m) => [|[|n]] /=.
- by move=> ->; rewrite mulr0 addr0.
- by move=> ->; rewrite mulr0 addr0.
move=> u_hom h_in; apply: (separate char0 (pairs_subspace _ _) _ _ _ h_in u_hom) => //.
  by move=> p; exact: pairs_laplacian.
by ring.
Qed.

End Degree.

(* Two degrees equal: every homogeneous polynomial of degree 2L. *)
Lemma pairs_homogeneous L p : p \is (2 * L).-homog -> pairs L L p.
Proof.
suff all_in t j q : (j + t)%N = L -> q \is (2 * t).-homog -> pairs L L (r2 ^+ j * q).
  by move=> p_hom; rewrite -[p]mul1r -(expr0 r2); apply: (all_in L).
have harmonic_in i h j' : (j' + i)%N = L -> harmonic_polynomial (2 * i) h ->
    pairs L L (r2 ^+ j' * h).
  move=> sum h_in; have := @pairs_harmonic L 0 j' _ h; rewrite !addn0 -{1 2}sum addKn.
  by apply=> //; rewrite leq_addr.
elim: t j q => [|t IH] j q sum q_hom.
  by apply: (harmonic_in 0%N) => //; split; rewrite ?(laplacian_low _ q_hom).
have [h [u [h_in u_hom ->]]] : exists h u, [/\ harmonic_polynomial (2 * t.+1) h,
    u \is (2 * t).-homog & q = h + r2 * u].
  by move: q_hom; rewrite mulnS => /(harmonic_split char0).
rewrite mulrDr mulrA -exprSr; apply: (subspaceD (pairs_subspace _ _)).
  exact: (harmonic_in t.+1).
by apply: IH; rewrite // addSnnS.
Qed.

End Circle.
