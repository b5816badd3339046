//! A forge on this machine that speaks as GitHub does, over real bare git repositories: what it is told ends in git's objects, and
//! git fetches from it. Each request and answer is held to GitHub's description. Must not know what is tested.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::contract;
use crate::web::{Asked, Reply, Web};

pub(crate) const TOKEN: &str = "t0ken-of-a-test";
const API: &str = "/api/v3";
const NONE: &str = "0000000000000000000000000000000000000000";
/// As many pull requests does a list have on a page here.
const PAGE: usize = 2;

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pull {
    pub(crate) number: u64,
    pub(crate) state: String,
    pub(crate) is_merged: bool,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) head: String,
    pub(crate) base: String,
    pub(crate) labels: Vec<String>,
    pub(crate) is_draft: bool,
    /// Whose repository the branch is in.
    pub(crate) owner: String,
}

/// What goes wrong, once.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// It is not done, and this is said: status, headers and message.
    Refuse(u16, Vec<(&'static str, String)>, &'static str),
    /// It is not done, and nothing is said.
    Drop,
    /// It is done, and nothing is said.
    Swallow,
}

/// What happens before a request is answered.
type Meanwhile = Box<dyn FnOnce(&Fake) + Send>;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) pulls: Vec<Pull>,
    pub(crate) is_archived: bool,
    /// Other repositories of the organization, of which only the list knows: name, and whether `plain`, `archived` or a `fork`.
    pub(crate) others: Vec<(String, &'static str)>,
    /// The public key of the one app that there is, in a file.
    pub(crate) app_key: Option<PathBuf>,
    /// Faults by how a request begins, such as `POST /repos/acme/web/pulls`; the first that fits is taken.
    pub(crate) faults: Vec<(String, Fault)>,
    meanwhile: Vec<(String, Meanwhile)>,
    /// Every request to the API: method and path.
    pub(crate) asked: Vec<String>,
    /// What did not keep to the description.
    violations: Vec<String>,
}

/// The forge.
#[derive(Clone)]
pub(crate) struct Fake {
    root: Arc<tempfile::TempDir>,
    state: Arc<Mutex<State>>,
}

/// A fake that can be asked. It ends with this value.
pub(crate) struct Running {
    pub(crate) fake: Fake,
    pub(crate) web: Web,
}

impl Running {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.web.address)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(
                self.fake.state().violations,
                [""; 0],
                "requests and answers keep to GitHub's description"
            );
        }
    }
}

impl Fake {
    /// A forge with the repository `acme/web`, whose branch `main` holds these files.
    pub(crate) fn start(files: &[(&str, &str)]) -> Running {
        let fake = Self {
            root: Arc::new(tempfile::tempdir().expect("there is room for temporary files")),
            state: Arc::default(),
        };
        let folder = fake.folder();
        std::fs::create_dir_all(&folder).expect("it is new");
        fake.git(&["init", "--quiet", "--bare", "--initial-branch=main"], b"");
        for setting in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
            fake.git(&["config", setting, "true"], b"");
        }
        if !files.is_empty() {
            fake.commit("main", files);
        }
        let own = fake.clone();
        Running { fake, web: Web::start(move |asked| own.answer(asked)) }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The folder of the repository.
    pub(crate) fn folder(&self) -> PathBuf {
        self.root.path().join("acme/web.git")
    }

    /// Something that happens while a request that begins so is on its way.
    pub(crate) fn meanwhile(&self, request: &str, happens: impl FnOnce(&Fake) + Send + 'static) {
        self.state().meanwhile.push((request.to_owned(), Box::new(happens)));
    }

    /// Lets a request that begins so fail once.
    pub(crate) fn fault(&self, request: &str, fault: Fault) {
        self.state().faults.push((request.to_owned(), fault));
    }

    /// Commits files on top of a branch, as a person does.
    pub(crate) fn commit(&self, branch: &str, files: &[(&str, &str)]) -> String {
        let entries: Vec<(&[u8], &str, &[u8])> =
            files.iter().map(|(path, text)| (path.as_bytes(), "100644", text.as_bytes())).collect();
        self.commit_entries(branch, &entries)
    }

