//! Secrets in text that is shown to people: found in whatever form they come back, and blotted out.
//!
//! A platform that refuses a request may quote it: plain, as it stands in a query or a form, or in base64, where a secret may begin
//! at any of three places and is joined to what stands beside it. One or two characters at an end of it can be left then.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

/// Shorter texts are not looked for: a blot over every `a` would hide nothing and break everything.
const SHORTEST: usize = 4;

/// Every form in which a secret is looked for, the longest first; none for one that is too short to be told from other text.
#[must_use]
pub fn forms(secret: &str) -> Vec<String> {
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    let mut forms = vec![secret.to_owned(), percent(secret, "%20"), percent(secret, "+")];
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(secret.as_bytes());
        for engine in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&bytes);
            // Characters that also hold bits of a neighbour.
            let first = [0, 2, 3][before];
            let last = encoded.len() - usize::from(bytes.len() % 3 != 0);
            forms.push(encoded[first..last].to_owned());
        }
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms.sort_by(|a, b| (b.len(), b).cmp(&(a.len(), a)));
    forms.dedup();
    forms
}

fn percent(text: &str, space: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push_str(space),
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'*' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        /// Protects a secret from a platform that quotes it back together with what stood beside it.
        #[test]
        fn a_secret_is_found_in_whatever_form(
            before in "[a-z:]{0,5}", secret in "[A-Za-z0-9+/ =&æ-]{6,24}", after in "[a-z:]{0,5}",
        ) {
            let whole = format!("{before}{secret}{after}");
            for told in [
                whole.clone(),
                BASE64_STANDARD_NO_PAD.encode(&whole),
                BASE64_URL_SAFE_NO_PAD.encode(&whole),
                format!("{before}{}{after}", percent(&secret, "+")),
            ] {
                let left = forms(&secret).iter().fold(told.clone(), |text, form| text.replace(form, "*"));
                prop_assert!(left.contains('*'), "{told}");
                // What is left is what stood beside it and at most three characters that are shared.
                let beside = 2 * (before.len() + after.len()) + 1 + 2 * 3;
                prop_assert!(left.len() <= beside, "{left} of {told}");
            }
            prop_assert!(forms("abc").is_empty());
        }
    }
}
