//! Mail scanners: programs that follow a message's links before a person reads it.
//!
//! Their visits are answered like anybody's and counted as nobody's. The signs, from the outside and without keeping anything of
//! the visitor: a HEAD request, or a visit soon after one; a program's name; a visit within seconds of the delivery; many
//! different links of one message at once. What a person does later counts as a person's.

use std::collections::BTreeSet;

/// After a HEAD request visits to the same message are a machine's for so long.
pub(crate) const AFTER_HEAD_US: i64 = 10_000_000;
/// Different links of one message within so long are a machine's.
pub(crate) const BURST_US: i64 = 2_000_000;
/// At how many different links in a burst nobody is taken for a person any more.
const BURST_LINKS: u32 = 3;

/// Parts of the names of programs that are no browsers, in lower case.
const PROGRAMS: [&str; 22] = [
    "bot",
    "crawl",
    "spider",
    "scan",
    "preview",
    "proxy",
    "fetch",
    "curl",
    "wget",
    "python",
    "java/",
    "okhttp",
    "go-http",
    "libwww",
    "headless",
    "barracuda",
    "mimecast",
    "proofpoint",
    "safelinks",
    "symantec",
    "trendmicro",
    "urldefense",
];

/// Whether a visitor calls itself something that is no browser. A visitor without a name is none either.
pub(crate) fn is_program(user_agent: &str) -> bool {
    let name = user_agent.to_ascii_lowercase();
    name.is_empty() || PROGRAMS.iter().any(|program| name.contains(program))
}

/// How many different links in a burst make a machine, for a message with `links` of them: all of two, or three.
pub(crate) fn burst_links(links: u32) -> u32 {
    links.clamp(2, BURST_LINKS)
}

/// Whose each of somebody's clicks in one message is, by their times alone: a machine's until `people_from_us` and in bursts, a
/// person's otherwise. Each click is a link's number and a moment in µs UTC.
pub(crate) fn judge(clicks: &[(u32, i64)], links: usize, people_from_us: i64) -> Vec<&'static str> {
    let burst = burst_links(u32::try_from(links).unwrap_or(u32::MAX)) as usize;
    let is_machine = |at_us: i64| {
        // A burst is any span of its length that holds the click.
        clicks.iter().filter(|(_, from)| (at_us - BURST_US..=at_us).contains(from)).any(|(_, from_us)| {
            let within = clicks.iter().filter(|(_, at)| (*from_us..=from_us + BURST_US).contains(at));
            within.map(|(link, _)| link).collect::<BTreeSet<_>>().len() >= burst
        })
    };
    let whose = |(_, at_us): &(u32, i64)| {
        if *at_us < people_from_us || is_machine(*at_us) { "machine" } else { "person" }
    };
    clicks.iter().map(whose).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_use_browsers() {
        // Protects: the clicks of people, and the count from programs.
        for person in [
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
        ] {
            assert!(!is_program(person), "{person}");
        }
        for program in [
            "",
            "curl/8.1",
            "python-requests/2.32",
            "Barracuda Sentinel (EE)",
            "Googlebot/2.1",
            "Mozilla/5.0 BingPreview/1.0b",
        ] {
            assert!(is_program(program), "{program}");
        }
        assert_eq!([0, 1, 2, 3, 9].map(burst_links), [2, 2, 2, 3, 3]);
    }

    #[test]
    fn bursts_are_a_machines() {
        // Protects: a goal by clicks from scanners that a platform's report lists like people.
        let second = 1_000_000;
        let clicks =
            [(1, 5 * second), (1, 60 * second), (2, 61 * second), (3, 62 * second), (3, 90 * second)];
        let machine = ["machine"; 4];
        assert_eq!(judge(&clicks, 3, 10 * second), [&machine[..], &["person"]].concat());
        // Two of three links may be a person's; all of two may not.
        assert_eq!(judge(&clicks[1..3], 3, 0), ["person", "person"]);
        assert_eq!(judge(&clicks[1..3], 2, 0), ["machine", "machine"]);
    }
}
