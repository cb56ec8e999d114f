(** * The multiplicities for all L, d <= 4, computed inside Coq

    Prints one entry (L, d, [multiplicities of V_0, ..., V_dL]) for each L and d, first for
    Sym^d(V_0 + ... + V_L), then for Sym^d(V_L). A test compares them with the Python package. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SpanTheorem Require Import Weights.
Import GRing.Theory.
Local Open Scope ring_scope.

(* The weight as a recursion that evaluates, big sums being opaque. *)
Fixpoint sum_weights (s : seq state) : int := if s is x :: s' then x.2 + sum_weights s' else 0.

(* It is the weight. *)
Lemma sum_weightsE s : sum_weights s = weight s.
Proof. by elim: s => [|x s IH]; rewrite /weight ?big_nil // big_cons /= IH. Qed.

(* The multiplicities of V_0, ..., V_n, with the weights of the multisets computed only once. *)
Definition multiplicities (U : seq state) (d n : nat) : seq int :=
  let weights := [seq sum_weights s | s <- multisets U d] in
  [seq (count_mem l%:Z weights)%:Z - (count_mem l.+1%:Z weights)%:Z | l <- iota 0 n.+1].

(* What is printed are the multiplicities of Weights.v. *)
Lemma multiplicitiesE U d n : multiplicities U d n = [seq multiplicity U d l | l <- iota 0 n.+1].
Proof.
rewrite /multiplicities (eq_map sum_weightsE); apply: eq_map => l.
by rewrite /multiplicity /weight_count !count_map.
Qed.

Definition table (U : nat -> seq state) : seq (nat * nat * seq int) :=
  [seq (L, d, multiplicities (U L) d (d * L)) | L <- iota 0 5, d <- iota 0 5].

Eval vm_compute in table states_upto.
Eval vm_compute in table states_of.
