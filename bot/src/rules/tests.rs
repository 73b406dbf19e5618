use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;

use super::{Admins, Authority, LiveRules, ReadConfig, RulesError, SafetyRules};
use crate::chat::{CommandInput, CommandRequest, Place, Platform, Standing, UserId};
use crate::config::{AdminsConfig, Config, ConfigSources, LimitScope};
use crate::i18n::Locale;
use crate::safety::SafetyAction;
use crate::store::tests::NOW;
use crate::store::{Actor, PlaceRuleKind, RuledPlace, Store};
use crate::tests::fakes::FakeChat;

const DISCORD: Platform = Platform::new("discord");

fn user(platform: Platform, id: &str) -> UserId {
    let id = id.to_owned();
    UserId { platform, id }
}

fn place(server: Option<&str>, chat: &str) -> Place {
    Place {
        server: server.map(str::to_owned),
        ..Place::direct(chat)
    }
}

fn config(file: &str) -> Config {
    let folder = tempfile::tempdir().expect("folder");
    write(folder.path(), file);
    read(folder.path())().expect("the settings are valid")
}

fn write(folder: &Path, file: &str) {
    std::fs::write(folder.join("ekaki.toml"), file).expect("the file can be written");
}

fn read(folder: &Path) -> ReadConfig {
    let sources = ConfigSources {
        folder: folder.to_owned(),
        ..ConfigSources::default()
    };
    Arc::new(move || Config::load(&sources))
}

/// Rules that can be reloaded, and where their settings lie.
struct Tester {
    folder: TempDir,
    store: Store,
    rules: LiveRules,
}

impl Tester {
    async fn start(file: &str) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        write(folder.path(), file);
        let store = Store::open(&folder.path().join("data")).await.expect("store");
        let rules = Self::rules(folder.path(), &store)
            .await
            .expect("the rules are valid");
        Self { folder, store, rules }
    }

    async fn rules(folder: &Path, store: &Store) -> Result<LiveRules, RulesError> {
        let read_config = read(folder);
        let config = read_config()?;
        LiveRules::new(&config, read_config, store.clone()).await
    }

    /// The settings that need a restart, or what is wrong.
    async fn reload(&self, file: &str) -> Result<Vec<String>, String> {
        write(self.folder.path(), file);
        let prefix = format!("{}/", self.folder.path().display());
        let reloaded = self.rules.reload().await;
        reloaded
            .map(|reloaded| reloaded.needs_restart)
            .map_err(|error| error.to_string().replace(&prefix, ""))
    }

    fn per_day(&self, id: &str) -> Option<u32> {
        let (user, place) = (user(DISCORD, id), place(Some("1"), "7"));
        let limits = &self.rules.current().limits;
        limits.of(&user, &Standing::default(), &place).check.per_day
    }
}

fn owner() -> Actor {
    Actor {
        user: user(DISCORD, "9"),
        server: None,
        now: *NOW,
    }
}

#[tokio::test]
async fn a_reload_puts_the_new_rules_in_place_and_says_what_has_to_wait() {
    let tester = Tester::start("[limits]\nper_day = 3\n").await;
    let before = tester.rules.current();
    let default_locale = tester.rules.default_locale();
    assert_eq!(default_locale.get(), Locale::EN);
    let file = "[limits]\nper_day = 4\n[queue]\nconcurrency = 2\nmax_queued = 9\n[safety]\nmodel = \"checker\"\n\
                [i18n]\ntime_zone = \"Asia/Tokyo\"\ndefault_locale = \"ja\"\n[[styles]]\nname = \"ink\"\n";
    let needs_restart = tester.reload(file).await.expect("the new settings are valid");
    assert_eq!(needs_restart, ["queue.concurrency", "safety.model"]);
    let after = tester.rules.current();
    assert_eq!(tester.per_day("1"), Some(4));
    assert_eq!(after.time_zone, chrono_tz::Tz::Asia__Tokyo);
    assert!(after.styles.get("INK").is_some());
    assert_eq!(after.limits.max_queued, 9);
    assert_eq!(default_locale.get(), Locale::JA);
    assert!(
        before.styles.all().is_empty(),
        "a command keeps the rules it began with"
    );

    let needs_restart = tester.reload(file).await.expect("valid");
    assert_eq!(
        needs_restart,
        ["queue.concurrency", "safety.model"],
        "nothing was restarted"
    );
    assert!(
        tester
            .reload("[limits]\nper_day = 3\n")
            .await
            .expect("valid")
            .is_empty()
    );
}

