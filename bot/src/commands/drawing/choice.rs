//! Which model, style and sampler are meant.

use anyhow::Context as _;
use inference::{ModelInfo, SchedulerName};

use super::{allowed, check_model};
use crate::commands::{Arguments, CommandError, OptionSpec, UserError, fuzzy};
use crate::limits::Limits;
use crate::prompts::{Style, Styles};

/// What stands for no style, or for the usual one of everything.
pub(in crate::commands) const NONE: &str = "none";

/// The model of an option, the first of the `usual` ones that is possible, or the default one. The person may have chosen
/// one that this server does not allow, or that is not here any more.
pub(in crate::commands) fn model<'m, 'u>(
    models: &'m [ModelInfo],
    limits: &Limits,
    asked: Option<(&'static OptionSpec, &str)>,
    usual: impl IntoIterator<Item = &'u str>,
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
    let mut usual = usual.into_iter().filter_map(named);
    let usual = usual.find(|usual| usable.iter().any(|model| model.id == usual.id));
    if let Some(model) = usual.or_else(|| usable.first().copied()) {
        return Ok(model);
    }
    let first = models.first().context("the engine has no model")?;
    Ok(check_model(limits, models, first).map(|()| first)?)
}

/// The style of an option, or the first of the `usual` ones that is there.
pub(in crate::commands) fn style<'s, 'u>(
    styles: &'s Styles,
    arguments: &Arguments,
    option: &'static OptionSpec,
    usual: impl IntoIterator<Item = &'u str>,
) -> Result<Option<&'s Style>, UserError> {
    let Some(name) = arguments.get(option.name) else {
        return Ok(usual.into_iter().find_map(|name| styles.get(name)));
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
