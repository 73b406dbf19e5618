//! What people do on Discord becomes a command of the bot.
//!
//! Everything here happens before the answer that has to come within three seconds, so nothing waits for the database or
//! for the network except that answer.

mod command;
mod complete;
mod copies;
mod kept;
mod menus;
mod payload;
mod surroundings;

use std::sync::Arc;

use anyhow::Context as _;
use serde::Deserialize as _;
use serde_json::Value;
use tokio_util::task::TaskTracker;

use self::command::Typed;
use self::kept::{KeptPicture, KeptSources, Source};
use self::menus::{Scene, Target};
use self::payload::{CommandData, ComponentData, File, Head, ModalData, Surroundings, kind, named};
use super::Shared;
use super::permissions::complaint;
use super::register::{self, Menu};
use super::responder::{DiscordResponder, Opening};
use crate::chat::{Attachment, ButtonId, CommandInput, CommandRequest, Form, Reply, Responder as _, UserId};
use crate::commands::{CommandSpec, Commands};
use crate::i18n::Locale;
use crate::i18n::messages::discord as texts;
use crate::store::JobId;

/// The command that a window asks the prompt of, when somebody has chosen a picture to begin with.
const DRAW: &str = "draw";
/// Its options.
const PROMPT: &str = "prompt";
const SOURCE: &str = "source";
/// The command that tells how a picture was made.
const RECIPE: &str = "recipe";
/// The option for the number of a job.
const JOB: &str = "job";

/// Takes what people do.
#[derive(Debug)]
pub(super) struct Receiver {
    shared: Arc<Shared>,
    commands: Arc<Commands>,
    kept: Arc<KeptSources>,
    tasks: TaskTracker,
}

/// One interaction.
struct Interaction {
    head: Head,
    surroundings: Surroundings,
    user: UserId,
    /// The language of the person.
    locale: Locale,
}

/// What somebody wants.
struct Given {
    input: CommandInput,
    attachments: Vec<Attachment>,
}

impl Receiver {
    /// Takes what people do, and gives it to `commands`, in tasks of their own.
    pub(super) fn new(shared: &Arc<Shared>, commands: Arc<Commands>, tasks: TaskTracker) -> Arc<Self> {
        Arc::new(Self {
            shared: Arc::clone(shared),
            commands,
            kept: Arc::default(),
            tasks,
        })
    }

    /// Takes one interaction, as Discord has sent it, and returns at once.
    pub(super) fn take(self: &Arc<Self>, payload: Value) {
        let receiver = Arc::clone(self);
        self.tasks.spawn(async move { receiver.handle(&payload).await });
    }

    async fn handle(&self, payload: &Value) {
        let head = match Head::deserialize(payload) {
            Ok(head) => head,
            Err(error) => {
                tracing::warn!(%error, "an interaction of Discord cannot even be answered");
                return;
            }
        };
        let (id, kind) = (head.id, head.kind);
        let interaction = match self.interaction(head, payload) {
            Ok(interaction) => interaction,
            Err(error) => {
                tracing::warn!(interaction = %id, kind, %error, "an interaction of Discord is not understood");
                return;
            }
        };
        let data = payload.get("data").unwrap_or(&Value::Null);
        if let Err(error) = self.sort(&interaction, data).await {
            tracing::warn!(interaction = %id, kind, error = %format_args!("{error:#}"), "an interaction of Discord is not understood");
            if kind != kind::AUTOCOMPLETE {
                self.say(&interaction, texts::not_understood(interaction.locale))
                    .await;
            }
        }
    }

    fn interaction(&self, head: Head, payload: &Value) -> anyhow::Result<Interaction> {
        let surroundings = Surroundings::deserialize(payload)?;
        Ok(Interaction {
            head,
            user: surroundings.user().context("it is nobody's")?,
            locale: surroundings.locale(self.shared.deps.default_locale.get()),
            surroundings,
        })
    }

