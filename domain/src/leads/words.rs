//! The words by which a lead is found.

/// Most words of a lead that are kept.
const WORDS_MAX: usize = 60;
/// Most words of a search; more are left out.
pub(crate) const SOUGHT_MAX: usize = 8;
/// Longest part of a word that counts, in characters.
const WORD_CHARS_MAX: usize = 60;

/// The words of a text in lower case.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| word.to_lowercase().chars().filter(|c| c.is_alphanumeric()).take(WORD_CHARS_MAX).collect())
}

/// Words of texts in lower case, each once.
pub(super) fn words_of(texts: [&Option<String>; 4]) -> Vec<String> {
    let mut found: Vec<String> = texts.into_iter().flatten().flat_map(|text| words(text)).take(WORDS_MAX).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// `Ada lov` as `'ada':* & 'lov':*`; nothing if there is no word in it.
pub(super) fn sought(text: &str) -> Option<String> {
    let words: Vec<String> = words(text).take(SOUGHT_MAX).map(|word| format!("'{word}':*")).collect();
    (!words.is_empty()).then(|| words.join(" & "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_words_and_nothing_that_a_query_means() {
        for (text, expected) in [
            ("Ada lov", Some("'ada':* & 'lov':*")),
            ("ada@example.com", Some("'ada':* & 'example':* & 'com':*")),
            ("!(a|b) & c:* '\\", Some("'a':* & 'b':* & 'c':*")),
            ("Żółć", Some("'żółć':*")),
            (" ,;- ", None),
        ] {
            assert_eq!(sought(text).as_deref(), expected, "{text}");
        }
        assert_eq!(sought(&"w ".repeat(50)).map(|query| query.matches(":*").count()), Some(SOUGHT_MAX));
    }

    #[test]
    fn words_are_kept_in_lower_case_and_once() {
        let text = |text: &str| Some(text.to_owned());
        let found = words_of([&text("Ada Łącka"), &None, &text("ada@Example.com"), &text("+48 22 11")]);
        assert_eq!(found, ["11", "22", "48", "ada", "com", "example", "łącka"]);
        assert_eq!(words_of([&text(&"w1 w2 ".repeat(100)), &None, &None, &None]), ["w1", "w2"]);
    }
}
