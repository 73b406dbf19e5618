use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::app::{Parts, Service};
use crate::chat::{
    ButtonId, CommandInput, CommandRequest, ImageContent, Place, Platform, Reply, Standing, UserId,
};
use crate::commands::{Access, CommandError, Commands};
use crate::config::{Config, ConfigSources};
use crate::i18n::Locale;
use crate::metrics::Metrics;
use crate::queue::{Clock, QueueSettings};
use crate::rules::{LiveRules, ReadConfig};
use crate::store::tests::{NO_LIMITS, NOW, new_job};
use crate::store::{JobId, Store};
use crate::tests::fakes::{FakeChat, FakeGenerator};

/// Those who give commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Named in the settings.
    Owner,
    /// Runs the server `red` of Discord.
    Moderator,
    /// Anybody in that server.
    Stranger,
}

/// The commands over a real store and the rules of a real file of settings.
struct Desk {
    folder: TempDir,
    store: Store,
    commands: Arc<Commands>,
    chat: FakeChat,
}

impl Desk {
    async fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let sources = ConfigSources {
            folder: folder.path().to_owned(),
            ..ConfigSources::default()
        };
        let settings =
            format!("{settings}\n[admins]\ndiscord = [\"1\"]\n[i18n]\ntime_zone = \"Asia/Tokyo\"\n");
        std::fs::write(folder.path().join("ekaki.toml"), settings).expect("written");
        let read_config: ReadConfig = Arc::new(move || Config::load(&sources));
        let config = read_config().expect("the settings are valid");
        let store = Store::open(&folder.path().join("data")).await.expect("a store");
        let rules = LiveRules::new(&config, read_config, store.clone())
            .await
            .expect("the rules are valid");
        let (chat, _lines) = FakeChat::new();
        let service = Service::new(Parts {
            store: store.clone(),
            rules,
            settings: QueueSettings {
                concurrency: 1,
                drain: Duration::ZERO,
                ..QueueSettings::new(&config.queue, &config.shutdown)
            },
            generator: Arc::new(FakeGenerator::default()),
            clock: Clock::new(|| *NOW),
            random_seed: || 7,
            adapters: vec![Arc::new(chat.clone())],
            metrics: Metrics::new(store.clone(), None),
        });
        Self {
            folder,
            store,
            commands: Arc::clone(&service.commands),
            chat,
        }
    }

    fn request(&self, who: Who, input: CommandInput) -> CommandRequest {
        let id = match who {
            Who::Owner => "1",
            Who::Moderator => "2",
            Who::Stranger => "3",
        };
        CommandRequest {
            user: UserId {
                platform: Platform::new("discord"),
                id: id.to_owned(),
            },
            standing: Standing {
                is_moderator: who == Who::Moderator,
                ..Standing::default()
            },
            place: Place {
                server: Some("red".to_owned()),
                ..Place::direct("general")
            },
            locale: Locale::EN,
            input,
            attachments: Vec::new(),
            key: None,
            responder: self.chat.at("m1"),
        }
    }

    async fn answer(&self, request: CommandRequest) -> Reply {
        match self.commands.answer(&request).await {
            Ok(reply) => reply.expect("an answer"),
            Err(CommandError::User(error)) => Reply::private(error.text(request.locale)),
            Err(CommandError::Internal(error)) => panic!("{error:#}"),
        }
    }

    async fn reply(&self, who: Who, text: &str) -> Reply {
        let request = self.request(who, CommandInput::Text(format!("/admin {text}")));
        let reply = self.answer(request).await;
        assert!(reply.is_private, "{text}: everybody sees {reply:?}");
        reply
    }

    async fn say(&self, who: Who, text: &str) -> String {
        self.reply(who, text).await.text
    }

    /// What everybody says and hears, one after the other.
    async fn talk(&self, lines: &[(Who, &str)]) -> String {
        let mut transcript = Vec::new();
        for (who, text) in lines {
            let answer = self.say(*who, text).await;
            transcript.push(format!("{who:?}: {text}\n  {}", answer.replace('\n', "\n  ")));
        }
        transcript.join("\n")
    }
}

use Who::{Moderator, Owner, Stranger};

