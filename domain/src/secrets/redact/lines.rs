//! Log lines, one after the other: a secret may begin in one and end in a later one.

use super::needles::{merged, without};
use super::{REDACTED, Redactor};

/// Most lines that are held back, and most bytes of them.
const HELD_LINES_MAX: usize = 256;
const HELD_BYTES_MAX: usize = 256 * 1024;

/// Lines that end as a secret begins are held back until it is known how they go on. `T` is what belongs to a line.
pub struct Lines<T> {
    held: Vec<(T, String)>,
}

impl<T> Default for Lines<T> {
    fn default() -> Self {
        Self { held: Vec::new() }
    }
}

impl<T> Lines<T> {
    /// The lines that may be written now, without secrets.
    pub fn push(&mut self, redactor: &Redactor, tag: T, line: &str) -> Vec<(T, String)> {
        let Some(needles) = redactor.needles() else { return vec![(tag, line.to_owned())] };
        self.held.push((tag, line.to_owned()));
        let joined: String = self.held.iter().map(|(_, line)| line.as_str()).collect();
        let is_full = self.held.len() > HELD_LINES_MAX || joined.len() > HELD_BYTES_MAX;
        if !is_full && needles.cut_off_at_the_end(joined.as_bytes(), 1).is_some() {
            return Vec::new();
        }
        self.finish(redactor)
    }

    /// The lines that were held back, without secrets: nothing follows them.
    pub fn finish(&mut self, redactor: &Redactor) -> Vec<(T, String)> {
        let held = std::mem::take(&mut self.held);
        let Some(needles) = redactor.needles() else { return held };
        let joined: String = held.iter().map(|(_, line)| line.as_str()).collect();
        let across = merged(needles.find(&joined));
        let mut begin = 0;
        held.into_iter()
            .map(|(tag, line)| {
                let end = begin + line.len();
                let touching = across.iter().filter(|place| place.start < end && place.end > begin);
                let inside: Vec<_> =
                    touching.map(|place| place.start.max(begin) - begin..place.end.min(end) - begin).collect();
                begin = end;
                let line = without(&line, &inside);
                // And what was cut off within the line.
                let line = if line == REDACTED { line } else { needles.redact(&line).into_owned() };
                (tag, line)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(lines: &[&str]) -> Vec<String> {
        let redactor = Redactor::default();
        redactor.add(["hunter22", "correct horse battery"]).unwrap();
        let mut open = Lines::default();
        let mut written: Vec<(usize, String)> =
            lines.iter().enumerate().flat_map(|(tag, line)| open.push(&redactor, tag, line)).collect();
        written.extend(open.finish(&redactor));
        assert!(written.iter().map(|(tag, _)| *tag).eq(0..lines.len()), "{written:?}");
        written.into_iter().map(|(_, line)| line).collect()
    }

    #[test]
    fn a_secret_is_found_across_lines() {
        let gone = REDACTED;
        for (lines, expected) in [
            (vec!["plain", "lines"], vec!["plain".to_owned(), "lines".into()]),
            (vec!["say hunt", "er22 now"], vec![format!("say {gone}"), format!("{gone} now")]),
            (vec!["h", "u", "nter2", "2!"], vec![gone.into(), gone.into(), gone.into(), format!("{gone}!")]),
            (vec!["hunter2", "3"], vec!["hunter2".into(), "3".into()]),
            (vec!["it is hunter22"], vec![format!("it is {gone}")]),
            (vec!["correct horse b"], vec![gone.into()]),
            (vec!["aHVudG", "VyMjI="], vec![gone.into(), gone.into()]),
        ] {
            assert_eq!(written(&lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn lines_are_not_held_back_for_ever() {
        let redactor = Redactor::default();
        redactor.add(["h".repeat(1_000).as_str()]).unwrap();
        let mut open = Lines::default();
        let now: usize = (0..2 * HELD_LINES_MAX).map(|_| open.push(&redactor, (), "h").len()).sum();
        assert!(now > HELD_LINES_MAX && now + open.finish(&redactor).len() == 2 * HELD_LINES_MAX);
    }
}
