//! The configuration of an image: what a container of it is started with. Must not speak of files, layers, names or dates.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;

use super::Error;

/// The configuration of an image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageConfig {
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// The words of the entry point.
    pub entrypoint: Vec<String>,
    /// The words of the command.
    pub cmd: Vec<String>,
    /// Where it starts; `/` if nothing is said.
    pub working_dir: String,
    /// Who runs it; empty for root.
    pub user: String,
    /// Ports with their protocol.
    pub exposed_ports: BTreeSet<String>,
    /// Paths of volumes.
    pub volumes: BTreeSet<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// The signal that ends it.
    pub stop_signal: String,
    /// How its health is checked.
    pub healthcheck: Option<Healthcheck>,
    /// The shell of the shell form.
    pub shell: Vec<String>,
    /// Instructions for images that start from it.
    pub on_build: Vec<String>,
    /// Who made it.
    pub author: String,
    /// The processor that it is for.
    pub architecture: String,
    /// The operating system that it is for.
    pub os: String,
    /// The variant of the processor.
    pub variant: String,
}

/// How the health of a container is checked. Times are nanoseconds, and zero is the engine's default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Healthcheck {
    /// `NONE`, or `CMD` or `CMD-SHELL` and words.
    #[serde(deserialize_with = "null_is_default")]
    pub test: Vec<String>,
    /// Between two checks.
    pub interval: i64,
    /// For one check.
    pub timeout: i64,
    /// After the start, in which failures do not count.
    pub start_period: i64,
    /// Between two checks in that time.
    pub start_interval: i64,
    /// Failures in a row until it is unhealthy.
    pub retries: i64,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDifference {
    /// The field, as `docker image inspect` calls it.
    pub field: &'static str,
    /// Which of its entries, where it has names.
    pub key: Option<String>,
    /// Its value before; none if it was not there.
    pub before: Option<String>,
    /// Its value after.
    pub after: Option<String>,
}

impl ImageConfig {
    /// Reads what `docker image inspect` or `podman image inspect` prints of one image, or the configuration of an OCI image.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let fault = |message: String| Error::new("image configuration", message);
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| fault(error.to_string()))?;
        let value = match value {
            serde_json::Value::Array(mut images) if images.len() == 1 => images.remove(0),
            serde_json::Value::Array(images) => {
                return Err(fault(format!("one image was expected, not {}", images.len())));
            }
            one => one,
        };
        let image: Document = serde_json::from_value(value).map_err(|error| fault(error.to_string()))?;
        let config = image.config;
        let working_dir = if config.working_dir.is_empty() { "/".to_owned() } else { config.working_dir };
        let env = config.env.iter().map(|entry| entry.split_once('=').unwrap_or((entry, "")));
        Ok(Self {
            env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            entrypoint: config.entrypoint,
            cmd: config.cmd,
            working_dir,
            user: config.user,
            exposed_ports: config.exposed_ports.into_keys().collect(),
            volumes: config.volumes.into_keys().collect(),
            labels: config.labels,
            stop_signal: config.stop_signal,
            healthcheck: config
                .healthcheck
                .or(image.healthcheck)
                .filter(|check| *check != Healthcheck::default()),
            shell: config.shell,
            on_build: config.on_build,
            author: image.author,
            architecture: image.architecture,
            os: image.os,
            variant: image.variant,
        })
    }

    /// What is different in `after`, field by field.
    pub fn differences(&self, after: &Self) -> Vec<FieldDifference> {
        let mut found = Vec::new();
        let mut one =
            |field: &'static str, key: Option<String>, before: Option<String>, after: Option<String>| {
                if before != after {
                    found.push(FieldDifference { field, key, before, after });
                }
            };
        for (field, before, after) in
            [("Env", &self.env, &after.env), ("Labels", &self.labels, &after.labels)]
        {
            let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for key in keys {
                one(field, Some(key.clone()), before.get(key).cloned(), after.get(key).cloned());
            }
        }
        for (field, before, after) in [
            ("ExposedPorts", &self.exposed_ports, &after.exposed_ports),
            ("Volumes", &self.volumes, &after.volumes),
        ] {
            for key in before.symmetric_difference(after) {
                let there = |set: &BTreeSet<String>| set.contains(key).then(|| "declared".to_owned());
                one(field, Some(key.clone()), there(before), there(after));
            }
        }
        for (field, before, after) in [
            ("Entrypoint", &self.entrypoint, &after.entrypoint),
            ("Cmd", &self.cmd, &after.cmd),
            ("Shell", &self.shell, &after.shell),
            ("OnBuild", &self.on_build, &after.on_build),
        ] {
            one(field, None, words(before), words(after));
        }
        for (field, before, after) in [
            ("WorkingDir", &self.working_dir, &after.working_dir),
            ("User", &self.user, &after.user),
            ("StopSignal", &self.stop_signal, &after.stop_signal),
            ("Author", &self.author, &after.author),
            ("Architecture", &self.architecture, &after.architecture),
            ("Os", &self.os, &after.os),
            ("Variant", &self.variant, &after.variant),
        ] {
            let set = |value: &String| Some(value).filter(|value| !value.is_empty()).cloned();
            one(field, None, set(before), set(after));
        }
        let check = |config: &Self| config.healthcheck.as_ref().map(Healthcheck::to_string);
        one("Healthcheck", None, check(self), check(after));
        found
    }
}

