//! Mail scanners: programs that follow a message's links before a person reads it.
//!
//! Their visits are answered like anybody's and counted as nobody's. The signs, from the outside and without keeping anything of
//! the visitor: a HEAD request, or a visit soon after one; a program's name; a visit within seconds of the delivery; many
//! different links of one message at once. What a person does later counts as a person's.

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
}
