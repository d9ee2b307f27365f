//! Sending by an e-mail platform: what is due becomes mailings, each one campaign, and reports become what is known of people.
//!
//! Who is written to is decided here as for a mail server of one's own; the platform only delivers. A mailing goes from step to
//! step, each of which can be taken again after a crash: its people, its campaign and content are set as they ought to be, and
//! only then it is asked for, once. What became of an asking whose answer was lost is found by reading the campaign, and a
//! campaign can be sent once by the platform's own rule.

use std::collections::BTreeMap;

use lettre::message::Mailbox;

use crate::account::Account;
use crate::config::WhenPaused;
use crate::error::Error;
use crate::key::Person;
use crate::mailchimp::{Campaign, Mailchimp, NewCampaign};
use crate::scanner;
use crate::sender::{HOUR_US, Templates, Turn};
use crate::store::{Due, Mailing, MailingState, Noted, Reaction, Report};

const MINUTE_US: i64 = 60_000_000;
const DAY_US: i64 = 24 * HOUR_US;
/// A campaign that still rests so long after it was asked for certainly was not sent.
const ANSWERED_US: i64 = 10 * MINUTE_US;
/// For so long after a mailing its report may change.
const REPORT_US: i64 = 90 * DAY_US;
/// Reports that were read within so long are not read again before a batch.
const FRESH_US: i64 = MINUTE_US;
/// How often somebody may be suppressed while a mailing is set up, until the next turn takes over.
const ROUNDS_MAX: u32 = 3;
/// Clicks within so long of the sending are a mail scanner's.
const SCANNER_US: i64 = 10_000_000;
/// The most people of one mailing.
const BATCH_MAX: u32 = 50_000;

impl Account {
    /// Sends what is due by a platform: settles what is open, learns who left, and makes and sends new mailings.
    pub(crate) fn send_by_platform(
        &mut self,
        platform: &Mailchimp,
        templates: &mut Templates,
        clock: &dyn Fn() -> i64,
        go_on: &dyn Fn() -> bool,
        turn: &mut Turn,
    ) -> Result<(), Error> {
        self.carry_all(platform, templates, clock, go_on, turn)?;
        if self.reports_read_us.is_none_or(|at_us| clock() >= at_us.saturating_add(FRESH_US)) {
            self.read_reports(platform, clock())?;
        }
        self.prepare_mailings(templates, clock(), turn)?;
        self.carry_all(platform, templates, clock, go_on, turn)
    }

    /// Makes mailings of what is due.
    fn prepare_mailings(
        &mut self,
        templates: &mut Templates,
        now_us: i64,
        turn: &mut Turn,
    ) -> Result<(), Error> {
        let left =
            u64::from(self.config.pace.per_hour).saturating_sub(self.store.left_since(now_us - HOUR_US)?);
        let most = u32::try_from(left).unwrap_or(u32::MAX).min(BATCH_MAX);
        let mut batches: BTreeMap<(i64, u32), Vec<Due>> = BTreeMap::new();
        for due in self.store.due(now_us, self.config.when_paused == WhenPaused::Finish, most)? {
            let Some((step, _)) = templates.of(self, due.arm, &due.arm_name)?.get(due.step as usize - 1)
            else {
                self.store.finish(due.enrolment)?;
                continue;
            };
            if !self.holds(step.only_if, due.enrolment)? {
                let next = templates.next_due(due.arm, due.step, due.due_us);
                self.store.skip(&due, next)?;
            } else if self.list.get(due.person).is_none() {
                self.store.finish(due.enrolment)?;
                turn.withheld += 1;
            } else {
                batches.entry((due.arm, due.step)).or_default().push(due);
            }
        }
        for batch in batches.into_values() {
            let title = self.title(&batch);
            self.store.prepare_mailing(&title, &batch, now_us)?;
        }
        Ok(())
    }

    /// A mailing's name: the same for the same people's same message, so that it is found again even by whoever lost the send
    /// ledger, and never sent twice.
    fn title(&self, batch: &[Due]) -> String {
        let mut people: Vec<Person> = batch.iter().map(|due| due.person).collect();
        people.sort_unstable();
        let parts: Vec<&[u8]> = people.iter().map(|person| &person.0[..]).collect();
        let (experiment, arm, step) = batch
            .first()
            .map_or(("", "", 0), |due| (due.experiment.as_str(), due.arm_name.as_str(), due.step));
        let short = |name: &str| name.chars().take(32).collect::<String>();
        format!("gevinst/{}/{}/{step}/{}", short(experiment), short(arm), self.keys.sign("mailing", &parts))
    }

    fn carry_all(
        &mut self,
        platform: &Mailchimp,
        templates: &mut Templates,
        clock: &dyn Fn() -> i64,
        go_on: &dyn Fn() -> bool,
        turn: &mut Turn,
    ) -> Result<(), Error> {
        for mailing in self.store.open_mailings(self.config.when_paused == WhenPaused::Finish)? {
            if !go_on() {
                break;
            }
            self.carry(platform, templates, mailing, clock, turn)?;
        }
        Ok(())
    }

