//! From a file's text to a checked value, or to all its mistakes.
//!
//! In one pass: TOML syntax, then every table's keys and values, then what they mean together. A text that is no proper TOML
//! is read as far as its mistakes allow: a sum without quotes does not hide a misspelt key two lines further down.

use std::sync::Arc;

use toml::de::DeValue;

use crate::{
    Checked, Company, Diagnostics, Experiment, Source, check,
    diagnostic::Diagnostic,
    file,
    read::{At, Field, Findings, Node},
    syntax,
};

/// The longest text that is read at all.
pub const FILE_BYTES_MAX: usize = 1 << 20;

/// Reads `gevinst.toml`.
///
/// # Errors
/// All mistakes of the file, in the order of their places.
pub fn parse_company(source: &Source) -> Result<Checked<Company>, Diagnostics> {
    let mut findings = Findings::new(&source.text, None);
    findings.tables = file::COMPANY;
    findings.concealed = file::secret::lines(&source.text);
    let value = root(&mut findings).and_then(|root| {
        // Known before anything else is read, since amounts further up are judged by it too.
        let currency = root.as_table().and_then(|table| table.get("currency"));
        findings.currency = currency.and_then(|code| code.get_ref().as_str()?.parse().ok());
        let raw = file::company::RawCompany::read(Node::new(&root, 0..0), &mut findings)?;
        check::company(raw, &mut findings)
    });
    finish(source, value, findings)
}

/// Reads an experiment's definition.
///
/// A month that is over is accepted here, since a rehearsal plays any month: see [`Experiment::is_over`].
///
/// # Errors
/// All mistakes of the file, in the order of their places.
pub fn parse_experiment(source: &Source, company: &Company) -> Result<Checked<Experiment>, Diagnostics> {
    let mut findings = Findings::new(&source.text, Some(company.currency));
    findings.tables = file::DEFINITION;
    let value = root(&mut findings).and_then(|root| {
        let raw = file::definition::RawExperiment::read(Node::new(&root, 0..0), &mut findings)?;
        check::experiment(raw, company, &mut findings)
    });
    finish(source, value, findings)
}

fn finish<T>(source: &Source, value: Option<T>, findings: Findings<'_>) -> Result<Checked<T>, Diagnostics> {
    let refused = findings.has_errors();
    let diagnostics = Diagnostics::of(Arc::new(source.clone()), findings.list)
        .concealing(findings.concealed, findings.dropped);
    match value {
        Some(value) if !refused => Ok(Checked { value, warnings: diagnostics }),
        _ => {
            debug_assert!(refused, "a file without mistakes gives a value");
            Err(diagnostics)
        }
    }
}

/// The file's top table; `None` where it is too long, or its syntax leaves nothing that could be judged.
fn root<'s>(findings: &mut Findings<'s>) -> Option<DeValue<'s>> {
    let text = findings.text;
    if text.len() > FILE_BYTES_MAX {
        findings.push(Diagnostic::whole_file(format!("a file of {} bytes", text.len())).help(format!(
            "a definition has at most {FILE_BYTES_MAX} bytes; data belongs in a file of its own"
        )));
        return None;
    }
    syntax::read(findings)
}

/// The value alone, for those who need no place any more.
pub(crate) fn value<T>(at: Option<At<T>>) -> Option<T> {
    at.map(|at| at.value)
}
