//! Commands about jobs that are there: who may see, end and remove them.

use super::*;
use crate::queue::QueueMode;
use crate::store::{ErrorClass, JobOutcome};

#[tokio::test]
async fn whose_job_it_is_decides_what_may_be_done() {
    let desk = Desk::open().await;
    let [kita, ryo] = ["kita", "ryo"].map(|id| person(id).in_server("starry"));
    desk.say(&kita, "cat").await;
    desk.finish(1).await;
    insta::assert_snapshot!(desk.press(&ryo, "v1:again:1").await, @"job 2: cat | Again of Some(1)");
    insta::assert_snapshot!(desk.press(&ryo, "v1:delete:1").await, @"Only the person who asked for job 1, or an admin, can do that.");
    insta::assert_snapshot!(desk.press(&ryo, "v1:cancel:1").await, @"Only the person who asked for job 1, or an admin, can do that.");
    insta::assert_snapshot!(desk.press(&person("ryo"), "v1:recipe:1").await, @"There is no job 1.");
    insta::assert_snapshot!(desk.press(&person("ryo").in_server("folt"), "v1:recipe:1").await, @"There is no job 1.");
    let moderator = ryo.clone().moderating();
    let stranger = person("ryo").in_server("folt").moderating();
    insta::assert_snapshot!(desk.press(&stranger, "v1:delete:1").await, @"There is no job 1.");
    insta::assert_snapshot!(desk.press(&moderator, "v1:delete:1").await, @"The picture of job 1 was deleted.");
    assert_eq!(desk.line().as_deref(), Some("m1: (removed)"));
    let audit = desk.store.admin().audit(Some("starry"), None, 1).await.unwrap();
    assert_eq!(
        (audit[0].action.as_str(), audit[0].actor.as_str()),
        ("delete", "ryo")
    );
    assert!(desk.job(1).await.images[0].is_gone);
    let answer = desk
        .press_all(&kita, &["v1:again:1", "v1:vary:1", "v1:upscale:1", "v1:recipe:1"])
        .await;
    insta::assert_snapshot!(answer, @"The picture of job 1 was deleted.");
}

#[tokio::test]
async fn a_private_job_is_nobody_elses_business() {
    let desk = Desk::open().await;
    let [kita, ryo] = ["kita", "ryo"].map(|id| person(id).in_server("starry"));
    desk.say(&kita, "cat --private").await;
    desk.finish(1).await;
    let answer = desk
        .say_all(
            &ryo,
            &["/again 1", "/show 1", "/recipe 1", "/delete 1", "cat --source 1"],
        )
        .await;
    insta::assert_snapshot!(answer, @"There is no job 1.");
    insta::assert_snapshot!(desk.say(&kita, "/again").await, @"job 2: cat | private | Again of Some(1)");
    insta::assert_snapshot!(desk.say(&kita, "dog --source 1").await, @"job 3: dog | source Some(0.6) | private | Draw of Some(1)");
    // A moderator may take it away, but not look at it.
    let moderator = ryo.moderating();
    let answer = desk
        .say_all(&moderator, &["/show 1", "/again 1", "dog --source 1"])
        .await;
    insta::assert_snapshot!(answer, @"There is no job 1.");
    insta::assert_snapshot!(desk.say(&moderator, "/cancel 2").await, @"Job 2 was taken out of the queue.");
    insta::assert_snapshot!(desk.say(&moderator, "/delete 1").await, @"The picture of job 1 was deleted.");
}

#[tokio::test]
async fn other_chats_of_a_server_are_for_its_admins() {
    let desk = Desk::open().await;
    let [kita, mut ryo] = ["kita", "ryo"].map(|id| person(id).in_server("starry"));
    desk.say(&kita, "cat").await;
    desk.finish(1).await;
    ryo.place.chat = crate::chat::ChatId("another channel".to_owned());
    insta::assert_snapshot!(desk.say(&ryo, "/show 1").await, @"There is no job 1.");
    insta::assert_snapshot!(desk.say(&ryo.moderating(), "/show 1").await.lines().next().unwrap(), @"Here is your picture.");
}

