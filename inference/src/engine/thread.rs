//! The engine's thread: what it hears, and who may begin.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use super::guard::{guarded, panic_text};
use super::job::{ActiveJob, Job};
use super::library::{Availability, Library, Loaded};
use super::limits::RowLimits;
use super::{Message, Shared};
use crate::error::InferenceError;
use crate::pipeline::Generation;
use crate::request::Timings;
use crate::safety::SafetyChecker;

/// How soon a request that waits for its model is cancelled while nothing else happens.
const CANCEL_POLL: Duration = Duration::from_millis(50);

/// The thread's state.
pub(super) struct Worker {
    // The fields are dropped in this order: observers do not wait for a model that is still being loaded.
    /// Those that take steps, by age.
    pub(super) jobs: Vec<ActiveJob>,
    /// Those that wait for their model, by age.
    waiting: VecDeque<Job>,
    pub(super) library: Library,
    /// Looks at the pictures of models that have no safety checker of their own.
    pub(super) safety_checker: Option<SafetyChecker>,
    inbox: Receiver<Message>,
    pub(super) shared: Arc<Shared>,
    pub(super) limits: RowLimits,
    pub(super) tick: u64,
    /// Whether every handle is gone.
    is_closed: bool,
}

/// What the thread works with.
pub(super) struct Means {
    pub(super) library: Library,
    pub(super) safety_checker: Option<SafetyChecker>,
    pub(super) max_batch_rows: usize,
}

impl Worker {
    pub(super) fn new(means: Means, inbox: Receiver<Message>, shared: Arc<Shared>) -> Self {
        let Means {
            library,
            safety_checker,
            max_batch_rows,
        } = means;
        Self {
            jobs: Vec::new(),
            waiting: VecDeque::new(),
            library,
            safety_checker,
            inbox,
            shared,
            limits: RowLimits::new(max_batch_rows),
            tick: 0,
            is_closed: false,
        }
    }

    /// Works until it is told to stop, or until every handle is gone and everything is finished. Whatever is
    /// unfinished then is dropped, which tells its observer.
    ///
    /// A panic that nobody has expected fails everything that is unfinished, and the work begins anew.
    pub(super) fn run(mut self) {
        while let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.work())) {
            let reason = panic_text(panic.as_ref());
            tracing::error!(
                reason,
                "the engine has panicked and begins anew, every drawing has failed"
            );
            self.restart(&InferenceError::Internal { reason });
        }
    }

    fn work(&mut self) {
        while self.receive() {
            let shared = Arc::clone(&self.shared);
            shared.counters.busy(|| {
                self.drop_cancelled();
                self.admit();
                self.denoise();
                self.finish();
            });
        }
    }

    fn restart(&mut self, error: &InferenceError) {
        let clients = self.jobs.drain(..).map(|job| job.client);
        for client in clients.chain(self.waiting.drain(..).map(|job| job.client)) {
            client.finish(Err(error.clone()));
        }
        self.library.reset();
        self.limits.clear();
    }

    /// Hears what has arrived; waits for something when there is nothing to do. `false` at the end.
    fn receive(&mut self) -> bool {
        if self.is_at_end() {
            return false;
        }
        if self.jobs.is_empty() {
            let message = if self.waiting.is_empty() {
                self.inbox.recv().ok()
            } else {
                self.inbox.recv_timeout(CANCEL_POLL).ok()
            };
            if let Some(message) = message {
                self.hear(message);
            }
        }
        while let Ok(message) = self.inbox.try_recv() {
            self.hear(message);
        }
        !self.is_at_end()
    }

    fn is_at_end(&self) -> bool {
        let is_idle = self.jobs.is_empty() && self.waiting.is_empty();
        self.shared.is_stopping() || (self.is_closed && is_idle)
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Draw(job) => self.waiting.push_back(*job),
            Message::Loaded(loaded) => self.take_model(loaded),
            Message::Close => self.is_closed = true,
            // The sender has said so in the shared state as well.
            Message::Stop => (),
        }
    }

    /// When a model could not be loaded, those that wait for it have failed, and nobody else.
    fn take_model(&mut self, loaded: Loaded) {
        let index = loaded.index;
        let jobs = &self.jobs;
        if let Err(error) = self.library.take(loaded, &|model| is_running(jobs, model)) {
            tracing::error!(model = self.library.id(index), %error, "a model was not loaded");
            self.end_waiting(|job| job.model == index, &error);
        }
    }

    fn drop_cancelled(&mut self) {
        for job in self.jobs.extract_if(.., |job| job.client.is_cancelled()) {
            job.client.finish(Err(InferenceError::Cancelled));
        }
        self.end_waiting(|job| job.client.is_cancelled(), &InferenceError::Cancelled);
    }

    fn end_waiting(&mut self, is_ended: impl FnMut(&Job) -> bool, error: &InferenceError) {
        let (ended, others): (VecDeque<Job>, _) = self.waiting.drain(..).partition(is_ended);
        self.waiting = others;
        for job in ended {
            job.client.finish(Err(error.clone()));
        }
    }

    /// Begins with those whose model is ready. While one waits for others to make room for its model, nobody behind it
    /// begins: else it might wait forever.
    fn admit(&mut self) {
        let mut index = 0;
        while let Some(model) = self.waiting.get(index).map(|job| job.model) {
            let jobs = &self.jobs;
            match self.library.prepare(model, &|model| is_running(jobs, model)) {
                Ok(Availability::Ready) => {
                    if let Some(job) = self.waiting.remove(index) {
                        self.begin(job);
                    }
                }
                Ok(Availability::Loading) => index += 1,
                Ok(Availability::NoRoom) => break,
                Err(error) => {
                    if let Some(job) = self.waiting.remove(index) {
                        job.client.finish(Err(error));
                    }
                }
            }
        }
    }

    /// Encodes what the request begins with and makes it take part in the ticks.
    fn begin(&mut self, job: Job) {
        let Job {
            request,
            model,
            plan,
            recipe,
            client,
        } = job;
        let begin = Instant::now();
        let check_safety = request.check_safety;
        let num_inference_steps = plan.num_inference_steps();
        let library = &mut self.library;
        let generation = guarded(|| Generation::begin(library.model(model)?, request, plan));
        match generation {
            Ok(generation) => self.jobs.push(ActiveJob {
                generation,
                model,
                recipe,
                num_inference_steps,
                check_safety,
                client,
                timings: Timings {
                    encode_ms: milliseconds(begin.elapsed()),
                    ..Timings::default()
                },
                denoising_since: Instant::now(),
                last_tick: 0,
            }),
            Err(error) => client.finish(Err(self.or_stopped(error))),
        }
    }

    /// Ends the requests at these indices, which ascend.
    pub(super) fn fail(&mut self, failed: Vec<(usize, InferenceError)>) {
        for (index, error) in failed.into_iter().rev() {
            let error = self.or_stopped(error);
            self.jobs.remove(index).client.finish(Err(error));
        }
    }

    /// A call that was ended by a shutdown has failed for no other reason.
    pub(super) fn or_stopped(&self, error: InferenceError) -> InferenceError {
        if self.shared.is_stopping() {
            InferenceError::Stopped
        } else {
            error
        }
    }
}

fn is_running(jobs: &[ActiveJob], model: usize) -> bool {
    jobs.iter().any(|job| job.model == model)
}

pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
