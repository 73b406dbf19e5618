//! In which messages the pictures of an answer go.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::super::api::FilePart;
use super::text::{Rich, Style};
use crate::chat::{ImageContent, Reply, ReplyImage};
use crate::i18n::Locale;
use crate::i18n::messages::telegram as messages;
use crate::store::JobId;

/// Largest photo, in bytes.
const MAX_PHOTO_BYTES: u64 = 10_000_000;
/// Most pixels of the two sides of a photo together.
const MAX_PHOTO_SIDES: u32 = 10_000;
/// How many times longer the long side of a photo may be.
const MAX_PHOTO_RATIO: u32 = 20;
/// Most pictures in one album.
const MAX_ALBUM: usize = 10;

/// How Telegram shows a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::adapters::telegram) enum Kind {
    /// To look at; Telegram makes a smaller file of it.
    Photo,
    /// As a file, byte for byte.
    Document,
}

impl Kind {
    /// Telegram's word for it.
    pub(in crate::adapters::telegram) const fn name(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Document => "document",
        }
    }

    /// The method that sends one.
    pub(in crate::adapters::telegram) const fn method(self) -> &'static str {
        match self {
            Self::Photo => "sendPhoto",
            Self::Document => "sendDocument",
        }
    }

    /// What people see while it is on its way.
    pub(in crate::adapters::telegram) const fn action(self) -> &'static str {
        match self {
            Self::Photo => "upload_photo",
            Self::Document => "upload_document",
        }
    }
}

/// Pictures that go in one message or one album.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::adapters::telegram) struct Part {
    /// As what.
    pub(in crate::adapters::telegram) kind: Kind,
    /// One to ten.
    pub(in crate::adapters::telegram) images: Vec<ReplyImage>,
}

/// In which messages the pictures of an answer go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::adapters::telegram) struct Plan {
    /// The picture in the message with the text and the buttons. Albums have no buttons, so several pictures come apart
    /// from it.
    pub(in crate::adapters::telegram) main: Option<(Kind, ReplyImage)>,
    /// What comes before it.
    pub(in crate::adapters::telegram) parts: Vec<Part>,
    /// How many pictures come as files because they cannot be photos.
    pub(in crate::adapters::telegram) too_large: u32,
    /// How many pictures do not come, because they have to be covered and a file cannot be.
    pub(in crate::adapters::telegram) uncovered: u32,
}

impl Plan {
    /// The messages of an answer. `with_originals` adds the files of its photos, except of those that are covered.
    pub(in crate::adapters::telegram) fn of(reply: &Reply, with_originals: bool) -> Self {
        let (photos, files): (Vec<_>, Vec<_>) = reply
            .images
            .iter()
            .cloned()
            .partition(|image| !reply.as_files && can_be_photo(image));
        // Who asks for a file wants to see it.
        let (uncovered, files): (Vec<_>, Vec<_>) = files
            .into_iter()
            .partition(|image| !reply.as_files && image.is_spoiler);
        let too_large = files
            .iter()
            .filter(|image| !reply.as_files && is_still(image))
            .count();
        let originals = photos.iter().filter(|image| with_originals && !image.is_spoiler);
        let originals: Vec<_> = originals.cloned().collect();
        let mut plan = Self {
            too_large: u32::try_from(too_large).unwrap_or(u32::MAX),
            uncovered: u32::try_from(uncovered.len()).unwrap_or(u32::MAX),
            ..Self::default()
        };
        let files = match (photos.as_slice(), files.as_slice()) {
            ([photo], _) => {
                plan.main = Some((Kind::Photo, photo.clone()));
                files
            }
            ([], [file]) => {
                plan.main = Some((Kind::Document, file.clone()));
                Vec::new()
            }
            _ => {
                plan.add(Kind::Photo, &photos);
                files
            }
        };
        plan.add(Kind::Document, &files);
        plan.add(Kind::Document, &originals);
        plan
    }

