use tempfile::TempDir;

use super::final_reply;
use crate::chat::{Button, Reply};
use crate::i18n::Locale;
use crate::safety::SafetyAction;
use crate::store::tests::{NOW, new_job};
use crate::store::{ImageKind, ImageRow, JobOutcome, JobRow, JobState, LimitCheck, Store};

/// A job that has ended with so many pictures, as the log would have it.
async fn job_with(pictures: u32) -> (JobRow, Store, TempDir) {
    let dir = tempfile::tempdir().expect("folder");
    let store = Store::open(dir.path()).await.expect("store");
    let check = LimitCheck {
        max_queued: 9,
        ..LimitCheck::default()
    };
    let inserted = store.jobs().insert(&new_job("kita"), &check).await;
    let row = store.jobs().get(inserted.expect("inserted").job).await;
    let mut row = row.expect("readable").expect("there");
    (row.locale, row.draw.seed) = (Locale::EN, 7);
    row.prompt_typed = row.draw.prompt.clone();
    (row.state, row.outcome, row.finished_at) = (JobState::Done, Some(JobOutcome::Done), Some(*NOW));
    row.images = (0..pictures).map(picture).collect();
    (row, store, dir)
}

fn picture(index: u32) -> ImageRow {
    ImageRow {
        index,
        hash: format!("{index:064x}"),
        width: 128,
        height: 192,
        parameters: Some(format!("cat\nSteps: 2, Seed: {index}")),
        ..ImageRow::default()
    }
}

/// The text in every language, the files, and what the buttons carry.
fn shown(row: &JobRow, store: &Store) -> String {
    let mut lines: Vec<String> = Vec::new();
    for locale in Locale::ALL {
        let row = JobRow {
            locale: *locale,
            ..row.clone()
        };
        lines.push(final_reply(&row, store).text);
    }
    let Reply { images, buttons, .. } = final_reply(row, store);
    lines.extend(images.iter().map(|image| {
        let cover = if image.is_spoiler { " covered" } else { "" };
        format!("{}{cover}", image.file_name)
    }));
    let carried = |row: &Vec<Button>| row.iter().map(|button| button.id.to_string()).collect::<Vec<_>>();
    lines.extend(buttons.iter().map(|row| carried(row).join(" ")));
    lines.join("\n")
}

