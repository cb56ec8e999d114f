(* Leaves a proof out: the check must reject it. *)
Lemma zero_is_one : 0 = 1. Admitted.
