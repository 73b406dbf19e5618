//! Checks of the section `[telegram]`.

use secrecy::{ExposeSecret as _, SecretString};

use super::TelegramConfig;
use super::validate::{Violation, fail};

/// How many characters a secret has.
const SECRET_CHARS: std::ops::RangeInclusive<usize> = 16..=256;

pub(super) fn validate(telegram: &TelegramConfig) -> Result<(), Violation> {
    if let Some(token) = &telegram.token
        && !is_token(token.expose_secret())
    {
        return fail(
            "telegram.token",
            "is no token of @BotFather; one looks like 123456789:AAExampleExample",
        );
    }
    if !has_scheme(&telegram.api_url, &["https", "http"]) {
        return fail(
            "telegram.api_url",
            format!(
                "\"{}\" is no address like https://api.telegram.org",
                telegram.api_url
            ),
        );
    }
    if let Some(chat) = &telegram.storage_chat
        && !is_chat(chat)
    {
        return fail(
            "telegram.storage_chat",
            format!("\"{chat}\" is neither the number of a chat, like -1001234567890, nor a @name"),
        );
    }
    match &telegram.webhook_url {
        Some(url) => validate_webhook(url, telegram.webhook_secret.as_ref()),
        None => Ok(()),
    }
}

fn validate_webhook(url: &str, secret: Option<&SecretString>) -> Result<(), Violation> {
    if !has_scheme(url, &["https"]) {
        return fail(
            "telegram.webhook_url",
            format!("\"{url}\" is no https address; Telegram takes no other"),
        );
    }
    let is_secret = |secret: &SecretString| {
        let secret = secret.expose_secret();
        SECRET_CHARS.contains(&secret.len()) && secret.bytes().all(is_plain)
    };
    if secret.is_some_and(is_secret) {
        return Ok(());
    }
    fail(
        "telegram.webhook_secret",
        format!(
            "must have {} to {} letters, digits, _ and -, because anybody can reach the address",
            SECRET_CHARS.start(),
            SECRET_CHARS.end()
        ),
    )
}

/// Whether the text is a token: the number of the bot, and a secret.
fn is_token(text: &str) -> bool {
    let is_number = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once(':')
        .is_some_and(|(bot, secret)| is_number(bot) && !secret.is_empty() && secret.bytes().all(is_plain))
}

fn is_chat(text: &str) -> bool {
    match text.strip_prefix('@') {
        Some(name) => !name.is_empty() && name.bytes().all(is_plain),
        None => text.parse::<i64>().is_ok(),
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn has_scheme(url: &str, schemes: &[&str]) -> bool {
    let rest = url
        .split_once("://")
        .filter(|(scheme, _)| schemes.contains(scheme));
    rest.is_some_and(|(_, host)| !host.is_empty() && !host.contains(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_botfather() {
        let check = |text, expected| assert_eq!(is_token(text), expected, "{text}");
        check("123456789:AAE-example_0", true);
        check("123456789", false);
        check(":AAE", false);
        check("bot:AAE", false);
        check("1:AAE example", false);
        check("1:", false);
    }

    #[test]
    fn a_chat_is_a_number_or_a_name() {
        let check = |text, expected| assert_eq!(is_chat(text), expected, "{text}");
        check("-1001234567890", true);
        check("42", true);
        check("@my_storage", true);
        check("my_storage", false);
        check("@", false);
        check("https://t.me/x", false);
    }

    #[test]
    fn an_address_has_a_scheme_and_a_host() {
        let check = |text, expected| assert_eq!(has_scheme(text, &["https"]), expected, "{text}");
        check("https://example.com/telegram", true);
        check("http://example.com", false);
        check("https://", false);
        check("example.com", false);
    }
}
