use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::*;

/// When the interaction of [`address`] was made.
pub(in super::super) fn made_at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).expect("a time")
}

/// An interaction in a server that the bot is a member of.
pub(in super::super) fn address() -> DiscordAddress {
    let since_discord = 1_700_000_000_000_u64 - 1_420_070_400_000;
    DiscordAddress {
        interaction: InteractionId::new(since_discord << 22 | 7),
        token: InteractionToken::new("interaction-token"),
        application: ApplicationId::new(10),
        channel: ChannelId::new(20),
        guild: Some(GuildId::new(30)),
        user: UserId::new(40),
        access: BotAccess::Member,
        permissions: Permissions::all(),
        attachment_size_limit: 10 << 20,
        locale: Locale::EN,
        public_locale: None,
        answer: Answered::Nothing,
        is_private: false,
        is_token_dead: false,
        follow_ups: 0,
    }
}

#[test]
fn it_is_read_as_it_was_written() {
    let answers = [
        Answered::Nothing,
        Answered::Quietly,
        Answered::Original { message: None },
        Answered::Original {
            message: Some(MessageId::new(50)),
        },
        Answered::FollowUp {
            message: MessageId::new(50),
            is_private: true,
        },
        Answered::Own {
            channel: ChannelId::new(60),
            message: MessageId::new(50),
        },
    ];
    for answer in answers {
        let address = DiscordAddress { answer, ..address() };
        assert_eq!(
            DiscordAddress::load(&address.store()).expect("an address"),
            address
        );
    }
}

#[test]
fn one_of_an_older_or_a_newer_release_is_read() {
    let address = DiscordAddress::load(&ReplyAddress(json!({
        "interaction": "1",
        "token": "a",
        "application": "2",
        "channel": "3",
        "user": "4",
        "something_new": true,
    })));
    let address = address.expect("an address");
    assert_eq!(address.attachment_size_limit, 10 << 20);
    assert_eq!(address.answer, Answered::Nothing);
    assert_eq!(address.access, BotAccess::None);
}

#[test]
fn one_of_another_platform_is_refused() {
    assert!(DiscordAddress::load(&ReplyAddress(json!({"user": "ann", "message": "1"}))).is_err());
}

#[test]
fn the_token_lives_a_quarter_of_an_hour() {
    let check = |seconds: i64, expected: bool| {
        let now = made_at() + TimeDelta::seconds(seconds);
        assert_eq!(address().has_token(now), expected, "{seconds}");
    };
    check(0, true);
    check(14 * 60 + 59, true);
    check(15 * 60, false);
    check(15 * 60 + 1, false);
}

#[test]
fn the_token_is_not_shown() {
    assert!(!format!("{:?}", address()).contains("interaction-token"));
}
