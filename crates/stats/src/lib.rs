//! Pure statistics of adaptive experiments: tables in, evidence out. No I/O, no clock; the same table gives the same answer.
//!
//! An experiment has arms; periods in which exposure was bought (money, impressions, clicks, people); and goals, which belong to the
//! period of their exposure however late they come. Somebody looks every day, and money follows what was seen. What is computed here stays
//! true in just that situation, and each number says for what it may be trusted ([`judgement::Guarantee`]):
//!
//! * `exact`: at any stopping time, under the stated sampling;
//! * `robust`: at any stopping time, averaged over the stated prior on day noise;
//! * `asymptotic`: for large counts;
//! * `model`: a Bayesian reading, as good as its prior.
//!
//! # In which order to read
//!
//! 1. What is known: [`table`] (counts), [`proportion`] (people of a list), [`value`] (money), [`paired`] (two sums).
//! 2. One pair of arms: [`likelihood`] conditions on what the arms had together, so that weekdays and delays cancel; [`prior`] says what is
//!    believed before; [`pair`] reads the one curve twice, as a posterior and as e-values and confidence sequences (Ville 1939: a
//!    nonnegative martingale from 1 ever reaches 1/α with probability at most α).
//! 3. All arms: [`judgement`] averages e-values, [`best`] gives the chance to be best and the expected loss.
//! 4. Other goals, same evidence: [`proportion`] exactly, [`value`] and [`ratio`] for money, [`cost_limit`] for one arm against a limit,
//!    [`cuped`] where the list's history is known.
//! 5. What follows: [`decide`] (drop, tie, unprofitable, futile, winner) and [`allocate`] (shares of the next budget).
//! 6. May it be trusted: [`quality`] and [`sample_ratio`].
//! 7. Before and after: [`plan`] and [`test_and_roll`] say what money can show; [`learn`] what closed experiments teach; [`fdr`] which of
//!    many verdicts hold; [`meta`] what several experiments say together.
//! 8. Methods of others, under their own names: [`classical`], [`group_sequential`], [`safe_test`], [`mixture_boundary`].
//! 9. Below it all: [`special`] functions, accurate into tails of 10⁻³⁰⁰.
//!
//! Every page states formula, domain, units and source. `REFERENCES.md` lists the published numbers that tests reproduce, and the
//! independent programs that results are compared with.
//!
//! # A look, and what follows from it
//!
//! ```
//! use gevinst_stats::decide::{Rules, Situation, Verdict, decide};
//! use gevinst_stats::judgement::{Settings, judge};
//! use gevinst_stats::table::CountTable;
//!
//! // Ten days of two arms with 500 kr a day each: 3 leads a day against 9.
//! let table = CountTable::from_columns(2, &[500.0; 20], &[3, 9].repeat(10))?;
//! let look = judge(&table, &Settings::default())?;
//! // The evidence against the first arm's being best has passed 20 to 1: it goes, and the chance that such an arm was the best, whenever
//! // one looked and however budgets moved, is at most 1 in 20.
//! assert!(look.arms[0].ln_e_drop > 20_f64.ln() && look.guarantee.as_str() == "robust");
//! let situation = Situation { judgement: &look, costs: &[], spend: &[], alive: &[true; 2], month_end: false };
//! let verdicts = decide(&situation, &Rules::default())?;
//! assert!(matches!(verdicts[0].verdict, Verdict::Drop { beaten_by: 1, .. }));
//! # Ok::<(), gevinst_stats::StatsError>(())
//! ```
#![forbid(unsafe_code)]

mod curve;
mod error;
mod vector;

pub mod allocate;
pub mod best;
pub mod classical;
pub mod cost_limit;
pub mod cuped;
pub mod decide;
pub mod fdr;
pub mod group_sequential;
pub mod judgement;
pub mod learn;
pub mod likelihood;
pub mod meta;
pub mod mixture_boundary;
pub mod pair;
pub mod paired;
pub mod plan;
pub mod prior;
pub mod proportion;
pub mod quality;
pub mod ratio;
pub mod safe_test;
pub mod sample_ratio;
pub mod special;
pub mod table;
pub mod test_and_roll;
pub mod value;

pub use error::StatsError;
