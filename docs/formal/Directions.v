(** * T7: several free directions, the budget

    Products of at most d factors, each a harmonic of degree at most L of one of k points of the
    sphere. From [product_of_two] in each point: a factor raises the degree in its point by at most
    L, and a harmonic of degree l > 0 is a combination of products of one of degree min(l, L) and
    one of degree l - min(l, L). *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension Span Families Harmonics Rotations
  Pairs Circle Exact Homogeneous Direct Degrees Coupling.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

(** ** Definitions *)

(* l / L, rounded up, for L > 0: the number of factors of degree at most L that degree l costs. *)
Definition cost (L l : nat) : nat := ((l + L.-1) %/ L)%N.

Section Definitions.
Variables (F : fieldType) (k : nat).

(* k points of the sphere. *)
Definition on_spheres (u : 'I_k -> point F) : Prop := forall i, on_sphere (u i).

(* [f] is a harmonic of degree at most [L] of one of the points. *)
Definition one_direction (L : nat) (f : ('I_k -> point F) -> F) : Prop :=
  exists i g, harmonic_upto L g /\ equal_on on_spheres f (fun u => g (u i)).

(* [f] is a product of at most [d] such factors. *)
Definition factors_upto (L d : nat) (f : ('I_k -> point F) -> F) : Prop :=
  exists2 e, (e <= d)%N & product_on on_spheres e (one_direction L) f.

(* [f] is a product of one harmonic of each point, of degree [l i] in the i-th. *)
Definition tensor (l : 'I_k -> nat) (f : ('I_k -> point F) -> F) : Prop :=
  exists h : 'I_k -> function F,
    (forall i, harmonic (l i) (h i)) /\ equal_on on_spheres f (fun u => \prod_i h i (u i)).

(* The degrees cost at most [d] factors. *)
Definition within_budget (L d : nat) (f : ('I_k -> point F) -> F) : Prop :=
  exists2 l : 'I_k -> nat, (\sum_i cost L (l i) <= d)%N & tensor l f.

End Definitions.

(* Cost e is enough up to degree eL. *)
Lemma cost_le L l e : (0 < L)%N -> (cost L l <= e)%N = (l <= e * L)%N.
Proof.
move=> L_gt0; rewrite /cost -ltnS ltn_divLR // mulSn -{2}(prednK L_gt0) addSn ltnS addnC leq_add2l.
by [].
Qed.

Section Directions.
Variable F : fieldType.
Hypothesis char0 : [char F] =i pred0.
Variable k : nat.
Implicit Types (f : ('I_k -> point F) -> F) (g h : function F) (u : 'I_k -> point F).
Notation D := (@on_spheres F k).

(* A combination of functions of one point, as functions of all of them. *)
Lemma span_pull i (G : function F -> Prop) g : span G g ->
  span_on D (fun f => exists2 m, G m & f = (fun u => m (u i))) (fun u => g (u i)).
Proof.
move=> [n [c [b [b_in g_eq]]]]; exists n, c, (fun j u => b j (u i)); split=> [j|u u_in].
  by exists (b j).
exact: g_eq.
Qed.

(* In a product over the points, the factor of one point replaced. *)
Definition replace (T : Type) (l : 'I_k -> T) i (x : T) : 'I_k -> T :=
  fun j => if j == i then x else l j.

(* Its value. *)
Lemma prod_replace (h : 'I_k -> function F) i g u :
  \prod_j replace h i g j (u j) = g (u i) * \prod_(j | j != i) h j (u j).
Proof.
rewrite (bigD1 i) //= /replace eqxx; congr (_ * _).
by apply: eq_bigr => j /negPf ->.
Qed.

(* Its cost. *)
Lemma sum_replace L (l : 'I_k -> nat) i a :
  (\sum_j cost L (replace l i a j) = cost L a + \sum_(j | j != i) cost L (l j))%N.
Proof.
rewrite (bigD1 i) //= /replace eqxx; congr (_ + _)%N.
by apply: eq_bigr => j /negPf ->.
Qed.

(* A product with one factor replaced is of the kind, with one degree replaced. *)
Lemma tensor_replace (l : 'I_k -> nat) (h : 'I_k -> function F) i a g :
  (forall j, harmonic (l j) (h j)) -> harmonic a g ->
  tensor (replace l i a) (fun u => g (u i) * \prod_(j | j != i) h j (u j)).
Proof.
move=> h_in g_in; exists (replace h i g); split=> [j|u _]; last by rewrite prod_replace.
by rewrite /replace; case: (j == i).
Qed.

Section Budget.
Variable L : nat.
Hypothesis L_gt0 : (0 < L)%N.

(* One factor more costs one more. *)
Lemma budget_factor d f1 f2 : one_direction L f1 -> within_budget L d f2 ->
  span_on D (within_budget L d.+1) (fun u => f1 u * f2 u).
Proof.
move=> [i [g [[a [a_le g_in]] f1_eq]]] [l cost_l [h [h_in f2_eq]]].
apply: (span_equal (g := fun u => g (u i) * h i (u i) * \prod_(j | j != i) h j (u j))).
  by move=> u u_in; rewrite f1_eq // f2_eq // (bigD1 i) //= mulrA.
have gh_in : span (harmonic_in (couple a (l i))) (fun v => g v * h i v).
  by apply/(product_of_two char0)/span_member; exists g, (h i).
apply: (span_multiply (G := fun f => exists2 m, harmonic_in (couple a (l i)) m &
    f = (fun u => m (u i))) (H := fun f => f = (fun u => \prod_(j | j != i) h j (u j)))).
- move=> _ _ [m [c c_in m_in] ->] ->; apply: span_member.
  exists (replace l i c); last exact: tensor_replace.
  rewrite sum_replace; move: cost_l c_in; rewrite (bigD1 i) //= mem_couple.
  move=> cost_l /and4P [c_le _ _ _].
  apply: leq_trans (_ : (cost L (l i)).+1 + _ <= _)%N; last by rewrite addSn ltnS; exact: cost_l.
  rewrite leq_add2r cost_le // mulSn; apply: leq_trans c_le _; apply: leq_add => //.
  by rewrite -cost_le.
- exact: span_pull gh_in.
- exact: span_member.
Qed.

(* So d factors cost at most d. *)
Lemma factors_budget e f : product_on D e (one_direction L) f -> span_on D (within_budget L e) f.
Proof.
elim: e f => [|e IH] f.
  move=> [g [g_in f_eq]]; apply: span_member; exists (fun=> 0%N).
    by rewrite big1 // => i _; rewrite /cost add0n divn_small // prednK.
  exists (fun=> fun=> 1); split=> [i|u u_in]; last by rewrite f_eq // big_ord0 big1.
  by apply/harmonic_constant; exists 1.
move/product_each_times => [f1 [f2 [f1_in f2_in f_eq]]]; apply: (span_equal f_eq).
apply: (span_multiply (G := one_direction L) (H := within_budget L e)); last exact: IH.
  exact: budget_factor.
exact: span_member.
Qed.

(* Degrees 0 need no factor. *)
Lemma budget_constant d (h : 'I_k -> function F) f : (forall i, harmonic 0 (h i)) ->
  equal_on D f (fun u => \prod_i h i (u i)) -> span_on D (factors_upto L d) f.
Proof.
move=> h_in f_eq; have /fin_all_exists [c c_h] (i : 'I_k) := (harmonic_constant (h i)).1 (h_in i).
exists 1%N, (fun=> \prod_i c i), (fun=> fun=> 1); split=> [_|u u_in]; last first.
  by rewrite f_eq // big_ord1 mulr1; apply: eq_bigr => i _; rewrite c_h.
exists 0%N => //; exists (fun=> fun=> 0); split=> [[]|u _] //; by rewrite big_ord0.
Qed.

(* A harmonic of degree l > 0 is a combination of products of two, and the second costs less. *)
Lemma split_cost l g : (0 < l)%N -> harmonic l g -> exists a b, [/\ (a <= L)%N,
  (cost L b < cost L l)%N & span (times_on (@on_sphere F) (harmonic a) (harmonic b)) g].
Proof.
move=> l_gt0 g_in; have [e cost_l] : exists e, cost L l = e.+1.
  case cost_l: (cost L l) => [|e]; last by exists e.
  by have := cost_le l 0 L_gt0; rewrite cost_l leqnn mul0n leqNgt l_gt0.
exists (minn l L), (l - minn l L)%N; split; first exact: geq_minr.
  rewrite cost_l ltnS cost_le // leq_subLR addnC.
  have := cost_le l e.+1 L_gt0; rewrite cost_l leqnn mulSn => /esym l_le.
  have [le|/ltnW le] := leqP l L; first exact: leq_addl.
  by rewrite addnC.
apply/(product_of_two char0)/span_member; exists l => //.
rewrite mem_couple subnKC ?geq_minl // leqnn addnn odd_double /= andbT.
by rewrite (leq_trans (geq_minl l L) (leq_addl _ _)) (leq_trans (leq_subr _ _) (leq_addl _ _)).
Qed.

(* Conversely, spend the budget: if some degree is positive, split off one factor there. *)
Lemma budget_factors d f : within_budget L d f -> span_on D (factors_upto L d) f.
Proof.
elim: d f => [|d IH] f [l cost_l [h [h_in f_eq]]].
  apply: budget_constant f_eq => i; suff <- : l i = 0%N by [].
  apply/eqP; rewrite -leqn0 -(mul0n L) -cost_le //; apply: leq_trans cost_l.
  by rewrite (bigD1 i) //= leq_addr.
have [/forallP all0|] := boolP [forall i, l i == 0%N].
  by apply: budget_constant f_eq => i; rewrite -(eqP (all0 i)).
rewrite negb_forall => /existsP [i]; rewrite -lt0n => l_gt0.
have [a [b [a_le cost_b h_i]]] := split_cost l_gt0 (h_in i).
apply: (span_equal (g := fun u => h i (u i) * \prod_(j | j != i) h j (u j))).
  by move=> u u_in; rewrite f_eq // (bigD1 i).
apply: (span_multiply (G := fun f => exists2 m,
    times_on (@on_sphere F) (harmonic a) (harmonic b) m & f = (fun u => m (u i)))
  (H := fun f => f = (fun u => \prod_(j | j != i) h j (u j)))).
- move=> _ _ [m [g1 [g2 [g1_in g2_in m_eq]]] ->] ->.
  apply: (span_equal (g := fun u => g1 (u i) * (g2 (u i) * \prod_(j | j != i) h j (u j)))).
    by move=> u u_in; rewrite m_eq // mulrA.
  have rest : span_on D (factors_upto L d) (fun u => g2 (u i) * \prod_(j | j != i) h j (u j)).
    apply: IH; exists (replace l i b); last exact: tensor_replace.
    rewrite sum_replace -ltnS; apply: leq_trans cost_l; rewrite [X in (_ < X)%N](bigD1 i) //=.
    by rewrite -addSn leq_add2r.
  apply: (span_multiply (G := one_direction L) (H := factors_upto L d)) rest.
    move=> f1 f2 f1_in [e e_le f2_in]; apply: span_member; exists e.+1 => //.
    by apply/product_each_times; exists f1, f2.
  by apply: span_member; exists i, g1; split=> //; exists a.
- exact: span_pull h_i.
- exact: span_member.
Qed.

End Budget.

(** ** Independence of products *)

(* If the functions b x are independent on the sphere, so are their products over the points: one
   point after another. *)
Lemma products_independent (T : finType) (b : T -> function F) (c : {ffun 'I_k -> T} -> F) :
  (forall e : T -> F, equal_on_sphere (fun v => \sum_x e x * b x v) (fun=> 0) ->
    forall x, e x = 0) ->
  equal_on D (fun u => \sum_t c t * \prod_i b (t i) (u i)) (fun=> 0) -> forall t, c t = 0.
Proof.
move=> independent vanish t; pose agree j (t' : {ffun 'I_k -> T}) :=
  [forall i : 'I_k, (i < j)%N ==> (t' i == t i)].
have step j u : (j <= k)%N -> D u ->
    \sum_(t' | agree j t') c t' * \prod_(i : 'I_k | (j <= i)%N) b (t' i) (u i) = 0.
  elim: j u => [|j IH] u j_lt u_in.
    rewrite -[RHS](vanish u u_in); apply: eq_big => [t'|t' _].
      by apply/forallP => i; rewrite ltn0.
    by congr (_ * _).
  pose i0 := Ordinal j_lt.
  pose e x := \sum_(t' | agree j t' && (t' i0 == x))
    c t' * \prod_(i : 'I_k | (j < i)%N) b (t' i) (u i).
  have e0 : e (t i0) = 0.
    apply: independent => v v_in; rewrite -[RHS](IH (replace u i0 v) (ltnW j_lt)); last first.
      by move=> i; rewrite /replace; case: (i == i0).
    rewrite [RHS](partition_big (fun t' : {ffun 'I_k -> T} => t' i0) predT) //=.
    apply: eq_bigr => x _; rewrite /e mulr_suml; apply: eq_bigr => t' /andP [_ /eqP t'_x].
    rewrite [in RHS](bigD1 i0) ?leqnn //= /replace eqxx t'_x mulrAC -mulrA; congr (_ * (_ * _)).
    apply: eq_big => [i|i lt]; first by rewrite ltn_neqAle andbC -val_eqE /= eq_sym.
    by rewrite ifN // -val_eqE /= neq_ltn lt orbT.
  rewrite -[RHS]e0 /e; apply: eq_bigl => t'; apply/forallP/andP => [all_agree|[/forallP agree_t']].
    split; last by have := all_agree i0; rewrite /= ltnSn.
    by apply/forallP => i; apply/implyP => lt; have := all_agree i; rewrite (leqW lt).
  move=> t'_i0 i; apply/implyP; rewrite ltnS leq_eqVlt => /orP [/eqP eq_j|lt].
    by rewrite (_ : i = i0) //; apply: val_inj.
  by have := agree_t' i; rewrite lt.
have [u u_in] : exists u, D u.
  exists (fun=> make_point 1 0 0) => i; by rewrite /on_sphere /= expr1n expr0n !addr0.
have := step k u (leqnn k) u_in; rewrite (bigD1 t) /=; last first.
  by apply/forallP => i; rewrite eqxx implybT.
rewrite big1 ?mulr1 => [|i]; last by rewrite leqNgt ltn_ord.
rewrite big1 ?addr0 // => t' /andP [/forallP agree_t' /negP []]; apply/eqP/ffunP => i.
by have := agree_t' i; rewrite ltn_ord => /eqP.
Qed.

(** ** The dimension *)

(* The number of bases: choose the degrees within the budget, then a basis function of each. *)
Lemma budget_count (I : finType) (deg : I -> nat) n L d :
  (forall x, deg x < n)%N -> (forall l, (l < n)%N -> (\sum_x (deg x == l) = (2 * l).+1)%N) ->
  (#|[pred t : {ffun 'I_k -> I} | \sum_i cost L (deg (t i)) <= d]| =
   \sum_(l : {ffun 'I_k -> 'I_n} | \sum_i cost L (l i) <= d) \prod_i (2 * l i).+1)%N.
Proof.
move=> deg_lt count; have expand (l : {ffun 'I_k -> 'I_n}) :
    (\prod_i (2 * l i).+1 = \sum_(t : {ffun 'I_k -> I}) \prod_i (deg (t i) == l i))%N.
  rewrite -(bigA_distr_bigA (fun i x => (deg x == l i) : nat)).
  by apply: eq_bigr => i _; rewrite count.
rewrite (eq_bigr _ (fun l _ => expand l)) exchange_big -sum1_card [LHS]big_mkcond /=.
apply: eq_bigr => t _; pose l0 := [ffun i => Ordinal (deg_lt (t i))] : {ffun 'I_k -> 'I_n}.
have cost_l0 : (\sum_i cost L (l0 i) = \sum_i cost L (deg (t i)))%N.
  by apply: eq_bigr => i _; rewrite ffunE.
have other l : l != l0 -> (\prod_i (deg (t i) == l i) = 0)%N.
  move=> /eqP ne; apply/eqP; rewrite -leqn0 leqNgt; apply/negP => prod_gt0; apply: ne.
  apply/ffunP => i; apply: val_inj; rewrite ffunE /=; apply/esym/eqP; move: prod_gt0.
  by rewrite (bigD1 i) //=; case: (_ == _).
case: ifP => in_budget.
  rewrite (bigD1 l0) /=; last by rewrite cost_l0.
  rewrite big1 => [|i _]; last by rewrite ffunE eqxx.
  by rewrite big1 // => l /andP [_ /other].
rewrite big1 // => l l_budget; apply: other; apply: contraFneq in_budget => l_eq.
by move: l_budget; rewrite l_eq cost_l0.
Qed.

(* The dimension of the span of what the budget allows. *)
Theorem budget_dimension L d : (0 < L)%N -> dimension_on D (span_on D (within_budget L d))
  (\sum_(l : {ffun 'I_k -> 'I_(d * L).+1} | (\sum_i cost L (l i) <= d)%N) \prod_i (2 * l i).+1).
Proof.
move=> L_gt0.
have [I [deg [B [B_in spans independent count]]]] :=
  harmonic_in_basis char0 (iota_uniq 0 (d * L).+1).
have in_S l : (l \in iota 0 (d * L).+1) = (l <= d * L)%N by rewrite mem_iota add0n ltnS.
have deg_lt x : (deg x < (d * L).+1)%N by case: (B_in x); rewrite in_S.
pose J := {t : {ffun 'I_k -> I} | (\sum_i cost L (deg (t i)) <= d)%N}.
pose b (t : {ffun 'I_k -> I}) u := \prod_i B (t i) (u i).
rewrite -(budget_count L d deg_lt) => [|l l_lt]; last by apply: count; rewrite in_S.
rewrite -card_sig; apply: (dimension_of_basis (b := fun t : J => b (val t))) => [t|f|c zero].
- apply: span_member; exists (fun i => deg (val t i)); first exact: (valP t).
  by exists (fun i => B (val t i)); split=> // i; case: (B_in (val t i)).
- split=> [f_in|[c f_eq]].
    apply/span_finite/(span_span _ f_in) => g [l cost_l [h [h_in g_eq]]].
    have l_le i : (l i <= d * L)%N.
      by rewrite -cost_le //; apply: leq_trans cost_l; rewrite (bigD1 i) //= leq_addr.
    have each : product_each_on D (fun i => span_on D (fun f => exists2 m,
        (exists2 x, deg x = l i & m = B x) & f = (fun u => m (u i)))) (fun u => \prod_i h i (u i)).
      exists (fun i u => h i (u i)); split=> // i; apply/span_pull/spans => //.
      by rewrite in_S.
    apply: (span_equal g_eq); apply: span_span (span_product_each each) => g' [m [m_in g'_eq]].
    have /fin_all_exists [x x_m] i : exists x, deg x = l i /\ m i = (fun u => B x (u i)).
      by case: (m_in i) => _ [x deg_x ->] ->; exists x.
    have t_J : (\sum_i cost L (deg ([ffun i => x i] i)) <= d)%N.
      by under eq_bigr => i _ do rewrite ffunE (x_m i).1.
    apply: (span_equal (g := b [ffun i => x i])) => [u u_in|].
      by rewrite g'_eq //; apply: eq_bigr => i _; rewrite ffunE (x_m i).2.
    by apply: span_member; exists (Sub [ffun i => x i] t_J : J); rewrite SubK.
  exists #|{: J}|, (fun n => c (enum_val n)), (fun n => b (val (enum_val n))); split=> [n|u u_in].
    exists (fun i => deg (val (enum_val n) i)); first exact: (valP (enum_val n)).
    by exists (fun i => B (val (enum_val n) i)); split=> // i; case: (B_in (val (enum_val n) i)).
  by rewrite f_eq // [LHS](reindex (@enum_val _ (mem {: J}))) //=; apply/onW_bij/enum_val_bij.
- pose c' (t : {ffun 'I_k -> I}) := if insub t is Some t' then c t' else 0.
  move=> t; have <- : c' (val t) = c t by rewrite /c' valK.
  apply: (products_independent independent) => u u_in; rewrite -[RHS](zero u u_in).
  rewrite [LHS](bigID (fun t : {ffun 'I_k -> I} => (\sum_i cost L (deg (t i)) <= d)%N)) /=.
  rewrite [X in _ + X]big1 ?addr0 => [|t' /negPf out]; last first.
    by rewrite /c' insubF // mul0r.
  rewrite (reindex_omap (val : J -> {ffun 'I_k -> I}) insub) => [|t' t'_J]; last by rewrite insubT.
  by apply: eq_big => [t'|t' _]; rewrite ?valK ?eqxx ?andbT ?(valP t') // /c' valK.
Qed.

End Directions.

(* T7. *)
Theorem T7_directions (F : fieldType) (k L d : nat) : [char F] =i pred0 -> (0 < L)%N ->
  let D := @on_spheres F k in
  (forall f, span_on D (factors_upto L d) f <-> span_on D (within_budget L d) f)
  /\ dimension_on D (span_on D (factors_upto L d))
      (\sum_(l : {ffun 'I_k -> 'I_(d * L).+1} | (\sum_i cost L (l i) <= d)%N)
         \prod_i (2 * l i).+1).
Proof.
move=> char0 L_gt0 D; have spans f : span_on D (factors_upto L d) f <->
    span_on D (within_budget L d) f.
  split; apply: span_span => g; last exact: budget_factors.
  move=> [e e_le g_in]; apply: span_span (factors_budget char0 L_gt0 g_in) => h [l cost_l h_in].
  by apply: span_member; exists l => //; exact: leq_trans e_le.
split=> //; apply: dimension_equivalent (budget_dimension char0 k d L_gt0) => f.
by rewrite spans.
Qed.
