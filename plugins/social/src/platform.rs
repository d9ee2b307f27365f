//! What a platform must be able to do, in the channel's own words: find, read, make, change, report.
//!
//! Each of the two platforms implements [`Platform`]; fences, currencies, days and what follows from a lost answer
//! are not their matter but the channel's. Amounts are minor units of the account's currency.

use gevinst_sdk::Error;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

/// The account as the platform tells it. One in another currency than the configured one is refused by the platform's
/// side of this line.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// Where its days begin.
    pub(crate) zone: TimeZone,
    /// The smallest daily budget.
    pub(crate) least_minor: i64,
}

/// The object that stands for an arm, as read from the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Its budget a day, when it has one of its own.
    pub(crate) budget: Option<Budget>,
    /// Whether somebody switched it off; a pause higher up, or a review, is [`Platform::held_back`]'s matter.
    pub(crate) paused: bool,
    /// It was ended for good: it can be reported on, and not be set running again.
    pub(crate) ended: bool,
}

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Its number.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// When it was made, in µs UTC, where the platform tells.
    pub(crate) made_us: Option<i64>,
}

/// The one object of a listing that bears a name.
///
/// # Errors
/// A bad request when there are two: which of them is the arm nobody can tell.
pub(crate) fn named<'a>(listed: &'a [Listed], name: &str) -> Result<Option<&'a Listed>, Error> {
    let mut bearing = listed.iter().filter(|one| one.name == name);
    match (bearing.next(), bearing.next()) {
        (Some(one), Some(other)) => {
            let message = format!("{} and {} are both called `{name}`: rename one of them", one.id, other.id);
            Err(Error::bad_request("/arm", message))
        }
        (found, _) => Ok(found),
    }
}

/// A sum a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Minor units.
    pub(crate) minor: i64,
    /// ISO 4217 code.
    pub(crate) currency: String,
}

/// One object's day, as the platform reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Day {
    /// The object's number.
    pub(crate) id: String,
    /// The platform's date.
    pub(crate) date: Date,
    /// What was reported; a metric that is not there was not told.
    pub(crate) figures: Vec<(Metric, Figure)>,
}

/// What can be reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metric {
    Spend,
    Impressions,
    Clicks,
    LandingPageClicks,
    Lead,
    Conversion,
    Value,
}

impl Metric {
    /// All, with the names by which they are asked for.
    pub(crate) const ALL: [(Self, &'static str); 7] = [
        (Self::Spend, "spend"),
        (Self::Impressions, "impressions"),
        (Self::Clicks, "clicks"),
        (Self::LandingPageClicks, "landing_page_clicks"),
        (Self::Lead, "lead"),
        (Self::Conversion, "conversion"),
        (Self::Value, "value"),
    ];

    /// The metric of a name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(metric, _)| metric)
    }
}

/// A reported figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figure {
    /// So many.
    Count(u64),
    /// So many minor units.
    Minor(i64),
}

/// A change to an object. What is `None` stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Change {
    /// Its budget a day, in minor units.
    pub(crate) minor: Option<i64>,
    /// Whether it rests.
    pub(crate) paused: Option<bool>,
}

impl Change {
    /// Whether nothing is to be changed.
    pub(crate) const fn is_none(self) -> bool {
        self.minor.is_none() && self.paused.is_none()
    }
}

/// A platform, signed in to one account.
///
/// Errors of the writing methods keep the difference between "certainly not carried out" and "unknown".
pub(crate) trait Platform: Send {
    /// The account; asked once, kept afterwards.
    fn account(&mut self) -> Result<Account, Error>;

    /// Whether commands would be carried out: signing in, rights, the place where objects are made. Changes nothing.
    fn check(&mut self) -> Result<(), Error>;

    /// Whether `creative` is something that can be shown; a JSON pointer below `/set/creative` where not.
    fn check_creative(&self, creative: &Value) -> Result<(), Error>;

    /// All objects in the place where ours are made, whatever their state.
    fn list(&mut self) -> Result<Vec<Listed>, Error>;

    /// The object, or `None` when the platform has none of that number.
    fn read(&mut self, id: &str) -> Result<Option<Standing>, Error>;

    /// Why an object that runs is not shown, in the platform's words; `None` when it is.
    fn held_back(&mut self, id: &str) -> Result<Option<String>, Error>;

    /// Makes an object that rests, with a budget. Sent once.
    fn create(&mut self, name: &str, minor: i64) -> Result<String, Error>;

    /// Whether the object was ever given something to show: then it was launched, whatever a person took away since.
    fn has_creative(&mut self, id: &str) -> Result<bool, Error>;

    /// Gives the object something to show. Sent once.
    fn add_creative(&mut self, id: &str, name: &str, creative: &Value) -> Result<(), Error>;

    /// Changes an object. Sent once.
    fn change(&mut self, id: &str, change: Change) -> Result<(), Error>;

    /// How often a budget may be changed within an hour.
    fn budget_changes_an_hour(&self) -> Option<usize>;

    /// What the platform has of the objects for the dates from `first` to `last`.
    fn report(&mut self, ids: &[String], first: Date, last: Date) -> Result<Vec<Day>, Error>;
}
