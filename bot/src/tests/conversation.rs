//! What people type and what they read.

use inference::InferenceError;

use super::BotTester;
use crate::i18n::Locale;
use crate::store::{JobId, JobState};

#[tokio::test]
async fn a_prompt_becomes_a_picture() {
    let mut bot = BotTester::start().await;
    bot.say(Locale::EN, "m1", "後藤ひとり").await;
    bot.generator.allow(1);
    insta::assert_snapshot!(bot.line().await, @"m1: Drawing, step 1 of 2.");
    bot.generator.allow(1);
    insta::assert_snapshot!(bot.line().await, @"m1: Drawing, step 2 of 2.");
    bot.generator.allow(1);
    insta::assert_snapshot!(bot.line().await, @"
    m1: Here is your picture.
      後藤ひとり | Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
      ekaki-1-1.png 128x128 seed 4711
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
    bot.stop().await;
}

#[tokio::test]
async fn the_same_in_japanese() {
    let mut bot = BotTester::start().await;
    bot.say(
        Locale::JA,
        "m1",
        "／ｄｒａｗ　後藤ひとり、（笑顔）　－－ｃｏｕｎｔ　２",
    )
    .await;
    bot.generator.allow(1);
    insta::assert_snapshot!(bot.line().await, @"m1: 描いています（1 / 2 ステップ）。");
    bot.generator.allow(1);
    insta::assert_snapshot!(bot.line().await, @"m1: 描いています（2 / 2 ステップ）。");
    bot.generator.allow(1);
    insta::assert_snapshot!(bot.line().await, @"
    m1: 絵が2枚できました。
    実際に使ったプロンプト：後藤ひとり, (笑顔)
      後藤ひとり, (笑顔) | シード 4711 · 2ステップ · ガイダンス 3 · 128x128 · DDIM · avatar
      ekaki-1-1.png 128x128 seed 4711
      ekaki-1-2.png 128x128 seed 4712
      [🔄 もう一度] [✏️ 書き直す] [📋 レシピ] [🗑️ 削除]
      [🤏 1を少し変える] [🤏 2を少し変える]
      [⬆️ 1を大きくする] [⬆️ 2を大きくする]
    ");
    bot.stop().await;
}

#[tokio::test]
async fn all_options_are_used() {
    let mut bot = BotTester::start().await;
    let command = "/draw a girl --no hands, feet --steps 1 --size 64x128 --guidance 4.5 --seed 18446744073709551615 \
        --count 1 --scheduler eulerdiscretescheduler --model SD15";
    bot.say(Locale::EN, "m1", command).await;
    bot.generator.allow(1);
    insta::assert_snapshot!(bot.line().await, @"m1: Drawing, step 1 of 1.");
    bot.generator.allow(1);
    insta::assert_snapshot!(bot.line().await, @"
    m1: Here is your picture.
      a girl | Seed 18446744073709551615 · 1 step · guidance 4.5 · 64x128 · Euler · sd15
      ekaki-1-1.png 64x128 seed 18446744073709551615
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
    let job = bot
        .store
        .jobs()
        .get(JobId(1))
        .await
        .expect("readable")
        .expect("there");
    assert_eq!(
        (job.prompt_typed.as_str(), job.draw.negative_prompt.as_str()),
        ("a girl", "hands, feet")
    );
    bot.stop().await;
}

#[tokio::test]
async fn absurd_wishes_are_reduced_and_the_answer_says_so() {
    let mut bot = BotTester::start().await;
    let command = "/draw cat --steps 0 --size 99999999999x7 --count 1000 --guidance 1e9";
    for (locale, message) in [(Locale::EN, "m1"), (Locale::JA, "m2")] {
        bot.say(locale, message, command).await;
        bot.generator.allow(1);
        bot.line_about_drawing().await;
        bot.generator.allow(1);
        match locale {
            Locale::JA => insta::assert_snapshot!(bot.line().await, @"
            m2: 絵が4枚できました。
            サイズは4294967295x7ではなく、指定できる範囲の2048x64で描きました。
            ステップ数は0ではなく、指定できる範囲の1で描きました。
            ガイダンスは1000000000ではなく、指定できる範囲の30で描きました。
            枚数は1000枚ではなく、一度に描ける4枚にしました。
              cat | シード 4711 · 1ステップ · ガイダンス 30 · 2048x64 · DDIM · avatar
              ekaki-2-1.png 2048x64 seed 4711
              ekaki-2-2.png 2048x64 seed 4712
              ekaki-2-3.png 2048x64 seed 4713
              ekaki-2-4.png 2048x64 seed 4714
              [🔄 もう一度] [✏️ 書き直す] [📋 レシピ] [🗑️ 削除]
              [🤏 1を少し変える] [🤏 2を少し変える] [🤏 3を少し変える] [🤏 4を少し変える]
              [⬆️ 1を大きくする] [⬆️ 2を大きくする] [⬆️ 3を大きくする] [⬆️ 4を大きくする]
            "),
            _ => insta::assert_snapshot!(bot.line().await, @"
            m1: Here are your 4 pictures.
            Size: 2048x64 instead of 4294967295x7, the nearest that is possible here.
            Steps: 1 instead of 0, the nearest that is possible here.
            Guidance: 30 instead of 1000000000, the nearest that is possible here.
            Pictures: 4 instead of 1000, the most that is possible here.
              cat | Seed 4711 · 1 step · guidance 30 · 2048x64 · DDIM · avatar
              ekaki-1-1.png 2048x64 seed 4711
              ekaki-1-2.png 2048x64 seed 4712
              ekaki-1-3.png 2048x64 seed 4713
              ekaki-1-4.png 2048x64 seed 4714
              [🔄 Again] [✏️ Edit] [📋 Recipe] [🗑️ Delete]
              [🤏 Vary 1] [🤏 Vary 2] [🤏 Vary 3] [🤏 Vary 4]
              [⬆️ Larger 1] [⬆️ Larger 2] [⬆️ Larger 3] [⬆️ Larger 4]
            "),
        }
    }
    bot.stop().await;
}

#[tokio::test]
async fn a_waiting_job_knows_its_place() {
    let mut bot = BotTester::start().await;
    bot.say(Locale::EN, "m1", "first").await;
    bot.generator.allow(1);
    insta::assert_snapshot!(bot.line().await, @"m1: Drawing, step 1 of 2.");
    bot.say(Locale::EN, "m2", "second").await;
    insta::assert_snapshot!(bot.line().await, @"m2: Your picture is next.");
    bot.say(Locale::JA, "m3", "third").await;
    insta::assert_snapshot!(bot.line().await, @"m3: 順番待ちです（2番目）。");
    bot.stop().await;
}

#[tokio::test]
async fn mistakes_are_answered_at_once() {
    let mut bot = BotTester::start().await;
    insta::assert_snapshot!(bot.answer("/paint a cat").await, @"m1: 🔒 There is no command /paint. /help shows what I understand.");
    insta::assert_snapshot!(bot.answer("/draw").await, @"m1: 🔒 Please say what to draw, for example: /draw 後藤ひとり");
    insta::assert_snapshot!(bot.answer("　").await, @"m1: 🔒 Please say what to draw, for example: /draw 後藤ひとり");
    insta::assert_snapshot!(bot.answer("cat --stepps 20").await, @"m1: 🔒 /draw has no option --stepps. It has: --no, --size, --steps, --guidance, --seed, --count, --sampler, --model, --style, --source, --strength, --clip-skip, --filmstrip, --private, --raw");
    insta::assert_snapshot!(bot.answer("cat --steps many").await, @r#"m1: 🔒 "many" is not possible for --steps. An example: --steps 20"#);
    insta::assert_snapshot!(bot.answer("cat --size 100x").await, @r#"m1: 🔒 "100x" is not possible for --size. An example: --size portrait"#);
    insta::assert_snapshot!(bot.answer("cat --guidance NaN").await, @r#"m1: 🔒 "NaN" is not possible for --guidance. An example: --guidance 4.5"#);
    insta::assert_snapshot!(bot.answer("cat --seed -5").await, @r#"m1: 🔒 "-5" is not possible for --seed. An example: --seed 1"#);
    insta::assert_snapshot!(bot.answer("cat --scheduler turbo").await, @r#"m1: 🔒 There is no sampler "turbo". There is: DDIM, DDPM, PLMS, LMS, Euler, Euler a, Heun, DPM2, DPM2 a, DPM++ 2M, DPM++ 2M SDE, DPM++ 2S, DEIS, UniPC, LCM, TCD"#);
    insta::assert_snapshot!(bot.answer("cat --model sdxl").await, @r#"m1: 🔒 There is no model "sdxl". There is: avatar, sd15"#);
    insta::assert_snapshot!(bot.answer(&"あ".repeat(1001)).await, @"m1: 🔒 The prompt has 1001 characters; at most 1000 are possible.");
    bot.say(Locale::JA, "m1", "猫 --steps たくさん").await;
    insta::assert_snapshot!(bot.line().await, @"m1: 🔒 「たくさん」は--stepsの値として使えません。例：--steps 20");
    bot.stop().await;
}

#[tokio::test]
async fn a_failure_is_told_and_does_not_stop_the_next_job() {
    let mut bot = BotTester::start().await;
    let reason = "Failed to allocate memory for requested buffer".to_owned();
    bot.generator.fail(InferenceError::Run {
        network: "unet".to_owned(),
        reason,
    });
    bot.say(Locale::EN, "m1", "cat").await;
    insta::assert_snapshot!(bot.line().await, @"
    m1: There was not enough memory for job 1. Please try a smaller size.
      [🔄 Try again]
    ");
    bot.say(Locale::EN, "m2", "cat --steps 1").await;
    bot.generator.allow(1);
    insta::assert_snapshot!(bot.line_about_drawing().await, @"m2: Drawing, step 1 of 1.");
    bot.generator.allow(1);
    insta::assert_snapshot!(bot.line().await, @"
    m2: Here is your picture.
      cat | Seed 4711 · 1 step · guidance 3 · 128x128 · DDIM · avatar
      ekaki-2-1.png 128x128 seed 4711
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
    let dir = bot.stop().await;

    let bot = BotTester::start_in(dir).await;
    assert_eq!(bot.state(JobId(1)).await, JobState::Failed);
    assert_eq!(bot.state(JobId(2)).await, JobState::Done);
    bot.stop().await;
}

#[tokio::test]
async fn a_limit_is_explained() {
    let mut bot = BotTester::start().await;
    for number in 0..5 {
        bot.say(Locale::EN, &format!("waiting-{number}"), &format!("cat {number}"))
            .await;
    }
    // The first job is begun; the others are told their places.
    let mut places: Vec<String> = Vec::new();
    while places.len() < 4 {
        places.push(bot.line().await);
    }
    insta::assert_snapshot!(bot.answer("one more").await, @"m1: 🔒 You have 5 unfinished jobs, and 5 are allowed at once. You can ask again when one of them is finished.");
    bot.stop().await;
}

#[tokio::test]
async fn a_repeated_command_is_the_same_job() {
    let mut bot = BotTester::start().await;
    bot.say(Locale::EN, "m1", "cat --steps 1").await;
    bot.say(Locale::EN, "m1", "cat --steps 1").await;
    bot.generator.allow(1);
    insta::assert_snapshot!(bot.line().await, @"m1: Drawing, step 1 of 1.");
    bot.generator.allow(1);
    let finished = bot.line().await;
    insta::assert_snapshot!(finished, @"
    m1: Here is your picture.
      cat | Seed 4711 · 1 step · guidance 3 · 128x128 · DDIM · avatar
      ekaki-1-1.png 128x128 seed 4711
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
    bot.say(Locale::EN, "m1", "cat --steps 1").await;
    assert_eq!(bot.line().await, finished);
    bot.stop().await;
}