    async fn sort(&self, interaction: &Interaction, data: &Value) -> anyhow::Result<()> {
        match interaction.head.kind {
            kind::COMMAND => {
                let data = CommandData::deserialize(data)?;
                self.forget_registration(interaction, &data);
                match Menu::of(data.kind, &data.name) {
                    Some(menu) => self.menu(interaction, menu, &data).await,
                    None => {
                        let typed = Typed::new(&data);
                        let files = typed.files(data.resolved.as_ref());
                        let given = Given {
                            input: typed.input(),
                            attachments: self.attachments(files),
                        };
                        self.give(interaction, given).await;
                    }
                }
            }
            kind::AUTOCOMPLETE => {
                let data = CommandData::deserialize(data)?;
                self.suggest(&interaction.head, &interaction.user, &Typed::new(&data))
                    .await;
            }
            kind::COMPONENT => {
                let ComponentData { custom_id } = ComponentData::deserialize(data)?;
                let input = CommandInput::Button(custom_id.clone());
                self.give(interaction, Given::alone(input)).await;
                self.remove_copy(interaction, &custom_id).await;
            }
            kind::MODAL => {
                let data = ModalData::deserialize(data)?;
                match self.filled_in(interaction, &data)? {
                    Some(given) => self.give(interaction, given).await,
                    None => {
                        self.say(interaction, texts::picture_forgotten(interaction.locale))
                            .await
                    }
                }
            }
            other => anyhow::bail!("there is no kind {other}"),
        }
        Ok(())
    }

    fn attachments(&self, files: Vec<&File>) -> Vec<Attachment> {
        let files = files.into_iter();
        files.map(|file| file.attachment(&self.shared)).collect()
    }

    /// A command that an earlier run has registered in one server only is taken back: by now it is everywhere.
    fn forget_registration(&self, interaction: &Interaction, data: &CommandData) {
        if let Some(guild) = data.guild_id
            && !self.shared.settings.guilds.contains(&guild.get())
        {
            let (shared, application) = (Arc::clone(&self.shared), interaction.head.application_id);
            self.tasks.spawn(async move {
                register::take_back(&shared, application, guild).await;
            });
        }
    }

    /// A command in the menu of a message or a person.
    async fn menu(&self, interaction: &Interaction, menu: Menu, data: &CommandData) {
        let scene = Scene {
            application: interaction.head.application_id,
            guild: interaction.surroundings.guild_id,
            cdn_url: &self.shared.settings.cdn_url,
        };
        let target = scene.target(menu, data);
        match (menu, target) {
            (_, Target::Nothing) => {
                self.say(interaction, texts::no_picture_there(interaction.locale))
                    .await
            }
            (Menu::ShowRecipe, Target::Job(job)) => {
                let input = options(RECIPE, [(JOB, job.to_string())]);
                self.give(interaction, Given::alone(input)).await;
            }
            (Menu::ShowRecipe, Target::Picture(file)) => {
                let given = Given {
                    input: options(RECIPE, []),
                    attachments: self.attachments(vec![&file]),
                };
                self.give(interaction, given).await;
            }
            (Menu::UseAsSource | Menu::DrawAvatar, Target::Job(job)) => {
                self.ask_for_prompt(interaction, Source::Job(job)).await;
            }
            (Menu::UseAsSource | Menu::DrawAvatar, Target::Picture(file)) => {
                let picture = KeptPicture::new(&file.filename);
                let attachment = file.attachment(&self.shared);
                let (kept, fetched) = (Arc::clone(&self.kept), Arc::clone(&picture));
                self.tasks
                    .spawn(async move { kept.fetch(&attachment, &fetched).await });
                self.ask_for_prompt(interaction, Source::Picture(picture)).await;
            }
        }
    }

    /// Opens a window for the prompt, and keeps what the drawing is to begin with.
    async fn ask_for_prompt(&self, interaction: &Interaction, source: Source) {
        let key = interaction.head.id.get().cast_signed();
        self.kept.keep(key, &interaction.user, source);
        let form = Form {
            command: DRAW,
            job: JobId(key),
            field: PROMPT,
            label: texts::prompt_label(interaction.locale),
            value: String::new(),
            is_private: false,
        };
        let window = Reply {
            form: Some(form),
            ..Reply::private(texts::prompt_label(interaction.locale))
        };
        self.answer_at_once(interaction, window).await;
    }

