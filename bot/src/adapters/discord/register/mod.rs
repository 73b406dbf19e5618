//! Tells Discord which commands there are, when it does not know them yet.

mod build;
mod menu;
mod payload;

use reqwest::Method;
use serde::Deserialize as _;
use serenity::model::id::{ApplicationId, GuildId};
use tokio_util::sync::CancellationToken;

use self::build::{Plan, Reach};
pub(super) use self::menu::Menu;
use self::payload::Registered;
use super::Shared;
use super::application::Application;
use super::rest::{Call, Rest, RestError};
use crate::config::DiscordConfig;

const GLOBAL: &str = "/applications/{application}/commands";
const OF_GUILD: &str = "/applications/{application}/guilds/{guild}/commands";

/// Registers the commands where they are not registered as they are. What goes wrong is logged: people can still use
/// what was registered before.
pub(super) async fn register(shared: &Shared, application: &Application, shutdown: &CancellationToken) {
    for target in targets(&shared.settings, application) {
        let Err(error) = target.bring_up_to_date(shared, shutdown).await else {
            continue;
        };
        let error = format_args!("{error:#}");
        match target.guild {
            Some(guild) => {
                tracing::error!(server = guild.get(), %error, "commands not registered in a server of discord.guilds; is the bot there?");
            }
            None => tracing::error!(%error, "commands not registered"),
        }
    }
}

/// Whether Discord knows the commands as they are.
///
/// # Errors
/// When Discord cannot be asked.
pub(super) async fn is_up_to_date(
    rest: &Rest,
    settings: &DiscordConfig,
    application: &Application,
) -> Result<bool, RestError> {
    for target in targets(settings, application) {
        let known = rest.send(target.question()).await?;
        if !target.is_known(&known.body) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Takes the commands back that are registered in one server only.
pub(super) async fn take_back(shared: &Shared, application: ApplicationId, guild: GuildId) {
    let target = Target {
        application,
        guild: Some(guild),
        commands: Vec::new(),
    };
    let sent = match target.order() {
        Ok(order) => shared.rest.send(order).await.map(|_| ()),
        Err(error) => Err(RestError::Content {
            route: OF_GUILD,
            source: error,
        }),
    };
    match sent {
        Ok(()) => tracing::info!(
            server = guild.get(),
            "commands of one server taken back, as discord.guilds does not name it"
        ),
        Err(error) => tracing::warn!(server = guild.get(), %error, "commands of one server not taken back"),
    }
}

/// One place for commands.
#[derive(Debug)]
struct Target {
    application: ApplicationId,
    guild: Option<GuildId>,
    commands: Vec<Registered>,
}

/// Where commands are to be, and which: everywhere, or only in some servers.
fn targets(settings: &DiscordConfig, application: &Application) -> Vec<Target> {
    let installs = application.installs();
    let commands = |reach| {
        build::commands(Plan {
            reach,
            age_restricted: settings.age_restricted,
            installs: &installs,
        })
    };
    let target = |guild, commands| Target {
        application: application.id,
        guild,
        commands,
    };
    if settings.guilds.is_empty() {
        return vec![target(None, commands(Reach::Global))];
    }
    let guilds = settings.guilds.iter().map(|guild| GuildId::new(*guild));
    // Otherwise these servers would have everything twice.
    std::iter::once(target(None, Vec::new()))
        .chain(guilds.map(|guild| target(Some(guild), commands(Reach::Guild))))
        .collect()
}

impl Target {
    /// Asks what Discord knows.
    fn question(&self) -> Call {
        self.call(Method::GET).with_query("with_localizations", "true")
    }

    /// Replaces everything that Discord knows.
    fn order(&self) -> Result<Call, serde_json::Error> {
        self.call(Method::PUT).with_body(&self.commands)
    }

    fn call(&self, method: Method) -> Call {
        match &self.guild {
            None => Call::bot(method, GLOBAL, &[&self.application]),
            Some(guild) => Call::bot(method, OF_GUILD, &[&self.application, guild]),
        }
    }

    /// Whether what Discord knows is the same, in any order.
    fn is_known(&self, known: &serde_json::Value) -> bool {
        let Ok(mut known) = Vec::<Registered>::deserialize(known) else {
            return false;
        };
        for command in &mut known {
            command.integration_types.sort_unstable();
            command.contexts.sort_unstable();
            if self.guild.is_some() {
                command.integration_types.clear();
                command.contexts.clear();
            }
        }
        known.len() == self.commands.len() && self.commands.iter().all(|command| known.contains(command))
    }

    async fn bring_up_to_date(&self, shared: &Shared, shutdown: &CancellationToken) -> anyhow::Result<()> {
        let Some(known) = shared.until_answered(self.question(), shutdown).await? else {
            return Ok(());
        };
        if self.is_known(&known) {
            tracing::debug!(
                server = self.guild.map(GuildId::get),
                "Discord knows the commands"
            );
            return Ok(());
        }
        if shared.until_answered(self.order()?, shutdown).await?.is_some() {
            let commands = self.commands.len();
            tracing::info!(
                server = self.guild.map(GuildId::get),
                commands,
                "commands registered with Discord"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
