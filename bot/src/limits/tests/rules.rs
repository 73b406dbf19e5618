use chrono::TimeDelta;
use proptest::prelude::*;

use crate::chat::{ChatId, Place, Platform, Standing, UserId};
use crate::limits::{LimitKey, LimitOrigin, LimitRule, LimitRules, LimitScope, LimitValues, Limits};

/// The limits of everybody, rules of the settings, and rules of admins.
fn rules(settings: &[&str], overrides: &[&str]) -> LimitRules {
    let parse =
        |rules: &[&str]| -> Vec<LimitRule> { rules.iter().map(|rule| rule.parse().expect(rule)).collect() };
    let defaults = "per_minute=0 per_hour=0 per_day=10 running=0 queued=5 cooldown_s=0 max_steps=50 max_pixels=4096 \
                    max_count=4 priority=0";
    LimitRules {
        defaults: LimitValues {
            models: Some(Vec::new()),
            ..defaults.parse().expect("values")
        },
        rules: parse(settings),
        overrides: parse(overrides),
        moderated: Vec::new(),
        max_queued: 100,
        max_prompt_chars: 1000,
    }
}

fn kita() -> UserId {
    UserId {
        platform: Platform::new("discord"),
        id: "kita".into(),
    }
}

/// In channel 7 of server 1, with the roles 2 and 3.
fn limits(rules: &LimitRules) -> Limits {
    let standing = Standing {
        roles: vec!["2".into(), "3".into()],
        ..Standing::default()
    };
    let place = Place {
        server: Some("1".into()),
        ..Place::direct("7")
    };
    rules.of(&kita(), &standing, &place)
}

/// The same with rules of moderators.
fn with_moderated(settings: &[&str], overrides: &[&str], moderated: &[&str]) -> LimitRules {
    let moderated = moderated.iter().map(|rule| rule.parse().expect(rule));
    LimitRules {
        moderated: moderated.collect(),
        ..rules(settings, overrides)
    }
}

/// The jobs of a day, which are unlimited when they are 0.
fn check_overridden(settings: &[&str], overrides: &[&str], per_day: u32) {
    let found = limits(&rules(settings, overrides)).check.per_day.unwrap_or(0);
    assert_eq!(found, per_day, "{settings:?} {overrides:?}");
}

fn check(settings: &[&str], per_day: u32) {
    check_overridden(settings, &[], per_day);
}

#[test]
fn a_rule_holds_when_all_of_its_conditions_are_true() {
    check(&[], 10);
    check(&["platform=discord per_day=20"], 20);
    check(&["platform=telegram per_day=20"], 10);
    check(&["chat=1 per_day=20"], 20);
    check(&["chat=7 per_day=20"], 10);
    check(&["channel=7 per_day=20"], 20);
    check(&["role=3 per_day=20"], 20);
    check(&["role=4 per_day=20"], 10);
    check(&["user=kita per_day=20"], 20);
    check(&["user=ryo per_day=20"], 10);
    check(&["user=kita role=2 chat=1 per_day=20"], 20);
    check(&["user=kita role=4 chat=1 per_day=20"], 10);
    check(&["everybody per_day=20"], 20);
}

#[test]
fn the_most_specific_rule_decides() {
    let ladder = [
        "platform=discord per_day=21",
        "chat=1 per_day=22",
        "channel=7 per_day=23",
        "role=2 per_day=24",
        "user=kita per_day=25",
    ];
    for (place, per_day) in (21..=25).enumerate() {
        let mut some = ladder[..=place].to_vec();
        check(&some, per_day);
        some.reverse();
        check(&some, per_day);
    }
    check(
        &[
            "role=2 per_day=24",
            "channel=7 chat=1 platform=discord per_day=26",
        ],
        24,
    );
    check(&["role=2 chat=1 per_day=27", "role=2 per_day=24"], 27);
    check(&["role=2 channel=7 per_day=28", "role=2 chat=1 per_day=27"], 28);
    check(
        &[
            "role=2 chat=1 platform=discord per_day=29",
            "role=2 channel=7 per_day=28",
        ],
        29,
    );
}

#[test]
fn what_holds_in_a_channel_holds_in_its_threads() {
    let check = |settings: &[&str], per_day: u32| {
        let place = Place {
            server: Some("1".into()),
            parent: Some(ChatId("7".into())),
            ..Place::direct("77")
        };
        let limits = rules(settings, &[]).of(&kita(), &Standing::default(), &place);
        assert_eq!(limits.check.per_day, Some(per_day), "{settings:?}");
    };
    check(&["channel=7 per_day=20"], 20);
    check(&["channel=77 per_day=21", "channel=7 per_day=20"], 21);
    check(&["channel=77 per_day=19", "channel=7 per_day=20"], 19);
    check(&["channel=77 per_day=21", "channel=7 chat=1 per_day=20"], 20);
    check(&["channel=8 per_day=20"], 10);
}

