//! What ends the service, because trying again would not help.

/// Discord will not talk to this bot.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum GatewayError {
    /// The token is wrong, or was replaced by another one.
    #[error(
        "Discord does not accept the bot's token; make a new one at https://discord.com/developers/applications \
         (Bot, Reset Token) and set discord.token or EKAKI__DISCORD__TOKEN"
    )]
    TokenRefused,
    /// The token belongs to another application than the settings name.
    #[error(
        "the bot's token belongs to the application {found}, and discord.application_id is {expected}; set the token of \
         that application, or leave discord.application_id empty"
    )]
    OtherApplication {
        /// The application of the token.
        found: u64,
        /// The application of the settings.
        expected: u64,
    },
    /// The gateway refuses what this release asks for.
    #[error(
        "Discord's gateway refuses this release of Ekaki (close code {code}); look for a newer one, and at \
         discord.api_url if you have set it"
    )]
    NotAllowed {
        /// The gateway's code.
        code: u16,
    },
}
