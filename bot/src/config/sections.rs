//! The sections of `config.toml`, which documents each setting.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use chrono_tz::Tz;
use inference::Provider;
use inference::noise::NoiseSource;
use inference::prompt::PromptSyntax;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use crate::i18n::Locale;

/// `[data]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// The data folder.
    pub dir: PathBuf,
}

/// `[runtime]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuntimeConfig {
    /// The ONNX Runtime library to use, when one is named.
    #[serde(deserialize_with = "empty_as_none")]
    pub library: Option<PathBuf>,
    /// What computes.
    #[serde(deserialize_with = "from_text")]
    pub provider: Provider,
    /// The library may be installed into the data folder.
    pub allow_install: bool,
}

/// `[inference]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InferenceConfig {
    /// The folder with model folders.
    pub models_dir: PathBuf,
    /// Id or folder of the default model.
    pub model: String,
    /// Threads that compute; 0 is one for each physical core.
    pub threads: usize,
    /// Most rows of one UNet call.
    pub max_batch_rows: usize,
    /// Most MiB of all loaded models together; `None` is without limit.
    #[serde(deserialize_with = "zero_as_none")]
    pub memory_budget_mib: Option<u32>,
    /// Whose random numbers a seed stands for; `None` is what the model says.
    #[serde(deserialize_with = "from_text_or_none")]
    pub noise: Option<NoiseSource>,
    /// How prompts are read.
    #[serde(deserialize_with = "from_text")]
    pub prompt_syntax: PromptSyntax,
}

/// `[queue]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueConfig {
    /// Jobs that are drawn at the same time.
    pub concurrency: usize,
    /// Jobs that may wait, of all people together.
    pub max_queued: u32,
    /// Seconds without any progress after which running jobs are taken back.
    pub lease_seconds: u64,
    /// Hours after which a waiting job is given up.
    pub expire_hours: u64,
}

/// `[store]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// Days for which files of pictures are kept; `None` is for ever.
    #[serde(deserialize_with = "zero_as_none")]
    pub keep_days: Option<u32>,
    /// GiB that all files of pictures may take together; `None` is without limit.
    #[serde(deserialize_with = "zero_as_none")]
    pub max_gib: Option<u32>,
}

/// `[web]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebConfig {
    /// Address and port.
    #[serde(deserialize_with = "socket_address")]
    pub bind: SocketAddr,
    /// The password of the web chat; always there when `bind` is not loopback.
    #[serde(deserialize_with = "empty_as_none")]
    pub token: Option<SecretString>,
    /// The password of the admin page; without one there is none.
    #[serde(deserialize_with = "empty_as_none")]
    pub admin_token: Option<SecretString>,
}

/// `[discord]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscordConfig {
    /// The bot's token; without one Discord is off.
    #[serde(deserialize_with = "empty_as_none")]
    pub token: Option<SecretString>,
    /// The application's id; without one Discord is asked.
    #[serde(deserialize_with = "id_or_none")]
    pub application_id: Option<u64>,
    /// The servers in which commands are registered, instead of everywhere.
    #[serde(deserialize_with = "ids")]
    pub guilds: Vec<u64>,
    /// The commands are for adults.
    pub age_restricted: bool,
    /// Where Discord's interface is, without a slash at the end.
    #[serde(deserialize_with = "web_address")]
    pub api_url: String,
    /// Where Discord's pictures of people are, without a slash at the end.
    #[serde(deserialize_with = "web_address")]
    pub cdn_url: String,
}

/// `[telegram]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelegramConfig {
    /// The bot's token; without one Telegram is off.
    #[serde(deserialize_with = "empty_as_none")]
    pub token: Option<SecretString>,
    /// Where the Bot API is.
    pub api_url: String,
    /// The chat in which pictures are put down for other chats: its number or its @name.
    #[serde(deserialize_with = "empty_as_none")]
    pub storage_chat: Option<String>,
    /// The file of a picture is sent after it.
    pub send_originals: bool,
    /// A job whose message was deleted by somebody is cancelled.
    pub cancel_deleted: bool,
    /// The public address for updates; `None` when they are polled.
    #[serde(deserialize_with = "empty_as_none")]
    pub webhook_url: Option<String>,
    /// Where updates are listened for.
    #[serde(deserialize_with = "socket_address")]
    pub webhook_bind: SocketAddr,
    /// What Telegram sends along with each update; always there when `webhook_url` is.
    #[serde(deserialize_with = "empty_as_none")]
    pub webhook_secret: Option<SecretString>,
}

/// `[shutdown]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShutdownConfig {
    /// Seconds that running jobs have to finish.
    pub drain_seconds: u64,
}

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// How much is logged.
    #[serde(deserialize_with = "from_text")]
    pub level: LogLevel,
    /// How a line looks.
    #[serde(deserialize_with = "from_text")]
    pub format: LogFormat,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Only what failed.
    Error,
    /// Also what may become a failure.
    Warn,
    /// Also what happens in normal service.
    Info,
    /// Also details for finding a fault.
    Debug,
    /// Everything.
    Trace,
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        })
    }
}

impl FromStr for LogLevel {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let all = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];
        let found = all.into_iter().find(|level| level.to_string() == name);
        found.ok_or_else(|| format!("\"{name}\" is none of error, warn, info, debug, trace"))
    }
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(format!("\"{name}\" is neither text nor json")),
        }
    }
}

/// `[i18n]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct I18nConfig {
    /// The language of people whose own is not known.
    pub default_locale: Locale,
    /// The time zone in which people are told a time.
    #[serde(deserialize_with = "time_zone")]
    pub time_zone: Tz,
}

pub(super) fn empty_as_none<'de, D: Deserializer<'de>, T: From<String>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(if text.is_empty() {
        None
    } else {
        Some(T::from(text))
    })
}

pub(super) fn from_text<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
    deserializer: D,
) -> Result<T, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(serde::de::Error::custom)
}

fn from_text_or_none<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

fn id_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    id(&text).map(Some).map_err(serde::de::Error::custom)
}

fn ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let ids: Result<Vec<u64>, String> = texts.iter().map(|text| id(text)).collect();
    ids.map_err(serde::de::Error::custom)
}

fn id(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("\"{text}\" is no id; an id has only digits and is not a name"))
}

fn web_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let parsed = reqwest::Url::parse(&text).ok();
    if !parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
        return Err(serde::de::Error::custom(format!(
            "\"{text}\" is not an address that begins with https:// or http://"
        )));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn socket_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        serde::de::Error::custom(format!(
            "\"{text}\" is not an address with a port, like 127.0.0.1:7860"
        ))
    })
}

fn time_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tz, D::Error> {
    let name = String::deserialize(deserializer)?;
    name.parse().map_err(|_| {
        serde::de::Error::custom(format!(
            "there is no time zone \"{name}\"; write UTC, or a continent and a city, like Asia/Tokyo"
        ))
    })
}

fn zero_as_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let number = u32::deserialize(deserializer)?;
    Ok(if number == 0 { None } else { Some(number) })
}
