use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use fluent_bundle::FluentResource;

use super::messages::Now;
use super::{Locale, messages};
use crate::commands::{COMMANDS, Choices};
use crate::store::{Refusal, Window};

fn negotiated(accept_language: &str) -> &'static str {
    Locale::negotiate(accept_language, Locale::EN).tag()
}

#[test]
fn the_preferred_known_language_is_taken() {
    assert_eq!(negotiated("ja"), "ja");
    assert_eq!(negotiated("ja-JP,ja;q=0.9,en;q=0.8"), "ja");
    assert_eq!(negotiated("fr-FR, en;q=0.3, ja;q=0.7"), "ja");
    assert_eq!(negotiated("en-GB,ja;q=0.5"), "en");
    assert_eq!(negotiated("ja;q=0"), "en");
    assert_eq!(negotiated("fr,*;q=0.5"), "en");
    assert_eq!(negotiated(""), "en");
    assert_eq!(negotiated(";;q=,,ja;q=much"), "ja");
}

/// Each key of a language with the arguments its text uses.
fn arguments_by_key(locale: Locale) -> BTreeMap<String, BTreeSet<String>> {
    for source in locale.sources() {
        FluentResource::try_new((*source).to_owned())
            .unwrap_or_else(|(_, errors)| panic!("{locale}: {errors:?}"));
    }
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = None;
    let lines = locale.sources().iter().flat_map(|source| source.lines());
    for line in lines.filter(|line| !line.starts_with('#')) {
        if !line.starts_with([' ', '}'])
            && let Some((key, _)) = line.split_once(" =")
        {
            assert!(!keys.contains_key(key), "{locale} has {key} twice");
            current = Some(key.to_owned());
        }
        let Some(key) = &current else { continue };
        let names = line
            .split('$')
            .skip(1)
            .filter_map(|rest| rest.split([' ', '}']).next());
        keys.entry(key.clone())
            .or_default()
            .extend(names.map(str::to_owned));
    }
    keys
}

#[test]
fn every_language_has_every_text_with_the_same_arguments() {
    let english = arguments_by_key(Locale::EN);
    for locale in Locale::ALL {
        assert_eq!(arguments_by_key(*locale), english, "{locale} differs from en");
    }
}

/// The groups that a command is in, by their keys: `admin` and `admin-limit` of `admin-limit-show`.
fn groups_of(key: &str) -> impl Iterator<Item = &str> {
    key.match_indices('-').filter_map(|(end, _)| key.get(..end))
}

#[test]
fn every_text_is_used_and_every_used_text_exists() {
    let source = [
        include_str!("messages/admin.rs"),
        include_str!("messages/answers.rs"),
        include_str!("messages/buttons.rs"),
        include_str!("messages/commands.rs"),
        include_str!("messages/discord.rs"),
        include_str!("messages/errors.rs"),
        include_str!("messages/jobs.rs"),
        include_str!("messages/refusals.rs"),
        include_str!("messages/telegram.rs"),
    ]
    .concat();
    let mut used: BTreeSet<String> = source
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| text.contains('-') && !text.contains(['{', ' ']) && *text != "web-")
        .map(str::to_owned)
        .chain(["recipe", "ping", "deleted", "blocked", "originals"].map(str::to_owned))
        .collect();
    for command in COMMANDS {
        let spec = command.spec();
        used.insert(format!("command-{}", spec.key()));
        let options = spec.positional.into_iter().chain(spec.options);
        for option in options {
            used.insert(format!("option-{}", option.name));
            used.insert(format!("option-name-{}", option.name));
            if let Choices::Of(choices) = option.choices {
                used.extend(choices.iter().map(|choice| format!("choice-{choice}")));
            }
        }
        used.extend(spec.name.split(' ').map(|word| format!("name-{word}")));
        used.extend(groups_of(&spec.key()).map(|group| format!("group-{group}")));
    }
    let existing: BTreeSet<String> = arguments_by_key(Locale::EN)
        .into_keys()
        .filter(|key| !key.starts_with("web-"))
        .collect();
    assert_eq!(used, existing);
}

