//! What is known of images, by their names.

use proptest::prelude::*;

use super::*;

const ANY: Release = Release::Unknown;
const NEW: Release = Release::Newest;

fn at(major: u32, minor: u32) -> Release {
    Release::Known(major, minor)
}

#[test]
fn distributions() {
    for (image, family, release) in [
        ("debian", Some("debian"), NEW),
        ("debian:stable-slim", Some("debian"), NEW),
        ("debian:12.5-slim", Some("debian"), at(12, 0)),
        ("debian:bookworm-20240101-slim", Some("debian"), at(12, 0)),
        ("debian:oldstable", Some("debian"), ANY),
        ("ubuntu:22.04", Some("ubuntu"), at(22, 4)),
        ("ubuntu:xenial", Some("ubuntu"), at(16, 4)),
        ("ubuntu", Some("ubuntu"), NEW),
        ("alpine:3.18.4", Some("alpine"), at(3, 18)),
        ("alpine:3", Some("alpine"), NEW),
        ("alpine:20240329", Some("alpine"), ANY),
        ("fedora:39", Some("fedora"), at(39, 0)),
        ("centos:7.9.2009", Some("centos"), at(7, 0)),
        ("centos:centos7", Some("centos"), at(7, 0)),
        ("centos", Some("centos"), at(8, 0)),
        ("rockylinux:9-minimal", Some("rocky"), at(9, 0)),
        ("almalinux:8", Some("alma"), at(8, 0)),
        ("amazonlinux:2", Some("amazonlinux"), at(2, 0)),
        ("amazonlinux:2023", Some("amazonlinux"), at(2023, 0)),
        ("amazonlinux:2018.03", Some("amazonlinux"), at(1, 0)),
        ("opensuse/leap:15.5", Some("opensuse"), at(15, 5)),
        ("archlinux", Some("arch"), NEW),
        ("oraclelinux:8-slim", Some("oraclelinux"), at(8, 0)),
        ("photon:3.0", Some("photon"), at(3, 0)),
        ("registry.access.redhat.com/ubi8/nodejs-16", Some("ubi"), at(8, 0)),
        ("registry.access.redhat.com/ubi9-minimal:9.3", Some("ubi"), at(9, 0)),
        ("python:3.4", Some("debian"), ANY),
        ("node:0.10", Some("debian"), ANY),
        ("python:3.12-slim", Some("debian"), ANY),
        ("python:3.12-slim-bullseye", Some("debian"), at(11, 0)),
        ("python:3.12-alpine", Some("alpine"), at(3, 3)),
        ("python:3.12-alpine3.18", Some("alpine"), at(3, 18)),
        ("python:alpine", Some("alpine"), at(3, 3)),
        ("golang:1.21-trixie", Some("debian"), at(13, 0)),
        ("openjdk:8-jdk", Some("debian"), ANY),
        ("openjdk:17", Some("oraclelinux"), ANY),
        ("openjdk:17-slim", Some("debian"), ANY),
        ("openjdk:17-jdk-oraclelinux8", Some("oraclelinux"), at(8, 0)),
        ("openjdk", None, ANY),
        ("eclipse-temurin:17-jre", Some("ubuntu"), ANY),
        ("eclipse-temurin:17-jammy", Some("ubuntu"), at(22, 4)),
        ("eclipse-temurin:17-ubi9-minimal", Some("ubi"), at(9, 0)),
        ("maven:3.9-eclipse-temurin-17", None, ANY),
        ("maven:3-amazoncorretto-17-alpine", Some("alpine"), at(3, 3)),
        ("mysql:8", None, ANY),
        ("mysql:8-debian", Some("debian"), ANY),
        ("nvidia/cuda:12.1.0-base-ubuntu22.04", Some("ubuntu"), at(22, 4)),
        ("nvidia/cuda:8.0-cudnn5-devel-ubuntu14.04", Some("ubuntu"), at(14, 4)),
        ("nvidia/cuda:11.0-base-centos7", Some("centos"), at(7, 0)),
        ("nvidia/cuda:9.0-base", None, ANY),
        ("mcr.microsoft.com/dotnet/sdk:8.0", Some("debian"), at(12, 0)),
        ("mcr.microsoft.com/dotnet/aspnet:8.0-alpine", Some("alpine"), at(3, 3)),
        ("mcr.microsoft.com/dotnet/sdk:8.0-cbl-mariner2.0", Some("mariner"), at(2, 0)),
        ("mariadb:11.4-ubi", Some("ubi"), ANY),
        ("mcr.microsoft.com/dotnet/sdk:10.0", Some("ubuntu"), at(24, 4)),
        ("mcr.microsoft.com/dotnet/core/sdk:3.1-buster", Some("debian"), at(10, 0)),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", Some("debian"), at(12, 0)),
        ("ghcr.io/astral-sh/uv:0.5", None, ANY),
        ("jenkins/jenkins:lts-jdk17", Some("debian"), ANY),
        ("jenkins/jenkins:lts-centos7", Some("centos"), at(7, 0)),
        ("mongo:6", Some("ubuntu"), ANY),
        ("mongo:3.2", None, ANY),
    ] {
        let base = identify(image).expect(image);
        assert_eq!((base.family.as_deref(), base.release), (family, release), "{image}");
    }
}

