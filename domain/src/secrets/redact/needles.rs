//! Finds secrets in text: whole ones with one automaton, cut-off ones at both ends.

use std::borrow::Cow;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use zeroize::Zeroizing;

use super::REDACTED;
use super::forms::forms;

/// How much of a secret has to stand at an end of a text to count as one that was cut off there. Bytes.
const CUT_BYTES_MIN: usize = 8;
/// How much of its beginning has to stand in the middle of a text. Bytes.
const BEGINNING_BYTES: usize = 16;

/// All forms of all secrets of a step.
pub(super) struct Needles {
    automaton: Option<AhoCorasick>,
    forms: Vec<Form>,
}

/// One form, and how far each of its beginnings ends with a shorter one (for the search of Knuth, Morris and Pratt).
struct Form {
    forwards: Track,
    backwards: Track,
}

struct Track {
    bytes: Zeroizing<Vec<u8>>,
    fallbacks: Vec<usize>,
}

impl Needles {
    pub(super) fn new(secrets: &[Zeroizing<String>]) -> Self {
        let texts: Vec<Zeroizing<String>> =
            secrets.iter().flat_map(|secret| forms(secret)).map(Zeroizing::new).collect();
        let beginnings = texts.iter().filter_map(|text| text.as_bytes().get(..BEGINNING_BYTES));
        let patterns = texts.iter().map(|text| text.as_bytes()).chain(beginnings);
        let builder = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(patterns);
        // It fails for more states than a step can have secrets for. Without it each form is looked for by itself.
        let automaton = builder.ok();
        Self { automaton, forms: texts.iter().map(|text| Form::new(text.as_bytes())).collect() }
    }

    /// The text without secrets.
    pub(super) fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        // What stands for a character that was cut through, or for more.
        let whole = text.trim_end_matches(['\u{fffd}', '…']);
        let mut found = self.find(text);
        found.extend(self.cut_off(whole.as_bytes()));
        if let Some(unescaped) = Unescaped::of(whole) {
            let all = self.hits(&unescaped.bytes, |end| end).into_iter().chain(self.cut_off(&unescaped.bytes));
            found.extend(all.map(|range| unescaped.place(&range)));
        }
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(without(text, &merged(found)))
    }

    pub(super) fn are_in(&self, text: &str) -> bool {
        !self.find(text).is_empty()
    }

    /// Where whole secrets stand, and beginnings of secrets.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        // A character may begin alike and end otherwise.
        self.hits(text.as_bytes(), |end| text.floor_char_boundary(end))
    }

    /// The same in bytes; beginnings end at a `boundary`.
    fn hits(&self, text: &[u8], boundary: impl Fn(usize) -> usize) -> Vec<Range<usize>> {
        let Some(automaton) = &self.automaton else { return self.hits_one_by_one(text) };
        let (mut found, mut reached) = (Vec::new(), 0);
        for hit in automaton.find_overlapping_iter(text) {
            if hit.pattern().as_usize() < self.forms.len() {
                found.push(hit.range());
            } else if hit.start() >= reached {
                // As far as the text goes on like any of those that begin so.
                let rest = &text[hit.start()..];
                let length = self.forms.iter().map(|form| common(&form.forwards.bytes, rest)).max().unwrap_or_default();
                reached = hit.start() + length;
                found.push(hit.start()..boundary(reached).max(hit.end()));
            }
        }
        found
    }

    fn hits_one_by_one(&self, text: &[u8]) -> Vec<Range<usize>> {
        let places = |form: &[u8]| {
            let found = text.windows(form.len()).enumerate().filter(|(_, window)| *window == form);
            found.map(|(at, window)| at..at + window.len()).collect::<Vec<_>>()
        };
        self.forms.iter().flat_map(|form| places(&form.forwards.bytes)).collect()
    }

    /// What is left of secrets at both ends.
    fn cut_off(&self, text: &[u8]) -> impl Iterator<Item = Range<usize>> + use<> {
        let end = self.cut_off_at_the_end(text, CUT_BYTES_MIN).map(|length| text.len() - length..text.len());
        let beginning = self.cut_off_at_the_beginning(text).map(|length| 0..length);
        end.into_iter().chain(beginning)
    }

    /// Bytes at the end with which a secret begins that does not end there; the most that any has, if it is at least `bytes_min`.
    pub(super) fn cut_off_at_the_end(&self, text: &[u8], bytes_min: usize) -> Option<usize> {
        if text.len() < bytes_min {
            return None;
        }
        let longest = self.forms.iter().map(|form| {
            let length = text.len().min(form.forwards.bytes.len() - 1);
            form.forwards.reach(text[text.len() - length..].iter())
        });
        longest.max().filter(|&length| length >= bytes_min)
    }

    fn cut_off_at_the_beginning(&self, text: &[u8]) -> Option<usize> {
        if text.len() < CUT_BYTES_MIN {
            return None;
        }
        let longest = self.forms.iter().map(|form| {
            let length = text.len().min(form.backwards.bytes.len() - 1);
            form.backwards.reach(text[..length].iter().rev())
        });
        longest.max().filter(|&length| length >= CUT_BYTES_MIN)
    }
}

