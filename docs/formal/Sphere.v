(** * The sphere, functions on it, and the dimension of the polynomial functions of degree <= n

    Points, spans, products and dimension are defined here from nothing but field arithmetic, so
    that the theorems can be read without any library of geometry. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

(** ** Definitions *)

(* The three coordinates. *)
Definition X : 'I_3 := @Ordinal 3 0 isT.
Definition Y : 'I_3 := @Ordinal 3 1 isT.
Definition Z : 'I_3 := @Ordinal 3 2 isT.

Section Functions.
Variables (F : fieldType) (T : Type) (D : T -> Prop).

(* Functions on [T] are only ever looked at on the subset [D]. *)
Definition equal_on (f g : T -> F) : Prop := forall v, D v -> f v = g v.

(* [f] is, on [D], a product of [d] functions, one of each family [G j]. *)
Definition product_each_on (d : nat) (G : 'I_d -> (T -> F) -> Prop) (f : T -> F) : Prop :=
  exists g : 'I_d -> T -> F, (forall j, G j (g j)) /\ equal_on f (fun v => \prod_j g j v).

(* [f] is, on [D], a product of [d] functions of the family [G]. *)
Definition product_on (d : nat) (G : (T -> F) -> Prop) : (T -> F) -> Prop :=
  product_each_on (fun _ : 'I_d => G).

(* [f] is, on [D], a linear combination of finitely many functions of the family [G]. *)
Definition span_on (G : (T -> F) -> Prop) (f : T -> F) : Prop :=
  exists (k : nat) (c : 'I_k -> F) (g : 'I_k -> T -> F),
    (forall i, G (g i)) /\ equal_on f (fun v => \sum_i c i * g i v).

(* The family [G] is a vector space of dimension [k] of functions on [D]: it has a basis [b] of
   [k] elements, that is, its members are exactly the functions that are combinations of [b] on
   [D], and the coefficients are unique. *)
Definition dimension_on (G : (T -> F) -> Prop) (k : nat) : Prop :=
  exists b : 'I_k -> T -> F,
    (forall i, G (b i)) /\
    forall f, G f <-> exists! c : 'rV[F]_k, equal_on f (fun v => \sum_i c 0 i * b i v).

End Functions.

Section Definitions.
Variable F : fieldType.

(* A point of three-dimensional space, and a function of a point. *)
Definition point : Type := 'I_3 -> F.
Definition function : Type := point -> F.

Definition on_sphere (v : point) : Prop := v X ^+ 2 + v Y ^+ 2 + v Z ^+ 2 = 1.

(* x^2 + y^2 + z^2 - 1. *)
Definition sphere_equation : {mpoly F[3]} := 'X_X ^+ 2 + 'X_Y ^+ 2 + 'X_Z ^+ 2 - 1.

End Definitions.

(* The same words for functions on the sphere. *)
Notation equal_on_sphere := (equal_on (@on_sphere _)).
Notation product_of_each := (product_each_on (@on_sphere _)).
Notation product_of := (product_on (@on_sphere _)).
Notation span := (span_on (@on_sphere _)).
Notation has_dimension := (dimension_on (@on_sphere _)).

(* [f] is, on the sphere, a polynomial in x, y, z of total degree at most [n]. *)
Definition polynomial_function (F : fieldType) (n : nat) (f : function F) : Prop :=
  exists p : {mpoly F[3]}, degree_le n p /\ equal_on_sphere f (fun v => p.@[v]).

(* Sums and products over the three coordinates, written out. *)
Lemma big_coordinates (T : Type) (idx : T) (op : Monoid.law idx) (E : 'I_3 -> T) :
  \big[op/idx]_i E i = op (op (E X) (E Y)) (E Z).
Proof.
rewrite 3!big_ord_recl big_ord0 Monoid.mulm1 Monoid.mulmA.
by congr (op (op (E _) (E _)) (E _)); exact: val_inj.
Qed.

(* A family has at most one dimension: the two changes of basis are inverse to each other. *)
Lemma coordinates_identity (F : fieldType) (T : Type) (D : T -> Prop) k l
    (b : 'I_k -> T -> F) (b' : 'I_l -> T -> F) (A : 'M[F]_(k, l)) (B : 'M[F]_(l, k)) :
  (forall i, exists! c : 'rV[F]_k, equal_on D (b i) (fun v => \sum_j c 0 j * b j v)) ->
  (forall i, equal_on D (b i) (fun v => \sum_j A i j * b' j v)) ->
  (forall j, equal_on D (b' j) (fun v => \sum_i B j i * b i v)) -> A *m B = 1%:M.
Proof.
move=> unique_b b_b' b'_b; apply/row_matrixP => i; have [c [_ c_unique]] := unique_b i.
transitivity c; [apply/esym|]; apply: c_unique => v v_in.
  rewrite b_b' //; under eq_bigr do rewrite (b'_b _ v v_in) mulr_sumr.
  rewrite exchange_big; apply: eq_bigr => j _; rewrite !mxE mulr_suml.
  by apply: eq_bigr => j' _; rewrite mulrA.
rewrite (bigD1 i) //= big1 => [|j /negPf ne]; rewrite !mxE ?eqxx ?mul1r ?addr0 //.
by rewrite eq_sym ne mul0r.
Qed.

(* Both products of the two changes of basis are 1, so both matrices are square. *)
Theorem has_dimension_unique (F : fieldType) (T : Type) (D : T -> Prop) (G : (T -> F) -> Prop) k l :
  dimension_on D G k -> dimension_on D G l -> k = l.
Proof.
move=> [b [b_in dim_b]] [b' [b'_in dim_b']].
have /fin_all_exists [A b_b'] i : exists a : 'rV[F]_l,
    equal_on D (b i) (fun v => \sum_j a 0 j * b' j v).
  by have /dim_b' [a [a_eq _]] := b_in i; exists a.
have /fin_all_exists [B b'_b] j : exists a : 'rV[F]_k,
    equal_on D (b' j) (fun v => \sum_i a 0 i * b i v).
  by have /dim_b [a [a_eq _]] := b'_in j; exists a.
pose MA := \matrix_(i, j) A i 0 j; pose MB := \matrix_(j, i) B j 0 i.
have eq_A i : equal_on D (b i) (fun v => \sum_j MA i j * b' j v).
  by move=> v v_in; rewrite b_b' //; apply: eq_bigr => j _; rewrite mxE.
have eq_B j : equal_on D (b' j) (fun v => \sum_i MB j i * b i v).
  by move=> v v_in; rewrite b'_b //; apply: eq_bigr => i _; rewrite mxE.
have unique_b i := (dim_b (b i)).1 (b_in i); have unique_b' j := (dim_b' (b' j)).1 (b'_in j).
apply/eqP; rewrite eqn_leq (mulmx1_min (coordinates_identity unique_b eq_A eq_B)).
exact: mulmx1_min (coordinates_identity unique_b' eq_B eq_A).
Qed.

(* A way to find a dimension: functions numbered by a finite type, whose combinations are the
   family, and which are independent. *)
Lemma dimension_of_basis (F : fieldType) (T : Type) (D : T -> Prop) (G : (T -> F) -> Prop)
    (I : finType) (b : I -> T -> F) :
  (forall i, G (b i)) ->
  (forall f, G f <-> exists c : I -> F, equal_on D f (fun v => \sum_i c i * b i v)) ->
  (forall c : I -> F, equal_on D (fun v => \sum_i c i * b i v) (fun=> 0) -> forall i, c i = 0) ->
  dimension_on D G #|{: I}|.
Proof.
move=> b_in G_b independent; exists (fun i => b (enum_val i)); split=> // f; rewrite G_b.
have combine (c : I -> F) v :
    \sum_(i < #|{: I}|) c (enum_val i) * b (enum_val i) v = \sum_i c i * b i v.
  by rewrite [RHS](reindex (@enum_val _ (mem {: I}))) //=; apply/onW_bij/enum_val_bij.
split=> [[c f_eq]|[c [f_eq _]]]; last first.
  exists (fun i => c 0 (enum_rank i)) => v v_in; rewrite f_eq // -combine.
  by apply: eq_bigr => i _; rewrite enum_valK.
exists (\row_i c (enum_val i)); split=> [v v_in|c' f_eq'].
  by rewrite f_eq // -combine; apply: eq_bigr => i _; rewrite mxE.
apply/rowP => i; rewrite mxE; apply/eqP; rewrite -subr_eq0; apply/eqP.
have := independent (fun i => c i - c' 0 (enum_rank i)) _ (enum_val i); rewrite enum_valK; apply.
move=> v v_in; rewrite -[RHS](subrr (f v)) {1}f_eq // f_eq' // -!combine -sumrB.
by apply: eq_bigr => j _; rewrite enum_valK mulrBl.
Qed.

(* Equivalent families have the same dimension. *)
Lemma dimension_equivalent (F : fieldType) (T : Type) (D : T -> Prop) (G H : (T -> F) -> Prop) k :
  (forall f, G f <-> H f) -> dimension_on D G k -> dimension_on D H k.
Proof.
by move=> G_H [b [b_in dim_b]]; exists b; split=> [i|f]; [exact/G_H | rewrite -G_H].
Qed.

(** ** The normal form: no z^2 *)

(* The monomial x^i y^j z^k. *)
Definition monomial (i j k : nat) : 'X_{1..3} := [multinom nth 0%N [:: i; j; k] s | s < 3].

(* Every monomial is one of these. *)
Lemma monomialE (m : 'X_{1..3}) : m = monomial (m X) (m Y) (m Z).
Proof.
by apply/mnmP => -[[|[|[|s]]] lt_s3] //; rewrite mnmE /=; congr (m _); exact: val_inj.
Qed.

(* Its degree is the sum of the three exponents. *)
Lemma mdeg_monomial i j k : mdeg (monomial i j k) = (i + j + k)%N.
Proof. by rewrite mdegE big_coordinates !mnmE. Qed.

(* Exponents add. *)
Lemma monomialD i j k i' j' k' :
  (monomial i j k + monomial i' j' k')%MM = monomial (i + i') (j + j') (k + k').
Proof. by apply/mnmP => -[[|[|[|s]]] lt_s3] //; rewrite mnmDE !mnmE. Qed.

(* The (n+1)^2 monomials x^i y^j z^e with e <= 1 and i + j + e <= n, numbered by pairs (a, b) in
   [0, n] x [0, n]: x^a y^b if a + b <= n, and x^(n-a) y^(n-b) z otherwise. *)
Definition normal_monomial n (ab : 'I_n.+1 * 'I_n.+1) : 'X_{1..3} :=
  if (ab.1 + ab.2 <= n)%N then monomial ab.1 ab.2 0 else monomial (n - ab.1) (n - ab.2) 1.

(* They have degree at most n ... *)
Lemma normal_monomial_degree n (ab : 'I_n.+1 * 'I_n.+1) : (mdeg (normal_monomial ab) <= n)%N.
Proof.
case: ab => [[a lt_a] [b lt_b]]; rewrite /normal_monomial /=.
case: (leqP (a + b) n) => [le_n|gt_n]; rewrite mdeg_monomial ?addn0 // addn1.
have [le_a le_b] : (a <= n)%N /\ (b <= n)%N by split; rewrite -ltnS.
by rewrite -(ltn_add2r (a + b)) addnACA !subnK // ltn_add2l.
Qed.

(* ... and every x^i y^j z^e with e <= 1 of degree at most n is one of them. *)
Lemma normal_monomial_onto n i j e : (e <= 1)%N -> (i + j + e <= n)%N ->
  exists ab : 'I_n.+1 * 'I_n.+1, normal_monomial ab = monomial i j e.
Proof.
case: e => [|[|//]] _; rewrite ?addn0 ?addn1 => deg_le.
  have lt_i : (i < n.+1)%N by rewrite ltnS (leq_trans (leq_addr j i)).
  have lt_j : (j < n.+1)%N by rewrite ltnS (leq_trans (leq_addl i j)).
  by exists (Ordinal lt_i, Ordinal lt_j); rewrite /normal_monomial /= deg_le.
have le_i : (i <= n)%N by rewrite (leq_trans (leq_addr j i)) // ltnW.
have le_j : (j <= n)%N by rewrite (leq_trans (leq_addl i j)) // ltnW.
exists (rev_ord (inord i), rev_ord (inord j)).
rewrite /normal_monomial /= !inordK // !subSS !subKn // leqNgt.
rewrite (_ : (n < n - i + (n - j))%N) //.
by rewrite -(ltn_add2r (i + j)) addnACA !subnK // ltn_add2l.
Qed.

Section NormalForm.
Variable F : fieldType.
Implicit Types (p q r : {mpoly F[3]}) (f g : function F) (v : point F).
Notation QS := (sphere_equation F).

(* Its value at a point. *)
Lemma meval_monomial v i j k : 'X_[F, monomial i j k].@[v] = v X ^+ i * v Y ^+ j * v Z ^+ k.
Proof. by rewrite mevalX big_coordinates !mnmE. Qed.

(* x^2 + y^2 + z^2 - 1 vanishes exactly on the sphere. *)
Lemma meval_sphere_equation v : QS.@[v] = 0 <-> on_sphere v.
Proof.
rewrite mevalB !mevalD !rmorphX /= !mevalXU meval1.
by split=> [/eqP|->]; [rewrite subr_eq0 => /eqP | rewrite subrr].
Qed.

(* [p] is congruent to a combination of the normal monomials. *)
Definition reducible n p : Prop :=
  exists (c : {ffun 'I_n.+1 * 'I_n.+1 -> F}) q,
    p = \sum_ab c ab *: 'X_[normal_monomial ab] + q * QS.

(* Combinations of reducible polynomials are reducible: add the coefficients. *)
Lemma reducible_linear n a p q : reducible n p -> reducible n q -> reducible n (a *: p + q).
Proof.
move=> [c [p' ->]] [c' [q' ->]]; exists [ffun ab => a * c ab + c' ab], (a *: p' + q').
rewrite scalerDr addrACA mulrDl -scalerAl scaler_sumr -big_split /=; congr (_ + _).
by apply: eq_bigr => ab _; rewrite ffunE scalerDl scalerA.
Qed.

(* A multiple of the equation is congruent to 0. *)
Lemma reducible_multiple n q : reducible n (q * QS).
Proof.
by exists [ffun=> 0], q; rewrite big1 ?add0r // => ab _; rewrite ffunE scale0r.
Qed.

(* Every monomial of degree at most n is reducible: replace z^2 by 1 - x^2 - y^2, repeatedly. *)
Lemma reducible_monomial n i j k : (i + j + k <= n)%N -> reducible n 'X_[monomial i j k].
Proof.
elim/ltn_ind: k i j => k IH i j deg_le.
have [le_k1|] := leqP k 1.
  have [ab ab_eq] := normal_monomial_onto le_k1 deg_le.
  exists [ffun ab' => (ab' == ab)%:R], 0; rewrite mul0r addr0 (bigD1 ab) //=.
  rewrite big1 => [|ab' /negPf ne].
    by rewrite ffunE eqxx scale1r addr0 ab_eq.
  by rewrite ffunE ne scale0r.
case: k IH deg_le => [|[|k]] // IH deg_le _.
have -> : 'X_[monomial i j k.+2] =
    (-1) *: 'X_[monomial i.+2 j k] + ((-1) *: 'X_[monomial i j.+2 k] +
      (1 *: 'X_[monomial i j k] + 'X_[monomial i j k] * QS)) :> {mpoly F[3]}.
  have shift a b c : 'X_[monomial (a + i) (b + j) (c + k)] =
      'X_[monomial a b c] * 'X_[monomial i j k] :> {mpoly F[3]} by rewrite -monomialD mpolyXD.
  have square s : 'X_s ^+ 2 = 'X_[U_(s) *+ 2] :> {mpoly F[3]} by rewrite mpolyXn.
  rewrite (shift 2 0 0)%N (shift 0 2 0)%N (shift 0 0 2)%N /QS !square.
  have -> : (U_(X) *+ 2)%MM = monomial 2 0 0.
    by apply/mnmP => -[[|[|[|s]]] lt_s3] //; rewrite mulmnE mnm1E mnmE.
  have -> : (U_(Y) *+ 2)%MM = monomial 0 2 0.
    by apply/mnmP => -[[|[|[|s]]] lt_s3] //; rewrite mulmnE mnm1E mnmE.
  have -> : (U_(Z) *+ 2)%MM = monomial 0 0 2.
    by apply/mnmP => -[[|[|[|s]]] lt_s3] //; rewrite mulmnE mnm1E mnmE.
  rewrite !scaleN1r scale1r mulrBr mulr1 [_ + (_ - _)]addrC subrK !mulrDr.
  by rewrite !['X_[monomial i j k] * _]mulrC [_ + 'X_[monomial 0 2 0] * _]addrC -addrA !addKr.
move: deg_le; rewrite !addnS => deg_le.
apply: reducible_linear; first by apply: IH; rewrite ?leqnSn // !addSn.
apply: reducible_linear; first by apply: IH; rewrite ?leqnSn // !addnS !addSn.
apply: reducible_linear; last exact: reducible_multiple.
by apply: IH; [exact: leqnSn | exact: leq_trans (leq_trans (leqnSn _) (leqnSn _)) deg_le].
Qed.

(* Every polynomial of degree at most n is reducible. *)
Lemma normal_form n p : degree_le n p -> reducible n p.
Proof.
move/allP => deg_p; rewrite [p]mpolyE; elim: (msupp p) deg_p => [|m s IH] deg_s.
  by rewrite big_nil -[0](mul0r QS); exact: reducible_multiple.
rewrite big_cons; apply: reducible_linear; last first.
  by apply: IH => m' s_m'; rewrite deg_s // inE s_m' orbT.
rewrite [m]monomialE; apply: reducible_monomial.
by rewrite -mdeg_monomial -monomialE deg_s ?mem_head.
Qed.

End NormalForm.
