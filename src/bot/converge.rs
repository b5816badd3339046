//! From what is on the forge to what should be there, one step after the other. Each step is decided from what is there alone, so a
//! run that was cut short, or met another one, is gone on with by the next. Must not decide what should be there.

use std::thread;

use super::fingerprint;
use super::plan::Plan;
use crate::forge::{Act, Commit, Draft, Failure, Forge, Kind, Proposal, Repository, State, Tip};

/// What is on the forge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Situation {
    /// The end of the bot's branch.
    pub tip: Option<Tip>,
    /// Every pull request from it, the newest first.
    pub proposals: Vec<Proposal>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Let the branch end at a new commit.
    Put {
        /// Where it ends now.
        from: Option<String>,
        /// The commit.
        commit: Commit,
    },
    /// Open a pull request.
    Propose(Draft),
    /// Give a pull request another text.
    Amend {
        /// Its number.
        number: u64,
        /// The text.
        body: String,
    },
    /// Add labels to it.
    Label {
        /// Its number.
        number: u64,
        /// The labels that it does not have.
        labels: Vec<String>,
    },
    /// Close it, and say why in its text.
    Close {
        /// Its number.
        number: u64,
        /// The text.
        body: String,
    },
    /// Delete the branch.
    Delete {
        /// Where it ends.
        from: String,
    },
}

impl Step {
    /// What it is to a forge.
    pub fn act(&self) -> Act {
        match self {
            Self::Put { .. } => Act::Put,
            Self::Propose(_) => Act::Propose,
            Self::Amend { number, .. } | Self::Close { number, .. } => Act::Amend(*number),
            Self::Label { number, .. } => Act::Label(*number),
            Self::Delete { .. } => Act::Delete,
        }
    }
}

/// Where it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Nothing is to be changed, and nothing is proposed.
    Nothing,
    /// A pull request says what is to be changed.
    Proposed {
        /// Its number; none in a rehearsal that would open it.
        number: Option<u64>,
        /// Where people see it.
        url: String,
    },
    /// A person closed a pull request with these changes, or took them back.
    Refused {
        /// Its number.
        number: u64,
    },
    /// A person pushed to the branch.
    Touched {
        /// The pull request, if there is one.
        number: Option<u64>,
    },
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// This.
    Do(Step),
    /// Nothing.
    End(Ending),
}

impl Situation {
    /// What the forge says.
    pub fn read(forge: &dyn Forge, repository: &Repository, branch: &str) -> Result<Self, Failure> {
        Ok(Self { tip: forge.tip(repository, branch)?, proposals: forge.proposals(repository, branch)? })
    }

    fn open(&self) -> Option<&Proposal> {
        self.proposals.iter().find(|one| one.state == State::Open)
    }

    /// What comes next for a plan; without one nothing is to be changed.
    pub fn next(&self, plan: Option<&Plan>) -> Next {
        match plan {
            Some(plan) => self.toward(plan),
            None => self.away(),
        }
    }

    fn toward(&self, plan: &Plan) -> Next {
        let open = self.open();
        if open.is_none()
            && let Some(refused) = self.refused(plan)
        {
            return Next::End(Ending::Refused { number: refused.number });
        }
        let put = |from: Option<&Tip>| {
            Next::Do(Step::Put { from: from.map(|tip| tip.id.clone()), commit: plan.commit.clone() })
        };
        match &self.tip {
            None => return put(None),
            Some(tip) => match fingerprint::edits_of(tip) {
                // Its files are as they would be written today. A base that went on elsewhere is no reason to run all checks again.
                Some(edits) if edits == plan.fingerprint.edits => {}
                Some(_) => return put(Some(tip)),
                None if open.is_some_and(|open| fingerprint::asks_for_rebuild(&open.body)) => {
                    return put(Some(tip));
                }
                None => return Next::End(Ending::Touched { number: open.map(|open| open.number) }),
            },
        }
        let Some(open) = open else { return Next::Do(Step::Propose(plan.draft.clone())) };
        let number = open.number;
        if !plan.fingerprint.is_marked(&open.body) || fingerprint::asks_for_rebuild(&open.body) {
            return Next::Do(Step::Amend { number, body: plan.draft.body.clone() });
        }
        // A forge keeps the case in which a label was first written.
        let has = |label: &String| open.labels.iter().any(|other| other.eq_ignore_ascii_case(label));
        let labels: Vec<String> = plan.labels.iter().filter(|label| !has(label)).cloned().collect();
        if !labels.is_empty() {
            return Next::Do(Step::Label { number, labels });
        }
        Next::End(Ending::Proposed { number: Some(number), url: open.url.clone() })
    }

