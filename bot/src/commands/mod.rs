//! What people can ask for: one file for each command, and `COMMANDS`, the list of them.
//!
//! To add a command, write its file and a line in the list; its texts are `command-<name>` and `option-<name>` in
//! the locale files. The list also makes `/help` and what platforms show as menus.

mod admin;
mod again;
mod arguments;
mod cancel;
mod delete;
mod draw;
mod drawing;
mod edit;
mod error;
mod forgetme;
mod fuzzy;
mod gate;
mod help;
mod history;
mod models;
mod names;
mod old_jobs;
mod original;
mod parse;
mod ping;
mod queue;
mod quota;
mod recipe;
mod refusal;
mod settings;
mod show;
mod spec;
mod styles;
mod upscale;
mod vary;

use std::fmt;

use async_trait::async_trait;
use inference::SchedulerName;

pub(crate) use self::arguments::{Arguments, decimal, whole_number};
pub use self::draw::random_seed;
pub(crate) use self::error::{CommandError, UserError};
use self::names::KnownNames;
pub use self::spec::{Access, Choices, CommandSpec, OptionKind, OptionSpec};
use crate::chat::{CommandInput, CommandRequest, Outbox, Reply, UserId};
use crate::i18n::{Locale, messages};
use crate::queue::{Clock, JobQueue};
use crate::rules::LiveRules;
use crate::store::Store;

/// One command.
#[async_trait]
pub(crate) trait Command: Sync {
    /// What it looks like.
    fn spec(&self) -> &'static CommandSpec;

    /// Does it. `None` means that a job was accepted, whose end will be told.
    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError>;
}

/// Every command, in the order in which people read about them.
pub(crate) static COMMANDS: &[&dyn Command] = &[
    &draw::Draw,
    &again::Again,
    &vary::Vary,
    &upscale::Upscale,
    &edit::Edit,
    &recipe::Recipe,
    &show::Show,
    &original::Original,
    &history::History,
    &cancel::Cancel,
    &delete::Delete,
    &queue::Queue,
    &quota::Quota,
    &models::Models,
    &styles::Styles,
    &settings::Settings,
    &forgetme::ForgetMe,
    &ping::Ping,
    &help::Help,
    &admin::LimitShow,
    &admin::LimitSet,
    &admin::LimitReset,
    &admin::CHANNEL_ALLOW,
    &admin::CHANNEL_DENY,
    &admin::CHANNEL_RESET,
    &admin::CHANNEL_LIST,
    &admin::DefaultSet,
    &admin::DEFAULT_RESET,
    &admin::DEFAULT_SHOW,
    &admin::SafetySet,
    &admin::SAFETY_RESET,
    &admin::SAFETY_SHOW,
    &admin::BlockUser,
    &admin::UnblockUser,
    &admin::Blocks,
    &admin::WordsAdd,
    &admin::WordsRemove,
    &admin::WordsList,
    &admin::PAUSE,
    &admin::RESUME,
    &admin::DRAIN,
    &admin::QueueClear,
    &admin::StatsByDay,
    &admin::Reload,
    &admin::Audit,
];

/// What commands work with.
#[derive(Clone)]
pub struct CommandContext {
    /// Where jobs go.
    pub queue: JobQueue,
    /// The job log.
    pub store: Store,
    /// What people may ask for.
    pub rules: LiveRules,
    /// Where the time comes from.
    pub clock: Clock,
    /// Makes the seed of a picture for which none was given.
    pub random_seed: fn() -> u64,
    /// Where answers go, and what takes messages away.
    pub outbox: Outbox,
}

impl fmt::Debug for CommandContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandContext")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

/// Answers commands.
#[derive(Debug)]
pub struct Commands {
    context: CommandContext,
    names: KnownNames,
}

impl Commands {
    /// Answers with these means.
    pub fn new(context: CommandContext) -> Self {
        Self {
            context,
            names: KnownNames::default(),
        }
    }

    /// What the commands work with.
    pub fn context(&self) -> &CommandContext {
        &self.context
    }

    /// Answers one command. It returns when the answer is sent or the job is in the log; it does not wait for
    /// pictures, and errors become answers.
    pub async fn handle(&self, mut request: CommandRequest) {
        let platform = request.user.platform.clone();
        if let Err(error) = request.responder.acknowledge().await {
            tracing::debug!(%platform, %error, "command not acknowledged");
        }
        let chosen = self.chosen_locale(&request.user).await;
        let own = chosen.unwrap_or(request.locale);
        request.locale = self.public_locale(&request, chosen).unwrap_or(own);
        let reply = match self.answer(&request).await {
            Ok(None) => return,
            Ok(Some(reply)) => reply,
            Err(CommandError::User(error)) => Reply::refusal(error.text(own)),
            Err(CommandError::Internal(error)) => {
                tracing::error!(%platform, error = %format_args!("{error:#}"), "command failed");
                Reply::refusal(messages::internal_error(own))
            }
        };
        if let Err(error) = self.context.outbox.answer(&request, reply).await {
            tracing::warn!(%platform, %error, "answer not sent");
        }
    }

