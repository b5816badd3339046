//! GitHub and GitHub Enterprise, by their REST API; branches move by the GraphQL mutation `updateRefs`, since it alone takes the
//! commit at which a branch must still be. Commits name no author, so that GitHub signs them for whose token it is.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use ureq::http::Method;

use super::failure::{Failure, Kind};
use super::token::{Login, Token};
use super::transport::{Answer, Limits, Transport};
use super::{Act, Commit, Draft, Forge, Name, Proposal, Repository, State, Tip};
use crate::http::{self, Origin};
use crate::snapshot::{Edit, Remote};

const HEADERS: [(&str, &str); 2] =
    [("accept", "application/vnd.github+json"), ("x-github-api-version", "2022-11-28")];
/// A token of an installation lasts an hour; a run of one repository is shorter than the rest.
const TOKEN_LIFE: Duration = Duration::from_mins(45);
/// Files of one request that makes a tree.
const TREE_ENTRIES: usize = 500;
/// Bytes of their texts.
const TREE_BYTES: usize = 4 << 20;
/// A branch that is not there, for `updateRefs`.
const NONE: &str = "0000000000000000000000000000000000000000";
const UPDATE_REFS: &str = "mutation($repository: ID!, $updates: [RefUpdate!]!) { \
    updateRefs(input: {repositoryId: $repository, refUpdates: $updates}) { clientMutationId } }";

/// A connection to GitHub.
pub struct GitHub {
    transport: Transport,
    /// What stands before the path of each request: nothing, or `/api/v3`.
    prefix: String,
    graphql: String,
    server: String,
    login: Login,
    /// Tokens of installations by owner, with when they were given.
    installed: Mutex<BTreeMap<String, (Token, Instant)>>,
}

#[derive(Deserialize)]
struct RepositoryAnswer {
    full_name: String,
    node_id: String,
    /// A list may leave it out.
    #[serde(default)]
    default_branch: String,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    disabled: bool,
    fork: bool,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

#[derive(Deserialize)]
struct Given {
    token: String,
}

#[derive(Deserialize)]
struct RefAnswer {
    object: Named,
}

#[derive(Deserialize)]
struct Named {
    sha: String,
}

#[derive(Deserialize)]
struct CommitAnswer {
    sha: String,
    tree: Named,
    parents: Vec<Named>,
    message: String,
}

#[derive(Deserialize)]
struct PullAnswer {
    number: u64,
    html_url: String,
    state: String,
    merged_at: Option<String>,
    body: Option<String>,
    #[serde(default)]
    labels: Vec<LabelAnswer>,
    head: HeadAnswer,
}

#[derive(Deserialize)]
struct LabelAnswer {
    name: Option<String>,
}

#[derive(Deserialize)]
struct HeadAnswer {
    #[serde(rename = "ref")]
    name: String,
    /// None if the fork is gone.
    repo: Option<HeadRepository>,
}

#[derive(Deserialize)]
struct HeadRepository {
    full_name: String,
}

impl From<PullAnswer> for Proposal {
    fn from(pull: PullAnswer) -> Self {
        let state = match (pull.state.as_str(), pull.merged_at) {
            (_, Some(_)) => State::Merged,
            ("open", None) => State::Open,
            _ => State::Closed,
        };
        Self {
            number: pull.number,
            state,
            body: pull.body.unwrap_or_default(),
            labels: pull.labels.into_iter().filter_map(|label| label.name).collect(),
            url: pull.html_url,
        }
    }
}

impl GitHub {
    /// The forge whose API is at `api`, such as `https://api.github.com`, and whose repositories are fetched from `server`.
    pub fn new(api: &str, server: &str, login: Login, limits: Limits) -> Result<Self, Failure> {
        let refused = |url: &str| {
            Failure::new(
                Kind::Unusable,
                format!("`{url}` is no address of a forge"),
                "it begins with https://; plain HTTP is for this machine only",
            )
        };
        let (origin, prefix) = Origin::of_url(api).ok_or_else(|| refused(api))?;
        let (place, folder) = Origin::of_url(server).ok_or_else(|| refused(server))?;
        let prefix = prefix.trim_end_matches('/').to_owned();
        // Enterprise has its GraphQL beside `/api/v3`, not below it.
        let graphql = format!("{}/graphql", prefix.strip_suffix("/v3").unwrap_or(&prefix));
        let server = place.url(folder.trim_end_matches('/'));
        Ok(Self {
            transport: Transport::new(origin, HEADERS.to_vec(), limits),
            prefix,
            graphql,
            server,
            login,
            installed: Mutex::default(),
        })
    }

