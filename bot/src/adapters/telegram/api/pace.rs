//! How much each chat bears.
//!
//! Telegram publishes no exact numbers; these are those of its own advice to authors of bots, and all of them are kept
//! below, so that its 429 is the exception. When it comes all the same, nothing is said in that chat before its time.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::call::Urgency;

/// What Telegram takes.
#[derive(Clone, Copy, Debug)]
pub(in crate::adapters::telegram) struct Limits {
    /// Shortest time between two messages or changes in one chat.
    pub(in crate::adapters::telegram) per_chat: Duration,
    /// The time in which a group takes [`Limits::group_messages`].
    pub(in crate::adapters::telegram) group_window: Duration,
    /// The most messages and changes of one group in that time.
    pub(in crate::adapters::telegram) group_messages: usize,
    /// So many of them are kept for answers and ends of jobs.
    pub(in crate::adapters::telegram) group_reserve: usize,
    /// Shortest time between two messages or changes anywhere.
    pub(in crate::adapters::telegram) overall: Duration,
    /// Who would have to wait longer than this for a turn is sent away.
    pub(in crate::adapters::telegram) longest_wait: Duration,
    /// Shortest time between two news about a job, in a conversation with one person and in a group.
    pub(in crate::adapters::telegram) news: [Duration; 2],
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_chat: Duration::from_millis(1050),
            group_window: Duration::from_secs(61),
            group_messages: 20,
            group_reserve: 6,
            overall: Duration::from_millis(35),
            longest_wait: Duration::from_secs(50),
            news: [Duration::from_millis(1500), Duration::from_secs(4)],
        }
    }
}

/// One place that Telegram counts by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Spot {
    Chat(i64),
    /// A public chat, by its name with `@`.
    Named(String),
    Inline(String),
    /// A method that names no chat.
    Method(&'static str),
}

impl Spot {
    fn is_group(&self) -> bool {
        match self {
            Self::Chat(chat) => *chat < 0,
            Self::Named(_) => true,
            Self::Inline(_) | Self::Method(_) => false,
        }
    }
}

/// Whether a call may be made.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Now,
    /// It has its turn then, and has to ask again whether Telegram wants quiet.
    At(Instant),
    /// There is no turn for it: it is only news.
    Busy,
    /// Telegram wants quiet for so long.
    Quiet(Duration),
}

#[derive(Debug)]
struct Chat {
    /// When something was said or will be, the last ones only.
    turns: VecDeque<Instant>,
    quiet_until: Option<Instant>,
}

/// What was said where.
#[derive(Debug)]
pub(super) struct Pace {
    limits: Limits,
    chats: HashMap<Spot, Chat>,
    /// When the next message may go out, wherever it goes.
    next: Option<Instant>,
}

/// How many chats are remembered before those that say nothing are forgotten.
const TIDY_AT: usize = 512;

