//! The recipient list: a CSV file with one row a person, their consent, and what templates may say about them.
//!
//! Whoever has not consented is not on the list, whatever another row says. Rows that cannot be used are counted, not quoted:
//! what is told of a list goes to logs.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use lettre::Address;

use crate::error::Error;
use crate::key::{Keys, Person};

/// The most people of a list.
const PEOPLE_MAX: usize = 5_000_000;
/// The most that may be known of a person from before.
const HISTORY_MAX: f64 = 1e12;
/// What counts as consent, in any letter case.
const YES: [&str; 7] = ["true", "1", "yes", "y", "ja", "j", "x"];

/// One person on the list.
#[derive(Clone, Debug)]
pub(crate) struct Recipient {
    /// Where to write.
    pub(crate) address: Address,
    /// The stratum: the values of the columns that the draw is balanced by.
    pub(crate) stratum: Arc<str>,
    /// What is known of them from before, in the order of the columns that say it.
    pub(crate) history: Box<[f64]>,
    /// The values of all columns, in the file's order.
    pub(crate) values: Box<[Box<str>]>,
}

/// The people who may be written to.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Names of the columns, in the file's order.
    pub columns: Vec<String>,
    people: HashMap<Person, Recipient>,
    /// Rows without consent.
    pub without_consent: usize,
    /// Rows whose address is none.
    pub bad_addresses: usize,
    /// Rows whose person stood in an earlier row.
    pub repeated: usize,
}

/// How to read a list.
#[derive(Clone, Debug)]
pub(crate) struct Columns<'a> {
    /// The column of addresses.
    pub(crate) address: &'a str,
    /// The column of consents.
    pub(crate) consent: &'a str,
    /// The columns that strata are made of.
    pub(crate) strata: &'a [String],
    /// The columns that tell what is known of people from before.
    pub(crate) history: Vec<&'a str>,
}

impl List {
    /// Reads a list.
    ///
    /// # Errors
    /// [`Error::File`] when the file cannot be read or lacks a column.
    pub(crate) fn read(path: &Path, columns: Columns<'_>, keys: &Keys) -> Result<Self, Error> {
        let wrong = |problem: String| Error::file("/list", path, problem);
        let mut reader = csv::ReaderBuilder::new()
            .flexible(false)
            .from_path(path)
            .map_err(|error| wrong(error.to_string()))?;
        let names: Vec<String> = reader
            .headers()
            .map_err(|error| wrong(error.to_string()))?
            .iter()
            .map(|n| n.trim().to_owned())
            .collect();
        let find = |name: &str| {
            names
                .iter()
                .position(|column| column == name)
                .ok_or_else(|| wrong(format!("no column `{name}`; there is {}", names.join(", "))))
        };
        let (address, consent) = (find(columns.address)?, find(columns.consent)?);
        let strata = columns.strata.iter().map(|name| find(name)).collect::<Result<Vec<_>, _>>()?;
        let history = columns.history.iter().map(|name| find(name)).collect::<Result<Vec<_>, _>>()?;
        let mut list = Self { columns: names.clone(), ..Self::default() };
        let mut refused = Vec::new();
        let mut known: HashMap<String, Arc<str>> = HashMap::new();
        for row in reader.records() {
            let row = row.map_err(|error| wrong(error.to_string()))?;
            let text = |column: usize| row.get(column).unwrap_or_default().trim();
            let before = |column: &usize| match text(*column) {
                "" => Ok(0.0),
                number => {
                    number.parse().ok().filter(|number: &f64| number.abs() <= HISTORY_MAX).ok_or_else(|| {
                        let line = row.position().map_or(0, csv::Position::line);
                        wrong(format!("line {line}: column `{}` holds no number", names[*column]))
                    })
                }
            };
            let person = keys.person(text(address));
            if !YES.contains(&text(consent).to_lowercase().as_str()) {
                list.without_consent += 1;
                refused.push(person);
                continue;
            }
            let Ok(to) = text(address).parse::<Address>() else {
                list.bad_addresses += 1;
                continue;
            };
            if list.people.contains_key(&person) {
                list.repeated += 1;
                continue;
            }
            if list.people.len() == PEOPLE_MAX {
                return Err(wrong(format!("more than {PEOPLE_MAX} people")));
            }
            let stratum = strata.iter().map(|column| text(*column)).collect::<Vec<_>>().join("\u{1f}");
            let stratum = known.entry(stratum).or_insert_with_key(|key| Arc::from(key.as_str())).clone();
            let history = history.iter().map(before).collect::<Result<_, _>>()?;
            let values = row.iter().map(|value| Box::from(value.trim())).collect();
            list.people.insert(person, Recipient { address: to, stratum, history, values });
        }
        // One row that says no is a no.
        for person in refused {
            list.people.remove(&person);
        }
        Ok(list)
    }