    /// The token for a repository, or for the owner of some.
    fn token(&self, place: &str) -> Result<Token, Failure> {
        let app = match &self.login {
            Login::Token(token) => return Ok(token.clone()),
            Login::App(app) => app,
        };
        let (owner, path) = match place.split_once('/') {
            Some((owner, _)) => (owner, format!("{}/repos/{place}/installation", self.prefix)),
            None => (place, format!("{}/orgs/{place}/installation", self.prefix)),
        };
        let mut installed = http::lock(&self.installed);
        if let Some((token, given)) = installed.get(owner)
            && given.elapsed() < TOKEN_LIFE
        {
            return Ok(token.clone());
        }
        let authorization = app.authorization()?;
        let answer = self.transport.get(&path, &authorization)?;
        let installation: Installation = read(answer, &[200], "an installation of the app")?;
        let path = format!("{}/app/installations/{}/access_tokens", self.prefix, installation.id);
        // No more than is used, whatever the app may do.
        let body = json!({"permissions": {"contents": "write", "pull_requests": "write"}});
        let answer = self.transport.tell(&Method::POST, &path, &authorization, &body)?;
        let given: Given = read(answer, &[201], "a token for the app")?;
        let token =
            Token::new(&given.token).ok_or_else(|| Failure::unusable("GitHub gave an empty token"))?;
        installed.insert(owner.to_owned(), (token.clone(), Instant::now()));
        Ok(token)
    }

    fn authorization(&self, place: &str) -> Result<String, Failure> {
        Ok(format!("Bearer {}", self.token(place)?.secret()))
    }

    fn get(&self, name: &Name, path: &str) -> Result<Answer, Failure> {
        let path = format!("{}/repos/{name}{path}", self.prefix);
        self.transport.get(&path, &self.authorization(name.as_str())?)
    }

    fn tell(&self, method: &Method, name: &Name, path: &str, body: &Value) -> Result<Answer, Failure> {
        let path = format!("{}/repos/{name}{path}", self.prefix);
        self.transport.tell(method, &path, &self.authorization(name.as_str())?, body)
    }

    fn post(&self, name: &Name, path: &str, body: &Value) -> Result<Answer, Failure> {
        self.tell(&Method::POST, name, path, body)
    }

    /// All pages of a list; none if there is no such list.
    fn pages<T: for<'de> Deserialize<'de>>(
        &self,
        place: &str,
        path: &str,
    ) -> Result<Option<Vec<T>>, Failure> {
        let authorization = self.authorization(place)?;
        let mut found = Vec::new();
        let mut next = Some(format!("{}{path}", self.prefix));
        while let Some(path) = next {
            let answer = self.transport.get(&path, &authorization)?;
            if answer.status == 404 {
                return Ok(None);
            }
            next = answer.next_page(&self.transport.origin);
            found.extend(read::<Vec<T>>(answer, &[200], "a list")?);
        }
        Ok(Some(found))
    }

    /// A tree with edits.
    fn tree(&self, repository: &Repository, from: &str, edits: &[Edit]) -> Result<String, Failure> {
        let mut tree = from.to_owned();
        let mut rest = edits;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take(TREE_ENTRIES).take_while(|edit| {
                bytes += edit.new.len();
                bytes <= TREE_BYTES
            });
            let (now, later) = rest.split_at(fits.count().max(1));
            let entry = |edit: &Edit| json!({"path": edit.path, "mode": format!("{:o}", edit.mode), "type": "blob", "content": edit.new});
            let body = json!({"base_tree": tree, "tree": now.iter().map(entry).collect::<Vec<_>>()});
            let answer = self.post(&repository.name, "/git/trees", &body)?;
            tree = read::<Named>(answer, &[201], "a tree")?.sha;
            rest = later;
        }
        Ok(tree)
    }

    /// Moves a branch from one commit to another, makes it, or deletes it.
    fn move_branch(
        &self,
        repository: &Repository,
        branch: &str,
        from: &str,
        to: &str,
    ) -> Result<(), Failure> {
        let update =
            json!({"name": format!("refs/heads/{branch}"), "beforeOid": from, "afterOid": to, "force": true});
        let variables = json!({"repository": repository.id, "updates": [update]});
        let body = json!({"query": UPDATE_REFS, "variables": variables});
        let answer = self.transport.tell(
            &Method::POST,
            &self.graphql,
            &self.authorization(repository.name.as_str())?,
            &body,
        )?;
        let refused =
            answer.body.get("errors").and_then(Value::as_array).is_some_and(|errors| !errors.is_empty());
        if answer.status == 200 && !refused && answer.body.get("data").is_some() {
            return Ok(());
        }
        let failure = failure(&answer, "a branch");
        let is_denied = answer.body.pointer("/errors/0/type").and_then(Value::as_str) == Some("FORBIDDEN");
        match (answer.status, is_denied) {
            (200, true) => Err(Failure { kind: Kind::Denied, ..failure }),
            // It names what it expected at the branch; whether it is that, the next look at the branch tells.
            (200, false) => Err(Failure { kind: Kind::Conflict, ..failure }),
            _ => Err(failure),
        }
    }
}

