//! `lobewatch demo`: the whole of lobewatch at work on published case histories, in one folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;

use super::{Exit, serve, sweep as sweep_command, terminal::Terminal, wiring};
use crate::{
    app::{
        context::Context,
        deliver::{DeliveryReport, deliver_waiting},
        demo::cases::moved_to,
        enqueue_digests::DigestTime,
        import_histories::{Import, ImportNote},
        metrics::Metrics,
        sweep::sweep,
    },
    config::LoadOptions,
    import::{check::Checker, limits::Limits},
};

/// Marks a folder that the demo made and may clear.
const MARK: &str = ".lobewatch-demo";

#[derive(Debug, Args)]
pub(super) struct DemoArguments {
    /// Folder for the registry and the mails; an earlier demo in it is replaced.
    #[arg(long, default_value = "lobewatch-demo", value_name = "FOLDER")]
    folder: PathBuf,
    /// Stop after the nightly job instead of serving the pages.
    #[arg(long)]
    no_serve: bool,
}

pub(super) async fn run(
    arguments: &DemoArguments,
    mut load: LoadOptions,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let folder = fresh_folder(&arguments.folder)?;
    load.overrides.extend(overrides(&folder));
    let settings = wiring::settings(load)?;
    let ctx = wiring::context(&settings, terminal).await?;
    let recorded = import_cases(&ctx).await?;
    terminal.line(format!("{recorded} published case histories recorded, moved into the recent past"))?;
    let report = sweep(&ctx, None, DigestTime::Now, || false).await?;
    sweep_command::print(&report, terminal)?;
    let delivery = wiring::delivery(&settings, std::sync::Arc::new(Metrics::new()))?;
    let sent = deliver_waiting(&ctx, &delivery, || false).await?;
    where_to_look(&folder, sent, terminal)?;
    if arguments.no_serve {
        return Ok(if report.is_sound() { Exit::Done } else { Exit::Failed });
    }
    let listener = serve::listen(&settings).await?;
    terminal.line(format!("pages:    http://{}/   (stop with Ctrl-C)", listener.local_addr()?))?;
    terminal.flush()?;
    serve::until_stopped(&settings, ctx, listener).await
}

/// Everything the demo touches lies in its folder, whatever the configuration says.
fn overrides(folder: &Path) -> Vec<(String, String)> {
    let inside = |name: &str| folder.join(name).display().to_string();
    vec![
        ("database.url".to_owned(), format!("sqlite://{}?mode=rwc", inside("registry.db"))),
        ("mail.transport".to_owned(), "folder".to_owned()),
        ("mail.folder".to_owned(), inside("mails")),
        ("clinics.default.name".to_owned(), "Demonstration clinic".to_owned()),
        ("clinics.default.coordinator_email".to_owned(), "coordinator@clinic.example".to_owned()),
    ]
}

/// Makes the folder, or clears what an earlier demo left in it. A folder of anybody else's is left alone.
fn fresh_folder(folder: &Path) -> anyhow::Result<PathBuf> {
    let mark = folder.join(MARK);
    if folder.exists() && !mark.exists() {
        let occupied = fs::read_dir(folder)?.next().is_some();
        if occupied {
            let problem =
                format!("`{}` is not empty and not of a demo; choose another --folder", folder.display());
            return Err(wiring::InputError(problem).into());
        }
    }
    if mark.exists() {
        for name in ["registry.db", "registry.db-wal", "registry.db-shm"] {
            let path = folder.join(name);
            if path.exists() {
                fs::remove_file(path)?;
            }
        }
        let mails = folder.join("mails");
        if mails.exists() {
            fs::remove_dir_all(mails)?;
        }
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    fs::write(&mark, "made by lobewatch demo; everything in this folder is replaced by the next one\n")?;
    Ok(folder.to_owned())
}

async fn import_cases(ctx: &Context) -> anyhow::Result<i64> {
    let text = moved_to(ctx.today())?;
    let note = ImportNote {
        by: "demo".to_owned(),
        reason: "published case histories for the demonstration".to_owned(),
        source: "bundled cases".to_owned(),
    };
    let mut histories = Vec::new();
    for checked in Checker::new(Limits::default()).documents(text.as_bytes()) {
        match checked {
            Ok(document) => histories.push(document.history),
            Err(refused) => {
                anyhow::bail!("a bundled case is refused ({:?}); report this as a defect", refused.problems)
            }
        }
    }
    let mut import = Import::begin(ctx, note).await?;
    import.record(&histories).await?;
    let (_, counts) = import.finish().await?;
    Ok(counts.new)
}

fn where_to_look(folder: &Path, sent: DeliveryReport, terminal: &mut Terminal) -> std::io::Result<()> {
    let database = folder.join("registry.db");
    terminal.line("")?;
    terminal.line(format!("mails:    {} in {}", sent.sent, folder.join("mails").join("new").display()))?;
    terminal.line(format!("registry: {}", database.display()))?;
    terminal.line("look at a patient with 22 nodules in three lobes:")?;
    terminal.line(format!(
        "          LOBEWATCH__DATABASE__URL=sqlite://{} lobewatch patients show DEMO-10",
        database.display()
    ))
}
