//! What an arm says: from the creative of its definition to messages for one person.
//!
//! A creative is read, checked against the list's columns and kept in the send ledger when the arm is launched; a template that
//! changes on the disk later changes nothing. Templates are minijinja's, strict: an attribute that is not there is refused at
//! launch, not printed as a blank to a customer.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use jiff::{Span, SpanRelativeTo, Unit};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde::Deserialize;

use crate::error::Error;
use crate::links::{self, Tags};
use crate::store::StepText;

/// The most steps of a flow.
const STEPS_MAX: usize = 20;
/// The largest template, in bytes.
const TEMPLATE_MAX: u64 = 1 << 20;
/// The longest wait between two steps.
const WAIT_DAYS_MAX: f64 = 90.0;
/// What templates see beside the list's columns; the last three are minijinja's.
const OWN_NAMES: [&str; 6] = ["links", "unsubscribe_url", "person", "range", "dict", "namespace"];

/// What Mailchimp makes the way to unsubscribe of.
const UNSUBSCRIBE_TAG: &str = "*|UNSUB|*";

/// When a step is taken, by what became of the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Condition {
    #[serde(rename = "clicked")]
    Clicked,
    #[serde(rename = "not clicked")]
    NotClicked,
    #[serde(rename = "reached goal")]
    ReachedGoal,
    #[serde(rename = "not reached goal")]
    NotReachedGoal,
}

impl Condition {
    const ALL: [Self; 4] = [Self::Clicked, Self::NotClicked, Self::ReachedGoal, Self::NotReachedGoal];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Clicked => "clicked",
            Self::NotClicked => "not clicked",
            Self::ReachedGoal => "reached goal",
            Self::NotReachedGoal => "not reached goal",
        }
    }

    pub(crate) fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|condition| condition.as_str() == text)
    }
}

/// An arm's creative as a definition states it: a hold-out, one message, or a flow of steps.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Creative {
    hold_out: bool,
    subject: Option<String>,
    text: Option<String>,
    html: Option<String>,
    template: Option<String>,
    text_template: Option<String>,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Step {
    subject: Option<String>,
    text: Option<String>,
    html: Option<String>,
    template: Option<String>,
    text_template: Option<String>,
    wait: Option<String>,
    #[serde(rename = "if")]
    only_if: Option<Condition>,
}

/// What a creative is read with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) tags: Tags<'a>,
    /// Folder of the templates that it names.
    pub(crate) templates: &'a Path,
    /// The list's columns.
    pub(crate) columns: &'a [String],
    /// Who fills in what differs from person to person.
    pub(crate) filled_by: FilledBy<'a>,
}

/// Who fills in what differs from person to person.
#[derive(Clone, Copy)]
pub(crate) enum FilledBy<'a> {
    /// We do, message by message.
    Us,
    /// A platform does, where it finds the merge tag that a column has.
    Platform(&'a dyn Fn(&str) -> Option<String>),
}

impl core::fmt::Debug for FilledBy<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(if matches!(self, Self::Us) { "Us" } else { "Platform" })
    }
}

/// Reads a creative into steps; none for a hold-out.
///
/// # Errors
/// [`Error::Request`] with a pointer into the command.
pub(crate) fn read_creative(
    creative: &serde_json::Value,
    reading: Reading<'_>,
) -> Result<Vec<StepText>, Error> {
    const AT: &str = "/set/creative";
    let creative = Creative::deserialize(creative)
        .map_err(|error| Error::request(AT, format!("not an e-mail's creative: {error}")))?;
    let Creative { hold_out, subject, text, html, template, text_template, steps } = creative;
    let single = Step { subject, text, html, template, text_template, ..Step::default() };
    let says_one = [&single.subject, &single.text, &single.html, &single.template, &single.text_template]
        .iter()
        .any(|part| part.is_some());
    match (hold_out, says_one, steps.is_empty()) {
        (true, false, true) => Ok(Vec::new()),
        (true, ..) => {
            Err(Error::request(AT, "a hold-out is never written to: leave out subject, texts and steps"))
        }
        (false, true, true) => Ok(vec![read_step(&single, AT, reading, true)?]),
        (false, false, false) if steps.len() > STEPS_MAX => {
            Err(Error::request(format!("{AT}/steps"), format!("more than {STEPS_MAX} steps")))
        }
        (false, false, false) => steps
            .iter()
            .enumerate()
            .map(|(index, step)| read_step(step, &format!("{AT}/steps/{index}"), reading, index == 0))
            .collect(),
        (false, true, false) => Err(Error::request(AT, "either `subject` and texts, or `steps`, not both")),
        (false, false, true) => Err(Error::request(
            AT,
            "says nothing: expected `subject` with `html`, `text` or `template`, or `steps`, or `hold_out = true`",
        )),
    }
}

