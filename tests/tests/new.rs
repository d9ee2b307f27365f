//! `gevinst new`: a draft is sound as it is written, for every kind of channel, and never written over another file.

use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use gevinst_tests::program::program;
use gevinst_tests::{Answer, Place};

const COMPANY: &str = r#"
currency = "NOK"
timezone = "Europe/Oslo"
[month]
budget = "200 000 NOK"
[channels.email]
plugin = "email"
[channels.native]
plugin = "native-ads"
[channels.social]
plugin = "social"
[channels.letters]
plugin = "post-office"
"#;

fn company() -> Place {
    let place = Place::new();
    place.write("gevinst.toml", COMPANY);
    std::fs::create_dir(place.path("experiments")).expect("a folder can be made");
    place
}

/// The program in a folder where nobody built plugins: those would ask for their accounts and secrets.
fn without_plugins(place: &Place, arguments: &[&str]) -> Answer {
    let alone = place.path("bin/gevinst");
    if !alone.exists() {
        std::fs::create_dir(place.path("bin")).expect("a folder can be made");
        // By another process: a file that this one holds open for writing cannot be run, not even by a thread's neighbour.
        let copied = Command::new("cp").arg(program()).arg(&alone).status().expect("`cp` is there");
        assert!(copied.success(), "the program can be copied");
    }
    let mut command = Command::new(alone);
    command.args(arguments).current_dir(place.folder()).env_clear().env("HOME", place.folder());
    Answer::of(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))
}

#[test]
fn a_draft_for_every_kind_of_channel_passes_check_and_can_be_rehearsed() {
    // Protects the first five minutes: what the program writes, the program accepts, and it shows something.
    for channel in ["native", "email", "social", "letters"] {
        let place = company();
        let name = format!("my-{channel}");
        let written = place.gevinst(["new", &name, "--channel", channel, "--month", "2026-11"]).done();
        let file = format!("experiments/2026-11-{name}.toml");
        assert!(written.out.contains(&format!("wrote {file}")), "{}", written.out);
        let text = place.read(&file);
        let comments = text.lines().filter(|line| line.contains('#')).count();
        assert!(comments >= 10, "a draft explains itself; it has {comments} comments");

        // The words after `next:` are commands that work.
        let checked = without_plugins(&place, &["check", &file]).done();
        assert!(checked.out.contains("1 definition is sound"), "{}", checked.out);
        let rehearsed = place.gevinst(["rehearse", &file, "--json"]).done().json();
        let one = &rehearsed["experiments"][0];
        assert_eq!(one["name"], name.as_str());
        assert!(one["goals_per_month"].as_f64().is_some_and(|goals| goals > 0.0), "{one}");
    }
}

#[test]
fn without_a_month_it_is_the_next_one() {
    // Protects against a draft of a month that is half over.
    let place = company();
    place.gevinst(["new", "soon", "--channel", "native"]).done();
    let files: Vec<String> = place
        .contents()
        .into_keys()
        .filter_map(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()))
        .filter(|name| name.ends_with("-soon.toml"))
        .collect();
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
    let now = jiff::Timestamp::from_second(i64::try_from(now_s).expect("a small number")).expect("a time");
    let today = now.to_zoned(jiff::tz::TimeZone::get("Europe/Oslo").expect("a timezone")).date();
    let next = today.first_of_month().checked_add(jiff::Span::new().months(1)).expect("a date");
    assert_eq!(files, [format!("{}-soon.toml", next.strftime("%Y-%m"))]);
}

#[test]
fn a_draft_is_never_written_over_another_file() {
    // Protects the work of whoever has filled the draft in.
    let place = company();
    let new = ["new", "idea", "--channel", "native", "--month", "2026-11"];
    place.gevinst(new).done();
    place.write("experiments/2026-11-idea.toml", "# filled in");
    let before = place.contents();
    place.gevinst(new).ended_with(3).complaining_of(&[
        "2026-11-idea.toml",
        "is there already",
        "hint: take another name",
    ]);
    assert_eq!(place.contents(), before);
}

#[test]
fn what_cannot_be_drafted_is_refused() {
    // Protects against a file that `check` would refuse, or that lies somewhere else.
    let place = company();
    let before = place.contents();
    for (arguments, code, words) in [
        (
            ["new", "Big Idea", "--channel", "native"].as_slice(),
            2,
            ["lower-case letters", "hint: write `big-idea`"].as_slice(),
        ),
        (&["new", "../idea", "--channel", "native"], 2, &["lower-case letters"]),
        (&["new", "idea", "--channel", "nativ"], 3, &["no channel `nativ`", "`native`"]),
        (&["new", "idea", "--channel", "native", "--month", "2026-13"], 2, &["2026-13"]),
        (&["new", "idea"], 2, &["--channel"]),
    ] {
        place.gevinst(arguments).ended_with(code).complaining_of(words);
        assert_eq!(place.contents(), before, "{arguments:?}");
    }
    let nowhere = Place::new();
    nowhere.gevinst(["new", "idea", "--channel", "native"]).ended_with(3).complaining_of(&["gevinst.toml"]);
    assert!(nowhere.contents().is_empty());
}
