use serde_json::{Value, json};
use serenity::model::id::{ApplicationId, GuildId};

use super::Target;
use super::build::{Plan, Reach, commands};
use super::payload::{Registered, RegisteredOption, Translations, bound};

const GLOBAL: Plan<'static> = Plan {
    reach: Reach::Global,
    age_restricted: false,
    installs: &[0, 1],
};

fn global() -> Vec<Registered> {
    commands(GLOBAL)
}

/// The length of a text in its longest language.
fn longest(text: &str, translations: &Translations) -> usize {
    let others = translations.values().map(|text| text.chars().count());
    others.chain([text.chars().count()]).max().unwrap_or_default()
}

/// What Discord counts of options.
fn size(options: &[RegisteredOption]) -> usize {
    let one = |option: &RegisteredOption| {
        let choices = option.choices.iter();
        longest(&option.name, &option.name_localizations)
            + longest(&option.description, &option.description_localizations)
            + choices
                .map(|choice| {
                    longest(&choice.name, &choice.name_localizations) + choice.value.chars().count()
                })
                .sum::<usize>()
            + size(&option.options)
    };
    options.iter().map(one).sum()
}

fn check_options(options: &[RegisteredOption]) {
    assert!(options.len() <= 25);
    assert!(
        options.is_sorted_by_key(|option| !option.required),
        "required ones come first"
    );
    for option in options {
        let description = longest(&option.description, &option.description_localizations);
        assert!((1..=100).contains(&description), "{}", option.name);
        assert!(option.choices.len() <= 25);
        assert!(option.choices.is_empty() || !option.autocomplete, "never both");
        assert_eq!(option.name_localizations.keys().collect::<Vec<_>>(), ["ja"]);
        check_options(&option.options);
    }
}

#[test]
fn the_commands_are_within_discords_limits() {
    let commands = global();
    assert!(commands.len() <= 100);
    for command in &commands {
        let description = longest(&command.description, &command.description_localizations);
        let name = longest(&command.name, &command.name_localizations);
        assert_eq!(
            (1..=100).contains(&description),
            command.kind == 1,
            "{}",
            command.name
        );
        assert!((1..=32).contains(&name), "{}", command.name);
        assert!(
            name + description + size(&command.options) <= 8000,
            "{}",
            command.name
        );
        check_options(&command.options);
    }
}

