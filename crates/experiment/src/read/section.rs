//! Tables with known keys: declared once, from which reader, key list and JSON Schema follow.

use std::ops::Range;

use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};
use toml::de::{DeTable, DeValue};

use super::{At, Field, Findings, Node};
use crate::{diagnostic::Diagnostic, suggest::nearest};

/// Whether a key must be there, and what is read where it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// The table is refused without it; the text of [`Key::toml`] is an example of a value.
    Required,
    /// Its absence means something of its own; the text is an example.
    Optional,
    /// Where it is absent, the text is read in its place.
    Default,
}

/// One key of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) presence: Presence,
    /// A value as TOML text: an example, or the default.
    pub(crate) toml: &'static str,
    /// What the key means.
    pub(crate) doc: &'static str,
}

/// The tables of one file, each by its title.
pub(crate) type Tables = &'static [(&'static str, &'static [Key])];

/// A table with known keys.
pub(crate) trait Section: Field {
    const KEYS: &'static [Key];

    /// Where this one stands in its file.
    fn head(&self) -> &Head;
}

/// Where a table stands, and what is written in it.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// The text of its head, such as `[goal]`.
    pub(crate) span: Range<usize>,
    written: Vec<String>,
}

impl Head {
    /// Whether a key is written, be its value readable or not.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.written.iter().any(|written| written == key)
    }
}

/// Declares a table: `Required key: Type = "example as TOML";`, `Optional …`, `Default key: Type = "default as TOML";`.
/// The struct has each value as `Option<At<Type>>`: `None` where it is absent, or wrong and its mistake kept.
macro_rules! section {
    ($(#[doc = $doc:literal])+ $name:ident $title:tt {
        $($(#[doc = $kdoc:literal])+ $presence:ident $key:ident: $type:ty = $toml:literal;)+
    }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone)]
        pub(crate) struct $name {
            head: $crate::read::section::Head,
            $($(#[doc = $kdoc])+ pub(crate) $key: Option<$crate::read::At<$type>>,)+
        }

        impl $crate::read::section::Section for $name {
            const KEYS: &'static [$crate::read::section::Key] = &[$($crate::read::section::Key {
                name: $crate::read::section::bare(stringify!($key)),
                presence: $crate::read::section::Presence::$presence,
                toml: $toml,
                doc: concat!($($kdoc),+),
            },)+];

            fn head(&self) -> &$crate::read::section::Head {
                &self.head
            }
        }

        impl $crate::read::Field for $name {
            const TITLE: &'static str = $title;

            fn read(node: $crate::read::Node<'_>, findings: &mut $crate::read::Findings<'_>) -> Option<Self> {
                let mut table = $crate::read::section::Table::open::<Self>(node, findings)?;
                let read = Self { head: table.head(), $($key: table.take::<$type>(findings),)+ };
                Some(read)
            }

            fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                generator.subschema_for::<Self>()
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let values = vec![$(<$type as $crate::read::Field>::schema(generator),)+];
                $crate::read::section::schema::<Self>(concat!($($doc),+), values)
            }
        }
    };
}
pub(crate) use section;

/// `r#where` → `where`.
pub(crate) const fn bare(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// A table that is being read key by key, in the order of [`Section::KEYS`].
pub(crate) struct Table<'n> {
    table: &'n DeTable<'n>,
    keys: std::slice::Iter<'static, Key>,
    title: &'static str,
    head: Range<usize>,
    /// Keys that a misspelt one probably stands for: these are not called missing as well.
    meant: Vec<&'static str>,
}

impl<'n> Table<'n> {
    /// Begins to read; keys that the section does not know are mistakes.
    pub(crate) fn open<S: Section>(node: Node<'n>, findings: &mut Findings<'_>) -> Option<Self> {
        let DeValue::Table(table) = node.value else {
            findings.wrong_type(node, &kind(S::TITLE), Some(form::<S>(node)));
            return None;
        };
        let mut meant = Vec::new();
        for (key, _) in table.iter() {
            if S::KEYS.iter().any(|known| known.name == key.get_ref()) {
                continue;
            }
            if findings.is_full() {
                findings.dropped += 1;
            } else {
                let (near, diagnostic) = unknown::<S>(key.get_ref(), key.span(), findings.tables);
                meant.extend(near);
                findings.push(diagnostic);
            }
        }
        Some(Self { table, keys: S::KEYS.iter(), title: S::TITLE, head: node.span(), meant })
    }

    /// Reads the value of the next key.
    pub(crate) fn take<T: Field>(&mut self, findings: &mut Findings<'_>) -> Option<At<T>> {
        let key = self.keys.next().expect("the macro takes once for each key that it lists");
        if let Some(value) = self.table.get(key.name) {
            let node = Node::of(value);
            return T::read(node, findings).map(|value| At { value, span: node.span() });
        }
        match key.presence {
            Presence::Optional => None,
            Presence::Required => {
                if !findings.incomplete && !self.meant.contains(&key.name) {
                    findings.push(self.missing(key));
                }
                None
            }
            Presence::Default => {
                let default =
                    DeValue::parse(key.toml).expect("defaults are valid TOML: a test reads all of them");
                let mut own = Findings::new(key.toml, None);
                // Placed at the table's head: what is said about a default is said there.
                let value = T::read(Node::new(default.get_ref(), self.head.clone()), &mut own);
                assert!(own.list.is_empty(), "the default of `{}` is refused: {:?}", key.name, own.list);
                value.map(|value| At { value, span: self.head.clone() })
            }
        }
    }