    fn add(&mut self, kind: Kind, images: &[ReplyImage]) {
        self.parts.extend(images.chunks(MAX_ALBUM).map(|images| Part {
            kind,
            images: images.to_vec(),
        }));
    }

    /// The text of the answer with what there is to say about pictures that come otherwise than expected, or not at all.
    pub(in crate::adapters::telegram) fn explained(
        &self,
        mut text: Rich,
        locale: Locale,
        job: Option<JobId>,
    ) -> Rich {
        if self.too_large > 0 {
            let files = messages::as_files(locale, self.too_large);
            text.add(Style::Plain, &format!("\n{files}"));
        }
        let Some(job) = job.filter(|_| self.uncovered > 0) else {
            return text;
        };
        let not_taken = messages::not_taken(locale, job);
        if self.main.is_none() && self.parts.is_empty() {
            return Rich::plain(&not_taken);
        }
        text.add(Style::Plain, &format!("\n{not_taken}"));
        text
    }

    /// The same with everything as files: Telegram did not take a photo. `None` when everything is one already, or a photo
    /// has to be covered.
    pub(in crate::adapters::telegram) fn as_files(&self) -> Option<Self> {
        let images = self.parts.iter().flat_map(|part| &part.images);
        let mut images = images.chain(self.main.iter().map(|(_, image)| image));
        if images.any(|image| image.is_spoiler) {
            return None;
        }
        let kinds = self.parts.iter().map(|part| part.kind);
        let mut kinds = kinds.chain(self.main.iter().map(|(kind, _)| *kind));
        if !kinds.any(|kind| kind == Kind::Photo) {
            return None;
        }
        let mut files = self.clone();
        for part in &mut files.parts {
            part.kind = Kind::Document;
        }
        if let Some((kind, _)) = &mut files.main {
            *kind = Kind::Document;
        }
        files.too_large = files.too_large.max(1);
        Some(files)
    }
}

fn can_be_photo(image: &ReplyImage) -> bool {
    let (long, short) = (image.width.max(image.height), image.width.min(image.height));
    is_still(image)
        && image.bytes <= MAX_PHOTO_BYTES
        && long.saturating_add(short) <= MAX_PHOTO_SIDES
        && long <= short.saturating_mul(MAX_PHOTO_RATIO)
}

/// Whether it is a picture that does not move.
fn is_still(image: &ReplyImage) -> bool {
    let extension = Path::new(&image.file_name).extension();
    extension.is_some_and(|extension| {
        extension.eq_ignore_ascii_case("png") || extension.eq_ignore_ascii_case("jpg")
    })
}

/// Reads a picture.
///
/// # Errors
/// When its file is gone.
pub(in crate::adapters::telegram) async fn load(image: &ReplyImage) -> anyhow::Result<FilePart> {
    let bytes: Arc<[u8]> = match &image.content {
        ImageContent::Bytes(bytes) => Arc::clone(bytes),
        ImageContent::Stored { path, .. } => tokio::fs::read(path)
            .await
            .with_context(|| format!("the picture {} cannot be read", path.display()))?
            .into(),
    };
    Ok(FilePart {
        file_name: image.file_name.clone(),
        bytes,
    })
}

