//! Where many read.

use super::*;

/// What Telegram says about somebody who has not started the bot.
const NOT_STARTED: &str = "Forbidden: bot can't initiate conversation with a user";
const BLOCKED: &str = "Forbidden: bot was blocked by the user";

#[tokio::test]
async fn a_topic_hears_of_its_jobs() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    let group = telegram.group("band");
    telegram.change_chat(group, |chat| chat.topics = vec![7]);
    telegram.change_chat(group, |chat| chat.takes_reactions = false);
    telegram.says_in_topic(&kita, group, 7, "/draw a cat --count 2");
    bot.generator.allow(ALL_STEPS);
    telegram.shows_text(group, AGAIN).await;
    insta::assert_snapshot!(telegram.view(group), @"
    #1 kita: /draw a cat --count 2
    #2 ekaki to #1: Here are your 2 pictures.
       
       a cat
       Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
       [🔄 Again] [✏️ Edit] [📋 Recipe] [🗑️ Delete]
       [🤏 Vary 1] [🤏 Vary 2]
       [⬆️ Larger 1] [⬆️ Larger 2]
       [💾 Original] [📎 Copy recipe = a cat Steps: 2, …]
    #3 ekaki to #1: <photo 128x128, in an album>
    #4 ekaki to #1: <photo 128x128, in an album>
    ");
    let said = telegram.calls();
    let mut said = said.iter().filter(|call| call.starts_with("send"));
    assert!(
        said.all(|call| call.contains("message_thread_id=7")),
        "every call names the topic"
    );
    // The general topic is not named, and one that is gone is left.
    telegram.says_in_topic(&kita, group, 1, "/draw a dog");
    telegram.shows_text(group, "a dog\n").await;
    telegram.says_in_topic(&kita, group, 7, "/draw a bird");
    telegram.change_chat(group, |chat| chat.topics = vec![]);
    telegram.shows_text(group, "a bird\n").await;
    bot.stop().await;
}

