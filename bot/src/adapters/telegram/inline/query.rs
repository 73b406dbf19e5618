//! Answers to inline queries.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use teloxide::types::InlineQuery;
use tokio::time::timeout;

use super::offer::{Offered, Shape, Variant};
use super::start::{place_of, request};
use super::{INLINE_PAYLOAD, Inline, results};
use crate::adapters::telegram::PLATFORM;
use crate::adapters::telegram::address::TelegramAddress;
use crate::adapters::telegram::api::{ApiError, Call};
use crate::adapters::telegram::receive::{Person, Receiver};
use crate::adapters::telegram::render::Kind;
use crate::adapters::telegram::responder::Opening;
use crate::chat::buttons_of;
use crate::i18n::Locale;
use crate::i18n::messages::telegram as texts;
use crate::safety::SafetyAction;
use crate::store::{HistoryQuery, ImageKind, JobId, JobRow};

/// Finished jobs that are looked at for one page of results. Each has a few pictures, and Telegram takes 50 results.
const JOBS: u32 = 12;
/// Most results of one page.
const MOST_RESULTS: usize = 50;
/// How long the job log may take: somebody is typing.
const READ_WITHIN: Duration = Duration::from_millis(150);
/// How long the answer may take; it is worth nothing later.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Styles that are offered when the prompt says how large the picture is to be.
const STYLES: usize = 2;
/// Names of the option for the size.
const SIZES: [&str; 3] = ["--size", "--ar", "--aspect"];
/// The name of the option for the style.
const STYLE: &str = "--style";

/// Answers a query, at once: it never waits for a drawing, nor for a slow job log.
pub(super) async fn answer(inline: &Inline, receiver: &Arc<Receiver>, query: &InlineQuery) {
    let person = Person::of_user(&query.from);
    let platform_says = person.locale.unwrap_or(receiver.shared.deps.default_locale.get());
    let locale = receiver.commands.locale_of(&person.user(), platform_says).await;
    let asked = Asked {
        inline,
        receiver,
        person: &person,
        prompt: query.query.trim(),
        locale,
    };
    let before: Option<JobId> = query.offset.parse().ok();
    // Further pages are further pictures only.
    let mut all = match before {
        None => asked.beginning().await,
        Some(_) => Vec::new(),
    };
    let (pictures, next) = asked.pictures_in_time(before).await;
    all.extend(pictures);
    all.truncate(MOST_RESULTS);
    let mut answered = asked.say(query, all, next).await;
    if let Err(ApiError::FileUnknown(_)) = answered {
        inline.placeholders.forget(&receiver.shared).await;
        answered = asked.say(query, asked.not_here(), None).await;
    }
    match answered {
        Ok(_) => {}
        Err(ApiError::QueryTooOld) => tracing::debug!("somebody has typed on"),
        Err(error) => tracing::warn!(%error, "an inline query is not answered"),
    }
}

/// A query of somebody.
struct Asked<'q> {
    inline: &'q Inline,
    receiver: &'q Arc<Receiver>,
    person: &'q Person,
    prompt: &'q str,
    locale: Locale,
}

