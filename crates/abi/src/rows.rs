//! Observations, schema `aggregates/1`: rows to write with, columns to move with.
//!
//! [`Columns`] keeps all six columns of one length. What the values mean, and whether they fit a request, is
//! not known here.

/// One observation: a metric of an arm in a period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Start of the period in which the exposure was bought, in µs UTC.
    pub period_start_us: i64,
    /// The arm's code in the request.
    pub arm: u32,
    /// The metric's code in the request.
    pub metric: u32,
    /// How many.
    pub count: u64,
    /// Sum of the values; money in minor units.
    pub sum: f64,
    /// Sum of the squared values.
    pub sum_sq: f64,
}

impl Row {
    /// A count of things that are all worth the same, such as clicks or leads: sum and sum of squares are the
    /// count itself.
    pub fn count(period_start_us: i64, arm: u32, metric: u32, count: u64) -> Self {
        Self { period_start_us, arm, metric, count, sum: count as f64, sum_sq: count as f64 }
    }

    /// One amount of money, such as a period's spend, in minor units.
    pub fn amount(period_start_us: i64, arm: u32, metric: u32, minor: i64) -> Self {
        let sum = minor as f64;
        Self { period_start_us, arm, metric, count: 1, sum, sum_sq: sum * sum }
    }
}

/// Rows by column, all of one length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    pub(crate) period_start_us: Vec<i64>,
    pub(crate) arm: Vec<u32>,
    pub(crate) metric: Vec<u32>,
    pub(crate) count: Vec<u64>,
    pub(crate) sum: Vec<f64>,
    pub(crate) sum_sq: Vec<f64>,
}

impl Columns {
    /// No rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Six columns, or `None` when their lengths differ.
    pub fn from_parts(
        period_start_us: Vec<i64>,
        arm: Vec<u32>,
        metric: Vec<u32>,
        count: Vec<u64>,
        sum: Vec<f64>,
        sum_sq: Vec<f64>,
    ) -> Option<Self> {
        let len = period_start_us.len();
        [arm.len(), metric.len(), count.len(), sum.len(), sum_sq.len()]
            .iter()
            .all(|other| *other == len)
            .then_some(Self { period_start_us, arm, metric, count, sum, sum_sq })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.arm.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.arm.is_empty()
    }

    /// Adds a row.
    pub fn push(&mut self, row: Row) {
        self.period_start_us.push(row.period_start_us);
        self.arm.push(row.arm);
        self.metric.push(row.metric);
        self.count.push(row.count);
        self.sum.push(row.sum);
        self.sum_sq.push(row.sum_sq);
    }

    /// Adds all rows of another.
    pub fn append(&mut self, other: &Self) {
        self.period_start_us.extend_from_slice(&other.period_start_us);
        self.arm.extend_from_slice(&other.arm);
        self.metric.extend_from_slice(&other.metric);
        self.count.extend_from_slice(&other.count);
        self.sum.extend_from_slice(&other.sum);
        self.sum_sq.extend_from_slice(&other.sum_sq);
    }

    /// The row at `index`.
    pub fn get(&self, index: usize) -> Option<Row> {
        (index < self.len()).then(|| Row {
            period_start_us: self.period_start_us[index],
            arm: self.arm[index],
            metric: self.metric[index],
            count: self.count[index],
            sum: self.sum[index],
            sum_sq: self.sum_sq[index],
        })
    }

    /// The rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Row> + '_ {
        // Zipped rather than indexed: no bounds to check in every row.
        let keys = self.period_start_us.iter().zip(&self.arm).zip(&self.metric);
        let values = self.count.iter().zip(&self.sum).zip(&self.sum_sq);
        keys.zip(values).map(|(((period_start_us, arm), metric), ((count, sum), sum_sq))| Row {
            period_start_us: *period_start_us,
            arm: *arm,
            metric: *metric,
            count: *count,
            sum: *sum,
            sum_sq: *sum_sq,
        })
    }

    /// Starts of the periods, in µs UTC.
    pub fn period_start_us(&self) -> &[i64] {
        &self.period_start_us
    }

    /// Codes of the arms.
    pub fn arm(&self) -> &[u32] {
        &self.arm
    }

    /// Codes of the metrics.
    pub fn metric(&self) -> &[u32] {
        &self.metric
    }

    /// Counts.
    pub fn count(&self) -> &[u64] {
        &self.count
    }

    /// Sums.
    pub fn sum(&self) -> &[f64] {
        &self.sum
    }

    /// Sums of squares.
    pub fn sum_sq(&self) -> &[f64] {
        &self.sum_sq
    }
}

impl FromIterator<Row> for Columns {
    fn from_iter<I: IntoIterator<Item = Row>>(rows: I) -> Self {
        let mut columns = Self::new();
        for row in rows {
            columns.push(row);
        }
        columns
    }
}

impl Extend<Row> for Columns {
    fn extend<I: IntoIterator<Item = Row>>(&mut self, rows: I) {
        for row in rows {
            self.push(row);
        }
    }
}
