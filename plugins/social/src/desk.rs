//! Commands: from what was wanted to what is written, behind the fence that no platform offers.
//!
//! [`Fence`](gevinst_http::Fence) sees to it that a command is carried out once; here is what one means. An arm is found
//! by its name, and made only when no object bears it. A new one rests until it has something to show: while it has
//! nothing, it counts as not there, so that a launch that broke off half-way is launched again and finds what was made.

use gevinst_http::{Arms, Folder, Standing as Fenced};
use gevinst_sdk::wire::Command;
use gevinst_sdk::{Code, Error, Host, Level};

use crate::config::Settings;
use crate::platform::{Change, Platform, Standing, named};

const HOUR_US: i64 = 3_600_000_000;

/// One account's arms, as the fence wants them.
pub(crate) struct Desk<'a> {
    pub(crate) host: &'a Host,
    pub(crate) settings: &'a Settings,
    pub(crate) folder: &'a Folder,
    pub(crate) platform: &'a mut dyn Platform,
}

/// The platform's name for an arm: by it an object is found again.
pub(crate) fn name(experiment: &str, arm: &str) -> String {
    format!("gevinst/{experiment}/{arm}")
}

impl Arms for Desk<'_> {
    fn currency(&self) -> &str {
        &self.settings.currency
    }

    fn read(&mut self, experiment: &str, arm: &str, id: Option<&str>) -> Result<Option<Fenced>, Error> {
        // Refuses an account in another currency before any amount is read as one of ours.
        self.platform.account()?;
        let Some((id, standing)) = self.object(&name(experiment, arm), id)? else { return Ok(None) };
        if standing.paused && !standing.ended && !self.platform.has_creative(&id)? {
            return Ok(None);
        }
        let budget_minor = self.budget_minor(&standing)?;
        Ok(Some(Fenced { id, budget_minor, paused: standing.paused }))
    }

    fn accept(&mut self, command: &Command) -> Result<(), Error> {
        let account = self.platform.account()?;
        let (minor, paused) = (command.set.daily_budget.minor, command.set.paused);
        let least = account.least_minor.max(self.settings.least_minor);
        // An arm that is to rest keeps whatever budget it has: no platform takes a budget of zero.
        if minor < least && !(paused && minor == 0) {
            let message = format!(
                "{minor} a day in minor units; the smallest budget is {least} {} of them",
                self.settings.currency
            );
            return Err(Error::bad_request("/set/daily_budget/minor", message));
        }
        command.set.creative.as_ref().map_or(Ok(()), |creative| self.platform.check_creative(creative))
    }

    fn write(&mut self, command: &Command, standing: Option<&Fenced>) -> Result<(), Error> {
        self.carry_out(command, standing).map_err(|error| match error.code {
            // A write's own failure says "not applied" or "unknown"; these are of the looks before it.
            Code::Unavailable | Code::Cancelled => Error::not_applied(error.message),
            _ => error,
        })
    }
}

