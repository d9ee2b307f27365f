//! Finding and loading the definitions that a command is about, and saying everything that is wrong with them.

use std::path::{Path, PathBuf};

use gevinst_experiment::{Diagnostics, Error, Project, Style};

use crate::args::Colour;
use crate::failure::{Failure, Kind};
use crate::output::{coloured, remark};

/// Loads what `paths` name; without any, `experiments`, or the current folder.
pub(crate) fn load(paths: &[PathBuf], colour: Colour) -> Result<Project, Failure> {
    let paths = if paths.is_empty() { vec![default_folder()] } else { paths.to_vec() };
    let project = Project::load(&paths).map_err(|error| failure(error, colour))?;
    if project.warnings.warning_count() > 0 {
        remark(&render(&project.warnings, colour));
    }
    Ok(project)
}

/// The folder that definitions are in when the user names none.
pub(crate) fn default_folder() -> PathBuf {
    let experiments = Path::new("experiments");
    if experiments.is_dir() { experiments.to_path_buf() } else { PathBuf::from(".") }
}

/// A failure with all diagnostics of all files, or the one error there is.
pub(crate) fn failure(error: Error, colour: Colour) -> Failure {
    match error {
        Error::Invalid(diagnostics) => {
            let text =
                format!("{}\nerror: {}", render(&diagnostics, colour).trim_end(), diagnostics.summary());
            Failure::rendered(Kind::Input, text)
        }
        other => Failure::failed_to(Kind::Input, &other),
    }
}

fn render(diagnostics: &Diagnostics, colour: Colour) -> String {
    diagnostics.render(if coloured(colour, true) { Style::Coloured } else { Style::Plain })
}

/// The ledger that a command is about: the stated one, or `gevinst.ledger` beside `gevinst.toml`.
pub(crate) fn ledger_path(stated: Option<&Path>, company_path: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(path) = stated {
        return Ok(path.to_path_buf());
    }
    let company = match company_path {
        Some(path) => path.to_path_buf(),
        None => gevinst_experiment::find_company(&default_folder()).map_err(|error| {
            Failure::failed_to(Kind::Input, &error).hint("name the ledger with `--ledger FILE`")
        })?,
    };
    Ok(company.parent().unwrap_or(Path::new("")).join("gevinst.ledger"))
}

/// The folder of `gevinst.toml`, from which paths in a channel's table count; `None` when it is the current one.
pub(crate) fn folder(project: &Project) -> Option<PathBuf> {
    let folder = project.company_path.parent()?;
    (!folder.as_os_str().is_empty()).then(|| folder.to_path_buf())
}

/// The folders that serve data files to all definitions.
pub(crate) fn data_folders() -> Vec<PathBuf> {
    std::env::var_os("GEVINST_DATA")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
        .into_iter()
        .collect()
}