#[tokio::test]
async fn what_is_private_goes_to_the_person() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    let group = telegram.group("band");
    telegram.change_chat(group, |chat| chat.takes_reactions = false);
    telegram.says(&kita, group, "/draw a cat --private");
    bot.generator.allow(ALL_STEPS);
    telegram.shows_text(kita.id, AGAIN).await;
    telegram.says(&kita, group, "/quota");
    telegram.shows_text(kita.id, "Last 24 hours").await;
    insta::assert_snapshot!(telegram.view(group), @"
    #1 kita: /draw a cat --private
    #2 kita: /quota
    ");
    insta::assert_snapshot!(telegram.view(kita.id), @"
    #1 ekaki: <photo 128x128> Here is your picture.
       
       a cat
       Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
       [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
       [📋 Recipe] [🗑️ Delete]
       [💾 Original] [📎 Copy recipe = a cat Steps: 2, …]
    #2 ekaki: Last 24 hours: 1 job, without limit.
       Unfinished: 0 of at most 5.
       One job: at most 4 pictures, 50 steps, and as many pixels as 1024x1024.
    ");
    bot.stop().await;
}

#[tokio::test]
async fn who_has_not_started_the_bot_is_told_how() {
    let (telegram, bot) = start().await;
    let (kita, ryo) = (telegram.person("kita", "en"), telegram.person("ryo", "ja"));
    let group = telegram.group("band");
    telegram.change_chat(group, |chat| chat.takes_reactions = false);
    for (person, answer) in [(&kita, "to #1"), (&ryo, "to #3")] {
        telegram.change_chat(person.id, |chat| chat.closed = Some(NOT_STARTED));
        telegram.says(person, group, "/draw a cat --private");
        bot.generator.allow(ALL_STEPS);
        telegram.shows_text(group, answer).await;
    }
    telegram.says(&ryo, group, "/quota");
    telegram.shows_text(group, "to #5").await;
    insta::assert_snapshot!(telegram.view(group), @"
    #1 kita: /draw a cat --private
    #2 ekaki to #1: The picture of job 1 is only for you, and I may not write to you yet. Please open our private chat and press Start; there, /show 1 brings it.
       [Open private chat → https://t.me/ekaki_test_bot?start=private]
    #3 ryo: /draw a cat --private
    #4 ekaki to #3: ジョブ2の絵はご本人だけにお見せするものですが、まだ個別にお送りできません。個別チャットを開いて「開始」を押し、/show 2 と送ってください。
       [個別チャットを開く → https://t.me/ekaki_test_bot?start=private]
    #5 ryo: /quota
    #6 ekaki to #5: お返事はご本人だけにお見せするものですが、まだ個別にお送りできません。個別チャットを開いて「開始」を押し、もう一度お試しください。
       [個別チャットを開く → https://t.me/ekaki_test_bot?start=private]
    ");
    bot.stop().await;
}

/// Draws in a group that becomes a supergroup meanwhile; returns what is to be seen there.
async fn draw_while_the_group_moves(settings: &str) -> String {
    let (telegram, bot) = start_with(settings).await;
    let kita = telegram.person("kita", "en");
    let group = telegram.group("band");
    telegram.says(&kita, group, "/draw a cat");
    bot.begin(group).await;
    let new = telegram.migrates(group);
    bot.generator.allow(ALL_STEPS);
    telegram.shows_text(new, AGAIN).await;
    let view = telegram.view(new);
    bot.stop().await;
    view
}

#[tokio::test]
async fn a_group_that_becomes_a_supergroup_takes_its_jobs_along() {
    let view = draw_while_the_group_moves("").await;
    insta::assert_snapshot!(view, @"
    #1 ekaki: <photo 128x128> Here is your picture.
       
       a cat
       Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
       [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
       [📋 Recipe] [🗑️ Delete]
       [💾 Original] [📎 Copy recipe = a cat Steps: 2, …]
    ");
    // Nobody has deleted the message in the group that was.
    let strict = draw_while_the_group_moves("[telegram]\ncancel_deleted = true").await;
    assert_eq!(strict, view);
}

#[tokio::test]
async fn who_is_asked_for_a_text_in_a_group_is_named() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    let group = telegram.group("band");
    telegram.says(&kita, group, "/draw a cat");
    bot.generator.allow(ALL_STEPS);
    let picture = telegram.shows_text(group, AGAIN).await;
    telegram.presses(&kita, group, picture, "Edit");
    let question = telegram.shows_text(group, "(waits for an answer)").await;
    let asked = telegram.message(group, question).expect("a message");
    assert!(asked.text.starts_with("✏️ kita "), "{}", asked.text);
    let mention = format!("tg://user?id={}", kita.id);
    assert!(
        asked
            .entities
            .iter()
            .any(|entity| entity["url"] == mention.as_str()),
        "{:?}",
        asked.entities
    );
    telegram.replies(&kita, group, question, "a dog");
    telegram.shows_text(group, "a dog\n   Seed").await;
    bot.stop().await;
}

#[tokio::test]
async fn the_end_of_a_job_whose_message_was_deleted_is_a_new_one() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    telegram.says(&kita, kita.id, "/draw a cat");
    let message = bot.begin(kita.id).await;
    telegram.change_chat(kita.id, |chat| chat.takes_reactions = false);
    telegram.has_called("setMessageReaction", 1).await;
    telegram.deletes(kita.id, message);
    bot.generator.allow(1);
    telegram.has_called("editMessageText", 1).await;
    bot.generator.allow(ALL_STEPS);
    telegram.shows_text(kita.id, AGAIN).await;
    insta::assert_snapshot!(telegram.view(kita.id), @"
    #1 kita: /draw a cat (👀)
    #3 ekaki: <photo 128x128> Here is your picture.
       
       a cat
       Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
       [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
       [📋 Recipe] [🗑️ Delete]
       [💾 Original] [📎 Copy recipe = a cat Steps: 2, …]
    ");
    bot.stop().await;
}

#[tokio::test]
async fn or_the_job_is_cancelled() {
    let (telegram, bot) = start_with("[telegram]\ncancel_deleted = true").await;
    let kita = telegram.person("kita", "en");
    telegram.says(&kita, kita.id, "/draw a cat");
    let message = bot.begin(kita.id).await;
    telegram.change_chat(kita.id, |chat| chat.takes_reactions = false);
    telegram.has_called("setMessageReaction", 1).await;
    telegram.deletes(kita.id, message);
    bot.generator.allow(1);
    telegram.has_called("editMessageText", 1).await;
    bot.ended(1).await;
    insta::assert_snapshot!(telegram.view(kita.id), @"#1 kita: /draw a cat (👀)");
    let job = bot.job(1).await;
    assert_eq!(job.outcome, Some(crate::store::JobOutcome::Cancelled));
    bot.stop().await;
}

#[tokio::test]
async fn who_blocks_the_bot_hears_nothing_more() {
    let (telegram, bot) = start().await;
    let kita = telegram.person("kita", "en");
    telegram.says(&kita, kita.id, "/draw a cat");
    bot.begin(kita.id).await;
    telegram.change_chat(kita.id, |chat| chat.closed = Some(BLOCKED));
    bot.generator.allow(ALL_STEPS);
    bot.ended(1).await;
    let calls = telegram.calls().len();
    // Others are served meanwhile.
    let ryo = telegram.person("ryo", "en");
    telegram.says(&ryo, ryo.id, "/draw a dog");
    telegram.shows_text(ryo.id, AGAIN).await;
    let later = telegram.calls();
    let to_kita = format!("chat_id={} ", kita.id);
    assert!(
        later.iter().skip(calls).all(|call| !call.contains(&to_kita)),
        "nothing more is tried"
    );
    bot.stop().await;
}