#[test]
fn places_that_serve_the_official_images() {
    for image in [
        "docker.io/library/python:3.12-slim-bookworm",
        "docker.io/python:3.12-slim-bookworm",
        "library/python:3.12-slim-bookworm",
        "public.ecr.aws/docker/library/python:3.12-slim-bookworm",
    ] {
        assert_eq!(identify(image), identify("python:3.12-slim-bookworm"), "{image}");
    }
}

#[test]
fn nothing_is_known_of_others() {
    for image in [
        "",
        "scratch",
        "company/python:3",
        "localhost:5000/python:3",
        "python:$VERSION",
        "quay.io/x/node",
        "a b",
        "node@",
    ] {
        assert_eq!(identify(image), None, "{image}");
    }
}

#[test]
fn digests() {
    let digest = "@sha256:0000000000000000000000000000000000000000000000000000000000000000";
    let known = |image: &str| identify(&format!("{image}{digest}")).expect("a known image");
    assert_eq!(known("debian").family.as_deref(), Some("debian"));
    assert_eq!(known("debian:latest").release, ANY);
    assert_eq!(known("python").family, None);
    assert_eq!(known("python:3.12-slim-bookworm").release, at(12, 0));
    assert!(known("node:20").tools.is_empty());
    assert_eq!(known("node:20.11-slim").tools["npm"], 10);
    assert_eq!(known("php").workdir, None);
}

#[test]
fn npm_of_node() {
    for (tag, npm) in [
        ("0.12", None),
        ("4", Some(2)),
        ("6.11", Some(3)),
        ("8", Some(6)),
        ("8.11", Some(5)),
        ("10", Some(6)),
        ("10.1", None),
        ("12-alpine", Some(6)),
        ("14.17.0-slim", Some(6)),
        ("15", Some(7)),
        ("16", Some(8)),
        ("16.10.0", Some(7)),
        ("16.11", Some(8)),
        ("17", Some(8)),
        ("18", Some(10)),
        ("18.12.1", Some(8)),
        ("18.14", Some(9)),
        ("18.19", Some(10)),
        ("19", None),
        ("20", Some(10)),
        ("20.5.1", Some(9)),
        ("20.7", None),
        ("20-bookworm-slim", Some(10)),
        ("22", Some(10)),
        ("24", Some(11)),
        ("26", None),
        ("gallium-alpine", Some(8)),
        ("lts", None),
        ("latest", None),
        ("alpine", None),
    ] {
        let base = identify(&format!("node:{tag}")).expect("node");
        assert_eq!(base.tools.get("npm").copied(), npm, "node:{tag}");
    }
}

