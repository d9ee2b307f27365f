//! Prints our values on a grid of tables as JSON lines, for `checks/compare.py` to compare with other programs.
//!
//!     cargo run -p gevinst-stats --example compare_values -- [--sample]
//!
//! One line a call: `{"method": …, "in": {…}, "out": {…}}`; null stands for "not defined" or "unbounded". The grid is
//! fixed; `--sample` takes every seventh table of each method.

mod json;

use gevinst_stats::StatsError;
use gevinst_stats::classical::{
    Alternative, CountSample, Effect, Moments, Proportion, TestResult, barnard_exact, bayes, binomial_test,
    boschloo_exact, effect_and_variance, fisher_exact, normal_sequence, pearson_chi_square,
    poisson_two_sample, power, score_interval_difference, score_interval_ratio, two_proportion_z, welch,
    wilson,
};
use gevinst_stats::fdr::{adjusted_p_values, benjamini_hochberg};
use gevinst_stats::group_sequential::{Look, crossing_probabilities};
use gevinst_stats::meta::{Between, Estimate, pool};
use gevinst_stats::mixture_boundary::{Mixture, NormalMixture, Reach, bernoulli_sequence};
use gevinst_stats::sample_ratio::SampleRatioTest;
use gevinst_stats::special as sp;
use json::{Json, Out};

const ALTERNATIVES: [(Alternative, &str); 3] =
    [(Alternative::TwoSided, "two-sided"), (Alternative::Greater, "greater"), (Alternative::Less, "less")];

fn fields(result: &TestResult) -> Vec<(&'static str, Json)> {
    vec![
        ("estimate", result.estimate.into()),
        ("lower", result.lower.into()),
        ("upper", result.upper.into()),
        ("p_value", result.p_value.into()),
    ]
}

/// Pairs of proportions: few, many, none, all, unequal.
fn tables() -> Vec<(u64, u64, u64, u64)> {
    let mut tables = Vec::new();
    for (nc, nt) in [(5, 5), (8, 12), (20, 19), (47, 53), (100, 40)] {
        for share_c in [0u64, 1, 3, 6, 9, 10] {
            for share_t in [0u64, 2, 5, 8, 10] {
                tables.push((nc * share_c / 10, nc, nt * share_t / 10, nt));
            }
        }
    }
    tables
}

fn proportions(out: &mut Out) -> Result<(), StatsError> {
    for (xc, nc, xt, nt) in tables() {
        let (c, t) = (Proportion::new(xc, nc)?, Proportion::new(xt, nt)?);
        for (alternative, name) in ALTERNATIVES {
            let input = || {
                vec![
                    ("xc", Json::from(xc)),
                    ("nc", nc.into()),
                    ("xt", xt.into()),
                    ("nt", nt.into()),
                    ("alternative", name.into()),
                ]
            };
            if out.wants("fisher") {
                out.line(&input(), &fields(&fisher_exact(c, t, alternative, 0.05)?));
            }
            if xc + xt > 0 && xc + xt < nc + nt {
                if out.wants("barnard") {
                    out.line(&input(), &fields(&barnard_exact(c, t, alternative)?));
                }
                if out.wants("boschloo") {
                    out.line(&input(), &fields(&boschloo_exact(c, t, alternative)?));
                }
            }
        }
    }
    for scale in [1u64, 10, 1000] {
        for (xc, nc, xt, nt) in tables() {
            let (c, t) = (Proportion::new(xc * scale, nc * scale)?, Proportion::new(xt * scale, nt * scale)?);
            if xc + xt == 0 || xc + xt == nc + nt {
                continue;
            }
            let input = [
                ("xc", Json::from(xc * scale)),
                ("nc", (nc * scale).into()),
                ("xt", (xt * scale).into()),
                ("nt", (nt * scale).into()),
            ];
            if out.wants("two_proportion_z") {
                out.line(&input, &fields(&two_proportion_z(c, t, Alternative::TwoSided, 0.05)?));
            }
            if out.wants("score_intervals") {
                let (dl, du) = score_interval_difference(c, t, 0.05)?;
                let (rl, ru) = score_interval_ratio(c, t, 0.05)?;
                out.line(
                    &input,
                    &[
                        ("d_lower", dl.into()),
                        ("d_upper", du.into()),
                        ("r_lower", rl.into()),
                        ("r_upper", ru.into()),
                    ],
                );
            }
            if out.wants("pearson") {
                let plain = pearson_chi_square(&[c, t], false)?;
                let yates = pearson_chi_square(&[c, t], true)?;
                out.line(&input, &[("plain", plain.p_value.into()), ("yates", yates.p_value.into())]);
            }
        }
    }
    for n in [1u64, 7, 30, 400, 1_000_000] {
        for tenths in 0..=10u64 {
            for p0 in [0.02, 0.3, 0.5, 0.9] {
                for (alternative, name) in ALTERNATIVES {
                    if out.wants("binomial") {
                        let arm = Proportion::new(n * tenths / 10, n)?;
                        let mut output = fields(&binomial_test(arm, p0, alternative, 0.05)?);
                        let (wl, wu) = wilson(arm, 0.05)?;
                        output.extend([("wilson_lower", wl.into()), ("wilson_upper", wu.into())]);
                        let input = [
                            ("x", Json::from(arm.events())),
                            ("n", n.into()),
                            ("p0", p0.into()),
                            ("alternative", name.into()),
                        ];
                        out.line(&input, &output);
                    }
                }
            }
        }
    }
    Ok(())
}

