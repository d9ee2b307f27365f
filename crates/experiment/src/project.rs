//! A project on disk: `gevinst.toml` and the definitions beside or below it.
//!
//! Everything is read and judged before anything is returned: either the whole project is sound, or all mistakes of all its
//! files come back together. Files that are too large to be definitions are not read at all.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use toml::de::DeTable;

use crate::{
    Checked, Company, Diagnostics, Error, Experiment, ExperimentName, FILE_BYTES_MAX, Money, Month, Source,
    Zone,
    diagnostic::{self, Diagnostic},
    parse_company, parse_experiment,
};

/// The company's file, as it is called everywhere.
pub(crate) const COMPANY_FILE: &str = "gevinst.toml";

/// The folder beside it that holds the definitions.
const DEFINITIONS: &str = "experiments";

/// A company with some of its experiments.
#[derive(Debug, Clone)]
pub struct Project {
    /// Where `gevinst.toml` is.
    pub company_path: PathBuf,
    /// Its text, as it was read.
    pub company_source: Source,
    /// What it says.
    pub company: Company,
    /// The experiments, in the order in which their paths were given, those of a folder by file name.
    pub experiments: Vec<Located>,
    /// What is worth a warning.
    pub warnings: Diagnostics,
}

/// An experiment and the file it was read from.
#[derive(Debug, Clone)]
pub struct Located {
    /// Where the definition is.
    pub path: PathBuf,
    /// Its text, as it was read: reading it again gives the same experiment.
    pub source: Source,
    /// What it says.
    pub experiment: Experiment,
}

impl Project {
    /// Reads the definitions that `paths` name, and the company that they belong to. A folder stands for all files in it that
    /// end in `.toml`; a folder with a `gevinst.toml` of its own stands for the `experiments` in it, if there are any.
    ///
    /// # Errors
    /// A path that cannot be read or holds no definition; no `gevinst.toml`, or two of them;
    /// [`Error::Invalid`] with all mistakes of all files.
    pub fn load<P: AsRef<Path>>(paths: &[P]) -> Result<Self, Error> {
        let mut files: Vec<PathBuf> = Vec::new();
        let mut named = HashSet::new();
        for path in paths {
            files.extend(definitions(path.as_ref())?.into_iter().filter(|file| named.insert(file.clone())));
        }
        let company_path = one_company(&files)?;
        let mut found = Diagnostics::default();
        let company_source = read(&company_path, &mut found)?;
        let company = company_source.as_ref().and_then(|source| keep(parse_company(source), &mut found));
        let mut sources = Vec::with_capacity(files.len());
        for path in files {
            if let Some(source) = read(&path, &mut found)? {
                sources.push((path, source));
            }
        }
        // Without a company, a definition's channels and amounts cannot be judged, and half a judgement would mislead.
        let (Some(company_source), Some(company)) = (company_source, company) else {
            return Err(Error::Invalid(found));
        };
        refuse_duplicates(&sources, &mut found);
        let mut experiments = Vec::with_capacity(sources.len());
        for (path, source) in sources {
            if let Some(experiment) = keep(parse_experiment(&source, &company), &mut found) {
                experiments.push(Located { path, source, experiment });
            }
        }
        warn_of_month_budget(&company_source, &company, &experiments, &mut found);
        if found.error_count() > 0 {
            return Err(Error::Invalid(found));
        }
        Ok(Self { company_path, company_source, company, experiments, warnings: found })
    }

    /// The experiment of that name.
    pub fn experiment(&self, name: &str) -> Option<&Located> {
        self.experiments.iter().find(|located| located.experiment.name.as_str() == name)
    }
}

impl Located {
    /// Where a file of past results is: beside the definition, or in `data_folder` (the caller knows GEVINST_DATA).
    ///
    /// # Errors
    /// It is in neither.
    pub fn data_path(&self, file: &str, data_folder: Option<&Path>) -> Result<PathBuf, Error> {
        let beside = self.path.parent().unwrap_or(Path::new("")).to_owned();
        let looked_in: Vec<PathBuf> =
            std::iter::once(beside).chain(data_folder.map(Path::to_owned)).collect();
        let found = looked_in.iter().map(|folder| folder.join(file)).find(|path| path.is_file());
        found.ok_or_else(|| Error::NoData { file: file.to_owned(), looked_in })
    }

