(** * T1'': which degrees the products of given degrees reach

    Products of a harmonic of degree a and one of degree b span the sum of the H_c with
    |a - b| <= c <= a + b and a + b + c even. Nothing else: the Laplacian of a product of harmonics
    is twice the product of their gradients, which are harmonic of degrees a - 1 and b - 1. All of
    it: [pairs_harmonic]. From two factors to d, by induction. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension Span Families Harmonics Rotations
  Pairs Circle Exact Homogeneous Direct Degrees.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

(** ** Degrees *)

(* The degrees c with |a - b| <= c <= a + b and a + b + c even. *)
Definition couple (a b : nat) : seq nat :=
  [seq c <- iota 0 (a + b).+1 | [&& a <= b + c, b <= a + c & ~~ odd (a + b + c)]%N].

(* The degrees that products of factors reach, one factor of a degree in each of the lists. *)
Fixpoint reach (S : seq (seq nat)) : seq nat :=
  if S is T :: S' then undup (flatten [seq couple a b | a <- T, b <- reach S']) else [:: 0%N].

(* Membership. *)
Lemma mem_couple a b c : (c \in couple a b) =
  [&& c <= a + b, a <= b + c, b <= a + c & ~~ odd (a + b + c)]%N.
Proof.
rewrite mem_filter mem_iota /= add0n ltnS -!andbA; do 3 !case: (_ <= _)%N => //=.
  by rewrite andbT.
by rewrite andbF.
Qed.

(* The order is immaterial. *)
Lemma couple_sym a b : couple a b = couple b a.
Proof.
rewrite /couple addnC; apply: eq_filter => c.
by rewrite [(b + a)%N]addnC; case: (a <= _)%N; case: (b <= _)%N.
Qed.

(* If a = b + k they are k, k + 2, ..., k + 2b. *)
Lemma couple_layers b k c : (c \in couple (b + k) b) <-> exists2 j, (j <= b)%N & c = (k + 2 * j)%N.
Proof.
have even_double n : odd (b + k + b + n) = odd (k + n).
  have -> : (b + k + b + n = k + n + 2 * b)%N by ring.
  by rewrite oddD mul2n odd_double addbF.
rewrite mem_couple even_double leq_add2l; split=> [/and4P [c_le k_le _ even]|[j j_le ->]].
  have half : (2 * (c - k)./2 = c - k)%N.
    by rewrite mul2n -[RHS]odd_double_half oddB // addbC -oddD (negPf even).
  exists ((c - k)./2); last by rewrite half subnKC.
  by rewrite -(leq_pmul2l (ltn0Sn 1)) half leq_subLR (leq_trans c_le) // mul2n -addnn addnA
    [(b + k)%N]addnC.
apply/and4P; split; last by rewrite addnA addnn oddD mul2n !odd_double.
- by rewrite mul2n -addnn [(b + k)%N]addnC -!addnA leq_add2l leq_add.
- exact: leq_addr.
- by rewrite -addnA leq_addr.
Qed.

Section Coupling.
Variable F : fieldType.
Hypothesis char0 : [char F] =i pred0.
Implicit Types (p q u w h g : {mpoly F[3]}) (f : function F).
Notation r2 := (radius2 F).

(** ** Only these degrees *)

(* A derivative lowers the degree by one, ... *)
Lemma mderiv_homogeneous i k p : p \is k.+1.-homog -> mderiv i p \is k.-homog.
Proof.
move/dhomogP => p_hom; apply/dhomogP => m; rewrite mcoeff_msupp mcoeff_mderiv => coefficient.
have m_in : (m + U_(i))%MM \in msupp p.
  by rewrite mcoeff_msupp; apply: contraNneq coefficient => ->; rewrite mul0rn.
by apply/eqP; rewrite -eqSS -(p_hom _ m_in) /= mdegD mdeg1 addn1.
Qed.

(* ... and constants have none. *)
Lemma mderiv_constant i p : p \is 0.-homog -> mderiv i p = 0.
Proof.
move=> p_hom; apply/mpolyP => m; rewrite mcoeff0 mcoeff_mderiv.
by rewrite (dhomog_nemf_coeff p_hom) ?mul0rn //= mdegD mdeg1 addn1.
Qed.

