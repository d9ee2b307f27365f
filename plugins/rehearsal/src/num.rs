//! Conversions between counts and floats, each with its bounds stated once.

/// A finite, not negative float as a count, rounded down; anything else is 0, anything too large the largest count.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and NaN becomes 0"
)]
pub(crate) fn count(x: f64) -> u64 {
    x as u64
}

/// A finite float rounded down to whole minor units; saturates.
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and NaN becomes 0")]
pub(crate) fn minor(x: f64) -> i64 {
    x.floor() as i64
}

/// An index as the `u32` in which periods, arms and steps are kept; no calendar or experiment comes near the limit.
pub(crate) fn small(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// A count of goals in one row; none above what a row can hold.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
pub(crate) fn goals(x: f64) -> Option<u32> {
    (0.0..=f64::from(u32::MAX)).contains(&x).then_some(x as u32)
}
