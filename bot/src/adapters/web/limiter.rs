//! How often one address may ask: a bucket of tokens for each, which fills again with time.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Commands and changes. People never reach it, not even a family behind one address; a runaway script does.
pub(super) const REQUESTS: Rate = Rate {
    burst: 120,
    refill: Duration::from_millis(50),
};

/// Wrong tokens. Whoever mistyped ten times waits for six seconds, and a guesser makes 14,400 tries a day.
pub(super) const GUESSES: Rate = Rate {
    burst: 10,
    refill: Duration::from_secs(6),
};

/// Commands of people who have no job yet. Whoever makes themselves a new person for every command, to have the limits of
/// nobody, ends here; a class that comes together does not.
pub(super) const NEWCOMERS: Rate = Rate {
    burst: 30,
    refill: Duration::from_secs(60),
};

/// Addresses that are remembered. With more of them, all are forgotten: that is kinder than to refuse strangers.
const MAX_ADDRESSES: usize = 10_000;

/// A kind of bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// Tokens of a full bucket.
    burst: u32,
    /// The time after which there is one token more.
    refill: Duration,
}

impl Rate {
    /// When a bucket that is full at `full_at` will be full again after one token was taken out of it now.
    fn with_one_less(self, full_at: Instant, now: Instant) -> Result<Instant, Duration> {
        let after = full_at.max(now) + self.refill;
        let (missing, whole) = (after - now, self.refill * self.burst);
        if missing > whole {
            return Err(missing - whole);
        }
        Ok(after)
    }
}

/// The buckets of all addresses.
#[derive(Debug)]
pub(super) struct Limiter {
    rate: Rate,
    /// When the bucket of an address will be full again; one that is full is as good as forgotten.
    full_at: Mutex<HashMap<IpAddr, Instant>>,
}

impl Limiter {
    /// Full buckets for everybody.
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            rate,
            full_at: Mutex::default(),
        }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// When the bucket is empty: how long it takes until there is one again.
    pub(super) fn take(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_ADDRESSES {
            buckets.retain(|_, full_at| *full_at > now);
            if buckets.len() >= MAX_ADDRESSES {
                buckets.clear();
            }
        }
        let full_at = buckets.entry(household(address)).or_insert(now);
        *full_at = self.rate.with_one_less(*full_at, now)?;
        Ok(())
    }

    /// Whether there is a token, without taking it.
    ///
    /// # Errors
    /// As [`Limiter::take`].
    pub(super) fn check(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = buckets.get(&household(address)).copied().unwrap_or(now);
        self.rate.with_one_less(full_at, now).map(drop)
    }
}

/// One line to the internet has 2⁶⁴ addresses of IPv6.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        burst: 2,
        refill: Duration::from_secs(10),
    };

    #[tokio::test(start_paused = true)]
    async fn a_bucket_fills_again() {
        let limiter = Limiter::new(RATE);
        let begin = Instant::now();
        let check = |address: &str, after_s: u64, expected: Result<(), u64>| {
            let now = begin + Duration::from_secs(after_s);
            let address = address.parse().unwrap();
            let expected = expected.map_err(Duration::from_secs);
            assert_eq!(
                limiter.check(address, now),
                expected,
                "{address} after {after_s} s"
            );
            assert_eq!(
                limiter.take(address, now),
                expected,
                "{address} after {after_s} s"
            );
        };
        check("10.0.0.1", 0, Ok(()));
        check("10.0.0.1", 0, Ok(()));
        check("10.0.0.1", 0, Err(10));
        check("::ffff:10.0.0.1", 4, Err(6));
        check("10.0.0.2", 4, Ok(()));
        check("10.0.0.1", 10, Ok(()));
        check("10.0.0.1", 10, Err(10));
        check("10.0.0.1", 1000, Ok(()));
        check("10.0.0.1", 1000, Ok(()));
        check("10.0.0.1", 1000, Err(10));
        check("2001:db8:1:2:3::4", 0, Ok(()));
        check("2001:db8:1:2:ffff::", 0, Ok(()));
        check("2001:db8:1:2::", 0, Err(10));
        check("2001:db8:1:3::", 0, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_memory_is_bounded() {
        let limiter = Limiter::new(RATE);
        let now = Instant::now();
        for number in 0..3 * MAX_ADDRESSES as u32 {
            limiter.take(IpAddr::from(number.to_be_bytes()), now).unwrap();
        }
        assert!(limiter.full_at.lock().unwrap().len() <= MAX_ADDRESSES);
    }
}