/// A text with its percent-escapes undone, so that a secret is found whichever of its characters are escaped.
struct Unescaped {
    bytes: Vec<u8>,
    /// Where each byte begins in the text, and where the text ends.
    places: Vec<usize>,
}

impl Unescaped {
    /// None if nothing is escaped.
    fn of(text: &str) -> Option<Self> {
        let source = text.as_bytes();
        if !source.contains(&b'%') {
            return None;
        }
        let (mut bytes, mut places, mut at) = (Vec::with_capacity(source.len()), Vec::with_capacity(source.len()), 0);
        while let Some(&byte) = source.get(at) {
            let escaped = source
                .get(at..at + 3)
                .filter(|three| byte == b'%' && three[1..].iter().all(u8::is_ascii_hexdigit))
                .and_then(|three| {
                    let digits = std::str::from_utf8(&three[1..]).ok()?;
                    u8::from_str_radix(digits, 16).ok()
                });
            places.push(at);
            bytes.push(escaped.unwrap_or(byte));
            at += if escaped.is_some() { 3 } else { 1 };
        }
        places.push(source.len());
        (bytes.len() < source.len()).then_some(Self { bytes, places })
    }

    fn place(&self, range: &Range<usize>) -> Range<usize> {
        self.places[range.start]..self.places[range.end]
    }
}

impl Form {
    fn new(bytes: &[u8]) -> Self {
        let backwards = bytes.iter().rev().copied().collect();
        Self { forwards: Track::new(bytes.to_vec()), backwards: Track::new(backwards) }
    }
}

impl Track {
    fn new(bytes: Vec<u8>) -> Self {
        let mut fallbacks = vec![0; bytes.len()];
        let mut length = 0;
        for at in 1..bytes.len() {
            while length > 0 && bytes[at] != bytes[length] {
                length = fallbacks[length - 1];
            }
            length += usize::from(bytes[at] == bytes[length]);
            fallbacks[at] = length;
        }
        Self { bytes: Zeroizing::new(bytes), fallbacks }
    }

    /// How many of its first bytes stand at the end of `text`, which is shorter than it.
    fn reach<'a>(&self, text: impl Iterator<Item = &'a u8>) -> usize {
        let mut length = 0;
        for byte in text {
            while length > 0 && *byte != self.bytes[length] {
                length = self.fallbacks[length - 1];
            }
            length += usize::from(*byte == self.bytes[length]);
        }
        length
    }
}

/// How many bytes they begin with in common.
fn common(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

/// In order, those that touch or overlap as one.
pub(super) fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// The text with [`REDACTED`] in those places, which are in order and apart.
pub(super) fn without(text: &str, places: &[Range<usize>]) -> String {
    let bytes = text.as_bytes();
    let (mut left, mut at) = (Vec::with_capacity(bytes.len()), 0);
    for place in places {
        left.extend_from_slice(&bytes[at..place.start]);
        left.extend_from_slice(REDACTED.as_bytes());
        at = place.end;
    }
    left.extend_from_slice(&bytes[at..]);
    // Where a place ends within a character, its rest is shown as unreadable.
    String::from_utf8_lossy(&left).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(secrets: &[&str], text: &str) -> String {
        let secrets: Vec<_> = secrets.iter().map(|secret| Zeroizing::new((*secret).to_owned())).collect();
        Needles::new(&secrets).redact(text).into_owned()
    }

    #[test]
    fn whole_and_cut_off_secrets_are_taken_out() {
        for (text, expected) in [
            ("nothing", "nothing"),
            ("a correct horse battery b", "a [redacted] b"),
            ("acorrect horse batterycorrect horse battery", "a[redacted]"),
            ("answered: correct ho", "answered: [redacted]"),
            ("it is correct horse bat, is it?", "it is [redacted], is it?"),
            ("answered: correct ho\u{fffd}", "answered: [redacted]\u{fffd}"),
            ("horse battery is wrong", "[redacted] is wrong"),
            ("corr", "corr"),
            ("ery and so on", "ery and so on"),
            ("é correct horse batteré", "é [redacted]é"),
            ("Y29ycmVjdCBob3JzZSBiYXR0ZXJ5", "[redacted]"),
            ("/a%2fb/c%6Frrect%20horse%20batter%79/%", "/a%2fb/[redacted]/%"),
            ("at /%63orrect%20hors", "at /[redacted]"),
        ] {
            assert_eq!(redacted(&["correct horse battery"], text), expected, "{text}");
        }
    }

    #[test]
    fn secrets_that_overlap_leave_nothing() {
        assert_eq!(redacted(&["abcdefgh", "efghijkl"], "xabcdefghijkly"), "x[redacted]y");
        assert_eq!(redacted(&["aaaaaaaa"], &"a".repeat(20)), "[redacted]");
        assert_eq!(redacted(&["ééééé", "été été"], "ééééééé été été"), "[redacted] [redacted]");
    }
}
