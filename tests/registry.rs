//! The client of registries against Debian's `docker-registry`, and against everything that a registry could answer by mistake or
//! malice. Where there is no such program, the first half says so in a line.

mod pin;
mod stand;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use dockopt::registry::{Cache, Client, Failure, Freshness, Kind, Manifest, Settings};
use dockopt_model::reference::Reference;

use crate::web::{Asked, Reply, Web};
use pin::Place;
use stand::{Registry, Sort};

/// ann:s3cret, by bcrypt, which is all that this registry takes.
const HTPASSWD: &str = "ann:$2y$05$KhhMMNSg1aKbMWuwWsZk3usRIwA1hi6oIaXBuqxCoLYOqCHl/eLRa\n";
const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn settings() -> Settings {
    Settings {
        mirrors: BTreeMap::new(),
        logins: Vec::new(),
        cache: Cache::default(),
        freshness: Freshness::Now,
    }
}

fn reference(text: &str) -> Reference {
    Reference::parse(text).expect("the names of tests are valid")
}

/// What a fresh client says of an image at a host.
fn manifest(settings: &Settings, image: &str) -> Result<Manifest, Failure> {
    Client::new(settings.clone()).manifest(&reference(image))
}

/// A file with the login of ann for some hosts.
fn login(folder: &tempfile::TempDir, hosts: &[&str]) -> Vec<PathBuf> {
    let path = folder.path().join("config.json");
    // ann:s3cret
    let entries: Vec<String> =
        hosts.iter().map(|host| format!(r#""{host}": {{"auth": "YW5uOnMzY3JldA=="}}"#)).collect();
    fs::write(&path, format!(r#"{{"auths": {{{}}}}}"#, entries.join(","))).expect("the folder is there");
    vec![path]
}

#[test]
fn every_sort_of_manifest_is_resolved_to_its_digest() {
    let folder = stand::folder();
    let Some(registry) = Registry::start(folder.path(), "") else { return };
    for sort in Sort::ALL {
        let pushed = registry.push("team/api", &format!("{sort:?}"), sort, "one");
        let image = format!("{}/team/api:{sort:?}", registry.address);
        let found = manifest(&settings(), &image).expect("it was pushed");
        assert_eq!((found.digest.as_str(), found.media_type.as_str()), (pushed.as_str(), sort.media_type()));
        // By its digest it is the same.
        let pinned = format!("{image}@{pushed}");
        assert_eq!(manifest(&settings(), &pinned).expect("it was pushed").digest, pushed);
    }
    for absent in ["team/api:none", "team/none:1"] {
        let image = format!("{}/{absent}", registry.address);
        assert_eq!(manifest(&settings(), &image).unwrap_err().kind, Kind::Missing, "{absent}");
    }
    let other = format!("{}/team/api:Oci@{DIGEST}", registry.address);
    assert_eq!(manifest(&settings(), &other).unwrap_err().kind, Kind::Missing);
}

#[test]
fn a_digest_that_is_not_said_is_computed() {
    let folder = stand::folder();
    let Some(registry) = Registry::start(folder.path(), "") else { return };
    let pushed = registry.push("team/api", "1", Sort::OciIndex, "one");
    let address = registry.address.clone();
    for silent in [200, 405] {
        let address = address.clone();
        let web = Web::start(move |asked| match asked.method.as_str() {
            "HEAD" => Reply::status(silent, &[("content-type", Sort::OciIndex.media_type())]),
            _ => Reply::Forward(address.clone()),
        });
        let image = format!("{}/team/api:1", web.address);
        assert_eq!(manifest(&settings(), &image).expect("it was pushed").digest, pushed);
    }
}

#[test]
fn tags_are_read() {
    let folder = stand::folder();
    let Some(registry) = Registry::start(folder.path(), "") else { return };
    for tag in ["1.0", "1.1", "latest"] {
        registry.push("team/api", tag, Sort::Oci, "one");
    }
    let client = Client::new(settings());
    let mut tags = client.tags(&reference(&format!("{}/team/api", registry.address))).expect("it has some");
    tags.sort();
    assert_eq!(tags, ["1.0", "1.1", "latest"]);
    let absent = client.tags(&reference(&format!("{}/team/none", registry.address))).unwrap_err();
    assert_eq!(absent.kind, Kind::Missing);
}

#[test]
fn tags_are_read_page_by_page() {
    let web = Web::start(|asked| {
        let last =
            asked.path.split_once("last=").map_or(0, |(_, last)| last.parse().expect("it is a number"));
        let tags: Vec<String> = (last + 1..=7).take(3).map(|tag: u32| format!("\"{tag}\"")).collect();
        let next = format!("</v2/team/api/tags/list?n=3&last={}>; rel=\"next\"", last + 3);
        let link = if last + 3 < 7 { vec![("link", next)] } else { Vec::new() };
        Reply::Text(200, link, format!(r#"{{"name":"team/api","tags":[{}]}}"#, tags.join(",")))
    });
    let client = Client::new(settings());
    let tags = client.tags(&reference(&format!("{}/team/api", web.address))).expect("there are some");
    assert_eq!(tags, ["1", "2", "3", "4", "5", "6", "7"]);
    assert_eq!(web.asked().len(), 3, "{:?}", web.asked());
}

#[test]
fn passwords_are_checked_by_the_registry() {
    let folder = stand::folder();
    let Some(open) = Registry::start(folder.path(), "") else { return };
    let pushed = open.push("team/api", "1", Sort::OciIndex, "one");
    drop(open);
    let file = folder.path().join("htpasswd");
    fs::write(&file, HTPASSWD).expect("the folder is there");
    let lines = format!("auth:\n  htpasswd: {{realm: tests, path: {}}}\n", file.display());
    let closed = Registry::start(folder.path(), &lines).expect("it started before");
    let image = format!("{}/team/api:1", closed.address);
    let refused = manifest(&settings(), &image).unwrap_err();
    assert_eq!(refused.kind, Kind::Denied);
    assert!(refused.help.contains("docker login"), "{refused:?}");
    let with_login = Settings { logins: login(&folder, &[&closed.address]), ..settings() };
    assert_eq!(manifest(&with_login, &image).expect("ann may pull").digest, pushed);
}

/// A server of tokens that a registry trusts: it knows ann, and strangers if it is said so.
fn tokens(folder: &tempfile::TempDir) -> Option<(Web, String)> {
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (key, certificate) = (at("key.pem"), at("cert.pem"));
    let arguments = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=tests", "-days", "2"];
    let places = ["-keyout", &key, "-out", &certificate];
    stand::make("openssl", &[&arguments[..], &places[..]].concat(), b"")?;
    let der = stand::make("openssl", &["x509", "-in", &certificate, "-outform", "der"], b"")?;
    let own = certificate.clone();
    let web = Web::start(move |asked| {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
        let is_ann = asked.header("authorization") == Some("Basic YW5uOnMzY3JldA==")
            || asked.body.contains("refresh_token=long-lived");
        if !is_ann {
            return Reply::status(401, &[]);
        }
        let header = format!(r#"{{"typ":"JWT","alg":"RS256","x5c":["{}"]}}"#, STANDARD.encode(&der));
        let access = r#"[{"type":"repository","name":"team/api","actions":["pull"]}]"#;
        let claims = format!(
            r#"{{"iss":"tests","sub":"ann","aud":"registry","exp":9999999999,"nbf":1,"iat":1,"jti":"1","access":{access}}}"#
        );
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = stand::make("openssl", &["dgst", "-sha256", "-sign", &key], signed.as_bytes())
            .expect("it can sign");
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        let name = if asked.method == "POST" { "access_token" } else { "token" };
        Reply::Text(200, Vec::new(), format!(r#"{{"{name}":"{token}","expires_in":300}}"#))
    });
    Some((web, own))
}

#[test]
fn tokens_are_fetched_with_a_password_or_an_identity() {
    let folder = stand::folder();
    let Some(open) = Registry::start(folder.path(), "") else { return };
    let pushed = open.push("team/api", "1", Sort::DockerList, "one");
    drop(open);
    let Some((tokens, certificate)) = tokens(&folder) else {
        return stand::skip("there is no openssl for those with tokens");
    };
    let lines = format!(
        "auth:\n  token: {{realm: \"http://{}/token\", service: registry, issuer: tests, rootcertbundle: {certificate}}}\n",
        tokens.address
    );
    let closed = Registry::start(folder.path(), &lines).expect("it started before");
    let image = format!("{}/team/api:1", closed.address);
    assert_eq!(manifest(&settings(), &image).unwrap_err().kind, Kind::Denied);
    let with_login = Settings { logins: login(&folder, &[&closed.address]), ..settings() };
    let client = Client::new(with_login);
    assert_eq!(client.manifest(&reference(&image)).expect("ann may pull").digest, pushed);
    let asked = tokens.asked();
    assert_eq!(
        asked.last().map(String::as_str),
        Some("GET /token?scope=repository%3Ateam%2Fapi%3Apull&service=registry")
    );
    // The token is good for the next question about that repository.
    assert_eq!(client.tags(&reference(&image)).expect("ann may look"), ["1"]);
    assert_eq!(tokens.asked().len(), asked.len());

    let path = folder.path().join("identity.json");
    let text = format!(
        r#"{{"auths": {{"{}": {{"auth": "YW5uOg==", "identitytoken": "long-lived"}}}}}}"#,
        closed.address
    );
    fs::write(&path, text).expect("the folder is there");
    let with_identity = Settings { logins: vec![path], ..settings() };
    assert_eq!(manifest(&with_identity, &image).expect("ann may pull").digest, pushed);
    assert_eq!(tokens.asked().last().map(String::as_str), Some("POST /token"));
}

#[test]
fn a_certificate_counts_where_somebody_vouches_for_it() {
    let folder = stand::folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let arguments = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=tests", "-days", "2"];
    let places = ["-keyout", &at("key.pem"), "-out", &at("cert.pem")];
    let names = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"];
    if stand::make("openssl", &[&arguments[..], &places[..], &names[..]].concat(), b"").is_none() {
        return stand::skip("there is no openssl for those with a certificate");
    }
    let lines = format!("  tls: {{certificate: {}, key: {}}}\n", at("cert.pem"), at("key.pem"));
    let Some(registry) = Registry::start(folder.path(), &lines) else { return };
    let refused = manifest(&settings(), &format!("{}/team/api:1", registry.address)).unwrap_err();
    assert_eq!(refused.kind, Kind::Unreachable);
    // Named by the user, it is trusted: the registry answers that it has no such image.
    let place = Place::new("127.0.0.1:1");
    place.write("Dockerfile", &format!("FROM {}/team/api:1\n", registry.address));
    let said = place.run_with(&[("SSL_CERT_FILE", &at("cert.pem"))], &["pin"]);
    assert!(said.code == 2 && said.err.contains("has no `"), "{}", said.err);
    assert!(refused.message.contains("certificate") && refused.help.contains("SSL_CERT_FILE"), "{refused:?}");
}

/// A good answer to HEAD.
fn good(digest: &str) -> Reply {
    Reply::status(200, &[("content-type", Sort::OciIndex.media_type()), ("docker-content-digest", digest)])
}

/// How a server answers.
type Answer = Box<dyn Fn(&Asked) -> Reply + Send + Sync>;

#[test]
fn bad_answers_are_a_message_each() {
    let index = Sort::OciIndex.media_type();
    let with_body = |headers: &[(&'static str, &str)], body: &str| match Reply::status(200, headers) {
        Reply::Text(status, headers, _) => Reply::Text(status, headers, body.to_owned()),
        other => other,
    };
    let cases: Vec<(&str, Answer, Kind, &str)> = vec![
        ("401", Box::new(|_| Reply::status(401, &[])), Kind::Denied, "does not show"),
        ("403", Box::new(|_| Reply::status(403, &[])), Kind::Denied, "does not show"),
        ("404", Box::new(|_| Reply::status(404, &[])), Kind::Missing, "has no"),
        ("429", Box::new(|_| Reply::status(429, &[("retry-after", "0")])), Kind::TooMany, "fewer requests"),
        (
            "429 for long",
            Box::new(|_| Reply::status(429, &[("retry-after", "3600")])),
            Kind::TooMany,
            "fewer",
        ),
        ("500", Box::new(|_| Reply::status(500, &[])), Kind::Unusable, "answers with 500"),
        (
            "loop",
            Box::new(|asked| Reply::status(302, &[("location", &asked.path)])),
            Kind::Unusable,
            "without end",
        ),
        (
            "redirect to plain HTTP elsewhere",
            Box::new(|_| Reply::status(307, &[("location", "http://registry.example/v2/")])),
            Kind::Unusable,
            "does not follow",
        ),
        (
            "schema 1",
            Box::new(|_| {
                Reply::status(
                    200,
                    &[
                        ("content-type", "application/vnd.docker.distribution.manifest.v1+prettyjws"),
                        ("docker-content-digest", DIGEST),
                    ],
                )
            }),
            Kind::Unusable,
            "schema 1",
        ),
        (
            "a page",
            Box::new(|_| {
                Reply::status(200, &[("content-type", "text/html"), ("docker-content-digest", DIGEST)])
            }),
            Kind::Unusable,
            "no manifest",
        ),
        (
            "a damaged digest",
            Box::new(|_| {
                Reply::status(200, &[("content-type", index), ("docker-content-digest", "sha256:1")])
            }),
            Kind::Unusable,
            "damaged digest",
        ),
        (
            "a wrong digest",
            Box::new(move |asked| match asked.method.as_str() {
                "HEAD" => Reply::status(200, &[("content-type", index)]),
                _ => with_body(&[("content-type", index), ("docker-content-digest", DIGEST)], "{}"),
            }),
            Kind::Unusable,
            "another digest than it says",
        ),
        (
            "a truncated body",
            Box::new(move |asked| match asked.method.as_str() {
                "HEAD" => Reply::status(200, &[("content-type", index)]),
                _ => Reply::Raw(format!(
                    "HTTP/1.1 200 x\r\ncontent-type: {index}\r\ncontent-length: 99\r\n\r\n{{"
                )),
            }),
            Kind::Unusable,
            "breaks off",
        ),
        (
            "an endless body",
            Box::new(move |asked| match asked.method.as_str() {
                "HEAD" => Reply::status(200, &[("content-type", index)]),
                _ => Reply::Endless,
            }),
            Kind::Unusable,
            "longer than",
        ),
        (
            "no HTTP",
            Box::new(|asked| match asked.path.as_str() {
                "/v2/" => Reply::status(200, &[]),
                _ => Reply::Raw("SSH-2.0-x\r\n\r\n".to_owned()),
            }),
            Kind::Unreachable,
            "does not speak HTTP",
        ),
        (
            "tokens over plain HTTP",
            Box::new(|_| {
                Reply::status(401, &[("www-authenticate", "Bearer realm=\"http://auth.example/token\"")])
            }),
            Kind::Unusable,
            "not private",
        ),
        (
            "a login is wanted",
            Box::new(|_| Reply::status(401, &[("www-authenticate", "Basic realm=x")])),
            Kind::Denied,
            "a name and a password",
        ),
    ];
    for (name, answer, kind, words) in cases {
        let web = Web::start(answer);
        let failure = manifest(&settings(), &format!("{}/team/api:1", web.address)).unwrap_err();
        assert_eq!(failure.kind, kind, "{name}: {failure:?}");
        assert!(failure.message.contains(words), "{name}: {failure:?}");
        assert!(!failure.help.is_empty(), "{name}");
    }
    // Nobody is there. A port that a server gave back could be that of another test by now; this one is nobody's.
    let failure = manifest(&settings(), "127.0.0.1:1/team/api:1").unwrap_err();
    assert_eq!(failure.kind, Kind::Unreachable, "{failure:?}");
}

#[test]
fn lists_of_tags_end() {
    let client = Client::new(settings());
    for (name, body, words) in
        [("garbage", "<html>", "cannot be read"), ("more and more", r#"{"tags":["a"]}"#, "does not end")]
    {
        let web = Web::start(move |asked| {
            let next = format!("<{}0>; rel=\"next\"", asked.path);
            Reply::Text(200, vec![("link", next)], body.to_owned())
        });
        let failure = client.tags(&reference(&format!("{}/team/api", web.address))).unwrap_err();
        assert!(failure.message.contains(words), "{name}: {failure:?}");
    }
    // A list that goes on elsewhere ends here.
    let web = Web::start(|_| {
        let next = "<https://other.example/v2/x/tags/list?n=1>; rel=\"next\"".to_owned();
        Reply::Text(200, vec![("link", next)], r#"{"tags":["a"]}"#.to_owned())
    });
    assert_eq!(client.tags(&reference(&format!("{}/team/api", web.address))).expect("it is a list"), ["a"]);
}

#[test]
fn a_registry_that_is_busy_is_asked_again() {
    let first = std::sync::atomic::AtomicBool::new(true);
    let web = Web::start(move |asked| {
        if asked.path != "/v2/" && first.swap(false, std::sync::atomic::Ordering::SeqCst) {
            return Reply::status(429, &[("retry-after", "1")]);
        }
        good(DIGEST)
    });
    assert_eq!(
        manifest(&settings(), &format!("{}/team/api:1", web.address)).expect("it waits").digest,
        DIGEST
    );
    assert_eq!(web.asked().len(), 2);
}

#[test]
fn a_password_goes_to_the_host_that_it_is_for() {
    let folder = stand::folder();
    let basic = "Basic YW5uOnMzY3JldA==";
    // The other host asks for a password, too.
    let other = Web::start(|_| Reply::status(401, &[("www-authenticate", "Basic realm=x")]));
    let to = format!("http://{}/v2/team/api/manifests/1", other.address);
    let web = Web::start(move |asked| match asked.header("authorization") {
        None => Reply::status(401, &[("www-authenticate", "Basic realm=x")]),
        Some(_) => Reply::status(307, &[("location", &to)]),
    });
    let hosts = [web.address.as_str(), other.address.as_str()];
    let with_login = Settings { logins: login(&folder, &hosts), ..settings() };
    let failure = manifest(&with_login, &format!("{}/team/api:1", web.address)).unwrap_err();
    assert_eq!(failure.kind, Kind::Denied);
    assert_eq!(web.authorizations(), [basic]);
    assert_eq!(other.asked().len(), 1);
    assert_eq!(other.authorizations(), [""; 0]);
    let shown = format!("{failure:?}");
    assert!(!shown.contains("s3cret") && !shown.contains("YW5u"), "{shown}");
}

#[test]
fn mirrors_come_first_and_their_registry_after_them() {
    let knows = Web::start(|_| good(DIGEST));
    let empty = Web::start(|_| Reply::status(404, &[]));
    let mirrors = |hosts: &[&Web]| Settings {
        mirrors: BTreeMap::from([(
            "docker.io".to_owned(),
            hosts.iter().map(|web| web.address.clone()).collect::<Vec<_>>(),
        )]),
        ..settings()
    };
    assert_eq!(manifest(&mirrors(&[&empty, &knows]), "python:3.11").expect("one knows").digest, DIGEST);
    assert_eq!(knows.asked(), ["HEAD /v2/library/python/manifests/3.11"]);
    assert_eq!(empty.asked(), knows.asked());
    // A mirror that knows nothing does not hide the registry.
    let own = format!("{}/team/api:1", knows.address);
    let around = Settings {
        mirrors: BTreeMap::from([(knows.address.clone(), vec![empty.address.clone()])]),
        ..settings()
    };
    assert_eq!(manifest(&around, &own).expect("its registry knows").digest, DIGEST);
}

#[test]
fn each_question_is_asked_once() {
    let web = Web::start(|_| good(DIGEST));
    let client = Client::new(settings());
    let image = reference(&format!("{}/team/api:1", web.address));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(client.manifest(&image).expect("it answers").digest, DIGEST));
        }
    });
    assert_eq!(web.asked().len(), 1);
}
