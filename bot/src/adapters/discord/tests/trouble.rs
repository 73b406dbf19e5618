//! What goes wrong on the way to Discord and back. Whatever it is, a job ends in one message.

use std::time::Duration;

use super::standin::{Fault, GatewayFault, Kind, Origin, Settings, What, World, is_connected, permission};
use super::{AGAIN, Tester};

const EDIT: &str = "^PATCH /webhooks/.*/messages/";
const CALLBACK: &str = "/callback$";

/// Draws a picture while something goes wrong, and time passes until it is there. There is one message at the end.
async fn drawn_in_spite_of(fault: Fault) -> Tester {
    let tester = Tester::start().await;
    tester.discord.fault(fault);
    let asked = tester.ann().slash("draw", [("prompt", "cat".into())]).await;
    tester.painter.draw();
    tester.in_time(tester.ended(&asked)).await;
    let shown = tester.discord.shown("general");
    assert_eq!(shown.matches(AGAIN).count(), 1, "{shown}");
    assert_eq!(tester.messages(), 1, "{shown}");
    tester
}

#[tokio::test]
async fn the_acknowledgement_fails_once() {
    for what in [What::Status(500), What::Status(503), What::Cut] {
        drawn_in_spite_of(Fault::new(CALLBACK, what)).await.stop().await;
    }
}

#[tokio::test]
async fn the_answer_to_the_acknowledgement_is_lost() {
    for what in [What::Status(502), What::Cut] {
        let tester = drawn_in_spite_of(Fault::new(CALLBACK, what).afterwards()).await;
        let codes: Vec<_> = tester
            .discord
            .requests(CALLBACK)
            .iter()
            .filter_map(|record| record.code)
            .collect();
        assert_eq!(codes.last(), Some(&40060), "already acknowledged is a success");
        tester.stop().await;
    }
}

#[tokio::test]
async fn edits_fail_for_a_while() {
    for what in [What::Status(500), What::Cut] {
        drawn_in_spite_of(Fault::new(EDIT, what.clone()).times(2))
            .await
            .stop()
            .await;
        drawn_in_spite_of(Fault::new(EDIT, what).times(2).afterwards())
            .await
            .stop()
            .await;
    }
}

#[tokio::test]
async fn discord_asks_for_patience() {
    for what in [
        What::TooMany(Duration::from_millis(2300)),
        What::TooManyAtAll(Duration::from_secs(5)),
        What::Slow(Duration::from_secs(4)),
    ] {
        drawn_in_spite_of(Fault::new(EDIT, what)).await.stop().await;
    }
}

#[tokio::test]
async fn the_usual_limits_are_kept() {
    let settings = Settings {
        has_limits: true,
        ..Settings::default()
    };
    let tester = Tester::start_with(settings, "").await;
    let mut asked = Vec::new();
    for number in 0..8 {
        let options = [("prompt", format!("cat {number}").into()), ("steps", 20.into())];
        asked.push(tester.ann().slash("draw", options).await);
        tester.painter.allow(21);
    }
    for asked in &asked {
        tester.in_time(tester.ended(asked)).await;
    }
    tester.stop().await;
}

#[tokio::test]
async fn a_new_message_is_sent_once_although_its_answer_is_lost() {
    for what in [What::Status(500), What::Cut] {
        let tester = Tester::start().await;
        let ann = tester.ann();
        let asked = ann.slash("draw", [("prompt", "cat".into())]).await;
        tester.painter.allow(1);
        asked.reads("1").await;
        tester.discord.change(|world| world.messages.clear());
        tester.pass(Duration::from_secs(15 * 60 + 1)).await;
        tester.discord.fault(
            Fault::new("^POST /channels/.*/messages$", what)
                .times(2)
                .afterwards(),
        );
        tester.painter.allow(2);
        tester.discord.line_with("ekaki in general").await;
        let tries = |number: usize| {
            move |world: &World| {
                let sent = world
                    .requests
                    .iter()
                    .filter(|record| record.operation.as_deref() == Some("create_message"));
                (sent.filter(|record| record.status == Some(200)).count() >= number).then_some(())
            }
        };
        tester.in_time(tester.discord.until("a message", tries(1))).await;
        let shown = tester.discord.shown("general");
        assert_eq!(shown.matches(AGAIN).count(), 1, "{shown}");
        tester.stop().await;
    }
}

