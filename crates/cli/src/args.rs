//! The command line as typed by the user: one definition per flag, from which parser and help come.
//!
//! Nothing is checked here beyond its shape; each command turns its raw arguments into checked ones.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// How long a call to a plugin may take, where nobody says otherwise.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// Small monthly marketing experiments whose verdicts stay true.
#[derive(Debug, Parser)]
#[command(
    name = "gevinst",
    version,
    max_term_width = 100,
    propagate_version = true,
    disable_help_subcommand = true
)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Cli {
    /// Where the colour goes: `auto` colours a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t = Colour::Auto, global = true, value_name = "WHEN")]
    pub(crate) color: Colour,

    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
A first look: `gevinst rehearse experiments` plays the month of a folder of definitions against a stand-in market.
Your own: `gevinst new my-idea --channel native`, then `gevinst check`, `gevinst rehearse`, `gevinst run`.

Exit codes: 0 done · 1 internal fault · 2 wrong arguments · 3 a definition or data file has mistakes ·
  4 a plugin or channel failed · 5 the ledger cannot be used · 6 a verification failed";

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a commented definition of a new experiment
    New(New),
    /// Check definitions: are they sound, do their plugins accept them, and can the money show something?
    Check(Check),
    /// Play the month against a stand-in market before any money is spent
    Rehearse(Rehearse),
    /// Do what is due for every experiment of this month: observe, judge, decide, move
    Run(Run),
    /// Show where every experiment stands
    Status(Status),
    /// Approve or decline the moves that wait for a person
    Approve(Approve),
    /// Write the report of a month
    Report(Report),
    /// Judge a table of results that you already have
    Judge(Judge),
    /// Measure what a threshold rule ("pause when a lead costs more than 100") does to the month
    AuditRule(AuditRule),
    /// Split a month's budget over the experiments that are proposed for it, with the reasons
    Plan(Plan),
    /// Learn from closed experiments: how far apart arms usually are, and what winners are truly worth
    Learn(Learn),
    /// Start, list and test channel plugins, and accept a changed one
    Plugin {
        /// What to do with plugins.
        #[command(subcommand)]
        command: PluginCommand,
    },
    /// Verify or export the ledger
    Ledger {
        /// What to do with the ledger.
        #[command(subcommand)]
        command: LedgerCommand,
    },
    /// Print the schema of a file that users write, for editors, or of a report, for programs that read it
    Schema {
        /// Which file
        #[arg(value_enum)]
        file: SchemaFile,
    },
}

/// Where definitions are.
#[derive(Debug, Args)]
pub(crate) struct Definitions {
    /// Definition files, or folders of them [default: `experiments`, or the current folder without one]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// Where plugins are.
#[derive(Debug, Args)]
pub(crate) struct PluginDirs {
    /// Folder to look for plugin libraries in, before the usual ones; may be repeated
    #[arg(long = "plugin-dir", value_name = "DIR", env = "GEVINST_PLUGIN_DIR")]
    pub(crate) plugin_dirs: Vec<PathBuf>,
}

/// How long channels may take.
#[derive(Debug, Args)]
pub(crate) struct Deadline {
    /// How long one call to a plugin may take, in seconds; then it is cancelled, and killed if it goes on
    #[arg(
        long = "deadline",
        value_name = "SECONDS",
        default_value_t = DEADLINE.as_secs(),
        value_parser = clap::value_parser!(u64).range(1..=86_400)
    )]
    seconds: u64,
}

impl Deadline {
    /// As a duration.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

/// Where the ledger is.
#[derive(Debug, Args)]
pub(crate) struct LedgerFile {
    /// The ledger [default: `gevinst.ledger` beside `gevinst.toml`]
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
}

/// `gevinst new`.
#[derive(Debug, Args)]
pub(crate) struct New {
    /// Name of the experiment: lower-case letters, digits and hyphens
    pub(crate) name: String,
    /// The channel it runs on, one of `[channels]` in gevinst.toml
    #[arg(long)]
    pub(crate) channel: String,
    /// The month, as 2026-11 [default: next month]
    #[arg(long)]
    pub(crate) month: Option<String>,
    /// Folder to write it to [default: `experiments`, or the current folder without one]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

/// `gevinst check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) definitions: Definitions,
    #[command(flatten)]
    pub(crate) plugins: PluginDirs,
    /// Write what was found as JSON to FILE; to standard output without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) deadline: Deadline,
}

/// `gevinst rehearse`.
#[derive(Debug, Args)]
pub(crate) struct Rehearse {
    #[command(flatten)]
    pub(crate) definitions: Definitions,
    /// How many months to play; more than one measures how the experiment would do on average
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) months: u32,
    /// Seed of the stand-in market: the same seed gives the same month [default: the definitions' own]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Use this allocation rule in place of the definitions' own
    #[arg(long, value_enum)]
    pub(crate) rule: Option<Rule>,
    /// Folder to write the report to
    #[arg(long, value_name = "DIR", default_value = "report")]
    pub(crate) out: PathBuf,
    /// Write the result as JSON to FILE; to standard output without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
    /// Keep the ledger of a single month in FILE, in place of a scratch one
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// Play a single month in this process, with the market that is linked in (for debuggers)
    #[arg(long)]
    pub(crate) in_process: bool,
    #[command(flatten)]
    pub(crate) plugins: PluginDirs,
    #[command(flatten)]
    pub(crate) deadline: Deadline,
}