    /// A refusal to run this experiment anew, if its month has ended at `now_us` (µs since 1970 UTC); for a rehearsal any
    /// month will do, and one that is running already is brought to its end.
    pub fn refuse_past_month(&self, now_us: i64, zone: &Zone) -> Option<Diagnostics> {
        if !self.experiment.is_over(now_us, zone) {
            return None;
        }
        let (_, span) = find(&self.source.text, &["month"])?;
        let current = zone.date_at(now_us).and_then(Month::of);
        let finding =
            Diagnostic::error(span, format!("{} is over", self.experiment.month))
                .label(current.map_or("expected a later month".to_owned(), |month| {
                    format!("expected {month} or later")
                }))
                .help("to see what it would have brought, `gevinst rehearse` plays any month");
        Some(Diagnostics::of(Arc::new(self.source.clone()), vec![finding]))
    }
}

/// The `gevinst.toml` for a definition or folder: beside it, and then upwards, as Cargo does.
///
/// # Errors
/// There is none.
pub fn find_company(from: &Path) -> Result<PathBuf, Error> {
    let unreadable = |source| Error::Read { path: from.to_owned(), source };
    let absolute = std::path::absolute(from).map_err(unreadable)?;
    let here = std::path::absolute(".").map_err(unreadable)?;
    let folder = if absolute.is_dir() { absolute.as_path() } else { absolute.parent().unwrap_or(&absolute) };
    let found = folder.ancestors().map(|folder| folder.join(COMPANY_FILE)).find(|path| path.is_file());
    // Shown as short as it can be: a message is read by a person who stands here.
    found
        .map(|path| path.strip_prefix(&here).map(Path::to_owned).unwrap_or(path))
        .ok_or_else(|| Error::NoCompany { from: folder.to_owned() })
}

fn one_company(files: &[PathBuf]) -> Result<PathBuf, Error> {
    let mut first: Option<PathBuf> = None;
    let mut folders: Vec<&Path> = Vec::new();
    for file in files {
        let folder = file.parent().unwrap_or(Path::new(""));
        if folders.contains(&folder) {
            continue;
        }
        folders.push(folder);
        let company = find_company(file)?;
        match &first {
            Some(first) if *first != company => {
                return Err(Error::TwoCompanies { first: first.clone(), second: company });
            }
            _ => first = Some(company),
        }
    }
    first.ok_or_else(|| Error::NoDefinitions { folder: PathBuf::from(DEFINITIONS) })
}

/// The definitions that one path stands for.
fn definitions(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Read { path, source }
    };
    if !fs::metadata(path).map_err(unreadable(path))?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let below = path.join(DEFINITIONS);
    let folder = if path.join(COMPANY_FILE).is_file() && below.is_dir() { below } else { path.to_owned() };
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).map_err(unreadable(&folder))? {
        let file = entry.map_err(unreadable(&folder))?.path();
        let is_definition = file.extension().is_some_and(|extension| extension == "toml")
            && file
                .file_name()
                .is_some_and(|name| name != COMPANY_FILE && !name.to_string_lossy().starts_with('.'));
        if is_definition && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() { Err(Error::NoDefinitions { folder }) } else { Ok(files) }
}

/// Reads a text file; one that cannot be a definition leaves a mistake.
fn read(path: &Path, found: &mut Diagnostics) -> Result<Option<Source>, Error> {
    let unreadable = |source| Error::Read { path: path.to_owned(), source };
    let name = path.display().to_string();
    let mut refuse = |message: String, help: &str| {
        let finding = Diagnostic::whole_file(message).help(help);
        found.append(Diagnostics::of(Arc::new(Source::new(name.clone(), "")), vec![finding]));
    };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        refuse("not a file".to_owned(), "name a file that ends in `.toml`, or a folder of such files");
        return Ok(None);
    }
    if metadata.len() > FILE_BYTES_MAX as u64 {
        let message =
            format!("a file of {} bytes; a definition has at most {FILE_BYTES_MAX}", metadata.len());
        refuse(message, "data belongs in a file of its own");
        return Ok(None);
    }
    match String::from_utf8(fs::read(path).map_err(unreadable)?) {
        Ok(text) => Ok(Some(Source::new(path.display().to_string(), text))),
        Err(error) => {
            let valid =
                String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
            let (line, column) = diagnostic::place(&valid, valid.len());
            refuse(
                format!("line {line}, column {column} is not UTF-8"),
                "save the file as UTF-8 in your editor",
            );
            Ok(None)
        }
    }
}