(* A sum r^2j h_j over j <= b, with h_j harmonic of degree k + 2 (b - j). *)
Fixpoint layers (k b : nat) w : Prop :=
  if b is b'.+1 then
    exists h u, [/\ harmonic_polynomial (k + 2 * b) h, layers k b' u & w = h + r2 * u]
  else harmonic_polynomial k w.

(* These sums are closed under combinations ... *)
Lemma layers_subspace k b : subspace (layers k b).
Proof.
elim: b => [|b IH]; first by split=> [|c p q]; [exact: harmonic_polynomial0 |
  exact: harmonic_polynomial_linear].
split=> [|c p q [h [u [h_in u_in ->]]] [h' [u' [h'_in u'_in ->]]]].
  by exists 0, 0; split; [exact: harmonic_polynomial0 | exact: IH.1 | rewrite mulr0 addr0].
exists (c *: h + h'), (c *: u + u'); split; first exact: harmonic_polynomial_linear.
  exact: IH.2.
by rewrite scalerDr addrACA scalerAr -mulrDr.
Qed.

(* ... and homogeneous. *)
Lemma layers_homogeneous k b w : layers k b w -> w \is (k + 2 * b).-homog.
Proof.
elim: b w => [|b IH] w /=; first by rewrite muln0 addn0 => -[].
move=> [h [u [[h_hom _] /IH u_hom ->]]]; apply: rpredD => //.
have -> : (k + 2 * b.+1 = 2 + (k + 2 * b))%N by ring.
exact: dhomogM (radius2_homogeneous F) u_hom.
Qed.

(* r^2i times such a sum is the Laplacian of r^(2i+2) times another one. *)
Lemma layers_solve k b i g : layers k b g ->
  exists2 v, layers k b v & laplacian (r2 ^+ i.+1 * v) = r2 ^+ i * g.
