//! What the bot must be allowed to do where it is asked to draw.

use serenity::model::permissions::Permissions;

use super::address::{BotAccess, DiscordAddress};
use crate::chat::Reply;
use crate::i18n::messages::discord::{self as texts, Permission};

/// Where the bot would write. A thread has its own right for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// In a channel itself, or in a conversation.
    Channel,
    /// In a thread of a channel.
    Thread,
}

impl Spot {
    /// What is needed to bring a picture there.
    fn needed(self) -> [(Permissions, Permission); 4] {
        let sending = match self {
            Self::Channel => (Permissions::SEND_MESSAGES, Permission::SendMessages),
            Self::Thread => (
                Permissions::SEND_MESSAGES_IN_THREADS,
                Permission::SendMessagesInThreads,
            ),
        };
        [
            (Permissions::VIEW_CHANNEL, Permission::ViewChannel),
            sending,
            (Permissions::ATTACH_FILES, Permission::AttachFiles),
            (Permissions::EMBED_LINKS, Permission::EmbedLinks),
        ]
    }
}

/// The answer to a command that draws where the bot lacks a permission: which one, by the name that Discord shows.
/// `None` when nothing is missing. It is for the first answer, instead of giving the command to the bot.
pub(super) fn complaint(address: &DiscordAddress, spot: Spot) -> Option<Reply> {
    if address.access != BotAccess::Member || address.permissions.administrator() {
        return None;
    }
    let missing: Vec<Permission> = spot
        .needed()
        .into_iter()
        .filter(|(needed, _)| !address.permissions.contains(*needed))
        .map(|(_, name)| name)
        .collect();
    let locale = address.locale;
    (!missing.is_empty()).then(|| Reply {
        locale: Some(locale),
        ..Reply::private(texts::missing_permissions(locale, &missing))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::discord::address::tests::address;
    use crate::i18n::Locale;

    fn check(access: BotAccess, allowed: Permissions, expected: Option<&str>) {
        check_in(Spot::Channel, access, allowed, expected);
    }

    fn check_in(spot: Spot, access: BotAccess, allowed: Permissions, expected: Option<&str>) {
        let address = DiscordAddress {
            access,
            permissions: allowed,
            ..address()
        };
        assert_eq!(
            complaint(&address, spot).map(|reply| reply.text).as_deref(),
            expected
        );
    }

    #[test]
    fn the_person_reads_which_permission_is_missing() {
        let enough = Permissions::VIEW_CHANNEL
            | Permissions::SEND_MESSAGES
            | Permissions::ATTACH_FILES
            | Permissions::EMBED_LINKS;
        check(BotAccess::Member, enough, None);
        check(BotAccess::Member, Permissions::ADMINISTRATOR, None);
        let in_thread = (enough - Permissions::SEND_MESSAGES) | Permissions::SEND_MESSAGES_IN_THREADS;
        check_in(Spot::Thread, BotAccess::Member, in_thread, None);
        check(
            BotAccess::Member,
            in_thread,
            Some(
                "In this channel I lack a permission: Send Messages. Somebody who manages this server can grant it.",
            ),
        );
        check_in(
            Spot::Thread,
            BotAccess::Member,
            enough,
            Some(
                "In this channel I lack a permission: Send Messages in Threads. Somebody who manages this server can grant it.",
            ),
        );
        check(BotAccess::None, Permissions::empty(), None);
        check(
            BotAccess::Member,
            enough - Permissions::ATTACH_FILES,
            Some(
                "In this channel I lack a permission: Attach Files. Somebody who manages this server can grant it.",
            ),
        );
        check(
            BotAccess::Member,
            Permissions::SEND_MESSAGES,
            Some(
                "In this channel I lack a permission: View Channel, Attach Files, Embed Links. Somebody who manages this server can grant it.",
            ),
        );
    }

    #[test]
    fn the_names_are_those_of_discord_in_japanese() {
        let address = DiscordAddress {
            permissions: Permissions::VIEW_CHANNEL,
            locale: Locale::JA,
            ..address()
        };
        let text = complaint(&address, Spot::Channel)
            .map(|reply| reply.text)
            .unwrap_or_default();
        insta::assert_snapshot!(text, @"このチャンネルでは、ボットに次の権限がありません: メッセージの送信、ファイルの添付、埋め込みリンク。サーバーの管理者に設定をお願いしてください。");
    }
}