fn counts(out: &mut Out) -> Result<(), StatsError> {
    for (ec, et) in [(100.0, 100.0), (2500.0, 900.0), (1.0, 1e6)] {
        for sc in [0u64, 1, 5, 40, 1000] {
            for st in [0u64, 2, 7, 60, 1100] {
                for (alternative, name) in ALTERNATIVES {
                    if out.wants("poisson") {
                        let (c, t) = (CountSample::new(sc, ec)?, CountSample::new(st, et)?);
                        let input = [
                            ("sc", Json::from(sc)),
                            ("ec", ec.into()),
                            ("st", st.into()),
                            ("et", et.into()),
                            ("alternative", name.into()),
                        ];
                        out.line(&input, &fields(&poisson_two_sample(c, t, alternative, 0.05)?));
                    }
                }
            }
        }
    }
    Ok(())
}

fn means(out: &mut Out) -> Result<(), StatsError> {
    for (nc, nt) in [(5u64, 9u64), (300, 40), (3407, 3461)] {
        for (mc, mt) in [(0.41, 0.70), (10.0, 10.3), (-3.0, 4.0), (200.0, 198.0)] {
            for (vc, vt) in [(1.0, 1.0), (15.21, 38.44), (0.02, 900.0)] {
                let (c, t) = (Moments::new(nc, mc, vc)?, Moments::new(nt, mt, vt)?);
                let input = || {
                    vec![
                        ("nc", Json::from(nc)),
                        ("mc", mc.into()),
                        ("vc", vc.into()),
                        ("nt", nt.into()),
                        ("mt", mt.into()),
                        ("vt", vt.into()),
                    ]
                };
                for (effect, name) in [(Effect::Difference, "absolute"), (Effect::RelativeLift, "relative")] {
                    let mut with_effect = input();
                    with_effect.push(("effect", name.into()));
                    if out.wants("welch") {
                        let result = welch(&c, &t, effect, Alternative::TwoSided, 0.05)?;
                        out.line(&with_effect, &fields(&result));
                    }
                }
                let (estimate, variance) = effect_and_variance(&c, &t, Effect::RelativeLift)?;
                for tuned_for in [500.0, 5000.0] {
                    if out.wants("normal_sequence") {
                        let look =
                            normal_sequence::look(estimate, variance, (nc + nt) as f64, 0.05, tuned_for)?;
                        let mut input = input();
                        input.push(("tuned_for", tuned_for.into()));
                        out.line(
                            &input,
                            &[
                                ("lower", look.lower.into()),
                                ("upper", look.upper.into()),
                                ("p_value", look.p_value.into()),
                            ],
                        );
                    }
                }
                for prior in [None, Some((0.0, 0.09)), Some((0.1, 4.0))] {
                    if out.wants("normal_effect") {
                        let effect = bayes::normal_effect(estimate, variance, prior, 0.05)?;
                        let mut input = input();
                        input.push(("prior_mean", prior.map(|p| p.0).into()));
                        input.push(("prior_variance", prior.map(|p| p.1).into()));
                        out.line(
                            &input,
                            &[
                                ("chance_to_win", effect.chance_to_win.into()),
                                ("lower", effect.lower.into()),
                                ("upper", effect.upper.into()),
                                ("loss_of_control", effect.loss_of_control.into()),
                                ("loss_of_treatment", effect.loss_of_treatment.into()),
                            ],
                        );
                    }
                }
                if out.wants("power") {
                    let so_far = power::SoFar { variance, people: (nc + nt) as f64 };
                    let more = power::more_needed(so_far, power::Rule::Fixed, 0.1, 0.05, 0.8)?;
                    out.line(
                        &[("variance", variance.into()), ("effect", 0.1.into())],
                        &[("more", more.into())],
                    );
                }
            }
        }
    }
    Ok(())
}

