(* A definition that never ends proves anything; the flag has another spelling in an attribute. *)
#[bypass_check(guard)] Fixpoint everything (P : Prop) (n : nat) : P := everything P (S n).
