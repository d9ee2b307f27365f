//! `gevinst report` from outside: every form of every page, and the pages as they are served.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout};
use std::time::Duration;

use gevinst_rehearsal::Faults;
use gevinst_tests::market::{self, Played, time};
use gevinst_tests::{Answer, Place};

const AUDIENCES: &str = r#"
name = "audiences"
month = "2026-11"
hypothesis = "=HYPERLINK(\"http://evil.example\") <b>finance</b> answers sooner"
separation = "platform-split"
goal = { metric = "lead", per = "spend" }
budget = { total = "40 000 NOK", daily_max = "1 500 NOK" }
arm = [
  { name = "it", channel = "market", control = true },
  { name = "finance", channel = "market" },
]
delay = { complete_after = "6 days" }
[rehearsal]
seed = 5
goals_per_day = 20
arms = { it = 1.0, finance = 2.0 }
"#;

/// A project whose first days have run, with moves of a person in between.
fn begun(place: &Place, mode: &str, steps: usize) -> Played {
    let played = market::project(place, mode, Faults::default(), &[AUDIENCES]).remove(0);
    for &at_us in &played.moments()[..steps] {
        place.gevinst(["run", "--now", &time(at_us)]).done();
    }
    played
}

#[test]
fn every_page_comes_in_every_form_and_language() {
    // Protects whoever reads: a page that is missing in a form, or half in another language, is found here.
    let place = Place::new();
    let played = begun(&place, "autopilot", 6);
    let now = time(played.moments()[5]);
    let report = |arguments: &[&str]| -> Answer {
        place.gevinst(["report", "--now", &now].iter().chain(arguments)).done()
    };
    let all = report(&["--out", "pages"]);
    for page in ["2026-11", "2026-11-management", "2026-11-experiment-audiences", "library"] {
        assert!(all.out.contains(&format!("report: pages/{page}.html")), "{}", all.out);
        let text = place.read(&format!("pages/{page}.html"));
        assert!(text.starts_with("<!DOCTYPE html>") && !text.contains("<b>finance"), "{page}");
    }
    for (language, word) in
        [("en", "Next:"), ("da", "Næste skridt:"), ("nb", "Neste steg:"), ("sv", "Nästa steg:")]
    {
        let said = report(&["--page", "month", "--format", "txt", "--language", language]);
        assert!(said.out.contains(word), "{language}: {}", said.out);
        let said = report(&["--page", "experiment", "--format", "md", "--language", language]);
        assert!(said.out.contains(word), "{language}: {}", said.out);
    }
    let table = report(&["--format", "csv"]).out;
    let mut lines = table.lines();
    assert!(lines.next().is_some_and(|header| header.starts_with("month,experiment,hypothesis,")), "{table}");
    assert!(lines.all(|line| line.starts_with("2026-11,audiences,\"'=HYPERLINK")), "{table}");
    assert!(report(&["--page", "management", "--format", "csv"]).out.contains("2026-11,spend,"));
    let json = report(&["--page", "month", "--format", "json"]).json();
    assert_eq!(json["experiments"][0]["name"], "audiences");
    assert_eq!(json, report(&["--json"]).json(), "both ways to the JSON give the same");
    assert_eq!(
        report(&["--page", "library", "--format", "json"]).json()["entries"][0]["phase"],
        "prospecting"
    );
    report(&["--month", "2026-10..2026-12", "--page", "month", "-o", "months.html"]);
    assert!(place.read("months.html").contains("November 2026"));

    // Twice is the same, to the byte.
    let first = place.read("pages/2026-11.html");
    report(&["--out", "pages"]);
    assert_eq!(place.read("pages/2026-11.html"), first);
    // The published schema knows the fields that are there.
    let schema = place.gevinst(["schema", "report"]).done().json();
    for field in json.as_object().into_iter().flatten().map(|(name, _)| name) {
        assert!(schema["properties"].get(field).is_some(), "the schema lacks `{field}`");
    }
    let columns = place.gevinst(["schema", "report-csv"]).done().json();
    let names: Vec<&str> = columns["month"]["fields"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|field| field["name"].as_str())
        .collect();
    assert_eq!(table.lines().next().map(str::to_owned), Some(names.join(",")));
}

