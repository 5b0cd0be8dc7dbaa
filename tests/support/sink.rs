//! A mail server within the test: takes messages on loopback, refuses or falls silent when told to, and can change the
//! world between naming the recipient and the text.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex},
};

use lobewatch::mail::{
    settings::{SmtpSecurity, SmtpSettings, SmtpTimeouts},
    transport::{MailTransport, SmtpTransport},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// What the server does to each message from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Mood {
    /// Takes it.
    #[default]
    Good,
    /// Closes the connection at once, as a server that is away.
    Away,
    /// Answers the recipient with this.
    RefusesRecipient(&'static str),
    /// Answers the text with this.
    RefusesText(&'static str),
    /// Takes it and hangs up instead of answering.
    SilentAfterText,
}

type Hook = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

#[derive(Default)]
struct Inside {
    mood: Mood,
    taken: Vec<Taken>,
    at_recipient: Option<Hook>,
}

/// A message the server took.
#[derive(Debug, Clone)]
pub struct Taken {
    pub to: String,
    pub message_id: String,
    pub text: String,
}

/// The running server.
#[derive(Clone)]
pub struct Sink {
    pub port: u16,
    inside: Arc<Mutex<Inside>>,
}

impl Sink {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self { port: listener.local_addr().unwrap().port(), inside: Arc::default() };
        let own = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = own.clone();
                // A client that goes away in the middle is part of the stories.
                tokio::spawn(async move { drop(own.serve(stream).await) });
            }
        });
        sink
    }

    pub fn is(&self, mood: Mood) {
        self.inside.lock().unwrap().mood = mood;
    }

    /// Runs once, after the next recipient is named and before the server answers.
    pub fn at_next_recipient<F>(&self, change: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.inside.lock().unwrap().at_recipient = Some(Box::new(move || Box::pin(change())));
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.inside.lock().unwrap().taken.clone()
    }

    /// How often each Message-ID was taken.
    pub fn copies(&self) -> BTreeMap<String, usize> {
        let mut copies = BTreeMap::new();
        for taken in self.taken() {
            *copies.entry(taken.message_id).or_default() += 1;
        }
        copies
    }

    pub fn transport(&self) -> Arc<MailTransport> {
        let settings = SmtpSettings {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            security: SmtpSecurity::None,
            credentials: None,
            extra_ca_pem: None,
            hello_name: Some("lobewatch.example".to_owned()),
            timeouts: SmtpTimeouts::default(),
        };
        Arc::new(MailTransport::Smtp(Box::new(SmtpTransport::new(settings).unwrap())))
    }

    fn mood(&self) -> Mood {
        self.inside.lock().unwrap().mood.clone()
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        if self.mood() == Mood::Away {
            return Ok(());
        }
        let (reading, mut writing) = stream.into_split();
        let mut lines = BufReader::new(reading).lines();
        writing.write_all(b"220 sink.example ESMTP\r\n").await?;
        let mut to = String::new();
        while let Some(line) = lines.next_line().await? {
            if self.mood() == Mood::Away {
                return Ok(());
            }
            let answer = match line.get(..4).unwrap_or_default().to_uppercase().as_str() {
                "EHLO" => "250 sink.example",
                "RCPT" => {
                    to = line.trim_start_matches("RCPT TO:<").trim_end_matches('>').to_owned();
                    let hook = self.inside.lock().unwrap().at_recipient.take();
                    if let Some(hook) = hook {
                        hook().await;
                    }
                    if let Mood::RefusesRecipient(answer) = self.mood() { answer } else { "250 2.1.5 ok" }
                }
                "DATA" => {
                    writing.write_all(b"354 go on\r\n").await?;
                    let mut text = String::new();
                    while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                        text.push_str(&line);
                        text.push('\n');
                    }
                    if let Mood::RefusesText(answer) = self.mood() {
                        answer
                    } else {
                        let id = text.lines().find_map(|line| line.strip_prefix("Message-ID: "));
                        let message_id = id.unwrap_or_default().to_owned();
                        self.inside.lock().unwrap().taken.push(Taken { to: to.clone(), message_id, text });
                        if self.mood() == Mood::SilentAfterText {
                            return Ok(());
                        }
                        "250 2.0.0 taken"
                    }
                }
                "QUIT" => {
                    writing.write_all(b"221 2.0.0 bye\r\n").await?;
                    return Ok(());
                }
                _ => "250 2.0.0 ok",
            };
            writing.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        Ok(())
    }
}