/// How Telegram is told of a picture in a message that is changed, or in an album. `media` is an id or `attach://<part>`.
pub(in crate::adapters::telegram) fn input_media(kind: Kind, image: &ReplyImage, media: &str) -> Value {
    let mut input = json!({ "type": kind.name(), "media": media });
    match kind {
        Kind::Photo if image.is_spoiler => input["has_spoiler"] = true.into(),
        // Telegram would make a photo or an animation of what looks like one.
        Kind::Document => input["disable_content_type_detection"] = true.into(),
        Kind::Photo => {}
    }
    input
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(file_name: &str, (width, height): (u32, u32), bytes: u64) -> ReplyImage {
        ReplyImage {
            content: ImageContent::Bytes(Arc::from([].as_slice())),
            is_spoiler: false,
            file_name: file_name.to_owned(),
            seed: 1,
            width,
            height,
            bytes,
        }
    }

    /// What a plan looks like: `photo` for the message with the text, `3 photos` for an album before it.
    fn planned(images: Vec<ReplyImage>, as_files: bool, with_originals: bool) -> String {
        let reply = Reply {
            images,
            as_files,
            ..Reply::default()
        };
        let plan = Plan::of(&reply, with_originals);
        let parts = plan.parts.iter();
        let mut all: Vec<String> = parts
            .map(|part| format!("{} {}s", part.images.len(), part.kind.name()))
            .collect();
        all.extend(plan.main.as_ref().map(|(kind, _)| kind.name().to_owned()));
        if plan.too_large > 0 {
            all.push(format!("{} too large", plan.too_large));
        }
        if plan.uncovered > 0 {
            all.push(format!("{} not at all", plan.uncovered));
        }
        all.join(", ")
    }

    fn photos(count: usize) -> Vec<ReplyImage> {
        vec![image("a.png", (128, 128), 1000); count]
    }

    #[test]
    fn pictures_are_photos_as_far_as_telegram_takes_them() {
        let check = |size, bytes, expected: &str| {
            assert_eq!(planned(vec![image("a.png", size, bytes)], false, false), expected);
        };
        check((128, 128), MAX_PHOTO_BYTES, "photo");
        check((128, 128), MAX_PHOTO_BYTES + 1, "document, 1 too large");
        check((5000, 5000), 1000, "photo");
        check((5001, 5000), 1000, "document, 1 too large");
        check((2000, 100), 1000, "photo");
        check((100, 2001), 1000, "document, 1 too large");
        assert_eq!(
            planned(vec![image("a.webp", (128, 128), 1000)], false, false),
            "document"
        );
    }

    #[test]
    fn what_has_to_be_covered_is_no_file_unless_it_was_asked_for() {
        let covered = |file_name, size| ReplyImage {
            is_spoiler: true,
            ..image(file_name, size, 1000)
        };
        let small = || covered("a.png", (128, 128));
        assert_eq!(planned(vec![small()], false, true), "photo");
        let mixed = vec![small(), image("b.png", (128, 128), 1000)];
        assert_eq!(planned(mixed.clone(), false, true), "2 photos, 1 documents");
        let strip = vec![small(), covered("b.webp", (128, 128))];
        assert_eq!(planned(strip, false, false), "photo, 1 not at all");
        let large = vec![covered("a.png", (9000, 9000))];
        assert_eq!(planned(large.clone(), false, false), "1 not at all");
        assert_eq!(planned(large.clone(), true, false), "document");
        let plan = |images| {
            let reply = Reply {
                images,
                ..Reply::default()
            };
            Plan::of(&reply, false)
        };
        assert_eq!(plan(mixed).as_files(), None);
        assert!(plan(photos(2)).as_files().is_some());
        let text = plan(large).explained(Rich::plain("Here it is."), Locale::EN, Some(JobId(1)));
        insta::assert_snapshot!(text.html(1024), @"Telegram did not take the picture. /show 1 tries again.");
    }

    #[test]
    fn several_pictures_are_albums_of_ten() {
        assert_eq!(planned(photos(4), false, false), "4 photos");
        assert_eq!(planned(photos(11), false, false), "10 photos, 1 photos");
        assert_eq!(planned(photos(3), true, false), "3 documents");
        assert_eq!(planned(photos(1), true, false), "document");
        assert_eq!(planned(photos(1), false, true), "1 documents, photo");
        assert_eq!(planned(photos(2), false, true), "2 photos, 2 documents");
        assert_eq!(planned(Vec::new(), false, true), "");
        let strip = vec![
            image("a.png", (128, 128), 1000),
            image("b.webp", (128, 128), 1000),
        ];
        assert_eq!(planned(strip, false, false), "1 documents, photo");
    }
}