#[test]
fn what_cannot_be_made_is_refused_with_a_way_out() {
    // Protects a person at a terminal from guessing.
    let place = Place::new();
    begun(&place, "autopilot", 2);
    let report = |arguments: &[&str]| place.gevinst(["report"].iter().chain(arguments));
    report(&["--language", "fr"]).ended_with(2).complaining_of(&["no reports in `fr`", "en, da, nb or sv"]);
    report(&["--month", "2026-12..2026-10"]).ended_with(2).complaining_of(&["ends before it begins"]);
    report(&["--month", "2025-01..2025-03"]).complaining_of(&["no experiment from 2025-01 to 2025-03"]);
    report(&["--page", "experiment", "--experiment", "nobody"])
        .complaining_of(&["no experiment is called `nobody`", "audiences"]);
    report(&["--page", "library", "--format", "csv"]).ended_with(2).complaining_of(&["html or json"]);
    report(&["--pdf", "--format", "csv"]).ended_with(2).complaining_of(&["--pdf"]);
    let mut command = place.command(["report", "--pdf"]);
    Answer::of(command.env("PATH", "/nonexistent"))
        .complaining_of(&["no Chromium was found", "GEVINST_CHROMIUM"]);
}

/// The program serving, ended with the test.
struct Serving {
    child: Child,
    address: String,
    token: String,
    _out: BufReader<ChildStdout>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It serves until it is ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    fn begin(place: &Place, now: &str) -> Self {
        let mut command = place.command(["report", "--serve", "--port", "0", "--now", now, "--by", "kari"]);
        let mut child = command.spawn().expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        let mut line = String::new();
        out.read_line(&mut line).expect("it says where it serves");
        let url = line.trim().strip_prefix("http://").unwrap_or_else(|| panic!("an address: {line}"));
        let (address, token) = url.split_once("/?token=").unwrap_or_else(|| panic!("a token: {line}"));
        Self { child, address: address.to_owned(), token: token.to_owned(), _out: out }
    }

    /// The answer to a request with these lines of header and this body.
    fn ask(&self, request: &str, header: &[&str], body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(120))).expect("a time limit");
        let mut text =
            format!("{request} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !header.iter().any(|line| line.starts_with("Host:")) {
            text.push_str(&format!("Host: {}\r\n", self.address));
        }
        header.iter().for_each(|line| text.push_str(&format!("{line}\r\n")));
        stream.write_all(format!("{text}\r\n{body}").as_bytes()).expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        String::from_utf8(answer).expect("text")
    }

    fn cookie(&self) -> String {
        format!("Cookie: gevinst={}", self.token)
    }
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[test]
fn served_pages_open_for_the_printed_address_alone() {
    // Protects the ledger from other users of the machine, and from pages elsewhere that a browser has open.
    let place = Place::new();
    let played = begun(&place, "autopilot", 3);
    let serving = Serving::begin(&place, &time(played.moments()[2]));
    let cookie = serving.cookie();
    assert!(serving.address.starts_with("127.0.0.1:"));
    assert_eq!(status(&serving.ask("GET /", &[], "")), "403");
    assert_eq!(status(&serving.ask("GET /page/month/2026-11", &["Cookie: gevinst=00"], "")), "403");
    assert_eq!(status(&serving.ask("GET /", &["Host: evil.example", &cookie], "")), "421");
    let opened = serving.ask(&format!("GET /?token={}", serving.token), &[], "");
    assert_eq!(status(&opened), "303");
    assert!(opened.contains("HttpOnly; SameSite=Strict"), "{opened}");
    let frame = serving.ask("GET /", &[&cookie], "");
    // Under `no-referrer` a browser would send the frame's own forms with `Origin: null`.
    assert!(frame.contains("Referrer-Policy: same-origin"), "{frame}");
    assert!(status(&frame) == "200" && frame.contains("/page/month/2026-11"), "{frame}");
    for page in ["/page/month/2026-11", "/page/management/2026-11", "/page/library", "/state", "/waiting"] {
        assert_eq!(status(&serving.ask(&format!("GET {page}"), &[&cookie], "")), "200", "{page}");
    }
    for nothing in ["/page/month/2031-01", "/etc/passwd", "/page/../gevinst.toml", "/decide"] {
        assert_eq!(status(&serving.ask(&format!("GET {nothing}"), &[&cookie], "")), "404", "{nothing}");
    }
}

