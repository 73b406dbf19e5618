//! By which ways a message can go, the best first.

use serenity::model::id::{ChannelId, MessageId};

use crate::adapters::discord::address::{Answered, BotAccess, DiscordAddress};

/// Messages that Discord lets a bot add to an interaction where it is no member.
const MAX_FOLLOW_UPS: u8 = 5;

/// One way of showing a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As the first answer.
    Respond {
        /// Only the person sees it.
        is_private: bool,
    },
    /// Instead of the first answer, by the interaction's token.
    EditOriginal,
    /// The first answer, which everybody sees, goes away, and a message for the person alone comes.
    Replace,
    /// As a message that is added, by the interaction's token.
    FollowUp {
        /// Only the person sees it.
        is_private: bool,
    },
    /// Instead of a message that was added, by the interaction's token.
    EditFollowUp(MessageId),
    /// Instead of a message, by the bot itself.
    Change {
        /// Where it is.
        channel: ChannelId,
        /// The message.
        message: MessageId,
    },
    /// As a new message of the bot where the command was given, which the person is told of.
    Post,
    /// As a direct message.
    Direct,
    /// Not at all: a sentence where the command was given says how the person can get it.
    Point,
}

/// What is to be shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Only the person may see it.
    pub(super) is_private: bool,
    /// It must arrive; news that cannot be shown are not.
    pub(super) is_last: bool,
    /// The interaction can still be answered.
    pub(super) has_token: bool,
}

/// Every way that may work, the best first.
pub(super) fn ways(address: &DiscordAddress, wanted: Wanted) -> Vec<Way> {
    // Nobody else is in a conversation with the bot.
    let is_direct = address.access == BotAccess::Direct;
    let is_private = wanted.is_private && !is_direct;
    let mut ways = changes(address, wanted, is_private);
    if !wanted.is_last {
        return ways;
    }
    let was_private = address.is_private && !is_direct;
    if address.access != BotAccess::None && !is_private && !was_private {
        ways.push(Way::Post);
    } else if wanted.has_token && is_answered(address) && may_follow_up(address) {
        // Sent twice, it is shown twice, which a message of the bot is not.
        ways.push(Way::FollowUp { is_private });
    }
    if is_direct {
        return ways;
    }
    ways.push(Way::Direct);
    if address.access == BotAccess::Member {
        ways.push(Way::Point);
    }
    ways
}

/// The ways that change what is there, or that fill what was announced.
fn changes(address: &DiscordAddress, wanted: Wanted, is_private: bool) -> Vec<Way> {
    let by_bot = |message: MessageId| Way::Change {
        channel: address.channel,
        message,
    };
    let can_change = address.access != BotAccess::None;
    let mut ways = Vec::new();
    match address.answer {
        Answered::Nothing if wanted.has_token => ways.push(Way::Respond { is_private }),
        Answered::Quietly if wanted.has_token && may_follow_up(address) => {
            ways.push(Way::FollowUp { is_private });
        }
        Answered::Nothing | Answered::Quietly => {}
        Answered::Original { .. } if is_private && !address.is_private => {
            ways.extend((wanted.has_token && may_follow_up(address)).then_some(Way::Replace));
        }
        Answered::Original { message } => {
            ways.extend(wanted.has_token.then_some(Way::EditOriginal));
            let message = message.filter(|_| can_change && !address.is_private);
            ways.extend(message.map(by_bot));
        }
        Answered::FollowUp {
            message,
            is_private: is_hidden,
        } => {
            ways.extend(wanted.has_token.then_some(Way::EditFollowUp(message)));
            ways.extend((can_change && !is_hidden).then(|| by_bot(message)));
        }
        Answered::Own { channel, message } => ways.push(Way::Change { channel, message }),
    }
    ways
}

fn is_answered(address: &DiscordAddress) -> bool {
    !matches!(address.answer, Answered::Nothing | Answered::Quietly)
}

fn may_follow_up(address: &DiscordAddress) -> bool {
    address.access == BotAccess::Member || address.follow_ups < MAX_FOLLOW_UPS
}
