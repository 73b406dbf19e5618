//! Which models there are: folders, and one that is built into the program; and adding more of them.

mod add;
mod checksum;
mod download;
mod error;
mod files;
mod hub;
mod staging;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::path::{MAIN_SEPARATOR, Path};

use inference::ModelSource;
use rust_embed::RustEmbed;

pub use self::add::{AddProgress, AddRequest, Added, Origin, add};
pub use self::error::AddError;
pub use self::hub::HubModel;
pub use self::staging::Existing;
use crate::config::InferenceConfig;

/// The id of the model that is built in.
const EMBEDDED_ID: &str = "avatar";
/// The file that makes a folder a model.
const INDEX_FILE: &str = "model_index.json";

/// The files of the built-in model, without what made it.
#[derive(RustEmbed)]
#[folder = "../onnx/avatar"]
#[include = "*.json"]
#[include = "*/model.onnx"]
#[exclude = "train/*"]
struct Embedded;

/// A model by its id.
pub type NamedModel = (String, ModelSource);

/// No model has this name.
#[derive(Debug, thiserror::Error)]
#[error("there is no model \"{name}\": neither a folder of this path nor one of the models {}", known.join(", "))]
pub struct UnknownModel {
    name: String,
    known: Vec<String>,
}

/// The model that a person names by its id or by the path of its folder.
///
/// # Errors
/// Lists the models there are.
pub fn resolve(models_dir: &Path, name: &str) -> Result<NamedModel, UnknownModel> {
    let is_id = !name.contains(['/', MAIN_SEPARATOR]) && name != "." && name != "..";
    let listed = models_dir.join(name);
    if is_id && listed.is_dir() {
        return Ok((name.to_owned(), ModelSource::Folder(listed)));
    }
    if name == EMBEDDED_ID {
        return Ok((name.to_owned(), embedded()));
    }
    let folder = Path::new(name);
    if folder.is_dir() {
        return Ok((id_of(folder), ModelSource::Folder(folder.to_owned())));
    }
    Err(UnknownModel {
        name: name.to_owned(),
        known: ids(models_dir),
    })
}

/// The default model, and after it every other one in the models folder.
///
/// # Errors
/// When the default model does not exist.
pub fn all(config: &InferenceConfig) -> Result<Vec<NamedModel>, UnknownModel> {
    let mut models = vec![resolve(&config.models_dir, &config.model)?];
    for id in ids(&config.models_dir) {
        if models.iter().all(|(known, _)| *known != id) {
            models.push(resolve(&config.models_dir, &id)?);
        }
    }
    Ok(models)
}

/// Every model in the models folder and the built-in one, also those that cannot be used.
pub fn list(models_dir: &Path) -> Vec<NamedModel> {
    ids(models_dir)
        .into_iter()
        .filter_map(|id| resolve(models_dir, &id).ok())
        .collect()
}

/// How many bytes the files of a model have together.
pub fn bytes(source: &ModelSource) -> u64 {
    match source {
        ModelSource::Folder(folder) => bytes_below(folder),
        ModelSource::Embedded { files, .. } => files.values().map(|content| content.len() as u64).sum(),
    }
}

fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

/// The ids of the built-in model and of those in the models folder, sorted.
fn ids(models_dir: &Path) -> Vec<String> {
    let mut ids: Vec<String> = fs::read_dir(models_dir)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join(INDEX_FILE).is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .chain([EMBEDDED_ID.to_owned()])
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// What a folder's model is called. `.` and `/` have no name of their own.
fn id_of(folder: &Path) -> String {
    let absolute = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    absolute
        .file_name()
        .map_or_else(|| "model".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn embedded() -> ModelSource {
    let files: HashMap<String, Cow<'static, [u8]>> = Embedded::iter()
        .filter_map(|path| Some((path.to_string(), Embedded::get(&path)?.data)))
        .collect();
    ModelSource::Embedded {
        name: EMBEDDED_ID.to_owned(),
        files,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use inference::ModelSource;
    use inference::prompt::PromptSyntax;

    use super::{all, embedded, resolve};
    use crate::config::InferenceConfig;

    fn models_dir(ids: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("folder");
        for id in ids {
            fs::create_dir(dir.path().join(id)).expect("folder");
            fs::write(dir.path().join(id).join("model_index.json"), "{}").expect("file");
        }
        fs::create_dir(dir.path().join("tools")).expect("folder");
        dir
    }

    #[test]
    fn the_built_in_model_is_complete_and_has_nothing_else() {
        let ModelSource::Embedded { files, .. } = embedded() else {
            panic!("it is built in")
        };
        for file in [
            "model_index.json",
            "ekaki.json",
            "unet/model.onnx",
            "tokenizer/tokenizer.json",
        ] {
            assert!(files.contains_key(file), "{file} is missing");
        }
        assert!(files.keys().all(|file| !file.starts_with("train/")));
    }

    #[test]
    fn a_folder_comes_before_the_built_in_model() {
        let empty = models_dir(&[]);
        let full = models_dir(&["avatar"]);
        assert!(matches!(
            resolve(empty.path(), "avatar"),
            Ok((_, ModelSource::Embedded { .. }))
        ));
        assert!(matches!(
            resolve(full.path(), "avatar"),
            Ok((_, ModelSource::Folder(_)))
        ));
    }

    #[test]
    fn a_path_names_its_last_folder() {
        let dir = models_dir(&["anime"]);
        let path = dir.path().join("anime").join(".");
        let (id, _) = resolve("nowhere".as_ref(), &path.to_string_lossy()).expect("the folder exists");
        assert_eq!(id, "anime");
    }

    #[test]
    fn an_unknown_name_lists_the_models() {
        let dir = models_dir(&["sd15", "anime"]);
        let error = resolve(dir.path(), "sd16")
            .expect_err("there is none")
            .to_string();
        insta::assert_snapshot!(error, @r#"there is no model "sd16": neither a folder of this path nor one of the models anime, avatar, sd15"#);
    }

    #[test]
    fn the_default_model_is_first() {
        let dir = models_dir(&["sd15", "anime"]);
        let config = InferenceConfig {
            models_dir: dir.path().to_owned(),
            model: "sd15".to_owned(),
            threads: 0,
            max_batch_rows: 8,
            memory_budget_mib: None,
            noise: None,
            prompt_syntax: PromptSyntax::default(),
        };
        let ids: Vec<String> = all(&config)
            .expect("they exist")
            .into_iter()
            .map(|(id, _)| id)
            .collect();
        assert_eq!(ids, ["sd15", "anime", "avatar"]);
    }
}
