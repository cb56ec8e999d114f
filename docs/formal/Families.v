(** * Calculating with spans and products of families of functions *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Section Families.
Variables (F : fieldType) (T : Type) (D : T -> Prop).
Implicit Types (G H : (T -> F) -> Prop) (f g : T -> F).
Local Notation equal := (equal_on D).
Local Notation span := (span_on D).
Local Notation product_of := (product_on D).

(* Only the values on [D] matter. *)
Lemma span_equal G f g : equal f g -> span G g -> span G f.
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
Lemma span_sum G k (c : 'I_k -> F) (g : 'I_k -> T -> F) :
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
apply: (span_equal (g := fun v => \sum_i c i * \sum_j c' j * (a i v * b j v))) => [v v_in|].
  rewrite f_eq // g_eq // mulr_suml; apply: eq_bigr => i _; rewrite -mulrA mulr_sumr.
  by congr (_ * _); apply: eq_bigr => j _; rewrite mulrCA.
by apply: span_sum => i; apply: span_sum => j; apply: G_H.
Qed.

(* Products of a member of one family and a member of another. *)
Definition times_on G H f : Prop := exists g h, [/\ G g, H h & equal f (fun v => g v * h v)].

(* Products of d + 1 functions are products of one and d. *)
Lemma product_each_times d (G : 'I_d.+1 -> (T -> F) -> Prop) f :
  product_each_on D G f <-> times_on (G ord0) (product_each_on D (fun j => G (lift ord0 j))) f.
Proof.
split=> [[g [g_in f_eq]]|[a [b [a_in [g [g_in b_eq]] f_eq]]]].
  exists (g ord0), (fun v => \prod_j g (lift ord0 j) v); split=> //.
    by exists (fun j => g (lift ord0 j)).
  by move=> v v_in; rewrite f_eq // big_ord_recl.
exists (fun j => if unlift ord0 j is Some i then g i else a); split=> [j|v v_in].
  by case: unliftP => [i ->|->].
rewrite f_eq // b_eq // big_ord_recl unlift_none; congr (_ * _).
by apply: eq_bigr => j _; rewrite liftK.
Qed.

(* One more factor. *)
Lemma product_of_cons d G f g : G f -> product_of d G g -> product_of d.+1 G (fun v => f v * g v).
Proof. by move=> f_in g_in; apply/product_each_times; exists f, g. Qed.

(* Multiplying out d sums: products of combinations are combinations of products. *)
Lemma span_product_each d (G : 'I_d -> (T -> F) -> Prop) f :
  product_each_on D (fun j => span (G j)) f -> span (product_each_on D G) f.
Proof.
elim: d G f => [|d IH] G f.
  move=> [h [_ f_eq]]; apply: span_member; exists (fun=> fun=> 0); split=> [[]|v v_in] //.
  by rewrite f_eq // !big_ord0.
move/product_each_times => [g [h [g_in /IH h_in f_eq]]]; apply: (span_equal f_eq).
apply: (span_multiply (G := G ord0)) g_in h_in => a b a_in b_in.
by apply/span_member/product_each_times; exists a, b.
Qed.

(* The same for one family. *)
Lemma span_product d G f : product_of d (span G) f -> span (product_of d G) f.
Proof. exact: span_product_each. Qed.

(* A larger family has more products. *)
Lemma product_of_sub d G H f : (forall g, G g -> H g) -> product_of d G f -> product_of d H f.
Proof. by move=> G_H [h [h_in f_eq]]; exists h; split=> // j; apply: G_H. Qed.

(* Their span depends only on the spans of the two. *)
Lemma span_times G G' H H' f : (forall g, G g -> span G' g) -> (forall h, H h -> span H' h) ->
  span (times_on G H) f -> span (times_on G' H') f.
Proof.
move=> G_G' H_H'; apply: span_span => g [a [b [a_in b_in g_eq]]].
apply: (span_equal g_eq); apply: span_multiply (G_G' a a_in) (H_H' b b_in) => a' b' a'_in b'_in.
by apply: span_member; exists a', b'.
Qed.

End Families.

Arguments span_member {F T D G f}.
Arguments span_zero {F T D} G.
