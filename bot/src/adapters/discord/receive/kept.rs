//! Pictures that somebody wants to begin with, kept until the prompt is written.
//!
//! The addresses of Discord's files expire, so a picture is fetched when the window for the prompt opens, and waits here
//! for the prompt. A restart forgets it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use crate::chat::{Attachment, AttachmentContent, AttachmentError, UserId};
use crate::store::JobId;

/// How long a picture is kept: as long as the window can be answered.
const KEPT_FOR: Duration = Duration::from_secs(15 * 60);
/// How many pictures are kept at most.
const MOST: usize = 64;
/// How many bytes all of them may have together.
const MOST_BYTES: usize = 64 << 20;
/// The largest picture that is fetched, in bytes.
const LARGEST_BYTES: u64 = 20 << 20;
/// How many are fetched at the same time.
const FETCHED_TOGETHER: usize = 4;

/// What a drawing is to begin with.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A picture of a job.
    Job(JobId),
    /// A picture that is being fetched, or was.
    Picture(Arc<KeptPicture>),
}

/// The sources that wait for a prompt.
#[derive(Debug)]
pub(super) struct KeptSources {
    entries: Mutex<VecDeque<Entry>>,
    fetching: Semaphore,
}

#[derive(Debug)]
struct Entry {
    key: i64,
    user: UserId,
    source: Source,
    until: Instant,
    /// The prompt was written: somebody waits for the picture, or has it.
    is_taken: bool,
}

/// A picture that nobody can begin with any more need not be fetched.
impl Drop for Entry {
    fn drop(&mut self) {
        if let (Source::Picture(picture), false) = (&self.source, self.is_taken) {
            picture.forget();
        }
    }
}

impl Default for KeptSources {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
            fetching: Semaphore::new(FETCHED_TOGETHER),
        }
    }
}

impl KeptSources {
    /// Keeps what somebody wants to begin with. It takes the place of what the same person wanted before: nobody has two
    /// windows open.
    pub(super) fn keep(&self, key: i64, user: &UserId, source: Source) {
        let now = Instant::now();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| entry.until > now && entry.user != *user);
        entries.push_back(Entry {
            key,
            user: user.clone(),
            source,
            until: now + KEPT_FOR,
            is_taken: false,
        });
        while entries.len() > MOST {
            entries.pop_front();
        }
    }

    /// What somebody wanted to begin with; `None` when it was too long ago.
    pub(super) fn get(&self, key: i64, user: &UserId) -> Option<Source> {
        let now = Instant::now();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| entry.until > now);
        let found = entries
            .iter_mut()
            .find(|entry| entry.key == key && entry.user == *user)?;
        found.is_taken = true;
        Some(found.source.clone())
    }

    /// Fetches a picture, unless it is forgotten before its turn comes. Whoever waits for it learns how it went.
    pub(super) async fn fetch(&self, attachment: &Attachment, picture: &KeptPicture) {
        let fetched = match self.fetching.acquire().await {
            Ok(_) if picture.is_forgotten() => return,
            Ok(_permit) => attachment.content.read(LARGEST_BYTES).await,
            Err(closed) => Err(AttachmentError::Unreachable(closed.into())),
        };
        picture.fetched.send_replace(match fetched {
            Ok(bytes) => Fetched::Here(bytes.into()),
            Err(AttachmentError::TooLarge) => Fetched::TooLarge,
            Err(AttachmentError::NotAPicture) => Fetched::NotAPicture,
            Err(AttachmentError::Unreachable(error)) => {
                tracing::info!(error = %format_args!("{error:#}"), "a picture to begin with cannot be fetched");
                Fetched::Unreachable
            }
        });
        self.make_room();
    }

    /// Forgets the oldest pictures until the others are few enough bytes.
    fn make_room(&self) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes: usize = entries.iter().map(Entry::bytes).sum();
        while bytes > MOST_BYTES
            && let Some(oldest) = entries.pop_front()
        {
            bytes -= oldest.bytes();
        }
    }
}

