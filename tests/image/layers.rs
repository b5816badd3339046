//! Images that come as layers: each way in which they are stored, and what an upper layer does to a lower one.

use std::fs;
use std::path::Path;

use dockopt::image::archive::Tar;
use dockopt::image::compare;
use dockopt::image::layout::Layout;

use super::trees::Archive;

const CONFIG: &str = r#"{"architecture": "amd64", "os": "linux", "config": {"User": "app"}}"#;
const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// The layers of an image, the lowest first.
fn layers() -> Vec<Vec<u8>> {
    let base = Archive::new()
        .folder("./")
        .folder("./etc")
        .file("./etc/passwd", "root")
        .file("./etc/app.conf", "first")
        .folder("./cache")
        .file("./cache/a", "a")
        .folder("./cache/deep")
        .file("./cache/deep/b", "b")
        .folder("./lib")
        .file("./lib/one", "1")
        .symlink("./bin", "usr/bin")
        .file("./plain", "file")
        .hard_link("./linked", "./plain");
    let middle = Archive::new()
        .folder("./cache")
        .file("./cache/.wh..wh..opq", "")
        .file("./cache/c", "c")
        .folder("./etc")
        .file("./etc/app.conf", "second")
        .file("./.wh.lib", "")
        .file("./plain", "other file");
    let top = Archive::new()
        .folder("./etc")
        .file("./etc/.wh.passwd", "")
        .file("./.wh..wh.plnk", "")
        .file("./.wh.bin", "")
        .folder("./bin")
        .file("./bin/tool", "tool")
        .file("./cache", "now a file")
        .folder("./lib")
        .file("./lib/two", "2");
    vec![base.bytes(), middle.bytes(), top.bytes()]
}

/// What they are when applied, by hand.
fn applied() -> Archive {
    Archive::new()
        .folder("./")
        .folder("./bin")
        .file("./bin/tool", "tool")
        .file("./cache", "now a file")
        .folder("./etc")
        .file("./etc/app.conf", "second")
        .folder("./lib")
        .file("./lib/two", "2")
        .file("./linked", "file")
        .file("./plain", "other file")
}

