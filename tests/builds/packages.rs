//! Packages are pinned to what an engine builds: the pinned file builds from nothing, and a version that is gone fails. Must not know how
//! versions are written.

use std::fs;

use dockopt::engine::{Build, Cache};

use crate::pins::dockopt;
use crate::stand::{NETWORK, Stand};

/// An image of Alpine cannot be had everywhere. This does what `apk add` does to the file that says which packages there are.
const APK: &str = "\
#!/bin/sh
mkdir -p /lib/apk/db
for word; do
    case $word in
        add|-*) ;;
        *) printf 'P:%s\\nV:1.9.0-r3\\n\\n' \"${word%%=*}\" >>/lib/apk/db/installed ;;
    esac
done
";

const TEXT: &str = "\
FROM busybox:1.36 AS tools
COPY --chmod=755 apk /sbin/apk
RUN apk add --no-cache tini

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends jq \\
    && apt-get install -y --no-install-recommends hello \\
    && apt-get purge -y hello \\
    && rm -rf /var/lib/apt/lists/*
COPY --from=tools /lib/apk/db/installed /etc/tools
";

#[test]
fn packages_get_the_versions_that_a_build_installs() {
    let Some(stand) = Stand::find("pinned packages") else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at(".git")).unwrap();
    fs::write(at("apk"), APK).unwrap();
    fs::write(at("Dockerfile"), TEXT).unwrap();
    let read = |name: &str| fs::read_to_string(at(name)).unwrap();
    let pin = |arguments: &[&str]| {
        let further = [&["pin", "--packages"], arguments, &["--"], &NETWORK[..]].concat();
        dockopt(folder.path(), &further)
    };
    let builds = |name: &str| {
        let image = stand.image(name);
        let dockerfile = at("Dockerfile");
        let build = Build {
            dockerfile: &dockerfile,
            context: folder.path(),
            tag: &image.name,
            cache: Cache::Fresh,
            arguments: &NETWORK.map(Into::into),
        };
        stand.engine.build(&build, &mut |_| {}).is_ok()
    };

    let said = pin(&[]);
    let told = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.status.success(), "{told}");
    let pinned = read("Dockerfile");
    assert!(pinned.contains("RUN apk add --no-cache tini=1.9.0-r3\n"), "{pinned}");
    let jq = version(&pinned, "jq=").unwrap_or_else(|| panic!("{pinned}{told}"));
    assert!(pinned.contains("recommends hello \\\n"), "{pinned}");
    assert!(told.contains("`hello` gets no version: the step that installs it leaves no package"), "{told}");
    assert!(builds("packages"), "{pinned}");
    let lock = read("dockopt.lock");
    assert!(lock.contains(&format!("jq = \"{jq}\"\n")) && lock.contains("tini = \"1.9.0-r3\"\n"), "{lock}");
    assert_eq!(images(), "", "what was built for it is gone");

    // Without an engine the lock file is enough.
    fs::write(at("Dockerfile"), TEXT).unwrap();
    assert!(dockopt(folder.path(), &["pin", "--packages", "--locked"]).status.success());
    assert_eq!(read("Dockerfile"), pinned);

    // A version that is gone fails, and only an update gets over that.
    let old = |text: &str| text.replace(&jq, "1.5-1").replace("1.9.0-r3", "1.8.0-r0");
    let new = "RUN apt-get update && apt-get install -y --no-install-recommends hello\n";
    fs::write(at("Dockerfile"), format!("{}{new}", old(&pinned))).unwrap();
    fs::write(at("dockopt.lock"), old(&lock)).unwrap();
    assert!(!builds("packages-gone"));
    let said = pin(&[]);
    let told = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(
        said.status.code() == Some(2) && told.contains("run `dockopt pin --packages --update`"),
        "{told}"
    );
    assert_eq!(read("dockopt.lock"), old(&lock));
    let said = pin(&["--update"]);
    let told = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.status.success(), "{told}");
    let updated = read("Dockerfile");
    let hello = version(&updated, "hello=");
    assert!(updated.starts_with(pinned.split("hello").next().unwrap()), "{updated}");
    assert!(hello.is_none(), "one step of the stage removes it: {updated}");
    assert!(builds("packages-updated"), "{updated}");
}

/// The version behind a name.
fn version(text: &str, name: &str) -> Option<String> {
    let rest = text.split_once(name)?.1;
    Some(rest.split_whitespace().next()?.to_owned())
}

/// The images that dockopt made to look at them.
fn images() -> String {
    let output =
        std::process::Command::new("docker").args(["images", "--quiet", "dockopt-pin"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
