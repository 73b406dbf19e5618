//! Servers and channels for which admins set something.

use anyhow::Context as _;
use serde::Serialize;

use super::{
    Access, CHAT, Caller, CommandContext, CommandError, CommandRequest, CommandSpec, MOST_RULES, OptionKind,
    OptionSpec, Reply, UserError, answer, people, refresh, texts,
};
use crate::chat::{ChatId, Platform};
use crate::commands::Arguments;
use crate::store::{PlaceRuleKind, RuledPlace};

/// A channel of the server.
pub(super) const CHANNEL: OptionSpec = OptionSpec::new("channel", OptionKind::Channel, HERE);

/// The channel or thread where the command is given.
pub(super) const HERE: &str = "here";

static POSITIONAL: OptionSpec = CHANNEL;
static OPTIONS: [OptionSpec; 1] = [CHAT];

/// A command about a server or a channel, and nothing else.
pub(super) const fn spec(name: &'static str) -> CommandSpec {
    CommandSpec {
        name,
        access: Access::Admin,
        asks: false,
        draws: false,
        is_private: true,
        positional: Some(&POSITIONAL),
        options: &OPTIONS,
    }
}

/// Of which servers an admin speaks.
pub(super) enum Servers {
    /// Of this one.
    One(Platform, String),
    /// Of all: an admin of everything who is in none and has named none.
    All,
    /// Of one that is not theirs.
    NotTheirs,
}

/// The server that an admin means: the one that they name, also of another platform (`discord:123`), or the one in which
/// they give the command.
pub(super) fn servers(caller: &Caller, request: &CommandRequest, arguments: &Arguments) -> Servers {
    let own = &request.user.platform;
    let named = arguments.get(CHAT.name).map(|text| match text.split_once(':') {
        Some((platform, server)) => (Platform::from(platform.to_ascii_lowercase()), server.to_owned()),
        None => (own.clone(), text.to_owned()),
    });
    let here = || Some((own.clone(), request.place.server.clone()?));
    match named.or_else(here) {
        Some((platform, server)) if caller.covers(&platform, Some(&server)) => Servers::One(platform, server),
        Some(_) => Servers::NotTheirs,
        None => Servers::All,
    }
}

/// The server that an admin means, or the channel in it. `None` when it is not theirs.
///
/// # Errors
/// When they have to name one.
pub(super) fn place(
    caller: &Caller,
    request: &CommandRequest,
    arguments: &Arguments,
    channel: Option<&str>,
) -> Result<Option<RuledPlace>, UserError> {
    let (platform, server) = match servers(caller, request, arguments) {
        Servers::One(platform, server) => (platform, server),
        Servers::All => return Err(UserError::MissingValue { option: &CHAT }),
        Servers::NotTheirs => return Ok(None),
    };
    let is_here = platform == request.user.platform && request.place.server.as_ref() == Some(&server);
    let channel = match channel {
        Some(HERE) if is_here => Some(request.place.chat.0.clone()),
        Some(HERE) => return Err(UserError::MissingValue { option: &CHANNEL }),
        Some(channel) => Some(people::id(channel, &CHANNEL)?),
        None => None,
    };
    Ok(Some(RuledPlace {
        platform,
        server,
        channel,
    }))
}

/// A place in words.
pub(super) fn name(caller: &Caller, request: &CommandRequest, place: &RuledPlace) -> String {
    let server = || texts::in_server(caller.locale, place.platform.as_str(), &place.server);
    let is_own = place.platform == request.user.platform;
    let Some(channel) = &place.channel else {
        return server();
    };
    if is_own && request.place.server.as_ref() == Some(&place.server) {
        let mention = request.responder.channel_mention(&ChatId(channel.clone()));
        return texts::in_channel(caller.locale, &mention);
    }
    format!("{}, {}", server(), texts::in_channel(caller.locale, channel))
}

/// Keeps what is set for a place, and lets it hold. Returns the answer when it cannot be.
pub(super) async fn set(
    context: &CommandContext,
    caller: &Caller,
    (place, kind): (&RuledPlace, PlaceRuleKind),
    value: &impl Serialize,
) -> Result<Option<Reply>, CommandError> {
    let places = &context.rules.current().places;
    let is_new = places.get(place).is_none();
    if is_new && places.of_server(&place.platform, &place.server).count() >= MOST_RULES {
        return answer(texts::too_many(caller.locale, MOST_RULES));
    }
    let value = serde_json::to_value(value).context("cannot write a rule for a place down")?;
    let admin = context.store.admin();
    let kept = admin.set_place_rule(place, kind, &value, &caller.actor).await;
    if !kept.context("cannot write a rule for a place down")? {
        return Ok(Some(caller.owners_only()));
    }
    refresh(context).await?;
    Ok(None)
}
