//! Boundaries that a running sum crosses at any time with chance at most α.
//!
//! Howard, Ramdas, McAuliffe & Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences" (Annals of
//! Statistics 2021). S is a sum of centred observations, V its intrinsic time (a variance). If S is *sub-ψ* with V,
//! then exp(λS − ψ(λ)V) is a supermartingale for each λ, and so is its mixture over λ; where the mixture reaches 1/α
//! lies the boundary u(v), and P(S ever ≥ u(V)) ≤ α, whenever one looks or stops.
//!
//! | law of the observations | mixture |
//! |---|---|
//! | normal, or bounded and symmetric (sub-Gaussian) | [`NormalMixture`] |
//! | Bernoulli, values in [−g, h] (sub-Bernoulli) | [`BetaBinomialMixture`] |
//! | Poisson counts, values bounded above (sub-Poisson) | [`GammaPoissonMixture`] |
//! | waiting times, values with variance estimated (sub-exponential) | [`GammaExponentialMixture`] |
//!
//! All of them are a conjugate density over its tail, before against after:
//! ln M = ln[f(prior)/F(prior)] − ln[f(posterior)/F(posterior)], evaluated in this form so that nothing cancels.
//! [`stitching`] has the closed-form boundaries that grow like √(v ln ln v).
//!
//! The prior is tuned to be tightest at intrinsic time `v_opt`; any tuning that was fixed beforehand is valid.
//! Reproduced: every boundary value in the tests of the reference implementation (confseq 70b1ef3).

mod bernoulli;
mod mixtures;
pub mod stitching;

pub use bernoulli::bernoulli_sequence;
pub use mixtures::{
    BetaBinomialMixture, GammaExponentialMixture, GammaPoissonMixture, Mixture, NormalMixture, Reach,
    tightest_precision,
};
