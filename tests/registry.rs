//! The client of registries against Debian's `docker-registry`, and against everything that a registry could answer by mistake or
//! malice. Where there is no such program, the first half says so in a line.

mod stand;
mod web;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use dockopt::registry::{Cache, Client, Failure, Freshness, Kind, Manifest, Settings};
use dockopt_model::reference::Reference;

use stand::{Registry, Sort};
use web::{Asked, Reply, Web};

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
    let gone = Web::start(|_| Reply::status(200, &[])).address.clone();
    assert_eq!(manifest(&settings(), &format!("{gone}/team/api:1")).unwrap_err().kind, Kind::Unreachable);
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

/// A repository with a Dockerfile, in which dockopt runs with nobody's logins and a cache of its own.
struct Place {
    folder: tempfile::TempDir,
}

/// What dockopt said, and how it ended.
struct Said {
    out: String,
    err: String,
    code: i32,
}

impl Place {
    /// What the hub has comes from `mirror`.
    fn new(mirror: &str) -> Self {
        let place = Self { folder: stand::folder() };
        fs::create_dir_all(place.folder.path().join("repo/.git")).expect("the folder is there");
        place.write("dockopt.toml", &format!("[registry]\nmirrors = {{ \"docker.io\" = [\"{mirror}\"] }}\n"));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("repo").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the folder is there");
        fs::write(path, text).expect("the folder is there");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("it is there")
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(&[], arguments)
    }

    fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Said {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_dockopt"));
        let path = format!(
            "{}:{}",
            self.folder.path().join("bin").display(),
            std::env::var("PATH").expect("there is a path")
        );
        command
            .args(arguments)
            .current_dir(self.path(""))
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("DOCKER_CONFIG", self.folder.path())
            .env("DOCKOPT_CACHE_DIR", self.folder.path().join("cache"))
            .envs(variables.iter().copied());
        let output = command.output().expect("it can be run");
        let text = |bytes| String::from_utf8(bytes).expect("it is UTF-8");
        Said {
            out: text(output.stdout),
            err: text(output.stderr),
            code: output.status.code().expect("it ends by itself"),
        }
    }
}

