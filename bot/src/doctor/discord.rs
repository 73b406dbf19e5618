//! Discord: whether the bot is accepted, and what keeps people from using it.

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};

use super::{Check, Context, Depth, Found};
use crate::adapters::discord::{ExamineError, Examined, examine};

/// A token has so many parts, with points between them.
const PARTS: usize = 3;

const PORTAL: &str = "https://discord.com/developers/applications";

pub(super) struct Discord;

#[async_trait]
impl Check for Discord {
    fn name(&self) -> &'static str {
        "discord"
    }

    async fn run(&self, context: &Context<'_>) -> Vec<Found> {
        let settings = &context.config.discord;
        match &settings.token {
            None => return vec![Found::ok("it is off, because discord.token is not set")],
            Some(token) if !is_whole(token) => {
                let remedy = format!("copy the whole token: {PORTAL}, Bot, Reset Token");
                return vec![Found::fail(
                    "discord.token is not a bot's token: it has too few parts",
                    remedy,
                )];
            }
            Some(_) if context.depth == Depth::Quick => {
                return vec![Found::ok(
                    "there is a token; whether Discord accepts it was not asked",
                )];
            }
            Some(_) => {}
        }
        match examine(settings).await {
            Ok(examined) => examined.as_ref().map(found).unwrap_or_default(),
            Err(ExamineError::Refused(reason)) => {
                vec![Found::fail(reason, "set it, and look again with ekaki doctor")]
            }
            Err(error @ ExamineError::Unreachable(_)) => vec![Found::warn(
                error.to_string(),
                "the service waits for Discord; check the network, and discord.api_url if you have set it",
            )],
        }
    }
}

fn is_whole(token: &SecretString) -> bool {
    let mut parts = token.expose_secret().split('.');
    parts.clone().count() == PARTS && parts.all(|part| !part.is_empty())
}

fn found(examined: &Examined) -> Vec<Found> {
    let Examined {
        name,
        application,
        is_for_all,
        has_endpoint,
        is_registered,
    } = examined;
    let mut found = vec![Found::ok(format!(
        "the bot is {name} (application {application})"
    ))];
    if *has_endpoint {
        found.push(Found::fail(
            "Discord sends commands to an address of the web and not to Ekaki",
            format!("clear \"Interactions Endpoint URL\": {PORTAL}, General Information"),
        ));
    }
    found.push(if *is_for_all {
        Found::ok("servers and people can add it")
    } else {
        Found::warn(
            "it cannot be added in both ways, to a server and to a person",
            format!("tick \"Guild Install\" and \"User Install\", and restart Ekaki: {PORTAL}, Installation"),
        )
    });
    found.push(if *is_registered {
        Found::ok("its commands are registered")
    } else {
        Found::warn(
            "its commands are not registered as they are in this release",
            "start Ekaki; it registers them",
        )
    });
    found
}
