//! Libraries that are none, or speak another version: refused in plain words, before anything is called.

use crate::support::*;
use gevinst_host::{ChildConnection, Connection, HostError, InProcessConnection, Limits, Plugin};
use std::path::Path;

/// Errors of both ways of loading, which must be the same. In this process only what runs no code.
fn load_error(path: &Path) -> String {
    let plugin = Plugin::at(path).unwrap();
    let log = Log::default();
    let over_child = refused(ChildConnection::start(&plugin, &child_options(), log.surroundings()));
    let here = refused(InProcessConnection::load_trusted(&plugin, Limits::default(), log.surroundings()));
    assert_eq!(over_child.to_string(), here.to_string());
    over_child.to_string().replace(&plugin.path().display().to_string(), "LIB")
}

/// Protects the user from "dlopen failed" without a cause.
#[test]
#[cfg(target_os = "linux")]
fn what_the_loader_refuses_is_refused_with_its_cause() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cut.so");
    let whole = std::fs::read(hostile().path()).unwrap();
    std::fs::write(&path, &whole[..100]).unwrap();
    let error = load_error(&path);
    assert!(error.starts_with("`LIB` is not a library that can be loaded: "), "{error}");
    let cause = error.rsplit(": ").next().unwrap();
    assert!(!cause.is_empty() && error.matches(": ").count() >= 2, "no cause: {error}");
}

/// Protects against every table that must not be used: of another major, too short, not a table, or none.
#[test]
fn tables_that_must_not_be_used_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let table = |magic: &str, major: &str, size: &str| {
        format!(
            r#"
#include "gevinst_channel.h"
static int32_t describe(gv_sink out, gv_error *err) {{ (void)out; (void)err; return GV_INTERNAL; }}
const gevinst_channel_v1_t gevinst_channel_v1 = {{
  .magic = {magic}, .abi_major = {major}, .abi_minor = 3, .struct_size = {size}, .describe = describe
}};
"#
        )
    };
    let whole = "sizeof(gevinst_channel_v1_t)";
    let second = table("GEVINST_MAGIC", "2", whole)
        .replace("gevinst_channel_v1 =", "gevinst_channel_v2 =")
        .replace("const gevinst_channel_v1_t gevinst_channel_v2", "extern const gevinst_channel_v1_t gevinst_channel_v2; const gevinst_channel_v1_t gevinst_channel_v2");
    for (name, source, expected) in [
        (
            "another_major",
            table("GEVINST_MAGIC", "7", whole),
            "`LIB` speaks channel ABI 7.3, this program speaks 1.0",
        ),
        ("another_symbol", second, "`LIB` speaks channel ABI 2.3, this program speaks 1.0"),
        (
            "short_table",
            table("GEVINST_MAGIC", "1", "33"),
            "`LIB` cannot be used: its table of 33 bytes leaves the required slot `open` empty",
        ),
        (
            "empty_slots",
            table("GEVINST_MAGIC", "1", whole),
            "`LIB` cannot be used: its table of 96 bytes leaves the required slot `open` empty",
        ),
        (
            "no_magic",
            table("0x42", "1", whole),
            "`LIB` cannot be used: its symbol does not point to a channel table",
        ),
        (
            "no_symbol",
            "int something(void); int something(void) { return 1; }".to_owned(),
            "`LIB` is a library but not a channel plugin: it exports no `gevinst_channel_v1`",
        ),
    ] {
        let Some(library) = compile(&source, dir.path(), name) else { return };
        assert_eq!(load_error(&library), expected, "{name}");
    }
}

/// Protects the host from constructors: a library that exits or hangs while it is loaded costs a child.
#[test]
fn constructors_run_in_the_child() {
    let dir = tempfile::tempdir().unwrap();
    let source = |body: &str| {
        format!(
            "#include <stdlib.h>\n#include <unistd.h>\n\
             __attribute__((constructor)) static void first(void) {{ {body} }}\n"
        )
    };
    let Some(exits) = compile(&source("_Exit(3);"), dir.path(), "exits") else { return };
    let start = |library: &Path, deadline_ms| {
        let load_deadline = std::time::Duration::from_millis(deadline_ms);
        let options = gevinst_host::ChildOptions { load_deadline, ..child_options() };
        let plugin = Plugin::at(library).unwrap();
        refused(ChildConnection::start(&plugin, &options, Log::default().surroundings()))
    };
    assert_eq!(
        start(&exits, 20_000).to_string(),
        format!(
            "`{}` cannot be loaded: the plugin's process exited with code 3, without an answer, during loading",
            exits.display()
        )
    );
    let Some(hangs) = compile(&source("for (;;) pause();"), dir.path(), "hangs") else { return };
    let HostError::NotLoaded { source, .. } = start(&hangs, 300) else { panic!("it hangs") };
    assert!(matches!(*source, HostError::Deadline { method: "loading", .. }));
}

/// Protects callers that link a channel: the same table works without a library.
#[test]
fn a_linked_channel_is_a_connection_too() {
    let table = &gevinst_hostile::gevinst_channel_v1;
    let log = Log::default();
    let mut channel = InProcessConnection::linked(table, Limits::default(), log.surroundings()).unwrap();
    assert_eq!(channel.describe(at(0)).unwrap().id, "hostile");
    channel.open(&config(None), at(0)).unwrap();
    channel.check(at(0)).unwrap();
}