/// `gevinst run`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) definitions: Definitions,
    #[command(flatten)]
    pub(crate) ledger: LedgerFile,
    /// Keep going: do what is due, wait until more is, and so on until interrupted
    #[arg(long)]
    pub(crate) watch: bool,
    /// Take this as the present moment, as 2026-11-14T08:00:00Z (for trials with a stand-in market)
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<String>,
    /// Write what was done as JSON to FILE; to standard output without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) plugins: PluginDirs,
    #[command(flatten)]
    pub(crate) deadline: Deadline,
}

/// `gevinst status`.
#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) ledger: LedgerFile,
    /// Only this month, as 2026-11 [default: the newest in the ledger]
    #[arg(long)]
    pub(crate) month: Option<String>,
    /// Write it as JSON to FILE; to standard output without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
}

/// `gevinst approve`.
#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// Which moves: an experiment (`headlines`), an arm (`headlines/problem`) or one command (`headlines/problem/7`); without any, the waiting moves are listed
    #[arg(value_name = "MOVE")]
    pub(crate) moves: Vec<String>,
    /// All that wait
    #[arg(long, conflicts_with = "moves")]
    pub(crate) all: bool,
    /// Decline them in place of approving
    #[arg(long)]
    pub(crate) decline: bool,
    /// Who decides [default: the user's login name]
    #[arg(long, env = "USER", default_value = "unknown", hide_env_values = true)]
    pub(crate) by: String,
    /// Take this as the present moment (for trials with a stand-in market)
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<String>,
    #[command(flatten)]
    pub(crate) ledger: LedgerFile,
    /// Write it as JSON to FILE; to standard output without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
}

/// `gevinst report`.
#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    pub(crate) ledger: LedgerFile,
    /// The month, as 2026-11, or months beside each other, as 2026-09..2026-11 [default: the newest in the ledger]
    #[arg(long)]
    pub(crate) month: Option<String>,
    /// One page, in place of all
    #[arg(long, value_enum)]
    pub(crate) page: Option<PageKind>,
    /// The experiment of an experiment's page
    #[arg(long, value_name = "NAME")]
    pub(crate) experiment: Option<String>,
    /// The form of the page [default: html]
    #[arg(long, value_enum)]
    pub(crate) format: Option<ReportFormat>,
    /// The language: en, da, nb or sv
    #[arg(long, value_name = "CODE", env = "GEVINST_LANGUAGE", default_value = "en")]
    pub(crate) language: String,
    /// File to write the page to; `-` for standard output [default: a file in the folder for html and pdf, else standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Print the page as PDF, with an installed Chromium
    #[arg(long)]
    pub(crate) pdf: bool,
    /// Show the pages in a browser on this machine, fresh as the ledger grows, and approve moves there
    #[arg(long, conflicts_with_all = ["page", "experiment", "format", "output", "pdf", "json"])]
    pub(crate) serve: bool,
    /// Port of 127.0.0.1 to serve on; 0 for any that is free
    #[arg(long, default_value_t = 4747, requires = "serve")]
    pub(crate) port: u16,
    /// Take this as the present moment, as 2026-11-14T08:00:00Z (for trials with a stand-in market)
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<String>,
    /// Who approves in the browser [default: the user's login name]
    #[arg(long, env = "USER", default_value = "unknown", hide_env_values = true)]
    pub(crate) by: String,
    /// Folder to write the report to
    #[arg(long, value_name = "DIR", default_value = "report")]
    pub(crate) out: PathBuf,
    /// Write it as JSON to FILE; to standard output without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-", conflicts_with_all = ["page", "experiment", "format", "output", "pdf"])]
    pub(crate) json: Option<PathBuf>,
}

/// A page of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PageKind {
    /// The month as a whole and its experiments
    Month,
    /// One experiment
    Experiment,
    /// What marketing gave, for those who decide on budgets
    Management,
    /// Every experiment that was ever run, to be searched
    Library,
}

