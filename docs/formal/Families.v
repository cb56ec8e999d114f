(** * Calculating with spans and products of families of functions *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Section Families.
Variable F : fieldType.
Implicit Types (G H : function F -> Prop) (f g : function F).

(* Only the values on the sphere matter. *)
Lemma span_equal G f g : equal_on_sphere f g -> span G g -> span G f.
Proof.
by move=> f_g [k [c [b [b_in g_eq]]]]; exists k, c, b; split=> // v v_in; rewrite f_g // g_eq.
Qed.

(* A member of the family is a combination with one term. *)
Lemma span_member G f : G f -> span G f.
Proof. by exists 1%N, (fun=> 1), (fun=> f); split=> // v _; rewrite big_ord1 mul1r. Qed.

(* The zero function is the combination with no term. *)
Lemma span_zero G : span G (fun=> 0).
Proof.
by exists 0%N, (fun=> 0), (fun=> fun=> 0); split=> [[]|v _] //; rewrite big_ord0.
Qed.

(* Two combinations add up to one: first the terms of one, then those of the other. *)
Lemma span_linear G a f g : span G f -> span G g -> span G (fun v => a * f v + g v).
Proof.
move=> [k [c [b [b_in f_eq]]]] [l [c' [b' [b'_in g_eq]]]].
exists (k + l)%N, (fun i => match split i with inl j => a * c j | inr j => c' j end),
  (fun i => match split i with inl j => b j | inr j => b' j end); split=> [i|v v_in].
  by case: (split i).
rewrite f_eq // g_eq // big_split_ord mulr_sumr; congr (_ + _); apply: eq_bigr => i _.
  by rewrite (unsplitK (inl i)) mulrA.
by rewrite (unsplitK (inr i)).
Qed.

(* Hence combinations of combinations are combinations. *)
Lemma span_sum G k (c : 'I_k -> F) (g : 'I_k -> function F) :
  (forall i, span G (g i)) -> span G (fun v => \sum_i c i * g i v).
Proof.
elim: k c g => [|k IH] c g g_in.
  by apply: span_equal (span_zero G) => v _; rewrite big_ord0.
have tail := IH (fun i => c (lift ord0 i)) (fun i => g (lift ord0 i)) (fun i => g_in _).
by apply: span_equal (span_linear (c ord0) (g_in ord0) tail) => v _; rewrite big_ord_recl.
Qed.

(* The same, for a whole family at once. *)
Lemma span_span G H f : (forall g, G g -> span H g) -> span G f -> span H f.
Proof.
move=> G_H [k [c [b [b_in f_eq]]]]; apply: span_equal f_eq _.
by apply: span_sum => i; apply: G_H.
Qed.

(* Multiplying out two sums. *)
Lemma span_multiply G H K f g :
  (forall a b, G a -> H b -> span K (fun v => a v * b v)) ->
  span G f -> span H g -> span K (fun v => f v * g v).
Proof.
move=> G_H [k [c [a [a_in f_eq]]]] [l [c' [b [b_in g_eq]]]].
apply: (@span_equal K _ (fun v => \sum_i c i * \sum_j c' j * (a i v * b j v))) => [v v_in|].
  rewrite f_eq // g_eq // mulr_suml; apply: eq_bigr => i _; rewrite -mulrA mulr_sumr.
  by congr (_ * _); apply: eq_bigr => j _; rewrite mulrCA.
by apply: span_sum => i; apply: span_sum => j; apply: G_H.
Qed.

(* One more factor. *)
Lemma product_of_cons d G f g : G f -> product_of d G g -> product_of d.+1 G (fun v => f v * g v).
Proof.
move=> f_in [h [h_in g_eq]].
exists (fun i => if unlift ord0 i is Some j then h j else f); split=> [i|v v_in].
  by case: (unlift ord0 i).
rewrite big_ord_recl unlift_none g_eq //; congr (_ * _).
by apply: eq_bigr => j _; rewrite liftK.
Qed.

(* Multiplying out d sums: products of combinations are combinations of products. *)
Lemma span_product d G f : product_of d (span G) f -> span (product_of d G) f.
Proof.
elim: d f => [|d IH] f [h [h_in f_eq]].
  apply: span_member; exists (fun=> fun=> 0); split=> [[]|v v_in] //.
  by rewrite f_eq // !big_ord0.
apply: (@span_equal _ _ (fun v => h ord0 v * \prod_j h (lift ord0 j) v)) => [v v_in|].
  by rewrite f_eq // big_ord_recl.
apply: (span_multiply (G := G) (H := product_of d G)) => [a b a_in b_in||].
- exact/span_member/product_of_cons.
- exact: h_in.
- by apply: IH; exists (fun j => h (lift ord0 j)); split.
Qed.

(* A larger family has more products. *)
Lemma product_of_sub d G H f : (forall g, G g -> H g) -> product_of d G f -> product_of d H f.
Proof. by move=> G_H [h [h_in f_eq]]; exists h; split=> // j; apply: G_H. Qed.

End Families.
