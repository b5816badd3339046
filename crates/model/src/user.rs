//! Who runs a RUN: the number of the user and the home folder, as far as both are certain. Must not guess either.

use dockopt_tools::bases::Base;

use crate::Known;
use crate::state::State;

/// A user of the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    /// The home folder.
    pub(crate) home: String,
    /// The numbers of user and group; none for root.
    pub(crate) owner: Option<(u32, u32)>,
}

impl User {
    /// The user in force, if it is known.
    pub(crate) fn of(state: &State, base: Option<&Base>) -> Option<Self> {
        let user = state.user.get()?;
        let name = user.split(':').next().unwrap_or_default();
        let home = state.variables.get("HOME").map(|home| &home.value);
        if matches!(name, "root" | "0") {
            let home = match home {
                Some(home) => home.get()?.trim_end_matches('/').to_owned(),
                None => "/root".to_owned(),
            };
            return home.starts_with('/').then_some(Self { home, owner: None });
        }
        let accounts = &base?.accounts;
        let number = name.parse().ok();
        let account =
            accounts.get(name).or_else(|| accounts.values().find(|known| Some(known.uid) == number))?;
        let is_certain = home.is_none() || home == Some(&Known::Is(account.home.clone()));
        is_certain.then(|| Self { home: account.home.clone(), owner: Some((account.uid, account.gid)) })
    }
}