/// A form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// One self-contained page
    Html,
    /// Markdown, for a chat post
    Md,
    /// A table for spreadsheets and other programs
    Csv,
    /// Every figure
    Json,
    /// As in the terminal
    Txt,
}

/// `gevinst judge`.
#[derive(Debug, Args)]
pub(crate) struct Judge {
    /// CSV with the columns period, arm, exposure, count and optionally spend; for values exposure, sum and sum_sq, for ratios exposure and sum
    #[arg(required_unless_present = "json")]
    pub(crate) table: Option<PathBuf>,
    /// Chance of ever dropping the truly best arm
    #[arg(long, default_value_t = 0.05)]
    pub(crate) alpha: f64,
    /// Arms whose ratio lies within this margin are equal, as `10 %` or 0.1
    #[arg(long, value_name = "SHARE")]
    pub(crate) tie_within: Option<String>,
    /// How the arms were kept apart
    #[arg(long, value_enum, default_value_t = SeparationArg::Unrandomised)]
    pub(crate) separation: SeparationArg,
    /// What the exposure column counts [default: `recipients` with `--separation randomised`, else `spend`]
    #[arg(long, value_enum)]
    pub(crate) per: Option<PerArg>,
    /// What of the goal is judged: its count, a mean value, or a sum over the exposure
    #[arg(long, value_enum, default_value_t = KindArg::Count)]
    pub(crate) kind: KindArg,
    /// The most that one person can bring, for values of people assigned at random: makes bounds exact
    #[arg(long, value_name = "VALUE")]
    pub(crate) cap: Option<f64>,
    /// Adjust values by what was known of people before: columns before, before_sq and sum_before, the sums of that, of its squares and of its products with the values
    #[arg(long)]
    pub(crate) history: bool,
    /// A person can reach the goal more than once
    #[arg(long)]
    pub(crate) repeated: bool,
    /// The most that a goal may cost, in the unit of the spend column
    #[arg(long, value_name = "COST")]
    pub(crate) max_cost: Option<f64>,
    /// Prior standard deviation of log ratios between arms
    #[arg(long, default_value_t = 0.4)]
    pub(crate) prior_sd: f64,
    /// Use a test that people know, in place of our own: on the totals, each arm against the control. It may not be read again and again
    #[arg(long, value_enum, conflicts_with_all = ["tie_within", "max_cost", "prior_sd", "cap", "history", "repeated"])]
    pub(crate) test: Option<TestArg>,
    /// The arm that `--test` compares the others to [default: the table's first]
    #[arg(long, value_name = "ARM", requires = "test")]
    pub(crate) control: Option<String>,
    /// How many looks a group-sequential test was planned with
    #[arg(long, value_name = "N", requires = "test")]
    pub(crate) looks: Option<u32>,
    /// Which of them this is, counted from 1 [default: the last]
    #[arg(long, value_name = "K", requires = "looks")]
    pub(crate) look: Option<u32>,
    /// Write it as JSON to FILE; to standard output without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
}

/// A test that people know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestArg {
    /// Welch's t-test of means; the table needs sum and sum_sq. Fixed sample.
    Welch,
    /// The two-proportion z-test, for many people. Fixed sample.
    TwoProportion,
    /// Fisher's exact test, for few people. Fixed sample.
    Fisher,
    /// Barnard's exact test, for up to 5,000 people an arm. Fixed sample.
    Barnard,
    /// Boschloo's exact test, for up to 5,000 people an arm. Fixed sample.
    Boschloo,
    /// The exact test of two Poisson rates, for goals per money, impressions or clicks. Fixed sample.
    Poisson,
    /// The O'Brien-Fleming boundary, strict early and mild late. Group sequential: needs --looks.
    ObrienFleming,
    /// The Pocock boundary, the same at every look. Group sequential: needs --looks.
    Pocock,
}

/// `gevinst audit-rule`.
#[derive(Debug, Args)]
#[command(after_help = AUDIT_RULE_HELP)]
pub(crate) struct AuditRule {
    /// The rule, a small TOML
    #[arg(value_name = "RULE.toml")]
    pub(crate) rule: PathBuf,
    #[command(flatten)]
    pub(crate) definitions: Definitions,
    /// How many months to play
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub(crate) months: u32,
    /// Seed of the stand-in markets [default: the definitions' own]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Write what was found as JSON to FILE; to standard output without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
}

const AUDIT_RULE_HELP: &str = "\
The rule decides alone, at the end of each day, on the same stand-in markets and seeds as gevinst's
own decisions.

  name = \"pause-when-dear\"
  freed_budget = \"others\"          # a paused arm's money: to the others (the default), or unspent
  [[pause]]
  metric = \"cost_per_goal\"         # cost_per_goal, goals or rate; no goal is dearer than any limit
  above = \"100 NOK\"                # or below: money, a number of goals, or a share such as \"2 %\"
  window = \"7 days\"                # or \"all\"
  minimum_spend = \"50 NOK\"         # in the window, before the rule says anything
  [scale]                          # each day on which goals cost less than that
  factor = 1.2
  below = \"80 NOK\"
  window = \"7 days\"

