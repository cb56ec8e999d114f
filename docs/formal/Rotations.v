(** * Rotations: derivatives that keep the degree and commute with the Laplacian

    Subspaces that are closed under them, and the polynomial identities that [Pairs.v] and
    [Circle.v] need. *)
From Coq Require Import Ring.
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension Span Families Harmonics.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

(** ** Identities of polynomials *)
Section Lagrange.
Variable R : comRingType.
Local Notation T := (GRing.ComRing.sort R).
(* The operations under names that [ring] can find. *)
Definition plus (a b : T) : T := a + b.
Definition times (a b : T) : T := a * b.
Definition opp (a : T) : T := - a.
Definition zero : T := 0.
Definition one : T := 1.

(* What Coq's [ring] tactic wants to know. *)
Lemma ring_laws : ring_theory zero one plus times (fun a b => plus a (opp b)) opp (@eq T).
Proof.
split=> //; [exact: add0r | exact: addrC | exact: addrA | exact: mul1r | exact: mulrC |
  exact: mulrA | exact: mulrDl | exact: subrr].
Qed.
Add Ring R_ring : ring_laws.

Ltac commutative_ring := rewrite ?expr2;
  repeat match goal with
  | |- context [@GRing.add ?V ?x ?y] => change (@GRing.add V x y) with (plus x y)
  | |- context [@GRing.mul ?V ?x ?y] => change (@GRing.mul V x y) with (times x y)
  | |- context [@GRing.opp ?V ?x] => change (@GRing.opp V x) with (opp x)
  end;
  match goal with |- @eq _ ?x ?y => change (@eq T x y) end; ring.

(* The product rule of a rotation, as an identity of numbers. *)
Lemma rotation_product (x y a b p q a' b' : R) :
  x * (b * q + p * b') - y * (a * q + p * a') = (x * b - y * a) * q + p * (x * b' - y * a').
Proof. commutative_ring. Qed.

