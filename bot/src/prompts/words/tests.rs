use proptest::prelude::*;

use super::{WordRules, WordScope};

fn rules(rules: &[&str]) -> WordRules {
    let mut all = WordRules::default();
    for rule in rules {
        all.add(rule, WordScope::default()).expect(rule);
    }
    all
}

fn broken(all: &WordRules, text: &str) -> Option<String> {
    all.check([text], "web", None).map(|forbidden| forbidden.rule)
}

fn check(rule: &str, text: &str, forbidden: bool) {
    let found = broken(&rules(&[rule]), text);
    assert_eq!(found.is_some(), forbidden, "{rule} in {text:?}");
}

#[test]
fn latin_words_are_whole_words() {
    for text in [
        "peg",
        "a PEG, red",
        "(peg:1.3)",
        "peg_leg",
        "peg-leg",
        "2peg",
        "peg2",
        "<lora:peg:1>",
        "猫peg猫",
    ] {
        check("peg", text, true);
    }
    for text in ["pegboard", "a pegboard", "shpeg", "pe g", "pégboard", ""] {
        check("peg", text, false);
    }
    check("straße", "STRASSE", true);
    check("меч", "МЕЧ!", true);
    check("меч", "мечта", false);
    check("mp5", "an mp5", true);
    check("mp5", "mp53", false);
}

#[test]
fn words_of_several_words_may_be_separated_in_any_way() {
    for text in ["big gun", "Big-Gun", "big_gun", "big\u{3000} gun", "big–gun"] {
        check("big gun", text, true);
    }
    check("big_gun", "big gun", true);
    check("big gun", "big guns", false);
}

#[test]
fn japanese_is_found_anywhere() {
    check("銃", "機関銃を持つ", true);
    check("ガン", "ｶﾞﾝﾏﾝ", true);
    check("ハン", "パン", false);
    check("はん", "ごばん", false);
    check("총", "총을", true);
}

#[test]
fn disguises_do_not_help() {
    for text in [
        "ｐｅｇ",
        "p\u{200B}e\u{2060}g",
        "p\u{AD}eg",
        "p\u{336}e\u{336}g\u{336}",
        "p\u{FE0F}eg",
        "𝐩𝐞𝐠",
        "ⓟⓔⓖ",
        "p\u{E0065}eg",
        "p\u{34F}eg",
        "p\u{3164}eg",
        "pe(g:1.1)",
        "pe()g",
        r"p\eg",
    ] {
        check("peg", text, true);
    }
    check("銃", "銃\u{E0100}", true);
    check("拳銃", "拳\u{200D}銃", true);
}

#[test]
fn letters_that_look_like_latin_ones_are_read_as_those() {
    for text in [
        "реg",
        "pеg",
        "РЕG",
        "рёg",
        "a ρeg!",
        "pegо peց",
        "р\u{336}еg",
        "\u{FF50}еg",
    ] {
        check("peg", text, true);
    }
    check("bad", "ВАD", true);
    check("bad", "ɓad", false);
    check("ice", "ісе", true);
    check("cop", "a сор car", true);
    check(r"/p[aeiou]+g/", "реееg", true);
    for (rule, text) in [
        ("cop", "мой сор"),
        ("cop", "это сор, а не рот"),
        ("peg", "реgboard"),
        ("peg", "ペグ"),
        ("oh", "он и она"),
        ("pom", "porn"),
        ("porn", "pom pom"),
        ("coo", "c00"),
        ("all", "a11"),
    ] {
        check(rule, text, false);
    }
    check("сор", "мой сор", true);
}

#[test]
fn a_word_may_be_spelled_out() {
    for text in [
        "p e g",
        "P.E.G.",
        "a red p-e-g on the wall",
        "a p e g",
        "p · e · g",
        "p_e_g",
        "(p e g:1.2)",
        "р е g",
        "p\u{200B} e g",
    ] {
        check("peg", text, true);
    }
    check("big gun", "b i g g u n", true);
    check("big gun", "b i g   g u n", true);
    check("меч", "м е ч", true);
    for (rule, text) in [
        ("peg", "p, e, g"),
        ("peg", "p e g b o a r d"),
        ("peg", "type p e g g"),
        ("peg", "p eg"),
        ("abc", "a, b, c"),
        ("go", "g o"),
        ("bcd", "plan b, c and d"),
        ("usa", "u, s and a"),
        ("peg", "p\ne\ng"),
    ] {
        check(rule, text, false);
    }
    let all = rules(&["peg", "!peg"]);
    assert_eq!(broken(&all, "p e g"), None, "what is allowed may be spelled, too");
}

