//! What is still to be said, chat by chat, and what of it is next.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::errand::{Errand, Task};
use super::news::{ChatKey, News, Way};
use crate::chat::Responder;
use crate::store::JobId;

/// The longest time that a platform is believed to want to be left alone.
const LONGEST_PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);
/// How many times longer the time between two news may become in a chat whose platform asks for patience.
const MAX_SLOWDOWN: u32 = 16;

/// A job whose last message was not sent.
struct Job {
    /// The newest news that were not sent.
    news: Option<News>,
    has_ended: bool,
    way: Knowledge,
    /// When the platform takes the next news about this job.
    not_before: Instant,
}

/// Where a job's news go.
enum Knowledge {
    /// The job log was asked.
    Asked,
    Way(Way),
    /// Nobody can be told.
    Nowhere,
}

impl Job {
    fn way(&self) -> Option<Way> {
        match &self.way {
            Knowledge::Way(way) => Some(way.clone()),
            Knowledge::Asked | Knowledge::Nowhere => None,
        }
    }
}

struct Chat {
    wake: Arc<Notify>,
    errands: VecDeque<Errand>,
    /// The number of the next errand.
    next_number: u64,
    /// The jobs with news, the one that has waited longest first.
    news: VecDeque<JobId>,
    /// The platform wants to hear nothing before.
    blocked_until: Instant,
    /// When the platform takes the next news about any job of a group.
    not_before: Instant,
    /// How many times longer than usual the time between two news is.
    slowdown: u32,
}

impl Chat {
    fn new(now: Instant) -> Self {
        Self {
            wake: Arc::default(),
            errands: VecDeque::new(),
            next_number: 0,
            news: VecDeque::new(),
            blocked_until: now,
            not_before: now,
            slowdown: 1,
        }
    }

    fn add(&mut self, mut errand: Errand) {
        errand.number = self.next_number;
        self.next_number += 1;
        self.errands.push_back(errand);
    }

    /// What to do now, if anything. News are only looked at when `with_news`.
    fn take(&mut self, jobs: &mut HashMap<JobId, Job>, now: Instant, with_news: bool) -> Option<Step> {
        let ready = self.errands.iter().position(|errand| errand.not_before <= now);
        if let Some(errand) = ready.and_then(|index| self.errands.remove(index)) {
            return Some(match errand.until {
                Some(until) if until < now => Step::GiveUp(errand),
                _ => Step::Do(errand),
            });
        }
        if !with_news {
            return None;
        }
        let due = |job: &JobId| jobs.get(job).is_none_or(|job| self.news_at(job) <= now);
        let index = self.news.iter().position(due)?;
        let id = self.news.remove(index)?;
        let job = jobs.get_mut(&id);
        let (Some(news), Some(way)) = job.map_or((None, None), |job| (job.news.take(), job.way())) else {
            return self.take(jobs, now, with_news);
        };
        Some(Step::Tell { job: id, way, news })
    }

    /// When there will be something to do, or when it need not be remembered any more how long to be quiet.
    fn next_at(&self, jobs: &HashMap<JobId, Job>, now: Instant, with_news: bool) -> Option<Instant> {
        let errands = self.errands.iter().map(|errand| errand.not_before);
        let news = self.news.iter().filter(|_| with_news);
        let news = news.filter_map(|job| jobs.get(job)).map(|job| self.news_at(job));
        let quiet = Some(self.not_before).filter(|quiet| with_news && *quiet > now);
        errands.chain(news).chain(quiet).min()
    }

    /// When the platform takes news about this job.
    fn news_at(&self, job: &Job) -> Instant {
        match &job.way {
            Knowledge::Way(way) if way.is_group => job.not_before.max(self.not_before),
            _ => job.not_before,
        }
    }
}

/// What has to happen after something was put on the desk.
pub(super) enum Next {
    Nothing,
    /// The chat has something to say and no task.
    Begin(ChatKey),
    /// It is not known where the job's news go.
    LookUp,
}

/// What a chat's task does next.
pub(super) enum Step {
    Do(Errand),
    /// Nobody waits for it any more.
    GiveUp(Errand),
    Tell {
        job: JobId,
        way: Way,
        news: News,
    },
    Wait {
        until: Instant,
        wake: Arc<Notify>,
    },
    /// Nothing is left to do; the chat has no task any more.
    End,
}