(* Lagrange: |x|^2 (p.q) = (x.p) (x.q) + (x cross p).(x cross q). *)
Lemma lagrange (x y z a b c a' b' c' : R) :
  (x * x + y * y + z * z) * (a * a' + b * b' + c * c') =
  (x * a + y * b + z * c) * (x * a' + y * b' + z * c') +
  ((x * b - y * a) * (x * b' - y * a') + (y * c - z * b) * (y * c' - z * b') +
   (z * a - x * c) * (z * a' - x * c')).
Proof. commutative_ring. Qed.

(* Real and imaginary part of (x + iy) (a + ib) times the conjugate of (x + iy) (a' + ib'). *)
Lemma two_squares_real (x y a b a' b' : R) :
  (x * a - y * b) * (x * a' - y * b') + (x * b + y * a) * (x * b' + y * a') =
  (x ^+ 2 + y ^+ 2) * (a * a' + b * b').
Proof. commutative_ring. Qed.

(* The imaginary part. *)
Lemma two_squares_imaginary (x y a b a' b' : R) :
  (x * b + y * a) * (x * a' - y * b') - (x * a - y * b) * (x * b' + y * a') =
  (x ^+ 2 + y ^+ 2) * (b * a' - a * b').
Proof. commutative_ring. Qed.

(* The conjugate of x + iy times (x + iy) (a + ib). *)
Lemma two_squares (x y a b : R) :
  x * (x * a - y * b) + y * (x * b + y * a) = (x ^+ 2 + y ^+ 2) * a /\
  x * (x * b + y * a) - y * (x * a - y * b) = (x ^+ 2 + y ^+ 2) * b.
Proof. by split; commutative_ring. Qed.
End Lagrange.

(** ** Rotations *)
Section Rotations.
Variable F : fieldType.
Implicit Types (p q : {mpoly F[3]}) (m : 'X_{1..3}).

(* The derivative along the rotations of the plane of two coordinates. *)
Definition rotation (i j : 'I_3) p : {mpoly F[3]} := 'X_i * mderiv j p - 'X_j * mderiv i p.

(* It is linear, ... *)
Lemma rotation_linear i j c p q : rotation i j (c *: p + q) = c *: rotation i j p + rotation i j q.
Proof.
rewrite /rotation !mderivD !mderivZ !mulrDr -!scalerAr opprD addrACA.
by rewrite scalerBr.
Qed.

(* ... obeys the product rule, ... *)
Lemma rotationM i j p q : rotation i j (p * q) = rotation i j p * q + p * rotation i j q.
Proof. by rewrite /rotation !mderivM rotation_product. Qed.

(* A derivative times a variable keeps the degree: by sight on monomials. *)
Lemma variable_mderiv_homogeneous k i j p : p \is k.-homog -> 'X_i * mderiv j p \is k.-homog.
Proof.
move/dhomogP => p_hom; rewrite [p]mpolyE raddf_sum mulr_sumr big_seq; apply: rpred_sum => m m_in.
rewrite /= mderivZ mderivX scalerA -scalerAr; have [m_j0|m_j] := posnP (m j).
  by rewrite m_j0 mulr0 scale0r rpred0.
apply: dhomogZ; rewrite -mpolyXD dhomogX /= mdegD mdeg1 -(p_hom m m_in) /=.
by rewrite -{2}(submK (_ : (U_(j) <= m)%MM)) ?lep1mP -?lt0n // mdegD mdeg1 addnC.
Qed.

(* ... keeps the degree, ... *)
Lemma rotation_homogeneous k i j p : p \is k.-homog -> rotation i j p \is k.-homog.
Proof. by move=> p_hom; rewrite rpredB // variable_mderiv_homogeneous. Qed.

(* The Laplacian of a product with a variable. *)
Lemma laplacian_variable i p : laplacian ('X_i * p) = mderiv i p *+ 2 + 'X_i * laplacian p.
Proof.
have second j : mderiv j (mderiv j ('X_i * p)) =
    (i == j)%:R * mderiv j p *+ 2 + 'X_i * mderiv j (mderiv j p).
  rewrite mderivM mderiv_variable mderivD !mderivM mderiv_variable.
  have -> : mderiv j ((i == j)%:R : {mpoly F[3]}) = 0.
    by rewrite -mpolyC_nat mderivC.
  by rewrite mul0r add0r addrA mulr2n.
rewrite /laplacian (eq_bigr _ (fun j _ => second j)) big_split /= -mulr_sumr sumrMnl.
congr (_ *+ _ + _).
rewrite (bigD1 i) //= eqxx mul1r big1 ?addr0 // => j /negPf ne.
by rewrite eq_sym ne mul0r.
Qed.

(* Derivatives commute. *)
Lemma laplacian_mderiv i p : laplacian (mderiv i p) = mderiv i (laplacian p).
Proof.
rewrite /laplacian raddf_sum; apply: eq_bigr => j _ /=.
by rewrite (mderiv_comm j i) (mderiv_comm j i).
Qed.

(* ... and commutes with the Laplacian. *)
Lemma laplacian_rotation i j p : laplacian (rotation i j p) = rotation i j (laplacian p).
Proof.
rewrite /rotation addrC -scaleN1r laplacian_linear !laplacian_variable !laplacian_mderiv.
rewrite scaleN1r opprD addrACA mderiv_comm addNr add0r addrC //.
Qed.

(* Rotations do not change x^2 + y^2 + z^2, ... *)
Lemma rotation_radius2 i j : rotation i j (radius2 F) = 0.
Proof. by rewrite /rotation !mderiv_radius2 !mulrnAr mulrC subrr. Qed.

(* ... nor its powers as factors. *)
Lemma rotation_power i j k p :
  rotation i j (radius2 F ^+ k * p) = radius2 F ^+ k * rotation i j p.
Proof.
elim: k => [|k IH]; first by rewrite expr0 !mul1r.
by rewrite exprS -!mulrA rotationM rotation_radius2 mul0r add0r IH.
Qed.

(** ** Subspaces *)
Section Subspaces.
Hypothesis char0 : [char F] =i pred0.

(* A set of polynomials that is closed under linear combinations. *)
Definition subspace (W : {mpoly F[3]} -> Prop) : Prop :=
  W 0 /\ forall c p q, W p -> W q -> W (c *: p + q).

Variable W : {mpoly F[3]} -> Prop.
Hypothesis W_subspace : subspace W.

(* It is closed under sums, ... *)
Lemma subspaceD p q : W p -> W q -> W (p + q).
Proof. by move=> p_in q_in; rewrite -[p]scale1r; apply: W_subspace.2. Qed.

(* ... scalar ... *)
Lemma subspaceZ c p : W p -> W (c *: p).
Proof. by move=> p_in; rewrite -[_ *: _]addr0; apply: W_subspace.2 => //; exact: W_subspace.1. Qed.

(* ... and integer multiples, ... *)
Lemma subspaceMn k p : W p -> W (p *+ k).
Proof. by move=> p_in; rewrite -scaler_nat; exact: subspaceZ. Qed.

(* ... and sums of many. *)
Lemma subspace_sum (I : eqType) (r : seq I) (p : I -> {mpoly F[3]}) :
  (forall i, i \in r -> W (p i)) -> W (\sum_(i <- r) p i).
Proof.
move=> p_in; rewrite big_seq; elim/big_rec: _ => [|i q i_in q_in]; first exact: W_subspace.1.
by apply: subspaceD => //; exact: p_in.
Qed.

(* If w = a u + v with an integer a > 0, then u is a combination of w and v. *)
Lemma subspace_cancel a u v w : (0 < a)%N -> w = u *+ a + v -> W w -> W v -> W u.
Proof.
move=> a_gt0 w_eq w_in v_in; have a_neq0 : a%:R != 0 :> F by rewrite (natr0 char0) -lt0n.
have -> : u = a%:R^-1 *: ((-1) *: v + w).
  by rewrite w_eq scaleN1r addrC addrK -scaler_nat scalerA mulVf ?scale1r.
by apply/subspaceZ/W_subspace.2.
Qed.

(* In particular if a u is in the subspace, so is u. *)
Lemma subspace_divide a u : (0 < a)%N -> W (u *+ a) -> W u.
Proof.
by move=> a_gt0 u_in; apply: (subspace_cancel a_gt0 _ u_in W_subspace.1); rewrite addr0.
Qed.

(** ** Rotations lead from z^n to every homogeneous polynomial of degree n *)

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
Lemma monomial_other (m : 'X_{1..3}) : (m Z < mdeg m)%N -> exists2 v, v != Z & (0 < m v)%N.
Proof.
rewrite mdegE big_coordinates /= -{1}[m Z]add0n ltn_add2r addn_gt0 => /orP [pos|pos].
  by exists X.
by exists Y.
Qed.

Hypothesis W_rotation : forall i j p, W p -> W (rotation i j p).
Variable n : nat.
Hypothesis W_power : W ('X_Z ^+ n).

(* By induction on the number k of factors x and y: replace one of them, v, by z, and rotate in the
   plane of z and v. Of the two terms, one is the monomial up to a positive factor, and the other
   has fewer factors x and y. *)
Lemma rotations_monomial k m : mdeg m = n -> (m Z + k)%N = n -> W 'X_[m].
Proof.
elim/ltn_ind: k m => -[|k] IH m deg_m m_Z.
  by rewrite monomial_Z ?deg_m ?addn0 // -?m_Z ?addn0 //; rewrite addn0 in m_Z; rewrite m_Z.
have [|v ne m_v] := @monomial_other m; first by rewrite deg_m -m_Z addnS ltnS leq_addr.
have v_le : (U_(v) <= m)%MM by rewrite lep1mP -lt0n.
pose m' := (U_(Z) + (m - U_(v)))%MM.
have deg_sub : (mdeg (m - U_(v))).+1 = n by rewrite -deg_m -{2}(submK v_le) mdegD mdeg1 addn1.
have deg_m' : mdeg m' = n by rewrite mdegD mdeg1 add1n.
have m'_Z : m' Z = (m Z).+1 by rewrite mnmDE mnmBE !mnm1E eqxx (negPf ne) subn0.
have m'_in : W 'X_[m'] by apply: (IH k) => //; rewrite m'_Z addSnnS.
have turn : 'X_Z * mderiv v 'X_[m'] = 'X_[m] *+ (m Z).+1 + rotation Z v 'X_[m'] :> {mpoly F[3]}.
  rewrite /rotation addrC -[LHS](subrK ('X_v * mderiv Z 'X_[m'])) [in RHS]addrC.
  rewrite addrC; congr (_ + _).
  rewrite variable_mderiv m'_Z; congr ('X_[_] *+ _).
  by rewrite /m' [(U_(Z) + _)%MM]addmC addmK addmC submK.
apply: (subspace_cancel (ltn0Sn (m Z)) turn _ (W_rotation Z v m'_in)).
rewrite variable_mderiv; have [m'_v0|m'_v] := posnP (m' v).
  by rewrite m'_v0 mulr0n; exact: W_subspace.1.
apply: subspaceMn; have v_le' : (U_(v) <= m')%MM by rewrite lep1mP -lt0n.
have deg_sub' : (mdeg (m' - U_(v))).+1 = n by rewrite -deg_m' -{2}(submK v_le') mdegD mdeg1 addn1.
case: k IH m_Z m'_in => [|k] IH m_Z m'_in; last first.
  apply: (IH k); rewrite ?mdegD ?mdeg1 ?add1n //.
  by rewrite mnmDE mnmBE !mnm1E eqxx (negPf ne) subn0 m'_Z -m_Z !addnS add1n.
move: m'_v; suff -> : m' v = 0%N by [].
have := deg_m'; rewrite -m_Z addn1 -m'_Z mdegE (bigD1 Z) //= => /eqP.
rewrite -{2}[m' Z]addn0 eqn_add2l sum_nat_eq0 => /forallP /(_ v).
by rewrite ne => /eqP.
Qed.

(* So it contains every homogeneous polynomial of degree n. *)
Lemma rotations_homogeneous p : p \is n.-homog -> W p.
Proof.
move/dhomogP => p_hom; rewrite [p]mpolyE; apply: subspace_sum => m /p_hom deg_m.
apply/subspaceZ/(@rotations_monomial (n - m Z)) => //.
by rewrite subnKC // -[n]deg_m /= mdegE (bigD1 Z) //= leq_addr.
Qed.

End Subspaces.

End Rotations.
