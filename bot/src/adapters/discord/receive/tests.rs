use serde::Deserialize as _;
use serde_json::{Value, json};
use serenity::model::id::{ApplicationId, GuildId};

use super::command::Typed;
use super::complete::{LONGEST, beginning, cut, shown};
use super::kept::{KeptPicture, KeptSources, Source};
use super::menus::{Scene, Target};
use super::payload::{CommandData, Head, Surroundings, named};
use crate::adapters::discord::PLATFORM;
use crate::adapters::discord::permissions::Spot;
use crate::adapters::discord::register::Menu;
use crate::chat::{Attachment, AttachmentContent as _, AttachmentError, ChatId, CommandInput, Place, UserId};
use crate::i18n::Locale;
use crate::store::JobId;

fn data(data: Value) -> CommandData {
    CommandData::deserialize(data).expect("a command")
}

fn surroundings(changes: &Value) -> Surroundings {
    let mut payload = json!({
        "channel_id": "20", "channel": { "id": "20", "type": 0, "nsfw": true, "parent_id": "2" },
        "guild_id": "30", "guild_locale": "ja", "locale": "en-GB", "context": 0,
        "member": {
            "user": { "id": "40", "username": "ann", "global_name": "Ann" }, "nick": null,
            "roles": ["50", "51"], "permissions": "32", "joined_at": "2026-01-01T00:00:00Z",
        },
        "app_permissions": "2048", "attachment_size_limit": 123,
        "authorizing_integration_owners": { "0": "30", "1": "40" },
        "entitlements": [{ "new": true }],
    });
    let (fields, changes) = (payload.as_object_mut(), changes.as_object().cloned());
    fields.expect("an object").extend(changes.expect("an object"));
    Surroundings::deserialize(&payload).expect("what every interaction has")
}

#[test]
fn a_command_is_put_together_from_its_words_and_options() {
    let check = |given: Value, name: &str, options: &[(&str, &str)]| {
        let data = data(given);
        let options = options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let expected = CommandInput::Options {
            name: name.to_owned(),
            options: options.collect(),
        };
        assert_eq!(Typed::new(&data).input(), expected);
    };
    check(json!({ "name": "ping" }), "ping", &[]);
    check(
        json!({ "name": "draw", "type": 1, "options": [
            { "name": "prompt", "type": 3, "value": "後藤ひとり, \"guitar\"" },
            { "name": "steps", "type": 4, "value": 20 },
            { "name": "guidance", "type": 10, "value": 4.5 },
            { "name": "strength", "type": 10, "value": 1 },
            { "name": "private", "type": 5, "value": true },
            { "name": "source", "type": 11, "value": "9" },
        ] }),
        "draw",
        &[
            ("prompt", "後藤ひとり, \"guitar\""),
            ("steps", "20"),
            ("guidance", "4.5"),
            ("strength", "1"),
            ("private", "true"),
        ],
    );
    check(
        json!({ "name": "admin", "options": [{ "name": "limit", "type": 2, "options": [
            { "name": "show", "type": 1, "options": [{ "name": "user", "type": 6, "value": "40" }] },
        ] }] }),
        "admin limit show",
        &[("user", "40")],
    );
    check(
        json!({ "name": "admin", "options": [{ "name": "pause", "type": 1 }] }),
        "admin pause",
        &[],
    );
    // One option alone is no word of the name.
    check(
        json!({ "name": "draw", "options": [{ "name": "prompt", "type": 3, "value": "x" }] }),
        "draw",
        &[("prompt", "x")],
    );
}

