//! Fills a data folder with a million jobs and says as a table how long the job log takes to answer.
//!
//! ```sh
//! cargo run --release -p bot --example store_bench -- target/store-bench 1000000
//! ```
//!
//! A folder that is filled already is only measured, so that the second run can begin with cold caches of the system.
#![expect(
    clippy::print_stdout,
    reason = "it is a program whose output is what it is for"
)]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use bot::chat::{Place, Platform, ReplyAddress, UserId};
use bot::i18n::Locale;
use bot::safety::SafetyAction;
use bot::store::{
    DrawParameters, HistoryQuery, JobKind, JobsQuery, LimitCheck, NewJob, StatsQuery, Store, UserSettings,
};
use chrono::{DateTime, Offset as _, TimeDelta, Utc};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection};
use tokio::task::JoinSet;

const USAGE: &str = "store_bench FOLDER JOBS";

/// Everybody has one of so many jobs, and user 0 every twentieth besides.
const USERS: u64 = 2_000;

/// How often a query is measured, each time for somebody else.
const RUNS: u64 = 200;

/// How many jobs are added while the log is full, by so many people at once.
const ADDED: u64 = 20_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, jobs] = arguments.as_slice() else {
        return Err(USAGE.into());
    };
    let folder = Path::new(folder);
    if !folder.join("ekaki.db").exists() {
        fill(folder, jobs.parse()?).await?;
    }
    let store = Store::open(folder).await?;
    println!("| what | first ms | median ms | p99 ms |");
    println!("|---|---|---|---|");
    measure_reads(&store).await?;
    measure_inserts(&store).await?;
    store.close().await;
    Ok(())
}

async fn fill(folder: &Path, jobs: i64) -> Result<(), Box<dyn Error>> {
    let store = Store::open(folder).await?;
    store.close().await;
    drop(store);
    let started = Instant::now();
    let mut connection = SqliteConnectOptions::new()
        .filename(folder.join("ekaki.db"))
        .journal_mode(SqliteJournalMode::Wal)
        // Whoever loses power here begins again.
        .synchronous(SqliteSynchronous::Off)
        .connect()
        .await?;
    let year_ms = TimeDelta::days(365).num_milliseconds();
    let first_ms = Utc::now().timestamp_millis() - year_ms;
    fill_tables(&mut connection, jobs, first_ms, year_ms / jobs.max(1)).await?;
    println!("{jobs} jobs written in {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// Jobs in the order of their time, with one picture each; every hundredth has failed.
async fn fill_tables(
    connection: &mut SqliteConnection,
    jobs: i64,
    first_ms: i64,
    interval_ms: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "BEGIN;
         WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?1)
         INSERT INTO users (platform, id, last_turn) SELECT 'bench', n, n FROM numbers;
         WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?2)
         INSERT INTO jobs (id, platform, user_id, chat_id, server, locale, command_key, reply_address, draw,
             prompt_typed, state, outcome, counts, attempt, work, created_at_ms, started_at_ms, finished_at_ms,
             delivered_at_ms, fingerprint)
         SELECT n, 'bench', iif(n % 20 = 0, 0, n % ?1), n % 50, n % 10, 'en', 'key-' || n,
             json_object('channel', n % 50, 'message', n),
             json_object('prompt', ?5 || n, 'negative_prompt', 'lowres, bad hands', 'width', 512, 'height', 768,
                 'num_inference_steps', 28, 'guidance_scale', 7.0, 'seed', n, 'count', 1, 'model', 'avatar',
                 'scheduler', 'Euler a'),
             ?5 || n, iif(n % 100 = 0, 'failed', 'done'), iif(n % 100 = 0, 'failed', 'done'), n % 100 <> 0, 1, 22.0,
             ?3 + n * ?4, ?3 + n * ?4 + 500, ?3 + n * ?4 + 9000, ?3 + n * ?4 + 9500, lower(hex(randomblob(32)))
         FROM numbers;
         INSERT INTO prompts (platform, user_id, job_id, text)
         SELECT platform, user_id, id, prompt_typed || char(10) || prompt_typed FROM jobs;
         INSERT INTO images (job_id, idx, hash, width, height, bytes, seed, parameters)
         SELECT id, 0, lower(hex(randomblob(32))), 512, 768, 400000, id, prompt_typed FROM jobs WHERE outcome = 'done';
         COMMIT;",
    )
    .bind(USERS.cast_signed())
    .bind(jobs)
    .bind(first_ms)
    .bind(interval_ms)
    .bind("1girl, long hair, sitting by the window, soft light, highly detailed, number ")
    .execute(connection)
    .await?;
    Ok(())
}

fn user(number: u64) -> UserId {
    UserId {
        platform: Platform::new("bench"),
        id: (number % USERS).to_string(),
    }
}

/// Runs a query for many people and prints a line.
async fn measure<T, E>(what: &str, query: impl AsyncFn(u64) -> Result<T, E>) -> Result<(), E> {
    let mut times = Vec::new();
    for run in 0..RUNS {
        let started = Instant::now();
        // Not user 0, and no two after one another whose rows lie together.
        query(1 + run * 7).await?;
        times.push(started.elapsed());
    }
    print_line(what, times);
    Ok(())
}