#[tokio::test]
async fn what_is_not_as_it_was_asked_for_is_said() {
    let (mut row, store, _dir) = job_with(1).await;
    insta::assert_snapshot!(shown(&row, &store), @"
    Here is your picture.
    Steps: 16 instead of 9000, the nearest that is possible here.
    絵ができました。
    ステップ数は9000ではなく、指定できる範囲の16で描きました。
    ekaki-1-1.png
    v1:again:1 v1:vary:1 v1:upscale:1 v1:edit:1
    v1:recipe:1 v1:delete:1
    ");
    row.prompt_typed = "後藤ひとり".to_owned();
    row.draw.prompt = "gotoh hitori, pink hair".to_owned();
    row.draw.style = Some("ink".to_owned());
    row.prompt_truncated = true;
    insta::assert_snapshot!(shown(&row, &store), @"
    Here is your picture.
    Steps: 16 instead of 9000, the nearest that is possible here.
    The prompt is longer than this model can read; the end of it had no effect.
    Style: ink
    Prompt as used: gotoh hitori, pink hair
    絵ができました。
    ステップ数は9000ではなく、指定できる範囲の16で描きました。
    プロンプトが長すぎるため、終わりの部分は絵に反映されていません。
    スタイル：ink
    実際に使ったプロンプト：gotoh hitori, pink hair
    ekaki-1-1.png
    v1:again:1 v1:vary:1 v1:upscale:1 v1:edit:1
    v1:recipe:1 v1:delete:1
    ");
}

#[tokio::test]
async fn pictures_with_doubts_are_covered_blurred_or_withheld_and_it_is_said() {
    let (mut row, store, _dir) = job_with(3).await;
    row.images[1].safety = SafetyAction::Spoiler;
    row.images[2].safety = SafetyAction::Blur;
    row.withheld = 1;
    insta::assert_snapshot!(shown(&row, &store), @"
    Here are your 3 pictures.
    One more picture was drawn and is withheld: it may not be shown here.
    A picture is covered because it may not be for everybody.
    A picture is blurred because it may not be shown here as it is.
    Steps: 16 instead of 9000, the nearest that is possible here.
    絵が3枚できました。
    ほかに1枚描きましたが、ここではお見せできません。
    うち1枚は、見る人を選ぶ可能性があるため、隠してあります。
    うち1枚は、ここではそのままお見せできないため、ぼかしてあります。
    ステップ数は9000ではなく、指定できる範囲の16で描きました。
    ekaki-1-1.png
    ekaki-1-2.png covered
    ekaki-1-3.png
    v1:again:1 v1:edit:1 v1:recipe:1 v1:delete:1
    v1:vary:1:0 v1:vary:1:1 v1:vary:1:2
    v1:upscale:1:0 v1:upscale:1:1 v1:upscale:1:2
    ");
    row.images.clear();
    row.withheld = 2;
    insta::assert_snapshot!(shown(&row, &store), @"
    Your 2 pictures were drawn, but they are withheld: they may not be shown here. They do not count against your limits.
    Steps: 16 instead of 9000, the nearest that is possible here.
    絵が2枚できましたが、ここではお見せできません。回数の上限には数えません。
    ステップ数は9000ではなく、指定できる範囲の16で描きました。
    v1:again:1 v1:edit:1 v1:recipe:1 v1:delete:1
    ");
}

#[tokio::test]
async fn pictures_whose_files_are_gone_are_left_out_and_it_is_said() {
    let (mut row, store, _dir) = job_with(2).await;
    row.images[0].is_gone = true;
    insta::assert_snapshot!(shown(&row, &store), @"
    Here is your picture.
    One more picture is not kept here any more.
    Steps: 16 instead of 9000, the nearest that is possible here.
    絵ができました。
    ほかの1枚は、もう残っていません。
    ステップ数は9000ではなく、指定できる範囲の16で描きました。
    ekaki-1-2.png
    v1:again:1 v1:vary:1:1 v1:upscale:1:1 v1:edit:1
    v1:recipe:1 v1:delete:1
    ");
    row.images[1].is_gone = true;
    insta::assert_snapshot!(shown(&row, &store), @"
    The pictures of job 1 are not kept here any more. Their recipe is, so they can be drawn again.
    Steps: 16 instead of 9000, the nearest that is possible here.
    ジョブ1の絵は、保存期間または容量の上限により削除されました。レシピは残っているので、描き直せます。
    ステップ数は9000ではなく、指定できる範囲の16で描きました。
    v1:again:1 v1:edit:1 v1:recipe:1 v1:delete:1
    ");
    row.is_deleted = true;
    insta::assert_snapshot!(shown(&row, &store), @"
    The pictures of job 1 were deleted.
    ジョブ1の絵は削除されました。
    ");
}

#[tokio::test]
async fn a_strip_is_a_file_of_its_own_and_no_picture() {
    let (mut row, store, _dir) = job_with(1).await;
    for (index, kind) in [(1, ImageKind::Strip), (2, ImageKind::Animation)] {
        row.images.push(ImageRow {
            kind,
            ..picture(index)
        });
    }
    insta::assert_snapshot!(shown(&row, &store), @"
    Here is your picture.
    Steps: 16 instead of 9000, the nearest that is possible here.
    絵ができました。
    ステップ数は9000ではなく、指定できる範囲の16で描きました。
    ekaki-1-1.png
    ekaki-1-2.png
    ekaki-1-3.webp
    v1:again:1 v1:vary:1 v1:upscale:1 v1:edit:1
    v1:recipe:1 v1:delete:1
    ");
}

#[tokio::test]
async fn many_pictures_fit_the_rows_of_every_platform() {
    for count in 1..=16 {
        let (row, store, _dir) = job_with(count).await;
        let reply = final_reply(&row, &store);
        assert!(reply.buttons.len() <= 5, "{count}");
        assert!(
            reply.buttons.iter().all(|row| (1..=5).contains(&row.len())),
            "{count}"
        );
    }
}

#[tokio::test]
async fn the_recipe_is_the_text_of_the_first_file_and_names_both_sizes() {
    let (mut row, store, _dir) = job_with(2).await;
    let recipe_of = |row: &JobRow| {
        let job = final_reply(row, &store).job.expect("a job");
        job.recipe.expect("a recipe")
    };
    assert_eq!(
        recipe_of(&row).parameters.as_deref(),
        Some("cat\nSteps: 2, Seed: 0")
    );
    row.draw.hires = Some(crate::store::HiresParameters {
        scale: 2.0,
        strength: 0.5,
    });
    (row.images[0].width, row.images[0].height) = (256, 384);
    insta::assert_snapshot!(recipe_of(&row).text, @"Seed 7 · 16 steps · guidance 3.5 · 128x192 → 256x384 · Euler · avatar");
}

#[tokio::test]
async fn a_picture_that_was_enlarged_as_it_is_says_so() {
    let (mut row, store, _dir) = job_with(1).await;
    row.draw.enlarge = Some(2.0);
    (row.images[0].width, row.images[0].height) = (256, 384);
    let reply = final_reply(&row, &store);
    insta::assert_snapshot!(reply.text, @"
    Here is your picture.
    Steps: 16 instead of 9000, the nearest that is possible here.
    Enlarged to 256x384 as it is: this model has learnt one size only and would draw something else in a larger picture.
    ");
    let recipe = reply.job.and_then(|job| job.recipe).expect("a recipe");
    insta::assert_snapshot!(recipe.text, @"Seed 7 · 16 steps · guidance 3.5 · 128x192 → 256x384 · Euler · avatar");
    row.locale = Locale::JA;
    let text = final_reply(&row, &store).text;
    insta::assert_snapshot!(text.lines().last().unwrap_or_default(), @"このモデルが学習したサイズは1つだけなので、描き直さずにそのまま256x384に拡大しました。");
}