/// Words as in an exec form; none if there are none.
fn words(words: &[String]) -> Option<String> {
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    Some(format!("[{}]", quoted.join(", "))).filter(|_| !words.is_empty())
}

impl fmt::Display for Healthcheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&words(&self.test).unwrap_or_default())?;
        for (name, nanoseconds) in [
            ("interval", self.interval),
            ("timeout", self.timeout),
            ("start period", self.start_period),
            ("start interval", self.start_interval),
        ] {
            if nanoseconds != 0 {
                write!(f, ", {name} {} ms", nanoseconds / 1_000_000)?;
            }
        }
        if self.retries != 0 {
            write!(f, ", {} retries", self.retries)?;
        }
        Ok(())
    }
}

impl fmt::Display for FieldDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field)?;
        if let Some(key) = &self.key {
            write!(f, " {key}")?;
        }
        let text = |value: &Option<String>| {
            value.as_ref().map_or("nothing".to_owned(), |value| format!("`{value}`"))
        };
        write!(f, ": {} became {}", text(&self.before), text(&self.after))
    }
}

/// An image as engines (`Config`, `Architecture`) and the OCI specification (`config`, `architecture`) write it.
#[derive(Deserialize)]
struct Document {
    #[serde(alias = "Config", deserialize_with = "null_is_default")]
    config: Settings,
    #[serde(alias = "Architecture", default)]
    architecture: String,
    #[serde(alias = "Os", default)]
    os: String,
    #[serde(alias = "Variant", default)]
    variant: String,
    #[serde(alias = "Author", default)]
    author: String,
    /// Podman has it here and not among the settings.
    #[serde(alias = "Healthcheck", alias = "HealthCheck", default)]
    healthcheck: Option<Healthcheck>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Settings {
    #[serde(deserialize_with = "null_is_default")]
    env: Vec<String>,
    #[serde(deserialize_with = "null_is_default")]
    entrypoint: Vec<String>,
    #[serde(deserialize_with = "null_is_default")]
    cmd: Vec<String>,
    working_dir: String,
    user: String,
    #[serde(deserialize_with = "null_is_default")]
    exposed_ports: BTreeMap<String, serde_json::Value>,
    #[serde(deserialize_with = "null_is_default")]
    volumes: BTreeMap<String, serde_json::Value>,
    #[serde(deserialize_with = "null_is_default")]
    labels: BTreeMap<String, String>,
    stop_signal: String,
    healthcheck: Option<Healthcheck>,
    #[serde(deserialize_with = "null_is_default")]
    shell: Vec<String>,
    #[serde(deserialize_with = "null_is_default")]
    on_build: Vec<String>,
}

/// Engines write `null` for an empty list.
fn null_is_default<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
