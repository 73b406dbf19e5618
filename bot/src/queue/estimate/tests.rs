use super::*;

/// One model whose unit of work takes this many seconds, by how many jobs are drawn together.
fn speeds(by_together: &[f64]) -> Speeds {
    let mut speeds = Speeds::default();
    let sums: Vec<[f64; 2]> = by_together.iter().map(|seconds| [*seconds, 1.0]).collect();
    speeds.restore(&json!({ "avatar": sums }));
    speeds
}

fn share(work: f64, steps: f64) -> Share {
    Share {
        model: 0,
        work,
        steps,
    }
}

/// Shares as (work, steps).
type Jobs<'a> = &'a [(f64, f64)];

/// The ends are in seconds.
#[track_caller]
fn check(speeds: &Speeds, concurrency: usize, (running, waiting): (Jobs<'_>, Jobs<'_>), ends: &[f64]) {
    let forecast = Forecast { speeds, concurrency };
    let shares =
        |jobs: Jobs<'_>| -> Vec<Share> { jobs.iter().map(|(work, steps)| share(*work, *steps)).collect() };
    let found: Vec<f64> = forecast
        .ends(&shares(running), shares(waiting))
        .into_iter()
        .map(|end| end.expect("measured").as_secs_f64())
        .collect();
    assert_eq!(found, ends);
}

#[test]
fn ends_are_foretold() {
    let one = speeds(&[2.0]);
    check(&one, 1, (&[], &[]), &[]);
    check(&one, 1, (&[], &[(1.0, 10.0), (3.0, 10.0)]), &[2.0, 8.0]);
    check(&one, 1, (&[(0.5, 5.0)], &[(1.0, 10.0)]), &[1.0, 3.0]);
    // Together they take as long as one after the other, and the short one does not wait for the long one.
    check(&one, 2, (&[], &[(1.0, 10.0), (1.0, 10.0)]), &[4.0, 4.0]);
    check(
        &one,
        2,
        (&[], &[(4.0, 40.0), (1.0, 10.0), (1.0, 10.0)]),
        &[12.0, 4.0, 8.0],
    );
    // Larger pictures make every step longer.
    check(&one, 2, (&[], &[(9.0, 10.0), (1.0, 10.0)]), &[20.0, 20.0]);
    // This machine draws two in the time of one.
    check(
        &speeds(&[2.0, 1.0]),
        2,
        (&[], &[(1.0, 10.0), (1.0, 10.0), (1.0, 10.0)]),
        &[2.0, 2.0, 4.0],
    );
    // A job whose steps are done and that has not ended holds nobody up.
    check(&one, 1, (&[(0.0, 0.0)], &[(1.0, 10.0)]), &[0.0, 2.0]);
}

#[test]
fn far_behind_sums_say_nearly_the_same() {
    for concurrency in [1, 4] {
        let speeds = speeds(&[2.0, 1.5, 1.2, 1.0]);
        let forecast = Forecast {
            speeds: &speeds,
            concurrency,
        };
        let waiting: Vec<Share> = (0..200).map(|n| share(f64::from(1 + n % 7), 20.0)).collect();
        let ends = forecast.ends(&[share(1.0, 5.0)], waiting.clone());
        for at in [64, 100, 150] {
            let ahead: f64 = waiting.iter().take(at).map(|share| share.work).sum();
            let own = waiting.get(at).copied().expect("there");
            let sums = forecast.end_behind(&[share(1.0, 5.0)], (at, &[ahead]), own);
            let exact = ends
                .get(at + 1)
                .copied()
                .flatten()
                .expect("measured")
                .as_secs_f64();
            let error = sums.expect("measured").as_secs_f64() / exact - 1.0;
            assert!(error.abs() < 0.05, "{concurrency} {at}: {error}");
        }
    }
}

