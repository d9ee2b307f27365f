//! Input that cannot be right: every refusal names the place and what to do, ends with its documented exit code, and
//! leaves every file as it was.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use gevinst_ledger::{Access, Ledger};
use gevinst_rehearsal::Faults;
use gevinst_tests::export::Export;
use gevinst_tests::market::{self, received, time};
use gevinst_tests::program::library;
use gevinst_tests::{Answer, Place};

const COMPANY: &str = r#"
currency = "NOK"
timezone = "Europe/Oslo"
mode = "autopilot"
[month]
budget = "100 000 NOK"
[channels.market]
plugin = "PLUGIN"
"#;

/// Line numbers of messages refer to this text, whose first line is its name.
const DEFINITION: &str = r#"name = "headlines"
month = "2026-11"
hypothesis = "The problem brings cheaper leads than the product."
goal = { metric = "lead", per = "recipients" }
separation = "randomised"

[budget]
total = "30 000 NOK"
daily_max = "1 000 NOK"

[[arm]]
name = "product"
channel = "market"
control = true

[[arm]]
name = "problem"
channel = "market"

[delay]
complete_after = "2 days"

"#;

const STATED: &str = r#"[rehearsal]
rates = { product = "10 %", problem = "20 %" }
price = "10 NOK"
"#;

/// The first of November in Oslo.
const START: &str = "2026-10-31T23:00:00Z";

/// A project with this definition, whose channel is this plugin.
fn project(plugin: &str, definition: &str) -> Place {
    let place = Place::new();
    place.write("gevinst.toml", COMPANY.replace("PLUGIN", plugin));
    place.write("experiments/headlines.toml", definition);
    place
}

/// Asks for what must be refused, and holds code, words and files against what they should be.
#[track_caller]
fn refused(place: &Place, arguments: &[&str], code: i32, words: &[&str]) -> Answer {
    // SQLite keeps these beside a database that is open, for readers too; they hold no record of their own.
    let contents = || {
        let mut files = place.contents();
        files.retain(|path, _| !["-wal", "-shm"].iter().any(|end| path.to_string_lossy().ends_with(end)));
        files
    };
    let before = contents();
    let answer = place.gevinst(arguments).ended_with(code).complaining_of(words);
    assert!(!answer.err.contains("panicked at"), "{}", answer.err);
    let after = contents();
    let changed: Vec<_> = after.iter().filter(|(path, bytes)| before.get(*path) != Some(bytes)).collect();
    let changed: Vec<_> = changed.into_iter().map(|(path, _)| path).collect();
    assert!(changed.is_empty() && before.len() == after.len(), "it changed {changed:?}");
    answer
}

#[test]
fn a_definition_that_cannot_be_right_is_refused_by_every_command_that_reads_it() {
    // Protects against an experiment that is not the one that was meant.
    let cases: [(&str, &str, &[&str]); 5] = [
        (
            "separation =",
            "seperation =",
            &["unknown key `seperation`", "headlines.toml:5:1", "did you mean `separation`?"],
        ),
        ("\"30 000 NOK\"", "\"30 000\"", &["headlines.toml:8:9", "currency", "30 000 NOK"]),
        (
            "name = \"problem\"",
            "name = \"product\"",
            &["two arms are called `product`", "headlines.toml:17:8", "the first one"],
        ),
        ("month = \"2026-11\"", "month = \"2026-13\"", &["headlines.toml:2:", "2026-13"]),
        (
            "channel = \"market\"\n\n",
            "channel = \"markt\"\n\n",
            &["headlines.toml:18:11", "did you mean `market`?"],
        ),
    ];
    let whole = format!("{DEFINITION}{STATED}");
    for (right, wrong, words) in cases {
        let place = project("rehearsal", &whole.replacen(right, wrong, 1));
        assert_ne!(place.read("experiments/headlines.toml"), whole, "`{right}` is in the definition");
        for command in
            [["check"].as_slice(), &["rehearse"], &["rehearse", "--months", "2"], &["run", "--now", START]]
        {
            let answer = refused(&place, command, 3, words);
            assert!(answer.err.contains("mistake") && answer.err.contains(" in 1 file"), "{}", answer.err);
            assert!(
                answer.err.contains("  | ") && answer.err.contains('^'),
                "the place is underlined: {}",
                answer.err
            );
            assert!(!answer.err.contains('\u{1b}'), "no colour into a pipe");
        }
    }
}

