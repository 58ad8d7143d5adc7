//! Neurons that hold a number each, and send it as spikes in a window of time: what compiled networks are made of.
//!
//! A number is a whole number of `bits` bits; its sign is said by who fires, since one neuron sends the positive
//! part and another the negative one. Three codes say it in spikes:
//!
//! | code | window | a spike at step p of a window of L steps is worth | spikes of a |
//! |---|---|---|---|
//! | `Rate` | 2^bits − 1 steps | 1 | a, from the first step on |
//! | `Phase` | bits steps | 2^(L − 1 − p) | as many as a has ones |
//! | `Ttfs` | 2^bits − 1 steps | L − p | one, at step L − a; none for 0 |
//!
//! A spike in the last step of a window is worth 1 in every code, and what is worth more came earlier; so windows
//! in which neurons hear may be longer than what is sent in them, as long as both end together. What arrives in a
//! window adds up exactly: as V ← V + I for `Rate`, V ← 2V + I for `Phase`, and, for `Ttfs`, as V ← V + s with the
//! slope s ← s + I. Sums of whole numbers are exact, to 2⁵³ in double precision and to 2²⁴ in single precision.
//!
//! Windows repeat with a `period`. What arrives outside all of them is not heard: so a neuron may listen to a
//! population in one wave of a recursion and not in the next.
//!
//! References: Kim et al. (2018) Neurocomputing 311:373 (phase); Stanojevic et al. (2024) Nat. Commun. 15:6793 (time
//! to first spike); Bu et al. (2022) ICLR (a staircase as a neuron with soft reset that starts at half its threshold).

pub mod exact;
pub mod living;
pub mod schedule;
pub mod settings;
