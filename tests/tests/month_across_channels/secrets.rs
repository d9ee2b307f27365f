//! Secrets that were planted in every channel, through a month in which much goes wrong: they are where they must be, and nowhere else.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::world::{DAY_US, HOUR_US, SECRETS, World, plain, secret};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use gevinst_fakes::{Fault, Reply, What};
use gevinst_tests::Answer;
use serde_json::json;

/// What must not be found: the secrets as they are and as base64, and every token that the platforms gave out so far.
fn planted(world: &World) -> Vec<String> {
    let mut planted: Vec<String> = SECRETS.iter().map(|(_, value)| (*value).to_owned()).collect();
    planted.extend(SECRETS.iter().map(|(_, value)| BASE64_STANDARD.encode(value)));
    planted.push(plain(secret("SMTP_PASSWORD")));
    let requests = world.taboola.log().into_iter().chain(world.linkedin.log());
    planted.extend(requests.filter_map(|one| one.request.bearer().map(str::to_owned)));
    planted.sort();
    planted.dedup();
    planted
}

fn assert_clean(planted: &[String], bytes: &[u8], whence: &str) {
    let text = String::from_utf8_lossy(bytes);
    for one in planted {
        assert!(!text.contains(one.as_str()), "`{one}` is in {whence}");
    }
}