#[test]
fn one_click_approves_what_its_token_is_for() {
    // Protects money: a decision needs our own page, the session and the move's token; then it counts as any approval does.
    let place = Place::new();
    let played = begun(&place, "propose", 1);
    let now = time(played.moments()[0]);
    let waiting = place.gevinst(["approve", "--now", &now, "--json"]).done().json();
    let moves: Vec<String> = waiting["moves"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["key"].as_str().map(str::to_owned))
        .collect();
    assert!(moves.len() >= 2, "{waiting}");
    let serving = Serving::begin(&place, &now);
    let cookie = serving.cookie();
    let list = serving.ask("GET /waiting", &[&cookie], "");
    let token = |key: &str, nth: usize| -> String {
        let from =
            list.split(&format!("value=\"{key}\"")).nth(1).unwrap_or_else(|| panic!("{key} in {list}"));
        from.split("name=\"token\" value=\"")
            .nth(nth)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or_default()
            .to_owned()
    };
    let form = |key: &str, token: &str| format!("key={}&token={token}", key.replace('/', "%2F"));
    let decide = |header: &[&str], body: &str| status(&serving.ask("POST /decide", header, body)).to_owned();
    let (first, second) = (moves[0].as_str(), moves[1].as_str());
    let right = form(first, &token(first, 1));
    assert_eq!(decide(&[], &right), "403", "without the session");
    assert_eq!(decide(&[&cookie, "Origin: http://evil.example"], &right), "403", "from elsewhere");
    assert_eq!(decide(&[&cookie], &form(second, &token(first, 1))), "403", "another move's token");
    assert_eq!(decide(&[&cookie], &right), "303");
    assert_eq!(decide(&[&cookie], &right), "403", "what was decided waits no more");
    assert_eq!(decide(&[&cookie], &form(second, &token(second, 2))), "303");
    let report =
        place.gevinst(["report", "--now", &now, "--page", "month", "--format", "json"]).done().json();
    let state = |key: &str| {
        let (arm, seq) =
            key.split_once('/').and_then(|(_, rest)| rest.split_once('/')).expect("experiment/arm/seq");
        let all = report["experiments"][0]["moves"].as_array().expect("moves");
        let one = all
            .iter()
            .find(|one| one["arm"] == arm && one["seq"].as_u64() == seq.parse().ok())
            .expect("the move");
        (one["approval"]["state"].clone(), one["approval"]["by"].clone())
    };
    assert_eq!(state(first), ("approved".into(), "kari".into()));
    assert_eq!(state(second), ("declined".into(), "kari".into()));
}

#[test]
fn served_pages_work_by_keyboard_in_a_browser() {
    // Protects a person who has no mouse and a narrow window: what waits is approved, and the page follows the ledger.
    let Some(checks) = std::env::var_os("GEVINST_BROWSER") else {
        gevinst_tests::skipped("served pages in a browser: `.ci/checks/browser.sh` sets GEVINST_BROWSER");
        return;
    };
    let place = Place::new();
    let played = begun(&place, "propose", 1);
    let now = time(played.moments()[0]);
    let serving = Serving::begin(&place, &now);
    let url = format!("http://{}/?token={}", serving.address, serving.token);
    let run = place.command(["run", "--now", &time(played.moments()[1])]);
    let mut words = vec![run.get_program()];
    words.extend(run.get_args());
    let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.to_string_lossy())).collect();
    let step = format!("cd '{}' && env -i {}", place.path("").display(), quoted.join(" "));
    let seen = std::process::Command::new("node")
        .arg(std::path::Path::new(&checks).join("served.mjs"))
        .args([&url, &step])
        .output()
        .expect("node starts");
    let (out, err) = (String::from_utf8_lossy(&seen.stdout), String::from_utf8_lossy(&seen.stderr));
    assert!(seen.status.success(), "{out}\n{err}");
    assert!(out.contains("one move fewer waits after Enter"), "{out}");
}
