//! What the program says: every help page, and the errors that people meet most, word for word.
//!
//! After a change that is meant, `INSTA_UPDATE=always cargo test -p gevinst-tests --test words` writes them anew.

use gevinst_tests::Place;

/// Commands and subcommands, as the help page of `command` lists them.
fn listed(page: &str) -> Vec<String> {
    let after = page.split("Commands:\n").nth(1).unwrap_or_default();
    let names = after.lines().take_while(|line| !line.trim().is_empty());
    // A line that goes on from the one above is indented further.
    let names = names.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

/// The help page of a command, and those below it.
fn pages(place: &Place, command: &[&str], all: &mut String) {
    let page = place.gevinst([command, &["--help"]].concat()).done().out;
    assert!(!page.contains('\u{1b}'), "no colour into a pipe");
    all.push_str(&format!(
        "$ gevinst {}\n{}\n\n",
        [command, &["--help"]].concat().join(" "),
        page.trim_end()
    ));
    for name in listed(&page) {
        pages(place, &[command, &[name.as_str()]].concat(), all);
    }
}

#[test]
fn help_pages() {
    // Protects the interface: options do not appear, vanish or change their meaning unseen.
    let mut all = String::new();
    pages(&Place::new(), &[], &mut all);
    for command in ["run", "judge", "plugin test", "ledger verify"] {
        assert!(all.contains(&format!("$ gevinst {command} --help")), "{command}");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn errors_that_people_meet_most() {
    // Protects messages: each says where, what and what to do.
    let place = Place::new();
    place.write("t.csv", "period,arm,exposure,clicks\n1,a,100,10\n");
    place.write("rule.toml", "name = \"x\"\n[[pause]]\nmetrik = \"goals\"\n");
    let mut all = String::new();
    let mut say = |arguments: &[&str]| {
        let answer = place.gevinst(arguments);
        assert!(answer.code.is_some_and(|code| (2..=6).contains(&code)), "{arguments:?}: {}", answer.err);
        let folder = place.folder();
        let real = std::fs::canonicalize(&folder).expect("the folder is there");
        let mut text = answer.err;
        for folder in [real, folder] {
            text = text.replace(&*folder.to_string_lossy(), "FOLDER");
        }
        let code = answer.code.unwrap_or_default();
        all.push_str(&format!(
            "$ gevinst {}   # exit code {code}\n{}\n\n",
            arguments.join(" "),
            text.trim_end()
        ));
    };
    say(&["rehearse"]);
    say(&["chek"]);
    say(&["status"]);
    say(&["learn"]);
    say(&["judge"]);
    say(&["judge", "nosuch.csv"]);
    say(&["judge", "t.csv"]);
    say(&["judge", "t.csv", "--test", "pocock"]);
    place.write("gevinst.toml", "currency = \"NOK\"\ntimezone = \"Europe/Oslo\"\n[month]\nbudget = \"9 000 NOK\"\n[channels.native]\nplugin = \"native\"\n");
    let definition = "name = \"headlines\"\nmonth = \"2026-11\"\nseperation = \"geo\"\ngoal = { metric = \"lead\", per = \"spend\" }\n\
                      budget = { total = \"9 000\", daily_max = \"300 NOK\" }\n\
                      arm = [{ name = \"a\", channel = \"nativ\", control = true }, { name = \"a\", channel = \"native\" }]\n";
    place.write("experiments/headlines.toml", definition);
    say(&["check"]);
    let sound = definition.replace("seperation = \"geo\"\n", "").replace("9 000\"", "9 000 NOK\"");
    place.write(
        "experiments/headlines.toml",
        sound.replace("nativ\"", "native\"").replacen("name = \"a\"", "name = \"b\"", 1),
    );
    say(&["rehearse"]);
    say(&["run", "--now", "yesterday"]);
    say(&["run", "--now", "2027-01-01T00:00:00Z"]);
    say(&["audit-rule", "rule.toml"]);
    say(&["plan", "2026-13"]);
    say(&["plan", "2026-11"]);
    insta::assert_snapshot!(all);
}