/// The value, if there is one; all diagnostics are kept.
fn keep<T>(result: Result<Checked<T>, Diagnostics>, found: &mut Diagnostics) -> Option<T> {
    match result {
        Ok(checked) => {
            found.append(checked.warnings);
            Some(checked.value)
        }
        Err(diagnostics) => {
            found.append(diagnostics);
            None
        }
    }
}

/// The text and place of a key's value, in a file that may hold mistakes elsewhere.
fn find(text: &str, keys: &[&str]) -> Option<(String, Range<usize>)> {
    let (root, _) = DeTable::parse_recoverable(text);
    let (first, rest) = keys.split_first()?;
    let mut value = root.get_ref().get(*first)?;
    for key in rest {
        value = value.get_ref().get(key)?;
    }
    Some((value.get_ref().as_str()?.to_owned(), value.span()))
}

/// An experiment's name is its name for good: the ledger and the platforms know it by nothing else.
fn refuse_duplicates(sources: &[(PathBuf, Source)], found: &mut Diagnostics) {
    let mut first: BTreeMap<String, (&Source, Range<usize>)> = BTreeMap::new();
    for (_, source) in sources {
        let Some((name, span)) = find(&source.text, &["name"]) else { continue };
        if name.parse::<ExperimentName>().is_err() {
            continue;
        }
        if let Some((other, other_span)) = first.get(&name) {
            let line = diagnostic::place(&other.text, other_span.start).0;
            let finding = Diagnostic::error(span, format!("two experiments are called `{name}`"))
                .label(format!("the other one is {}:{line}", other.name))
                .help("names are kept for good in the ledger and on the platforms: choose another one");
            found.append(Diagnostics::of(Arc::new(source.clone()), vec![finding]));
        } else {
            first.insert(name, (source, span));
        }
    }
}