impl RepositoryAnswer {
    fn read(self) -> Result<Repository, Failure> {
        let name = Name::parse(&self.full_name)
            .ok_or_else(|| Failure::unusable(format!("GitHub names a repository `{}`", self.full_name)))?;
        Ok(Repository {
            name,
            id: self.node_id,
            default_branch: self.default_branch,
            is_archived: self.archived || self.disabled,
            is_fork: self.fork,
        })
    }
}

impl Forge for GitHub {
    fn repositories(&self, owner: &str) -> Result<Vec<Repository>, Failure> {
        let of = |place: &str| self.pages(owner, &format!("/{place}/{owner}/repos?per_page=100"));
        // A person has repositories, too.
        let found: Option<Vec<RepositoryAnswer>> = match of("orgs")? {
            None => of("users")?,
            found => found,
        };
        let missing = || {
            let help = "check the name; what a token may not see is missing, too";
            Failure::new(Kind::Missing, format!("GitHub knows no organization or person `{owner}`"), help)
        };
        found.ok_or_else(missing)?.into_iter().map(RepositoryAnswer::read).collect()
    }

    fn repository(&self, name: &Name) -> Result<Repository, Failure> {
        let answer = self.get(name, "")?;
        let found: RepositoryAnswer = read(answer, &[200], "the repository")?;
        found.read()
    }

    fn remote(&self, name: &Name) -> Result<Remote, Failure> {
        use base64::Engine as _;
        let login = format!("x-access-token:{}", self.token(name.as_str())?.secret());
        let login = base64::engine::general_purpose::STANDARD.encode(login);
        Ok(Remote {
            url: format!("{}/{name}.git", self.server),
            authorization: Some(format!("Basic {login}")),
        })
    }

    fn tip(&self, repository: &Repository, branch: &str) -> Result<Option<Tip>, Failure> {
        let path = format!("/git/ref/{}", encoded(&format!("heads/{branch}")));
        let answer = self.get(&repository.name, &path)?;
        // 409 is a repository without any commit.
        if matches!(answer.status, 404 | 409) {
            return Ok(None);
        }
        let id = read::<RefAnswer>(answer, &[200], "a branch")?.object.sha;
        let answer = self.get(&repository.name, &format!("/git/commits/{}", encoded(&id)))?;
        let commit: CommitAnswer = read(answer, &[200], "a commit")?;
        let parents = commit.parents.into_iter().map(|parent| parent.sha).collect();
        Ok(Some(Tip { id: commit.sha, tree: commit.tree.sha, parents, message: commit.message }))
    }

    fn proposals(&self, repository: &Repository, branch: &str) -> Result<Vec<Proposal>, Failure> {
        let head = encoded(&format!("{}:{branch}", repository.name.owner()));
        let path = format!("/repos/{}/pulls?state=all&head={head}&per_page=100", repository.name);
        let pulls: Vec<PullAnswer> = self
            .pages(repository.name.as_str(), &path)?
            .ok_or_else(|| Failure::unusable("GitHub has no pull requests of this repository"))?;
        // A forge that does not understand the question answers with all of them; one from a fork is somebody else's.
        let is_own = |pull: &PullAnswer| {
            pull.head.name == branch
                && pull
                    .head
                    .repo
                    .as_ref()
                    .is_some_and(|repo| repo.full_name.eq_ignore_ascii_case(repository.name.as_str()))
        };
        let mut found: Vec<Proposal> = pulls.into_iter().filter(is_own).map(Proposal::from).collect();
        found.sort_by_key(|one| std::cmp::Reverse(one.number));
        Ok(found)
    }

    fn put(
        &self,
        repository: &Repository,
        branch: &str,
        from: Option<&str>,
        commit: &Commit,
    ) -> Result<Tip, Failure> {
        let tree = self.tree(repository, &commit.parent_tree, &commit.edits)?;
        if tree != commit.tree {
            return Err(Failure::unusable(format!(
                "{} made another tree of the files ({tree}) than git does ({})",
                self.transport.origin.authority, commit.tree
            )));
        }
        let body = json!({"message": commit.message, "tree": tree, "parents": [commit.parent]});
        let answer = self.post(&repository.name, "/git/commits", &body)?;
        let id = read::<Named>(answer, &[201], "a commit")?.sha;
        self.move_branch(repository, branch, from.unwrap_or(NONE), &id)?;
        Ok(Tip { id, tree, parents: vec![commit.parent.clone()], message: commit.message.clone() })
    }