An arm meets the limit when its goals in truth cost at most `max_cost_per_goal` of the definition,
or without one the rule's own limit.";

/// `gevinst plan`.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// The month, as 2026-11
    pub(crate) month: String,
    #[command(flatten)]
    pub(crate) definitions: Definitions,
    /// For how many further months of the same spend what is learned will be used
    #[arg(long, default_value_t = 12.0, value_name = "N")]
    pub(crate) future_months: f64,
    /// Write the plan as JSON to FILE; to standard output without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
}

/// `gevinst learn`.
#[derive(Debug, Args)]
pub(crate) struct Learn {
    #[command(flatten)]
    pub(crate) ledger: LedgerFile,
    /// Learn from this CSV in place of the ledger: columns experiment, arm, exposure and count, perhaps channel, control (yes or no) and period
    #[arg(long, value_name = "FILE", conflicts_with = "ledger")]
    pub(crate) csv: Option<PathBuf>,
    /// Write what was learned as JSON to FILE; to standard output without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,
}

/// `gevinst plugin …`.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// List the plugins that are found, with version, digest and what they can do
    List {
        #[command(flatten)]
        plugins: PluginDirs,
        /// Write it as JSON to FILE; to standard output without FILE
        #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
        json: Option<PathBuf>,
    },
    /// Write the crate of a new plugin, which builds and passes the conformance tests as it is
    New {
        /// Name of the plugin: lower-case letters, digits and hyphens
        name: String,
        /// Folder to make the crate's folder in
        #[arg(long, value_name = "DIR", default_value = ".")]
        dir: PathBuf,
        /// The folder `crates/sdk` of a checkout of gevinst [default: the one around DIR, or this version from the registry]
        #[arg(long, value_name = "PATH")]
        sdk: Option<PathBuf>,
    },
    /// Run the conformance tests on a plugin, each in a fresh process
    Test {
        /// The library, or a plugin's name
        lib: PathBuf,
        /// The channel's configuration as TOML, as under `[channels.NAME]`
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Load it into this process (for debuggers)
        #[arg(long)]
        in_process: bool,
        /// Only tests whose name contains this
        #[arg(long, value_name = "TEXT")]
        filter: Option<String>,
        #[command(flatten)]
        plugins: PluginDirs,
        /// Write it as JSON to FILE; to standard output without FILE
        #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
        json: Option<PathBuf>,
    },
    /// Accept a plugin library that changed since an experiment started
    Accept {
        /// The library, or a plugin's name
        lib: PathBuf,
        /// Who accepts
        #[arg(long, env = "USER", default_value = "unknown", hide_env_values = true)]
        by: String,
        #[command(flatten)]
        plugins: PluginDirs,
        #[command(flatten)]
        ledger: LedgerFile,
    },
}

/// `gevinst ledger …`.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Prove that nothing was changed or lost
    Verify {
        #[command(flatten)]
        ledger: LedgerFile,
        /// Write it as JSON to FILE; to standard output without FILE
        #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
        json: Option<PathBuf>,
    },
    /// Write every record and row as JSON lines
    Export {
        #[command(flatten)]
        ledger: LedgerFile,
        /// Where to [default: standard output]
        #[arg(long, short, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// A file that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaFile {
    /// gevinst.toml
    Company,
    /// experiments/*.toml
    Experiment,
    /// `gevinst report --format json`
    Report,
    /// `gevinst report --format csv`: the columns of each page
    ReportCsv,
    /// `gevinst report --page library --format json`
    Library,
}

/// An allocation rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rule {
    /// The same to every arm: proves fastest.
    Even,
    /// Between the two.
    Balanced,
    /// To each its chance to be best: gains most.
    Earn,
}

/// How arms were kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeparationArg {
    /// People were assigned at random.
    Randomised,
    /// The platform's own split test.
    PlatformSplit,
    /// By region.
    Geo,
    /// By time.
    Switchback,
    /// Not at random.
    Unrandomised,
}

/// What of a goal is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindArg {
    /// How many there are.
    Count,
    /// What each person, click or impression brought: column sum, and its squares in sum_sq.
    Value,
    /// A sum over the exposure, such as revenue over spend: column sum.
    Ratio,
}

/// What goals are counted per.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PerArg {
    /// Money.
    Spend,
    /// Times shown.
    Impressions,
    /// Visits.
    Clicks,
    /// People.
    Recipients,
}
