//! Learning across months: priors from closed experiments, and gains without the winner's curse.
//!
//! * [`learn_scale`], [`learn_channels`]: how far apart true rates usually are, by channel.
//! * [`learn_noise`]: how noisy days usually are.
//! * [`gains`]: what a winner is truly worth. A winner is chosen for looking good, so its measured lift overstates its true one; its
//!   posterior mean under the learned prior does not, whatever rule chose it (Dawid 1994, "Selection paradoxes of Bayesian
//!   inference"), as far as the prior describes the experiments that were run.
//!
//! Everything here is `model`. Validity of verdicts never rests on it: a wrong prior costs speed.

mod closed;
mod gains;
mod noise;
mod scale;
mod totals;

pub use closed::{Closed, ClosedArm};
pub use gains::{Gain, Reference, gains};
pub use noise::learn_noise;
pub use scale::{LearnedScale, ScalePrior, learn_channels, learn_scale};

use crate::StatsError;

fn check(index: usize, closed: &Closed) -> Result<(), StatsError> {
    if closed.arms.len() < 2 {
        return Err(StatsError::Length {
            what: "a closed experiment",
            expected: 2,
            found: closed.arms.len(),
        });
    }
    if let Some(arm) = closed.control.filter(|&c| c >= closed.arms.len()) {
        return Err(StatsError::NoSuchArm { arm, arms: closed.arms.len() });
    }
    if !(closed.noise_variance >= 0.0 && closed.noise_variance <= 100.0) {
        let expected = "a number from 0 to 100";
        return Err(StatsError::Domain {
            what: "the variance that day noise adds",
            value: closed.noise_variance,
            expected,
        });
    }
    for (arm, values) in closed.arms.iter().enumerate() {
        let wrong =
            |what, value, expected| Err(StatsError::Cell { period: index, arm, what, value, expected });
        match *values {
            ClosedArm::Counts { exposure, goals } => {
                if !(0.0..=1e100).contains(&exposure) || (exposure > 0.0 && exposure < 1e-100) {
                    return wrong("the exposure", exposure, "0, or a number from 1e-100 to 1e100");
                }
                if exposure == 0.0 && goals > 0 {
                    return wrong("the goals", goals as f64, "0 without exposure");
                }
                if goals > crate::table::MAX_COUNT {
                    return wrong("the goals", goals as f64, "at most 10^12");
                }
            }
            ClosedArm::Estimate { ln_rate, standard_error } => {
                if ln_rate.is_nan() || ln_rate.abs() > 1e4 {
                    return wrong("the estimate", ln_rate, "a logarithm from -10000 to 10000");
                }
                if !(1e-9..=1e4).contains(&standard_error) {
                    return wrong("the standard error", standard_error, "a number from 1e-9 to 10000");
                }
            }
        }
    }
    Ok(())
}