    /// Reads the addresses of a file of people never to be written to: CSV, in the column `address_column` or, where
    /// there is none of that name, the first one, its heading included.
    ///
    /// # Errors
    /// [`Error::File`] when the file cannot be read.
    pub(crate) fn read_suppressed(
        path: &Path,
        address_column: &str,
        keys: &Keys,
    ) -> Result<Vec<Person>, Error> {
        let wrong = |error: csv::Error| Error::file("/suppressed", path, error);
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(path).map_err(wrong)?;
        let (mut column, mut people) = (0, Vec::new());
        for (number, row) in reader.records().enumerate() {
            let row = row.map_err(wrong)?;
            if number == 0
                && let Some(named) = row.iter().position(|name| name.trim() == address_column)
            {
                column = named;
                continue;
            }
            if let Some(address) = row.get(column).filter(|address| address.contains('@')) {
                people.push(keys.person(address));
            }
        }
        Ok(people)
    }

    /// The person's row, while they are on the list.
    #[must_use]
    pub(crate) fn get(&self, person: Person) -> Option<&Recipient> {
        self.people.get(&person)
    }

    /// Everybody, in no order.
    pub(crate) fn people(&self) -> impl Iterator<Item = (Person, &Recipient)> {
        self.people.iter().map(|(person, recipient)| (*person, recipient))
    }

    /// How many people.
    #[must_use]
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether nobody may be written to.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<List, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        std::fs::write(&path, text).unwrap();
        let keys = Keys::new("a key of more than sixteen characters").unwrap();
        let strata = ["size".to_owned()];
        List::read(
            &path,
            Columns { address: "email", consent: "consent", strata: &strata, history: vec![] },
            &keys,
        )
    }

    #[test]
    fn only_who_consented_is_on_the_list() {
        // Protects: people who never agreed, or who agreed in one row and not in another.
        let list = read(
            "email,consent,size\nkari@a.example,yes,small\nola@a.example,no,small\nper@a.example,true,large\n\
             PER@a.example,,large\nnobody,yes,small\nkari@A.example,yes,small\n",
        )
        .unwrap();
        let addresses: Vec<String> = list.people().map(|(_, person)| person.address.to_string()).collect();
        assert_eq!(addresses, ["kari@a.example"]);
        assert_eq!((list.without_consent, list.bad_addresses, list.repeated), (2, 1, 1));
    }

    #[test]
    fn a_list_without_consents_is_refused() {
        // Protects: a list whose consent column was misspelt from being taken as one that needs none.
        let error = read("email,size\nkari@a.example,small\n").unwrap_err().to_string();
        assert!(error.ends_with("list.csv: no column `consent`; there is email, size"), "{error}");
    }

    #[test]
    fn suppressed_people_are_read_with_and_without_a_heading() {
        // Protects: the first person of a file without a heading.
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::new("a key of more than sixteen characters").unwrap();
        let (kari, ola) = (keys.person("kari@a.example"), keys.person("ola@a.example"));
        for text in ["kari@a.example\nola@a.example\n", "when,email\n1,kari@a.example\n2,OLA@a.example\n"] {
            let path = folder.path().join("suppressed.csv");
            std::fs::write(&path, text).unwrap();
            assert_eq!(List::read_suppressed(&path, "email", &keys).unwrap(), [kari, ola]);
        }
    }
}
