//! Whether observations fit their request.
//!
//! A row for a foreign arm, a period outside the request or a value that is no number would go into the ledger
//! for good, so the whole answer is refused. Rows may be missing, never doubled.

use std::collections::HashSet;

use gevinst_abi::Columns;
use gevinst_abi::wire::{CursorAfter, ObserveRequest};

/// Longest cursor that the ledger should have to keep, in bytes.
const CURSOR_MAX: usize = 64 << 10;

/// Checks rows and cursor; the error says which row is wrong and why.
pub(crate) fn check(request: &ObserveRequest, rows: &Columns, after: &CursorAfter) -> Result<(), String> {
    if after.cursor.as_ref().is_some_and(|cursor| cursor.len() > CURSOR_MAX) {
        return Err(format!("the cursor is longer than {CURSOR_MAX} bytes"));
    }
    let arms: HashSet<u32> = request.arms.iter().map(|arm| arm.code).collect();
    let metrics: HashSet<u32> = request.metrics.iter().map(|metric| metric.code).collect();
    let mut seen = HashSet::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let wrong = |what: String| Err(format!("row {index}: {what}"));
        if !arms.contains(&row.arm) {
            return wrong(format!("no arm has the code {}", row.arm));
        }
        if !metrics.contains(&row.metric) {
            return wrong(format!("no metric has the code {}", row.metric));
        }
        if !(request.from_us..request.to_us).contains(&row.period_start_us) {
            return wrong(format!(
                "its period starts at {}, outside {}..{}",
                row.period_start_us, request.from_us, request.to_us
            ));
        }
        if !row.sum.is_finite() || !row.sum_sq.is_finite() || row.sum_sq < 0.0 {
            return wrong(format!("sum {} and sum of squares {} are not possible", row.sum, row.sum_sq));
        }
        // Counts beyond 2^53 are not exact as the numbers the statistics calculate with.
        if row.count > 1 << 53 {
            return wrong(format!("the count {} is beyond 2^53", row.count));
        }
        if !seen.insert((row.arm, row.metric, row.period_start_us)) {
            return wrong(format!(
                "arm {}, metric {} and period {} are there twice",
                row.arm, row.metric, row.period_start_us
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gevinst_abi::Row;
    use gevinst_abi::wire::{Coded, Grain};

    fn request() -> ObserveRequest {
        let coded = |code, name: &str| Coded { code, name: name.to_owned() };
        ObserveRequest {
            experiment: "headlines".to_owned(),
            arms: vec![coded(1, "product"), coded(2, "problem")],
            metrics: vec![coded(1, "spend"), coded(9, "lead")],
            grain: Grain::Day,
            timezone: "Europe/Oslo".to_owned(),
            from_us: 100,
            to_us: 200,
            cursor: None,
        }
    }

    fn checked(rows: &[Row]) -> Result<(), String> {
        let after = CursorAfter { cursor: None, fresh_until_us: 200 };
        check(&request(), &rows.iter().copied().collect(), &after)
    }

    /// Protects the ledger from rows that were not asked for or cannot be.
    #[test]
    fn rows_that_do_not_fit_are_refused() {
        let good = Row::count(100, 1, 9, 3);
        assert_eq!(checked(&[good, Row::amount(199, 2, 1, 250)]), Ok(()));
        for (row, expected) in [
            (Row { arm: 3, ..good }, "row 1: no arm has the code 3"),
            (Row { metric: 2, ..good }, "row 1: no metric has the code 2"),
            (Row { period_start_us: 99, ..good }, "row 1: its period starts at 99, outside 100..200"),
            (Row { period_start_us: 200, ..good }, "row 1: its period starts at 200, outside 100..200"),
            (Row { sum: f64::NAN, arm: 2, ..good }, "row 1: sum NaN and sum of squares 3 are not possible"),
            (Row { sum_sq: -1.0, arm: 2, ..good }, "row 1: sum 3 and sum of squares -1 are not possible"),
            (Row { count: u64::MAX, arm: 2, ..good }, "row 1: the count 18446744073709551615 is beyond 2^53"),
            (good, "row 1: arm 1, metric 9 and period 100 are there twice"),
        ] {
            assert_eq!(checked(&[good, row]), Err(expected.to_owned()));
        }
    }
}