/// Draws a picture while edits are refused for good, and returns the lines after the fault.
async fn refused(status: u16, code: u32) -> String {
    let tester = Tester::start().await;
    let asked = tester.ann().slash("draw", [("prompt", "cat".into())]).await;
    tester.painter.allow(1);
    asked.reads("1").await;
    let before = tester.discord.requests("").len();
    tester
        .discord
        .fault(Fault::new(EDIT, What::Refused(status, code)));
    tester.painter.allow(2);
    tester
        .discord
        .until("the picture", |world| {
            world
                .messages
                .values()
                .any(|message| message.lines().join("\n").contains(AGAIN))
                .then_some(())
        })
        .await;
    let requests = tester.discord.requests("").split_off(before);
    let lines = requests.iter().map(|record| {
        let code = record.code.map_or_else(String::new, |code| format!(" {code}"));
        format!(
            "{} {}{code}",
            record.operation.clone().unwrap_or_else(|| "(refused)".to_owned()),
            record.status.unwrap_or_default()
        )
    });
    let lines = lines.collect::<Vec<_>>().join("\n");
    tester.stop().await;
    lines
}

#[tokio::test]
async fn a_token_that_discord_does_not_know_any_more() {
    insta::assert_snapshot!(refused(404, 10015).await, @"
    (refused) 404 10015
    update_message 200
    ");
    insta::assert_snapshot!(refused(401, 50027).await, @"
    (refused) 401 50027
    update_message 200
    ");
}

#[tokio::test]
async fn a_message_that_is_gone() {
    insta::assert_snapshot!(refused(404, 10008).await, @"
    (refused) 404 10008
    update_message 200
    ");
}

#[tokio::test]
async fn a_file_that_discord_does_not_want_after_all() {
    insta::assert_snapshot!(refused(413, 40005).await, @"
    (refused) 413 40005
    update_original_webhook_message 200
    ");
}

#[tokio::test]
async fn an_interaction_that_came_too_late() {
    let tester = Tester::start().await;
    tester
        .discord
        .fault(Fault::new(CALLBACK, What::Refused(404, 10062)));
    tester.ann().slash("draw", [("prompt", "cat".into())]).await;
    tester.painter.draw();
    insta::assert_snapshot!(tester.discord.line_with(AGAIN).await, @"
    ekaki in general (rings ann): <@1574031694235697152>
      | Here is your picture.
      | Prompt: cat
      | [picture ekaki-1-1.png 128x128]
      | Job 1 · Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
    assert_eq!(tester.discord.requests(CALLBACK).len(), 1);
    tester.stop().await;
}

/// What somebody reads where the bot lacks a permission, in two languages.
async fn without(missing: u64) -> String {
    let tester = Tester::start().await;
    tester.discord.change(|world| {
        for channel in world.channels.values_mut() {
            channel.permissions &= !missing;
        }
    });
    let mut read = Vec::new();
    for locale in ["en-US", "ja"] {
        let ann = tester.ann().speaking(locale);
        let asked = ann.slash("draw", [("prompt", "cat".into())]).await;
        read.push(asked.reads("").await);
    }
    assert!(!tester.discord.shown("general").contains(AGAIN));
    tester.stop().await;
    read.join("\n")
}

#[tokio::test]
async fn a_missing_permission_is_named_at_once() {
    insta::assert_snapshot!(without(permission::ATTACH_FILES).await, @"
    In this channel I lack a permission: Attach Files. Somebody who manages this server can grant it.
    このチャンネルでは、ボットに次の権限がありません: ファイルの添付。サーバーの管理者に設定をお願いしてください。
    ");
    insta::assert_snapshot!(without(permission::EMBED_LINKS).await, @"
    In this channel I lack a permission: Embed Links. Somebody who manages this server can grant it.
    このチャンネルでは、ボットに次の権限がありません: 埋め込みリンク。サーバーの管理者に設定をお願いしてください。
    ");
    insta::assert_snapshot!(without(permission::VIEW_CHANNEL | permission::SEND_MESSAGES).await, @"
    In this channel I lack a permission: View Channel, Send Messages. Somebody who manages this server can grant it.
    このチャンネルでは、ボットに次の権限がありません: チャンネルを見る、メッセージの送信。サーバーの管理者に設定をお願いしてください。
    ");
}

#[tokio::test]
async fn a_lost_connection_loses_nothing() {
    for fault in [
        GatewayFault::Cut,
        GatewayFault::Close(4000),
        GatewayFault::Reconnect,
        GatewayFault::InvalidSession(true),
    ] {
        let tester = Tester::start().await;
        tester.discord.gateway(fault);
        tester
            .discord
            .until("a lost connection", |world| {
                (world.resumed > 0 || !world.sessions.iter().all(is_connected)).then_some(())
            })
            .await;
        tester
            .in_time(
                tester
                    .discord
                    .until("a resumed session", |world| (world.resumed == 1).then_some(())),
            )
            .await;
        tester.draw(&tester.ann(), "cat").await;
        tester.stop().await;
    }
}

#[tokio::test]
async fn a_lost_session_is_begun_anew() {
    let tester = Tester::start().await;
    tester.discord.gateway(GatewayFault::InvalidSession(false));
    tester
        .in_time(tester.discord.until("another session", |world| {
            (world.connections == 2 && !world.sessions.is_empty()).then_some(())
        }))
        .await;
    tester.draw(&tester.ann(), "cat").await;
    assert_eq!(tester.discord.requests("^PUT .*/commands$").len(), 1);
    tester.stop().await;
}

#[tokio::test]
async fn many_servers_have_several_connections() {
    let settings = Settings {
        shards: 2,
        more_guilds: 10,
        // Five seconds, but time goes in leaps here.
        identify_every: Duration::from_millis(4500),
        ..Settings::default()
    };
    let remains = Tester::prepare(settings, "").await;
    let tester = Tester::start_in(remains).await;
    tester.in_time(tester.discord.connected()).await;
    tester.discord.change(|world| {
        let shards: Vec<_> = world
            .sessions
            .iter()
            .map(|session| (session.shard, session.intents))
            .collect();
        assert_eq!(shards, [([0, 2], 0), ([1, 2], 0)], "no intent is needed");
    });
    tester.discord.registered().await;
    tester.draw(&tester.ann(), "cat").await;
    tester.draw(&tester.ann().at("教室"), "cat").await;
    tester.stop().await;
}

#[tokio::test]
async fn a_job_outlives_the_process() {
    let tester = Tester::start().await;
    let asked = tester.ann().slash("draw", [("prompt", "cat".into())]).await;
    tester.painter.allow(1);
    asked.reads("1").await;
    let tester = Tester::start_in(tester.killed()).await;
    tester.painter.draw();
    tester.ended(&asked).await;
    let shown = tester.discord.shown("general");
    assert_eq!(tester.messages(), 1, "{shown}");
    tester.stop().await;
}

#[tokio::test]
async fn a_picture_that_was_shown_before_the_process_died_is_not_shown_twice() {
    let tester = Tester::start().await;
    tester
        .discord
        .fault(Fault::new(EDIT, What::Cut).afterwards().times(u32::MAX));
    let asked = tester.ann().slash("draw", [("prompt", "cat".into())]).await;
    tester.painter.draw();
    tester.in_time(tester.ended(&asked)).await;
    tester.discord.change(|world| world.faults.clear());
    let before = tester.discord.shown("general");
    let tester = Tester::start_in(tester.killed()).await;
    let sent = tester.discord.requests(EDIT).len();
    tester
        .discord
        .until("another try", |world| {
            let edits = world
                .requests
                .iter()
                .filter(|record| record.line.starts_with("PATCH /webhooks") && record.status == Some(200));
            (edits.count() > 0).then_some(())
        })
        .await;
    assert!(sent > 0);
    assert_eq!(tester.discord.shown("general"), before);
    tester.stop().await;
}

#[tokio::test]
async fn strange_interactions_are_answered_with_a_sentence() {
    let tester = Tester::start().await;
    let ann = tester.ann();
    for (kind, data) in [
        (
            Kind::Command,
            serde_json::json!({ "id": "1", "name": "unknown", "type": 1 }),
        ),
        (
            Kind::Command,
            serde_json::json!({ "id": "1", "name": "draw", "type": 1, "options": "none" }),
        ),
        (
            Kind::Command,
            serde_json::json!({ "id": "1", "name": "Use as source", "type": 3 }),
        ),
        (
            Kind::Component,
            serde_json::json!({ "custom_id": "v9:what:1", "component_type": 2 }),
        ),
        (Kind::Component, serde_json::json!({ "component_type": 2 })),
        (
            Kind::Modal,
            serde_json::json!({ "custom_id": "v1:draw:1", "components": [] }),
        ),
    ] {
        let asked = ann
            .deliver(kind, data.clone(), Origin::default(), &data.to_string())
            .await;
        let read = asked.reads("").await;
        assert!(!read.is_empty(), "{data}");
    }
    tester.draw(&ann, "cat").await;
    tester.stop().await;
}
