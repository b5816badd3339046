//! Images that come as layers: an OCI image layout, as a folder or as an archive of one, and what `docker save` and
//! `podman save` write. Must not unpack anything; the blobs are read where they lie.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::blobs::Files;
use super::layers::{Above, Position};
use super::{Entry, Error, ImageConfig, Source, archive, compression};

/// An image as layers.
#[derive(Debug)]
pub struct Layout {
    name: String,
    files: Files,
    config: ImageConfig,
    /// Where the layers are, the lowest first.
    blobs: Vec<String>,
    layers: Vec<Layer>,
}

/// A layer of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// The instruction that made it, as the history of the image tells it; empty where it tells nothing.
    pub made_by: String,
    /// Its size in bytes.
    pub size: u64,
}

impl Layout {
    /// Opens the image at a path, of the platform `os/architecture` or `os/architecture/variant` if there are several.
    pub fn open(path: &Path, platform: Option<&str>) -> Result<Self, Error> {
        let name = path.display().to_string();
        let fault = |message: String| Error::new(&name, message);
        let files = Files::open(path).map_err(fault)?;
        let (config, blobs): (String, Vec<String>) = if files.has("index.json") {
            let manifest = manifest(&files, platform).map_err(fault)?;
            (blob(&manifest.config.digest), manifest.layers.iter().map(|layer| blob(&layer.digest)).collect())
        } else if files.has("manifest.json") {
            let saved = saved(&files).map_err(fault)?;
            (saved.config, saved.layers)
        } else {
            return Err(fault(
                "it has neither an index.json nor a manifest.json, so it is no saved image".to_owned(),
            ));
        };
        let text = files.text(&config).map_err(fault)?;
        let config = ImageConfig::from_json(&text).map_err(|error| fault(error.message))?;
        let mut told = history(&text).into_iter();
        let layer =
            |blob: &String| Layer { made_by: told.next().unwrap_or_default(), size: files.size(blob) };
        let layers = blobs.iter().map(layer).collect();
        Ok(Self { name, files, config, blobs, layers })
    }

    /// The configuration of the image.
    pub fn config(&self) -> &ImageConfig {
        &self.config
    }

    /// Its layers, the lowest first; sizes are those of the blobs, which may be compressed.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }
}

impl Source for Layout {
    fn read(self, each: &mut dyn FnMut(Entry) -> Result<(), Error>) -> Result<(), Error> {
        let mut above = Above::default();
        for (at, path) in self.blobs.iter().enumerate().rev() {
            let name = format!("{}, layer {} of {}", self.name, at + 1, self.blobs.len());
            let raw = self.files.open_file(path).map_err(|message| Error::new(&name, message))?;
            let layer = compression::unpacked(raw).map_err(|error| Error::new(&name, error.to_string()))?;
            let position = if at == 0 { Position::Bottom } else { Position::Above };
            above.read(position, |each| archive::read(&name, layer, each), each)?;
        }
        Ok(())
    }
}

/// Indexes name indexes; more steps than these are a loop.
const MOST_NESTED: usize = 4;

/// The manifest of the image in an OCI layout.
fn manifest(files: &Files, platform: Option<&str>) -> Result<Manifest, String> {
    let mut found: Vec<Descriptor> = Vec::new();
    let mut indexes = vec![("index.json".to_owned(), 0)];
    while let Some((name, depth)) = indexes.pop() {
        if depth > MOST_NESTED {
            return Err("its indexes are nested too deeply".to_owned());
        }
        for entry in files.json::<Index>(&name)?.manifests {
            if entry.media_type.contains("index") || entry.media_type.contains("manifest.list") {
                indexes.push((blob(&entry.digest), depth + 1));
            } else if !entry.is_attestation() && found.iter().all(|other| other.digest != entry.digest) {
                found.push(entry);
            }
        }
    }
    // What is saved of an image for several platforms may be one of them, with the index of all.
    if found.len() > 1 {
        found.retain(|one| files.has(&blob(&one.digest)));
    }
    if let (Some(platform), true) = (platform, found.len() > 1) {
        found.retain(|one| one.platform.as_ref().is_some_and(|own| own.is(platform)));
    }
    match found.as_slice() {
        [one] => files.json(&blob(&one.digest)),
        [] => {
            Err(format!("it has no image{}", platform.map_or(String::new(), |name| format!(" for {name}"))))
        }
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|one| one.platform.as_ref().map_or("?".to_owned(), Platform::name))
                .collect();
            Err(format!("it has several images; name the platform: {}", names.join(", ")))
        }
    }
}

/// The image in an archive of `docker save`.
fn saved(files: &Files) -> Result<Saved, String> {
    let mut images: Vec<Saved> = files.json("manifest.json")?;
    match images.len() {
        1 => Ok(images.remove(0)),
        count => Err(format!("it holds {count} images; save one")),
    }
}

/// The instructions that made layers, by the configuration of the image.
fn history(config: &str) -> Vec<String> {
    #[derive(Deserialize)]
    struct Config {
        #[serde(default)]
        history: Vec<Step>,
    }
    #[derive(Deserialize)]
    struct Step {
        #[serde(default)]
        created_by: String,
        #[serde(default)]
        empty_layer: bool,
    }
    let config = serde_json::from_str::<Config>(config).unwrap_or(Config { history: Vec::new() });
    config.history.into_iter().filter(|step| !step.empty_layer).map(|step| step.created_by).collect()
}

/// Where an OCI layout keeps what has this digest.
fn blob(digest: &str) -> String {
    format!("blobs/{}", digest.replacen(':', "/", 1))
}

#[derive(Debug, Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

#[derive(Debug, Deserialize)]
struct Manifest {
    config: Descriptor,
    layers: Vec<Descriptor>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    #[serde(default)]
    platform: Option<Platform>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// `BuildKit` lists what it says about a build beside the images (`docs/attestations/attestation-storage.md`).
    fn is_attestation(&self) -> bool {
        self.annotations.contains_key("vnd.docker.reference.type")
    }
}

#[derive(Debug, Deserialize)]
struct Platform {
    os: String,
    architecture: String,
    #[serde(default)]
    variant: Option<String>,
}

impl Platform {
    fn name(&self) -> String {
        match &self.variant {
            Some(variant) => format!("{}/{}/{variant}", self.os, self.architecture),
            None => format!("{}/{}", self.os, self.architecture),
        }
    }

    fn is(&self, wanted: &str) -> bool {
        self.name() == wanted || format!("{}/{}", self.os, self.architecture) == wanted
    }
}

/// An image in the `manifest.json` of an archive of `docker save`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    layers: Vec<String>,
}
