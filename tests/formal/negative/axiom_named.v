(* Uses an axiom under its own name: the check must reject it. *)
Axiom everything : forall P : Prop, P.
Goal 0 = 1. Proof. exact (everything _). Qed.
