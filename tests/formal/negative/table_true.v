(* Control of table_false.v: the multiplicities in Sym^2(V_0 + V_1 + V_2), by computation. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SpanTheorem Require Import Weights Table.
Local Open Scope ring_scope.

Goal multiplicities (states_upto 2) 2 4 = [:: 3%:Z; 2%:Z; 4%:Z; 1%:Z; 1%:Z].
Proof.
vm_compute; reflexivity.
Qed.
