use chrono::NaiveDate;
use image::RgbImage;

use super::{Chart, FAILED, HEIGHT, IMAGES, JOBS, LABELS, SECONDS, USERS, WIDTH, plot};
use crate::store::DayStats;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn decoded(chart: &Chart) -> RgbImage {
    image::load_from_memory(&chart.png).expect("a picture").to_rgb8()
}

/// How many pixels have a colour, and the leftmost of them.
fn pixels(picture: &RgbImage, colour: [u8; 3]) -> (usize, Option<u32>) {
    let found = || {
        picture
            .enumerate_pixels()
            .filter(|(_, _, pixel)| pixel.0 == colour)
    };
    (found().count(), found().map(|(x, _, _)| x).min())
}

fn two_days(second: DayStats) -> RgbImage {
    let days = [
        DayStats {
            day: day("2026-11-21"),
            ..DayStats::default()
        },
        DayStats {
            day: day("2026-11-22"),
            ..second
        },
    ];
    decoded(&plot(&days).expect("a chart"))
}

#[test]
fn every_number_has_its_colour_on_its_day() {
    let numbers = DayStats {
        jobs: 10,
        failed: 4,
        users: 2,
        images: 7,
        seconds: 90.5,
        ..DayStats::default()
    };
    let picture = two_days(numbers);
    assert_eq!(picture.dimensions(), (WIDTH, HEIGHT));
    for colour in [JOBS, FAILED, IMAGES, SECONDS] {
        let (count, leftmost) = pixels(&picture, colour);
        assert!(count > 1000, "{colour:?}: {count}");
        assert!(leftmost > Some(WIDTH / 2), "{colour:?}: {leftmost:?}");
    }
    let height = |colour| pixels(&picture, colour).0;
    assert!(
        height(JOBS) > height(FAILED),
        "those that failed are a part of all"
    );
    // People are a line from the first day to the second.
    assert!(pixels(&picture, USERS).1 < Some(WIDTH / 2));
}

#[test]
fn days_without_jobs_have_no_bars() {
    let picture = two_days(DayStats::default());
    for colour in [JOBS, FAILED, IMAGES, SECONDS] {
        assert_eq!(pixels(&picture, colour).0, 0, "{colour:?}");
    }
    assert!(pixels(&picture, LABELS).0 > 100, "there are numbers and dates");
}

#[test]
fn absurd_numbers_are_plotted_without_harm() {
    for seconds in [f64::NAN, f64::INFINITY, -1.0, f64::MAX] {
        two_days(DayStats {
            jobs: u64::MAX,
            failed: u64::MAX,
            users: u64::MAX,
            images: u64::MAX,
            seconds,
            ..DayStats::default()
        });
    }
    assert!(plot(&[]).is_ok());
}