/// The processes below one, with what the system tells of them while they run: command line, environment, limits.
fn below(root: u32) -> Vec<(u32, [String; 3])> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").expect("a Linux system").flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name in brackets may hold anything; the parent is the second word after it.
        let parent =
            stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse::<u32>().ok());
        parents.extend(parent.map(|parent| (id, parent)));
    }
    let mut found = vec![root];
    while let Some((id, _)) =
        parents.iter().find(|(id, parent)| found.contains(parent) && !found.contains(id))
    {
        found.push(*id);
    }
    // What may not be read tells nobody anything.
    let told = |id: u32, what: &str| {
        let bytes = fs::read(format!("/proc/{id}/{what}")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    found.into_iter().map(|id| (id, ["cmdline", "environ", "limits"].map(|what| told(id, what)))).collect()
}

/// Starts a step with core files allowed, and waits until a platform keeps two of its channels waiting.
fn held_up(world: &World, after_us: i64) -> Child {
    let now = world.at(after_us);
    let run = world.command(&["run", "--now", &now]);
    let mut shell = Command::new("sh");
    shell.arg("-c").arg("ulimit -c unlimited 2>/dev/null; exec \"$0\" \"$@\"").arg(run.get_program());
    shell.args(run.get_args()).current_dir(world.place.folder()).env_clear();
    shell.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let asked = world.taboola.log().len();
    world.taboola.fault(Fault::once("GET", "/reports/", What::Slow(Duration::from_secs(4))));
    let child = shell.spawn().expect("a shell");
    let until = Instant::now() + Duration::from_secs(60);
    // Signed in, and about to hear of the report.
    while world.taboola.log().len() < asked + 2 || below(child.id()).len() < 2 {
        assert!(Instant::now() < until, "the step never came to the platform");
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

fn core_files(world: &World) -> Vec<PathBuf> {
    let files = world.place.contents().into_keys();
    files
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("core")))
        .collect()
}

#[test]
fn planted_secrets_stay_where_they_are() {
    // Protects: passwords and tokens from ledger, logs, reports, messages, processes and core files, above all when things go wrong.
    let mut world = World::new();
    let echo = |status: u16, name: &str| {
        let said =
            format!("refused: `{}` ({}) is not valid", secret(name), BASE64_STANDARD.encode(secret(name)));
        What::Instead(Reply::json(
            status,
            json!({ "message": said, "error_description": said, "status": status }),
        ))
    };
    world.run(HOUR_US).done();
    for day in 1..=9 {
        match day {
            // Platforms that quote what they were told.
            1 => world.taboola.fault(Fault::once("POST", "/oauth/token", echo(401, "TABOOLA_SECRET"))),
            2 => world.linkedin.fault(Fault::always("GET", "/adAnalytics", echo(400, "LINKEDIN_REFRESH"))),
            3 => {
                world.linkedin.heal();
                world.linkedin.with(|platform| platform.expire_tokens());
                world.linkedin.fault(Fault::always(
                    "POST",
                    "/oauth/v2/accessToken",
                    echo(401, "LINKEDIN_SECRET"),
                ));
            }
            4 => {
                world.linkedin.heal();
                world.mail.set_credentials("somebody else's");
            }
            5 => {
                world.mail.set_credentials(&plain(secret("SMTP_PASSWORD")));
                world.taboola.fault(Fault::once("GET", "/reports/", echo(500, "TABOOLA_SECRET")));
                world.taboola.fault(Fault::once("POST", "/campaigns/", echo(400, "TABOOLA_SECRET")));
            }
            _ => {}
        }
        let answer = world.run(day * DAY_US + 5 * HOUR_US);
        let failed = answer.code != Some(0);
        assert_eq!(failed, matches!(day, 1..=5), "day {day}: {}\n{}", answer.out, answer.err);
    }
    // A token that somebody put into the file instead of its name.
    let company = world.place.read("gevinst.toml");
    let written = company.replace("env:TABOOLA_SECRET", secret("TABOOLA_SECRET"));
    world.place.write("gevinst.toml", written);
    world.gevinst(&["check"]).ended_with(3);
    world.place.write("gevinst.toml", &company);
    // A secret that is missing, and one that is asked for by another's name.
    let answer = Answer::of(&mut world.place.command(["run", "--now", &world.at(10 * DAY_US)]));
    world.hear(&answer.complaining_of(&["`env:TABOOLA_SECRET`"]));

    // While a step runs: what the system shows of its processes, and what a crash leaves behind.
    for (day, whom) in [(11, "a channel"), (12, "the program")] {
        let child = held_up(&world, day * DAY_US + 5 * HOUR_US);
        let processes = below(child.id());
        let planted = planted(&world);
        for (id, [cmdline, environ, limits]) in &processes {
            assert_clean(&planted, cmdline.as_bytes(), "a command line");
            // The program itself was given them in its environment, by whoever started it; what it starts has none at all.
            assert!(*id == child.id() || environ.is_empty(), "a channel has an environment: {environ}");
            let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap_or_default();
            let core: Vec<&str> = core.split_whitespace().skip(4).take(2).collect();
            assert_eq!(core, ["0", "0"], "{limits}");
        }
        let victim = match whom {
            "a channel" => {
                processes.iter().map(|(id, _)| *id).find(|id| *id != child.id()).expect("a channel's process")
            }
            _ => child.id(),
        };
        let killed = Command::new("kill").args(["-ABRT", &victim.to_string()]).status().expect("`kill`");
        assert!(killed.success());
        let output = child.wait_with_output().expect("it was started here");
        assert!(!output.status.core_dumped(), "{whom} left a core file");
        assert_eq!(output.status.signal(), (whom == "the program").then_some(6), "{whom}");
        assert_clean(&planted, &output.stdout, "what the program said");
        assert_clean(&planted, &output.stderr, "what the program complained of");
    }
    assert_eq!(core_files(&world), Vec::<PathBuf>::new());
    world.run(13 * DAY_US + 5 * HOUR_US);

    // Everything that can be read afterwards.
    for form in ["html", "md", "json", "csv", "txt"] {
        world.gevinst(&["report", "--month", "2026-11", "--page", "month", "--format", form]).done();
    }
    for arguments in [&["status"][..], &["ledger", "export"], &["ledger", "verify"], &["plugin", "list"]] {
        world.gevinst(arguments).done();
    }
    let planted = planted(&world);
    assert!(planted.len() > 2 * SECRETS.len() + 3, "tokens were given out: {planted:?}");
    assert_clean(&planted, world.told.as_bytes(), "what the program said");
    let mut kept = Vec::new();
    for (path, content) in world.place.contents() {
        let text = String::from_utf8_lossy(&content);
        if planted.iter().any(|one| text.contains(one.as_str())) {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).expect("it was read").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} can be read by others", path.display());
            kept.push(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        }
    }
    assert_eq!(kept, ["tokens"], "only LinkedIn's renewed tokens are kept, for their owner's eyes");
}