#[test]
fn files_and_what_is_typed_are_found() {
    let data = data(json!({
        "name": "draw",
        "options": [
            { "name": "source", "type": 11, "value": "9" },
            { "name": "model", "type": 3, "value": "av", "focused": true },
        ],
        "resolved": { "attachments": {
            "9": { "id": "9", "filename": "cat.png", "size": 5, "url": "https://cdn.discordapp.com/cat.png", "new": 1 },
            "10": { "id": "10", "filename": "dog.png", "size": 5, "url": "https://cdn.discordapp.com/dog.png" },
        } },
    }));
    let typed = Typed::new(&data);
    let names: Vec<&str> = typed
        .files(data.resolved.as_ref())
        .iter()
        .map(|file| file.filename.as_str())
        .collect();
    assert_eq!(names, ["cat.png"]);
    assert_eq!(typed.focused(), Some(("model", "av".to_owned())));
}

#[test]
fn a_server_has_a_place_a_standing_and_two_languages() {
    let here = surroundings(&json!({}));
    let place = Place {
        chat: ChatId("20".to_owned()),
        server: Some("30".to_owned()),
        age_restricted: true,
        parent: None,
        locale: Some(Locale::JA),
    };
    assert_eq!(here.place(), place);
    assert_eq!(here.locale(Locale::JA), Locale::EN);
    let standing = here.standing();
    assert_eq!(standing.name.as_deref(), Some("Ann"));
    assert_eq!(standing.roles, ["50", "51"]);
    assert!(
        standing.is_moderator && !standing.is_owner,
        "may manage the server"
    );

    let thread = surroundings(&json!({ "channel": { "id": "20", "type": 11, "parent_id": "21" } }));
    assert_eq!(thread.place().parent, Some(ChatId("21".to_owned())));
    assert_eq!((here.spot(), thread.spot()), (Spot::Channel, Spot::Thread));
    assert!(!thread.place().age_restricted);
    let german = surroundings(&json!({ "locale": "de", "guild_locale": "de" }));
    assert_eq!(
        (german.locale(Locale::JA), german.place().locale),
        (Locale::JA, None)
    );
}

#[test]
fn only_who_may_manage_the_server_is_a_moderator() {
    let check = |permissions: Value, expected: bool| {
        let member = json!({ "user": { "id": "40" }, "permissions": permissions });
        assert_eq!(
            surroundings(&json!({ "member": member })).standing().is_moderator,
            expected
        );
    };
    check(json!("8"), true);
    check(json!("32"), true);
    check(json!("16"), false);
    check(json!("2248473465835073"), false);
    check(json!("nonsense"), false);
    check(json!(null), false);
}

#[test]
fn a_conversation_is_with_the_bot_or_with_others() {
    let direct = json!({ "guild_id": null, "member": null, "user": { "id": "40", "username": "ann" }, "guild_locale": null, "channel": { "id": "20", "type": 1 } });
    let check = |changes: Value, expected: &str| {
        let mut all = direct.clone();
        let fields = all.as_object_mut().expect("an object");
        fields.extend(changes.as_object().cloned().expect("an object"));
        let given = surroundings(&all);
        let head =
            Head::deserialize(json!({ "id": "1", "token": "secret", "application_id": "2", "type": 2 }));
        let address = given
            .address(&head.expect("a head"), Locale::EN)
            .expect("somebody's");
        assert_eq!(given.place(), Place::direct("20"));
        assert_eq!(format!("{:?}", address.access), expected);
        assert!(!format!("{address:?}").contains("secret"));
    };
    check(json!({ "context": 1 }), "Direct");
    check(json!({ "context": 2 }), "None");
    check(json!({ "context": null }), "None");
    let access = |owners: Value| {
        let given = surroundings(&json!({ "authorizing_integration_owners": owners }));
        let head = Head::deserialize(json!({ "id": "1", "token": "t", "application_id": "2", "type": 2 }));
        let address = given
            .address(&head.expect("a head"), Locale::EN)
            .expect("somebody's");
        format!("{:?}", address.access)
    };
    assert_eq!(access(json!({ "0": "30" })), "Member");
    assert_eq!(
        access(json!({ "1": "40" })),
        "None",
        "only the person has added it"
    );
}

