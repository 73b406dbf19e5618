//! The counter-based generator Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
//! 1, 2, 3", 2011).

const ROUNDS: u32 = 10;
const MULTIPLIERS: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];
/// What the key grows by in each round: the golden ratio and the square root of three, less one, times 2³².
const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];

/// Four random words for a counter and a key.
pub(super) fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let mut words = counter;
    let [mut key0, mut key1] = key;
    for _ in 0..ROUNDS {
        let (low0, high0) = wide_product(words[0], MULTIPLIERS[0]);
        let (low1, high1) = wide_product(words[2], MULTIPLIERS[1]);
        words = [high1 ^ words[1] ^ key0, low1, high0 ^ words[3] ^ key1, low0];
        key0 = key0.wrapping_add(WEYL[0]);
        key1 = key1.wrapping_add(WEYL[1]);
    }
    words
}

/// The low and the high word of a product.
fn wide_product(left: u32, right: u32) -> (u32, u32) {
    split(u64::from(left) * u64::from(right))
}

/// The low and the high word of a number.
pub(super) fn split(number: u64) -> (u32, u32) {
    ((number & 0xffff_ffff) as u32, (number >> 32) as u32)
}