/// Everything that is still to be said.
#[derive(Default)]
pub(super) struct Desk {
    jobs: HashMap<JobId, Job>,
    /// The chats that have a task.
    chats: HashMap<ChatKey, Chat>,
    /// The jobs whose last message was sent, which could not be written down.
    unmarked: HashSet<JobId>,
    /// The service stops then.
    closes_at: Option<Instant>,
}

impl Desk {
    /// How many jobs have not been told of to the end.
    pub(super) fn jobs(&self) -> usize {
        self.jobs.len()
    }

    #[cfg(test)]
    pub(super) fn chats(&self) -> usize {
        self.chats.len()
    }

    /// News are not sent any more, and nothing that would have to wait longer than this.
    pub(super) fn close(&mut self, at: Instant) {
        self.closes_at = Some(at);
        for chat in self.chats.values() {
            chat.wake.notify_one();
        }
    }

    /// There are news about a job.
    pub(super) fn learn(&mut self, job: JobId, news: News) -> Next {
        let Some(known) = self.jobs.get_mut(&job) else {
            let asked = Job {
                news: Some(news),
                has_ended: false,
                way: Knowledge::Asked,
                not_before: Instant::now(),
            };
            self.jobs.insert(job, asked);
            return Next::LookUp;
        };
        // A step that is reported late must not hide the end.
        if known.has_ended {
            return Next::Nothing;
        }
        known.news = Some(news);
        self.list(job)
    }

    /// A job has ended.
    pub(super) fn end(&mut self, job: JobId, way: Option<Way>) -> Next {
        let known = self.jobs.entry(job).or_insert_with(|| Job {
            news: None,
            has_ended: false,
            way: Knowledge::Asked,
            not_before: Instant::now(),
        });
        if known.has_ended {
            return Next::Nothing;
        }
        (known.has_ended, known.news) = (true, None);
        if !matches!(known.way, Knowledge::Way(_)) {
            let Some(way) = way else {
                self.jobs.remove(&job);
                return Next::Nothing;
            };
            known.way = Knowledge::Way(way);
        }
        self.list(job)
    }

    /// It was found out where a job's news go; `None` when nobody can be told.
    pub(super) fn settle(&mut self, job: JobId, way: Option<Way>) -> Option<ChatKey> {
        let known = self.jobs.get_mut(&job)?;
        if !matches!(known.way, Knowledge::Asked) {
            return None;
        }
        known.way = way.map_or(Knowledge::Nowhere, Knowledge::Way);
        match self.list(job) {
            Next::Begin(chat) => Some(chat),
            Next::Nothing | Next::LookUp => None,
        }
    }

    /// Puts a job into the row of its chat.
    fn list(&mut self, job: JobId) -> Next {
        let Some(Job {
            way: Knowledge::Way(way),
            has_ended,
            ..
        }) = self.jobs.get(&job)
        else {
            return Next::Nothing;
        };
        let (key, has_ended) = (way.chat.clone(), *has_ended);
        let now = Instant::now();
        self.put(key, |chat| {
            chat.news.retain(|known| *known != job || !has_ended);
            if has_ended {
                chat.add(Errand::new(Task::End(job), now));
            } else if !chat.news.contains(&job) {
                chat.news.push_back(job);
            }
        })
        .map_or(Next::Nothing, Next::Begin)
    }

    /// Adds something to do. Returns the chat when it needs a task.
    pub(super) fn add(&mut self, chat: ChatKey, errand: Errand) -> Option<ChatKey> {
        self.put(chat, |chat| chat.add(errand))
    }

    fn put(&mut self, key: ChatKey, change: impl FnOnce(&mut Chat)) -> Option<ChatKey> {
        if let Some(chat) = self.chats.get_mut(&key) {
            change(chat);
            chat.wake.notify_one();
            return None;
        }
        let mut chat = Chat::new(Instant::now());
        change(&mut chat);
        self.chats.insert(key.clone(), chat);
        Some(key)
    }

    /// The platform wants to hear nothing about a chat now.
    pub(super) fn is_blocked(&self, key: &ChatKey, now: Instant) -> bool {
        self.chats.get(key).is_some_and(|chat| now < chat.blocked_until)
    }