#[tokio::test]
async fn only_admins_may_give_these_commands() {
    let desk = Desk::new("").await;
    let specs: Vec<_> = Commands::specs()
        .filter(|spec| spec.name.starts_with("admin "))
        .collect();
    assert_eq!(specs.len(), 26);
    for spec in specs {
        let name = spec.name.strip_prefix("admin ").expect("of the group");
        let refused = desk.say(Stranger, name).await;
        assert!(refused.contains("for"), "{name}: {refused}");
        let moderators = desk.say(Moderator, name).await;
        let only_owners = moderators.contains("those who run this service");
        assert_eq!(only_owners, spec.access == Access::Owner, "{name}: {moderators}");
    }
    assert_eq!(
        desk.store
            .admin()
            .audit(None, None, 100)
            .await
            .expect("read")
            .len(),
        4,
        "a moderator has cleared the queue and said three things about the channel, and nobody has changed anything else"
    );
}

#[tokio::test]
async fn limits_are_set_shown_and_reset() {
    let desk = Desk::new("[limits]\nper_day = 50\n").await;
    insta::assert_snapshot!(desk.talk(&[
        (Owner, "limit set role=<@&7> per_day=20 max_steps=30"),
        (Owner, "limit set role=7 models=SD15"),
        (Owner, "limit show platform=discord role=7"),
        (Owner, "limit reset role=7"),
        (Owner, "limit reset role=7"),
        (Owner, "limit set"),
        (Owner, "limit set role=7"),
        (Owner, "limit set per_day"),
        (Owner, "limit set per_year=1"),
        (Owner, "limit set per_day=1 per_day=2"),
        (Owner, "limit set per_day=many"),
        (Owner, "limit set max_steps=9000"),
        (Owner, "limit set models=nothing"),
        (Owner, "limit show per_day=1"),
    ]).await, @r#"
    Owner: limit set role=<@&7> per_day=20 max_steps=30
      From now on, for role=7: per_day=20 max_steps=30
    Owner: limit set role=7 models=SD15
      From now on, for role=7: per_day=20 max_steps=30 models=SD15
    Owner: limit show platform=discord role=7
      These limits hold for platform=discord role=7 (0 is without limit):
      per_minute=0 (settings: everybody)
      per_hour=0 (settings: everybody)
      per_day=20 (an admin: role=7)
      running=0 (settings: everybody)
      queued=5 (settings: everybody)
      cooldown_s=0 (settings: everybody)
      max_steps=30 (an admin: role=7)
      max_pixels=1048576 (settings: everybody)
      max_count=4 (settings: everybody)
      models=SD15 (an admin: role=7)
      priority=0 (settings: everybody)
    Owner: limit reset role=7
      The settings hold again for role=7.
    Owner: limit reset role=7
      No admin has set limits for role=7.
    Owner: limit set
      --limits needs a value, for example: --limits role=123 per_day=20 max_steps=30
    Owner: limit set role=7
      Please say what /admin limit set should do; /help admin limit set shows how.
    Owner: limit set per_day
      "per_day" is not a name with a value, like per_day=20.
    Owner: limit set per_year=1
      There is no "per_year". There is: platform, chat, channel, role, user, per_minute, per_hour, per_day, running, queued, cooldown_s, max_steps, max_pixels, max_count, models, priority
    Owner: limit set per_day=1 per_day=2
      "per_day" is given twice.
    Owner: limit set per_day=many
      per_day must be a whole number, not "many".
    Owner: limit set max_steps=9000
      max_steps must be from 1 to 150, not 9000.
    Owner: limit set models=nothing
      There is no model "nothing". There is: avatar, sd15
    Owner: limit show per_day=1
      "per_day=1" is not possible for --scope. An example: --scope role=123
    "#);
}

#[tokio::test]
async fn a_moderator_is_confined_to_one_server_and_to_the_settings() {
    let desk = Desk::new("[limits]\nper_day = 50\n").await;
    insta::assert_snapshot!(desk.talk(&[
        (Moderator, "limit set per_day=20"),
        (Moderator, "limit set per_day=40 user=9"),
        (Moderator, "limit set per_day=0"),
        (Moderator, "limit set priority=5 per_day=60"),
        (Moderator, "limit set chat=blue per_day=1"),
        (Moderator, "limit show user=9"),
        (Moderator, "limit reset chat=blue"),
        (Owner, "limit show"),
        (Moderator, "stats --chat blue"),
        (Moderator, "queue clear --chat blue"),
        (Moderator, "words add cat --platform telegram"),
    ]).await, @"
    Moderator: limit set per_day=20
      From now on, for platform=discord chat=red: per_day=20
    Moderator: limit set per_day=40 user=9
      From now on, for platform=discord chat=red user=9: per_day=40
    Moderator: limit set per_day=0
      In your server you can only be stricter than the settings of the service. Too generous: per_day
    Moderator: limit set priority=5 per_day=60
      In your server you can only be stricter than the settings of the service. Too generous: per_day, priority
    Moderator: limit set chat=blue per_day=1
      You can only change your own server here.
    Moderator: limit show user=9
      These limits hold for platform=discord chat=red user=9 (0 is without limit):
      per_minute=0 (settings: everybody)
      per_hour=0 (settings: everybody)
      per_day=40 (an admin of the server: platform=discord chat=red user=9)
      running=0 (settings: everybody)
      queued=5 (settings: everybody)
      cooldown_s=0 (settings: everybody)
      max_steps=50 (settings: everybody)
      max_pixels=1048576 (settings: everybody)
      max_count=4 (settings: everybody)
      models= (settings: everybody)
      priority=0 (settings: everybody)
    Moderator: limit reset chat=blue
      You can only change your own server here.
    Owner: limit show
      All rules, the most general first:
      everybody per_minute=0 per_hour=0 per_day=50 running=0 queued=5 cooldown_s=0 max_steps=50 max_pixels=1048576 max_count=4 models= priority=0 (settings)
      platform=discord chat=red per_day=20 (an admin of the server)
      platform=discord chat=red user=9 per_day=40 (an admin of the server)
    Moderator: stats --chat blue
      You can only change your own server here.
    Moderator: queue clear --chat blue
      You can only change your own server here.
    Moderator: words add cat --platform telegram
      You can only change your own server here.
    ");
}

#[tokio::test]
async fn what_an_owner_has_set_only_an_owner_changes() {
    let desk = Desk::new("[limits]\nper_day = 50\n").await;
    insta::assert_snapshot!(desk.talk(&[
        (Owner, "limit set platform=discord chat=red per_day=5"),
        (Moderator, "limit set per_day=3"),
        (Moderator, "limit reset"),
        (Moderator, "limit set user=9 per_day=20"),
        (Moderator, "limit set user=9 per_day=4 max_steps=20"),
        (Owner, "limit set platform=discord chat=red user=9 queued=2"),
        (Owner, "words add cat --chat red"),
        (Moderator, "words remove 1"),
        (Owner, "block 5 --chat red"),
        (Moderator, "block 5 --until 1h"),
        (Moderator, "unblock 5"),
    ]).await, @"
    Owner: limit set platform=discord chat=red per_day=5
      From now on, for platform=discord chat=red: per_day=5
    Moderator: limit set per_day=3
      Those who run this service have set this; only they can change it.
    Moderator: limit reset
      Those who run this service have set this; only they can change it.
    Moderator: limit set user=9 per_day=20
      In your server you can only be stricter than the settings of the service. Too generous: per_day
    Moderator: limit set user=9 per_day=4 max_steps=20
      From now on, for platform=discord chat=red user=9: per_day=4 max_steps=20
    Owner: limit set platform=discord chat=red user=9 queued=2
      From now on, for platform=discord chat=red user=9: queued=2
    Owner: words add cat --chat red
      Word rule 1 holds now: cat (discord server red)
    Moderator: words remove 1
      Those who run this service have set this; only they can change it.
    Owner: block 5 --chat red
      discord:5 is blocked: discord server red, without end.
    Moderator: block 5 --until 1h
      Those who run this service have set this; only they can change it.
    Moderator: unblock 5
      Those who run this service have set this; only they can change it.
    ");
}

#[tokio::test]
async fn limits_are_unset_one_by_one() {
    let desk = Desk::new("").await;
    insta::assert_snapshot!(desk.talk(&[
        (Owner, "limit set role=7 per_day=20 max_steps=30 models=sd15"),
        (Owner, "limit set role=7 per_day= models=- queued=2"),
        (Owner, "limit set role=7 max_steps= queued="),
        (Owner, "limit reset role=7"),
    ]).await, @"
    Owner: limit set role=7 per_day=20 max_steps=30 models=sd15
      From now on, for role=7: per_day=20 max_steps=30 models=sd15
    Owner: limit set role=7 per_day= models=- queued=2
      From now on, for role=7: queued=2 max_steps=30
    Owner: limit set role=7 max_steps= queued=
      The settings hold again for role=7.
    Owner: limit reset role=7
      No admin has set limits for role=7.
    ");
}

#[tokio::test]
async fn rules_have_a_length_and_a_number() {
    let desk = Desk::new("").await;
    let long = desk.say(Owner, &format!("words add {}", "a".repeat(201))).await;
    assert_eq!(long, "This is too long. It can have at most 200 characters.");
    let long = desk
        .say(Owner, &format!("limit set models={}", "a".repeat(500)))
        .await;
    assert_eq!(long, "This is too long. It can have at most 500 characters.");
    let owner = crate::store::Actor {
        user: desk.request(Owner, CommandInput::Text(String::new())).user,
        server: None,
        now: *NOW,
    };
    let admin = desk.store.admin();
    for number in 0..500 {
        let word = format!("word{number}");
        admin.add_word(&word, None, None, &owner).await.expect("written");
        let limits = serde_json::json!({ "per_day": 1 });
        admin
            .set_limits(&format!("user={number}"), &limits, &owner)
            .await
            .expect("written");
    }
    desk.commands.context().rules.refresh().await.expect("valid");
    insta::assert_snapshot!(desk.talk(&[
        (Owner, "words add cat"),
        (Moderator, "words add cat"),
        (Owner, "limit set user=kita per_day=2"),
        (Owner, "limit set user=7 per_day=2"),
    ]).await, @"
    Owner: words add cat
      There are 500 rules for this place already. Please remove some first.
    Moderator: words add cat
      Word rule 501 holds now: cat (discord server red)
    Owner: limit set user=kita per_day=2
      There are 500 rules for this place already. Please remove some first.
    Owner: limit set user=7 per_day=2
      From now on, for user=7: per_day=2
    ");
}

#[tokio::test]
async fn people_are_blocked_until_a_time_and_unblocked() {
    let desk = Desk::new("").await;
    insta::assert_snapshot!(desk.talk(&[
        (Moderator, "block <@5> posts rude pictures --until 3d"),
        (Moderator, "block 6 --until 2020-01-01"),
        (Moderator, "block telegram:6"),
        (Moderator, "block @kita"),
        (Moderator, "block 1"),
        (Owner, "block telegram:6 --reason spam"),
        (Owner, "block 7 --chat blue --until 2027-01-01"),
        (Moderator, "blocks"),
        (Owner, "blocks"),
        (Moderator, "unblock 7"),
        (Moderator, "unblock 5"),
        (Moderator, "blocks"),
        (Owner, "unblock telegram:6"),
    ]).await, @r#"
    Moderator: block <@5> posts rude pictures --until 3d
      discord:5 is blocked: discord server red, until 2026-11-25 21:00.
    Moderator: block 6 --until 2020-01-01
      "2020-01-01" is not possible for --until. An example: --until 3d
    Moderator: block telegram:6
      You can only change your own server here.
    Moderator: block @kita
      "@kita" is not possible for --user. An example: --user 123456789
    Moderator: block 1
      discord:1 is an admin of this service and cannot be blocked.
    Owner: block telegram:6 --reason spam
      telegram:6 is blocked: everywhere, without end.
    Owner: block 7 --chat blue --until 2027-01-01
      discord:7 is blocked: discord server blue, until 2027-01-01 00:00.
    Moderator: blocks
      One block:
      discord:5 · discord server red · until 2026-11-25 21:00 · posts rude pictures
    Owner: blocks
      3 blocks:
      discord:7 · discord server blue · until 2027-01-01 00:00
      discord:5 · discord server red · until 2026-11-25 21:00 · posts rude pictures
      telegram:6 · everywhere · without end · spam
    Moderator: unblock 7
      discord:7 was not blocked: discord server red.
    Moderator: unblock 5
      discord:5 is not blocked any more: discord server red.
    Moderator: blocks
      Nobody is blocked.
    Owner: unblock telegram:6
      telegram:6 is not blocked any more: everywhere.
    "#);
    let draw = CommandInput::Text("/draw cat".to_owned());
    let mut request = desk.request(Stranger, draw);
    request.user.id = "8".to_owned();
    desk.say(Owner, "block 8 --reason enough").await;
    let refused = desk.answer(request).await.text;
    assert!(refused.contains("enough"), "{refused}");
}

#[tokio::test]
async fn words_hold_where_they_were_forbidden() {
    let desk = Desk::new("").await;
    insta::assert_snapshot!(desk.talk(&[
        (Moderator, "words add blood"),
        (Owner, "words add /(gore/"),
        (Owner, "words add /gore|guts/"),
        (Owner, "words add cat --chat blue"),
        (Moderator, "words list"),
        (Owner, "words list"),
        (Moderator, "words remove 2"),
        (Moderator, "words remove x"),
        (Moderator, "words remove 1"),
        (Moderator, "words list"),
    ]).await, @r#"
    Moderator: words add blood
      Word rule 1 holds now: blood (discord server red)
    Owner: words add /(gore/
      This rule cannot be used: unclosed group
    Owner: words add /gore|guts/
      Word rule 2 holds now: /gore|guts/ (everywhere)
    Owner: words add cat --chat blue
      Word rule 3 holds now: cat (discord server blue)
    Moderator: words list
      One word rule:
      1 · blood · discord server red
    Owner: words list
      3 word rules:
      1 · blood · discord server red
      2 · /gore|guts/ · everywhere
      3 · cat · discord server blue
    Moderator: words remove 2
      There is no word rule 2 here. /admin words list shows them.
    Moderator: words remove x
      "x" is not possible for --number. An example: --number 3
    Moderator: words remove 1
      Word rule 1 is gone.
    Moderator: words list
      There is no word rule of an admin here.
    "#);
    let words = |text: &'static str, server: Option<&'static str>| {
        let rules = desk.commands.context().rules.current();
        rules.words.check([text], "discord", server).is_some()
    };
    assert!(words("guts", Some("red")) && words("guts", None));
    assert!(words("a cat", Some("blue")) && !words("a cat", Some("red")));
    assert!(!words("blood", Some("red")));
}

#[tokio::test]
async fn the_queue_is_paused_opened_and_cleared() {
    let desk = Desk::new("").await;
    let mut elsewhere = new_job("kita");
    elsewhere.user.platform = Platform::new("discord");
    elsewhere.place.server = Some("blue".to_owned());
    let mut here = elsewhere.clone();
    here.place.server = Some("red".to_owned());
    here.draw.seed = 1;
    for job in [here, elsewhere] {
        desk.store
            .jobs()
            .insert(&job, &NO_LIMITS)
            .await
            .expect("accepted");
    }
    insta::assert_snapshot!(desk.talk(&[
        (Owner, "pause"),
        (Owner, "drain"),
        (Owner, "resume"),
        (Moderator, "queue clear"),
        (Owner, "queue clear --platform telegram"),
        (Owner, "queue clear --chat blue"),
        (Owner, "queue clear"),
    ]).await, @"
    Owner: pause
      The queue is paused. New jobs are taken and wait.
    Owner: drain
      The queue takes no new jobs. Those that wait are drawn.
    Owner: resume
      The queue is open. Jobs are taken and drawn.
    Moderator: queue clear
      One waiting job was ended: discord server red.
    Owner: queue clear --platform telegram
      Nothing was waiting: telegram.
    Owner: queue clear --chat blue
      One waiting job was ended: discord server blue.
    Owner: queue clear
      Nothing was waiting: everywhere.
    ");
}

#[tokio::test]
async fn a_broken_file_changes_nothing() {
    let desk = Desk::new("[limits]\nper_day = 50\n").await;
    let path = desk.folder.path().join("ekaki.toml");
    let text = std::fs::read_to_string(&path).expect("read");
    std::fs::write(&path, text.replace("= 50", "= -1")).expect("written");
    let refused = desk.say(Owner, "reload").await;
    insta::assert_snapshot!(refused.replace(&desk.folder.path().display().to_string(), ""), @"
    Nothing was changed, because the settings cannot be used:
    /ekaki.toml, line 2: `limits.per_day`: must not be negative
    ");
    std::fs::write(&path, text.replace("= 50", "= 7") + "[queue]\nconcurrency = 2\n").expect("written");
    insta::assert_snapshot!(desk.say(Owner, "reload").await, @"
    The settings were read again and hold now.
    These need a restart: queue.concurrency
    ");
    let shown = desk.say(Owner, "limit show user=1").await;
    assert!(shown.contains("per_day=7"), "{shown}");
}

#[tokio::test]
async fn statistics_are_lines_and_a_picture() {
    let desk = Desk::new("").await;
    for (user, server) in [("kita", "red"), ("ryo", "blue")] {
        let mut job = new_job(user);
        job.user.platform = Platform::new("discord");
        job.place.server = Some(server.to_owned());
        desk.store
            .jobs()
            .insert(&job, &NO_LIMITS)
            .await
            .expect("accepted");
    }
    insta::assert_snapshot!(desk.talk(&[(Owner, "stats"), (Moderator, "stats --days 1")]).await, @"
    Owner: stats
      The last 30 days, everywhere: jobs 2, pictures 0, seconds of drawing 0
      The chart: jobs are blue, those that failed red, people yellow; pictures green; seconds of drawing violet.
      2026-11-22 · jobs 2, failed 0 · people 2 · pictures 0 · 0 s
    Moderator: stats --days 1
      Today, discord server red: jobs 1, pictures 0, seconds of drawing 0
      The chart: jobs are blue, those that failed red, people yellow; pictures green; seconds of drawing violet.
      2026-11-22 · jobs 1, failed 0 · people 1 · pictures 0 · 0 s
    ");
    let reply = desk.reply(Owner, "stats").await;
    let [image] = reply.images.as_slice() else {
        panic!("{} pictures", reply.images.len());
    };
    let ImageContent::Bytes(png) = &image.content else {
        panic!("{:?}", image.content);
    };
    let picture = image::load_from_memory(png).expect("a picture");
    assert_eq!((picture.width(), picture.height()), (image.width, image.height));
    assert_eq!(image.bytes, png.len() as u64);
}

#[tokio::test]
async fn changes_are_told_page_by_page_and_in_japanese() {
    let desk = Desk::new("").await;
    assert_eq!(desk.say(Owner, "audit").await, "No admin has changed anything.");
    for number in 0..20 {
        desk.say(Owner, &format!("block {}", 100 + number)).await;
    }
    desk.say(Moderator, "block 300 --until 2h").await;
    assert_eq!(
        desk.say(Moderator, "audit").await.lines().count(),
        2,
        "only those of the own server"
    );
    let first = desk.reply(Owner, "audit").await;
    let button = &first.buttons[0][0];
    assert_eq!(button.id, ButtonId::new("admin audit", JobId(7)));
    let mut request = desk.request(Owner, CommandInput::Button(button.id.to_string()));
    request.locale = Locale::JA;
    let second = desk.answer(request).await;
    assert_eq!(second.text.lines().count(), 7);
    assert!(second.buttons.is_empty());
    let lines: Vec<&str> = second.text.lines().take(2).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    変更の記録（新しい順）：
    6 · 2026-11-22 21:00 · discord:1 · block · {"reason":"","server":null,"until":null,"user":{"id":"105","platform":"discord"}}
    "#);
    let mut request = desk.request(Moderator, CommandInput::Text("/admin blocks".to_owned()));
    request.locale = Locale::JA;
    insta::assert_snapshot!(desk.answer(request).await.text, @"
    ブロック（1件）：
    discord:300 · discordのサーバーred · 2026-11-22 23:00まで
    ");
}