fn is_applied(image: Layout) {
    assert_eq!(image.config().user, "app");
    let found = compare(image, Tar::new("applied", applied().bytes().as_slice())).unwrap();
    let texts: Vec<String> = found.differences.iter().map(ToString::to_string).collect();
    assert_eq!(texts, [""; 0]);
    assert_eq!(found.identical, 10);
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstandard(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// Names and contents of the files of an OCI layout.
fn oci(pack: fn(&[u8]) -> Vec<u8>) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![("oci-layout".to_owned(), br#"{"imageLayoutVersion": "1.0.0"}"#.to_vec())];
    let mut add = |name: &str, bytes: Vec<u8>| {
        files.push((format!("blobs/sha256/{name}"), bytes));
        format!(r#""digest": "sha256:{name}""#)
    };
    let config = add("c0", CONFIG.into());
    let layers: Vec<String> = layers()
        .iter()
        .enumerate()
        .map(|(at, layer)| format!(r#"{{"mediaType": "{GZIP}", {}}}"#, add(&format!("1{at}"), pack(layer))))
        .collect();
    let manifest = format!(r#"{{"config": {{{config}}}, "layers": [{}]}}"#, layers.join(", "));
    let manifest = add("aa", manifest.into());
    let image = format!(
        r#"{{"mediaType": "application/vnd.oci.image.manifest.v1+json", {manifest},
        "platform": {{"os": "linux", "architecture": "amd64"}}}}"#
    );
    let attestation = image.replace("amd64", "unknown").replace(
        r#""platform""#,
        r#""annotations": {"vnd.docker.reference.type": "attestation-manifest"}, "platform""#,
    );
    let nested = add("bb", format!(r#"{{"manifests": [{image}, {attestation}]}}"#).into());
    let index =
        format!(r#"{{"manifests": [{{"mediaType": "application/vnd.oci.image.index.v1+json", {nested}}}]}}"#);
    files.push(("index.json".to_owned(), index.into()));
    files
}

fn in_folder(root: &Path, files: &[(String, Vec<u8>)]) {
    for (name, bytes) in files {
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        fs::write(root.join(name), bytes).unwrap();
    }
}

fn in_archive(path: &Path, files: &[(String, Vec<u8>)]) {
    let mut builder = tar::Builder::new(fs::File::create(path).unwrap());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    builder.finish().unwrap();
}

#[test]
fn layers_are_applied_from_a_folder() {
    for pack in [gzipped, zstandard, <[u8]>::to_vec] {
        let folder = tempfile::tempdir().unwrap();
        in_folder(folder.path(), &oci(pack));
        is_applied(Layout::open(folder.path(), None).unwrap());
    }
}

#[test]
fn layers_are_applied_from_an_archive() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    in_archive(&path, &oci(gzipped));
    is_applied(Layout::open(&path, Some("linux/amd64")).unwrap());
}

#[test]
fn layers_are_applied_as_docker_saves_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved.tar");
    let mut builder = tar::Builder::new(fs::File::create(&path).unwrap());
    let mut add = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, name, bytes).unwrap();
    };
    let mut names: Vec<String> = Vec::new();
    for (at, layer) in layers().iter().enumerate() {
        names.push(format!("\"{at}/layer.tar\""));
        add(&format!("{at}/layer.tar"), layer);
    }
    // A layer that occurs twice is a link to the first, and applying it again at once changes nothing.
    names.push("\"again/layer.tar\"".to_owned());
    add("c0.json", CONFIG.as_bytes());
    add(
        "manifest.json",
        format!(r#"[{{"Config": "c0.json", "Layers": [{}]}}]"#, names.join(", ")).as_bytes(),
    );
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    builder.append_link(&mut header, "again/layer.tar", "../2/layer.tar").unwrap();
    builder.finish().unwrap();
    let image = Layout::open(&path, None).unwrap();
    assert_eq!(image.layers().len(), 4);
    is_applied(image);
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let says = |root: &Path| Layout::open(root, None).unwrap_err().message;
    assert!(says(folder.path()).contains("neither an index.json nor a manifest.json"));
    let packed = folder.path().join("packed.tar.gz");
    fs::write(&packed, gzipped(b"x")).unwrap();
    assert!(says(&packed).contains("unpack it with `gunzip` first"));
    let mut files = oci(gzipped);
    let image = files.iter_mut().find(|(name, _)| name.ends_with("/bb")).unwrap();
    let other =
        String::from_utf8(image.1.clone()).unwrap().replace("attestation-manifest\"}", "\", \"x\": \"y\"}");
    image.1 = other.replace("vnd.docker.reference.type", "note").into();
    in_folder(folder.path(), &files);
    is_applied(Layout::open(folder.path(), None).unwrap());

    let layer = folder.path().join("blobs/sha256/11");
    let bytes = fs::read(&layer).unwrap();
    fs::write(&layer, &bytes[..bytes.len() - 20]).unwrap();
    let cut = Layout::open(folder.path(), None).unwrap();
    let error = compare(cut, Tar::new("applied", applied().bytes().as_slice())).unwrap_err();
    assert!(error.image.ends_with("layer 2 of 3"), "{error}");
    fs::remove_file(&layer).unwrap();
    let gone = Layout::open(folder.path(), None).unwrap();
    let error = compare(gone, Tar::new("applied", applied().bytes().as_slice())).unwrap_err();
    assert!(error.message.starts_with("blobs/sha256/11: "), "{error}");
}

#[test]
fn several_platforms_need_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = oci(gzipped);
    let arm = files.iter().find(|(name, _)| name.ends_with("/aa")).unwrap().1.clone();
    files.push(("blobs/sha256/ab".to_owned(), [arm, b"\n".to_vec()].concat()));
    let index = |platforms: &[(&str, &str)]| {
        let images: Vec<String> = platforms
            .iter()
            .map(|(digest, name)| {
                format!(r#"{{"digest": "sha256:{digest}", "platform": {{"os": "linux", "architecture": "{name}"}}}}"#)
            })
            .collect();
        format!(r#"{{"manifests": [{}]}}"#, images.join(", "))
    };
    in_folder(folder.path(), &files);
    let open = |platforms: &[(&str, &str)], wanted: Option<&str>| {
        fs::write(folder.path().join("index.json"), index(platforms)).unwrap();
        Layout::open(folder.path(), wanted).map_err(|error| error.message)
    };
    let both = [("aa", "amd64"), ("ab", "arm64")];
    let error = open(&both, None).unwrap_err();
    assert_eq!(error, "it has several images; name the platform: linux/amd64, linux/arm64");
    assert_eq!(open(&both, Some("linux/s390x")).unwrap_err(), "it has no image for linux/s390x");
    is_applied(open(&both, Some("linux/arm64")).unwrap());
    // Two tags of one image, and a platform whose image was not saved.
    is_applied(open(&[("aa", "amd64"), ("aa", "amd64"), ("ac", "arm64")], None).unwrap());
}
