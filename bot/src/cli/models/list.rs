//! `ekaki models list`

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use indicatif::BinaryBytes;
use inference::ModelSource;
use inference::models::describe;
use serde::Serialize;

use super::print;
use crate::config::InferenceConfig;
use crate::models::{self, NamedModel};

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// Print a JSON array instead of text
    #[arg(long)]
    pub(super) json: bool,
}

/// A model in the list. The names of the fields are part of the interface.
#[derive(Debug, Serialize)]
struct Listed {
    id: String,
    name: Option<String>,
    family: Option<String>,
    bytes: u64,
    /// Draws when a command names no model.
    default: bool,
    /// `null`: it is built into the program.
    folder: Option<PathBuf>,
    /// Why it cannot be used.
    error: Option<String>,
}

/// Prints the list.
pub(super) fn run(config: &InferenceConfig, args: &ListArgs) -> anyhow::Result<()> {
    let mut models = models::list(&config.models_dir);
    let default = models::resolve(&config.models_dir, &config.model).ok();
    let default_id = default.as_ref().map(|(id, _)| id.clone());
    // The default model need not lie in the models folder.
    if let Some((id, source)) = default
        && models.iter().all(|(known, _)| *known != id)
    {
        models.insert(0, (id, source));
    }
    let listed: Vec<Listed> = models
        .into_iter()
        .map(|model| {
            let is_default = Some(&model.0) == default_id.as_ref();
            Listed::new(model, is_default)
        })
        .collect();
    print(&text(&listed), &listed, args.json)
}

impl Listed {
    fn new((id, source): NamedModel, default: bool) -> Self {
        let bytes = models::bytes(&source);
        let (info, error) = match describe(&id, &source) {
            Ok(info) => (Some(info), None),
            Err(error) => (None, Some(error.to_string())),
        };
        Self {
            id,
            family: info.as_ref().map(|info| info.family.to_string()),
            name: info.map(|info| info.name),
            bytes,
            default,
            folder: match source {
                ModelSource::Folder(folder) => Some(folder),
                ModelSource::Embedded { .. } => None,
            },
            error,
        }
    }

    fn remark(&self) -> String {
        if let Some(error) = &self.error {
            return format!("cannot be used: {error}");
        }
        let name = self.name.as_deref().filter(|name| *name != self.id);
        let parts = [
            name,
            self.default.then_some("the default"),
            self.folder.is_none().then_some("built in"),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

fn text(models: &[Listed]) -> String {
    let width = |field: fn(&Listed) -> usize| models.iter().map(field).max().unwrap_or_default();
    let ids = width(|model| model.id.chars().count());
    let families = width(|model| model.family.as_ref().map_or(1, String::len));
    let mut text = String::new();
    for model in models {
        let family = model.family.as_deref().unwrap_or("-");
        let size = BinaryBytes(model.bytes).to_string();
        let line = format!(
            "{:ids$}  {family:families$}  {size:>10}  {}",
            model.id,
            model.remark()
        );
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Listed, text};

    #[test]
    fn the_list_is_a_table() {
        let model = |id: &str, error: Option<&str>| Listed {
            id: id.to_owned(),
            name: Some("Anime".to_owned()),
            family: error.is_none().then(|| "Stable Diffusion".to_owned()),
            bytes: 3 << 30,
            default: id == "sd15",
            folder: Some(id.into()),
            error: error.map(str::to_owned),
        };
        let models = [
            model("sd15", None),
            model("x", Some("the model file x is missing")),
            Listed {
                folder: None,
                bytes: 1000,
                ..model("avatar", None)
            },
        ];
        insta::assert_snapshot!(text(&models), @"
        sd15    Stable Diffusion    3.00 GiB  Anime, the default
        x       -                   3.00 GiB  cannot be used: the model file x is missing
        avatar  Stable Diffusion      1000 B  Anime, built in
        ");
    }
}
