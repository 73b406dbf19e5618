//! What somebody wants who writes a message.

use teloxide::types::{InlineKeyboardButtonKind, Message, MessageEntityKind, MessageEntityRef};

use super::person::Person;
use super::picture::Picture;
use crate::adapters::telegram::Me;
use crate::adapters::telegram::question::Question;
use crate::chat::{ButtonId, CommandInput};
use crate::commands::{CommandSpec, Commands, OptionKind};
use crate::prompts::normalise;
use crate::store::JobId;

/// What a message means for the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It is not for the bot.
    Nothing,
    /// A command, or a prompt.
    Command(CommandInput),
    /// The command for a prompt, without one: a tap in the menu sends it.
    Bare,
    /// Somebody opens the conversation, with the payload of the link that led there.
    Start(String),
    /// A picture without words, of this album.
    Picture {
        /// Telegram's name of the album.
        album: Option<String>,
    },
}

/// The command of a text without one.
const DRAW: &str = "draw";
/// The command that Telegram sends by itself at the beginning of every conversation.
const START: &str = "start";
/// Commands whose text may have the negative prompt on its second line.
const WITH_NEGATIVE: [&str; 2] = [DRAW, "edit"];
/// Names of the option for the negative prompt.
const NEGATIVE: [&str; 3] = ["--no", "--neg", "--negative"];
/// What AUTOMATIC1111 writes before a negative prompt.
const NEGATIVE_LABEL: &str = "negative prompt:";
/// The option that names a picture to begin with.
const SOURCE: &str = "--source";
/// The option for the number of a job.
const JOB: &str = "job";

/// What a message means for the bot `me`.
pub(super) fn understand(message: &Message, me: &Me) -> Said {
    let is_ours = |user: &teloxide::types::User| user.id.0.try_into() == Ok(me.id);
    // What somebody sends with the help of this bot is its own work; it changes that by another way.
    if message.via_bot.as_ref().is_some_and(is_ours) || message.is_automatic_forward() {
        return Said::Nothing;
    }
    let written = Written {
        message,
        me,
        replied: message.reply_to_message(),
        replied_is_ours: message
            .reply_to_message()
            .and_then(|replied| replied.from.as_ref())
            .is_some_and(is_ours),
    };
    let text = spoken(message);
    let text = text.trim();
    if text.is_empty() {
        return match message.chat.is_private() && Picture::of(message).is_some() {
            true => Said::Picture {
                album: message.media_group_id().map(|album| album.0.clone()),
            },
            false => Said::Nothing,
        };
    }
    match Order::read(text) {
        Some(order) => written.order(&order),
        None => written.words(text),
    }
}

/// The topic of a forum that a message belongs to. A mere answer to a message has a number, too, which is no topic.
pub(super) fn topic_of(message: &Message) -> Option<i32> {
    let thread = message.thread_id.filter(|_| message.is_topic_message)?;
    Some(thread.0.0)
}

/// A message that has words.
struct Written<'m> {
    message: &'m Message,
    me: &'m Me,
    replied: Option<&'m Message>,
    replied_is_ours: bool,
}

impl Written<'_> {
    /// A command.
    fn order(&self, order: &Order<'_>) -> Said {
        let is_private = self.message.chat.is_private();
        match &order.bot {
            Some(bot) if !bot.eq_ignore_ascii_case(&self.me.username) => return Said::Nothing,
            // In a group it may be meant for another bot.
            None if !is_private && !order.is_known() => return Said::Nothing,
            _ => {}
        }
        if order.name == START {
            return Said::Start(order.rest.to_owned());
        }
        let has_picture = Picture::of(self.message).is_some()
            || self.replied.is_some_and(|replied| Picture::of(replied).is_some());
        if order.name == DRAW && order.rest.is_empty() && !has_picture {
            return Said::Bare;
        }
        let mut rest = order.rest.to_owned();
        if WITH_NEGATIVE.contains(&order.name.as_str()) {
            rest = with_negative(&rest);
        }
        if let Some(spec) = order.spec() {
            rest = self.with_what_is_replied_to(spec, rest);
        }
        Said::Command(CommandInput::Text(format!("/{} {rest}", order.name)))
    }

    /// Words without a command.
    fn words(&self, text: &str) -> Said {
        if let Some(question) = self.question() {
            return Said::Command(answer(&question, text));
        }
        let words = match self.after_mention(text) {
            Some(words) => words,
            None if self.message.chat.is_private() => text,
            None => return Said::Nothing,
        };
        if words.is_empty() {
            return Said::Bare;
        }
        let prompt = self.with_source(with_negative(words));
        Said::Command(CommandInput::Text(format!("/{DRAW} {prompt}")))
    }

    /// What stands behind the name of the bot, if the text begins with it.
    fn after_mention<'t>(&self, text: &'t str) -> Option<&'t str> {
        let (name, words) = text.strip_prefix('@')?.split_at_checked(self.me.username.len())?;
        let is_whole = !words.starts_with(|next: char| next.is_alphanumeric() || next == '_');
        let is_ours = name.eq_ignore_ascii_case(&self.me.username);
        (is_ours && is_whole).then(|| words.trim())
    }

    /// What the bot has asked for in the message that is replied to.
    fn question(&self) -> Option<Question> {
        let replied = self.replied.filter(|_| self.replied_is_ours)?;
        let links = entities(replied)
            .into_iter()
            .filter_map(|entity| match entity.kind() {
                MessageEntityKind::TextLink { url } => Some(url.as_str()),
                _ => None,
            });
        links.into_iter().find_map(Question::read)
    }

    /// A command in reply to a message about a job is about that job; one in reply to a person is about that person.
    fn with_what_is_replied_to(&self, spec: &CommandSpec, rest: String) -> String {
        if spec.name == DRAW {
            return self.with_source(rest);
        }
        let first = rest.split_whitespace().next().unwrap_or_default();
        let is_number = first
            .trim_start_matches('#')
            .starts_with(|first: char| first.is_ascii_digit());
        if spec.option(JOB).is_some()
            && !is_number
            && let Some(job) = self.job()
        {
            return format!("{job} {rest}");
        }
        let wants_user = spec
            .positional
            .is_some_and(|option| option.kind == OptionKind::User);
        let somebody = self
            .replied
            .filter(|_| !self.replied_is_ours && wants_user && !is_number);
        // Who speaks in the name of a channel is known by that, not by the account that all of them share.
        match somebody.and_then(Person::of_message) {
            Some(person) => format!("{} {rest}", person.id),
            None => rest,
        }
    }

    /// A prompt in reply to a picture that the bot has drawn: it is better to begin with its file than with the photo that
    /// Telegram has made of it.
    fn with_source(&self, prompt: String) -> String {
        let is_named = prompt.split_whitespace().any(|word| word.starts_with(SOURCE));
        let has_own = Picture::of(self.message).is_some();
        let has_picture = self.replied.is_some_and(|replied| Picture::of(replied).is_some());
        match self.job().filter(|_| has_picture && !has_own && !is_named) {
            Some(job) => format!("{prompt} {SOURCE} {job}"),
            None => prompt,
        }
    }

    /// The job of the message that is replied to, by its buttons.
    fn job(&self) -> Option<JobId> {
        let replied = self.replied.filter(|_| self.replied_is_ours)?;
        let buttons = replied.reply_markup()?.inline_keyboard.iter().flatten();
        let mut jobs = buttons.filter_map(|button| match &button.kind {
            InlineKeyboardButtonKind::CallbackData(data) => data.parse::<ButtonId>().ok(),
            _ => None,
        });
        let first = jobs.next()?.job;
        // A list has buttons for several jobs.
        jobs.all(|button| button.job == first).then_some(first)
    }
}

