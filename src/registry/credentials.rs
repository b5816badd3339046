//! Who asks: the logins that Docker and Podman keep, in the order in which they look. Must not show what it finds.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use docker_credential::{CredentialRetrievalError, DockerCredential, get_credential_from_reader};
use dockopt_model::reference::HUB;
use serde_json::{Map, Value};

use super::failure::{Failure, Kind};

/// A login.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Credential {
    /// Name and password.
    Password(String, String),
    /// A token that gets other tokens.
    Identity(String),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(…)")
    }
}

/// Larger files are no lists of logins.
const MOST_BYTES: usize = 1 << 20;

/// The login for a repository, if one of the files has it.
pub(super) fn find(
    files: &[PathBuf],
    registry: &str,
    repository: &str,
) -> Result<Option<Credential>, Failure> {
    for path in files {
        let Some(config) = read(path) else { continue };
        if let Some(found) = in_file(&config, registry, repository)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The user's files: Docker's, then Podman's (containers-auth.json(5)).
pub fn logins() -> Vec<PathBuf> {
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = env::home_dir();
    let docker = variable("DOCKER_CONFIG").or_else(|| Some(home.as_ref()?.join(".docker")));
    let podman = match variable("REGISTRY_AUTH_FILE") {
        Some(named) => vec![named],
        None => [
            variable("XDG_RUNTIME_DIR"),
            variable("XDG_CONFIG_HOME").or_else(|| Some(home.as_ref()?.join(".config"))),
        ]
        .into_iter()
        .flatten()
        .map(|folder| folder.join("containers/auth.json"))
        .collect(),
    };
    docker.map(|folder| folder.join("config.json")).into_iter().chain(podman).collect()
}

fn read(path: &Path) -> Option<Map<String, Value>> {
    let text = fs::read(path).ok().filter(|bytes| bytes.len() <= MOST_BYTES)?;
    serde_json::from_slice(&text).ok()
}

/// A helper for the registry comes first and decides, then the store of all, then what stands in the file itself: an old
/// password must not hide the helper that has the new one.
fn in_file(
    config: &Map<String, Value>,
    registry: &str,
    repository: &str,
) -> Result<Option<Credential>, Failure> {
    let key = if registry == HUB { "https://index.docker.io/v1/" } else { registry };
    if let Some(Value::Object(helpers)) = config.get("credHelpers")
        && let Some(helper) = helpers.get(key).or_else(|| helpers.get(registry)).and_then(Value::as_str)
    {
        match ask(&Map::from_iter([("credsStore".to_owned(), helper.into())]), key, registry)? {
            Answer::Found(found) => return Ok(Some(found)),
            Answer::Nothing => return Ok(None),
            Answer::NoHelper => {}
        }
    }
    if let Some(store) =
        config.get("credsStore").filter(|store| store.as_str().is_some_and(|name| !name.is_empty()))
    {
        match ask(&Map::from_iter([("credsStore".to_owned(), store.clone())]), key, registry)? {
            Answer::Found(found) => return Ok(Some(found)),
            Answer::Nothing => return Ok(None),
            Answer::NoHelper => {}
        }
    }
    let Some(auths) = config.get("auths") else { return Ok(None) };
    let own = Map::from_iter([("auths".to_owned(), auths.clone())]);
    // Podman keeps logins for parts of a registry, too; the longest that fits counts.
    let full = format!("{registry}/{repository}");
    let parts = full.rmatch_indices('/').map(|(at, _)| &full[..at]);
    for place in std::iter::once(full.as_str()).chain(parts.filter(|part| part.contains('/'))).chain([key]) {
        if let Answer::Found(found) = ask(&own, place, registry)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

enum Answer {
    Found(Credential),
    Nothing,
    NoHelper,
}

fn ask(config: &Map<String, Value>, key: &str, registry: &str) -> Result<Answer, Failure> {
    let text = serde_json::to_vec(config).expect("it was read from JSON");
    let helper = || config.get("credsStore").and_then(Value::as_str).unwrap_or_default().to_owned();
    let broken = |what: &str| {
        let help = format!("run `docker login {registry}` again, or mend the entry in Docker's config.json");
        Err(Failure::new(Kind::Denied, format!("the login for {registry} cannot be read: {what}"), help))
    };
    match get_credential_from_reader(text.as_slice(), key) {
        Ok(DockerCredential::IdentityToken(token)) if !token.is_empty() => {
            Ok(Answer::Found(Credential::Identity(token)))
        }
        Ok(DockerCredential::UsernamePassword(name, password)) if !name.is_empty() => {
            Ok(Answer::Found(Credential::Password(name, password)))
        }
        Ok(_) | Err(CredentialRetrievalError::NoCredentialConfigured) => Ok(Answer::Nothing),
        // What helpers say where they know nothing (docker-credential-helpers, errCredentialsNotFoundMessage).
        Err(CredentialRetrievalError::HelperFailure { ref stdout, ref stderr, .. })
            if [stdout, stderr].iter().any(|text| text.contains("credentials not found")) =>
        {
            Ok(Answer::Nothing)
        }
        Err(CredentialRetrievalError::HelperCommunicationError) => Ok(Answer::NoHelper),
        // What a helper printed may be a secret.
        Err(CredentialRetrievalError::HelperFailure { .. }) => {
            broken(&format!("`docker-credential-{}` failed", helper()))
        }
        Err(CredentialRetrievalError::MalformedHelperResponse) => {
            broken(&format!("`docker-credential-{}` answers with something else than a login", helper()))
        }
        Err(_) => broken("the entry is damaged"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(config: &str, registry: &str, repository: &str) -> Option<Credential> {
        in_file(&serde_json::from_str(config).unwrap(), registry, repository).unwrap()
    }

    #[test]
    fn logins_are_found_as_docker_and_podman_keep_them() {
        let password = |name: &str, word: &str| Some(Credential::Password(name.to_owned(), word.to_owned()));
        // ann:s3cret, bob:pw
        let config = r#"{"auths": {
            "https://index.docker.io/v1/": {"auth": "YW5uOnMzY3JldA=="},
            "https://registry.example/v2/": {"auth": "Ym9iOnB3"},
            "quay.example/team": {"auth": "YW5uOnMzY3JldA=="},
            "quay.example": {"auth": "Ym9iOnB3"},
            "azure.example": {"auth": "Og==", "identitytoken": "refresh"},
            "empty.example": {}}}"#;
        assert_eq!(found(config, HUB, "library/python"), password("ann", "s3cret"));
        assert_eq!(found(config, "registry.example", "x"), password("bob", "pw"));
        assert_eq!(found(config, "quay.example", "team/api"), password("ann", "s3cret"));
        assert_eq!(found(config, "quay.example", "other"), password("bob", "pw"));
        assert_eq!(found(config, "azure.example", "x"), Some(Credential::Identity("refresh".to_owned())));
        assert_eq!(found(config, "empty.example", "x"), None);
        assert_eq!(found(config, "other.example", "x"), None);
        // A helper that is not there does not hide the file.
        let missing = r#"{"credsStore": "not-there-at-all", "auths": {"a.example": {"auth": "Ym9iOnB3"}}}"#;
        assert_eq!(found(missing, "a.example", "x"), password("bob", "pw"));
        let error = in_file(
            &serde_json::from_str(r#"{"auths": {"a.example": {"auth": "%%"}}}"#).unwrap(),
            "a.example",
            "x",
        );
        assert!(error.unwrap_err().message.contains("damaged"));
        assert_eq!(format!("{:?}", password("ann", "s3cret")), "Some(Credential(…))");
    }
}