fn print_line(what: &str, mut times: Vec<Duration>) {
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    let first = ms(times.first());
    times.sort_unstable();
    let (median, p99) = (
        ms(times.get(times.len() / 2)),
        ms(times.get(times.len() * 99 / 100)),
    );
    println!("| {what} | {first:.2} | {median:.2} | {p99:.2} |");
}

fn history(number: u64, text: &str) -> HistoryQuery {
    HistoryQuery {
        user: user(number),
        text: Some(text.to_owned()),
        before: None,
        limit: 10,
    }
}

async fn measure_reads(store: &Store) -> Result<(), Box<dyn Error>> {
    let (jobs, users, stats) = (store.jobs(), store.users(), store.stats());
    let now = Utc::now();
    measure("history, first page of 10", async |n| {
        jobs.of_user(&user(n), None, 10).await
    })
    .await?;
    measure("text search of one user, found", async |n| {
        jobs.search(&history(n, "LONG hair")).await
    })
    .await?;
    measure("text search of one user, not found", async |n| {
        jobs.search(&history(n, "\u{732b}")).await
    })
    .await?;
    measure("the same for a user with 50,000 jobs", async |_| {
        jobs.search(&history(0, "\u{732b}")).await
    })
    .await?;
    measure("the same, page after page to the oldest job", async |_| {
        let mut query = history(0, "\u{732b}");
        loop {
            query.before = jobs.search(&query).await?.older;
            if query.before.is_none() {
                return Ok::<_, bot::store::StoreError>(());
            }
        }
    })
    .await?;
    measure("usage of one user (quota)", async |n| {
        users.usage(&user(n), now).await
    })
    .await?;
    measure("usage of the user with 50,000 jobs", async |_| {
        users.usage(&user(0), now).await
    })
    .await?;
    measure("waiting jobs, none", async |_| jobs.waiting().await).await?;
    measure("jobs by state (metrics)", async |_| stats.by_state().await).await?;
    measure("work of the last 6 hours", async |_| {
        jobs.recent_work(now - TimeDelta::hours(6)).await
    })
    .await?;
    let of_server = |days| StatsQuery {
        platform: None,
        server: None,
        since: now - TimeDelta::days(days),
        offset: Utc.fix(),
    };
    measure("statistics of 1 day", async |_| stats.by_day(&of_server(1)).await).await?;
    measure("statistics of 30 days", async |_| {
        stats.by_day(&of_server(30)).await
    })
    .await?;
    measure("people of 30 days", async |_| {
        stats.by_user(&of_server(30), 20).await
    })
    .await?;
    measure("export, one page of 1,000", async |n| {
        let query = JobsQuery {
            before: Some(bot::store::JobId(n.cast_signed() * 1_000)),
            limit: 1_000,
            ..JobsQuery::default()
        };
        jobs.export(&query).await
    })
    .await?;
    Ok(())
}

fn new_job(number: u64, now: DateTime<Utc>) -> NewJob {
    NewJob {
        user: user(number),
        place: Place::direct("bench"),
        kind: JobKind::Draw,
        parent: None,
        is_private: false,
        priority: 0,
        max_running: None,
        safety: SafetyAction::Allow,
        locale: Locale::EN,
        key: Some(format!("new-{}-{number}", now.timestamp_millis())),
        reply_address: ReplyAddress(serde_json::json!({ "channel": 1, "message": number })),
        draw: DrawParameters {
            prompt: "1girl, long hair".into(),
            width: 512,
            height: 768,
            num_inference_steps: 28,
            guidance_scale: 7.0,
            seed: number,
            count: 1,
            model: "avatar".into(),
            ..DrawParameters::default()
        },
        prompt_typed: "1girl, long hair".into(),
        now,
    }
}

/// Every limit is counted, none refuses.
const LIMITS: LimitCheck = LimitCheck {
    per_minute: Some(u32::MAX),
    per_hour: Some(u32::MAX),
    per_day: Some(u32::MAX),
    cooldown: None,
    queued: Some(u32::MAX),
    max_queued: u32::MAX,
};

async fn measure_inserts(store: &Store) -> Result<(), Box<dyn Error>> {
    let now = Utc::now();
    measure("adding a job, one at a time", async |n| {
        let mut new = new_job(n, now);
        new.draw.seed += ADDED;
        store.jobs().insert(&new, &LIMITS).await
    })
    .await?;
    measure("settings of one user, written", async |n| {
        store
            .users()
            .set_settings(&user(n), &UserSettings::default())
            .await
    })
    .await?;
    let started = Instant::now();
    let mut people = JoinSet::new();
    for person in 0..USERS {
        let store = store.clone();
        people.spawn(async move {
            let mut times = Vec::new();
            for number in (person..ADDED).step_by(USERS as usize) {
                let new = new_job(number, now + TimeDelta::milliseconds(1));
                let started = Instant::now();
                store.jobs().insert(&new, &LIMITS).await?;
                times.push(started.elapsed());
            }
            Ok::<_, bot::store::InsertError>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(person) = people.join_next().await {
        times.extend(person??);
    }
    let seconds = started.elapsed().as_secs_f64();
    print_line("adding a job while 2,000 people add 20,000 at once", times);
    let jobs = store.jobs();
    measure("waiting jobs, 20,200", async |_| jobs.waiting().await).await?;
    println!("\n{:.0} jobs per second were added", ADDED as f64 / seconds);
    Ok(())
}
