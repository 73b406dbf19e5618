//! The place where a model is put together before it gets its name.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::INDEX_FILE;
use super::error::AddError;

/// Below the models folder. It holds no `model_index.json` itself, so nobody takes it for a model.
const PARTIAL: &str = ".partial";
const LOCK: &str = "lock";
/// Where the model lies that is being replaced.
const REPLACED: &str = "replaced";

/// What happens with a model that has the id already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is added.
    Keep,
    /// It is removed when the new one is complete.
    Replace,
}

/// An unfinished model, in `models_dir/.partial/<id>/<version>/`. What is there stays there when the program is
/// killed, and the next attempt for the same version goes on with it.
#[derive(Debug)]
pub(super) struct Staging {
    /// `models_dir/<id>`
    target: PathBuf,
    /// `models_dir/.partial/<id>`
    root: PathBuf,
    /// Where the files of this version go.
    folder: PathBuf,
    /// Held as long as this lives; the operating system takes it back when the program is killed.
    lock: File,
}

impl Staging {
    /// Looks whether the id is free, and takes the place for this program alone. Other versions in it are removed.
    pub(super) fn begin(
        models_dir: &Path,
        id: &str,
        version: &str,
        existing: Existing,
    ) -> Result<Self, AddError> {
        let target = models_dir.join(id);
        check_target(&target, existing)?;
        let root = models_dir.join(PARTIAL).join(id);
        fs::create_dir_all(&root).map_err(AddError::io(&root))?;
        let lock = lock(&root, id)?;
        for entry in fs::read_dir(&root).map_err(AddError::io(&root))?.flatten() {
            if entry.file_name() != version && entry.file_name() != LOCK {
                fs::remove_dir_all(entry.path()).map_err(AddError::io(&entry.path()))?;
            }
        }
        let folder = root.join(version);
        fs::create_dir_all(&folder).map_err(AddError::io(&folder))?;
        Ok(Self {
            target,
            root,
            folder,
            lock,
        })
    }

    /// The folder of the unfinished model.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Forgets what an earlier attempt has left.
    pub(super) fn clear(&self) -> Result<(), AddError> {
        fs::remove_dir_all(&self.folder)
            .and_then(|()| fs::create_dir(&self.folder))
            .map_err(AddError::io(&self.folder))
    }

    /// Where a file goes. Its folder is made.
    pub(super) fn file(&self, path: &str) -> Result<PathBuf, AddError> {
        let file = self.folder.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(AddError::io(folder))?;
        }
        Ok(file)
    }

    /// Gives the complete model its name, and returns its folder.
    pub(super) fn publish(self) -> Result<PathBuf, AddError> {
        let Self {
            target,
            root,
            folder,
            lock,
        } = self;
        let replaced = root.join(REPLACED);
        let replaces = target.exists();
        if replaces {
            fs::rename(&target, &replaced).map_err(AddError::io(&target))?;
        }
        if let Err(error) = fs::rename(&folder, &target) {
            if replaces && let Err(error) = fs::rename(&replaced, &target) {
                tracing::error!(%error, folder = %replaced.display(), "the model that was to be replaced is here now");
            }
            return Err(AddError::io(&target)(error));
        }
        // Windows removes no open files.
        drop(lock);
        // The model is there; what is left over is no reason to say that it is not.
        if let Err(error) = clean(&root) {
            tracing::warn!(%error, folder = %root.display(), "cannot be removed");
        }
        Ok(target)
    }
}

/// Removes the empty folders, but not those of another model that is being added.
fn clean(root: &Path) -> io::Result<()> {
    fs::remove_dir_all(root)?;
    match root.parent().map(fs::remove_dir) {
        Some(Err(error)) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(error),
        _ => Ok(()),
    }
}

/// Looks whether a model may get this name.
pub(super) fn check_target(target: &Path, existing: Existing) -> Result<(), AddError> {
    let path = target.to_owned();
    match existing {
        _ if !target.exists() => Ok(()),
        Existing::Keep => Err(AddError::Exists { path }),
        Existing::Replace if !target.join(INDEX_FILE).is_file() => Err(AddError::Foreign { path }),
        Existing::Replace => Ok(()),
    }
}

fn lock(root: &Path, id: &str) -> Result<File, AddError> {
    let path = root.join(LOCK);
    let file = File::create(&path).map_err(AddError::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(AddError::Busy { id: id.to_owned() }),
        Err(fs::TryLockError::Error(error)) => Err(AddError::io(&path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Existing, Staging};
    use crate::models::error::AddError;

    fn begin(models_dir: &Path, version: &str, existing: Existing) -> Result<Staging, AddError> {
        Staging::begin(models_dir, "sd", version, existing)
    }

    fn write(staging: &Staging, path: &str, content: &str) {
        fs::write(staging.file(path).expect("a folder"), content).expect("a file");
    }

    #[test]
    fn a_model_appears_when_it_is_complete_and_nothing_else_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        let staging = begin(dir.path(), "1", Existing::Keep).expect("it is free");
        write(&staging, "unet/model.onnx", "network");
        assert!(!dir.path().join("sd").exists());
        let folder = staging.publish().expect("it is complete");
        assert_eq!(
            fs::read_to_string(folder.join("unet/model.onnx")).expect("text"),
            "network"
        );
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn the_same_version_goes_on_and_another_begins_anew() {
        let dir = tempfile::tempdir().expect("a folder");
        write(
            &begin(dir.path(), "1", Existing::Keep).expect("it is free"),
            "a",
            "half",
        );
        let again = begin(dir.path(), "1", Existing::Keep).expect("it is free");
        assert!(again.folder().join("a").exists());
        again.clear().expect("it can be removed");
        assert!(!again.folder().join("a").exists());
        drop(again);
        begin(dir.path(), "2", Existing::Keep).expect("it is free");
        assert!(!dir.path().join(".partial/sd/1").exists());
    }

    #[test]
    fn two_programs_do_not_mix() {
        let dir = tempfile::tempdir().expect("a folder");
        let first = begin(dir.path(), "1", Existing::Keep).expect("it is free");
        let second = begin(dir.path(), "1", Existing::Keep).expect_err("it is taken");
        insta::assert_snapshot!(second, @r#"another ekaki is adding "sd" now"#);
        drop(first);
        begin(dir.path(), "1", Existing::Keep).expect("it is free again");
    }

    #[test]
    fn what_is_there_is_replaced_only_on_demand_and_only_if_it_is_a_model() {
        let dir = tempfile::tempdir().expect("a folder");
        let target = dir.path().join("sd");
        fs::create_dir(&target).expect("a folder");
        assert!(matches!(
            begin(dir.path(), "1", Existing::Keep),
            Err(AddError::Exists { .. })
        ));
        assert!(matches!(
            begin(dir.path(), "1", Existing::Replace),
            Err(AddError::Foreign { .. })
        ));
        fs::write(target.join("model_index.json"), "old").expect("a file");
        let staging = begin(dir.path(), "1", Existing::Replace).expect("it is a model");
        write(&staging, "model_index.json", "new");
        assert_eq!(
            fs::read_to_string(target.join("model_index.json")).expect("text"),
            "old"
        );
        staging.publish().expect("it is complete");
        assert_eq!(
            fs::read_to_string(target.join("model_index.json")).expect("text"),
            "new"
        );
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1);
    }
}
