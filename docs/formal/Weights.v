(** * T2: weights of symmetric powers, and the single state at the boundary

    A state is a pair (l, m) with -l <= m <= l: the vector of weight m of V_l. The states of
    Sym^d(U) are the multisets of d states of U, and weights add. The multiplicity of V_l in
    Sym^d(U) is the number of multisets of weight l less the number of those of weight l + 1. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.POrderTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** Definitions *)

Definition state : Type := nat * int.

(* The 2l+1 states of V_l, those of V_0 + ... + V_L, and the weight of a list of states. *)
Definition states_of (l : nat) : seq state := [seq (l, k%:Z - l%:Z) | k <- iota 0 (2 * l).+1].
Definition states_upto (L : nat) : seq state := flatten [seq states_of l | l <- iota 0 L.+1].
Definition weight (s : seq state) : int := \sum_(x <- s) x.2.

(* All multisets of size [d] from the list [U], each written once: first [k] copies of the head
   of [U], then a multiset of size [d - k] from the rest. *)
Fixpoint multisets (T : Type) (U : seq T) (d : nat) : seq (seq T) :=
  if U is x :: U' then
    flatten [seq [seq nseq k x ++ s | s <- multisets U' (d - k)] | k <- iota 0 d.+1]
  else if d is 0%N then [:: [::]] else [::].

(* All lists of [d] elements of [U], in every order. *)
Fixpoint lists (T : Type) (U : seq T) (d : nat) : seq (seq T) :=
  if d is d'.+1 then [seq x :: s | x <- U, s <- lists U d'] else [:: [::]].

(* Number of multisets of [d] states of weight [w], and the difference of adjacent numbers. *)
Definition weight_count (U : seq state) (d : nat) (w : int) : nat :=
  count (fun s => weight s == w) (multisets U d).
Definition multiplicity (U : seq state) (d l : nat) : int :=
  (weight_count U d l%:Z)%:Z - (weight_count U d l.+1%:Z)%:Z.

(* The same for lists: those of the tensor power. *)
Definition tensor_count (U : seq state) (d : nat) (w : int) : nat :=
  count (fun s => weight s == w) (lists U d).
Definition tensor_multiplicity (U : seq state) (d l : nat) : int :=
  (tensor_count U d l%:Z)%:Z - (tensor_count U d l.+1%:Z)%:Z.

(** ** [multisets] lists every multiset once *)
Section Multisets.
Variable T : eqType.
Implicit Types (U s t : seq T) (x : T).

(* Membership, read off the definition. *)
Lemma mem_multisets_cons x U d t :
  reflect (exists2 k, (k <= d)%N & exists2 s, s \in multisets U (d - k) & t = nseq k x ++ s)
          (t \in multisets (x :: U) d).
Proof.
apply: (iffP flatten_mapP) => [[k]|[k le_k [s s_in ->]]].
  by rewrite mem_iota ltnS => le_k /mapP [s s_in ->]; exists k => //; exists s.
by exists k; [rewrite mem_iota ltnS | apply/mapP; exists s].
Qed.

(* Every member has d elements, all of them from U. *)
Lemma multisets_sound U d t : t \in multisets U d -> size t = d /\ all (mem U) t.
Proof.
elim: U d t => [|x U IH] d t; first by case: d => //; rewrite inE => /eqP ->.
case/mem_multisets_cons => k le_k [s /IH [size_s s_U] ->].
rewrite size_cat size_nseq size_s subnKC //; split=> //; rewrite all_cat all_nseq /= mem_head orbT.
by apply: sub_all s_U => y /= y_in; rewrite inE y_in orbT.
Qed.

(* Every list of d elements of U is a rearrangement of a member: collect the copies of the head. *)
Lemma multisets_complete U s : all (mem U) s ->
  exists2 t, t \in multisets U (size s) & perm_eq s t.
Proof.
elim: U s => [|x U IH] s s_U; first by case: s s_U => //; exists [::].
pose rest := filter (predC1 x) s.
have [|t t_in s_t] := IH rest.
  apply/allP => y; rewrite mem_filter => /andP [/= y_x /(allP s_U)].
  by rewrite /= inE => /predU1P [y_eq|//]; rewrite y_eq eqxx in y_x.
have perm_s : perm_eq s (nseq (count_mem x s) x ++ rest).
  have -> : nseq (count_mem x s) x = filter (pred1 x) s.
    by rewrite -size_filter; apply/esym/all_pred1P/filter_all.
  by rewrite perm_sym; apply/permPl/perm_filterC.
exists (nseq (count_mem x s) x ++ t); last by rewrite (perm_trans perm_s) // perm_cat2l.
apply/mem_multisets_cons; exists (count_mem x s); first exact: count_size.
exists t => //; rewrite (_ : (_ - _)%N = size rest) //.
by rewrite size_filter -(count_predC (pred1 x)) addKn.
Qed.

(* The number of copies of the head tells the blocks apart. *)
Lemma count_head x U d k s : x \notin U -> s \in multisets U d ->
  count_mem x (nseq k x ++ s) = k.
Proof.
move=> x_U /multisets_sound [_ /allP s_U]; rewrite count_cat count_nseq /= eqxx mul1n.
by rewrite (count_memPn _) ?addn0 //; apply: contra x_U => /s_U.
Qed.

(* Two members that are rearrangements of each other are equal. *)
Lemma multisets_inj U d s t : uniq U ->
  s \in multisets U d -> t \in multisets U d -> perm_eq s t -> s = t.
Proof.
elim: U d s t => [|x U IH] d s t; first by case: d => // _; rewrite !inE => /eqP -> /eqP ->.
case/andP=> x_U uniq_U; case/mem_multisets_cons => k _ [s' s'_in ->].
case/mem_multisets_cons => k' _ [t' t'_in ->] perm_st.
have eq_k : k = k' by rewrite -(count_head k x_U s'_in) (permP perm_st) (count_head _ x_U t'_in).
move: perm_st t'_in; rewrite -eq_k perm_cat2l => perm_st t'_in.
by rewrite (IH _ _ _ uniq_U s'_in t'_in perm_st).
Qed.

(* No member is listed twice. *)
Lemma multisets_uniq U d : uniq U -> uniq (multisets U d).
Proof.
elim: U d => [|x U IH] d; first by case: d.
case/andP=> x_U uniq_U; apply: allpairs_uniq_dep => [|k _|]; first exact: iota_uniq.
  exact: IH.
move=> p p' /allpairsPdep [k [s [_ s_in ->]]] /allpairsPdep [k' [s' [_ s'_in ->]]] /= eq_cat.
have eq_k := congr1 (count_mem x) eq_cat.
rewrite (count_head _ x_U s_in) (count_head _ x_U s'_in) in eq_k.
by move: eq_cat s_in s'_in; rewrite -eq_k => /eqP; rewrite eqseq_cat // eqxx => /eqP ->.
Qed.

(* [lists] lists every list of d elements of U ... *)
Lemma mem_lists U d s : (s \in lists U d) = (size s == d) && all (mem U) s.
Proof.
elim: d s => [|d IH] s; first by case: s.
case: s => [|x s] /=; first by apply/negP => /allpairsP [[x s] [_ _]].
rewrite eqSS andbCA -IH; apply/allpairsP/andP => [[[y t] /= [y_in t_in [-> ->]]]|[x_in s_in]] //.
by exists (x, s).
Qed.

(* ... once. *)
Lemma lists_uniq U d : uniq U -> uniq (lists U d).
Proof.
move=> U_uniq; elim: d => [|d IH] //=; apply: allpairs_uniq => // -[x s] [y t] _ _ /= [-> ->] //.
Qed.

End Multisets.

(** ** The boundary *)

(* The states of V_l are the pairs (l, m) with -l <= m <= l. *)
Lemma mem_states_of l x : (x \in states_of l) = (x.1 == l) && (- l%:Z <= x.2 <= l%:Z).
Proof.
case: x => l' m; apply/mapP/andP => [[k]|[/eqP l_eq /andP [lower upper]]].
  rewrite mem_iota ltnS => /= le_k [-> ->]; rewrite eqxx; split=> //.
  by rewrite ler_subr_addr addNr lez_nat ler_subl_addr -PoszD lez_nat addnn -mul2n le_k.
have shift_ge0 : 0 <= m + l%:Z by rewrite -ler_subl_addr sub0r.
exists (absz (m + l%:Z)); last by rewrite gez0_abs // addrK -l_eq.
by rewrite mem_iota leq0n add0n ltnS -lez_nat gez0_abs // mul2n -addnn PoszD ler_add2r.
Qed.

(* Those of V_0 + ... + V_L are the pairs with l <= L and -l <= m <= l. *)
Lemma mem_states_upto L x :
  (x \in states_upto L) = (x.1 <= L)%N && (- x.1%:Z <= x.2 <= x.1%:Z).
Proof.
apply/flatten_mapP/andP => [[l]|[le_L bounds]].
  by rewrite mem_iota mem_states_of ltnS => /= le_l /andP [/eqP -> ->].
by exists x.1; rewrite ?mem_iota ?ltnS // mem_states_of eqxx.
Qed.

(* The states of V_L are among them. *)
Lemma states_of_upto L : {subset states_of L <= states_upto L}.
Proof. by move=> x; rewrite mem_states_of mem_states_upto => /andP [/eqP -> ->]; rewrite leqnn. Qed.

(* (L, L) is the only state of weight L, and no weight is larger. *)
Lemma state_weight L x : x \in states_upto L -> x.2 <= L%:Z ?= iff (x == (L, L%:Z)).
Proof.
case: x => l m; rewrite mem_states_upto => /= /and3P [le_l _ le_m].
split; first by rewrite (le_trans le_m) // lez_nat.
rewrite xpair_eqE; apply/eqP/andP => [m_L|[_ /eqP //]].
by rewrite m_L eqxx eqn_leq le_l -lez_nat -m_L.
Qed.

(* The weight of d states is at most dL, with equality only for (L, L) repeated d times. *)
Lemma weight_boundary L s : all (mem (states_upto L)) s ->
  weight s <= (size s * L)%N%:Z ?= iff (s == nseq (size s) (L, L%:Z)).
Proof.
elim: s => [|x s IH] /=; first by rewrite /weight big_nil.
case/andP=> /state_weight bound_x /IH bound_s.
rewrite /weight big_cons mulSn PoszD eqseq_cons; exact: leif_add.
Qed.

(* T2 at the boundary, in terms of lists of d states: exactly one has total weight dL, whatever
   the order, so the weight space is one-dimensional in the symmetric and in the tensor power. *)
Theorem T2_boundary (L d : nat) (s : seq state) :
  [/\ size s = d, all (mem (states_upto L)) s & weight s = (d * L)%N%:Z] <->
  s = nseq d (L, L%:Z).
Proof.
split=> [[size_s s_U weight_s]|->].
  have [_] := weight_boundary s_U; rewrite size_s weight_s eqxx.
  by move/esym/eqP.
have x_in : (L, L%:Z) \in states_upto L.
  by rewrite mem_states_upto /= leqnn lexx -subr_ge0 opprK -PoszD.
rewrite size_nseq all_nseq /= x_in orbT; split=> //.
by rewrite /weight big_nseq iter_addr addr0 -mulr_natr natz PoszM mulrC.
Qed.

(** ** The multiplicity of V_dL *)

(* States are not repeated. *)
Lemma uniq_states_of l : uniq (states_of l).
Proof. by rewrite map_inj_uniq ?iota_uniq // => j k [/addIr []]. Qed.

(* The degree tells the blocks apart. *)
Lemma uniq_states_upto L : uniq (states_upto L).
Proof.
have -> : states_upto L =
    [seq (l, k%:Z - l%:Z) : state | l <- iota 0 L.+1, k <- iota 0 (2 * l).+1] by [].
apply: allpairs_uniq_dep => [|l _|]; [exact: iota_uniq | exact: iota_uniq |].
by move=> [l k] [l' k'] _ _ /= [<- /addIr [<-]].
Qed.

(* Whatever is counted, multisets or lists of d states of V_0, ..., V_L: none is heavier than dL. *)
Lemma count_above (L d : nat) (lst : seq (seq state)) w :
  (forall s, s \in lst -> size s = d /\ all (mem (states_upto L)) s) -> (d * L)%N%:Z < w ->
  count (fun s => weight s == w) lst = 0%N.
Proof.
move=> lst_sound w_gt; apply/eqP; rewrite -leqn0 leqNgt -has_count; apply/hasPn => s s_in.
have [size_s s_U] := lst_sound s s_in.
have [le_dL _] := weight_boundary s_U; rewrite size_s in le_dL.
by rewrite lt_eqF // (le_lt_trans le_dL).
Qed.

(* Exactly one weighs dL, (L, L) repeated d times, if it is listed once. *)
Lemma count_boundary (L d : nat) (lst : seq (seq state)) :
  (forall s, s \in lst -> size s = d /\ all (mem (states_upto L)) s) -> uniq lst ->
  nseq d (L, L%:Z) \in lst -> count (fun s => weight s == (d * L)%N%:Z) lst = 1%N.
Proof.
move=> lst_sound lst_uniq top_in.
rewrite -[RHS](_ : count_mem (nseq d (L, L%:Z)) lst = 1%N); last first.
  by rewrite count_uniq_mem // top_in.
apply: eq_in_count => s s_in /=; have [size_s s_U] := lst_sound s s_in.
by have [_] := weight_boundary s_U; rewrite size_s => ->.
Qed.

(* Multisets of states of U are such, if all of these are states of V_0, ..., V_L, ... *)
Lemma multisets_states L U d s : {subset U <= states_upto L} -> s \in multisets U d ->
  size s = d /\ all (mem (states_upto L)) s.
Proof.
move=> U_sub /multisets_sound [size_s /allP s_U]; split=> //.
by apply/allP => x /s_U /U_sub.
Qed.

(* ... and so are lists. *)
Lemma lists_states L U d s : {subset U <= states_upto L} -> s \in lists U d ->
  size s = d /\ all (mem (states_upto L)) s.
Proof.
rewrite mem_lists => U_sub /andP [/eqP size_s /allP s_U]; split=> //.
by apply/allP => x /s_U /U_sub.
Qed.

(* The multiset (L, L) repeated d times is its own representative. *)
Lemma top_multiset L U d : (L, L%:Z) \in U -> nseq d (L, L%:Z) \in multisets U d.
Proof.
move=> top_U; have [|t t_in perm_t] := @multisets_complete _ U (nseq d (L, L%:Z)).
  by rewrite all_nseq /= top_U orbT.
rewrite size_nseq in t_in; have [size_t _] := multisets_sound t_in.
rewrite (_ : nseq d _ = t) //; apply/esym; rewrite -size_t; apply/all_pred1P/allP => x.
by rewrite -(perm_mem perm_t) mem_nseq => /andP [_ /eqP ->] /=.
Qed.

(* V_dL occurs exactly once in Sym^d(V_0 + ... + V_L) and in Sym^d(V_L), and nothing above it. *)
Theorem T2_multiplicity (L d : nat) :
  [/\ multiplicity (states_upto L) d (d * L) = 1,
      multiplicity (states_of L) d (d * L) = 1 &
      forall l, (d * L < l)%N ->
        multiplicity (states_upto L) d l = 0 /\ multiplicity (states_of L) d l = 0].
Proof.
have top_of : (L, L%:Z) \in states_of L.
  by rewrite mem_states_of /= eqxx lexx -subr_ge0 opprK -PoszD.
have top_upto := states_of_upto top_of.
have sound U s := @multisets_states L U d s.
have boundary U : {subset U <= states_upto L} -> uniq U -> (L, L%:Z) \in U ->
    multiplicity U d (d * L) = 1.
  move=> U_sub uniq_U top_U; rewrite /multiplicity /weight_count.
  rewrite (count_boundary (fun s => sound U s U_sub)) ?multisets_uniq ?top_multiset //.
  by rewrite (count_above (fun s => sound U s U_sub)) ?subr0 // ltz_nat ltnS.
have above U l : {subset U <= states_upto L} -> (d * L < l)%N -> multiplicity U d l = 0.
  move=> U_sub l_gt; rewrite /multiplicity /weight_count.
  by rewrite !(count_above (fun s => sound U s U_sub)) // ltz_nat // ltnS ltnW.
split=> [||l l_gt].
- by apply: boundary => //; exact: uniq_states_upto.
- by apply: boundary => //; [exact: states_of_upto | exact: uniq_states_of].
- by split; apply: above => //; exact: states_of_upto.
Qed.

(* The same in the tensor powers. *)
Theorem T2_tensor (L d : nat) :
  [/\ tensor_multiplicity (states_upto L) d (d * L) = 1,
      tensor_multiplicity (states_of L) d (d * L) = 1 &
      forall l, (d * L < l)%N ->
        tensor_multiplicity (states_upto L) d l = 0 /\ tensor_multiplicity (states_of L) d l = 0].
Proof.
have top_of : (L, L%:Z) \in states_of L.
  by rewrite mem_states_of /= eqxx lexx -subr_ge0 opprK -PoszD.
have top_upto := states_of_upto top_of.
have sound U s := @lists_states L U d s.
have boundary U : {subset U <= states_upto L} -> uniq U -> (L, L%:Z) \in U ->
    tensor_multiplicity U d (d * L) = 1.
  move=> U_sub uniq_U top_U; rewrite /tensor_multiplicity /tensor_count.
  rewrite (count_boundary (fun s => sound U s U_sub)) ?lists_uniq //; last first.
    by rewrite mem_lists size_nseq eqxx all_nseq /= top_U orbT.
  by rewrite (count_above (fun s => sound U s U_sub)) ?subr0 // ltz_nat ltnS.
have above U l : {subset U <= states_upto L} -> (d * L < l)%N -> tensor_multiplicity U d l = 0.
  move=> U_sub l_gt; rewrite /tensor_multiplicity /tensor_count.
  by rewrite !(count_above (fun s => sound U s U_sub)) // ltz_nat // ltnS ltnW.
split=> [||l l_gt].
- by apply: boundary => //; exact: uniq_states_upto.
- by apply: boundary => //; [exact: states_of_upto | exact: uniq_states_of].
- by split; apply: above => //; exact: states_of_upto.
Qed.
