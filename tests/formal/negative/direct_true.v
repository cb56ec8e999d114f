(* Control of direct_false.v: the same script, the whole sum. *)
From mathcomp Require Import all_ssreflect all_algebra.
From SsrMultinomials Require Import mpoly.
From SpanTheorem Require Import Polynomials Sphere Harmonics Direct Degrees.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Goal forall (F : fieldType) (n : nat) (f : nat -> function F), [char F] =i pred0 ->
  (forall l, (l <= n)%N -> harmonic l (f l)) ->
  equal_on_sphere (fun v => \sum_(l < n.+1) f l v) (fun=> 0) ->
  forall l, (l <= n)%N -> equal_on_sphere (f l) (fun=> 0).
Proof. move=> F n f char0 f_in vanish.
exact: (harmonic_direct char0 f_in vanish).
Qed.
