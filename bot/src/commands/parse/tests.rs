use proptest::proptest;

use super::{CommandInput, parse};
use crate::commands::{Access, CommandSpec, Commands, OptionKind, OptionSpec};
use crate::i18n::Locale;

fn parsed(input: &CommandInput) -> String {
    match parse(input, &Commands::specs().collect::<Vec<_>>()) {
        Ok(call) => format!("{} {:?}", call.spec.name, call.arguments.0),
        Err(error) => error.text(Locale::EN),
    }
}

fn check(text: &str, expected: &str) {
    assert_eq!(parsed(&CommandInput::Text(text.to_owned())), expected);
}

#[test]
fn a_line_without_a_command_is_a_prompt() {
    check("後藤ひとり", r#"draw [("prompt", "後藤ひとり")]"#);
    check("a girl,\n pink hair", r#"draw [("prompt", "a girl, pink hair")]"#);
    check("（笑顔）、ギター", r#"draw [("prompt", "（笑顔）、ギター")]"#);
    check("", "draw []");
}

#[test]
fn options_stand_anywhere() {
    check(
        "/draw 後藤ひとり --steps 20 smiling --size=128x192",
        r#"draw [("steps", "20"), ("size", "128x192"), ("prompt", "後藤ひとり smiling")]"#,
    );
    check("--seed 5 cat", r#"draw [("seed", "5"), ("prompt", "cat")]"#);
    check("/DRAW cat --Seed 5", r#"draw [("seed", "5"), ("prompt", "cat")]"#);
    check(
        "cat --no hands, feet --seed 5",
        r#"draw [("no", "hands, feet"), ("seed", "5"), ("prompt", "cat")]"#,
    );
    check(
        "/draw --guidance -1 cat",
        r#"draw [("guidance", "-1"), ("prompt", "cat")]"#,
    );
}

#[test]
fn full_width_and_telephone_dashes_are_understood() {
    check(
        "／ｄｒａｗ　猫　－－ｓｔｅｐｓ　２０",
        r#"draw [("steps", "20"), ("prompt", "猫")]"#,
    );
    check("cat —steps 20", r#"draw [("steps", "20"), ("prompt", "cat")]"#);
    check(
        "cat — asleep —quietly",
        r#"draw [("prompt", "cat — asleep —quietly")]"#,
    );
    check("cat -- dog", r#"draw [("prompt", "cat -- dog")]"#);
}

#[test]
fn mistakes_are_explained() {
    check(
        "/paint cat",
        "There is no command /paint. /help shows what I understand.",
    );
    check("/", "There is no command /. /help shows what I understand.");
    check(
        "cat --step 20",
        "/draw has no option --step. It has: --no, --size, --steps, --guidance, --seed, --count, --sampler, --model, \
         --style, --source, --strength, --clip-skip, --filmstrip, --private, --raw",
    );
    check(
        "/again 1 --steps 3",
        "/again has no option --steps, and no others.",
    );
    check("cat --steps", "--steps needs a value, for example: --steps 20");
    check(
        "cat --steps --seed 5",
        "--steps needs a value, for example: --steps 20",
    );
    check("cat --steps=", "--steps needs a value, for example: --steps 20");
    check("/ping me", "/ping takes nothing after its name.");
    check(
        "cat --private=maybe",
        "\"maybe\" is not possible for --private. An example: --private yes",
    );
    check(
        "cat --filmstrip gif",
        "There is no filmstrip \"gif\". There is: strip, webp",
    );
}

#[test]
fn flags_take_no_word() {
    check(
        "--private cat",
        r#"draw [("private", "true"), ("prompt", "cat")]"#,
    );
    check(
        "cat --raw --private=no",
        r#"draw [("raw", "true"), ("private", "false"), ("prompt", "cat")]"#,
    );
    check("cat --raw=ＯＮ", r#"draw [("raw", "true"), ("prompt", "cat")]"#);
}

#[test]
fn names_from_elsewhere_are_understood() {
    check(
        "cat --ar 3:2 --cfg 7 --negative dog",
        r#"draw [("size", "3:2"), ("guidance", "7"), ("no", "dog"), ("prompt", "cat")]"#,
    );
    check(
        "--sampler DPM++ 2M Karras cat --scheduler=Euler a dog",
        r#"draw [("sampler", "DPM++ 2M Karras"), ("sampler", "Euler a"), ("prompt", "cat dog")]"#,
    );
    check(
        "--style \"soft light\" cat",
        r#"draw [("style", "soft light"), ("prompt", "cat")]"#,
    );
    check(
        "--style “ink” cat",
        r#"draw [("style", "ink"), ("prompt", "cat")]"#,
    );
    check(
        "--style \"soft cat",
        r#"draw [("style", "soft"), ("prompt", "cat")]"#,
    );
    check(
        "cat --sampler turbo fast",
        r#"draw [("sampler", "turbo"), ("prompt", "cat fast")]"#,
    );
}

#[test]
fn the_number_of_a_job_stands_first() {
    check("/again 12", r#"again [("job", "12")]"#);
    check(
        "/vary #12:2 --strength 0.3",
        r##"vary [("strength", "0.3"), ("job", "#12:2")]"##,
    );
    check(
        "/edit 12 two cats",
        r#"edit [("job", "12"), ("prompt", "two cats")]"#,
    );
    check("/edit 2girls", r#"edit [("prompt", "2girls")]"#);
    check(
        "/edit --job 12 2 cats",
        r#"edit [("job", "12"), ("prompt", "2 cats")]"#,
    );
    check("/history 12 cats", r#"history [("find", "12 cats")]"#);
}

#[test]
fn a_button_is_a_command() {
    let check = |text: &str, expected: &str| {
        assert_eq!(parsed(&CommandInput::Button(text.to_owned())), expected);
    };
    check("v1:again:12", r#"again [("job", "12")]"#);
    check("v1:vary:12:0", r#"vary [("job", "12"), ("image", "1")]"#);
    check("v1:history:120", r#"history [("before", "120")]"#);
    check("v1:queue:0", "queue []");
    let unknown = "This button is not understood any more. /help shows what I understand.";
    for text in ["", "v1:polish:12", "v2:again:12", "v1:queue:0:1", "again"] {
        check(text, unknown);
    }
}

#[test]
fn names_may_have_several_words() {
    static SPECS: [CommandSpec; 3] = [
        named("admin limit"),
        named("admin limit show"),
        named("admin pause"),
    ];
    let known: Vec<&'static CommandSpec> = SPECS.iter().collect();
    let check = |text: &str, expected: &str| {
        let found = match parse(&CommandInput::Text(text.to_owned()), &known) {
            Ok(call) => format!("{} {:?}", call.spec.name, call.arguments.0),
            Err(error) => error.text(Locale::EN),
        };
        assert_eq!(found, expected, "{text}");
    };
    check("/admin limit", "admin limit []");
    check("/Admin  LIMIT show", "admin limit show []");
    check("/admin_limit_show me", r#"admin limit show [("prompt", "me")]"#);
    check("/admin_limit show me", r#"admin limit show [("prompt", "me")]"#);
    check("/admin limit shows", r#"admin limit [("prompt", "shows")]"#);
    check("/admin", "After /admin comes one of: limit, limit show, pause");
    check(
        "/admin stop",
        "After /admin comes one of: limit, limit show, pause",
    );
    check(
        "/administer",
        "There is no command /administer. /help shows what I understand.",
    );
}

const fn named(name: &'static str) -> CommandSpec {
    static WORDS: OptionSpec = OptionSpec::new("prompt", OptionKind::Words, "x");
    CommandSpec {
        name,
        access: Access::Admin,
        asks: false,
        draws: false,
        is_private: false,
        positional: Some(&WORDS),
        options: &[],
    }
}

#[test]
fn a_platform_may_take_the_options_apart() {
    let options = |options: &[(&str, &str)]| CommandInput::Options {
        name: "draw".to_owned(),
        options: options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    };
    assert_eq!(
        parsed(&options(&[("prompt", "猫（二匹）"), ("steps", "２０")])),
        r#"draw [("prompt", "猫（二匹）"), ("steps", "20")]"#
    );
    insta::assert_snapshot!(parsed(&options(&[("colour", "red")])), @"/draw has no option --colour. It has: --no, --size, --steps, --guidance, --seed, --count, --sampler, --model, --style, --source, --strength, --clip-skip, --filmstrip, --private, --raw");
}

proptest! {
    #[test]
    fn any_text_is_answered(text in ".*") {
        let _ = parsed(&CommandInput::Text(text));
    }
}
