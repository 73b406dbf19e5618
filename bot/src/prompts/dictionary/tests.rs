use std::io::Write as _;

use super::{Dictionaries, DictionaryConfig, PromptSyntax};

const FILE: &str = r#"gotoh_hitori,4,900,"後藤ひとり,ごとうひとり,gotou_hitori"
saber_(fate),4,800,"セイバー,セイバー(Fate)"
long_hair,0,700,"ロングヘア,長い髪,long_haired"
hair,0,10,"髪"
cat,0,300,"ネコ,猫,kitty"
kitten,0,100,"kitty,子猫"
bread,0,50,パン
^_^,0,10,"にこにこ,happy_face"
one_tag,0,1,"two names"
"#;

fn dictionaries(file: &str, models: &[&str]) -> Dictionaries {
    let mut csv = tempfile::NamedTempFile::new().expect("a file");
    csv.write_all(file.as_bytes()).expect("written");
    Dictionaries::read(&[DictionaryConfig {
        file: csv.path().to_owned(),
        models: models.iter().map(|model| (*model).to_owned()).collect(),
    }])
    .expect("a dictionary")
}

fn check(prompt: &str, expected: &str) {
    let all = dictionaries(FILE, &["anime"]);
    assert_eq!(all.replace(prompt, "Anime"), expected, "{prompt}");
    assert_eq!(all.replace(prompt, "avatar"), prompt);
}

#[test]
fn names_become_tags() {
    check("後藤ひとり", "gotoh hitori");
    check("後藤ひとり (髪:1.3), 笑顔", "gotoh hitori (hair:1.3), 笑顔");
    check("gotou hitori, Gotou_Hitori", "gotoh hitori, gotoh hitori");
    check("にこにこ", "^_^");
    check("one tag, two names", "one tag, one tag");
}

#[test]
fn the_longest_name_counts() {
    check("長い髪", "long hair");
    check("子猫と猫", "kitten, と, cat");
    // The same name of two tags is the more frequent one.
    check("kitty", "cat");
}

#[test]
fn words_beside_a_name_are_separated_from_it() {
    check("長い髪の後藤ひとり", "long hair, の, gotoh hitori");
    check("後藤ひとり猫", "gotoh hitori, cat");
    check("青い猫!", "青い, cat!");
}

#[test]
fn a_name_is_not_found_within_a_word() {
    for prompt in [
        "kittyhawk",
        "hello-kitty",
        "kitty's",
        "mykitty",
        "kitty2",
        "パンダ",
        "ショパン",
        "猫背",
        "黒猫",
    ] {
        check(prompt, prompt);
    }
    check("パンとネコ", "bread, と, cat");
    check("猫kitty猫", "cat, cat, cat");
}

#[test]
fn tags_and_syntax_stay_as_they_are() {
    for prompt in [
        "long hair",
        "long_hair, cat",
        "<lora:kitty:1>",
        "BREAK",
        r"saber \(fate\)",
    ] {
        check(prompt, prompt);
    }
    check("<kitty", "<cat");
    check("[(長い髪:1.2)]", "[(long hair:1.2)]");
}

#[test]
fn brackets_of_names_are_no_syntax() {
    check("(セイバー(fate):1.2)", r"(saber \(fate\):1.2)");
    check(r"セイバー\(fate\)", r"saber \(fate\)");
    let plain = dictionaries(FILE, &["*"]).for_syntax(PromptSyntax::Plain);
    assert_eq!(plain.replace("セイバー", "any"), "saber (fate)");
}

#[test]
fn the_first_dictionary_counts() {
    let mut all = dictionaries("neko,0,1,猫", &["a"]);
    all.dictionaries.extend(dictionaries(FILE, &["a"]).dictionaries);
    assert_eq!(all.replace("猫, 髪", "a"), "neko, hair");
}

#[test]
fn the_built_in_dictionary_is_sound() {
    let all = Dictionaries::read(&[DictionaryConfig {
        file: "builtin:danbooru".into(),
        models: vec!["*".to_owned()],
    }])
    .expect("a dictionary");
    let check = |prompt, expected: &str| assert_eq!(all.replace(prompt, "any"), expected);
    check("後藤ひとり, 笑顔", "gotoh hitori, bocchi the rock!, smile");
    check("金髪碧眼の女の子", "blonde hair, blue eyes, の, 1girl");
    check("猫耳", "cat ears");
    let (_, dictionary) = all.dictionaries.first().expect("one");
    assert!(dictionary.tags.len() >= 150, "{}", dictionary.tags.len());
    // A name for two tags would be a mistake in a file of our own.
    let entries = super::file::parse(super::DANBOORU).expect("rows");
    let mut names: Vec<&String> = entries.iter().flat_map(|entry| &entry.aliases).collect();
    names.sort();
    let twice: Vec<_> = names
        .windows(2)
        .filter(|pair| pair.first() == pair.last())
        .collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Dictionaries::read(&[DictionaryConfig {
        file: "nowhere.csv".into(),
        models: Vec::new(),
    }])
    .expect_err("refused");
    assert!(
        error
            .to_string()
            .starts_with("the dictionary nowhere.csv cannot be used: "),
        "{error}"
    );
}

#[test]
fn a_large_file_is_read() {
    let rows: String = (0..20_000)
        .map(|row| format!("tag_{row},0,{row},\"名前{row}番,another_{row}\"\n"))
        .collect();
    let all = dictionaries(&rows, &["*"]);
    assert_eq!(all.replace("名前19999番, another 7", "any"), "tag 19999, tag 7");
}
