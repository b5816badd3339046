//! Configurations as engines write them, and what is said of two that differ.

use dockopt::image::ImageConfig;

/// As `docker image inspect` prints it.
const DOCKER: &str = r#"[{"Id": "sha256:1f", "RepoTags": ["shop:1"], "Created": "2026-11-01T10:00:00Z", "Author": "",
    "Config": {"Hostname": "", "User": "app", "ExposedPorts": {"8000/tcp": {}}, "Env": ["PATH=/usr/bin:/bin", "MODE=a=b"],
        "Cmd": ["flask", "run"], "Volumes": null, "WorkingDir": "/srv", "Entrypoint": null, "OnBuild": null,
        "Labels": {"org.opencontainers.image.title": "shop"},
        "Healthcheck": {"Test": ["CMD-SHELL", "curl -f localhost"], "Interval": 30000000000, "Retries": 3}},
    "Architecture": "amd64", "Os": "linux", "Size": 12, "RootFS": {"Type": "layers", "Layers": []}}]"#;

/// The same image as OCI writes it.
const OCI: &str = r#"{"created": "2026-11-02T10:00:00Z", "architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []},
    "config": {"User": "app", "ExposedPorts": {"8000/tcp": {}}, "Env": ["MODE=a=b", "PATH=/usr/bin:/bin"], "Cmd": ["flask", "run"],
        "WorkingDir": "/srv", "Labels": {"org.opencontainers.image.title": "shop"}, "ArgsEscaped": true,
        "Healthcheck": {"Test": ["CMD-SHELL", "curl -f localhost"], "Interval": 30000000000, "Retries": 3}}}"#;

/// The same image as Podman prints it: the check of its health stands beside the configuration.
const PODMAN: &str = r#"[{"Architecture": "amd64", "Os": "linux", "Author": "", "User": "app", "Labels": null,
    "Config": {"User": "app", "ExposedPorts": {"8000/tcp": {}}, "Env": ["PATH=/usr/bin:/bin", "MODE=a=b"],
        "Cmd": ["flask", "run"], "WorkingDir": "/srv", "Labels": {"org.opencontainers.image.title": "shop"}},
    "Healthcheck": {"Test": ["CMD-SHELL", "curl -f localhost"], "Interval": 30000000000, "Retries": 3}}]"#;

#[test]
fn every_engine_is_understood() {
    let docker = ImageConfig::from_json(DOCKER).unwrap();
    assert_eq!(docker.env.get("MODE").map(String::as_str), Some("a=b"));
    assert_eq!(docker.healthcheck.as_ref().map(|check| check.retries), Some(3));
    for other in [OCI, PODMAN] {
        assert_eq!(docker.differences(&ImageConfig::from_json(other).unwrap()), []);
        assert_eq!(ImageConfig::from_json(other).unwrap(), docker);
    }
}

#[test]
fn each_field_is_compared() {
    let config = |fields: &str| {
        ImageConfig::from_json(&format!(
            r#"{{"os": "linux", "architecture": "amd64", "config": {{{fields}}}}}"#
        ))
        .unwrap()
    };
    for (before, after, expected) in [
        (r#""Env": ["A=1"]"#, r#""Env": ["A=2"]"#, "Env A: `1` became `2`"),
        (r#""Env": ["A=1"]"#, "", "Env A: `1` became nothing"),
        (
            r#""Entrypoint": ["a b"]"#,
            r#""Entrypoint": ["a", "b"]"#,
            r#"Entrypoint: `["a b"]` became `["a", "b"]`"#,
        ),
        ("", r#""Cmd": ["sh"]"#, r#"Cmd: nothing became `["sh"]`"#),
        (r#""WorkingDir": "/srv""#, "", "WorkingDir: `/srv` became `/`"),
        (r#""User": "app""#, "", "User: `app` became nothing"),
        ("", r#""ExposedPorts": {"80/tcp": {}}"#, "ExposedPorts 80/tcp: nothing became `declared`"),
        (r#""Volumes": {"/data": {}}"#, "", "Volumes /data: `declared` became nothing"),
        (r#""Labels": {"a": "1"}"#, r#""Labels": {"a": ""}"#, "Labels a: `1` became ``"),
        (r#""StopSignal": "SIGQUIT""#, "", "StopSignal: `SIGQUIT` became nothing"),
        (r#""Shell": ["/bin/bash", "-c"]"#, "", r#"Shell: `["/bin/bash", "-c"]` became nothing"#),
        ("", r#""OnBuild": ["COPY . ."]"#, r#"OnBuild: nothing became `["COPY . ."]`"#),
        (
            r#""Healthcheck": {"Test": ["CMD", "ready"], "Timeout": 2000000000}"#,
            r#""Healthcheck": {"Test": ["NONE"]}"#,
            r#"Healthcheck: `["CMD", "ready"], timeout 2000 ms` became `["NONE"]`"#,
        ),
    ] {
        let found: Vec<String> =
            config(before).differences(&config(after)).iter().map(ToString::to_string).collect();
        assert_eq!(found, [expected]);
    }
    let arm = ImageConfig::from_json(
        r#"{"os": "linux", "architecture": "arm", "variant": "v7", "author": "A", "config": {}}"#,
    );
    let found: Vec<String> = config("").differences(&arm.unwrap()).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        ["Author: nothing became `A`", "Architecture: `amd64` became `arm`", "Variant: nothing became `v7`"]
    );
}

#[test]
fn what_is_no_configuration_is_an_error() {
    for (text, expected) in [
        ("", "EOF"),
        ("[]", "one image was expected, not 0"),
        (r#"{"Id": "sha256:1f"}"#, "missing field `config`"),
        (r#"{"config": {"Env": "A=1"}}"#, "expected a sequence"),
    ] {
        let error = ImageConfig::from_json(text).unwrap_err().to_string();
        assert!(error.starts_with("image configuration: ") && error.contains(expected), "{error}");
    }
}
