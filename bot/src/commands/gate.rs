//! Who may give which command.

use anyhow::Context as _;

use super::{Access, CommandContext, CommandError, CommandSpec, UserError};
use crate::chat::{ChatId, CommandRequest};
use crate::i18n::messages::Now;
use crate::rules::{Authority, Drawing};
use crate::store::JobRow;

/// Lets a command pass, or says why not.
///
/// # Errors
/// When the person is blocked here, the bot does not draw here, or the person lacks the authority that the command needs.
pub(super) async fn check(
    context: &CommandContext,
    request: &CommandRequest,
    spec: &'static CommandSpec,
) -> Result<(), CommandError> {
    let rules = context.rules.current();
    let authority = rules.admins.authority(request);
    let allowed = match spec.access {
        Access::EvenBlocked => return Ok(()),
        Access::Everybody => true,
        Access::Admin => authority != Authority::None,
        Access::Owner => authority == Authority::All,
    };
    // Admins cannot be locked out by another admin of the same server: a block keeps people from drawing only.
    if spec.access == Access::Everybody {
        let now = context.clock.now();
        let block = context
            .store
            .admin()
            .block_of(&request.user, request.place.server.as_deref(), now)
            .await
            .context("cannot read who is blocked")?;
        if let Some(block) = block {
            return Err(UserError::Blocked {
                block: Box::new(block),
                now: Now {
                    at: now,
                    time_zone: rules.time_zone,
                },
            }
            .into());
        }
    }
    if spec.draws
        && let Drawing::Denied { instead } = rules.places.drawing(&request.user.platform, &request.place)
    {
        let instead = instead.map(|channel| request.responder.channel_mention(&ChatId(channel)));
        return Err(UserError::NotHere { instead }.into());
    }
    if allowed {
        return Ok(());
    }
    Err(match spec.access {
        Access::Owner => UserError::OwnersOnly { command: spec },
        _ => UserError::AdminsOnly { command: spec },
    }
    .into())
}

/// Whether a person may end or remove a job: their own ones, and as an admin those of their server.
pub(super) fn may_change(authority: &Authority, request: &CommandRequest, job: &JobRow) -> bool {
    let server = job.place.server.as_deref();
    job.is_of(&request.user) || authority.covers(&request.user.platform, &job.user.platform, server)
}

/// Whether a person may see a job and go on from it: also what others asked for openly in the same chat, and as an admin
/// anywhere in their server. A private job is for nobody else, not even for an admin.
pub(super) fn may_see(authority: &Authority, request: &CommandRequest, job: &JobRow) -> bool {
    let is_same_chat = job.user.platform == request.user.platform && job.place.chat == request.place.chat;
    job.is_of(&request.user) || (!job.is_private && (is_same_chat || may_change(authority, request, job)))
}
