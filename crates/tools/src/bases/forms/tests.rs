//! Which forms are known of which tags, and that every pattern is one.

use proptest::prelude::*;

use super::*;

fn to(image: &str, kind: Kind) -> Option<String> {
    form(image, kind).map(|form| form.image)
}

#[test]
fn slim_forms() {
    for (image, slim) in [
        ("python", Some("python:slim")),
        ("python:latest", Some("python:slim")),
        ("python:3", Some("python:3-slim")),
        ("python:3.12.4", Some("python:3.12.4-slim")),
        ("python:2.7", Some("python:2.7-slim")),
        ("python:3.12-bookworm", Some("python:3.12-slim-bookworm")),
        ("python:bookworm", Some("python:slim-bookworm")),
        ("docker.io/library/python:3.12", Some("docker.io/library/python:3.12-slim")),
        ("public.ecr.aws/docker/library/node:22", Some("public.ecr.aws/docker/library/node:22-slim")),
        // There never was one, or it has none of its own.
        ("python:2.7-wheezy", None),
        ("python:3.6-stretch", None),
        ("python:3.12-alpine", None),
        ("python:3.12-slim", None),
        ("python:3.12-slim-bookworm", None),
        ("python:3.9.0a3", None),
        ("python:3.12-windowsservercore", None),
        ("python:$VERSION", None),
        ("company/python:3.12", None),
        ("python:3.12@sha256:0000000000000000000000000000000000000000000000000000000000000000", None),
        ("node:20", Some("node:20-slim")),
        ("node:20.11.1-bookworm", Some("node:20.11.1-bookworm-slim")),
        ("node:lts", Some("node:lts-slim")),
        ("node:iron", Some("node:iron-slim")),
        ("node", Some("node:slim")),
        // The slim form of these was of another release of Debian.
        ("node:10.10", None),
        ("node:lts-iron", None),
        ("node:onbuild", None),
        ("ruby:3.3-bookworm", Some("ruby:3.3-slim-bookworm")),
        ("rust:1.80", Some("rust:1.80-slim")),
        ("rust:1.24", None),
        ("perl:5.38", Some("perl:5.38-slim")),
        ("perl:5.28.1", None),
        ("elixir:1.17-otp-27", Some("elixir:1.17-otp-27-slim")),
        ("debian:bookworm", Some("debian:bookworm-slim")),
        ("debian:12.5", Some("debian:12.5-slim")),
        // `latest` has no slim form of its own name.
        ("debian", None),
        ("debian:bookworm-backports", None),
        ("ubuntu:22.04", None),
        ("golang:1.22", None),
        ("php:8.2", None),
    ] {
        assert_eq!(to(image, Kind::Slim).as_deref(), slim, "{image}");
    }
}