#[test]
fn a_repository_is_pinned_checked_and_updated() {
    let folder = stand::folder();
    let Some(registry) = Registry::start(folder.path(), "") else { return };
    let push = |repository: &str, tags: &[&str], content: &str| {
        let digests: Vec<String> =
            tags.iter().map(|tag| registry.push(repository, tag, Sort::OciIndex, content)).collect();
        digests[0].clone()
    };
    push("library/python", &["3.12.9", "3.12"], "twelve");
    let latest = push("library/python", &["latest", "3", "3.13", "3.13.1"], "thirteen");
    let composer = push("library/composer", &["2"], "composer");
    let place = Place::new(&registry.address);
    let tools = "FROM composer:2 AS tools\nRUN composer --version\n";
    place.write("api/Dockerfile", "FROM python\nCOPY --from=composer:2 /usr/bin/composer /usr/bin/\n");
    place.write("tools/Dockerfile", tools);

    let said = place.run(&["pin", "--check"]);
    assert_eq!((said.code, said.out.lines().count()), (1, 3), "{}{}", said.out, said.err);
    let said = place.run(&["pin", "--dry-run"]);
    assert_eq!((said.code, place.read("tools/Dockerfile").as_str()), (0, tools), "{}", said.err);
    assert!(said.out.contains("+++ b/dockopt.lock") && !place.path("dockopt.lock").exists(), "{}", said.out);

    let said = place.run(&["pin"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("pinned 3 images in 2 files\nnothing here updates the pins"), "{}", said.err);
    let api = format!(
        "FROM python:3.13.1@{latest}\nCOPY --from=composer:2@{composer} /usr/bin/composer /usr/bin/\n"
    );
    assert_eq!(place.read("api/Dockerfile"), api);
    assert_eq!(
        place.read("tools/Dockerfile"),
        format!("FROM composer:2@{composer} AS tools\nRUN composer --version\n")
    );
    let lock = place.read("dockopt.lock");
    let lines: Vec<&str> = lock.lines().filter(|line| !line.starts_with("resolved = ")).collect();
    let entries = format!(
        "version = 1\n\n[[image]]\nname = \"docker.io/library/composer:2\"\ndigest = \"{composer}\"\n\n\
         [[image]]\nname = \"docker.io/library/python:latest\"\ntag = \"3.13.1\"\ndigest = \"{latest}\""
    );
    assert_eq!(lines[1..].join("\n"), entries);

    // Again there is nothing to do, and CI is content.
    let said = place.run(&["pin"]);
    assert_eq!((said.code, place.read("dockopt.lock")), (0, lock.clone()), "{}", said.err);
    assert!(said.err.contains("nothing to pin in 2 files"), "{}", said.err);
    for arguments in [&["pin", "--check"][..], &["pin", "--check", "--locked"], &["pin", "--locked"]] {
        let said = place.run(arguments);
        assert_eq!((said.code, said.out.as_str()), (0, ""), "{arguments:?}: {}", said.err);
    }

    // The lock file alone pins another file in the same way, and `fix` needs no more than it.
    place.write("new/Dockerfile", "FROM python\nCMD [\"python\"]\n");
    let said = place.run(&["fix", "--unsafe", "new"]);
    assert!(said.out.contains(&format!("+FROM python:3.13.1@{latest}")), "{}", said.out);
    let said = place.run(&["pin", "--locked", "new"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(place.read("new/Dockerfile"), format!("FROM python:3.13.1@{latest}\nCMD [\"python\"]\n"));
    place.write("new/Dockerfile", "FROM node:20\n");
    let said = place.run(&["pin", "--locked", "new"]);
    assert_eq!((said.code, place.read("new/Dockerfile").as_str()), (2, "FROM node:20\n"));
    assert!(
        said.err.contains("`node:20` is not in dockopt.lock") && said.err.contains("new/Dockerfile:1:1"),
        "{}",
        said.err
    );
    fs::remove_dir_all(place.path("new")).expect("it is there");

    // The tags move on.
    let mended = push("library/python", &["latest", "3", "3.13", "3.13.1"], "thirteen, mended");
    let newer = push("library/python", &["3.14.0"], "fourteen");
    let said = place.run(&["pin", "--check"]);
    assert_eq!(said.code, 1);
    assert!(
        said.out.starts_with(&format!("api/Dockerfile:1: python:3.13.1 is {mended} now; pinned 20")),
        "{}",
        said.out
    );
    let said = place.run(&["pin"]);
    assert_eq!(
        (said.code, place.read("api/Dockerfile")),
        (0, api),
        "nobody asked for an update: {}",
        said.err
    );
    let said = place.run(&["pin", "--update", "--patch"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(place.read("api/Dockerfile").starts_with(&format!("FROM python:3.13.1@{mended}\n")));
    assert!(!place.read("dockopt.lock").contains(&latest), "an image that no file names is forgotten");
    let said = place.run(&["pin", "--update", "--minor"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(place.read("api/Dockerfile").starts_with(&format!("FROM python:3.14.0@{newer}\n")));
    assert_eq!(place.run(&["pin", "--check"]).code, 0);
}

#[cfg(unix)]
#[test]
fn a_helper_of_the_user_is_asked_for_the_login() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = stand::folder();
    let Some(open) = Registry::start(folder.path(), "") else { return };
    let pushed = open.push("team/api", "1", Sort::Docker, "one");
    drop(open);
    let file = folder.path().join("htpasswd");
    fs::write(&file, HTPASSWD).expect("the folder is there");
    let lines = format!("auth:\n  htpasswd: {{realm: tests, path: {}}}\n", file.display());
    let closed = Registry::start(folder.path(), &lines).expect("it started before");
    let place = Place::new("127.0.0.1:1");
    let helper = |script: &str| {
        let path = place.folder.path().join("bin/docker-credential-tests");
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the folder is there");
        fs::write(&path, format!("#!/bin/sh\nread -r host\n{script}")).expect("the folder is there");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is there");
    };
    let config = format!(r#"{{"credHelpers": {{"{}": "tests"}}}}"#, closed.address);
    fs::write(place.folder.path().join("config.json"), config).expect("the folder is there");
    let text = format!("FROM {}/team/api:1\n", closed.address);
    place.write("Dockerfile", &text);

    let said = |script: &str| {
        helper(script);
        let said = place.run(&["pin"]);
        let all = format!("{}{}", said.out, said.err);
        assert!(!all.contains("s3cret") && !all.contains("YW5u"), "{all}");
        (said.code, all)
    };
    for (script, words) in [
        ("echo credentials not found in native keychain; exit 1\n", "docker login"),
        ("echo s3cret; exit 1\n", "`docker-credential-tests` failed"),
        ("echo s3cret\n", "something else than a login"),
        (r#"echo '{"Username": "ann", "Secret": "s3cret2"}'"#, "does not show"),
    ] {
        let (code, all) = said(script);
        assert!(code == 2 && all.contains(words), "{all}");
        assert_eq!(place.read("Dockerfile"), text);
    }
    let (code, all) = said(r#"[ "$1" = get ] && echo "{\"Username\": \"ann\", \"Secret\": \"s3cret\"}""#);
    assert_eq!(
        (code, place.read("Dockerfile")),
        (0, format!("FROM {}/team/api:1@{pushed}\n", closed.address)),
        "{all}"
    );
}

#[test]
fn many_files_cost_one_question_for_each_image_and_are_asked_at_once() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    let (now, most): (Arc<AtomicUsize>, Arc<AtomicUsize>) = Default::default();
    let (own_now, own_most) = (Arc::clone(&now), Arc::clone(&most));
    let web = Web::start(move |_| {
        own_most.fetch_max(own_now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(20));
        own_now.fetch_sub(1, Ordering::SeqCst);
        good(DIGEST)
    });
    let place = Place::new(&web.address);
    for file in 0..200 {
        let text = format!("FROM acme/base-{}:1 AS build\nFROM acme/base-{}:1\n", file % 30, (file + 7) % 30);
        place.write(&format!("s{file}/Dockerfile"), &text);
    }
    let said = place.run(&["pin"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("pinned 400 images in 200 files"), "{}", said.err);
    assert_eq!(web.asked().len(), 30);
    let most = most.load(Ordering::SeqCst);
    assert!((2..=4).contains(&most), "{most} at once");
    // Within the hour nobody is asked again.
    place.write("one-more/Dockerfile", "FROM acme/base-1:1\n");
    fs::remove_file(place.path("dockopt.lock")).expect("it was written");
    assert_eq!(place.run(&["pin", "one-more"]).code, 0);
    assert_eq!(web.asked().len(), 30);
}

#[test]
fn what_cannot_be_asked_is_told_and_the_rest_is_done() {
    let web = Web::start(|_| good(DIGEST));
    let place = Place::new(&web.address);
    place.write("a/Dockerfile", "FROM 127.0.0.1:1/x/api:1\n");
    place.write("b/Dockerfile", "FROM node:20\n");
    let said = place.run(&["pin"]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("127.0.0.1:1 cannot be asked") && said.err.contains("a/Dockerfile:1:1"),
        "{}",
        said.err
    );
    assert_eq!(place.read("a/Dockerfile"), "FROM 127.0.0.1:1/x/api:1\n");
    assert_eq!(place.read("b/Dockerfile"), format!("FROM node:20@{DIGEST}\n"));
    assert!(place.read("dockopt.lock").contains("library/node:20"));
    // What a build replaces is left to it, and nobody is asked about it.
    place.write("c/Dockerfile", "FROM node:22\nCOPY --from=assets / /srv\n");
    place.write(
        "c/compose.yaml",
        "services:\n  web:\n    build:\n      context: .\n      additional_contexts:\n        assets: ./assets\n",
    );
    let before = web.asked().len();
    let said = place.run(&["pin", "c"]);
    assert_eq!((said.code, web.asked().len()), (0, before + 1), "{}", said.err);
    assert_eq!(place.read("c/Dockerfile"), format!("FROM node:22@{DIGEST}\nCOPY --from=assets / /srv\n"));
    // Nor about what the author keeps.
    place.write(
        "d/Dockerfile",
        "# dockopt: keep[pin-bases] the nightly build wants the newest\nFROM node:23\n",
    );
    let before = web.asked().len();
    for arguments in [&["pin", "d"][..], &["pin", "--check", "d"], &["pin", "--locked", "d"]] {
        let said = place.run(arguments);
        assert_eq!((said.code, web.asked().len()), (0, before), "{arguments:?}: {}{}", said.out, said.err);
    }
    // A lock file that cannot be read is not replaced.
    place.write("dockopt.lock", "version = 1\n<<<<<<<\n");
    let said = place.run(&["pin"]);
    assert_eq!((said.code, place.read("dockopt.lock").as_str()), (2, "version = 1\n<<<<<<<\n"));
    assert!(said.err.contains("dockopt.lock:2"), "{}", said.err);
}

#[test]
fn proxies_of_the_environment_are_used_and_their_password_is_not_told() {
    let proxy = Web::start(|_| Reply::status(407, &[]));
    let place = Place::new("127.0.0.1:1");
    place.write("Dockerfile", "FROM registry.example/team/api:1\n");
    let address = format!("http://ann:s3cret@{}", proxy.address);
    let said = place.run_with(&[("HTTPS_PROXY", &address)], &["pin"]);
    assert_eq!(
        (said.code, proxy.asked()),
        (2, vec!["CONNECT registry.example:443".to_owned()]),
        "{}",
        said.err
    );
    assert!(said.err.contains("the proxy does not connect"), "{}", said.err);
    assert!(!said.err.contains("s3cret"), "{}", said.err);
    // Nothing on this machine is asked by way of a proxy.
    let web = Web::start(|_| good(DIGEST));
    place.write("Dockerfile", &format!("FROM {}/team/api:1\n", web.address));
    let said = place.run_with(&[("HTTPS_PROXY", &address), ("HTTP_PROXY", &address)], &["pin"]);
    assert_eq!((said.code, proxy.asked().len()), (0, 1), "{}", said.err);
}
