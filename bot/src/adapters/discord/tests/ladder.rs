//! What becomes of an answer when the interaction's token dies: fifteen minutes after the command.

use std::time::Duration;

use super::Tester;
use super::standin::{Asked, Person, Record};

const JUST_ALIVE: Duration = Duration::from_secs(14 * 60 + 59);
const DEAD: Duration = Duration::from_secs(15 * 60 + 1);

/// Asks for a picture that is finished after a time, and returns the requests since then.
async fn finished_after(
    tester: &Tester,
    person: &Person,
    is_private: bool,
    after: Duration,
) -> (Asked, Vec<Record>) {
    let options = [
        ("prompt", "cat".into()),
        ("private", is_private.into()),
        ("steps", 1.into()),
    ];
    let asked = person.slash("draw", options).await;
    tester.painter.allow(1);
    asked.reads("1").await;
    tester.pass(after).await;
    let before = tester.discord.requests("").len();
    tester.painter.allow(1);
    tester
        .discord
        .until("the picture", |world| {
            let mut messages = world.messages.values();
            messages.find(|message| message.lines().iter().any(|line| line.contains(super::AGAIN)))?;
            Some(())
        })
        .await;
    (asked, tester.discord.requests("").split_off(before))
}

fn lines(requests: &[Record]) -> String {
    let lines = requests.iter().map(|record| {
        let operation = record.operation.clone().unwrap_or_default();
        format!("{operation} {:?}", record.status.unwrap_or_default())
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Checks which requests bring the picture, and what can be seen then.
async fn check(place: &str, is_private: bool, after: Duration, expected: &[&str]) -> String {
    let tester = Tester::start().await;
    let ann = tester.ann().at(place);
    let (_, requests) = finished_after(&tester, &ann, is_private, after).await;
    let requests = lines(&requests);
    assert_eq!(requests.lines().collect::<Vec<_>>(), expected);
    let shown = tester.discord.change(|world| {
        let messages = world.messages.values().map(|message| {
            let channel = world.channel_by_id(&message.channel).expect("a channel");
            message.told(&format!(
                "{}{}: ",
                channel.name,
                if message.only_for.is_some() {
                    ", private"
                } else {
                    ""
                }
            ))
        });
        messages.collect::<Vec<_>>().join("\n")
    });
    tester.stop().await;
    shown
}

#[tokio::test]
async fn a_public_message() {
    let alive = check(
        "general",
        false,
        JUST_ALIVE,
        &["update_original_webhook_message 200"],
    )
    .await;
    let dead = check("general", false, DEAD, &["update_message 200"]).await;
    assert_eq!(alive, dead);
}

#[tokio::test]
async fn a_private_message_alive() {
    let shown = check(
        "general",
        true,
        JUST_ALIVE,
        &["update_original_webhook_message 200"],
    )
    .await;
    insta::assert_snapshot!(shown, @"
    general, private: | Here is your picture.
      | Prompt: cat
      | [picture ekaki-1-1.png 128x128]
      | Job 1 · Seed 4711 · 1 step · guidance 3 · 128x128 · DDIM · avatar
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
}

#[tokio::test]
async fn a_private_message_dead() {
    let shown = check("general", true, DEAD, &["create_dm 200", "create_message 200"]).await;
    insta::assert_snapshot!(shown, @"
    general, private: Drawing, step 1 of 1.
      [✖️ Cancel]
    direct with ann: You asked for this in <#1574031694236745728>:
      | Here is your picture.
      | Prompt: cat
      | [picture ekaki-1-1.png 128x128]
      | Job 1 · Seed 4711 · 1 step · guidance 3 · 128x128 · DDIM · avatar
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
}

#[tokio::test]
async fn a_direct_message() {
    let alive = check(
        "direct",
        false,
        JUST_ALIVE,
        &["update_original_webhook_message 200"],
    )
    .await;
    let dead = check("direct", false, DEAD, &["update_message 200"]).await;
    assert_eq!(alive, dead);
}

#[tokio::test]
async fn a_message_where_the_bot_is_a_guest() {
    for place in ["elsewhere", "friends"] {
        check(place, false, JUST_ALIVE, &["update_original_webhook_message 200"]).await;
        let shown = check(place, false, DEAD, &["create_dm 200", "create_message 200"]).await;
        assert!(shown.contains("direct with ann: "), "{shown}");
    }
}

#[tokio::test]
async fn a_private_message_to_somebody_who_takes_none() {
    let tester = Tester::start().await;
    let ann = tester.ann();
    tester.discord.change(|world| {
        world.human("ann");
        world.humans.get_mut("ann").expect("ann").takes_messages = false;
    });
    let options = [
        ("prompt", "cat".into()),
        ("private", true.into()),
        ("steps", 1.into()),
    ];
    let asked = ann.slash("draw", options).await;
    tester.painter.allow(1);
    asked.reads("1").await;
    tester.pass(DEAD).await;
    tester.painter.allow(1);
    insta::assert_snapshot!(tester.discord.line_with("/show").await, @"ekaki in general (rings ann): <@1574031694235697152> Job 1 has ended, but I can neither change my message nor write to you. /show 1 shows the result.");
    tester.stop().await;
}

#[tokio::test]
async fn a_message_that_somebody_has_deleted() {
    let tester = Tester::start().await;
    let asked = tester
        .ann()
        .slash("draw", [("prompt", "cat".into()), ("steps", 1.into())])
        .await;
    tester.painter.allow(1);
    let message = asked.reads("1").await;
    tester.discord.change(|world| world.messages.clear());
    assert!(!message.is_empty());
    tester.pass(DEAD).await;
    tester.painter.allow(1);
    insta::assert_snapshot!(tester.discord.line_with("ekaki in general").await, @"
    ekaki in general (rings ann): <@1574031694235697152>
      | Here is your picture.
      | Prompt: cat
      | [picture ekaki-1-1.png 128x128]
      | Job 1 · Seed 4711 · 1 step · guidance 3 · 128x128 · DDIM · avatar
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
    tester.stop().await;
}