impl Desk<'_> {
    /// Looks what is there, and writes what differs.
    fn carry_out(&mut self, command: &Command, standing: Option<&Fenced>) -> Result<(), Error> {
        let name = name(&command.experiment, &command.arm);
        let (minor, paused) = (command.set.daily_budget.minor, command.set.paused);
        let (id, standing) = match standing {
            Some(fenced) => {
                let standing = self.platform.read(&fenced.id)?;
                (fenced.id.clone(), standing.ok_or_else(|| Error::not_applied(format!("`{name}` is gone")))?)
            }
            None => self.launch(command, &name)?,
        };
        let change = difference(&standing, minor, paused);
        if standing.ended && change.paused == Some(false) {
            let message = format!("`{name}` was ended on the platform: give the arm another name");
            return Err(Error::bad_request("/arm", message));
        }
        if change.is_none() {
            return Ok(());
        }
        if change.minor.is_some() {
            self.take_budget_change(&id)?;
        }
        if self.host.now_us() > command.not_after_us {
            return Err(Error::not_applied(format!("`{}` came too late", command.key)));
        }
        self.platform.change(&id, change)?;
        if !paused && change.paused.is_some() {
            self.tell(&id, &name);
        }
        Ok(())
    }

    /// The arm's object: by its number, or, when there is none of that number, by its name.
    fn object(&mut self, name: &str, id: Option<&str>) -> Result<Option<(String, Standing)>, Error> {
        if let Some(id) = id
            && let Some(standing) = self.platform.read(id)?
        {
            return Ok(Some((id.to_owned(), standing)));
        }
        let Some(id) = self.find(name)? else { return Ok(None) };
        Ok(self.platform.read(&id)?.map(|standing| (id, standing)))
    }

    /// The number of the object that bears a name.
    fn find(&mut self, name: &str) -> Result<Option<String>, Error> {
        Ok(named(&self.platform.list()?, name)?.map(|listed| listed.id.clone()))
    }

    /// Makes the arm's object with something to show, or completes one that a broken launch left behind. It rests.
    fn launch(&mut self, command: &Command, name: &str) -> Result<(String, Standing), Error> {
        let creative = command.set.creative.as_ref().ok_or_else(|| {
            Error::bad_request("/set/creative", "missing; the platform does not have this arm yet")
        })?;
        let id = match self.find(name)? {
            Some(id) => id,
            None => {
                let least = self.platform.account()?.least_minor.max(self.settings.least_minor);
                self.platform.create(name, command.set.daily_budget.minor.max(least))?
            }
        };
        // It has nothing to show and rests: that this fails leaves nothing that could spend.
        if !self.platform.has_creative(&id)? {
            self.platform.add_creative(&id, name, creative)?;
        }
        let standing = self.platform.read(&id)?;
        standing
            .map(|standing| (id, standing))
            .ok_or_else(|| Error::unknown_outcome(format!("`{name}` was made, and cannot be read")))
    }

    fn budget_minor(&self, standing: &Standing) -> Result<i64, Error> {
        let budget = standing.budget.as_ref().ok_or_else(|| {
            Error::unavailable(
                "the arm has no daily budget of its own on the platform: give it one, and take the shared one away",
            )
        })?;
        if budget.currency != self.settings.currency {
            let message = format!(
                "the arm's budget is in `{}`, the account's currency is `{}`",
                budget.currency, self.settings.currency
            );
            return Err(Error::unavailable(message));
        }
        Ok(budget.minor)
    }

    /// Counts a change of a budget, where a platform takes few an hour; refuses one too many before it is sent.
    fn take_budget_change(&self, id: &str) -> Result<(), Error> {
        let Some(most) = self.platform.budget_changes_an_hour() else { return Ok(()) };
        let file = format!("changes/{id}");
        let now_us = self.host.now_us();
        let kept = self.folder.read(&file)?.unwrap_or_default();
        let mut lately: Vec<i64> = serde_json::from_slice(&kept).unwrap_or_default();
        lately.retain(|at_us| *at_us > now_us - HOUR_US);
        if lately.len() >= most {
            let oldest = lately.iter().copied().min().unwrap_or(now_us);
            let wait_ms = (oldest + HOUR_US - now_us) / 1_000 + 1;
            let message = format!("the platform takes {most} changes of a budget an hour");
            return Err(Error::rate_limited(Some(wait_ms), message));
        }
        lately.push(now_us);
        let bytes = serde_json::to_vec(&lately).map_err(|error| Error::internal(error.to_string()))?;
        self.folder.write(&file, &bytes)
    }

    /// Tells why an arm that was set running is not shown yet. Only a remark: the command is in force.
    fn tell(&mut self, id: &str, name: &str) {
        if let Ok(Some(reason)) = self.platform.held_back(id) {
            self.host.log(Level::Warn, format!("`{name}` is set running and not shown yet: {reason}"));
        }
    }
}

/// What of a command the platform does not have yet.
fn difference(standing: &Standing, minor: i64, paused: bool) -> Change {
    let has = standing.budget.as_ref().map(|budget| budget.minor);
    Change {
        minor: (!(paused && minor == 0) && has != Some(minor)).then_some(minor),
        paused: (standing.paused != paused).then_some(paused),
    }
}