/// One line for each command, and one for each of its options.
fn outline(commands: &[&Registered]) -> String {
    let lines = commands.iter().map(|command| {
        let Registered {
            name,
            kind,
            integration_types,
            contexts,
            ..
        } = command;
        let ja = &command.name_localizations["ja"];
        let needs = command.default_member_permissions.iter();
        let needs: String = needs.map(|needed| format!(" needs {needed}")).collect();
        let head = format!("{name}/{ja} type {kind} {integration_types:?} {contexts:?}{needs}");
        head + &option_lines(&command.options, 1)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn option_lines(options: &[RegisteredOption], depth: usize) -> String {
    let line = |option: &RegisteredOption| {
        let RegisteredOption { name, kind, .. } = option;
        let ja = &option.name_localizations["ja"];
        let indent = "  ".repeat(depth);
        let mut line = format!("\n{indent}{name}/{ja} type {kind}");
        if option.required {
            line += " required";
        }
        if option.autocomplete {
            line += " autocomplete";
        }
        for choice in &option.choices {
            line += &format!(" [{}]", choice.value);
        }
        let ends = [&option.min_value, &option.max_value].map(|end| end.as_ref().map(ToString::to_string));
        if let [Some(_), _] | [_, Some(_)] = &ends {
            line += &format!(" {}", ends.map(Option::unwrap_or_default).join(".."));
        }
        line + &option_lines(&option.options, depth + 1)
    };
    options.iter().map(line).collect()
}

#[test]
fn commands_look_like_this() {
    let commands = global();
    let some = |names: &[&str]| {
        let chosen = commands
            .iter()
            .filter(|command| names.contains(&command.name.as_str()));
        outline(&chosen.collect::<Vec<_>>())
    };
    insta::assert_snapshot!(some(&["draw", "ping"]), @"
    draw/描く type 1 [0, 1] [0, 1, 2]
      prompt/プロンプト type 3 required autocomplete
      no/除くもの type 3
      size/サイズ type 3 autocomplete
      steps/ステップ数 type 4 1..150
      guidance/ガイダンス type 10 0..30
      seed/シード type 4 -1..
      count/枚数 type 4 1..16
      sampler/サンプラー type 3 autocomplete
      model/モデル type 3 autocomplete
      style/スタイル type 3 autocomplete
      source/元の絵 type 11
      strength/強さ type 10 0..1
      clip-skip/クリップスキップ type 4 0..
      filmstrip/過程 type 3 [strip] [webp]
      private/自分だけ type 5
      raw/そのまま type 5
    ping/動作確認 type 1 [0, 1] [0, 1, 2]
    ");
    let mut admin = commands
        .iter()
        .find(|command| command.name == "admin")
        .expect("a group")
        .clone();
    admin
        .options
        .retain(|option| ["block", "limit", "pause"].contains(&option.name.as_str()));
    insta::assert_snapshot!(outline(&[&admin]), @"
    admin/管理 type 1 [0] [0] needs 32
      limit/制限 type 2
        show/見る type 1
          scope/対象 type 3
          role/ロール type 8
          channel/チャンネル type 7
          user/ユーザー type 6
        set/設定 type 1
          limits/上限 type 3 required
          role/ロール type 8
          channel/チャンネル type 7
          user/ユーザー type 6
        reset/リセット type 1
          scope/対象 type 3
          role/ロール type 8
          channel/チャンネル type 7
          user/ユーザー type 6
      block/ブロック type 1
        user/ユーザー type 6 required
        reason/理由 type 3
        until/期限 type 3
        chat/サーバー type 3
      pause/一時停止 type 1
    ");
    insta::assert_snapshot!(some(&["Use as source", "Show recipe", "Draw this avatar"]), @"
    Use as source/これを元に描く type 3 [0, 1] [0, 1, 2]
    Show recipe/レシピを見る type 3 [0, 1] [0, 1, 2]
    Draw this avatar/アバターを元に描く type 2 [0, 1] [0, 1, 2]
    ");
}

#[test]
fn commands_of_one_server_say_nothing_about_others() {
    let plan = Plan {
        reach: Reach::Guild,
        age_restricted: true,
        ..GLOBAL
    };
    for command in commands(plan) {
        assert!(command.contexts.is_empty() && command.integration_types.is_empty() && command.nsfw);
    }
}

#[test]
fn only_ways_in_which_the_application_can_be_added_are_registered() {
    let plan = Plan {
        installs: &[0],
        ..GLOBAL
    };
    assert!(
        commands(plan)
            .iter()
            .all(|command| command.integration_types == [0])
    );
}

/// What Discord answers when it is asked for commands that were sent so.
fn echoed(commands: &[Registered]) -> Value {
    let mut known = serde_json::to_value(commands).expect("JSON");
    for (number, command) in known.as_array_mut().expect("a list").iter_mut().rev().enumerate() {
        command["id"] = json!(number.to_string());
        command["version"] = json!("1");
        command["application_id"] = json!("2");
        command["dm_permission"] = json!(true);
        for absent in [
            "options",
            "description_localizations",
            "default_member_permissions",
            "contexts",
        ] {
            if command.get(absent).is_none() {
                command[absent] = json!(null);
            }
        }
        if command.get("description").is_none() {
            command["description"] = json!("");
        }
    }
    known
}

fn target(guild: Option<u64>) -> Target {
    let reach = if guild.is_some() {
        Reach::Guild
    } else {
        Reach::Global
    };
    Target {
        application: ApplicationId::new(2),
        guild: guild.map(GuildId::new),
        commands: commands(Plan { reach, ..GLOBAL }),
    }
}

#[test]
fn commands_are_registered_only_when_discord_does_not_know_them() {
    for target in [target(None), target(Some(3))] {
        assert!(!target.is_known(&json!([])), "at first");
        let mut known = echoed(&target.commands);
        known.as_array_mut().expect("a list").reverse();
        assert!(target.is_known(&known), "in any order");
        let changed = |pointer: &str, value: Value| {
            let mut known = known.clone();
            *known.pointer_mut(pointer).expect(pointer) = value;
            target.is_known(&known)
        };
        assert!(!changed("/5/description", json!("else")));
        assert!(!changed("/5/name_localizations/ja", json!("x")));
        assert!(!changed("/5/nsfw", json!(true)));
        let mut more = known.clone();
        more.as_array_mut()
            .expect("a list")
            .push(json!({ "name": "old", "type": 1 }));
        assert!(!target.is_known(&more), "what is gone is taken away");
    }
}

#[test]
fn bounds_are_written_as_discord_writes_them() {
    let check = |value: f64, expected: &str| {
        assert_eq!(
            bound(value).map(|number| number.to_string()).as_deref(),
            Some(expected)
        );
    };
    check(1.0, "1");
    check(-1.0, "-1");
    check(0.5, "0.5");
    check(9_007_199_254_740_991.0, "9007199254740991");
}
