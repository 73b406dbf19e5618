//! Which model, style and sampler are meant.

use anyhow::Context as _;
use inference::{ModelInfo, SchedulerName};

use super::{allowed, check_model};
use crate::commands::{Arguments, CommandError, OptionSpec, UserError, fuzzy};
use crate::limits::Limits;
use crate::prompts::{Style, Styles};
use crate::store::UserSettings;

/// What stands for no style, or for the usual one of everything.
pub(in crate::commands) const NONE: &str = "none";

/// The model of an option, of the person's settings, or the default one. Settings that are not possible (any more)
/// count as none: the person may be in a server that allows other models.
pub(in crate::commands) fn model<'m>(
    models: &'m [ModelInfo],
    limits: &Limits,
    asked: Option<(&'static OptionSpec, &str)>,
    settings: &UserSettings,
) -> Result<&'m ModelInfo, CommandError> {
    let named = |id: &str| models.iter().find(|model| fuzzy::is_same(&model.id, id));
    let usable = allowed(limits, models);
    if let Some((option, id)) = asked {
        let model = named(id).ok_or_else(|| UserError::UnknownChoice {
            option,
            value: id.to_owned(),
            known: usable.iter().map(|model| model.id.clone()).collect(),
        })?;
        check_model(limits, models, model)?;
        return Ok(model);
    }
    let own = settings.model.as_deref().and_then(named);
    let own = own.filter(|own| usable.iter().any(|model| model.id == own.id));
    if let Some(model) = own.or_else(|| usable.first().copied()) {
        return Ok(model);
    }
    let first = models.first().context("the engine has no model")?;
    Ok(check_model(limits, models, first).map(|()| first)?)
}

/// The style of an option or of the person's settings.
pub(in crate::commands) fn style<'s>(
    styles: &'s Styles,
    arguments: &Arguments,
    option: &'static OptionSpec,
    settings: &UserSettings,
) -> Result<Option<&'s Style>, UserError> {
    let Some(name) = arguments.get(option.name) else {
        return Ok(settings.style.as_deref().and_then(|name| styles.get(name)));
    };
    if fuzzy::is_same(name, NONE) {
        return Ok(None);
    }
    let found = styles
        .all()
        .iter()
        .find(|style| fuzzy::is_same(&style.name, name));
    found.map(Some).ok_or_else(|| UserError::UnknownChoice {
        option,
        value: name.to_owned(),
        known: styles.all().iter().map(|style| style.name.clone()).collect(),
    })
}

/// The sampler with this name.
pub(in crate::commands) fn sampler(
    option: &'static OptionSpec,
    name: &str,
) -> Result<&'static str, UserError> {
    name.parse::<SchedulerName>()
        .map(SchedulerName::name)
        .map_err(|_| {
            // Most of them also exist with "Karras" and the like behind their name, which would be a list of dozens.
            let known = SchedulerName::ALL
                .iter()
                .filter(|name| name.schedule_type().is_none())
                .map(|name| name.name().to_owned())
                .collect();
            UserError::UnknownChoice {
                option,
                value: name.to_owned(),
                known,
            }
        })
}
