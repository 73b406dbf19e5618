//! `admin channel list`, `admin default show`, `admin safety show`: what is set for servers and channels.

use async_trait::async_trait;

use super::place::{self, Servers};
use super::{
    Access, Arguments, CHAT, Caller, Command, CommandContext, CommandError, CommandRequest, CommandSpec,
    Locale, OptionSpec, Reply, answer, list, messages, texts,
};
use crate::rules::PlaceRule;
use crate::store::PlaceRuleKind;

/// One of the three.
pub(in crate::commands) struct PlaceShow {
    spec: &'static CommandSpec,
    kind: PlaceRuleKind,
    /// What stands above the lines, of which there are so many.
    title: fn(Locale, usize) -> String,
}

pub(in crate::commands) static CHANNEL_LIST: PlaceShow = PlaceShow {
    spec: &spec("admin channel list"),
    kind: PlaceRuleKind::Drawing,
    title: texts::channels,
};

pub(in crate::commands) static DEFAULT_SHOW: PlaceShow = PlaceShow {
    spec: &spec("admin default show"),
    kind: PlaceRuleKind::Defaults,
    title: texts::defaults,
};

pub(in crate::commands) static SAFETY_SHOW: PlaceShow = PlaceShow {
    spec: &spec("admin safety show"),
    kind: PlaceRuleKind::Safety,
    title: texts::safeties,
};

static POSITIONAL: OptionSpec = CHAT;

const fn spec(name: &'static str) -> CommandSpec {
    CommandSpec {
        name,
        access: Access::Admin,
        asks: false,
        draws: false,
        is_private: true,
        positional: Some(&POSITIONAL),
        options: &[],
    }
}

#[async_trait]
impl Command for PlaceShow {
    fn spec(&self) -> &'static CommandSpec {
        self.spec
    }

    async fn run(
        &self,
        context: &CommandContext,
        request: &CommandRequest,
        arguments: Arguments,
    ) -> Result<Option<Reply>, CommandError> {
        let caller = Caller::of(context, request, self.spec)?;
        let servers = place::servers(&caller, request, &arguments);
        if matches!(servers, Servers::NotTheirs) {
            return Ok(Some(caller.elsewhere()));
        }
        let rules = context.rules.current();
        let lines: Vec<String> = rules
            .places
            .all()
            .filter(|(place, _)| match &servers {
                Servers::One(platform, server) => place.platform == *platform && place.server == *server,
                Servers::All => true,
                Servers::NotTheirs => false,
            })
            .filter_map(|(place, rule)| {
                let place = place::name(&caller, request, place);
                Some(format!("{place} · {}", text(self.kind, rule, caller.locale)?))
            })
            .collect();
        let mut shown = list(caller.locale, (self.title)(caller.locale, lines.len()), &lines);
        if self.kind == PlaceRuleKind::Safety && request.place.server.is_some() {
            let here = rules.safety.action(&request.user.platform, &request.place);
            let here = messages::choice_name(caller.locale, here.name());
            let here = texts::safety_here(caller.locale, &here);
            shown = format!("{here}\n{shown}");
        }
        answer(shown)
    }
}

/// What is set, and that an admin of everything has set it.
fn text(kind: PlaceRuleKind, rule: &PlaceRule, locale: Locale) -> Option<String> {
    let (value, by_owner) = match kind {
        PlaceRuleKind::Drawing => {
            let drawing = rule.drawing.as_ref()?;
            let sign = if drawing.value { "✅" } else { "⛔" };
            (sign.to_owned(), drawing.by_owner)
        }
        PlaceRuleKind::Defaults => {
            let defaults = rule.defaults.as_ref()?;
            (defaults.value.to_string(), defaults.by_owner)
        }
        PlaceRuleKind::Safety => {
            let safety = rule.safety.as_ref()?;
            (
                messages::choice_name(locale, safety.value.name()),
                safety.by_owner,
            )
        }
    };
    Some(if by_owner {
        format!("{value} · {}", texts::from_admin(locale))
    } else {
        value
    })
}
