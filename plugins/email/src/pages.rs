//! The page on which people unsubscribe, in four languages. It loads nothing and remembers nothing.

use crate::config::Language;

struct Words {
    lang: &'static str,
    title: &'static str,
    question: &'static str,
    button: &'static str,
    done: &'static str,
    unknown: &'static str,
}

fn words(language: Language) -> Words {
    match language {
        Language::En => Words {
            lang: "en",
            title: "Unsubscribe",
            question: "Do you not want to receive e-mails from us any more?",
            button: "Unsubscribe",
            done: "You are unsubscribed. You will not receive any more e-mails from us.",
            unknown: "This link is not valid, or not valid any more.",
        },
        Language::Da => Words {
            lang: "da",
            title: "Afmeld",
            question: "Vil du ikke længere modtage e-mails fra os?",
            button: "Afmeld",
            done: "Du er afmeldt. Du får ikke flere e-mails fra os.",
            unknown: "Linket er ikke gyldigt, eller ikke gyldigt længere.",
        },
        Language::Nb => Words {
            lang: "nb",
            title: "Meld deg av",
            question: "Vil du ikke lenger motta e-post fra oss?",
            button: "Meld meg av",
            done: "Du er meldt av. Du får ikke flere e-poster fra oss.",
            unknown: "Lenken er ikke gyldig, eller ikke gyldig lenger.",
        },
        Language::Sv => Words {
            lang: "sv",
            title: "Avregistrera",
            question: "Vill du inte längre få e-post från oss?",
            button: "Avregistrera mig",
            done: "Du är avregistrerad. Du får inga fler e-postmeddelanden från oss.",
            unknown: "Länken är inte giltig, eller inte giltig längre.",
        },
    }
}

/// Asks whether to unsubscribe: only the button does.
pub(crate) fn question(language: Language) -> String {
    let words = words(language);
    // Without an action the form goes to the page's own address, whose token it thereby carries.
    page(
        &words,
        &format!("<p>{}</p><form method=\"post\"><button>{}</button></form>", words.question, words.button),
    )
}

/// Says that it is done.
pub(crate) fn done(language: Language) -> String {
    let words = words(language);
    page(&words, &format!("<p>{}</p>", words.done))
}

/// Says that a link is none of ours.
pub(crate) fn unknown(language: Language) -> String {
    let words = words(language);
    page(&words, &format!("<p>{}</p>", words.unknown))
}

fn page(words: &Words, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><title>{}</title><style>body{{font:1.1em/1.5 system-ui,sans-serif;\
         max-width:32em;margin:4em auto;padding:0 1em}}button{{font:inherit;padding:.5em 1.5em}}</style>\
         <h1>{}</h1>{body}</html>\n",
        words.lang, words.title, words.title
    )
}