#[test]
fn nobody_is_no_user() {
    let nobody = surroundings(&json!({ "member": null, "user": null }));
    assert_eq!(nobody.user(), None);
}

#[test]
fn menus_find_a_job_or_a_picture() {
    let scene = Scene {
        application: ApplicationId::new(2),
        guild: Some(GuildId::new(30)),
        cdn_url: "https://cdn.test",
    };
    let in_message = |message: Value| {
        let data = data(json!({
            "name": "Use as source", "type": 3, "target_id": "9", "resolved": { "messages": { "9": message } },
        }));
        let menu = Menu::of(data.kind, &data.name).expect("a menu");
        scene.target(menu, &data)
    };
    let url = |target: Target| match target {
        Target::Picture(file) => file.url,
        other => format!("{other:?}"),
    };
    let rows = json!([{ "type": 1, "components": [{ "type": 2, "custom_id": "v1:again:12" }] }]);
    assert_eq!(
        in_message(json!({ "author": { "id": "2" }, "components": rows })),
        Target::Job(JobId(12))
    );
    assert_eq!(
        in_message(json!({ "author": { "id": "3" }, "components": rows })),
        Target::Nothing,
        "anybody can make such buttons"
    );
    let files = json!([
        { "filename": "a.txt", "url": "u:a", "content_type": "text/plain" },
        { "filename": "b.PNG", "url": "u:b" },
        { "filename": "c", "url": "u:c", "content_type": "image/png" },
    ]);
    assert_eq!(
        url(in_message(
            json!({ "author": { "id": "3" }, "attachments": files })
        )),
        "u:b"
    );
    let new = json!({ "type": 17, "components": [{ "type": 99, "items": [1, "x", null] }] });
    let shown = json!([{ "type": "rich" }, { "image": { "url": "u:d", "width": 1 } }]);
    assert_eq!(
        url(in_message(
            json!({ "author": { "id": "3" }, "components": [new], "embeds": shown, "poll": {} })
        )),
        "u:d"
    );
    assert_eq!(in_message(json!({ "author": { "id": "3" } })), Target::Nothing);
}

#[test]
fn a_person_has_a_picture_in_the_server_or_everywhere_or_a_usual_one() {
    let scene = |guild| Scene {
        application: ApplicationId::new(2),
        guild,
        cdn_url: "https://cdn.test",
    };
    let check = |guild: Option<u64>, user: Value, member: Value, expected: &str| {
        let mut resolved = json!({ "users": { "40": user } });
        if !member.is_null() {
            resolved["members"] = json!({ "40": member });
        }
        let data = data(json!({
            "name": "Draw this avatar", "type": 2, "target_id": "40", "resolved": resolved,
        }));
        let menu = Menu::of(data.kind, &data.name).expect("a menu");
        match scene(guild.map(GuildId::new)).target(menu, &data) {
            Target::Picture(file) => assert_eq!(file.url, expected),
            other => panic!("{other:?}"),
        }
    };
    let plain = json!({ "id": "40", "username": "ann", "avatar": "a_1f" });
    let here = json!({ "avatar": "2e", "roles": [] });
    check(
        Some(30),
        plain.clone(),
        here.clone(),
        "https://cdn.test/guilds/30/users/40/avatars/2e.png?size=512",
    );
    check(
        None,
        plain.clone(),
        here,
        "https://cdn.test/avatars/40/a_1f.png?size=512",
    );
    check(
        Some(30),
        plain,
        json!(null),
        "https://cdn.test/avatars/40/a_1f.png?size=512",
    );
    let evil = json!({ "id": "40", "avatar": "../x?" });
    check(None, evil, json!(null), "https://cdn.test/embed/avatars/0.png");
    let other = json!({ "id": "40", "avatar": null });
    check(None, other, json!(null), "https://cdn.test/embed/avatars/0.png");
}

