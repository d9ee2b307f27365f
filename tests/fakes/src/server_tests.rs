//! The server itself: what arrives, what is cut, what is counted.

use super::*;

struct Counter(u64);

impl Platform for Counter {
    fn answer(&mut self, request: &Request, now_us: i64) -> Reply {
        self.0 += 1;
        Reply::new(200, "text/plain", format!("{} {} {now_us}", self.0, request.text()))
            .header("X-Count", self.0.to_string())
    }
}

/// Sends a request on a connection of its own and reads to the end.
fn ask(fake: &Fake<Counter>, text: &str) -> String {
    let mut stream = TcpStream::connect(fake.address).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

const POST: &str = "POST /a%20b/c?x=1&y=%C3%B8 HTTP/1.1\r\nConnection: close\r\nContent-Length: 3\r\n\r\nk=v";

/// Protects every test that looks into the log: a request is recorded as it was sent.
#[test]
fn requests_are_read_and_recorded() {
    let fake = Fake::start(Counter(0));
    fake.clock().set_us(7);
    assert!(ask(&fake, POST).ends_with("\r\n\r\n1 k=v 7"));
    let log = fake.logged("POST", "/c");
    assert_eq!((log.len(), log[0].acted, log[0].status, log[0].at_us), (1, true, Some(200), 7));
    let request = &log[0].request;
    assert_eq!(request.segments(), ["a b", "c"]);
    assert_eq!(request.query_value("y").as_deref(), Some("ø"));
    assert_eq!(request.form_value("k").as_deref(), Some("v"));
    // Two on one connection, in one piece.
    let two = format!("{}{POST}", POST.replace("close", "keep-alive"));
    assert_eq!(ask(&fake, &two).matches("HTTP/1.1 200").count(), 2);
}

/// Protects the tests of lost answers: before acting and after acting are not the same, and a fault has its turns.
#[test]
fn faults_strike_as_often_as_they_should() {
    let fake = Fake::start(Counter(0));
    fake.fault(Fault::once("POST", "/c", What::CutBefore));
    fake.fault(Fault::once("POST", "/c", What::CutAfter).with_body("k=v"));
    fake.fault(Fault::times(2, "", "/c", What::Instead(Reply::empty(503))).after(1));
    fake.fault(Fault::once("GET", "", What::CutBefore));
    assert_eq!(ask(&fake, POST), "");
    assert_eq!(fake.with(|counter| counter.0), 0);
    assert_eq!(ask(&fake, POST), "");
    assert_eq!(fake.with(|counter| counter.0), 1);
    let answers = [(); 4].map(|()| ask(&fake, POST));
    let statuses: Vec<&str> = answers.iter().map(|answer| &answer[9..12]).collect();
    assert_eq!(statuses, ["200", "503", "503", "200"]);
    assert_eq!(fake.with(|counter| counter.0), 3);
    let log: Vec<_> = fake.log().iter().map(|one| (one.acted, one.status)).collect();
    assert_eq!(log[..3], [(false, None), (true, None), (true, Some(200))]);
}