#[test]
fn directories_users_and_shells() {
    for (image, workdir, user) in [
        ("python:3.12", Some("/"), Some("root")),
        ("golang:1.22-alpine", Some("/go"), Some("root")),
        ("php:8.2-cli", Some("/"), Some("root")),
        ("php:8.2-fpm-alpine", Some("/var/www/html"), Some("root")),
        ("php:apache", Some("/var/www/html"), Some("root")),
        ("httpd:2.4", Some("/usr/local/apache2"), Some("root")),
        ("redis:7", Some("/data"), Some("root")),
        ("jenkins/jenkins:lts", Some("/"), Some("jenkins")),
        ("gradle:8", Some("/home/gradle"), None),
        ("perl:5", None, Some("root")),
        ("mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled", Some("/"), None),
        ("registry.access.redhat.com/ubi8/nodejs-16", None, None),
        ("registry.access.redhat.com/ubi8/ubi-minimal", Some("/"), Some("root")),
    ] {
        let base = identify(image).expect(image);
        assert_eq!((base.workdir.as_deref(), base.user.as_deref()), (workdir, user), "{image}");
    }
    assert!(identify("mambaorg/micromamba").is_some_and(|base| base.shell.is_some()));
}

#[test]
fn windows_and_triggers() {
    for image in [
        "python:3.12-windowsservercore-ltsc2022",
        "golang:nanoserver",
        "mcr.microsoft.com/windows/servercore:ltsc2019",
    ] {
        assert_eq!(identify(image), Some(Base { windows: true, ..Base::default() }), "{image}");
    }
    for image in ["node:6-onbuild", "python:2-onbuild", "ruby:onbuild"] {
        assert_eq!(identify(image), Some(Base { onbuild: true, ..Base::default() }), "{image}");
    }
}

#[test]
fn comparing_releases() {
    assert_eq!(at(22, 4).at_least(20, 4), Some(true));
    assert_eq!(at(3, 9).at_least(3, 18), Some(false));
    assert_eq!(NEW.at_least(99, 0), Some(true));
    assert_eq!(ANY.at_least(1, 0), None);
}

#[test]
fn bounds_in_the_data_are_numbers() {
    for image in &DATA.images {
        for line in &image.line {
            assert!(version(&line.from) < version(&line.until) && version(&line.from).is_some(), "{line:?}");
        }
    }
}

proptest! {
    #[test]
    fn never_panics(text in ".*", tail in "[a-z0-9.:@/-]{0,40}") {
        for image in [text, format!("python:{tail}"), format!("alpine{tail}"), tail] {
            let _ = identify(&image);
        }
    }
}

#[test]
fn what_images_hold() {
    for (image, path, lacks) in [
        ("debian:12", "/app", true),
        ("debian:12", "/opt/app", true),
        ("debian:12", "/opt", false),
        ("debian:12", "/var/www/html", false),
        ("debian:12", "/etc/app", false),
        ("debian:12", "/", false),
        ("python:3.12-slim", "/usr/src/app", true),
        ("node:22", "/home/node/app", false),
        ("node:22", "/opt/app", false),
        ("node:22", "/home/app", true),
        ("golang:1.22", "/go/src/app", false),
        ("golang:1.22", "/gopher", true),
        ("ubuntu:24.04", "/home/ubuntu/app", false),
        ("registry.example.com/base:1", "/app", false),
        ("mysql:8", "/app", false),
    ] {
        assert_eq!(identify(image).is_some_and(|base| base.lacks(path)), lacks, "{image} {path}");
    }
    assert!(identify("node:22-alpine").unwrap().has_folder("/usr/local/bin"));
    assert!(!identify("node:22-alpine").unwrap().has_folder("/srv"));
    assert!(!identify("mysql:8").unwrap().has_folder("/etc"));
}
