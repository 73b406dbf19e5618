//! Adding a model to the models folder: from the hub, or from a folder.

use std::fs;
use std::path::{Path, PathBuf};

use inference::{LoadError, ModelSource};

use super::download;
use super::error::AddError;
use super::files::{is_text, needed};
use super::hub::{Hub, HubModel};
use super::id_of;
use super::staging::{Existing, Staging};
use crate::config::HubEnvironment;

/// The place of a model that is copied, where one from the hub has its commit.
const COPY: &str = "copy";

/// Where a model comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A folder of this machine. It is copied, so that the original may move.
    Folder(PathBuf),
    /// The hub.
    Hub(HubModel),
}

impl Origin {
    /// Reads the path of a folder, or else a name or an address on the hub.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str, hub: &HubEnvironment) -> Result<Self, AddError> {
        if Path::new(text).is_dir() {
            return Ok(Self::Folder(text.into()));
        }
        HubModel::parse(text, hub.endpoint.as_deref()).map(Self::Hub)
    }

    /// The id of the model when no other is given.
    pub fn default_id(&self) -> String {
        match self {
            Self::Folder(folder) => id_of(folder),
            Self::Hub(model) => model.name().to_owned(),
        }
    }
}

/// What to add, and where.
#[derive(Clone, Debug)]
pub struct AddRequest<'a> {
    /// Where it comes from.
    pub origin: &'a Origin,
    /// What it shall be called.
    pub id: &'a str,
    /// The models folder. It is made if it is not there.
    pub models_dir: &'a Path,
    /// What happens with a model of the same id.
    pub existing: Existing,
    /// Where the hub is.
    pub hub: &'a HubEnvironment,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct AddProgress<'a> {
    /// The file that comes now.
    pub file: &'a str,
    /// Bytes of all files that are there, also from an earlier attempt.
    pub received_bytes: u64,
    /// Bytes of all files.
    pub total_bytes: u64,
}

/// A model that was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// Its folder.
    pub folder: PathBuf,
    /// How many files it has.
    pub files: usize,
    /// Their size.
    pub bytes: u64,
    /// The commit on the hub.
    pub commit: Option<String>,
}

/// Puts a model into the models folder. It appears there when it is complete; an interrupted download goes on where
/// it ended.
///
/// # Errors
/// The model is no ONNX export or of a kind that cannot draw, the hub refuses or cannot be reached, or a file cannot
/// be written.
pub fn add(request: &AddRequest<'_>, progress: &mut dyn FnMut(AddProgress<'_>)) -> Result<Added, AddError> {
    check_id(request.id)?;
    match request.origin {
        Origin::Folder(folder) => copy(request, folder, progress),
        Origin::Hub(model) => download(request, model, progress),
    }
}

/// The id becomes the name of a folder, and people type it.
fn check_id(id: &str) -> Result<(), AddError> {
    let known = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if !id.is_empty() && id.len() <= 100 && !id.starts_with(['.', '-']) && id.chars().all(known) {
        Ok(())
    } else {
        Err(AddError::Id { id: id.to_owned() })
    }
}