/// A text that begins with a command.
struct Order<'t> {
    name: String,
    bot: Option<String>,
    rest: &'t str,
}

impl<'t> Order<'t> {
    fn read(text: &'t str) -> Option<Self> {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (first, rest) = text.split_at(end);
        let first = normalise(first);
        let command = first.strip_prefix('/')?;
        let (name, bot) = match command.split_once('@') {
            Some((name, bot)) => (name, Some(bot.to_owned())),
            None => (command, None),
        };
        Some(Self {
            name: name.to_ascii_lowercase(),
            bot,
            rest: rest.trim(),
        })
    }

    /// Whether it begins like one of our commands.
    fn is_known(&self) -> bool {
        let first = self.name.split('_').next().unwrap_or_default();
        first == START || Commands::specs().any(|spec| spec.name.split(' ').next() == Some(first))
    }

    fn spec(&self) -> Option<&'static CommandSpec> {
        let name = self.name.replace('_', " ");
        Commands::specs().find(|spec| spec.name == name)
    }
}

/// What was written, with the ids of people who have no name that a text could have.
fn spoken(message: &Message) -> String {
    let text = message.text().or_else(|| message.caption()).unwrap_or_default();
    let mut spoken = text.to_owned();
    for entity in entities(message).iter().rev() {
        if let MessageEntityKind::TextMention { user } = entity.kind() {
            spoken.replace_range(entity.range(), &user.id.to_string());
        }
    }
    spoken
}

fn entities(message: &Message) -> Vec<MessageEntityRef<'_>> {
    message
        .parse_entities()
        .or_else(|| message.parse_caption_entities())
        .unwrap_or_default()
}

/// The command that the answer to a question gives.
pub(super) fn answer(question: &Question, text: &str) -> CommandInput {
    let Question { command, field } = question;
    let Some((job, field)) = field else {
        return CommandInput::Text(format!("/{command} {}", with_negative(text)));
    };
    let spec = Commands::specs().find(|spec| spec.name == command);
    let is_text = spec
        .and_then(|spec| spec.positional)
        .is_some_and(|positional| positional.name == field);
    if is_text {
        return CommandInput::Text(format!("/{command} {job} {}", with_negative(text)));
    }
    CommandInput::Options {
        name: command.clone(),
        options: vec![
            (JOB.to_owned(), job.to_string()),
            (field.clone(), text.to_owned()),
        ],
    }
}

/// A text of two lines is a prompt and a negative one. One of more lines, or with options in the second, is left as it is.
fn with_negative(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (Some(prompt), Some(negative), None) = (lines.next(), lines.next(), lines.next()) else {
        return text.to_owned();
    };
    let mut words = text.split_whitespace();
    let is_given = words.any(|word| {
        let name = word.split('=').next().unwrap_or_default();
        NEGATIVE
            .iter()
            .any(|negative| name.eq_ignore_ascii_case(negative))
    });
    if is_given || negative.starts_with("--") {
        return text.to_owned();
    }
    let label = negative
        .get(..NEGATIVE_LABEL.len())
        .filter(|label| label.eq_ignore_ascii_case(NEGATIVE_LABEL));
    let negative = negative
        .get(label.map_or(0, str::len)..)
        .unwrap_or_default()
        .trim();
    format!("{prompt} {} {negative}", NEGATIVE[0])
}

#[cfg(test)]
mod tests;