/// Experiments may plan for more than the month has, and the runner then caps them; a person should know beforehand.
fn warn_of_month_budget(
    source: &Source,
    company: &Company,
    experiments: &[Located],
    found: &mut Diagnostics,
) {
    let mut months: BTreeMap<Month, i128> = BTreeMap::new();
    for located in experiments {
        if let crate::Budget::Money { total, .. } = located.experiment.budget {
            *months.entry(located.experiment.month).or_default() += i128::from(total.minor());
        }
    }
    let span = find(&source.text, &["month", "budget"]).map_or(0..0, |(_, span)| span);
    let over = months.into_iter().filter(|(_, planned)| *planned > i128::from(company.month_budget.minor()));
    let findings: Vec<Diagnostic> = over
        .map(|(month, planned)| {
            let planned = Money::new(i64::try_from(planned).unwrap_or(i64::MAX), company.currency);
            Diagnostic::warning(
                span.clone(),
                format!("the experiments of {month} may spend {planned} together"),
            )
            .label("more than the month's budget")
            .help(
                "what is beyond it will not be spent; lower the `total` of some experiments to decide which",
            )
        })
        .collect();
    found.append(Diagnostics::of(Arc::new(source.clone()), findings));
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPANY: &str =
        "currency = 'NOK'\ntimezone = 'Europe/Oslo'\nmonth.budget = '50 000 NOK'\nchannels.c.plugin = 'p'\n";

    fn definition(name: &str) -> String {
        format!(
            "name = '{name}'\nmonth = '2026-11'\nhypothesis = 'h'\nphase = 'loyalty'\ngoal.metric = 'lead'\n\
             budget = {{ total = '40 000 NOK', daily_max = '2 500 NOK' }}\n\
             arm = [{{ name = 'a', channel = 'c' }}, {{ name = 'b', channel = 'c' }}]\n"
        )
    }

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    /// The messages, with the temporary folder's name taken out.
    fn shown(error: &Error, folder: &tempfile::TempDir) -> String {
        let text = match error {
            Error::Invalid(diagnostics) => diagnostics.to_string(),
            error => error.to_string(),
        };
        text.replace(&format!("{}/", folder.path().display()), "")
            .replace(&folder.path().display().to_string(), ".")
    }

    #[test]
    fn a_project_is_found_from_its_folder_its_definitions_or_one_of_them() {
        // Protects: starting the program from wherever a user stands.
        let project = folder(&[
            ("gevinst.toml", COMPANY),
            ("experiments/b.toml", &definition("b")),
            ("experiments/a.toml", &definition("a")),
            ("experiments/notes.txt", "not a definition"),
        ]);
        let names = |path: &str| -> Vec<String> {
            let project = Project::load(&[project.path().join(path)]).unwrap();
            project.experiments.iter().map(|located| located.experiment.name.to_string()).collect()
        };
        assert_eq!(names(""), ["a", "b"]);
        assert_eq!(names("experiments"), ["a", "b"]);
        assert_eq!(names("experiments/b.toml"), ["b"]);
        let all =
            Project::load(&[project.path().join("experiments/b.toml"), project.path().to_owned()]).unwrap();
        assert_eq!(all.experiments.len(), 2, "a file that is named twice is read once");
        // Two of 40 000 are more than the month's 50 000.
        assert_eq!(all.warnings.warning_count(), 1);
        assert!(
            all.warnings.to_string().contains("the experiments of 2026-11 may spend 80 000 NOK together")
        );
    }

    #[test]
    fn all_mistakes_of_all_files_come_together() {
        // Protects: a user from mending one file only to learn of the next.
        let project = folder(&[
            ("gevinst.toml", COMPANY),
            ("experiments/a.toml", &definition("same")),
            ("experiments/b.toml", &definition("same").replace("phase", "fase")),
            ("experiments/c.toml", "\u{1f}"),
        ]);
        fs::write(project.path().join("experiments/d.toml"), b"name = 'd'\nhypothesis = 'bl\xe5'").unwrap();
        fs::write(project.path().join("experiments/e.toml"), "#".repeat(FILE_BYTES_MAX + 1)).unwrap();
        let error = Project::load(&[project.path()]).unwrap_err();
        insta::assert_snapshot!(shown(&error, &project));
    }

    #[test]
    fn what_cannot_be_found_is_said_with_its_path() {
        // Protects: errors that a user can act on.
        let project = folder(&[
            ("x/gevinst.toml", COMPANY),
            ("x/a.toml", &definition("a")),
            ("y/gevinst.toml", COMPANY),
            ("y/b.toml", &definition("b")),
            ("z/n.txt", ""),
        ]);
        let at = |path: &str| project.path().join(path);
        let two = Project::load(&[at("x/a.toml"), at("y/b.toml")]).unwrap_err();
        assert_eq!(
            shown(&two, &project),
            "run definitions of two companies together: `x/gevinst.toml` and `y/gevinst.toml`"
        );
        let none = Project::load(&[at("z")]).unwrap_err();
        assert_eq!(shown(&none, &project), "find any definition: `z` holds no file that ends in `.toml`");
        let missing = Project::load(&[at("nowhere.toml")]).unwrap_err();
        assert_eq!(shown(&missing, &project), "read `nowhere.toml`");
        let loaded = Project::load(&[at("x")]).unwrap();
        let data = loaded.experiments[0].data_path("d.csv", Some(&at("z"))).unwrap_err();
        assert_eq!(shown(&data, &project), "find the data file `d.csv` (looked in `x` and `z`)");
        fs::write(at("z/d.csv"), "").unwrap();
        assert_eq!(loaded.experiments[0].data_path("d.csv", Some(&at("z"))).unwrap(), at("z/d.csv"));
    }

    #[test]
    fn a_month_that_is_over_is_refused_with_its_place() {
        // Protects: money from being planned for a month that no longer comes.
        let project = folder(&[("gevinst.toml", COMPANY), ("a.toml", &definition("a"))]);
        let loaded = Project::load(&[project.path().join("a.toml")]).unwrap();
        let (located, zone) = (&loaded.experiments[0], &loaded.company.timezone);
        let end_us = located.experiment.month.period(zone).end_us;
        assert!(located.refuse_past_month(end_us - 1, zone).is_none());
        let refused = located.refuse_past_month(end_us, zone).unwrap();
        insta::assert_snapshot!(shown(&Error::Invalid(refused), &project));
    }

    #[test]
    fn a_company_with_mistakes_is_reported_alone() {
        // Protects: definitions from being blamed for what the company's file lacks.
        let project = folder(&[("gevinst.toml", "currency = 'NOK'"), ("a.toml", &definition("a"))]);
        let Error::Invalid(diagnostics) = Project::load(&[project.path().join("a.toml")]).unwrap_err() else {
            panic!()
        };
        assert_eq!(
            diagnostics.entries().iter().filter(|entry| entry.file.ends_with("gevinst.toml")).count(),
            2
        );
        assert_eq!(diagnostics.error_count(), 2);
    }
}
