//! What registries said lately, on disk: in the user's cache folder, one small file for each question. Holds names and digests
//! only. What cannot be read or written there is as if it were not known.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use crate::write;

/// How long an answer counts.
const LIFETIME: Duration = Duration::from_hours(1);
/// Files of another version are not read.
const VERSION: u32 = 1;

/// The answers on disk.
#[derive(Debug, Clone, Default)]
pub struct Cache {
    folder: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct Entry<T> {
    version: u32,
    question: String,
    at: u64,
    answer: T,
}

impl Cache {
    /// The user's: `DOCKOPT_CACHE_DIR`, or a folder where the system keeps caches.
    pub fn of_user() -> Self {
        let named =
            std::env::var_os("DOCKOPT_CACHE_DIR").filter(|value| !value.is_empty()).map(PathBuf::from);
        let folder = named.or_else(|| Some(dirs::cache_dir()?.join("dockopt")));
        Self { folder: folder.map(|folder| folder.join("registry")) }
    }

    /// What was answered within the last hour.
    pub(super) fn get<T: DeserializeOwned>(&self, question: &str) -> Option<T> {
        let text = fs::read(self.place(question)?).ok()?;
        let entry: Entry<T> = serde_json::from_slice(&text).ok()?;
        // An answer from the future tells of a clock that was wrong.
        let age = now().checked_sub(entry.at)?;
        (entry.version == VERSION && entry.question == question && age < LIFETIME.as_secs())
            .then_some(entry.answer)
    }

    /// Keeps an answer.
    pub(super) fn put<T: Serialize>(&self, question: &str, answer: &T) {
        let Some(place) = self.place(question) else { return };
        let entry = Entry { version: VERSION, question: question.to_owned(), at: now(), answer };
        let text = serde_json::to_string(&entry).expect("names and digests can be written");
        // Without it the next run asks again.
        let _ = write::keep(&place, &text);
    }

    fn place(&self, question: &str) -> Option<PathBuf> {
        let hash = Sha256::digest(question.as_bytes());
        let name: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Some(self.folder.as_ref()?.join(format!("{name}.json")))
    }
}

fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_kept_for_an_hour() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { folder: Some(folder.path().join("registry")) };
        assert_eq!(cache.get::<String>("q"), None);
        cache.put("q", &"answer".to_owned());
        assert_eq!(cache.get::<String>("q").as_deref(), Some("answer"));
        assert_eq!(cache.get::<String>("other"), None);
        let place = cache.place("q").unwrap();
        let text = fs::read_to_string(&place).unwrap();
        let at = format!("\"at\":{}", now());
        for when in [now() - LIFETIME.as_secs(), now() + 100] {
            fs::write(&place, text.replace(&at, &format!("\"at\":{when}"))).unwrap();
            assert_eq!(cache.get::<String>("q"), None, "{when}");
        }
        fs::write(&place, "{").unwrap();
        assert_eq!(cache.get::<String>("q"), None);
        // Without a folder nothing is kept, and nothing fails.
        Cache::default().put("q", &1);
    }
}