    /// Brings one mailing as far as it goes.
    fn carry(
        &mut self,
        platform: &Mailchimp,
        templates: &mut Templates,
        mut mailing: Mailing,
        clock: &dyn Fn() -> i64,
        turn: &mut Turn,
    ) -> Result<(), Error> {
        if mailing.state == MailingState::Asked {
            let is_settled = self.settle(platform, templates, &mailing, clock(), turn)?;
            if is_settled || clock() < mailing.asked_us.saturating_add(ANSWERED_US) {
                return Ok(());
            }
            // Read after all answers were due, it still rests: that asking was not carried out.
            self.store.not_sent(mailing.id)?;
        }
        for _ in 0..ROUNDS_MAX {
            turn.withheld += self.store.withhold_suppressed(mailing.id)?;
            let Some(segment) = self.gather_people(platform, &mut mailing, turn)? else {
                self.store.settle_mailing(&mailing, true, None, clock())?;
                return Ok(());
            };
            let campaign = self.set_up(platform, templates, &mut mailing, segment)?;
            if campaign.status != "save" {
                // It was sent by whoever had this name before: never again.
                self.settle(platform, templates, &mailing, clock(), turn)?;
                return Ok(());
            }
            if let Some(told) = platform.not_ready(&campaign.id)? {
                return Err(Error::Server(format!(
                    "the campaign `{}` cannot be sent: {told}",
                    mailing.title
                )));
            }
            // Not when somebody left meanwhile: then once more, without them.
            if self.store.ask(mailing.id, clock())? {
                return match platform.send(&campaign.id) {
                    Err(failure) if !failure.may_have_acted() => {
                        self.store.not_sent(mailing.id)?;
                        Err(Error::Platform(failure.of_write()))
                    }
                    // An answer that was lost is not asked for again: the campaign tells.
                    _ => self.settle(platform, templates, &mailing, clock(), turn).map(drop),
                };
            }
        }
        Ok(())
    }

    /// Makes the mailing's segment hold whom the mailing is for and nobody else. `None` when nobody is left.
    fn gather_people(
        &mut self,
        platform: &Mailchimp,
        mailing: &mut Mailing,
        turn: &mut Turn,
    ) -> Result<Option<u64>, Error> {
        let (mut wanted, mut gone) = (BTreeMap::new(), Vec::new());
        for (enrolment, person) in self.store.people_of(mailing.id)? {
            if let Some(recipient) = self.list.get(person) {
                wanted.insert(recipient.address.to_string().to_lowercase(), enrolment);
            } else {
                gone.push(enrolment);
            }
        }
        turn.withheld += gone.len();
        self.store.take_out_of(mailing.id, &gone)?;
        if wanted.is_empty() {
            return Ok(None);
        }
        let segment = match mailing.segment {
            Some(segment) => segment,
            None => match platform.segment_named(&mailing.title)? {
                Some(segment) => segment,
                None => platform.create_segment(&mailing.title)?,
            },
        };
        mailing.segment = Some(segment);
        self.store.set_ids(mailing.id, mailing.segment, mailing.campaign.as_deref())?;
        let mut there = platform.members(segment)?;
        let add: Vec<&str> = wanted.keys().filter(|one| !there.contains(*one)).map(String::as_str).collect();
        let remove: Vec<&str> =
            there.iter().filter(|one| !wanted.contains_key(*one)).map(String::as_str).collect();
        if !add.is_empty() || !remove.is_empty() {
            platform.change_members(segment, &add, &remove)?;
            there = platform.members(segment)?;
        }
        if there.iter().any(|one| !wanted.contains_key(one)) {
            let problem =
                format!("somebody else is in the segment `{}`; nothing is sent to it", mailing.title);
            return Err(Error::Server(problem));
        }
        // Not in the audience, or unsubscribed there: the platform would not write to them.
        let absent: Vec<i64> =
            wanted.iter().filter(|(one, _)| !there.contains(*one)).map(|(_, enrolment)| *enrolment).collect();
        turn.refused += absent.len();
        self.store.take_out_of(mailing.id, &absent)?;
        Ok((!there.is_empty()).then_some(segment))
    }

