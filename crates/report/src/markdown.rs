//! Markdown for a chat post: the verdicts first, one table, nothing that a chat cannot show.
//!
//! Texts of users are escaped: none becomes a heading, a link, a mention or a table.

use std::fmt::Write as _;

use crate::figures::NOTHING;
use crate::html::lede;
use crate::language::{Language, tr};
use crate::model::{ExperimentReport, MonthReport, Origin};
use crate::prose::{Piece, Prose, plain};
use crate::{sentences, words};

/// A month: how it stands, and a table of its experiments.
#[must_use]
pub fn month(report: &MonthReport) -> String {
    let lang = report.language;
    let mut out = format!("# {}\n\n{}\n", lang.month(&report.month), lede(report));
    whole_month(&mut out, report);
    if !report.experiments.is_empty() {
        table(&mut out, report);
    }
    write!(out, "\n**{}:** {}\n", tr!(lang, "decision-title"), prose(&sentences::decision(report))).ok();
    out
}

/// One experiment: verdict, next step, labels and arms.
#[must_use]
pub fn experiment(report: &MonthReport, x: &ExperimentReport) -> String {
    let lang = report.language;
    let mut out =
        format!("# {} – {} {}\n\n", escape(&x.name), words::outcome_sign(x.outcome), lang.outcome(x.outcome));
    if !x.hypothesis.is_empty() {
        writeln!(out, "> {}\n", escape(&x.hypothesis)).ok();
    }
    writeln!(out, "{}\n\n**{}** {}\n", prose(&x.verdict), tr!(lang, "next"), prose(&x.next)).ok();
    let guarantee =
        x.guarantee.as_ref().map_or_else(|| tr!(lang, "none-yet"), |label| lang.label(&label.name));
    let separation = lang.label(&x.separation.name);
    let labels =
        [tr!(lang, "label-guarantee", name = guarantee), tr!(lang, "label-separation", name = separation)];
    writeln!(out, "{}\n", labels.map(|l| escape(&l)).join(" · ")).ok();
    let goals = lang.goals(&x.goal.metric, 2);
    let head = [
        tr!(lang, "col-arm"),
        tr!(lang, "col-status"),
        tr!(lang, "col-spent"),
        goals,
        lang.cost_per(&x.goal.metric),
        tr!(lang, "col-chance"),
    ];
    row(&mut out, &head.map(|cell| escape(&cell)));
    out.push_str("|---|---|--:|--:|--:|--:|\n");
    for arm in &x.arms {
        let cost = arm
            .cost_per_goal
            .map_or_else(|| NOTHING.to_owned(), |c| lang.money_f64(&report.currency, c.minor));
        row(
            &mut out,
            &[
                escape(&arm.name),
                lang.status_in(arm.status, x.state),
                lang.money(&report.currency, arm.spend_minor),
                lang.count(arm.goals),
                cost,
                arm.p_best.map_or_else(|| NOTHING.to_owned(), |p| lang.percent(p)),
            ],
        );
    }
    for said in sentences::differences(x, &report.currency, lang) {
        write!(out, "\n- {}", self::prose(&said)).ok();
    }
    out
}

/// The management page.
#[must_use]
pub fn management(report: &MonthReport) -> String {
    let lang = report.language;
    let mut out = format!("# {}\n\n", tr!(lang, "management-title", month = lang.month(&report.month)));
    writeln!(out, "**{}:** {}", tr!(lang, "decision-title"), prose(&sentences::decision(report))).ok();
    whole_month(&mut out, report);
    let learned = sentences::learned(report);
    write!(out, "\n## {}\n\n", tr!(lang, "learned-title")).ok();
    if learned.is_empty() {
        writeln!(out, "{}", tr!(lang, "learned-nothing")).ok();
    }
    for (i, said) in learned.iter().enumerate() {
        writeln!(out, "{}. {}", i + 1, prose(said)).ok();
    }
    out
}

fn whole_month(out: &mut String, report: &MonthReport) {
    let (all, lang) = (&report.overview, report.language);
    out.push('\n');
    let mut item = |text: String| writeln!(out, "- {text}").ok();
    if report.origin == Origin::Rehearsed {
        item(format!("**{}** {}", tr!(lang, "rehearsed-title"), tr!(lang, "rehearsed-text")));
    }
    let spent = lang.money(&report.currency, report.totals.spend_minor);
    item(match report.totals.budget_minor {
        Some(budget) => tr!(lang, "spent-of", spent = spent, budget = lang.money(&report.currency, budget)),
        None => tr!(lang, "spent", spent = spent),
    });
    if let Some(pace) = &all.pace {
        item(escape(&sentences::pace(pace, lang).join(" ")));
    }
    if let Some(value) = &all.value {
        item(escape(&sentences::value(value, &report.currency, lang).join(" ")));
    }
    if let Some(saved) = report.totals.money_not_spent_on_losers_minor.filter(|saved| *saved > 0) {
        item(tr!(lang, "saved-sentence", saved = lang.money(&report.currency, saved)));
    }
    if all.verdicts.judged > 0 {
        item(sentences::verdicts(&all.verdicts, lang));
    }
    for series in &all.market {
        item(escape(&sentences::market(series, lang)));
    }
    if let Some(answers) = &all.answers {
        item(sentences::answers(answers, lang));
    }
}

fn table(out: &mut String, report: &MonthReport) {
    let lang = report.language;
    out.push('\n');
    row(
        out,
        &[
            tr!(lang, "col-experiment"),
            tr!(lang, "col-outcome"),
            tr!(lang, "col-goals"),
            tr!(lang, "col-spent"),
            tr!(lang, "col-cost-per-goal"),
        ],
    );
    out.push_str("|---|---|--:|--:|--:|\n");
    for x in &report.experiments {
        row(
            out,
            &[
                escape(&x.name),
                format!("{} {}", words::outcome_sign(x.outcome), lang.outcome(x.outcome)),
                goals(x, lang),
                lang.money(&report.currency, x.totals.spend_minor),
                x.totals
                    .cost_per_goal_minor
                    .map_or_else(|| NOTHING.to_owned(), |c| lang.money_f64(&report.currency, c)),
            ],
        );
    }
}

fn goals(x: &ExperimentReport, lang: Language) -> String {
    format!("{} {}", lang.count(x.totals.goals), escape(&lang.goals(&x.goal.metric, x.totals.goals)))
}

fn row<const N: usize>(out: &mut String, cells: &[String; N]) {
    writeln!(out, "| {} |", cells.join(" | ")).ok();
}

fn prose(prose: &Prose) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Words(words) => escape(words),
        Piece::Name(name) => format!("**{}**", escape(name)),
    };
    prose.pieces().iter().map(piece).collect()
}

/// A text with a backslash before everything that Markdown or a chat could read as more than text.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain(text).chars() {
        if "\\`*_{}[]<>()#+!|~@&=".contains(c) && !matches!(c, '(' | ')') {
            out.push('\\');
        }
        // A link is made of its scheme alone in many chats.
        if c == ':' {
            out.push_str(":\u{2060}");
        } else {
            out.push(c);
        }
    }
    out.replace(":\u{2060}//", ":\\//").replace('\u{2060}', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        // Protects a chat: a headline must not ping everybody, link or break the table.
        assert_eq!(escape("@here [x](http://y) | *b*\n# h"), "\\@here \\[x\\](http:\\//y) \\| \\*b\\* \\# h");
        assert_eq!(escape("<b>&amp;"), "\\<b\\>\\&amp;");
        assert_eq!(escape("plain: 5 %"), "plain: 5 %");
    }
}