#[test]
fn all_mistakes_of_all_files_are_told_at_once() {
    // Protects the person who would otherwise correct and run, correct and run.
    let place =
        project("rehearsal", &DEFINITION.replace("separation", "seperation").replace("30 000 NOK", "30 000"));
    place.write(
        "experiments/other.toml",
        DEFINITION.replace("name = \"headlines\"", "name = \"other\"").replace("per =", "pre ="),
    );
    let words = ["headlines.toml:5:1", "headlines.toml:8:9", "other.toml:4:27", "3 mistakes in 2 files"];
    refused(&place, &["check"], 3, &words);
}

#[test]
fn a_month_that_is_over_cannot_be_run_but_rehearsed() {
    // Protects the one difference between spending money and playing.
    let place = project("rehearsal", &format!("{DEFINITION}{STATED}"));
    refused(&place, &["run", "--now", "2026-12-24T00:00:00Z"], 3, &["month", "is over", "rehearse"]);
    place.gevinst(["rehearse"]).done();
}

/// Libraries that are no channel of ours, by the name they go under.
fn libraries(folder: &Path) -> PathBuf {
    let whole = std::fs::read(library("rehearsal")).expect("the rehearsal's library can be read");
    let patched = |old: &[u8], new: &[u8]| {
        let mut bytes = whole.clone();
        let at: Vec<usize> =
            (0..bytes.len() - old.len()).filter(|&at| bytes[at..].starts_with(old)).collect();
        assert!(!at.is_empty(), "the library holds what is to be replaced");
        for at in at {
            bytes[at..at + new.len()].copy_from_slice(new);
        }
        bytes
    };
    let table =
        |major: u32| [0x3154_534E_4956_4547_u64.to_le_bytes().as_slice(), &major.to_le_bytes()].concat();
    std::fs::create_dir_all(folder).expect("a folder can be made");
    let put = |name: &str, bytes: &[u8]| {
        let name = format!("{}gevinst_{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
        std::fs::write(folder.join(name), bytes).expect("a library can be written");
    };
    put("text", b"these are words, not code\n");
    put("nothing", b"");
    put("cut", &whole[..100]);
    put("torn", &whole[..4096]);
    put("newer", &patched(&table(1), &table(7)));
    put("foreign", &patched(b"gevinst_channel_v1", b"somebody_elses_own"));
    put("declared", &whole);
    let manifest = r#"{ "id": "declared", "version": "9.0.0", "abi": [2, 1] }"#;
    let name = format!("{}gevinst_declared.gevinst.json", std::env::consts::DLL_PREFIX);
    std::fs::write(folder.join(name), manifest).expect("a manifest can be written");
    folder.to_path_buf()
}

#[test]
fn a_plugin_that_cannot_be_used_is_refused_before_anything_is_recorded() {
    // Protects against an experiment that is launched with nobody behind it.
    let elsewhere = Place::new();
    let folder = libraries(&elsewhere.path("plugins"));
    let folder = folder.to_str().expect("a temporary path is text");
    let cases: [(&str, &[&str]); 8] = [
        ("gone", &["no plugin `gone`", "libgevinst_gone", "hint: put the library into one of these folders"]),
        ("text", &["libgevinst_text", "is not a library", "does not start like one"]),
        ("nothing", &["libgevinst_nothing", "is not a library"]),
        ("cut", &["libgevinst_cut", "is not a library that can be loaded"]),
        (
            "torn",
            &["libgevinst_torn", "cannot be loaded", "during loading", "hint: the library fails before"],
        ),
        (
            "newer",
            &[
                "libgevinst_newer",
                "speaks channel ABI 7.0, this program speaks 1.0",
                "hint: install a version",
            ],
        ),
        ("foreign", &["libgevinst_foreign", "is a library but not a channel plugin"]),
        ("declared", &["speaks channel ABI 2.1, this program speaks 1.0", "hint: install a version"]),
    ];
    for (plugin, words) in cases {
        let place = project(plugin, DEFINITION);
        let words = [&["channel `market`", "`headlines`"], words].concat();
        refused(&place, &["run", "--now", START, "--plugin-dir", folder], 4, &words);
    }
}

/// The hostile channel, with one fault or none.
fn hostile(fault: &str) -> String {
    let fault = if fault.is_empty() { String::new() } else { format!("fault = \"{fault}\"\n") };
    format!("{}state_file = \"platform\"\n{fault}", COMPANY.replace("PLUGIN", "hostile"))
}

#[test]
fn a_plugin_that_fails_at_once_leaves_nothing_behind() {
    // Protects the ledger from an experiment whose channel never opened.
    for (fault, words) in
        [("panics_in_open", ["the plugin panicked: a panic in open"]), ("not_a_fault", ["bad configuration"])]
    {
        let place = project("hostile", DEFINITION);
        place.write("gevinst.toml", hostile(fault));
        refused(&place, &["run", "--now", START], 4, &[["channel `market`"], words].concat());
    }
}

#[test]
fn a_plugin_that_hangs_is_given_up_and_killed() {
    // Protects a timer that starts the program every hour from one that never ends.
    let place = project("hostile", DEFINITION);
    place.write("gevinst.toml", hostile("hangs_in_check"));
    let words = ["channel `market`", "took longer than 2000 ms", "hint: give slow platforms more time"];
    place.gevinst(["run", "--now", START, "--deadline", "2"]).ended_with(4).complaining_of(&words);
    assert!(!place.path("gevinst.ledger").exists());
    // `check` asks less of a channel, but never more than it is given time for.
    place.write("gevinst.toml", hostile(""));
    place.gevinst(["check", "--deadline", "2"]).done();
    refused(&place, &["run", "--deadline", "0"], 2, &["--deadline", "0"]);
}

#[test]
fn a_plugin_that_fails_in_the_middle_costs_that_step_and_nothing_else() {
    // Protects what is known: half an answer is none, and the next step asks for the same days again.
    let place = project("hostile", &DEFINITION.replace("recipients", "spend"));
    place.write("gevinst.toml", hostile(""));
    place.gevinst(["run", "--now", START]).done();
    let known = Export::of(&place);
    let platform = place.read("platform");
    let next = ["run", "--now", "2026-11-01T23:00:00Z"];
    for (fault, words) in [
        ("panics_in_observe", "the plugin panicked"),
        ("exits_in_observe", "exited with code 0, without an answer, during observe"),
        ("foreign_arm", "no arm has the code"),
        ("not_a_number", "not possible"),
        ("doubled_row", "there twice"),
    ] {
        place.write("gevinst.toml", hostile(fault));
        place.gevinst(next).ended_with(4).complaining_of(&[
            "`headlines`",
            "channel `market`",
            words,
            "hint: ",
        ]);
        let now = Export::of(&place);
        assert_eq!(now.rows, known.rows, "{fault}");
        for kind in ["looked", "concluded", "intended", "sent"] {
            assert_eq!(now.kind(kind).count(), known.kind(kind).count(), "{fault}: {kind}");
        }
        assert_eq!(place.read("platform"), platform, "{fault}");
    }
    place.gevinst(["ledger", "verify"]).done();
}

#[test]

fn rows_of_periods_that_nobody_asked_for_are_refused() {
    // Protects against hours that are taken for days: a spend that is told 24 times too small is spent again.
    let place = project("hostile", &DEFINITION.replace("recipients", "spend"));
    for fault in ["ignores_grain", "crooked_periods"] {
        place.write("gevinst.toml", hostile(fault));
        place.gevinst(["run", "--now", START]).done();
        let next = place.gevinst(["run", "--now", "2026-11-01T23:00:00Z"]).ended_with(4);
        next.complaining_of(&["channel `market`", "period"]);
        assert!(Export::of(&place).rows.is_empty());
    }
}

#[test]
fn a_plugin_that_exits_while_it_is_commanded_is_asked_before_it_is_commanded_again() {
    // Protects the money: what may have been done counts, and is asked for, never repeated.
    let place = project("hostile", &DEFINITION.replace("recipients", "spend"));
    place.write("gevinst.toml", hostile("exits_in_apply"));
    let words =
        ["`headlines/problem/1`", "nobody knows yet whether it was applied", "exited with code 0", "hint: "];
    place.gevinst(["run", "--now", START]).ended_with(4).complaining_of(&words);
    let outcomes = |export: &Export| -> Vec<String> {
        let answers =
            export.records.iter().filter(|record| matches!(record.kind.as_str(), "receipt" | "reconciled"));
        answers.map(|record| record.body["outcome"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(outcomes(&Export::of(&place)), ["unknown", "unknown"]);
    place.write("gevinst.toml", hostile(""));
    // The platform does not have them: they are settled as that, and new commands, with new numbers, go out.
    let step = place.gevinst(["run", "--now", START]);
    assert!(matches!(step.code, Some(0 | 4)), "{}", step.err);
    place.gevinst(["run", "--now", START]).done();
    let export = Export::of(&place);
    assert_eq!(outcomes(&export), ["unknown", "unknown", "not_applied", "not_applied", "applied", "applied"]);
    let lines = place.read("platform").lines().count();
    assert_eq!(lines, 2, "one command an arm reached the platform");
}

/// Past results of two arms, as CSV.
fn past(rows: &[&str]) -> String {
    format!("arm,shown,clicks\n{}\n", rows.join("\n"))
}

#[test]
fn past_results_that_cannot_be_right_are_refused_with_row_and_column() {
    // Protects against a rehearsal of a market that never was.
    let definition = format!(
        "{DEFINITION}[rehearsal.data]\nfile = \"past.csv\"\narm = \"arm\"\narms = {{ product = \"A\", problem = \"B\" }}\n\
         exposure = \"shown\"\ngoal = \"clicks\"\n"
    );
    let place = project("rehearsal", &definition);
    let good = past(&["A,1000,100", "B,1000,150"]);
    let missing = good.replace("clicks", "klicks");
    let cases: [(&str, &[&str]); 6] = [
        (&missing, &["past.csv", "has no column `clicks`", "`klicks`"]),
        (
            &past(&["A,1000,100", "B,1000,-5"]),
            &["past.csv", "row 2 (line 3), column `clicks`", "-5", "negative"],
        ),
        (&past(&["A,1000,NaN", "B,1000,5"]), &["past.csv", "row 1 (line 2), column `clicks`", "NaN"]),
        (&past(&["A,inf,7", "B,1000,5"]), &["past.csv", "row 1 (line 2), column `shown`", "inf"]),
        (&past(&["A,1000,100", "B,1000"]), &["past.csv", "line 3"]),
        (&past(&["A,1000,100"]), &["past.csv", "no row for arm `problem`"]),
    ];
    let commands = [["rehearse"].as_slice(), &["rehearse", "--in-process"], &["rehearse", "--months", "3"]];
    for (text, words) in cases {
        place.write("experiments/past.csv", text);
        for command in commands {
            refused(&place, command, 3, words);
        }
    }
    place.write("experiments/past.csv", &good);
    place.gevinst(["rehearse"]).done();
    std::fs::remove_file(place.path("experiments/past.csv")).expect("a file can be removed");
    for command in commands {
        refused(&place, command, 3, &["no file `past.csv`", "GEVINST_DATA"]);
    }
}

#[test]
fn a_gzip_file_that_was_cut_off_is_refused() {
    // Protects against half a download that looks like a whole file of fewer rows.
    let definition = format!(
        "{DEFINITION}[rehearsal.data]\nfile = \"past.csv.gz\"\narm = \"arm\"\narms = {{ product = \"A\", problem = \"B\" }}\n\
         goal = \"clicks\"\n"
    );
    let place = project("rehearsal", &definition);
    let mut text = String::from("arm,row,clicks\n");
    for row in 0..4_000 {
        text.push_str(&format!(
            "{},{row},{}\n",
            if row % 2 == 0 { "A" } else { "B" },
            u8::from(row % 13 < 3)
        ));
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory takes everything");
    let whole = encoder.finish().expect("memory takes everything");
    for keep in [whole.len() - 1, whole.len() - 8, whole.len() / 2, 30] {
        place.write("experiments/past.csv.gz", &whole[..keep]);
        for command in [["rehearse"].as_slice(), &["rehearse", "--months", "3"]] {
            refused(&place, command, 3, &["past.csv.gz", "cut off"]);
        }
    }
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 0x55;
    place.write("experiments/past.csv.gz", &damaged);
    refused(&place, &["rehearse"], 3, &["past.csv.gz"]);
    place.write("experiments/past.csv.gz", &whole);
    place.gevinst(["rehearse"]).done();
}

/// A ledger of one step, and the arguments of every command that would use it.
fn started() -> (Place, i64) {
    let place = Place::new();
    let definition = format!("{DEFINITION}{STATED}");
    let played = market::project(&place, "autopilot", Faults::default(), &[&definition]).remove(0);
    let start_us = played.plan.start_us();
    place.gevinst(["run", "--now", &time(start_us)]).done();
    (place, start_us)
}

#[test]
fn a_ledger_of_a_newer_format_is_left_alone() {
    // Protects months of facts from a program that is too old to understand them.
    let (place, _) = started();
    let connection =
        rusqlite::Connection::open(place.path("gevinst.ledger")).expect("a ledger is an SQLite file");
    connection.pragma_update(None, "user_version", 99).expect("a format can be written");
    connection.close().expect("the file can be closed");
    let commands: [&[&str]; 6] = [
        &["run", "--now", "2026-11-01T23:00:00Z"],
        &["status"],
        &["report"],
        &["approve", "--all"],
        &["ledger", "verify"],
        &["ledger", "export"],
    ];
    // The lock file beside it says who wrote last, and is no part of the ledger.
    std::fs::remove_file(place.path("gevinst.ledger-lock")).expect("nobody holds it");
    for command in commands {
        let before = std::fs::read(place.path("gevinst.ledger")).expect("a ledger can be read");
        let words =
            ["gevinst.ledger", "it has format 99", "reads formats up to", "hint: install the newer version"];
        place.gevinst(command).ended_with(5).complaining_of(&words);
        assert_eq!(
            std::fs::read(place.path("gevinst.ledger")).expect("it is still there"),
            before,
            "{command:?}"
        );
    }
    assert_eq!(received(&place).len(), 2, "the platform heard nothing more");
    assert!(!place.path("report").exists());
}

#[test]
fn a_file_that_is_no_ledger_is_left_alone() {
    // Protects the file that was named by mistake.
    let (place, _) = started();
    place.write(
        "notes.txt",
        "dear diary, this is a text of a certain length, and not at all a database.\n".repeat(40),
    );
    let other = rusqlite::Connection::open(place.path("other.sqlite")).expect("a database can be made");
    other.execute("CREATE TABLE t (x)", []).expect("a table can be made");
    other.close().expect("the file can be closed");
    for (file, words) in [
        ("notes.txt", ["notes.txt", "not a ledger"]),
        ("other.sqlite", ["other.sqlite", "not a ledger"]),
        ("nosuch.ledger", ["nosuch.ledger", "no such file"]),
    ] {
        let before = std::fs::read(place.path(file)).ok();
        for command in ["status", "report"] {
            refused(&place, &[command, "--ledger", file], 5, &words);
        }
        if before.is_some() {
            let run = ["run", "--now", START, "--ledger", file];
            place.gevinst(run).ended_with(5).complaining_of(&words);
        }
        assert_eq!(std::fs::read(place.path(file)).ok(), before);
    }
    assert_eq!(received(&place).len(), 2, "the platform heard nothing more");
}

#[test]
fn a_ledger_that_another_program_holds_is_not_waited_for() {
    // Protects against two runners that command one platform: the second ends at once and says who the first is.
    let (place, _) = started();
    let held = Ledger::open(&place.path("gevinst.ledger"), Access::Write).expect("nobody else holds it");
    let before = Export::of(&place);
    let holder = format!("process {}", std::process::id());
    let words = ["gevinst.ledger", holder.as_str(), "hint: wait for the other"];
    place.gevinst(["run", "--now", "2026-11-01T23:00:00Z"]).ended_with(5).complaining_of(&words);
    place.gevinst(["approve", "--all"]).ended_with(5).complaining_of(&words);
    place.gevinst(["plugin", "accept", "rehearsal"]).ended_with(5).complaining_of(&words);
    // Readers are welcome meanwhile.
    place.gevinst(["status"]).done();
    place.gevinst(["ledger", "verify"]).done();
    assert_eq!(Export::of(&place), before);
    drop(held);
    place.gevinst(["run", "--now", "2026-11-01T23:00:00Z"]).done();
}

/// A small disk in memory that goes away with the test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts it, where the user may; says so where not.
    fn mount(at: PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&at).expect("a folder can be made");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(&at).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(at));
        }
        gevinst_tests::skipped("a full disk: only root can mount a small one");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

#[test]
fn a_full_disk_ends_the_step_and_nothing_is_sent_that_is_not_recorded() {
    // Protects the order of things: a command that could not be written down must not leave.
    let place = Place::new();
    let definition = format!("{DEFINITION}{STATED}");
    let played = market::project(&place, "autopilot", Faults::default(), &[&definition]).remove(0);
    let Some(disk) = SmallDisk::mount(place.path("small")) else { return };
    let filler = disk.0.join("filler");
    let run = |at_us: i64| place.gevinst(["run", "--now", &time(at_us), "--ledger", "small/l"]);
    let fill = |leave: usize| {
        // What is there is filled to the brim, and a little is given back.
        let mut file = std::fs::File::create(&filler).expect("a file can be made on the disk");
        let block = [7_u8; 4096];
        while file.write_all(&block).is_ok() {}
        let length = file.metadata().expect("it has a length").len();
        file.set_len(length.saturating_sub(u64::try_from(leave).expect("a small number")))
            .expect("it can be cut");
    };
    let moments = played.moments();
    let mut full = 0;
    for (step, &at_us) in moments[..8].iter().enumerate() {
        // Sometimes there is room for a part of the step and not for all of it.
        fill([0, 8 << 10, 40 << 10, 64 << 10, 100 << 10, 160 << 10, 0, 16 << 10][step]);
        let known = received(&place).len();
        let answer = run(at_us);
        if answer.code != Some(0) {
            let answer = answer.ended_with(5).complaining_of(&["small/l", "error: "]);
            assert!(!answer.err.contains("panicked at"), "{}", answer.err);
            full += u32::from(answer.err.contains("disk is full"));
        }
        std::fs::remove_file(&filler).expect("room can be made");
        if place.path("small/l").exists() && place.path("small/l").metadata().is_ok_and(|meta| meta.len() > 0)
        {
            let export = Export::of_ledger(&place, "small/l");
            let sent = export.kind("sent").count();
            let heard = received(&place).len();
            assert!(heard <= sent, "step {step}: {heard} commands were heard and {sent} recorded as sent");
        } else {
            assert_eq!(received(&place).len(), known, "without a ledger nothing is sent");
        }
        let again = run(at_us);
        assert!(matches!(again.code, Some(0 | 4)), "{}", again.err);
        run(at_us).done();
    }
    assert!(full >= 2, "the disk was full {full} times");
    place.gevinst(["ledger", "verify", "--ledger", "small/l"]).done();
    let export = Export::of_ledger(&place, "small/l");
    let mut heard: Vec<String> = received(&place).into_iter().map(|one| one.command.key).collect();
    let mut applied = export.applied();
    heard.sort();
    applied.sort();
    assert_eq!(heard, applied);
    assert!(received(&place).iter().all(|one| one.applied), "and nothing was sent twice");
}

#[test]
fn a_report_that_cannot_be_written_is_an_error() {
    // Protects against a page that is said to be there and is not.
    let (place, _) = started();
    place.write("taken", "a file where the folder should be");
    refused(&place, &["report", "--out", "taken"], 1, &["taken", "failed to write"]);
    refused(&place, &["rehearse", "--json", "taken/out.json", "--out", "taken/report"], 1, &["taken"]);
}

#[test]
fn a_moment_that_is_none_is_refused() {
    // Protects trials with another clock from a typing error that would mean now.
    let (place, _) = started();
    for now in ["yesterday", "2026-11-31T00:00:00Z", "2026-11-01", ""] {
        refused(&place, &["run", "--now", now], 2, &["is not a moment", "hint: write it as"]);
    }
}
