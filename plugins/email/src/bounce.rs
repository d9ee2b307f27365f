//! What came back by mail: bounces, complaints, answers, and people who want to leave.
//!
//! Delivery status notifications (RFC 3464) are classified by the class of their status (RFC 3463), not by their action: a queue
//! that gave up says `failed` with 4.4.1, and the address may be good. Complaints are feedback reports (RFC 5965). Pure: which
//! message is meant comes out as tokens that nobody has believed yet.

use mail_parser::{HeaderValue, Message, MessageParser, MimeHeaders as _, PartType};

use crate::message::{LEAVE, RETURN};

/// What a message in the mailbox is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The address is at fault (5.x).
    Bounce,
    /// The receiving server's policy is (5.7): our signature, our reputation. The address may be good.
    Blocked,
    /// It may pass (4.x).
    SoftBounce,
    /// The recipient called our message unwanted.
    Complaint,
    /// The recipient wants to leave.
    Leave,
    /// The recipient answered.
    Reply,
    /// An automatic answer, a notice that is no end, or something that is not ours.
    Nothing,
}

/// Tokens by which a message is meant, in order of trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Meant {
    /// Of envelope senders to which it came back.
    pub(crate) returns: Vec<String>,
    /// Of addresses for leaving.
    pub(crate) leaves: Vec<String>,
    /// Of Message-IDs that it quotes.
    pub(crate) headers: Vec<String>,
}

/// What a message in the mailbox is, and which of ours it is about.
pub(crate) fn read(raw: &[u8]) -> (Kind, Meant) {
    let Some(message) = MessageParser::default().parse(raw) else { return (Kind::Nothing, Meant::default()) };
    let mut meant = Meant::default();
    for name in ["To", "Delivered-To", "X-Original-To", "Envelope-To"] {
        for value in message.header_values(name) {
            take_addresses(value, &mut meant);
        }
    }
    if !meant.leaves.is_empty() {
        return (Kind::Leave, meant);
    }
    let mut kinds = Vec::new();
    let mut is_complaint = false;
    for part in &message.parts {
        let content_type = part.content_type().map(|kind| (kind.ctype(), kind.subtype().unwrap_or_default()));
        match (content_type, &part.body) {
            (Some((ctype, subtype)), _)
                if ctype.eq_ignore_ascii_case("message")
                    && subtype.eq_ignore_ascii_case("delivery-status") =>
            {
                read_status(&String::from_utf8_lossy(part.contents()), &mut kinds, &mut meant);
            }
            (Some((ctype, subtype)), _)
                if ctype.eq_ignore_ascii_case("message")
                    && subtype.eq_ignore_ascii_case("feedback-report") =>
            {
                is_complaint = true;
            }
            (_, PartType::Message(returned)) => take_returned(returned, &mut meant),
            (Some((ctype, subtype)), _)
                if ctype.eq_ignore_ascii_case("text") && subtype.eq_ignore_ascii_case("rfc822-headers") =>
            {
                if let Some(returned) = MessageParser::default().parse_headers(part.contents()) {
                    take_returned(&returned, &mut meant);
                }
            }
            _ => {}
        }
    }
    if is_complaint {
        return (Kind::Complaint, meant);
    }
    // The worst that it says of its recipients; a message of ours has one.
    for kind in [Kind::Bounce, Kind::Blocked, Kind::SoftBounce] {
        if kinds.contains(&kind) {
            return (kind, meant);
        }
    }
    if !kinds.is_empty() {
        return (Kind::Nothing, meant);
    }
    if is_from_a_daemon(&message) {
        // Not of the standard's form, but it came back to an envelope sender of ours: its text may tell the status.
        let told = message.body_text(0).as_deref().and_then(find_status);
        let kind = told.filter(|_| !meant.returns.is_empty()).map_or(Kind::Nothing, |status| class(&status));
        return (kind, meant);
    }
    if is_automatic(&message) {
        return (Kind::Nothing, meant);
    }
    for name in ["In-Reply-To", "References"] {
        for value in message.header_values(name) {
            take_ids(value, &mut meant);
        }
    }
    let kind = if meant.headers.is_empty() { Kind::Nothing } else { Kind::Reply };
    (kind, meant)
}