#[tokio::test]
async fn a_broken_file_changes_nothing_and_says_why() {
    let tester = Tester::start("[limits]\nper_day = 3\n").await;
    let before = tester.rules.current();
    let broken = |rest| format!("[limits]\nper_day = 4\n{rest}\n");
    let refused = async |rest| {
        tester
            .reload(&broken(rest))
            .await
            .expect_err("the file is broken")
    };
    insta::assert_snapshot!(refused("per_hour ="). await, @"ekaki.toml, line 3: string values must be quoted, expected literal string");
    insta::assert_snapshot!(refused("per_week = 1"). await, @"ekaki.toml, line 3: unknown setting `limits.per_week`; [limits] has cooldown_s, max_count, max_pixels, max_prompt_chars, max_steps, models, per_day, per_hour, per_minute, queued, rules, running");
    insta::assert_snapshot!(refused("max_steps = 500"). await, @"ekaki.toml, line 3: `limits.max_steps`: must be from 1 to 150, not 500");
    insta::assert_snapshot!(refused("[[limits.rules]]\nuser = \"1\"\nper_day = \"x\""). await, @r#"ekaki.toml, line 5: `limits.rules.per_day` must be a whole number, not the text "x""#);
    insta::assert_snapshot!(refused("[words]\nforbidden = [\"gore\",\n\"/(/\"]").await, @r#"ekaki.toml, line 5: `words.forbidden`: the word rule "/(/" cannot be used: unclosed group"#);
    insta::assert_snapshot!(refused("[words]\nallowed = [\"/[/\"]").await, @r#"ekaki.toml, line 4: `words.allowed`: the word rule "/[/" cannot be used: unclosed character class"#);
    insta::assert_snapshot!(refused("[[dictionaries]]\nfile = \"/nowhere/a.csv\"\nmodels = [\"*\"]").await, @"ekaki.toml, line 4: `dictionaries.file`: the dictionary /nowhere/a.csv cannot be used: No such file or directory (os error 2)");
    assert!(Arc::ptr_eq(&before, &tester.rules.current()));
    tester
        .rules
        .refresh()
        .await
        .expect("the old settings are still there");
    assert_eq!(tester.per_day("1"), Some(3));
}

#[tokio::test]
async fn what_admins_have_set_beats_the_settings_and_outlives_a_restart() {
    let tester = Tester::start("[limits]\nper_day = 3\n[[limits.rules]]\nuser = \"1\"\nper_day = 5\n").await;
    assert_eq!((tester.per_day("1"), tester.per_day("2")), (Some(5), Some(3)));
    let admin = tester.store.admin();
    let values = serde_json::json!({ "per_day": 7 });
    admin
        .set_limits("user=1", &values, &owner())
        .await
        .expect("stored");
    assert_eq!(
        tester.per_day("1"),
        Some(5),
        "nobody has said that something changed"
    );
    tester.rules.refresh().await.expect("valid");
    assert_eq!((tester.per_day("1"), tester.per_day("2")), (Some(7), Some(3)));

    let restarted = Tester::rules(tester.folder.path(), &tester.store)
        .await
        .expect("valid");
    let limits = &restarted.current().limits;
    assert_eq!(limits.overrides.len(), 1);

    admin.reset_limits("user=1", &owner()).await.expect("stored");
    tester.rules.refresh().await.expect("valid");
    assert_eq!(tester.per_day("1"), Some(5));
}

#[tokio::test]
async fn what_cannot_be_used_in_the_store_is_named_and_keeps_nobody_from_starting() {
    let tester = Tester::start("").await;
    let admin = tester.store.admin();
    let values = serde_json::json!({ "max_steps": 0 });
    admin
        .set_limits("user=1", &values, &owner())
        .await
        .expect("stored");
    let error = tester.rules.refresh().await.expect_err("0 steps").to_string();
    insta::assert_snapshot!(error, @"the limits that an admin has set for user=1: `max_steps` must be from 1 to 150, not 0");

    let restarted = Tester::rules(tester.folder.path(), &tester.store)
        .await
        .expect("it starts");
    assert!(restarted.current().limits.overrides.is_empty());
    admin.reset_limits("user=1", &owner()).await.expect("removed");
    restarted.refresh().await.expect("nothing is wrong any more");
}

#[tokio::test]
async fn words_of_admins_hold_in_their_server() {
    let tester = Tester::start("[words]\nforbidden = [\"gore\"]\n").await;
    let admin = tester.store.admin();
    let added = admin.add_word("peg", Some(&DISCORD), Some("1"), &owner()).await;
    let id = added.expect("stored");
    tester.rules.refresh().await.expect("valid");
    let check = |text, server, expected: Option<&str>| {
        let rules = tester.rules.current();
        let found = rules.words.check([text], "discord", server);
        assert_eq!(found.map(|found| found.rule).as_deref(), expected);
    };
    check("a peg", Some("1"), Some("peg"));
    check("a peg", Some("2"), None);
    check("gore", None, Some("gore"));
    assert!(admin.remove_word(id, None, &owner()).await.expect("removed"));
    tester.rules.refresh().await.expect("valid");
    check("a peg", Some("1"), None);
}

#[test]
fn the_most_specific_safety_rule_decides() {
    let file = "[safety]\naction = \"spoiler\"\nage_restricted_action = \"allow\"\n\
                [[safety.rules]]\nplatform = \"discord\"\naction = \"blur\"\n\
                [[safety.rules]]\nchannel = \"7\"\naction = \"allow\"\n\
                [[safety.rules]]\nchat = \"1\"\naction = \"block\"\n\
                [[safety.rules]]\nchat = \"2\"\naction = \"blur\"\n\
                [[safety.rules]]\nchat = \"2\"\naction = \"block\"\n";
    let rules = SafetyRules::new(&config(file).safety);
    let check = |platform, server, chat, age_restricted, expected| {
        let place = Place {
            age_restricted,
            ..place(server, chat)
        };
        let found = rules.action(&Platform::new(platform), &place);
        assert_eq!(found, expected, "{platform} {server:?} {chat}");
    };
    check("web", None, "page", false, SafetyAction::Spoiler);
    check("web", None, "page", true, SafetyAction::Allow);
    check("discord", Some("5"), "8", false, SafetyAction::Blur);
    check("discord", Some("5"), "8", true, SafetyAction::Blur);
    check("discord", Some("1"), "8", false, SafetyAction::Block);
    check("discord", Some("1"), "7", false, SafetyAction::Allow);
    check("telegram", Some("2"), "8", false, SafetyAction::Block);
}

#[tokio::test]
async fn moderators_can_only_be_stricter_about_pictures() {
    let file = "[safety]\naction = \"spoiler\"\nage_restricted_action = \"allow\"\n";
    let tester = Tester::start(file).await;
    let moderator = Actor {
        server: Some("1".into()),
        ..owner()
    };
    let set = async |by: &Actor, channel: Option<&str>, action: &str| {
        let place = RuledPlace {
            platform: DISCORD,
            server: "1".into(),
            channel: channel.map(str::to_owned),
        };
        let admin = tester.store.admin();
        let kept = admin
            .set_place_rule(&place, PlaceRuleKind::Safety, &json!(action), by)
            .await;
        assert!(kept.expect("written"));
        tester.rules.refresh().await.expect("valid");
        tester.rules.current().safety.mildest(&place)
    };
    let check = |server, chat, expected| {
        let rules = tester.rules.current();
        let found = rules.safety.action(&DISCORD, &place(Some(server), chat));
        assert_eq!(found, expected, "{server} {chat}");
    };
    assert_eq!(set(&moderator, None, "blur").await, SafetyAction::Allow);
    assert_eq!(set(&moderator, Some("7"), "allow").await, SafetyAction::Allow);
    check("1", "8", SafetyAction::Blur);
    check("1", "7", SafetyAction::Spoiler);
    check("2", "8", SafetyAction::Spoiler);
    assert_eq!(set(&owner(), Some("8"), "block").await, SafetyAction::Block);
    check("1", "8", SafetyAction::Block);
}

fn request(who: UserId, standing: Standing, server: Option<&str>) -> CommandRequest {
    let (chat, _lines) = FakeChat::new();
    CommandRequest {
        user: who,
        standing,
        place: place(server, "7"),
        locale: Locale::EN,
        input: CommandInput::Text(String::new()),
        attachments: Vec::new(),
        key: None,
        responder: chat.at("m1"),
    }
}

#[test]
fn admins_of_the_settings_rule_everywhere_and_moderators_at_home() {
    let admins = Admins::new(&AdminsConfig {
        discord: vec!["1".into()],
        telegram: vec!["2".into()],
    });
    let nobody = Standing::default();
    let moderator = Standing {
        is_moderator: true,
        ..Standing::default()
    };
    let owner = Standing {
        is_owner: true,
        ..Standing::default()
    };
    let server = || Authority::Server("5".into());
    let check = |platform, id, standing: &Standing, place, expected| {
        let who = user(Platform::new(platform), id);
        let found = admins.authority(&request(who, standing.clone(), place));
        assert_eq!(found, expected, "{platform} {id} {standing:?} {place:?}");
    };
    check("discord", "1", &nobody, None, Authority::All);
    check("discord", "2", &nobody, Some("5"), Authority::None);
    check("telegram", "2", &nobody, Some("5"), Authority::All);
    check("web", "1", &nobody, None, Authority::None);
    check("web", "1", &owner, None, Authority::All);
    check("discord", "3", &moderator, Some("5"), server());
    check("discord", "3", &moderator, None, Authority::None);
    check("discord", "1", &moderator, Some("5"), Authority::All);

    let telegram = Platform::new("telegram");
    assert!(Authority::All.covers(&DISCORD, &telegram, None));
    assert!(server().covers(&DISCORD, &DISCORD, Some("5")));
    assert!(!server().covers(&DISCORD, &telegram, Some("5")));
    assert!(!server().covers(&DISCORD, &DISCORD, Some("6")));
    assert!(!server().covers(&DISCORD, &DISCORD, None));
    assert!(!Authority::None.covers(&DISCORD, &DISCORD, Some("5")));
}

#[test]
fn a_moderator_sets_limits_for_their_own_server_only() {
    let check = |authority: Authority, scope: &str, expected: Option<&str>| {
        let scope: LimitScope = scope.parse().expect("scope");
        let confined = authority.confine(&DISCORD, scope).map(|scope| scope.to_string());
        assert_eq!(confined.as_deref(), expected);
    };
    let server = || Authority::Server("5".into());
    check(Authority::All, "role=2", Some("role=2"));
    check(Authority::None, "role=2", None);
    check(server(), "everybody", Some("platform=discord chat=5"));
    check(server(), "role=2", Some("platform=discord chat=5 role=2"));
    check(
        server(),
        "platform=discord chat=5 user=1",
        Some("platform=discord chat=5 user=1"),
    );
    check(server(), "chat=6", None);
    check(server(), "platform=telegram", None);
}
