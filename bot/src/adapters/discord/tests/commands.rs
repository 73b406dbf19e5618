//! Commands in Discord's menus: registered, proposed, chosen.

use std::time::Duration;

use super::Tester;
use super::standin::{Answer, Discord, Settings, Upload, World, permission};

/// One line for each command: its names, where it can be used, and its options.
fn menu(discord: &Discord, locale: &str) -> String {
    discord.change(|world| {
        let commands = world.commands.values().flatten();
        let lines = commands.flat_map(|command| describe(command, locale, ""));
        lines.collect::<Vec<_>>().join("\n")
    })
}

fn describe(command: &serde_json::Value, locale: &str, indent: &str) -> Vec<String> {
    let translated = |value: &serde_json::Value, text: &str| {
        let translated = value[format!("{text}_localizations")][locale].as_str();
        translated.or(value[text].as_str()).unwrap_or_default().to_owned()
    };
    let name = translated(command, "name");
    let inner = command["options"].as_array().into_iter().flatten();
    let (groups, options): (Vec<_>, Vec<_>) =
        inner.partition(|inner| matches!(inner["type"].as_u64(), Some(1 | 2)));
    let options = options.into_iter().map(|option| {
        let mark = if option["required"] == true { "!" } else { "" };
        let proposes = if option["autocomplete"] == true { "…" } else { "" };
        let choices = option["choices"].as_array().into_iter().flatten();
        let choices: Vec<String> = choices.map(|choice| translated(choice, "name")).collect();
        let choices = if choices.is_empty() {
            String::new()
        } else {
            format!("({})", choices.join(", "))
        };
        format!(" {}{mark}{proposes}{choices}", translated(option, "name"))
    });
    let line = format!("{indent}{name}:{}", options.collect::<String>());
    let below = groups
        .into_iter()
        .flat_map(|group| describe(group, locale, &format!("{indent}  ")));
    std::iter::once(line.trim_end_matches(':').to_owned())
        .chain(below)
        .collect()
}

