//! The web chat: its port, and who can get in.

use std::io::ErrorKind;
use std::net::TcpListener;

use async_trait::async_trait;
use secrecy::ExposeSecret as _;

use super::{Check, Context, Found};
use crate::config::WebConfig;

/// A token that other machines can try out has at least this many characters.
const LONG_TOKEN_CHARS: usize = 16;

pub(super) struct Web;

#[async_trait]
impl Check for Web {
    fn name(&self) -> &'static str {
        "web"
    }

    async fn run(&self, context: &Context<'_>) -> Vec<Found> {
        let config = &context.config.web;
        vec![port(config), tokens(config)]
    }
}

fn port(config: &WebConfig) -> Found {
    match TcpListener::bind(config.bind) {
        Ok(_) => Found::ok(format!("{} is free", config.bind)),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Found::warn(
            format!(
                "{} is in use: by this service, if it runs, or by another program",
                config.bind
            ),
            "if Ekaki does not run, stop the other program or set web.bind",
        ),
        Err(error) => Found::fail(
            format!("{} cannot be used: {error}", config.bind),
            "set web.bind to an address of this machine and a port above 1023",
        ),
    }
}

fn tokens(config: &WebConfig) -> Found {
    let open = !config.bind.ip().is_loopback();
    let short = [&config.token, &config.admin_token]
        .into_iter()
        .flatten()
        .any(|token| token.expose_secret().chars().count() < LONG_TOKEN_CHARS);
    if open && short {
        return Found::warn(
            format!(
                "other machines reach the web chat, and a token has fewer than {LONG_TOKEN_CHARS} characters"
            ),
            "take a longer one, for example of `openssl rand -hex 16`",
        );
    }
    let who = match (open, &config.token) {
        (true, _) => "other machines reach it, with the token",
        (false, Some(_)) => "only this machine reaches it, with the token",
        (false, None) => "only this machine reaches it",
    };
    Found::ok(match &config.admin_token {
        Some(_) => format!("{who}; there is an admin page"),
        None => format!("{who}; there is no admin page, because web.admin_token is not set"),
    })
}
