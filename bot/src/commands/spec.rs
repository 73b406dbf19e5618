//! What a command looks like: enough to parse it, to explain it and to register it with a platform.

/// A command.
#[derive(Debug)]
pub struct CommandSpec {
    /// Its name without a slash. That of a command in a group has several words: `admin limit show`.
    pub name: &'static str,
    /// Who may use it.
    pub access: Access,
    /// The name of the option that a text without an option's name belongs to.
    pub positional: Option<&'static OptionSpec>,
    /// Its options, without the positional one.
    pub options: &'static [OptionSpec],
    /// The answer may be a [`Form`](crate::chat::Form), which some platforms only take as their first answer.
    pub asks: bool,
    /// It makes a job, so that it is only for places where the bot may draw.
    pub draws: bool,
    /// Its answer is for the person who asked and for nobody else; a job may still be private where this is `false`.
    pub is_private: bool,
}

/// Who may use a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Everybody who is not blocked.
    #[default]
    Everybody,
    /// Also those who are blocked.
    EvenBlocked,
    /// Those who may administer this server, or everything.
    Admin,
    /// Those who may administer everything.
    Owner,
}

/// An option of a command.
#[derive(Debug)]
pub struct OptionSpec {
    /// Its name without dashes.
    pub name: &'static str,
    /// Other names that people bring from elsewhere; a text may have them, menus do not show them.
    pub aliases: &'static [&'static str],
    /// What its value is.
    pub kind: OptionKind,
    /// A value that makes sense.
    pub example: &'static str,
    /// It cannot be left out.
    pub is_required: bool,
    /// What can be chosen.
    pub choices: Choices,
}

impl CommandSpec {
    /// The option with this name or alias, also the positional one.
    pub fn option(&self, name: &str) -> Option<&'static OptionSpec> {
        self.positional
            .into_iter()
            .chain(self.options)
            .find(|option| option.is_named(name))
    }

    /// Its option for the number of a job.
    pub(super) fn job_option(&self) -> Option<&'static OptionSpec> {
        self.positional
            .into_iter()
            .chain(self.options)
            .find(|option| option.kind == OptionKind::Job)
    }

    /// The name as the key of a text: `admin-limit-show`.
    pub fn key(&self) -> String {
        self.name.replace(' ', "-")
    }
}

impl OptionSpec {
    /// An option that may be left out and takes any value.
    pub const fn new(name: &'static str, kind: OptionKind, example: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            kind,
            example,
            is_required: false,
            choices: Choices::Any,
        }
    }

    /// The same, and it cannot be left out.
    pub const fn required(self) -> Self {
        Self {
            is_required: true,
            ..self
        }
    }

    /// The same with other names.
    pub const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// Whether it is called so, in any case.
    pub fn is_named(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
            || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }

    /// The same with these choices.
    pub const fn of(self, choices: Choices) -> Self {
        Self { choices, ..self }
    }
}

/// What the value of an option is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    /// Words, up to the next option.
    Words,
    /// One word: a size, a name.
    Word,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// It is given or not: `--private`, and `--private=no` for what is usual otherwise. Its value is `true` or `false`.
    Flag,
    /// The number of a job, with the number of a picture if need be: `12`, `12:2`. A button carries it, and the option
    /// `job` may stand in a text before all other words.
    Job,
    /// A file that comes with the command; platforms that show options leave it to the person to attach one, in a
    /// text it is the number of a job and a picture: `12:2`.
    File,
    /// A person: the platform's id (`123`), a mention (`<@123>`), or somebody of another platform (`telegram:123`).
    /// Behind it may be other words, in a text and where it is the positional option.
    User,
    /// A role of the server: the platform's id or a mention (`<@&123>`).
    Role,
    /// A channel of the server, or a topic of the group: the platform's id or a mention (`<#123>`).
    Channel,
}

/// What can be chosen for an option; what is typed is checked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choices {
    /// Anything.
    Any,
    /// One of these.
    Of(&'static [&'static str]),
    /// These are usual, anything may be typed.
    Usual(&'static [&'static str]),
    /// The models.
    Models,
    /// The styles.
    Styles,
    /// The samplers.
    Samplers,
    /// What the person has asked for lately, the newest first; anything may be typed.
    RecentPrompts,
}