/// Reads the groups of fields of a delivery status: the message's, then one a recipient.
fn read_status(text: &str, kinds: &mut Vec<Kind>, meant: &mut Meant) {
    let unfolded = text.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ");
    for group in unfolded.split("\n\n") {
        let field = |name: &str| {
            group.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        if let Some(sender) = field("X-Postfix-Sender") {
            take_address(sender.rsplit(';').next().unwrap_or_default(), meant);
        }
        let Some(action) = field("Action") else { continue };
        let status = field("Status").as_deref().and_then(find_status);
        kinds.push(match (action.to_ascii_lowercase().as_str(), status) {
            ("failed", Some(status)) => class(&status),
            // Without a status nothing says that it will not pass.
            ("failed", None) => Kind::SoftBounce,
            _ => Kind::Nothing,
        });
    }
}

fn class(status: &str) -> Kind {
    if status.starts_with("5.7.") {
        Kind::Blocked
    } else if status.starts_with('5') {
        Kind::Bounce
    } else if status.starts_with('4') {
        Kind::SoftBounce
    } else {
        Kind::Nothing
    }
}

/// The first enhanced status of a text, such as `5.1.1`.
pub(crate) fn find_status(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.').map(|word| word.trim_matches('.')).find_map(
        |word| {
            let parts: Vec<&str> = word.split('.').collect();
            let fits = parts.len() == 3
                && matches!(parts[0], "2" | "4" | "5")
                && parts[1..].iter().all(|part| (1..=3).contains(&part.len()));
            fits.then(|| word.to_owned())
        },
    )
}

/// What a returned message of ours says of itself.
fn take_returned(returned: &Message<'_>, meant: &mut Meant) {
    if let Some(id) = returned.message_id() {
        take_id(id, meant);
    }
    if let Some(sender) = returned.return_address() {
        take_address(sender, meant);
    }
}

fn take_addresses(value: &HeaderValue<'_>, meant: &mut Meant) {
    match value {
        HeaderValue::Address(addresses) => {
            for address in addresses.iter().filter_map(|address| address.address()) {
                take_address(address, meant);
            }
        }
        HeaderValue::Text(text) => take_address(text, meant),
        HeaderValue::TextList(texts) => texts.iter().for_each(|text| take_address(text, meant)),
        _ => {}
    }
}

fn take_address(address: &str, meant: &mut Meant) {
    let local =
        address.trim().trim_matches(['<', '>']).split('@').next().unwrap_or_default().to_ascii_lowercase();
    let Some((what, token)) = local.split_once('+') else { return };
    let place = match what {
        RETURN => &mut meant.returns,
        LEAVE => &mut meant.leaves,
        _ => return,
    };
    if !place.iter().any(|known| known == token) {
        place.push(token.to_owned());
    }
}

fn take_ids(value: &HeaderValue<'_>, meant: &mut Meant) {
    match value {
        HeaderValue::Text(text) => text.split_whitespace().for_each(|id| take_id(id, meant)),
        HeaderValue::TextList(texts) => texts.iter().for_each(|id| take_id(id, meant)),
        _ => {}
    }
}

fn take_id(id: &str, meant: &mut Meant) {
    let token = id.trim().trim_matches(['<', '>']).split('@').next().unwrap_or_default();
    if crate::token::read(token).is_some() && !meant.headers.iter().any(|known| known == token) {
        meant.headers.push(token.to_owned());
    }
}

/// Whether a message has the empty envelope sender, or a daemon's name.
fn is_from_a_daemon(message: &Message<'_>) -> bool {
    let has_null_sender = message.header_raw("Return-Path").is_some_and(|value| value.trim() == "<>");
    let daemon =
        message.from().and_then(|from| from.first()).and_then(|from| from.address()).is_some_and(|from| {
            let from = from.to_ascii_lowercase();
            from.starts_with("mailer-daemon@") || from.starts_with("postmaster@")
        });
    has_null_sender || daemon
}