#[test]
fn nothing_is_foretold_before_it_was_measured() {
    let mut speeds = speeds(&[2.0]);
    let unknown = Share {
        model: speeds.number("unknown"),
        ..share(1.0, 10.0)
    };
    let forecast = Forecast {
        speeds: &speeds,
        concurrency: 1,
    };
    let ends = forecast.ends(&[], [share(1.0, 10.0), unknown, share(1.0, 10.0)]);
    assert_eq!(ends, [Some(Duration::from_secs(2)), None, None]);
    assert_eq!(forecast.end_behind(&[], (1, &[1.0]), unknown), None);
    assert_eq!(
        forecast.end_behind(&[unknown], (1, &[1.0]), share(1.0, 1.0)),
        None
    );
}

/// A machine that draws with two models, which take 1 and 3 seconds for a unit of work.
#[test]
fn models_that_are_drawn_together_are_told_apart() {
    let mut speeds = Speeds::default();
    let (fast, slow) = (speeds.number("fast"), speeds.number("slow"));
    let mut now = Instant::now();
    speeds.set_together(2, now);
    for tick in 0..400 {
        let (model, seconds) = if tick % 3 == 0 { (slow, 3.0) } else { (fast, 1.0) };
        // Now and then one of them is alone, which tells them apart.
        let work = if tick % 40 < 20 {
            [(model, 1.0), (model, 1.0)]
        } else {
            [(fast, 0.5), (slow, 0.5)]
        };
        let seconds = if tick % 40 < 20 { 2.0 * seconds } else { 2.0 };
        now += Duration::from_secs_f64(seconds);
        for (model, work) in work {
            speeds.done(model, work, now);
        }
    }
    for (model, expected) in [(fast, 1.0), (slow, 3.0)] {
        let measured = speeds.seconds_per_work(model, 2).expect("measured");
        assert!((measured / expected - 1.0).abs() < 0.1, "{measured} {expected}");
    }
}

#[test]
fn what_was_measured_follows_the_machine() {
    let mut speeds = Speeds::default();
    let model = speeds.number("avatar");
    assert_eq!(speeds.seconds_per_work(model, 1), None);
    let mut now = Instant::now();
    let mut draw = |speeds: &mut Speeds, seconds: f64, times: u32| {
        speeds.set_together(1, now);
        for _ in 0..times {
            now += Duration::from_secs_f64(seconds);
            speeds.done(model, 1.0, now);
        }
        // Nobody draws for an hour, which says nothing about speed.
        speeds.set_together(0, now);
        now += Duration::from_secs(3600);
        speeds.seconds_per_work(model, 1).expect("measured")
    };
    assert!((draw(&mut speeds, 2.0, 1) - 2.0).abs() < 1e-9);
    assert!((draw(&mut speeds, 2.0, 100) - 2.0).abs() < 1e-9);
    let faster = draw(&mut speeds, 0.5, 1200);
    assert!((0.5..0.7).contains(&faster), "{faster}");
}

#[test]
fn a_number_that_was_not_measured_is_like_the_next_one() {
    let speeds = speeds(&[2.0, 0.0, 0.0, 1.0]);
    let found: Vec<_> = [0, 1, 2, 3, 4, 9, 500]
        .map(|together| speeds.seconds_per_work(0, together))
        .into();
    assert_eq!(found, [2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0].map(Some));
}

#[test]
fn measured_speeds_survive_a_restart() {
    let kept = speeds(&[2.0, 1.0]).to_json();
    insta::assert_snapshot!(kept, @r#"{"avatar":[[2.0,1.0],[1.0,1.0]]}"#);
    let mut other = Speeds::default();
    other.restore(&kept);
    assert_eq!(other.seconds_per_work(0, 2), Some(1.0));
    // What was measured since the start is worth more.
    other.restore(&json!({"avatar": [[9.0, 1.0]]}));
    assert_eq!(other.seconds_per_work(0, 1), Some(2.0));
}

#[test]
fn what_cannot_be_read_is_measured_anew() {
    for kept in [
        json!(null),
        json!(7),
        json!({"a": "b"}),
        json!({"a": [[1.0], [2.0]]}),
        json!({"a": [[0.0, 0.0]]}),
    ] {
        let mut speeds = Speeds::default();
        speeds.restore(&kept);
        let number = speeds.number("a");
        assert_eq!(speeds.seconds_per_work(number, 1), None, "{kept}");
    }
}