#[test]
fn plurals_and_numbers_read_well() {
    let both = |text: fn(Locale) -> String| format!("{}\n{}", text(Locale::EN), text(Locale::JA));
    insta::assert_snapshot!(both(|locale| messages::job_queued(locale, 1, None)), @"
    Your picture is next.
    次に描きます。
    ");
    insta::assert_snapshot!(both(|locale| messages::job_queued(locale, 1234, None)), @"
    Your picture is number 1234 in the queue.
    順番待ちです（1234番目）。
    ");
    insta::assert_snapshot!(both(|locale| messages::job_queued(locale, 1, Some(Duration::from_secs(3)))), @"
    Your picture is next, about 5 seconds.
    次に描きます（約5秒）。
    ");
    insta::assert_snapshot!(both(|locale| messages::job_queued(locale, 3, Some(Duration::from_secs(61)))), @"
    Your picture is number 3 in the queue, about 2 minutes.
    順番待ちです（3番目、約2分）。
    ");
    insta::assert_snapshot!(both(|locale| messages::job_queued(locale, 2, Some(Duration::from_secs(59)))), @"
    Your picture is number 2 in the queue, about a minute.
    順番待ちです（2番目、約1分）。
    ");
    insta::assert_snapshot!(both(|locale| messages::job_queued(locale, 40, Some(Duration::from_secs(7200)))), @"
    Your picture is number 40 in the queue, about 2 hours.
    順番待ちです（40番目、約2時間）。
    ");
    insta::assert_snapshot!(both(|locale| messages::job_done(locale, 1)), @"
    Here is your picture.
    絵ができました。
    ");
    insta::assert_snapshot!(both(|locale| messages::job_done(locale, 4)), @"
    Here are your 4 pictures.
    絵が4枚できました。
    ");
}

#[test]
fn a_refusal_says_how_much_and_when_again() {
    let check = |wait: TimeDelta| {
        let now = Now {
            at: DateTime::UNIX_EPOCH + TimeDelta::hours(10),
            time_zone: chrono_tz::Asia::Tokyo,
        };
        let refusal = Refusal::Window {
            window: Window::Day,
            limit: 20,
            used: 20,
            again_at: now.at + wait,
        };
        [Locale::EN, Locale::JA]
            .map(|locale| messages::refused(locale, &refusal, now))
            .join("\n")
    };
    insta::assert_snapshot!(check(TimeDelta::seconds(61)), @"
    20 jobs are allowed within 24 hours, and you have used them all. You can ask again at 19:02 (in 2 minutes).
    24時間の上限（20件）に達しました。19:02（2分後）に、もう一度お試しください。
    ");
    insta::assert_snapshot!(check(TimeDelta::seconds(121)), @"
    20 jobs are allowed within 24 hours, and you have used them all. You can ask again at 19:03 (in 3 minutes).
    24時間の上限（20件）に達しました。19:03（3分後）に、もう一度お試しください。
    ");
    insta::assert_snapshot!(check(TimeDelta::minutes(100)), @"
    20 jobs are allowed within 24 hours, and you have used them all. You can ask again at 20:40 (in 2 hours).
    24時間の上限（20件）に達しました。20:40（2時間後）に、もう一度お試しください。
    ");
    insta::assert_snapshot!(check(TimeDelta::hours(23)), @"
    20 jobs are allowed within 24 hours, and you have used them all. You can ask again tomorrow at 18:00 (in 23 hours).
    24時間の上限（20件）に達しました。明日の18:00（23時間後）に、もう一度お試しください。
    ");
    insta::assert_snapshot!(check(TimeDelta::days(3)), @"
    20 jobs are allowed within 24 hours, and you have used them all. You can ask again in 3 days at 19:00 (in 72 hours).
    24時間の上限（20件）に達しました。3日後の19:00（72時間後）に、もう一度お試しください。
    ");
}

#[test]
fn a_refusal_says_how_long_the_pause_is() {
    let now = Now {
        at: DateTime::UNIX_EPOCH,
        time_zone: chrono_tz::UTC,
    };
    let refusal = Refusal::Cooldown {
        pause: TimeDelta::seconds(30),
        again_at: now.at + TimeDelta::seconds(20),
    };
    let texts = [Locale::EN, Locale::JA].map(|locale| messages::refused(locale, &refusal, now));
    insta::assert_snapshot!(texts.join("\n"), @"
    30 seconds have to pass between two jobs. You can ask again in 20 seconds.
    続けて描くには、30秒の間隔を空ける必要があります。20秒後に、もう一度お試しください。
    ");
}

#[test]
fn web_labels_are_complete_in_every_language() {
    for locale in Locale::ALL {
        for (key, text) in messages::web_labels(*locale) {
            assert_ne!(text, key, "{locale} lacks {key}");
        }
    }
}

/// What Discord takes as a name in menus.
fn is_menu_name(name: &str) -> bool {
    (1..=32).contains(&name.chars().count())
        && name == name.to_lowercase()
        && name
            .chars()
            .all(|character| character.is_alphanumeric() || matches!(character, '-' | '_'))
}

#[test]
fn names_in_menus_are_short_and_differ() {
    for locale in Locale::ALL.iter().copied() {
        let mut levels: BTreeMap<(String, String), String> = BTreeMap::new();
        let mut add = |level: &str, word: &str, name: String| {
            assert!(is_menu_name(&name), "{locale}: {level} {word} is {name:?}");
            let earlier = levels.insert((level.to_owned(), name), word.to_owned());
            assert!(
                earlier.as_deref().is_none_or(|earlier| earlier == word),
                "{locale}: {level} {word} is {earlier:?}"
            );
        };
        for spec in COMMANDS.iter().map(|command| command.spec()) {
            let mut level = String::new();
            for word in spec.name.split(' ') {
                add(&level, word, messages::command_name(locale, word));
                level = format!("{level} {word}");
            }
            for option in spec.positional.into_iter().chain(spec.options) {
                add(
                    &format!("/{}", spec.name),
                    option.name,
                    messages::option_name(locale, option.name),
                );
            }
        }
    }
}

#[test]
fn descriptions_in_menus_are_short() {
    let check = |text: String| assert!((1..=100).contains(&text.chars().count()), "{text}");
    for locale in Locale::ALL.iter().copied() {
        for spec in COMMANDS.iter().map(|command| command.spec()) {
            check(messages::command_description(locale, &spec.key()));
            groups_of(&spec.key()).for_each(|group| check(messages::group_description(locale, group)));
            for option in spec.positional.into_iter().chain(spec.options) {
                check(messages::option_description(locale, option.name));
                let Choices::Of(choices) = option.choices else {
                    continue;
                };
                choices
                    .iter()
                    .for_each(|choice| check(messages::choice_name(locale, choice)));
            }
        }
    }
}
