use ndarray::Array4;
use serde::Deserialize;

use super::{mt19937::Mt19937, philox::philox4x32_10, *};

#[derive(Deserialize)]
struct Golden {
    #[serde(default)]
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

fn golden(json: &str) -> Golden {
    serde_json::from_str(json).unwrap()
}

fn single_precision() -> Golden {
    golden(include_str!("../../testdata/noise/torch_cpu.json"))
}

#[track_caller]
fn check_close<'a>(seed: u64, values: impl IntoIterator<Item = &'a f32>, expected: &[f32], tolerance: f32) {
    let values: Vec<f32> = values.into_iter().copied().collect();
    assert_eq!(values.len(), expected.len(), "seed {seed}");
    for (value, expected) in values.iter().zip(expected) {
        assert!(
            (value - expected).abs() <= tolerance,
            "seed {seed}: {value}, not {expected}"
        );
    }
}

#[track_caller]
fn check_draws(case: &Case, noise: &mut dyn Noise, tolerance: f32) {
    let seed = case.seed.parse().unwrap();
    for draw in &case.draws {
        let drawn = noise.randn(draw.shape);
        match &draw.values {
            Values::All { values } => check_close(seed, &drawn, values, tolerance),
            Values::Some {
                every_1021st,
                last,
                sum,
            } => {
                check_close(seed, drawn.iter().step_by(1021), every_1021st, tolerance);
                check_close(seed, drawn.iter().skip(drawn.len() - last.len()), last, tolerance);
                let total: f64 = drawn.iter().map(|&value| f64::from(value.abs())).sum();
                assert!(
                    (total - sum).abs() <= f64::from(tolerance) * sum,
                    "seed {seed}: {total}, not {sum}"
                );
            }
        }
    }
}

#[test]
fn words_are_those_of_the_reference() {
    for Words {
        seed,
        first,
        from_1246,
    } in single_precision().words
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
    for case in single_precision().cases {
        let mut noise = TorchCpuNoise::new(case.seed.parse().unwrap());
        check_draws(&case, &mut noise, 1e-6);
    }
}

/// The last bits of a logarithm or a sine decide now and then to which side a number is rounded.
#[test]
fn numbers_in_half_precision_are_those_of_torch() {
    let golden = golden(include_str!("../../testdata/noise/torch_cpu_f16.json"));
    assert!(golden.cases.len() > 20);
    for case in golden.cases {
        let mut noise = TorchCpuNoise::with_dtype(case.seed.parse().unwrap(), NoiseDtype::F16);
        check_draws(&case, &mut noise, 0.002);
    }
}

#[test]
fn half_precision_rounds() {
    for source in [NoiseSource::Cpu, NoiseSource::Cuda] {
        let draw = |dtype| generator(source, dtype, 3).randn((1, 4, 8, 8));
        let rounded = draw(NoiseDtype::F32).mapv(|value| f16::from_f32(value).to_f32());
        assert_eq!(draw(NoiseDtype::F16), rounded);
    }
}