fn download(
    request: &AddRequest<'_>,
    model: &HubModel,
    progress: &mut dyn FnMut(AddProgress<'_>),
) -> Result<Added, AddError> {
    super::staging::check_target(&request.models_dir.join(request.id), request.existing)?;
    let hub = Hub::new(request.hub);
    let listing = hub.list(model)?;
    let staging = Staging::begin(request.models_dir, request.id, &listing.commit, request.existing)?;
    let total_bytes = listing.files.iter().map(|file| file.bytes).sum();
    let mut before = 0;
    let mut checked = false;
    for file in &listing.files {
        if !checked && !is_text(&file.path) {
            // All settings are there now, and no network.
            check_family(request.id, staging.folder())?;
            checked = true;
        }
        let target = staging.file(&file.path)?;
        let mut hear = |bytes| {
            progress(AddProgress {
                file: &file.path,
                received_bytes: before + bytes,
                total_bytes,
            });
        };
        // A file gets its name when it was checked, so what has it is complete.
        if target.exists() {
            hear(file.bytes);
        } else {
            download::fetch(&hub, file, &target, &mut hear)?;
        }
        before += file.bytes;
    }
    Ok(Added {
        folder: staging.publish()?,
        files: listing.files.len(),
        bytes: total_bytes,
        commit: Some(listing.commit),
    })
}

fn copy(
    request: &AddRequest<'_>,
    folder: &Path,
    progress: &mut dyn FnMut(AddProgress<'_>),
) -> Result<Added, AddError> {
    let files = needed(&files_of(folder)?, &folder.display().to_string())?;
    check_family(request.id, folder)?;
    let staging = Staging::begin(request.models_dir, request.id, COPY, request.existing)?;
    // The folder may have changed since an earlier attempt.
    staging.clear()?;
    let mut sizes = Vec::new();
    for file in &files {
        let path = folder.join(file);
        sizes.push(fs::metadata(&path).map_err(AddError::io(&path))?.len());
    }
    let total_bytes = sizes.iter().sum();
    let mut received_bytes = 0;
    for (file, bytes) in files.iter().zip(sizes) {
        progress(AddProgress {
            file,
            received_bytes,
            total_bytes,
        });
        let path = folder.join(file);
        fs::copy(&path, staging.file(file)?).map_err(AddError::io(&path))?;
        received_bytes += bytes;
    }
    Ok(Added {
        folder: staging.publish()?,
        files: files.len(),
        bytes: total_bytes,
        commit: None,
    })
}

/// Refuses a kind of model that cannot draw, before gigabytes of it are loaded. What else is wrong with it can be put
/// right in its folder.
fn check_family(id: &str, folder: &Path) -> Result<(), AddError> {
    match inference::models::describe(id, &ModelSource::Folder(folder.to_owned())) {
        Err(error @ LoadError::UnknownClass { .. }) => Err(error.into()),
        _ => Ok(()),
    }
}

/// The files of a folder and of the folders in it, by their paths with `/`. The folders of a cache on this machine
/// have links instead of files.
fn files_of(folder: &Path) -> Result<Vec<String>, AddError> {
    let mut files = Vec::new();
    for (name, path) in entries(folder)? {
        if path.is_dir() {
            let inner = entries(&path)?.into_iter().filter(|(_, path)| path.is_file());
            files.extend(inner.map(|(file, _)| format!("{name}/{file}")));
        } else {
            files.push(name);
        }
    }
    Ok(files)
}

fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, AddError> {
    let entries = fs::read_dir(folder).map_err(AddError::io(folder))?;
    Ok(entries
        .flatten()
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .collect())
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::{AddRequest, Existing, HubEnvironment, Origin, add, fs};

    /// Adds a folder that has these files with these contents.
    fn check(id: &str, files: &[(&str, &str)]) -> String {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("export");
        for (path, content) in files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, content).expect("a file");
        }
        let hub = HubEnvironment::default();
        let origin = Origin::parse(&folder.to_string_lossy(), &hub).expect("a folder");
        let models_dir = dir.path().join("models");
        let request = AddRequest {
            origin: &origin,
            id,
            models_dir: &models_dir,
            existing: Existing::Keep,
            hub: &hub,
        };
        let text = match add(&request, &mut |_| ()) {
            Ok(added) => format!(
                "{} files, {} bytes in {}",
                added.files,
                added.bytes,
                added.folder.display()
            ),
            Err(error) => error.to_string(),
        };
        text.replace(&format!("{}/", dir.path().display()), "")
    }

    const INDEX: &str = r#"{"_class_name": "StableDiffusionPipeline"}"#;

    #[test]
    fn a_folder_is_copied_without_what_is_not_needed() {
        assert_snapshot!(check("sd", &[
            ("model_index.json", INDEX),
            ("text_encoder/model.onnx", "1"),
            ("unet/model.onnx", "22"),
            ("unet/model.onnx_data", "333"),
            ("unet/diffusion_pytorch_model.bin", "4444"),
            ("vae_decoder/model.onnx", "55555"),
        ]), @"5 files, 53 bytes in models/sd");
    }

    #[test]
    fn what_cannot_draw_is_refused() {
        let other_family = check(
            "sd",
            &[
                ("model_index.json", r#"{"_class_name": "AudioLDMPipeline"}"#),
                ("text_encoder/model.onnx", ""),
                ("unet/model.onnx", ""),
                ("vae_decoder/model.onnx", ""),
            ],
        );
        assert!(
            other_family.contains("names the class `AudioLDMPipeline`"),
            "{other_family}"
        );
        let no_export = check("sd", &[("unet/model.onnx", "")]);
        assert!(
            no_export.starts_with("export has no model_index.json"),
            "{no_export}"
        );
    }

    #[test]
    fn an_id_is_the_name_of_a_folder() {
        for id in ["", "..", ".x", "a/b", "a\\b", "a b", "--model"] {
            assert!(check(id, &[("x", "")]).contains("cannot be the id"), "{id}");
        }
        assert!(check("後藤-1.5_v", &[("x", "")]).contains("model_index.json"));
    }
}
