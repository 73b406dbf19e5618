//! What is happening now: the exchanges that have not ended, and the open pages that want to hear of them.
//!
//! A page that does not read fast enough is cut off; its browser connects again and begins with a snapshot. So no
//! page can make the service remember more than [`PAGE_BACKLOG`] events.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use super::view::MessageView;

/// Events that wait for one page.
const PAGE_BACKLOG: usize = 64;

/// The exchanges and pages of all users.
#[derive(Debug, Default)]
pub(super) struct Hub {
    users: Mutex<HashMap<String, UserRoom>>,
}

#[derive(Debug, Default)]
struct UserRoom {
    /// Exchanges that have not ended, by their id.
    live: BTreeMap<String, MessageView>,
    pages: Vec<mpsc::Sender<Arc<MessageView>>>,
}

/// One open page. It is forgotten when this is dropped.
#[derive(Debug)]
pub(super) struct Subscription {
    hub: Arc<Hub>,
    user: String,
    events: mpsc::Receiver<Arc<MessageView>>,
}

impl Hub {
    /// Begins an exchange and returns it; one that is under way is returned as it is.
    pub(super) fn begin(&self, user: &str, pending: MessageView) -> MessageView {
        let mut users = self.lock();
        let room = users.entry(user.to_owned()).or_default();
        if let Some(known) = room.live.get(&pending.id) {
            return known.clone();
        }
        room.live.insert(pending.id.clone(), pending.clone());
        room.tell(&pending);
        pending
    }

    /// The exchange with this id, while it has not ended.
    pub(super) fn get(&self, user: &str, id: &str) -> Option<MessageView> {
        self.lock().get(user)?.live.get(id).cloned()
    }

    /// Takes over `view` unless there is later news of that exchange.
    pub(super) fn learn_job(&self, user: &str, view: &MessageView) {
        let mut users = self.lock();
        let Some(room) = users.get_mut(user) else { return };
        let Some(live) = room.live.get_mut(&view.id).filter(|live| live.job.is_none()) else {
            return;
        };
        live.clone_from(view);
        room.tell(view);
    }

    /// Drops an exchange of which nothing more will be heard.
    pub(super) fn forget(&self, user: &str, id: &str) {
        let mut users = self.lock();
        if let Some(room) = users.get_mut(user) {
            room.live.remove(id);
        }
        sweep(&mut users, user);
    }

    /// Replaces an exchange that has not ended.
    pub(super) fn publish(&self, user: &str, view: MessageView) {
        let mut users = self.lock();
        let room = users.entry(user.to_owned()).or_default();
        room.tell(&view);
        room.live.insert(view.id.clone(), view);
    }

    /// Tells the pages how an exchange ended; from now on only the job log knows it.
    pub(super) fn finish(&self, user: &str, view: &MessageView) {
        let mut users = self.lock();
        if let Some(room) = users.get_mut(user) {
            room.live.remove(&view.id);
            room.tell(view);
        }
        sweep(&mut users, user);
    }

    /// The user's exchanges that have not ended.
    pub(super) fn live(&self, user: &str) -> Vec<MessageView> {
        self.lock()
            .get(user)
            .map(|room| room.live.values().cloned().collect())
            .unwrap_or_default()
    }

    /// Whether any page of the user is open.
    pub(super) fn is_watched(&self, user: &str) -> bool {
        self.lock()
            .get(user)
            .is_some_and(|room| room.pages.iter().any(|page| !page.is_closed()))
    }

    /// Opens a page.
    pub(super) fn subscribe(self: &Arc<Self>, user: &str) -> Subscription {
        let (sender, events) = mpsc::channel(PAGE_BACKLOG);
        self.lock().entry(user.to_owned()).or_default().pages.push(sender);
        Subscription {
            hub: Arc::clone(self),
            user: user.to_owned(),
            events,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, UserRoom>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }
}

impl UserRoom {
    fn tell(&mut self, view: &MessageView) {
        if self.pages.is_empty() {
            return;
        }
        let event = Arc::new(view.clone());
        self.pages
            .retain(|page| page.try_send(Arc::clone(&event)).is_ok());
    }
}

impl Subscription {
    /// The next event; `None` when the page was too slow and has to connect again.
    pub(super) async fn next(&mut self) -> Option<Arc<MessageView>> {
        self.events.recv().await
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.events.close();
        let mut users = self.hub.lock();
        if let Some(room) = users.get_mut(&self.user) {
            room.pages.retain(|page| !page.is_closed());
        }
        sweep(&mut users, &self.user);
    }
}

/// Forgets a user of whom there is nothing to know.
fn sweep(users: &mut HashMap<String, UserRoom>, user: &str) {
    if users
        .get(user)
        .is_some_and(|room| room.live.is_empty() && room.pages.is_empty())
    {
        users.remove(user);
    }
}
