//! The files that are written.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use inference::images::{encode_jpeg, encode_png, encode_webp};
use inference::{GenerateOutput, RgbImage};

use crate::cli::terminal_picture::{Protocol, show};

/// What the eye does not tell from the original.
const JPEG_QUALITY: u8 = 95;

/// What a file is written as, told by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Png,
    WebP,
    Jpeg,
}

impl Format {
    fn of(path: &Path) -> anyhow::Result<Self> {
        let extension = path.extension().unwrap_or("png".as_ref());
        match extension.to_ascii_lowercase().to_str() {
            Some("png") => Ok(Self::Png),
            Some("webp") => Ok(Self::WebP),
            Some("jpg" | "jpeg") => Ok(Self::Jpeg),
            _ => anyhow::bail!("{} ends in none of .png, .webp and .jpg", path.display()),
        }
    }

    fn encode(self, image: &RgbImage, parameters: &str) -> anyhow::Result<Vec<u8>> {
        Ok(match self {
            Self::Png => encode_png(image, Some(parameters))?,
            Self::WebP => encode_webp(image, Some(parameters))?,
            Self::Jpeg => encode_jpeg(image, JPEG_QUALITY, Some(parameters))?,
        })
    }
}

/// The files for so many pictures, which can be written as far as that can be told before.
pub(super) fn numbered(path: PathBuf, count: u32) -> anyhow::Result<Vec<PathBuf>> {
    anyhow::ensure!(
        !path.is_dir(),
        "{} is a folder; -o takes the name of a file",
        path.display()
    );
    Format::of(&path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        anyhow::ensure!(folder.is_dir(), "the folder {} does not exist", folder.display());
    }
    if count == 1 {
        return Ok(vec![path]);
    }
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let extension = path
        .extension()
        .unwrap_or("png".as_ref())
        .to_string_lossy()
        .into_owned();
    Ok((1..=count)
        .map(|number| path.with_file_name(format!("{stem}-{number}.{extension}")))
        .collect())
}

/// Writes a picture with its recipe, and shows it where the terminal can.
pub(super) fn write(path: &Path, output: &GenerateOutput, protocol: Option<Protocol>) -> anyhow::Result<()> {
    let (image, parameters) = (&output.image, output.recipe.to_string());
    let file = Format::of(path)?.encode(image, &parameters)?;
    std::fs::write(path, &file).with_context(|| format!("cannot write {}", path.display()))?;
    match protocol {
        Some(protocol) => {
            let png = encode_png(image, None)?;
            show(&mut std::io::stdout().lock(), protocol, image, &png).context("cannot show the picture")
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::numbered;

    fn check(folder: &Path, path: &str, count: u32, expected: &str) {
        let prefix = format!("{}/", folder.display());
        let text = match numbered(folder.join(path), count) {
            Ok(files) => files
                .iter()
                .map(|file| file.display().to_string())
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => error.to_string(),
        };
        assert_eq!(text.replace(&prefix, ""), expected);
    }

    #[test]
    fn several_pictures_are_numbered_and_folders_have_to_exist() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::create_dir(folder.path().join("pictures")).expect("folder");
        check(folder.path(), "hitori.png", 1, "hitori.png");
        check(
            folder.path(),
            "pictures/後藤.x.png",
            2,
            "pictures/後藤.x-1.png pictures/後藤.x-2.png",
        );
        check(folder.path(), "name", 2, "name-1.png name-2.png");
        check(
            folder.path(),
            "nowhere/hitori.png",
            1,
            "the folder nowhere does not exist",
        );
        check(
            folder.path(),
            "pictures",
            1,
            "pictures is a folder; -o takes the name of a file",
        );
    }
}