#[test]
fn fields_of_windows_are_found_however_they_are_nested() {
    let old = json!([{ "type": 1, "components": [{ "type": 4, "custom_id": "prompt", "value": "a cat" }] }]);
    assert_eq!(named(&old), [("prompt", Some("a cat"))]);
    let new = json!([{ "type": 18, "component": { "type": 4, "custom_id": "prompt", "value": "a cat" } }]);
    assert_eq!(named(&new), [("prompt", Some("a cat"))]);
    assert_eq!(named(&json!(null)), []);
}

#[test]
fn long_suggestions_are_cut_and_known_again() {
    let long = "猫".repeat(101);
    assert_eq!(cut("a cat"), "a cat");
    assert_eq!(cut(&"猫".repeat(LONGEST)), "猫".repeat(LONGEST));
    assert_eq!(shown("a cat"), "a cat");
    insta::assert_snapshot!(cut(&long).trim_start_matches('猫'), @"…ce6460e7");
    assert_eq!(cut(&long).chars().count(), LONGEST);
    assert_eq!(beginning(&cut(&long)), Some("猫".repeat(91).as_str()));
    let check = |value: &str| assert_eq!(beginning(value), None, "{value}");
    check("a cat…0123abcd");
    check(&long);
    check(&format!("{}…", "猫".repeat(99)));
}

#[test]
fn long_suggestions_that_begin_alike_can_be_told_apart() {
    let alike = "猫".repeat(120);
    let (sleeps, plays) = (format!("{alike}, asleep"), format!("{alike}, playing"));
    assert_ne!(cut(&sleeps), cut(&plays));
    let seen = |value: &str| shown(value).replace('猫', "");
    insta::assert_snapshot!(seen(&sleeps), @"…, asleep");
    insta::assert_snapshot!(seen(&plays), @"…, playing");
    assert_eq!(shown(&plays).chars().count(), LONGEST);
}

fn person(id: &str) -> UserId {
    UserId {
        platform: PLATFORM,
        id: id.to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_picture_is_kept_for_a_quarter_of_an_hour() {
    let kept = KeptSources::default();
    let picture = KeptPicture::new("cat.png");
    kept.keep(1, &person("40"), Source::Picture(picture.clone()));
    let file = Attachment {
        file_name: "cat.png".to_owned(),
        content: std::sync::Arc::new(vec![1, 2, 3]),
    };
    let reading = async { picture.read(3).await.expect("it comes") };
    let (bytes, ()) = tokio::join!(reading, kept.fetch(&file, &picture));
    assert_eq!(bytes, [1, 2, 3]);
    assert!(matches!(picture.read(2).await, Err(AttachmentError::TooLarge)));
    assert!(kept.get(1, &person("40")).is_some());
    assert!(kept.get(1, &person("41")).is_none(), "it is somebody else's");
    assert!(kept.get(2, &person("40")).is_none());
    tokio::time::advance(std::time::Duration::from_secs(15 * 60)).await;
    assert!(kept.get(1, &person("40")).is_none());
}

#[tokio::test]
async fn only_so_many_pictures_are_kept() {
    let kept = KeptSources::default();
    kept.keep(1, &person("40"), Source::Job(JobId(1)));
    kept.keep(2, &person("40"), Source::Job(JobId(2)));
    assert!(kept.get(1, &person("40")).is_none(), "one of each person");
    for number in 0..4_i64 {
        let picture = KeptPicture::new("large.png");
        kept.keep(
            100 + number,
            &person(&format!("5{number}")),
            Source::Picture(picture.clone()),
        );
        let file = Attachment {
            file_name: "large.png".to_owned(),
            content: std::sync::Arc::new(vec![0; 20 << 20]),
        };
        kept.fetch(&file, &picture).await;
    }
    assert!(kept.get(100, &person("50")).is_none(), "80 MiB are too many");
    assert!(kept.get(103, &person("53")).is_some());
}