#[tokio::test]
async fn pictures_are_not_carried_to_a_stricter_place() {
    let desk =
        Desk::with("[safety]\naction = \"allow\"\n[[safety.rules]]\nchat = \"starry\"\naction = \"blur\"")
            .await;
    let (kita, in_server) = (person("kita"), person("kita").in_server("starry"));
    desk.say(&kita, "cat").await;
    desk.finish(1).await;
    let answer = desk.say(&in_server, "/show 1").await;
    assert_eq!(desk.press(&in_server, "v1:show:1").await, answer);
    insta::assert_snapshot!(answer, @"The rules for pictures are stricter here than where job 1 was drawn, so its pictures are not shown. To draw it again under the rules of this place: /again 1");
    insta::assert_snapshot!(desk.say(&in_server.clone().speaking(Locale::JA), "/show 1").await, @"ここでは絵の表示ルールがジョブ1を描いた場所より厳しいため、絵を表示できません。「/again 1」で、ここのルールに沿って描き直せます。");
    desk.say(&in_server, "/again 1").await;
    desk.finish(2).await;
    for place in [&kita, &in_server] {
        let shown = desk.say(place, "/show 2").await;
        assert!(shown.starts_with("Here is your picture."), "{shown}");
    }
}

#[tokio::test]
async fn a_job_is_shown_again() {
    let desk = Desk::open().await;
    let kita = person("kita");
    insta::assert_snapshot!(desk.say(&kita, "/show").await, @"There is no such job of yours. Please name one, for example: /show 12. /history shows your jobs.");
    desk.say(&kita, "cat").await;
    desk.finish(1).await;
    insta::assert_snapshot!(desk.say(&kita, "/show 1").await, @"
    Here is your picture.
    [Again v1:again:1] [Vary v1:vary:1] [Larger v1:upscale:1] [Edit v1:edit:1]
    [Recipe v1:recipe:1] [Delete v1:delete:1]
    1 pictures
    ");
    insta::assert_snapshot!(desk.say(&kita.clone().speaking(Locale::JA), "/show").await, @"
    絵ができました。
    [もう一度 v1:again:1] [少し変える v1:vary:1] [大きくする v1:upscale:1] [書き直す v1:edit:1]
    [レシピ v1:recipe:1] [削除 v1:delete:1]
    1 pictures
    ");
    insta::assert_snapshot!(desk.say(&kita, "/show 2").await, @"There is no job 2.");
    insta::assert_snapshot!(desk.say(&kita, "/show cat").await, @r#""cat" is not possible for --job. An example: --job 12"#);
    desk.say(&kita, "dog").await;
    desk.end(2, Ending::Failed(ErrorClass::OutOfMemory)).await;
    insta::assert_snapshot!(desk.say(&kita, "/show").await, @"
    There was not enough memory for job 2. Please try a smaller size.
    [Try again v1:again:2]
    ");
    insta::assert_snapshot!(desk.say(&kita, "/vary 2").await, @"Job 2 has no picture.");
    insta::assert_snapshot!(desk.say(&kita, "/delete").await, @"--job needs a value, for example: --job 12");
}

#[tokio::test]
async fn history_has_pages_and_is_searched() {
    let desk = Desk::with("[limits]\nqueued = 0\n[i18n]\ntime_zone = \"Asia/Tokyo\"").await;
    let kita = person("kita");
    insta::assert_snapshot!(desk.say(&kita, "/history").await, @"You have no jobs here. Tell me what to draw!");
    for number in 1..=12 {
        desk.say(&kita, &format!("cat {number}")).await;
    }
    desk.say(&kita, &"long ".repeat(30)).await;
    desk.finish(13).await;
    desk.say(&person("ryo"), "cat of ryo").await;
    insta::assert_snapshot!(desk.say(&kita, "/history").await, @"
    Your jobs, the newest first:
    13 · 2026-11-22 21:00 · long long long long long long long long long long long long…
    12 · 2026-11-22 21:00 · cat 12 (waiting)
    11 · 2026-11-22 21:00 · cat 11 (waiting)
    10 · 2026-11-22 21:00 · cat 10 (waiting)
    9 · 2026-11-22 21:00 · cat 9 (waiting)
    8 · 2026-11-22 21:00 · cat 8 (waiting)
    7 · 2026-11-22 21:00 · cat 7 (waiting)
    6 · 2026-11-22 21:00 · cat 6 (waiting)
    5 · 2026-11-22 21:00 · cat 5 (waiting)
    4 · 2026-11-22 21:00 · cat 4 (waiting)
    [Job 13 v1:show:13] [Job 12 v1:show:12] [Job 11 v1:show:11] [Job 10 v1:show:10] [Job 9 v1:show:9]
    [Job 8 v1:show:8] [Job 7 v1:show:7] [Job 6 v1:show:6] [Job 5 v1:show:5] [Job 4 v1:show:4]
    [Older v1:history:4]
    ");
    insta::assert_snapshot!(desk.press(&kita, "v1:history:4").await, @"
    Your jobs, the newest first:
    3 · 2026-11-22 21:00 · cat 3 (waiting)
    2 · 2026-11-22 21:00 · cat 2 (waiting)
    1 · 2026-11-22 21:00 · cat 1 (waiting)
    [Job 3 v1:show:3] [Job 2 v1:show:2] [Job 1 v1:show:1]
    [Newest v1:history:0]
    ");
    insta::assert_snapshot!(desk.press(&kita, "v1:history:0").await.lines().nth(1).unwrap(), @"13 · 2026-11-22 21:00 · long long long long long long long long long long long long…");
    insta::assert_snapshot!(desk.say(&kita, "/history ＣＡＴ").await.lines().last().unwrap(), @"[Older v1:history:3:0]");
    insta::assert_snapshot!(desk.press(&kita, "v1:history:3:0").await, @r#"
    Your jobs with "ＣＡＴ", the newest first:
    2 · 2026-11-22 21:00 · cat 2 (waiting)
    1 · 2026-11-22 21:00 · cat 1 (waiting)
    [Job 2 v1:show:2] [Job 1 v1:show:1]
    [Newest v1:history:0:0]
    "#);
    insta::assert_snapshot!(desk.press(&kita, "v1:history:1:0").await, @r#"
    No older job of yours has "ＣＡＴ".
    [Newest v1:history:0:0]
    "#);
    insta::assert_snapshot!(desk.press(&kita, "v1:history:1").await, @"
    You have no older jobs.
    [Newest v1:history:0]
    ");
    insta::assert_snapshot!(desk.press(&person("ryo"), "v1:history:3:0").await, @"This button is not understood any more. /help shows what I understand.");
    insta::assert_snapshot!(desk.say(&kita, "/history cat 12").await, @r#"
    Your jobs with "cat 12", the newest first:
    12 · 2026-11-22 21:00 · cat 12 (waiting)
    [Job 12 v1:show:12]
    "#);
    insta::assert_snapshot!(desk.say(&kita, "/history dog").await, @r#"None of your jobs has "dog"."#);
    insta::assert_snapshot!(desk.say(&kita.speaking(Locale::JA), "/history LONG").await, @"
    「LONG」を含むあなたのジョブ（新しい順）：
    13 · 2026-11-22 21:00 · long long long long long long long long long long long long…
    [ジョブ13 v1:show:13]
    ");
}

#[tokio::test]
async fn buttons_of_other_times() {
    let desk = Desk::open().await;
    let kita = person("kita");
    let answer = desk
        .press_all(
            &kita,
            &["", "v2:again:1", "v1:polish:1", "v1:again", "v1:models:0:1"],
        )
        .await;
    insta::assert_snapshot!(answer, @"This button is not understood any more. /help shows what I understand.");
}

#[tokio::test]
async fn a_job_that_waits_is_cancelled_by_its_owner_or_an_admin() {
    let desk = Desk::open().await;
    let [kita, ryo] = ["kita", "ryo"].map(|id| person(id).in_server("starry"));
    insta::assert_snapshot!(desk.say(&kita, "/cancel").await, @"There is no such job of yours. Please name one, for example: /show 12. /history shows your jobs.");
    desk.say(&kita, "cat").await;
    desk.say(&kita, "dog").await;
    insta::assert_snapshot!(desk.say(&ryo, "/cancel 1").await, @"Only the person who asked for job 1, or an admin, can do that.");
    insta::assert_snapshot!(desk.say(&kita, "/cancel").await, @"Job 2 was taken out of the queue.");
    insta::assert_snapshot!(desk.say(&ryo.moderating(), "/cancel 1").await, @"Job 1 was taken out of the queue.");
    insta::assert_snapshot!(desk.press(&kita, "v1:cancel:1").await, @"Job 1 has ended already.");
    for job in [1, 2] {
        assert_eq!(desk.job(job).await.outcome, Some(JobOutcome::Cancelled));
    }
}

#[tokio::test]
async fn the_queue_is_told_without_names() {
    let desk = Desk::open().await;
    let [kita, ryo] = ["kita", "ryo"].map(person);
    insta::assert_snapshot!(desk.say(&kita, "/ping").await, @"
    Ekaki 0.1.0 is here.
    0 being drawn, 0 waiting.
    ");
    desk.say(&ryo, "cat").await;
    desk.say(&kita, "dog").await;
    insta::assert_snapshot!(desk.say(&kita, "/queue").await, @"
    0 being drawn, 2 waiting.
    Your job 2 is number 2 in the queue.
    1: job 1
    ");
    insta::assert_snapshot!(desk.say(&kita.clone().speaking(Locale::JA), "/queue").await, @"
    描いているジョブ：0件、順番待ち：2件
    あなたのジョブ2は2番目です。
    1番目：ジョブ1
    ");
    desk.say(&person("nijika").in_server("starry"), "drums").await;
    let moderator = kita.clone().in_server("starry").moderating();
    insta::assert_snapshot!(desk.say(&moderator, "/queue").await, @"
    0 being drawn, 3 waiting.
    Your job 2 is number 2 in the queue.
    1: job 1
    3: job 3 (nijika)
    ");
    let mut owner = kita.clone();
    owner.standing.is_owner = true;
    insta::assert_snapshot!(desk.say(&owner, "/queue").await, @"
    0 being drawn, 3 waiting.
    Your job 2 is number 2 in the queue.
    1: job 1 (ryo)
    3: job 3 (nijika)
    ");
    insta::assert_snapshot!(desk.say(&kita, "/show").await, @"
    Your job 2 is number 2 in the queue.
    [Cancel v1:cancel:2]
    ");
    let queue = &desk.commands.context().queue;
    queue.set_mode(QueueMode::Paused).await.unwrap();
    insta::assert_snapshot!(desk.say(&kita, "/ping").await, @"
    Ekaki 0.1.0 is here.
    0 being drawn, 3 waiting.
    Drawing is paused; jobs are taken and wait.
    ");
    queue.set_mode(QueueMode::Draining).await.unwrap();
    insta::assert_snapshot!(desk.say(&kita, "cat").await, @"No new jobs are taken at the moment. Please try again later.");
    insta::assert_snapshot!(desk.say(&kita.speaking(Locale::JA), "/queue").await.lines().nth(1).unwrap(), @"ただいま新しいジョブを受け付けていません。");
}

#[tokio::test]
async fn files_are_sent_as_they_are() {
    let desk =
        Desk::with("[safety]\naction = \"allow\"\n[[safety.rules]]\nchat = \"folt\"\naction = \"blur\"")
            .await;
    let [kita, ryo] = ["kita", "ryo"].map(|id| person(id).in_server("starry"));
    desk.say(&kita, "cat --count 3").await;
    insta::assert_snapshot!(desk.say(&kita, "/original 1").await, @"Job 1 is not finished yet.");
    desk.finish(1).await;
    insta::assert_snapshot!(desk.say(&kita, "/original").await, @"
    Here are the 3 files as they are stored.
    3 pictures
    ");
    insta::assert_snapshot!(desk.press(&ryo, "v1:original:1").await, @"
    Here are the 3 files as they are stored.
    3 pictures
    ");
    insta::assert_snapshot!(desk.press(&ryo.speaking(Locale::JA), "v1:original:1:2").await, @"
    保存されているファイルをそのままお送りします（1件）。
    1 pictures
    ");
    insta::assert_snapshot!(desk.say(&kita, "/original 1:4").await, @"Job 1 has 3 pictures.");
    insta::assert_snapshot!(desk.say(&person("ryo"), "/original 1").await, @"There is no job 1.");
    let elsewhere = person("kita").in_server("folt");
    insta::assert_snapshot!(desk.say(&elsewhere, "/original 1").await, @"The rules for pictures are stricter here than where job 1 was drawn, so its pictures are not shown. To draw it again under the rules of this place: /again 1");
    desk.say(&kita, "/delete 1").await;
    insta::assert_snapshot!(desk.say(&kita, "/original 1").await, @"The picture of job 1 was deleted.");
}
