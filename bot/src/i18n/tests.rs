use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use fluent_bundle::FluentResource;

use super::{Locale, messages};
use crate::commands::COMMANDS;

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
    FluentResource::try_new(locale.source().to_owned())
        .unwrap_or_else(|(_, errors)| panic!("{locale}.ftl: {errors:?}"));
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = None;
    for line in locale.source().lines().filter(|line| !line.starts_with('#')) {
        if !line.starts_with([' ', '}'])
            && let Some((key, _)) = line.split_once(" =")
        {
            assert!(!keys.contains_key(key), "{locale}.ftl has {key} twice");
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
        assert_eq!(
            arguments_by_key(*locale),
            english,
            "{locale}.ftl differs from en.ftl"
        );
    }
}

#[test]
fn every_text_is_used_and_every_used_text_exists() {
    let source = include_str!("messages.rs");
    let mut used: BTreeSet<String> = source
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| text.contains('-') && !text.contains(['{', ' ']) && *text != "web-")
        .map(str::to_owned)
        .chain(["recipe".to_owned()])
        .collect();
    for command in COMMANDS {
        used.insert(format!("command-{}", command.spec().name));
        used.extend(
            command
                .spec()
                .options
                .iter()
                .map(|option| format!("option-{}", option.name)),
        );
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
    insta::assert_snapshot!(both(|locale| messages::job_queued(locale, 1)), @"
    Your picture is next.
    次に描きます。
    ");
    insta::assert_snapshot!(both(|locale| messages::job_queued(locale, 1234)), @"
    Your picture is number 1234 in the queue.
    順番待ちです（1234番目）。
    ");
    insta::assert_snapshot!(both(|locale| messages::job_done(locale, 1)), @"
    Here is your picture.
    絵ができました。
    ");
    insta::assert_snapshot!(both(|locale| messages::job_done(locale, 4)), @"
    Here are your 4 pictures.
    絵が4枚できました。
    ");
    insta::assert_snapshot!(both(|locale| messages::refused_per_day(locale, 20, TimeDelta::seconds(61))), @"
    You have used all 20 jobs of the last 24 hours. You can ask again in 2 minutes.
    24時間の上限（20件）に達しました。2分後に、もう一度お試しください。
    ");
    insta::assert_snapshot!(both(|locale| messages::refused_per_day(locale, 20, TimeDelta::minutes(100))), @"
    You have used all 20 jobs of the last 24 hours. You can ask again in 2 hours.
    24時間の上限（20件）に達しました。2時間後に、もう一度お試しください。
    ");
}

#[test]
fn web_labels_are_complete_in_every_language() {
    for locale in Locale::ALL {
        for (key, text) in messages::web_labels(*locale) {
            assert_ne!(text, key, "{locale}.ftl lacks {key}");
        }
    }
}