fn read_step(step: &Step, at: &str, reading: Reading<'_>, is_first: bool) -> Result<StepText, Error> {
    let Some(subject) = step.subject.clone().filter(|subject| !subject.trim().is_empty()) else {
        return Err(Error::request(format!("{at}/subject"), "a message needs a subject"));
    };
    if is_first && step.only_if.is_some() {
        return Err(Error::request(
            format!("{at}/if"),
            "the first step has nothing before it that a condition could be about",
        ));
    }
    let wait_us = match &step.wait {
        None if is_first => 0,
        None => {
            return Err(Error::request(
                format!("{at}/wait"),
                "expected how long after the step before, such as `3 days`",
            ));
        }
        Some(wait) => wait_us(wait).ok_or_else(|| {
            let problem = format!(
                "`{wait}` is not a wait such as `3 days` or `12 hours`, at most {WAIT_DAYS_MAX} days"
            );
            Error::request(format!("{at}/wait"), problem)
        })?,
    };
    let html = source(at, "html", step.html.as_ref(), "template", step.template.as_ref(), reading.templates)?;
    let text = source(
        at,
        "text",
        step.text.as_ref(),
        "text_template",
        step.text_template.as_ref(),
        reading.templates,
    )?;
    let mut links = Vec::new();
    let html = html
        .map(|html| links::take_from_html(&html, &format!("{at}/html"), reading.tags, &mut links))
        .transpose()?;
    let text = match (text, &html) {
        (Some(text), _) => links::take_from_text(&text, &format!("{at}/text"), reading.tags, &mut links)?,
        (None, Some(html)) => links::text_of_html(html),
        (None, None) => {
            return Err(Error::request(at, "a message needs `html`, `text` or `template`"));
        }
    };
    let step = StepText { wait_us, only_if: step.only_if, subject, text, html, links };
    check(&step, at, reading.columns)?;
    if let FilledBy::Platform(tag) = reading.filled_by {
        check_for_platform(&step, at, reading.columns, tag)?;
    }
    Ok(step)
}

/// A template, from the definition or from a file beside it.
fn source(
    at: &str,
    key: &str,
    inline: Option<&String>,
    file_key: &str,
    file: Option<&String>,
    folder: &Path,
) -> Result<Option<String>, Error> {
    match (inline, file) {
        (Some(_), Some(_)) => {
            Err(Error::request(format!("{at}/{key}"), format!("either `{key}` or `{file_key}`, not both")))
        }
        (Some(inline), None) => Ok(Some(inline.clone())),
        (None, None) => Ok(None),
        (None, Some(file)) => {
            let field = format!("{at}/{file_key}");
            let inside = Path::new(file).components().all(|part| matches!(part, Component::Normal(_)));
            if !inside {
                return Err(Error::request(field, format!("`{file}` is not inside the folder of templates")));
            }
            let path = folder.join(file);
            let refuse =
                |problem: String| Error::request(field.clone(), format!("{}: {problem}", path.display()));
            let size = std::fs::metadata(&path).map_err(|error| refuse(error.to_string()))?.len();
            if size > TEMPLATE_MAX {
                return Err(refuse(format!("larger than {TEMPLATE_MAX} bytes")));
            }
            Ok(Some(std::fs::read_to_string(&path).map_err(|error| refuse(error.to_string()))?))
        }
    }
}

fn wait_us(text: &str) -> Option<i64> {
    let span: Span = text.parse().ok()?;
    let relative = SpanRelativeTo::days_are_24_hours();
    let days = span.total((Unit::Day, relative)).ok()?;
    if !(0.0..=WAIT_DAYS_MAX).contains(&days) {
        return None;
    }
    let wait = span.to_duration(relative).ok()?;
    i64::try_from(wait.as_micros()).ok()
}