fn many(out: &mut Out) -> Result<(), StatsError> {
    for arms in [
        vec![(10u64, 100u64), (20, 100)],
        vec![(0, 50), (1, 50), (3, 40)],
        vec![(100, 200), (250, 400), (90, 170)],
        vec![(5, 10), (50, 100), (500, 1000), (5000, 10_000)],
    ] {
        if out.wants("standings") {
            let posteriors: Vec<bayes::Posterior> = arms
                .iter()
                .map(|&(x, n)| bayes::Posterior::proportion(Proportion::new(x, n)?, (1.0, 1.0)))
                .collect::<Result<_, _>>()?;
            let standings = bayes::standings(&posteriors)?;
            out.line(
                &[
                    ("events", arms.iter().map(|a| a.0 as f64).collect::<Vec<_>>().into()),
                    ("people", arms.iter().map(|a| a.1 as f64).collect::<Vec<_>>().into()),
                ],
                &[
                    ("p_best", standings.iter().map(|s| s.p_best).collect::<Vec<_>>().into()),
                    ("expected_loss", standings.iter().map(|s| s.expected_loss).collect::<Vec<_>>().into()),
                ],
            );
        }
    }
    for m in [1usize, 5, 40] {
        for power in [1, 2, 4] {
            if out.wants("benjamini_hochberg") {
                let p: Vec<f64> =
                    (1..=m).map(|i| ((i * 37 % m + 1) as f64 / (m + 1) as f64).powi(power)).collect();
                let rejected =
                    benjamini_hochberg(&p, 0.1)?.into_iter().map(|r| f64::from(u8::from(r))).collect();
                out.line(
                    &[("p", p.clone().into())],
                    &[("adjusted", adjusted_p_values(&p)?.into()), ("rejected", Json::List(rejected))],
                );
            }
        }
    }
    for spread in [0.0, 0.2, 1.0] {
        if out.wants("meta") {
            let effects: Vec<f64> = (0..7).map(|i| 0.3 + spread * f64::from((i * 5) % 7 - 3) / 3.0).collect();
            let variances: Vec<f64> = (0..7).map(|i| 0.02 + 0.01 * f64::from(i)).collect();
            let estimates: Vec<Estimate> = effects
                .iter()
                .zip(&variances)
                .map(|(&effect, &variance)| Estimate { effect, variance })
                .collect();
            let fixed = pool(&estimates, Between::None, 0.05)?;
            let dl = pool(&estimates, Between::DerSimonianLaird, 0.05)?;
            out.line(
                &[("effects", effects.into()), ("variances", variances.into())],
                &[
                    ("fixed", fixed.effect.into()),
                    ("fixed_se", fixed.standard_error.into()),
                    ("q", dl.q.into()),
                    ("q_p_value", dl.q_p_value.into()),
                    ("tau_squared", dl.tau_squared.into()),
                    ("effect", dl.effect.into()),
                    ("se", dl.standard_error.into()),
                ],
            );
        }
    }
    Ok(())
}

