//! `admin words remove`: something may be drawn again.

use anyhow::Context as _;
use async_trait::async_trait;

use super::{
    Access, Arguments, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec,
    OptionKind, OptionSpec, Reply, UserError, answer, refresh, required, texts,
};

pub(in crate::commands) struct WordsRemove;

static SPEC: CommandSpec = CommandSpec {
    name: "admin words remove",
    access: Access::Admin,
    asks: false,
    draws: false,
    is_private: true,
    positional: Some(&NUMBER),
    options: &[],
};

const NUMBER: OptionSpec = OptionSpec::new("number", OptionKind::Integer, "3").required();

#[async_trait]
impl Command for WordsRemove {
    fn spec(&self) -> &'static CommandSpec {
        &SPEC
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let caller = Caller::of(context, request, &SPEC)?;
        let text = required(&arguments, &NUMBER)?;
        let id: i64 = text.trim().parse().map_err(|_| UserError::BadValue {
            option: &NUMBER,
            value: text.to_owned(),
        })?;
        let admin = context.store.admin();
        let words = admin.words().await.context("cannot read the word rules")?;
        // One of another server is none for an admin of this one.
        let theirs = words.iter().find(|word| word.id == id).filter(|word| {
            let platform = word.platform.as_ref().unwrap_or(&request.user.platform);
            caller.covers(platform, word.server.as_deref())
        });
        if theirs.is_some_and(|word| word.by_owner && !caller.actor.is_owner()) {
            return Ok(Some(caller.owners_only()));
        }
        let removed = match theirs {
            Some(word) => admin
                .remove_word(word.id, word.server.as_deref(), &caller.actor)
                .await
                .context("cannot remove the word rule")?,
            None => false,
        };
        if !removed {
            return answer(texts::word_unknown(caller.locale, id));
        }
        refresh(context).await?;
        answer(texts::word_removed(caller.locale, id))
    }
}
