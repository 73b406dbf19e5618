//! `/settings`: what somebody wants when they say nothing else.

use anyhow::Context as _;
use async_trait::async_trait;

use super::draw::{MODEL, SIZE, STYLE};
use super::drawing::{self, NONE, Size};
use super::{
    Access, Arguments, Choices, Command, CommandContext, CommandError, CommandSpec, OptionKind, OptionSpec,
    UserError, fuzzy,
};
use crate::chat::{CommandRequest, Reply};
use crate::i18n::Locale;
use crate::i18n::messages::{self, Setting};
use crate::store::UserSettings;

/// The command.
pub(super) struct Settings;

static SPEC: CommandSpec = CommandSpec {
    name: "settings",
    access: Access::EvenBlocked,
    asks: false,
    draws: false,
    is_private: true,
    positional: None,
    options: &[SIZE, MODEL, STYLE, LANGUAGE, PRIVATE, RESET],
};

pub(super) const LANGUAGE: OptionSpec =
    OptionSpec::new("language", OptionKind::Word, "ja").of(Choices::Usual(&["en", "ja", NONE]));
const PRIVATE: OptionSpec = super::draw::PRIVATE;
const RESET: OptionSpec = OptionSpec::new("reset", OptionKind::Flag, "yes");

#[async_trait]
impl Command for Settings {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let users = context.store.users();
        let old = users.settings(&request.user).await;
        let old = old.context("cannot read a person's settings")?;
        let is_reset = arguments.flag(RESET.name).unwrap_or_default();
        let begin = if is_reset {
            UserSettings::default()
        } else {
            old.clone()
        };
        let new = changed(begin, context, request, &arguments)?;
        // The answer is in the language that was just chosen.
        let language = new.language.as_deref().and_then(|language| language.parse().ok());
        let locale = language.unwrap_or(request.locale);
        let mut lines = Vec::new();
        if new != old {
            let kept = users.set_settings(&request.user, &new).await;
            kept.context("cannot keep a person's settings")?;
            lines.push(messages::settings_kept(locale));
        }
        lines.extend(shown(&new, locale));
        Ok(Some(Reply::private(lines.join("\n"))))
    }
}

/// The settings after the options. `none` takes one back.
///
/// # Errors
/// When the value of an option is not possible.
pub(super) fn changed(
    mut settings: UserSettings,
    context: &CommandContext,
    request: &CommandRequest,
    arguments: &Arguments,
) -> Result<UserSettings, CommandError> {
    let rules = context.rules.current();
    let given = |option: &OptionSpec| {
        arguments
            .get(option.name)
            .filter(|value| !fuzzy::is_same(value, NONE))
    };
    if let Some(value) = arguments.get(SIZE.name) {
        settings.size = given(&SIZE).map(str::to_owned);
        if settings.size.is_some() && Size::read(value).is_none() {
            return Err(UserError::BadValue {
                option: &SIZE,
                value: value.to_owned(),
            }
            .into());
        }
    }
    if arguments.get(MODEL.name).is_some() {
        let limits = rules.limits.of_request(request);
        let models = context.queue.models();
        let model = given(&MODEL).map(|id| drawing::model(&models, &limits, Some((&MODEL, id)), None));
        settings.model = model.transpose()?.map(|model| model.id.clone());
    }
    if arguments.get(STYLE.name).is_some() {
        let style = drawing::style(&rules.styles, arguments, &STYLE, None)?;
        settings.style = style.map(|style| style.name.clone());
    }
    if arguments.get(LANGUAGE.name).is_some() {
        let language = given(&LANGUAGE).map(|tag| {
            tag.parse::<Locale>().map_err(|_| UserError::UnknownChoice {
                option: &LANGUAGE,
                value: tag.to_owned(),
                known: Locale::ALL.iter().map(|locale| locale.tag().to_owned()).collect(),
            })
        });
        settings.language = language.transpose()?.map(|locale| locale.tag().to_owned());
    }
    if let Some(private) = arguments.flag(PRIVATE.name) {
        settings.private = Some(private);
    }
    Ok(settings)
}

fn shown(settings: &UserSettings, locale: Locale) -> Vec<String> {
    let yes_or_no = |flag| messages::yes_or_no(locale, flag);
    let language = settings.language.as_deref().and_then(|tag| tag.parse().ok());
    let lines = [
        (Setting::Size, settings.size.clone()),
        (Setting::Model, settings.model.clone()),
        (Setting::Style, settings.style.clone()),
        (Setting::Language, language.map(messages::language_name)),
        (Setting::Private, settings.private.map(yes_or_no)),
    ];
    lines
        .map(|(setting, value)| messages::settings_line(locale, setting, value.as_deref()))
        .into()
}
