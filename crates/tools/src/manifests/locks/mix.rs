//! mix.lock and the mix.exs beside it, with those of the apps and local dependencies that it names.

use super::Lock;
use crate::manifests::mix;

pub(super) fn compare(lock: &Lock<'_>) -> Result<(), String> {
    mix::agrees(lock.text, lock.folder, lock.project)
}
