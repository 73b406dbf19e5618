//! Commands that become jobs.

use super::*;

#[tokio::test]
async fn draw_takes_options_in_words_and_numbers() {
    let desk = Desk::open().await;
    let kita = person("kita");
    insta::assert_snapshot!(desk.say(&kita, "a cat").await, @"job 1: a cat");
    insta::assert_snapshot!(desk.say(&kita, "/draw cat --no hands, feet --ar 3:2 --cfg 5 --scheduler euler a --n 2 --seed 5").await, @r#"job 2: cat | no hands, feet | 192x128 | guidance 5 | seed 5 | 2 pictures | Some("Euler a")"#);
    insta::assert_snapshot!(desk.say(&kita, "cat --scheduler EulerAncestralDiscreteScheduler --clip-skip 2 --filmstrip webp --private").await, @r#"job 3: cat | Some("Euler a") | Some(2) | Some(Webp) | private"#);
    insta::assert_snapshot!(desk.say(&kita, "cat --size 9999x9999 --steps 9999 --count 99 --guidance 99").await, @"job 4: cat | 512x512 | 50 steps | guidance 30 | 4 pictures | Size 512x512 not 9999x9999 | Steps 50 not 9999 | GuidanceScale 30 not 99 | Count 4 not 99");
    insta::assert_snapshot!(desk.say(&kita, "cat --seed -1 --model SD15 --size landscape").await, @"job 5: cat | 192x128 | sd15");
}

#[tokio::test]
async fn an_option_wins_over_a_style_and_a_style_over_own_settings() {
    let desk = Desk::open().await;
    let kita = person("kita");
    insta::assert_snapshot!(desk.say(&kita, "cat --style ink").await, @r#"job 1: cat, ink drawing | typed cat | no colour | 128x192 | 7 steps | Some("Euler") | style Some("Ink")"#);
    insta::assert_snapshot!(desk.say(&kita, "cat --style ＩＮＫ --steps 3 --size square --sampler DDIM").await, @r#"job 2: cat, ink drawing | typed cat | no colour | 3 steps | style Some("Ink")"#);
    insta::assert_snapshot!(desk.say(&kita, "/settings --style ink --model sd15 --size landscape --private").await, @"
    Your settings were changed.
    Size: landscape
    Model: sd15
    Style: Ink
    Language: as usual
    Private: yes
    ");
    insta::assert_snapshot!(desk.say(&kita, "cat").await, @r#"job 3: cat, ink drawing | typed cat | no colour | 128x192 | 7 steps | sd15 | Some("Euler") | style Some("Ink") | private"#);
    insta::assert_snapshot!(desk.say(&kita, "cat --style none --private=no --model avatar").await, @"job 4: cat | 192x128");
    insta::assert_snapshot!(desk.say(&kita, "cat --style pencil").await, @r#"There is no style "pencil". There is: Ink"#);
}

#[tokio::test]
async fn word_rules_look_at_everything() {
    let desk = Desk::open().await;
    let kita = person("kita").in_server("starry");
    let refused = desk.say(&kita, "a peg").await;
    insta::assert_snapshot!(refused, @"A rule of this server does not allow this prompt. Nothing was drawn.");
    for text in ["ｐｅｇ", "cat --no peg", "cat --no 血まみれ", "/draw PEG"] {
        assert_eq!(desk.say(&kita, text).await, refused, "{text}");
    }
    let admin = kita.clone().moderating();
    insta::assert_snapshot!(desk.say(&admin, "a peg").await, @r#"The word rule "peg" does not allow this prompt. Nothing was drawn."#);
    insta::assert_snapshot!(desk.say(&kita, "a pegboard").await, @"job 1: a pegboard");
    let picture = encode_png(&RgbImage::new(64, 64), Some("a peg\nSteps: 1, Seed: 1")).unwrap();
    assert_eq!(desk.send(&kita, "/draw cat", picture).await, refused);
}

#[tokio::test]
async fn the_rules_of_today_hold_for_the_recipes_of_yesterday() {
    let desk = Desk::with("").await;
    let kita = person("kita");
    desk.say(&kita, "a peg").await;
    desk.finish(1).await;
    let by = crate::store::Actor {
        user: kita.user.clone(),
        server: None,
        now: *NOW,
    };
    desk.store.admin().add_word("peg", None, None, &by).await.unwrap();
    desk.commands.context().rules.refresh().await.unwrap();
    let answer = desk.say_all(&kita, &["/again 1", "/vary 1", "/upscale 1"]).await;
    insta::assert_snapshot!(answer, @"A rule of this server does not allow this prompt. Nothing was drawn.");
    insta::assert_snapshot!(desk.say(&kita, "/edit 1 a board").await, @"job 2: a board | Edit of Some(1)");
}

#[tokio::test]
async fn limits_say_which_how_much_and_when_again() {
    let desk = Desk::with("[limits]\nper_day = 1\n[i18n]\ntime_zone = \"Asia/Tokyo\"").await;
    let kita = person("kita");
    desk.say(&kita, "cat").await;
    insta::assert_snapshot!(desk.say(&kita, "dog").await, @"One job is allowed within 24 hours. You can ask again tomorrow at 21:00 (in 24 hours).");
    insta::assert_snapshot!(desk.say(&kita.clone().speaking(Locale::JA), "犬").await, @"24時間の上限（1件）に達しました。明日の21:00（24時間後）に、もう一度お試しください。");
    insta::assert_snapshot!(desk.say(&kita, "/quota").await, @"
    Last 24 hours: 1 of 1 jobs used, 0 left. One more tomorrow at 21:00 (in 24 hours).
    Unfinished: 1 of at most 5.
    One job: at most 4 pictures, 50 steps, and as many pixels as 1024x1024.
    ");
    insta::assert_snapshot!(desk.say(&kita.speaking(Locale::JA), "/quota").await, @"
    直近24時間：1件中1件を使用、残り0件（明日の21:00（24時間後）に1件空きます）
    終わっていないジョブ：1件（上限5件）
    1件のジョブの上限：4枚、50ステップ、1024x1024相当のピクセル数
    ");
}

#[tokio::test]
async fn models_may_be_for_some_people_only() {
    let desk = Desk::with("[limits]\n[[limits.rules]]\nuser = \"kita\"\nmodels = [\"sd15\"]").await;
    let kita = person("kita");
    insta::assert_snapshot!(desk.say(&kita, "cat").await, @"job 1: cat | sd15");
    insta::assert_snapshot!(desk.say(&kita, "cat --model avatar").await, @"The model avatar cannot be used here. You can use: sd15");
    insta::assert_snapshot!(desk.say(&kita, "cat --model sdxl").await, @r#"There is no model "sdxl". There is: sd15"#);
    insta::assert_snapshot!(desk.say(&kita, "/models").await, @"
    Models, the usual one first (--model):
    sd15 – sd15 (128x128, 2 steps)
    ");
}

#[tokio::test]
async fn old_jobs_go_on() {
    let desk = Desk::open().await;
    let kita = person("kita");
    desk.say(
        &kita,
        "/draw cat --no dog --seed 7 --count 2 --steps 5 --style ink",
    )
    .await;
    insta::assert_snapshot!(desk.press(&kita, "v1:vary:1:0").await, @"Job 1 is not finished yet.");
    desk.finish(1).await;
    insta::assert_snapshot!(desk.press(&kita, "v1:again:1").await, @r#"job 2: cat, ink drawing | typed cat | no dog, colour | 128x192 | 5 steps | 2 pictures | Some("Euler") | style Some("Ink") | Again of Some(1)"#);
    insta::assert_snapshot!(desk.press(&kita, "v1:vary:1:1").await, @r#"job 3: cat, ink drawing | typed cat | no dog, colour | 128x192 | 5 steps | seed 8 | Some("Euler") | Some(VariationParameters { seed: 4711, strength: 0.2 }) | style Some("Ink") | Vary of Some(1)"#);
    insta::assert_snapshot!(desk.say(&kita, "/vary 1:2 --strength 0.5").await, @r#"job 4: cat, ink drawing | typed cat | no dog, colour | 128x192 | 5 steps | seed 8 | Some("Euler") | Some(VariationParameters { seed: 4711, strength: 0.5 }) | style Some("Ink") | Vary of Some(1)"#);
    insta::assert_snapshot!(desk.press(&kita, "v1:upscale:1:1").await, @r#"job 5: cat, ink drawing | typed cat | no dog, colour | 128x192 | 5 steps | seed 8 | Some("Euler") | Some(HiresParameters { scale: 2.0, strength: 0.55 }) | style Some("Ink") | Upscale of Some(1)"#);
    insta::assert_snapshot!(desk.press(&kita, "v1:edit:1").await, @"
    What should job 1 show instead? You can also write: /edit 1 and the new prompt.
    edit: prompt of job 1: cat
    ");
    insta::assert_snapshot!(desk.say(&kita, "/edit 1 a bird --no fish").await, @r#"job 6: a bird, ink drawing | typed a bird | no fish, colour | 128x192 | 5 steps | seed 7 | 2 pictures | Some("Euler") | style Some("Ink") | Edit of Some(1)"#);
    insta::assert_snapshot!(desk.say(&kita, "/edit #1 a bird").await, @r#"job 7: a bird, ink drawing | typed a bird | no dog, colour | 128x192 | 5 steps | seed 7 | 2 pictures | Some("Euler") | style Some("Ink") | Edit of Some(1)"#);
    insta::assert_snapshot!(desk.press(&kita, "v1:vary:1:2").await, @"Job 1 has 2 pictures.");
}

#[tokio::test]
async fn pictures_of_a_model_that_cannot_grow_are_enlarged_as_they_are() {
    let desk = Desk::open().await;
    let kita = person("kita");
    desk.say(
        &kita,
        "/draw cat --seed 7 --count 2 --model sd15 --filmstrip strip",
    )
    .await;
    desk.finish(1).await;
    insta::assert_snapshot!(desk.press(&kita, "v1:upscale:1:1").await, @"job 2: cat | seed 8 | sd15 | enlarged Some(2.0) | Upscale of Some(1)");
    desk.finish(2).await;
    insta::assert_snapshot!(desk.press(&kita, "v1:upscale:2").await, @"job 3: cat | seed 8 | sd15 | enlarged Some(4.0) | Upscale of Some(2)");
    desk.finish(3).await;
    insta::assert_snapshot!(desk.press(&kita, "v1:upscale:3").await, @"The picture is 512x512 already; nothing larger is possible here.");
    insta::assert_snapshot!(desk.press(&kita, "v1:again:2").await, @"job 4: cat | sd15 | enlarged Some(2.0) | Again of Some(2)");
    insta::assert_snapshot!(desk.say(&kita, "/upscale 1 --scale 1.5").await, @"job 5: cat | seed 7 | sd15 | enlarged Some(1.5) | Upscale of Some(1)");
}

#[tokio::test]
async fn results_of_results() {
    let desk = Desk::open().await;
    let kita = person("kita");
    desk.say(&kita, "cat").await;
    desk.finish(1).await;
    insta::assert_snapshot!(desk.press(&kita, "v1:upscale:1").await, @"job 2: cat | Some(HiresParameters { scale: 2.0, strength: 0.55 }) | Upscale of Some(1)");
    desk.finish(2).await;
    insta::assert_snapshot!(desk.press(&kita, "v1:upscale:2").await, @"job 3: cat | 512x512 | source Some(0.5) | Upscale of Some(2)");
    desk.finish(3).await;
    insta::assert_snapshot!(desk.press(&kita, "v1:upscale:3").await, @"The picture is 512x512 already; nothing larger is possible here.");
    insta::assert_snapshot!(desk.press(&kita, "v1:vary:3").await, @"job 4: cat | 512x512 | Some(VariationParameters { seed: 4711, strength: 0.2 }) | source Some(0.5) | Vary of Some(3)");
    insta::assert_snapshot!(desk.press(&kita, "v1:again:2").await, @"job 5: cat | Some(HiresParameters { scale: 2.0, strength: 0.55 }) | Again of Some(2)");
}

#[tokio::test]
async fn blanks_do_not_make_a_prompt_as_long_as_one_likes() {
    let desk = Desk::with("[limits]\nmax_prompt_chars = 100").await;
    let kita = person("kita");
    // A line of text is taken apart into words, the field of a form is not.
    let give = async |name: &str, blanks: usize| {
        let mut options = vec![("prompt".to_owned(), format!("a{}cat", " ".repeat(blanks)))];
        if name == "edit" {
            options.push(("job".to_owned(), "1".to_owned()));
        }
        let name = name.to_owned();
        desk.give(&kita, CommandInput::Options { name, options }, Vec::new())
            .await
    };
    let job = give("draw", 396).await;
    assert!(job.starts_with("job 1: a"), "{job}");
    let answer = give("draw", 397).await;
    insta::assert_snapshot!(answer, @"The prompt has 401 characters; at most 100 are possible.");
    assert_eq!(give("edit", 397).await, answer);
}

#[tokio::test]
async fn no_file_is_read_for_somebody_who_is_refused() {
    let desk = Desk::with("[limits]\nper_day = 1").await;
    let kita = person("kita");
    desk.say(&kita, "cat").await;
    let refused = desk.say(&kita, "cat").await;
    assert_eq!(
        desk.send(&kita, "/draw cat", b"no picture".to_vec()).await,
        refused
    );
    let queued = Desk::with("[limits]\nqueued = 1").await;
    queued.say(&kita, "cat").await;
    let refused = queued.say(&kita, "cat").await;
    assert_eq!(
        queued.send(&kita, "/draw cat", b"no picture".to_vec()).await,
        refused
    );
}

#[tokio::test]
async fn the_recipe_of_a_source_is_checked_as_long_as_it_is_drawn_from() {
    let desk = Desk::with("").await;
    let kita = person("kita");
    let picture = encode_png(&RgbImage::new(64, 64), Some("a peg\nSteps: 20, Seed: 1")).unwrap();
    desk.send(&kita, "/draw cat", picture).await;
    desk.finish(1).await;
    desk.say(&kita, "/upscale 1").await;
    desk.finish(2).await;
    let by = crate::store::Actor {
        user: kita.user.clone(),
        server: None,
        now: *NOW,
    };
    desk.store.admin().add_word("peg", None, None, &by).await.unwrap();
    desk.commands.context().rules.refresh().await.unwrap();
    let again = ["/again 1", "/vary 1", "/upscale 1", "/edit 1 a board", "/again 2"];
    let answer = desk.say_all(&kita, &again).await;
    insta::assert_snapshot!(answer, @"A rule of this server does not allow this prompt. Nothing was drawn.");
}

#[tokio::test]
async fn a_drawing_begins_with_a_picture() {
    let desk = Desk::open().await;
    let kita = person("kita");
    let photo = |width, height| encode_png(&RgbImage::new(width, height), None).unwrap();
    insta::assert_snapshot!(desk.send(&kita, "/draw cat", photo(300, 200)).await, @"job 1: cat | 192x128 | source Some(0.6)");
    insta::assert_snapshot!(desk.send(&kita, "/draw cat --strength 0 --size square", photo(3000, 30)).await, @"job 2: cat | source Some(0.5) | Strength 0.5 not 0");
    insta::assert_snapshot!(desk.send(&kita, "/draw cat", b"GIF89a, almost".to_vec()).await, @"The picture is damaged or cut off.");
    insta::assert_snapshot!(desk.send(&kita, "/draw cat", b"hello".to_vec()).await, @"The file is no picture of a known type. PNG, JPEG, WebP and GIF can be read.");
    insta::assert_snapshot!(desk.send(&kita, "/draw cat", vec![0; (20 << 20) + 1]).await, @"The file is too large; at most 20 MiB are possible.");
    insta::assert_snapshot!(desk.say(&kita, "cat --source 1").await, @"Job 1 is not finished yet.");
    desk.finish(1).await;
    insta::assert_snapshot!(desk.say(&kita, "cat --source 1:1 --strength 0.8").await, @"job 3: cat | 192x128 | source Some(0.8) | Draw of Some(1)");
    insta::assert_snapshot!(desk.say(&kita, "cat --source 1:2").await, @"Job 1 has only one picture.");
    insta::assert_snapshot!(desk.say(&kita, "cat --source cat").await, @r#""cat" is not possible for --source. An example: --source 12:2"#);
    // The source is what was sent, no larger than anything that is drawn.
    let source = desk.job(2).await.draw.source.unwrap();
    let bytes = desk.store.images().read(&source.hash).await.unwrap().unwrap();
    let picture = inference::images::decode(&bytes, &Default::default()).unwrap();
    assert_eq!(picture.rgb.dimensions(), (2048, 20));
}

#[tokio::test]
async fn recipes_are_read_back() {
    let desk = Desk::open().await;
    let kita = person("kita");
    desk.say(&kita, "cat").await;
    desk.finish(1).await;
    insta::assert_snapshot!(desk.press(&kita, "v1:recipe:1").await, @"
    cat
    Steps: 2, Seed: 4711
    ");
    let picture = encode_png(&RgbImage::new(64, 64), Some("1girl\nSteps: 20, Seed: 1")).unwrap();
    insta::assert_snapshot!(desk.send(&kita, "/recipe", picture).await, @"
    1girl
    Steps: 20, Seed: 1
    ");
    let picture = encode_png(&RgbImage::new(64, 64), None).unwrap();
    insta::assert_snapshot!(desk.send(&kita, "/recipe", picture).await, @"This picture does not say how it was drawn. Many chats remove that; a file that is sent as a document keeps it.");
}