    pub(crate) fn head(&self) -> Head {
        Head {
            span: self.head.clone(),
            written: self.table.iter().map(|(key, _)| key.get_ref().to_string()).collect(),
        }
    }

    fn missing(&self, key: &Key) -> Diagnostic {
        let place = if is_root(self.title) { "the file".to_owned() } else { quoted(self.title) };
        let help = if key.toml.starts_with('[') {
            format!("add the section `[[{}]]`", key.name)
        } else if key.toml.starts_with('{') && is_root(self.title) {
            format!("add the section `[{}]`", key.name)
        } else if is_root(self.title) {
            format!("add `{} = {}` at the top, before the first `[section]`", key.name, key.toml)
        } else {
            format!("add `{} = {}`", key.name, key.toml)
        };
        Diagnostic::error(self.head.clone(), format!("{place} lacks `{}`", key.name))
            .label(sentence(key.doc))
            .help(help)
    }
}

/// The title of an experiment's top level.
pub(crate) const ROOT: &str = "the top of the definition";

/// The title of the company's top level.
pub(crate) const ROOT_COMPANY: &str = "the top of `gevinst.toml`";

fn is_root(title: &str) -> bool {
    title == ROOT || title == ROOT_COMPANY
}

/// What a table is, in words.
fn kind(title: &str) -> String {
    if title.starts_with('[') { format!("the table `{title}`") } else { "a table".to_owned() }
}

/// How a table is written: by its head, or within braces.
fn form<S: Section>(node: Node<'_>) -> String {
    if S::TITLE.starts_with('[') {
        return if matches!(node.value, DeValue::Array(_)) {
            format!("write the head once, with single brackets: `{}`", S::TITLE)
        } else {
            format!("write the head `{}` on a line of its own, and its keys below", S::TITLE)
        };
    }
    let required = S::KEYS.iter().filter(|key| key.presence == Presence::Required);
    let keys: Vec<String> = required.map(|key| format!("{} = {}", key.name, key.toml)).collect();
    format!("write it as {{ {} }}", keys.join(", "))
}

/// Titles that are TOML are shown as code, others as words.
fn quoted(title: &str) -> String {
    if title.starts_with('[') { format!("`{title}`") } else { title.to_owned() }
}

/// The first sentence of a key's documentation, as a label.
fn sentence(doc: &str) -> String {
    let first = doc.trim().split(". ").next().unwrap_or_default().trim_end_matches('.');
    let mut letters = first.chars();
    letters.next().map(|c| c.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// What is said of a key that a table does not know, and the key that was probably meant.
fn unknown<S: Section>(key: &str, span: Range<usize>, tables: Tables) -> (Option<&'static str>, Diagnostic) {
    let title = quoted(S::TITLE);
    let place = if is_root(S::TITLE) { format!("at {title}") } else { format!("in {title}") };
    let diagnostic = Diagnostic::error(span, format!("unknown key `{}` {place}", key.escape_debug()));
    let names: Vec<String> = S::KEYS.iter().map(|known| format!("`{}`", known.name)).collect();
    let known = format!("keys {} {title}: {}", if is_root(S::TITLE) { "at" } else { "of" }, names.join(", "));
    if let Some(near) = nearest(key, S::KEYS.iter().map(|known| known.name)) {
        return (Some(near), diagnostic.label(format!("did you mean `{near}`?")).help(known));
    }
    let homes = tables.iter().filter(|(_, keys)| keys.iter().any(|known| known.name == key));
    let homes: Vec<&str> = homes.map(|(title, _)| *title).collect();
    let diagnostic = match homes.as_slice() {
        [home] if is_root(home) => diagnostic.label("this key belongs above the first `[section]`"),
        [home] => diagnostic.label(format!("this key belongs to {}", quoted(home))),
        [] => diagnostic.label("not a key of this table"),
        _ => diagnostic.label("not a key of this table, but of another"),
    };
    (None, diagnostic.help(known))
}

/// The JSON Schema of a section, from its keys and the schemas of their values.
pub(crate) fn schema<S: Section>(doc: &str, values: Vec<Schema>) -> Schema {
    let mut properties = serde_json::Map::new();
    for (key, schema) in S::KEYS.iter().zip(values) {
        let mut property = schema.to_value();
        if let Value::Object(property) = &mut property {
            property.insert("description".to_owned(), Value::String(key.doc.trim().to_owned()));
            if key.presence == Presence::Default && key.toml != "{}" {
                property.insert("default".to_owned(), literal(key.toml));
            }
        }
        properties.insert(key.name.to_owned(), property);
    }
    let required: Vec<&str> =
        S::KEYS.iter().filter(|key| key.presence == Presence::Required).map(|key| key.name).collect();
    let mut schema = json!({
        "type": "object",
        "description": doc.trim(),
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    Schema::try_from(schema).expect("an object is a schema")
}

/// A TOML text as JSON.
fn literal(toml: &str) -> Value {
    let value = DeValue::parse(toml).expect("defaults are valid TOML: a test reads all of them");
    super::json(Node::of(&value), &mut Findings::new(toml, None)).expect("defaults are representable as JSON")
}

/// The schema of a whole file.
pub(crate) fn root_schema<S: Section + schemars::JsonSchema>(title: &str) -> Value {
    let mut schema = SchemaGenerator::default().into_root_schema_for::<S>().to_value();
    schema["title"] = Value::String(title.to_owned());
    schema
}
