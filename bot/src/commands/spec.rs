//! What a command looks like: enough to parse it, to explain it and to register it with a platform.

/// A command.
#[derive(Debug)]
pub struct CommandSpec {
    /// Its name without a slash.
    pub name: &'static str,
    /// The name of the option that a text without an option's name belongs to.
    pub positional: Option<&'static str>,
    /// Its options, without the positional one.
    pub options: &'static [OptionSpec],
}

/// An option of a command.
#[derive(Debug)]
pub struct OptionSpec {
    /// Its name without dashes.
    pub name: &'static str,
    /// What its value is.
    pub kind: OptionKind,
    /// A value that makes sense.
    pub example: &'static str,
}

/// What the value of an option is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    /// Words, up to the next option.
    Words,
    /// One word: a number, a size, a name.
    Word,
}