#[tokio::test]
async fn commands_have_names_in_english() {
    let tester = Tester::start().await;
    insta::assert_snapshot!(menu(&tester.discord, "en-US"), @"
    draw: prompt!… no size… steps guidance seed count sampler… model… style… source strength clip-skip filmstrip(strip (pictures side by side), webp (animation)) private raw
    again: job
    vary: job image strength
    upscale: job image scale strength
    edit: prompt… job no raw
    recipe: job image
    show: job
    original: job image
    history: find before
    cancel: job
    delete: job
    queue
    quota
    models
    styles
    settings: size… model… style… language… private reset
    forgetme: code
    ping
    help: command
    admin
      limit
        show: scope role channel user
        set: limits! role channel user
        reset: scope role channel user
      channel
        allow: channel chat
        deny: channel chat
        reset: channel chat
        list: chat
      default
        set: size… model… style… steps language… channel chat
        reset: channel chat
        show: chat
      safety
        set: action!(allow (shown), spoiler (covered), blur, block (not shown)) channel chat
        reset: channel chat
        show: chat
      block: user! reason until chat
      unblock: user! chat
      blocks
      words
        add: rule! chat platform
        remove: number!
        list
      pause
      resume
      drain
      queue
        clear: chat platform
      stats: days chat platform
      reload
      audit: line
    Use as source
    Show recipe
    Draw this avatar
    ");
    tester.stop().await;
}

#[tokio::test]
async fn commands_have_names_in_japanese() {
    let tester = Tester::start().await;
    insta::assert_snapshot!(menu(&tester.discord, "ja"), @"
    描く: プロンプト!… 除くもの サイズ… ステップ数 ガイダンス シード 枚数 サンプラー… モデル… スタイル… 元の絵 強さ クリップスキップ 過程(並べた画像, アニメーション) 自分だけ そのまま
    もう一度: ジョブ
    少し変える: ジョブ 何枚目 強さ
    大きくする: ジョブ 何枚目 倍率 強さ
    書き直す: プロンプト… ジョブ 除くもの そのまま
    レシピ: ジョブ 何枚目
    見る: ジョブ
    元のファイル: ジョブ 何枚目
    履歴: 検索 これより前
    取り消す: ジョブ
    削除: ジョブ
    順番待ち
    残り
    モデル
    スタイル
    設定: サイズ… モデル… スタイル… 言語… 自分だけ リセット
    忘れて: 確認番号
    動作確認
    ヘルプ: コマンド
    管理
      制限
        見る: 対象 ロール チャンネル ユーザー
        設定: 上限! ロール チャンネル ユーザー
        リセット: 対象 ロール チャンネル ユーザー
      チャンネル
        許可: チャンネル サーバー
        禁止: チャンネル サーバー
        リセット: チャンネル サーバー
        一覧: サーバー
      既定
        設定: サイズ… モデル… スタイル… ステップ数 言語… チャンネル サーバー
        リセット: チャンネル サーバー
        見る: サーバー
      セーフティ
        設定: 扱い!(表示する, 隠して表示する, ぼかす, 表示しない) チャンネル サーバー
        リセット: チャンネル サーバー
        見る: サーバー
      ブロック: ユーザー! 理由 期限 サーバー
      ブロック解除: ユーザー! サーバー
      ブロック一覧
      禁止語
        追加: ルール! サーバー プラットフォーム
        削除: 番号!
        一覧
      一時停止
      再開
      受付終了
      順番待ち
        すべて取り消す: サーバー プラットフォーム
      統計: 日数 サーバー プラットフォーム
      再読み込み
      変更記録: 行番号
    これを元に描く
    レシピを見る
    アバターを元に描く
    ");
    tester.stop().await;
}

#[tokio::test]
async fn commands_are_registered_again_only_when_they_have_changed() {
    let registrations = |discord: &Discord| discord.requests("^PUT .*/commands$").len();
    let tester = Tester::start().await;
    assert_eq!(registrations(&tester.discord), 1);
    let tester = Tester::start_in(tester.stop().await).await;
    tester
        .discord
        .until("a look at the commands", asked_for_commands(2))
        .await;
    assert_eq!(registrations(&tester.discord), 1);
    let remains = tester.stop().await;

    remains.discord.change(|world| {
        let commands = world.commands.get_mut(&None).expect("commands");
        commands[0]["description"] = "another one".into();
    });
    let tester = Tester::start_in(remains).await;
    tester
        .discord
        .until("a registration", |world| {
            let again = world
                .requests
                .iter()
                .filter(|record| record.line.starts_with("PUT") && record.status.is_some());
            (again.count() == 2).then_some(())
        })
        .await;
    tester.stop().await;
}

/// The bot has looked so often which commands there are.
fn asked_for_commands(times: usize) -> impl Fn(&World) -> Option<()> {
    move |world| {
        let asked = world.requests.iter().filter(|record| {
            record.operation.as_deref() == Some("list_application_commands") && record.status.is_some()
        });
        (asked.count() >= times).then_some(())
    }
}

#[tokio::test]
async fn each_command_is_offered_where_it_makes_sense() {
    let tester = Tester::start().await;
    let check = |place: &str, permissions: u64, command: &str, expected: Option<&str>| {
        let ann = tester.ann().at(place).who_may(permissions);
        let refused = match command {
            "draw" => ann.refused(command, &[("prompt", "cat".into())]),
            _ => ann.refused(command, &[]),
        };
        assert_eq!(refused.as_deref(), expected, "{command} in {place}");
    };
    for place in ["general", "thread", "direct", "friends", "elsewhere"] {
        check(place, 0, "draw", None);
        check(place, 0, "queue", None);
    }
    let admin = "admin limit show";
    check("general", 0, admin, Some("admin is not for ann"));
    check("general", permission::MANAGE_GUILD, admin, None);
    for place in ["direct", "friends"] {
        let name = tester.discord.person("ann").at(place);
        let refused = name.who_may(permission::MANAGE_GUILD).refused(admin, &[]);
        assert!(
            refused.is_some_and(|why| why.starts_with("admin is not for")),
            "{place}"
        );
    }
    tester.stop().await;
}

#[tokio::test]
async fn commands_can_be_for_adults() {
    let tester = Tester::start_with(Settings::default(), "age_restricted = true").await;
    let draw = |place: &str| {
        tester
            .ann()
            .at(place)
            .refused("draw", &[("prompt", "cat".into())])
    };
    assert_eq!(draw("general").as_deref(), Some("draw is for adults"));
    assert_eq!(draw("adults"), None);
    tester.stop().await;
}

#[tokio::test]
async fn commands_can_be_registered_in_single_servers() {
    let remains = Tester::prepare(Settings::default(), "").await;
    let (starry, school) = remains.discord.change(|world| {
        let id = |name: &str| world.channels[name].guild.as_ref().expect("a server").id.clone();
        (id("general"), id("教室"))
    });
    let path = remains.dir.path().join("ekaki.toml");
    let settings = std::fs::read_to_string(&path).unwrap();
    let settings = settings.replace("\n[limits]", &format!("\nguilds = [\"{starry}\"]\n[limits]"));
    std::fs::write(path, settings).unwrap();
    let tester = Tester::start_in(remains).await;
    tester
        .discord
        .until("commands there", |world| {
            world.commands.get(&Some(starry.clone())).cloned()
        })
        .await;
    assert_eq!(tester.ann().refused("queue", &[]), None);
    assert_eq!(
        tester.ann().at("教室").refused("queue", &[]).as_deref(),
        Some("queue is not registered")
    );
    tester
        .discord
        .change(|world| assert!(!world.commands.contains_key(&Some(school))));
    tester.stop().await;
}

#[tokio::test]
async fn values_are_proposed_while_they_are_typed() {
    let tester = Tester::start_with(
        Settings::default(),
        "[[styles]]\nname = \"sketch\"\nprompt = \"{prompt}, pencil\"\n",
    )
    .await;
    let ann = tester.ann();
    assert_eq!(ann.type_in("draw", "model", "av").await, ["avatar"]);
    assert_eq!(ann.type_in("draw", "model", "").await, ["avatar", "sd15"]);
    assert_eq!(ann.type_in("draw", "style", "skt").await, ["sketch"]);
    assert_eq!(
        ann.type_in("draw", "sampler", "eul")
            .await
            .first()
            .map(String::as_str),
        Some("Euler")
    );
    assert_eq!(ann.type_in("draw", "model", "nothing like it").await, [""; 0]);

    tester.draw(&ann, "pink hair, guitar").await;
    tester.draw(&ann, "a cat in the rain").await;
    assert_eq!(
        ann.type_in("draw", "prompt", "").await,
        ["a cat in the rain", "pink hair, guitar"]
    );
    assert_eq!(ann.type_in("draw", "prompt", "guit").await, ["pink hair, guitar"]);
    let bob = tester.discord.person("bob");
    assert_eq!(bob.type_in("draw", "prompt", "").await, [""; 0]);
    tester.stop().await;
}

#[tokio::test]
async fn what_was_not_proposed_is_checked() {
    let tester = Tester::start().await;
    let options = [("prompt", "cat".into()), ("model", "nobody".into())];
    let asked = tester.ann().slash("draw", options).await;
    insta::assert_snapshot!(asked.reads("").await, @r#"There is no model "nobody". There is: avatar, sd15"#);
    tester.stop().await;
}

/// A picture that anybody could have made.
pub(super) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(width, height, image::Rgb([1, 2, 3]));
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

#[tokio::test]
async fn a_picture_in_a_message_becomes_a_source() {
    let tester = Tester::start().await;
    let ann = tester.ann();
    let message = tester
        .discord
        .person("bob")
        .write("look", [Upload::new("bob.png", png(64, 64))]);
    let asked = ann.use_on_message("Use as source", message).await;
    assert_eq!(asked.answer().await, Answer::Modal);
    let filled = ann.fill(&asked, &["with a hat"]).await;
    tester.painter.draw();
    tester.ended(&filled).await;
    insta::assert_snapshot!(tester.discord.shown("general"), @"
    ekaki: | Here is your picture.
      | Prompt: with a hat
      | [picture ekaki-1-1.png 128x128]
      | Job 1 · Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
      [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
      [📋 Recipe] [🗑️ Delete]
    ");
    let sources = tester.discord.requests("^GET /attachments");
    assert_eq!(sources.len(), 0, "files are not asked of the interface");
    tester.stop().await;
}

#[tokio::test]
async fn a_picture_of_a_message_is_kept_for_a_quarter_of_an_hour() {
    let tester = Tester::start().await;
    let ann = tester.ann().speaking("ja");
    let message = ann.write("", [Upload::new("a.png", png(64, 64))]);
    let asked = ann.use_on_message("Use as source", message).await;
    asked.modal().await;
    tester.pass(Duration::from_secs(15 * 60 + 1)).await;
    let filled = ann.fill(&asked, &["帽子"]).await;
    insta::assert_snapshot!(filled.reads("").await, @"元にする画像が残っていません。保存は15分間で、再起動でも失われます。もう一度選んでください。");
    tester.stop().await;
}

#[tokio::test]
async fn a_message_without_a_picture_is_no_source() {
    let tester = Tester::start().await;
    let ann = tester.ann();
    let message = ann.write("hello", []);
    let asked = ann.use_on_message("Use as source", message).await;
    insta::assert_snapshot!(asked.reads("").await, @"I find no picture there.");
    let asked = ann.use_on_message("Show recipe", message).await;
    insta::assert_snapshot!(asked.reads("").await, @"I find no picture there.");
    tester.stop().await;
}

#[tokio::test]
async fn the_recipe_of_a_message() {
    let tester = Tester::start().await;
    let ann = tester.ann();
    let asked = tester.draw(&ann, "cat").await;
    let message = asked.message(|_| true).await.id;
    let recipe = tester
        .discord
        .person("bob")
        .use_on_message("Show recipe", message)
        .await;
    insta::assert_snapshot!(recipe.reads("").await, @"
    ```
    cat
    Steps: 2, Sampler: DDIM, CFG scale: 3, Seed: 4711, Size: 128x128, Model: avatar, RNG: CPU, Version: Ekaki 0.1.0
    ```
    ");
    tester.stop().await;
}

#[tokio::test]
async fn an_avatar_is_drawn() {
    let tester = Tester::start().await;
    let ann = tester.ann();
    let asked = ann.use_on_person("Draw this avatar", "bob").await;
    let filled = ann.fill(&asked, &["as a knight"]).await;
    tester.painter.draw();
    insta::assert_snapshot!(tester.ended(&filled).await, @"
    | Here is your picture.
    | Prompt: as a knight
    | [picture ekaki-1-1.png 128x128]
    | Job 1 · Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
    [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
    [📋 Recipe] [🗑️ Delete]
    ");
    tester.stop().await;
}