#[test]
fn each_limit_is_decided_by_itself() {
    let rules = rules(
        &[
            "user=kita queued=9",
            "role=2 per_day=0 models=avatar",
            "chat=1 per_day=3 max_steps=20 priority=-5",
        ],
        &["platform=discord cooldown_s=30 running=1"],
    );
    let limits = limits(&rules);
    assert_eq!(limits.check.queued, Some(9));
    assert_eq!(limits.check.per_day, None);
    assert_eq!(limits.check.cooldown, Some(TimeDelta::seconds(30)));
    assert_eq!(limits.check.max_queued, 100);
    assert_eq!((limits.max_steps, limits.max_count, limits.priority), (20, 4, -5));
    assert_eq!(limits.running, Some(1));
    assert!(limits.allows_model("Avatar") && !limits.allows_model("sd15"));
}

#[test]
fn of_rules_about_the_same_people_the_admins_and_the_later_one_win() {
    check(&["role=2 per_day=20", "role=2 per_day=30"], 30);
    check(&["role=2 per_day=30", "role=2 per_day=20"], 20);
    check_overridden(&["role=2 per_day=20"], &["role=2 per_day=30"], 30);
    check_overridden(&["role=2 per_day=30"], &["role=2 per_day=20"], 20);
    check_overridden(&[], &["everybody per_day=20"], 20);
    check_overridden(&["user=kita per_day=20"], &["role=2 per_day=30"], 20);
    check_overridden(&["role=2 per_day=20"], &["role=2 per_hour=30"], 20);
}

#[test]
fn several_roles_give_the_most_generous_value() {
    check(&["role=2 per_day=20", "role=3 per_day=30"], 30);
    check(&["role=2 per_day=30", "role=3 per_day=20"], 30);
    check(&["role=2 per_day=0", "role=3 per_day=20"], 0);
    check(
        &["role=3 per_day=30", "role=2 per_day=20 ", "role=3 per_day=5"],
        20,
    );
    check_overridden(
        &["role=2 per_day=20", "role=3 per_day=30"],
        &["role=3 per_day=5"],
        20,
    );

    let rules = rules(
        &[
            "role=2 cooldown_s=10 models=avatar,sd15 priority=3",
            "role=3 cooldown_s=20 models=sdxl,avatar priority=2",
        ],
        &[],
    );
    let found = limits(&rules);
    assert_eq!(found.check.cooldown, Some(TimeDelta::seconds(10)));
    assert_eq!(found.models, ["avatar", "sd15", "sdxl"]);
    assert_eq!(found.priority, 3);
}

#[test]
fn a_conversation_with_one_person_is_a_chat_of_its_own() {
    let rules = rules(&["chat=7 per_day=20", "channel=7 per_hour=3"], &[]);
    let limits = rules.of(&kita(), &Standing::default(), &Place::direct("7"));
    assert_eq!((limits.check.per_day, limits.check.per_hour), (Some(20), Some(3)));
}

