//! `ekaki jobs`, `ekaki backup` and `ekaki doctor`, beside a running service and without one.

use std::fs::{self, File};
use std::path::Path;

use serde_json::Value;
use tar::Archive;

use crate::support::{Ended, Program};

const DRAW: &str = "/draw 後藤ひとり --steps 2 --seed 1";

#[track_caller]
fn ok(ended: Ended) -> String {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.stdout
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Each check with its level.
fn levels(findings: &Value) -> Vec<(&str, &str)> {
    findings
        .as_array()
        .expect("a list")
        .iter()
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().expect("text");
            (text("check"), text("level"))
        })
        .collect()
}

#[test]
fn jobs_are_read_and_backed_up_while_the_service_runs() {
    let program = Program::new();
    let service = program.serve();
    let person = service.client();
    person.draw(DRAW, "first");

    let listed =
        json(&ok(program.run(&[
            "jobs", "list", "--state", "done", "--since", "1h", "--json",
        ])));
    assert_eq!(listed[0]["id"], 1, "{listed}");
    assert_eq!(listed[0]["platform"], "web");
    let shown = ok(program.run(&["jobs", "show", "1"]));
    assert!(
        shown.contains("後藤ひとり") && shown.contains("images"),
        "{shown}"
    );
    let table = ok(program.run(&["jobs", "export"]));
    assert_eq!(table.lines().count(), 2, "{table}");
    let exported = json(&ok(program.run(&["jobs", "export", "--format", "json"])));
    assert_eq!(exported["images"][0]["hash"].as_str().map(str::len), Some(64));
    let missing = program.run(&["jobs", "show", "77", "--json"]);
    assert_eq!(missing.code, Some(1));
    assert!(json(&missing.stdout)["error"].to_string().contains("77"));

    let written = json(&ok(program.run(&["backup", "backup.tar", "--json"])));
    assert_eq!(written["images"], 1, "{written}");
    let again = program.run(&["backup", "backup.tar"]);
    assert_eq!(again.code, Some(1), "a backup overwrites nothing");
    let left = fs::read_dir(program.folder()).expect("a folder");
    let names: Vec<_> = left.map(|entry| entry.expect("an entry").file_name()).collect();
    assert!(
        names
            .iter()
            .all(|name| !name.to_string_lossy().contains("unfinished")),
        "{names:?}"
    );
    // What comes after the backup is not in it.
    person.draw(&DRAW.replace("--seed 1", "--seed 2"), "second");
    assert_eq!(service.terminate().code, Some(0));

    let restored = Program::new();
    unpack(&program.folder().join("backup.tar"), &restored.data_dir());
    let jobs = restored.jobs_of(&person.id());
    assert_eq!(jobs.len(), 1);
    let doctor = restored.run(&["doctor", "--json"]);
    let findings = json(&ok(doctor));
    assert!(
        findings
            .to_string()
            .contains("every picture of the log has its file"),
        "{findings}"
    );
    fs::remove_dir_all(restored.data_dir().join("images")).expect("removed");
    let findings = json(&ok(restored.run(&["doctor", "--json"])));
    assert!(levels(&findings).contains(&("database", "warn")), "{findings}");
}

fn unpack(file: &Path, data_dir: &Path) {
    let file = File::open(file).expect("a backup");
    Archive::new(file).unpack(data_dir).expect("an archive");
}

#[test]
fn the_doctor_looks_at_everything_and_fails_when_something_fails() {
    let program = Program::new();
    let findings = json(&ok(program.run(&["doctor", "--json"])));
    let names: Vec<&str> = levels(&findings).iter().map(|(check, _)| *check).collect();
    for check in [
        "settings", "rules", "data", "database", "clock", "runtime", "models", "safety", "web",
    ] {
        assert!(names.contains(&check), "{check} is missing: {names:?}");
    }
    assert!(findings.to_string().contains("every network opens"), "{findings}");

    let nothing_there = program.run(&["doctor", "--quick"]);
    assert_eq!(nothing_there.code, Some(0), "{nothing_there:?}");
    assert!(
        nothing_there.stdout.contains("ok    database"),
        "{}",
        nothing_there.stdout
    );
    assert!(
        !program.data_dir().join("ekaki.db").exists(),
        "the doctor changes nothing"
    );

    fs::create_dir_all(program.data_dir()).expect("a folder");
    fs::write(
        program.data_dir().join("ekaki.db"),
        "no database at all, but long enough",
    )
    .expect("written");
    let damaged = program.run(&["doctor", "--json"]);
    assert_eq!(damaged.code, Some(1), "{damaged:?}");
    assert!(levels(&json(&damaged.stdout)).contains(&("database", "fail")));

    fs::write(program.folder().join("ekaki.toml"), "[web]\nbindd = 1\n").expect("written");
    let broken = program.run(&["doctor", "--json"]);
    assert_eq!(broken.code, Some(1), "{broken:?}");
    assert_eq!(levels(&json(&broken.stdout)), [("settings", "fail")]);
}
