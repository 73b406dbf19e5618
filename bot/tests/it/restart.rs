//! The service dies and comes back.

use bot::store::JobState;

use crate::support::Program;

/// Long enough to be killed in the middle.
const SLOW: &str = "/draw 後藤ひとり --steps 150 --size 256x256 --seed 1";

fn slow_program() -> Program {
    Program::new()
        .with("EKAKI__LIMITS__MAX_STEPS", "150")
        .with("EKAKI__SHUTDOWN__DRAIN_SECONDS", "0")
}

#[test]
fn a_job_whose_service_was_killed_is_finished_exactly_once() {
    let program = slow_program();
    let service = program.serve();
    let person = service.client();
    let mut events = person.events();
    person.type_command(SLOW, "slow");
    events.wait_for("slow", |message| message["step"].as_u64() >= Some(2));
    service.kill();

    let service = program.serve();
    let person = person.at(&service.address);
    let mut events = person.events();
    let last = events.wait_for("slow", |message| message["state"] == "done");
    assert_eq!(last["text"], SLOW);
    // Another job's news come after all news of the first, so nothing was said twice.
    person.type_command("/draw --steps 1 blue hair", "marker");
    events.wait_for("marker", |message| {
        assert_ne!(message["id"], "slow");
        message["state"] == "done"
    });
    let messages = person.history();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert_eq!(messages[0], last);
    assert_eq!(service.terminate().code, Some(0));

    let jobs = program.jobs_of(&person.id());
    assert_eq!(jobs.len(), 2);
    assert_eq!(
        (jobs[1].state, jobs[1].attempt, jobs[1].images.len()),
        (JobState::Done, 2, 1)
    );
}

#[test]
fn a_job_that_a_stop_interrupts_waits_for_the_next_start() {
    let program = slow_program();
    let service = program.serve();
    let person = service.client();
    let mut events = person.events();
    person.type_command(SLOW, "slow");
    events.wait_for("slow", |message| message["step"].as_u64() >= Some(1));
    let ended = service.terminate();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let waiting = program.jobs_of(&person.id());
    assert_eq!((waiting[0].state, waiting[0].attempt), (JobState::Queued, 0));

    let service = program.serve();
    let person = person.at(&service.address);
    let last = person
        .events()
        .wait_for("slow", |message| message["state"] == "done");
    assert_eq!(person.history(), [last]);
}
