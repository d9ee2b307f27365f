//! `gevinst plugin`: which plugins are there, whether they may be trusted, and what happens when a library changes.

use std::path::PathBuf;

use gevinst_rehearsal::Faults;
use gevinst_tests::export::Export;
use gevinst_tests::market::{self, received, time};
use gevinst_tests::program::library;
use gevinst_tests::{Answer, Place};
use serde_json::Value;

fn good() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/rehearsal/good.toml"))
}

#[test]
fn the_list_tells_what_a_plugin_is_before_anybody_trusts_it() {
    // Protects the person who must know which library serves which channel.
    let place = Place::new();
    let listed = place.gevinst(["plugin", "list", "--json"]).done().json();
    assert_eq!(listed["schema_version"], 1);
    let plugins = listed["plugins"].as_array().unwrap();
    let rehearsal = plugins.iter().find(|plugin| plugin["name"] == "rehearsal").expect("it is a dependency");
    assert_eq!(rehearsal["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(rehearsal["path"], library("rehearsal").canonicalize().unwrap().to_str().unwrap());
    let description = &rehearsal["description"];
    assert_eq!((&description["id"], &description["abi"][0]), (&"rehearsal".into(), &1.into()));
    assert_eq!(description["config_schema"]["type"], "object");
    let text = place.gevinst(["plugin", "list"]).done();
    assert!(text.out.contains("rehearsal ") && text.out.contains("sha256 "), "{}", text.out);

    // One that cannot be used is listed as that, and keeps nobody from the others.
    place.write("more/libgevinst_words.so", "words");
    let listed = place.gevinst(["plugin", "list", "--plugin-dir", "more", "--json"]).done().json();
    let plugins = listed["plugins"].as_array().unwrap();
    let words = plugins.iter().find(|plugin| plugin["name"] == "words").expect("it has a plugin's name");
    assert!(words["error"].as_str().is_some_and(|error| error.contains("is not a library")), "{words}");
    assert!(plugins.iter().any(|plugin| plugin["name"] == "rehearsal"));
    // The variable names a folder as the option does.
    let by_variable = Answer::of(place.command(["plugin", "list"]).env("GEVINST_PLUGIN_DIR", "more")).done();
    assert!(by_variable.out.contains("words  cannot be used"), "{}", by_variable.out);
}

#[test]
fn our_own_plugins_pass_the_conformance_suite_each_test_in_a_child() {
    // Protects authors of plugins: the ones that they copy from do what the suite asks for.
    for (plugin, families) in [
        ("rehearsal", &["load", "config", "money", "data", "life"][..]),
        ("outcomes", &["load", "config", "data", "life"]),
    ] {
        let place = Place::new();
        let good = PathBuf::from(format!("{}/../plugins/{plugin}/good.toml", env!("CARGO_MANIFEST_DIR")));
        let test = ["plugin", "test", plugin, "--json", "out.json", "--config"];
        let answer = place.gevinst(test.iter().map(PathBuf::from).chain([good])).done();
        assert!(answer.out.contains(" passed, 0 failed"), "{}", answer.out);
        let report: Value = serde_json::from_str(&place.read("out.json")).unwrap();
        assert_eq!((report["schema_version"].as_u64(), report["plugin"].as_str()), (Some(1), Some(plugin)));
        let results = report["results"].as_array().unwrap();
        for family in families {
            let passed = |result: &&Value| result["family"] == *family && result["status"] == "passed";
            assert!(
                results.iter().any(|result| passed(&result)),
                "nothing of `{family}` was tested: {report}"
            );
        }
        assert!(results.iter().all(|result| result["status"] != "failed"), "{report}");
        assert_eq!(place.contents().len(), 1, "the tests leave nothing behind");
    }
}

#[test]
fn a_plugin_that_misbehaves_fails_the_test_that_names_its_fault() {
    // Protects money from plugins that look well: the suite must be able to fail, and its exit code must say so.
    let place = Place::new();
    let library = library("hostile");
    let library = library.to_str().unwrap();
    for (fault, filter, test) in [
        ("ignores_seq", "money", "money."),
        ("panics_in_observe", "data", "data."),
        ("accepts_unknown_keys", "config", "config."),
    ] {
        let config = format!(
            "currency = \"NOK\"\ntimezone = \"Europe/Oslo\"\nstate_file = \"{{tmp}}/state\"\nfault = \"{fault}\"\n"
        );
        place.write("hostile.toml", config);
        let arguments =
            ["plugin", "test", library, "--config", "hostile.toml", "--filter", filter, "--json", "out.json"];
        let answer = place.gevinst(arguments).ended_with(6);
        let answer = answer.complaining_of(&["conformance test", "failed", "hint: "]);
        assert!(answer.out.contains("FAILED") || answer.out.contains("failed"), "{}", answer.out);
        let report: Value = serde_json::from_str(&place.read("out.json")).unwrap();
        let failed =
            report["results"].as_array().unwrap().iter().filter(|result| result["status"] == "failed");
        let names: Vec<&str> = failed.map(|result| result["name"].as_str().unwrap()).collect();
        assert!(!names.is_empty() && names.iter().all(|name| name.starts_with(test)), "{fault}: {names:?}");
    }
}

#[test]
fn a_new_plugin_is_written_once_and_under_a_name_that_fits() {
    // Protects what somebody wrote before, and names that no library could have. That it builds, the guide's test shows.
    let place = Place::new();
    let new = |name: &str| place.gevinst(["plugin", "new", name]);
    let answer = new("own-channel").done();
    assert!(answer.out.contains("cargo test"), "{}", answer.out);
    let manifest = place.read("own-channel/Cargo.toml");
    assert!(
        manifest.contains("name = \"gevinst-own-channel\"") && manifest.contains("\"cdylib\""),
        "{manifest}"
    );
    assert!(
        manifest.contains("gevinst-sdk = \"0."),
        "outside a checkout the SDK is named by its version: {manifest}"
    );
    place.write("own-channel/src/lib.rs", "mine");
    new("own-channel").ended_with(3).complaining_of(&["`./own-channel` is there already", "hint: "]);
    assert_eq!(place.read("own-channel/src/lib.rs"), "mine");
    new("Own Channel").ended_with(2).complaining_of(&["lower-case letters", "hint: write `own-channel`"]);
    let no_sdk = place.gevinst(["plugin", "new", "other", "--sdk", "own-channel"]).ended_with(3);
    no_sdk.complaining_of(&["`own-channel` is not the folder of `gevinst-sdk`"]);
    assert!(!place.path("other").exists());
}

#[test]
fn what_cannot_be_tested_is_not_passed() {
    // Protects against a suite that found nothing wrong because it tried nothing.
    let place = Place::new();
    place.write("bad.toml", "seed = \n");
    place
        .gevinst(["plugin", "test", "rehearsal", "--config", "bad.toml"])
        .ended_with(3)
        .complaining_of(&["bad.toml"]);
    place
        .gevinst(["plugin", "test", "rehearsal", "--config", "none.toml"])
        .ended_with(3)
        .complaining_of(&["none.toml"]);
    let good = good();
    let good = good.to_str().unwrap();
    place
        .gevinst(["plugin", "test", "gone", "--config", good])
        .ended_with(4)
        .complaining_of(&["no plugin `gone`"]);
    let nothing =
        place.gevinst(["plugin", "test", "rehearsal", "--config", good, "--filter", "no such test"]);
    assert_ne!(nothing.code, Some(0), "{}", nothing.out);
}

const STEADY: &str = r#"
name = "steady"
month = "2026-11"
hypothesis = "One is better."
goal = { metric = "lead" }
budget = { total = "30 000 NOK", daily_max = "1 000 NOK" }
arm = [{ name = "a", channel = "market", control = true }, { name = "b", channel = "market" }]
[rehearsal]
goals_per_day = 30
arms = { a = 1.0, b = 1.2 }
"#;

#[test]
fn a_library_that_changed_is_refused_until_a_person_accepts_it() {
    // Protects running experiments from code that nobody has looked at.
    let place = Place::new();
    let played = market::project(&place, "autopilot", Faults::default(), &[STEADY]).remove(0);
    let mine = place.path("plugins");
    std::fs::create_dir(&mine).unwrap();
    let file = library("rehearsal");
    let copy = mine.join(file.file_name().unwrap());
    std::fs::copy(&file, &copy).unwrap();
    let moments = played.moments();
    let run = |at_us: i64| place.gevinst(["run", "--plugin-dir", "plugins", "--now", &time(at_us)]);
    run(moments[0]).done();
    run(moments[1]).done();

    // Bytes behind its end change what a library is, and not what it does.
    let mut bytes = std::fs::read(&copy).unwrap();
    bytes.extend_from_slice(b"changed");
    std::fs::write(&copy, &bytes).unwrap();
    let (before, platform) = (Export::of(&place), received(&place));
    let hint = "hint: when the change is wanted, run `gevinst plugin accept rehearsal`";
    let words = ["plugin `rehearsal`", "was changed", "SHA-256", hint];
    run(moments[2]).ended_with(4).complaining_of(&words);
    let after = Export::of(&place);
    assert_eq!((&after.rows, after.kind("looked").count()), (&before.rows, before.kind("looked").count()));
    assert_eq!(received(&place), platform, "nothing was sent through it");

    let accept =
        place.gevinst(["plugin", "accept", "rehearsal", "--plugin-dir", "plugins", "--by", "ola"]).done();
    assert!(accept.out.contains("accepted: rehearsal"), "{}", accept.out);
    run(moments[2]).done();
    let export = Export::of(&place);
    let accepted: Vec<_> = export.kind("plugin_accepted").collect();
    assert_eq!((accepted.len(), &accepted[0].body["by"]), (1, &"ola".into()));
    assert!(export.kind("looked").count() > before.kind("looked").count());
    place.gevinst(["ledger", "verify"]).done();

    // The library that was pinned before is by now the changed one.
    std::fs::copy(&file, &copy).unwrap();
    run(moments[3]).ended_with(4).complaining_of(&words);
}

#[test]
fn accepting_without_a_ledger_is_told_to_be_needless() {
    // Protects against a ledger that holds nothing but an acceptance.
    let place = Place::new();
    market::project(&place, "autopilot", Faults::default(), &[STEADY]);
    let before = place.contents();
    let accept = place.gevinst(["plugin", "accept", "rehearsal"]).ended_with(5);
    accept.complaining_of(&["there is no ledger", "hint: "]);
    assert_eq!(place.contents(), before);
}