    /// Puts back what is to be tried again, in its old place.
    pub(super) fn put_back(&mut self, key: &ChatKey, errand: Errand) {
        if let Some(chat) = self.chats.get_mut(key) {
            let index = chat.errands.partition_point(|other| other.number < errand.number);
            chat.errands.insert(index, errand);
        }
    }

    /// What the task of a chat does next.
    pub(super) fn next(&mut self, key: &ChatKey, now: Instant) -> Step {
        let Some(chat) = self.chats.get_mut(key) else {
            return Step::End;
        };
        let with_news = self.closes_at.is_none();
        let wait = if now < chat.blocked_until {
            Some(chat.blocked_until)
        } else {
            if let Some(step) = chat.take(&mut self.jobs, now, with_news) {
                return step;
            }
            chat.next_at(&self.jobs, now, with_news)
        };
        match wait.filter(|wait| self.closes_at.is_none_or(|closes_at| *wait <= closes_at)) {
            Some(wait) => Step::Wait {
                until: wait,
                wake: Arc::clone(&chat.wake),
            },
            None => {
                self.chats.remove(key);
                Step::End
            }
        }
    }

    /// News about a job are sent now, and the platform takes no other ones for `interval`.
    pub(super) fn pace(&mut self, key: &ChatKey, job: JobId, interval: Duration) {
        let Some(chat) = self.chats.get_mut(key) else {
            return;
        };
        let not_before = Instant::now() + interval.saturating_mul(chat.slowdown);
        chat.not_before = not_before;
        if let Some(job) = self.jobs.get_mut(&job) {
            job.not_before = not_before;
        }
    }

    /// The platform has taken news: it bears a little more.
    pub(super) fn took_news(&mut self, key: &ChatKey) {
        if let Some(chat) = self.chats.get_mut(key) {
            chat.slowdown = chat.slowdown.saturating_sub(1).max(1);
        }
    }

    /// The platform asks to be left alone. Returns until when.
    pub(super) fn block(&mut self, key: &ChatKey, after: Duration) -> Instant {
        let until = Instant::now() + after.min(LONGEST_PATIENCE);
        if let Some(chat) = self.chats.get_mut(key) {
            chat.blocked_until = chat.blocked_until.max(until);
            chat.slowdown = (chat.slowdown * 2).min(MAX_SLOWDOWN);
        }
        until
    }

    /// News that were not sent are sent later, unless there are newer ones.
    pub(super) fn untold(&mut self, job: JobId, news: News) {
        if let Some(known) = self.jobs.get_mut(&job)
            && !known.has_ended
            && known.news.is_none()
        {
            known.news = Some(news);
            self.list(job);
        }
    }

    /// The message about a job has another address from now on.
    pub(super) fn moved(&mut self, job: JobId, responder: Arc<dyn Responder>) {
        if let Some(Job {
            way: Knowledge::Way(way),
            ..
        }) = self.jobs.get_mut(&job)
        {
            way.responder = responder;
        }
    }

    /// Where a job's news go, if that is known.
    pub(super) fn way(&self, job: JobId) -> Option<Way> {
        self.jobs.get(&job)?.way()
    }

    /// Where a preview of a job would be seen now.
    pub(super) fn listener(&self, job: JobId, now: Instant) -> Option<Arc<dyn Responder>> {
        let way = self.way(job)?;
        let chat = self.chats.get(&way.chat);
        let is_blocked = chat.is_some_and(|chat| now < chat.blocked_until);
        (!is_blocked).then_some(way.responder)
    }

    /// Whether the last message about a job is about to be sent.
    pub(super) fn knows_end_of(&self, job: JobId) -> bool {
        self.jobs.get(&job).is_some_and(|job| job.has_ended)
    }

    /// The last message about a job was sent, and that could not be written down.
    pub(super) fn keep_unmarked(&mut self, job: JobId) {
        self.unmarked.insert(job);
    }

    /// Whether the last message about a job was sent before.
    pub(super) fn is_unmarked(&self, job: JobId) -> bool {
        self.unmarked.contains(&job)
    }

    /// It stands in the job log now that the last message about a job was sent.
    pub(super) fn marked(&mut self, job: JobId) {
        self.unmarked.remove(&job);
    }

    /// Everything about a job was said.
    pub(super) fn forget(&mut self, job: JobId) {
        self.jobs.remove(&job);
    }
}