impl Pace {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            chats: HashMap::new(),
            next: None,
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How long Telegram still wants quiet there.
    pub(super) fn quiet(&self, spot: &Spot, now: Instant) -> Option<Duration> {
        let until = self.chats.get(spot)?.quiet_until?;
        until.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// Telegram wants quiet there.
    pub(super) fn silence(&mut self, spot: &Spot, until: Instant) {
        let chat = self.chat(spot);
        chat.quiet_until = chat.quiet_until.max(Some(until));
    }

    /// Takes turns for `messages` messages; 0 for what Telegram does not count.
    pub(super) fn admit(
        &mut self,
        spot: &Spot,
        messages: usize,
        urgency: Urgency,
        now: Instant,
    ) -> Admission {
        if let Some(left) = self.quiet(spot, now) {
            return Admission::Quiet(left);
        }
        if messages == 0 {
            return Admission::Now;
        }
        self.tidy(now);
        let limits = self.limits;
        let overall = self.next.map_or(now, |next| next.max(now));
        let is_group = spot.is_group();
        let chat = self.chat(spot);
        let mut at = overall;
        if let Some(last) = chat.turns.back() {
            at = at.max(*last + limits.per_chat);
        }
        if is_group {
            let reserve = if urgency == Urgency::News {
                limits.group_reserve
            } else {
                0
            };
            let room = limits
                .group_messages
                .saturating_sub(reserve + messages.saturating_sub(1))
                .max(1);
            let counted = chat
                .turns
                .len()
                .checked_sub(room)
                .and_then(|index| chat.turns.get(index));
            if let Some(counted) = counted {
                at = at.max(*counted + limits.group_window);
            }
        }
        if urgency == Urgency::News && at > now {
            return Admission::Busy;
        }
        let wait = at.saturating_duration_since(now);
        if wait > limits.longest_wait {
            return Admission::Quiet(wait);
        }
        chat.turns.extend(std::iter::repeat_n(at, messages));
        let surplus = chat.turns.len().saturating_sub(limits.group_messages);
        chat.turns.drain(..surplus);
        self.next = Some(overall + limits.overall);
        if at > now {
            Admission::At(at)
        } else {
            Admission::Now
        }
    }

    fn chat(&mut self, spot: &Spot) -> &mut Chat {
        self.chats.entry(spot.clone()).or_insert_with(|| Chat {
            turns: VecDeque::new(),
            quiet_until: None,
        })
    }

    /// Forgets chats in which all is quiet.
    fn tidy(&mut self, now: Instant) {
        if self.chats.len() < TIDY_AT {
            return;
        }
        let window = self.limits.group_window.max(self.limits.per_chat);
        self.chats.retain(|_, chat| {
            let is_recent = chat.turns.back().is_some_and(|turn| *turn + window > now);
            is_recent || chat.quiet_until.is_some_and(|until| until > now)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        per_chat: Duration::from_secs(1),
        group_window: Duration::from_secs(60),
        group_messages: 20,
        group_reserve: 5,
        overall: Duration::ZERO,
        longest_wait: Duration::from_secs(50),
        news: [Duration::ZERO; 2],
    };
    const PERSON: Spot = Spot::Chat(7);
    const GROUP: Spot = Spot::Chat(-7);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_chat_hears_one_thing_a_second() {
        let (mut pace, now) = (Pace::new(LIMITS), Instant::now());
        assert_eq!(pace.admit(&PERSON, 1, Urgency::Needed, now), Admission::Now);
        assert_eq!(pace.admit(&PERSON, 1, Urgency::News, now), Admission::Busy);
        assert_eq!(
            pace.admit(&PERSON, 1, Urgency::Needed, now),
            Admission::At(now + seconds(1))
        );
        assert_eq!(
            pace.admit(&PERSON, 1, Urgency::Needed, now),
            Admission::At(now + seconds(2))
        );
        assert_eq!(pace.admit(&GROUP, 1, Urgency::Needed, now), Admission::Now);
        assert_eq!(pace.admit(&PERSON, 0, Urgency::Needed, now), Admission::Now);
        assert_eq!(
            pace.admit(&PERSON, 1, Urgency::News, now + seconds(3)),
            Admission::Now
        );
    }

    #[test]
    fn a_group_hears_twenty_things_a_minute_and_keeps_some_for_what_matters() {
        let (mut pace, start) = (Pace::new(LIMITS), Instant::now());
        let told = (0..40).filter(|second| {
            pace.admit(&GROUP, 1, Urgency::News, start + seconds(*second)) == Admission::Now
        });
        assert_eq!(told.count(), 15);
        let now = start + seconds(40);
        let ends = (0..5).map(|_| pace.admit(&GROUP, 1, Urgency::Needed, now));
        assert!(ends.into_iter().all(|admission| admission != Admission::Busy));
        // The next one waits until the first news are a minute old.
        assert_eq!(
            pace.admit(&GROUP, 1, Urgency::Needed, now + seconds(5)),
            Admission::At(start + seconds(60))
        );
        // An album counts for all its pictures.
        let later = start + seconds(300);
        assert_eq!(pace.admit(&GROUP, 10, Urgency::Needed, later), Admission::Now);
        assert_eq!(
            pace.admit(&GROUP, 10, Urgency::Needed, later),
            Admission::At(later + seconds(1))
        );
        assert_eq!(
            pace.admit(&GROUP, 1, Urgency::Needed, later + seconds(2)),
            Admission::Quiet(seconds(58))
        );
    }

    #[test]
    fn nothing_is_said_where_telegram_wants_quiet() {
        let (mut pace, now) = (Pace::new(LIMITS), Instant::now());
        pace.silence(&PERSON, now + seconds(30));
        pace.silence(&PERSON, now + seconds(10));
        for messages in [0, 1] {
            assert_eq!(
                pace.admit(&PERSON, messages, Urgency::Needed, now + seconds(20)),
                Admission::Quiet(seconds(10))
            );
        }
        assert_eq!(pace.admit(&GROUP, 1, Urgency::Needed, now), Admission::Now);
        assert_eq!(
            pace.admit(&PERSON, 1, Urgency::Needed, now + seconds(30)),
            Admission::Now
        );
    }
}