    /// The same for any entries: path, mode and content.
    pub(crate) fn commit_entries(&self, branch: &str, entries: &[(&[u8], &str, &[u8])]) -> String {
        let mut input = format!(
            "commit refs/heads/{branch}\ncommitter Ann <ann@example.org> 1790000000 +0000\ndata 4\nwork\n"
        )
        .into_bytes();
        if let Some(tip) = self.tip(branch) {
            input.extend(format!("from {tip}\n").bytes());
        }
        for (path, mode, content) in entries {
            let path: String = path.iter().map(|byte| format!("\\{byte:03o}")).collect();
            input.extend(format!("M {mode} inline \"{path}\"\ndata {}\n", content.len()).bytes());
            input.extend(content.iter().chain(b"\n"));
        }
        self.git(&["fast-import", "--quiet", "--force"], &input);
        self.tip(branch).expect("it was made")
    }

    /// Lets a branch end elsewhere, or nowhere.
    pub(crate) fn point(&self, branch: &str, to: Option<&str>) {
        let name = format!("refs/heads/{branch}");
        match to {
            Some(to) => self.git(&["update-ref", &name, to], b""),
            None => self.git(&["update-ref", "-d", &name], b""),
        };
        self.close_orphans();
    }

    /// The end of a branch.
    pub(crate) fn tip(&self, branch: &str) -> Option<String> {
        self.try_git(&["rev-parse", "--verify", "--quiet", &format!("refs/heads/{branch}")], b"")
    }

    /// What a file holds at the end of a branch.
    pub(crate) fn file(&self, branch: &str, path: &str) -> Option<String> {
        self.try_git(&["cat-file", "blob", &format!("refs/heads/{branch}:{path}")], b"")
    }

    /// Merges a pull request by moving its base to it.
    pub(crate) fn merge(&self, number: u64) {
        let mut state = self.state();
        let pull = state.pulls.iter_mut().find(|pull| pull.number == number).expect("it is there");
        (pull.is_merged, pull.state) = (true, "closed".to_owned());
        let (head, base) = (pull.head.clone(), pull.base.clone());
        drop(state);
        let tip = self.tip(&head).expect("it is there");
        self.point(&base, Some(&tip));
    }

    /// Closes a pull request without merging it, as a person does.
    pub(crate) fn close(&self, number: u64) {
        let mut state = self.state();
        let pull = state.pulls.iter_mut().find(|pull| pull.number == number).expect("it is there");
        "closed".clone_into(&mut pull.state);
    }

    pub(crate) fn open_pulls(&self) -> Vec<Pull> {
        self.state().pulls.iter().filter(|pull| pull.state == "open").cloned().collect()
    }

