(** * Combinations of products of two harmonics

    Of degrees a and b, over a field of characteristic 0. They are closed under rotations and, by
    Lagrange's identity, under r^2 times the Laplacian, whose eigenvalues separate the degrees. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension Span Families Harmonics Rotations.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

(** ** Separation of degrees *)
Section Separation.
Variable F : fieldType.
Hypothesis char0 : [char F] =i pred0.
Implicit Types (p q u w h : {mpoly F[3]}).
Variable W : {mpoly F[3]} -> Prop.
Hypothesis W_subspace : subspace W.
Hypothesis W_laplacian : forall p, W p -> W (radius2 F * laplacian p).
Notation r2 := (radius2 F).

(* r^2 times the Laplacian of r^2j h + r^2i u. *)
Lemma laplacian_two j l i k h u : harmonic_polynomial l h -> u \is k.-homog ->
  r2 * laplacian (r2 ^+ j * h + r2 ^+ i * u) = (r2 ^+ j * h) *+ power_factor j l +
    ((r2 ^+ i * u) *+ power_factor i k + r2 ^+ i.+1 * laplacian u).
Proof.
move=> [h_hom lap_h] u_hom; rewrite -[X in laplacian (X + _)]scale1r laplacian_linear scale1r.
by rewrite mulrDr (radius2_laplacian _ h_hom) (radius2_laplacian _ u_hom) lap_h mulr0 addr0.
Qed.

(* If r^2j h + r^2i u is in W, with h harmonic, i > j and both terms of the same degree, then so is
   r^2j h: remove the harmonic part of u, whose eigenvalue is another one. *)
Lemma separate j i k l h u : (j < i)%N -> (2 * i + k = 2 * j + l)%N ->
  harmonic_polynomial l h -> u \is k.-homog -> W (r2 ^+ j * h + r2 ^+ i * u) -> W (r2 ^+ j * h).
Proof.
elim/ltn_ind: k i h u => k IH i h u lt_ji degree h_harmonic u_hom w_in.
have lt_e : (power_factor j l < power_factor i k)%N.
  have [t i_eq] : exists t, i = (j + t)%N by exists (i - j)%N; rewrite subnKC // ltnW.
  have t_gt0 : (0 < t)%N by move: lt_ji; rewrite i_eq -{1}[j]addn0 ltn_add2l.
  have -> : l = (k + 2 * t)%N.
    have total : (2 * (j + t) + k = 2 * j + (k + 2 * t))%N by ring.
    by apply/eqP; rewrite -(eqn_add2l (2 * j)) -degree i_eq total.
  exact: power_factor_lt.
have rest : W ((r2 ^+ j * h) *+ (power_factor i k - power_factor j l) +
    - (r2 ^+ i.+1 * laplacian u)).
  have := W_subspace.2 (- 1) _ _ (W_laplacian w_in) (subspaceMn W_subspace (power_factor i k) w_in).
  rewrite (laplacian_two _ _ h_harmonic u_hom) scaleN1r addrC mulrnDl opprD addrA opprD.
  by rewrite [_ + _ - _ *+ power_factor j l]addrAC -mulrnBr ?(ltnW lt_e) // addrA addrK.
have e_gt0 : (0 < power_factor i k - power_factor j l)%N by rewrite subn_gt0.
move: rest; set e := (_ - _)%N => rest; suff : W ((r2 ^+ j * h) *+ e).
  exact: (subspace_divide char0 W_subspace).
have [k_le|] := leqP k 1; first by move: rest; rewrite (laplacian_low k_le u_hom) mulr0 subr0.
case: k IH u_hom degree {lt_e e_gt0 w_in} @e rest => [|[|k]] // IH u_hom degree e rest _.
rewrite -mulrnAr; apply: (IH k _ i.+1 (h *+ e) ((-1) *: laplacian u)) => //.
- exact: ltnW.
- by rewrite -degree; ring.
- rewrite -scaler_nat -[_ *: _]addr0; apply: harmonic_polynomial_linear => //.
  by split; [exact: dhomog0 | rewrite /laplacian big1 // => i' _; rewrite !mderiv0].
- exact/dhomogZ/laplacian_homogeneous.
- by rewrite mulrnAr -scalerAr scaleN1r.
Qed.

End Separation.

(** ** Combinations of pairs *)
Section Pairs.
Variable F : fieldType.
Hypothesis char0 : [char F] =i pred0.
Implicit Types (p q u w : {mpoly F[3]}).
Notation r2 := (radius2 F).

Section Combinations.
Variables a b : nat.

(* Combinations of products of a harmonic of degree a and one of degree b. *)
Inductive pairs : {mpoly F[3]} -> Prop :=
  | pairs_zero : pairs 0
  | pairs_add c p q w : harmonic_polynomial a p -> harmonic_polynomial b q -> pairs w ->
      pairs (c *: (p * q) + w).

(* They are closed under combinations. *)
Lemma pairs_subspace : subspace pairs.
Proof.
split=> [|c w w' w_in w'_in]; first exact: pairs_zero.
elim: w_in => [|e p q u p_in q_in _ IH]; first by rewrite scaler0 add0r.
by rewrite scalerDr scalerA -addrA; apply: pairs_add.
Qed.

(* One product. *)
Lemma pairs_product p q : harmonic_polynomial a p -> harmonic_polynomial b q -> pairs (p * q).
Proof.
move=> p_in q_in; rewrite -[_ * _]scale1r -[_ *: _]addr0.
by apply: pairs_add => //; exact: pairs_zero.
Qed.

(* Rotations keep harmonics, ... *)
Lemma harmonic_rotation n i j p :
  harmonic_polynomial n p -> harmonic_polynomial n (rotation i j p).
Proof.
move=> [p_hom lap_p]; split; first exact: rotation_homogeneous.
by rewrite laplacian_rotation lap_p /rotation !mderiv0 !mulr0 subrr.
Qed.

(* ... and so, by the product rule, combinations of pairs. *)
Lemma pairs_rotation i j w : pairs w -> pairs (rotation i j w).
Proof.
elim=> [|c p q u p_in q_in _ IH].
  by rewrite /rotation !mderiv0 !mulr0 subrr; exact: pairs_zero.
rewrite rotation_linear rotationM; apply: pairs_subspace.2 => //.
by apply: (subspaceD pairs_subspace); apply: pairs_product => //; exact: harmonic_rotation.
Qed.

(* The Laplacian of a product of harmonics is twice the product of the gradients. *)
Lemma laplacian_gradients p q : laplacian p = 0 -> laplacian q = 0 ->
  laplacian (p * q) = (\sum_i mderiv i p * mderiv i q) *+ 2.
Proof.
move=> lap_p lap_q; have second i : mderiv i (mderiv i (p * q)) = mderiv i (mderiv i p) * q +
    (mderiv i p * mderiv i q) *+ 2 + p * mderiv i (mderiv i q).
  by rewrite mderivM mderivD !mderivM mulr2n !addrA.
rewrite /laplacian (eq_bigr _ (fun i _ => second i)) 2!big_split /= -mulr_suml -mulr_sumr sumrMnl.
by rewrite [X in X * q]lap_p [X in p * X]lap_q mul0r mulr0 add0r addr0.
Qed.

(* By Lagrange and Euler r^2 times that is made of products of harmonics again. *)
Lemma laplacian_product p q : harmonic_polynomial a p -> harmonic_polynomial b q ->
  r2 * laplacian (p * q) = (p * q *+ (a * b) + (rotation X Y p * rotation X Y q +
     rotation Y Z p * rotation Y Z q + rotation Z X p * rotation Z X q)) *+ 2.
Proof.
move=> [p_hom lap_p] [q_hom lap_q]; rewrite laplacian_gradients // mulrnAr; congr (_ *+ 2).
have -> : p * q *+ (a * b) = (p *+ a) * (q *+ b) by rewrite mulrnAl mulrnAr -mulrnA mulnC.
by rewrite -(euler p_hom) -(euler q_hom) /radius2 !big_coordinates /= !expr2 lagrange.
Qed.

(* So r^2 times the Laplacian keeps combinations of pairs. *)
Lemma pairs_laplacian w : pairs w -> pairs (r2 * laplacian w).
Proof.
elim=> [|c p q u p_in q_in _ IH].
  by rewrite /laplacian big1 ?mulr0 => [|i _]; [exact: pairs_zero | rewrite !mderiv0].
rewrite laplacian_linear mulrDr -scalerAr; apply: pairs_subspace.2 => //.
rewrite laplacian_product //; apply: (subspaceMn pairs_subspace).
apply: (subspaceD pairs_subspace); first exact/(subspaceMn pairs_subspace)/pairs_product.
by do 2?[apply: (subspaceD pairs_subspace)]; apply: pairs_product; exact: harmonic_rotation.
Qed.

End Combinations.

End Pairs.

Arguments pairs_subspace {F} a b.
