use proptest::prelude::*;

use crate::limits::{LimitChange, LimitKey, LimitRule, LimitScope, LimitTextError, LimitValues};

fn check(typed: &str, expected: &str) {
    let rule: LimitRule = typed.parse().expect(typed);
    assert_eq!(rule.to_string(), expected);
    assert_eq!(expected.parse(), Ok(rule), "what is shown can be typed");
}

fn refused<T: std::str::FromStr<Err = crate::limits::LimitTextError> + std::fmt::Debug>(
    typed: &str,
) -> String {
    typed.parse::<T>().expect_err(typed).to_string()
}

#[test]
fn rules_are_shown_in_one_order() {
    check("role=2 per_day=20", "role=2 per_day=20");
    check(
        "max_steps=30 user=5 platform=web PER_DAY=0 chat=-100 priority=-3 models=avatar,sd15",
        "platform=web chat=-100 user=5 per_day=0 max_steps=30 models=avatar,sd15 priority=-3",
    );
    check("per_day=20", "everybody per_day=20");
    check("everybody models=", "everybody models=");
    assert_eq!("".parse(), Ok(LimitScope::default()));
}

#[test]
fn what_cannot_be_read_is_named() {
    insta::assert_snapshot!(refused::<LimitRule>("role"), @"`role` is not a name and a value, like per_day=20");
    insta::assert_snapshot!(refused::<LimitRule>("role="), @"`role=` is not a name and a value, like per_day=20");
    insta::assert_snapshot!(refused::<LimitRule>("per_week=3"), @"there is no `per_week`; there are platform, chat, channel, role, user, per_minute, per_hour, per_day, running, queued, cooldown_s, max_steps, max_pixels, max_count, models, priority");
    insta::assert_snapshot!(refused::<LimitScope>("per_day=3"), @"there is no `per_day`; there are platform, chat, channel, role, user");
    insta::assert_snapshot!(refused::<LimitValues>("role=3"), @"there is no `role`; there are per_minute, per_hour, per_day, running, queued, cooldown_s, max_steps, max_pixels, max_count, models, priority");
    insta::assert_snapshot!(refused::<LimitRule>("role=1 role=2"), @"`role` is given twice");
    insta::assert_snapshot!(refused::<LimitRule>("per_day=1 per_day=2"), @"`per_day` is given twice");
    insta::assert_snapshot!(refused::<LimitRule>("per_day=many"), @"`per_day` must be a whole number, not `many`");
    insta::assert_snapshot!(refused::<LimitRule>("per_day=-1"), @"`per_day` must be from 0 to 1000000, not -1");
    insta::assert_snapshot!(refused::<LimitRule>("max_steps=0"), @"`max_steps` must be from 1 to 150, not 0");
    insta::assert_snapshot!(refused::<LimitRule>("max_count=17"), @"`max_count` must be from 1 to 16, not 17");
}

#[test]
fn values_fill_in_what_others_leave_open() {
    let read = |text: &str| text.parse::<LimitValues>().unwrap();
    let merged = read("per_day=1 models=a").or(&read("per_day=2 per_hour=3"));
    assert_eq!(merged, read("per_hour=3 per_day=1 models=a"));
    assert!(!merged.is_empty() && LimitValues::default().is_empty());
}

proptest! {
    #[test]
    fn every_rule_survives_its_text(
        ids in proptest::array::uniform5(proptest::option::of("[!-<>-~]{1,8}")),
        numbers in proptest::collection::vec(proptest::option::of(1_i64..=16), LimitKey::ALL.len()),
    ) {
        let [platform, chat, channel, role, user] = ids;
        let mut rule = LimitRule {
            scope: LimitScope { platform, chat, channel, role, user },
            values: LimitValues::default(),
        };
        for (key, number) in LimitKey::ALL.into_iter().zip(numbers) {
            if let Some(number) = number.filter(|_| key != LimitKey::MaxPixels) {
                key.set(&mut rule.values, crate::limits::LimitValue::Number(number));
            }
        }
        prop_assert_eq!(rule.to_string().parse::<LimitRule>(), Ok(rule));
    }

    #[test]
    fn no_text_is_a_panic(text in ".{0,80}") {
        let _: Result<LimitRule, _> = text.parse();
    }
}

#[test]
fn a_change_unsets_what_is_empty() {
    let change: LimitChange = "role=2 per_day= max_steps=20 models=-".parse().unwrap();
    assert_eq!(change.rule.to_string(), "role=2 max_steps=20");
    assert_eq!(change.unset, [LimitKey::PerDay, LimitKey::Models]);
    let all: LimitChange = "models=".parse().unwrap();
    assert_eq!(
        (all.rule.values.models, all.unset),
        (Some(Vec::new()), Vec::new())
    );
    for twice in ["per_day= per_day=3", "per_day= per_day=-"] {
        let error = twice.parse::<LimitChange>().unwrap_err();
        assert_eq!(error, LimitTextError::Twice { name: "per_day" }, "{twice}");
    }
}