#[test]
fn what_is_not_seen_may_end_a_word() {
    for unseen in [
        "\u{34F}",
        "\u{FE0F}",
        "\u{336}",
        "\u{20DD}",
        "\u{2800}",
        "\u{200B}",
        "\u{AD}\u{2060}",
    ] {
        for text in [
            format!("nice{unseen}peg"),
            format!("peg{unseen}board"),
            format!("a{unseen}pég{unseen}b"),
        ] {
            check("peg", &text, true);
            check(r"/\bpeg\b/", &text, true);
        }
        check("big gun", &format!("big{unseen}gun"), true);
    }
    for text in ["nice\u{301}peg", "pe\u{301}gboard"] {
        check("peg", text, false);
    }
    let all = rules(&["死", "!必死"]);
    assert_eq!(
        broken(&all, "必\u{E0100}死"),
        None,
        "a variant of a character is no end of a word"
    );
}

#[test]
fn many_finds_and_as_many_excuses_are_compared_quickly() {
    let all = rules(&["死", "!必死"]);
    let text = "必死".repeat(100_000);
    assert_eq!(broken(&all, &text), None);
    assert!(broken(&all, &format!("{text}死")).is_some());
}

#[test]
fn regular_expressions_stand_between_slashes() {
    check("/pe+g/", "PEEEG", true);
    check("/foo-bar/", "foo-bar", true);
    check(r"/\bpeg\b/", "ｐ\u{301}ｅｇ!", true);
    check(r"/\bpeg\b/", "pegboard", false);
    check("/é/", "é", true);
}

#[test]
fn exceptions_excuse_what_is_within_them() {
    let all = rules(&["死", "/gu+n/", "!必死", "!gunpowder tea", "!/water gun/"]);
    let check = |text, expected: Option<&str>| assert_eq!(broken(&all, text).as_deref(), expected, "{text}");
    check("必死な顔", None);
    check("必死に死", Some("死"));
    check("Gunpowder Tea", None);
    check("gunpowder", Some("/gu+n/"));
    check("a water gun", None);
    check("a water gun and a gun", Some("/gu+n/"));
}

#[test]
fn a_rule_holds_in_its_place() {
    let scope = |server: &str| WordScope {
        platform: Some("discord".to_owned()),
        server: Some(server.to_owned()),
        is_moderators: false,
    };
    let mut all = rules(&["peg"]);
    all.add("cat", scope("1")).expect("a rule");
    all.add("!black cat", scope("1")).expect("an exception");
    all.add("!red peg", scope("1")).expect("an exception");
    let check = |text, platform, server, expected| {
        assert_eq!(
            all.check([text], platform, server).is_some(),
            expected,
            "{text} {platform} {server:?}"
        );
    };
    check("cat", "discord", Some("1"), true);
    check("black cat", "discord", Some("1"), false);
    check("cat", "discord", Some("2"), false);
    check("cat", "discord", None, false);
    check("cat", "telegram", Some("1"), false);
    // A server cannot allow what is forbidden everywhere.
    check("red peg", "discord", Some("1"), true);
}

#[test]
fn a_moderator_excuses_only_what_moderators_forbid() {
    let scope = |is_moderators| WordScope {
        platform: Some("discord".to_owned()),
        server: Some("1".to_owned()),
        is_moderators,
    };
    let mut all = WordRules::default();
    for (rule, is_moderators) in [
        ("cat", false),
        ("!cat", true),
        ("dog", true),
        ("!big dog", true),
        ("bird", true),
        ("!bird", false),
    ] {
        all.add(rule, scope(is_moderators)).expect(rule);
    }
    let check = |text, expected: Option<&str>| {
        let found = all.check([text], "discord", Some("1"));
        assert_eq!(found.map(|found| found.rule).as_deref(), expected, "{text}");
    };
    check("cat", Some("cat"));
    check("dog", Some("dog"));
    check("big dog", None);
    check("bird", None);
}

