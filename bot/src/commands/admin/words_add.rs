//! `admin words add`: something may not be drawn.

use anyhow::Context as _;
use async_trait::async_trait;

use super::{
    Access, Arguments, CHAT, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec,
    MOST_RULES, OptionKind, OptionSpec, PLATFORM, Reply, answer, refresh, required, texts,
};
use crate::prompts::{WordRules, WordScope};
use crate::store::StoredWord;

/// The longest rule, in characters.
const MOST_RULE_CHARS: usize = 200;

pub(in crate::commands) struct WordsAdd;

static SPEC: CommandSpec = CommandSpec {
    name: "admin words add",
    access: Access::Admin,
    asks: false,
    draws: false,
    is_private: true,
    positional: Some(&RULE),
    options: &[CHAT, PLATFORM],
};

const RULE: OptionSpec = OptionSpec::new("rule", OptionKind::Words, "blood").required();

#[async_trait]
impl Command for WordsAdd {
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
        let rule = required(&arguments, &RULE)?.trim();
        let Some(reach) = caller.reach(&arguments) else {
            return Ok(Some(caller.elsewhere()));
        };
        if rule.chars().count() > MOST_RULE_CHARS {
            return answer(texts::too_long(caller.locale, MOST_RULE_CHARS));
        }
        // One that cannot be read must not get into the store: it would keep the rules from being read at all.
        if let Err(error) = WordRules::default().add(rule, WordScope::default()) {
            return answer(texts::word_unusable(caller.locale, &error.reason));
        }
        let (platform, server) = reach.place();
        let admin = context.store.admin();
        let words = admin.words().await.context("cannot read the word rules")?;
        let is_here =
            |word: &&StoredWord| (word.platform.as_ref(), word.server.as_deref()) == (platform, server);
        if words.iter().filter(is_here).count() >= MOST_RULES {
            return answer(texts::too_many(caller.locale, MOST_RULES));
        }
        let id = admin
            .add_word(rule, platform, server, &caller.actor)
            .await
            .context("cannot write the word rule down")?;
        refresh(context).await?;
        answer(texts::word_added(
            caller.locale,
            id,
            rule,
            &reach.text(caller.locale),
        ))
    }
}
