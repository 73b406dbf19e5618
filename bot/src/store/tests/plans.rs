//! How SQLite finds rows: with a million jobs nothing may read all of them.

use super::*;

/// The columns that the literals in `record.rs` go on from.
const JOB_COLUMNS: &str = "SELECT jobs.id FROM jobs ";

/// Every statement in the source of the store.
fn statements() -> Vec<String> {
    let mut statements = Vec::new();
    collect(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store"),
        &mut statements,
    );
    assert!(statements.len() > 60, "the source is there");
    statements
}

fn collect(folder: &Path, statements: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            if !path.ends_with("tests") {
                collect(&path, statements);
            }
            continue;
        }
        let text = fs::read_to_string(&path).expect("text");
        for literal in literals(&text) {
            statements.extend(literal.split(';').filter_map(statement));
        }
    }
}

/// The texts in quotation marks of a source file, with their spaces made one.
fn literals(text: &str) -> Vec<String> {
    let code: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = code.join("\n").replace("\\\"", "'");
    let inside = code.split('"').skip(1).step_by(2);
    inside
        .map(|literal| {
            literal
                .replace('\\', " ")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

fn statement(literal: &str) -> Option<String> {
    let literal = literal.trim();
    let starts_with = |words: &[&str]| words.iter().any(|word| literal.starts_with(word));
    // Beginnings, to which code adds what was asked for.
    if literal.ends_with("FROM jobs") || literal.ends_with('<') {
        return None;
    }
    if starts_with(&["SELECT ", "UPDATE ", "DELETE ", "INSERT ", "WITH "]) {
        return Some(literal.to_owned());
    }
    starts_with(&["WHERE ", "JOIN "]).then(|| format!("{JOB_COLUMNS}{literal}"))
}

async fn plan(store: &Store, statement: &str) -> Vec<String> {
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
    let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain)
        .fetch_all(store.readers())
        .await
        .unwrap_or_else(|error| panic!("{error}: {statement}"));
    rows.into_iter().map(|(_, _, _, line)| line).collect()
}

/// Statistics by day read the jobs of those days; everything else that reads a whole table reads a small one.
#[tokio::test]
async fn no_statement_reads_every_job() {
    let (_dir, store) = open().await;
    let mut scans = Vec::new();
    for statement in statements() {
        for line in plan(&store, &statement).await {
            if line.contains("SCAN") && !line.contains("VIRTUAL TABLE") {
                scans.push(line);
            }
        }
    }
    scans.sort_unstable();
    scans.dedup();
    insta::assert_snapshot!(scans.join("\n"), @"
    SCAN CONSTANT ROW
    SCAN blocks
    SCAN counted
    SCAN job_counts
    SCAN limit_overrides
    SCAN place_rules
    SCAN users USING INDEX users_private
    SCAN uses
    SCAN words
    ");
}

/// The plans of the statements that have all of these words.
async fn plans(store: &Store, words: &[&str]) -> String {
    let mut lines = Vec::new();
    for statement in statements() {
        if words.iter().all(|word| statement.contains(word)) {
            lines.extend(plan(store, &statement).await);
        }
    }
    lines.join("\n")
}

#[tokio::test]
async fn what_people_wait_for_uses_an_index() {
    let (_dir, store) = open().await;
    insta::assert_snapshot!(plans(&store, &["id < ?3", "OFFSET"]).await, @"SEARCH jobs USING COVERING INDEX jobs_by_user (platform=? AND user_id=? AND id<?)");
    insta::assert_snapshot!(plans(&store, &["user_id = ? AND id < ?", "LIMIT"]).await, @"SEARCH jobs USING COVERING INDEX jobs_by_user (platform=? AND user_id=? AND id<?)");
    insta::assert_snapshot!(plans(&store, &["SELECT prompt_typed FROM jobs"]).await, @"SEARCH jobs USING INDEX jobs_by_user (platform=? AND user_id=?)");
    insta::assert_snapshot!(plans(&store, &["instr("]).await, @"
    SEARCH prompts USING PRIMARY KEY (platform=? AND user_id=? AND job_id>? AND job_id<?)
    SEARCH jobs USING INTEGER PRIMARY KEY (rowid=?)
    ");
    insta::assert_snapshot!(plans(&store, &["AS used_minute"]).await, @"
    SCAN CONSTANT ROW
    SCALAR SUBQUERY 1
    SEARCH jobs USING COVERING INDEX jobs_by_command_key (platform=? AND user_id=? AND command_key=?)
    SCALAR SUBQUERY 2
    CO-ROUTINE uses
    COMPOUND QUERY
    LEFT-MOST SUBQUERY
    SEARCH jobs USING COVERING INDEX jobs_that_count (platform=? AND user_id=? AND created_at_ms>?)
    UNION ALL
    SEARCH spent USING COVERING INDEX spent_by_user (platform=? AND user_id=? AND created_at_ms>?)
    SCAN uses
    SCALAR SUBQUERY 3
    CO-ROUTINE uses
    COMPOUND QUERY
    LEFT-MOST SUBQUERY
    SEARCH jobs USING COVERING INDEX jobs_that_count (platform=? AND user_id=? AND created_at_ms>?)
    UNION ALL
    SEARCH spent USING COVERING INDEX spent_by_user (platform=? AND user_id=? AND created_at_ms>?)
    SCAN uses
    SCALAR SUBQUERY 4
    CO-ROUTINE uses
    COMPOUND QUERY
    LEFT-MOST SUBQUERY
    SEARCH jobs USING COVERING INDEX jobs_that_count (platform=? AND user_id=? AND created_at_ms>?)
    UNION ALL
    SEARCH spent USING COVERING INDEX spent_by_user (platform=? AND user_id=? AND created_at_ms>?)
    SCAN uses
    SCALAR SUBQUERY 5
    CO-ROUTINE uses
    COMPOUND QUERY
    LEFT-MOST SUBQUERY
    SEARCH jobs USING COVERING INDEX jobs_that_count (platform=? AND user_id=? AND created_at_ms>?)
    UNION ALL
    SEARCH spent USING COVERING INDEX spent_by_user (platform=? AND user_id=? AND created_at_ms>?)
    SEARCH uses
    SCALAR SUBQUERY 6
    SEARCH jobs USING INDEX jobs_unfinished (platform=? AND user_id=?)
    SCALAR SUBQUERY 7
    SCAN job_counts
    ");
    insta::assert_snapshot!(plans(&store, &["min(created_at_ms) FROM uses"]).await, @"
    CO-ROUTINE uses
    COMPOUND QUERY
    LEFT-MOST SUBQUERY
    SEARCH jobs USING COVERING INDEX jobs_that_count (platform=? AND user_id=? AND created_at_ms>?)
    UNION ALL
    SEARCH spent USING COVERING INDEX spent_by_user (platform=? AND user_id=? AND created_at_ms>?)
    SCAN uses
    ");
    insta::assert_snapshot!(plans(&store, &["created_at_ms", "OFFSET"]).await, @"
    MERGE (UNION ALL)
    LEFT
    SEARCH jobs USING COVERING INDEX jobs_that_count (platform=? AND user_id=? AND created_at_ms>?)
    RIGHT
    SEARCH spent USING COVERING INDEX spent_by_user (platform=? AND user_id=? AND created_at_ms>?)
    ");
    insta::assert_snapshot!(plans(&store, &["users.last_turn", "FROM jobs JOIN users"]).await, @"
    SEARCH jobs USING INDEX jobs_in_line (state=? AND same_as=?)
    SEARCH users USING PRIMARY KEY (platform=? AND id=?)
    ");
    insta::assert_snapshot!(plans(&store, &["SELECT id", "same_as = ?"]).await, @"SEARCH jobs USING INDEX jobs_in_line (state=? AND same_as=?)");
    insta::assert_snapshot!(plans(&store, &["SELECT id FROM jobs WHERE fingerprint = ?"]).await, @"
    SCALAR SUBQUERY 1
    SEARCH jobs USING INDEX jobs_by_fingerprint (fingerprint=?)
    SEARCH images USING PRIMARY KEY (job_id=?)
    SEARCH jobs USING COVERING INDEX jobs_by_leader (same_as=?)
    SEARCH jobs USING COVERING INDEX jobs_by_parent (parent=?)
    ");
    insta::assert_snapshot!(plans(&store, &["state = 'delivering' ORDER BY id"]).await, @"SEARCH jobs USING COVERING INDEX jobs_undelivered (state=?)");
    insta::assert_snapshot!(plans(&store, &["AS day"]).await, @"
    SEARCH jobs USING INDEX jobs_by_time (created_at_ms>?)
    USE TEMP B-TREE FOR GROUP BY
    CORRELATED SCALAR SUBQUERY 1
    SEARCH images USING PRIMARY KEY (job_id=?)
    USE TEMP B-TREE FOR count(DISTINCT)
    ");
}