    fn delete(&self, repository: &Repository, branch: &str, from: &str) -> Result<(), Failure> {
        self.move_branch(repository, branch, from, NONE)
    }

    fn propose(&self, repository: &Repository, draft: &Draft) -> Result<Proposal, Failure> {
        let body = json!({
            "title": draft.title,
            "head": draft.branch,
            "base": draft.base,
            "body": draft.body,
            "maintainer_can_modify": true,
            "draft": draft.is_draft,
        });
        let answer = self.post(&repository.name, "/pulls", &body)?;
        let pull: PullAnswer = read(answer, &[201], "a pull request")?;
        Ok(pull.into())
    }

    fn amend(&self, repository: &Repository, number: u64, body: &str, state: State) -> Result<(), Failure> {
        let body = match state {
            State::Closed => json!({"body": body, "state": "closed"}),
            State::Open | State::Merged => json!({"body": body}),
        };
        let answer = self.tell(&Method::PATCH, &repository.name, &format!("/pulls/{number}"), &body)?;
        read::<Value>(answer, &[200], "a pull request").map(drop)
    }

    fn label(&self, repository: &Repository, number: u64, labels: &[String]) -> Result<(), Failure> {
        let path = format!("/issues/{number}/labels");
        let answer = self.post(&repository.name, &path, &json!({"labels": labels}))?;
        read::<Value>(answer, &[200], "labels").map(drop)
    }

    fn requests(&self, repository: &Repository, act: Act) -> Vec<String> {
        let name = &repository.name;
        match act {
            Act::Put => vec![
                format!("POST {}/repos/{name}/git/trees", self.prefix),
                format!("POST {}/repos/{name}/git/commits", self.prefix),
                format!("POST {} (updateRefs)", self.graphql),
            ],
            Act::Delete => vec![format!("POST {} (updateRefs)", self.graphql)],
            Act::Propose => vec![format!("POST {}/repos/{name}/pulls", self.prefix)],
            Act::Amend(number) => vec![format!("PATCH {}/repos/{name}/pulls/{number}", self.prefix)],
            Act::Label(number) => vec![format!("POST {}/repos/{name}/issues/{number}/labels", self.prefix)],
        }
    }

    fn wait(&self) -> Duration {
        self.transport.limits.first_wait
    }

    fn calls(&self) -> usize {
        self.transport.calls()
    }
}

/// The body of an answer with one of these statuses.
fn read<T: for<'de> Deserialize<'de>>(answer: Answer, statuses: &[u16], what: &str) -> Result<T, Failure> {
    if !statuses.contains(&answer.status) {
        return Err(failure(&answer, what));
    }
    serde_json::from_value(answer.body)
        .map_err(|error| Failure::unusable(format!("what GitHub says of {what} cannot be read: {error}")))
}

/// What another status means.
fn failure(answer: &Answer, what: &str) -> Failure {
    let said = answer.message();
    let text = said.to_ascii_lowercase();
    let has = |words: &str| text.contains(words);
    let (kind, help) = match answer.status {
        401 => (Kind::Denied, "the token is not valid or has expired; make a new one"),
        403 if has("not permitted to create or approve pull requests") => (
            Kind::Denied,
            "allow it in the settings of the repository and of its organization (Actions, General, Workflow permissions), or \
             take the token of a GitHub App",
        ),
        403 if has("saml") => (Kind::Denied, "authorize the token for the organization's single sign-on"),
        403 if has("archived") => (Kind::Denied, "an archived repository takes no changes; leave it out"),
        403 if has("not accessible by") => (
            Kind::Denied,
            "the token may not do this: it needs `contents: write` and `pull-requests: write`, and must have access to this \
             repository",
        ),
        403 => {
            (Kind::Denied, "the token needs `contents: write` and `pull-requests: write` for this repository")
        }
        404 => (Kind::Missing, "check the name; what a token may not see is missing, too"),
        409 => (Kind::Conflict, "run it again: it goes on from what is there"),
        422 if ["already exists", "no commits between", "does not exist", "is not a fast forward"]
            .iter()
            .any(|words| has(words)) =>
        {
            (Kind::Conflict, "run it again: it goes on from what is there")
        }
        _ => (Kind::Unusable, "try again later; if it stays so, a rule of the repository may forbid it"),
    };
    let said = if said.is_empty() { "no reason given".to_owned() } else { said };
    Failure::new(kind, format!("GitHub refuses {what}: {said} ({})", answer.status), help)
}

/// A text as one segment of a path or one value of a query.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
