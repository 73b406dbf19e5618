//! Drawn pictures become files, unless the safety checker has doubts and the place of the job does not allow it.

use anyhow::Context as _;
use image::imageops::{FilterType, resize};
use inference::images::encode_png;
use inference::{GenerateOutput, RgbImage, Snapshot};

use super::filmstrip;
use crate::safety::SafetyAction;
use crate::store::{Ending, FileFormat, Filmstrip, ImageKind, ImageRow, JobRow, Store};

/// How many pixels of a side become one before a picture is made large again, blurred.
const BLUR: u32 = 24;

/// Writes every picture of a job, and behind them how they came to be.
pub(super) async fn save(
    store: &Store,
    job: &JobRow,
    outputs: Vec<GenerateOutput>,
) -> anyhow::Result<Ending> {
    let prompt_truncated = outputs.iter().any(|output| output.truncated_prompt);
    let count = u32::try_from(outputs.len())?;
    let (mut images, mut strips, mut withheld) = (Vec::new(), Vec::new(), 0);
    for (index, output) in (0..).zip(outputs) {
        let drawn = Drawn::new(index, output, job);
        if drawn.action == SafetyAction::Block {
            withheld += 1;
            continue;
        }
        // Nothing of what a blurred picture hides is shown.
        if let Some(kind) = job.draw.filmstrip
            && drawn.action != SafetyAction::Blur
            && let Some(file) = drawn.filmstrip(kind, count).await?
        {
            strips.push(file.save(store).await?);
        }
        images.push(drawn.picture().await?.save(store).await?);
    }
    if withheld > 0 {
        tracing::info!(job = %job.id, withheld, "pictures withheld");
    }
    images.extend(strips);
    Ok(Ending::Done {
        images,
        withheld,
        prompt_truncated,
    })
}

/// A picture and what is done with it.
struct Drawn {
    index: u32,
    image: RgbImage,
    snapshots: Vec<Snapshot>,
    seed: u64,
    parameters: String,
    action: SafetyAction,
    /// How many times wider and higher it is to be.
    enlarge: Option<f32>,
}

impl Drawn {
    fn new(index: u32, output: GenerateOutput, job: &JobRow) -> Self {
        let is_doubtful = output.safety.is_some_and(|verdict| verdict.flagged);
        let mut recipe = output.recipe;
        let enlarge = job.draw.enlarge;
        recipe.other.extend(enlarge.into_iter().flat_map(enlargement));
        Self {
            index,
            image: output.image,
            snapshots: output.snapshots,
            seed: recipe.seed,
            parameters: recipe.to_string(),
            enlarge,
            action: if is_doubtful {
                job.safety
            } else {
                SafetyAction::Allow
            },
        }
    }

    /// How it came to be. Its index is behind those of `count` pictures.
    async fn filmstrip(&self, kind: Filmstrip, count: u32) -> anyhow::Result<Option<Unsaved>> {
        let snapshots = self.snapshots.clone();
        let made = tokio::task::spawn_blocking(move || filmstrip::encode(kind, &snapshots)).await??;
        Ok(made.map(|made| Unsaved {
            file: made.file,
            row: ImageRow {
                index: count + self.index,
                width: made.width,
                height: made.height,
                seed: self.seed,
                kind: match kind {
                    Filmstrip::Strip => ImageKind::Strip,
                    Filmstrip::Webp => ImageKind::Animation,
                },
                safety: self.action,
                ..ImageRow::default()
            },
        }))
    }

