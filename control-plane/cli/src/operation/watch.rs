//! Follows an operation to its end: a line for each step that ended, and one for what runs.

use super::{Operation, Step};
use crate::{
    Hub,
    client::Reply,
    failure::Failure,
    figures::words,
    screen::Screen,
    waiting::{Looks, look, or_interrupt, seconds},
};

/// Follows the operation that a reply of 202 holds, or only names it if nobody waits for it; shows
/// how it ended.
///
/// # Errors
/// As [`watch`].
pub(crate) async fn watch_and_show(hub: &Hub, asked: &Reply, no_wait: bool) -> Result<(), Failure> {
    let Operation { id, .. } = asked.read()?;
    if no_wait {
        return hub.screen.result(&asked.data, || id);
    }
    let ended = watch(hub, &id).await?;
    let operation: Operation = ended.read()?;
    hub.screen.result(&ended.data, || operation.outcome())
}

/// Follows the operation until it is done.
///
/// # Errors
/// Fails if it was undone, cannot be looked at any more, or on Ctrl-C.
pub(crate) async fn watch(hub: &Hub, id: &str) -> Result<Reply, Failure> {
    let what_goes_on =
        || format!("the work goes on without you; look: `hotelhub operation show {id}`");
    or_interrupt(follow(hub, id), what_goes_on).await
}

async fn follow(hub: &Hub, id: &str) -> Result<Reply, Failure> {
    let looks = Looks::new();
    let mut shown = Shown::default();
    loop {
        let reply = look(hub, &["operations", id], &[]).await?;
        let operation: Operation = reply.read()?;
        for line in shown.news(&operation.steps) {
            hub.screen.progress(&line);
        }
        match operation.state.as_str() {
            "done" => {
                hub.screen.quiet();
                return Ok(reply);
            }
            "undone" => return Err(undone(&operation)),
            _ => show_current(hub.screen, &operation, &looks),
        }
        looks.pause().await;
    }
}

/// The steps whose end was shown.
#[derive(Debug, Default)]
struct Shown(Vec<(String, String)>);

impl Shown {
    /// A line for each step that ended since the last look. While an operation is undone, its
    /// steps end a second time.
    fn news(&mut self, steps: &[Step]) -> Vec<String> {
        let ended = |it: &&Step| ["done", "skipped", "undone"].contains(&it.state.as_str());
        let mut lines = Vec::new();
        for Step { name, state, ms } in steps.iter().filter(ended) {
            let entry = (name.clone(), state.clone());
            if self.0.contains(&entry) {
                continue;
            }
            let took = ms.map(|it| format!("{it:>6} ms")).unwrap_or_else(|| " ".repeat(9));
            lines.push(format!("  {name:<24} {took}  {state}"));
            self.0.push(entry);
        }
        lines
    }
}

fn show_current(screen: Screen, operation: &Operation, looks: &Looks) {
    let moving = |it: &&Step| ["running", "undoing"].contains(&it.state.as_str());
    let step = operation.steps.iter().find(moving);
    let doing = step.map_or(operation.state.as_str(), |it| it.name.as_str());
    let trouble = operation.last_error.as_ref().map(|it| format!("; last error: {it}"));
    let trouble = trouble.unwrap_or_default();
    screen.live(&format!("  {doing} … {}{trouble}", seconds(looks.waited())));
}

fn undone(operation: &Operation) -> Failure {
    let why = operation.last_error.as_deref().unwrap_or("no reason was recorded");
    Failure::failed(
        format!("{} {} was undone: {why}", operation.kind, operation.id),
        format!("see its steps: `hotelhub operation show {}`; then try again", operation.id),
    )
}

impl Operation {
    /// How it ended, in a line.
    fn outcome(&self) -> String {
        match words(&self.figures) {
            it if it.is_empty() => format!("{} is done", self.kind),
            it => format!("{} is done: {it}", self.kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, state: &str) -> Step {
        Step { name: name.to_owned(), state: state.to_owned(), ms: Some(12) }
    }

    #[test]
    fn each_end_of_a_step_is_told_once() {
        let mut shown = Shown::default();
        let begun = [step("place", "done"), step("migrate", "running")];
        assert_eq!(shown.news(&begun), ["  place                        12 ms  done"]);
        assert!(shown.news(&begun).is_empty());
        let undone = [step("place", "undone"), step("migrate", "undone")];
        assert_eq!(shown.news(&undone).len(), 2);
    }

    #[test]
    fn the_end_is_told_with_its_figures_in_words() {
        let kind = "restore_tenant".to_owned();
        let mut operation = Operation { kind, ..Operation::default() };
        assert_eq!(operation.outcome(), "restore_tenant is done");
        operation.figures.insert("rows".to_owned(), 3.into());
        assert_eq!(operation.outcome(), "restore_tenant is done: 3 rows");
    }

    #[test]
    fn an_operation_that_was_undone_says_why() {
        let operation = Operation {
            kind: "move_tenant".to_owned(),
            last_error: Some("the server is full".to_owned()),
            ..Operation::default()
        };
        assert!(undone(&operation).text().contains("was undone: the server is full"));
    }
}
