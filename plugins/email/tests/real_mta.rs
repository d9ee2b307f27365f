//! End to end against Postfix, Dovecot and an exchanger that is not ours: `tests/mail/rig.sh cargo test -p gevinst-email --test
//! real_mta`.
//!
//! A thousand messages through the built server program, which is killed twice on the way; what came back is read by IMAP,
//! people leave by one click and by mail, and the next batch leaves them in peace. Signatures are verified by dkimpy.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use gevinst_email::Email;
use gevinst_sdk::testing::{Driver, TestHost};
use gevinst_sdk::wire::{Coded, Command as Move, Grain, Money, ObserveRequest, Set};
use serde_json::{Value, json};

const KEY: &str = "a key of more than sixteen characters";
const PASSWORD: &str = "returned";
/// People whose mail server takes the message, does not know them, or is away; people who must not be written to.
const FINE: usize = 960;
const UNKNOWN: usize = 20;
const AWAY: usize = 20;
const SUPPRESSED: usize = 10;
/// How long anything may take before it counts as not happening.
const PATIENCE: Duration = Duration::from_secs(300);

struct World {
    rig: PathBuf,
    ports: BTreeMap<String, u16>,
    folder: tempfile::TempDir,
    config: Value,
}

/// A message as the exchanger wrote it down.
struct Delivered {
    to: String,
    subject: String,
    leave: String,
}

