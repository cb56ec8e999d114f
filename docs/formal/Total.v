(** * T2: the multiplicities, each times 2l + 1, add up to the dimension of the power

    Weights are symmetric, as (l, m) and (l, -m) are both states. So the sum telescopes to the
    number of multisets, or of lists. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SpanTheorem Require Import Weights.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** Telescoping *)
Section Telescope.
Variable lst : seq (seq state).
Variable N : nat.
Hypothesis bounded : forall s, s \in lst -> (`|weight s| <= N)%N.
Notation number w := (count (fun s => weight s == w) lst).
Hypothesis symmetric : forall w, number (- w) = number w.

(* One step of the sum. *)
Lemma telescope_step (a b c e f : int) :
  e * 2 - c - a * (f - 2) + (a - b) * f = (e + a) * 2 - c - b * f.
Proof.
rewrite mulrBr mulrBl opprB mulrDl; move: (e * 2) (a * 2) (a * f) (b * f) => e2 a2 p q.
by rewrite [LHS]addrA -(addrA (e2 - c)) subrK [e2 + a2 - c]addrAC.
Qed.

(* Partial sums. *)
Lemma telescope n : \sum_(l < n) ((number l%:Z)%:Z - (number l.+1%:Z)%:Z) * (2 * l).+1%:Z =
  (\sum_(l < n) (number l%:Z)%:Z) * 2 - (number 0)%:Z - (number n%:Z)%:Z * ((2 * n).+1%:Z - 2).
Proof.
elim: n => [|n IH]; first by rewrite !big_ord0 mul0r muln0 sub0r mulrN1 opprK addNr.
rewrite !big_ord_recr /= IH telescope_step; congr (_ - _ * _).
by rewrite mulnS -addnS addnC PoszD addrK.
Qed.

(* Every list has a weight between -N and N. *)
Lemma size_by_weight :
  (size lst)%:Z = (\sum_(l < N.+1) (number l%:Z)%:Z) * 2 - (number 0)%:Z.
Proof.
have one (M : int) : (`|M| <= N)%N ->
    (1 + (M == 0) = \sum_(l < N.+1) ((M == l%:Z) + (M == - l%:Z)))%N.
  move=> M_le; have M_lt : (`|M| < N.+1)%N by [].
  rewrite (bigD1 (Ordinal M_lt)) //= big1 ?addn0 => [|l ne].
    by case: M M_le M_lt => [[|n]|n] //= _ _; rewrite ?NegzE ?eqxx ?eqr_opp.
  apply/eqP; rewrite addn_eq0 !eqb0; apply/andP; split; apply: contraNneq ne => M_eq;
    by rewrite -val_eqE /= M_eq ?abszN.
have count_sum (P : pred (seq state)) : (count P lst = \sum_(s <- lst) P s)%N.
  by rewrite -sum1_count big_mkcond.
have double : (size lst + number 0 = \sum_(l < N.+1) (number l%:Z + number (- l%:Z)))%N.
  rewrite -sum1_size count_sum -big_split /= big_seq.
  under eq_bigr => s s_in do rewrite (one _ (bounded s_in)).
  rewrite -big_seq exchange_big; apply: eq_bigr => l _.
  by rewrite !count_sum -big_split.
apply/eqP; rewrite eq_sym subr_eq -PoszD double; apply/eqP.
rewrite (big_morph Posz PoszD (erefl _)) mulr_suml; apply: eq_bigr => l _.
by rewrite symmetric PoszD -mulr2n -mulr_natr.
Qed.

(* Hence the sum of the differences, each times 2l + 1, is the number of lists. *)
Lemma total : \sum_(l < N.+1) ((number l%:Z)%:Z - (number l.+1%:Z)%:Z) * (2 * l).+1%:Z =
  (size lst)%:Z.
Proof.
rewrite telescope (_ : number N.+1%:Z = 0%N) ?mul0r ?subr0 ?size_by_weight //.
apply/eqP; rewrite -leqn0 leqNgt -has_count; apply/hasPn => s /bounded s_le.
by apply: contraL s_le => /eqP ->; rewrite -ltnNge.
Qed.

End Telescope.

(** ** Symmetry *)

(* The state with the opposite weight. *)
Definition opposite (x : state) : state := (x.1, - x.2).

(* Twice the opposite is the state itself. *)
Lemma oppositeK : involutive opposite.
Proof. by case=> l m; rewrite /opposite /= opprK. Qed.

(* The weight of the opposites. *)
Lemma weight_opposite s : weight (map opposite s) = - weight s.
Proof. by rewrite /weight big_map sumrN. Qed.

Section Symmetry.
Variable U : seq state.
Hypothesis U_uniq : uniq U.
Hypothesis U_opposite : forall x, x \in U -> opposite x \in U.

(* Opposites of states of U are states of U. *)
Lemma all_opposite s : all (mem U) s -> all (mem U) (map opposite s).
Proof. by move=> /allP s_U; rewrite all_map; apply/allP => x /s_U; exact: U_opposite. Qed.

(* The multiset of the opposites, as it is listed. *)
Definition opposite_multiset d (s : seq state) : seq state :=
  nth [::] (multisets U d) (find (perm_eq (map opposite s)) (multisets U d)).

(* It is listed, and made of the opposites. *)
Lemma opposite_multisetP d s : s \in multisets U d ->
  opposite_multiset d s \in multisets U d /\
  perm_eq (map opposite s) (opposite_multiset d s).
Proof.
move=> /multisets_sound [size_s s_U].
have [t] := multisets_complete (all_opposite s_U); rewrite size_map size_s => t_in perm_t.
have found : has (perm_eq (map opposite s)) (multisets U d) by apply/hasP; exists t.
by split; [rewrite mem_nth // -has_find | exact: nth_find].
Qed.

(* As many multisets have the weight w as have -w: at most, by the injection above. *)
Lemma weight_count_le d w : (weight_count U d w <= weight_count U d (- w))%N.
Proof.
rewrite /weight_count -!size_filter -(size_map (opposite_multiset d)).
apply: uniq_leq_size => [|_ /mapP [s + ->]].
  rewrite map_inj_in_uniq ?filter_uniq ?multisets_uniq // => s t.
  rewrite !mem_filter => /andP [_ s_in] /andP [_ t_in] eq_st.
  have [_ perm_s] := opposite_multisetP s_in; have [_ perm_t] := opposite_multisetP t_in.
  apply: (multisets_inj U_uniq s_in t_in).
  apply: (perm_map_inj (inv_inj oppositeK)); apply: perm_trans perm_s _.
  by rewrite eq_st perm_sym.
rewrite mem_filter => /andP [/eqP weight_s s_in]; have [in_U perm_s] := opposite_multisetP s_in.
rewrite mem_filter in_U andbT -weight_s -weight_opposite; apply/eqP.
by rewrite /weight (perm_big _ perm_s).
Qed.

(* Both ways. *)
Lemma weight_count_sym d w : weight_count U d (- w) = weight_count U d w.
Proof.
by apply/eqP; rewrite eqn_leq weight_count_le andbT -{2}[w]opprK weight_count_le.
Qed.

(* The same for lists, where the opposites are listed as they are. *)
Lemma tensor_count_le d w : (tensor_count U d w <= tensor_count U d (- w))%N.
Proof.
rewrite /tensor_count -!size_filter -(size_map (map opposite)).
apply: uniq_leq_size => [|_ /mapP [s + ->]].
  rewrite map_inj_uniq ?filter_uniq ?lists_uniq //; exact: inj_map (inv_inj oppositeK).
rewrite !mem_filter !mem_lists size_map weight_opposite eqr_opp => /and3P [-> -> /all_opposite].
by [].
Qed.

(* Both ways. *)
Lemma tensor_count_sym d w : tensor_count U d (- w) = tensor_count U d w.
Proof.
by apply/eqP; rewrite eqn_leq tensor_count_le andbT -{2}[w]opprK tensor_count_le.
Qed.

End Symmetry.

(** ** How many multisets and lists there are *)

(* By the number of copies of the head. *)
Lemma size_multisets_sum (T : Type) (x : T) U d :
  size (multisets (x :: U) d) = (\sum_(k < d.+1) size (multisets U (d - k)))%N.
Proof.
rewrite size_flatten /shape -map_comp sumnE big_map -[d.+1]subn0 -/(index_iota 0 _) big_mkord.
by rewrite subn0; apply: eq_bigr => k _; rewrite /= size_map.
Qed.

(* Of d + 1 elements: without the head, or with one copy of it more. *)
Lemma size_multisetsS (T : Type) (x : T) U d : size (multisets (x :: U) d.+1) =
  (size (multisets U d.+1) + size (multisets (x :: U) d))%N.
Proof. by rewrite !size_multisets_sum big_ord_recl subn0. Qed.

(* So their number is a binomial coefficient. *)
Lemma size_multisets (T : Type) (x : T) U d :
  size (multisets (x :: U) d) = 'C(size U + d, d).
Proof.
elim: U x d => [|y U IH] x; elim=> [|d IHd] //.
- by rewrite size_multisetsS IHd add0n !binn.
- by rewrite size_multisets_sum big_ord1 IH !bin0.
- by rewrite size_multisetsS IH IHd /= !addSn !addnS [RHS]binS.
Qed.

(* The number of lists. *)
Lemma size_lists (T : Type) (U : seq T) d : size (lists U d) = (size U ^ d)%N.
Proof. by elim: d => [|d IH] //=; rewrite size_allpairs IH expnS. Qed.

(** ** The theorem *)

(* V_l has 2l + 1 states, ... *)
Lemma size_states_of l : size (states_of l) = (2 * l).+1.
Proof. by rewrite size_map size_iota. Qed.

(* ... and V_0 + ... + V_L has (L + 1)^2. *)
Lemma size_states_upto L : size (states_upto L) = (L.+1 ^ 2)%N.
Proof.
elim: L => [|L IH] //; rewrite /states_upto -[L.+2]addn1 iotaD map_cat flatten_cat size_cat.
rewrite -/(states_upto L) IH add0n (_ : flatten _ = states_of L.+1); last exact: cats0.
by rewrite size_states_of; ring.
Qed.

(* Opposites of states are states. *)
Lemma states_upto_opposite L x : x \in states_upto L -> opposite x \in states_upto L.
Proof.
rewrite !mem_states_upto /= => /andP [-> /andP [lower upper]] /=.
by rewrite ler_opp2 upper ler_oppl lower.
Qed.

(* Of the same degree. *)
Lemma states_of_opposite l x : x \in states_of l -> opposite x \in states_of l.
Proof.
rewrite !mem_states_of /= => /andP [-> /andP [lower upper]] /=.
by rewrite ler_opp2 upper ler_oppl lower.
Qed.

(* No weight is beyond dL, on either side. *)
Lemma weight_norm L s : all (mem (states_upto L)) s -> (`|weight s| <= size s * L)%N.
Proof.
move=> s_U; have [upper _] := weight_boundary s_U.
have opposite_U : all (mem (states_upto L)) (map opposite s).
  by apply: all_opposite s_U => x; exact: states_upto_opposite.
