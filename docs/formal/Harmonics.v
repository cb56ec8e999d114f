(** * Spherical harmonics: restrictions of homogeneous harmonic polynomials

    Over a field of characteristic 0, every polynomial function of degree <= n on the sphere is a
    sum of harmonics of degrees <= n: the classical decomposition p = h + (x^2 + y^2 + z^2) u with
    h harmonic, used again on u. So T1 can be stated for spherical harmonics. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension Span Families.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

(** ** Definitions *)
Section Definitions.
Variable F : fieldType.

(* The sum of the second derivatives by x, y and z. *)
Definition laplacian (p : {mpoly F[3]}) : {mpoly F[3]} := \sum_i mderiv i (mderiv i p).

(* [f] is a spherical harmonic of degree [l]: on the sphere it is a homogeneous polynomial of
   degree [l] whose Laplacian is 0. *)
Definition harmonic (l : nat) (f : function F) : Prop :=
  exists p : {mpoly F[3]},
    [/\ p \is l.-homog, laplacian p = 0 & equal_on_sphere f (fun v => p.@[v])].

(* A spherical harmonic of some degree l <= n; the same with l of the parity of n. *)
Definition harmonic_upto (n : nat) (f : function F) : Prop :=
  exists l, (l <= n)%N /\ harmonic l f.
Definition harmonic_parity (n : nat) (f : function F) : Prop :=
  exists l, [/\ (l <= n)%N, odd l = odd n & harmonic l f].

End Definitions.

Section Harmonics.
Variable F : fieldType.
Hypothesis char0 : [char F] =i pred0.
Implicit Types (p q g u : {mpoly F[3]}) (f : function F).

(** ** The Laplacian *)

(* It is linear. *)
Lemma laplacian_linear a p q : laplacian (a *: p + q) = a *: laplacian p + laplacian q.
Proof.
rewrite /laplacian scaler_sumr -big_split; apply: eq_bigr => i _.
by rewrite /= !mderivD !mderivZ.
Qed.

(* It lowers the degree by two: coefficients in any other degree vanish. *)
Lemma laplacian_coefficient k p m : p \is k.-homog -> (mdeg m).+2 != k -> (laplacian p)@_m = 0.
Proof.
move=> p_hom degree_neq; rewrite raddf_sum big1 // => i _.
rewrite /= !mcoeff_mderiv (dhomog_nemf_coeff p_hom) ?mul0rn //=.
by rewrite !mdegD mdeg1 !addn1.
Qed.

(* So it maps degree k + 2 to degree k, ... *)
Lemma laplacian_homogeneous k p : p \is k.+2.-homog -> laplacian p \is k.-homog.
Proof.
move=> p_hom; apply/dhomogP => m; rewrite mcoeff_msupp => coefficient_neq0.
by apply/eqP; apply: contraNT coefficient_neq0 => neq; rewrite (laplacian_coefficient p_hom).
Qed.

(* ... and degrees 0 and 1 to 0. *)
Lemma laplacian_low k p : (k <= 1)%N -> p \is k.-homog -> laplacian p = 0.
Proof.
move=> k_le p_hom; apply/mpolyP => m; rewrite mcoeff0 (laplacian_coefficient p_hom) //.
by apply: contraTneq k_le => <-.
Qed.

(* x^2 + y^2 + z^2, which is 1 on the sphere. *)
Definition radius2 : {mpoly F[3]} := \sum_i 'X_i ^+ 2.

(* Its value. *)
Lemma meval_radius2 v : on_sphere v -> radius2.@[v] = 1.
Proof.
by move=> v_in; rewrite /radius2 big_coordinates /= !mevalD !rmorphX /= !mevalXU.
Qed.

(* It is homogeneous of degree 2. *)
Lemma radius2_homogeneous : radius2 \is 2.-homog.
Proof. by apply: rpred_sum => i _; rewrite mpolyXn dhomogX /= mdegMn mdeg1. Qed.

(* The derivative of one variable by another. *)
Lemma mderiv_variable i j : mderiv i ('X_j : {mpoly F[3]}) = (j == i)%:R.
Proof.
rewrite mderivX mnm1E; case: eqP => [->|_]; last by rewrite scale0r.
by rewrite scale1r -{1}[U_(i)%MM]add0m addmK mpolyX0.
Qed.

(* The derivatives of x^2 + y^2 + z^2 are 2x, 2y, 2z. *)
Lemma mderiv_radius2 i : mderiv i radius2 = 'X_i *+ 2.
Proof.
rewrite raddf_sum (bigD1 i) //= big1 => [|j /negPf ne]; rewrite expr2 mderivM mderiv_variable.
  by rewrite eqxx mul1r mulr1 addr0.
by rewrite ne mul0r mulr0 addr0.
Qed.

(* Euler: x p_x + y p_y + z p_z = k p for homogeneous p of degree k; on monomials, by sight. *)
Lemma euler k p : p \is k.-homog -> \sum_i 'X_i * mderiv i p = p *+ k.
Proof.
move/dhomogP => p_hom; rewrite [X in X *+ k]mpolyE -sumrMnl.
under eq_bigr do rewrite [X in mderiv _ X]mpolyE raddf_sum mulr_sumr.
rewrite exchange_big big_seq [RHS]big_seq; apply: eq_bigr => m /p_hom /= deg_m.
under eq_bigr => i _ do rewrite /= mderivZ mderivX scalerA -scalerAr.
have variable i : (p@_m * (m i)%:R) *: ('X_i * 'X_[m - U_(i)]) = (p@_m *: 'X_[m]) *+ m i.
  have [m_i0|m_i] := posnP (m i); first by rewrite m_i0 mulr0 scale0r mulr0n.
  by rewrite -mpolyXD addmC submK ?lep1mP -?lt0n // mulr_natr -scalerMnl.
by rewrite (eq_bigr _ (fun i _ => variable i)) sumrMnr -mdegE deg_m.
Qed.

(* The Laplacian of (x^2 + y^2 + z^2) q, by the product rule and Euler. *)
Lemma laplacian_radius2 k q : q \is k.-homog ->
  laplacian (radius2 * q) = q *+ (6 + k * 4) + radius2 * laplacian q.
Proof.
move=> q_hom.
have second i : mderiv i (mderiv i (radius2 * q)) =
    (q *+ 2 + ('X_i * mderiv i q) *+ 4) + radius2 * mderiv i (mderiv i q).
  rewrite mderivM mderiv_radius2 mderivD !mderivM mderiv_radius2 mderivMn mderiv_variable eqxx.
  by rewrite !mulrnAl mul1r addrA -[X in X + _]addrA -mulrnDr.
rewrite /laplacian (eq_bigr _ (fun i _ => second i)) !big_split /= -mulr_sumr.
by rewrite !(euler q_hom) sumr_const card_ord -!mulrnDr !mulnS muln0 addn0.
Qed.

(* Its powers: the Laplacian of r^2j u is a multiple of r^(2j-2) u, up to r^2j. The multiple. *)
Definition power_factor (j k : nat) : nat := (2 * j * (2 * j + 2 * k + 1))%N.

(* It is positive for j > 0, and for given 2j + k it increases with j. *)
Lemma power_factor_lt i j t k : (0 < t)%N -> i = (j + t)%N ->
  (power_factor j (k + 2 * t) < power_factor i k)%N.
Proof.
move=> t_gt0 ->; have -> : power_factor (j + t) k =
    (power_factor j (k + 2 * t) + 2 * t * (2 * t + 2 * k + 1))%N by rewrite /power_factor; ring.
by rewrite -[X in (X < _)%N]addn0 ltn_add2l !muln_gt0 t_gt0 addn1.
Qed.

(* The formula, by induction on j. *)
Lemma laplacian_power j k u : u \is k.-homog -> laplacian (radius2 ^+ j.+1 * u) =
  (radius2 ^+ j * u) *+ power_factor j.+1 k + radius2 ^+ j.+1 * laplacian u.
Proof.
move=> u_hom; elim: j => [|j IH].
  rewrite expr0 mul1r expr1 (laplacian_radius2 u_hom); congr (_ *+ _ + _).
  by rewrite /power_factor; ring.
have power_hom : radius2 ^+ j.+1 * u \is (2 * j.+1 + k).-homog.
  by apply: dhomogM => //; apply: dhomogMn radius2_homogeneous.
rewrite exprS -mulrA (laplacian_radius2 power_hom) IH mulrDr -mulrnAr !mulrA -exprS.
rewrite addrA mulrnAr -mulrnDr; congr (_ *+ _ + _).
by rewrite /power_factor; ring.
Qed.

(* The same multiplied by r^2, where j may be 0. *)
Lemma radius2_laplacian j k u : u \is k.-homog -> radius2 * laplacian (radius2 ^+ j * u) =
  (radius2 ^+ j * u) *+ power_factor j k + radius2 ^+ j.+1 * laplacian u.
Proof.
case: j => [|j] u_hom; first by rewrite !expr0 expr1 !mul1r mulr0n add0r.
by rewrite (laplacian_power j u_hom) mulrDr mulrnAr !mulrA -!exprS.
Qed.

(* Every r^(2j) g is the Laplacian of some r^(2j+2) u: divide by the positive multiple, and
   correct the rest, which has two degrees less in g. *)
Lemma laplacian_onto k j g : g \is k.-homog ->
  exists2 u, u \is k.-homog & laplacian (radius2 ^+ j.+1 * u) = radius2 ^+ j * g.
Proof.
elim/ltn_ind: k j g => k IH j g g_hom.
have power_g := laplacian_power j g_hom.
have : (0 < power_factor j.+1 k)%N by rewrite !muln_gt0 addn1.
move: (power_factor _ _) power_g => a power_g a_gt0.
have a_neq0 : a%:R != 0 :> F by rewrite (natr0 char0) -lt0n.
have unscale p : a%:R^-1 *: (p *+ a) = p by rewrite -scaler_nat scalerA mulVf ?scale1r.
have [k_le|k_gt] := leqP k 1.
  exists (a%:R^-1 *: g); first exact: dhomogZ.
  rewrite -scalerAr -[_ *: _]addr0 laplacian_linear power_g (laplacian_low k_le g_hom).
  by rewrite mulr0 addr0 unscale /laplacian big1 ?addr0 // => i _; rewrite !mderiv0.
case: k k_gt IH g_hom => [|[|k]] // _ IH g_hom.
have rest_hom : - a%:R^-1 *: laplacian g \is k.-homog.
  exact/dhomogZ/laplacian_homogeneous.
have [w w_hom lap_w] := IH k (leqnSn _) j.+1 _ rest_hom.
exists (a%:R^-1 *: g + radius2 * w).
  by apply: rpredD; [exact: dhomogZ | exact: dhomogM radius2_homogeneous w_hom].
rewrite mulrDr -scalerAr mulrA -exprSr laplacian_linear power_g lap_w scalerDr unscale.
by rewrite scaleNr mulrN -scalerAr addrK.
Qed.

(** ** Harmonics and polynomial functions *)

(* Homogeneous polynomials of degree k with Laplacian 0. *)
Definition harmonic_polynomial k p := p \is k.-homog /\ laplacian p = 0.

(* They are closed under linear combinations. *)
Lemma harmonic_polynomial_linear k a p q :
  harmonic_polynomial k p -> harmonic_polynomial k q -> harmonic_polynomial k (a *: p + q).
Proof.
move=> [p_hom lap_p] [q_hom lap_q]; split; first by apply: rpredD => //; exact: dhomogZ.
by rewrite laplacian_linear lap_p lap_q scaler0 addr0.
Qed.

(* Every homogeneous polynomial is a harmonic one plus a multiple of x^2 + y^2 + z^2. *)
Lemma harmonic_split k p : p \is k.+2.-homog -> exists h u,
  [/\ harmonic_polynomial k.+2 h, u \is k.-homog & p = h + radius2 * u].
Proof.
move=> p_hom; have [u u_hom] := laplacian_onto 0 (laplacian_homogeneous p_hom).
rewrite expr1 expr0 mul1r => lap_u; exists ((-1) *: (radius2 * u) + p), u; split=> //; last first.
  by rewrite scaleN1r addrC addrA subrr add0r.
split; last by rewrite laplacian_linear lap_u scaleN1r addNr.
by apply: rpredD => //; apply: dhomogZ; exact: dhomogM radius2_homogeneous u_hom.
Qed.

(* A homogeneous polynomial is, on the sphere, a sum of harmonics of its degree, two less, ... *)
Lemma homogeneous_harmonics k p : p \is k.-homog ->
  span (@harmonic_parity F k) (fun v => p.@[v]).
Proof.
elim/ltn_ind: k p => k IH p p_hom; have [k_le|k_gt] := leqP k 1.
  apply: span_member; exists k; split=> //; exists p; split=> //; exact: laplacian_low p_hom.
case: k k_gt IH p_hom => [|[|k]] // _ IH p_hom.
have [h [u [[h_hom lap_h] u_hom p_eq]]] := harmonic_split p_hom.
have h_harmonic : harmonic_parity k.+2 (fun v => h.@[v]) by exists k.+2; split=> //; exists h.
have u_span : span (@harmonic_parity F k.+2) (fun v => u.@[v]).
  apply: span_span (IH k (leqnSn _) u u_hom) => g [l [l_le l_odd g_harmonic]].
  by apply: span_member; exists l; split; rewrite ?(leq_trans l_le) ?leqW //= negbK.
apply: span_equal (span_linear 1 (span_member h_harmonic) u_span) => v v_in.
by rewrite p_eq mevalD mevalM (meval_radius2 v_in) !mul1r.
Qed.

(* Polynomial functions of degree at most n are exactly the sums of harmonics of degrees at most
   n: the monomials are homogeneous, and harmonics are polynomials. *)
Theorem harmonic_span n f : span (@harmonic_upto F n) f <-> polynomial_function n f.
Proof.
split=> [[k [c [g [g_in f_eq]]]]|[p [/allP deg_p f_eq]]].
  have choose i : exists p, degree_le n p /\ equal_on_sphere (g i) (fun v => p.@[v]).
    have [l [l_le [p [/dhomogP p_hom _ g_eq]]]] := g_in i; exists p; split=> //.
    by apply/allP => m /p_hom /= ->.
  have [p p_g] := fin_all_exists choose; exists (\sum_i c i *: p i); split=> [|v v_in].
    by apply: degree_le_sum => i _; apply: degree_leZ; case: (p_g i).
  rewrite f_eq // raddf_sum; apply: eq_bigr => i _; rewrite /= mevalZ.
  by case: (p_g i) => _ ->.
pose m (i : 'I_(size (msupp p))) := nth 0%MM (msupp p) i.
apply: (span_equal (g := fun v => \sum_i p@_(m i) * 'X_[F, m i].@[v])) => [v v_in|].
  rewrite f_eq // {1}[p]mpolyE raddf_sum (big_nth 0%MM) big_mkord.
  by apply: eq_bigr => i _; rewrite /= mevalZ.
apply: span_sum => i; have m_hom : 'X_[F, m i] \is (mdeg (m i)).-homog by rewrite dhomogX.
apply: span_span (homogeneous_harmonics m_hom) => g [l [l_le _ g_harmonic]].
apply: span_member; exists l; split=> //; apply: leq_trans l_le _.
by apply: deg_p; exact: mem_nth.
Qed.

End Harmonics.

(* T1 for spherical harmonics: products of d harmonics of degrees at most L span the sums of
   harmonics of degrees at most dL. *)
Theorem T1_harmonics (F : fieldType) (d L : nat) : [char F] =i pred0 ->
  (forall f : function F,
     span (product_of d (harmonic_upto L)) f <-> span (harmonic_upto (d * L)) f)
  /\ has_dimension (span (product_of d (@harmonic_upto F L))) ((d * L).+1 ^ 2).
Proof.
move=> char0; have equivalent (f : function F) :
    span (product_of d (harmonic_upto L)) f <-> polynomial_function (d * L) f.
  rewrite -span_of_products; split; apply: span_span => g g_product.
    apply: span_member; apply: product_of_sub g_product => h h_in.
    by apply/harmonic_span => //; exact: span_member.
  by apply/span_product/(product_of_sub _ g_product) => h /(harmonic_span char0).
split=> [f|]; first by rewrite equivalent harmonic_span.
have [b [b_in dim_b]] := polynomial_function_dimension char0 (d * L).
by exists b; split=> [i|f]; [exact/equivalent | rewrite equivalent].
Qed.
