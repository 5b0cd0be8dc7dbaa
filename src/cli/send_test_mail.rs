//! `lobewatch send-test-mail`: one mail to one address, over the configured transport.

use std::sync::Arc;

use clap::Args;

use super::{Exit, terminal::Terminal, wiring};
use crate::{
    app::metrics::Metrics,
    clock::{Clock, SystemClock},
    config::LoadOptions,
    ids::{IdSource, RandomIds},
    mail::{address::MailAddress, message::OutgoingMail, templates::render_test_mail},
    reminders::message_id::MessageId,
};

#[derive(Debug, Args)]
pub(super) struct SendTestMailArguments {
    /// Address that receives the mail.
    to: String,
}

pub(super) async fn run(
    arguments: &SendTestMailArguments,
    load: LoadOptions,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let settings = wiring::settings(load)?;
    let delivery = wiring::delivery(&settings, Arc::new(Metrics::new()))?;
    let to = MailAddress::parse(&arguments.to).map_err(|error| wiring::InputError(error.to_string()))?;
    let now = SystemClock.now();
    let rendered = render_test_mail(&settings.service.base_url, now)?;
    let key = [RandomIds.next_id().into_bytes(), RandomIds.next_id().into_bytes()].concat();
    let message_id = MessageId::derive(&key, RandomIds.next_id(), &settings.mail.message_id_domain)?;
    let message = OutgoingMail::new(message_id, &delivery.sender, &to, now, &rendered)?;
    match delivery.transport.send(&message).await {
        Ok(accepted) => {
            terminal.line(format!(
                "the {} transport took the mail: {}",
                delivery.transport.kind(),
                accepted.reply
            ))?;
            Ok(Exit::Done)
        }
        Err(error) => {
            terminal.remark(format!("the mail did not leave: {error}"))?;
            Ok(Exit::Failed)
        }
    }
}