/// Whether every template can be rendered for everybody on the list, and shows how to unsubscribe.
fn check(step: &StepText, at: &str, columns: &[String]) -> Result<(), Error> {
    let parts = [("subject", Some(&step.subject)), ("text", Some(&step.text)), ("html", step.html.as_ref())];
    for (key, source) in parts {
        let Some(source) = source else { continue };
        let field = format!("{at}/{key}");
        let environment = environment();
        let template = environment
            .template_from_named_str(key, source)
            .map_err(|error| Error::request(&field, told(&error)))?;
        let names = template.undeclared_variables(false);
        let unknown =
            names.iter().filter(|name| !columns.contains(name) && !OWN_NAMES.contains(&name.as_str()));
        if let Some(name) = unknown.min() {
            let problem = format!("`{name}` is no column of the list; there is {}", columns.join(", "));
            return Err(Error::request(field, problem));
        }
        if key != "subject" && !names.contains("unsubscribe_url") {
            let problem = "has no `{{ unsubscribe_url }}`: every message must show how to unsubscribe";
            return Err(Error::request(field, problem));
        }
    }
    // Once for somebody without any attribute: what calls a filter that is not there, or fails on an empty text, shows.
    let nobody: Vec<Box<str>> = columns.iter().map(|_| Box::from("")).collect();
    let urls = vec!["https://example.com/".to_owned(); step.links.len()];
    Renderer::new(step)
        .and_then(|renderer| renderer.render(columns, &nobody, urls, "https://example.com/"))
        .map(drop)
        .map_err(|problem| {
            Error::request(at, format!("does not render for somebody without attributes: {problem}"))
        })
}

/// Whether a platform can fill in what the templates leave open: columns that stand alone, each with a merge tag.
fn check_for_platform(
    step: &StepText,
    at: &str,
    columns: &[String],
    tag: &dyn Fn(&str) -> Option<String>,
) -> Result<(), Error> {
    let Some(html) = &step.html else {
        return Err(Error::request(at, "needs `html` or `template`: the platform sees clicks in HTML alone"));
    };
    for (key, source) in [("subject", &step.subject), ("text", &step.text), ("html", html)] {
        let field = format!("{at}/{key}");
        let mut rest = source.clone();
        for column in columns {
            let alone = [format!("{{{{ {column} }}}}"), format!("{{{{{column}}}}}")];
            if alone.iter().any(|alone| rest.contains(alone)) && tag(column).is_none() {
                let problem = format!(
                    "`{column}` has no merge field; add `merge_fields = {{ {column} = \"…\" }}` to the channel's table"
                );
                return Err(Error::request(field, problem));
            }
            rest = alone.iter().fold(rest, |rest, alone| rest.replace(alone, ""));
        }
        let environment = environment();
        let template = environment
            .template_from_named_str(key, &rest)
            .map_err(|error| Error::request(&field, told(&error)))?;
        let names = template.undeclared_variables(false);
        if let Some(name) = names.iter().filter(|name| columns.contains(name) || *name == "person").min() {
            let problem = format!(
                "`{name}` must stand alone here, as `{{{{ {name} }}}}`: it is the platform that fills it in, and it knows no \
                 conditions and filters"
            );
            return Err(Error::request(field, problem));
        }
    }
    Ok(())
}

/// A message's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: Option<String>,
}

/// One step, ready to be rendered many times.
#[derive(Debug)]
pub(crate) struct Renderer {
    environment: Environment<'static>,
    has_html: bool,
}

impl Renderer {
    /// Compiles a step's templates.
    ///
    /// # Errors
    /// What minijinja says.
    pub(crate) fn new(step: &StepText) -> Result<Self, String> {
        let mut environment = environment();
        let parts =
            [("subject", Some(&step.subject)), ("text", Some(&step.text)), ("html", step.html.as_ref())];
        for (name, source) in parts {
            if let Some(source) = source {
                environment.add_template_owned(name, source.clone()).map_err(|error| told(&error))?;
            }
        }
        Ok(Self { environment, has_html: step.html.is_some() })
    }

