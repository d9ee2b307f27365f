//! What can go wrong in running experiments: one enum for all of it.

use std::path::PathBuf;

/// Why a step, a plan or a rehearsal failed. Messages complete "failed to …".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] gevinst_ledger::Error),
    /// A number outside what the statistics accept.
    #[error("judge `{experiment}`: {source}")]
    Statistics {
        /// The experiment.
        experiment: String,
        /// What the statistics said.
        source: gevinst_stats::StatsError,
    },
    /// A channel that could not be used.
    #[error("use channel `{channel}` for `{experiment}`: {source}")]
    Channel {
        /// The experiment.
        experiment: String,
        /// The channel.
        channel: String,
        /// What it said.
        source: crate::port::PortError,
    },
    /// The month is over: nothing may be launched in it any more.
    #[error("launch `{experiment}`: its month {month} is over")]
    MonthOver {
        /// The experiment.
        experiment: String,
        /// Its month.
        month: String,
    },
    /// The definition was changed after launch.
    #[error("run `{experiment}`: its definition was changed after it was launched")]
    DefinitionChanged {
        /// The experiment.
        experiment: String,
    },
    /// No `[rehearsal]` in a definition that is to be rehearsed.
    #[error("rehearse `{experiment}`: it has no `[rehearsal]`, so nothing says what might be true")]
    NoRehearsal {
        /// The experiment.
        experiment: String,
    },
    /// A file of past results is nowhere to be found.
    #[error("rehearse `{experiment}`: there is no file `{file}` in {}", folders(.looked_in))]
    NoDataFile {
        /// The experiment.
        experiment: String,
        /// The file, as the definition names it.
        file: String,
        /// Where it was looked for.
        looked_in: Vec<PathBuf>,
    },
    /// The stand-in market refused its truths or its data.
    #[error("rehearse `{experiment}`: {source}")]
    Rehearsal {
        /// The experiment.
        experiment: String,
        /// What it said.
        source: Box<gevinst_rehearsal::Error>,
    },
}

impl Error {
    /// What a person can do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Ledger(error) => error.hint().map(str::to_owned),
            Self::Channel { source, .. } => source.hint.clone(),
            Self::MonthOver { .. } => {
                Some("`gevinst rehearse` plays any month; to run it again, give it a new `month` and `name`".to_owned())
            }
            Self::DefinitionChanged { .. } => {
                Some("an experiment runs as it was launched: put the file back, or give the new one another `name`".to_owned())
            }
            Self::NoRehearsal { .. } => Some("add `[rehearsal]` with `goals_per_day` and `arms`, as in the draft that `gevinst new` writes".to_owned()),
            Self::NoDataFile { .. } => {
                Some("put the file beside the definition, or set GEVINST_DATA to the folder it is in".to_owned())
            }
            Self::Statistics { .. } | Self::Rehearsal { .. } => None,
        }
    }
}

fn folders(list: &[PathBuf]) -> String {
    list.iter().map(|folder| format!("`{}`", folder.display())).collect::<Vec<_>>().join(" or ")
}