    /// The picture itself, with its recipe in the file.
    async fn picture(self) -> anyhow::Result<Unsaved> {
        let (image, parameters, action) = (self.image, self.parameters.clone(), self.action);
        let encoding = tokio::task::spawn_blocking(move || {
            let image = match self.enlarge {
                Some(scale) => enlarged(&image, scale),
                None => image,
            };
            let (width, height) = image.dimensions();
            let encoded = match action {
                SafetyAction::Blur => encode_png(&blurred(&image), Some(&parameters)),
                _ => encode_png(&image, Some(&parameters)),
            };
            encoded.map(|file| (file, width, height))
        });
        let (file, width, height) = encoding.await??;
        Ok(Unsaved {
            file,
            row: ImageRow {
                index: self.index,
                width,
                height,
                seed: self.seed,
                kind: ImageKind::Picture,
                safety: self.action,
                parameters: Some(self.parameters),
                ..ImageRow::default()
            },
        })
    }
}

/// A file and the row for it, which lacks what only the file can tell.
struct Unsaved {
    file: Vec<u8>,
    row: ImageRow,
}

impl Unsaved {
    async fn save(self, store: &Store) -> anyhow::Result<ImageRow> {
        let format = FileFormat::from(self.row.kind);
        let stored = store
            .images()
            .save_bytes(self.file, format)
            .await
            .context("cannot write a picture")?;
        Ok(ImageRow {
            hash: stored.hash,
            bytes: stored.bytes,
            ..self.row
        })
    }
}

/// The keys that the web UI writes when it enlarges a finished picture.
fn enlargement(scale: f32) -> [(String, String); 2] {
    [
        ("Postprocess upscale by".to_owned(), scale.to_string()),
        ("Postprocess upscaler".to_owned(), "Lanczos".to_owned()),
    ]
}

/// A picture with more pixels and nothing new in it.
fn enlarged(image: &RgbImage, scale: f32) -> RgbImage {
    let (width, height) = image.dimensions();
    resize(
        image,
        scaled(width, scale),
        scaled(height, scale),
        FilterType::Lanczos3,
    )
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a side that is no number becomes 1, and the limits bound it"
)]
fn scaled(side: u32, scale: f32) -> u32 {
    ((f64::from(side) * f64::from(scale)).round() as u32).max(1)
}

/// The colours of a picture, but nothing that can be recognised.
fn blurred(image: &RgbImage) -> RgbImage {
    let (width, height) = image.dimensions();
    let small = resize(
        image,
        (width / BLUR).max(1),
        (height / BLUR).max(1),
        FilterType::Triangle,
    );
    resize(&small, width, height, FilterType::Triangle)
}

#[cfg(test)]
mod tests {
    use super::{RgbImage, blurred, enlarged};

    #[test]
    fn an_enlarged_picture_is_the_same_one() {
        let image = RgbImage::from_fn(16, 24, |x, y| image::Rgb([(x * 9) as u8, (y * 7) as u8, 50]));
        for (scale, size) in [(1.0, (16, 24)), (2.0, (32, 48)), (1.31, (21, 31))] {
            let large = enlarged(&image, scale);
            assert_eq!(large.dimensions(), size);
            let middle = large.get_pixel(size.0 / 2, size.1 / 2).0;
            let expected = image.get_pixel(8, 12).0;
            let near = middle
                .iter()
                .zip(expected)
                .all(|(new, old)| new.abs_diff(old) <= 8);
            assert!(near, "{scale}: {middle:?} {expected:?}");
        }
    }

    #[test]
    fn a_blurred_picture_has_no_edges() {
        let striped =
            |width, height| RgbImage::from_fn(width, height, |x, _| image::Rgb([(x / 4 % 2) as u8 * 255; 3]));
        for (width, height) in [(128, 192), (64, 64), (8, 8)] {
            let blurred = blurred(&striped(width, height));
            assert_eq!(blurred.dimensions(), (width, height));
            let neighbours = blurred.rows().flat_map(|row| {
                let row: Vec<u8> = row.map(|pixel| pixel.0[0]).collect();
                row.windows(2)
                    .map(|pair| pair[0].abs_diff(pair[1]))
                    .collect::<Vec<_>>()
            });
            let largest = neighbours.max().unwrap_or_default();
            assert!(largest < 16, "{largest} of 255");
        }
    }
}