    /// The requests that did something.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.state().asked.iter().filter(|asked| !asked.starts_with("GET ")).cloned().collect()
    }

    /// What a person would see: each branch with its tree, parents and message, and each pull request.
    pub(crate) fn seen(&self) -> (BTreeMap<String, String>, Vec<Pull>) {
        let format = "%(refname:short)%00%(tree) %(parent) %(contents)%00";
        let listing = self.git(&["for-each-ref", &format!("--format={format}"), "refs/heads"], b"");
        let mut parts = listing.split('\0');
        let mut branches = BTreeMap::new();
        while let (Some(name), Some(what)) = (parts.next(), parts.next()) {
            branches.insert(name.trim().to_owned(), what.to_owned());
        }
        (branches, self.state().pulls.clone())
    }

    pub(crate) fn git(&self, arguments: &[&str], input: &[u8]) -> String {
        self.try_git(arguments, input).unwrap_or_else(|| panic!("git {arguments:?} works"))
    }

    fn try_git(&self, arguments: &[&str], input: &[u8]) -> Option<String> {
        let mut command = Command::new("git");
        command.current_dir(self.folder()).args(arguments);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for (role, name) in [("AUTHOR", "web-flow"), ("COMMITTER", "web-flow")] {
            command
                .env(format!("GIT_{role}_NAME"), name)
                .env(format!("GIT_{role}_EMAIL"), "forge@example.org");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("git is there");
        let mut stdin = child.stdin.take().expect("it is piped");
        let input = input.to_owned();
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().expect("it ends");
        let _ = writer.join();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then(|| {
            if text.ends_with('\n') && arguments[0] != "cat-file" { text.trim_end().to_owned() } else { text }
        })
    }

    fn answer(&self, asked: &Asked) -> Reply {
        let Some(path) = asked.path.strip_prefix("/api/") else { return self.git_http(asked) };
        let path = path.strip_prefix("v3").unwrap_or("/graphql").to_owned();
        let line = format!("{} {path}", asked.method);
        self.state().asked.push(line.clone());
        let speaks = asked.header("authorization").unwrap_or_default();
        let is_of_app = path.ends_with("/installation") || path.ends_with("/access_tokens");
        if if is_of_app { !self.is_signed(speaks) } else { speaks != format!("Bearer {TOKEN}") } {
            return reply(
                401,
                &[],
                &json!({"message": "Bad credentials", "documentation_url": "https://docs.example", "status": "401"}),
            );
        }
        let happens = {
            let mut state = self.state();
            let at = state.meanwhile.iter().position(|(start, _)| line.starts_with(start));
            at.map(|at| state.meanwhile.remove(at).1)
        };
        if let Some(happens) = happens {
            happens(self);
        }
        let fault = {
            let mut state = self.state();
            let at = state.faults.iter().position(|(start, _)| line.starts_with(start));
            at.map(|at| state.faults.remove(at).1)
        };
        match fault {
            Some(Fault::Refuse(status, headers, message)) => {
                let headers: Vec<(&'static str, String)> = headers;
                let body = json!({"message": message, "documentation_url": "https://docs.example"});
                return reply(status, &headers, &body);
            }
            Some(Fault::Drop) => return Reply::Raw(String::new()),
            _ => {}
        }
        let (status, headers, body) = if path == "/graphql" {
            self.graphql(&asked.body)
        } else {
            self.state().violations.extend(contract::request(&asked.method, &path, &asked.body));
            let (status, headers, body) = self.rest(&asked.method, &path, &asked.body);
            self.state().violations.extend(contract::answer(&asked.method, &path, status, &body));
            (status, headers, body)
        };
        let host = asked.header("host").unwrap_or_default();
        let headers: Vec<_> =
            headers.into_iter().map(|(key, value)| (key, value.replace("HOST", host))).collect();
        if matches!(fault, Some(Fault::Swallow)) {
            Reply::Raw(String::new())
        } else {
            reply(status, &headers, &body)
        }
    }

    fn rest(&self, method: &str, path: &str, body: &str) -> (u16, Vec<(&'static str, String)>, Value) {
        let (place, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<String> = place.split('/').skip(1).map(contract::decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        let plain = |(status, body): (u16, Value)| (status, Vec::new(), body);
        match (method, parts.as_slice()) {
            ("GET", ["repos", "acme", "web", "installation"]) => {
                let mut answer = contract::example("GET", "/repos/a/b/installation", 200);
                answer["id"] = json!(7);
                plain((200, answer))
            }
            ("POST", ["app", "installations", "7", "access_tokens"]) => {
                assert_eq!(body["permissions"], json!({"contents": "write", "pull_requests": "write"}));
                let mut answer = contract::example("POST", place, 201);
                lay(&mut answer, &json!({"token": TOKEN, "repositories": []}));
                plain((201, answer))
            }
            ("GET", ["orgs", "acme", "repos"]) => self.repositories(place, query),
            (_, ["repos", owner, name, ..]) if (*owner, *name) != ("acme", "web") => plain(missing()),
            ("GET", ["repos", _, _]) => plain((200, self.repository())),
            ("GET", ["repos", _, _, "git", "ref", name]) => plain(self.reference(name)),
            ("GET", ["repos", _, _, "git", "commits", id]) => {
                plain((200, self.commit_answer("GET", place, 200, id)))
            }
            ("POST", ["repos", _, _, "git", "trees"]) => plain(self.make_tree(place, &body)),
            ("POST", ["repos", _, _, "git", "commits"]) => plain(self.make_commit(place, &body)),
            ("GET", ["repos", _, _, "pulls"]) => self.list(place, query),
            ("POST", ["repos", _, _, "pulls"]) => plain(self.make_pull(place, &body)),
            ("PATCH", ["repos", _, _, "pulls", number]) => plain(self.change_pull(place, number, &body)),
            ("POST", ["repos", _, _, "issues", number, "labels"]) => {
                plain(self.add_labels(place, number, &body))
            }
            _ => plain(missing()),
        }
    }

    fn repository(&self) -> Value {
        let mut answer = contract::example("GET", "/repos/a/b", 200);
        // GitHub's own example is without a field that its description asks for, and is a fork.
        for key in ["parent", "source", "template_repository"] {
            answer.as_object_mut().expect("it has fields").remove(key);
        }
        lay(
            &mut answer,
            &json!({
                "full_name": "acme/web", "name": "web", "node_id": "R_web", "default_branch": "main", "fork": false,
                "archived": self.state().is_archived, "disabled": false, "language": null,
            }),
        );
        answer
    }

    /// Whether an app signed this, not long ago and not for long.
    fn is_signed(&self, authorization: &str) -> bool {
        use base64::Engine as _;
        let decode =
            |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).expect("it is base64");
        let Some(key) = self.state().app_key.clone() else { return false };
        let parts: Vec<&str> = authorization.trim_start_matches("Bearer ").split('.').collect();
        let [header, claims, signature] = parts.as_slice() else { return false };
        let folder = self.root.path();
        std::fs::write(folder.join("signed"), format!("{header}.{claims}")).expect("there is room");
        std::fs::write(folder.join("signature"), decode(signature)).expect("there is room");
        let mut command = Command::new("openssl");
        command.args(["dgst", "-sha256", "-verify"]).arg(key).args(["-signature", "signature", "signed"]);
        let is_signed = command.current_dir(folder).output().expect("openssl is there").status.success();
        let claims: Value = serde_json::from_slice(&decode(claims)).expect("it is JSON");
        let (from, until) =
            (claims["iat"].as_u64().expect("a time"), claims["exp"].as_u64().expect("a time"));
        is_signed && claims["iss"] == "4711" && until - from <= 600
    }

    fn reference(&self, name: &str) -> (u16, Value) {
        if self.tip("main").is_none() {
            return (409, refusal("Git Repository is empty."));
        }
        let Some(tip) = name.strip_prefix("heads/").and_then(|branch| self.tip(branch)) else {
            return missing();
        };
        let mut answer = contract::example("GET", "/repos/a/b/git/ref/c", 200);
        answer["ref"] = json!(format!("refs/{name}"));
        answer["object"]["sha"] = json!(tip);
        (200, answer)
    }

    fn commit_answer(&self, method: &str, place: &str, status: u16, id: &str) -> Value {
        let mut answer = contract::example(method, place, status);
        let tree = self.git(&["rev-parse", &format!("{id}^{{tree}}")], b"");
        let parents = self.git(&["show", "--no-patch", "--format=%P", id], b"");
        let message = self.git(&["show", "--no-patch", "--format=%B", id], b"");
        let parents: Vec<Value> = parents
            .split_whitespace()
            .map(|id| json!({"sha": id, "url": "https://api.example/c", "html_url": "https://forge.example/c"}))
            .collect();
        answer["sha"] = json!(id);
        answer["tree"]["sha"] = json!(tree);
        lay(&mut answer, &json!({"parents": parents, "message": message.trim_end()}));
        answer
    }

    fn make_tree(&self, place: &str, body: &Value) -> (u16, Value) {
        let own = format!("refs/fake/tree-{}", self.state().asked.len());
        let mut input = format!("commit {own}\ncommitter fake <> 0 +0000\ndata 0\n");
        if let Some(base) = body["base_tree"].as_str() {
            input.push_str(&format!("M 040000 {base} \"\"\n"));
        }
        for entry in body["tree"].as_array().into_iter().flatten() {
            let text = |key: &str| entry[key].as_str().expect("the bot sends texts");
            let path: String = text("path").bytes().map(|byte| format!("\\{byte:03o}")).collect();
            let content = text("content");
            input.push_str(&format!(
                "M {} inline \"{path}\"\ndata {}\n{content}\n",
                text("mode"),
                content.len()
            ));
        }
        self.git(&["fast-import", "--quiet", "--force"], input.as_bytes());
        let mut answer = contract::example("POST", place, 201);
        answer["sha"] = json!(self.git(&["rev-parse", &format!("{own}^{{tree}}")], b""));
        self.git(&["update-ref", "-d", &own], b"");
        (201, answer)
    }

    fn make_commit(&self, place: &str, body: &Value) -> (u16, Value) {
        assert!(body["author"].is_null() && body["committer"].is_null(), "the forge signs for itself");
        let mut arguments = vec!["commit-tree".to_owned(), body["tree"].as_str().expect("a tree").to_owned()];
        for parent in body["parents"].as_array().into_iter().flatten() {
            arguments.extend(["-p".to_owned(), parent.as_str().expect("a parent").to_owned()]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let id = self.git(&arguments, body["message"].as_str().expect("a message").as_bytes());
        (201, self.commit_answer("POST", place, 201, &id))
    }

    fn graphql(&self, body: &str) -> (u16, Vec<(&'static str, String)>, Value) {
        let body: Value = serde_json::from_str(body).expect("it is JSON");
        let query = body["query"].as_str().expect("it has a query");
        assert!(
            query.contains("updateRefs(input: {repositoryId: $repository, refUpdates: $updates})"),
            "{query}"
        );
        assert_eq!(body["variables"]["repository"], "R_web");
        let mut commands = String::from("start\n");
        for update in body["variables"]["updates"].as_array().expect("it has updates") {
            let keys: Vec<&String> = update.as_object().expect("an update").keys().collect();
            assert_eq!(keys, ["afterOid", "beforeOid", "force", "name"], "as GraphQL's RefUpdate has them");
            let text = |key: &str| update[key].as_str().expect("it is a text").to_owned();
            let (name, before, after) = (text("name"), text("beforeOid"), text("afterOid"));
            commands.push_str(&match after.as_str() {
                NONE => format!("delete {name} {before}\n"),
                _ => format!("update {name} {after} {before}\n"),
            });
        }
        commands.push_str("prepare\ncommit\n");
        let answer = if self.try_git(&["update-ref", "--stdin"], commands.as_bytes()).is_some() {
            json!({"data": {"updateRefs": {"clientMutationId": null}}})
        } else {
            json!({"data": {"updateRefs": null}, "errors": [{"type": "UNPROCESSABLE", "message": "the ref is not at the expected commit"}]})
        };
        self.close_orphans();
        (200, Vec::new(), answer)
    }

    /// As GitHub closes pull requests whose branch goes.
    fn close_orphans(&self) {
        let heads: Vec<String> = self.state().pulls.iter().map(|pull| pull.head.clone()).collect();
        let gone: Vec<&String> = heads.iter().filter(|head| self.tip(head).is_none()).collect();
        for pull in
            self.state().pulls.iter_mut().filter(|pull| gone.contains(&&pull.head) && pull.owner == "acme")
        {
            "closed".clone_into(&mut pull.state);
        }
    }

    fn repositories(&self, place: &str, query: &str) -> (u16, Vec<(&'static str, String)>, Value) {
        let mut all = self.state().others.clone();
        all.push(("acme/web".to_owned(), "plain"));
        let page = page(query);
        let example = contract::example("GET", place, 200)[0].clone();
        let one = |(name, sort): &(String, &str)| {
            let mut one = example.clone();
            one["full_name"] = json!(name);
            one["archived"] = json!(*sort == "archived");
            one["fork"] = json!(*sort == "fork");
            one
        };
        let shown = all.iter().skip((page - 1) * PAGE).take(PAGE).map(one).collect();
        let link = link(all.len(), page, &format!("{API}{place}?per_page=100"));
        (200, link, Value::Array(shown))
    }

    fn list(&self, place: &str, query: &str) -> (u16, Vec<(&'static str, String)>, Value) {
        let value = |name: &str| {
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| contract::decoded(value))
        };
        let head = value("head").expect("the bot asks for its branch");
        let page = page(query);
        let mut pulls = self.state().pulls.clone();
        pulls.retain(|pull| head == format!("{}:{}", pull.owner, pull.head));
        pulls.reverse();
        let shown: Vec<Value> = pulls
            .iter()
            .skip((page - 1) * PAGE)
            .take(PAGE)
            .map(|pull| self.pull("GET", place, 200, pull))
            .collect();
        let head = head.replace(':', "%3A").replace('/', "%2F");
        let link = link(pulls.len(), page, &format!("{API}{place}?state=all&head={head}&per_page=100"));
        (200, link, Value::Array(shown))
    }

    fn pull(&self, method: &str, place: &str, status: u16, pull: &Pull) -> Value {
        let mut answer = contract::example(method, place, status);
        if let Some(list) = answer.as_array() {
            answer = list[0].clone();
        }
        let sha = self.tip(&pull.head).unwrap_or_else(|| NONE.to_owned());
        let label = contract::example("POST", "/repos/a/b/issues/1/labels", 200)[0].clone();
        let labels: Vec<Value> = pull
            .labels
            .iter()
            .map(|name| {
                let mut label = label.clone();
                label["name"] = json!(name);
                label
            })
            .collect();
        lay(
            &mut answer,
            &json!({
                "number": pull.number, "state": pull.state, "title": pull.title, "body": pull.body, "draft": pull.is_draft, "labels": labels,
                "merged_at": pull.is_merged.then_some("2026-11-25T12:00:00Z"), "requested_teams": [],
                "html_url": format!("https://forge.example/acme/web/pull/{}", pull.number),
            }),
        );
        let repository = format!("{}/web", pull.owner);
        lay(
            &mut answer["head"],
            &json!({"ref": pull.head, "sha": sha, "label": format!("{}:{}", pull.owner, pull.head)}),
        );
        answer["head"]["repo"]["full_name"] = json!(repository);
        answer["base"]["ref"] = json!(pull.base);
        answer
    }

    fn make_pull(&self, place: &str, body: &Value) -> (u16, Value) {
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        let (head, base) = (text("head"), text("base"));
        let exists = self
            .state()
            .pulls
            .iter()
            .any(|pull| pull.head == head && pull.state == "open" && pull.owner == "acme");
        let problem = if exists {
            Some(format!("A pull request already exists for acme:{head}."))
        } else if self.tip(&head).is_none() {
            Some("head is invalid".to_owned())
        } else if self.git(&["rev-list", "--count", &format!("{base}..{head}")], b"") == "0" {
            Some(format!("No commits between {base} and {head}"))
        } else {
            None
        };
        if let Some(problem) = problem {
            let error = json!({"resource": "PullRequest", "code": "custom", "message": problem});
            return (
                422,
                json!({"message": "Validation Failed", "errors": [error], "documentation_url": "https://docs.example"}),
            );
        }
        let pull = {
            let mut state = self.state();
            let pull = Pull {
                number: state.pulls.iter().map(|pull| pull.number).max().unwrap_or(0) + 1,
                state: "open".to_owned(),
                is_merged: false,
                title: text("title"),
                body: text("body"),
                head,
                base,
                labels: Vec::new(),
                is_draft: body["draft"] == true,
                owner: "acme".to_owned(),
            };
            state.pulls.push(pull.clone());
            pull
        };
        (201, self.pull("POST", place, 201, &pull))
    }

    fn change_pull(&self, place: &str, number: &str, body: &Value) -> (u16, Value) {
        let pull = {
            let mut state = self.state();
            let Some(pull) = state.pulls.iter_mut().find(|pull| pull.number.to_string() == number) else {
                return missing();
            };
            for (key, value) in body.as_object().into_iter().flatten() {
                let value = value.as_str().expect("they are texts").to_owned();
                match key.as_str() {
                    "body" => pull.body = value,
                    "state" => pull.state = value,
                    "title" => pull.title = value,
                    other => panic!("the bot does not change `{other}`"),
                }
            }
            pull.clone()
        };
        (200, self.pull("PATCH", place, 200, &pull))
    }

    fn add_labels(&self, place: &str, number: &str, body: &Value) -> (u16, Value) {
        let mut state = self.state();
        let Some(pull) = state.pulls.iter_mut().find(|pull| pull.number.to_string() == number) else {
            return missing();
        };
        let new = body["labels"].as_array().into_iter().flatten().filter_map(Value::as_str);
        pull.labels.extend(new.map(str::to_owned));
        (200, contract::example("POST", place, 200))
    }

    /// What git asks.
    fn git_http(&self, asked: &Asked) -> Reply {
        use base64::Engine as _;
        let login = base64::engine::general_purpose::STANDARD.encode(format!("x-access-token:{TOKEN}"));
        if asked.header("authorization") != Some(&format!("Basic {login}")) {
            return Reply::Text(401, vec![("www-authenticate", "Basic realm=git".to_owned())], String::new());
        }
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        let mut command = Command::new("git");
        command.arg("http-backend").env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
            .env("GIT_PROJECT_ROOT", self.root.path())
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("PATH_INFO", path);
        command.env("QUERY_STRING", query).env("REQUEST_METHOD", &asked.method).env("REMOTE_USER", "bot");
        command.env("CONTENT_LENGTH", asked.bytes.len().to_string());
        for (variable, header) in [
            ("CONTENT_TYPE", "content-type"),
            ("GIT_PROTOCOL", "git-protocol"),
            ("HTTP_CONTENT_ENCODING", "content-encoding"),
        ] {
            command.env(variable, asked.header(header).unwrap_or_default());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("git is there");
        let mut stdin = child.stdin.take().expect("it is piped");
        let input = asked.bytes.clone();
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().expect("it ends").stdout;
        let _ = writer.join();
        let end = output.windows(4).position(|four| four == b"\r\n\r\n").expect("it answers with a header");
        let head = String::from_utf8_lossy(&output[..end]).into_owned();
        let mut status = 200;
        let mut headers = Vec::new();
        for line in head.lines() {
            let Some((key, value)) = line.split_once(": ") else { continue };
            match key {
                "Status" => status = value[..3].parse().expect("it is a number"),
                _ => headers.push((key.to_owned(), value.to_owned())),
            }
        }
        Reply::Bytes(status, headers, output[end + 4..].to_vec())
    }
}

fn reply(status: u16, headers: &[(&'static str, String)], body: &Value) -> Reply {
    Reply::Text(status, headers.to_vec(), body.to_string())
}

fn page(query: &str) -> usize {
    let page = query.split('&').find_map(|pair| pair.strip_prefix("page="));
    page.map_or(1, |page| page.parse().expect("it is a number"))
}

/// The header that leads to the next page, if there is one.
fn link(length: usize, page: usize, url: &str) -> Vec<(&'static str, String)> {
    let next = format!("<http://HOST{url}&page={}>", page + 1);
    if length > page * PAGE {
        vec![("link", format!("{next}; rel=\"next\", {next}; rel=\"last\""))]
    } else {
        Vec::new()
    }
}

fn missing() -> (u16, Value) {
    (404, refusal("Not Found"))
}

fn refusal(message: &str) -> Value {
    json!({"message": message, "documentation_url": "https://docs.example"})
}

/// Lays fields over an answer.
fn lay(answer: &mut Value, over: &Value) {
    for (key, value) in over.as_object().expect("it has fields") {
        answer[key] = value.clone();
    }
}
