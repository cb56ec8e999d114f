(** * T1': products of exactly d harmonics of degree exactly L, for d >= 2

    They span the homogeneous polynomials of degree dL on the sphere, that is, the sums of harmonics
    of degrees dL, dL - 2, dL - 4, ... *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension Span Families Harmonics Rotations
  Pairs Circle.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

(* [f] is, on the sphere, a homogeneous polynomial of degree [n]. *)
Definition homogeneous_function (F : fieldType) (n : nat) (f : function F) : Prop :=
  exists p : {mpoly F[3]}, p \is n.-homog /\ equal_on_sphere f (fun v => p.@[v]).

Section Exact.
Variable F : fieldType.
Hypothesis char0 : [char F] =i pred0.
Implicit Types (p q w u : {mpoly F[3]}) (f g : function F) (m : 'X_{1..3}).

(* Combinations of such functions are such functions. *)
Lemma homogeneous_span n k (c : 'I_k -> F) (g : 'I_k -> function F) f :
  (forall i, homogeneous_function n (g i)) ->
  equal_on_sphere f (fun v => \sum_i c i * g i v) -> homogeneous_function n f.
Proof.
move=> g_in f_eq; have [p p_g] := fin_all_exists g_in; exists (\sum_i c i *: p i).
split=> [|v v_in]; first by apply: rpred_sum => i _; apply: dhomogZ; case: (p_g i).
rewrite f_eq // raddf_sum; apply: eq_bigr => i _; rewrite /= mevalZ.
by case: (p_g i) => _ ->.
Qed.

(* Products of d harmonics of degree L are homogeneous of degree dL. *)
Lemma homogeneous_product d L f : product_of d (harmonic L) f -> homogeneous_function (d * L) f.
Proof.
elim: d f => [|d IH] f [g [g_in f_eq]].
  by exists 1; split=> [|v v_in]; [exact: dhomog1 | rewrite f_eq // big_ord0 meval1].
have [p [p_hom _ p_g]] := g_in ord0.
have [|q [q_hom q_g]] := IH (fun v => \prod_j g (lift ord0 j) v).
  by exists (fun j => g (lift ord0 j)).
exists (p * q); split=> [|v v_in]; first by rewrite mulSn; exact: dhomogM.
by rewrite f_eq // big_ord_recl p_g // q_g // mevalM.
Qed.

(* One more factor: a combination w of pairs p q, times u, is one of products p (q u). *)
Lemma span_pairs d L w u : pairs L L w ->
  (forall q, harmonic_polynomial L q ->
    span (product_of d (@harmonic F L)) (fun v => (q * u).@[v])) ->
  span (product_of d.+1 (@harmonic F L)) (fun v => (w * u).@[v]).
Proof.
move=> w_in u_in; elim: w_in => [|c p q w' p_in q_in _ IH].
  by apply: span_equal (span_zero _) => v _; rewrite mul0r meval0.
have first_in : span (product_of d.+1 (@harmonic F L)) (fun v => p.@[v] * (q * u).@[v]).
  apply: (span_multiply (G := @harmonic F L) (H := product_of d (@harmonic F L))) (u_in q q_in).
    by move=> a b a_in b_in; apply: span_member; exact: product_of_cons.
  by apply: span_member; exists p; case: p_in.
apply: span_equal (span_linear c first_in IH) => v _.
by rewrite mulrDl mevalD -scalerAl mevalZ -mulrA !mevalM.
Qed.

(* For d = 2 these are the pairs. For one factor more, split a monomial of degree (d+1)L into one of
   degree 2L, which is a combination of pairs p q, and the rest u: q u has degree dL. *)
Lemma homogeneous_products d L p : p \is (d.+2 * L).-homog ->
  span (product_of d.+2 (@harmonic F L)) (fun v => p.@[v]).
Proof.
elim: d p => [|d IH] p p_hom.
  rewrite -[p]mulr1; apply: span_pairs => [|q q_in].
    exact: pairs_homogeneous.
  apply: span_member; exists (fun _ v => q.@[v]); split=> [_|v _].
    by exists q; case: q_in.
  by rewrite mulr1 big_ord1.
apply: (span_equal (g := fun v => \sum_(i < size (msupp p))
    p@_(nth 0%MM (msupp p) i) * 'X_[F, nth 0%MM (msupp p) i].@[v])) => [v _|].
  rewrite {1}[p]mpolyE raddf_sum (big_nth 0%MM) big_mkord.
  by apply: eq_bigr => i _; rewrite /= mevalZ.
apply: span_sum => i; have m_in := mem_nth 0%MM (ltn_ord i).
move: (nth _ _ _) m_in => m m_in; have /dhomogP /(_ m m_in) deg_m := p_hom.
change (mdeg m = (d.+3 * L)%N) in deg_m.
have [|a deg_a a_le] := @monomial_divisor _ (2 * L) m.
  by rewrite deg_m leq_mul2r orbT.
have deg_b : mdeg (m - a) = (d.+1 * L)%N.
  apply/eqP; rewrite -(eqn_add2r (mdeg a)) -mdegD submK // deg_m deg_a -mulnDl.
  by rewrite addn2.
rewrite -(submK a_le) addmC mpolyXD; apply: span_pairs => [|q [q_hom lap_q]].
  by apply: pairs_homogeneous; rewrite // dhomogX /= deg_a.
by apply: IH; rewrite mulSn; apply: dhomogM; rewrite // dhomogX /= deg_b.
Qed.

(* T1': products of exactly d >= 2 harmonics of degree exactly L span the homogeneous polynomials of
   degree dL. *)
Theorem exact_span d L f : (1 < d)%N ->
  span (product_of d (@harmonic F L)) f <-> homogeneous_function (d * L) f.
Proof.
case: d => [|[|d]] // _; split=> [[k [c [g [g_in f_eq]]]]|[p [p_hom f_eq]]].
  by apply: homogeneous_span f_eq => i; exact: homogeneous_product.
exact: span_equal f_eq (homogeneous_products p_hom).
Qed.

(* These are the sums of harmonics of degrees dL, dL - 2, ...: multiply by a power of r^2, which is
   1 on the sphere. *)
Theorem parity_span n f : span (@harmonic_parity F n) f <-> homogeneous_function n f.
Proof.
split=> [[k [c [g [g_in f_eq]]]]|[p [p_hom f_eq]]]; last first.
  exact: span_equal f_eq (homogeneous_harmonics char0 p_hom).
apply: homogeneous_span f_eq => i; have [l [l_le l_odd [p [p_hom _ p_g]]]] := g_in i.
exists (radius2 F ^+ (n - l)./2 * p); split=> [|v v_in]; last first.
  by rewrite p_g // mevalM rmorphX /= meval_radius2 // expr1n mul1r.
have half : (2 * (n - l)./2 = n - l)%N by rewrite mul2n -[RHS]odd_double_half oddB // l_odd addbb.
by have := dhomogM (dhomogMn (n - l)./2 (radius2_homogeneous F)) p_hom; rewrite half subnK.
Qed.

End Exact.

(* T1' in the words of T1. *)
Theorem T1_exact (F : fieldType) (d L : nat) : [char F] =i pred0 -> (1 < d)%N ->
  forall f : function F,
    span (product_of d (harmonic L)) f <-> span (harmonic_parity (d * L)) f.
Proof. by move=> char0 d_gt1 f; rewrite exact_span // parity_span. Qed.