/// A server program that is killed when the test ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl World {
    fn new(rig: PathBuf) -> Self {
        let ports: BTreeMap<String, u16> = std::fs::read_to_string(rig.join("ports"))
            .unwrap()
            .lines()
            .map(|line| line.split_once('=').unwrap())
            .map(|(name, port)| (name.to_owned(), port.parse().unwrap()))
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let mut list = "email,consent,name\n".to_owned();
        for (prefix, domain, count) in [
            ("p", "people.test", FINE),
            ("nouser", "people.test", UNKNOWN),
            ("away", "away.test", AWAY),
            ("quiet", "people.test", SUPPRESSED),
        ] {
            for number in 0..count {
                list.push_str(&format!("{prefix}{number}@{domain},yes,Åse {number}\n"));
            }
        }
        std::fs::write(folder.path().join("list.csv"), list).unwrap();
        let quiet: String = (0..SUPPRESSED).map(|number| format!("quiet{number}@people.test\n")).collect();
        std::fs::write(folder.path().join("suppressed.csv"), quiet).unwrap();
        let config = json!({
            "timezone": "Europe/Oslo", "currency": "NOK", "key": "env:KEY",
            "state": folder.path().join("state"), "list": folder.path().join("list.csv"),
            "suppressed": folder.path().join("suppressed.csv"),
            "from": "Acme Nyheter <news@news.test>", "envelope_domain": "bounces.news.test",
            "base_url": format!("http://127.0.0.1:{}", ports["clicks"]),
            "server": { "bind": format!("127.0.0.1:{}", ports["clicks"]), "scanner_seconds": 0 },
            "smtp": { "host": "localhost", "port": ports["smtp"], "tls": "starttls", "ca_file": rig.join("ca.pem") },
            "imap": { "host": "localhost", "port": ports["imaps"], "tls": "implicit", "ca_file": rig.join("ca.pem"),
                      "user": "inbox", "password": "env:IMAP", "every_seconds": 0 },
            "dkim": { "domain": "news.test", "selector": "s1", "key": format!("file:{}", rig.join("dkim.pem").display()) },
            "pace": { "per_minute": 100_000, "per_hour": 1_000_000 }
        });
        let table: toml::Table = serde_json::from_value(json!({ "channels": { "email": config } })).unwrap();
        std::fs::write(folder.path().join("gevinst.toml"), table.to_string()).unwrap();
        Self { rig, ports, folder, config }
    }

    fn serve(&self) -> Server {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("server.log"))
            .unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_gevinst-email-server"))
            .args(["serve", "--channel", "email", "--config"])
            .arg(self.folder.path().join("gevinst.toml"))
            .env_clear()
            .env("KEY", KEY)
            .env("IMAP", PASSWORD)
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        Server(child)
    }

    /// The channel as the runner opens it, but without sending: that is the server's here.
    fn channel(&self) -> Driver<Email> {
        let mut config = self.config.clone();
        config["pace"]["seconds_per_step"] = json!(0);
        config.as_object_mut().unwrap().remove("server");
        let now_us = jiff::Timestamp::now().as_microsecond();
        let host = TestHost::at(now_us).with_secret("env:KEY", KEY).with_secret("env:IMAP", PASSWORD);
        Driver::open(&host, config).unwrap()
    }

    fn launch(&self, experiment: &str, arm: &str, people: usize) {
        let creative = json!({
            "subject": format!("{experiment} {arm} — nyheter til {{{{ name }}}}"),
            "html": "<p>Hei {{ name }}, <a href=\"https://acme.example/tilbud?a=1&b=2\">se her</a>. <a href=\"{{ unsubscribe_url }}\">Meld deg av</a></p>"
        });
        let set =
            Set { daily_budget: Money::new(people as i64, "XXX"), paused: false, creative: Some(creative) };
        self.channel().apply(&Move::new(experiment, arm, 1, set, i64::MAX)).unwrap();
    }

    fn delivered(&self) -> Vec<Delivered> {
        let text = std::fs::read_to_string(self.rig.join("delivered.jsonl")).unwrap_or_default();
        // The last line may still be on its way.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .map(|line| {
                let text = |key: &str| line[key].as_str().unwrap().to_owned();
                Delivered { to: text("to"), subject: text("subject"), leave: text("leave") }
            })
            .collect()
    }

    fn count(&self, sql: &str) -> usize {
        let ledger = rusqlite::Connection::open(self.folder.path().join("state/sent.sqlite")).unwrap();
        ledger.busy_timeout(Duration::from_secs(10)).unwrap();
        let count: u32 = ledger.query_row(sql, [], |row| row.get(0)).unwrap();
        count as usize
    }

    fn wait(&self, what: &str, done: impl Fn() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !done() {
            if Instant::now() > until {
                let log = std::fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default();
                panic!("{what} did not happen; the server said:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A request as a mail program sends it for one click (RFC 8058, section 8.1).
    fn post(&self, url: &str) -> String {
        let path = url.split_once("//").unwrap().1.split_once('/').unwrap().1;
        let mut stream = TcpStream::connect(("127.0.0.1", self.ports["clicks"])).unwrap();
        write!(
            stream,
            "POST /{path} HTTP/1.1\r\nHost: news.test\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: 26\r\nConnection: close\r\n\r\nList-Unsubscribe=One-Click"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// An empty message to an address, by the rig's Postfix.
    fn write_to(&self, to: &str) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.ports["smtp"])).unwrap();
        let letter = format!(
            "EHLO people.test\r\nMAIL FROM:<p0@people.test>\r\nRCPT TO:<{to}>\r\nDATA\r\nFrom: p0@people.test\r\nTo: {to}\r\n\
             Subject: unsubscribe\r\n\r\n.\r\nQUIT\r\n"
        );
        // One line after another's answer, for Postfix refuses clients that do not wait.
        let mut answer = [0; 4096];
        assert_ne!(stream.read(&mut answer).unwrap(), 0);
        let (commands, rest) = letter.split_once("DATA\r\n").unwrap();
        for command in commands.lines().chain(["DATA", rest.trim_end_matches("QUIT\r\n").trim_end()]) {
            stream.write_all(format!("{command}\r\n").as_bytes()).unwrap();
            assert_ne!(stream.read(&mut answer).unwrap(), 0, "{command}");
        }
        stream.write_all(b"QUIT\r\n").unwrap();
    }
}

#[test]
fn a_thousand_messages_through_a_real_mail_server() {
    // Protects: the whole of it where it counts: nothing sent twice, nobody written to who must not be, every signature good,
    // every bounce understood.
    let Some(rig) = std::env::var_os("GEVINST_MAIL_RIG").map(PathBuf::from) else {
        eprintln!("skipped: no mail server; start one with tests/mail/rig.sh");
        return;
    };
    let world = World::new(rig);
    let begun = Instant::now();
    world.launch("spring", "a", 500);
    world.launch("spring", "b", 500);
    let all = FINE + UNKNOWN + AWAY;
    assert_eq!(world.count("SELECT COUNT(*) FROM enrolment"), all);
    let settled = "SELECT COUNT(*) FROM message WHERE state IN ('sent', 'unknown')";
    for killed_after in [250, 600] {
        let server = world.serve();
        world.wait("sending", || world.count(settled) >= killed_after);
        // SIGKILL, in the middle of the batch.
        drop(server);
        assert!(world.count(settled) < all, "it was killed too late to show anything");
    }
    let server = world.serve();
    world.wait("the whole batch", || world.count(settled) == all);
    let sending = begun.elapsed();
    let unknown = world.count("SELECT COUNT(*) FROM message WHERE state = 'unknown'");
    assert!(unknown <= 2, "at most one for each kill, not {unknown}");

    // What comes back. Of the two that nobody knows of, some may not have gone out.
    let events = |kind: &str| world.count(&format!("SELECT COUNT(*) FROM event WHERE kind = '{kind}'"));
    let came_back = || events("bounce") + unknown >= UNKNOWN && events("soft_bounce") + unknown >= AWAY;
    world.wait("bounces", came_back);
    assert!(events("bounce") <= UNKNOWN && events("soft_bounce") <= AWAY);
    world.wait("deliveries", || world.delivered().len() + unknown >= FINE);
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    for message in world.delivered() {
        *copies.entry(message.to).or_default() += 1;
    }
    assert!(copies.values().all(|copies| *copies == 1), "somebody got two copies");
    assert!(copies.len() <= FINE && copies.keys().all(|to| to.starts_with('p')), "only people who are there");

    // Five leave by one click, one by mail.
    let delivered = world.delivered();
    let mut left: BTreeSet<String> = BTreeSet::new();
    for message in &delivered[..5] {
        let url = message.leave.split('>').next().unwrap().trim_start_matches('<');
        assert!(world.post(url).starts_with("HTTP/1.1 200"), "{url}");
        left.insert(message.to.clone());
    }
    let address = delivered[5].leave.split("<mailto:").nth(1).unwrap().trim_end_matches('>');
    world.write_to(address);
    left.insert(delivered[5].to.clone());
    world.wait("six to leave", || events("unsubscribe") == 6);

    // The next batch, to everybody who may be written to.
    let suppressed = world.count("SELECT COUNT(*) FROM suppression");
    assert_eq!(suppressed, SUPPRESSED + events("bounce") + 6);
    world.launch("autumn", "a", 5_000);
    let expected = FINE + UNKNOWN + AWAY + SUPPRESSED - suppressed;
    let autumn = "SELECT COUNT(*) FROM message m JOIN enrolment e ON e.id = m.enrolment WHERE e.experiment = 'autumn' AND m.state = 'sent'";
    world.wait("the next batch", || world.count(autumn) == expected);
    world.wait("its deliveries", || {
        world.delivered().iter().filter(|message| message.subject.contains("autumn")).count() + unknown
            >= FINE - 6
    });
    drop(server);
    let delivered = world.delivered();
    for message in delivered.iter().filter(|message| is_subject_of(message, "autumn")) {
        assert!(!left.contains(&message.to), "{} was written to after leaving", message.to);
        assert!(!message.to.starts_with("quiet"), "{} must never be written to", message.to);
    }

    // The runner's view of it.
    let mut channel = world.channel();
    let request = ObserveRequest {
        experiment: "spring".into(),
        arms: vec![Coded { code: 1, name: "a".into() }],
        metrics: vec![Coded { code: 1, name: "recipients".into() }],
        grain: Grain::Day,
        timezone: "Europe/Oslo".into(),
        from_us: 0,
        to_us: 0,
        cursor: None,
    };
    channel.observe(&request).unwrap();

    // Every signature, by somebody else's implementation.
    let verified = Command::new(world.rig.join("venv/bin/python"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/mail/verify_dkim.py"))
        .args([world.rig.join("delivered.jsonl"), world.rig.join("dkim.txt")])
        .output()
        .unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(verified["verified"], json!(delivered.len()));
    let covered: BTreeSet<&str> =
        verified["covered"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for header in ["from", "to", "subject", "date", "list-unsubscribe", "list-unsubscribe-post", "message-id"]
    {
        assert!(covered.contains(header), "{header} is not signed: {covered:?}");
    }
    eprintln!(
        "{all} messages enrolled and sent in {:.1} s with two kills, {} delivered and verified in all, {} hard and {} soft \
         bounces, {unknown} of unknown outcome; {:.1} s in all",
        sending.as_secs_f64(),
        delivered.len(),
        events("bounce"),
        events("soft_bounce"),
        begun.elapsed().as_secs_f64()
    );
}

#[test]
fn only_a_trusted_certificate_for_the_name_is_spoken_to() {
    // Protects: passwords and addresses from whoever answers in place of the mail server.
    let Some(rig) = std::env::var_os("GEVINST_MAIL_RIG").map(PathBuf::from) else {
        eprintln!("skipped: no mail server; start one with tests/mail/rig.sh");
        return;
    };
    let world = World::new(rig);
    let ca_file = world.config["smtp"]["ca_file"].clone();
    let with = |kind: &str, port: &str, tls: &str, host: &str, ca_file: &Value| {
        let mut config = world.config.clone();
        config.as_object_mut().unwrap().remove("server");
        config["state"] = json!(world.folder.path().join("tls"));
        for (key, value) in [
            ("port", json!(world.ports[port])),
            ("tls", json!(tls)),
            ("host", json!(host)),
            ("ca_file", ca_file.clone()),
        ] {
            config[kind][key] = value;
        }
        let host = TestHost::at(jiff::Timestamp::now().as_microsecond());
        let mut channel = Driver::<Email>::open(
            &host.clone().with_secret("env:KEY", KEY).with_secret("env:IMAP", PASSWORD),
            config,
        )
        .unwrap();
        let checked = channel.check().map_err(|error| error.message);
        let request = ObserveRequest {
            experiment: "none".into(),
            arms: Vec::new(),
            metrics: Vec::new(),
            grain: Grain::Day,
            timezone: "Europe/Oslo".into(),
            from_us: 0,
            to_us: 0,
            cursor: None,
        };
        channel.observe(&request).unwrap();
        let log: String = host.log_lines().into_iter().map(|(_, line)| line + "\n").collect();
        (checked, log)
    };
    for (port, tls) in [("smtp", "starttls"), ("smtps", "implicit")] {
        assert_eq!(with("smtp", port, tls, "localhost", &ca_file).0, Ok(()));
        let (unknown, _) = with("smtp", port, tls, "localhost", &Value::Null);
        let unknown = unknown.unwrap_err();
        assert!(unknown.contains("UnknownIssuer") && unknown.contains("`ca_file`"), "{unknown}");
        let (misnamed, _) = with("smtp", port, tls, "127.0.0.1", &ca_file);
        let misnamed = misnamed.unwrap_err();
        assert!(
            misnamed.contains("not valid for") && misnamed.contains("by the name in its certificate"),
            "{misnamed}"
        );
    }
    let (_, log) = with("imap", "imaps", "implicit", "localhost", &ca_file);
    assert!(log.contains("messages came back") && !log.contains("mailbox of bounces"), "{log}");
    let (_, log) = with("imap", "imaps", "implicit", "localhost", &Value::Null);
    assert!(log.contains("mailbox of bounces: `localhost:") && log.contains("UnknownIssuer; name"), "{log}");
    let (_, log) = with("imap", "imaps", "implicit", "127.0.0.1", &ca_file);
    assert!(log.contains("not valid for"), "{log}");
}

fn is_subject_of(message: &Delivered, experiment: &str) -> bool {
    message.subject.contains(experiment)
}