impl Entry {
    fn bytes(&self) -> usize {
        match &self.source {
            Source::Job(_) => 0,
            Source::Picture(picture) => match &*picture.fetched.borrow() {
                Fetched::Here(bytes) => bytes.len(),
                _ => 0,
            },
        }
    }
}

/// A picture that is being fetched, or was.
#[derive(Debug)]
pub(super) struct KeptPicture {
    file_name: String,
    fetched: watch::Sender<Fetched>,
}

/// How far the fetching is.
#[derive(Clone, Debug)]
enum Fetched {
    NotYet,
    Here(Arc<[u8]>),
    TooLarge,
    NotAPicture,
    Unreachable,
    Forgotten,
}

impl KeptPicture {
    /// A picture that is still to be fetched.
    pub(super) fn new(file_name: &str) -> Arc<Self> {
        Arc::new(Self {
            file_name: file_name.to_owned(),
            fetched: watch::Sender::new(Fetched::NotYet),
        })
    }

    /// Nobody wants it any more.
    fn forget(&self) {
        self.fetched.send_if_modified(|fetched| {
            let is_open = matches!(fetched, Fetched::NotYet);
            if is_open {
                *fetched = Fetched::Forgotten;
            }
            is_open
        });
    }

    fn is_forgotten(&self) -> bool {
        matches!(*self.fetched.borrow(), Fetched::Forgotten)
    }

    /// The picture as a file that came with a command.
    pub(super) fn attachment(self: &Arc<Self>) -> Attachment {
        Attachment {
            file_name: self.file_name.clone(),
            content: Arc::clone(self) as Arc<dyn AttachmentContent>,
        }
    }
}

#[async_trait]
impl AttachmentContent for KeptPicture {
    async fn read(&self, max_bytes: u64) -> Result<Vec<u8>, AttachmentError> {
        let mut fetched = self.fetched.subscribe();
        let known = fetched
            .wait_for(|fetched| !matches!(fetched, Fetched::NotYet))
            .await;
        let known = known
            .map_err(|error| AttachmentError::Unreachable(error.into()))?
            .clone();
        match known {
            Fetched::Here(bytes) if bytes.len() as u64 <= max_bytes => Ok(bytes.to_vec()),
            Fetched::Here(_) | Fetched::TooLarge => Err(AttachmentError::TooLarge),
            Fetched::NotAPicture => Err(AttachmentError::NotAPicture),
            Fetched::NotYet | Fetched::Unreachable | Fetched::Forgotten => Err(AttachmentError::Unreachable(
                anyhow::anyhow!("it could not be fetched when the window was opened"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::adapters::discord::PLATFORM;

    /// A file that counts how often it is fetched.
    #[derive(Default)]
    struct Counted(AtomicU32);

    #[async_trait]
    impl AttachmentContent for Counted {
        async fn read(&self, _max_bytes: u64) -> Result<Vec<u8>, AttachmentError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(vec![1, 2, 3])
        }
    }

    #[tokio::test]
    async fn a_picture_that_was_replaced_before_its_turn_is_not_fetched() {
        let check = async |is_taken: bool, expected: u32| {
            let ann = UserId {
                platform: PLATFORM,
                id: "40".to_owned(),
            };
            let kept = KeptSources::default();
            let busy = kept.fetching.acquire_many(4).await.expect("all of them");
            let picture = KeptPicture::new("cat.png");
            let content = Arc::new(Counted::default());
            let file = Attachment {
                file_name: "cat.png".to_owned(),
                content: Arc::clone(&content) as Arc<dyn AttachmentContent>,
            };
            kept.keep(1, &ann, Source::Picture(Arc::clone(&picture)));
            if is_taken {
                kept.get(1, &ann).expect("it is kept");
            }
            let others = async {
                kept.keep(2, &ann, Source::Job(JobId(1)));
                drop(busy);
            };
            tokio::join!(kept.fetch(&file, &picture), others);
            assert_eq!(content.0.load(Ordering::Relaxed), expected);
            assert_eq!(picture.read(3).await.is_ok(), is_taken);
        };
        check(false, 0).await;
        check(true, 1).await;
    }
}