    /// Every command, in the order in which people read about them: what a platform registers.
    pub fn specs() -> impl Iterator<Item = &'static CommandSpec> {
        COMMANDS.iter().map(|command| command.spec())
    }

    /// Whether the answer to a command is for nobody else's eyes, as far as can be said at once, without the job log:
    /// so that a platform which has to know it before the answer can be told. It may turn out to be private later.
    pub fn is_private(&self, user: &UserId, input: &CommandInput) -> bool {
        let specs: Vec<&'static CommandSpec> = Self::specs().collect();
        parse::parse(input, &specs).is_ok_and(|call| {
            let as_usual = || self.context.store.users().is_private(user);
            let asked = call.arguments.flag(draw::PRIVATE.name);
            call.spec.is_private || call.spec.draws && asked.unwrap_or_else(as_usual)
        })
    }

    /// What somebody may be about to type for an option, the likeliest first, at most `limit`.
    pub async fn complete(
        &self,
        user: &UserId,
        option: &OptionSpec,
        typed: &str,
        limit: usize,
    ) -> Vec<String> {
        match option.choices {
            Choices::Any => Vec::new(),
            Choices::RecentPrompts => {
                let prompts = self.recent_prompts(user).await;
                fuzzy::complete(prompts.iter().map(String::as_str), typed, limit)
            }
            Choices::Of(known) | Choices::Usual(known) => {
                fuzzy::complete(known.iter().copied(), typed, limit)
            }
            Choices::Models => {
                let models = self.context.queue.models();
                fuzzy::complete(models.iter().map(|model| model.id.as_str()), typed, limit)
            }
            Choices::Styles => {
                let rules = self.context.rules.current();
                let names = rules.styles.all().iter().map(|style| style.name.as_str());
                fuzzy::complete(names, typed, limit)
            }
            Choices::Samplers => {
                let names = SchedulerName::ALL.iter().map(|name| name.name());
                fuzzy::complete(names, typed, limit)
            }
        }
    }

    async fn recent_prompts(&self, user: &UserId) -> Vec<String> {
        let prompts = self.context.store.users().recent_prompts(user).await;
        prompts.unwrap_or_else(|error| {
            tracing::warn!(%error, "a person's prompts cannot be read");
            Vec::new()
        })
    }

    /// The language in which somebody is answered: the one they chose, or the one that the platform knows.
    pub async fn locale_of(&self, user: &UserId, platform_says: Locale) -> Locale {
        self.chosen_locale(user).await.unwrap_or(platform_says)
    }

    async fn chosen_locale(&self, user: &UserId) -> Option<Locale> {
        match self.context.store.users().settings(user).await {
            Ok(settings) => settings.language?.parse().ok(),
            Err(error) => {
                tracing::warn!(%error, "a person's language cannot be read");
                None
            }
        }
    }

    /// The language of an answer that everybody in a server can read: the one that an admin has set for the place, the
    /// server's, or the one that the person has chosen. `None` when nobody else reads it or none of them is known.
    fn public_locale(&self, request: &CommandRequest, chosen: Option<Locale>) -> Option<Locale> {
        request.place.server.as_ref()?;
        if self.is_private(&request.user, &request.input) {
            return None;
        }
        let places = &self.context.rules.current().places;
        let set = places.defaults(&request.user.platform, &request.place).language;
        set.or(request.place.locale).or(chosen)
    }

    async fn answer(&self, request: &CommandRequest) -> Result<Option<Reply>, CommandError> {
        self.names.remember(&self.context.store, request).await;
        let specs: Vec<&'static CommandSpec> = Self::specs().collect();
        let call = parse::parse(&request.input, &specs)?;
        gate::check(&self.context, request, call.spec).await?;
        let command = COMMANDS
            .iter()
            .find(|command| std::ptr::eq(command.spec(), call.spec));
        let command = command.ok_or_else(|| anyhow::anyhow!("the command {} has no code", call.spec.name))?;
        command.run(&self.context, request, call.arguments).await
    }
}

#[cfg(test)]
mod tests;
