//! The Mersenne twister MT19937 with 32-bit seeding, as in Matsumoto and Nishimura's reference implementation
//! (<http://www.math.sci.hiroshima-u.ac.jp/m-mat/MT/MT2002/emt19937ar.html>).

const STATE_LEN: usize = 624;
const SHIFT: usize = 397;
const MATRIX_A: u32 = 0x9908_b0df;
const UPPER_BIT: u32 = 0x8000_0000;

#[derive(Clone)]
pub(super) struct Mt19937 {
    state: [u32; STATE_LEN],
    next: usize,
}

impl std::fmt::Debug for Mt19937 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mt19937")
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl Mt19937 {
    pub(super) fn new(seed: u32) -> Self {
        let mut state = [seed; STATE_LEN];
        let mut previous = seed;
        for (index, word) in (0_u32..).zip(&mut state).skip(1) {
            previous = 1_812_433_253_u32
                .wrapping_mul(previous ^ (previous >> 30))
                .wrapping_add(index);
            *word = previous;
        }
        Self {
            state,
            next: STATE_LEN,
        }
    }

    pub(super) fn next_u32(&mut self) -> u32 {
        if self.next == STATE_LEN {
            self.refill();
            self.next = 0;
        }
        let mut word = self.state[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    fn refill(&mut self) {
        for index in 0..STATE_LEN {
            let following = self.state[(index + 1) % STATE_LEN];
            let word = (self.state[index] & UPPER_BIT) | (following & !UPPER_BIT);
            let twisted = (word >> 1) ^ if word & 1 == 1 { MATRIX_A } else { 0 };
            self.state[index] = self.state[(index + SHIFT) % STATE_LEN] ^ twisted;
        }
    }
}