Proof.
have one n i' h : harmonic_polynomial n h -> exists2 v, harmonic_polynomial n v &
    laplacian (r2 ^+ i'.+1 * v) = r2 ^+ i' * h.
  move=> [h_hom lap_h]; have e_gt0 : (0 < power_factor i'.+1 n)%N by rewrite !muln_gt0 addn1.
  have e_neq0 : (power_factor i'.+1 n)%:R != 0 :> F by rewrite (natr0 char0) -lt0n.
  exists ((power_factor i'.+1 n)%:R^-1 *: h).
    rewrite -[_ *: h]addr0; apply: harmonic_polynomial_linear => //; exact: harmonic_polynomial0.
  rewrite -scalerAr -[_ *: _]addr0 laplacian_linear (laplacian_power i' h_hom) lap_h mulr0 addr0.
  rewrite -scaler_nat scalerA mulVf // scale1r.
  by rewrite /laplacian big1 ?addr0 // => i1 _; rewrite !mderiv0.
elim: b i g => [|b IH] i g; first exact: one.
move=> [h [u [h_in u_in ->]]]; have [v v_in lap_v] := one _ i h h_in.
have [v' v'_in lap_v'] := IH i.+1 u u_in; exists (v + r2 * v'); first by exists v, v'.
by rewrite mulrDr mulrA -exprSr -[X in X + _]scale1r laplacian_linear scale1r lap_v lap_v' mulrDr
  mulrA -exprSr.
Qed.

(* A polynomial whose Laplacian is such a sum is one with one more term. *)
Lemma layers_laplacian k b w : w \is (k + 2 * b.+1).-homog ->
  layers k b (laplacian w) -> layers k b.+1 w.
Proof.
move=> w_hom /(layers_solve 0) [v v_in]; rewrite expr1 expr0 mul1r => lap_v.
exists ((-1) *: (r2 * v) + w), v; split=> //.
  split; last by rewrite laplacian_linear lap_v scaleN1r addNr.
  apply: rpredD => //; apply: dhomogZ.
  have -> : (k + 2 * b.+1 = 2 + (k + 2 * b))%N by ring.
  exact: dhomogM (radius2_homogeneous F) (layers_homogeneous v_in).
by rewrite scaleN1r addrAC addNr add0r.
Qed.

(* So is the product of harmonics of degrees b + k and b: its Laplacian is twice the product of the
   gradients, whose components are harmonic of degrees b - 1 + k and b - 1. *)
Lemma layers_product k b p q :
  harmonic_polynomial (b + k) p -> harmonic_polynomial b q -> layers k b (p * q).
Proof.
elim: b p q => [|b IH] p q [p_hom lap_p] [q_hom lap_q].
  split; first by have := dhomogM p_hom q_hom; rewrite addn0.
  rewrite laplacian_gradients // big1 ?mul0rn // => i _.
  by rewrite (mderiv_constant i q_hom) mulr0.
apply: layers_laplacian.
  by have := dhomogM p_hom q_hom; congr (_ \is _.-homog); ring.
rewrite laplacian_gradients //; apply: (subspaceMn (layers_subspace k b)).
apply: (subspace_sum (layers_subspace k b)) => i _; apply: IH.
  by split; [exact: mderiv_homogeneous | rewrite laplacian_mderiv lap_p mderiv0].
by split; [exact: mderiv_homogeneous | rewrite laplacian_mderiv lap_q mderiv0].
Qed.

(* On the sphere it is a sum of harmonics of the degrees k, k + 2, ..., k + 2b. *)
Lemma layers_span k b w S : (forall j, (j <= b)%N -> (k + 2 * j)%N \in S) -> layers k b w ->
  span (harmonic_in S) (fun v => w.@[v]).
Proof.
elim: b w => [|b IH] w degrees.
  move=> [w_hom lap_w]; apply: span_member; exists k; last by exists w.
  by have := degrees 0%N isT; rewrite muln0 addn0.
move=> [h [u [[h_hom lap_h] u_in ->]]].
have h_span : span (harmonic_in S) (fun v => h.@[v]).
  by apply: span_member; exists (k + 2 * b.+1)%N; [exact: degrees | exists h].
have u_span := IH u (fun j j_le => degrees j (leqW j_le)) u_in.
apply: span_equal (span_linear 1 h_span u_span) => v v_in.
by rewrite mevalD mevalM (meval_radius2 v_in) !mul1r.
Qed.

(** ** Two factors *)

(* A harmonic of degree 0 is a constant, and constants are such harmonics. *)
Lemma harmonic_constant f : harmonic 0 f <-> exists c, equal_on_sphere f (fun=> c).
Proof.
split=> [[p [p_hom _ f_eq]]|[c f_eq]].
  have p_const : p = (p@_0%MM)%:MP.
    apply: msize1_polyC; rewrite -degree_leE; apply/allP => m m_in.
    by move: p_hom => /dhomogP /(_ m m_in) /= ->.
  by exists p@_0%MM => v v_in; rewrite f_eq // p_const mevalC mcoeffC eqxx mulr1.
exists c%:MP; split=> [||v v_in]; last by rewrite f_eq // mevalC.
  by rewrite -[c%:MP]mulr1 mul_mpolyC dhomogZ // dhomog1.
by rewrite /laplacian big1 // => i _; rewrite !mderivC ?mderiv0.
Qed.

(* Combinations of pairs, as functions. *)
Lemma pairs_span a b w : pairs a b w ->
  span (times_on (@on_sphere F) (harmonic a) (harmonic b)) (fun v => w.@[v]).
Proof.
elim=> [|c p q u [p_hom lap_p] [q_hom lap_q] _ IH].
  by apply: span_equal (span_zero _) => v _; rewrite meval0.
have pq_in : span (times_on (@on_sphere F) (harmonic a) (harmonic b)) (fun v => p.@[v] * q.@[v]).
  apply: span_member; exists (fun v => p.@[v]), (fun v => q.@[v]).
  by split=> //; [exists p | exists q].
apply: span_equal (span_linear c pq_in IH) => v _; by rewrite mevalD mevalZ mevalM.
Qed.

(* For a >= b. *)
Lemma span_couple b k f : span (times_on (@on_sphere F) (harmonic (b + k)) (harmonic b)) f <->
  span (harmonic_in (couple (b + k) b)) f.
Proof.
split; apply: span_span => g.
  move=> [g1 [g2 [[p [p_hom lap_p g1_eq]] [q [q_hom lap_q g2_eq]] g_eq]]].
  apply: (span_equal (g := fun v => (p * q).@[v])) => [v v_in|].
    by rewrite g_eq // g1_eq // g2_eq // mevalM.
  apply: layers_span (layers_product (conj p_hom lap_p) (conj q_hom lap_q)) => j j_le.
  by apply/couple_layers; exists j.
move=> [c /couple_layers [i i_le ->] [h [h_hom lap_h g_eq]]].
apply: (span_equal (g := fun v => (r2 ^+ (b - i) * h).@[v])) => [v v_in|].
  by rewrite g_eq // mevalM rmorphX /= (meval_radius2 v_in) expr1n mul1r.
apply/pairs_span/(pairs_harmonic char0); first exact: leq_subr.
by rewrite subKn // addnC.
Qed.

(* The product of two spaces of harmonics. *)
Theorem product_of_two a b f : span (times_on (@on_sphere F) (harmonic a) (harmonic b)) f <->
  span (harmonic_in (couple a b)) f.
Proof.
have [le|/ltnW le] := leqP b a; first by rewrite -(subnKC le); exact: span_couple.
rewrite couple_sym -(subnKC le) -span_couple.
by split; apply: span_span => g [g1 [g2 [g1_in g2_in g_eq]]]; apply: span_member;
  exists g2, g1; split=> // v v_in; rewrite g_eq // mulrC.
Qed.

(** ** Any number of factors *)

(* Products of two sums of spaces of harmonics. *)
Lemma span_couples S T f :
  span (times_on (@on_sphere F) (harmonic_in S) (harmonic_in T)) f <->
  span (harmonic_in (undup (flatten [seq couple a b | a <- S, b <- T]))) f.
Proof.
split; apply: span_span => g.
  move=> [g1 [g2 [[a a_in g1_in] [b b_in g2_in] g_eq]]].
  have : span (harmonic_in (couple a b)) g.
    by apply/product_of_two/span_member; exists g1, g2.
  apply: span_span => h [c c_in h_in]; apply: span_member; exists c => //.
  by rewrite mem_undup; apply/flattenP; exists (couple a b) => //; exact: allpairs_f.
move=> [c]; rewrite mem_undup => /flattenP [_ /allpairsP [[a b] /= [a_in b_in ->]] c_in] g_in.
have : span (times_on (@on_sphere F) (harmonic a) (harmonic b)) g.
  by apply/product_of_two/span_member; exists c.
by apply: span_times => h h_in; apply: span_member; [exists a | exists b].
Qed.

(* T1'': products of d factors, the j-th a sum of harmonics of degrees in S j. *)
Theorem factors_span d (S : 'I_d -> seq nat) f :
  span (product_of_each (fun j => span (@harmonic_in F (S j)))) f <->
  span (harmonic_in (reach [seq S j | j <- enum 'I_d])) f.
Proof.
elim: d S f => [|d IH] S f.
  rewrite (_ : enum 'I_0 = [::]) /=; last by apply/size0nil; rewrite size_enum_ord.
  split; apply: span_span => g.
    move=> [h [h_in g_eq]]; apply: span_member; exists 0%N => //; apply/harmonic_constant.
    by exists 1 => v v_in; rewrite g_eq // big_ord0.
  move=> [l]; rewrite inE => /eqP -> /harmonic_constant [c g_eq].
  exists 1%N, (fun=> c), (fun=> fun=> 1); split=> [_|v v_in].
    by exists (fun=> fun=> 0); split=> [[]|v _] //; rewrite big_ord0.
  by rewrite g_eq // big_ord1 mulr1.
rewrite enum_ordSl /= -map_comp -span_couples; split.
  move=> f_in; have : span (times_on (@on_sphere F) (span (harmonic_in (S ord0)))
      (product_of_each (fun j => span (harmonic_in (S (lift ord0 j)))))) f.
    by apply: span_span f_in => g /product_each_times; exact: span_member.
  by apply: span_times => // h h_in; apply/IH; exact: span_member.
move=> f_in; have : span (times_on (@on_sphere F) (span (harmonic_in (S ord0)))
    (product_of_each (fun j => span (harmonic_in (S (lift ord0 j)))))) f.
  apply: span_times f_in => h h_in; first by do 2?apply: span_member.
  by apply/IH; exact: span_member.
by apply: span_span => g g_in; apply/span_member/product_each_times.
Qed.

(* No degree is listed twice. *)
Lemma reach_uniq S : uniq (reach S).
Proof. by case: S => [|T S] //=; exact: undup_uniq. Qed.

End Coupling.

(* T1'' in full. *)
Theorem T1_factors (F : fieldType) (d : nat) (S : 'I_d -> seq nat) : [char F] =i pred0 ->
  let degrees := reach [seq S j | j <- enum 'I_d] in
  (forall f : function F,
     span (product_of_each (fun j => span (harmonic_in (S j)))) f <-> span (harmonic_in degrees) f)
  /\ has_dimension (span (product_of_each (fun j => span (@harmonic_in F (S j)))))
       (\sum_(l <- degrees) (2 * l).+1).
Proof.
move=> char0; split=> [f|]; first exact: factors_span.
apply: dimension_equivalent (harmonic_in_dimension char0 (reach_uniq _)) => f.
by rewrite factors_span.
Qed.
