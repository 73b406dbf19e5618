use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(prompt: &str, expected: &[(&str, f64)]) {
    let spans = parse(prompt);
    let spans: Vec<(&str, f64)> = spans
        .iter()
        .map(|span| (span.text.as_ref(), span.weight))
        .collect();
    assert_eq!(spans, expected, "{prompt:?}");
}

#[test]
fn brackets_weigh() {
    check(
        "a (b) [c]",
        &[("a ", 1.0), ("b", 1.1), (" ", 1.0), ("c", 1.0 / 1.1)],
    );
    check("((a:1.3) b)", &[("a", 1.3 * 1.1), (" b", 1.1)]);
    check("(a: .5 )", &[("a", 0.5)]);
    check("(a:-1)", &[("a", -1.0)]);
    check("", &[("", 1.0)]);
}

#[test]
fn unbalanced_brackets_are_forgiven() {
    check("(a", &[("a", 1.1)]);
    check("a)", &[("a)", 1.0)]);
    check("a:1.2)", &[("a:1.2)", 1.0)]);
    check("[(a])", &[("a", 1.0 / 1.1 * 1.1)]);
}

#[test]
fn what_is_no_weight_is_text() {
    check("(a:1.1.2)", &[("a:1.1.2", 1.1)]);
    check("(a:1e9)", &[("a:1e9", 1.1)]);
    check("(a:nan)", &[("a:nan", 1.1)]);
    check("(a:)", &[("a:", 1.1)]);
    check("a:b", &[("a:b", 1.0)]);
}

#[test]
fn a_backslash_takes_the_meaning_away() {
    check(r"\(a\) \[b\] \\", &[(r"(a) [b] \", 1.0)]);
    check(r"a\b\", &[("ab", 1.0)]);
}

#[test]
fn break_is_a_word_of_its_own() {
    check("a BREAK b", &[("a", 1.0), ("BREAK", -1.0), ("b", 1.0)]);
    check(
        "aBREAK BREAKb a_BREAK break",
        &[("aBREAK BREAKb a_BREAK break", 1.0)],
    );
    check("(a BREAK b)", &[("a", 1.1), ("BREAK", -1.1), ("b", 1.1)]);
}

#[test]
fn what_a1111_does_elsewhere_is_text() {
    check("[a:b:0.5]", &[("a:b:0.5", 1.0 / 1.1)]);
    check(
        "[a|b] AND <lora:x:1>",
        &[("a|b", 1.0 / 1.1), (" AND <lora:x:1>", 1.0)],
    );
}

#[test]
fn deep_nesting_takes_no_stack() {
    let depth = 10_000;
    let nested = format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    check(&nested, &[("a", f64::INFINITY)]);
    assert_eq!(parse(&"(a[b".repeat(1_000)).len(), 2_000);
    assert!(parse(&"(a[b".repeat(depth)).len() > depth);
}

proptest! {
    #[test]
    fn any_prompt_is_read(prompt in r"[(){}\[\]:\\.+\-0-9a-zBREAK ,後\u{300}\n]{0,60}") {
        let spans = parse(&prompt);
        prop_assert!(!spans.is_empty());
        prop_assert!(spans.windows(2).all(|pair| pair[0].weight != pair[1].weight));
        let words = |text: &str| text.chars().filter(|c| c.is_ascii_lowercase()).collect::<String>();
        let read: String = spans.iter().map(|span| span.text.as_ref()).collect();
        prop_assert_eq!(words(&read), words(&prompt));
    }
}