impl Asked<'_> {
    /// Whether there are pictures that can stand for those to come.
    fn can_draw(&self) -> bool {
        self.inline.placeholders.get(Shape::Square).is_some()
    }

    /// Answers the query with one page of results.
    async fn say(
        &self,
        query: &InlineQuery,
        results: Vec<Value>,
        next: Option<JobId>,
    ) -> Result<Value, ApiError> {
        let needs_help = self.prompt.is_empty() || !self.can_draw();
        let how = || json!({ "text": texts::inline_how(self.locale), "start_parameter": INLINE_PAYLOAD });
        let call = Call::new("answerInlineQuery")
            .with("inline_query_id", query.id.0.as_str())
            .with("results", results)
            .with("cache_time", 0)
            .with("is_personal", true)
            .with("next_offset", next.map(|job| job.to_string()).unwrap_or_default())
            .with_some("button", needs_help.then(how))
            .within(ANSWER_WITHIN);
        self.receiver.shared.api.call(call).await
    }

    /// Why nothing can be drawn for now: the pictures that stand for those to come are brought to Telegram meanwhile.
    fn not_here(&self) -> Vec<Value> {
        let receiver = Arc::clone(self.receiver);
        self.receiver
            .tasks
            .spawn(async move { receiver.inline.prepare(&receiver.shared).await });
        let title = texts::inline_refused_title(self.locale);
        let text = texts::inline_not_here(self.locale, &self.receiver.me.username);
        vec![results::article("not-here", &title, &text)]
    }

    /// What comes before finished pictures: how it is done, why it cannot be done, or what can be drawn.
    async fn beginning(&self) -> Vec<Value> {
        let locale = self.locale;
        if self.prompt.is_empty() {
            let bot = &self.receiver.me.username;
            let text = texts::inline_help(locale, bot);
            return vec![results::article("help", &texts::inline_help_title(locale), &text)];
        }
        if !self.can_draw() {
            return self.not_here();
        }
        if let Some(refusal) = self.refusal().await {
            return vec![results::article(
                "refused",
                &texts::inline_refused_title(locale),
                &refusal,
            )];
        }
        self.drawings()
    }

    /// Why nothing can be drawn for this prompt, as far as can be said now.
    async fn refusal(&self) -> Option<String> {
        let address = TelegramAddress::inline(self.person.private_chat, String::new());
        let command = Variant::Plain.command(self.prompt);
        let request = request(self.receiver, self.person, address, Opening::Silent, command);
        let commands = &self.receiver.commands;
        let checked = timeout(READ_WITHIN, commands.refusal(&request, self.locale)).await;
        checked.unwrap_or_default()
    }

    fn drawings(&self) -> Vec<Value> {
        let user = self.person.user();
        let offer = self.inline.offers.add(user.clone(), self.prompt);
        let receiver = Arc::clone(self.receiver);
        let kept = offer.clone();
        self.receiver.tasks.spawn(async move {
            let clock = &receiver.commands.context().clock;
            receiver
                .inline
                .offers
                .keep(&receiver.shared, clock, &user, &kept)
                .await;
        });
        let offered = self.variants().into_iter().map(|variant| Offered {
            offer: offer.clone(),
            variant,
        });
        let drawing = |offered: Offered| {
            let shape = match offered.variant {
                Variant::Size(shape) => shape,
                Variant::Plain | Variant::Style(_) => Shape::Square,
            };
            let photo = self.inline.placeholders.get(shape)?;
            Some(results::drawing(&offered, self.prompt, &photo, self.locale))
        };
        offered.filter(Offered::fits).filter_map(drawing).collect()
    }

    /// The prompt as it is, and with what it does not say itself.
    fn variants(&self) -> Vec<Variant> {
        let says = |names: &[&str]| {
            self.prompt.split_whitespace().any(|word| {
                let name = word.split('=').next().unwrap_or_default();
                names.iter().any(|known| name.eq_ignore_ascii_case(known))
            })
        };
        let mut variants = vec![Variant::Plain];
        if !says(&SIZES) {
            variants.extend([Shape::Portrait, Shape::Landscape].map(Variant::Size));
        } else if !says(&[STYLE]) {
            let rules = self.receiver.commands.context().rules.current();
            let styles = rules.styles.all().iter().take(STYLES);
            variants.extend(styles.map(|style| Variant::Style(style.name.clone())));
        }
        variants
    }

    /// Finished pictures of the person, and the job from which the next page goes on.
    async fn pictures_in_time(&self, before: Option<JobId>) -> (Vec<Value>, Option<JobId>) {
        match timeout(READ_WITHIN, self.pictures(before)).await {
            Ok(Ok(page)) => page,
            Ok(Err(error)) => {
                tracing::warn!(error = %format_args!("{error:#}"), "somebody's pictures cannot be read");
                (Vec::new(), None)
            }
            Err(_) => (Vec::new(), None),
        }
    }

    async fn pictures(&self, before: Option<JobId>) -> anyhow::Result<(Vec<Value>, Option<JobId>)> {
        let query = HistoryQuery {
            user: self.person.user(),
            text: Some(self.prompt.to_owned()).filter(|prompt| !prompt.is_empty()),
            before,
            limit: JOBS,
        };
        let store = &self.receiver.shared.deps.store;
        let page = store.jobs().search(&query).await;
        let page = page.context("cannot search the job log")?;
        let mut pictures = Vec::new();
        for job in &page.jobs {
            pictures.extend(self.pictures_of(job).await);
        }
        Ok((pictures, page.older))
    }

    /// The pictures of a job that Telegram has already. One that has to be covered cannot be shown like this.
    async fn pictures_of(&self, job: &JobRow) -> Vec<Value> {
        // They can be sent into any chat, so the rule of a chat that nothing is known of holds, and what is private stays
        // where it is.
        let rules = self.receiver.commands.context().rules.current();
        if job.is_private || job.safety < rules.safety.action(&PLATFORM, &place_of("")) {
            return Vec::new();
        }
        let buttons = buttons_of(job, self.locale);
        let mut pictures = Vec::new();
        for image in &job.images {
            let is_open = image.kind == ImageKind::Picture && image.safety != SafetyAction::Spoiler;
            if image.is_gone || !is_open {
                continue;
            }
            if let Some(photo) = self.receiver.shared.known_file(Kind::Photo, &image.hash).await {
                pictures.push(results::finished(job, image, &photo, &buttons));
            }
        }
        pictures
    }
}