fn sequential(out: &mut Out) -> Result<(), StatsError> {
    for times in [vec![0.5, 1.0], vec![0.2, 0.7, 1.0], vec![0.3, 0.31, 1.0]] {
        for (lower, upper) in [(f64::NEG_INFINITY, 2.2), (-2.2, 2.2), (0.0, 2.8)] {
            for drift in [0.0, 2.0] {
                if out.wants("crossing") {
                    let looks: Vec<Look> =
                        times.iter().map(|&information| Look { information, lower, upper }).collect();
                    let crossing = crossing_probabilities(&looks, drift)?;
                    out.line(
                        &[
                            ("times", times.clone().into()),
                            ("lower", lower.into()),
                            ("upper", upper.into()),
                            ("drift", drift.into()),
                        ],
                        &[("above", crossing.upper.into()), ("below", crossing.lower.into())],
                    );
                }
            }
        }
    }
    for shares in [vec![0.5, 0.5], vec![0.1, 0.4, 0.5]] {
        for total in [30u64, 400, 50_000] {
            for tilt in [0u64, 1, 3] {
                if out.wants("sample_ratio") {
                    let mut counts: Vec<u64> = vec![total / shares.len() as u64; shares.len()];
                    counts[0] += tilt * total / 20;
                    let look = SampleRatioTest::new(&shares, 100.0)?.look(&counts, 0.05)?;
                    out.line(
                        &[
                            ("shares", shares.clone().into()),
                            ("counts", counts.iter().map(|&c| c as f64).collect::<Vec<_>>().into()),
                        ],
                        &[
                            ("ln_e", look.ln_e_value.into()),
                            ("lower", look.shares.iter().map(|s| s.0).collect::<Vec<_>>().into()),
                            ("upper", look.shares.iter().map(|s| s.1).collect::<Vec<_>>().into()),
                        ],
                    );
                }
            }
        }
    }
    for v in [1.0, 50.0, 1e4] {
        if out.wants("boundaries") {
            let one = NormalMixture::new(100.0, 0.05, Reach::OneSided)?.bound(v, 0.05)?;
            let two = NormalMixture::new(100.0, 0.05, Reach::TwoSided)?.bound(v, 0.05)?;
            let (lower, upper) = bernoulli_sequence(30, 100, 0.05, v)?;
            out.line(
                &[("v", v.into())],
                &[("one", one.into()), ("two", two.into()), ("lower", lower.into()), ("upper", upper.into())],
            );
        }
    }
    Ok(())
}

fn special(out: &mut Out) {
    for a in [0.3, 1.5, 20.0, 3000.0, 2e5] {
        for b in [0.7, 4.0, 150.0, 7e4] {
            for z in [-5.0, -1.0, 0.2, 3.0] {
                if out.wants("beta") {
                    let u: f64 = f64::ln(a / b) + z * (1.0f64 / a + 1.0 / b).sqrt();
                    let x = sp::expit(u);
                    out.line(
                        &[("a", a.into()), ("b", b.into()), ("x", x.into())],
                        &[
                            ("cdf", sp::beta_cdf(a, b, x).into()),
                            ("quantile", sp::beta_quantile(a, b, 0.01).into()),
                        ],
                    );
                }
                if out.wants("gamma") {
                    let x = a * (z / f64::sqrt(a)).exp();
                    out.line(
                        &[("a", a.into()), ("x", x.into())],
                        &[
                            ("p", sp::gamma_p(a, x).into()),
                            ("q", sp::gamma_q(a, x).into()),
                            ("quantile", sp::gamma_p_inverse(a, 0.01).into()),
                        ],
                    );
                }
                if out.wants("student_t") {
                    out.line(
                        &[("nu", a.into()), ("t", z.into())],
                        &[
                            ("cdf", sp::student_t_cdf(a, z).into()),
                            ("quantile", sp::student_t_quantile(a, 0.01).into()),
                        ],
                    );
                }
            }
        }
    }
}

fn main() -> Result<(), StatsError> {
    let sample = std::env::args().any(|argument| argument == "--sample");
    let mut out = Out::new(if sample { 7 } else { 1 });
    proportions(&mut out)?;
    counts(&mut out)?;
    means(&mut out)?;
    many(&mut out)?;
    sequential(&mut out)?;
    special(&mut out);
    Ok(())
}
