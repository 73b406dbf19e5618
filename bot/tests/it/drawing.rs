//! Pictures over HTTP.

use insta::assert_snapshot;
use ureq::http::StatusCode;

use crate::support::Program;

const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

#[test]
fn the_first_picture() {
    let service = Program::new().serve();
    let person = service.client();
    let message = person.draw("/draw 後藤ひとり --seed 5 --steps 4 --count 2", "first");
    assert_eq!(message["state"], "done", "{message}");
    assert_eq!(message["recipe"]["seed"], "5");
    assert_eq!(message["images"][1]["seed"], "6");
    assert_snapshot!(message["reply"].as_str().unwrap(), @"Here are your 2 pictures.");

    let url = message["images"][0]["url"].as_str().unwrap();
    assert!(person.bytes(url).starts_with(PNG_SIGNATURE));
    let download = person.get(&format!("{url}?download"));
    let disposition = download.headers()["content-disposition"].to_str().unwrap();
    assert_snapshot!(disposition, @r#"attachment; filename="ekaki-1-1.png""#);

    assert_eq!(
        service.client().get(url).status(),
        StatusCode::NOT_FOUND,
        "a picture belongs to one person"
    );
    assert_eq!(
        person.history(),
        [message],
        "the history says the same as the last message"
    );

    let ended = service.terminate();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        !ended.stderr.contains("後藤ひとり"),
        "prompts are not logged:\n{}",
        ended.stderr
    );
}

#[test]
fn a_repeated_command_is_one_job() {
    let service = Program::new().serve();
    let person = service.client();
    let first = person.draw("/draw green hair --steps 2", "same-key");
    let again = person.type_command("/draw green hair --steps 2", "same-key");
    assert_eq!(again, first);
    assert_eq!(person.history().len(), 1);
}

#[test]
fn absurd_wishes_get_a_readable_answer() {
    let service = Program::new()
        .with("EKAKI__LIMITS__MAX_STEPS", "4")
        .with("EKAKI__LIMITS__MAX_PIXELS", "16384")
        .with("EKAKI__LIMITS__MAX_COUNT", "2")
        .serve();
    let person = service.client();
    let answer = |text: &str, key: &str| {
        person.type_command(text, key)["reply"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_snapshot!(answer("/draw", "1"), @"Please say what to draw, for example: /draw 後藤ひとり");
    assert_snapshot!(answer(&format!("/draw {}", "長い".repeat(2000)), "2"), @"The prompt has 4000 characters; at most 1000 are possible.");
    assert_snapshot!(answer("/draw a --seed one", "3"), @r#""one" is not possible for --seed. An example: --seed 1"#);
    assert_snapshot!(answer("/draw a --guidance NaN", "4"), @r#""NaN" is not possible for --guidance. An example: --guidance 4.5"#);
    assert_snapshot!(answer("/draw a --size -1x5", "5"), @r#""-1x5" is not possible for --size. An example: --size portrait"#);
    assert_snapshot!(answer("/paint a", "6"), @"There is no command /paint. /help shows what I understand.");

    let message = person.draw(
        "/draw a --steps 4000000000 --size 99999x8 --count 900 --guidance 0",
        "7",
    );
    assert_snapshot!(message["reply"].as_str().unwrap(), @"
    Here are your 2 pictures.
    Size: 256x64 instead of 99999x8, the nearest that is possible here.
    Steps: 4 instead of 4000000000, the nearest that is possible here.
    Pictures: 2 instead of 900, the most that is possible here.
    ");
}