    /// A window that was filled in, as a command. `None` when the picture is forgotten that it was about.
    ///
    /// # Errors
    /// When it is no window of the bot.
    fn filled_in(&self, interaction: &Interaction, data: &ModalData) -> anyhow::Result<Option<Given>> {
        let id: ButtonId = data.custom_id.parse()?;
        let fields = named(&data.components)
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?.to_owned())));
        if id.action != DRAW {
            let job = (JOB, id.job.to_string());
            return Ok(Some(Given::alone(options(
                &id.action,
                [job].into_iter().chain(fields),
            ))));
        }
        let source = self.kept.get(id.job.0, &interaction.user);
        Ok(source.map(|source| match source {
            Source::Job(job) => Given::alone(options(DRAW, fields.chain([(SOURCE, job.to_string())]))),
            Source::Picture(picture) => Given {
                input: options(DRAW, fields),
                attachments: vec![picture.attachment()],
            },
        }))
    }

    /// Gives a command to the bot.
    async fn give(&self, interaction: &Interaction, given: Given) {
        let Given {
            mut input,
            attachments,
        } = given;
        let Interaction {
            head,
            surroundings,
            user,
            locale,
        } = interaction;
        let Some(address) = surroundings.address(head, *locale) else {
            return;
        };
        let opening = self.opening(user, &input);
        if opening != (Opening::Thinking { is_private: true })
            && let Some(reply) = complaint(&address, surroundings.spot())
        {
            self.answer_at_once(interaction, reply).await;
            return;
        }
        let responder = Arc::new(DiscordResponder::new(&self.shared, address, opening));
        if let CommandInput::Options { name, options } = &mut input
            && let Some(spec) = spec_of_name(name)
            && complete::may_be_cut(spec, options)
        {
            if let Err(error) = responder.acknowledge().await {
                tracing::debug!(%error, "command not acknowledged");
            }
            self.make_whole(user, spec, options).await;
        }
        let request = CommandRequest {
            user: user.clone(),
            standing: surroundings.standing(),
            place: surroundings.place(),
            locale: *locale,
            input,
            attachments,
            key: Some(head.id.to_string()),
            responder,
        };
        self.commands.handle(request).await;
    }

    /// How the first answer to a command is given.
    fn opening(&self, user: &UserId, input: &CommandInput) -> Opening {
        let (spec, given): (_, &[(String, String)]) = match input {
            CommandInput::Text(_) => (None, &[]),
            CommandInput::Button(text) => {
                let button: Option<ButtonId> = text.parse().ok();
                (button.and_then(|button| spec_of_name(&button.action)), &[])
            }
            CommandInput::Options { name, options } => (spec_of_name(name), options),
        };
        let is_answer = |(name, _): &(String, String)| {
            let positional = spec.and_then(|spec| spec.positional);
            positional.is_some_and(|positional| positional.is_named(name))
        };
        match spec {
            Some(spec) if spec.asks && !given.iter().any(is_answer) => Opening::Asking,
            Some(_) => Opening::Thinking {
                is_private: self.commands.is_private(user, input),
            },
            // That it is not known is for nobody else.
            None => Opening::Thinking { is_private: true },
        }
    }

    /// Says something to the person alone, as the whole answer.
    async fn say(&self, interaction: &Interaction, text: String) {
        self.answer_at_once(interaction, Reply::private(text)).await;
    }

    async fn answer_at_once(&self, interaction: &Interaction, reply: Reply) {
        let Interaction {
            head,
            surroundings,
            locale,
            ..
        } = interaction;
        let Some(address) = surroundings.address(head, *locale) else {
            return;
        };
        let responder = DiscordResponder::new(&self.shared, address, Opening::Asking);
        if let Err(error) = responder.answer(&reply).await {
            tracing::warn!(%error, "answer not sent");
        }
    }
}

impl Given {
    fn alone(input: CommandInput) -> Self {
        Self {
            input,
            attachments: Vec::new(),
        }
    }
}

fn options<'o>(name: &str, options: impl IntoIterator<Item = (&'o str, String)>) -> CommandInput {
    let options = options.into_iter();
    CommandInput::Options {
        name: name.to_owned(),
        options: options.map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

/// The command with this name.
fn spec_of_name(name: &str) -> Option<&'static CommandSpec> {
    Commands::specs().find(|spec| spec.name == name)
}

#[cfg(test)]
mod tests;
