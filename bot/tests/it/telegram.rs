//! The real binary on a Telegram of our own that has a bad day.

use super::support::Program;

#[path = "../standin/telegram/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the tests of the adapter use the rest of it"
)]
mod standin;

use self::standin::{Fault, FaultKind, Settings, TOKEN, Telegram};

/// On the button that only the last message of a job has.
const AGAIN: &str = "[🔄 ";

fn fault(method: &'static str, kind: FaultKind, times: usize) -> Fault {
    Fault { method, kind, times }
}

#[test]
fn every_job_has_one_end_whatever_goes_wrong() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let telegram = runtime.block_on(Telegram::start(Settings::default()));
    let program = Program::new()
        .with("EKAKI__TELEGRAM__TOKEN", TOKEN)
        .with("EKAKI__TELEGRAM__API_URL", telegram.url());
    for bad in [
        fault("getMe", FaultKind::Refuse(502, "Bad Gateway"), 1),
        fault("getUpdates", FaultKind::Dropped, 2),
        fault("sendMessage", FaultKind::Flood(2), 1),
        fault("editMessageMedia", FaultKind::Lost, 2),
        fault(
            "editMessageMedia",
            FaultKind::Refuse(500, "Internal Server Error"),
            1,
        ),
        fault("editMessageMedia", FaultKind::Refuse(401, "Unauthorized"), 1),
        fault(
            "setMessageReaction",
            FaultKind::Refuse(429, "Too Many Requests: retry after 5"),
            1,
        ),
    ] {
        telegram.fail(bad);
    }
    let service = program.serve();
    let people: Vec<_> = ["kita", "ryo", "nijika"]
        .iter()
        .map(|name| telegram.person(name, "en"))
        .collect();
    let group = telegram.group("band");
    for person in &people {
        telegram.says(person, person.id, "/draw a cat --steps 4");
        telegram.says(person, group, "/draw a guitar --steps 4");
        let again = telegram.newest_update();
        telegram.repeats(again);
    }
    let first = people[0].id;
    runtime.block_on(telegram.shows_text(first, AGAIN));
    service.kill();
    let service = program.serve();
    for person in &people {
        runtime.block_on(telegram.shows_text(person.id, AGAIN));
    }
    runtime.block_on(telegram.shows_times(group, AGAIN, people.len()));
    assert_eq!(service.terminate().code, Some(0));
    for person in &people {
        let view = telegram.view(person.id);
        assert_eq!(view.matches(AGAIN).count(), 1, "{view}");
    }
    let view = telegram.view(group);
    assert_eq!(view.matches(AGAIN).count(), people.len(), "{view}");
    // A new process does not know what the killed one has just sent, so it may be told to wait.
    let mut violations = telegram.violations();
    violations.retain(|violation| !violation.contains("429 Too Many Requests"));
    assert_eq!(violations, [""; 0]);
}
