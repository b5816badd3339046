//! What registries leave of a limited number of pulls, as they say it in their answers. Must not decide what is done about it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::transport::Answer;

/// What is left at each host, the least that was said.
#[derive(Debug, Default)]
pub(super) struct Quotas(Mutex<BTreeMap<String, Quota>>);

/// Docker's hub writes `ratelimit-limit: 100;w=21600` and `ratelimit-remaining: 76;w=21600`: pulls, and the seconds within which they count.
/// <https://docs.docker.com/docker-hub/usage/pulls/>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Quota {
    left: u64,
    of: u64,
    seconds: Option<u64>,
}

/// From so little left on it is told: a build of several images may not get them all.
const FEW: u64 = 10;

impl Quotas {
    /// Notes what an answer says.
    pub(super) fn note(&self, host: &str, answer: &Answer) {
        let number = |name: &str| read(answer.header(name)?);
        let (Some((left, _)), Some((of, seconds))) =
            (number("ratelimit-remaining"), number("ratelimit-limit"))
        else {
            return;
        };
        let quota = Quota { left, of, seconds };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .entry(host.to_owned())
            .and_modify(|least| {
                if left < least.left {
                    *least = quota;
                }
            })
            .or_insert(quota);
    }

    /// A sentence about each host that leaves few pulls.
    pub(super) fn remarks(&self) -> Vec<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .iter()
            .filter(|(_, quota)| quota.left <= FEW.min(quota.of / 2))
            .map(|(host, quota)| quota.told(host))
            .collect()
    }
}

impl Quota {
    fn told(self, host: &str) -> String {
        let Self { left, of, seconds } = self;
        let every = match seconds {
            Some(seconds) if seconds >= 3600 && seconds.is_multiple_of(3600) => {
                format!(" in {} hours", seconds / 3600)
            }
            Some(seconds) => format!(" in {seconds} seconds"),
            None => String::new(),
        };
        format!(
            "{host} leaves {left} of {of} pulls{every}; builds pull these images, so log in (`docker login`) for a higher limit, or wait"
        )
    }
}

/// `76;w=21600` → 76 and 21600.
fn read(text: &str) -> Option<(u64, Option<u64>)> {
    let mut parts = text.split(';').map(str::trim);
    let number = parts.next()?.parse().ok()?;
    Some((number, parts.find_map(|part| part.strip_prefix("w=")?.parse().ok())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_hub_writes_is_read() {
        assert_eq!(read("76;w=21600"), Some((76, Some(21_600))));
        assert_eq!(read("100"), Some((100, None)));
        assert_eq!(read("many;w=1"), None);
        let quota = |left, seconds| Quota { left, of: 100, seconds };
        assert!(
            quota(3, Some(21_600))
                .told("hub.example")
                .starts_with("hub.example leaves 3 of 100 pulls in 6 hours;")
        );
        assert!(quota(0, Some(90)).told("hub.example").contains("0 of 100 pulls in 90 seconds;"));
        assert!(quota(0, None).told("hub.example").contains("0 of 100 pulls;"));
    }
}
