(** * T1: products of d functions of degree <= L span the functions of degree <= dL *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Dimension.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Section Span.
Variable F : fieldType.
Implicit Types (f g : function F).

(* The values of a combination of products, from the polynomials. *)
Lemma meval_combination (k d : nat) (c : 'I_k -> F) (q : 'I_k -> 'I_d -> {mpoly F[3]}) v :
  (\sum_i c i *: \prod_j q i j).@[v] = \sum_i c i * \prod_j (q i j).@[v].
Proof. by rewrite raddf_sum; apply: eq_bigr => i _; rewrite /= mevalZ rmorph_prod. Qed.

(* Over any field: choose polynomials for the functions, and split the polynomials. *)
Theorem span_of_products d L f :
  span (product_of d (@polynomial_function F L)) f <-> polynomial_function (d * L) f.
Proof.
split=> [[k [c [g [g_product f_eq]]]]|[p [/polynomial_products [k [c [q [deg_q ->]]]] f_eq]]].
  have [h h_g] := fin_all_exists g_product.
  have choose i j : exists q, degree_le L q /\ equal_on_sphere (h i j) (fun v => q.@[v]).
    by case: (h_g i) => + _; apply.
  have [q q_h] := fin_all_exists (fun i => fin_all_exists (choose i)).
  exists (\sum_i c i *: \prod_j q i j); split=> [|v v_in].
    by apply/polynomial_products; exists k, c, q; split=> // i j; case: (q_h i j).
  rewrite meval_combination f_eq //; apply: eq_bigr => i _; congr (_ * _).
  case: (h_g i) => _ ->; last by [].
  by apply: eq_bigr => j _; case: (q_h i j) => _ ->.
exists k, c, (fun i v => \prod_j (q i j).@[v]); split=> [i|v v_in]; last first.
  by rewrite f_eq // meval_combination.
exists (fun j v => (q i j).@[v]); split=> // j; exists (q i j); split=> //; exact: deg_q.
Qed.

End Span.

(* T1: both halves. *)
Theorem T1_sphere (F : fieldType) (d L : nat) : [char F] =i pred0 ->
  (forall f : function F,
     span (product_of d (polynomial_function L)) f <-> polynomial_function (d * L) f)
  /\ has_dimension (span (product_of d (@polynomial_function F L))) ((d * L).+1 ^ 2).
Proof.
move=> char0; split=> [f|]; first exact: span_of_products.
have [b [b_in dim_b]] := polynomial_function_dimension char0 (d * L).
exists b; split=> [i|f]; first exact/span_of_products.
by rewrite -dim_b; exact: span_of_products.
Qed.
