//! What the record leaves open about which treatments form one episode, and every reading that it allows.
//!
//! A plan whose day is not certain, a link that a date may contradict and a proposal that nobody has answered each
//! have two answers. The rules are asked under both; where the readings differ, the answer is unknown.

use std::collections::VecDeque;

use crate::domain::truth::Truth;

use super::{facts::Facts, units::Unit};

/// More readings of one record are not tried; those with the fewest answers turned round come first.
const MOST_READINGS: usize = 32;

/// Something about episodes that the record does not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// Whether two units belong to one episode.
    OneEpisode(Unit, Unit),
    /// Whether a decision of the board, by its position in the record, planned the episode that begins with a unit.
    Planned(Unit, usize),
    /// Whether a decision of the board replaced what an earlier one had planned for that episode.
    Replaced(Unit, usize),
}

impl Question {
    /// What is open, in words.
    pub(super) fn words(self, facts: &Facts<'_>) -> String {
        match self {
            Self::OneEpisode(one, other) => {
                format!("whether {} and {} are one episode", one.name(facts), other.name(facts))
            }
            Self::Planned(first, _) => {
                format!("whether the board's plan came before {}", first.name(facts))
            }
            Self::Replaced(first, _) => {
                format!("whether a later decision replaced the board's plan of {}", first.name(facts))
            }
        }
    }
}

/// The answers of one reading: what the facts decide, and one of the two answers to what they leave open.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Per open question in the order they come up: whether the less expected answer is tried.
    turned: Vec<bool>,
    asked: Vec<(Question, bool)>,
}

impl Answers {
    /// The answer to a question. Where the facts leave it open, the expected answer comes first.
    pub(super) fn decide(&mut self, question: Question, truth: Truth, expected: bool) -> bool {
        match truth {
            Truth::True => true,
            Truth::False => false,
            Truth::Unknown => self.ask(question, expected),
        }
    }

    fn ask(&mut self, question: Question, expected: bool) -> bool {
        if let Some((_, answer)) = self.asked.iter().find(|(own, _)| *own == question) {
            return *answer;
        }
        let turned = self.turned.get(self.asked.len()).copied().unwrap_or(false);
        let answer = expected != turned;
        self.asked.push((question, answer));
        answer
    }
}

/// Every reading of the record, the expected one first, and what they hang on.
pub(super) struct Readings<T> {
    pub all: Vec<T>,
    pub questions: Vec<Question>,
}

/// Reads a record under every combination of answers to what it leaves open. Equal readings count once.
pub(super) fn readings<T: PartialEq>(mut read: impl FnMut(&mut Answers) -> T) -> Readings<T> {
    let mut readings = Readings { all: Vec::new(), questions: Vec::new() };
    let mut waiting = VecDeque::from([Vec::new()]);
    for _ in 0..MOST_READINGS {
        let Some(turned) = waiting.pop_front() else { break };
        let from = turned.len();
        let mut answers = Answers { turned, asked: Vec::new() };
        let reading = read(&mut answers);
        for at in from..answers.asked.len() {
            let mut turned = answers.turned.clone();
            turned.resize(at, false);
            turned.push(true);
            waiting.push_back(turned);
        }
        for (question, _) in answers.asked {
            if !readings.questions.contains(&question) {
                readings.questions.push(question);
            }
        }
        if !readings.all.contains(&reading) {
            readings.all.push(reading);
        }
    }
    readings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(at: usize) -> Question {
        Question::OneEpisode(Unit::Operation(at), Unit::Operation(at + 1))
    }

    #[test]
    fn every_combination_of_answers_is_read_once_the_expected_one_first() {
        let readings = readings(|answers| {
            let first = answers.decide(question(0), Truth::Unknown, true);
            // Comes up only where the first is answered with yes.
            let second = first && answers.decide(question(1), Truth::Unknown, false);
            let again = answers.decide(question(0), Truth::Unknown, false);
            let decided = answers.decide(question(2), Truth::True, false);
            (first, second, again, decided)
        });
        let expected = [(true, false, true, true), (false, false, false, true), (true, true, true, true)];
        assert_eq!(readings.all, expected);
        assert_eq!(readings.questions, [question(0), question(1)]);
    }

    #[test]
    fn equal_readings_count_once_and_their_number_is_bounded() {
        let same = readings(|answers| {
            let _ = answers.decide(question(0), Truth::Unknown, false);
        });
        assert_eq!((same.all.len(), same.questions.len()), (1, 1));
        let many = readings(|answers| {
            (0..20).map(|at| answers.decide(question(at), Truth::Unknown, false)).collect::<Vec<_>>()
        });
        assert_eq!(many.all.len(), MOST_READINGS);
    }
}
