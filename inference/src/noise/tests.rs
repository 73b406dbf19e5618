use serde::Deserialize;

use super::{mt19937::Mt19937, *};

#[derive(Deserialize)]
struct Golden {
    words: Vec<Words>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Words {
    seed: String,
    first: Vec<u32>,
    from_1246: Vec<u32>,
}

#[derive(Deserialize)]
struct Case {
    seed: String,
    draws: Vec<Draw>,
}

#[derive(Deserialize)]
struct Draw {
    shape: (usize, usize, usize, usize),
    #[serde(flatten)]
    values: Values,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    All {
        values: Vec<f32>,
    },
    Some {
        every_1021st: Vec<f32>,
        last: Vec<f32>,
        sum: f64,
    },
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../testdata/noise/torch_cpu.json")).unwrap()
}

#[track_caller]
fn check_close<'a>(seed: u64, values: impl IntoIterator<Item = &'a f32>, expected: &[f32]) {
    let values: Vec<f32> = values.into_iter().copied().collect();
    assert_eq!(values.len(), expected.len(), "seed {seed}");
    for (value, expected) in values.iter().zip(expected) {
        assert!(
            (value - expected).abs() <= 1e-6,
            "seed {seed}: {value}, not {expected}"
        );
    }
}

#[test]
fn words_are_those_of_the_reference() {
    for Words {
        seed,
        first,
        from_1246,
    } in golden().words
    {
        let seed: u64 = seed.parse().unwrap();
        let mut engine = Mt19937::new((seed & 0xffff_ffff) as u32);
        let words: Vec<u32> = (0..1250).map(|_| engine.next_u32()).collect();
        assert_eq!(words[..4], first, "seed {seed}");
        assert_eq!(words[1246..], from_1246, "seed {seed}");
    }
}

#[test]
fn numbers_are_those_of_torch() {
    for case in golden().cases {
        let seed = case.seed.parse().unwrap();
        let mut noise = TorchCpuNoise::new(seed);
        for draw in case.draws {
            let drawn = noise.randn(draw.shape);
            match draw.values {
                Values::All { values } => check_close(seed, &drawn, &values),
                Values::Some {
                    every_1021st,
                    last,
                    sum,
                } => {
                    check_close(seed, drawn.iter().step_by(1021), &every_1021st);
                    check_close(seed, drawn.iter().skip(drawn.len() - last.len()), &last);
                    let total: f64 = drawn.iter().map(|&value| f64::from(value.abs())).sum();
                    assert!(
                        (total - sum).abs() <= 1e-6 * sum,
                        "seed {seed}: {total}, not {sum}"
                    );
                }
            }
        }
    }
}

#[test]
fn nothing_is_drawn_for_an_empty_shape() {
    let mut noise = TorchCpuNoise::new(1);
    assert_eq!(noise.randn((1, 4, 0, 8)).len(), 0);
    assert_eq!(
        noise.randn((1, 1, 2, 2)),
        TorchCpuNoise::new(1).randn((1, 1, 2, 2))
    );
}
