(** * Rotations: derivatives that keep the degree and commute with the Laplacian

    And the polynomial identities that [Pairs.v] needs. *)
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

(* The product of two sums of two squares is one. *)
Lemma two_squares (x y a b : R) :
  (x * a - y * b) ^+ 2 + (x * b + y * a) ^+ 2 = (x ^+ 2 + y ^+ 2) * (a ^+ 2 + b ^+ 2).
Proof. commutative_ring. Qed.
End Lagrange.


(** ** Rotations *)
Section Rotations.
Variable F : fieldType.
Implicit Types p q : {mpoly F[3]}.

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

End Rotations.
