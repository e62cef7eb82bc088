//! A sandbox on managed instances: never frozen, with several invocations at once.
//!
//! An invocation ends when the runtime has answered: nobody waits for extensions, which are not told of it. One that takes
//! too long ends alone; whatever else goes wrong ends the processes and all that they work on. Their next job starts them
//! anew, where Lambda would make another sandbox. Nothing is billed by invocation.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::fault::{Fault, Reason};
use super::generation::Progress;
use super::run::Run;
use super::{Sandbox, runtime_event};
use crate::job::{Conclusion, Job};

/// When nothing is being worked on there is nothing to be late.
const NEVER: Duration = Duration::from_secs(86_400);

/// The invocations that are being worked on.
#[derive(Default)]
pub(super) struct Course {
    by_request_id: BTreeMap<String, (Job, Run)>,
}

/// What there is to do.
enum Turn {
    Job(Job),
    Retired,
    Step(Result<Progress, Fault>),
}

impl Sandbox {
    /// Offers every seat. What waits already is begun with.
    pub(super) async fn open_seats(&mut self, first: Option<Job>, course: &mut Course) {
        let slots = self.settings.config().initialization.slots();
        let offered = slots - usize::from(first.is_some());
        if let Some(job) = first {
            self.begin(job, course).await;
        }
        for _ in 0..offered {
            self.offer_seat(course).await;
        }
    }

    /// Works until the sandbox is retired and everything is answered.
    pub(super) async fn serve_side_by_side(&mut self, mut course: Course) {
        let mut is_leaving = false;
        while !(is_leaving && course.by_request_id.is_empty()) {
            match self.turn(course.next_deadline(), is_leaving).await {
                Turn::Job(job) => self.begin(job, &mut course).await,
                Turn::Retired => {
                    is_leaving = true;
                    for job in self.place.close() {
                        self.begin(job, &mut course).await;
                    }
                }
                Turn::Step(progress) => {
                    let ended = self.advance(progress, &mut course).await;
                    for _ in 0..ended {
                        self.offer_seat(&mut course).await;
                    }
                }
            }
            let busy = !course.by_request_id.is_empty();
            self.place.update(|info| info.busy = busy);
        }
        self.end_generation(Reason::Spindown).await;
    }

    async fn turn(&mut self, deadline: Instant, is_leaving: bool) -> Turn {
        let Self {
            place, generation, ..
        } = self;
        let step = async {
            match generation {
                Some(generation) => generation.step(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            job = place.called(), if !is_leaving => job.map_or(Turn::Retired, Turn::Job),
            progress = step => Turn::Step(progress),
        }
    }

    async fn offer_seat(&mut self, course: &mut Course) {
        if let Some(job) = self.place.offer() {
            self.begin(job, course).await;
        }
    }

    /// Hands a job to the runtime. Where there is none and none can be started the job fails, and the next one tries.
    async fn begin(&mut self, job: Job, course: &mut Course) {
        let mut next = Some(job);
        while let Some(job) = next {
            next = match self.ensure_initialised().await {
                Ok(()) => {
                    self.hand_over(job, course);
                    None
                }
                Err(fault) => {
                    let mut run = self.begin_run(&job);
                    self.tell_start(&mut run);
                    self.fail(job, &run, &fault, None);
                    self.place.offer()
                }
            };
        }
    }

    async fn ensure_initialised(&mut self) -> Result<(), Fault> {
        if self.generation.is_some() {
            return Ok(());
        }
        match self.initialise().await {
            Ok(_) => Ok(()),
            Err(fault) => {
                self.end_generation(fault.reason()).await;
                Err(fault)
            }
        }
    }

    fn hand_over(&mut self, job: Job, course: &mut Course) {
        let mut run = self.begin_run(&job);
        self.tell_start(&mut run);
        run.dispatched = Some(Instant::now());
        let event = runtime_event(self.settings.config(), &run, &job);
        let generation = self.generation.as_mut().expect("it was initialised");
        generation.give(event);
        let request_id = job.request_id.to_string();
        course.by_request_id.insert(request_id, (job, run));
    }

    /// Takes what came of a step. Returns how many invocations ended.
    async fn advance(&mut self, step: Result<Progress, Fault>, course: &mut Course) -> usize {
        match step {
            Ok(Progress::RuntimeAnswer { request_id, answer }) => {
                let Some((mut job, mut run)) = course.by_request_id.remove(&request_id) else {
                    return 0;
                };
                run.note_answer(&answer);
                job.answer(answer.into_response(job.request_id.clone()));
                if let Some(generation) = &self.generation {
                    generation.catch_up();
                }
                self.conclude_one(job, &run, None, None);
                1
            }
            Ok(_) => 0,
            Err(fault) if fault.is_timeout() => {
                let late = course.take_late(Instant::now());
                let ended = late.len();
                for (job, run) in late {
                    if let Some(generation) = &mut self.generation {
                        generation.forget(job.request_id.as_str());
                    }
                    self.fail(job, &run, &fault, None);
                }
                ended
            }
            Err(fault) => {
                let exit = self.stop_runtime().await;
                let all = std::mem::take(&mut course.by_request_id);
                let ended = all.len();
                for (job, run) in all.into_values() {
                    self.fail(job, &run, &fault, exit.clone());
                }
                self.end_generation(fault.reason()).await;
                ended
            }
        }
    }

    fn fail(&self, mut job: Job, run: &Run, fault: &Fault, exit: Option<String>) {
        let limit = self.settings.config().timeout;
        job.answer(fault.response(job.request_id.clone(), limit));
        self.conclude_one(job, run, Some(fault), exit);
    }

    fn conclude_one(&self, job: Job, run: &Run, fault: Option<&Fault>, exit: Option<String>) {
        let ending = self.ending(fault, Instant::now());
        let report = run.managed_report(&ending);
        let record = run.managed_report_record(&report, fault);
        self.telemetry.platform("platform.report", record);
        job.conclude(Conclusion {
            report,
            exit,
            peak_memory: ending.peak_memory,
        });
    }
}

// === impl Course ===

impl Course {
    fn next_deadline(&self) -> Instant {
        let deadlines = self.by_request_id.values().map(|(_, run)| run.deadline());
        deadlines.min().unwrap_or_else(|| Instant::now() + NEVER)
    }

    fn take_late(&mut self, now: Instant) -> Vec<(Job, Run)> {
        let is_late = |_: &String, (_, run): &mut (Job, Run)| run.deadline() <= now;
        let late = self.by_request_id.extract_if(.., is_late);
        late.map(|(_, course)| course).collect()
    }
}