#[test]
fn an_admin_sees_where_a_limit_comes_from() {
    let rules = rules(
        &["platform=discord per_day=20"],
        &["platform=discord chat=1 role=2 max_steps=30"],
    );
    let scope: LimitScope = "platform=discord chat=1 role=2".parse().unwrap();
    let shown: Vec<String> = rules
        .show(&scope)
        .into_iter()
        .filter(|source| source.origin != LimitOrigin::Default)
        .map(|source| {
            format!(
                "{}={} {:?} {}",
                source.key.name(),
                source.value,
                source.origin,
                source.scope
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "per_day=20 Settings platform=discord",
            "max_steps=30 Admin platform=discord chat=1 role=2"
        ]
    );
    assert_eq!(rules.show(&scope).len(), LimitKey::ALL.len());
    assert_eq!(
        rules.override_of(&scope).map(ToString::to_string).as_deref(),
        Some("max_steps=30")
    );
    assert_eq!(rules.all().len(), 3);
}

#[test]
fn moderators_can_only_be_stricter() {
    fn check(settings: &[&str], overrides: &[&str], moderated: &[&str], per_day: u32) {
        let found = limits(&with_moderated(settings, overrides, moderated));
        let found = found.check.per_day.unwrap_or(0);
        assert_eq!(found, per_day, "{settings:?} {overrides:?} {moderated:?}");
    }
    let here = "platform=discord chat=1";
    let set = |limits: &str| format!("{here} {limits}");
    check(&[], &[], &[&set("per_day=3")], 3);
    check(&[], &[], &[&set("per_day=30")], 10);
    check(&[], &[], &[&set("per_day=0")], 10);
    check(&[], &["chat=1 per_day=2"], &[&set("per_day=100")], 2);
    check(&[], &["chat=1 per_day=20"], &[&set("per_day=15")], 15);
    check(&["role=2 per_day=1"], &[], &[&set("user=kita per_day=100")], 1);
    check(
        &["channel=7 per_day=1"],
        &[],
        &[&set("role=2 per_day=9"), &set("role=3 per_day=4")],
        1,
    );
    check(&["user=kita per_day=0"], &[], &[&set("user=kita per_day=9")], 9);
    check(&["user=kita per_day=50"], &[], &[&set("per_day=5")], 50);

    let models = |moderated: &str| {
        let rules = with_moderated(&["role=2 models=Avatar,sd15"], &[], &[&set(moderated)]);
        limits(&rules).models
    };
    assert_eq!(models("user=kita models=avatar,sdxl"), ["avatar"]);
    assert_eq!(models("user=kita models="), ["Avatar", "sd15"]);
    assert_eq!(models("user=kita models=sdxl"), ["Avatar", "sd15"]);
    let rules = with_moderated(
        &[],
        &["chat=1 cooldown_s=10"],
        &[&set("cooldown_s=0 priority=5 max_steps=20")],
    );
    let found = limits(&rules);
    assert_eq!(found.check.cooldown, Some(TimeDelta::seconds(10)));
    assert_eq!((found.priority, found.max_steps), (0, 20));
}

#[test]
fn a_moderator_learns_what_has_no_effect() {
    fn check(values: &str, beyond: &[LimitKey]) {
        let rules = with_moderated(
            &["chat=1 per_day=200 models=avatar"],
            &["chat=1 per_day=20"],
            &["platform=discord chat=1 per_day=2"],
        );
        let scope: LimitScope = "platform=discord chat=1".parse().unwrap();
        let found = rules.beyond_owners(&scope, &values.parse().unwrap());
        assert_eq!(found, beyond, "{values}");
    }
    check("per_day=20 max_steps=50 queued=5", &[]);
    check("per_day=1 max_steps=1 cooldown_s=100 per_hour=3 priority=-1", &[]);
    check("per_day=21", &[LimitKey::PerDay]);
    check("per_day=0 priority=1", &[LimitKey::PerDay, LimitKey::Priority]);
    check("models=Avatar", &[]);
    check("models=avatar,sd15", &[LimitKey::Models]);
    check("models=", &[LimitKey::Models]);
}

/// Scopes that all are about Kita in channel 7, and a number for each.
fn scopes_in_any_order() -> impl Strategy<Value = Vec<(&'static str, u32)>> {
    let scopes = [
        "platform=discord",
        "chat=1",
        "channel=7",
        "role=2",
        "role=3",
        "user=kita",
        "platform=discord role=2",
        "chat=1 user=kita",
        "platform=discord chat=1 channel=7",
    ];
    let some = proptest::sample::subsequence(scopes.to_vec(), 0..=scopes.len()).prop_shuffle();
    some.prop_flat_map(|scopes| {
        let numbers = proptest::collection::vec(0_u32..50, scopes.len());
        numbers.prop_map(move |numbers| scopes.iter().copied().zip(numbers).collect())
    })
}

proptest! {
    #[test]
    fn rules_of_moderators_never_give_more(given in scopes_in_any_order(), moderated in scopes_in_any_order()) {
        let texts = |given: &[(&str, u32)]| -> Vec<String> {
            given.iter().map(|(scope, per_day)| format!("{scope} per_day={per_day}")).collect()
        };
        let (given, moderated) = (texts(&given), texts(&moderated));
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        let moderated: Vec<&str> = moderated.iter().map(String::as_str).collect();
        let per_day = |rules: LimitRules| limits(&rules).check.per_day.unwrap_or(u32::MAX);
        let bound = per_day(rules(&given, &[]));
        prop_assert!(per_day(with_moderated(&given, &[], &moderated)) <= bound);
    }

    #[test]
    fn the_order_of_rules_about_different_people_does_not_matter(mut given in scopes_in_any_order()) {
        let decide = |given: &[(&str, u32)]| {
            let texts: Vec<String> = given.iter().map(|(scope, per_day)| format!("{scope} per_day={per_day}")).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            limits(&rules(&texts, &[]))
        };
        let found = decide(&given);
        given.sort_unstable();
        prop_assert_eq!(found, decide(&given));
    }
}