/// The known answers that the authors of Philox publish with it (Random123, `tests/kat_vectors`).
#[test]
fn philox_gives_the_known_answers() {
    #[track_caller]
    fn check(counter: [u32; 4], key: [u32; 2], expected: [u32; 4]) {
        assert_eq!(philox4x32_10(counter, key), expected);
    }
    check(
        [0; 4],
        [0; 2],
        [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8],
    );
    check(
        [u32::MAX; 4],
        [u32::MAX; 2],
        [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd],
    );
    check(
        [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
        [0xa409_3822, 0x299f_31d0],
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
    );
}

fn cuda(seed: u64) -> TorchCudaNoise {
    TorchCudaNoise::new(seed, NoiseDtype::F32)
}

/// `torch.manual_seed(0); torch.randn(3, 4, device="cuda")` with eight digits, as the docstring of A1111's
/// `modules/rng_philox.py` has it.
#[test]
fn numbers_for_cuda_are_those_of_a1111() {
    let expected = [
        -0.924_662_6,
        -0.425_344_15,
        -2.643_845_7,
        0.145_183_88,
        -0.120_866_47,
        -0.579_725_6,
        -0.622_851_2,
        -0.328_387_1,
        -1.074_542_3,
        -0.363_144_07,
        -1.671_050_7,
        2.265_505,
    ];
    check_close(0, &cuda(0).randn((1, 1, 3, 4)), &expected, 1e-6);
}

/// What people printed of torch on their GPUs, with four digits. Seed 0 is an 8 × 8 tensor in the notes of a course on
/// Triton kernels; seed 42 are a latent vector in a comment of a GAN's source, and six draws of four numbers in a bug
/// report about `torch._foreach_sub`, which show how the generator moves on between draws.
#[test]
fn numbers_for_cuda_are_those_that_torch_printed() {
    #[track_caller]
    fn check<const N: usize>(seed: u64, noise: &mut TorchCudaNoise, expected: [f32; N]) {
        // Half a unit of the last printed digit, and a little for binary fractions.
        check_close(seed, &noise.randn((1, 1, 1, N)), &expected, 0.000_051);
    }
    let zero = [
        -0.9247, -0.4253, -2.6438, 0.1452, -0.1209, -0.5797, -0.6229, -0.3284, -1.0745, -0.3631, -1.6711,
        2.2655, 0.3117, -0.1842, 1.2866, 1.1820, -0.1271, 1.2169, 1.4353, 1.0605, -0.4941, -1.4244, -0.7244,
        -1.2973, 0.0697, -0.0074, 1.8969, 0.6878, -0.0779, -0.8373, 1.3506, -0.2879, -0.5965, -0.3283,
        -0.9086, -0.8059, -0.7407, -0.0504, 0.5435, 1.5150, 0.0141, 0.4532, 1.6349, 0.7124, -0.1806, 1.0252,
        -1.4622, -0.7554, -0.1836, 0.3824, 0.3918, -0.0830, 0.8971, -1.1123, 0.1116, 0.4863, -0.5499,
        -0.3231, -0.5469, 0.9049, 0.2837, 0.1210, 0.4730, -1.0823,
    ];
    check(0, &mut cuda(0), zero);
    let forty_two = [
        0.1940, 2.1614, -0.1721, 0.8491, -1.9244, 0.6530, -0.6494, -0.8175, 0.5280, -1.2753, -1.6621,
        -0.3033, -0.0926, 0.1992, -1.1204, 1.8577, -0.7145, 0.6881, 0.7968, -0.0334, 1.4917, -0.5165,
        -0.2541, 1.4746, -0.3260, -1.1600, 2.3551, -0.6924, 0.1837, -1.1835, -1.8029, -1.5808,
    ];
    check(42, &mut cuda(42), forty_two);
    let mut noise = cuda(42);
    for four in [
        [0.1940, 2.1614, -0.1721, 0.8491],
        [0.1391, -0.1082, -0.7174, 0.7566],
        [-0.5187, 1.2268, 0.6255, -0.9117],
        [-0.6974, -1.8688, -0.8832, -1.6627],
        [-1.2682, -0.0383, -0.1029, 1.4400],
        [1.4640, -0.3238, 0.7740, 1.5892],
    ] {
        check(42, &mut noise, four);
    }
}

#[test]
fn seeds_of_more_than_32_bits_matter_for_cuda_alone() {
    let first = |source, seed| generator(source, NoiseDtype::F32, seed).randn((1, 1, 1, 4));
    let large = 7 + (1 << 32);
    assert_eq!(first(NoiseSource::Cpu, 7), first(NoiseSource::Cpu, large));
    assert_ne!(first(NoiseSource::Cuda, 7), first(NoiseSource::Cuda, large));
}

#[test]
fn nothing_is_drawn_for_an_empty_shape() {
    for source in [NoiseSource::Cpu, NoiseSource::Cuda] {
        let mut noise = generator(source, NoiseDtype::F32, 1);
        assert_eq!(noise.randn((1, 4, 0, 8)).len(), 0);
        let mut fresh = generator(source, NoiseDtype::F32, 1);
        assert_eq!(noise.randn((1, 1, 2, 2)), fresh.randn((1, 1, 2, 2)));
    }
}

#[derive(Deserialize)]
struct SlerpGolden {
    shape: Vec<usize>,
    cases: Vec<SlerpCase>,
}

#[derive(Deserialize)]
struct SlerpCase {
    strength: f32,
    low: Vec<f32>,
    high: Vec<f32>,
    mixed: Vec<f32>,
}

#[test]
fn mixtures_are_those_of_a1111() {
    let golden: SlerpGolden = serde_json::from_str(include_str!("../../testdata/noise/slerp.json")).unwrap();
    let [batch, channels, height, width] = golden.shape[..] else {
        unreachable!("four dimensions")
    };
    let tensor = |values| Array4::from_shape_vec((batch, channels, height, width), values).unwrap();
    for case in golden.cases {
        let mixed = slerp(case.strength, &tensor(case.low), &tensor(case.high));
        for (value, expected) in mixed.iter().zip(case.mixed) {
            let error = (value - expected).abs();
            assert!(error <= 1e-5, "{}: {value}, not {expected}", case.strength);
        }
    }
}

#[test]
fn mixtures_are_numbers_where_there_is_no_angle() {
    let flat = |values: [f32; 4]| Array4::from_shape_vec((1, 1, 1, 4), values.to_vec()).unwrap();
    let mixed = slerp(0.25, &flat([1.0, -2.0, 0.0, 4.0]), &flat([-1.0, 2.0, 8.0, 0.0]));
    assert_eq!(mixed, flat([0.5, -1.0, 2.0, 3.0]));
}

#[test]
fn sources_are_named_as_in_the_settings() {
    for source in [NoiseSource::Cpu, NoiseSource::Cuda] {
        assert_eq!(source.to_string().parse(), Ok(source));
    }
    let error = "gpu".parse::<NoiseSource>().unwrap_err();
    insta::assert_snapshot!(error, @"there is no source of noise `gpu` (known: cpu, cuda)");
}