have [lower _] := weight_boundary opposite_U.
by rewrite weight_opposite size_map in lower; rewrite -lez_nat abszE ler_norml ler_oppl lower.
Qed.

(* The multiplicities, each times the dimension of its irrep, add up to the dimension of the
   symmetric and of the tensor power. *)
Theorem T2_total (L d : nat) :
  [/\ \sum_(l < (d * L).+1) multiplicity (states_upto L) d l * (2 * l).+1%:Z =
        'C((L.+1 ^ 2).-1 + d, d)%:Z,
      \sum_(l < (d * L).+1) multiplicity (states_of L) d l * (2 * l).+1%:Z = 'C(2 * L + d, d)%:Z,
      \sum_(l < (d * L).+1) tensor_multiplicity (states_upto L) d l * (2 * l).+1%:Z =
        ((L.+1 ^ 2) ^ d)%N%:Z &
      \sum_(l < (d * L).+1) tensor_multiplicity (states_of L) d l * (2 * l).+1%:Z =
        ((2 * L).+1 ^ d)%N%:Z].
Proof.
have bound s : size s = d /\ all (mem (states_upto L)) s -> (`|weight s| <= d * L)%N.
  by move=> [<- s_U]; exact: weight_norm.
have power U : {subset U <= states_upto L} -> uniq U ->
    (forall x, x \in U -> opposite x \in U) -> (0 < size U)%N ->
    \sum_(l < (d * L).+1) multiplicity U d l * (2 * l).+1%:Z = 'C((size U).-1 + d, d)%:Z.
  move=> U_sub U_uniq U_opp U_gt0.
  rewrite -(_ : size (multisets U d) = 'C((size U).-1 + d, d)).
    by apply: total => [s s_in|w]; [exact: bound (multisets_states U_sub s_in) |
      exact: weight_count_sym].
  by case: U U_gt0 {U_sub U_uniq U_opp} => [|x U] // _; exact: size_multisets.
have tensor U : {subset U <= states_upto L} -> uniq U ->
    (forall x, x \in U -> opposite x \in U) ->
    \sum_(l < (d * L).+1) tensor_multiplicity U d l * (2 * l).+1%:Z = (size U ^ d)%N%:Z.
  move=> U_sub U_uniq U_opp; rewrite -size_lists.
  by apply: total => [s s_in|w]; [exact: bound (lists_states U_sub s_in) |
    exact: tensor_count_sym].
have of_sub := @states_of_upto L; have upto_opp := @states_upto_opposite L.
have of_opp := @states_of_opposite L.
split; rewrite ?power ?tensor ?size_states_upto ?size_states_of ?expn_gt0 //;
  by [exact: uniq_states_upto | exact: uniq_states_of].
Qed.
