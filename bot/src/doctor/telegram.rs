//! Telegram: whether it knows the bot, and how the bot is set up there.

use async_trait::async_trait;

use super::{Check, Context, Depth, Found};
use crate::adapters::telegram::{Diagnosis, DiagnosisError, diagnose};
use crate::config::TelegramConfig;

/// Updates that wait when nobody takes them.
const MANY: u32 = 100;

pub(super) struct Telegram;

#[async_trait]
impl Check for Telegram {
    fn name(&self) -> &'static str {
        "telegram"
    }

    async fn run(&self, context: &Context<'_>) -> Vec<Found> {
        let config = &context.config.telegram;
        if config.token.is_none() {
            return vec![Found::ok("it is off, because telegram.token is not set")];
        }
        if context.depth == Depth::Quick {
            return vec![Found::ok("there is a token; Telegram was not asked about it")];
        }
        match diagnose(config).await {
            Ok(diagnosis) => findings(config, &diagnosis),
            Err(DiagnosisError::TokenRefused) => vec![Found::fail(
                "Telegram does not know the token",
                "copy it again from @BotFather (/mybots, API Token) into telegram.token or EKAKI__TELEGRAM__TOKEN",
            )],
            Err(error) => vec![Found::warn(
                format!("Telegram cannot be asked: {error}"),
                "see whether this machine reaches telegram.api_url; the service tries again and again",
            )],
        }
    }
}

fn findings(config: &TelegramConfig, diagnosis: &Diagnosis) -> Vec<Found> {
    let mut found = vec![Found::ok(format!("@{} answers", diagnosis.username))];
    found.push(groups(diagnosis));
    found.push(transport(config, diagnosis));
    found.push(inline(diagnosis));
    found
}

fn groups(diagnosis: &Diagnosis) -> Found {
    match (diagnosis.can_join_groups, diagnosis.has_privacy) {
        (false, _) => Found::warn(
            "it cannot be added to groups",
            "if it should be in groups, @BotFather: /setjoingroups, Enable",
        ),
        (true, true) => Found::ok("in groups it hears commands and answers to it (privacy mode is on)"),
        (true, false) => Found::warn(
            "in groups it hears everything (privacy mode is off), which it does not need",
            "@BotFather: /setprivacy, Enable; then take it out of each group and add it again",
        ),
    }
}

fn transport(config: &TelegramConfig, diagnosis: &Diagnosis) -> Found {
    let wanted = config.webhook_url.as_deref().unwrap_or_default();
    if let Some(error) = diagnosis.webhook_error.as_ref().filter(|_| !wanted.is_empty()) {
        return Found::warn(
            format!("Telegram could not deliver an update to {wanted}: {error}"),
            "see whether the address can be reached from the internet and passes requests on to telegram.webhook_bind",
        );
    }
    if diagnosis.waiting > MANY {
        return Found::warn(
            format!("{} updates wait", diagnosis.waiting),
            "if Ekaki runs, see its log; otherwise they are answered when it starts",
        );
    }
    Found::ok(match (wanted.is_empty(), diagnosis.webhook_url.is_empty()) {
        (true, true) => "updates are asked for".to_owned(),
        (true, false) => "updates go to a webhook, which ends when Ekaki starts".to_owned(),
        (false, _) => format!("updates come to {wanted}"),
    })
}

fn inline(diagnosis: &Diagnosis) -> Found {
    match (diagnosis.has_inline, &diagnosis.storage) {
        (false, None) => Found::ok("in other chats it does nothing (inline mode is off)"),
        (false, Some(_)) => Found::warn(
            "there is a storage chat, and inline mode is off",
            "@BotFather: /setinline, then /setinlinefeedback, Enabled",
        ),
        (true, None) => Found::warn(
            "in other chats only finished pictures can be found, because telegram.storage_chat is not set",
            "make a private channel, make the bot an administrator that may post, set telegram.storage_chat to its number",
        ),
        (true, Some(Err(reason))) => Found::fail(
            format!("the storage chat takes no pictures: {reason}"),
            "add the bot to the chat of telegram.storage_chat; in a channel as an administrator that may post messages",
        ),
        (true, Some(Ok(()))) => Found::ok(
            "in other chats it draws; Telegram does not say whether @BotFather's /setinlinefeedback is Enabled: without \
             it, drawing begins with the button",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn healthy() -> Diagnosis {
        Diagnosis {
            username: "ekaki_bot".to_owned(),
            can_join_groups: true,
            has_privacy: true,
            has_inline: true,
            webhook_url: String::new(),
            waiting: 0,
            webhook_error: None,
            storage: Some(Ok(())),
        }
    }

    fn lines(diagnosis: &Diagnosis) -> String {
        let config = crate::config::Config::load(&crate::config::ConfigSources::default());
        let config = config.expect("the defaults are valid").telegram;
        let lines = findings(&config, diagnosis);
        let lines = lines.into_iter().map(|found| match found.remedy {
            Some(remedy) => format!("{}: {} -> {remedy}", found.level, found.message),
            None => format!("{}: {}", found.level, found.message),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_bot_that_is_set_up_well() {
        insta::assert_snapshot!(lines(&healthy()), @"
        ok: @ekaki_bot answers
        ok: in groups it hears commands and answers to it (privacy mode is on)
        ok: updates are asked for
        ok: in other chats it draws; Telegram does not say whether @BotFather's /setinlinefeedback is Enabled: without it, drawing begins with the button
        ");
    }

    #[test]
    fn everything_that_can_be_missing() {
        let diagnosis = Diagnosis {
            can_join_groups: false,
            waiting: 101,
            storage: None,
            ..healthy()
        };
        insta::assert_snapshot!(lines(&diagnosis), @"
        ok: @ekaki_bot answers
        warn: it cannot be added to groups -> if it should be in groups, @BotFather: /setjoingroups, Enable
        warn: 101 updates wait -> if Ekaki runs, see its log; otherwise they are answered when it starts
        warn: in other chats only finished pictures can be found, because telegram.storage_chat is not set -> make a private channel, make the bot an administrator that may post, set telegram.storage_chat to its number
        ");
        let diagnosis = Diagnosis {
            has_privacy: false,
            webhook_url: "https://example.com/".to_owned(),
            storage: Some(Err("the chat takes nothing: chat not found".to_owned())),
            ..healthy()
        };
        insta::assert_snapshot!(lines(&diagnosis), @"
        ok: @ekaki_bot answers
        warn: in groups it hears everything (privacy mode is off), which it does not need -> @BotFather: /setprivacy, Enable; then take it out of each group and add it again
        ok: updates go to a webhook, which ends when Ekaki starts
        fail: the storage chat takes no pictures: the chat takes nothing: chat not found -> add the bot to the chat of telegram.storage_chat; in a channel as an administrator that may post messages
        ");
    }
}