#[test]
fn what_programs_of_a_build_run_in() {
    for (image, kind, found) in [
        ("golang:1.22", Kind::Libraries, Some("debian:bookworm-slim")),
        ("golang:1.24.5", Kind::Libraries, Some("debian:bookworm-slim")),
        ("golang:1.24.6", Kind::Libraries, Some("debian:trixie-slim")),
        ("golang:1.22-bullseye", Kind::Libraries, Some("debian:bullseye-slim")),
        ("golang:1.22-alpine3.19", Kind::Libraries, Some("alpine:3.19")),
        ("golang:1.22.1-alpine", Kind::Libraries, Some("alpine:3.19")),
        ("golang:1.22-alpine", Kind::Libraries, Some("alpine:3.21")),
        // These move on.
        ("golang:1", Kind::Libraries, None),
        ("golang", Kind::Libraries, None),
        ("golang:alpine", Kind::Libraries, None),
        ("golang:1.22rc1", Kind::Libraries, None),
        ("golang:1.99", Kind::Static, Some("gcr.io/distroless/static-debian12")),
        ("rust:1.80-slim", Kind::Libraries, Some("debian:bookworm-slim")),
        ("rust:1.80-slim-bullseye", Kind::Libraries, Some("debian:bullseye-slim")),
        ("rust:1.98", Kind::Libraries, None),
        ("rust:1.80", Kind::Static, None),
        ("eclipse-temurin:21", Kind::Runtime, Some("eclipse-temurin:21-jre")),
        ("eclipse-temurin:17-jdk-jammy", Kind::Runtime, Some("eclipse-temurin:17-jre-jammy")),
        ("eclipse-temurin:21.0.5_11-jdk-alpine", Kind::Runtime, Some("eclipse-temurin:21.0.5_11-jre-alpine")),
        ("eclipse-temurin:16-jdk", Kind::Runtime, None),
        ("eclipse-temurin:21-jre", Kind::Runtime, None),
        ("openjdk:8-jdk-slim", Kind::Runtime, Some("openjdk:8-jre-slim")),
        ("openjdk:11-jdk-alpine", Kind::Runtime, None),
        ("openjdk:17-jdk-slim", Kind::Runtime, Some("eclipse-temurin:17-jre")),
        ("openjdk:14", Kind::Runtime, None),
        ("maven:3.9-eclipse-temurin-21", Kind::Runtime, Some("eclipse-temurin:21-jre")),
        ("maven:3.9.6-eclipse-temurin-21-alpine", Kind::Runtime, Some("eclipse-temurin:21-jre-alpine")),
        ("maven:3.8-openjdk-11-slim", Kind::Runtime, Some("openjdk:11-jre-slim")),
        ("maven:3-amazoncorretto-17", Kind::Runtime, Some("amazoncorretto:17")),
        ("maven:3.9", Kind::Runtime, None),
        (
            "docker.io/library/maven:3-eclipse-temurin-17",
            Kind::Runtime,
            Some("docker.io/library/eclipse-temurin:17-jre"),
        ),
        ("gradle:8.5-jdk21", Kind::Runtime, Some("eclipse-temurin:21-jre")),
        ("gradle:jdk17-alpine", Kind::Runtime, Some("eclipse-temurin:17-jre-alpine")),
        ("gradle:8-jdk14", Kind::Runtime, None),
        ("gradle:8", Kind::Runtime, None),
        ("mcr.microsoft.com/dotnet/sdk:8.0", Kind::WebRuntime, Some("mcr.microsoft.com/dotnet/aspnet:8.0")),
        (
            "mcr.microsoft.com/dotnet/sdk:8.0-alpine3.20",
            Kind::Runtime,
            Some("mcr.microsoft.com/dotnet/runtime:8.0-alpine3.20"),
        ),
        (
            "mcr.microsoft.com/dotnet/sdk:8.0-bookworm-slim",
            Kind::Runtime,
            Some("mcr.microsoft.com/dotnet/runtime:8.0-bookworm-slim"),
        ),
        // The number of an SDK is not that of a runtime.
        ("mcr.microsoft.com/dotnet/sdk:8.0.404", Kind::WebRuntime, None),
        ("mcr.microsoft.com/dotnet/sdk:8.0-nanoserver-1809", Kind::WebRuntime, None),
        ("swift:5.10-jammy", Kind::Runtime, Some("swift:5.10-jammy-slim")),
    ] {
        assert_eq!(to(image, kind).as_deref(), found, "{image} {kind:?}");
    }
}

#[test]
fn what_a_form_is_and_lacks() {
    let slim = form("python:3.12-bookworm", Kind::Slim).expect("a slim form");
    assert!(slim.lacks.contains("gcc") && slim.lacks.contains("git"));
    let base = slim.base.expect("a known image");
    assert_eq!(base.prefix.as_deref(), Some("/usr/local"));
    assert_eq!(base.entrypoint, Some(vec![]));
    let bare = form("golang:1.22", Kind::Static).and_then(|form| form.base).expect("a known image");
    assert!(bare.bare);
    assert!(!identify("debian:12-slim").expect("debian").bare);
    assert!(identify("mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled").expect("aspnet").bare);
}

#[test]
fn patterns_name_what_is_known() {
    for entry in &DATA.form {
        for name in &entry.of {
            assert!(identify(name).is_some(), "{name} is in no file of images");
        }
        for part in &entry.lacks {
            assert!(!programs_of(part).is_empty(), "nobody says what {part} is");
        }
        for (pattern, becomes) in &entry.tags {
            let keys = |text: &str| {
                text.split('{')
                    .skip(1)
                    .map(|part| part.split('}').next().unwrap_or_default().to_owned())
                    .collect::<BTreeSet<_>>()
            };
            let (own, used) = (keys(pattern), keys(becomes));
            for key in &own {
                assert!(
                    ["version", "line", "other", "java", "build", "codename"].contains(&key.as_str()),
                    "{pattern}"
                );
            }
            assert!(used.iter().all(|key| key == "base" || own.contains(key)), "{becomes}");
            assert!(!own.contains("codename") || !entry.codenames.is_empty(), "{pattern}");
        }
    }
    for known in &DATA.built_on {
        for (from, until, release) in &known.releases {
            assert!(numbers(from).expect("a version") < numbers(until).expect("a version"), "{from}");
            assert!(
                identify(&format!("{}:{release}", known.family))
                    .is_some_and(|base| base.release != super::super::Release::Unknown),
                "{release}"
            );
        }
    }
}

#[test]
fn lists_of_programs_have_no_doubles() {
    for (part, programs) in &DATA.programs {
        assert!(programs.windows(2).all(|pair| pair[0] < pair[1]), "{part} is not in order");
    }
}

proptest! {
    #[test]
    fn never_panics(text in ".*", tail in "[a-z0-9.:@/-]{0,40}") {
        for image in [text, format!("python:{tail}"), format!("golang:{tail}"), format!("maven:{tail}")] {
            for kind in [Kind::Slim, Kind::Runtime, Kind::WebRuntime, Kind::Libraries, Kind::Static] {
                let _ = form(&image, kind);
            }
        }
    }
}
