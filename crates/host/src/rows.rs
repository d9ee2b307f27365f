//! Whether observations fit their request.
//!
//! A row for a foreign arm, a period outside the request or a value that is no number would go into the ledger
//! for good, so the whole answer is refused. Rows may be missing, never doubled.

use gevinst_abi::wire::{Coded, CursorAfter, ObserveRequest};
use gevinst_abi::{Columns, Row};

/// Longest cursor that the ledger should have to keep, in bytes.
const CURSOR_MAX: usize = 64 << 10;

/// Checks rows and cursor; the error says which row is wrong and why.
pub(crate) fn check(request: &ObserveRequest, rows: &Columns, after: &CursorAfter) -> Result<(), String> {
    if after.cursor.as_ref().is_some_and(|cursor| cursor.len() > CURSOR_MAX) {
        return Err(format!("the cursor is longer than {CURSOR_MAX} bytes"));
    }
    let (mut arms, mut metrics) = (Codes::new(&request.arms), Codes::new(&request.metrics));
    for (index, row) in rows.iter().enumerate() {
        let wrong = |what: String| Err(format!("row {index}: {what}"));
        if !arms.contains(row.arm) {
            return wrong(format!("no arm has the code {}", row.arm));
        }
        if !metrics.contains(row.metric) {
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
    }
    match doubled(rows) {
        Some((arm, metric, period)) => {
            Err(format!("arm {arm}, metric {metric} and period {period} are there twice"))
        }
        None => Ok(()),
    }
}

/// The codes that a request knows. Rows of one arm or metric often follow each other, so the last is kept.
struct Codes {
    sorted: Vec<u32>,
    last: Option<u32>,
}

impl Codes {
    fn new(coded: &[Coded]) -> Self {
        let mut sorted: Vec<u32> = coded.iter().map(|coded| coded.code).collect();
        sorted.sort_unstable();
        Self { sorted, last: None }
    }

    fn contains(&mut self, code: u32) -> bool {
        if self.last == Some(code) {
            return true;
        }
        let known = self.sorted.binary_search(&code).is_ok();
        self.last = known.then_some(code);
        known
    }
}

/// Arm, metric and period that are there twice, if any are.
fn doubled(rows: &Columns) -> Option<(u32, u32, i64)> {
    // Rows in either natural order show at a glance that there are none; only others are sorted.
    let by_arm = |row: Row| (row.arm, row.metric, row.period_start_us);
    let by_period = |row: Row| (row.period_start_us, row.arm, row.metric);
    if rows.iter().map(by_period).is_sorted_by(|row, next| row < next)
        || rows.iter().map(by_arm).is_sorted_by(|row, next| row < next)
    {
        return None;
    }
    let mut keys: Vec<_> = rows.iter().map(by_arm).collect();
    keys.sort_unstable();
    keys.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
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
            (good, "arm 1, metric 9 and period 100 are there twice"),
        ] {
            assert_eq!(checked(&[good, row]), Err(expected.to_owned()));
        }
    }

    /// Protects against a doubled row wherever it hides, whatever the order of the rows.
    #[test]
    fn a_doubled_row_is_found_in_any_order() {
        let row = |period, arm, metric| Row::count(period, arm, metric, 1);
        let by_period = [row(100, 1, 1), row(100, 1, 9), row(100, 2, 1), row(101, 1, 1)];
        let by_arm = [row(100, 1, 1), row(101, 1, 1), row(100, 1, 9), row(100, 2, 1)];
        let in_no_order = [row(101, 1, 1), row(100, 2, 1), row(100, 1, 9), row(100, 1, 1)];
        for rows in [by_period, by_arm, in_no_order] {
            assert_eq!(checked(&rows), Ok(()));
            for twice in rows {
                let rows: Vec<Row> = rows.iter().copied().chain([twice]).collect();
                assert!(checked(&rows).is_err_and(|reason| reason.contains("twice")), "{rows:?}");
            }
        }
    }
}