    /// Makes the mailing's campaign, or finds it, and says in it what the arm says.
    fn set_up(
        &mut self,
        platform: &Mailchimp,
        templates: &mut Templates,
        mailing: &mut Mailing,
        segment: u64,
    ) -> Result<Campaign, Error> {
        let found = match &mailing.campaign {
            Some(id) => platform.campaign(id)?,
            None => platform.campaign_titled(&mailing.title, mailing.made_us.saturating_sub(REPORT_US))?,
        };
        let failed = |problem| Error::Template { arm: mailing.arm_name.clone(), step: mailing.step, problem };
        let steps = templates.of(self, mailing.arm, &mailing.arm_name)?;
        let Some((step, renderer)) = steps.get(mailing.step as usize - 1) else {
            return Err(failed("the step is not there any more".to_owned()));
        };
        let words = renderer
            .render_for_platform(&self.list.columns, &step.links, |column| self.config.merge_tag(column))
            .map_err(failed)?;
        let campaign = match found {
            Some(campaign) => campaign,
            None => {
                let Mailbox { name, email } = self.config.sender()?;
                let reply_to = self.config.answers_to()?.map_or(email.clone(), |mailbox| mailbox.email);
                let id = platform.create_campaign(NewCampaign {
                    title: &mailing.title,
                    segment,
                    subject: &words.subject,
                    from_name: &name.unwrap_or_else(|| email.to_string()),
                    reply_to: reply_to.as_ref(),
                })?;
                platform.campaign(&id)?.ok_or_else(|| {
                    Error::Server(format!("the campaign `{}` was made and is not there", mailing.title))
                })?
            }
        };
        mailing.campaign = Some(campaign.id.clone());
        self.store.set_ids(mailing.id, mailing.segment, mailing.campaign.as_deref())?;
        if campaign.status == "save" {
            platform.set_content(&campaign.id, words.html.as_deref().unwrap_or_default(), &words.text)?;
        }
        Ok(campaign)
    }

    /// Reads what became of a mailing that may have been sent: whether that is known now.
    fn settle(
        &mut self,
        platform: &Mailchimp,
        templates: &mut Templates,
        mailing: &Mailing,
        now_us: i64,
        turn: &mut Turn,
    ) -> Result<bool, Error> {
        let campaign = match &mailing.campaign {
            Some(id) => platform.campaign(id)?,
            None => None,
        };
        let is_sent = match campaign.as_ref().map(|campaign| campaign.status.as_str()) {
            Some("save") => return Ok(false),
            Some("sent" | "sending" | "schedule" | "archived") => true,
            // Cancelled half-way, or taken away.
            _ => false,
        };
        templates.of(self, mailing.arm, &mailing.arm_name)?;
        let next_due_us = templates.next_due(mailing.arm, mailing.step, now_us);
        let people = self.store.settle_mailing(mailing, is_sent, next_due_us, now_us)?;
        *(if is_sent { &mut turn.sent } else { &mut turn.unknown }) += people;
        Ok(true)
    }

    /// Reads the platform's reports as far as they have changed.
    ///
    /// # Errors
    /// What is not known then must not be taken for nothing.
    pub(crate) fn read_reports(&mut self, platform: &Mailchimp, now_us: i64) -> Result<(), Error> {
        let since_us = now_us.saturating_sub(REPORT_US);
        let mailings = self.store.sent_mailings(since_us)?;
        if !mailings.is_empty() {
            let summaries: BTreeMap<String, String> =
                platform.summaries(since_us.saturating_sub(DAY_US))?.into_iter().collect();
            for mailing in mailings {
                let Some(campaign) = &mailing.campaign else { continue };
                let Some(summary) = summaries.get(campaign) else { continue };
                if mailing.summary.as_ref() != Some(summary) {
                    let report = self.report(platform, &mailing, campaign, summary)?;
                    self.store.set_report(&mailing, &report, now_us)?;
                }
            }
        }
        self.reports_read_us = Some(now_us);
        Ok(())
    }

    fn report(
        &self,
        platform: &Mailchimp,
        mailing: &Mailing,
        campaign: &str,
        summary: &str,
    ) -> Result<Report, Error> {
        let mut report = Report { summary: summary.to_owned(), reactions: Vec::new() };
        let mut add = |address: &str, reaction| report.reactions.push((self.keys.person(address), reaction));
        for one in platform.sent_to(campaign)? {
            add(&one.email_address, Reaction::Sent);
            match one.status.as_str() {
                "hard" => add(&one.email_address, Reaction::Noted(Noted::Bounce)),
                "soft" => add(&one.email_address, Reaction::Noted(Noted::SoftBounce)),
                _ => {}
            }
        }
        for one in platform.unsubscribed(campaign)? {
            add(&one.email_address, Reaction::Noted(Noted::Unsubscribe));
        }
        for one in platform.complained(campaign)? {
            add(&one.email_address, Reaction::Noted(Noted::Complaint));
        }
        let links = self.store.steps(mailing.arm)?.into_iter().nth(mailing.step as usize - 1);
        let links = links.map(|step| step.links).unwrap_or_default();
        for one in platform.activity(campaign)? {
            let clicks = one.activity.iter().filter(|done| done.action == "click").filter_map(|done| {
                let link = links.iter().position(|target| is_same(target, &done.url))?;
                Some((u32::try_from(link).ok()? + 1, done.timestamp.as_microsecond()))
            });
            let clicks: Vec<(u32, i64)> = clicks.collect();
            let judged = scanner::judge(&clicks, links.len(), mailing.sent_us.saturating_add(SCANNER_US));
            for ((link, at_us), by) in clicks.iter().zip(judged) {
                add(&one.email_address, Reaction::Clicked { link: *link, at_us: *at_us, by });
            }
        }
        Ok(report)
    }
}

/// Whether a report's address is a link's target; `&` may come back as HTML has it.
fn is_same(target: &str, reported: &str) -> bool {
    target == reported || target == reported.replace("&amp;", "&")
}