#[test]
fn every_text_is_read_and_the_first_rule_named() {
    let all = WordRules::new(&["peg".to_owned(), "cat".to_owned()], &["cat food".to_owned()]).expect("rules");
    let found = all.check(["a", "cat", "peg"], "web", None).expect("a rule");
    assert_eq!(found.rule, "peg");
    assert!(all.check(["a", "cat food"], "web", None).is_none());
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    let refused = |rule: &str| {
        let error = WordRules::new(&[rule.to_owned()], &[]).expect_err(rule);
        error.to_string().lines().next().unwrap_or_default().to_owned()
    };
    insta::assert_snapshot!(refused(""), @r#"the word rule "" cannot be used: it has no letter and no digit"#);
    insta::assert_snapshot!(refused("!"), @r#"the word rule "!" cannot be used: it has no letter and no digit"#);
    insta::assert_snapshot!(refused("--"), @r#"the word rule "--" cannot be used: it has no letter and no digit"#);
    insta::assert_snapshot!(refused("/a*/"), @r#"the word rule "/a*/" cannot be used: it is in every text"#);
    insta::assert_snapshot!(refused("/(/"), @r#"the word rule "/(/" cannot be used: unclosed group"#);
    insta::assert_snapshot!(refused(r"/\w{9999}/"), @r#"the word rule "/\w{9999}/" cannot be used: Compiled regex exceeds size limit of 1048576 bytes."#);
}

/// Ways to write a letter so that it still looks like itself.
fn disguised(letter: char) -> impl Strategy<Value = String> {
    let wide = char::from_u32(letter as u32 + 0xFEE0).unwrap_or(letter);
    let unseen = prop::sample::select(vec![
        "",
        "\u{200B}",
        "\u{200C}",
        "\u{200D}",
        "\u{2060}",
        "\u{FEFF}",
        "\u{AD}",
        "\u{FE0F}",
        "\u{301}",
        "\u{336}",
        "\u{20DD}",
        "\u{202E}",
        "\u{E0041}",
    ]);
    let forms = vec![letter, letter.to_ascii_uppercase(), wide];
    (prop::sample::select(forms), unseen.clone(), unseen)
        .prop_map(|(form, first, second)| format!("{form}{first}{second}"))
}

/// The letter itself, or one of another script that looks like it.
fn look_alikes(letter: char) -> impl Strategy<Value = char> {
    let twins = match letter {
        'a' => "аα\u{251}",
        'c' => "сϲ",
        'd' => "ԁ",
        'e' => "еҽ",
        'g' => "ց\u{261}",
        'i' => "іı",
        'j' => "ј",
        'o' => "оοօ",
        'p' => "рρ",
        's' => "ѕ",
        'v' => "ѵν",
        'x' => "х",
        'y' => "у",
        _ => "",
    };
    let forms: Vec<char> = twins.chars().chain([letter]).collect();
    prop::sample::select(forms)
}

/// Characters that nobody sees, or that do not become one character with a letter.
const UNSEEN: &[&str] = &[
    "\u{34F}",
    "\u{FE0F}",
    "\u{336}",
    "\u{20DD}",
    "\u{2800}",
    "\u{200B}",
    "\u{200D}",
    "\u{AD}",
    "\u{202E}",
    "\u{E0041}",
];

fn word() -> impl Strategy<Value = String> {
    "[a-z]{3,8}"
}

proptest! {
    #[test]
    fn a_disguised_word_never_passes(
        (word, text) in word().prop_flat_map(|word| {
            let letters: Vec<_> = word.chars().map(disguised).collect();
            (Just(word), letters.prop_map(|letters| letters.concat()))
        }),
        before in "[ ,(、猫0-9_-]{0,3}",
        after in "[ ,)、猫0-9_:-]{0,3}",
    ) {
        check(&word, &format!("{before}{text}{after}"), true);
    }

    #[test]
    fn an_unseen_character_before_a_word_does_not_help(
        before in "[a-z]{1,5}",
        unseen in prop::collection::vec(prop::sample::select(UNSEEN.to_vec()), 1..4),
        word in word(),
    ) {
        check(&word, &format!("{before}{}{word}", unseen.concat()), true);
    }

    #[test]
    fn look_alike_letters_do_not_help(
        (word, text) in word().prop_flat_map(|word| {
            let letters: Vec<_> = word.chars().map(look_alikes).collect();
            (Just(word), letters.prop_map(String::from_iter))
        }),
        before in "[ ,(、猫]{0,3}",
    ) {
        check(&word, &format!("{before}{text}"), true);
    }

    #[test]
    fn letters_that_stand_apart_do_not_help(
        word in word(),
        gap in prop::sample::select(vec![" ", ".", "-", "_", " . ", "·", "*", "  "]),
        before in "([a-z]{2,5} )?",
        after in "( [a-z]{2,5})?",
    ) {
        let letters: Vec<String> = word.chars().map(String::from).collect();
        check(&word, &format!("{before}{}{after}", letters.join(gap)), true);
    }

    #[test]
    fn ordinary_words_spell_nothing(words in prop::collection::vec("[a-z]{2,6}", 1..6), rule in word()) {
        let is_there = words.contains(&rule);
        check(&rule, &words.join(" "), is_there);
        check(&rule, &words.join(", "), is_there);
    }

    #[test]
    fn a_word_within_a_longer_one_passes(word in word(), before in "[a-zé]{0,3}", after in "[a-zé]{1,3}") {
        check(&word, &format!("a {before}{word}{after}"), false);
        check(&word, &format!("({after}{word}:1.2), a"), false);
    }

    #[test]
    fn any_rule_and_any_text_are_read(rule in ".{0,12}", text in ".*") {
        if let Ok(rules) = WordRules::new(&[rule], &[]) {
            let _ = rules.check([text.as_str()], "web", None);
        }
    }
}
