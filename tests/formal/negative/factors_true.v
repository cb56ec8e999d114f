(* Control of factors_false.v: the same script, the true factors. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Families Harmonics Degrees Coupling.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Goal forall (F : fieldType) (d : nat) (S : 'I_d -> seq nat), [char F] =i pred0 ->
  forall f : function F, span (product_of_each (fun j => span (harmonic_in (S j)))) f <->
  span (harmonic_in (reach [seq S j | j <- enum 'I_d])) f.
Proof. move=> F d S char0 f.
exact: ((T1_factors S char0).1 f).
Qed.