    /// A message for everybody, in which a platform fills in the merge tags.
    ///
    /// # Errors
    /// What minijinja says.
    pub(crate) fn render_for_platform(
        &self,
        columns: &[String],
        links: &[String],
        tag: impl Fn(&str) -> Option<String>,
    ) -> Result<Words, String> {
        let tags: Vec<Box<str>> =
            columns.iter().map(|column| tag(column).unwrap_or_default().into_boxed_str()).collect();
        let plain = self.render(columns, &tags, links.to_vec(), UNSUBSCRIBE_TAG)?;
        // In HTML an address has its ampersands escaped.
        let escaped = links.iter().map(|link| link.replace('&', "&amp;")).collect();
        let html = self.render(columns, &tags, escaped, UNSUBSCRIBE_TAG)?.html;
        Ok(Words { html, ..plain })
    }

    /// A message for one person.
    ///
    /// # Errors
    /// What minijinja says.
    pub(crate) fn render(
        &self,
        columns: &[String],
        values: &[Box<str>],
        links: Vec<String>,
        unsubscribe_url: &str,
    ) -> Result<Words, String> {
        let person: BTreeMap<&str, &str> =
            columns.iter().zip(values).map(|(column, value)| (column.as_str(), &**value)).collect();
        let mut context: BTreeMap<&str, Value> =
            person.iter().map(|(column, value)| (*column, Value::from(*value))).collect();
        context.insert(
            "person",
            Value::from_pairs(person.iter().map(|(column, value)| (*column, Value::from(*value)))),
        );
        // Made of letters that HTML leaves as they are.
        context.insert("links", Value::from_iter(links.into_iter().map(Value::from_safe_string)));
        context.insert("unsubscribe_url", Value::from_safe_string(unsubscribe_url.to_owned()));
        let render = |name: &str| {
            let template = self.environment.get_template(name).map_err(|error| told(&error))?;
            template.render(&context).map_err(|error| told(&error))
        };
        let subject = render("subject")?.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(Words {
            subject,
            text: render("text")?,
            html: if self.has_html { Some(render("html")?) } else { None },
        })
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment
        .set_auto_escape_callback(|name| if name == "html" { AutoEscape::Html } else { AutoEscape::None });
    environment
}

/// What a template's error says, in one line: detail, and the line where there is one.
fn told(error: &minijinja::Error) -> String {
    let what = error
        .detail()
        .map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    error.line().map_or(what.clone(), |line| format!("line {line}: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(creative: serde_json::Value) -> Result<Vec<StepText>, Error> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("womens.html"),
            "<p>{{ name }}</p><a href='{{ unsubscribe_url }}'>x</a>",
        )
        .unwrap();
        let tags = Tags { source: "newsletter", experiment: "headlines", arm: "a" };
        let columns = ["email".to_owned(), "name".to_owned()];
        let reading = Reading { tags, templates: folder.path(), columns: &columns, filled_by: FilledBy::Us };
        read_creative(&creative, reading)
    }

    #[test]
    fn a_creative_that_cannot_be_sent_is_refused_at_launch() {
        // Protects: people from messages with blanks where their name should be, or without a way out.
        for (creative, field, problem) in [
            (json!({}), "/set/creative", "says nothing"),
            (json!({ "headline": "x" }), "/set/creative", "unknown field `headline`"),
            (json!({ "hold_out": true, "subject": "x" }), "/set/creative", "never written to"),
            (json!({ "text": "x" }), "/set/creative/subject", "needs a subject"),
            (json!({ "subject": "x", "text": "hello" }), "/set/creative/text", "no `{{ unsubscribe_url }}`"),
            (
                json!({ "subject": "Hi {{ nmae }}", "text": "{{ unsubscribe_url }}" }),
                "/set/creative/subject",
                "`nmae` is no column",
            ),
            (
                json!({ "subject": "{% if %}", "text": "{{ unsubscribe_url }}" }),
                "/set/creative/subject",
                "syntax error",
            ),
            (
                json!({ "subject": "{{ name | shuot }}", "text": "{{ unsubscribe_url }}" }),
                "/set/creative",
                "shuot",
            ),
            (json!({ "subject": "x", "template": "../womens.html" }), "/set/creative/template", "not inside"),
            (json!({ "subject": "x", "template": "mens.html" }), "/set/creative/template", "mens.html"),
            (
                json!({ "steps": [{ "subject": "x", "text": "{{ unsubscribe_url }}", "if": "clicked" }] }),
                "/set/creative/steps/0/if",
                "first step",
            ),
            (
                json!({ "steps": [
                    { "subject": "x", "text": "{{ unsubscribe_url }}" },
                    { "subject": "y", "text": "{{ unsubscribe_url }}", "wait": "soon" },
                ] }),
                "/set/creative/steps/1/wait",
                "`soon` is not a wait",
            ),
        ] {
            let error = read(creative.clone()).unwrap_err();
            let Error::Request { field: at, problem: told } = &error else { panic!("{error}") };
            assert_eq!(at, field, "{creative}: {told}");
            assert!(told.contains(problem), "{creative}: {told}");
        }
    }

    #[test]
    fn a_flow_is_read_step_by_step() {
        // Protects: the waits and conditions of nurturing.
        let steps = read(json!({ "steps": [
            { "subject": "One", "template": "womens.html" },
            { "subject": "Two", "text": "{{ unsubscribe_url }}", "wait": "3 days", "if": "not clicked" },
        ] }))
        .unwrap();
        assert_eq!((steps[0].wait_us, steps[0].only_if), (0, None));
        assert_eq!((steps[1].wait_us, steps[1].only_if), (259_200_000_000, Some(Condition::NotClicked)));
        assert_eq!(read(json!({ "hold_out": true })).unwrap(), []);
    }

    #[test]
    fn what_people_are_called_cannot_become_html() {
        // Protects: a list with `<` in a name from breaking the message, and a subject from gaining a header.
        let steps = read(json!({ "subject": "Hi {{ name }}", "template": "womens.html" })).unwrap();
        let renderer = Renderer::new(&steps[0]).unwrap();
        let values = [Box::from("a@b.example"), Box::from("A&B <i>\r\nBcc: x@y.example")];
        let columns = ["email".to_owned(), "name".to_owned()];
        let words = renderer.render(&columns, &values, Vec::new(), "https://go.acme.example/u/x").unwrap();
        assert_eq!(words.subject, "Hi A&B <i> Bcc: x@y.example");
        assert!(words.html.as_deref().unwrap().contains("A&amp;B &lt;i&gt;"));
        assert!(words.html.as_deref().unwrap().contains("href='https://go.acme.example/u/x'"));
    }

    #[test]
    fn a_platform_fills_in_what_it_can() {
        // Protects: people from reading `*||*`, and an experiment from conditions that nobody would evaluate.
        let columns = ["email".to_owned(), "name".to_owned(), "size".to_owned()];
        let tag = |column: &str| match column {
            "email" => Some("*|EMAIL|*".to_owned()),
            "name" => Some("*|FNAME|*".to_owned()),
            _ => None,
        };
        let read = |subject: &str, html: Option<&str>| {
            let creative = json!({ "subject": subject, "text": "{{ unsubscribe_url }}", "html": html });
            let tags = Tags { source: "newsletter", experiment: "headlines", arm: "a" };
            let filled_by = FilledBy::Platform(&tag);
            read_creative(
                &creative,
                Reading { tags, templates: Path::new("."), columns: &columns, filled_by },
            )
        };
        let html = "<a href='https://acme.example/?a=1'>{{ name }}</a> <a href='{{unsubscribe_url}}'>x</a>";
        let steps = read("Hi {{name}}", Some(html)).unwrap();
        let renderer = Renderer::new(&steps[0]).unwrap();
        let words = renderer.render_for_platform(&columns, &steps[0].links, tag).unwrap();
        assert_eq!((words.subject.as_str(), words.text.as_str()), ("Hi *|FNAME|*", "*|UNSUB|*"));
        let html_words = words.html.unwrap();
        assert!(html_words.contains("?a=1&amp;utm_source=newsletter&amp;utm_medium=email"), "{html_words}");
        assert!(html_words.contains(">*|FNAME|*</a> <a href='*|UNSUB|*'>"), "{html_words}");
        for (subject, html, problem) in [
            ("Hi {{ size }}", Some(html), "`size` has no merge field"),
            ("Hi {{ name | upper }}", Some(html), "`name` must stand alone"),
            ("{% if size == 'large' %}Hi{% endif %}", Some(html), "`size` must stand alone"),
            ("Hi {{ person.name }}", Some(html), "`person` must stand alone"),
            ("Hi", None, "needs `html`"),
        ] {
            let error = read(subject, html).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