/// Whether a program answered (RFC 3834, and what came before it).
fn is_automatic(message: &Message<'_>) -> bool {
    let says = |name: &str| message.header_raw(name).map(|value| value.trim().to_ascii_lowercase());
    says("Auto-Submitted").is_some_and(|value| value != "no")
        || says("Precedence")
            .is_some_and(|value| ["bulk", "junk", "list", "auto_reply"].contains(&value.as_str()))
        || says("X-Autoreply").is_some()
        || says("X-Auto-Response-Suppress").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A notification as Postfix 3.7 writes it.
    fn notification(action: &str, status: &str) -> String {
        format!(
            "Return-Path: <>\r\nDelivered-To: bounces+7-1-aaaabbbbccccdddd@news.example\r\nFrom: MAILER-DAEMON@mta.example\r\n\
             To: bounces+7-1-aaaabbbbccccdddd@news.example\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"B\"\r\n\r\n--B\r\n\
             Content-Type: text/plain\r\n\r\nThis is the mail system. 5.0.0 is not the status.\r\n\r\n--B\r\n\
             Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mta.example\r\n\
             X-Postfix-Sender: rfc822; bounces+7-1-aaaabbbbccccdddd@news.example\r\n\r\n\
             Final-Recipient: rfc822; x@reject.example\r\nAction: {action}\r\nStatus: {status}\r\n\
             Diagnostic-Code: smtp; 550 5.1.1 unknown\r\n\r\n--B\r\nContent-Type: message/rfc822\r\n\r\n\
             Message-ID: <7-1-eeeeffffgggghhhh@news.example>\r\nSubject: x\r\n\r\nx\r\n--B--\r\n"
        )
    }

    #[test]
    fn bounces_are_told_apart_by_class() {
        // Protects: good addresses from being given up because a server was away, or did not like our signature.
        for (action, status, kind) in [
            ("failed", "5.1.1", Kind::Bounce),
            ("failed", "5.0.0", Kind::Bounce),
            ("failed", "4.4.1", Kind::SoftBounce),
            ("failed", "5.7.26", Kind::Blocked),
            ("failed", "unknown", Kind::SoftBounce),
            ("delayed", "4.4.1", Kind::Nothing),
            ("relayed", "2.0.0", Kind::Nothing),
        ] {
            let (found, meant) = read(notification(action, status).as_bytes());
            assert_eq!(found, kind, "{action} {status}");
            assert_eq!(meant.returns, ["7-1-aaaabbbbccccdddd"]);
            assert_eq!(meant.headers, ["7-1-eeeeffffgggghhhh"]);
        }
    }

    #[test]
    fn an_answer_is_a_persons() {
        // Protects: the count of answers from holiday notices.
        let answer = "From: kari@a.example\r\nTo: news@news.example\r\nIn-Reply-To: <7-1-eeeeffffgggghhhh@news.example>\r\n\r\nYes\r\n";
        assert_eq!(read(answer.as_bytes()).0, Kind::Reply);
        assert_eq!(read(format!("Auto-Submitted: auto-replied\r\n{answer}").as_bytes()).0, Kind::Nothing);
        assert_eq!(read(b"From: x@y.example\r\nSubject: spam\r\n\r\nhello\r\n").0, Kind::Nothing);
    }

    #[test]
    fn people_leave_by_mail_too() {
        // Protects: the second way out that the headers offer.
        let (kind, meant) =
            read(b"From: kari@a.example\r\nTo: <leave+7-1-aaaabbbbccccdddd@news.example>\r\n\r\n\r\n");
        assert_eq!((kind, meant.leaves), (Kind::Leave, vec!["7-1-aaaabbbbccccdddd".to_owned()]));
    }

    #[test]
    fn a_complaint_is_one() {
        // Protects: people who called a message unwanted from getting another one (the form of RFC 5965, appendix B.1).
        let report = "From: <abusedesk@isp.example>\r\nTo: <abuse@news.example>\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/report; report-type=feedback-report; boundary=\"B\"\r\n\r\n--B\r\n\
            Content-Type: text/plain\r\n\r\nThis is an email abuse report.\r\n--B\r\nContent-Type: message/feedback-report\r\n\r\n\
            Feedback-Type: abuse\r\nUser-Agent: SomeGenerator/1.0\r\nVersion: 1\r\n\r\n--B\r\nContent-Type: message/rfc822\r\n\r\n\
            From: <news@news.example>\r\nMessage-ID: <7-1-eeeeffffgggghhhh@news.example>\r\nSubject: x\r\n\r\nx\r\n--B--\r\n";
        let (kind, meant) = read(report.as_bytes());
        assert_eq!((kind, meant.headers), (Kind::Complaint, vec!["7-1-eeeeffffgggghhhh".to_owned()]));
    }

    #[test]
    fn a_bounce_of_no_standard_form_is_read_by_its_text() {
        // Protects: bounces of servers that write plain sentences, and holiday notices that come to the same address.
        let to = "To: bounces+7-1-aaaabbbbccccdddd@news.example\r\n";
        let plain =
            format!("From: postmaster@old.example\r\n{to}\r\n\r\nx@old.example: 550 5.1.1 no such user.\r\n");
        assert_eq!(read(plain.as_bytes()).0, Kind::Bounce);
        let holiday =
            format!("From: kari@a.example\r\nAuto-Submitted: auto-replied\r\n{to}\r\nBack on 5.1.2027\r\n");
        assert_eq!(read(holiday.as_bytes()).0, Kind::Nothing);
    }
}