    fn away(&self) -> Next {
        let is_own = self.tip.as_ref().is_some_and(|tip| fingerprint::edits_of(tip).is_some());
        match (self.open(), &self.tip) {
            (open, Some(_)) if !is_own => Next::End(Ending::Touched { number: open.map(|open| open.number) }),
            (Some(open), _) => {
                let why = "dockopt closes this: nothing of it is left to change in the base branch.";
                Next::Do(Step::Close { number: open.number, body: fingerprint::closed(&open.body, why) })
            }
            (None, Some(tip)) => Next::Do(Step::Delete { from: tip.id.clone() }),
            (None, None) => Next::End(Ending::Nothing),
        }
    }

    /// The pull request by which a person said no to everything that is planned: closed, or merged and taken back since.
    fn refused(&self, plan: &Plan) -> Option<&Proposal> {
        self.proposals
            .iter()
            .find(|one| !fingerprint::is_closed_by_bot(&one.body) && plan.fingerprint.is_within(&one.body))
    }

    /// What is on the forge after a step, as far as it can be foreseen.
    #[must_use]
    pub fn after(&self, step: &Step) -> Self {
        let mut after = self.clone();
        match step {
            Step::Put { commit, .. } => {
                after.tip = Some(Tip {
                    id: "(a new commit)".to_owned(),
                    tree: commit.tree.clone(),
                    parents: vec![commit.parent.clone()],
                    message: commit.message.clone(),
                });
            }
            Step::Propose(draft) => after.proposals.insert(
                0,
                Proposal {
                    number: 0,
                    state: State::Open,
                    body: draft.body.clone(),
                    labels: Vec::new(),
                    url: String::new(),
                },
            ),
            Step::Amend { number, body } => after.with(*number, |one| one.body.clone_from(body)),
            Step::Label { number, labels } => {
                after.with(*number, |one| one.labels.extend(labels.iter().cloned()));
            }
            Step::Close { number, body } => after.with(*number, |one| {
                one.body.clone_from(body);
                one.state = State::Closed;
            }),
            Step::Delete { .. } => after.tip = None,
        }
        after
    }

    fn with(&mut self, number: u64, change: impl FnOnce(&mut Proposal)) {
        if let Some(one) = self.proposals.iter_mut().find(|one| one.number == number) {
            change(one);
        }
    }
}

/// So many steps lead from any situation to any other, twice over.
const MOST_STEPS: usize = 12;
/// So often another look is taken where things were not as they had been seen, or an answer was lost.
const MOST_LOOKS: u32 = 3;

/// Does step after step until nothing is left to do, and tells each that is done.
pub fn converge(
    forge: &dyn Forge,
    repository: &Repository,
    branch: &str,
    plan: Option<&Plan>,
    done: &mut dyn FnMut(&Step),
) -> Result<Ending, Failure> {
    let mut situation = Situation::read(forge, repository, branch)?;
    let mut looks = 0;
    for _ in 0..MOST_STEPS {
        let step = match situation.next(plan) {
            Next::Do(step) => step,
            Next::End(ending) => return Ok(ending),
        };
        match take(forge, repository, branch, &step, &situation) {
            Ok(after) => {
                done(&step);
                situation = after;
            }
            Err(failure) if failure.is_passing() && looks < MOST_LOOKS => {
                looks += 1;
                // A forge may take a moment to tell what it did.
                thread::sleep(forge.wait() * looks);
                situation = Situation::read(forge, repository, branch)?;
            }
            // A label is no reason to call the pull request a failure; the next run tries again.
            Err(failure) if matches!(step, Step::Label { .. }) && failure.kind != Kind::TooMany => {
                situation = situation.after(&step);
            }
            Err(failure) => return Err(failure),
        }
    }
    Err(Failure::endless())
}

fn take(
    forge: &dyn Forge,
    repository: &Repository,
    branch: &str,
    step: &Step,
    situation: &Situation,
) -> Result<Situation, Failure> {
    let mut after = situation.after(step);
    match step {
        Step::Put { from, commit } => {
            after.tip = Some(forge.put(repository, branch, from.as_deref(), commit)?);
        }
        Step::Propose(draft) => after.proposals[0] = forge.propose(repository, draft)?,
        Step::Amend { number, body } => forge.amend(repository, *number, body, State::Open)?,
        Step::Label { number, labels } => forge.label(repository, *number, labels)?,
        Step::Close { number, body } => forge.amend(repository, *number, body, State::Closed)?,
        Step::Delete { from } => forge.delete(repository, branch, from)?,
    }
    Ok(after)
}
